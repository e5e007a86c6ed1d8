/** Q4: explanations of sessions. The goldens in explanations/ are for people to read; `HINDCAST_GOLDENS=write npx vitest run test/analysis/explain.test.ts` writes them anew. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { explainSession } from '../../src/analysis/explain.ts';
import { cellSpan, codeSpan, explanationMarkdown } from '../../src/analysis/explain-markdown.ts';
import { explanationText } from '../../src/analysis/explain-text.ts';
import type { Explanation } from '../../src/analysis/explanation.ts';
import type { SessionRecord } from '../../src/analysis/session-record.ts';
import { buildTree, walk } from '../../src/cli/tree.ts';
import type { OpenLine } from '../../src/events/lines.ts';
import type { Note, SpanEvent } from '../../src/events/model.ts';
import { DECISION_CODES, FAILURE_CODES, SIGNAL_CODES } from '../../src/events/vocabulary.ts';
import { readRecording } from '../../src/recording/recording.ts';
import { startRig } from '../session/rig.ts';
import { during, run, SCENES, sceneOfFailure, step, tool, type Scene } from './scenes.ts';

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

/** Records a scene and reads it back. */
function record({ act, end = { state: 'success', reason: 'ended', exitCode: 0 }, state, settings }: Scene): SessionRecord {
  const rig = startRig({ agent: { id: 'support-bot' }, ...settings });
  try {
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
    return { ...read, state: state ?? read.state };
  } finally {
    rig.stop();
  }
}

const GOLDENS = join(import.meta.dirname, 'explanations');
const compared = new Set<string>();

function expectGolden(name: string, text: string): void {
  compared.add(name);
  const path = join(GOLDENS, name);
  if (process.env['HINDCAST_GOLDENS'] === 'write') writeFileSync(path, text);
  expect(existsSync(path), `${name} is there`).toBe(true);
  const golden = readFileSync(path, 'utf8');
  // The formatter lays JSON out in its own way; members and their order count.
  if (name.endsWith('.json')) expect(JSON.stringify(JSON.parse(text))).toBe(JSON.stringify(JSON.parse(golden)));
  else expect(text).toBe(golden);
}

describe('Q4 goldens', () => {
  const codes = Object.entries(FAILURE_CODES).flatMap(([type, list]) => list.map((code) => [type, code] as const));

  test.each(codes)('failure %s %s', (type, code) => {
    const scene = sceneOfFailure(type, code);
    expect(scene, 'every code of the vocabulary has a scene in scenes.ts').toBeDefined();
    const explained = explainSession(record(scene!));
    expect(explained.cause?.failure).toMatchObject({ type, code });
    expectGolden(`${type}-${code}.txt`, explanationText(explained));
  });

  test.each(Object.keys(SCENES).filter((name) => name !== 'empty'))('%s', (name) => {
    expectGolden(`${name}.txt`, explanationText(explainSession(record(SCENES[name]!))));
  });

  test.each(['partial-retry', 'nested-agents', 'hostile'])('%s as Markdown and JSON', (name) => {
    const explained = explainSession(record(SCENES[name]!));
    expectGolden(`${name}.md`, explanationMarkdown(explained));
    expectGolden(`${name}.json`, `${JSON.stringify(explained, null, 2)}\n`);
  });

  test('a family of processes', () => {
    const parent = record({
      end: { state: 'failure', reason: 'ended', exitCode: 2 },
      act: (clock) =>
        during(clock, run({ name: 'manager' }), () => during(clock, tool('spawn_worker'), () => void (clock.us += 900_000))),
    });
    const span = parent.events.find(({ type }) => type === 'tool')!;
    const worker = record({ ...sceneOfFailure('tool', 'timeout')!, settings: { agent: { name: 'worker' } } });
    const child: SessionRecord = {
      ...worker,
      header: {
        ...worker.header,
        parent: parent.header.id,
        epoch: parent.header.epoch + 100_000,
        within: { trace: span.trace, span: span.id },
      },
    };
    const explained = explainSession(parent, { children: [child] });
    expect(explained.longest.every(({ selfUs, tookUs }) => selfUs <= tookUs)).toBe(true);
    expectGolden('family.txt', explanationText(explained));
  });

  test.each(['decisions', 'signals'])('every code of %s, in words', (name) => {
    const codes: Record<string, readonly string[]> = name === 'decisions' ? DECISION_CODES : SIGNAL_CODES;
    const all = Object.entries(codes).flatMap(([type, list]) => list.map((code) => [type, code] as const));
    const recorded = record({
      act: (clock) =>
        during(clock, run(), (open) => {
          for (const [type, code] of all) {
            if (name === 'decisions') open.note({ kind: 'decision', type, reasonCode: code });
            else open.note({ kind: 'signal', type, code, value: true });
          }
        }),
    });
    const explained = explainSession(recorded);
    const said = [
      ...explained.decisions.map((each) => [each.reasonCode, each.meaning]),
      ...explained.signals.map((each) => [each.code, each.meaning]),
    ];
    expect(said).toHaveLength(all.length);
    for (const [code, meaning] of said) expect(meaning).not.toBe(code!.replaceAll('_', ' '));
    expectGolden(`${name}.txt`, explanationText(explained));
  });

  afterAll(() => {
    // Not when only some of the tests were asked for.
    if (compared.size > codes.length + Object.keys(SCENES).length)
      expect(readdirSync(GOLDENS).sort()).toEqual([...compared].sort());
  });
});

