/** The totals of all sessions of a client, for the line at the end. */
import type { SessionStats } from '../events/model.ts';
import { addStats, emptyStats, statsLine } from '../analysis/stats.ts';

export interface Totals {
  add(id: string, stats: SessionStats): void;
  /** The line, or undefined when there was no session. `durationMs`: of the client, for when there were several. */
  line(durationMs: number): string | undefined;
}

/** Sums up sessions as they end. */
export function sumSessions(): Totals {
  const sum = emptyStats();
  let sessions = 0;
  let last = '';
  return {
    add(id, stats) {
      sessions++;
      last = id;
      addStats(sum, stats);
    },
    line(durationMs) {
      if (sessions === 0) return undefined;
      return sessions === 1 ? statsLine(last, sum) : statsLine(`${sessions} sessions`, { ...sum, durationMs });
    },
  };
}
