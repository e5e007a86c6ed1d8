/**
 * Keeps a recordings folder as small as it may be (docs/decisions/0013-disk-budget.md): whole recordings go, oldest first. One that is being recorded never goes; one that waits for its export
 * only where nothing else is left, and it is counted. Loaded when there is something to look at.
 */
import { existsSync, rmSync } from 'node:fs';
import { rename, unlink } from 'node:fs/promises';
import { wallMs } from '../core/clock.ts';
import { guard, reportFault } from '../core/diagnostics.ts';
import { missingOn, type Measured } from './disk-gauge.ts';
import { type Breathe, createSlices, type FolderEntry, measureFolder } from './folder-size.ts';
import { isAlive } from './process-state.ts';
import { readEnds, readHeader } from './recording-ends.ts';
import { isRemoved, markerOf, markRemoved } from './removal-marker.ts';
import { recordRemoval, shortenRemovedRecord, type RemovalCause, type RemovedSum } from './removed-record.ts';
import { lockFolder, type SweepLock } from './sweep-lock.ts';
import { countUnexported } from './unexported.ts';

export interface SweepOptions {
  /** The recordings folder. */
  dir: string;
  /** What all recordings together may take; 0: anything. */
  budgetBytes: number;
  /** Shares of the budget: nothing is removed below `start`, and what is removed goes down to `target`. Both 1 if absent. */
  shares?: { start: number; target: number };
  /** Recordings to which nothing was written for longer go in any case, once they are exported. */
  keepMs?: number | undefined;
  dryRun?: boolean;
  breathe: Breathe;
  /** Asked between two steps: true stops. */
  stopped?: () => boolean;
}

export interface RemovedRecording {
  path: string;
  bytes: number;
  modifiedMs: number;
  why: RemovalCause;
  /** Events that had not been exported, where not all had. */
  unexported?: number;
}

export interface SweepReport {
  /** As it was found. */
  found: Measured & { recordings: number };
  /** As it is now, or would be. */
  bytes: number;
  removed: RemovedRecording[];
  sum: RemovedSum;
  /** Something was to be removed, and another process is at it. */
  busy: boolean;
}

/** A recording without an end line, of a process that is not to be seen, may be one of another machine or container: it is left alone for so long. */
const UNENDED_IDLE_MS = 10 * 60_000;

/** Looks at a folder and removes what is too much. */
export async function sweepFolder(options: SweepOptions): Promise<SweepReport> {
  const found = await measureFolder(options.dir, options.breathe);
  const sweep = new Sweep(options, found);
  if (sweep.isNeeded(found.entries)) await sweep.run(found.entries);
  return sweep.report(found.entries.filter(({ hasLog }) => hasLog).length);
}

class Sweep {
  readonly #options: SweepOptions;
  readonly #found: Measured;
  /** Bytes from which on something must go, and to which it goes. */
  readonly #start: number;
  readonly #target: number;
  readonly #limit: number;
  readonly #cause: 'budget' | 'disk';
  readonly #nowMs = wallMs();
  readonly #removed: RemovedRecording[] = [];
  readonly #gone = new Set<string>();
  readonly #slice: () => Promise<void> | undefined;
  #bytes: number;
  #busy = false;

  constructor(options: SweepOptions, found: Measured) {
    this.#options = options;
    this.#found = found;
    this.#bytes = found.bytes;
    this.#slice = createSlices(options.breathe);
    const { budgetBytes, shares = { start: 1, target: 1 } } = options;
    const budget = budgetBytes > 0 ? budgetBytes : Infinity;
    const byDisk = budgetBytes > 0 && missingOn(found.disk) > 0 ? found.bytes - missingOn(found.disk) : Infinity;
    this.#cause = byDisk < budget ? 'disk' : 'budget';
    this.#limit = Math.max(0, Math.min(budget, byDisk));
    this.#start = Math.max(0, Math.min(budget * shares.start, byDisk));
    this.#target = Math.max(0, Math.min(budget * shares.target, byDisk));
  }

  isNeeded(entries: readonly FolderEntry[]): boolean {
    return (
      this.#bytes > this.#start || entries.some((entry) => this.#isLeftOver(entry) || (this.#isOld(entry) && !entry.pending))
    );
  }