/** A record of a session, without a recorder. */
function written(over: Partial<SessionRecord> = {}): SessionRecord {
  return { ...record(SCENES['empty']!), ...over };
}

const idOf = (n: number): string => n.toString(16).padStart(16, '0');

function event(n: number, over: Partial<SpanEvent> = {}): SpanEvent {
  return {
    id: idOf(n),
    trace: 'a'.repeat(32),
    type: 'tool',
    name: `event ${n}`,
    start: n * 10,
    end: n * 10 + 5,
    status: 'ok',
    ...over,
  };
}

const failed = (type: string, from?: number): Partial<SpanEvent> => ({
  status: 'error',
  error: from === undefined ? { type } : { type, from: idOf(from) },
});

describe('Q4 the cause', () => {
  const ended = (state: 'success' | 'failure', reason: 'ended' | 'exception' = 'ended') => ({
    ...written().end!,
    state,
    reason,
  });
  const causeOf = (events: SpanEvent[], over: Partial<SessionRecord> = {}): string | undefined => {
    const { cause } = explainSession(written({ events, end: ended('failure'), ...over }));
    return cause && `${cause.event.name} by ${cause.basis}`;
  };
  const agent = (n: number, over: Partial<SpanEvent> = {}): SpanEvent =>
    event(n, { type: 'agent', start: 0, end: 1000, ...over });

  test('an error that was caught is not the cause of a run that ended well', () => {
    const inside = event(2, { parent: idOf(1), ...failed('E') });
    const { cause, outcome, failures } = explainSession(written({ events: [inside, agent(1)], end: ended('success') }));
    expect([cause, outcome.status, failures.length, failures[0]?.recovered]).toEqual([undefined, 'partial', 1, true]);
  });

  test('error.from goes before what failed later', () => {
    const events = [
      event(2, { parent: idOf(1), ...failed('E') }),
      event(3, { parent: idOf(1), ...failed('F') }),
      agent(1, failed('E', 2)),
    ];
    expect(causeOf(events)).toBe('event 2 by origin');
  });

  test('without it, the last failure after which nothing began', () => {
    const events = [event(2, { parent: idOf(1), ...failed('E') }), agent(1, failed('Wrapped'))];
    expect(causeOf(events)).toBe('event 2 by last_failure');
    expect(causeOf([...events, event(3, { parent: idOf(1) })])).toBe('event 1 by origin');
    expect(causeOf([...events, event(3, { parent: idOf(1), type: 'signal' })])).toBe('event 2 by last_failure');
  });

  test('a run that says that it failed, and not with what', () => {
    const status = { run: { status: 'failure', reason: 'ended', steps: 0, retries: 0, errors: 0 } } as const;
    expect(causeOf([agent(1, status)])).toBeUndefined();
    const explained = explainSession(written({ events: [agent(1, status)], end: ended('success') }));
    expect(explained.gaps.map(({ code }) => code)).toContain('no_cause');
    const note: Note = { kind: 'failure', at: 5, type: 'tool', code: 'timeout' };
    expect(causeOf([event(2, { parent: idOf(1), notes: [note] }), agent(1, status)])).toBe('event 2 by note');
    const step: SpanEvent = event(2, { parent: idOf(1), type: 'step', step: { seq: 1, type: 'tool', attempt: 1 } });
    expect(
      causeOf([
        step,
        event(3, { parent: idOf(1), ...failed('E') }),
        agent(1, { ...status, notes: [{ ...note, step: idOf(2) }] }),
      ]),
    ).toBe('event 2 by step');
  });

  test('what was thrown is no object: the codes tell that it is the same', () => {
    const note: Note = { kind: 'failure', at: 5, type: 'orchestration', code: 'uncaught_exception' };
    const end = ended('failure', 'exception');
    const thrown = event(9, { type: 'error', notes: [note], ...failed('string') });
    expect(causeOf([event(2, failed('string')), thrown], { end })).toBe('event 2 by last_failure');
    expect(causeOf([event(2, failed('TypeError')), thrown], { end })).toBe('event 9 by origin');
  });

  test('a crash: the innermost of what was open', () => {
    const line = (n: number, parent?: number): OpenLine => ({
      s: n,
      k: 'open',
      t: n,
      id: idOf(n),
      type: 'tool',
      name: `open ${n}`,
      ...(parent === undefined ? {} : { parent: idOf(parent) }),
    });
    const { end: _, ...rest } = written();
    const explained = explainSession({
      ...rest,
      state: 'crashed',
      open: [line(1), line(2, 1), line(3, 1), line(4)],
      events: [event(5, failed('E'))],
    });
    expect([explained.cause?.event.name, explained.cause?.basis]).toEqual(['open 4', 'open']);
    expect(explained.notOk).toHaveLength(5);
    const none = explainSession({ ...rest, state: 'crashed' });
    expect([none.headline, none.cause]).toEqual(['The process was gone before the session ended; no event was open.', undefined]);
  });

  test('an empty session, a recording of which nothing is left', () => {
    expect(explainSession(written()).headline).toBe('The session ended well; no events were recorded.');
    const { end: _, ...rest } = written({ state: 'damaged' });
    const { headline, gaps } = explainSession(rest);
    expect([headline, gaps.map(({ code }) => code)]).toEqual(['How the session ended is not known.', ['damaged', 'no_end']]);
  });
});

