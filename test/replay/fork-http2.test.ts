/** Forks of programs that ask over HTTP/2: AWS's SDK with its default handler, and streams of the app's own, with TLS and without. */
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import type { PlannedEdit } from '../../src/events/edits.ts';
import type { ForkPlan } from '../../src/replay/plan.ts';
import type { Answer, StandInRequest } from '../../src/testing/stand-in.ts';
import { AWS_STREAM, bedrockError, converseAnswer, converseStream } from '../../src/testing/wire-bedrock.ts';
import { bench, eventOf, nameOf } from './forked.ts';
import type { Asked, Bench } from './forked.ts';
import { startHttp2Server } from './http2-server.ts';
import { programAt } from './recorded.ts';
import { startHttp2StandIn } from './http2-stand-in.ts';

/** A conversation of four turns: each prompt holds the answer before it. */
const TURNS = `
import { BedrockRuntimeClient, ConverseStreamCommand } from '@aws-sdk/client-bedrock-runtime';
import { NodeHttp2Handler } from '@smithy/node-http-handler';
const ca = process.env.CERTIFICATE;
const client = new BedrockRuntimeClient({
  region: 'us-east-1',
  endpoint: process.env.MODEL_URL,
  credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'none' },
  maxAttempts: 3,
  ...(ca && { requestHandler: new NodeHttp2Handler({ nodeHttp2ConnectOptions: { ca } }) }),
});
const messages = [];
for (const word of ['one', 'two', 'three', 'four']) {
  messages.push({ role: 'user', content: [{ text: 'Say ' + word + ' at ' + Date.now() }] });
  let text = '';
  try {
    const { stream } = await client.send(new ConverseStreamCommand({ modelId: 'anthropic.claude-3', messages, inferenceConfig: { temperature: 0.5 } }));
    for await (const event of stream) text += event.contentBlockDelta?.delta.text ?? '';
  } catch (error) {
    text = [error.name, error.code, error.message.replace(/:\\d+/, '')].join(' ');
  }
  messages.push({ role: 'assistant', content: [{ text: text || 'nothing' }] });
  console.log(word, text);
  await new Promise((resolve) => setTimeout(resolve, 5));
}
client.destroy();
`;

let asked = 0;
const counting = ({ json }: Pick<StandInRequest, 'json'>) => {
  const text = `answer ${++asked} to ${json.messages.length} at ${json.inferenceConfig.temperature}`;
  return { headers: AWS_STREAM, pieces: converseStream({ text, fragments: 6 }), gapMs: 1 };
};

let open: Bench | undefined;
afterEach(async () => {
  await open?.close();
  open = undefined;
});
const start = async (text: string, answer: Answer, secure = false): Promise<Bench> => {
  open = await bench(text, answer, {}, (given) => startHttp2StandIn(given, secure));
  expect(open.ran.ended.code, open.ran.ended.stderr).toBe(0);
  return open;
};
const forkAt = (event: string, edits: PlannedEdit[] = [], after: ForkPlan['after'] = 'branch'): ForkPlan => ({
  ...{ event, edits, after },
  allow: [],
});
const lines = (text: string): string[] => text.trimEnd().split('\n');
const lengths = (requests: readonly StandInRequest[]): number[] => requests.map(({ json }) => json.messages.length);

