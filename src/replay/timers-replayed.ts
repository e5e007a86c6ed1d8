/** Timers in a replay: what the app gets is a timer of Node's that is never due by itself; the gate says when it is. */
import type { Method } from '../patch/registry.ts';
import type { Gate } from './gate.ts';
import { replaceGlobal } from './globals.ts';
import { internally } from './lineage.ts';
import type { SetTimer, TimerSetter } from './timers.ts';

/** The longest that Node waits: 24 days. */
const NEVER_MS = 2_147_483_647;

/** A timer of the app's that waits for the gate, or work whose end does. */
export interface WaitingTimer {
  readonly lin: string;
  /** How often it has fired. */
  readonly count: number;
  readonly ms: number;
  /** Whether the app has taken it back. */
  readonly isGone: boolean;
  /** What it does. */
  readonly hand: () => void;
  /** Comes just before: whether it does it. */
  fires(): boolean;
  /** Lets real time fire it: the recording knows nothing more of it. */
  release(): void;
}

/** A timer that fires now, for the how many-th time its `lo` says. */
export type Fired = (timer: { lin: string; lo: number; ms?: number }) => void;

/** Sets timers that `gate` fires, and tells `fired` just before. */
export function replayTimers(gate: Gate, fired: Fired = () => {}): TimerSetter {
  const known = new WeakMap<NodeJS.Timeout, ReplayedTimer>();
  let isPatched = false;
  return (timer: SetTimer) => {
    const replayed = new ReplayedTimer(timer, gate, fired);
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
            known.get(this)?.again();
            return this;
          },
      );
    }
    replayed.wait();
    return handle;
  };
}

/** What Node keeps of a timer. */
interface Kept {
  _idleTimeout: number;
  _repeat: number | null;
  _onTimeout: unknown;
  _destroyed: boolean;
}

class ReplayedTimer implements WaitingTimer {
  readonly handle: NodeJS.Timeout;
  readonly hand: () => void;
  count = 0;
  readonly #timer: SetTimer;
  readonly #gate: Gate;
  readonly #fired: Fired;
  #waits = false;
  #real = false;
  /** It has fired, and held the process then. */
  #wasHeld = false;
  /** How often the app has set it again. */
  #refreshes = 0;
  #setAtMs: number;

  constructor(timer: SetTimer, gate: Gate, fired: Fired) {
    this.#timer = timer;
    this.#gate = gate;
    this.#fired = fired;
    this.#setAtMs = gate.nowMs;
    timer.keepScope();
    this.hand = timer.hand;
    this.handle = timer.set(() => this.#due(), NEVER_MS);
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
    if (this.#real) this.#delay(this.ms);
    if (this.#waits || this.#real) return;
    this.#waits = true;
    this.#gate.addTimer(this);
  }

  /** The app has set it again. */
  again(): void {
    // Node takes it for one that is over, which does not hold the process.
    if (this.#wasHeld) this.handle.ref();
    this.#wasHeld = false;
    this.#refreshes++;
    this.wait();
  }

  fires(): boolean {
    this.#waits = false;
    if (this.isGone) return false;
    this.#fired({ lin: this.lin, lo: this.count++, ms: this.ms });
    // Taken back by what it does now, it is gone when its next time comes.
    if (this.#timer.repeats) this.wait();
    else this.#retire();
    return true;
  }

  release(): void {
    this.#waits = false;
    if (this.isGone) return;
    this.#real = true;
    this.#delay(this.#timer.repeats ? this.ms : Math.max(1, this.ms - (this.#gate.nowMs - this.#setAtMs)));
  }

  /** Has Node fire it so much later: the same object with another delay, because the app holds it. */
  #delay(ms: number): void {
    if (this.#kept._idleTimeout === ms) return;
    this.#kept._idleTimeout = ms;
    if (this.#timer.repeats) this.#kept._repeat = ms;
    this.handle.refresh();
  }

  /** Node has fired it: what it does comes in its turn. */
  #due(): void {
    const refreshes = this.#refreshes;
    if (!this.#timer.repeats) this.#wasHeld = this.handle.hasRef();
    this.#gate.deliveries.push(this.hand, () => {
      // Taken back, or set again, by what came in between.
      if (typeof this.#kept._onTimeout !== 'function' || this.#refreshes > refreshes) return false;
      this.#gate.fired(this);
      this.#fired({ lin: this.lin, lo: this.count++, ms: this.ms });
      // Of an interval the next one may be recorded as well.
      if (this.#timer.repeats) this.#gate.firesAgain(this);
      return true;
    });
  }

  /** Takes a timer out as one that is over, which the app may set again by `refresh`, and not as one that was taken back. */
  #retire(): void {
    this.#wasHeld = this.handle.hasRef();
    // What clearing it takes away is what setting it again needs.
    const { _idleTimeout, _onTimeout } = this.#kept;
    internally(() => clearTimeout(this.handle));
    Object.assign(this.handle, { _idleTimeout, _onTimeout });
  }
}
