/** Forks of programs that ask by npm undici: what is to be sent is sent by it, and what a model is made to have said reaches its handlers. */
import { afterEach, describe, expect, it } from 'vitest';
import type { PlannedEdit } from '../../src/events/edits.ts';
import type { ForkPlan } from '../../src/replay/plan.ts';
import type { StandInRequest } from '../../src/testing/stand-in.ts';
import { chatCompletion, chatCompletionStream, openaiError } from '../../src/testing/wire.ts';
import { bench, eventOf } from './forked.ts';
import type { Bench } from './forked.ts';

/** A conversation of four turns, each asked in another way of undici's: each prompt holds the answer before it. */
const TURNS = `
import OpenAI from 'openai';
import { PassThrough, Readable } from 'node:stream';
import { Agent, fetch, pipeline, request, RetryAgent, stream } from 'undici';
const retrying = new RetryAgent(new Agent(), { maxRetries: 3, minTimeout: 1, statusCodes: [503], methods: ['POST'] });
const optionsOf = ({ method, headers, body, signal }) => {
  const all = Object.fromEntries(headers);
  return { method, headers: { ...all, 'content-length': String(Buffer.byteLength(body)) }, body, signal };
};
const answerOf = (statusCode, headers, body) =>
  new Response(Readable.toWeb(body), { status: statusCode, headers: Object.entries(headers).filter(([name]) => name === 'content-type') });
const ways = {
  async request(url, init) {
    const { statusCode, headers, body } = await request(url, { ...optionsOf(init), dispatcher: retrying });
    return answerOf(statusCode, headers, body);
  },
  stream(url, init) {
    return new Promise((resolve, reject) => {
      const through = new PassThrough({ highWaterMark: 16 });
      stream(url, optionsOf(init), ({ statusCode, headers }) => {
        resolve(answerOf(statusCode, headers, through));
        return through;
      }).catch(reject);
    });
  },
  fetch: (url, init) => fetch(url, { ...init, dispatcher: undefined }),
  pipeline(url, init) {
    return new Promise((resolve, reject) => {
      const { body, ...options } = optionsOf(init);
      pipeline(url, options, ({ statusCode, headers, body: answer }) => {
        resolve(answerOf(statusCode, headers, answer));
        return new PassThrough();
      }).on('error', reject).end(body);
    });
  },
};
const messages = [];
for (const [name, word] of [['request', 'one'], ['stream', 'two'], ['fetch', 'three'], ['pipeline', 'four']]) {
  const client = new OpenAI({ apiKey: process.env.OPENAI_KEY_OF_TEST, baseURL: process.env.MODEL_URL + '/v1', maxRetries: 0, fetch: ways[name] });
  messages.push({ role: 'user', content: 'Say ' + word + ' at ' + Date.now() });
  let text = '';
  try {
    if (name === 'stream') {
      for await (const { choices } of await client.chat.completions.create({ model: 'gpt-5-mini', messages, stream: true })) text += choices[0]?.delta.content ?? '';
    } else text = (await client.chat.completions.create({ model: 'gpt-5-mini', messages })).choices[0].message.content;
  } catch (error) {
    text = error.status ?? '';
    for (let at = error; at; at = at.cause) text += ' ' + [at.name, at.code, at.message.replace(/:\\d+/, '')].join(' ');
  }
  messages.push({ role: 'assistant', content: text });
  console.log(name, text);
}
`;

let asked = 0;
const counting = ({ json }: Pick<StandInRequest, 'json'>) => {
  const text = `answer ${++asked} to ${json.messages.length} of ${json.temperature ?? 'no'} temperature`;
  return json.stream === true ? { pieces: chatCompletionStream({ text, fragments: 8 }) } : { body: chatCompletion({ text }) };
};

let open: Bench | undefined;
afterEach(async () => {
  await open?.close();
  open = undefined;
});
const start = async (...given: Parameters<typeof bench>): Promise<Bench> => {
  open = await bench(...given);
  expect([open.ran.ended.code, open.ran.ended.stderr.includes('Error')], open.ran.ended.stderr).toEqual([0, false]);
  expect(open.ran.asked.map(({ json }) => json.messages.length)).toEqual([1, 3, 5, 7]);
  return open;
};
const forkAt = (event: string, edits: PlannedEdit[] = [], after: ForkPlan['after'] = 'branch'): ForkPlan => ({
  ...{ event, edits, after },
  allow: [],
});
const lines = (text: string): string[] => text.trimEnd().split('\n');
const WAYS = ['request', 'stream', 'fetch', 'pipeline'];

