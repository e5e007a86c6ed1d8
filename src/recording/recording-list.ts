/** The recordings of a folder, and the one that somebody means. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { guard } from '../core/diagnostics.ts';
import { RecordingError } from './errors.ts';
import { readHeader } from './recording-ends.ts';
import { recordingNames } from './removal-marker.ts';
import { type Summary, summariseRecording } from './summary.ts';

const SUFFIX = '.jsonl';
const SHOWN_MAX = 5;

/** Every recording of the folder, damaged ones too, the one that began last first. A folder that is not there holds none. */
export function listRecordings(dir: string): Summary[] {
  const summaries: Summary[] = [];
  for (const path of recordingPaths(dir)) {
    // One may have been deleted since the folder was read.
    const summary = guard('recording.list', () => summariseRecording(path), undefined);
    if (summary) summaries.push(summary);
  }
  return summaries.sort((a, b) => b.header.epoch - a.header.epoch || (a.id < b.id ? 1 : -1));
}

/** Path of the recording that is meant by an id, the beginning of one (also without `ses_`), `last`, or a path. Throws a `RecordingError` that says what to do. */
export function resolveRecording(dir: string, meant: string): string {
  if (/[/\\]|\.jsonl$/.test(meant) && existsSync(meant)) return resolve(meant);
  const paths = recordingPaths(dir);
  if (paths.length === 0)
    throw new RecordingError(
      'recording_not_found',
      `There are no recordings in ${dir}. Run your program with hindcast first, or name a recording's path.`,
    );
  if (meant === 'last') return newest(paths);
  const named = paths.filter((path) => idOf(path) === meant);
  const found =
    named.length > 0 ? named : paths.filter((path) => idOf(path).startsWith(meant) || idOf(path).startsWith(`ses_${meant}`));
  if (found.length === 1) return found[0]!;
  if (found.length === 0)
    throw new RecordingError(
      'recording_not_found',
      `No recording in ${dir} begins with "${meant}". hindcast ls lists all; "last" is the newest.`,
    );
  const ids = found.slice(0, SHOWN_MAX).map(idOf).join(', ');
  const more = found.length > SHOWN_MAX ? ` and ${found.length - SHOWN_MAX} more` : '';
  throw new RecordingError(
    'recording_ambiguous',
    `"${meant}" is the beginning of ${found.length} recordings: ${ids}${more}. Give more of the id.`,
  );
}

const idOf = (path: string): string => path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1, -SUFFIX.length);

function recordingPaths(dir: string): string[] {
  if (!existsSync(dir)) return [];
  const files = readdirSync(dir, { withFileTypes: true }).filter((entry) => entry.isFile());
  return recordingNames(
    dir,
    files.map(({ name }) => name),
  )
    .map((name) => join(dir, name))
    .sort();
}

function newest(paths: string[]): string {
  const begun = paths.map((path) => {
    const header = guard('recording.list', () => readHeader(path), undefined);
    const epoch = header?.epoch ?? guard('recording.list', () => statSync(path).mtimeMs * 1000, 0);
    // What came in outside of sessions is none that somebody means.
    return { path, epoch, isSession: header?.outside !== true };
  });
  const isNewer = (b: (typeof begun)[number], a: (typeof begun)[number]): boolean =>
    a.isSession === b.isSession ? b.epoch >= a.epoch : b.isSession;
  return begun.reduce((a, b) => (isNewer(b, a) ? b : a)).path;
}
