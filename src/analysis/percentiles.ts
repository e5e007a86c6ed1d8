/** Exact percentiles by nearest rank: the smallest value that at least so many of a hundred are not above. Nothing is interpolated, so each one is a value that was measured. */

/** How values are spread; microseconds where they are durations. */
export interface Distribution {
  count: number;
  min: number;
  p50: number;
  p95: number;
  p99: number;
  max: number;
  sum: number;
}

/** The percentile `p` (above 0, at most 100) of values in ascending order; undefined when there are none. */
export function percentileOf(ascending: ArrayLike<number>, p: number): number | undefined {
  return ascending[Math.max(0, Math.ceil((p / 100) * ascending.length) - 1)];
}

/** The distribution of values in any order; undefined when there are none. */
export function distributionOf(values: readonly number[]): Distribution | undefined {
  if (values.length === 0) return undefined;
  // Not `toSorted` with a comparison: a typed array sorts numbers as such, and several times as fast.
  const ascending = Float64Array.from(values).sort();
  const at = (p: number): number => percentileOf(ascending, p) as number;
  let sum = 0;
  for (const value of ascending) sum += value;
  return { count: values.length, min: ascending[0] as number, p50: at(50), p95: at(95), p99: at(99), max: at(100), sum };
}
