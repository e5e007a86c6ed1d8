/** Hands what no recording has over to Node's client: each thing in a turn of its own, in the order in which it came, and nothing while the app reads no more. */
import type { Deliveries } from './deliveries.ts';
import type { HttpFeed } from './http-feed.ts';

export class HttpHandover {
  readonly #feed: HttpFeed;
  readonly #deliveries: Deliveries;
  readonly #waiting: (() => void)[] = [];
  #scheduled = false;
  #waitsForReader = false;
  #stopped = false;

  constructor(feed: HttpFeed, deliveries: Deliveries) {
    this.#feed = feed;
    this.#deliveries = deliveries;
  }

  /** Runs `give`, which puts something into the socket, in its turn. */
  push(give: () => void): void {
    if (this.#stopped) return;
    this.#waiting.push(give);
    this.look();
  }

  /** The app wants no more. */
  stop(): void {
    this.#stopped = true;
    this.#waiting.length = 0;
  }

  /** Something may be handed over that could not be. */
  look(): void {
    if (this.#scheduled || this.#waiting.length === 0 || this.#isHeldUp()) return;
    this.#scheduled = true;
    this.#deliveries.push(() => this.#turn());
  }

  #turn(): void {
    this.#scheduled = false;
    if (this.#isHeldUp()) return;
    const next = this.#waiting.shift();
    try {
      next?.();
    } finally {
      this.look();
    }
  }

  /** Whether there is no socket yet, or the app reads no more for now: then it is looked at again when it does. */
  #isHeldUp(): boolean {
    if (!this.#feed.isThere) return true;
    if (!this.#feed.isPaused) return false;
    if (!this.#waitsForReader) {
      this.#waitsForReader = true;
      this.#feed.onceRead(() => {
        this.#waitsForReader = false;
        this.look();
      });
    }
    return true;
  }
}
