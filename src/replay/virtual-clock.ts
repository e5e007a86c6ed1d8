/** Clocks that the recording has no value for: they go on from what the program read last, as the time of the gate does. Dice are thrown. */
import type { DrawKind } from '../events/lines.ts';
import type { MakeUp } from './draw-source.ts';
import type { Drawn } from './draws.ts';
import { unpackDraws } from './draws.ts';
import type { TimedDraws } from './source.ts';

/** A reading of a clock, in milliseconds of its own; `atMs` is when, since 1970. */
interface Reading {
  atMs: number;
  ms: number;
}

const NS_PER_MS = 1e6;
const CLOCKS = ['D', 'P', 'H'] as const;
type Clock = (typeof CLOCKS)[number];

export class VirtualClock {
  readonly #nowMs: () => number;
  readonly #readings: Record<Clock, Reading[]> = { D: [], P: [], H: [] };
  /** Readings after this time are none of this run's. */
  #untilMs = Infinity;

  /** `nowMs`: the time of the gate, in milliseconds since 1970. */
  constructor(draws: readonly TimedDraws[], nowMs: () => number) {
    this.#nowMs = nowMs;
    for (const { line, atMs } of draws) {
      for (const packed of line.d) {
        const [, kind] = packed;
        const last = isClock(kind) ? unpackDraws(packed).at(-1) : undefined;
        if (isClock(kind) && last !== undefined)
          this.#readings[kind].push({ atMs, ms: Number(last) / (kind === 'H' ? NS_PER_MS : 1) });
      }
    }
  }

  /** The program goes its own way: what was read later says nothing of its time. */
  goOn(): void {
    this.#untilMs = this.#nowMs();
  }

  readonly read: MakeUp = <T extends Drawn>(kind: DrawKind, real: () => T): T => {
    if (!isClock(kind)) return real();
    const nowMs = this.#nowMs();
    const known = this.#lastBy(kind, Math.min(nowMs, this.#untilMs));
    if (known === undefined) return (kind === 'D' ? Math.floor(nowMs) : real()) as T;
    const ms = known.ms + Math.max(0, nowMs - known.atMs);
    if (kind === 'P') return ms as T;
    return (kind === 'D' ? Math.floor(ms) : String(BigInt(Math.round(ms * NS_PER_MS)))) as T;
  };

  /** The last reading by then; before the first one, that one, as of then. */
  #lastBy(kind: Clock, ms: number): Reading | undefined {
    const readings = this.#readings[kind];
    return readings.findLast(({ atMs }) => atMs <= ms) ?? readings[0];
  }
}

const isClock = (kind: DrawKind): kind is Clock => (CLOCKS as readonly string[]).includes(kind);
