/** A replay that becomes a branch of its own at an event: what was before comes from the recording, what comes after is real, and the branch is a recording like every other. */
import { afterEach, describe, expect, it } from 'vitest';
import { chatCompletion, openaiError } from '../../src/testing/wire.ts';
import { bench, eventOf, nameOf } from './forked.ts';
import type { Bench, Ran } from './forked.ts';
import type { PlannedEdit } from '../../src/events/edits.ts';
import type { ForkPlan } from '../../src/replay/plan.ts';

/** A conversation of so many turns: each prompt holds the answer before it. */
const TURNS = `
import OpenAI from 'openai';
const client = new OpenAI({ apiKey: process.env.OPENAI_KEY_OF_TEST, baseURL: process.env.MODEL_URL + '/v1', maxRetries: 2 });
const messages = [];
for (const word of ['one', 'two', 'three', 'four']) {
  messages.push({ role: 'user', content: 'Say ' + word + ' at ' + Date.now() + ' ' + Math.random() });
  const { choices, model } = await client.chat.completions.create({ model: 'gpt-5-mini', messages, temperature: 0.5 });
  messages.push(choices[0].message);
  console.log(word, model, choices[0].message.content);
  await new Promise((resolve) => setTimeout(resolve, 5));
}
`;

let asked = 0;
const counting = ({ json }: { json: any }) => ({
  body: chatCompletion({
    text: `answer ${++asked} to ${json.messages.length}`,
    tokens: { input: 10, output: 5 },
    model: json.model,
  }),
});

let open: Bench | undefined;
afterEach(async () => {
  await open?.close();
  open = undefined;
});
const start = async (...given: Parameters<typeof bench>): Promise<Bench> => (open = await bench(...given));

/** A fork without leave for anything. */
const forkAt = (event: string, edits: PlannedEdit[] = [], after: ForkPlan['after'] = 'branch'): ForkPlan => ({
  ...{ event, edits, after },
  allow: [],
});

const lines = (text: string): string[] => text.trimEnd().split('\n');

