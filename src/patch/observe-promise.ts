/**
 * Watches one promise of a Stainless SDK in place. Such a promise is lazy: the request is under way, but the answer is read only when somebody asks for it, by
 * `then` (which calls `parse`), by `_thenUnwrap` (the SDK's own helpers) or not at all by `asResponse`. Asking on the side would read the body twice.
 */
import { looking, observe, setOwn } from './own-member.ts';

export interface PromiseSink {
  /** Runs what reads the answer, and may send the request again, as part of the call. */
  reading<T>(read: () => T): T;
  /** The answer, before the app has it. Called for every way in which the app may ask; the first counts. */
  resolved(value: unknown): void;
  /** The error, before the app has it. */
  rejected(error: unknown): void;
  /** The app asked for the HTTP response instead of the answer. */
  rawAsked(): void;
  /** And it has come. */
  rawArrived(): void;
}

/** Whether `value` is a promise that `observePromise` knows how to watch. */
export function isLazyPromise(value: unknown): boolean {
  const promise = value as any;
  return (
    typeof promise === 'object' &&
    promise !== null &&
    typeof promise.parse === 'function' &&
    typeof promise.asResponse === 'function'
  );
}

/** Watches `promise` and whatever the SDK derives from it. The promise stays the same object, and as lazy as it was. */
export function observePromise(promise: any, sink: PromiseSink): void {
  watchParse(promise, sink);
  watchAsResponse(promise, sink);
  if (typeof promise._thenUnwrap === 'function') watchUnwrap(promise, sink);
}

function watchParse(promise: any, sink: PromiseSink): void {
  const { parse } = promise;
  let parsed: unknown;
  let handedOut: unknown;
  setOwn(promise, 'parse', function (this: unknown, ...args: unknown[]) {
    const outcome = sink.reading(() => Reflect.apply(parse, this, args) as unknown);
    // The SDK keeps its promise and hands out the same one each time; so do we.
    if (outcome === parsed) return handedOut;
    parsed = outcome;
    // A link in the chain, not a look from the side: that would count as somebody having handled a rejection that nobody did.
    handedOut =
      outcome instanceof Promise
        ? outcome.then(
            (value: unknown) => {
              looking('patch.resolved', () => sink.resolved(value));
              return value;
            },
            (error: unknown) => {
              looking('patch.rejected', () => sink.rejected(error));
              throw error;
            },
          )
        : outcome;
    return handedOut;
  });
}

function watchAsResponse(promise: any, sink: PromiseSink): void {
  const { asResponse } = promise;
  setOwn(promise, 'asResponse', function (this: unknown, ...args: unknown[]) {
    looking('patch.raw', () => sink.rawAsked());
    const response: unknown = Reflect.apply(asResponse, this, args);
    // Its rejection is handled, or not, on the promise that was just derived from it.
    const arrived: unknown = promise.responsePromise;
    if (arrived instanceof Promise) {
      observe(
        arrived,
        () => looking('patch.raw', () => sink.rawArrived()),
        (error) => looking('patch.rejected', () => sink.rejected(error)),
      );
    }
    return response;
  });
}

function watchUnwrap(promise: any, sink: PromiseSink): void {
  const unwrap = promise._thenUnwrap;
  setOwn(promise, '_thenUnwrap', function (this: unknown, transform: (...args: unknown[]) => unknown, ...rest: unknown[]) {
    const seen = (...args: unknown[]): unknown => {
      looking('patch.resolved', () => sink.resolved(args[0]));
      return transform(...args);
    };
    const derived: unknown = Reflect.apply(unwrap, this, [seen, ...rest]);
    looking('patch.unwrap', () => {
      if (isLazyPromise(derived)) observePromise(derived, sink);
    });
    return derived;
  });
}
