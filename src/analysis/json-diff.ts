/** The structural difference of two JSON values: what was added, removed, changed and moved, by path. Pure, and bounded in depth, in changes and in time. */
import { alignBest, alignEqual, gapsOf, type Gap, type Pair } from './alignment.ts';
import { Identities, isContainer } from './json-identity.ts';
import { similarity, textWindow, type TextWindow } from './json-likeness.ts';

/** Names of members and places in arrays, from the outside in; empty for the whole value. */
export type JsonPath = readonly (string | number)[];

/** One difference. A path leads through the value after, that of what was removed through the value before. */
export type Change =
  | { kind: 'added'; path: JsonPath; value: unknown }
  | { kind: 'removed'; path: JsonPath; value: unknown }
  /** `from`: the path before, where that is another one. `text`: of two strings, the part that differs. */
  | { kind: 'changed'; path: JsonPath; from?: JsonPath; before: unknown; after: unknown; text?: TextWindow }
  /** An element of an array that is the same and stands elsewhere in it. */
  | { kind: 'moved'; path: JsonPath; from: JsonPath; value: unknown }
  /**
   * No difference, but a limit that the comparison came to there. `changes`: there are more than are listed. `depth`: what lies deeper is compared as a whole.
   * `size`: elements were not aligned by content but by their place.
   */
  | { kind: 'limit'; path: JsonPath; limit: 'changes' | 'depth' | 'size' };

/** Bounds of one comparison. */
export interface DiffLimits {
  /** Changes that are listed. */
  changes: number;
  /** Levels of nesting that are looked into. */
  depth: number;
  /** Elements of one array before, times those after, among which the most similar ones are looked for. */
  cells: number;
}

export const DIFF_LIMITS: DiffLimits = { changes: 1000, depth: 64, cells: 10_000 };

/** How `a` became `b`, in the order of `b`. Both must be plain JSON data. Empty exactly when they are equal. */
export function diffJson(a: unknown, b: unknown, limits: Partial<DiffLimits> = {}): Change[] {
  const comparison = new Comparison({ ...DIFF_LIMITS, ...limits });
  comparison.compare(a, b, [], []);
  return comparison.changes;
}

/** What of two arrays belongs together, and where they are. */
interface ArrayPairs {
  /** Places, in order. */
  kept: readonly Pair[];
  /** By the place after, the one before. */
  moved: ReadonlyMap<number, number>;
  from: JsonPath;
  path: JsonPath;
}

class Comparison {
  readonly changes: Change[] = [];
  readonly #limits: DiffLimits;
  readonly #identities = new Identities();
  #full = false;

  constructor(limits: DiffLimits) {
    this.#limits = limits;
  }

