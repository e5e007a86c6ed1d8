/** Work beside the program while it is recorded: its end is handed over in a turn of its own. */
import type { Deliveries } from './deliveries.ts';
import type { BeginWork } from './work-begun.ts';

/** Tells `ended` of work just before the app is. */
export function recordWork(deliveries: Deliveries, ended: (lin: string) => void): BeginWork {
  return (lin) => (hand) => deliveries.push(hand, () => ended(lin));
}
