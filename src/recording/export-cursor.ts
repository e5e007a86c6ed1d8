/**
 * The `.cursor` beside a recording: how far it has been exported, and which process is at it. A recording is exported by one process at a time; it
 * changes hands only when its owner is gone.
 */
import { linkSync, readFileSync, renameSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { wallMs } from '../core/clock.ts';
import { newSpanId } from '../core/ids.ts';
import { breakStale } from './stale-lock.ts';

/** A process, told from others that have or had its number: in a container every life of an app may have the same one. */
export interface Owner {
  pid: number;
  host: string;
  /** When it was started, where the system says (Linux: clock ticks since boot). */
  started?: string;
  /** Which queue of that process. */
  queue: string;
}

export interface Cursor {
  /** Bytes of the recording whose events have all been exported. */
  offset: number;
  /** Of the events that never ended, which come after all others: how many have been exported. */
  unfinished: number;
  owner: Owner;
}

/** Files of another machine's process: its life cannot be seen, so they are left alone until nobody has touched them for so long. */
const ELSEWHERE_IDLE_MS = 60 * 60 * 1_000;
/** No system gives a process a higher number. */
const PID_MAX = 2 ** 31 - 1;
/** A lock is held for microseconds. One that cannot be read is believed for so long. */
const LOCK_IDLE_MS = 10_000;

/** Whoever comes next may have it. */
export const NOBODY: Owner = { pid: 0, host: '', queue: '' };

/** Queues of this process that are not closed. */
const queues = new Set<string>();

/** A new owner: a queue of the process with this number. */
export function newOwner(pid: number): Owner {
  const started = startOf(pid);
  const queue = newSpanId();
  queues.add(queue);
  return { pid, host: hostname(), ...(started === undefined ? {} : { started }), queue };
}

/** The queue is closed: what it still owned is anybody's. */
export function retire(owner: Owner): void {
  queues.delete(owner.queue);
}

function startOf(pid: number): string | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second member is the command in parentheses and may hold anything; `started` is the 22nd.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

export function isSameOwner(a: Owner, b: Owner): boolean {
  return a.queue === b.queue && a.pid === b.pid && a.host === b.host;
}

/** Whether the process is, or may be, alive. `touched`: the files whose age decides when it ran on another machine. */
function mayLive(owner: Owner, touched: string[]): boolean {
  if (owner.pid <= 0) return false;
  if (owner.host !== hostname()) return touched.some((path) => ageMs(path) < ELSEWHERE_IDLE_MS);
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const started = startOf(owner.pid);
  if (started !== undefined && owner.started !== undefined) return started === owner.started;
  // Where a former life with our number cannot be told by its start, its queue is none of ours.
  return owner.pid !== process.pid || queues.has(owner.queue);
}

function ageMs(path: string): number {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined ? Number.POSITIVE_INFINITY : wallMs() - found.mtimeMs;
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** The cursor, or null when there is none. One that cannot be read stands at the beginning: sent twice is better than lost. */
export function readCursor(path: string): Cursor | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  try {
    const { offset, unfinished, pid, host, started, queue } = JSON.parse(text) as Partial<Cursor & Owner>;
    if (!isCount(offset) || !isCount(pid) || pid > PID_MAX) return { offset: 0, unfinished: 0, owner: NOBODY };
    // Without a word of where it ran, nobody can wait for that process.
    const isSaid = typeof host === 'string' && host !== '' && typeof queue === 'string';
    return {
      offset,
      unfinished: isCount(unfinished) ? unfinished : 0,
      owner: isSaid ? { pid, host, ...(typeof started === 'string' ? { started } : {}), queue } : NOBODY,
    };
  } catch {
    return { offset: 0, unfinished: 0, owner: NOBODY };
  }
}

/** Replaces the cursor in one step: a reader sees the old one or the new one. */
export function writeCursor(path: string, cursor: Cursor): void {
  const next = `${path}.${process.pid}`;
  const { offset, unfinished, owner } = cursor;
  writeFileSync(next, `${JSON.stringify({ offset, ...(unfinished > 0 ? { unfinished } : {}), ...owner })}\n`, { mode: 0o600 });
  renameSync(next, path);
}

/**
 * Makes `me` the owner of a recording whose owner is gone, or that `me` owns already. Null when it is somebody else's. Of any number of processes that
 * try at once, one succeeds.
 */
export function takeOver(cursorPath: string, recordingPath: string, me: Owner): Cursor | null {
  const before = readCursor(cursorPath);
  if (before === null || !isFree(before, cursorPath, recordingPath, me)) return null;
  const lockPath = cursorPath.replace(/\.cursor$/, '.lock');
  if (!lock(lockPath, me)) return null;
  try {
    // It may have changed hands between the look and the lock.
    const cursor = readCursor(cursorPath);
    if (cursor === null || !isFree(cursor, cursorPath, recordingPath, me)) return null;
    const taken = { ...cursor, owner: me };
    writeCursor(cursorPath, taken);
    return taken;
  } finally {
    unlinkSync(lockPath);
  }
}

function isFree(cursor: Cursor, cursorPath: string, recordingPath: string, me: Owner): boolean {
  return isSameOwner(cursor.owner, me) || !mayLive(cursor.owner, [cursorPath, recordingPath]);
}

function lock(path: string, me: Owner): boolean {
  for (let tries = 0; tries < 2; tries++) {
    try {
      putLock(path, me);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      if (!breakStale(path, isStale, me.pid)) return false;
    }
  }
  return false;
}

/** In one step, with its owner in it: of a lock that its owner could not sign before it was killed, nobody could say whose it is. Throws EEXIST where there is one. */
function putLock(path: string, me: Owner): void {
  const next = `${path}.${process.pid}`;
  writeFileSync(next, JSON.stringify(me), { mode: 0o600 });
  try {
    linkSync(next, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw error;
    // A file system without links.
    writeFileSync(path, JSON.stringify(me), { mode: 0o600, flag: 'wx' });
  } finally {
    unlinkSync(next);
  }
}

function isStale(path: string): boolean {
  try {
    return !mayLive(JSON.parse(readFileSync(path, 'utf8')) as Owner, [path]);
  } catch {
    return ageMs(path) > LOCK_IDLE_MS;
  }
}
