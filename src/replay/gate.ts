/**
 * Lets in what the recording holds, in its order. The next thing is let in as soon as somebody waits for it: the call that it answers, or the timer, is there. Time stands still
 * between two things. Where the program may go its own way, what is left is let in loosely from there on (loose-gate.ts).
 */
import { nothingComes, watchWork } from './busy.ts';
import { Deliveries } from './deliveries.ts';
import { internally } from './lineage.ts';
import { isOf, keyOf, LooseGate } from './loose-gate.ts';
import type { ReceivedStep, Step } from './source.ts';
import type { WaitingTimer } from './timers-replayed.ts';

/** Nobody waits for the next thing for so long: it may be a timer that stands at another place, as the code has changed. */
const LOOSE_MS = 60;
/** Nor for so long after that, in which it does nothing: the program has taken another way. */
const STALL_MS = 5_000;
/** As long, where nothing is under way in the process that could bring it about. */
const QUIET_MS = 1_000;
/** Keeps the process alive as long as something is to come. */
const HOLD_MS = 1 << 30;
/** That one, and the one that waits. */
const OWN_TIMERS = 2;

/** Who waits for the answer to a recorded request, or for what comes through a channel. */
export interface Receiver {
  receive(step: ReceivedStep): void;
  /** Whether it can take this now. */
  isReady(step: ReceivedStep): boolean;
  /** Whether it follows from something that this run has still to do, once the program goes its own way: nothing else has to wait for it. */
  isOwed?(step: ReceivedStep): boolean;
}

export interface GateOptions {
  steps: readonly Step[];
  /** Milliseconds since 1970 of the recording's start. */
  epochMs: number;
  /** The recording goes on with `step`, and this run never asked for it. */
  onStall(step: Step): void;
  stallMs?: number | ((step: Step) => number);
  /** False: each answer comes as soon as it is asked for, whatever came before it. */
  ordered?: boolean;
}

export class Gate {
  readonly #steps: Step[];
  readonly #ordered: boolean;
  readonly #onStall: (step: Step) => void;
  readonly #stallMs: number | ((step: Step) => number);
  /** Everything that the app is given goes through here. */
  readonly deliveries = new Deliveries();
  readonly #receivers = new Map<string, Receiver>();
  /** Keys of those who want no more. */
  readonly #left = new Set<string>();
  readonly #timers = new Map<string, WaitingTimer[]>();
  readonly #recordedTimers: Set<string>;
  /** Work that has begun and not ended, by the key of its step. */
  readonly #working = new Set<string>();
  /** How much work has begun and not ended, recorded or not. */
  #under = 0;
  #at = 0;
  #pumping = false;
  /** Nobody waits for the next thing, and a timer of the same delay would do. */
  #lenient = false;
  #idle: NodeJS.Timeout | undefined;
  #hold: NodeJS.Timeout | undefined;
  #open = true;
  /** Timers that fired although they stand at another place than they did. */
  moved = 0;
  #loose: LooseGate | null = null;
  #nowMs: number;

  constructor({ steps, epochMs, onStall, stallMs = STALL_MS, ordered = true }: GateOptions) {
    this.#steps = [...steps];
    this.#ordered = ordered;
    this.#onStall = onStall;
    this.#stallMs = stallMs;
    this.#nowMs = epochMs;
    this.#recordedTimers = new Set(steps.flatMap((step) => (step.kind === 'timer' ? [step.key] : [])));
    // timer held: a request that is under way holds the process, and nothing else would here
    this.#hold = internally(() => setInterval(() => {}, HOLD_MS));
    this.#poke();
  }

  /** Milliseconds since 1970, as the program is to see them. */
  get nowMs(): number {
    return this.#loose?.nowMs ?? this.#nowMs;
  }

  /** Whether the program goes its own way. */
  get isLoose(): boolean {
    return this.#loose !== null;
  }

  /** Whether everything was let in. */
  get isDone(): boolean {
    return this.#at >= this.#steps.length;
  }

  /** What the program has ended without; undefined: it had everything, was ended, or goes its own way. */
  get missed(): Step | undefined {
    return this.#open && this.#hold?.hasRef() === false ? this.#next() : undefined;
  }

  /** How many things are still to be let in. */
  get left(): number {
    return this.#steps.length - this.#at;
  }

  /** Whether everything was let in that had come by then. */
  isPast(ms: number): boolean {
    const next = this.#next();
    return this.#loose !== null || next === undefined || next.atMs > ms;
  }

