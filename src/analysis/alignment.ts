/** Two lists beside each other: which elements of one belong to which of the other. All pairs are in order: none crosses another. */
import { diffArrays } from 'diff';

/** Places in the one list and in the other. */
export type Pair = readonly [a: number, b: number];

/** What lies between two pairs, as the places from and up to, not including. */
export interface Gap {
  a: readonly [from: number, to: number];
  b: readonly [from: number, to: number];
}

/** Lists that are further apart are not aligned: the work grows as the square of this. */
const EDITS_MAX = 2000;

/** The longest common subsequence of two lists of identities; undefined where it would take too long to find. */
export function alignEqual(a: readonly number[], b: readonly number[]): Pair[] | undefined {
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a.at(-1 - tail) === b.at(-1 - tail)) tail++;
  // What is in one of them alone cannot be in a pair, and would be most of the work where much was changed.
  const inA = placesOf(a, [head, a.length - tail], new Set(b.slice(head, b.length - tail)));
  const inB = placesOf(b, [head, b.length - tail], new Set(a.slice(head, a.length - tail)));
  const middle = middlePairs(a, b, inA, inB);
  if (middle === undefined) return undefined;
  return [
    ...Array.from({ length: head }, (_, i): Pair => [i, i]),
    ...middle,
    ...Array.from({ length: tail }, (_, i): Pair => [a.length - tail + i, b.length - tail + i]),
  ];
}

function placesOf(list: readonly number[], [from, to]: Gap['a'], others: ReadonlySet<number>): number[] {
  const places: number[] = [];
  for (let i = from; i < to; i++) if (others.has(list[i] as number)) places.push(i);
  return places;
}

function middlePairs(a: readonly number[], b: readonly number[], inA: number[], inB: number[]): Pair[] | undefined {
  if (inA.length === 0 || inB.length === 0) return [];
  const changes = diffArrays(
    inA.map((i) => a[i] as number),
    inB.map((i) => b[i] as number),
    { maxEditLength: EDITS_MAX },
  );
  if (changes === undefined) return undefined;
  const pairs: Pair[] = [];
  let i = 0;
  let j = 0;
  for (const { added, removed, count } of changes) {
    if (!added && !removed) for (let k = 0; k < count; k++) pairs.push([inA[i + k] as number, inB[j + k] as number]);
    if (!added) i += count;
    if (!removed) j += count;
  }
  return pairs;
}

/** The pairs with the greatest sum of scores; what scores 0 is no pair. Work and memory are `a * b`: the caller bounds that. */
export function alignBest(a: number, b: number, score: (i: number, j: number) => number): Pair[] {
  const width = b + 1;
  const best = new Float64Array((a + 1) * width);
  const scores = new Float64Array(a * b);
  const at = (i: number, j: number): number => best[i * width + j] as number;
  for (let i = a - 1; i >= 0; i--) {
    for (let j = b - 1; j >= 0; j--) {
      const own = (scores[i * b + j] = score(i, j));
      best[i * width + j] = Math.max(at(i + 1, j), at(i, j + 1), own > 0 ? own + at(i + 1, j + 1) : 0);
    }
  }
  const pairs: Pair[] = [];
  for (let i = 0, j = 0; i < a && j < b;) {
    const own = scores[i * b + j] as number;
    if (own > 0 && at(i, j) === own + at(i + 1, j + 1)) pairs.push([i++, j++]);
    else if (at(i, j) === at(i + 1, j)) i++;
    else j++;
  }
  return pairs;
}

/** What lies before, between and behind pairs; gaps in which there is nothing on either side are left out. */
export function gapsOf(pairs: readonly Pair[], a: number, b: number): Gap[] {
  const gaps: Gap[] = [];
  let fromA = 0;
  let fromB = 0;
  for (const [toA, toB] of [...pairs, [a, b] as const]) {
    if (toA > fromA || toB > fromB) gaps.push({ a: [fromA, toA], b: [fromB, toB] });
    fromA = toA + 1;
    fromB = toB + 1;
  }
  return gaps;
}
