import { existsSync, statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readRecording } from '../../src/recording/recording.ts';
import { eventOf, exchangeIn, logIn, nextTurn, rawLinesOf, scratchFolder } from './support.ts';

/** Words that repeat nothing. */
const fresh = (seed: number, units: number): string =>
  Array.from({ length: units / 8 }, (_, index) =>
    Math.imul(seed * 1000 + index, 0x9e3779b1)
      .toString(36)
      .padEnd(8, '.')
      .slice(0, 8),
  ).join('');

interface Growth {
  bytes: number;
  recording: ReturnType<typeof readRecording>;
  bodies: string[];
}

/** The body of turn n holds all turns before it, between a head and a tail that stay. */
function conversation(turns: number, unitsATurn: number): Growth {
  const log = logIn(scratchFolder());
  const messages: { role: string; content: string }[] = [];
  const bodies: string[] = [];
  for (let turn = 1; turn <= turns; turn++) {
    messages.push({ role: 'user', content: fresh(turn, unitsATurn) });
    const body = JSON.stringify({ model: 'm', messages, tools: [{ name: 'search', parameters: fresh(-1, 800) }], stream: true });
    bodies.push(body);
    exchangeIn(log, body, ['{"ok":true}']);
    log.event(eventOf(turn));
  }
  log.close();
  const blobs = log.path.replace('.jsonl', '.blobs');
  return { bytes: log.size + (existsSync(blobs) ? statSync(blobs).size : 0), recording: readRecording(log.path), bodies };
}

describe('T8 a conversation is recorded once', () => {
  it.each([1_000, 20_000])('grows as its turns do, at %i units a turn', (units) => {
    const small = conversation(10, units);
    const large = conversation(units > 10_000 ? 60 : 300, units);
    expect(large.bytes / large.bodies.length).toBeLessThan((small.bytes / small.bodies.length) * 1.2);
    expect(large.bytes / large.bodies.length).toBeLessThan(units * 1.2 + 1_500);
    for (const x of [1, 2, 9, large.bodies.length - 1, large.bodies.length])
      expect(large.recording.exchanges.get(x)!.requestText() === large.bodies[x - 1]).toBe(true);
  });

  it('1,000 turns take as much a turn as 100, and the last one is read back', { timeout: 60_000 }, () => {
    const hundred = conversation(100, 1_000);
    const thousand = conversation(1_000, 1_000);
    expect(thousand.bytes / 1_000).toBeLessThan((hundred.bytes / 100) * 1.05);
    expect(thousand.recording.exchanges.get(1_000)!.requestText() === thousand.bodies[999]).toBe(true);
    expect(Buffer.from(thousand.recording.exchanges.get(777)!.requestBody()!).equals(Buffer.from(thousand.bodies[776]!))).toBe(
      true,
    );
  });

  it('tells interleaved conversations apart', async () => {
    const log = logIn(scratchFolder());
    const bodies: string[] = [];
    const histories = [1, 2, 3, 4, 5].map((agent) => [`agent ${agent}`, fresh(agent, 2_000)]);
    for (let turn = 1; turn <= 20; turn++)
      for (const history of histories) {
        history.push(fresh(turn, 400));
        bodies.push(JSON.stringify(history));
        exchangeIn(log, bodies.at(-1), []);
      }
    await nextTurn();
    const { exchanges } = readRecording(log.path);
    bodies.forEach((body, index) => expect(exchanges.get(index + 1)!.requestText()).toBe(body));
    expect(log.size).toBeLessThan(100 * 1_200);
  });

  it.each([
    ['the same, then another emoji', 'a'.repeat(300), '\u{1f600}', '\u{1f601}', 'b'.repeat(300)],
    ['another first half', 'a'.repeat(300), '\u{1f600}', '\u{1fa00}', 'b'.repeat(300)],
    ['an emoji grows', 'a'.repeat(300), '\u{1f600}', '\u{1f600}\u{1f600}', 'b'.repeat(300)],
    ['an emoji goes', 'a'.repeat(300), '\u{1f600}\u{1f601}', '\u{1f600}', 'b'.repeat(300)],
    ['only emojis', '\u{1f600}'.repeat(200), '\u{1f601}', '\u{1f602}', '\u{1f600}'.repeat(200)],
    ['nothing changes', 'a'.repeat(300), '', '', '\u{1f600}'],
    ['all of it repeats', 'a'.repeat(300), 'a', 'aa', 'a'.repeat(300)],
    ['a lone half, which the wire cannot carry', 'a'.repeat(300), '\ud83d', '\ude00', 'b'.repeat(300)],
  ])('cuts no character: %s', async (_name, head, before, after, tail) => {
    const log = logIn(scratchFolder());
    const texts = [head + before + tail, head + after + tail, head + before + tail];
    for (const text of texts) exchangeIn(log, text, []);
    for (const text of texts) exchangeIn(log, Buffer.from(text), []);
    await nextTurn();
    const requests = rawLinesOf(log.path).filter((line) => line.k === 'request');
    expect(
      requests.slice(1).every((line) => typeof line.body === 'object' && 'base' in line.body && line.body.mid.isWellFormed()),
    ).toBe(true);
    const { exchanges } = readRecording(log.path);
    [...texts, ...texts].forEach((text, index) => {
      expect(exchanges.get(index + 1)!.requestText()).toBe(text.toWellFormed());
      expect(Buffer.from(exchanges.get(index + 1)!.requestBody()!)).toEqual(Buffer.from(text));
    });
  });

  it('random edits of random texts come back as they were', async () => {
    const log = logIn(scratchFolder());
    const alphabet = ['a', 'é', 'ж', '\u{1f600}', '"', '\\', '\n'];
    let state = 7;
    const pick = (limit: number): number => (state = (Math.imul(state, 1103515245) + 12345) >>> 0) % limit;
    let text = Array.from({ length: 600 }, () => alphabet[pick(7)]).join('');
    const texts: string[] = [];
    for (let round = 0; round < 500; round++) {
      const at = pick(text.length);
      text = (text.slice(0, at) + alphabet[pick(7)]!.repeat(pick(40)) + text.slice(at + pick(30))).toWellFormed();
      texts.push(text);
      exchangeIn(log, text, []);
      if (round % 7 === 0) await nextTurn();
    }
    await nextTurn();
    const { exchanges, problems } = readRecording(log.path);
    expect(problems).toEqual([]);
    texts.forEach((expected, index) => expect(exchanges.get(index + 1)!.requestText()).toBe(expected));
  });
});
