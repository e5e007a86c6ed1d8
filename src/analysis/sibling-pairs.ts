/**
 * Which events of one parent belong to which of the other session's. By content: what is equal in all, then the most similar between those, so that an event that was
 * inserted is one insertion and a prompt that was changed is a change. Events that ran at the same time may come in another order.
 */
import { alignBest, alignEqual, gapsOf, type Pair } from './alignment.ts';
import { inAnyOrder, type DiffNode } from './diff-nodes.ts';

/** Events that belong together. */
export type NodePair = readonly [before: DiffNode, after: DiffNode];

/** Pairs in the order of the first list, and whether they were found by less than content because there was too much of it. */
export interface SiblingPairs {
  pairs: NodePair[];
  rough: boolean;
}

/** Events between two that are equal, times those of the other session, among which the most similar ones are looked for. */
const CELLS_MAX = 250_000;
/** Events among which the most similar one is looked for out of order. */
const ALIKE_MAX = 50;
/** Comparisons that are spent on finding pairs out of order. */
const TRIES_MAX = 5_000_000;

/** Pairs up the events inside of two events, or the outermost of two sessions. */
export function pairSiblings(before: readonly DiffNode[], after: readonly DiffNode[]): SiblingPairs {
  const [a, b] = [inAnyOrder(before), inAnyOrder(after)];
  const equal = align(a, b, 'whole') ?? align(a, b, 'asked') ?? align(a, b, 'kind');
  const pairing = new Pairing(before, after);
  for (const [i, j] of equal ?? []) pairing.add(a[i] as DiffNode, b[j] as DiffNode);
  pairing.addConcurrent('whole');
  let rough = equal === undefined;
  for (const gap of gapsOf(equal ?? [], a.length, b.length)) {
    const inA = a.slice(...gap.a).filter((each) => !pairing.has(each));
    const inB = b.slice(...gap.b).filter((each) => !pairing.has(each));
    const found = pairsBetween(inA, inB);
    rough ||= found.rough;
    for (const pair of found.pairs) pairing.add(...pair);
  }
  for (const member of ['asked', 'kind'] as const) pairing.addConcurrent(member);
  return { pairs: pairing.pairs(), rough };
}

function align(a: readonly DiffNode[], b: readonly DiffNode[], by: 'whole' | 'asked' | 'kind'): Pair[] | undefined {
  return alignEqual(
    a.map((each) => each[by]),
    b.map((each) => each[by]),
  );
}

/** Pairs of what is not equal in all. */
function pairsBetween(a: readonly DiffNode[], b: readonly DiffNode[]): SiblingPairs {
  const named = (pairs: readonly Pair[]): NodePair[] => pairs.map(([i, j]) => [a[i] as DiffNode, b[j] as DiffNode]);
  if (a.length * b.length <= CELLS_MAX)
    return { pairs: named(alignBest(a.length, b.length, (i, j) => likeness(a[i] as DiffNode, b[j] as DiffNode))), rough: false };
  const asked = align(a, b, 'asked') ?? [];
  const rest = gapsOf(asked, a.length, b.length).flatMap((gap) => {
    const [inA, inB] = [a.slice(...gap.a), b.slice(...gap.b)];
    return (align(inA, inB, 'kind') ?? []).map(([i, j]): Pair => [i + gap.a[0], j + gap.b[0]]);
  });
  return { pairs: named([...asked, ...rest]), rough: true };
}

/** 0: they are two things. Of what may be one, the more alike the higher. */
function likeness(one: DiffNode, other: DiffNode): number {
  const inside = share(one.inside, other.inside);
  const base = isNamedAlike(one, other, inside);
  if (base === 0) return 0;
  const asked = one.asked === other.asked ? 3 : 2 * share(one.parts, other.parts);
  return base + asked + inside + (one.came === other.came ? 0.5 : 0);
}

