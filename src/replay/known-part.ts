/** How much of what came into a process its recordings hold. */
import { RecordingError } from '../recording/errors.ts';
import type { Recording } from '../recording/recording.ts';

/** How the recordings of a process break off: it was killed by `signal`, or without a word. */
export interface BrokenOff {
  signal?: string;
}

/** Null: the program ended in a way that it will end in again. */
export function brokenOff(recordings: readonly Recording[]): BrokenOff | null {
  const signal = recordings.find(({ end }) => end?.signal !== undefined)?.end?.signal;
  if (signal !== undefined) return { signal };
  return recordings.some(({ end }) => end === undefined) ? {} : null;
}

/**
 * Up to which place in the order everything that came in is known. Of a process that broke off the last lines may be missing; in any other a gap means that a recording of the process is not there, and
 * it throws: without what that held the program would take another way.
 */
export function knownUpTo(recordings: readonly Recording[]): number {
  if (recordings.every(({ header }) => header.process === undefined)) return Infinity;
  const known = new Set(recordings.flatMap(placesIn));
  const last = known.values().reduce((most, ord) => Math.max(most, ord), 0);
  let gap = 1;
  while (known.has(gap)) gap++;
  if (gap > last) return last;
  if (brokenOff(recordings) !== null) return gap - 1;
  // What came after the session that had asked for it had ended, or had no room, is nowhere, and hardly ever matters.
  if (recordings.some(isPartial)) return Infinity;
  let to = gap;
  while (!known.has(to + 1)) to++;
  throw new RecordingError(
    'recording_not_replayable',
    `what came into the process as ${gap === to ? `number ${gap}` : `numbers ${gap} to ${to}`} of ${last} is in none of its ${recordings.length} recordings ` +
      'that are here: another one was removed, or is in the folder of another client. A replay needs all recordings of a process',
  );
}

function placesIn({ exchanges, inputs }: Recording): number[] {
  const places: number[] = [];
  for (const { headOrd, cuts, end } of exchanges.values()) {
    if (headOrd !== undefined) places.push(headOrd);
    places.push(...cuts.ord);
    if (end !== undefined) places.push(end.ord);
  }
  for (const line of inputs) if ('ord' in line && line.ord !== undefined) places.push(line.ord);
  return places;
}

const isPartial = ({ exchanges, end }: Recording): boolean =>
  end?.dropped !== undefined || exchanges.values().some((exchange) => exchange.end === undefined);
