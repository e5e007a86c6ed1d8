/**
 * Lets in what is left of a recording once the program goes its own way. Who still asks for some of it is given it, in the recorded order; but what nobody has come for holds nobody up for
 * long: it is put off until somebody does. Time runs, and timers are Node's own; one that fired between two things when it was recorded still does.
 */
import { monotonicUs } from '../core/clock.ts';
import { watchWork } from './busy.ts';
import type { Deliveries } from './deliveries.ts';
import type { Receiver } from './gate.ts';
import { internally } from './lineage.ts';
import type { ReceivedStep, Step } from './source.ts';
import type { WaitingTimer } from './timers-replayed.ts';

/** For so long the process does nothing before what comes next is put off. */
const PATIENCE_MS = 60;
/** Keeps the process alive while somebody waits. */
const HOLD_MS = 1 << 30;

export interface LooseGateOptions {
  /** What was not let in yet. */
  steps: readonly Step[];
  deliveries: Deliveries;
  /** Milliseconds since 1970: the time goes on from here. */
  nowMs: number;
  /** Keys of work that has begun and not ended. */
  working: ReadonlySet<string>;
}

export class LooseGate {
  readonly #deliveries: Deliveries;
  readonly #startMs: number;
  readonly #working: ReadonlySet<string>;
  readonly #startUs = monotonicUs();
  readonly #receivers = new Map<string, Receiver>();
  readonly #left = new Set<string>();
  readonly #timers = new Map<string, WaitingTimer>();
  readonly #fired = new Set<string>();
  /** Steps of each request or channel that are to come. */
  readonly #owed = new Map<string, number>();
  readonly #putOff = new Map<string, ReceivedStep[]>();
  /** While something cannot come yet: what nobody has come for, and what may follow from that. */
  readonly #passed = new Set<string>();
  #isHeld = true;
  #steps: Step[];
  #at = 0;
  #pumping = false;
  #idle: NodeJS.Timeout | undefined;
  #hold: NodeJS.Timeout | undefined;

  constructor({ steps, deliveries, nowMs, working }: LooseGateOptions) {
    this.#steps = [...steps];
    this.#deliveries = deliveries;
    this.#startMs = nowMs;
    this.#working = working;
    for (const step of steps) if (step.kind !== 'timer') this.#owed.set(step.of, (this.#owed.get(step.of) ?? 0) + 1);
  }

  /** The virtual time went over into the real one. */
  get nowMs(): number {
    return this.#startMs + (monotonicUs() - this.#startUs) / 1000;
  }

  addReceiver(key: string, receiver: Receiver): void {
    if (!this.isOwed(key)) return;
    this.#receivers.set(key, receiver);
    const late = this.#putOff.get(key) ?? [];
    this.#putOff.delete(key);
    this.#passed.delete(key);
    this.#steps.splice(this.#at, 0, ...late);
    this.poke();
  }

