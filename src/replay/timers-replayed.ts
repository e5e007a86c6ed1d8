/** Timers in a replay: what the app gets is a timer of Node's that never fires by itself; when the gate says so, Node fires it at once. */
import type { Method } from '../patch/registry.ts';
import type { Gate } from './gate.ts';
import { replaceGlobal } from './globals.ts';
import type { SetTimer, TimerSetter } from './timers.ts';

/** The longest that Node waits: 24 days. */
const NEVER_MS = 2_147_483_647;

/** Sets a timer again, as Node does. */
let refreshOf = (handle: NodeJS.Timeout): unknown => handle.refresh();

/** A timer of the app's that waits for the gate. */
export interface WaitingTimer {
  readonly lin: string;
  /** How often it has fired. */
  readonly count: number;
  readonly ms: number;
  /** Whether the app has taken it back. */
  readonly isGone: boolean;
  /** Fires it, in a turn of its own; what is returned says whether that has come, or the app has taken it back meanwhile. */
  fire(): () => boolean;
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
      replaceGlobal([Object.getPrototypeOf(handle) as object], 'refresh', (original): Method => {
        refreshOf = (of) => Reflect.apply(original, of, []) as unknown;
        return function (this: NodeJS.Timeout) {
          const mine = known.get(this);
          mine?.neverByItself();
          Reflect.apply(original, this, []);
          mine?.wait();
          return this;
        };
      });
    }
    replayed.wait();
    return handle;
  };
}

/** What Node keeps of a timer. */
interface Kept {
  _idleTimeout: number;
  _repeat: number | null;
  _destroyed: boolean;
}

class ReplayedTimer implements WaitingTimer {
  readonly handle: NodeJS.Timeout;
  count = 0;
  readonly #timer: SetTimer;
  readonly #gate: Gate;
  #waits = false;
  #real = false;
  #setAtMs: number;

  constructor(timer: SetTimer, gate: Gate) {
    this.#timer = timer;
    this.#gate = gate;
    this.#setAtMs = gate.nowMs;
    this.handle = timer.set(() => this.#fires(), NEVER_MS);
  }

  get lin(): string {
    return this.#timer.lin;
  }

  get ms(): number {
    return this.#timer.ms;
  }

  get isGone(): boolean {
    return this.#kept._destroyed;
  }

  get #kept(): Kept {
    return this.handle as unknown as Kept;
  }

  wait(): void {
    this.#setAtMs = this.#gate.nowMs;
    if (this.#waits || this.#real) return;
    this.#waits = true;
    this.#gate.addTimer(this);
  }

  /** What sets it again finds that it waits for ever, unless it is let go. */
  neverByItself(): void {
    if (!this.#real) this.#kept._idleTimeout = NEVER_MS;
  }

  fire(): () => boolean {
    this.#waits = false;
    const before = this.count;
    if (!this.isGone) this.#fireIn(1);
    return () => this.count > before || this.isGone;
  }

  release(): void {
    this.#waits = false;
    if (this.isGone) return;
    this.#real = true;
    const left = this.#timer.repeats ? this.ms : Math.max(1, this.ms - (this.#gate.nowMs - this.#setAtMs));
    if (this.#timer.repeats) this.#kept._repeat = left;
    this.#fireIn(left);
  }

  /** The same object with another delay: the app holds it. */
  #fireIn(ms: number): void {
    this.#kept._idleTimeout = ms;
    refreshOf(this.handle);
  }

  /** Node fires it, and the app's code comes next. */
  #fires(): void {
    this.count++;
    this.neverByItself();
    if (this.#timer.repeats && !this.#real) this.wait();
  }
}