describe('R7 a fork of a program that asks by npm undici', () => {
  it.each([1, 2, 3, 4])('sends request %i edited, and nothing before it', async (turn) => {
    const at = await start(TURNS, counting);
    const event = eventOf(at.ran, 'llm', turn);
    const change = { set: { '/temperature': 0.25 }, replace: [{ find: 'Say', with: 'Say loudly' }] };
    const forked = await at.run({ fork: forkAt(event, [{ event, kind: 'request', change }]) });
    expect([forked.ended.code, forked.ended.stderr]).toEqual([0, '']);
    expect(forked.asked.map(({ json }) => json.messages.length)).toEqual([1, 3, 5, 7].slice(turn - 1));
    expect(forked.asked.map(({ json }) => json.temperature)).toEqual([0.25, undefined, undefined, undefined].slice(0, 5 - turn));
    expect(forked.asked[0]!.text).toContain('Say loudly');
    expect(Number(forked.asked[0]!.headers['content-length'])).toBe(Buffer.byteLength(forked.asked[0]!.text));
    expect(lines(forked.ended.stdout).slice(0, turn - 1)).toEqual(lines(at.ran.ended.stdout).slice(0, turn - 1));
    expect(lines(forked.ended.stdout)[turn - 1]).toMatch(
      new RegExp(`^${WAYS[turn - 1]} answer \\d+ to ${turn * 2 - 1} of 0.25 temperature$`),
    );
    expect(forked.report).toMatchObject({ served: turn - 1, live: 5 - turn, edits: [{ times: 1, faults: [] }] });
    const exchanges = [...forked.recording.exchanges.values()];
    expect(exchanges.map(({ from, edited }) => from ?? edited)).toEqual(
      [1, 2, 3, 4].map((n) => (n < turn ? String(n) : n === turn ? true : undefined)),
    );
    expect(JSON.parse(exchanges[turn - 1]!.requestText()!)).toEqual(forked.asked[0]!.json);
    await at.stop();
    const again = await at.run({}, forked);
    expect([again.ended.code, again.ended.stdout, again.ended.stderr]).toEqual([0, forked.ended.stdout, '']);
    expect(again.report).toMatchObject({ served: 4, answered: { place: 4 }, live: 0 });
  });

  it.each([1, 2, 3, 4])('has a model say something else in answer %i', async (turn) => {
    const at = await start(TURNS, counting);
    const event = eventOf(at.ran, 'llm', turn);
    const forked = await at.run({
      fork: forkAt(event, [{ event, kind: 'completion', completion: { text: 'something else, and more of it' } }]),
    });
    expect([forked.ended.code, forked.ended.stderr]).toEqual([0, '']);
    expect(lines(forked.ended.stdout)[turn - 1]).toBe(`${WAYS[turn - 1]} something else, and more of it`);
    expect(forked.asked.map(({ json }) => json.messages.length)).toEqual([1, 3, 5, 7].slice(turn));
    if (turn < 4) expect(forked.asked[0]!.json.messages.at(-2).content).toBe('something else, and more of it');
    await at.stop();
    const again = await at.run({}, forked);
    expect([again.ended.code, again.ended.stdout, again.ended.stderr]).toEqual([0, forked.ended.stdout, '']);
    expect(again.report).toMatchObject({ served: 4, answered: { place: 4 }, live: 0 });
  });

  it('sends what changed code asks, and everything after the event where it is to', async () => {
    const at = await start(TURNS, counting);
    const third = eventOf(at.ran, 'llm', 3);
    const live = await at.run({ fork: forkAt(third, [], 'live') });
    expect([live.ended.code, live.asked.map(({ json }) => json.messages.length)]).toEqual([0, [5, 7]]);
    at.write(TURNS.replace("'three'", "'thirteen'"));
    const changed = await at.run({ fork: forkAt(third) });
    expect([changed.ended.code, changed.asked.map(({ json }) => json.messages.length)]).toEqual([0, [5, 7]]);
    expect(changed.asked[0]!.json.messages[4].content).toMatch(/^Say thirteen/);
    await at.stop();
    const again = await at.run({}, changed);
    expect([again.ended.code, again.ended.stdout, again.report.answered.place]).toEqual([0, changed.ended.stdout, 4]);
  });

  it('can be forked again, and again', async () => {
    const at = await start(TURNS, counting);
    let from = at.ran;
    for (const turn of [2, 3, 4]) {
      const event = eventOf(from, 'llm', turn);
      const change = { set: { '/temperature': turn / 10 } };
      const forked = await at.run({ fork: forkAt(event, [{ event, kind: 'request', change }]) }, from);
      expect([forked.ended.code, forked.ended.stderr]).toEqual([0, '']);
      expect(forked.asked.map(({ json }) => json.messages.length)).toEqual([1, 3, 5, 7].slice(turn - 1));
      expect(lines(forked.ended.stdout).slice(0, turn - 1)).toEqual(lines(from.ended.stdout).slice(0, turn - 1));
      from = forked;
    }
    await at.stop();
    const again = await at.run({}, from);
    expect([again.ended.code, again.ended.stdout, again.report.answered.place]).toEqual([0, from.ended.stdout, 4]);
  });

  it('sends it changed as often as undici tries, and is told of a server that is not there', async () => {
    let fails = 0;
    const at = await start(TURNS, (request) =>
      fails-- > 0 ? openaiError({ status: 503, message: 'busy', requestId: 'req_1' }) : counting(request),
    );
    const first = eventOf(at.ran, 'llm', 1);
    fails = 2;
    const change = { set: { '/temperature': 0.75 } };
    const plan = { fork: forkAt(first, [{ event: first, kind: 'request', change }]) };
    const forked = await at.run(plan);
    expect(forked.asked.map(({ json }) => json.temperature)).toEqual([0.75, 0.75, 0.75, undefined, undefined, undefined]);
    await at.stop();
    const again = await at.run({}, forked);
    expect([again.ended.code, again.ended.stdout, again.report.answered.place]).toEqual([0, forked.ended.stdout, 6]);
    const nobody = await at.run(plan);
    const bare = await at.bare();
    expect(lines(bare.stdout).map((line) => line.includes('ECONNREFUSED'))).toEqual([true, true, true, true]);
    expect([nobody.ended.code, nobody.ended.stdout]).toEqual([0, bare.stdout]);
  });
});
