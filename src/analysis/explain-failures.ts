/** What is said of one failure: where it stands, what kind it is, how far it went up, what was tried in its place. */
import type { Attempt } from '../events/model.ts';
import { meaningOf } from './code-words.ts';
import type { CallAttempt, Cause, FailedEvent, Later, SaidFailure } from './explanation.ts';
import type { FoundCause } from './explain-causes.ts';
import { countUpTo, type ChainPlace, type FailureGroup, type FailureNote, type Origins } from './explain-origins.ts';
import { refOf, tookOf, type EventTree, type TreeEvent } from './explain-tree.ts';

/** Names of a path; of a longer one the inner part is kept. */
const PATH_MAX = 24;
/** Entries of one kind of what was tried afterwards. */
const LATER_MAX = 10;
/** UTF-16 units of a message. */
const MESSAGE_MAX = 2000;

/** What failures are looked up in; made once for an explanation. */
export interface FailureContext {
  origins: Origins;
  chains: ReadonlyMap<TreeEvent, ChainPlace>;
  /** LLM events by the run that they are in, and runs by agent, as they began. */
  calls: ReadonlyMap<TreeEvent | null, TreeEvent[]>;
  runs: ReadonlyMap<string, TreeEvent[]>;
  /** Of the session: nothing said that it failed. */
  endedWell: boolean;
}

/** Gathers what is looked up. */
export function failureContext(given: Pick<FailureContext, 'origins' | 'chains' | 'endedWell'>, tree: EventTree): FailureContext {
  const calls = new Map<TreeEvent | null, TreeEvent[]>();
  const runs = new Map<string, TreeEvent[]>();
  for (const each of tree.events.toSorted((a, b) => a.start - b.start || a.order - b.order)) {
    if (each.type === 'llm') listIn(calls, each.run).push(each);
    else if (each.type === 'agent' && each.run === null) listIn(runs, agentKey(each)).push(each);
  }
  return { ...given, calls, runs };
}

function listIn<K, V>(map: Map<K, V[]>, key: K): V[] {
  let list = map.get(key);
  if (list === undefined) map.set(key, (list = []));
  return list;
}

const agentKey = ({ name, event, open }: TreeEvent): string => {
  const agent = event?.agent ?? open?.agent;
  return agent?.id ?? agent?.name ?? name;
};

/** Everything about the failure of `group`. */
export function describeFailure(group: FailureGroup, context: FailureContext): FailedEvent {
  const { root, others } = group;
  const wentUp = others.toSorted((a, b) => b.order - a.order);
  const held = caughtIn(group);
  const [failure, ...alsoSaid] = rank(group).map((note) => saidFailure(note, root));
  const { event } = root;
  const message = event?.content?.error?.message;
  const out: FailedEvent = {
    event: refOf(root),
    status: root.status,
    path: pathOf(root),
    at: root.start,
    ...tookOf(root),
    ...stepOf(root),
    ...(root.run !== null && { run: refOf(root.run) }),
    ...(failure && { failure }),
    alsoSaid,
    ...(root.error && { error: root.error }),
    ...(message !== undefined && { message: shortened(message) }),
    ...(event?.attempts && event.attempts.length > 1 && { attempts: attemptsOf(event.attempts) }),
    wentUp: wentUp.map(refOf),
    ...(held && endedByItself(held) && root.status === 'error' && { caughtIn: { event: refOf(held), status: held.status } }),
    after: laterThan(group, context),
    recovered: isRecovered(group, held, context),
  };
  return out;
}

/**
 * The event that is the cause, and how it was found. Where it was found inside of what failed, the events between failed because of it too, and what the app said of those goes
 * before what was said of it: that no attempt was left says more of a run than that the last one timed out.
 */
export function describeCause({ event, basis, of }: FoundCause, origins: Origins, context: FailureContext): Cause {
  const group = origins.groups.get(event) ?? { root: event, others: [], notes: [] };
  const around: FailureGroup[] = [];
  if (basis === 'last_failure') {
    const known = new Set([event, ...group.others]);
    for (let at = event.parent; at !== null; at = at === of ? null : at.parent) {
      const own = known.has(at) ? undefined : origins.groups.get(at);
      if (own !== undefined && at.status === 'error') around.push(own);
    }
  }
  const found = describeFailure(group, context);
  const said = around.flatMap(({ root, notes }) => notes.filter(({ on, note }) => on === root && note.auto !== true));
  const all = [
    ...said.reverse().map((note) => saidFailure(note, event)),
    ...(found.failure ? [found.failure] : []),
    ...found.alsoSaid,
  ];
  const [failure, ...alsoSaid] = all;
  const { caughtIn, ...rest } = found;
  const wentOn = around.some(({ root }) => root.id === caughtIn?.event.id);
  return {
    ...rest,
    ...(failure && { failure }),
    alsoSaid,
    ...(caughtIn && !wentOn && { caughtIn }),
    wentUp: [...found.wentUp, ...around.map(({ root }) => refOf(root))],
    basis,
    ...(of !== null && { of: refOf(of) }),
  };
}

