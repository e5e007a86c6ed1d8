/** R10 two sessions aligned by content. The goldens in differences/ are for people to read; `HINDCAST_GOLDENS=write npx vitest run test/analysis/session-diff.test.ts` writes them anew. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { diffSessions, type DiffSide, type SessionDiff } from '../../src/analysis/session-diff.ts';
import { renderDiff } from '../../src/cli/diff-view.ts';
import { saidInRecordings } from '../../src/cli/said-content.ts';
import type { Terminal } from '../../src/cli/terminal.ts';
import type { SaidContent } from '../../src/analysis/event-view.ts';
import type { SpanEvent } from '../../src/events/model.ts';
import { readRecording } from '../../src/recording/recording.ts';
import { startRig } from '../session/rig.ts';
import { EPOCH_US } from '../cli/written.ts';
import { PAIRS } from './pairs.ts';
import { SCENES, type Scene } from './scenes.ts';

const clock = vi.hoisted(() => ({ us: 0, ids: 0 }));
vi.mock('../../src/core/clock.ts', () => ({
  monotonicUs: () => clock.us,
  epochUs: () => 1_772_366_400_000_000,
  wallMs: () => 1_772_366_400_000,
}));
vi.mock('../../src/core/ids.ts', async (original) => {
  const next = (digits: number): string => (++clock.ids).toString(16).padStart(digits, '0');
  return {
    ...(await original<object>()),
    newSpanId: () => next(16),
    newTraceId: () => next(32),
    newSessionId: () => `ses_${next(12)}`,
  };
});

beforeEach(() => Object.assign(clock, { us: 0, ids: 0 }));

/** Records a scene and reads it back; bodies are read while the files are there. */
function withRecorded<T>(scenes: readonly Scene[], use: (sides: DiffSide[]) => T): T {
  const rigs: ReturnType<typeof startRig>[] = [];
  try {
    const sides = scenes.map(({ act, end = { state: 'success', reason: 'ended', exitCode: 0 }, state, settings }) => {
      const rig = startRig({ agent: { id: 'support-bot' }, ...settings });
      rigs.push(rig);
      const session = rig.store.current();
      session.begin();
      try {
        act(clock);
      } catch {
        // Thrown out of the program; `end` says what came of it.
      }
      clock.us += 1000;
      if (end === null) session.commit();
      else rig.store.close(end);
      const read = readRecording(session.log.path);
      return { record: { ...read, state: state ?? read.state }, saidIn: saidInRecordings([read]) };
    });
    return use(sides);
  } finally {
    for (const rig of rigs) rig.stop();
  }
}

const diffScenes = (before: Scene, after: Scene): SessionDiff =>
  withRecorded([before, after], ([one, other]) => diffSessions(one!, other!));

const PLAIN: Terminal = {
  json: false,
  verbose: false,
  quiet: false,
  width: Infinity,
  print: () => {},
  printJson: () => {},
  remark: () => {},
  paint: (_style, text) => text,
};

const GOLDENS = join(import.meta.dirname, 'differences');

describe('R10 goldens', () => {
  test.each(Object.keys(PAIRS))('%s', (name) => {
    const diff = diffScenes(...PAIRS[name]!);
    const text = `${renderDiff(diff, { context: 1, onlyFirst: false }, PLAIN).join('\n')}\n`;
    const path = join(GOLDENS, `${name}.txt`);
    if (process.env['HINDCAST_GOLDENS'] === 'write') writeFileSync(path, text);
    expect(existsSync(path), `${name} is there`).toBe(true);
    expect(text).toBe(readFileSync(path, 'utf8'));
    expect(text).not.toMatch(/\u001b|SECRET|chatcmpl|call_/);
  });

  afterAll(() => {
    expect(readdirSync(GOLDENS).sort()).toEqual(
      Object.keys(PAIRS)
        .map((name) => `${name}.txt`)
        .sort(),
    );
  });

  test.each(Object.keys(SCENES))('a session recorded twice does not differ: %s', (name) => {
    const diff = diffScenes(SCENES[name]!, SCENES[name]!);
    expect(diff).toMatchObject({ same: true, outcome: [], counts: { changed: 0, inserted: 0, removed: 0 } });
    expect(diff.first).toBeUndefined();
  });
});

/** What of a difference counts, in words. */
const said = ({ entries }: SessionDiff): string[] =>
  entries.flatMap((entry) =>
    entry.kind === 'same'
      ? []
      : entry.kind === 'changed'
        ? [`changed ${entry.after.name}: ${entry.difference.what.join()}`]
        : [`${entry.kind} ${entry.kind === 'inserted' ? entry.after.name : entry.before.name}`],
  );