describe('R7 a fork', () => {
  it('sends the edited request, and nothing before it', async () => {
    const at = await start(TURNS, counting);
    const third = eventOf(at.ran, 'llm', 3);
    const change = { set: { '/temperature': 0.9 }, replace: [{ find: 'Say three', with: 'Say thirty' }] };
    const forked = await at.run({ fork: forkAt(third, [{ event: third, kind: 'request', change }]) });
    expect([forked.ended.code, forked.ended.stderr]).toEqual([0, '']);
    expect(forked.asked.map(({ json }) => json.messages.length)).toEqual([5, 7]);
    expect(forked.asked[0]?.json.temperature).toBe(0.9);
    expect(forked.asked[0]?.json.messages[4].content).toMatch(/^Say thirty at \d+/);
    // The edit is of one call: the program knows nothing of it.
    expect(forked.asked[1]?.json.temperature).toBe(0.5);
    expect(forked.asked[1]?.json.messages[4].content).toMatch(/^Say three at \d+/);
    expect(lines(forked.ended.stdout).slice(0, 2)).toEqual(lines(at.ran.ended.stdout).slice(0, 2));
    expect(lines(forked.ended.stdout)[2]).not.toBe(lines(at.ran.ended.stdout)[2]);
    expect(forked.report).toMatchObject({
      ...{ requests: 4, served: 2, live: 2, tolerated: 0, refused: [] },
      edits: [{ event: third, kind: 'request', times: 1, faults: [] }],
    });
    const { header, exchanges } = forked.recording;
    expect(header.fork).toEqual({
      of: nameOf(at.ran),
      at: third,
      after: 'branch',
      edits: [{ event: third, kind: 'request', change }],
    });
    expect([...exchanges.values()].map(({ from, edited }) => [from, edited])).toEqual([
      ['1', undefined],
      ['2', undefined],
      [undefined, true],
      [undefined, undefined],
    ]);
    // What was sent is what a person sees; what the program asked is kept beside it.
    const edited = [...exchanges.values()][2]!;
    expect(JSON.parse(edited.requestText()!)).toEqual(forked.asked[0]?.json);
    expect(String(edited.askedBody())).toContain('"temperature":0.5');
  });

  it('sends it changed as often as the SDK tries', async () => {
    let fails = 0;
    const at = await start(TURNS, (request) => {
      if (fails-- > 0) return openaiError({ status: 429, message: 'slowly', retryAfterMs: 1, requestId: 'req_1' });
      return counting(request);
    });
    fails = 2;
    const third = eventOf(at.ran, 'llm', 3);
    const edit: PlannedEdit = { event: third, kind: 'request', change: { set: { '/temperature': 0.9 } } };
    const forked = await at.run({ fork: forkAt(third, [edit]) });
    expect(forked.asked.map(({ json }) => json.temperature)).toEqual([0.9, 0.9, 0.9, 0.5]);
    await at.stop();
    const again = await at.run({}, forked);
    expect([again.ended.code, again.ended.stdout]).toEqual([0, forked.ended.stdout]);
  });

  it('sends every later call of a model changed, where the edit is onward', async () => {
    const at = await start(TURNS, counting);
    const second = eventOf(at.ran, 'llm', 2);
    const edit = { event: second, kind: 'request', change: { set: { '/model': 'gpt-5' } }, onward: true } as const;
    const forked = await at.run({ fork: forkAt(second, [edit]) });
    expect(forked.asked.map(({ json }) => json.model)).toEqual(['gpt-5', 'gpt-5', 'gpt-5']);
    expect(lines(forked.ended.stdout).map((line) => line.split(' ')[1])).toEqual(['gpt-5-mini', 'gpt-5', 'gpt-5', 'gpt-5']);
    expect(forked.report.edits).toMatchObject([{ times: 3 }]);
    const calls = forked.recording.events.filter(({ type }) => type === 'llm');
    expect(calls.map(({ llm }) => llm?.request.model)).toEqual(['gpt-5-mini', 'gpt-5', 'gpt-5', 'gpt-5']);
  });

  it('has a model say something else, and goes on from there', async () => {
    const at = await start(TURNS, counting);
    const second = eventOf(at.ran, 'llm', 2);
    const edit = { event: second, kind: 'completion', completion: { text: 'something else' } } as const;
    const forked = await at.run({ fork: forkAt(second, [edit]) });
    expect(forked.ended.code).toBe(0);
    expect(lines(forked.ended.stdout)[1]).toBe('two gpt-5-mini something else');
    expect(forked.asked.map(({ json }) => json.messages.length)).toEqual([5, 7]);
    expect(forked.asked[0]?.json.messages[3].content).toBe('something else');
    expect(forked.report).toMatchObject({ served: 2, live: 2, edits: [{ kind: 'completion', times: 1 }] });
  });

  it('lets the code differ from the event on, and ends with 86 where it differs before', async () => {
    const at = await start(TURNS, counting);
    const third = eventOf(at.ran, 'llm', 3);
    at.write(TURNS.replace("'three'", "'thirteen'"));
    const forked = await at.run({ fork: forkAt(third) });
    expect(forked.ended.code).toBe(0);
    expect(forked.asked.map(({ json }) => json.messages.length)).toEqual([5, 7]);
    expect(forked.asked[0]?.json.messages[4].content).toMatch(/^Say thirteen/);
    at.write(TURNS.replace("'two'", "'twelve'"));
    const early = await at.run({ fork: forkAt(third) });
    expect([early.ended.code, early.asked.length]).toEqual([86, 0]);
    expect(early.report.divergence).toMatchObject({ kind: 'request' });
  });

  it('sends nothing at all where nothing is other than it was', async () => {
    const at = await start(TURNS, counting);
    const forked = await at.run({ fork: forkAt(eventOf(at.ran, 'llm', 2)) });
    expect([forked.ended.code, forked.asked.length]).toEqual([0, 0]);
    expect(forked.ended.stdout).toBe(at.ran.ended.stdout);
  });

  it('samples everything from the event on again with after: live, and one call with an empty change', async () => {
    const at = await start(TURNS, counting);
    const third = eventOf(at.ran, 'llm', 3);
    const live = await at.run({ fork: forkAt(third, [], 'live') });
    expect(live.asked.map(({ json }) => json.messages.length)).toEqual([5, 7]);
    const again = await at.run({ fork: forkAt(third, [{ event: third, kind: 'request', change: {} }]) });
    expect(again.asked.map(({ json }) => json.messages.length)).toEqual([5, 7]);
    expect(again.asked[0]?.text).toBe(live.asked[0]?.text);
  });

  it('is a recording like every other: it replays with nobody there, and is forked again, and again', async () => {
    const at = await start(TURNS, counting);
    const edits = (event: string, word: string): PlannedEdit[] => [
      { event, kind: 'request', change: { replace: [{ find: 'Say', with: word }] } },
    ];
    let from = at.ran;
    const depths = [];
    for (const [turn, word] of [
      [2, 'Shout'],
      [3, 'Sing'],
      [4, 'Whisper'],
    ] as const) {
      const event = eventOf(from, 'llm', turn);
      const forked = await at.run({ fork: forkAt(event, edits(event, word)) }, from);
      expect([forked.ended.code, forked.ended.stderr]).toEqual([0, '']);
      expect(forked.asked.map(({ json }) => json.messages.length)).toEqual([3, 5, 7].slice(turn - 2));
      expect(forked.asked[0]?.text).toContain(word);
      expect(lines(forked.ended.stdout).slice(0, turn - 1)).toEqual(lines(from.ended.stdout).slice(0, turn - 1));
      expect(forked.recording.header.fork?.of).toBe(nameOf(from));
      depths.push((from = forked));
    }
    await at.stop();
    for (const forked of depths) {
      const again = await at.run({}, forked);
      expect([again.ended.code, again.ended.stdout, again.ended.stderr]).toEqual([0, forked.ended.stdout, '']);
      expect(again.report).toMatchObject({
        requests: 4,
        served: 4,
        answered: { place: 4 },
        live: 0,
        draws: { other: 0, made: 0 },
      });
    }
  });
});

