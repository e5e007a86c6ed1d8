/** Where the time of a session went: the time of each event that no event in it accounts for. */
import type { LongEvent } from './explanation.ts';
import { refOf, type EventTree, type TreeEvent } from './explain-tree.ts';

const SHOWN_MAX = 5;

/** The events with the most time of their own, the longest first. */
export function findLongest({ events }: EventTree): LongEvent[] {
  const timed: { each: TreeEvent; selfUs: number }[] = [];
  for (const each of events) {
    const selfUs = selfOf(each);
    if (selfUs > 0) timed.push({ each, selfUs });
  }
  timed.sort((a, b) => b.selfUs - a.selfUs || a.each.order - b.each.order);
  return timed
    .slice(0, SHOWN_MAX)
    .map(({ each, selfUs }) => ({ event: refOf(each), selfUs, tookUs: (each.end ?? 0) - each.start }));
}

/** Microseconds in which nothing inside of it went on. Events inside may go on side by side, and longer than it. */
function selfOf({ start, end, children }: TreeEvent): number {
  if (end === undefined) return 0;
  let selfUs = end - start;
  let covered = start;
  for (const child of children) {
    const from = Math.max(covered, child.start);
    const to = Math.min(end, child.end ?? end);
    if (to > from) selfUs -= to - from;
    covered = Math.max(covered, to);
  }
  return selfUs;
}
