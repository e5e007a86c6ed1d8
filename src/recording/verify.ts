/** Finds everything that is wrong with a recording. */
import { statSync } from 'node:fs';
import type { EndLine, SessionLine } from '../events/lines.ts';
import { checkedLines } from './blob-check.ts';
import { RecordingError } from './errors.ts';
import type { Problem } from './log-reader.ts';
import { type RecordingState, standInHeader, stateOf } from './summary.ts';

export { repairRecording } from './repair.ts';

export interface Verification {
  state: RecordingState;
  /** Sound lines. */
  lines: number;
  /** In the order of the file; more than a million are only counted by `state`. */
  problems: Problem[];
  bytes: number;
}

const PROBLEMS_MAX = 1_000_000;

/** Checks every line and every blob of a recording. Throws when there is no such file, or its format is of a later version. */
export function verifyRecording(path: string): Verification {
  let header: SessionLine | undefined;
  let end: EndLine | undefined;
  let lines = 0;
  let damaged = false;
  const problems: Problem[] = [];
  for (const scanned of checkedLines(path)) {
    if (!scanned.ok) {
      if (scanned.problem.kind === 'version') throw new RecordingError('recording_newer', `${path}: ${scanned.problem.message}`);
      damaged ||= scanned.problem.kind !== 'torn';
      if (problems.length < PROBLEMS_MAX) problems.push(scanned.problem);
      continue;
    }
    lines++;
    if (scanned.line.k === 'session') header ??= scanned.line;
    if (scanned.line.k === 'end') end = scanned.line;
  }
  const state = stateOf(header ?? standInHeader(path, undefined), end, damaged);
  return { state, lines, problems, bytes: statSync(path).size };
}
