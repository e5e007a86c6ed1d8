/** Keeps the recordings folder of a client within its budget: now and then, in the background, and sooner where much is written. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { monotonicUs } from '../core/clock.ts';
import { reportFault } from '../core/diagnostics.ts';
import { DiskGauge } from '../recording/disk-gauge.ts';
import type { SweepReport } from '../recording/sweep.ts';
import type { Values } from './options.ts';

/** When the folder is looked at for the first time, and how often after that. */
const FIRST_MS = 30_000;
const EVERY_MS = 10 * 60_000;
/** While there is no room, and none to be made. */
const SCARCE_MS = 1_000;
/** However much is written, the next look waits for at least so long, and for so many times what the last one took. */
const PAUSE_MS = 50;
const PAUSE_TIMES = 5;
/** It begins before the budget is reached, so that nothing has to be dropped meanwhile, and goes below where it began, so that it need not go on for ever. */
const SHARES = { start: 0.95, target: 0.9 };
const BREATH_MS = 1;
const DAY_MS = 24 * 60 * 60_000;

const MEGABYTE = 1024 * 1024;

export class Housekeeping {
  readonly gauge = new DiskGauge();
  readonly #dir: () => string;
  readonly #warn: (text: string) => void;
  /** A timer armed inside a request of the app's must not keep that request's context. */
  readonly #outside = AsyncLocalStorage.snapshot() as <T>(fn: () => T) => T;
  #budgetMb = 0;
  #keepDays: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #dueUs = Infinity;
  #notBeforeUs = 0;
  #looking = false;
  #begun = false;
  #stopped = false;

  constructor(dir: () => string, warn: (text: string) => void) {
    this.#dir = dir;
    this.#warn = warn;
    this.gauge.onGrowth = () => this.#plan(0);
    this.gauge.onDrop = (room, cause) => this.#say(room, cause);
  }

  apply({ diskBudgetMb, keepDays }: Pick<Values, 'diskBudgetMb' | 'keepDays'>): void {
    this.#keepDays = keepDays;
    if (diskBudgetMb !== this.#budgetMb) {
      this.#budgetMb = diskBudgetMb;
      this.gauge.budgetBytes = diskBudgetMb * MEGABYTE;
    }
    if (this.#begun) this.#plan(FIRST_MS);
  }

  /** A session began. */
  begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#plan(FIRST_MS);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  /** Has the folder looked at in so many milliseconds, unless it is earlier in any case. */
  #plan(waitMs: number): void {
    if (this.#stopped || this.#looking || (this.#budgetMb <= 0 && this.#keepDays === undefined)) return;
    const dueUs = Math.max(monotonicUs() + waitMs * 1000, this.#notBeforeUs);
    if (dueUs >= this.#dueUs) return;
    clearTimeout(this.#timer);
    this.#dueUs = dueUs;
    this.#outside(() => {
      this.#timer = setTimeout(() => void this.#look(), Math.max(0, (dueUs - monotonicUs()) / 1000));
      this.#timer.unref();
    });
  }

  async #look(): Promise<void> {
    this.#dueUs = Infinity;
    this.#looking = true;
    const beganUs = monotonicUs();
    let next = EVERY_MS;
    try {
      const report = await this.#sweep();
      if (report.busy) next = 0;
      else if (this.gauge.room !== 'free') next = SCARCE_MS;
    } catch (error) {
      reportFault('client.housekeeping', error);
    }
    const nowUs = monotonicUs();
    this.#notBeforeUs = nowUs + Math.max(PAUSE_MS * 1000, (nowUs - beganUs) * PAUSE_TIMES);
    this.#looking = false;
    this.#plan(next);
  }

  async #sweep(): Promise<SweepReport> {
    const { sweepFolder } = await import('../recording/sweep.ts');
    const since = this.gauge.written;
    const report = await sweepFolder({
      dir: this.#dir(),
      budgetBytes: this.gauge.budgetBytes,
      shares: SHARES,
      keepMs: this.#keepDays === undefined ? undefined : this.#keepDays * DAY_MS,
      breathe,
      stopped: () => this.#stopped,
    });
    const { disk } = report.found;
    const freed = report.found.bytes - report.bytes;
    this.gauge.measured({ bytes: report.bytes, ...(disk && { disk: { ...disk, free: disk.free + freed } }) }, since);
    if (report.sum.unexported.recordings > 0)
      this.#warn(
        'recordings that had not been exported were removed, to stay within the disk budget: hindcast doctor says how many',
      );
    return report;
  }

  #say(room: 'scarce' | 'none', cause: 'budget' | 'disk'): void {
    const why = cause === 'disk' ? 'the disk is nearly full' : `the recordings take diskBudgetMb (${this.#budgetMb})`;
    this.#warn(
      `${why}: ${room === 'scarce' ? 'what is said' : 'events'} can not be recorded until there is room; the recording counts what is missing`,
    );
  }
}

/** Gives the program its turn, without keeping it alive. */
function breathe(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, BREATH_MS).unref();
  });
}
