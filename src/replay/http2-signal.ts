/** What a stream or a connection of HTTP/2 tells by the clock, or after the app has left it: in a replay when the recording does, and once the program goes its own way, when its time has come. */
import type { EventEmitter } from 'node:events';
import { monotonicUs } from '../core/clock.ts';
import { setOwn } from '../patch/own-member.ts';
import type { Method } from '../patch/registry.ts';
import type { Gate } from './gate.ts';
import type { Http2Idle } from './http2-form.ts';
import { internally } from './lineage.ts';
import type { Fired, WaitingTimer } from './timers-replayed.ts';

export interface Http2SignalOptions {
  gate: Gate;
  /** Told just before, where this run is recorded. */
  fired: Fired | undefined;
  lin: string;
  count: number;
  /** Milliseconds; undefined: it waits for nothing but its turn. */
  ms?: number;
  /** Milliseconds that are left of them. */
  left?: () => number;
  hand: () => void;
}

export class Http2Signal implements WaitingTimer {
  readonly lin: string;
  readonly count: number;
  readonly ms: number;
  readonly hand: () => void;
  isGone = false;
  readonly #with: Http2SignalOptions;

  constructor(options: Http2SignalOptions) {
    this.#with = options;
    this.lin = options.lin;
    this.count = options.count;
    this.ms = options.ms ?? -1;
    this.hand = options.hand;
  }

  fires(): boolean {
    if (this.isGone) return false;
    const { lin, count, fired, ms } = { ...this.#with };
    fired?.({ lin, lo: count, ...(ms !== undefined && { ms }) });
    return true;
  }

  /** As Node has it: nobody is held by it, and what comes meanwhile puts it off. */
  release(): void {
    const left = this.#with.left?.() ?? 0;
    if (left > 0) internally(() => setTimeout(() => this.isGone || this.release(), left).unref());
    else this.#due();
  }

  #due(): void {
    const { gate } = this.#with;
    gate.deliveries.push(this.hand, () => {
      gate.fired(this);
      return this.fires();
    });
  }
}

/** Has time stand still for what is found idle, but for what the recording says. */
export function standStill(idle: Http2Idle, gate: Gate, fired: Fired | undefined): void {
  const { target, place } = idle;
  let signal: Http2Signal | undefined;
  const watch = (ms: number, toldUs: number): void => {
    if (signal !== undefined) signal.isGone = true;
    if (ms <= 0) return;
    signal = new Http2Signal({
      ...{ gate, fired, lin: place.id, count: idle.timeouts, ms },
      // Told once, it is told again only after it was used.
      left: () => (idle.usedUs <= toldUs ? ms : Math.ceil(ms - (monotonicUs() - idle.usedUs) / 1000)),
      hand: () => {
        idle.timeouts++;
        watch(ms, monotonicUs());
        idle.run(() => void target.emit('timeout'));
      },
    });
    gate.addTimer(signal);
  };
  setOwn(target, 'setTimeout', function (this: EventEmitter & { destroyed: boolean }, ms: number, callback?: Method) {
    if (this.destroyed) return this;
    Object.assign(this, { timeout: ms });
    if (callback !== undefined && ms > 0) this.once('timeout', callback);
    else if (callback !== undefined) this.removeListener('timeout', callback);
    idle.usedUs = monotonicUs();
    watch(ms, 0);
    return this;
  });
}
