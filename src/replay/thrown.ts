/** Errors that the app was given, as facts and as errors again. */
import type { SystemFacts, ThrownFacts } from '../events/lines.ts';

const CAUSES_MAX = 4;
const ERRORS_MAX = 16;
/** UTF-16 units of a stack. */
const FRAMES_MAX = 4096;

/** What is kept of an error. `signal` is that of the request. */
export function thrownFacts(error: unknown, signal?: AbortSignal, depth = 0): ThrownFacts {
  const { name, message, code, cause } = (error ?? {}) as { [K in 'name' | 'message' | 'code' | 'cause']?: unknown };
  const system = systemFacts(error);
  const frames = framesOf(error);
  const further = depth < CAUSES_MAX;
  return {
    name: typeof name === 'string' ? name : typeof error,
    message: typeof message === 'string' ? message : String(error),
    ...((typeof code === 'string' || typeof code === 'number') && { code }),
    ...(signal?.aborted === true && { aborted: true }),
    ...(system !== undefined && { system }),
    ...(frames !== undefined && { frames }),
    ...(cause !== undefined && further && { cause: thrownFacts(cause, undefined, depth + 1) }),
    ...(error instanceof AggregateError &&
      further && { errors: error.errors.slice(0, ERRORS_MAX).map((each) => thrownFacts(each, undefined, depth + 1)) }),
  };
}

/** What a stack says behind the message. */
function framesOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || typeof error.stack !== 'string') return undefined;
  const head = error.message === '' ? error.name : `${error.name}: ${error.message}`;
  const frames = error.stack.startsWith(head) ? error.stack.slice(head.length) : '';
  return frames.startsWith('\n') ? frames.slice(0, FRAMES_MAX) : undefined;
}

function systemFacts(error: unknown): SystemFacts | undefined {
  if (!(error instanceof Error) || !('syscall' in error)) return undefined;
  const { errno, syscall, address, port, hostname } = error as { [K in keyof SystemFacts]: unknown };
  return {
    ...(typeof errno === 'number' && { errno }),
    ...(typeof syscall === 'string' && { syscall }),
    ...(typeof address === 'string' && { address }),
    ...(typeof port === 'number' && { port }),
    ...(typeof hostname === 'string' && { hostname }),
  };
}

const CLASSES: Readonly<Record<string, ErrorConstructor>> = { TypeError, RangeError, SyntaxError };

/** An error like the one that was kept; of a request that was aborted, the reason of its signal. */
export function thrownAgain(facts: ThrownFacts, signal?: AbortSignal): unknown {
  if (facts.aborted === true && signal?.aborted === true) return signal.reason;
  const { name, message, code, cause, errors, system, frames } = facts;
  if (name === 'AbortError' || name === 'TimeoutError') return new DOMException(message, name);
  const options = cause === undefined ? undefined : { cause: thrownAgain(cause) };
  const error =
    name === 'AggregateError' || errors !== undefined
      ? new AggregateError(errors?.map((each) => thrownAgain(each)) ?? [], message, options)
      : new (CLASSES[name] ?? Error)(message, options);
  if (error.name !== name) Object.defineProperty(error, 'name', { value: name, configurable: true, writable: true });
  if (frames !== undefined) error.stack = `${name}${message === '' ? '' : `: ${message}`}${frames}`;
  // In the order in which Node gives an error its members.
  const { errno, ...more } = system ?? {};
  Object.assign(error, errno !== undefined && { errno }, code !== undefined && { code }, more);
  return error;
}
