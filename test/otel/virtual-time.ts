/** Time that passes only when it is told to. */
import type { ShipperTime } from '../../src/otel/shipper-time.ts';

interface Timer {
  dueMs: number;
  fn: () => void;
}

export class VirtualTime implements ShipperTime {
  now = 1_000_000;
  randomValue = 1;
  readonly timers = new Set<Timer>();

  nowMs(): number {
    return this.now;
  }

  random(): number {
    return this.randomValue;
  }

  setTimer(fn: () => void, ms: number): { clear(): void } {
    const timer = { dueMs: this.now + ms, fn };
    this.timers.add(timer);
    return { clear: () => void this.timers.delete(timer) };
  }

  async breathe(): Promise<void> {
    // The host's turn takes no time here.
  }

  /** Lets so much time pass, timer by timer, and everything that they start come to rest. */
  async pass(ms: number): Promise<void> {
    const until = this.now + ms;
    await settle();
    for (;;) {
      const next = [...this.timers].filter((timer) => timer.dueMs <= until).sort((a, b) => a.dueMs - b.dueMs)[0];
      if (next === undefined) break;
      this.now = Math.max(this.now, next.dueMs);
      this.timers.delete(next);
      next.fn();
      await settle();
    }
    this.now = until;
  }
}

/** All promises that need no I/O have run. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}
