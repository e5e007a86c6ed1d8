/**
 * The `.removing` beside a recording that is being deleted. From when it is there, the recording is gone for every reader, so that one that is half deleted is never taken for damaged; whoever
 * removes next finishes what a killed process began. In the last step the log itself takes the marker's name: a marker with something in it says nothing about a log that has come since.
 */
import { closeSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

const SUFFIX = '.removing';

export const markerOf = (path: string): string => path.replace(/\.jsonl$/, SUFFIX);

/** From here on the recording is gone. */
export function markRemoved(path: string): void {
  closeSync(openSync(markerOf(path), 'w', 0o600));
}

/** The last step, when everything else of the recording is deleted. */
export function finishRemoval(path: string): void {
  const marker = markerOf(path);
  if (statSync(path, { throwIfNoEntry: false }) !== undefined) renameSync(path, marker);
  rmSync(marker, { force: true });
}

/** Whether the recording at `path` is being deleted. */
export function isRemoved(path: string): boolean {
  return statSync(markerOf(path), { throwIfNoEntry: false })?.size === 0;
}

/** Of the names in a folder, those of recordings that are not being deleted. */
export function recordingNames(dir: string, names: readonly string[]): string[] {
  const marked = new Set(names.filter((name) => name.endsWith(SUFFIX)).map((name) => name.slice(0, -SUFFIX.length)));
  const logs = names.filter((name) => name.endsWith('.jsonl'));
  if (marked.size === 0) return logs;
  return logs.filter((name) => !marked.has(name.slice(0, -'.jsonl'.length)) || !isRemoved(join(dir, name)));
}
