/** What the recording is told of one request and its answer: each thing as the app is given it, all of one turn at one place in the order. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { guard } from '../core/diagnostics.ts';
import { Delivery } from '../recording/delivery-order.ts';
import type { LoggedExchange } from '../recording/log-writer.ts';
import type { AskedBy, OpenBytes } from './exchange-owner.ts';
import { asNobody } from './lineage.ts';
import type { AskedRequest } from './request-digest.ts';

export class ToldExchange {
  readonly #by: AskedBy;
  readonly #openBytes: OpenBytes;
  /** Runs something in the async scopes in which the request was made. */
  readonly inScope: <T>(fn: () => T) => T = AsyncLocalStorage.snapshot();
  #bytes: LoggedExchange | null = null;
  #opened = false;
  #ended = false;
  #delivery: Delivery | null = null;

  /** Made where the request is. */
  constructor(by: AskedBy, open: OpenBytes) {
    this.#by = by;
    this.#openBytes = open;
  }

  /** Whether the recording has the request. */
  get opened(): boolean {
    return this.#opened;
  }

  /** Whether the app was given the end of the answer, or an error, or has left. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Whether something is being handed over. */
  get isHanding(): boolean {
    return this.#delivery !== null;
  }

  /** Writes the request down, once; `early`: its answer begins before it has been sent whole. */
  open(asked: AskedRequest, early: boolean): void {
    if (this.#opened) return;
    this.#opened = true;
    const { lin, lo, where } = this.#by;
    this.#bytes = guard('replay.exchange', () => this.inScope(() => this.#openBytes(asked, { lin, lo, where, early })), null);
  }

  /** Runs `run`, which hands over what came, as one turn, in the async scopes of the request. */
  hand(run: () => void): void {
    const before = this.#delivery;
    this.#delivery = new Delivery();
    try {
      this.inScope(() => asNobody(run));
    } finally {
      this.#delivery = before;
    }
  }

  /** Tells the recording something; of what comes while something is handed over, the place in the order is that of the turn. */
  tell(tell: (bytes: LoggedExchange) => void): void {
    const bytes = this.#bytes;
    if (bytes === null) return;
    const delivery = this.#delivery;
    guard('replay.exchange', () => (delivery === null ? tell(bytes) : delivery.run(() => tell(bytes))), undefined);
  }

  /** Tells how it ended, once; gives whether it was this that ended it. */
  end(tell: (bytes: LoggedExchange) => void): boolean {
    if (this.#ended) return false;
    this.#ended = true;
    this.tell(tell);
    return true;
  }
}
