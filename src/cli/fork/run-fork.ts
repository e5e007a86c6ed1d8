/** Runs the program of a session as a fork of it, in a process of its own, and finds what that recorded. */
import { existsSync, readdirSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import type { StdioOptions } from 'node:child_process';
import { forkFigures } from '../../analysis/fork-figures.ts';
import type { ForkFigures } from '../../analysis/fork-figures.ts';
import { RecordingError } from '../../recording/errors.ts';
import { recordingsFolder } from '../../recording/folder.ts';
import { readHeader } from '../../recording/recording-ends.ts';
import type { Recording } from '../../recording/recording.ts';
import { DIVERGED } from '../../replay/divergence.ts';
import { planFor } from '../../replay/plan.ts';
import type { ForkPlan } from '../../replay/plan.ts';
import { runReplay } from '../../replay/replay-process.ts';
import type { ReplayReport } from '../../replay/replay-runtime.ts';
import { CliFailure } from '../failure.ts';
import { forkedOf } from './fork-words.ts';
import { openRecording } from '../project.ts';
import { runProgram } from '../program.ts';
import type { ProgramEnd } from '../program.ts';
import { idOf } from '../session-words.ts';

export interface ForkOrder {
  /** The recording that is forked. */
  path: string;
  recording: Recording;
  /** Absent: it is replayed as it was. */
  fork?: ForkPlan;
  /** Another command line than the recorded one. */
  command?: readonly string[];
  /** The `.hindcast` folder in which the fork is recorded. */
  folder: string;
  /** The program's standard input, output and errors. */
  stdio?: StdioOptions;
}

/** What a fork came to. */
export interface ForkRun {
  end: ProgramEnd;
  /** The program's own, or 86, 87, or 128 and a signal's number. */
  exitCode: number;
  /** Null: the process ended before it could write one. */
  report: ReplayReport | null;
  /** What it recorded: the session that was forked, then the others of its process, the first begun first. */
  made: { path: string; id: string; recording: Recording }[];
  figures: ForkFigures;
  ms: number;
}

/** Runs it to its end. */
export async function runFork({ path, recording, fork, command = [], folder, stdio = 'inherit' }: ForkOrder): Promise<ForkRun> {
  const { header } = recording;
  const known = new Set(namesIn(recordingsFolder(folder)));
  try {
    const { end, report, ms } = await runReplay({
      plan: { ...planFor(path), ...(fork && { fork }) },
      header,
      ...(command.length > 0 && { command, cwd: header.cwd }),
      home: folder,
      start: ({ command: line, ...where }) => runProgram('fork', line, { ...where, stdio }),
    });
    // A process that was killed could not say which are its own.
    const paths =
      report?.fork?.recordings ?? (fork ? newIn(recordingsFolder(folder), known, { of: idOf(path), at: fork.event }) : []);
    const made = paths.map(opened).sort(forkedFirst);
    return {
      end,
      exitCode: exitCodeOf(end, report),
      report,
      made,
      figures: forkFigures(made.map((one) => one.recording)),
      ms,
    };
  } catch (error) {
    if (!(error instanceof RecordingError)) throw error;
    throw new CliFailure(error.message, {
      hint: `Say what to run: hindcast fork ${idOf(path)} ... -- node <file>`,
      cause: error,
    });
  }
}

function namesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.jsonl')) : [];
}

/** Paths of the recordings of a folder that were not there before, and are of this fork. */
function newIn(folder: string, known: ReadonlySet<string>, { of, at }: { of: string; at: string }): string[] {
  return namesIn(folder)
    .filter((name) => !known.has(name))
    .map((name) => join(folder, name))
    .filter((path) => {
      const fork = readHeader(path)?.fork;
      return fork !== undefined && forkedOf(fork) === of && fork.at === at;
    });
}

function forkedFirst(
  { recording: { header: a } }: ForkRun['made'][number],
  { recording: { header: b } }: ForkRun['made'][number],
): number {
  return Number(a.fork?.beside !== undefined) - Number(b.fork?.beside !== undefined) || a.epoch - b.epoch;
}

const opened = (path: string): ForkRun['made'][number] => ({ path, id: idOf(path), recording: openRecording(path) });

function exitCodeOf({ code, signal }: ProgramEnd, report: ReplayReport | null): number {
  if (report?.divergence !== undefined && code === 0) return DIVERGED;
  return signal === null ? (code ?? 1) : 128 + constants.signals[signal];
}
