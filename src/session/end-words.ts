/** How something may be said to have ended, read from what an app hands over: JavaScript lets anything through, and a recording without content holds words of ours only. */
import type { EndReason, RunStatus, SessionState } from '../events/model.ts';

const STATES: readonly unknown[] = ['success', 'failure', 'indeterminate'] satisfies SessionState[];
const RUN_ENDS: readonly unknown[] = [...STATES, 'partial'];
const REASONS: readonly unknown[] = ['ended', 'exception', 'signal', 'crash', 'timeout', 'not_ended'] satisfies EndReason[];

/** The state of a session; undefined for anything else. */
export function readState(value: unknown): SessionState | undefined {
  return STATES.includes(value) ? (value as SessionState) : undefined;
}

/** How a run ended; undefined for anything else. */
export function readRunEnd(value: unknown): Exclude<RunStatus, 'running'> | undefined {
  return RUN_ENDS.includes(value) ? (value as Exclude<RunStatus, 'running'>) : undefined;
}

/** Why something ended; undefined for anything else. */
export function readReason(value: unknown): EndReason | undefined {
  return REASONS.includes(value) ? (value as EndReason) : undefined;
}
