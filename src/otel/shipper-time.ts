/** The time that a shipper lives in: real, or a test's. */
import { monotonicUs } from '../core/clock.ts';

export interface ShipperTime {
  nowMs(): number;
  random(): number;
  /** `holds`: keeps the process alive until it fires or is cleared. */
  setTimer(fn: () => void, ms: number, options?: { holds: boolean }): { clear(): void };
  /** Lets the host program have its turn. */
  breathe(): Promise<void>;
}

/** Real time, taken at load, so that an app's fake timers do not stop the export. */
export const realTime: ShipperTime = (() => {
  const { setTimeout: start, clearTimeout: stop, setImmediate: next } = globalThis;
  const random = Math.random.bind(Math);
  return {
    nowMs: () => monotonicUs() / 1000,
    random,
    setTimer(fn, ms, options) {
      const timer = start(fn, ms);
      if (options?.holds !== true) timer.unref();
      return { clear: () => stop(timer) };
    },
    breathe: () => new Promise((resolve) => void next(resolve)),
  };
})();