describe('R10 alignment of recorded sessions', () => {
  test('an inserted step is one insertion, however much is in it', () => {
    const { counts, entries, first } = diffScenes(...PAIRS['inserted-step']!);
    const inserted = entries.filter(({ kind }) => kind === 'inserted');
    expect(inserted).toMatchObject([{ after: { name: 'turn with check_customer' }, inside: 2 }]);
    expect(counts).toMatchObject({ inserted: 3, removed: 0 });
    expect(entries[first!]).toBe(inserted[0]);
  });

  test('a changed prompt is a change of each call that holds it, and of nothing else', () => {
    const diff = diffScenes(...PAIRS['changed-prompt']!);
    const call = 'changed chat gpt-4.1-mini: request';
    expect(said(diff)).toEqual([call, call, call]);
    const [entry] = diff.entries.filter(({ kind }) => kind === 'changed');
    expect(entry).toMatchObject({
      difference: {
        asked: true,
        request: [{ kind: 'changed', path: ['messages', 0, 'content'], text: { at: 3, before: '', after: 'polite and ' } }],
      },
    });
  });

  test('another model is a change of the call', () => {
    const { counts } = diffScenes(...PAIRS['changed-model']!);
    expect(counts).toMatchObject({ changed: 3, inserted: 0, removed: 0 });
  });

  test('ids, times, ports and headers are no differences; nor is the order of what ran at the same time', () => {
    expect(diffScenes(...PAIRS['same-but-luck']!).same).toBe(true);
    expect(diffScenes(...PAIRS['fan-out-in-another-order']!).same).toBe(true);
    expect(said(diffScenes(...PAIRS['fan-out-changed']!))).toEqual([
      'inserted execute_tool get_weather',
      'changed execute_tool get_weather: result',
    ]);
  });

  test('without content on one side, facts are compared, and nothing of the other side is told', () => {
    const diff = diffScenes(...PAIRS['without-content']!);
    expect(diff.content).toBe(false);
    expect(JSON.stringify(diff)).not.toContain('SECRET');
    expect(said(diff)).toContain('changed chat gpt-4.1-mini: tokens,attempts');
  });

  test('of a run that failed because something in it did, that is the first difference', () => {
    const { entries, first } = diffScenes(...PAIRS['success-and-failure']!);
    expect(entries[0]).toMatchObject({ kind: 'changed', after: { type: 'agent' } });
    expect(first).toBeGreaterThan(0);
  });
});

/** The same numbers on every run (mulberry32). */
function numbers(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % limit;
  };
}

const sideOf = (events: SpanEvent[]): DiffSide => ({
  record: {
    header: {
      k: 'session',
      s: 0,
      t: 0,
      v: 1,
      id: 'ses_1',
      epoch: EPOCH_US,
      trace: 'a'.repeat(32),
      mode: 'full',
      sdk: 'hindcast/test',
      flags: [],
      pid: 1,
      node: 'v24.0.0',
      platform: 'linux',
      arch: 'x64',
    },
    state: 'ended',
    events,
    open: [],
    notes: new Map(),
  },
});

let made = 0;
function madeEvent(what: number, start: number, end: number, parent?: string): SpanEvent {
  const type = (['tool', 'action', 'step', 'agent'] as const)[what % 4]!;
  return {
    id: (++made).toString(16).padStart(16, '0'),
    trace: 'a'.repeat(32),
    ...(parent !== undefined && { parent }),
    type,
    name: `${type} ${what % 3}`,
    start,
    end,
    status: 'ok',
    content: { arguments: { what } },
  };
}

