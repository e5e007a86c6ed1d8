/** Forks of programs that ask by Node's HTTP clients: what is sent is sent as the app's own client would have, and what comes back is handed over as it comes. */
import { afterEach, describe, expect, it } from 'vitest';
import type { PlannedEdit } from '../../src/events/edits.ts';
import type { ForkPlan } from '../../src/replay/plan.ts';
import { startStandIn } from '../../src/testing/stand-in.ts';
import type { Answer, Reply, StandIn, StandInRequest } from '../../src/testing/stand-in.ts';
import { AWS_STREAM, converseStream } from '../../src/testing/wire-bedrock.ts';
import { anthropicStream, chatCompletion, chatCompletionStream } from '../../src/testing/wire.ts';
import { bench, eventOf, nameOf } from './forked.ts';
import type { Bench, Ran } from './forked.ts';

let open: Bench | undefined;
afterEach(async () => {
  await open?.close();
  open = undefined;
});
let server: StandIn | undefined;
/** A bench whose program is CommonJS. */
const start = async (text: string, answer: Answer): Promise<Bench> =>
  (open = await bench(text, answer, {}, async (answering) => (server = await startStandIn(answering)), 'program.cjs'));

/** A fork without leave for anything. */
const forkAt = (event: string, edits: PlannedEdit[] = [], after: ForkPlan['after'] = 'branch'): ForkPlan => ({
  ...{ event, edits, after },
  allow: [],
});

const lines = (text: string): string[] => text.trimEnd().split('\n');

/** A conversation over node-fetch, in CommonJS: each prompt holds the answer before it. */
const turns = (stream: boolean): string => `
const { default: OpenAI } = require('openai-4');
const client = new OpenAI({ apiKey: process.env.OPENAI_KEY_OF_TEST, baseURL: process.env.MODEL_URL + '/v1', maxRetries: 2 });
(async () => {
  const messages = [];
  for (const word of ['one', 'two', 'three', 'four']) {
    messages.push({ role: 'user', content: 'Say ' + word + ' at ' + Date.now() + ' ' + Math.random() });
    const asked = { model: 'gpt-5-mini', messages, temperature: 0.5 };
    let said = '', pieces = 0;
    ${
      stream
        ? `for await (const chunk of await client.chat.completions.create({ ...asked, stream: true })) {
      said += chunk.choices[0]?.delta.content ?? '';
      pieces++;
    }`
        : `said = (await client.chat.completions.create(asked)).choices[0].message.content;`
    }
    messages.push({ role: 'assistant', content: said });
    console.log(word, said, pieces > 1);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
})();
`;

let asked = 0;
const counting = ({ json }: StandInRequest) => {
  const said = { text: `answer ${++asked} to ${json.messages.length}`, tokens: { input: 10, output: 5 }, model: json.model };
  return json.stream === true ? { pieces: chatCompletionStream(said), gapMs: 2 } : { body: chatCompletion(said) };
};

