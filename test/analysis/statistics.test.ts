/** Q5: the statistics of many sessions equal what is counted by hand, event by event. */
import { describe, expect, test } from 'vitest';
import { distributionOf, percentileOf } from '../../src/analysis/percentiles.ts';
import { matchesFilter, type TaggedRecord } from '../../src/analysis/session-filter.ts';
import { statisticsOf, STATISTICS_KEYS } from '../../src/analysis/statistics.ts';
import type { EventStatus, SpanEvent } from '../../src/events/model.ts';
import { STATS, TRACE } from '../recording/support.ts';

/** Numbers from 0 to 1 that are the same for the same seed. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const EPOCH_US = Date.UTC(2026, 2, 1) * 1000;
const HOUR_US = 3_600_000_000;

function sessionsOf(seed: number, count: number): TaggedRecord[] {
  const random = randomOf(seed);
  const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)] as T;
  return Array.from({ length: count }, (_, number): TaggedRecord => {
    const events = Array.from({ length: Math.floor(random() * 12) }, (_event, index): SpanEvent => {
      const type = pick(['llm', 'tool', 'step', 'agent', 'action']);
      const start = Math.floor(random() * 3 * HOUR_US);
      const status = pick<EventStatus>(['ok', 'ok', 'ok', 'error', 'cancelled', 'unfinished']);
      return {
        id: (number * 100 + index + 1).toString(16).padStart(16, '0'),
        trace: TRACE,
        type,
        name: `${type} ${index}`,
        start,
        end: start + Math.floor(random() * 50) * 1000,
        status,
        ...(status === 'error' && { error: { type: pick(['A', 'B']), ...(random() < 0.3 && { from: 'ffffffffffffffff' }) } }),
        ...(random() < 0.2 && { agent: { name: pick(['helper', 'planner']), version: pick(['1', '2']) } }),
        ...(type === 'llm' && {
          llm: {
            operation: 'chat',
            provider: 'openai',
            request: { model: pick(['m-1', 'm-2']) },
            ...(random() < 0.7 && { usage: { input: Math.floor(random() * 100), output: 7, cacheRead: 3 } }),
          },
          ...(random() < 0.5 && { cost: { usd: Math.floor(random() * 8) / 8, priced: 'd' } }),
        }),
        ...(type === 'tool' && { tool: { name: pick(['find', 'send']) } }),
        ...(type === 'step' && { step: { seq: index, type: pick(['plan', 'tool']), attempt: 1 } }),
        ...(type === 'agent' && {
          run: {
            status: pick(['success', 'partial', 'failure'] as const),
            reason: 'ended' as const,
            ...(random() < 0.5 && { environment: pick(['prod', 'test']) }),
            ...{ steps: 0, retries: 0, errors: 0 },
          },
        }),
        ...(random() < 0.3 && {
          notes: [{ kind: 'failure' as const, at: 1, type: 'tool', code: pick(['timeout', 'api_error']) }],
        }),
      };
    });
    const state = pick(['ended', 'crashed'] as const);
    return {
      header: {
        ...{
          s: 0,
          t: 0,
          k: 'session',
          v: 1,
          id: `ses_${number}`,
          epoch: EPOCH_US + number * HOUR_US,
          trace: TRACE,
          mode: 'full',
        },
        ...{ sdk: 'hindcast/0', flags: [], pid: 1, node: 'v24', platform: 'linux', arch: 'x64' },
        ...(random() < 0.8 && { agent: { id: 'a', name: pick(['alpha', 'beta']), version: pick(['1', '2']) } }),
        ...(random() < 0.5 && { environment: pick(['prod', 'test']) }),
        tags: [pick(['x', 'y'])],
      },
      state,
      events,
      open: state === 'crashed' ? [{ s: 9, t: 5, k: 'open', id: 'e'.repeat(16), type: 'tool', name: 'open' }] : [],
      notes: new Map(
        state === 'crashed' ? [['e'.repeat(16), [{ kind: 'failure' as const, at: 1, type: 'tool', code: 'timeout' }]]] : [],
      ),
      ...(state === 'ended' && {
        end: {
          ...{ s: 99, t: 0, k: 'end', state: pick(['success', 'failure'] as const), reason: 'ended' },
          stats: { ...STATS, durationMs: Math.floor(random() * 1000) },
        },
      }),
    } as TaggedRecord;
  });
}

/** By the definition: the smallest value that at least `p` of a hundred values are not above. */
function nearestRank(values: number[], p: number): number {
  return [...values]
    .sort((a, b) => a - b)
    .find((value) => values.filter((other) => other <= value).length * 100 >= p * values.length)!;
}