describe('R10 what is compared', () => {
  const call = (over: Partial<SpanEvent> = {}): SpanEvent => ({
    ...madeEvent(0, 0, 10),
    type: 'llm',
    name: 'chat m',
    content: {},
    llm: { operation: 'chat', provider: 'openai', request: { model: 'm', messageCount: 1 }, usage: { input: 3 } },
    ...over,
  });
  const asked = (said: SaidContent, event = call()): DiffSide => ({ ...sideOf([event]), saidIn: () => said });
  const messages = { input: [{ role: 'user', parts: [{ type: 'text', content: 'hi' }] }] };
  const body = { model: 'm', messages: [{ role: 'user', content: 'hi' }] };

  test('a body against messages of another tool: the messages of both', () => {
    expect(diffSessions(asked({ body, messages }), asked({ messages })).same).toBe(true);
    const other = { input: [{ role: 'user', parts: [{ type: 'text', content: 'ho' }] }] };
    const [entry] = diffSessions(asked({ messages: other }), asked({ body, messages })).entries;
    expect(entry).toMatchObject({ difference: { what: ['request'], request: [{ before: 'ho', after: 'hi' }] } });
  });

  test('a request of which one side holds nothing is compared by facts', () => {
    expect(diffSessions(asked({ body, messages }), asked({})).same).toBe(true);
    const more = call({
      llm: { operation: 'chat', provider: 'openai', request: { model: 'm', messageCount: 2 }, usage: { input: 9 } },
    });
    const [entry] = diffSessions(asked({ body, messages }), asked({}, more)).entries;
    expect(entry).toMatchObject({ difference: { asked: true, what: ['call', 'tokens'] } });
  });

  test('ids that a provider made are no difference, those that the model chose are', () => {
    const turn = (id: string, order: string): SaidContent => ({
      body: {
        previous_response_id: `resp_${id}`,
        messages: [
          {
            role: 'assistant',
            tool_calls: [{ id, type: 'function', function: { name: 'find', arguments: JSON.stringify({ id: order }) } }],
          },
          { role: 'tool', tool_call_id: id, content: 'x' },
          { role: 'user', content: [{ type: 'tool_use', id: `toolu_${id}`, name: 'find', input: { id: order, created: 5 } }] },
        ],
      },
      answer: { id: `msg_${id}`, created_at: id.length, text: 'y' },
    });
    expect(diffSessions(asked(turn('a', 'call_1')), asked(turn('bb', 'call_1'))).same).toBe(true);
    const [entry] = diffSessions(asked(turn('a', 'call_1')), asked(turn('bb', 'call_2'))).entries;
    expect(entry?.kind === 'changed' && entry.difference.request?.map(({ path }) => path.join('.'))).toEqual([
      'messages.0.tool_calls.0.function.arguments',
      'messages.2.content.0.input.id',
    ]);
  });

  test('how the sessions ended', () => {
    const crashed = { ...sideOf([]), record: { ...sideOf([]).record, state: 'crashed' as const } };
    expect(diffSessions(sideOf([]), crashed)).toMatchObject({
      same: false,
      outcome: [{ kind: 'changed', path: ['recording'], before: 'ended', after: 'crashed' }],
    });
  });

  test('an event that never ended', () => {
    const ended = madeEvent(1, 0, 10);
    const side = sideOf([]);
    const { id, type, name } = ended;
    side.record.open.push({ k: 'open', s: 1, t: 0, id, type, name });
    expect(diffSessions(sideOf([{ ...ended, content: {} }]), side).entries).toMatchObject([
      { kind: 'changed', difference: { asked: false, facts: [{ path: ['status'], before: 'ok', after: 'open' }] } },
    ]);
  });

  test('parents in a circle, and nesting deeper than the stack', () => {
    const [a, b] = [madeEvent(0, 0, 9), madeEvent(1, 1, 8)];
    const circle = [
      { ...a, parent: b.id },
      { ...b, parent: a.id },
    ];
    expect(diffSessions(sideOf(circle), sideOf(circle)).same).toBe(true);
    const deep: SpanEvent[] = [];
    for (let i = 0; i < 12_000; i++) deep.push(madeEvent(0, i, 1e6 - i, deep.at(-1)?.id));
    const more = [...deep, madeEvent(1, 30_000, 30_001, deep.at(-1)!.id)];
    expect(diffSessions(sideOf(deep), sideOf(more)).counts).toMatchObject({ same: 12_000, inserted: 1 });
  });
});

/** A tree of events; what is alike in it is often alike in all. `overlap`: siblings run at the same time. */
function randomSession(next: (limit: number) => number, overlap: boolean): SpanEvent[] {
  const events: SpanEvent[] = [];
  const grow = (parent: SpanEvent | undefined, depth: number): void => {
    const from = parent?.start ?? 0;
    for (let i = 0, size = next(6); i < size; i++) {
      const start = from + i * 1000 ** (4 - depth);
      const event = madeEvent(next(9), start, start + (overlap && next(2) === 0 ? 3 : 1) * 1000 ** (4 - depth), parent?.id);
      events.push(event);
      if (depth < 3) grow(event, depth + 1);
    }
  };
  grow(undefined, 0);
  return events;
}

