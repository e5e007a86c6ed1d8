/** Two sessions beside each other, aligned by content: what was inserted, removed and changed, event by event, and where they first part. Pure: content is asked for by functions. */
import type { SessionStats } from '../events/model.ts';
import { compareViews, type EventDifference } from './event-difference.ts';
import { diffNodes, type DiffNode } from './diff-nodes.ts';
import { viewOf, type SaidIn } from './event-view.ts';
import { growTree, refOf, tookOf, type TreeEvent } from './explain-tree.ts';
import type { EventRef } from './explanation.ts';
import { diffJson, type Change } from './json-diff.ts';
import type { SessionRecord } from './session-record.ts';
import { totalsOf } from './session-totals.ts';
import { pairSiblings, type NodePair } from './sibling-pairs.ts';

/** One side of a comparison. */
export interface DiffSide {
  record: SessionRecord;
  /** Sessions that are part of it. */
  children?: readonly SessionRecord[];
  /** Totals with those of the children; those of the record unless given. */
  totals?: SessionStats;
  /** What was said in its LLM calls; asked only when both sessions hold content. */
  saidIn?: SaidIn;
}

/** An event as it is referred to, with its figures: these are no differences. */
export interface DiffEvent extends EventRef {
  /** Microseconds since its session began. */
  start: number;
  tookUs?: number;
  tokens?: { input?: number; output?: number };
  costUsd?: number;
  /** How deep in the tree. */
  depth: number;
}

/** One event of either session, or a pair, in the order of the tree. */
export type DiffEntry =
  | { kind: 'same'; before: DiffEvent; after: DiffEvent }
  | { kind: 'changed'; before: DiffEvent; after: DiffEvent; difference: EventDifference }
  /** `inside`: events in it, which are inserted or removed with it and have no entry of their own. */
  | { kind: 'inserted'; after: DiffEvent; inside: number }
  | { kind: 'removed'; before: DiffEvent; inside: number };

/** What is said of one of the sessions. */
export interface DiffSession {
  id: string;
  state: SessionRecord['state'];
  mode: SessionRecord['header']['mode'];
  totals: SessionStats;
}

/** How one session became another. */
export interface SessionDiff {
  /** Of this shape; a new member does not change it. */
  version: 1;
  before: DiffSession;
  after: DiffSession;
  /** Whether no event differs and both ended alike. Figures (tokens, cost, time) do not count. */
  same: boolean;
  /** Whether what was said was compared; else one of them holds none, and only facts were. */
  content: boolean;
  counts: Record<DiffEntry['kind'], number>;
  /** How the sessions ended. */
  outcome: Change[];
  entries: DiffEntry[];
  /** Place in `entries` of the first difference in what happened: of a run that failed because a call in it did, that is the call. */
  first?: number;
  /** There was too much that differs to be aligned by content alone; some of it was by name. */
  rough?: true;
}

/** Compares two sessions. */
export function diffSessions(before: DiffSide, after: DiffSide): SessionDiff {
  const content = before.record.header.mode === 'full' && after.record.header.mode === 'full';
  const nothing: SaidIn = () => undefined;
  const saidIn = content ? ([before.saidIn ?? nothing, after.saidIn ?? nothing] as const) : undefined;
  const trees = [growTree(before.record, before.children ?? []), growTree(after.record, after.children ?? [])] as const;
  const walk = new DiffWalk(saidIn);
  walk.through(...diffNodes(trees, saidIn));
  const { entries, first, rough } = walk;
  const counts = { same: 0, changed: 0, inserted: 0, removed: 0 };
  for (const each of entries) counts[each.kind] += 'inside' in each ? 1 + each.inside : 1;
  const outcome = diffJson(outcomeOf(before.record), outcomeOf(after.record));
  return {
    version: 1,
    before: sessionOf(before),
    after: sessionOf(after),
    same: outcome.length === 0 && counts.changed + counts.inserted + counts.removed === 0,
    content,
    counts,
    outcome,
    entries,
    ...(first !== undefined && { first: entries.indexOf(first) }),
    ...(rough && { rough: true }),
  };
}

function sessionOf({ record, totals }: DiffSide): DiffSession {
  return { id: record.header.id, state: record.state, mode: record.header.mode, totals: totals ?? totalsOf(record) };
}

function outcomeOf({ state, end }: SessionRecord): object {
  return { recording: state, state: end?.state, reason: end?.reason, exitCode: end?.exitCode, signal: end?.signal };
}

