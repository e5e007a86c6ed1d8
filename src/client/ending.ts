/** What a way out of the process says about its sessions (docs/decisions/0006-session-ends.md). */
import type { SessionEnd } from '../session/live-session.ts';

/** The process ends with `exitCode`; `uncaught`: something was thrown before that nobody caught. */
export function exitEnd(exitCode: number, uncaught: boolean): SessionEnd {
  if (exitCode === 0) return { state: 'success', reason: 'ended', exitCode };
  return { state: 'failure', reason: uncaught ? 'exception' : 'ended', exitCode };
}

/** The process dies of a signal: somebody stopped it, which says nothing about how well it was doing. */
export function signalEnd(signal: NodeJS.Signals): SessionEnd {
  return { state: 'indeterminate', reason: 'signal', signal };
}