function spread(values: number[]): object {
  return {
    count: values.length,
    min: Math.min(...values),
    p50: nearestRank(values, 50),
    p95: nearestRank(values, 95),
    p99: nearestRank(values, 99),
    max: Math.max(...values),
    sum: values.reduce((a, b) => a + b, 0),
  };
}

const tally = (words: (string | undefined)[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const word of words) if (word !== undefined) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
};

describe('percentiles', () => {
  test('are values that were measured', () => {
    expect(distributionOf([])).toBeUndefined();
    expect(distributionOf([7])).toEqual({ count: 1, min: 7, p50: 7, p95: 7, p99: 7, max: 7, sum: 7 });
    expect(distributionOf([10, 9, 1, 2])).toMatchObject({ p50: 2, p95: 10 });
    // The example of the definition: 30th and 40th of 15, 20, 35, 40, 50 are both 20.
    expect([5, 30, 40, 50, 100].map((p) => percentileOf([15, 20, 35, 40, 50], p))).toEqual([15, 20, 20, 35, 50]);
  });

  test('equal their definition on any values', () => {
    for (let seed = 1; seed <= 50; seed++) {
      const random = randomOf(seed);
      const values = Array.from({ length: 1 + Math.floor(random() * 300) }, () => Math.floor(random() * 1e6));
      expect(distributionOf(values), `seed ${seed}`).toEqual(spread(values));
    }
  });
});