describe('R10 properties', () => {
  test.each([false, true])('one event inserted anywhere is one insertion and nothing else (overlap %s)', (overlap) => {
    const next = numbers(overlap ? 5 : 4);
    for (let round = 0; round < 150; round++) {
      const events = randomSession(next, overlap);
      expect(diffSessions(sideOf(events), sideOf(structuredClone(events))).same).toBe(true);
      const around = events[next(events.length + 1)];
      const siblings = events.filter(({ parent }) => parent === around?.id);
      const beside = siblings[next(siblings.length + 1)];
      const start = beside?.end ?? around?.start ?? 0;
      const inserted = madeEvent(next(12), start, start, around?.id);
      const more = events.toSpliced(next(events.length + 1), 0, inserted);
      for (const [before, after, kind] of [
        [events, more, 'inserted'],
        [more, events, 'removed'],
      ] as const) {
        const { counts, first, entries } = diffSessions(sideOf([...before]), sideOf([...after]));
        expect(counts, `${round}`).toMatchObject({ changed: 0, inserted: 0, removed: 0, same: events.length, [kind]: 1 });
        expect(entries[first!]?.kind).toBe(kind);
      }
    }
  });

  test('siblings that ran at the same time may come in any order; those that did not may not', () => {
    const next = numbers(11);
    for (let round = 0; round < 100; round++) {
      const whats = Array.from({ length: 2 + next(8) }, () => next(9));
      const other = whats.toSorted(() => next(3) - 1);
      const at = (list: number[], us: number): SpanEvent[] => list.map((what, i) => madeEvent(what, i * 10, i * 10 + us));
      expect(diffSessions(sideOf(at(whats, 1000)), sideOf(at(other, 1000))).same).toBe(true);
      // In one of them all ran at the same time.
      expect(diffSessions(sideOf(at(whats, 1000)), sideOf(at(other, 5))).same).toBe(true);
      expect(diffSessions(sideOf(at(whats, 5)), sideOf(at(other, 5))).same).toBe(whats.join() === other.join());
    }
  });

  test('one that was changed among those that ran at the same time, in another order, is one change', () => {
    const next = numbers(23);
    for (let round = 0; round < 300; round++) {
      const whats = Array.from({ length: 2 + next(8) }, () => next(9));
      const at = (list: number[], us: number): SpanEvent[] => list.map((what, i) => madeEvent(what, i * 10, i * 10 + us));
      const before = at(whats, 1000);
      const changed = next(whats.length);
      const order = whats.map((_, i) => i).toSorted(() => next(3) - 1);
      const after = at(
        order.map((i) => whats[i]!),
        next(2) === 0 ? 1000 : 5,
      );
      after[order.indexOf(changed)]!.content = { arguments: { what: 'other' } };
      expect(diffSessions(sideOf(before), sideOf(after)).counts, `${round}`).toEqual({
        same: whats.length - 1,
        changed: 1,
        inserted: 0,
        removed: 0,
      });
    }
  });

  test('and so is one with another result, among many with the same arguments', () => {
    const next = numbers(31);
    for (let round = 0; round < 300; round++) {
      const results = Array.from({ length: 2 + next(8) }, () => next(5));
      const at = (list: unknown[], us: number): SpanEvent[] =>
        list.map((result, i) => ({ ...madeEvent(4, i * 10, i * 10 + us), content: { result } }));
      const changed = next(results.length);
      const order = results.map((_, i) => i).toSorted(() => next(3) - 1);
      const after = order.map((i) => (i === changed ? 'other' : results[i]!));
      const { counts } = diffSessions(sideOf(at(results, 1000)), sideOf(at(after, next(2) === 0 ? 1000 : 5)));
      expect(counts, `${round}`).toEqual({ same: results.length - 1, changed: 1, inserted: 0, removed: 0 });
    }
  });

  const whats = Array.from({ length: 10_000 }, (_, i) => i * 12);
  const everyOther = (list: number[]): number[] => list.map((what, i) => (i % 2 === 0 ? what : what + 3e6));
  const session = (list: number[], overlap = false): DiffSide =>
    sideOf(list.map((what, i) => madeEvent(what, i * 10, overlap ? 1e9 : i * 10 + 5)));

  test.each([
    ['equal', whats, false, { same: 10_000 }],
    ['one more', whats.toSpliced(5000, 0, 1), false, { same: 10_000, inserted: 1, changed: 0 }],
    ['every other one changed', everyOther(whats), false, { same: 5000, changed: 5000, inserted: 0 }],
    ['all changed', whats.map((what) => what + 3e6), false, { changed: 10_000, inserted: 0, removed: 0 }],
    ['all at the same time, in another order', whats.toReversed(), true, { same: 10_000 }],
    ['and every other one changed', everyOther(whats.toReversed()), true, { same: 5000, changed: 5000 }],
    ['one after another, in another order', whats.toReversed(), false, { inserted: 0, removed: 0 }],
  ])('10,000 events, %s', (_name, after, overlap, counts) => {
    expect(diffSessions(session(whats, overlap), session(after, overlap)).counts).toMatchObject(counts);
  });

  test('what was too much to align by content is said to be rough', () => {
    const other = whats.map((what) => what + 3e6);
    expect(diffSessions(session(whats), session(other)).rough).toBe(true);
    expect(diffSessions(session(whats.slice(0, 400)), session(other.slice(0, 400))).rough).toBeUndefined();
  });
});