  /** Whether something is still to come for the request or channel of that key; of a channel: of that name. */
  isOwed(key: string, event?: string): boolean {
    if (!this.#owed.has(key) || this.#left.has(key)) return false;
    const late = this.#putOff.get(key) ?? [];
    return event === undefined || [...late, ...this.#steps.slice(this.#at)].some((step) => isOf(step, key, event));
  }

  leave(key: string): void {
    this.#left.add(key);
    this.#receivers.delete(key);
    this.#putOff.delete(key);
    this.poke();
  }

  /** Node fires it. */
  addTimer(timer: WaitingTimer): void {
    this.firesAgain(timer);
    timer.release();
  }

  /** Node fires it again. */
  firesAgain(timer: WaitingTimer): void {
    this.#timers.set(keyOf(timer), timer);
  }

  /** The timer, or the end of work, of that key comes now. */
  fired(key: string): void {
    this.#timers.delete(key);
    this.#fired.add(key);
    this.poke();
  }

  /** The process is held no longer, and what nothing is owed to any more comes now. */
  letGo(): void {
    this.#isHeld = false;
    this.poke();
  }

  /** Looks whether something can be let in now. */
  poke(): void {
    this.#holdOn();
    if (this.#pumping || this.#receivers.size === 0) return;
    this.#pumping = true;
    this.#deliveries.push(() => {
      this.#pumping = false;
      this.#pump();
    });
  }

  #pump(): void {
    internally(() => clearTimeout(this.#idle));
    this.#takeUp();
    const next = this.#next();
    if (next === undefined || this.#receivers.size === 0) return;
    const { step, index } = next;
    const receiver = step.kind === 'timer' ? undefined : this.#receivers.get(step.of);
    if (step.kind === 'timer' || receiver?.isReady(step) !== true) {
      this.#wait(step);
      return;
    }
    this.#steps.splice(index, 1);
    this.#count(step);
    this.poke();
    receiver.receive(step);
  }

  /** What was put off because its receiver was not ready is next, once that is. */
  #takeUp(): void {
    for (const [of, steps] of this.#putOff) {
      const [first] = steps;
      if (first === undefined || this.#receivers.get(of)?.isReady(first) !== true) continue;
      this.#putOff.delete(of);
      this.#passed.delete(of);
      this.#steps.splice(this.#at, 0, ...steps);
    }
  }

  /** The next step that somebody may want: where one cannot come yet, one of those behind it that do not follow from it. */
  #next(): { step: Step; index: number; isBehind: boolean } | undefined {
    const held = new Set<string>();
    for (let index = this.#at; index < this.#steps.length; index++) {
      const step = this.#steps[index] as Step;
      const key = keyIn(step);
      if (step.kind === 'timer' ? this.#fired.has(step.key) : this.#left.has(step.of)) {
        if (index === this.#at) this.#at++;
      } else if (step.kind !== 'timer' && this.#receivers.get(key)?.isOwed?.(step) === true) held.add(key);
      else if (held.size === 0) {
        this.#passed.clear();
        return { step, index, isBehind: false };
      } else if (this.#passed.has(key)) held.add(key);
      else if (!held.has(key)) return { step, index, isBehind: true };
    }
    return undefined;
  }

  /** After its last step nobody waits for more of it. */
  #count({ of }: ReceivedStep): void {
    const owed = (this.#owed.get(of) ?? 1) - 1;
    if (owed > 0) this.#owed.set(of, owed);
    else {
      this.#owed.delete(of);
      this.#receivers.delete(of);
    }
  }

  #wait(step: Step): void {
    const wasBusy = watchWork();
    const give = (): void => {
      const next = this.#next();
      if (step !== next?.step) this.#pump();
      else if (wasBusy(PATIENCE_MS) || this.#isSet(step)) this.#wait(step);
      else if (next.isBehind) {
        this.#passed.add(keyIn(step));
        this.#pump();
      } else this.#skip(step);
    };
    // timer held: somebody waits
    this.#idle = internally(() => setTimeout(give, PATIENCE_MS));
  }

  /** Whether it is a timer that the program has set, or work that it has begun: that is waited for. */
  #isSet(step: Step): boolean {
    return step.kind === 'timer' && (this.#timers.get(step.key)?.isGone === false || this.#working.has(step.key));
  }

  #skip(step: Step): void {
    if (step.kind === 'timer') this.#at++;
    else {
      const isSame = (other: Step): other is ReceivedStep => isOf(other, step.of);
      const rest = this.#steps.slice(this.#at);
      this.#putOff.set(step.of, rest.filter(isSame));
      this.#steps = rest.filter((other) => !isSame(other));
      this.#at = 0;
    }
    this.#pump();
  }

  #holdOn(): void {
    if (this.#receivers.size > 0 && this.#isHeld) this.#hold ??= internally(() => setInterval(() => {}, HOLD_MS)); // timer held: a request that is under way holds the process
    else {
      internally(() => clearInterval(this.#hold));
      this.#hold = undefined;
    }
  }
}

/** Of a request, a channel or a firing. */
const keyIn = (step: Step): string => (step.kind === 'timer' ? step.key : step.of);

/** Whether a step is of that request or channel; of a channel: of that name. */
export function isOf(step: Step, key: string, event?: string): boolean {
  return (
    step.kind !== 'timer' && step.of === key && (event === undefined || (step.kind === 'came' && step.arrival.event === event))
  );
}

/** Tells one firing of a timer from every other. */
export const keyOf = ({ lin, count }: Pick<WaitingTimer, 'lin' | 'count'>): string => `${lin}:${count}`;