  /** `from` and `path`: where the values are, before and after. */
  compare(a: unknown, b: unknown, from: JsonPath, path: JsonPath): void {
    if (this.#full || this.#identities.of(a) === this.#identities.of(b)) return;
    const isDeep = path.length >= this.#limits.depth;
    if (isDeep && isContainer(a) && isContainer(b)) this.#add({ kind: 'limit', path, limit: 'depth' });
    if (isDeep || !isContainer(a) || !isContainer(b) || Array.isArray(a) !== Array.isArray(b)) this.#change(a, b, from, path);
    else if (Array.isArray(a)) this.#arrays(a, b as unknown[], from, path);
    else this.#objects(a, b, from, path);
  }

  #change(before: unknown, after: unknown, from: JsonPath, path: JsonPath): void {
    this.#add({
      kind: 'changed',
      path,
      ...(!samePath(from, path) && { from }),
      before,
      after,
      ...(typeof before === 'string' && typeof after === 'string' && { text: textWindow(before, after) }),
    });
  }

  #objects(a: object, b: object, from: JsonPath, path: JsonPath): void {
    const before = new Map<string, unknown>(Object.entries(a));
    const after = new Map<string, unknown>(Object.entries(b));
    for (const [name, value] of before) {
      const now = after.get(name);
      if (value === undefined) continue;
      if (now === undefined) this.#add({ kind: 'removed', path: [...from, name], value });
      else this.compare(value, now, [...from, name], [...path, name]);
    }
    for (const [name, value] of after)
      if (value !== undefined && before.get(name) === undefined) this.#add({ kind: 'added', path: [...path, name], value });
  }

  #arrays(a: readonly unknown[], b: readonly unknown[], from: JsonPath, path: JsonPath): void {
    const idsA = a.map((value) => this.#identities.of(value));
    const idsB = b.map((value) => this.#identities.of(value));
    const equal = alignEqual(idsA, idsB);
    if (equal === undefined) {
      this.#add({ kind: 'limit', path, limit: 'size' });
      this.#inOrder(a, b, { kept: byPlace([0, a.length], [0, b.length]), moved: new Map(), from, path });
      return;
    }
    const moved = movedOf(idsA, idsB, equal);
    const leaving = new Set(moved.values());
    const kept = gapsOf(equal, a.length, b.length).flatMap((gap) => {
      const inA = range(gap.a).filter((i) => !leaving.has(i));
      const inB = range(gap.b).filter((j) => !moved.has(j));
      if (inA.length * inB.length <= this.#limits.cells)
        return alignBest(inA.length, inB.length, (i, j) =>
          similarity(a[inA[i] as number], b[inB[j] as number], this.#identities),
        ).map(([i, j]): Pair => [inA[i] as number, inB[j] as number]);
      this.#add({ kind: 'limit', path, limit: 'size' });
      return byPlace([0, inA.length], [0, inB.length]).map(([i, j]): Pair => [inA[i] as number, inB[j] as number]);
    });
    this.#inOrder(a, b, { kept: [...equal, ...kept].sort(([x], [y]) => x - y), moved, from, path });
  }

  /** Says what became of two arrays. */
  #inOrder(a: readonly unknown[], b: readonly unknown[], { kept, moved, from, path }: ArrayPairs): void {
    const leaving = new Set(moved.values());
    let nextA = 0;
    let nextB = 0;
    for (const [i, j] of [...kept, [a.length, b.length] as const]) {
      for (; nextA < i; nextA++) if (!leaving.has(nextA)) this.#add({ kind: 'removed', path: [...from, nextA], value: a[nextA] });
      for (; nextB < j; nextB++) {
        const value = b[nextB];
        const place = moved.get(nextB);
        if (place === undefined) this.#add({ kind: 'added', path: [...path, nextB], value });
        else this.#add({ kind: 'moved', path: [...path, nextB], from: [...from, place], value });
      }
      if (i < a.length) this.compare(a[i], b[j], [...from, i], [...path, j]);
      nextA = i + 1;
      nextB = j + 1;
      if (this.#full) return;
    }
  }

  #add(change: Change): void {
    if (this.#full) return;
    this.#full = this.changes.length >= this.#limits.changes;
    this.changes.push(this.#full ? { kind: 'limit', path: change.path, limit: 'changes' } : change);
  }
}

/** By place after: the place before of an equal element that is in no pair. */
function movedOf(a: readonly number[], b: readonly number[], pairs: readonly Pair[]): Map<number, number> {
  const free = new Map<number, number[]>();
  const inA = new Set(pairs.map(([i]) => i));
  const inB = new Set(pairs.map(([, j]) => j));
  for (let i = a.length - 1; i >= 0; i--) {
    const id = a[i] as number;
    if (inA.has(i)) continue;
    const places = free.get(id);
    if (places === undefined) free.set(id, [i]);
    else places.push(i);
  }
  const moved = new Map<number, number>();
  for (const [j, id] of b.entries()) {
    const place = inB.has(j) ? undefined : free.get(id)?.pop();
    if (place !== undefined) moved.set(j, place);
  }
  return moved;
}

function byPlace([fromA, toA]: Gap['a'], [fromB, toB]: Gap['b']): Pair[] {
  return Array.from({ length: Math.min(toA - fromA, toB - fromB) }, (_, i): Pair => [fromA + i, fromB + i]);
}

function range([from, to]: Gap['a']): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

function samePath(one: JsonPath, other: JsonPath): boolean {
  return one.length === other.length && one.every((key, i) => key === other[i]);
}
