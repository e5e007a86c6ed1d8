/** Promises that the app's code gives where a value was asked for. */

/** Takes a promise for what it is: not the value that was asked for, and no reason to end the process when it rejects. Anything else passes. */
export function refusePromise<T>(value: T, what: string): T {
  if (!(value instanceof Promise)) return value;
  void Promise.prototype.then.call(value, undefined, () => {});
  throw new TypeError(`${what} returned a promise: it must answer at once`);
}
