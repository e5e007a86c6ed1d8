/** Runs the host's function as part of an event. */
import { reportFault } from '../core/diagnostics.ts';
import type { OpenEvent } from '../events/ports.ts';

/** `fn` inside `event`. What `fn` returns or throws comes out; a fault of the event never does, and `fn` runs exactly once. */
export function runInside<T>(event: OpenEvent, fn: () => T): T {
  let ran = false;
  let threw = false;
  let outcome: any;
  const once = (): T => {
    ran = true;
    try {
      outcome = fn();
      return outcome;
    } catch (error) {
      threw = true;
      outcome = error;
      throw error;
    }
  };
  try {
    return event.run(once);
  } catch (error) {
    if (threw) throw outcome;
    reportFault('patch.run', error);
    return ran ? outcome : fn();
  }
}
