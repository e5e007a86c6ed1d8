/** Timers while a program is recorded: Node's own, each of which says when it fires. */
import type { InputLine } from '../events/lines.ts';
import type { LineWithout } from '../recording/session-log.ts';
import type { SetTimer, TimerSetter } from './timers.ts';

/** Sets timers that tell `fired` of themselves before they do what the app has them do. */
export function recordTimers(fired: (line: Omit<Extract<LineWithout<InputLine>, { k: 'timer' }>, 'ord'>) => void): TimerSetter {
  return (timer: SetTimer) => timer.set((count) => fired({ k: 'timer', lin: timer.lin, lo: count, ms: timer.ms }), timer.ms);
}
