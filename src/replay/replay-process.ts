/** Runs the program of a recording again, in a process of its own and by a plan, and reads what it came to. What that process itself records is thrown away, unless it went its own way and is to be kept. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monotonicUs } from '../core/clock.ts';
import type { SessionLine } from '../events/lines.ts';
import { RecordingError } from '../recording/errors.ts';
import { recordingsFolder } from '../recording/folder.ts';
import { keepRecordings } from '../recording/kept-recordings.ts';
import { commandOf, cwdOf, missingProgram } from './moved-paths.ts';
import type { ReplayPlan } from './plan.ts';
import { registerOptions, runtimeOf, withRegister } from './register-options.ts';
import type { ReplayReport } from './replay-runtime.ts';

/** A command line, where it runs, and its environment. */
export interface ReplayCommand {
  command: string[];
  cwd: string;
  env: NodeJS.ProcessEnv;
}

export interface ReplayProcess<E> {
  plan: ReplayPlan;
  /** Of the recording that was asked for. */
  header: SessionLine;
  /** Instead of the recorded command line. */
  command?: readonly string[] | undefined;
  /** Instead of the recorded folder, or of this one where there is a `command`. */
  cwd?: string | undefined;
  /** The recordings folder into which what the process recorded is copied, where it sent anything. */
  keepIn?: string | undefined;
  /** The `.hindcast` folder in which it records. Absent: one that is thrown away. */
  home?: string | undefined;
  /** Variables beside those of this process. */
  env?: NodeJS.ProcessEnv | undefined;
  /** Starts it, and waits for its end. */
  start(command: ReplayCommand): Promise<E>;
}

/** How it ended, and what it came to; `report` is null where the process ended before it could say. */
export interface Replayed<E> {
  end: E;
  report: ReplayReport | null;
  ms: number;
  /** Ids of what was kept. */
  kept: string[];
}

/** Runs it. Throws a `RecordingError` where the program is not here. */
export async function runReplay<E>({
  plan,
  header,
  command,
  cwd,
  env,
  home,
  keepIn,
  start,
}: ReplayProcess<E>): Promise<Replayed<E>> {
  const where = cwdOf(header, cwd ?? (command && process.cwd()));
  const line = withRegister(command ?? recordedCommand(header, where));
  const folder = mkdtempSync(join(tmpdir(), 'hindcast-replay-'));
  const report = join(folder, 'report.json');
  const planPath = join(folder, 'plan.json');
  const made = home ?? join(folder, '.hindcast');
  const startedUs = monotonicUs();
  try {
    writeFileSync(planPath, JSON.stringify({ ...plan, report } satisfies ReplayPlan), { mode: 0o600 });
    const end = await start({
      command: line,
      cwd: where,
      env: {
        ...process.env,
        ...env,
        NODE_OPTIONS: registerOptions(env?.['NODE_OPTIONS']),
        HINDCAST_DIR: made,
        HINDCAST_REPLAY: planPath,
      },
    });
    const ms = Math.round((monotonicUs() - startedUs) / 1000);
    const came = readReport(report);
    const isOwn = came !== null && (came.live > 0 || Object.keys(came.opened).length > 0);
    return { end, report: came, ms, kept: isOwn && keepIn !== undefined ? keepRecordings(recordingsFolder(made), keepIn) : [] };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function recordedCommand(header: SessionLine, cwd: string): string[] {
  const missing = missingProgram(header, cwd);
  if (missing !== undefined)
    throw new RecordingError('program_not_found', `the program of this recording is not here: ${missing}`);
  if ((header.argv ?? []).length === 0) throw new RecordingError('program_not_found', 'the recording has no command line');
  // Of another runtime, that one.
  const program = runtimeOf(header) === null ? process.execPath : (header.argv?.[0] ?? '');
  return [program, ...commandOf(header, cwd)];
}

function readReport(path: string): ReplayReport | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as ReplayReport;
  } catch {
    return null;
  }
}
