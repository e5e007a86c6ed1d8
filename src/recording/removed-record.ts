/** What was removed from a recordings folder to keep it small, so that it can be said: a line for each recording in `removed.jsonl`. Written by whoever holds the lock of the folder. */
import { appendFileSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { wallMs } from '../core/clock.ts';
import { FOLDER_NAME } from './folder.ts';

/** Why a recording was removed: the folder was larger than it may be, the disk had too little left, or the recording was older than it may be. */
export type RemovalCause = 'budget' | 'disk' | 'age';

export interface RemovedSum {
  recordings: number;
  bytes: number;
  /** Of the recordings, how many had not been exported wholly, and how many events that were. */
  unexported: { recordings: number; events: number };
}

/** Everything that was removed so far. */
export interface RemovedRecord extends RemovedSum {
  /** ISO 8601: when something was removed for the first time, and for the last. */
  since: string;
  until: string;
  why: RemovalCause[];
}

/** A line: one recording, or all of those before. `events` had not been exported. */
interface Removal {
  at: string;
  why: RemovalCause;
  bytes: number;
  events?: number;
}

/** A longer file becomes one line. */
const FILE_BYTES_MAX = 64 * 1024;

/** Beside the folder of the recordings, where that is ours; else in it. */
export function removedRecordPath(recordings: string): string {
  const above = dirname(recordings);
  return join(basename(above) === FOLDER_NAME ? above : recordings, 'removed.jsonl');
}

/** What was removed so far; undefined where nothing was, or nothing can be read. */
export function readRemovedRecord(recordings: string): RemovedRecord | undefined {
  let text: string;
  try {
    text = readFileSync(removedRecordPath(recordings), 'utf8');
  } catch {
    return undefined;
  }
  let sum: RemovedRecord | undefined;
  for (const line of text.split('\n')) sum = added(sum, parsed(line));
  return sum;
}

/** Says that a recording is being removed. */
export function recordRemoval(recordings: string, { why, bytes, events }: Omit<Removal, 'at'>): void {
  const line: Removal = { at: new Date(wallMs()).toISOString(), why, bytes, ...(events !== undefined && { events }) };
  appendFileSync(removedRecordPath(recordings), `${JSON.stringify(line)}\n`, { mode: 0o600 });
}

/** Makes one line of a long file. */
export function shortenRemovedRecord(recordings: string): void {
  const path = removedRecordPath(recordings);
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) <= FILE_BYTES_MAX) return;
  const next = `${path}.${process.pid}`;
  writeFileSync(next, `${JSON.stringify(readRemovedRecord(recordings))}\n`, { mode: 0o600 });
  renameSync(next, path);
}

function added(sum: RemovedRecord | undefined, line: Removal | RemovedRecord | undefined): RemovedRecord | undefined {
  if (line === undefined) return sum;
  if (!('at' in line)) return line;
  const { at, why, bytes, events } = line;
  const lost = events === undefined ? 0 : 1;
  const old = sum ?? { since: at, until: at, why: [], recordings: 0, bytes: 0, unexported: { recordings: 0, events: 0 } };
  return {
    since: old.since,
    until: at,
    why: old.why.includes(why) ? old.why : [...old.why, why],
    recordings: old.recordings + 1,
    bytes: old.bytes + bytes,
    unexported: { recordings: old.unexported.recordings + lost, events: old.unexported.events + (events ?? 0) },
  };
}

/** A line that says something; the last one of a killed process may be cut. */
function parsed(line: string): Removal | RemovedRecord | undefined {
  try {
    const found = JSON.parse(line) as Removal & RemovedRecord;
    const { bytes, at, since, until, recordings, unexported, events = 0 } = found;
    const one = typeof at === 'string' && isCount(bytes) && isCount(events);
    const all = typeof since === 'string' && typeof until === 'string' && Array.isArray(found.why);
    const counts = [recordings, bytes, unexported?.recordings, unexported?.events];
    return one || (all && counts.every(isCount)) ? found : undefined;
  } catch {
    return undefined;
  }
}

const isCount = (n: unknown): boolean => Number.isSafeInteger(n) && (n as number) >= 0;
