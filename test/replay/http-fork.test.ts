/** Forks of programs that ask by Node's HTTP clients: what is sent is sent as the app's own client would have, and what comes back is handed over as it comes. */
import { afterEach, describe, expect, it } from 'vitest';
import type { PlannedEdit } from '../../src/events/edits.ts';
import type { ForkPlan } from '../../src/replay/plan.ts';
import { chatCompletion, chatCompletionStream } from '../../src/testing/wire.ts';
import type { StandInRequest } from '../../src/testing/stand-in.ts';
import { bench, eventOf, nameOf } from './forked.ts';
import type { Bench } from './forked.ts';

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
  const record = () => start(turns(stream), counting, {}, 'program.cjs');

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
