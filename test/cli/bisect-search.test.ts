/** The search for the call that decided: which calls are tried, what is concluded, and that a budget ends it. */
import { describe, expect, it } from 'vitest';
import { searchSteps } from '../../src/cli/fork/bisect-search.ts';
import type { Found, Sample, Search } from '../../src/cli/fork/bisect-search.ts';

/** `rates`: of three runs of each call, how many are good. */
async function search(rates: readonly number[], how: Search, runsMax = Infinity): Promise<Found & { runs: number[] }> {
  const runs: number[] = [];
  const times = new Map<number, number>();
  const found = await searchSteps({
    steps: rates.length,
    samples: 3,
    search: how,
    onTried: () => {},
    sample: (step): Promise<Sample | null> => {
      if (runs.length >= runsMax) return Promise.resolve(null);
      runs.push(step);
      const time = (times.get(step) ?? 0) + 1;
      times.set(step, time);
      return Promise.resolve(time <= (rates[step] ?? 0) ? 'good' : 'bad');
    },
  });
  return { ...found, runs };
}

describe('all', () => {
  it.each([
    [[3, 1, 2], 2],
    [[3, 2, 0], 1],
    [[0, 0, 0], undefined],
    [[0, 1, 0, 0], 1],
    [[2], 0],
  ])('%j: the last that was still good decided', async (rates, decided) => {
    const found = await search(rates, 'all');
    expect(found.decided).toBe(decided);
    expect(found.tried.map(({ counts }) => counts.good)).toEqual(rates);
    expect(found.runs).toHaveLength(3 * rates.length);
    expect(found.cut).toBe(false);
  });
});

describe('halves', () => {
  it('finds the same where the curve falls, with fewer runs', async () => {
    for (let decided = -1; decided < 40; decided++) {
      const found = await search(
        Array.from({ length: 40 }, (_, step) => (step <= decided ? 1 : 0)),
        'binary',
      );
      expect(found.decided ?? -1).toBe(decided);
      expect(found.tried.length).toBeLessThanOrEqual(6);
      expect(found.tried.map(({ step }) => step)).toEqual(found.tried.map(({ step }) => step).toSorted((a, b) => a - b));
    }
  });
  it('may miss what does not fall', async () => {
    expect((await search([0, 0, 0, 0, 2, 0, 0, 0], 'all')).decided).toBe(4);
    expect((await search([0, 0, 0, 0, 2, 0, 0, 0], 'binary')).decided).toBeUndefined();
  });
});

it.each(['all', 'binary'] as const)('%s: a budget cuts it, and what was run is told', async (how) => {
  const found = await search([3, 3, 3, 3], how, 4);
  expect(found).toMatchObject({ cut: true });
  expect(found.runs).toHaveLength(4);
  expect(found.tried.reduce((sum, { counts }) => sum + counts.good, 0)).toBe(4);
});

it('a run that could not be judged is no bad one', async () => {
  const outcomes: Sample[] = ['stopped', 'lost', 'good'];
  const found = await searchSteps({
    steps: 1,
    samples: 3,
    search: 'all',
    onTried: () => {},
    sample: () => Promise.resolve(outcomes.shift() ?? null),
  });
  expect(found.tried).toEqual([{ step: 0, counts: { good: 1, bad: 0, stopped: 1, lost: 1 } }]);
});
