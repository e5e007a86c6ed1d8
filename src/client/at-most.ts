/** Waiting with an end. */

/** `promise`, or `late` after `timeoutMs`, or when it rejects. */
export function atMost<T>(timeoutMs: number, promise: Promise<T>, late: T): Promise<T> {
  return new Promise((resolve) => {
    // timer held: the app waits for us here, and a top-level await with nothing to wait for would end the process with code 13.
    const timer = setTimeout(() => resolve(late), Math.max(0, timeoutMs));
    const done = (value: T): void => {
      clearTimeout(timer);
      resolve(value);
    };
    promise.then(done, () => done(late));
  });
}