describe.each([false, true])('R7 a fork of an agent over node-fetch (stream: %s)', (stream) => {
  const record = () => start(turns(stream), counting);

  it('sends the edited request, and nothing before it', async () => {
    const at = await record();
    expect(at.ran.ended.code, at.ran.ended.stderr).toBe(0);
    const third = eventOf(at.ran, 'llm', 3);
    const change = { set: { '/temperature': 0.9 }, replace: [{ find: 'Say three', with: 'Say thirty-three ü' }] };
    const forked = await at.run({ fork: forkAt(third, [{ event: third, kind: 'request', change }]) });
    expect([forked.ended.code, forked.ended.stderr]).toEqual([0, '']);
    expect(forked.asked.map(({ json }) => [json.messages.length, json.temperature])).toEqual([
      [5, 0.9],
      [7, 0.5],
    ]);
    expect(forked.asked[0]?.json.messages[4].content).toMatch(/^Say thirty-three ü at \d+/);
    expect(forked.asked[0]?.headers).toMatchObject({
      'content-length': String(Buffer.byteLength(forked.asked[0]!.text)),
      authorization: 'Bearer sk-of-the-test-only-0123456789',
      'user-agent': expect.stringContaining('OpenAI/JS'),
    });
    expect(lines(forked.ended.stdout).slice(0, 2)).toEqual(lines(at.ran.ended.stdout).slice(0, 2));
    expect(lines(forked.ended.stdout)[2]).not.toBe(lines(at.ran.ended.stdout)[2]);
    expect(forked.report).toMatchObject({ requests: 4, served: 2, live: 2, edits: [{ times: 1, faults: [] }] });
    const { header, exchanges } = forked.recording;
    expect(header.fork?.of).toBe(nameOf(at.ran));
    expect([...exchanges.values()].map(({ from, edited, status }) => [from, edited, status])).toEqual([
      ['1', undefined, 200],
      ['2', undefined, 200],
      [undefined, true, 200],
      [undefined, undefined, 200],
    ]);
    const edited = [...exchanges.values()][2]!;
    expect(JSON.parse(edited.requestText()!)).toEqual(forked.asked[0]?.json);
    expect(JSON.parse(String(edited.askedBody())).temperature).toBe(0.5);
    // No secret is written.
    expect(JSON.stringify([...exchanges.values()].map(({ requestHeaders }) => requestHeaders))).not.toContain('sk-of-the-test');
  });

  it('has a model say something else, in the shape in which it was asked', async () => {
    const at = await record();
    const second = eventOf(at.ran, 'llm', 2);
    const edit = { event: second, kind: 'completion', completion: { text: 'something else entirely' } } as const;
    const forked = await at.run({ fork: forkAt(second, [edit]) });
    expect([forked.ended.code, forked.ended.stderr]).toEqual([0, '']);
    expect(lines(forked.ended.stdout)[1]).toBe(`two something else entirely ${stream}`);
    expect(forked.asked.map(({ json }) => json.messages.length)).toEqual([5, 7]);
    expect(forked.asked[0]?.json.messages[3].content).toBe('something else entirely');
    expect(forked.report).toMatchObject({ served: 2, live: 2, edits: [{ kind: 'completion', times: 1 }] });
    await at.stop();
    const again = await at.run({}, forked);
    expect([again.ended.code, again.ended.stdout]).toEqual([0, forked.ended.stdout]);
    expect(again.report).toMatchObject({ answered: { place: 4 }, live: 0 });
  });

  it('lets the code differ from the event on, and ends with 86 where it differs before', async () => {
    const at = await record();
    const third = eventOf(at.ran, 'llm', 3);
    at.write(turns(stream).replace("'three'", "'thirteen'"));
    const forked = await at.run({ fork: forkAt(third) });
    expect(forked.ended.code).toBe(0);
    expect(forked.asked.map(({ json }) => json.messages.length)).toEqual([5, 7]);
    at.write(turns(stream).replace("'two'", "'twelve'"));
    const early = await at.run({ fork: forkAt(third) });
    expect([early.ended.code, early.asked.length]).toEqual([86, 0]);
  });

  it('samples everything from the event on again with after: live', async () => {
    const at = await record();
    const third = eventOf(at.ran, 'llm', 3);
    const live = await at.run({ fork: forkAt(third, [], 'live') });
    expect([live.ended.code, live.asked.map(({ json }) => json.messages.length)]).toEqual([0, [5, 7]]);
  });

  it('is a recording like every other: it replays with nobody there, and is forked again, and again', async () => {
    const at = await record();
    let from = at.ran;
    const depths = [];
    for (const [turn, word] of [
      [2, 'Shout'],
      [3, 'Sing'],
      [4, 'Whisper'],
    ] as const) {
      const event = eventOf(from, 'llm', turn);
      const edit: PlannedEdit = { event, kind: 'request', change: { replace: [{ find: 'Say', with: word }] } };
      const forked = await at.run({ fork: forkAt(event, [edit]) }, from);
      expect([forked.ended.code, forked.ended.stderr]).toEqual([0, '']);
      expect(forked.asked.map(({ json }) => json.messages.length)).toEqual([3, 5, 7].slice(turn - 2));
      expect(forked.asked[0]?.text).toContain(word);
      expect(lines(forked.ended.stdout).slice(0, turn - 1)).toEqual(lines(from.ended.stdout).slice(0, turn - 1));
      depths.push((from = forked));
    }
    await at.stop();
    for (const forked of depths) {
      const again = await at.run({}, forked);
      expect([again.ended.code, again.ended.stdout, again.ended.stderr]).toEqual([0, forked.ended.stdout, '']);
      expect(again.report).toMatchObject({
        ...{ requests: 4, served: 4, live: 0 },
        ...{ answered: { place: 4 }, draws: { other: 0, made: 0 } },
      });
    }
  });
});