  /** From here on the program may go its own way. What is left of the recording is let in loosely, without the requests and channels of `without`. */
  goOn(without: ReadonlySet<string> = new Set()): void {
    if (this.#loose !== null) return;
    const steps = this.#steps.slice(this.#at).filter((step) => step.kind === 'timer' || !without.has(step.of));
    const loose = new LooseGate({ steps, deliveries: this.deliveries, nowMs: this.#nowMs, working: this.#working });
    this.#loose = loose;
    this.#stop();
    for (const key of this.#left) loose.leave(key);
    for (const [key, receiver] of this.#receivers) loose.addReceiver(key, receiver);
    for (const timer of [...this.#timers.values()].flat()) loose.addTimer(timer);
    this.#timers.clear();
  }

  /** Goes past what nobody comes for. */
  skip(step: Step): void {
    if (step.kind === 'timer') {
      if (this.#steps[this.#at] === step) this.#at++;
    } else this.#left.add(step.of);
    this.#poke();
  }

  /** Nothing more is to come of the recording: whoever waits for it no longer holds the process. */
  letGo(): void {
    this.#loose?.letGo();
  }

  /** Somebody is there to whom the request or channel of that key belongs. */
  addReceiver(key: string, receiver: Receiver): void {
    this.#loose?.addReceiver(key, receiver);
    this.#receivers.set(key, receiver);
    this.#poke();
  }

  /** Whether something is still to come for the request or channel of that key; of a channel: of that name. */
  isOwed(key: string, event?: string): boolean {
    if (this.#left.has(key)) return false;
    if (this.#loose !== null) return this.#loose.isOwed(key, event);
    return this.#steps.some((step, index) => index >= this.#at && isOf(step, key, event));
  }

  /** Calls `begin` when the answer to the request of that key would begin: in a turn of its own, where nothing more of it is to come. Nobody wants the rest of it. */
  begins(key: string, begin: () => void): void {
    const receive = (): void => {
      this.leave(key);
      begin();
    };
    if (this.isOwed(key)) this.addReceiver(key, { isReady: () => true, receive });
    else this.deliveries.push(receive);
  }

  /** Somebody who was not ready may be by now. */
  look(): void {
    this.#loose?.poke();
    this.#poke();
  }

  /** A timer that was let go has fired. */
  fired(timer: WaitingTimer): void {
    this.#loose?.fired(keyOf(timer));
  }

  /** An interval that was let go will fire once more. */
  firesAgain(timer: WaitingTimer): void {
    this.#loose?.firesAgain(timer);
  }

  /** Whoever waited for the rest of it has left. */
  leave(key: string): void {
    this.#loose?.leave(key);
    this.#left.add(key);
    this.#poke();
  }

  addTimer(timer: WaitingTimer): void {
    if (this.#loose !== null) {
      this.#loose.addTimer(timer);
      return;
    }
    if (!this.#open) {
      timer.release();
      return;
    }
    const key = keyOf(timer);
    const waiting = this.#timers.get(key);
    if (waiting === undefined) this.#timers.set(key, [timer]);
    else waiting.push(timer);
    this.#poke();
  }

  /** Work has begun. What is returned is told of its end, and hands that over when the recording does; of work that the recording does not have, at once. `told` comes just before. */
  beginWork(lin: string, told: (lin: string) => void = () => {}): (hand: () => void) => void {
    const key = `${lin}:0`;
    const comes = (): boolean => {
      this.#loose?.fired(key);
      told(lin);
      return true;
    };
    this.#under++;
    const release = (hand: () => void): void => this.deliveries.push(hand, comes);
    if ((!this.#open && this.#loose === null) || !this.#recordedTimers.has(key))
      return (hand) => {
        this.#under--;
        release(hand);
      };
    this.#working.add(key);
    return (hand) => {
      this.#under--;
      this.#working.delete(key);
      this.addTimer({ lin, count: 0, ms: Number.NaN, isGone: false, hand, fires: comes, release: () => release(hand) });
    };
  }

  /** Lets nothing more in, and lets the timers go. */
  close(): void {
    if (!this.#open) return;
    this.#stop();
    for (const timer of [...this.#timers.values()].flat()) timer.release();
    this.#timers.clear();
  }

  #stop(): void {
    this.#open = false;
    internally(() => {
      clearTimeout(this.#idle);
      clearInterval(this.#hold);
    });
  }

  #next(): Step | undefined {
    let step = this.#steps[this.#at];
    while (step !== undefined && step.kind !== 'timer' && this.#left.has(step.of)) step = this.#steps[++this.#at];
    return step;
  }

  #poke(): void {
    if (this.#pumping || !this.#open) return;
    this.#pumping = true;
    this.deliveries.push(() => {
      this.#pumping = false;
      this.#pump();
    });
  }

  #pump(): void {
    if (!this.#open) return;
    this.#hold?.ref();
    internally(() => clearTimeout(this.#idle));
    let step = this.#next();
    if (step === undefined) {
      this.close();
      return;
    }
    if (!this.#ordered) step = this.#putFirst(step);
    const deliver = this.#find(step);
    if (deliver === null) {
      this.#wait(step);
      return;
    }
    this.#at++;
    this.#lenient = false;
    this.#nowMs = Math.max(this.#nowMs, step.atMs);
    deliver();
  }

  /** Puts the next step of whoever asked first before all others. */
  #putFirst(next: Step): Step {
    for (const key of this.#receivers.keys()) {
      const index = this.#steps.findIndex((step, at) => at >= this.#at && step.kind !== 'timer' && step.of === key);
      const step = this.#steps[index];
      if (step === undefined || this.#left.has(key) || this.#find(step) === null) continue;
      this.#steps.splice(index, 1);
      this.#steps.splice(this.#at, 0, step);
      return step;
    }
    return next;
  }

  /** How a step is let in, where somebody waits for it. What comes next does so in a later turn, whatever becomes of this. */
  #find(step: Step): (() => void) | null {
    if (step.kind !== 'timer') {
      const receiver = this.#receivers.get(step.of);
      if (receiver?.isReady(step) !== true) return null;
      return () => {
        this.#poke();
        receiver.receive(step);
      };
    }
    const timer = this.#take(step.key) ?? (this.#lenient ? this.#takeAlike(step.ms) : undefined);
    if (timer === undefined) return null;
    return () => {
      this.deliveries.push(timer.hand, () => timer.fires());
      this.#poke();
    };
  }

  #take(key: string): WaitingTimer | undefined {
    const waiting = this.#timers.get(key);
    if (waiting === undefined) return undefined;
    let timer = waiting.shift();
    while (timer?.isGone === true) timer = waiting.shift();
    if (waiting.length === 0) this.#timers.delete(key);
    return timer;
  }

  /** A timer of the same delay that is none of the recording's by its place. */
  #takeAlike(ms: number | undefined): WaitingTimer | undefined {
    for (const [key, waiting] of this.#timers) {
      if (this.#recordedTimers.has(key)) continue;
      const index = waiting.findIndex((timer) => timer.ms === ms && !timer.isGone);
      if (index < 0) continue;
      this.moved++;
      const [timer] = waiting.splice(index, 1);
      if (waiting.length === 0) this.#timers.delete(key);
      return timer;
    }
    return undefined;
  }

  /** Waits for whoever wants the step; `waitedMs` is for how long that has been in vain, and nothing was done. */
  #wait(step: Step, waitedMs = 0): void {
    const isLenient = this.#lenient;
    const stallMs = typeof this.#stallMs === 'number' ? this.#stallMs : this.#stallMs(step);
    const isUnneeded = (): boolean => step.kind === 'timer' && step.isWork === true && !this.#working.has(step.key);
    const quietMs = Math.min(stallMs, QUIET_MS);
    const ms = !isLenient || isUnneeded() ? LOOSE_MS : waitedMs > 0 ? stallMs - waitedMs : quietMs;
    const isAwaited = this.#isAwaited();
    const wasBusy = watchWork();
    const give = (): void => {
      if (!this.#open) return;
      const isIdle = !wasBusy(ms);
      if (isUnneeded() && isIdle && (isLenient || isAwaited)) {
        // Work that this run has no need of: the code has changed.
        this.#lenient = false;
        this.#at++;
        this.moved++;
        this.#pump();
      } else if (isLenient && (!isIdle || (waitedMs === 0 && ms < quietMs))) this.#wait(step);
      else if (isLenient && (waitedMs + ms >= stallMs || this.#isAlone())) this.#onStall(step);
      else if (isLenient) this.#wait(step, waitedMs + ms);
      else {
        this.#lenient = true;
        this.#pump();
      }
    };
    // timer held: the process is held anyway while something is to come
    this.#idle = internally(() => setTimeout(give, ms));
    if (!isLenient || isAwaited) return;
    // Nobody waits for anything, and a program that has nothing else to do is at its end: `beforeExit` comes, in which it may begin what the recording goes on with.
    this.#hold?.unref();
    this.#idle.unref();
  }

  /** Whether anybody waits for what is still to come, by something that does not hold the process here. */
  #isAwaited(): boolean {
    const isWaiting = (step: Step): boolean => step.kind !== 'timer' && this.#receivers.has(step.of) && !this.#left.has(step.of);
    const hasEnded = (timer: WaitingTimer): boolean => Number.isNaN(timer.ms);
    return this.#steps.slice(this.#at).some(isWaiting) || [...this.#timers.values()].flat().some(hasEnded);
  }

  /** Whether the process waits for nothing but us. */
  #isAlone(): boolean {
    return this.#under === 0 && nothingComes(OWN_TIMERS);
  }
}
