/** A session as one side of a comparison. */
import { familyTotals, recordingsOf, walkFamily } from '../analysis/family.ts';
import type { DiffSide } from '../analysis/session-diff.ts';
import type { Recording } from '../recording/recording.ts';
import { CliFailure } from './failure.ts';
import { familyAt, familyOfOne } from './family.ts';
import { openRecording, recordingAt } from './project.ts';
import { saidInRecordings } from './said-content.ts';

export type Side = DiffSide & { record: Recording };

/** The session that is meant with what is part of it, and not with what it is part of: two children of one session are two. */
export function sideOf(meant: string, { dir, alone = false }: { dir?: string; alone?: boolean }): Side {
  const path = recordingAt(dir, meant);
  const recording = openRecording(path);
  const { root } = alone ? familyOfOne(recording) : familyAt(path);
  const node = [...walkFamily(root)].find((each) => each.node.id === recording.header.id)?.node ?? familyOfOne(recording).root;
  const recordings = recordingsOf(node);
  const record = node.parts[0] ?? recording;
  return {
    record,
    children: recordings.filter((each) => each !== record),
    totals: familyTotals(node),
    saidIn: saidInRecordings(recordings),
  };
}

/** As with diff(1), 1 says that there are differences: whatever goes wrong is 2. */
export function orTrouble<T>(fn: () => T): T {
  try {
    return fn();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const hint = error instanceof CliFailure ? error.hint : undefined;
    throw new CliFailure(message, { hint, exitCode: 2, cause: error });
  }
}