/** Bedrock by its own HTTP/1 client, and Anthropic over node-fetch, side by side; streams. */
const TWO_PROVIDERS = `
const { BedrockRuntimeClient, ConverseStreamCommand } = require('@aws-sdk/client-bedrock-runtime');
const { createRequire } = require('node:module');
const { NodeHttpHandler } = createRequire(require.resolve('@aws-sdk/client-bedrock-runtime'))('@smithy/node-http-handler');
const { default: Anthropic } = require('anthropic-0');
const fetch = require('node-fetch');
const bedrock = new BedrockRuntimeClient({
  region: 'us-east-1',
  endpoint: process.env.MODEL_URL,
  credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'none' },
  requestHandler: new NodeHttpHandler({ requestTimeout: 20_000 }),
});
const anthropic = new Anthropic({ apiKey: 'none', baseURL: process.env.MODEL_URL, fetch });
const converse = async (text) => {
  const { stream } = await bedrock.send(new ConverseStreamCommand({ modelId: 'anthropic.claude-3', messages: [{ role: 'user', content: [{ text }] }] }));
  let said = '';
  for await (const event of stream) said += event.contentBlockDelta?.delta.text ?? '';
  return said;
};
const message = async (content) => {
  let said = '';
  const stream = await anthropic.messages.create({ model: 'claude-sonnet-4-5', max_tokens: 9, stream: true, messages: [{ role: 'user', content }] });
  for await (const event of stream) if (event.type === 'content_block_delta') said += event.delta.text;
  return said;
};
(async () => {
  const agent = async (name) => {
    let said = name;
    for (const ask of [converse, message, converse]) {
      said = await ask('After ' + said);
      console.log(name, said);
    }
  };
  await Promise.all([agent('a'), agent('b')]);
})();
`;

describe('R7 a fork of streams of Bedrock and Anthropic', () => {
  const answering = async ({ path, json }: StandInRequest): Promise<Reply> => {
    const text = `answer ${++asked} to ${JSON.stringify(json.messages[0].content).slice(0, 40).replaceAll(/\W+/g, ' ')}`;
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
    if (path.includes('/converse-stream')) return { pieces: converseStream({ text }), headers: AWS_STREAM };
    return { pieces: anthropicStream({ text }), gapMs: 1 };
  };
  /** The n-th call of a provider. */
  const callOf = ({ recording }: Ran, provider: string, n: number): string =>
    recording.events.filter(({ llm }) => llm?.provider === provider).toSorted((a, b) => a.start - b.start)[n - 1]!.id;

  it.each([
    ['aws.bedrock', { text: 'Said by hand.' }],
    ['anthropic', { text: 'Said by hand, too.' }],
  ])('has %s say something else in its stream, and asks what follows from that alone', async (provider, completion) => {
    const at = await start(TWO_PROVIDERS, answering);
    expect(at.ran.ended.code, at.ran.ended.stderr).toBe(0);
    const event = callOf(at.ran, provider, 1);
    const forked = await at.run({ fork: forkAt(event, [{ event, kind: 'completion', completion }]) });
    expect(forked.ended.code, forked.ended.stderr).toBe(0);
    const changed = lines(forked.ended.stdout).filter((line) => !at.ran.ended.stdout.includes(line));
    expect(changed[0]).toContain(completion.text);
    expect(changed.length).toBe(forked.asked.length + 1);
    expect(forked.asked[0]?.text).toContain(`After ${completion.text}`);
    await at.stop();
    const again = await at.run({}, forked);
    expect([again.ended.code, again.ended.stdout]).toEqual([0, forked.ended.stdout]);
    expect(again.report).toMatchObject({ answered: { place: 6 }, live: 0 });
  });
});

