/** The runs of a session, those that never ended too. */
import type { ExplainedRun } from './explanation.ts';
import { refOf, tookOf, type EventTree, type TreeEvent } from './explain-tree.ts';
import type { SessionRecord } from './session-record.ts';

/** Every run, in the order of the tree. */
export function describeRuns({ events }: EventTree, { header, state }: SessionRecord): ExplainedRun[] {
  const counts = countOpen(events);
  return events
    .filter(({ type }) => type === 'agent')
    .map((each) => {
      const { event, open, run } = each;
      const agent = event?.agent ?? open?.agent ?? header.agent;
      const environment = event?.run?.environment ?? header.environment;
      const facts = event?.run ?? { ...leftRun(each, state), ...(counts.get(each) ?? { steps: 0, retries: 0, errors: 0 }) };
      const { status, reason, steps, retries, errors } = facts;
      return {
        event: refOf(each),
        ...(run !== null && { within: refOf(run) }),
        ...(agent && { agent }),
        ...(environment !== undefined && { environment }),
        status,
        ...(reason && { reason }),
        steps,
        retries,
        errors,
        ...tookOf(each),
      };
    });
}

/** How a run stands that has said nothing of its end. */
function leftRun({ status }: TreeEvent, state: SessionRecord['state']): Pick<ExplainedRun, 'status' | 'reason'> {
  if (status === 'ok') return { status: 'success' };
  if (status === 'error') return { status: 'failure' };
  if (status === 'open' && state === 'recording') return { status: 'running' };
  return { status: 'indeterminate', reason: state === 'crashed' ? 'crash' : 'not_ended' };
}

type Counts = Pick<ExplainedRun, 'steps' | 'retries' | 'errors'>;

/** What happened in runs that did not count it themselves: steps of their own, and errors of runs inside them too. */
function countOpen(events: readonly TreeEvent[]): Map<TreeEvent, Counts> {
  const counts = new Map<TreeEvent, Counts>();
  /** Failed events before each place. */
  const failed = [0];
  for (const each of events) {
    if (each.type === 'agent' && !each.event?.run) counts.set(each, { steps: 0, retries: 0, errors: 0 });
    failed.push((failed.at(-1) ?? 0) + (each.status === 'error' ? 1 : 0));
  }
  for (const { run, step } of events) {
    const count = run === null ? undefined : counts.get(run);
    if (count === undefined || step === undefined) continue;
    count.steps++;
    if (step.attempt > 1 || step.retryOf !== undefined) count.retries++;
  }
  for (const [run, count] of counts) count.errors = (failed[run.last + 1] ?? 0) - (failed[run.order + 1] ?? 0);
  return counts;
}
