/** Timers of the app's. Recorded, they are Node's own and say when they fire; in a replay they fire when the recording says so. */
import timers from 'node:timers';
import type { Method } from '../patch/registry.ts';
import { replaceGlobal } from './globals.ts';
import { childOf, currentNode, runAt } from './lineage.ts';
import type { LineageNode } from './lineage.ts';
import { patchTimerPromises } from './timer-promises.ts';

/** Keeps the places of timers apart from those of promises. */
const TIMER_SALT = 7;

/** A timer that the app sets. */
export interface SetTimer {
  readonly lin: string;
  readonly ms: number;
  readonly repeats: boolean;
  /**
   * Sets a timer of Node's that does what the app has it do, as code of the timer's own place; `fires` is told before, and how often it did before. Whether the program is recorded or replayed, it is
   * Node that calls it: an error that is made in it has the same stack.
   */
  set(fires: (count: number) => void, ms: number): NodeJS.Timeout;
}

/** Sets a timer and returns what the app gets of it. */
export type TimerSetter = (timer: SetTimer) => NodeJS.Timeout;

/** Replaces what sets timers. Undone by `undoAll`. */
export function patchTimers(setter: TimerSetter): void {
  for (const name of ['setTimeout', 'setInterval'] as const) {
    replaceGlobal([globalThis, timers], name, (original) => setting(original, name === 'setInterval', setter));
  }
  patchTimerPromises();
  replaceGlobal(
    [AbortSignal],
    'timeout',
    (original) =>
      function (this: unknown, ...args: unknown[]) {
        if (currentNode().internal) return Reflect.apply(original, this, args) as unknown;
        // Wrong arguments throw as they did; the signal itself is dropped, and its timer with it.
        Reflect.apply(original, this, args);
        const controller = new AbortController();
        const abort = (): void => controller.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError'));
        setTimeout(abort, args[0] as number).unref();
        return controller.signal;
      },
  );
}

function setting(original: Method, repeats: boolean, setter: TimerSetter): Method {
  return function (this: unknown, ...args: unknown[]) {
    const [callback] = args;
    const node = currentNode();
    if (node.internal || typeof callback !== 'function') return Reflect.apply(original, this, args) as unknown;
    return setter(new AppTimer(original, repeats, childOf(node, TIMER_SALT), args));
  };
}

class AppTimer implements SetTimer {
  readonly ms: number;
  readonly repeats: boolean;
  readonly #original: Method;
  readonly #place: LineageNode;
  readonly #callback: Method;
  readonly #args: unknown[];
  #count = 0;

  constructor(original: Method, repeats: boolean, place: LineageNode, args: unknown[]) {
    this.ms = delayOf(args[1]);
    this.repeats = repeats;
    this.#original = original;
    this.#place = place;
    this.#callback = args[0] as Method;
    this.#args = args;
  }

  get lin(): string {
    return this.#place.id;
  }

  set(fires: (count: number) => void, ms: number): NodeJS.Timeout {
    const run = (timeout: NodeJS.Timeout): void => this.#run(timeout, fires);
    const onTimeout = function (this: NodeJS.Timeout): void {
      run(this);
    };
    return Reflect.apply(this.#original, undefined, [onTimeout, ms]) as NodeJS.Timeout;
  }

  #run(timeout: NodeJS.Timeout, fires: (count: number) => void): void {
    const count = this.#count++;
    fires(count);
    const at = count === 0 ? this.#place : childOf(this.#place, count);
    const given = this.#args.length > 2 ? this.#args.slice(2) : [];
    runAt(at, () => Reflect.apply(this.#callback, timeout, given) as unknown);
  }
}

const DELAY_MAX = 2_147_483_647;

/** The delay that Node makes of what it is given. */
function delayOf(delay: unknown): number {
  const ms = Number(delay);
  return ms >= 1 && ms <= DELAY_MAX ? ms : 1;
}
