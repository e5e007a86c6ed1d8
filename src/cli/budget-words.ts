/** What there is to say of the disk budget: how much of it is used, what was removed, what a session did not record. */
import { count, size } from '../analysis/figures.ts';
import { resolveOptions } from '../client/resolve.ts';
import type { DroppedFacts } from '../events/lines.ts';
import { measureFolder } from '../recording/folder-size.ts';
import { readRemovedRecord, type RemovalCause } from '../recording/removed-record.ts';

/** `3 bodies, 12 events (4.0 KB) not recorded: the disk budget was reached`; empty where all was. */
export function droppedWords(dropped: DroppedFacts | undefined): string {
  if (dropped === undefined) return '';
  const { bodies, contents, events, bytes } = dropped;
  const parts = [
    bodies > 0 ? `${bodies} HTTP ${bodies === 1 ? 'body' : 'bodies'}` : '',
    contents > 0 ? `the content of ${count(contents, 'event')}` : '',
    events > 0 ? count(events, 'whole event') : '',
  ];
  return `${parts.filter(Boolean).join(', ')} (${size(bytes)}) not recorded: the disk budget was reached`;
}

const CAUSES: Readonly<Record<RemovalCause, string>> = { budget: 'disk budget', disk: 'full disk', age: 'age' };

/** `12 recordings, 34.0 MB removed since 2026-03-01 for the disk budget`, and what of it was lost to the export; empty where nothing was. */
export function removedWords(recordings: string): { text: string; lost: boolean } | undefined {
  const removed = readRemovedRecord(recordings);
  if (removed === undefined || removed.recordings === 0) return undefined;
  const { unexported, since } = removed;
  const why = removed.why.map((cause) => CAUSES[cause]);
  const text = `${count(removed.recordings, 'recording')}, ${size(removed.bytes)} since ${since.slice(0, 10)} (${why.join(', ')})`;
  const lost = unexported.recordings > 0;
  return { text: lost ? `${text}; ${count(unexported.events, 'event')} of them never exported` : text, lost };
}

/** How much of the budget a folder takes. This process has nothing else to do meanwhile. */
export async function usedOfBudget(recordings: string): Promise<{ bytes: number; budgetBytes: number }> {
  const { bytes } = await measureFolder(recordings, () => Promise.resolve());
  return { bytes, budgetBytes: resolveOptions().values.diskBudgetMb * 1024 * 1024 };
}

/** What somebody who lists recordings should know: some were removed, or there are too many. Empty where there is nothing. */
export async function roomWords(recordings: string): Promise<string> {
  const removed = removedWords(recordings);
  const { bytes, budgetBytes } = await usedOfBudget(recordings);
  const over = budgetBytes > 0 && bytes > budgetBytes;
  return [
    removed && `Removed: ${removed.text}`,
    over
      ? `! The recordings take ${size(bytes)}, more than the budget of ${size(budgetBytes)}: hindcast gc removes the oldest`
      : '',
  ]
    .filter(Boolean)
    .join('\n');
}
