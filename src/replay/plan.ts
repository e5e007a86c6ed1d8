/**
 * What a process that replays is told to do: a JSON file that `hindcast replay`, `fork`, `bisect` and `hindcast/testing` write, and that HINDCAST_REPLAY names. Not for people: what a person edits
 * is an overrides file (cli/overrides.ts), of which this is made.
 */
import { readFileSync } from 'node:fs';
import type { PlannedEdit } from '../events/edits.ts';
import { processRecordings } from '../recording/process-recordings.ts';

/** What happens where the program leaves its recording: it ends with 86; it is given what is nearest, and told; it goes on over the network. */
export type Policy = 'strict' | 'warn' | 'live';

/** What of the mechanism is left out, to measure what it is for. */
export type LeftOut = 'lineage' | 'gate' | 'draws' | 'work';

/** Where a replay becomes a branch of its own. */
export interface ForkPlan {
  /** Id of the event from which on it may differ: what began before it comes from the recording, or the process ends with 86. */
  event: string;
  edits: PlannedEdit[];
  /** `branch`: what still asks as it did is answered from the recording. `live`: nothing from the fork on is. */
  after: 'branch' | 'live';
  /** Names of tools, and hosts, that may have effects after the fork; `*` for all. */
  allow: string[];
}

export interface ReplayPlan {
  v: 1;
  /** Files of the recordings of the process; the first is the one that was asked for. */
  recordings: string[];
  /** Where the report is written. */
  report?: string;
  policy: Policy;
  /** A request at the place of a recorded one gets its answer, whatever it says. */
  tolerate: boolean;
  fork?: ForkPlan;
  /** As of a fork, for the policy `live`. */
  allow?: string[];
  /** Id of the event at or after which a bug was fixed: until it began everything is as recorded, and what is different from then on is the fix (fixed-at.ts). */
  fixedAt?: string;
  /** Variables that are as they are here, and not as the recording has them. */
  ownEnv?: string[];
  leaveOut?: LeftOut[];
}

/** A replay with no more said than what is replayed. */
export function planOf(recordings: string[]): ReplayPlan {
  return { v: 1, recordings, policy: 'strict', tolerate: false };
}

/** The same, of a recording and all others of its process. */
export function planFor(path: string): ReplayPlan {
  return planOf(processRecordings(path));
}

/** Reads a plan. A recording in its place is replayed strictly, with the others of its process. */
export function readPlan(path: string): ReplayPlan {
  if (path.endsWith('.jsonl')) return planFor(path);
  return JSON.parse(readFileSync(path, 'utf8')) as ReplayPlan;
}