describe('R7 a fork of a program that asks Bedrock over HTTP/2', () => {
  it.each([
    ['without TLS', false, 1],
    ['without TLS', false, 3],
    ['with TLS', true, 1],
    ['with TLS', true, 3],
  ])('%s: sends the edited request, and nothing before it (%#)', async (_how, secure, turn) => {
    const at = await start(TURNS, counting, secure);
    expect(lengths(at.ran.asked)).toEqual([1, 3, 5, 7]);
    const event = eventOf(at.ran, 'llm', turn);
    const change = { set: { '/inferenceConfig/temperature': 0.25 }, replace: [{ find: 'Say', with: 'Say loudly' }] };
    const forked = await at.run({ fork: forkAt(event, [{ event, kind: 'request', change }]) });
    expect(forked.ended.code).toBe(0);
    // AWS's servers check what this one does not.
    expect(lines(forked.ended.stderr)).toEqual([expect.stringContaining('was signed by AWS for what it said before')]);
    expect(lengths(forked.asked)).toEqual([1, 3, 5, 7].slice(turn - 1));
    expect(forked.asked.map(({ json }) => json.inferenceConfig.temperature)).toEqual([0.25, 0.5, 0.5, 0.5].slice(0, 5 - turn));
    expect(forked.asked[0]!.text).toContain('Say loudly');
    expect(Number(forked.asked[0]!.headers['content-length'])).toBe(Buffer.byteLength(forked.asked[0]!.text));
    expect(lines(forked.ended.stdout).slice(0, turn - 1)).toEqual(lines(at.ran.ended.stdout).slice(0, turn - 1));
    expect(lines(forked.ended.stdout)[turn - 1]).toMatch(new RegExp(`answer \\d+ to ${turn * 2 - 1} at 0.25$`));
    expect(forked.report).toMatchObject({ served: turn - 1, live: 5 - turn, edits: [{ times: 1, faults: [] }] });
    const exchanges = [...forked.recording.exchanges.values()];
    expect(exchanges.map(({ from, edited }) => from ?? edited)).toEqual(
      [1, 2, 3, 4].map((n) => (n < turn ? String(n) : n === turn ? true : undefined)),
    );
    expect(JSON.parse(exchanges[turn - 1]!.requestText()!)).toEqual(forked.asked[0]!.json);
    expect(forked.recording.problems).toEqual([]);
    await at.stop();
    const again = await at.run({}, forked);
    expect([again.ended.code, again.ended.stdout, again.ended.stderr]).toEqual([0, forked.ended.stdout, '']);
    expect(again.report).toMatchObject({ served: 4, answered: { place: 4 }, live: 0, draws: { other: 0, made: 0 } });
  });

  it('says nothing of a signature where there is none', async () => {
    const at = await start(
      TURNS.replace(
        /credentials: .*/,
        "token: { token: 'bedrock-api-key-of-the-test' }, authSchemePreference: ['httpBearerAuth'],",
      ),
      counting,
    );
    expect(at.ran.asked[0]!.headers.authorization).toMatch(/^Bearer /);
    const event = eventOf(at.ran, 'llm', 2);
    const edit = { event, kind: 'request', change: { set: { '/inferenceConfig/temperature': 0.25 } } } as const;
    const forked = await at.run({ fork: forkAt(event, [edit]) });
    expect([forked.ended.code, forked.ended.stderr]).toEqual([0, '']);
    expect(forked.asked[0]!.json.inferenceConfig.temperature).toBe(0.25);
    expect(forked.asked[0]!.headers.authorization).toBe(at.ran.asked[0]!.headers.authorization);
  });

  it.each([1, 3, 4])('has a model say something else in answer %i', async (turn) => {
    const at = await start(TURNS, counting);
    const event = eventOf(at.ran, 'llm', turn);
    const forked = await at.run({
      fork: forkAt(event, [{ event, kind: 'completion', completion: { text: 'something else, and more of it' } }]),
    });
    expect([forked.ended.code, forked.ended.stderr]).toEqual([0, '']);
    expect(lines(forked.ended.stdout)[turn - 1]).toMatch(/ something else, and more of it$/);
    expect(lengths(forked.asked)).toEqual([1, 3, 5, 7].slice(turn));
    if (turn < 4) expect(forked.asked[0]!.json.messages.at(-2).content[0].text).toBe('something else, and more of it');
    await at.stop();
    const again = await at.run({}, forked);
    expect([again.ended.code, again.ended.stdout, again.ended.stderr]).toEqual([0, forked.ended.stdout, '']);
    expect(again.report).toMatchObject({ served: 4, answered: { place: 4 }, live: 0 });
  });

  it('sends what changed code asks, and everything after the event where it is to', async () => {
    const at = await start(TURNS, counting);
    const third = eventOf(at.ran, 'llm', 3);
    const live = await at.run({ fork: forkAt(third, [], 'live') });
    expect([live.ended.code, lengths(live.asked)]).toEqual([0, [5, 7]]);
    expect(lines(live.ended.stdout).slice(0, 2)).toEqual(lines(at.ran.ended.stdout).slice(0, 2));
    at.write(TURNS.replace("'three'", "'thirteen'"));
    const changed = await at.run({ fork: forkAt(third) });
    expect([changed.ended.code, lengths(changed.asked)]).toEqual([0, [5, 7]]);
    expect(changed.asked[0]!.json.messages[4].content[0].text).toMatch(/^Say thirteen/);
    await at.stop();
    const again = await at.run({}, changed);
    expect([again.ended.code, again.ended.stdout, again.report.answered.place]).toEqual([0, changed.ended.stdout, 4]);
  });

  it('can be forked again, and again', async () => {
    const at = await start(TURNS, counting);
    let from = at.ran;
    for (const turn of [2, 3, 4]) {
      const event = eventOf(from, 'llm', turn);
      const change = { set: { '/inferenceConfig/temperature': turn / 10 } };
      const forked = await at.run({ fork: forkAt(event, [{ event, kind: 'request', change }]) }, from);
      expect(forked.ended.code, forked.ended.stderr).toBe(0);
      expect(lengths(forked.asked)).toEqual([1, 3, 5, 7].slice(turn - 1));
      expect(lines(forked.ended.stdout).slice(0, turn - 1)).toEqual(lines(from.ended.stdout).slice(0, turn - 1));
      expect(forked.recording.header.fork?.of).toBe(nameOf(from));
      from = forked;
    }
    await at.stop();
    const again = await at.run({}, from);
    expect([again.ended.code, again.ended.stdout, again.report.answered.place]).toEqual([0, from.ended.stdout, 4]);
  });

  it('sends it changed as often as the SDK tries, and is told of a server that is not there', async () => {
    let fails = 0;
    const at = await start(TURNS, (request) =>
      fails-- > 0 ? (bedrockError({ status: 503, message: 'busy' }) as object) : counting(request),
    );
    const second = eventOf(at.ran, 'llm', 2);
    fails = 2;
    const change = { set: { '/inferenceConfig/temperature': 0.75 } };
    const plan = { fork: forkAt(second, [{ event: second, kind: 'request', change }]) };
    const forked = await at.run(plan);
    expect(forked.asked.map(({ json }) => json.inferenceConfig.temperature)).toEqual([0.75, 0.75, 0.75, 0.5, 0.5]);
    expect(lines(forked.ended.stderr)).toHaveLength(1);
    await at.stop();
    const again = await at.run({}, forked);
    expect([again.ended.code, again.ended.stdout, again.report.answered.place]).toEqual([0, forked.ended.stdout, 6]);
    const nobody = await at.run(plan);
    const bare = await at.bare();
    expect(nobody.ended.code).toBe(0);
    expect(lines(bare.stdout).map((line) => line.includes('ECONNREFUSED'))).toEqual([true, true, true, true]);
    expect(lines(nobody.ended.stdout).slice(1)).toEqual(lines(bare.stdout).slice(1));
  });
});