/** The step that an event is, or is in. */
function stepOf({ inStep }: TreeEvent): Pick<FailedEvent, 'step'> {
  if (inStep?.step === undefined) return {};
  const { seq, type, attempt } = inStep.step;
  return { step: { event: refOf(inStep), seq, type, attempt } };
}

/** Names from the outside in. */
export function pathOf(event: TreeEvent): string[] {
  const names: string[] = [];
  let at: TreeEvent | null = event;
  for (; at !== null && names.length < PATH_MAX; at = at.parent) names.push(at.name);
  if (at !== null) names.push('…');
  return names.reverse();
}

export const shortened = (text: string): string => (text.length > MESSAGE_MAX ? `${text.slice(0, MESSAGE_MAX)}…` : text);

/** The app's word about the event itself first, then its word from further out, then ours. That nobody caught it is the least of what can be said. */
function rank({ root, notes }: FailureGroup): FailureNote[] {
  const weight = ({ on, note }: FailureNote): number =>
    (note.auto === true ? 2 : 0) + (on === root ? 0 : 1) + (note.code === 'uncaught_exception' && on !== root ? 4 : 0);
  return notes.toSorted((a, b) => weight(a) - weight(b) || b.on.order - a.on.order || a.note.at - b.note.at);
}

function saidFailure({ on, note }: FailureNote, root: TreeEvent): SaidFailure {
  const { type, code, auto, unknownCode, content } = note;
  return {
    type,
    code,
    meaning: meaningOf('failure', type, code),
    ...(auto && { auto }),
    ...(unknownCode && { unknownCode }),
    ...(content?.message !== undefined && { message: shortened(content.message) }),
    ...(on !== root && { on: refOf(on) }),
  };
}

/** HTTP attempts with the waits between them. */
export function attemptsOf(attempts: readonly Attempt[]): CallAttempt[] {
  return attempts.map(({ at, us, status, error, retryAfterMs }, i) => {
    const before = attempts[i - 1];
    return {
      ...(status !== undefined && { status }),
      ...(error !== undefined && { error }),
      tookUs: us,
      ...(before && { waitedUs: Math.max(0, at - before.at - before.us) }),
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    };
  });
}

/** Of an event that was ended with its session, or never, nobody knows whether it caught anything. */
const endedByItself = ({ status }: TreeEvent): boolean => status !== 'unfinished' && status !== 'open';

/** The first event around it that did not fail because of it. */
function caughtIn({ root, others }: FailureGroup): TreeEvent | null {
  const because = new Set(others);
  let at = root.parent;
  while (at !== null && because.has(at)) at = at.parent;
  return at;
}

function isRecovered({ root, others }: FailureGroup, held: TreeEvent | null, { endedWell }: FailureContext): boolean {
  if (held !== null) return held.status === 'ok' && held.event?.run?.status !== 'failure';
  const runFailed = [root, ...others].some(({ type, status }) => type === 'agent' && status === 'error');
  return endedWell && !runFailed;
}

function laterThan({ root, others }: FailureGroup, { chains, calls, runs }: FailureContext): Later[] {
  const out: Later[] = [];
  const from = root.end ?? Infinity;
  const { inStep } = root;
  const place = inStep === null ? undefined : chains.get(inStep);
  for (const step of place?.steps.slice(place.index + 1, place.index + 1 + LATER_MAX) ?? [])
    out.push({ kind: 'retry', event: refOf(step), status: step.status, attempt: step.step?.attempt ?? 0 });
  const next = root.type === 'llm' ? firstFrom(calls.get(root.run), from, root) : undefined;
  const model = next?.event?.llm?.request.model;
  if (next !== undefined && model !== undefined && model !== root.event?.llm?.request.model)
    out.push({ kind: 'other_model', event: refOf(next), status: next.status, model });
  const outermost = [root, ...others].find(({ type, run }) => type === 'agent' && run === null);
  const run = outermost && firstFrom(runs.get(agentKey(outermost)), outermost.end ?? Infinity, outermost);
  if (run !== undefined) out.push({ kind: 'run', event: refOf(run), status: run.status });
  return out;
}

/** The first of `list`, which is in the order of its beginnings, that began at `fromUs` or later. */
function firstFrom(list: readonly TreeEvent[] | undefined, fromUs: number, not: TreeEvent): TreeEvent | undefined {
  if (list === undefined) return undefined;
  const first = countUpTo(list.length, (i) => (list[i]?.start ?? 0) < fromUs);
  return list[first] === not ? list[first + 1] : list[first];
}
