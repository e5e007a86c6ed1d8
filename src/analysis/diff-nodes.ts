/** The events of two sessions as nodes that can be told equal at a glance: numbers for what each was asked, what came of it, and all that is inside of it. */
import { viewOf, type EventView, type SaidIn } from './event-view.ts';
import type { EventTree, TreeEvent } from './explain-tree.ts';
import { Identities } from './json-identity.ts';

/** An event on its way to its partner. Two numbers of a kind are equal when what they stand for is. */
export interface DiffNode {
  readonly tree: TreeEvent;
  /** Type and name. */
  readonly kind: number;
  /** That, and what it was asked: facts, request, arguments. */
  readonly asked: number;
  /** What came of it. */
  readonly came: number;
  /** Parts of what it was asked: messages, parameters. */
  readonly parts: ReadonlySet<number>;
  /** All of it, and all that is inside of it. */
  readonly whole: number;
  readonly children: DiffNode[];
  /** The `whole` of each of its children. */
  readonly inside: ReadonlySet<number>;
  /** Siblings that overlap in time, directly or by others between them, have the same one. */
  row: number;
}

/** Parts of one request that are looked at to say how much alike two are. */
const PARTS_MAX = 100;
/** Of a list of messages, so many at its end: there the turns of one conversation differ. */
const LAST_PARTS = 32;

/** The roots of both trees. */
export function diffNodes(
  trees: readonly [EventTree, EventTree],
  saidIn: readonly SaidIn[] | undefined,
): [DiffNode[], DiffNode[]] {
  const identities = new Identities();
  const grow = ({ events }: EventTree, said: SaidIn | undefined): DiffNode[] => {
    const nodes = new Map<TreeEvent, DiffNode>();
    // What is inside comes first.
    for (const tree of events.toReversed()) {
      const children = tree.children.map((child) => nodes.get(child) as DiffNode);
      nodes.set(tree, nodeOf(tree, inRows(children), viewOf(tree, said), identities));
    }
    return inRows(events.filter(({ parent }) => parent === null).map((tree) => nodes.get(tree) as DiffNode));
  };
  return [grow(trees[0], saidIn?.[0]), grow(trees[1], saidIn?.[1])];
}

function nodeOf(tree: TreeEvent, children: DiffNode[], view: EventView, identities: Identities): DiffNode {
  const kind = identities.of([tree.type, tree.name]);
  const asked = identities.of([kind, [view.begin, view.request, view.arguments]]);
  const came = identities.of([view.end, view.answer, view.result]);
  const whole = identities.of([asked, came, inAnyOrder(children).map((child) => child.whole)]);
  const inside = new Set(children.map((child) => child.whole));
  return { tree, kind, asked, came, parts: partsOf(view, identities), whole, children, inside, row: 0 };
}

/** Siblings in the order in which they began, but those that ran at the same time in one that does not depend on which of them was first. */
export function inAnyOrder(siblings: readonly DiffNode[]): DiffNode[] {
  return siblings.toSorted((one, other) => one.row - other.row || one.asked - other.asked || one.whole - other.whole);
}

/** Numbers the rows of siblings. They come in the order in which they began. */
function inRows(siblings: DiffNode[]): DiffNode[] {
  let endUs = -Infinity;
  let row = -1;
  for (const each of siblings) {
    if (each.tree.start >= endUs) row++;
    each.row = row;
    endUs = Math.max(endUs, each.tree.end ?? Infinity);
  }
  return siblings;
}

function partsOf({ begin, request, arguments: given }: EventView, identities: Identities): Set<number> {
  const parts = new Set<number>();
  for (const value of [begin['call'], request, given]) {
    if (typeof value !== 'object' || value === null) continue;
    for (const [name, inner] of Object.entries(value)) {
      if (parts.size >= PARTS_MAX) return parts;
      if (!Array.isArray(inner)) parts.add(identities.of([name, inner]));
      else for (const each of inner.slice(-LAST_PARTS)) parts.add(identities.of(each));
    }
  }
  return parts;
}
