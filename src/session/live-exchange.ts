/** One HTTP attempt of an event: keeps its facts in both modes, and hands the bytes to the recording in full mode. */
import { guard } from '../core/diagnostics.ts';
import { requestIdIn } from '../core/request-id.ts';
import { retryAfterMs } from '../core/retry-after.ts';
import type { Attempt, ErrorFacts } from '../events/model.ts';
import type { ExchangeEnd, ExchangeRequest, OpenExchange } from '../events/ports.ts';
import type { LoggedExchange } from '../recording/log-writer.ts';
import type { LiveSession } from './live-session.ts';

type Headers = Iterable<readonly [string, string]>;

export class LiveExchange implements OpenExchange {
  readonly attempt: Attempt;
  readonly #session: LiveSession;
  readonly #bytes: LoggedExchange | null;
  /** The patch of `fetch` tells the recording of the bytes. */
  #given: boolean;
  #touched = false;
  #end: ExchangeEnd | undefined;
  #listeners: ((how: ExchangeEnd) => void)[] | undefined;

  /** `on`: the event; undefined when it has ended and nothing more is to be kept. `fetched`: the bytes, where the patch of `fetch` records them already. */
  constructor(session: LiveSession, on: string | undefined, request: ExchangeRequest, fetched: LoggedExchange | null = null) {
    this.#session = session;
    this.attempt = { at: session.log.now(), us: 0 };
    this.#given = fetched !== null;
    fetched?.keep();
    this.#bytes =
      fetched ??
      (on !== undefined && session.full ? guard('session.exchange', () => session.log.exchange(request, on), null) : null);
  }

  /** Hands the bytes over to the patch of `fetch`: from here on only that one tells the recording of them. */
  giveBytes(): LoggedExchange | null {
    if (this.#given || this.#end !== undefined || this.attempt.status !== undefined) return null;
    this.#given = true;
    this.#bytes?.keep();
    return this.#bytes;
  }

  /** An answer came, and nothing of its body was read. */
  get unread(): boolean {
    return this.attempt.status !== undefined && !this.#touched && (this.#end === undefined || this.#end === 'unread');
  }

  head(status: number, headers: Headers): void {
    if (this.#end !== undefined || this.attempt.status !== undefined) return;
    guard(
      'session.exchange-head',
      () => {
        this.attempt.status = status;
        this.#took();
        readHeaders(this.attempt, headers);
        if (!this.#given) this.#bytes?.head(status, headers);
      },
      undefined,
    );
  }

  chunk(bytes: Uint8Array): void {
    this.#touched = true;
    if (this.#end === undefined && !this.#given) this.#bytes?.chunk(bytes);
  }

  end(how: ExchangeEnd, error?: ErrorFacts): void {
    if (this.#end !== undefined) return;
    this.#end = how;
    guard(
      'session.exchange-end',
      () => {
        if (this.attempt.status === undefined) this.#took();
        if (error) this.attempt.error = error.code ?? error.type;
        if (!this.#given) this.#bytes?.end(how, error);
      },
      undefined,
    );
    const listeners = this.#listeners;
    this.#listeners = undefined;
    for (const listener of listeners ?? []) guard('session.exchange-listener', () => listener(how), undefined);
    if (this.#given) this.#bytes?.letGo();
  }

  onEnd(listener: (how: ExchangeEnd) => void): void {
    const how = this.#end;
    if (how !== undefined) guard('session.exchange-listener', () => listener(how), undefined);
    else (this.#listeners ??= []).push(listener);
  }

  answer(): { status: number | undefined; body: Uint8Array | undefined } {
    return this.#bytes?.answer() ?? { status: this.attempt.status, body: undefined };
  }

  #took(): void {
    this.attempt.us = this.#session.log.now() - this.attempt.at;
  }
}

/** What the headers say of waiting and of the provider's request id. */
function readHeaders(attempt: Attempt, headers: Headers): void {
  const id = requestIdIn((name) => headerOf(headers, name));
  if (id !== undefined) attempt.requestId = id.slice(0, 200);
  const wait = retryAfterMs({ exact: headerOf(headers, 'retry-after-ms'), value: headerOf(headers, 'retry-after') });
  if (wait !== undefined) attempt.retryAfterMs = wait;
}

/** One header. Where `Headers` are given they are asked: going through them all sorts them first. */
function headerOf(headers: Headers, name: string): string | undefined {
  if (headers instanceof globalThis.Headers) return headers.get(name) ?? undefined;
  for (const [key, value] of headers) if (key.length === name.length && key.toLowerCase() === name) return value;
  return undefined;
}
