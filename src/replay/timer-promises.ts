/** `node:timers/promises`, over the timers of the app's that are replaced. `promisify(setTimeout)` is what stands there. */
// timer held: only replaced here
import timersPromises from 'node:timers/promises';
import { replaceGlobal } from './globals.ts';
import { currentNode } from './lineage.ts';

interface TimerOptions {
  signal?: AbortSignal;
  ref?: boolean;
}

/** Replaces what waits. Undone by `undoAll`. */
export function patchTimerPromises(): void {
  replaceGlobal(
    [timersPromises],
    'setTimeout',
    (original) =>
      function (this: unknown, ...args: unknown[]) {
        const [ms, value, options] = args as [number?, unknown?, TimerOptions?];
        if (currentNode().internal || !isPlain(options) || !isDelay(ms)) return Reflect.apply(original, this, args) as unknown;
        return after(ms, value, options);
      },
  );
  replaceGlobal(
    [Object.getPrototypeOf(timersPromises.scheduler) as object],
    'wait',
    (original) =>
      function (this: unknown, ...args: unknown[]) {
        const [ms, options] = args as [number?, TimerOptions?];
        if (currentNode().internal || !isPlain(options) || !isDelay(ms)) return Reflect.apply(original, this, args) as unknown;
        return after(ms, undefined, options);
      },
  );
  replaceGlobal(
    [timersPromises],
    'setInterval',
    (original) =>
      function (this: unknown, ...args: unknown[]) {
        const [ms, value, options] = args as [number?, unknown?, TimerOptions?];
        if (currentNode().internal || !isPlain(options) || !isDelay(ms)) return Reflect.apply(original, this, args) as unknown;
        return every(ms, value, options);
      },
  );
}

/** Whether Node would take it; what it would refuse, it refuses itself. */
function isPlain(options: unknown): options is TimerOptions | undefined {
  if (options === undefined) return true;
  if (typeof options !== 'object' || options === null) return false;
  const { signal, ref } = options as { signal?: unknown; ref?: unknown };
  return (signal === undefined || signal instanceof AbortSignal) && (ref === undefined || typeof ref === 'boolean');
}

const isDelay = (ms: unknown): ms is number | undefined => ms === undefined || typeof ms === 'number';

/** The error that Node gives for a signal that aborts. */
function abortError(signal: AbortSignal): Error {
  return Object.assign(new Error('The operation was aborted', { cause: signal.reason }), {
    name: 'AbortError',
    code: 'ABORT_ERR',
  });
}

function after(ms: number | undefined, value: unknown, { signal, ref = true }: TimerOptions = {}): Promise<unknown> {
  if (signal?.aborted === true) return Promise.reject(abortError(signal));
  return new Promise((resolve, reject) => {
    const done = (): void => {
      signal?.removeEventListener('abort', aborted);
      resolve(value);
    };
    // timer held: the app's own, which is unreferenced where the app says so
    const timeout = setTimeout(done, ms);
    if (!ref) timeout.unref();
    const aborted = (): void => {
      clearTimeout(timeout);
      reject(abortError(signal!));
    };
    signal?.addEventListener('abort', aborted, { once: true });
  });
}

async function* every(ms: number | undefined, value: unknown, { signal, ref = true }: TimerOptions = {}): AsyncGenerator {
  let ready = 0;
  let wake: (() => void) | undefined;
  const tick = (): void => {
    ready++;
    wake?.();
  };
  const aborted = (): void => wake?.();
  // timer held: the app's own, which is unreferenced where the app says so
  const timeout = setInterval(tick, ms);
  if (!ref) timeout.unref();
  signal?.addEventListener('abort', aborted, { once: true });
  try {
    for (;;) {
      if (signal?.aborted === true) throw abortError(signal);
      if (ready === 0) await new Promise<void>((resolve) => (wake = resolve));
      for (; ready > 0; ready--) yield value;
    }
  } finally {
    clearInterval(timeout);
    signal?.removeEventListener('abort', aborted);
  }
}