/** Sub-agents side by side over one connection that say the same at first, behind work of the thread pool; what each says next depends on its answers and its clock. */
const SIDE_BY_SIDE = `
import { connect } from 'node:http2';
import { gzip } from 'node:zlib';
import { promisify } from 'node:util';
import { BedrockRuntimeClient, ConverseCommand } from '@aws-sdk/client-bedrock-runtime';
import { NodeHttp2Handler } from '@smithy/node-http-handler';
const client = new BedrockRuntimeClient({
  region: 'us-east-1', endpoint: process.env.MODEL_URL, token: { token: 'bedrock-api-key-of-the-test' }, authSchemePreference: ['httpBearerAuth'],
  requestHandler: new NodeHttp2Handler({ disableConcurrentStreams: false }),
});
const session = connect(process.env.MODEL_URL);
const looked = async (index) => {
  const stream = session.request({ ':path': '/look' });
  let text = '';
  for await (const piece of stream.setEncoding('utf8')) text += piece;
  return index + ' looked ' + text;
};
const seen = [];
async function agent(index) {
  let text = 'What do you see?';
  for (let turn = 1; turn <= 3; turn++) {
    await promisify(gzip)(Buffer.alloc(process.hrtime()[1] % 400_000));
    const { output } = await client.send(new ConverseCommand({ modelId: 'm', messages: [{ role: 'user', content: [{ text }] }], inferenceConfig: { temperature: 0.5 } }));
    const said = output.message.content[0].text;
    seen.push(index + ' ' + turn + ' ' + said);
    text = 'After ' + said + ', ' + (Date.now() % 1000) + ' ms and ' + Math.random() + '?';
    if (turn === 1) seen.push(await looked(index));
  }
  return text;
}
const ends = await Promise.all([0, 1, 2, 3].map(agent));
console.log(seen.join('\\n') + '\\n' + ends.join('\\n'));
client.destroy();
session.close();
`;

describe('R7 a fork of one of several branches over HTTP/2', () => {
  const slowly: Answer = async (request) => {
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 30));
    if (request.path === '/look') return { body: { seen: ++asked } };
    return { body: converseAnswer({ text: `answer ${++asked}` }) };
  };

  it.each(['branch', 'live'] as const)('after: %s', async (after) => {
    const at = await start(SIDE_BY_SIDE, slowly);
    const { recording } = at.ran;
    const byHead = [...recording.exchanges.values()].toSorted((a, b) => a.headOrd! - b.headOrd!);
    const said = JSON.parse(byHead.find(({ on }) => on !== undefined)!.responseText()!).output.message.content[0].text as string;
    const edited = byHead.find(({ on, requestText }) => on !== undefined && requestText()!.includes(`After ${said},`))!;
    const event = edited.on!;
    const change = { set: { '/inferenceConfig/temperature': 0.25 } };
    const forked = await at.run({ fork: forkAt(event, [{ event, kind: 'request', change }], after) });
    expect([forked.ended.code, forked.ended.stderr]).toEqual([0, '']);
    const before = lines(at.ran.ended.stdout);
    const now = lines(forked.ended.stdout);
    const own = before.find((line) => line.endsWith(said))![0]!;
    const isOther = (line: string): boolean => line[0] !== own;
    if (after === 'branch') {
      // Nothing but the second and third call of the one agent was sent; the others are what they were, in the order in which they were.
      expect(forked.asked.map(({ json }) => json.inferenceConfig.temperature)).toEqual([0.25, 0.5]);
      expect(now.slice(0, 16).filter(isOther)).toEqual(before.slice(0, 16).filter(isOther));
      expect(now.slice(16).toSpliced(Number(own), 1)).toEqual(before.slice(16).toSpliced(Number(own), 1));
      expect(forked.report).toMatchObject({ served: 14, live: 2 });
    } else {
      const epoch = recording.events.find(({ id }) => id === event)!.start;
      const sentAfter = byHead.filter(({ sentAt, on }) => on === event || sentAt! > epoch);
      expect(forked.asked.length).toBe(sentAfter.length);
      expect(forked.report).toMatchObject({ served: 16 - sentAfter.length, live: sentAfter.length });
    }
    await at.stop();
    const again = await at.run({}, forked);
    expect([again.ended.code, again.ended.stdout, again.ended.stderr]).toEqual([0, forked.ended.stdout, '']);
    expect(again.report).toMatchObject({ answered: { place: 16 } });
  });
});

