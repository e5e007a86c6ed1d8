/** Sessions that belong together, of one process or of several: as a tree, with the totals and the events of all of them. Pure. */
import type { OpenLine, SessionLine } from '../events/lines.ts';
import type { Note, SessionStats, SpanEvent } from '../events/model.ts';
import type { SessionRecord } from './session-record.ts';
import { totalsOf } from './session-totals.ts';
import { addStats, emptyStats } from './stats.ts';

/** What must be known of a recording to find its family: a `Recording` and a `Summary` both will do. */
export interface Headed {
  header: Pick<SessionLine, 'id' | 'parent' | 'epoch' | 'pid'>;
}

/** One session, with those that are part of it. */
export interface FamilyNode<T extends Headed> {
  id: string;
  /** Its recordings, one for each process that recorded it, in the order in which they began. */
  parts: T[];
  /** In the order in which they began. */
  children: FamilyNode<T>[];
}

/** The sessions of some recordings as trees, by the ids in their headers. One whose parent is not among them is a root; in a circle, which only damage makes, the one that began first is. */
export function sessionTrees<T extends Headed>(members: Iterable<T>): FamilyNode<T>[] {
  const nodes = new Map<string, FamilyNode<T>>();
  for (const member of [...members].sort((a, b) => a.header.epoch - b.header.epoch)) {
    const { id } = member.header;
    const node = nodes.get(id);
    if (node) node.parts.push(member);
    else nodes.set(id, { id, parts: [member], children: [] });
  }
  const parents = new Map<string, string>();
  for (const { id, parts } of nodes.values()) {
    const parent = parts.map(({ header }) => header.parent).find((one) => one !== undefined && one !== id && nodes.has(one));
    if (parent !== undefined) parents.set(id, parent);
  }
  const roots: FamilyNode<T>[] = [];
  for (const node of nodes.values()) {
    if (isInCircle(node.id, parents)) parents.delete(node.id);
    const parent = nodes.get(parents.get(node.id) ?? '');
    (parent ? parent.children : roots).push(node);
  }
  return roots;
}

function isInCircle(id: string, parents: ReadonlyMap<string, string>): boolean {
  const seen = new Set<string>();
  for (let at = parents.get(id); at !== undefined && !seen.has(at); at = parents.get(at)) {
    if (at === id) return true;
    seen.add(at);
  }
  return false;
}

/** A session and everything below it, each followed by those that are part of it. */
export function* walkFamily<T extends Headed>(root: FamilyNode<T>): Generator<{ node: FamilyNode<T>; depth: number }, void> {
  const stack = [{ node: root, depth: 0 }];
  for (let at = stack.pop(); at; at = stack.pop()) {
    yield at;
    const { depth } = at;
    stack.push(...at.node.children.toReversed().map((node) => ({ node, depth: depth + 1 })));
  }
}

/** The tree that a session is in. */
export function familyOf<T extends Headed>(members: Iterable<T>, id: string): FamilyNode<T> | undefined {
  return sessionTrees(members).find((root) => [...walkFamily(root)].some(({ node }) => node.id === id));
}

/** The recordings of a tree, a copy of one among them left out. */
export function recordingsOf<T extends Headed>(root: FamilyNode<T>): T[] {
  const seen = new Set<string>();
  return [...walkFamily(root)].flatMap(({ node }) =>
    node.parts.filter(({ header: { id, epoch, pid } }) => {
      const key = `${id} ${epoch} ${pid}`;
      return !seen.has(key) && seen.add(key);
    }),
  );
}

/** The totals of one session, all its recordings together. Its duration is from when the first of them began to when the last one ended. */
export function sessionTotals<T extends SessionRecord>({ id, parts }: FamilyNode<T>): SessionStats {
  return sumOf(parts, recordingsOf({ id, parts, children: [] }));
}

/**
 * The totals of a session and of everything that is part of it. The duration is that of the session itself, from beginning to end: what is part of it runs meanwhile, or goes on
 * when it is over, and takes none of its time.
 */
export function familyTotals<T extends SessionRecord>(root: FamilyNode<T>): SessionStats {
  return sumOf(root.parts, recordingsOf(root));
}

function sumOf<T extends SessionRecord>(timed: readonly T[], counted: readonly T[]): SessionStats {
  const sum = emptyStats();
  for (const member of counted) addStats(sum, totalsOf(member));
  sum.cost.usd = Math.round(sum.cost.usd * 1e9) / 1e9;
  let [first, last] = [Infinity, -Infinity];
  for (const member of timed) {
    first = Math.min(first, member.header.epoch);
    last = Math.max(last, member.header.epoch + totalsOf(member).durationMs * 1000);
  }
  sum.durationMs = Math.max(0, Math.round((last - first) / 1000));
  return sum;
}

/** The events of a whole family, by the clock of its root. */
export interface FamilyEvents<T> {
  /** Copies: `start`, `end` and the times of notes and attempts are microseconds since the root began. */
  events: SpanEvent[];
  open: OpenLine[];
  /** What was said about those. */
  notes: { on: string; n: Note }[];
  /** The recording that an event is in, by its id. */
  recordings: Map<string, T>;
}

/** Everything that happened in a family. The outermost events of a session are children of the event that it was started in, where that is known. */
export function familyEvents<T extends SessionRecord>(root: FamilyNode<T>): FamilyEvents<T> {
  const members = recordingsOf(root);
  const zero = root.parts[0]?.header.epoch ?? 0;
  const recordings = new Map<string, T>();
  for (const member of members) for (const { id } of [...member.events, ...member.open]) recordings.set(id, member);
  const all: FamilyEvents<T> = { events: [], open: [], notes: [], recordings };
  for (const member of members) {
    const us = member.header.epoch - zero;
    const within = member.header.within?.span;
    const above = within !== undefined && recordings.has(within) ? { parent: within } : {};
    const placed = <E extends { parent?: string }>(event: E): E =>
      event.parent !== undefined && recordings.has(event.parent) ? event : { ...event, ...above };
    for (const event of member.events) all.events.push(placed(shifted(event, us)));
    for (const line of member.open) all.open.push(placed({ ...line, t: line.t + us }));
    for (const [on, said] of member.notes) for (const n of said) all.notes.push({ on, n: { ...n, at: n.at + us } });
  }
  return all;
}

function shifted(event: SpanEvent, us: number): SpanEvent {
  if (us === 0) return event;
  const { notes, attempts } = event;
  return {
    ...event,
    start: event.start + us,
    end: event.end + us,
    ...(notes && { notes: notes.map((note) => ({ ...note, at: note.at + us })) }),
    ...(attempts && { attempts: attempts.map((attempt) => ({ ...attempt, at: attempt.at + us })) }),
  };
}
