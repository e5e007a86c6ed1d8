/** Which errors are one failure: an error that goes up through several events began in one of them. And which steps are attempts at one thing. */
import type { ErrorFacts, Note } from '../events/model.ts';
import type { EventTree, TreeEvent } from './explain-tree.ts';

/** A failure note, and the event that it was said about. */
export interface FailureNote {
  on: TreeEvent;
  note: Extract<Note, { kind: 'failure' }>;
}

/** One failure: an event in which an error began, or about which the app recorded a failure. */
export interface FailureGroup {
  root: TreeEvent;
  /** Events that failed because of it. */
  others: TreeEvent[];
  notes: FailureNote[];
}

export interface Origins {
  /** In the order of the tree. */
  groups: Map<TreeEvent, FailureGroup>;
  /** The event in which the error of a failed event began: itself, where nothing else is known. */
  rootOf(failed: TreeEvent): TreeEvent;
  /** Failed events whose error began in one that is not in the recording. */
  lost: number;
}

/** Follows every error to where it began. */
export function findOrigins({ events, byId }: EventTree): Origins {
  const roots = new Map<TreeEvent, TreeEvent>();
  const seenBefore = findThrown(events);
  let lost = 0;
  for (const each of events) {
    if (each.status !== 'error' || roots.has(each)) continue;
    const chain = new Set<TreeEvent>();
    let at = each;
    for (;;) {
      chain.add(at);
      const from = at.error?.from === undefined ? seenBefore.get(at) : byId.get(at.error.from);
      if (at.error?.from !== undefined && from === undefined) lost++;
      const next = from === undefined ? undefined : (roots.get(from) ?? from);
      // A damaged recording may go round in a circle, or name an event that did not fail.
      if (next === undefined || next.status !== 'error' || chain.has(next)) break;
      at = next;
      if (roots.has(at)) break;
    }
    for (const link of chain) roots.set(link, at);
  }
  const groups = new Map<TreeEvent, FailureGroup>();
  const groupOf = (root: TreeEvent): FailureGroup => {
    let group = groups.get(root);
    if (group === undefined) groups.set(root, (group = { root, others: [], notes: [] }));
    return group;
  };
  const rootOf = (failed: TreeEvent): TreeEvent => roots.get(failed) ?? failed;
  for (const each of events) {
    if (each.status === 'error') {
      const group = groupOf(rootOf(each));
      if (group.root !== each) group.others.push(each);
    }
    for (const note of each.notes) {
      if (note.kind !== 'failure') continue;
      const about = note.step === undefined ? each : (byId.get(note.step) ?? each);
      groupOf(rootOf(about)).notes.push({ on: each, note });
    }
  }
  return { groups, rootOf, lost };
}

/** What nobody caught: the event that `process.on('uncaughtExceptionMonitor')` leaves. */
export const isUncaught = ({ type, notes }: TreeEvent): boolean =>
  type === 'error' && notes.some((note) => note.kind === 'failure' && note.code === 'uncaught_exception');

/**
 * What nobody caught has mostly ended an event before, around which its own event is not. It is the error of the event that failed last before it, when both have the same
 * codes and nothing began between them.
 */
function findThrown(events: readonly TreeEvent[]): Map<TreeEvent, TreeEvent> {
  const found = new Map<TreeEvent, TreeEvent>();
  const uncaught = events.filter((each) => isUncaught(each) && each.error !== undefined && each.error.from === undefined);
  if (uncaught.length === 0) return found;
  const failed = events.filter((each) => each.status === 'error' && each.end !== undefined && !isUncaught(each));
  // Of those that ended at one moment, the outermost last.
  failed.sort((a, b) => (a.end ?? 0) - (b.end ?? 0) || b.order - a.order);
  const starts = Float64Array.from(events, ({ start }) => start).sort();
  for (const each of uncaught) {
    const before = failed[countUpTo(failed.length, (i) => (failed[i]?.end ?? 0) <= each.start) - 1];
    if (before?.error === undefined || !haveSameCodes(before.error, each.error as ErrorFacts)) continue;
    const begunBefore = countUpTo(starts.length, (i) => (starts[i] ?? 0) < each.start);
    const begunUntil = countUpTo(starts.length, (i) => (starts[i] ?? 0) <= (before.end ?? 0));
    if (begunBefore <= begunUntil) found.set(each, before);
  }
  return found;
}

const haveSameCodes = (a: ErrorFacts, b: ErrorFacts): boolean => a.type === b.type && a.code === b.code;

/** How many of the first of `length` things `holds` is true of, when it is of none behind the first that it is not true of. */
export function countUpTo(length: number, holds: (index: number) => boolean): number {
  let low = 0;
  for (let high = length; low < high;) {
    const middle = (low + high) >>> 1;
    if (holds(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A step in the chain of attempts that it is one of. */
export interface ChainPlace {
  /** In the order of the attempts. */
  steps: TreeEvent[];
  index: number;
}

/** Where each step stands that was tried again, or is a further attempt. */
export function findRetries({ events, byId }: EventTree): Map<TreeEvent, ChainPlace> {
  const places = new Map<TreeEvent, ChainPlace>();
  /** The last step of a name in a run, for attempts that do not say of which step they are one. */
  const lastOfName = new Map<string, TreeEvent>();
  const steps = events.filter(({ step }) => step !== undefined);
  // As they began, because an attempt follows the one before.
  for (const each of steps.sort((a, b) => a.start - b.start || a.order - b.order)) {
    const { attempt, retryOf } = each.step!;
    const key = `${each.run?.id ?? ''} ${each.name}`;
    const named = retryOf === undefined ? undefined : byId.get(retryOf);
    const guessed = attempt > 1 && retryOf === undefined ? lastOfName.get(key) : undefined;
    const before = named ?? (guessed?.step?.attempt === attempt - 1 ? guessed : undefined);
    lastOfName.set(key, each);
    if (before?.step === undefined || before === each || places.has(each)) continue;
    let place = places.get(before);
    if (place === undefined) places.set(before, (place = { steps: [before], index: 0 }));
    places.set(each, { steps: place.steps, index: place.steps.push(each) - 1 });
  }
  return places;
}
