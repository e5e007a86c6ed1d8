/** How one object of an SDK is watched in place: members of its own that nobody lists, over the ones that it inherits. */
import { reportFault } from '../core/diagnostics.ts';

/** Gives `object` a member of its own. It shows in a listing of keys only where the member that it covers did. */
export function setOwn(object: object, key: PropertyKey, value: unknown): void {
  const own = Object.getOwnPropertyDescriptor(object, key);
  Object.defineProperty(object, key, { value, writable: true, configurable: true, enumerable: own?.enumerable ?? false });
}

const then = Promise.prototype.then;
/** `then.call(promise, ...)`, whatever the app makes of `Function.prototype.call`. */
const callThen: (promise: Promise<any>, fulfilled: (value: any) => void, rejected: (error: unknown) => void) => unknown =
  Function.prototype.call.bind(then);

/**
 * Looks at the outcome of a native promise that the app gets as it is: no further promise, so nothing is later for the app, and the
 * looker runs before whoever is given the promise can ask for it.
 */
export function observe(promise: Promise<any>, fulfilled: (value: any) => void, rejected: (error: unknown) => void): void {
  void callThen(promise, fulfilled, rejected);
}

/** Whether `observe` can look at it: a promise of this realm that has no `then` of its own class. */
export function isPlainPromise(value: unknown): value is Promise<any> {
  return value instanceof Promise && value.then === then;
}

/** Runs `look`; a throw of ours is counted, and the app goes on. */
export function looking(site: string, look: () => void): void {
  try {
    look();
  } catch (error) {
    reportFault(site, error);
  }
}
