/** Runs through the moments of a session to the next one that a breakpoint stops at. */
import { createContext, Script } from 'node:vm';
import type { Breakpoint, Lookup } from '../analysis/breakpoints.ts';
import type { Moment } from '../analysis/timeline.ts';
import { CliFailure } from './failure.ts';

/** What the expressions of breakpoints may take for one stretch: some take years. */
const STRETCH_MS_MAX = 5_000;
/** Moments in a stretch: to watch over one costs more than most moments do. */
const STRETCH = 256;

/** Where it stopped, and at what. */
export interface Stop {
  moment: Moment;
  breakpoint: Breakpoint;
}

/** The first moment from `from` on, forwards or backwards, that one of the breakpoints stops at. */
export function findStop(
  moments: readonly Moment[],
  { from, by, breakpoints, look }: { from: number; by: 1 | -1; breakpoints: readonly Breakpoint[]; look: Lookup },
): Stop | undefined {
  const watched = watch();
  let index = from;
  const stretch = (): Stop | undefined => {
    for (let left = STRETCH; left > 0; left--, index += by) {
      const moment = moments[index];
      if (moment === undefined) return undefined;
      for (const breakpoint of breakpoints) if (breakpoint.matches(moment, look)) return { moment, breakpoint };
    }
    return undefined;
  };
  while (moments[index] !== undefined) {
    const stop = watched(stretch);
    if (stop) return stop;
  }
  return undefined;
}

/** Calls functions, each stopped when it takes too long. */
function watch(): <T>(fn: () => T) => T {
  const sandbox = { act: (): void => {} };
  const context = createContext(sandbox);
  const script = new Script('act()');
  return (fn) => {
    let result: { value: ReturnType<typeof fn> } | undefined;
    sandbox.act = () => {
      result = { value: fn() };
    };
    try {
      script.runInContext(context, { timeout: STRETCH_MS_MAX });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
      throw new CliFailure(`A breakpoint took more than ${STRETCH_MS_MAX / 1000} s for ${STRETCH} moments.`, {
        hint: 'Repetitions inside of repetitions, as in (a+)+, do that: write it simpler.',
        cause: error,
      });
    }
    return (result as { value: ReturnType<typeof fn> }).value;
  };
}
