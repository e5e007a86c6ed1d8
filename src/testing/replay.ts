/** `replay()`: runs the program of a recording again, offline, so that a test can say what has to be so. For any test runner: what fails is an `AssertionError`. */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RecordingError } from '../recording/errors.ts';
import { findProjectFolder, recordingsFolder } from '../recording/folder.ts';
import { isPortable, unpackPortable } from '../recording/portable-file.ts';
import { processRecordings } from '../recording/process-recordings.ts';
import { readRecording, resolveRecording } from '../recording/recording.ts';
import type { Recording } from '../recording/recording.ts';
import { commandOf } from '../replay/moved-paths.ts';
import { planOf } from '../replay/plan.ts';
import { withoutRegister } from '../replay/register-options.ts';
import { runReplay } from '../replay/replay-process.ts';
import type { ReplayCommand } from '../replay/replay-process.ts';
import { obstacleOf } from '../replay/source.ts';
import { ReplayResult } from './replay-result.ts';
import type { ReplayEnd } from './replay-result.ts';

/** How a recording is replayed. */
export interface ReplayOptions {
  /** Where the program runs: a path or a `file:` URL. By default where it was recorded, or here where that folder is not, or where `argv` or `command` says what to run. Paths of the recording below its own folder are paths below this one. */
  cwd?: string | URL;
  /** The program and its arguments, for this Node; instead of those that were recorded. A file is looked for from `cwd`. */
  argv?: readonly string[];
  /** The whole command line, with its runtime: `['npx', 'tsx', 'agent.ts']`. */
  command?: readonly string[];
  /** Variables that are to be as they are here, whatever the recording says of them. */
  env?: Readonly<Record<string, string>>;
  /** Id of the event at or after which the bug was fixed that made the recorded run fail (`assertFixed()`). */
  fixedAt?: string;
  /** Id of the session that is meant, where a shared file holds several. Default: its first. */
  session?: string;
  /** A request at the place of a recorded one gets its answer, whatever it says. */
  tolerate?: boolean;
  /** Milliseconds after which the program is ended. Default: 60,000. */
  timeoutMs?: number;
}

const TIMEOUT_MS = 60_000;
/** A pipe that somebody else still holds is not waited for. */
const PIPES_MS = 1_000;

/**
 * Runs the program of a recording again. `recording` is the path (or `file:` URL) of a `.jsonl` or of what `hindcast share` and `hindcast test` write, or a session of the project that is found from the
 * working directory upwards: its id, the beginning of one, or `last`. No key is needed, and nothing is sent. Rejects where there is no such recording, where it cannot be replayed, or where the program is not here.
 */
export async function replay(recording: string | URL, options: ReplayOptions = {}): Promise<ReplayResult> {
  const meant = recording instanceof URL ? fileURLToPath(recording) : recording;
  const folder = mkdtempSync(join(tmpdir(), 'hindcast-replay-'));
  try {
    return await replayFiles(await recordingsAt(meant, folder, options.session), options);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Paths of the recordings that are meant, the one that was asked for first. */
async function recordingsAt(meant: string, folder: string, session: string | undefined): Promise<string[]> {
  if (existsSync(meant) && isPortable(beginningOf(meant))) {
    const { manifest, paths } = await unpackPortable(resolve(meant), folder);
    const index = session === undefined ? 0 : manifest.sessions.findIndex(({ id }) => id === session);
    const path = paths[index];
    if (path === undefined) throw new RecordingError('recording_not_found', `${meant} has no session ${session}`);
    return processRecordings(path);
  }
  if (!existsSync(meant) && /[/\\]|\.jsonl$|\.hindcast$/.test(meant))
    throw new RecordingError('recording_not_found', `there is no file ${meant}`);
  return processRecordings(resolveRecording(recordingsFolder(findProjectFolder(process.cwd())), meant));
}

function beginningOf(path: string): Buffer {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(4);
    return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, 0));
  } finally {
    closeSync(file);
  }
}

async function replayFiles(paths: string[], options: ReplayOptions): Promise<ReplayResult> {
  const { argv, env, fixedAt, tolerate = false, timeoutMs = TIMEOUT_MS } = options;
  const recording = readRecording(paths[0] ?? '');
  const obstacle = obstacleOf(recording);
  if (obstacle !== null)
    throw new RecordingError('recording_not_replayable', `${recording.header.id} cannot be replayed: ${obstacle}`);
  const cwd = options.cwd instanceof URL ? fileURLToPath(options.cwd) : options.cwd;
  const command = options.command ?? (argv && [process.execPath, ...nodeOptions(recording, cwd), ...argv]);
  const replayed = await runReplay({
    plan: { ...planOf(paths), tolerate, ...(fixedAt !== undefined && { fixedAt }), ...(env && { ownEnv: Object.keys(env) }) },
    header: recording.header,
    command,
    cwd,
    env,
    start: (line) => capture(line, timeoutMs),
  });
  return new ReplayResult(recording, replayed, fixedAt);
}

/** Node's own options of the recorded command line, as they are here. */
function nodeOptions({ header }: Recording, cwd: string | undefined): string[] {
  return commandOf(header, cwd ?? process.cwd()).slice(0, withoutRegister(header.execArgv ?? []).length);
}

/** Runs a command line to its end, and keeps what it prints. */
function capture({ command: [program = '', ...args], ...where }: ReplayCommand, timeoutMs: number): Promise<ReplayEnd> {
  return new Promise((resolveEnd, reject) => {
    const child = spawn(program, args, { ...where, stdio: ['ignore', 'pipe', 'pipe'] });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    let timedOut = false;
    // timer held: the test waits for the program
    const timeout = setTimeout(() => {
      timedOut = true;
      child.kill('SIGKILL');
    }, timeoutMs);
    let late: NodeJS.Timeout | undefined;
    const settle = (): void => {
      clearTimeout(timeout);
      clearTimeout(late);
      const { exitCode: code, signalCode: signal } = child;
      resolveEnd({ code, signal, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString(), timedOut });
    };
    child.once('error', (error) => {
      clearTimeout(timeout);
      reject(error);
    });
    child.once('close', settle);
    child.once('exit', () => {
      // timer held: the test waits for the end of what was printed
      late = setTimeout(settle, PIPES_MS);
    });
  });
}
