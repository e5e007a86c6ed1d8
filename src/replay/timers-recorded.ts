/** Timers while a program is recorded: Node's own, each of which says when it fires. */
import type { InputLine } from '../events/lines.ts';
import type { LineWithout } from '../recording/session-log.ts';
import type { SetTimer, TimerSetter } from './timers.ts';

/** Is told of a timer that fires, before it does. */
export type FiredTimer = (line: Omit<Extract<LineWithout<InputLine>, { k: 'timer' }>, 'ord'>) => void;

/** Sets timers that tell `fired` of themselves before they do what the app has them do. */
export function recordTimers(fired: FiredTimer): TimerSetter {
  return (timer: SetTimer) => {
    let count = 0;
    return timer.set(function (this: NodeJS.Timeout) {
      const before = count++;
      fired({ k: 'timer', lin: timer.lin, lo: before, ms: timer.ms });
      timer.run(this, before);
    }, timer.ms);
  };
}
