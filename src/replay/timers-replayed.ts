/** Timers in a replay: what the app gets is a timer of Node's that never fires by itself; the gate fires it. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Method } from '../patch/registry.ts';
import type { Gate } from './gate.ts';
import { replaceGlobal } from './globals.ts';
import { internally } from './lineage.ts';
import type { SetTimer, TimerSetter } from './timers.ts';

/** The longest that Node waits: 24 days. */
const NEVER_MS = 2_147_483_647;

/** A timer of the app's that waits for the gate. */
export interface WaitingTimer {
  readonly lin: string;
  /** How often it has fired. */
  readonly count: number;
  readonly ms: number;
  /** Whether the app has taken it back. */
  readonly isGone: boolean;
  fire(): void;
  /** Lets real time fire it: the recording knows nothing more of it. */
  release(): void;
}

/** Sets timers that `gate` fires. */
export function replayTimers(gate: Gate): TimerSetter {
  const known = new WeakMap<NodeJS.Timeout, ReplayedTimer>();
  let isPatched = false;
  return (timer: SetTimer) => {
    const replayed = new ReplayedTimer(timer, gate);
    const { handle } = replayed;
    known.set(handle, replayed);
    if (!isPatched) {
      isPatched = true;
      replaceGlobal(
        [Object.getPrototypeOf(handle) as object],
        'refresh',
        (original): Method =>
          function (this: NodeJS.Timeout) {
            Reflect.apply(original, this, []);
            known.get(this)?.wait();
            return this;
          },
      );
    }
    replayed.wait();
    return handle;
  };
}

class ReplayedTimer implements WaitingTimer {
  readonly handle: NodeJS.Timeout;
  count = 0;
  readonly #timer: SetTimer;
  readonly #gate: Gate;
  /** Runs something in the async scopes in which the timer was set, as Node does. */
  readonly #inScope = AsyncLocalStorage.snapshot();
  #waits = false;
  #real = false;
  #setAtMs: number;

  constructor(timer: SetTimer, gate: Gate) {
    this.#timer = timer;
    this.#gate = gate;
    this.#setAtMs = gate.nowMs;
    const real = (): void => this.#runReal();
    this.handle = timer.set(real, NEVER_MS);
  }

  get lin(): string {
    return this.#timer.lin;
  }

  get ms(): number {
    return this.#timer.ms;
  }

  get isGone(): boolean {
    return (this.handle as { _destroyed?: boolean })._destroyed === true;
  }

  wait(): void {
    this.#setAtMs = this.#gate.nowMs;
    if (this.#waits || this.#real) return;
    this.#waits = true;
    this.#gate.addTimer(this);
  }

  fire(): void {
    this.#waits = false;
    if (this.isGone) return;
    const { handle } = this;
    if (!this.#timer.repeats) retire(handle);
    this.#inScope(() => this.#timer.run(handle, this.count++));
    if (this.#timer.repeats && !this.isGone) this.wait();
  }

  release(): void {
    this.#waits = false;
    if (this.isGone) return;
    this.#real = true;
    const left = this.#timer.repeats ? this.ms : Math.max(1, this.ms - (this.#gate.nowMs - this.#setAtMs));
    // The same object with another delay: the app holds it.
    (this.handle as unknown as { _idleTimeout: number })._idleTimeout = left;
    if (this.#timer.repeats) (this.handle as unknown as { _repeat: number })._repeat = left;
    this.handle.refresh();
  }

  #runReal(): void {
    this.#timer.run(this.handle, this.count++);
  }
}

/** Takes a timer out as one that has fired, which the app may set again by `refresh`, and not as one that was taken back. */
function retire(handle: NodeJS.Timeout): void {
  // What clearing it takes away is what setting it again needs.
  const { _idleTimeout, _onTimeout } = handle as unknown as { _idleTimeout: number; _onTimeout: unknown };
  internally(() => clearTimeout(handle));
  Object.assign(handle, { _idleTimeout, _onTimeout });
}
