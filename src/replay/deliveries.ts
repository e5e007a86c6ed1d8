/**
 * The one order in which the app is given things: each in a turn of the event loop of its own, and none before the immediates that the app had scheduled by then, so that both sides of
 * a race that is not recorded always come in the same order.
 */
import { hasImmediates } from './carried.ts';
import { internally } from './lineage.ts';

const { nextTick } = process;
/** An app that schedules immediates for ever, to wait for something, is given it after so many turns. */
const TURNS_MAX = 64;

export class Deliveries {
  readonly #waiting: { deliver: () => void; before: (() => boolean | void) | undefined }[] = [];
  #scheduled = false;
  #turns = 0;

  /**
   * Runs `deliver`, as none of the app's code, after those that were handed over before. `before` runs just before it, and takes it back by false; apart, so that an error that is made in `deliver` has
   * the same stack in a replay.
   */
  push(deliver: () => void, before?: () => boolean | void): void {
    this.#waiting.push({ deliver, before });
    if (!this.#scheduled) this.#schedule();
  }

  #schedule(): void {
    this.#scheduled = true;
    internally(() => {
      setImmediate(() => this.#turn());
      // One that comes after: Node does what follows from a turn in one of two places, by whether there is another.
      setImmediate(() => {});
    });
  }

  #turn(): void {
    if (hasImmediates() && this.#turns < TURNS_MAX) {
      this.#turns++;
      this.#schedule();
      return;
    }
    this.#turns = 0;
    const next = this.#waiting.shift();
    try {
      if (next === undefined || next.before?.() === false) return;
      // What follows from it, too, runs below the same functions of Node's, whether anything else was to be done next or not.
      nextTick(() => {});
      internally(next.deliver);
    } finally {
      // What the app's own code throws in a timer is the app's.
      if (this.#waiting.length > 0) this.#schedule();
      else this.#scheduled = false;
    }
  }
}
