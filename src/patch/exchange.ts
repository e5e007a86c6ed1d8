/** Watches one HTTP attempt: the request as the SDK made it, the head of the answer, and its body as it is read. */
import { guard } from '../core/diagnostics.ts';
import type { ErrorFacts } from '../events/model.ts';
import type { ExchangeEnd, ExchangeRequest, OpenExchange } from '../events/ports.ts';
import { observeAnswer } from './observe-body.ts';
import type { BodySink } from './observe-body.ts';
import { looking, observe } from './own-member.ts';
import { transportError } from './transport-error.ts';

/** The arguments of `fetch`, as an SDK passes them. */
export interface SentRequest {
  method?: unknown;
  headers?: unknown;
  body?: unknown;
}

/** The request as data. Its body is taken as it is; one that could only be read by consuming it is left alone. */
export function exchangeRequest(url: unknown, init: SentRequest | undefined): ExchangeRequest {
  const method = typeof init?.method === 'string' ? init.method.toUpperCase() : 'GET';
  return { method, url: String(url), headers: headerPairs(init?.headers), ...requestBody(init?.body) };
}

function requestBody(body: unknown): { body?: string | Uint8Array; omitted?: string } {
  if (body === undefined || body === null) return {};
  if (typeof body === 'string') return { body };
  if (ArrayBuffer.isView(body)) return { body: new Uint8Array(body.buffer, body.byteOffset, body.byteLength) };
  if (body instanceof ArrayBuffer) return { body: new Uint8Array(body) };
  return { omitted: (body as { constructor?: { name?: string } }).constructor?.name || 'unknown' };
}

/** Headers of any form (`Headers`, node-fetch's, an object, pairs) as pairs. */
export function headerPairs(headers: any): Iterable<readonly [string, string]> {
  if (typeof headers !== 'object' || headers === null) return [];
  if (typeof headers[Symbol.iterator] === 'function') return headers as Iterable<readonly [string, string]>;
  return Object.entries(headers).flatMap(([name, value]): [string, string][] =>
    value === undefined || value === null ? [] : [[name, String(value)]],
  );
}

/** One attempt that is under way. */
export interface WatchedExchange {
  readonly exchange: OpenExchange;
  /** HTTP status, once the head is there. */
  readonly status: number | undefined;
  readonly headers: any;
  /** Why it failed, where it did. */
  readonly error: ErrorFacts | undefined;
  /** Nobody will read on: ends the exchange as it stands. */
  close(): void;
}

/** Status, headers and body of an answer, as a `Response` has them. */
export interface AnswerHead {
  status: number;
  headers: any;
  body: unknown;
}

/** Who is told of the head of an answer. */
export interface HeadSink {
  head(status: number, headers: any): void;
}

/**
 * A socket keeps the async scope that it was made in, and so the event, this and all that hangs on it, for as long as it lives; and an answer that nobody reads keeps its socket. So nothing
 * here may refer to the response, its body or their promise, not even the scope of a closure: otherwise an abandoned answer would never be collected.
 */
class Watch implements WatchedExchange, BodySink {
  readonly exchange: OpenExchange;
  readonly #wantsBody: boolean;
  readonly #onHead: HeadSink;
  readonly #read: Watching['read'];
  #closeBody: (() => void) | undefined;
  status: number | undefined;
  headers: any;
  error: ErrorFacts | undefined;

  constructor(exchange: OpenExchange, { wantsBody, onHead, read }: Watching) {
    this.exchange = exchange;
    this.#wantsBody = wantsBody;
    this.#onHead = onHead;
    this.#read = read;
  }

  readonly arrived = (given: any): void => looking('patch.head', () => this.#arrived(this.#read ? this.#read(given) : given));

  #arrived(response: AnswerHead): void {
    looking('patch.head', () => {
      this.status = response.status;
      this.headers = response.headers;
      this.exchange.head(response.status, headerPairs(response.headers));
    });
    looking('patch.head', () => this.#onHead.head(response.status, response.headers));
    looking('patch.body', () => {
      if (!this.#wantsBody) {
        this.exchange.end('unread');
        return;
      }
      this.#closeBody = observeAnswer(response, this);
    });
  }

  readonly failed = (error: unknown): void => {
    looking('patch.exchange', () => this.end('error', error));
  };

  piece(bytes: Uint8Array): void {
    this.exchange.chunk(bytes);
  }

  end(how: ExchangeEnd, error?: unknown): void {
    this.error = how === 'error' ? transportError(error) : undefined;
    this.exchange.end(how, this.error);
  }

  close(): void {
    if (this.#closeBody) this.#closeBody();
    else looking('patch.exchange', () => this.exchange.end('unread'));
  }
}

/** How the answer of an exchange is watched. */
export interface Watching {
  wantsBody: boolean;
  /** Told when the head is there; must not refer to what was sent. */
  onHead: HeadSink;
  /** Finds the answer in what the promise of it gave; that is it, unless said. */
  read?: ((given: any) => AnswerHead) | undefined;
}

/** Watches the answer that `sent` stands for. */
export function watchExchange(sent: unknown, exchange: OpenExchange, watching: Watching): WatchedExchange {
  const watch = new Watch(exchange, watching);
  if (sent instanceof Promise) observe(sent, watch.arrived, watch.failed);
  return watch;
}

/** One header, whatever form the headers have; undefined when it is not there. */
export function header(headers: any, name: string): string | undefined {
  return guard<string | undefined>(
    'patch.header',
    () => {
      if (typeof headers !== 'object' || headers === null) return undefined;
      const value: unknown = typeof headers.get === 'function' ? headers.get(name) : headers[name];
      return typeof value === 'string' ? value : undefined;
    },
    undefined,
  );
}