type Visit =
  | { kind: 'pair'; pair: NodePair; depth: number }
  | { kind: 'one'; node: DiffNode; side: 'inserted' | 'removed'; depth: number }
  /** A pair has been left: what came of it is known only now. */
  | { kind: 'left'; entry: DiffEntry };

/** Goes through both trees at once, without recursion: nesting is as deep as the recordings say. */
class DiffWalk {
  readonly entries: DiffEntry[] = [];
  first: DiffEntry | undefined;
  rough = false;
  readonly #saidIn: readonly [SaidIn, SaidIn] | undefined;
  readonly #stack: Visit[] = [];

  constructor(saidIn: readonly [SaidIn, SaidIn] | undefined) {
    this.#saidIn = saidIn;
  }

  through(before: readonly DiffNode[], after: readonly DiffNode[]): void {
    this.#plan(before, after, 0);
    for (let visit = this.#stack.pop(); visit; visit = this.#stack.pop()) {
      if (visit.kind === 'left') this.first ??= visit.entry;
      else if (visit.kind === 'pair') this.#pair(visit.pair, visit.depth);
      else this.#one(visit.node, visit.side, visit.depth);
    }
  }

  #pair([one, other]: NodePair, depth: number): void {
    const [before, after] = [eventOf(one.tree, depth), eventOf(other.tree, depth)];
    const difference = one.asked === other.asked && one.came === other.came ? undefined : this.#compare(one, other);
    if (difference === undefined) this.entries.push({ kind: 'same', before, after });
    else {
      const entry: DiffEntry = { kind: 'changed', before, after, difference };
      this.entries.push(entry);
      if (difference.asked) this.first ??= entry;
      else this.#stack.push({ kind: 'left', entry });
    }
    this.#plan(one.children, other.children, depth + 1);
  }

  #one({ tree }: DiffNode, side: 'inserted' | 'removed', depth: number): void {
    const inside = tree.last - tree.order;
    const entry: DiffEntry =
      side === 'inserted'
        ? { kind: side, after: eventOf(tree, depth), inside }
        : { kind: side, before: eventOf(tree, depth), inside };
    this.entries.push(entry);
    this.first ??= entry;
  }

  #compare(one: DiffNode, other: DiffNode): EventDifference | undefined {
    const [before, after] = this.#saidIn ?? [];
    const difference = compareViews(viewOf(one.tree, before), viewOf(other.tree, after));
    if (difference !== 'incomparable') return difference;
    // Only one of them holds what was said: then facts tell the two apart.
    const facts = compareViews(viewOf(one.tree, undefined), viewOf(other.tree, undefined));
    return facts === 'incomparable' ? undefined : facts;
  }

  /** Puts what is inside of a pair on the stack, in the order of the session after; what was removed stands behind what was before it. */
  #plan(before: readonly DiffNode[], after: readonly DiffNode[], depth: number): void {
    if (before.length + after.length === 0) return;
    const { pairs, rough } = pairSiblings(before, after);
    this.rough ||= rough;
    const partnerOf = new Map(pairs.map(([one, other]) => [other, one]));
    const placeOf = new Map(before.map((node, place) => [node, place]));
    const paired = new Set(pairs.map(([one]) => one));
    const visits: Visit[] = [];
    let next = 0;
    const removeUpTo = (place: number): void => {
      for (; next < place; next++) {
        const node = before[next] as DiffNode;
        if (!paired.has(node)) visits.push({ kind: 'one', node, side: 'removed', depth });
      }
    };
    for (const node of after) {
      const partner = partnerOf.get(node);
      if (partner === undefined) visits.push({ kind: 'one', node, side: 'inserted', depth });
      else {
        removeUpTo(placeOf.get(partner) as number);
        visits.push({ kind: 'pair', pair: [partner, node], depth });
      }
    }
    removeUpTo(before.length);
    for (const visit of visits.toReversed()) this.#stack.push(visit);
  }
}

function eventOf(tree: TreeEvent, depth: number): DiffEvent {
  const usage = tree.event?.llm?.usage;
  const cost = tree.event?.cost;
  return {
    ...refOf(tree),
    start: tree.start,
    ...tookOf(tree),
    ...(usage !== undefined && {
      tokens: {
        ...(usage.input !== undefined && { input: usage.input }),
        ...(usage.output !== undefined && { output: usage.output }),
      },
    }),
    ...(cost !== undefined && { costUsd: cost.usd }),
    depth,
  };
}
