/** Timers while a program is recorded: Node's own. When one is due, what it does is handed over in its turn. */
import type { InputLine } from '../events/lines.ts';
import type { Method } from '../patch/registry.ts';
import type { LineWithout } from '../recording/session-log.ts';
import type { Deliveries } from './deliveries.ts';
import { replaceGlobal } from './globals.ts';
import type { SetTimer, TimerSetter } from './timers.ts';

/** Is told of a timer that fires, before it does. */
export type FiredTimer = (line: Omit<Extract<LineWithout<InputLine>, { k: 'timer' }>, 'ord'>) => void;

/** What was due, and has not come yet. */
interface Due {
  /** How often it was set again. */
  refreshes: number;
  /** Whether it held the process when it was due. */
  held: boolean;
}

/** Sets timers that tell `fired` of themselves before they do what the app has them do. */
export function recordTimers(deliveries: Deliveries, fired: FiredTimer): TimerSetter {
  const known = new WeakMap<NodeJS.Timeout, Due>();
  let isPatched = false;
  return (timer: SetTimer) => {
    const due: Due = { refreshes: 0, held: true };
    const handle: NodeJS.Timeout = timer.set(() => {
      const { refreshes } = due;
      due.held = handle.hasRef();
      timer.keepScope();
      deliveries.push(timer.hand, () => {
        // Taken back, or set again, by what came in between.
        if (isTakenBack(handle) || due.refreshes > refreshes) return false;
        fired({ k: 'timer', lin: timer.lin, lo: timer.count, ms: timer.ms });
        return true;
      });
    }, timer.ms);
    known.set(handle, due);
    if (!isPatched) {
      isPatched = true;
      patchRefresh(handle, known);
    }
    return handle;
  };
}

/** Whether `clearTimeout` was given the timer. */
function isTakenBack(handle: NodeJS.Timeout): boolean {
  return typeof (handle as unknown as { _onTimeout: unknown })._onTimeout !== 'function';
}

/** Node takes a timer that was due for one that is over: set again by what it does, it would not hold the process any more. */
function patchRefresh(handle: NodeJS.Timeout, known: WeakMap<NodeJS.Timeout, Due>): void {
  replaceGlobal(
    [Object.getPrototypeOf(handle) as object],
    'refresh',
    (original): Method =>
      function (this: NodeJS.Timeout) {
        const due = known.get(this);
        const isOver = (this as unknown as { _destroyed: boolean })._destroyed;
        Reflect.apply(original, this, []);
        if (due === undefined) return this;
        due.refreshes++;
        return isOver && due.held ? this.ref() : this;
      },
  );
}
