/** HTTP attempts: what an SDK sends below its own retry loop. Each is an exchange of the call that it was made for, and may be answered by replay instead of the network. */
import { guard } from '../core/diagnostics.ts';
import { hub } from '../events/ports.ts';
import type { ExchangeRequest } from '../events/ports.ts';
import { exchangeRequest, watchExchange } from '../patch/exchange.ts';
import type { AnswerHead } from '../patch/exchange.ts';
import { looking } from '../patch/own-member.ts';
import type { Method } from '../patch/registry.ts';
import type { LlmCall } from './llm-call.ts';

/** How the attempts of one method are read. */
export interface AttemptKind {
  /** The call that the attempt belongs to, from what the method was called on. */
  call: (self: any) => LlmCall | null;
  /** The request as data, from the arguments of the method; those of `fetch` unless said. */
  request?: (args: readonly any[]) => ExchangeRequest;
  /** The answer of a replay as the method gives answers; as it is, unless said. */
  given?: (response: Response) => unknown;
  /** Finds the answer in what the method's promise gave; that is a `Response`, unless said. */
  head?: (given: any) => AnswerHead;
}

/** One attempt that begins. */
export interface Attempt {
  /** The answer of a replay; null lets the request go to the network. */
  answered: Promise<Response> | null;
  /** Tells of the promise of a response that the attempt gave. */
  sent(sent: unknown): void;
}

/** Begins an attempt of `call`; null when nobody wants to know of it. */
export function beginAttempt(
  call: LlmCall | null,
  request: () => ExchangeRequest,
  head?: (given: any) => AnswerHead,
): Attempt | null {
  const { answerer } = hub;
  if (call === null && answerer === null) return null;
  return guard<Attempt | null>(
    'patch.attempt',
    () => {
      const given = request();
      const answered = guard('patch.answer', () => answerer?.answer(given, call?.event ?? null) ?? null, null);
      const exchange = call === null ? null : guard('patch.exchange', () => call.event.exchange(given), null);
      return {
        answered,
        sent: (sent) => {
          if (call === null || exchange === null) return;
          call.sent(watchExchange(sent, exchange, { wantsBody: call.event.wantsBodies, onHead: call, read: head }));
        },
      };
    },
    null,
  );
}

/** A method that sends one HTTP request, such as `fetch` or an SDK's own `fetchWithTimeout(url, init, ...)`. */
export function attemptMethod(original: Method, kind: AttemptKind): Method {
  return function (this: any, ...args: any[]) {
    if (hub.recorder === null && hub.answerer === null) return Reflect.apply(original, this, args);
    const call = guard('patch.attempt', () => kind.call(this), null);
    const attempt = beginAttempt(call, () => kind.request?.(args) ?? exchangeRequest(args[0], args[1]), kind.head);
    if (attempt === null) return Reflect.apply(original, this, args);
    let sent: unknown;
    try {
      const answered: Promise<unknown> | undefined = kind.given
        ? attempt.answered?.then(kind.given)
        : (attempt.answered ?? undefined);
      sent = answered ?? Reflect.apply(original, this, args);
    } catch (error) {
      looking('patch.attempt', () => attempt.sent(Promise.reject(error)));
      throw error;
    }
    looking('patch.attempt', () => attempt.sent(sent));
    return sent;
  };
}
