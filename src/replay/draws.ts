/** What a program reads of clocks and randomness, packed for its line: a place that looks at the clock in a loop is given few values many times. */
import type { DrawKind, PackedDraws } from '../events/lines.ts';

/** A value that was drawn: a number, or a text of it where JSON has none (nanoseconds, bytes in base64). */
export type Drawn = number | string;

/** Gives the running code a value of `kind`; `real` draws one. */
export type Draw = <T extends Drawn>(kind: DrawKind, real: () => T) => T;

/** One place's values of one kind, packed. */
export function packDraws(lin: string, kind: DrawKind, values: readonly Drawn[]): PackedDraws {
  if (kind === 'D') return [lin, kind, packTimes(values as readonly number[])];
  if (kind === 'R') return [lin, kind, Buffer.from(Float64Array.from(values as readonly number[]).buffer).toString('base64')];
  return [lin, kind, [...values]];
}

/** The values again. Damage gives fewer of them, never a throw. */
export function unpackDraws([, kind, packed]: PackedDraws): Drawn[] {
  if (kind === 'D') return Array.isArray(packed) ? unpackTimes(packed.map(Number)) : [];
  if (kind === 'R') {
    if (typeof packed !== 'string') return [];
    const bytes = Buffer.from(packed, 'base64');
    return [...new Float64Array(Uint8Array.from(bytes.subarray(0, bytes.length - (bytes.length % 8))).buffer)];
  }
  return Array.isArray(packed) ? packed : [];
}

/** Pairs: how much later than the one before, and how often. */
function packTimes(times: readonly number[]): number[] {
  const packed: number[] = [];
  let last = 0;
  for (const time of times) {
    if (packed.length > 0 && time === last) packed[packed.length - 1]! += 1;
    else packed.push(time - last, 1);
    last = time;
  }
  return packed;
}

function unpackTimes(packed: readonly number[]): number[] {
  const times: number[] = [];
  let at = 0;
  for (let index = 0; index + 1 < packed.length; index += 2) {
    at += packed[index]!;
    for (let count = Math.min(packed[index + 1]!, DRAWS_MAX); count > 0; count--) times.push(at);
  }
  return times;
}

/** Of one process, so many values are recorded; beyond it reads time and dice that a replay cannot give again. */
export const DRAWS_MAX = 5_000_000;