/** Sub-agents side by side that say the same at first, behind work of the thread pool; what each says next depends on its answers and its clock. */
const SIDE_BY_SIDE = `
import OpenAI from 'openai';
import { gzip } from 'node:zlib';
import { promisify } from 'node:util';
const client = new OpenAI({ apiKey: process.env.OPENAI_KEY_OF_TEST, baseURL: process.env.MODEL_URL + '/v1' });
const seen = [];
async function agent(index) {
  let content = 'What do you see?';
  for (let turn = 1; turn <= 3; turn++) {
    await promisify(gzip)(Buffer.alloc(process.hrtime()[1] % 400_000));
    const { choices } = await client.chat.completions.create({ model: 'gpt-5-mini', messages: [{ role: 'user', content }] });
    seen.push(index + ' ' + turn + ' ' + choices[0].message.content);
    content = 'After ' + choices[0].message.content + ', ' + (Date.now() % 1000) + ' ms and ' + Math.random() + '?';
    if (turn === 1) await new Promise((resolve) => setTimeout(resolve, 3 + index));
  }
  return content;
}
const ends = await Promise.all([0, 1, 2, 3].map(agent));
console.log(seen.join('\\n') + '\\n' + ends.join('\\n'));
`;

describe('R7 a fork of one of several branches', () => {
  const slowly = async (request: { json: any }) => {
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 30));
    return counting(request);
  };
  /** The second call of the branch whose first answer came first. */
  const secondOfFirst = ({ recording }: Ran): { event: string; branch: string } => {
    const calls = recording.events.filter(({ type }) => type === 'llm').toSorted((a, b) => a.start - b.start);
    const textOf = (id: string): string => [...recording.exchanges.values()].find(({ on }) => on === id)!.responseText()!;
    const answered = [...recording.exchanges.values()].toSorted((a, b) => a.headOrd! - b.headOrd!)[0]!;
    const said = JSON.parse(textOf(answered.on!)).choices[0].message.content as string;
    const second = calls.find(({ id }) =>
      [...recording.exchanges.values()].some(({ on, requestText }) => on === id && requestText()!.includes(`After ${said},`)),
    )!;
    return { event: second.id, branch: said };
  };

  it.each(['branch', 'live'] as const)('after: %s', async (after) => {
    const at = await start(SIDE_BY_SIDE, slowly);
    const { event, branch } = secondOfFirst(at.ran);
    const edit = { event, kind: 'request', change: { set: { '/temperature': 1 } } } as const;
    const forked = await at.run({ fork: forkAt(event, [edit], after) });
    expect([forked.ended.code, forked.ended.stderr]).toEqual([0, '']);
    const before = lines(at.ran.ended.stdout);
    const now = lines(forked.ended.stdout);
    const [own] = before.find((line) => line.endsWith(branch))!;
    const isOther = (line: string): boolean => line[0] !== own;
    if (after === 'branch') {
      // Nothing but the second and third call of the one branch was sent; the others are what they were, in the order in which they were.
      expect(forked.asked.map(({ json }) => json.temperature)).toEqual([1, undefined]);
      expect(now.slice(0, 12).filter(isOther)).toEqual(before.slice(0, 12).filter(isOther));
      expect(now.slice(12).toSpliced(Number(own), 1)).toEqual(before.slice(12).toSpliced(Number(own), 1));
      expect(forked.report).toMatchObject({ served: 10, live: 2 });
    } else {
      const epoch = at.ran.recording.events.find(({ id }) => id === event)!.start;
      const sentAfter = [...at.ran.recording.exchanges.values()].filter(({ sentAt, on }) => on === event || sentAt! > epoch);
      expect(forked.asked.length).toBe(sentAfter.length);
      expect(forked.report).toMatchObject({ served: 12 - sentAfter.length, live: sentAfter.length });
    }
    await at.stop();
    const again = await at.run({}, forked);
    expect([again.ended.code, again.ended.stdout]).toEqual([0, forked.ended.stdout]);
    expect(again.report).toMatchObject({ answered: { place: 12 } });
  });
});
