/** Errors of `fetch`, as facts and as errors again: whoever prints one prints the same. */
import type { ThrownFacts } from '../events/lines.ts';

const CAUSES_MAX = 4;
const ERRORS_MAX = 16;
const MEMBERS_MAX = 16;
const STACK_CHARS_MAX = 8192;

/** What is kept of an error. `signal` is that of the request. */
export function thrownFacts(error: unknown, signal?: AbortSignal, depth = 0): ThrownFacts {
  const { name, message, code, cause, stack, errors } = (error ?? {}) as Partial<Record<keyof AggregateError | 'code', unknown>>;
  const members = error instanceof Error ? membersOf(error) : {};
  const deeper = depth < CAUSES_MAX;
  return {
    name: typeof name === 'string' ? name : typeof error,
    message: typeof message === 'string' ? message : String(error),
    ...((typeof code === 'string' || typeof code === 'number') && { code }),
    ...(signal?.aborted === true && { aborted: true }),
    ...(typeof stack === 'string' && { stack: stack.slice(0, STACK_CHARS_MAX) }),
    ...(Object.keys(members).length > 0 && { members }),
    ...(cause !== undefined && deeper && { cause: thrownFacts(cause, undefined, depth + 1) }),
    ...(Array.isArray(errors) &&
      deeper && { errors: errors.slice(0, ERRORS_MAX).map((each) => thrownFacts(each, undefined, depth + 1)) }),
  };
}

/** What Node says of an error of its own: `errno`, `syscall`, `address`, ... */
function membersOf(error: Error): NonNullable<ThrownFacts['members']> {
  const scalars = Object.entries(error).filter(
    ([, value]) => ['string', 'boolean'].includes(typeof value) || Number.isFinite(value),
  );
  return Object.fromEntries(scalars.slice(0, MEMBERS_MAX)) as NonNullable<ThrownFacts['members']>;
}

const CLASSES: Readonly<Record<string, ErrorConstructor>> = { TypeError, RangeError, SyntaxError };

/** An error like the one that was kept; of a request that was aborted, the reason of its signal. */
export function thrownAgain(facts: ThrownFacts, signal?: AbortSignal): unknown {
  // What sent the request may have written upon the reason: its stack.
  const error = facts.aborted === true && signal?.aborted === true ? (signal.reason as unknown) : newError(facts);
  const { stack } = facts;
  if (error instanceof Error && stack !== undefined && error.stack !== stack) {
    Object.defineProperty(error, 'stack', { value: stack, configurable: true, writable: true, enumerable: false });
  }
  return error;
}

function newError({ name, message, code, cause, members, errors = [] }: ThrownFacts): Error {
  if (name === 'AbortError' || name === 'TimeoutError') return new DOMException(message, name);
  const options = cause === undefined ? undefined : { cause: thrownAgain(cause) };
  const error =
    name === 'AggregateError'
      ? new AggregateError(
          errors.map((each) => thrownAgain(each)),
          message,
          options,
        )
      : new (CLASSES[name] ?? Error)(message, options);
  if (error.name !== name) Object.defineProperty(error, 'name', { value: name, configurable: true, writable: true });
  return Object.assign(error, members, members === undefined && code !== undefined && { code });
}
