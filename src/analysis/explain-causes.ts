/**
 * Which event a run, or the session, failed with. The rules, in their order (docs/cli.md, "explain", says the same):
 *
 * 1. A crashed session: the event that was open, the innermost that began last.
 * 2. A session that failed with an exception that nobody caught: where that began, as in (a). Its event has no `error.from` where it is around nothing: then it is the error of the event
 *    that failed last before it, if that has the same codes and nothing began between.
 * 3. A session that failed: its last outermost run that failed. Without one, the session counts as the run.
 * 4. A session that a signal or a timeout ended: as 1, with what was left unfinished.
 * 5. Any other session: its last outermost run that failed. One that was caught inside of a run that ended well is no cause.
 *
 * In a run that failed: (a) where its error began, by `error.from`; (b) the step that the app named; (c) the last failed event in which nothing failed, when nothing began in the run
 * after it; (d) the run's own error; (e) that last failed event all the same; (f) what was left unfinished; (g) the last failure that was recorded. What (a) and (b) find, and in which
 * something failed last of all, hands on to that, as in (c).
 */
import type { ExplainedOutcome, CauseBasis } from './explanation.ts';
import { isUncaught, type Origins } from './explain-origins.ts';
import { isInside, type EventTree, type TreeEvent } from './explain-tree.ts';

/** A cause by its event, and what failed with it: a run, or (null) the session. */
export interface FoundCause {
  event: TreeEvent;
  basis: CauseBasis;
  of: TreeEvent | null;
}

/** What the rules look at. */
export interface CauseInput {
  tree: EventTree;
  origins: Origins;
  outcome: ExplainedOutcome;
}

/** The cause, or null where nothing failed, or nothing says why. */
export function findCause(input: CauseInput): FoundCause | null {
  const { tree, outcome } = input;
  const whole = { from: 0, to: tree.events.length - 1 };
  if (outcome.status === 'crashed') {
    const left = lastLeft(tree, whole);
    if (left !== null) return { event: left, basis: 'open', of: null };
  }
  const failed = lastFailedRun(tree);
  if (outcome.status === 'failure') {
    const uncaught = outcome.reason === 'exception' ? tree.events.findLast(isUncaught) : undefined;
    if (uncaught !== undefined) return { ...began(input, uncaught), of: null };
    return failed === null ? ofSession(input) : ofRun(input, failed);
  }
  if (outcome.reason === 'signal' || outcome.reason === 'timeout') {
    const left = lastLeft(tree, whole);
    if (left !== null) return { event: left, basis: 'open', of: null };
  }
  return failed === null ? null : ofRun(input, failed);
}

/** Whether a run failed, by its own word or by how its event ended. */
export const isFailedRun = ({ type, status, event }: TreeEvent): boolean =>
  type === 'agent' && (status === 'error' || event?.run?.status === 'failure');

/** The run that failed last of those that no run is around. */
function lastFailedRun({ events }: EventTree): TreeEvent | null {
  let found: TreeEvent | null = null;
  for (const each of events) {
    if (each.run === null && isFailedRun(each) && (found === null || (each.end ?? 0) >= (found.end ?? 0))) found = each;
  }
  return found;
}

/** A part of `EventTree.events`. */
interface Span {
  from: number;
  to: number;
}

const within = ({ order, last }: TreeEvent): Span => ({ from: order + 1, to: last });

function ofRun(input: CauseInput, run: TreeEvent): FoundCause | null {
  const { tree, origins } = input;
  const origin = run.status === 'error' ? origins.rootOf(run) : run;
  if (origin !== run) return { ...began(input, run), of: run };
  const named = namedStep(input, run);
  if (named !== null) return { event: endingFailure(input, named) ?? named, basis: 'step', of: run };
  const last = lastFailure(input, within(run));
  if (last !== null && !wentOn(tree, within(run), last)) return { event: last, basis: 'last_failure', of: run };
  if (run.status === 'error' && run.error !== undefined) return { event: run, basis: 'origin', of: run };
  if (last !== null) return { event: last, basis: 'last_failure', of: run };
  return leftOrNoted(input, { from: run.order, to: run.last }, run);
}

