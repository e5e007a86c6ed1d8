/** One HTTP attempt of an event: keeps its facts in both modes, and hands the bytes to the recording in full mode. */
import { epochUs, monotonicUs } from '../core/clock.ts';
import { guard } from '../core/diagnostics.ts';
import type { Attempt, ErrorFacts } from '../events/model.ts';
import type { ExchangeEnd, ExchangeRequest, OpenExchange } from '../events/ports.ts';
import type { LiveSession } from './live-session.ts';

type Headers = Iterable<readonly [string, string]>;

export class LiveExchange implements OpenExchange {
  readonly attempt: Attempt;
  readonly #session: LiveSession;
  readonly #bytes: OpenExchange | null;
  #touched = false;
  #end: ExchangeEnd | undefined;
  #listeners: ((how: ExchangeEnd) => void)[] | undefined;

  /** `on`: the event; undefined when it has ended and nothing more is to be kept. */
  constructor(session: LiveSession, on: string | undefined, request: ExchangeRequest) {
    this.#session = session;
    this.attempt = { at: session.log.now(), us: 0 };
    this.#bytes =
      on !== undefined && session.full ? guard('session.exchange', () => session.log.exchange(request, on), null) : null;
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
        this.#bytes?.head(status, headers);
      },
      undefined,
    );
  }

  chunk(bytes: Uint8Array): void {
    this.#touched = true;
    if (this.#end === undefined) this.#bytes?.chunk(bytes);
  }

  end(how: ExchangeEnd, error?: ErrorFacts): void {
    if (this.#end !== undefined) return;
    this.#end = how;
    guard(
      'session.exchange-end',
      () => {
        if (this.attempt.status === undefined) this.#took();
        if (error) this.attempt.error = error.code ?? error.type;
        this.#bytes?.end(how, error);
      },
      undefined,
    );
    const listeners = this.#listeners;
    this.#listeners = undefined;
    for (const listener of listeners ?? []) guard('session.exchange-listener', () => listener(how), undefined);
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
  for (const [name, value] of headers) {
    // Only a few names matter, and their lengths tell most others apart without lower-casing them.
    if (name.length < 10 || name.length > 14) continue;
    const lower = name.toLowerCase();
    if (lower === 'x-request-id' || lower === 'request-id') attempt.requestId = value.slice(0, 200);
    else if (lower === 'retry-after-ms') set(attempt, Number(value));
    else if (lower === 'retry-after' && attempt.retryAfterMs === undefined) set(attempt, retryAfter(value));
  }
}

function set(attempt: Attempt, ms: number): void {
  if (Number.isFinite(ms) && ms >= 0) attempt.retryAfterMs = Math.round(ms);
}

/** Seconds, or a date (RFC 9110, section 10.2.3), in milliseconds from now. */
function retryAfter(value: string): number {
  const seconds = Number(value);
  if (Number.isFinite(seconds)) return seconds * 1000;
  return Math.max(0, Date.parse(value) - (epochUs() + monotonicUs()) / 1000);
}
