/**
 * What happened in a session, and why it failed: rules over its events and nothing else, so that the same recording is always explained alike. Which event is the cause is chosen in
 * explain-causes.ts; every event that is not ok is in `notOk`.
 */
import type { SessionStats } from '../events/model.ts';
import { meaningOf } from './code-words.ts';
import { findCause } from './explain-causes.ts';
import { attemptsOf, describeCause, describeFailure, failureContext, shortened } from './explain-failures.ts';
import { findGaps } from './explain-gaps.ts';
import { headlineOf } from './explain-headline.ts';
import { findOrigins, findRetries, type ChainPlace, type Origins } from './explain-origins.ts';
import { describeRuns } from './explain-runs.ts';
import { findLongest } from './explain-time.ts';
import { familyWith, growTree, refOf, tookOf, type EventTree, type TreeEvent } from './explain-tree.ts';
import { EXPLANATION_VERSION } from './explanation.ts';
import type { CallRetries, ExplainedOutcome, Explanation, NotOkEvent } from './explanation.ts';
import type { SaidDecision, SaidSignal, StepRetries } from './explanation.ts';
import { familyTotals } from './family.ts';
import type { SessionRecord } from './session-record.ts';

/** Explains a session; `children`: the sessions that it started, and those below them, to be explained as one with it. */
export function explainSession(
  record: SessionRecord,
  { children = [] }: { children?: readonly SessionRecord[] } = {},
): Explanation {
  const tree = growTree(record, children);
  const stats = familyTotals(familyWith(record, children));
  const origins = findOrigins(tree);
  const chains = findRetries(tree);
  const outcome = outcomeOf(record, stats, { tree, origins, chains });
  const endedWell = outcome.status === 'success' || outcome.status === 'partial';
  const context = failureContext({ origins, chains, endedWell }, tree);
  const found = findCause({ tree, origins, outcome });
  const groups = [...origins.groups.values()].sort((a, b) => momentOf(a.root) - momentOf(b.root) || a.root.order - b.root.order);
  const failures = groups.map((group) => ({ root: group.root, said: describeFailure(group, context) }));
  const cause = found === null ? undefined : describeCause(found, origins, context);
  const first = failures.findIndex(({ root }) => root === found?.event);
  if (first > 0) failures.unshift(...failures.splice(first, 1));
  const explained: Omit<Explanation, 'headline' | 'gaps'> = {
    version: EXPLANATION_VERSION,
    session: sessionOf(record, children),
    outcome,
    ...(cause && { cause }),
    failures: failures.map(({ said }) => said),
    notOk: notOkOf(tree, origins),
    retries: { steps: stepRetries(tree, chains), calls: callRetries(tree) },
    ...notesOf(tree),
    longest: findLongest(tree),
    runs: describeRuns(tree, record),
    ...countsOf(stats, tree),
  };
  const gaps = findGaps(explained, {
    lost: origins.lost,
    stats,
    dropped: [record, ...children].flatMap(({ end }) => end?.dropped ?? []),
  });
  const { version, session, ...rest } = explained;
  return { version, session, headline: headlineOf(explained), ...rest, gaps };
}

function sessionOf({ header }: SessionRecord, children: readonly SessionRecord[]): Explanation['session'] {
  const { id, name, agent, environment, parent, epoch, mode } = header;
  return {
    id,
    ...(name !== undefined && { name }),
    ...(agent && { agent }),
    ...(environment !== undefined && { environment }),
    ...(parent !== undefined && { parent }),
    epoch,
    mode,
    children: children.map((child) => child.header.id),
  };
}

function outcomeOf(
  { state, end }: SessionRecord,
  { durationMs }: SessionStats,
  found: { tree: EventTree; origins: Origins; chains: ReadonlyMap<TreeEvent, ChainPlace> },
): ExplainedOutcome {
  const troubled = found.origins.groups.size > 0 || found.chains.size > 0;
  const said = end?.state === 'success' && troubled ? 'partial' : end?.state;
  const unsaid = state === 'crashed' ? 'crashed' : state === 'recording' ? 'running' : 'indeterminate';
  return {
    status: said ?? unsaid,
    recording: state,
    ...(end && { reason: end.reason }),
    ...(end?.exitCode !== undefined && { exitCode: end.exitCode }),
    ...(end?.signal !== undefined && { signal: end.signal }),
    durationMs,
  };
}