describe('Q5 statistics', () => {
  test('equal brute force', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const sessions = sessionsOf(seed, 30);
      const events = sessions.flatMap((session) => session.events);
      const statistics = statisticsOf(sessions);
      const timed = events.filter(({ status }) => status !== 'unfinished');
      const took = (of: SpanEvent[]): object => spread(of.map(({ start, end }) => end - start));
      const llm = events.filter(({ type }) => type === 'llm');
      expect(statistics.events, `seed ${seed}`).toBe(events.length);
      expect(statistics.byType).toEqual(tally(events.map(({ type }) => type)));
      expect(statistics.eventStatus).toMatchObject(tally(events.map(({ status }) => status)));
      expect(statistics.runStatus).toMatchObject(tally(events.map(({ run }) => run?.status)));
      const open = sessions.flatMap((session) => session.open).length;
      expect(statistics.open).toBe(open);
      const failures = events.flatMap(({ notes }) => notes ?? []).map((note) => (note.kind === 'failure' ? note.code : ''));
      failures.push(...Array.from({ length: open }, () => 'timeout'));
      expect(Object.fromEntries(statistics.failureCodes.map(({ code, count }) => [code, count]))).toEqual(tally(failures));
      expect(statistics.failures).toBe(failures.length);
      const errors = events.flatMap(({ error }) => (error && error.from === undefined ? [error.type] : []));
      expect(Object.fromEntries(statistics.errorCodes.map(({ type, count }) => [type, count]))).toEqual(tally(errors));
      for (const type of new Set(timed.map((event) => event.type)))
        expect(statistics.latency.byType[type]).toEqual(took(timed.filter((event) => event.type === type)));
      for (const type of new Set(timed.flatMap(({ step }) => step?.type ?? [])))
        expect(statistics.latency.byStep[type]).toEqual(took(timed.filter(({ step }) => step?.type === type)));
      for (const model of new Set(timed.flatMap((event) => event.llm?.request.model ?? [])))
        expect(statistics.latency.byModel[model]).toEqual(took(timed.filter((event) => event.llm?.request.model === model)));
      expect(statistics.tokens.input).toBe(llm.reduce((sum, event) => sum + (event.llm?.usage?.input ?? 0), 0));
      expect(statistics.tokens.unknown).toBe(llm.filter((event) => event.llm?.usage === undefined).length);
      expect(statistics.cost.usd).toBe(llm.reduce((sum, event) => sum + (event.cost?.usd ?? 0), 0));
      expect(statistics.cost.unknown).toBe(llm.filter((event) => event.cost === undefined).length);
      expect(statistics.sessionMs).toEqual(spread(sessions.flatMap(({ end }) => end?.stats.durationMs ?? [])));
    }
  });

  test('groups are parts of the whole', () => {
    const sessions = sessionsOf(5, 40);
    for (const by of STATISTICS_KEYS) {
      const { groups = [], ...all } = statisticsOf(sessions, { by });
      expect(groups.length, by).toBeGreaterThan(1);
      const part = { model: all.llm, tool: all.tools }[by as string] ?? all.events;
      expect(
        groups.reduce((sum, { events }) => sum + events, 0),
        by,
      ).toBe(part);
      if (by === 'tool') continue;
      expect(
        groups.reduce((sum, { tokens }) => sum + tokens.input, 0),
        by,
      ).toBe(all.tokens.input);
      expect(
        groups.reduce((sum, { cost }) => sum + cost.usd, 0),
        by,
      ).toBe(all.cost.usd);
      // A group alone is what a filter would have let through, where the two mean the same.
      for (const { key, events } of groups.filter(() => by === 'day'))
        expect(events).toBe(
          sessions
            .flatMap((session) => session.events.map(({ start }) => session.header.epoch + start))
            .filter((us) => new Date(us / 1000).toISOString().startsWith(key)).length,
        );
    }
    const hours = statisticsOf(sessions, { by: 'hour' }).groups!.map(({ key }) => key);
    expect(hours).toEqual([...hours].sort());
  });

  test('a filter leaves the sessions that it describes', () => {
    const sessions = sessionsOf(9, 60);
    const filters = [
      { agent: 'beta' },
      { agent: 'helper', version: '2' },
      { environment: 'prod' },
      { model: 'm-2' },
      { tags: ['y'] },
      { status: 'crashed' as const },
      { status: 'failure' as const },
      { sinceUs: EPOCH_US + 5 * HOUR_US, untilUs: EPOCH_US + 30 * HOUR_US },
    ];
    for (const filter of filters) {
      const meant = sessions.filter((session) => matchesFilter(session, filter));
      expect(meant.length, JSON.stringify(filter)).toBeGreaterThan(0);
      expect(meant.length).toBeLessThan(sessions.length);
      expect(statisticsOf(sessions, filter)).toEqual(statisticsOf(meant));
    }
    expect(statisticsOf(sessions, { sinceUs: EPOCH_US + 5 * HOUR_US, untilUs: EPOCH_US + 30 * HOUR_US }).sessions).toBe(25);
    expect(statisticsOf([], { by: 'day' })).toMatchObject({ sessions: 0, events: 0, groups: [] });
  });

  test('asks for one session after the other', () => {
    let given = 0;
    const asked: number[] = [];
    function* records(): Generator<TaggedRecord> {
      for (const session of sessionsOf(3, 5)) {
        asked.push(given++);
        yield session;
      }
    }
    expect(statisticsOf(records()).sessions).toBe(5);
    expect(asked).toEqual([0, 1, 2, 3, 4]);
  });
});
