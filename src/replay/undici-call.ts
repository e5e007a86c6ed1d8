/** One request of npm undici: who asks, what is sent, and what its handler is told of the answer, in turns of their own. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { guard } from '../core/diagnostics.ts';
import { transportError } from '../patch/transport-error.ts';
import type { Delivery } from '../recording/delivery-order.ts';
import type { LoggedExchange } from '../recording/log-writer.ts';
import type { AskedBy, OpenBytes } from './exchange-owner.ts';
import { pairsOf } from './http-wire.ts';
import { childBy, childOf, internally, runAt } from './lineage.ts';
import type { LineageNode } from './lineage.ts';
import type { AskedRequest } from './request-digest.ts';
import { thrownFacts } from './thrown.ts';
import { toldBy } from './undici-handler.ts';
import type { UndiciControl, UndiciHead, UndiciTold } from './undici-handler.ts';

/** The way in which these places come about. */
const BY_UNDICI = 17;
const EVENTS = ['body', 'start', 'head', 'piece', 'end', 'fail', 'connection'] as const;
type Place = (typeof EVENTS)[number];

/** Who sends, or answers, and is told what the handler wants. */
export interface UndiciSender extends UndiciControl {
  /** The handler wants no more of the answer. */
  left(): void;
}

/** What undici says to a handler that ends its request without a reason. */
export function abortedRequest(): Error {
  return Object.assign(new Error('Request aborted'), { name: 'AbortError', code: 'UND_ERR_ABORTED' });
}

export class UndiciCall implements AskedBy {
  readonly lin: string;
  readonly lo: number;
  readonly where: string | undefined;
  /** The app itself has ended the request. */
  aborted = false;
  /** The handler takes no more for now. */
  paused = false;
  ended = false;
  sender: UndiciSender | undefined;
  readonly #places: ReadonlyMap<Place, LineageNode>;
  /** Runs something in the async scopes in which the request was made. */
  readonly #inScope = AsyncLocalStorage.snapshot();
  #told!: UndiciTold;
  #bytes: LoggedExchange | null = null;

  constructor(node: LineageNode, where: string | undefined) {
    this.lin = node.id;
    this.lo = ++node.requests;
    this.where = where;
    const base = childBy(node, BY_UNDICI);
    this.#places = new Map(EVENTS.map((name) => [name, childOf(base)]));
  }

  /** Whose handler is told. */
  tell(handler: object): void {
    this.#told = toldBy(handler, {
      abort: (reason) => {
        this.aborted = true;
        this.sender?.abort(reason);
      },
      resume: () => {
        this.paused = false;
        this.sender?.resume();
      },
    });
  }

  /** Runs `fn` as code of one of the request's places, in the scopes of who asked. */
  at<T>(place: Place, fn: () => T): T {
    return this.#inScope(() => runAt(this.#places.get(place)!, fn));
  }

  /** Runs `fn`, and whatever follows from it, in the scopes of who asked and as none of the app's code. */
  apart<T>(fn: () => T): T {
    return this.#inScope(() => internally(fn));
  }

  open(asked: AskedRequest, open: OpenBytes): void {
    this.#bytes = guard('replay.exchange', () => this.#inScope(() => open(asked, this)), null);
  }

  start(context: unknown): void {
    this.at('start', () => this.#told.start(context));
  }

  head(delivery: Delivery, { status, raw, statusText }: UndiciHead): void {
    if (this.ended) return;
    const text = raw.map((each) => each.toString('latin1'));
    // A head before the head is not the answer's.
    if (status >= 200)
      this.#log(delivery, (bytes) => bytes.head(status, pairsOf(text), { ...(statusText !== '' && { statusText }) }));
    this.#hand('head', () => this.#told.head({ status, raw, statusText }));
  }

  piece(delivery: Delivery, bytes: Buffer): void {
    if (this.ended) return;
    this.#log(delivery, (log) => log.chunk(new Uint8Array(bytes)));
    this.#hand('piece', () => this.#told.piece(bytes));
  }

  /** What a handler throws ends its request. */
  #hand(place: Place, tell: () => boolean): void {
    try {
      this.paused = !this.at(place, tell);
    } catch (error) {
      this.aborted = true;
      this.sender?.abort(error);
    }
  }

  end(delivery: Delivery, raw: Buffer[]): void {
    if (this.ended) return;
    this.ended = true;
    const trailers = raw.length > 0 ? pairsOf(raw.map((each) => each.toString('latin1'))) : undefined;
    this.#log(delivery, (bytes) => bytes.end('complete', undefined, undefined, trailers));
    try {
      this.at('end', () => this.#told.end(raw));
    } catch (error) {
      this.at('fail', () => this.#told.fail(error));
    }
  }

  /** `delivery`: null where nobody waits for its turn. */
  fail(delivery: Delivery | null, error: unknown): void {
    if (this.ended) return;
    this.ended = true;
    if (delivery === null) {
      guard('replay.exchange', () => this.#bytes?.end('cancelled'), undefined);
      this.sender?.left();
    } else this.#log(delivery, (bytes) => bytes.end('error', transportError(error), thrownFacts(error)));
    this.at('fail', () => this.#told.fail(error));
  }

  #log(delivery: Delivery, tell: (bytes: LoggedExchange) => void): void {
    const bytes = this.#bytes;
    if (bytes !== null) guard('replay.exchange', () => delivery.run(() => tell(bytes)), undefined);
  }
}
