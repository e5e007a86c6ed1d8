/** Sees how a call comes out, now or later, and hands its outcome on as it was. */
import { types } from 'node:util';
import { guard } from '../core/diagnostics.ts';

export type CallOutcome = { threw: false; value: unknown } | { threw: true; error: unknown };

type Then = (onValue?: ((value: unknown) => unknown) | null, onError?: ((error: unknown) => unknown) | null) => unknown;

/** What is given in the place of what a call gave or threw; null: that. */
export type Instead = () => { value: unknown } | null;

/**
 * Calls `fn` and tells `seen` once how it came out: before the caller is given the value or the throw. What is returned or thrown is identical, except that a native promise
 * is replaced by one that settles alike: watching it in place would make its rejection count as handled, and hide an unhandled one.
 * Where `instead` has something to say once it is known, that is what came out. Any other thenable (an SDK's own promise class) is the same object, watched where its `then` is called.
 */
export function watchOutcome<T>(fn: () => T, seen: (outcome: CallOutcome) => void, instead: Instead = () => null): T {
  let told = false;
  const tell = (outcome: CallOutcome): void => {
    if (told) return;
    told = true;
    guard('session.outcome', () => seen(outcome), undefined);
  };
  const onValue = (value: unknown): unknown => {
    const other = instead();
    const given = other === null ? value : other.value;
    tell({ threw: false, value: given });
    return given;
  };
  const onError = (error: unknown): unknown => {
    const other = instead();
    if (other !== null) {
      tell({ threw: false, value: other.value });
      return other.value;
    }
    tell({ threw: true, error });
    throw error;
  };
  let result: T;
  try {
    result = fn();
  } catch (error) {
    return onError(error) as T;
  }
  if (isNativePromise(result)) return result.then(onValue, onError) as T;
  const then = guard('session.thenable', () => thenOf(result), undefined);
  if (then !== undefined && watchInPlace(result as object, then, onValue, onError)) return result;
  return onValue(result) as T;
}

function isNativePromise(value: unknown): value is Promise<unknown> {
  // Not by `instanceof`: a proxy of the app's may throw at that.
  if (!types.isPromise(value)) return false;
  return guard(
    'session.thenable',
    () =>
      value.constructor === Promise &&
      value.then === Promise.prototype.then &&
      Object.getPrototypeOf(value) === Promise.prototype,
    false,
  );
}

function thenOf(value: unknown): Then | undefined {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return undefined;
  const then: unknown = (value as { then?: unknown }).then;
  return typeof then === 'function' ? (then as Then) : undefined;
}

function watchInPlace(
  value: object,
  then: Then,
  onValue: (value: unknown) => unknown,
  onError: (error: unknown) => unknown,
): boolean {
  const watched: Then = function (this: unknown, resolve, reject) {
    return then.call(
      this,
      (got) => {
        const given = onValue(got);
        return resolve ? resolve(given) : given;
      },
      (error) => {
        if (reject) {
          guard('session.outcome', () => onErrorQuiet(onError, error), undefined);
          return reject(error);
        }
        return onError(error);
      },
    );
  };
  return guard(
    'session.thenable',
    () => Reflect.defineProperty(value, 'then', { value: watched, configurable: true, writable: true, enumerable: false }),
    false,
  );
}

function onErrorQuiet(onError: (error: unknown) => unknown, error: unknown): void {
  try {
    onError(error);
  } catch {
    // It throws what it was given; the app's own handler is given it next.
  }
}