  async run(entries: readonly FolderEntry[]): Promise<void> {
    const { dir, dryRun = false } = this.#options;
    const lock: SweepLock | null = dryRun ? { touch() {}, release() {} } : lockFolder(dir);
    if (lock === null) {
      this.#busy = true;
      return;
    }
    try {
      if (!dryRun) guard('recording.removed', () => shortenRemovedRecord(dir), undefined);
      const over = this.#bytes > this.#start;
      const oldestFirst = entries.toSorted((a, b) => a.modifiedMs - b.modifiedMs);
      const logs = oldestFirst.filter((entry) => !this.#isLeftOver(entry) && entry.hasLog);
      await this.#each(oldestFirst, lock, (entry) => this.#isLeftOver(entry) && this.#clear(entry));
      await this.#each(logs, lock, (entry) => this.#isOld(entry) && !entry.pending && this.#remove(entry, 'age'));
      if (!over) return;
      const cause = this.#cause;
      await this.#each(logs, lock, (entry) => this.#bytes > this.#target && !entry.pending && this.#remove(entry, cause));
      await this.#each(logs, lock, (entry) => this.#bytes > this.#limit && entry.pending && this.#remove(entry, cause));
    } finally {
      lock.release();
    }
  }

  report(recordings: number): SweepReport {
    const { bytes, disk } = this.#found;
    const found = { bytes, recordings, ...(disk && { disk }) };
    return { found, bytes: this.#bytes, removed: this.#removed, sum: this.#sum(), busy: this.#busy };
  }

  /** One after the other; one that cannot be removed does not keep the others. */
  async #each(
    entries: readonly FolderEntry[],
    lock: SweepLock,
    act: (entry: FolderEntry) => Promise<void> | false,
  ): Promise<void> {
    for (const entry of entries) {
      if (this.#options.stopped?.()) return;
      try {
        const acting = act(entry);
        if (acting !== false) await acting;
      } catch (error) {
        // Somebody else may have deleted it meanwhile.
        if (!isMissing(error)) reportFault('recording.sweep', error);
      }
      const pause = this.#slice();
      if (pause) await pause;
      lock.touch();
    }
  }

  #isOld({ modifiedMs, hasLog }: FolderEntry): boolean {
    const { keepMs } = this.#options;
    return keepMs !== undefined && hasLog && this.#nowMs - modifiedMs > keepMs;
  }

  /** What a process that died while it removed has left, or bodies without their recording. */
  #isLeftOver({ removing, hasLog, others, modifiedMs }: FolderEntry): boolean {
    return removing || (!hasLog && others.length > 0 && this.#nowMs - modifiedMs > UNENDED_IDLE_MS);
  }

  async #clear(entry: FolderEntry): Promise<void> {
    if (this.#options.dryRun) return;
    const { path, others, removing } = entry;
    if (removing && isRemoved(path)) await unlinkAll(path, others);
    // The marker is older than the log, or nothing but the marker is there: it says nothing about the log.
    else if (removing) return unlinkIfThere(markerOf(path));
    // At once: a log that begins now goes on in the bodies that it finds.
    else if (existsSync(path)) return;
    else for (const file of others) rmSync(file, { force: true });
    this.#bytes -= entry.bytes;
  }

  async #remove(entry: FolderEntry, why: RemovalCause): Promise<void> {
    const { path, bytes, modifiedMs, others, pending } = entry;
    if (this.#gone.has(path) || !this.#mayGo(entry)) return;
    const unexported = pending ? await countUnexported(path) : undefined;
    if (!this.#options.dryRun) {
      markRemoved(path);
      // At once: the process may end before the sweep does.
      const said = { why, bytes, ...(unexported !== undefined && { events: unexported }) };
      guard('recording.removed', () => recordRemoval(this.#options.dir, said), undefined);
      await unlinkAll(path, others);
    }
    this.#gone.add(path);
    this.#bytes -= bytes;
    this.#removed.push({ path, bytes, modifiedMs, why, ...(unexported !== undefined && { unexported }) });
  }

  #mayGo({ path, tagging, modifiedMs }: FolderEntry): boolean {
    if (tagging) return false;
    if (readEnds(path) !== undefined) return true;
    const header = readHeader(path);
    if (header !== undefined && isAlive(header.pid, header.epoch)) return false;
    return this.#nowMs - modifiedMs > UNENDED_IDLE_MS;
  }

  #sum(): RemovedSum {
    const lost = this.#removed.filter(({ unexported }) => unexported !== undefined);
    return {
      recordings: this.#removed.length,
      bytes: this.#removed.reduce((sum, { bytes }) => sum + bytes, 0),
      unexported: { recordings: lost.length, events: lost.reduce((sum, { unexported = 0 }) => sum + unexported, 0) },
    };
  }
}

/** Deletes what belongs to a recording that is marked as removed, and the recording last. Not synchronously: a large file takes its time. */
async function unlinkAll(path: string, others: readonly string[]): Promise<void> {
  for (const file of others) await unlinkIfThere(file);
  const marker = markerOf(path);
  await rename(path, marker).catch(unlessMissing);
  await unlinkIfThere(marker);
}

const unlinkIfThere = (path: string): Promise<void> => unlink(path).catch(unlessMissing);

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';

function unlessMissing(error: unknown): void {
  if (!isMissing(error)) throw error;
}
