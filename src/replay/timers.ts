/** Timers of the app's. Recorded, they are Node's own; in a replay they are due when the recording says so. In both, what they do comes in its turn, as all that comes in. */
import { AsyncLocalStorage } from 'node:async_hooks';
import timers from 'node:timers';
import type { Method } from '../patch/registry.ts';
import { replaceGlobal } from './globals.ts';
import { childBy, childOf, currentNode, runAt } from './lineage.ts';
import type { LineageNode } from './lineage.ts';
import { patchTimerPromises } from './timer-promises.ts';

/** The way in which these places come about. */
const BY_TIMER = 7;

/** A timer that the app sets. */
export interface SetTimer {
  readonly lin: string;
  readonly ms: number;
  readonly repeats: boolean;
  /** How often it has fired. */
  readonly count: number;
  /** What the app has it do, as code of the timer's own place, in the async scopes in which it was set. The same function while recording and in a replay, so that an error that is made in it has the same stack. */
  readonly hand: () => void;
  /** Has the async scopes of the running code be those that it is handed over in: of what set it, or of Node's call of what is due, which are the same. It costs more than a timer. */
  keepScope(): void;
  /** Sets a timer of Node's that calls `due`. Before the first turn of its own, and once. */
  set(due: () => void, ms: number): NodeJS.Timeout;
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
    return setter(new AppTimer(original, repeats, childBy(node, BY_TIMER), args));
  };
}

class AppTimer implements SetTimer {
  readonly ms: number;
  readonly repeats: boolean;
  count = 0;
  readonly #original: Method;
  readonly #place: LineageNode;
  readonly #callback: Method;
  readonly #args: unknown[];
  #inScope: (<T>(fn: () => T) => T) | undefined;
  #handle: NodeJS.Timeout | undefined;

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

  set(due: () => void, ms: number): NodeJS.Timeout {
    this.#handle = Reflect.apply(this.#original, undefined, [due, ms]) as NodeJS.Timeout;
    return this.#handle;
  }

  keepScope(): void {
    this.#inScope = AsyncLocalStorage.snapshot();
  }

  readonly hand = (): void => {
    const count = this.count++;
    const at = count === 0 ? this.#place : childOf(this.#place, count);
    const given = this.#args.length > 2 ? this.#args.slice(2) : [];
    this.#inScope?.(() => runAt(at, () => Reflect.apply(this.#callback, this.#handle, given) as unknown));
  };
}

const DELAY_MAX = 2_147_483_647;

/** The delay that Node makes of what it is given. */
function delayOf(delay: unknown): number {
  const ms = Number(delay);
  return ms >= 1 && ms <= DELAY_MAX ? ms : 1;
}
