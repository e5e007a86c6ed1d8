/** Errors of `fetch`, as facts and as errors again. */
import type { ThrownFacts } from '../events/lines.ts';

const CAUSES_MAX = 4;

/** What is kept of an error. `signal` is that of the request. */
export function thrownFacts(error: unknown, signal?: AbortSignal, depth = 0): ThrownFacts {
  const { name, message, code, cause } = (error ?? {}) as { [K in 'name' | 'message' | 'code' | 'cause']?: unknown };
  return {
    name: typeof name === 'string' ? name : typeof error,
    message: typeof message === 'string' ? message : String(error),
    ...((typeof code === 'string' || typeof code === 'number') && { code }),
    ...(signal?.aborted === true && { aborted: true }),
    ...(cause !== undefined && depth < CAUSES_MAX && { cause: thrownFacts(cause, undefined, depth + 1) }),
  };
}

const CLASSES: Readonly<Record<string, ErrorConstructor>> = { TypeError, RangeError, SyntaxError };

/** An error like the one that was kept; of a request that was aborted, the reason of its signal. */
export function thrownAgain(facts: ThrownFacts, signal?: AbortSignal): unknown {
  if (facts.aborted === true && signal?.aborted === true) return signal.reason;
  const { name, message, code, cause } = facts;
  if (name === 'AbortError' || name === 'TimeoutError') return new DOMException(message, name);
  const options = cause === undefined ? undefined : { cause: thrownAgain(cause) };
  const error =
    name === 'AggregateError' ? new AggregateError([], message, options) : new (CLASSES[name] ?? Error)(message, options);
  if (error.name !== name) Object.defineProperty(error, 'name', { value: name, configurable: true, writable: true });
  if (code !== undefined) Object.assign(error, { code });
  return error;
}
