/** Hands an answer that no recording has over to Node's client: each thing in a turn of its own, in the order in which it came, and no piece while the app reads no more. */
import type { Deliveries } from './deliveries.ts';
import type { HttpFeed } from './http-feed.ts';
import { WireAnswer } from './http-wire.ts';
import type { WireHead } from './http-wire.ts';

type Pairs = readonly (readonly [string, string])[];

export class HttpHandover {
  readonly #feed: HttpFeed;
  readonly #deliveries: Deliveries;
  readonly #waiting: (() => void)[] = [];
  #scheduled = false;
  #waitsForReader = false;
  #over = false;
  #wire: WireAnswer | undefined;
  #headed = false;

  constructor(feed: HttpFeed, deliveries: Deliveries) {
    this.#feed = feed;
    this.#deliveries = deliveries;
  }

  /** Whether there is nothing more to hand over, or nobody to whom. */
  get isOver(): boolean {
    return this.#over;
  }

  /** There is a connection. */
  connected(): void {
    this.#push(() => this.#feed.connect());
  }

  /** Something before the head of the answer, which no recording keeps: `103 Early Hints`. */
  information(head: WireHead): void {
    this.#push(() => this.#feed.bytes(new WireAnswer(head).head()));
  }

  head(head: WireHead): void {
    const wire = (this.#wire = new WireAnswer(head));
    this.#push(() => {
      this.#headed = true;
      this.#feed.bytes(wire.head());
    });
  }

  /** A piece of the body; `given` is called when the client has it. */
  piece(bytes: Uint8Array, given: () => void = () => {}): void {
    const wire = this.#wire;
    this.#push(() => {
      if (wire !== undefined && bytes.length > 0) this.#feed.bytes(wire.piece(bytes));
      given();
    });
  }

  end(trailers: Pairs = []): void {
    const wire = this.#wire;
    this.#push(() => {
      this.#over = true;
      if (wire === undefined) return;
      this.#feed.bytes(wire.end(trailers));
      if (wire.endsWithConnection) this.#feed.close();
    });
  }

  /** The answer broke off, or none came; `thrown` is undefined where an answer broke off without an error of its own. */
  fail(thrown: unknown): void {
    this.#push(() => {
      this.#over = true;
      this.#feed.break(thrown === undefined && this.#headed ? null : { thrown });
    });
  }

  /** The app wants no more of it. */
  stop(): void {
    this.#over = true;
    this.#waiting.length = 0;
  }

  /** Something may be handed over that could not be. */
  look(): void {
    if (this.#scheduled || this.#over || this.#waiting.length === 0 || this.#isHeldUp()) return;
    this.#scheduled = true;
    this.#deliveries.push(() => this.#turn());
  }

  #turn(): void {
    this.#scheduled = false;
    if (this.#over || this.#isHeldUp()) return;
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

  #push(give: () => void): void {
    if (this.#over) return;
    this.#waiting.push(give);
    this.look();
  }
}