function isNamedAlike(one: DiffNode, other: DiffNode, inside: number): number {
  if (one.tree.type !== other.tree.type) return 0;
  if (one.kind === other.kind) return 1;
  // The name of a call says its model: another model is a change of the call. Of others, what is inside of them says whether they are the same.
  const isSameOperation = one.tree.type === 'llm' && one.tree.event?.llm?.operation === other.tree.event?.llm?.operation;
  return isSameOperation ? 0.3 : inside >= 0.5 ? 0.5 : 0;
}

function mostAlike(one: DiffNode, others: readonly DiffNode[]): DiffNode | undefined {
  let best: DiffNode | undefined;
  let most = 0;
  for (const other of others) {
    const score = likeness(one, other);
    if (score > most) [best, most] = [other, score];
  }
  return best;
}

/** How much of two sets is in both: 0 to 1. */
function share(one: ReadonlySet<number>, other: ReadonlySet<number>): number {
  if (one.size === 0 || other.size === 0) return 0;
  let both = 0;
  for (const each of one) if (other.has(each)) both++;
  return (2 * both) / (one.size + other.size);
}

/** Pairs as they are found, by the places of events in the order in which they began. */
class Pairing {
  readonly #before: readonly DiffNode[];
  readonly #after: readonly DiffNode[];
  readonly #partners = new Map<DiffNode, DiffNode>();
  readonly #paired = new Set<DiffNode>();
  readonly #places = new Map<DiffNode, number>();
  /** All of them ran at the same time: then none of them has a place. */
  readonly #isOneRow: boolean;
  #triesLeft = TRIES_MAX;

  constructor(before: readonly DiffNode[], after: readonly DiffNode[]) {
    this.#before = before;
    this.#after = after;
    this.#isOneRow = [before, after].some((nodes) => nodes[0]?.row === nodes.at(-1)?.row);
    for (const nodes of [before, after]) for (const [place, each] of nodes.entries()) this.#places.set(each, place);
  }

  has(node: DiffNode): boolean {
    return this.#paired.has(node);
  }

  add(one: DiffNode, other: DiffNode): void {
    this.#partners.set(one, other);
    this.#paired.add(one).add(other);
  }

  pairs(): NodePair[] {
    return this.#before.flatMap((one) => {
      const other = this.#partners.get(one);
      return other === undefined ? [] : [[one, other] as const];
    });
  }

  /** Pairs up what is alike by `member` and stands in another order only because it ran at the same time as what it would cross. */
  addConcurrent(member: 'whole' | 'asked' | 'kind'): void {
    const free = Map.groupBy(
      this.#after.filter((each) => !this.has(each)),
      (each) => each[member],
    );
    if (free.size === 0) return;
    for (const one of this.#before) {
      if (this.#triesLeft <= 0) return;
      const same = this.has(one) ? undefined : free.get(one[member]);
      if (same === undefined) continue;
      const found = member === 'kind' ? mostAlike(one, this.#mayBe(one, same, ALIKE_MAX)) : this.#mayBe(one, same, 1)[0];
      if (found === undefined) continue;
      this.add(one, found);
      same.splice(same.indexOf(found), 1);
    }
  }

  #mayBe(one: DiffNode, others: readonly DiffNode[], most: number): DiffNode[] {
    const found: DiffNode[] = [];
    for (const other of others) {
      if (found.length === most || this.#triesLeft <= 0) break;
      if (this.#mayPair(one, other)) found.push(other);
    }
    return found;
  }

  #mayPair(one: DiffNode, other: DiffNode): boolean {
    if (this.#isOneRow) return true;
    const place = (node: DiffNode): number => this.#places.get(node) as number;
    const [i, j] = [place(one), place(other)];
    this.#triesLeft -= this.#partners.size;
    for (const [p, q] of this.#partners) {
      const crosses = place(p) < i !== place(q) < j;
      if (crosses && p.row !== one.row && q.row !== other.row) return false;
    }
    return true;
  }
}
