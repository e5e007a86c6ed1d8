/** Deletes recordings with everything that belongs to them. */
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isAlive } from './process-state.ts';
import { cursorPathOf } from './export-recording.ts';
import { readHeader } from './recording-ends.ts';
import { finishRemoval, markRemoved } from './removal-marker.ts';
import { blobsPathOf, type Summary } from './summary.ts';

/** Why a recording should stay. `recording`: its process still writes it. `unexported`: the queue of the export has not sent all of it. */
export type Obstacle = 'recording' | 'unexported';

/** What speaks against deleting a recording. */
export function obstacleOf({ path, state, end }: Pick<Summary, 'path' | 'state' | 'end'>): Obstacle | undefined {
  if (state === 'recording') return 'recording';
  const header = end ? undefined : readHeader(path);
  // A damaged one may be one that is being written all the same.
  if (header && isAlive(header.pid, header.epoch)) return 'recording';
  return existsSync(cursorPathOf(path)) ? 'unexported' : undefined;
}

/** The files of a recording that are there: its bodies, its cursor, and what a repair set aside; the recording itself last. */
export function filesOf(path: string): string[] {
  const name = basename(path);
  const aside = readdirSync(dirname(path))
    .filter((other) => other.startsWith(`${name}.damaged`))
    .map((other) => join(dirname(path), other));
  return [cursorPathOf(path), blobsPathOf(path), ...aside, path].filter((file) => existsSync(file));
}

/** Deletes a recording; returns how many bytes that were. What a process that is stopped in between leaves is no recording any more, and goes with the next sweep. */
export function removeRecording(path: string): number {
  const files = filesOf(path);
  markRemoved(path);
  let bytes = 0;
  for (const file of files) {
    bytes += statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    if (file !== path) rmSync(file, { force: true });
  }
  finishRemoval(path);
  return bytes;
}