/** What happens once before what can be seen of the HTTP/2 client is shown. */
const ASKS_ONCE = `
import { BedrockRuntimeClient, ConverseCommand } from '@aws-sdk/client-bedrock-runtime';
const client = new BedrockRuntimeClient({ region: 'us-east-1', endpoint: process.env.MODEL_URL, credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'none' }, maxAttempts: 9 });
await client.send(new ConverseCommand({ modelId: 'anthropic.claude-3', messages: [{ role: 'user', content: [{ text: 'Hello.' }] }] }));
client.destroy();
`;

describe('P4 the HTTP/2 client of a fork', () => {
  const facts = readFileSync(programAt('http2-facts'), 'utf8');
  const serve = async (): Promise<Asked> => ({ ...(await startHttp2Server(() => 'word')), requests: [] });

  it.each([
    ['that the recording has', ASKS_ONCE + facts],
    ['that only the fork opens', ASKS_ONCE],
  ])('shows over connections %s what it shows without a recording', async (_which, text) => {
    open = await bench(text, () => ({}), {}, serve);
    const { ran, write, bare, run } = open;
    expect(ran.ended.code, ran.ended.stderr).toBe(0);
    write(ASKS_ONCE + facts);
    const plain = await bare();
    const event = eventOf(ran, 'llm', 1);
    const forked = await run({ fork: { ...forkAt(event, [], 'live'), allow: ['127.0.0.1'] } });
    expect([forked.ended.stdout, forked.ended.code, forked.ended.stderr]).toEqual([plain.stdout, 0, '']);
    expect(forked.report).toMatchObject({ served: 0 });
    expect(forked.report.live).toBeGreaterThan(20);
    await open.stop();
    const again = await run({}, forked);
    expect([again.ended.stdout, again.ended.code, again.ended.stderr]).toEqual([plain.stdout, 0, '']);
    expect(again.report).toMatchObject({ served: forked.report.live, live: 0 });
  });
});

/** Says something, and says the next thing once it was answered. */
const TALKS = `
import { connect } from 'node:http2';
import { once } from 'node:events';
const session = connect(process.env.MODEL_URL);
const stream = session.request({ ':path': '/talk', ':method': 'POST' }).setEncoding('utf8');
for (const word of ['one', 'two', 'three']) {
  stream.write(word);
  console.log((await once(stream, 'data'))[0].trim());
}
stream.end();
console.log((await stream.toArray()).join(''));
session.close();
`;

describe('R7 a stream of which both ends talk by turns', () => {
  it('is sent as it goes', async () => {
    open = await bench(
      ASKS_ONCE,
      () => ({}),
      {},
      async () => ({ ...(await startHttp2Server()), requests: [] }),
    );
    const { ran, write, run } = open;
    write(ASKS_ONCE + TALKS);
    const event = eventOf(ran, 'llm', 1);
    const forked = await run({ fork: { ...forkAt(event, [], 'live'), allow: ['127.0.0.1'] } });
    expect([forked.ended.code, forked.ended.stderr]).toEqual([0, '']);
    expect(lines(forked.ended.stdout).map((line) => line.replace(/ word\d+$/, ''))).toEqual(['ONE', 'TWO', 'THREE', 'bye']);
    expect(forked.report.live).toBeGreaterThan(1);
    await open.stop();
    const again = await run({}, forked);
    expect([again.ended.code, again.ended.stdout, again.ended.stderr]).toEqual([0, forked.ended.stdout, '']);
    expect(again.report).toMatchObject({ live: 0, answered: { content: 0, masked: 0 } });
  });
});
