/** Says something else of a session whose process is gone: one further line at the end of its recording, which says it instead of what was said before. */
import { closeSync, constants, fstatSync, ftruncateSync, openSync, statSync, unlinkSync, writeSync } from 'node:fs';
import { wallMs } from '../core/clock.ts';
import type { EndLine, MetadataValue, SessionLine, SessionLink } from '../events/lines.ts';
import { LineBuffer } from './line-buffer.ts';
import { readLines } from './log-reader.ts';
import { standInHeader, stateOf } from './summary.ts';

/** What a session says of itself. */
export interface SessionWords {
  tags: readonly string[];
  metadata: Readonly<Record<string, MetadataValue>>;
  links: readonly SessionLink[];
}

/** What became of it. `unchanged`: it says so already. Everything else but `written` is why nothing was done. */
export type Retagged =
  | { outcome: 'written' | 'unchanged'; words: SessionWords }
  | { outcome: 'recording' | 'damaged' | 'torn' | 'busy' | 'without-content' };

/** A lock is held for milliseconds; one that is older is of a process that died with it. */
const LOCK_IDLE_MS = 60_000;

/** What a recording ends with, as far as a further line depends on it. */
interface Last {
  header: SessionLine;
  /** Number and time of the last line, and where it ends. */
  s: number;
  t: number;
  size: number;
  end?: EndLine;
  words: SessionWords;
}

/**
 * Appends a line that says what `change` makes of the words of a session: a further `end` line to one that ended, an `update` line to one whose process died. The line has the time of
 * the last one: in the session itself, nothing happened since.
 */
export function retagRecording(path: string, change: (words: SessionWords) => SessionWords): Retagged {
  const lockPath = path.replace(/\.jsonl$/, '.tagging');
  if (!lock(lockPath)) return { outcome: 'busy' };
  try {
    const last = lastOf(path);
    if (typeof last === 'string') return { outcome: last };
    const words = change(last.words);
    const said = differences(last.words, words);
    if (Object.keys(said).length === 0) return { outcome: 'unchanged', words };
    if (last.header.mode !== 'full' && (said.metadata || said.links)) return { outcome: 'without-content' };
    append(path, last, said);
    return { outcome: 'written', words };
  } finally {
    unlinkSync(lockPath);
  }
}

function lastOf(path: string): Last | 'recording' | 'damaged' | 'torn' {
  let header: SessionLine | undefined;
  let end: EndLine | undefined;
  let words: SessionWords = { tags: [], metadata: {}, links: [] };
  let [s, t, size, torn] = [-1, 0, 0, false];
  for (const scanned of readLines(path)) {
    if (!scanned.ok) {
      if (scanned.problem.kind !== 'torn') return 'damaged';
      torn = true;
      continue;
    }
    const { line } = scanned;
    [s, t, size] = [line.s, line.t, scanned.end];
    if (line.k === 'session') header ??= line;
    if (line.k === 'end') end = line;
    if (line.k === 'session' || line.k === 'update' || line.k === 'end') words = { ...words, ...wordsOf(line) };
  }
  header ??= standInHeader(path, undefined);
  if (stateOf(header, end, false) === 'recording') return 'recording';
  if (torn) return 'torn';
  return { header, s, t, size, words, ...(end && { end }) };
}

function wordsOf({ tags, metadata, links }: Partial<SessionWords>): Partial<SessionWords> {
  return { ...(tags && { tags }), ...(metadata && { metadata }), ...(links && { links }) };
}

/** The members that are others. */
function differences(before: SessionWords, after: SessionWords): Partial<SessionWords> {
  const same = (name: keyof SessionWords): boolean => JSON.stringify(before[name]) === JSON.stringify(after[name]);
  return {
    ...(!same('tags') && { tags: after.tags }),
    ...(!same('metadata') && { metadata: after.metadata }),
    ...(!same('links') && { links: after.links }),
  };
}

/** In one write: a reader sees the line whole, or as the torn one of a process that died. */
function append(path: string, { s, t, size, end }: Last, said: Partial<SessionWords>): void {
  const lines = new LineBuffer();
  const { s: _s, k: _k, t: _t, c: _c, ...members } = { c: '', ...end };
  if (!lines.appendMembers(`{"s":${s + 1},"k":"${end ? 'end' : 'update'}","t":${t}`, JSON.stringify({ ...members, ...said })))
    throw new Error('what is said of the session does not fit into a line');
  const file = openSync(path, constants.O_WRONLY | constants.O_APPEND);
  try {
    if (fstatSync(file).size !== size) throw new Error(`${path} changed while it was read: try again`);
    const written = writeSync(file, lines.bytes, 0, lines.used);
    if (written === lines.used) return;
    // The disk is full: half a line would make a torn recording of a sound one.
    ftruncateSync(file, size);
    throw new Error(`only ${written} of ${lines.used} bytes could be written to ${path}`);
  } finally {
    closeSync(file);
  }
}

function lock(path: string): boolean {
  for (let tries = 0; tries < 2; tries++) {
    try {
      closeSync(openSync(path, 'wx', 0o600));
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      const found = statSync(path, { throwIfNoEntry: false });
      if (found && wallMs() - found.mtimeMs < LOCK_IDLE_MS) return false;
      if (found) unlinkSync(path);
    }
  }
  return false;
}