/** Tools of an agent that ask by \`node:http\`. */
const TOOLS = `
const http = require('node:http');
const { gzipSync } = require('node:zlib');
const { default: OpenAI } = require('openai-4');
const { recordTool } = require(${JSON.stringify(new URL('../../dist/index.js', import.meta.url).pathname)});
const agent = new http.Agent({ keepAlive: true });
const client = new OpenAI({ apiKey: process.env.OPENAI_KEY_OF_TEST, baseURL: process.env.MODEL_URL + '/v1', maxRetries: 0 });
const ask = async (content, more) => (await client.chat.completions.create({ model: 'gpt-5-mini', messages: [{ role: 'user', content }] }, more)).choices[0].message.content;
const send = (method, path, body, { signal, headers } = {}) =>
  new Promise((resolve, reject) => {
    const request = http.request(process.env.MODEL_URL + path, { agent, method, signal, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece) => (text += piece)).on('end', () => resolve(text)).on('error', reject);
    });
    request.on('error', reject).end(body);
  });
const order = recordTool('order', (text) => send('POST', '/orders', JSON.stringify({ text })));
(async () => {
  const plan = await ask('What to order?');
  console.log(plan);
  console.log(await order(plan));
  MORE
  agent.destroy();
})();
`;

describe('R7 what tools send by http in a fork', () => {
  const shop: Answer = ({ path, json }) => {
    if (path === '/broken') return { body: { broken: server?.broken } };
    if (path === '/orders') return { body: { ordered: json.text, number: ++asked } };
    if (path === '/slow') return { pieces: ['one ', 'two ', 'three '], gapMs: 5, after: 'hang' };
    return { body: chatCompletion({ text: `answer ${++asked}`, tokens: { input: 10, output: 5 } }) };
  };
  const other = (at: Bench): PlannedEdit => ({
    event: eventOf(at.ran, 'llm', 1),
    kind: 'completion',
    completion: { text: 'something else' },
  });

  it('is asked about, and sent where it is allowed', async () => {
    const at = await start(TOOLS.replace('MORE', ''), shop);
    expect(at.ran.ended.code, at.ran.ended.stderr).toBe(0);
    const edit = other(at);
    const refused = await at.run({ fork: forkAt(edit.event, [edit]) });
    expect([refused.ended.code, refused.asked.length]).toEqual([87, 0]);
    expect(refused.ended.stderr).toContain(
      'stopped before a side effect that the recording does not have: POST http://127.0.0.1:',
    );
    expect(refused.ended.stderr).toContain('with {"text":"something else"}');
    const allowed = await at.run({ fork: { ...forkAt(edit.event, [edit]), allow: ['127.0.0.1'] } });
    expect([allowed.ended.code, allowed.asked.map(({ json }) => json.text)]).toEqual([0, ['something else']]);
    expect(allowed.ended.stdout).toMatch(/^something else\n\{"ordered":"something else","number":\d+\}\n$/);
    await at.stop();
    const again = await at.run({}, allowed);
    expect([again.ended.code, again.ended.stdout]).toEqual([0, allowed.ended.stdout]);
  });

  it('fails as it does without us where nobody is there', async () => {
    const more = `await send('GET', '/orders?' + plan).catch((error) => console.log(error.code, error.syscall, error.constructor === Error));
      await ask(plan).catch((error) => console.log(error.constructor.name, error.message, error.cause?.code));`;
    const at = await start(TOOLS.replace('MORE', more), shop);
    await at.stop();
    const edit = other(at);
    const forked = await at.run({ fork: { ...forkAt(edit.event, [edit]), allow: ['*'] } });
    expect(forked.ended.stdout).toBe('something else\n');
    expect(forked.ended.stderr).toMatch(/ECONNREFUSED/);
    expect(forked.ended.code).toBe(1);
    at.write(TOOLS.replace('console.log(await order(plan));', '').replace('MORE', more));
    const caught = await at.run({ fork: { ...forkAt(edit.event, [edit]), allow: ['*'] } });
    expect(lines(caught.ended.stdout)).toEqual([
      'something else',
      'ECONNREFUSED connect true',
      'APIConnectionError Connection error. ECONNREFUSED',
    ]);
    const again = await at.run({}, caught);
    expect([again.ended.code, again.ended.stdout]).toEqual([0, caught.ended.stdout]);
  });

  it('ends with the app: an answer that is aborted is sent no more', async () => {
    // What the server says of answers that were left, while the program lives: its end ends everything.
    const more = `
      const broken = async () => JSON.parse(await send('GET', '/broken?' + plan.replaceAll(' ', ''))).broken;
      const before = await broken();
      const controller = new AbortController();
      await new Promise((resolve) => {
        const request = http.get(process.env.MODEL_URL + '/slow?' + plan, { agent, signal: controller.signal }, (response) => {
          let pieces = 0;
          response.on('data', () => ++pieces === 2 && controller.abort());
          response.on('error', (error) => console.log('answer', error.name, pieces)).on('close', resolve);
        });
        request.on('error', (error) => console.log('request', error.name));
      });
      const late = http.get(process.env.MODEL_URL + '/slow?late' + plan, { agent, timeout: 60 }, (response) => response.on('error', () => {}).resume());
      await new Promise((resolve) => late.on('timeout', () => late.destroy()).on('error', () => {}).on('close', resolve));
      while ((await broken()) < before + 2) await new Promise((resolve) => setTimeout(resolve, 10));
      console.log('over', late.reusedSocket);`;
    const at = await start(TOOLS.replace('MORE', more), (request, ...more) =>
      shop({ ...request, path: request.path.replace(/\?.*/, '') }, ...more),
    );
    expect(at.ran.ended.code, at.ran.ended.stderr).toBe(0);
    const edit = other(at);
    const forked = await at.run({ fork: { ...forkAt(edit.event, [edit]), allow: ['*'] } });
    expect([forked.ended.code, forked.ended.stderr]).toEqual([0, '']);
    expect(lines(forked.ended.stdout).slice(2)).toEqual(lines(at.ran.ended.stdout).slice(2));
    expect(forked.asked.filter(({ path }) => path.startsWith('/slow')).length).toBe(2);
    await at.stop();
    const again = await at.run({}, forked);
    expect([again.ended.code, again.ended.stdout, again.ended.stderr]).toEqual([0, forked.ended.stdout, '']);
  });

  it('is given each edited answer, also of a call that got none, with after: live', async () => {
    const more = `console.log(await ask('And more?').catch((error) => error.constructor.name));
      const one = ask('Left at once?', { signal: AbortSignal.timeout(20) }).catch((error) => error.constructor.name);
      console.log(await one);`;
    let replies = 0;
    const slow: Answer = async (...given) => {
      if (++replies === 4) await new Promise((resolve) => setTimeout(resolve, 200));
      return shop(...given);
    };
    const at = await start(TOOLS.replace('MORE', more), slow);
    expect(lines(at.ran.ended.stdout).at(-1)).toBe('APIUserAbortError');
    const [first, second, third] = [1, 2, 3].map((n) => eventOf(at.ran, 'llm', n)) as [string, string, string];
    const said = (event: string, text: string): PlannedEdit => ({ event, kind: 'completion', completion: { text } });
    const edits = [said(first, 'first'), said(second, 'second'), said(third, 'third')];
    const forked = await at.run({ fork: { ...forkAt(first, edits, 'live'), allow: ['*'] } });
    expect([forked.ended.code, forked.ended.stderr]).toEqual([0, '']);
    expect(lines(forked.ended.stdout).toSpliced(1, 1)).toEqual(['first', 'second', 'third']);
    expect(forked.asked.map(({ path }) => path)).toEqual(['/orders']);
  });
});
