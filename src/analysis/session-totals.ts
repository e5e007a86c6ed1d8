/** Totals of a session: those that its end says, else, where it has none, counted from the events that are there. */
import type { SessionStats } from '../events/model.ts';
import type { SessionRecord } from './session-record.ts';
import { countEvent, emptyStats } from './stats.ts';

/** The totals of a recording. */
export function totalsOf({ end, events }: Pick<SessionRecord, 'end' | 'events'>): SessionStats {
  if (end) return end.stats;
  const stats = emptyStats();
  let lastUs = 0;
  for (const event of events) {
    countEvent(stats, event);
    lastUs = Math.max(lastUs, event.end);
  }
  stats.durationMs = Math.round(lastUs / 1000);
  return stats;
}
