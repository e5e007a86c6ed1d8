/** `stats()`: what a session came to so far, or came to in the end. */
import { reportFault } from '../core/diagnostics.ts';
import type { SessionStats } from '../events/model.ts';
import { currentSession, getSession, liveSession } from '../session/sessions.ts';

export interface StatsOptions {
  /** With the totals of all sessions that are part of it, of other processes too, as far as their recordings lie in the same folder. The duration stays its own. */
  children?: boolean;
}

/**
 * The totals of a session: without an id, of the one that the running code is in; of one that has ended, or that another process records, as its recording says. Undefined where
 * nothing is known of it. Never rejects. Reads recordings, so it takes time where they are many: nothing for the path of a request.
 */
export async function stats(sessionId?: string, options: StatsOptions = {}): Promise<SessionStats | undefined> {
  try {
    // JavaScript lets anything through.
    const children = (options as StatsOptions | null)?.children === true;
    const here = liveSession(currentSession());
    const session = sessionId === undefined ? here : liveOf(sessionId);
    const totals = session?.ended === false ? session.totals() : undefined;
    const id = session?.id ?? sessionId;
    if (id === undefined || (totals !== undefined && !children)) return totals;
    const { recordedStats } = await import('./recorded-stats.ts');
    return recordedStats(id, { children, dir: (session ?? here)?.folder, totalsOf: liveTotals }) ?? totals;
  } catch (error) {
    reportFault('client.stats', error);
    return undefined;
  }
}

function liveOf(id: string): ReturnType<typeof liveSession> {
  const session = getSession(id);
  return session && liveSession(session);
}

/** The totals of a session that this process records. */
const liveTotals = (id: string): SessionStats | undefined => liveOf(id)?.totals();
