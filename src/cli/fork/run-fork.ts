/** Runs the program of a session as a fork of it, in a process of its own, and finds what that recorded. */
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StdioOptions } from 'node:child_process';
import { forkFigures } from '../../analysis/fork-figures.ts';
import type { ForkFigures } from '../../analysis/fork-figures.ts';
import { monotonicUs } from '../../core/clock.ts';
import { recordingsFolder } from '../../recording/folder.ts';
import { readHeader } from '../../recording/recording-ends.ts';
import type { Recording } from '../../recording/recording.ts';
import { DIVERGED } from '../../replay/divergence.ts';
import { planOf } from '../../replay/plan.ts';
import type { ForkPlan, ReplayPlan } from '../../replay/plan.ts';
import type { ReplayReport } from '../../replay/replay-runtime.ts';
import { CliFailure } from '../failure.ts';
import { openRecording } from '../project.ts';
import { registerOptions, runProgram } from '../program.ts';
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
  /** What it recorded, the first begun first. */
  made: { path: string; id: string; recording: Recording }[];
  figures: ForkFigures;
  ms: number;
}

/** Runs it to its end. */
export async function runFork({ path, recording, fork, command = [], folder, stdio = 'inherit' }: ForkOrder): Promise<ForkRun> {
  const { header } = recording;
  if (header.cwd !== undefined && !existsSync(header.cwd))
    throw new CliFailure(`The program of ${idOf(path)} ran in ${header.cwd}, which is not there`, {
      hint: 'A fork runs the program where it ran: put the folder back.',
    });
  const work = mkdtempSync(join(tmpdir(), 'hindcast-fork-'));
  const [reportPath, planPath] = [join(work, 'report.json'), join(work, 'plan.json')];
  const known = new Set(namesIn(recordingsFolder(folder)));
  const plan: ReplayPlan = { ...planOf([path]), report: reportPath, ...(fork && { fork }) };
  const [, ...argv] = header.argv ?? [];
  const line = command.length > 0 ? [...command] : [process.execPath, ...(header.execArgv ?? []), ...argv];
  const startedUs = monotonicUs();
  try {
    writeFileSync(planPath, JSON.stringify(plan), { mode: 0o600 });
    const end = await runProgram('fork', line, {
      env: { ...process.env, NODE_OPTIONS: registerOptions(), HINDCAST_DIR: folder, HINDCAST_REPLAY: planPath },
      ...(header.cwd !== undefined && { cwd: header.cwd }),
      stdio,
    });
    const report = reportAt(reportPath);
    const made = fork === undefined ? [] : madeIn(recordingsFolder(folder), known, { of: idOf(path), at: fork.event });
    return {
      end,
      exitCode: exitCodeOf(end, report),
      report,
      made,
      figures: forkFigures(made.map((one) => one.recording)),
      ms: Math.round((monotonicUs() - startedUs) / 1000),
    };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function namesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.jsonl')) : [];
}

/** The recordings of a folder that were not there before, and are of this fork. */
function madeIn(folder: string, known: ReadonlySet<string>, { of, at }: { of: string; at: string }): ForkRun['made'] {
  return namesIn(folder)
    .filter((name) => !known.has(name))
    .map((name) => join(folder, name))
    .filter((path) => {
      const fork = readHeader(path)?.fork;
      return fork?.of === of && fork.at === at;
    })
    .map((path) => ({ path, id: idOf(path), recording: openRecording(path) }))
    .sort((a, b) => a.recording.header.epoch - b.recording.header.epoch);
}

function reportAt(path: string): ReplayReport | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as ReplayReport;
  } catch {
    return null;
  }
}

function exitCodeOf({ code, signal }: ProgramEnd, report: ReplayReport | null): number {
  if (report?.divergence !== undefined && code === 0) return DIVERGED;
  return signal === null ? (code ?? 1) : 128 + constants.signals[signal];
}