/** A session that failed, and no run in it did. */
function ofSession(input: CauseInput): FoundCause | null {
  const whole = { from: 0, to: input.tree.events.length - 1 };
  const last = lastFailure(input, whole);
  return last === null ? leftOrNoted(input, whole, null) : { event: last, basis: 'last_failure', of: null };
}

/** Where the error of `failed` began, or what failed last inside of that. */
function began(input: CauseInput, failed: TreeEvent): Pick<FoundCause, 'event' | 'basis'> {
  const origin = input.origins.rootOf(failed);
  const inner = origin === failed && failed.type === 'error' ? null : endingFailure(input, origin);
  // Told by codes, and not by the error itself.
  const guessed = origin !== failed && failed.error?.from === undefined;
  return { event: inner ?? origin, basis: inner === null && !guessed ? 'origin' : 'last_failure' };
}

/** What failed inside of `failed` with nothing begun in it afterwards. */
function endingFailure(input: CauseInput, failed: TreeEvent): TreeEvent | null {
  const last = lastFailure(input, within(failed));
  return last === null || wentOn(input.tree, within(failed), last) ? null : last;
}

/** The step that the app said had failed, or where its error began. */
function namedStep({ tree, origins }: CauseInput, run: TreeEvent): TreeEvent | null {
  for (const note of run.notes.toReversed()) {
    const step = note.kind === 'failure' && note.step !== undefined ? tree.byId.get(note.step) : undefined;
    if (step !== undefined && step !== run) return step.status === 'error' ? origins.rootOf(step) : step;
  }
  return null;
}

/** Of the failed events in which nothing failed the one that ended last. */
function lastFailure({ tree: { events }, origins }: CauseInput, { from, to }: Span): TreeEvent | null {
  let found: TreeEvent | null = null;
  /** Up to here the events are around one that failed, as it comes before them from behind. */
  let failedFrom = Infinity;
  for (let i = to; i >= from; i--) {
    const each = events[i] as TreeEvent;
    if (each.status !== 'error') continue;
    const leaf = failedFrom > each.last;
    failedFrom = i;
    if (leaf && (found === null || (each.end ?? 0) > (found.end ?? 0))) found = each;
  }
  const root = found === null ? null : origins.rootOf(found);
  return root !== null && root.order >= from && root.order <= to ? root : found;
}

/** Whether something began after a failure, but what only says something about it. */
function wentOn({ events }: EventTree, { from, to }: Span, failed: TreeEvent): boolean {
  for (let i = from; i <= to; i++) {
    const each = events[i] as TreeEvent;
    if (each === failed || each.start < (failed.end ?? Infinity) || isInside(failed, each) || isInside(each, failed)) continue;
    if (each.type !== 'decision' && each.type !== 'signal' && each.type !== 'error') return true;
  }
  return false;
}

function leftOrNoted({ tree, origins }: CauseInput, span: Span, of: TreeEvent | null): FoundCause | null {
  const left = lastLeft(tree, of === null ? span : within(of));
  if (left !== null) return { event: left, basis: 'open', of };
  let noted: { event: TreeEvent; at: number } | null = null;
  for (const { root, notes } of origins.groups.values()) {
    for (const { on, note } of notes) {
      if (on.order < span.from || on.order > span.to) continue;
      if (noted === null || note.at >= noted.at) noted = { event: root, at: note.at };
    }
  }
  return noted && { event: noted.event, basis: 'note', of };
}

/** Of the events that have no end, or none of their own, and hold no other such, the one that began last. */
function lastLeft({ events }: EventTree, { from, to }: Span): TreeEvent | null {
  let found: TreeEvent | null = null;
  let leftFrom = Infinity;
  for (let i = to; i >= from; i--) {
    const each = events[i] as TreeEvent;
    if (each.status !== 'open' && each.status !== 'unfinished') continue;
    const leaf = leftFrom > each.last;
    leftFrom = i;
    if (leaf && (found === null || each.start > found.start)) found = each;
  }
  return found;
}
