/** The end of a replay whose recording breaks off: once everything that is known was given, and the program has nothing more to do, it ends as it ended then. */
import { watchWork } from './busy.ts';
import type { Receiver } from './gate.ts';
import type { BrokenOff } from './known-part.ts';
import { internally } from './lineage.ts';
import type { Owed } from './owed.ts';
import type { Step } from './source.ts';

/** The program has come to rest when it did nothing for so long. */
const REST_MS = 100;
/** It is given so long in all. */
const RESTS_MAX = 100;

const KEY = 'broken off';

/** The step after the last one. */
export function breakingOff(steps: readonly Step[]): Step {
  const { ord = 0, atMs = 0 } = steps.at(-1) ?? {};
  return { kind: 'came', ord: ord + 1, atMs, of: KEY, arrival: { event: 'broken off' } };
}

/** Waits for that step; `finish` is called before the process ends. */
export class BreakOff implements Receiver {
  readonly key = KEY;
  readonly #signal: NodeJS.Signals;
  readonly #finish: () => void;
  readonly #owed: Owed;
  #reached = false;

  constructor({ signal }: BrokenOff, owed: Owed, finish: () => void) {
    this.#signal = (signal ?? 'SIGKILL') as NodeJS.Signals;
    this.#owed = owed;
    this.#finish = finish;
  }

  /** In a fork: whoever sent the signal did so after all the answers. */
  isOwed(): boolean {
    return !this.#owed.isGivenBefore(Infinity);
  }

  /** Never: it is not let in, so that no timer goes on as if it had been. */
  isReady(): boolean {
    if (!this.#reached) this.#rest(RESTS_MAX);
    this.#reached = true;
    return false;
  }

  receive(): void {}

  /** Whether all that is known was given. */
  get isReached(): boolean {
    return this.#reached;
  }

  #rest(left: number): void {
    const wasBusy = watchWork();
    const look = (): void => {
      if (this.#owed.isUnderWay) this.#rest(left);
      else if (left > 0 && wasBusy(REST_MS)) this.#rest(left - 1);
      else this.die();
    };
    // timer held: the process is held anyway while something is to come
    internally(() => setTimeout(look, REST_MS));
  }

  /** Ends the process by the signal that ended it, and without one as nothing that the program could notice. */
  die(): void {
    this.#finish();
    process.kill(process.pid, this.#signal);
    // timer held: a signal that somebody catches after all
    internally(() => setTimeout(() => process.kill(process.pid, 'SIGKILL'), REST_MS));
  }
}