/** Numbers that are the same every time (mulberry32). */
function dice(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

/** Anything that may stand in a recording, damaged ones too: parents and origins that go round in circles, ends before beginnings. */
function randomRecord(seed: number): SessionRecord {
  const roll = dice(seed);
  const size = roll(25);
  const some = <T>(...all: T[]): T => all[roll(all.length)] as T;
  const maybeId = (): string | undefined => some(undefined, idOf(roll(size + 2)), idOf(roll(size + 2)));
  const note = (): Note => {
    const at = roll(500);
    const named = maybeId();
    if (roll(3) === 0) return { kind: 'signal', at, type: 'tool_success', code: 'first_attempt', value: true };
    if (roll(3) === 0) return { kind: 'decision', at, type: 'tool_selection', reasonCode: 'mine', unknownCode: true };
    return {
      kind: 'failure',
      at,
      type: 'tool',
      code: some('timeout', 'uncaught_exception'),
      ...(named !== undefined && { step: named }),
    };
  };
  const events: SpanEvent[] = [];
  const open: OpenLine[] = [];
  for (let i = 0; i < size; i++) {
    const [parent, runId, from, retryOf] = [maybeId(), maybeId(), maybeId(), maybeId()];
    const type = some('agent', 'step', 'tool', 'llm', 'error');
    const step = { seq: i, type: 'tool', attempt: 1 + roll(3), ...(retryOf !== undefined && { retryOf }) };
    const place = {
      ...(parent !== undefined && { parent }),
      ...(runId !== undefined && { runId }),
      ...(type === 'step' && { step }),
    };
    const start = roll(500);
    if (roll(5) === 0) {
      open.push({ s: i, k: 'open', t: start, id: idOf(i), type, name: `open ${i}`, ...place });
      continue;
    }
    const status = some('ok', 'error', 'cancelled', 'unfinished', 'error');
    events.push(
      event(i, {
        ...place,
        type,
        start,
        end: start + roll(100) - (roll(10) === 0 ? 50 : 0),
        status,
        ...(status === 'error' && roll(4) > 0 && { error: { type: some('E', 'F'), ...(from !== undefined && { from }) } }),
        ...(type === 'agent' && {
          run: {
            status: some('failure', 'success', 'partial', 'indeterminate'),
            reason: 'ended',
            steps: 0,
            retries: 0,
            errors: 0,
          },
        }),
        ...(roll(3) === 0 && { notes: [note(), note()] }),
      }),
    );
  }
  const { end, ...facts } = empty;
  const state = some('ended', 'crashed', 'recording', 'damaged') as SessionRecord['state'];
  const rest = { ...facts, events, open, state };
  const withEnd = rest.state === 'ended' || (rest.state === 'damaged' && roll(2) === 0);
  const how = {
    state: some('success', 'failure', 'indeterminate'),
    reason: some('ended', 'exception', 'signal', 'timeout'),
  } as const;
  const notes = new Map(open.map(({ id }) => [id, [note()]]));
  return withEnd ? { ...rest, notes, end: { ...end!, ...how } } : { ...rest, notes };
}

const empty = ((): SessionRecord => {
  const made = record(SCENES['empty']!);
  Object.assign(clock, { us: 0, ids: 0 });
  return made;
})();

describe('Q4 any recording', () => {
  const seeds = Array.from({ length: 2000 }, (_, seed) => seed);
  const ids = (list: readonly { event: { id: string } }[]): string[] => list.map((each) => each.event.id).sort();
  const notOk = ({ events, open }: SessionRecord): string[] =>
    [...events.filter(({ status }) => status !== 'ok').map(({ id }) => id), ...open.map(({ id }) => id)].sort();

  test('every event that is not ok appears exactly once, in the object and in each form', () => {
    for (const seed of seeds) {
      const given = randomRecord(seed);
      const explained = explainSession(given);
      expect(ids(explained.notOk), `seed ${seed}`).toEqual(notOk(given));
      const section = (text: string): string => text.split('Every event that is not ok')[1]?.split(/\n\n(?=\S)/)[0] ?? '';
      for (const text of [
        explanationText(explained),
        explanationMarkdown(explained)
          .replaceAll('`', '')
          .replaceAll(/^(## .*)\n$/gm, '$1'),
      ]) {
        const table = section(text);
        for (const { event: each } of explained.notOk)
          expect(table, `seed ${seed}`).toMatch(new RegExp(`#${each.number} ${each.name}(?!\\d)`));
      }
    }
  });

  test('every error is in exactly one failure, and the cause is one of the events', () => {
    for (const seed of seeds) {
      const given = randomRecord(seed);
      const { failures, cause } = explainSession(given);
      const errors = given.events.filter(({ status }) => status === 'error').map(({ id }) => id);
      const roots = failures.filter(({ status }) => status === 'error');
      expect([...ids(roots), ...failures.flatMap(({ wentUp }) => wentUp.map(({ id }) => id))].sort(), `seed ${seed}`).toEqual(
        errors.sort(),
      );
      if (cause !== undefined && cause.basis !== 'open' && failures.some(({ event: { id } }) => id === cause.event.id))
        expect(failures[0]!.event.id).toBe(cause.event.id);
    }
  });

  test('explained twice, it is said alike, and changes nothing', () => {
    for (const seed of seeds.slice(0, 200)) {
      const given = randomRecord(seed);
      const before = JSON.stringify(given);
      const text = JSON.stringify(explainSession(given));
      expect(JSON.stringify(explainSession(given))).toBe(text);
      expect(JSON.stringify(explainSession(randomRecord(seed)))).toBe(text);
      expect(JSON.stringify(given)).toBe(before);
      expect(JSON.parse(text)).toEqual(explainSession(given));
    }
  });

  test('numbers are those of hindcast show', () => {
    for (const seed of seeds) {
      const given = randomRecord(seed);
      const shown = new Map(
        [...walk(buildTree({ events: given.events, open: given.open }))].map(({ node }) => [node.id, node.number]),
      );
      for (const { event: each } of explainSession(given).notOk) expect(each.number, `seed ${seed}`).toBe(shown.get(each.id));
    }
  });

  test('100,000 events, nested in one another, failing all', () => {
    const size = 100_000;
    const events = Array.from({ length: size }, (_, i) => {
      const n = size - i;
      return event(n, {
        start: n,
        end: 3 * size - n,
        ...failed('E', n === size ? undefined : size),
        ...(n > 1 && { parent: idOf(n - 1) }),
      });
    });
    const explained = explainSession({ ...empty, events, end: { ...empty.end!, state: 'failure' } });
    expect(explained.cause?.event.id).toBe(idOf(size));
    expect([explained.notOk.length, explained.cause?.wentUp.length, explained.failures.length]).toEqual([size, size - 1, 1]);
    expect(explanationText(explained).split('\n').length).toBeGreaterThan(size);
  });
});

describe('V1 untrusted text', () => {
  const hostile = [
    '`',
    '``a`',
    'a\\',
    '\\|',
    '|',
    '<script>',
    '[a](javascript:1)',
    '\n# x',
    '\u001b[2J\u202e',
    '![x](http://y)',
    '  ',
    '\\`|`\\',
  ];

  test.each(hostile)('%j cannot end its code span, nor its cell', (said) => {
    const span = codeSpan(said);
    const fence = /^`*/.exec(span)![0];
    const inner = span.slice(fence.length, span.length - fence.length);
    expect(inner.match(/`+/g) ?? []).not.toContain(fence);
    expect(span).not.toMatch(/[\n\u001b\u202e]/);
    expect(inner.startsWith('`') || inner.endsWith('`')).toBe(false);
    expect(cellSpan(said)).not.toContain('|');
  });

  test('everything outside of code spans is ours', () => {
    const bare = explanationMarkdown(explainSession(record(SCENES['hostile']!))).replaceAll(
      /(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)/g,
      '',
    );
    expect(bare).not.toMatch(/[<>[\]]|script|evil|javascript|img/);
    for (const line of bare.split('\n').filter((each) => each.startsWith('| #'))) expect(line).toMatch(/^(\| [^|]*)+\|$/);
  });

  test('without content, nothing that was said', () => {
    const explained = explainSession(record(SCENES['metadata']!));
    for (const text of [JSON.stringify(explained), explanationText(explained), explanationMarkdown(explained)])
      expect(text).not.toContain('SECRET');
    expect(explained.gaps.map(({ code }) => code)).toContain('metadata');
  });
});

test('time of its own is what no event inside accounts for, however they overlap', () => {
  const events = [
    event(1, { start: 0, end: 100 }),
    event(2, { start: 10, end: 60, parent: idOf(1) }),
    event(3, { start: 20, end: 40, parent: idOf(1) }),
    event(4, { start: 50, end: 300, parent: idOf(1) }),
  ];
  const { longest } = explainSession({ ...empty, events });
  expect(longest.map(({ event: { number }, selfUs }) => [number, selfUs])).toEqual([
    [4, 250],
    [2, 50],
    [3, 20],
    [1, 10],
  ]);
});

test('an attempt that does not say of which step it is one follows the one before of its name', () => {
  const explained = explainSession(
    record({
      act: (clock) =>
        during(clock, run(), () => {
          during(clock, step('ask'), () => {});
          during(clock, step('ask', 'tool', 2), () => {});
          during(clock, step('ask'), () => {});
        }),
    }),
  );
  const chains: Explanation['retries']['steps'] = explained.retries.steps;
  expect(chains.map(({ steps }) => steps.map(({ seq }) => seq))).toEqual([[1, 2]]);
  expect(explained.outcome.status).toBe('partial');
});
