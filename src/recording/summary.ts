/** The little of a recording that a list needs. */
import { statSync } from 'node:fs';
import { basename } from 'node:path';
import { FORMAT_VERSION, type EndLine, type SessionLine } from '../events/lines.ts';
import type { SessionStats } from '../events/model.ts';
import { UNSAID } from './line-shape.ts';
import { readLines } from './log-reader.ts';
import { isAlive } from './process-state.ts';
import { readEnds } from './recording-ends.ts';

/** As in docs/recording-format.md, "States". */
export type RecordingState = 'recording' | 'crashed' | 'ended' | 'damaged';

/** What a list shows of a recording. */
export interface Summary {
  /** The name that the recording is asked for by: its file name. */
  id: string;
  path: string;
  header: SessionLine;
  state: RecordingState;
  bytes: number;
  modifiedMs: number;
  events: number;
  /** Only of a session that ended. */
  stats?: SessionStats;
  end?: EndLine;
}

/** The name of the companion that holds the large bodies of a log. */
export const blobsPathOf = (path: string): string => path.replace(/\.jsonl$/, '.blobs');

/**
 * What a list needs of a recording. Of one that ended, only its ends are read: damage in the middle is for `verifyRecording`. Throws when there is no
 * such file.
 */
export function summariseRecording(path: string): Summary {
  const { size: bytes, mtimeMs: modifiedMs } = statSync(path);
  const id = basename(path, '.jsonl');
  const ends = readEnds(path);
  if (ends) {
    const { header, end } = ends;
    return { id, path, header, state: 'ended', bytes, modifiedMs, events: end.stats.events, stats: end.stats, end };
  }
  let header: SessionLine | undefined;
  let end: EndLine | undefined;
  let trace: string | undefined;
  let events = 0;
  let damaged = false;
  for (const scanned of readLines(path)) {
    if (!scanned.ok) damaged ||= scanned.problem.kind !== 'torn';
    else if (scanned.line.k === 'session') header ??= scanned.line;
    else if (scanned.line.k === 'end') end = scanned.line;
    else if (scanned.line.k === 'event') {
      events++;
      trace ??= scanned.line.e.trace;
    }
  }
  header ??= standInHeader(path, trace);
  const summary: Summary = { id, path, header, state: stateOf(header, end, damaged), bytes, modifiedMs, events };
  return end ? { ...summary, stats: end.stats, end } : summary;
}

/** The state of a recording, from what was found in it. */
export function stateOf(header: SessionLine, end: EndLine | undefined, damaged: boolean): RecordingState {
  if (damaged) return 'damaged';
  if (end) return 'ended';
  return isAlive(header.pid, header.epoch) ? 'recording' : 'crashed';
}

/** A header for a recording that has lost its own, so that the rest can be read. */
export function standInHeader(path: string, trace: string | undefined): SessionLine {
  const found = statSync(path);
  return {
    s: 0,
    k: 'session',
    t: 0,
    v: FORMAT_VERSION,
    id: basename(path, '.jsonl'),
    epoch: Math.round((found.birthtimeMs || found.mtimeMs) * 1000),
    ...UNSAID,
    flags: [],
    ...(trace !== undefined && { trace }),
  };
}
