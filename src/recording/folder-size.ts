/** What a recordings folder holds and how large it is, looked at in slices so short that a program that goes on meanwhile does not notice. */
import { type Dir, opendirSync, statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { monotonicUs } from '../core/clock.ts';
import { guard } from '../core/diagnostics.ts';
import type { Measured } from './disk-gauge.ts';

/** Everything in the folder that has one name. */
export interface FolderEntry {
  /** Path of the log. */
  path: string;
  /** False: there is no log, only what belongs to one. */
  hasLog: boolean;
  bytes: number;
  /** When something was written to it last. */
  modifiedMs: number;
  /** There is a cursor beside it: not all of it has been exported. */
  pending: boolean;
  /** Somebody writes tags to it. */
  tagging: boolean;
  /** Somebody has begun to delete it. */
  removing: boolean;
  /** Its files but for the log, which can be deleted. */
  others: string[];
}

export interface FolderFound extends Measured {
  entries: FolderEntry[];
}

/** Gives the program its turn. */
export type Breathe = () => Promise<void>;

/** So long it works before the program has its turn. */
const SLICE_US = 2_000;

const FILE = /^(.+?)(\.jsonl|\.jsonl\.damaged.*|\.blobs|\.cursor|\.tagging|\.removing)$/;

/** A clock for work in slices: resolves at once until a slice is used up. */
export function createSlices(breathe: Breathe): () => Promise<void> | undefined {
  let beganUs = monotonicUs();
  return () => {
    if (monotonicUs() - beganUs < SLICE_US) return undefined;
    return breathe().then(() => void (beganUs = monotonicUs()));
  };
}

/** Looks at a folder; one that is not there holds nothing. */
export async function measureFolder(dir: string, breathe: Breathe): Promise<FolderFound> {
  const entries = new Map<string, FolderEntry>();
  const slice = createSlices(breathe);
  let folder: Dir;
  try {
    folder = opendirSync(dir);
  } catch {
    return { entries: [], bytes: 0 };
  }
  let bytes = 0;
  try {
    for (let found = folder.readSync(); found !== null; found = folder.readSync()) {
      bytes += take(entries, dir, found.name);
      const pause = slice();
      if (pause) await pause;
    }
  } finally {
    folder.closeSync();
  }
  return { entries: [...entries.values()], bytes, ...diskOf(dir) };
}

function diskOf(dir: string): Pick<Measured, 'disk'> {
  const found = guard('recording.disk', () => statfsSync(dir), undefined);
  // Some file systems say that they have no size at all.
  if (found === undefined || found.blocks === 0) return {};
  return { disk: { free: found.bavail * found.bsize, total: found.blocks * found.bsize } };
}

/** Adds a file to what has its name; returns its size. */
function take(entries: Map<string, FolderEntry>, dir: string, name: string): number {
  const [, stem, kind] = FILE.exec(name) ?? [];
  if (stem === undefined) return 0;
  const file = join(dir, name);
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat === undefined || !stat.isFile()) return 0;
  let entry = entries.get(stem);
  if (entry === undefined) {
    const path = join(dir, `${stem}.jsonl`);
    const flags = { hasLog: false, pending: false, tagging: false, removing: false };
    entries.set(stem, (entry = { path, bytes: 0, modifiedMs: 0, ...flags, others: [] }));
  }
  entry.bytes += stat.size;
  if (kind === '.jsonl') entry.hasLog = true;
  else if (kind === '.tagging') entry.tagging = true;
  else if (kind === '.removing') entry.removing = true;
  else entry.others.push(file);
  if (kind === '.cursor') entry.pending = true;
  else entry.modifiedMs = Math.max(entry.modifiedMs, stat.mtimeMs);
  return stat.size;
}
