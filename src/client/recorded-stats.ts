/** Totals of recorded sessions, for `stats()`. Loaded when it is first needed. */
import { familyTotals, sessionTotals, sessionTrees, walkFamily } from '../analysis/family.ts';
import type { SessionRecord } from '../analysis/session-record.ts';
import { emptyStats } from '../analysis/stats.ts';
import { guard } from '../core/diagnostics.ts';
import type { EndLine } from '../events/lines.ts';
import type { SessionStats } from '../events/model.ts';
import { recordingsFolder } from '../recording/folder.ts';
import { listRecordings } from '../recording/recording-list.ts';
import { readRecording } from '../recording/recording.ts';
import type { Summary } from '../recording/summary.ts';
import { resolveOptions } from './resolve.ts';

interface Wanted {
  /** Folder of the recordings; when absent, that of the project. */
  dir: string | undefined;
  /** Whether those that are part of it count as well. */
  children: boolean;
  /** Of a session that this process records: its recording may lack what has not been written yet. */
  totalsOf: (id: string) => SessionStats | undefined;
}

/** The totals of the session of an id; undefined when the folder has no recording of it. */
export function recordedStats(id: string, { dir, children, totalsOf }: Wanted): SessionStats | undefined {
  const summaries = listRecordings(dir ?? recordingsFolder(resolveOptions({}).values.dir));
  const found = sessionTrees(summaries)
    .flatMap((root) => [...walkFamily(root)])
    .find(({ node }) => node.id === id)?.node;
  if (found === undefined) return undefined;
  // Read once each, and only those of this family.
  const family = [...walkFamily(found)].flatMap(({ node }) => (children || node === found ? node.parts : []));
  const records = family.map((summary) => recordOf(summary, totalsOf));
  const whole = sessionTrees(records).find((root) => root.id === id);
  return whole && (children ? familyTotals(whole) : sessionTotals(whole));
}

/** As much of a recording as its totals need: of one that has ended, its last line. */
function recordOf({ path, header, state, end }: Summary, totalsOf: Wanted['totalsOf']): SessionRecord {
  const nothing = { header, state, events: [], open: [], notes: new Map() };
  if (end) return { ...nothing, end };
  const live = header.pid === process.pid ? totalsOf(header.id) : undefined;
  if (live) return { ...nothing, end: endOf(live) };
  return guard<SessionRecord>('client.stats-read', () => readRecording(path), { ...nothing, end: endOf(emptyStats()) });
}

const endOf = (stats: SessionStats): EndLine => ({ k: 'end', s: 0, t: 0, state: 'indeterminate', reason: 'not_ended', stats });
