/** Which sessions a verb is about: those that are named, or those of the project that its filters let through. */
import { Option, type Command } from 'commander';
import { beganWithin, matchesFilter, type SessionFilter } from '../analysis/session-filter.ts';
import { wallMs } from '../core/clock.ts';
import { listRecordings, readRecording, type Recording, type Summary } from '../recording/recording.ts';
import { CliFailure } from './failure.ts';
import { oneLine } from './printable.ts';
import { showProgress } from './progress.ts';
import { openRecording, recordingAt, recordingsAt } from './project.ts';
import { idOf } from './session-words.ts';
import { sinceOf } from './since.ts';
import type { Terminal } from './terminal.ts';

const STATUSES = ['running', 'ok', 'failed', 'ended', 'crashed', 'damaged', 'success', 'partial', 'failure', 'indeterminate'];

/** The options that choose sessions. */
export interface FilterOptions {
  agent?: string;
  version?: string;
  environment?: string;
  model?: string;
  tag?: string[];
  status?: string;
  since?: string;
  until?: string;
}

/** A recording that was chosen. */
export interface Chosen {
  id: string;
  path: string;
  recording: Recording;
}

/** Adds the options that choose sessions. */
export function addFilters(command: Command): Command {
  return command
    .option('--agent <name>', 'sessions of this agent: id or name')
    .option('--version <version>', 'sessions of this version of the agent')
    .option('--environment <name>', 'sessions of this environment')
    .option('--model <name>', 'sessions in which this model was called')
    .option('--tag <tag>', 'sessions with this tag; may be repeated: with all of them', gather)
    .addOption(
      new Option('--status <status>', 'sessions that stand so (as in ls), or with a run that ended so').choices(STATUSES),
    )
    .option('--since <time>', 'sessions that began then or later: 12h, 30d, today, 2026-03-01')
    .option('--until <time>', 'sessions that began before then');
}

function gather(tag: string, tags: string[] = []): string[] {
  return [...tags, tag];
}

/** What the options ask for. */
export function filterOf(options: FilterOptions): SessionFilter {
  const { agent, version, environment, model, tag, status, since, until } = options;
  const nowMs = wallMs();
  return {
    ...(agent !== undefined && { agent }),
    ...(version !== undefined && { version }),
    ...(environment !== undefined && { environment }),
    ...(model !== undefined && { model }),
    ...(tag !== undefined && { tags: tag }),
    ...(status !== undefined && { status: status as NonNullable<SessionFilter['status']> }),
    ...(since !== undefined && { sinceUs: sinceOf(since, nowMs) * 1000 }),
    ...(until !== undefined && { untilUs: sinceOf(until, nowMs) * 1000 }),
  };
}

/** Whether a filter asks for anything. */
export function asksFor(filter: SessionFilter): boolean {
  return Object.keys(filter).length > 0;
}

/** Refuses what cannot both be meant. */
export function refuseBoth(named: readonly string[], filter: SessionFilter): void {
  if (named.length > 0 && asksFor(filter))
    throw new CliFailure('Name sessions, or choose them by filters: not both.', { exitCode: 2 });
}

export interface Selection {
  dir: string | undefined;
  named: readonly string[];
  filter: SessionFilter;
  terminal: Terminal;
  /** What is being done, for the progress: `reading`. */
  what: string;
}

/** The named sessions in the order given, or those that the filter lets through, newest first; one at a time, so that one at a time is in memory. */
export function* chosenRecordings({ dir, named, filter, terminal, what }: Selection): Generator<Chosen, void> {
  if (named.length > 0) {
    for (const path of new Set(named.map((meant) => recordingAt(dir, meant)))) {
      yield { id: idOf(path), path, recording: openRecording(path) };
    }
    return;
  }
  const paths = summariesWithin(dir, filter).map(({ path }) => path);
  const progress = showProgress(what, paths.length, terminal);
  try {
    for (const [done, path] of paths.entries()) {
      progress.at(done);
      const recording = readable(path, terminal);
      if (recording && matchesFilter(recording, filter)) yield { id: idOf(path), path, recording };
    }
  } finally {
    progress.close();
  }
}

/** What a list knows of the recordings that the filter lets through, newest first. None is read whole unless the filter asks for what only that tells. */
export function chosenSummaries(dir: string | undefined, filter: SessionFilter, terminal: Terminal): Summary[] {
  const { sinceUs: _since, untilUs: _until, ...others } = filter;
  const summaries = summariesWithin(dir, filter);
  if (!asksFor(others)) return summaries;
  const paths = new Set<string>();
  for (const { path } of chosenRecordings({ dir, named: [], filter, terminal, what: 'reading' })) paths.add(path);
  return summaries.filter(({ path }) => paths.has(path));
}

/** The recordings that began when the filter says, newest first. What else it asks is in the recordings themselves. */
function summariesWithin(dir: string | undefined, filter: SessionFilter): Summary[] {
  return listRecordings(recordingsAt(dir)).filter(({ header }) => beganWithin(header.epoch, filter));
}

/** One of many that cannot be read is told, and does not stop the others. */
function readable(path: string, terminal: Terminal): Recording | undefined {
  try {
    return readRecording(path);
  } catch (error) {
    terminal.remark(`! ${idOf(path)}: ${oneLine(error instanceof Error ? error.message : String(error))}`);
    return undefined;
  }
}