/** When a failure happened: at its end, because then it failed. */
const momentOf = ({ start, end }: TreeEvent): number => end ?? start;

function notOkOf({ events }: EventTree, origins: Origins): NotOkEvent[] {
  const out: NotOkEvent[] = [];
  for (const each of events) {
    const { status, error } = each;
    if (status === 'ok') continue;
    const root = status === 'error' ? origins.rootOf(each) : each;
    out.push({
      event: refOf(each),
      status,
      at: each.start,
      ...tookOf(each),
      ...(error && { error }),
      ...(root !== each && { because: refOf(root) }),
    });
  }
  return out;
}

function stepRetries({ events }: EventTree, chains: ReadonlyMap<TreeEvent, ChainPlace>): StepRetries[] {
  const firsts = events.filter((each) => chains.get(each)?.index === 0);
  return firsts.map((first) => ({
    steps: chains.get(first)!.steps.map((each, i, all) => {
      const before = all[i - 1]?.end;
      return {
        event: refOf(each),
        seq: each.step?.seq ?? 0,
        attempt: each.step?.attempt ?? 0,
        status: each.status,
        at: each.start,
        ...tookOf(each),
        ...(before !== undefined && { waitedUs: Math.max(0, each.start - before) }),
      };
    }),
  }));
}

function callRetries({ events }: EventTree): CallRetries[] {
  return events.flatMap((each) => {
    const attempts = each.event?.attempts ?? [];
    return attempts.length < 2 ? [] : [{ event: refOf(each), status: each.status, attempts: attemptsOf(attempts) }];
  });
}

/** Decisions and signals in the order in which they were said. */
function notesOf({ events }: EventTree): { decisions: SaidDecision[]; signals: SaidSignal[] } {
  const decisions: SaidDecision[] = [];
  const signals: SaidSignal[] = [];
  for (const each of events) {
    for (const note of each.notes) {
      const { kind, type, unknownCode } = note;
      const where = { event: refOf(each), at: note.at, type };
      const flag = unknownCode && { unknownCode };
      if (kind === 'decision') {
        const { reasonCode, confidence, content } = note;
        decisions.push({
          ...where,
          reasonCode,
          meaning: meaningOf('decision', type, reasonCode),
          ...(confidence !== undefined && { confidence }),
          ...(content?.selected !== undefined && { selected: shortened(content.selected) }),
          ...(content?.candidates && { candidates: content.candidates.map(shortened) }),
          ...flag,
        });
      } else if (kind === 'signal') {
        const { code, value, weight } = note;
        const meaning = meaningOf('signal', type, code);
        signals.push({ ...where, code, meaning, value, ...(weight !== undefined && { weight }), ...flag });
      }
    }
  }
  const byTime = (a: { at: number }, b: { at: number }): number => a.at - b.at;
  return { decisions: decisions.sort(byTime), signals: signals.sort(byTime) };
}

function countsOf(stats: SessionStats, { events }: EventTree): Pick<Explanation, 'counts' | 'tokens' | 'cost'> {
  const { llm, tools, actions, tokens, cost } = stats;
  const { input, output, cacheRead, cacheWrite, reasoning } = tokens;
  // Totals say 0 where nobody said anything: a call that failed has no usage, and is not counted as one that should have.
  const said = input > 0 || output > 0 || events.some(({ event }) => event?.llm?.usage !== undefined);
  const priced = cost.usd > 0 || events.some(({ event }) => event?.cost !== undefined);
  return {
    counts: { events: stats.events, steps: stats.steps ?? 0, llm, tools, actions },
    tokens: { ...(said && { input, output, cacheRead, cacheWrite, reasoning }), unknownCalls: tokens.unknown },
    cost: { ...(priced && { usd: Math.round(cost.usd * 1e9) / 1e9 }), unknownCalls: cost.unknown },
  };
}
