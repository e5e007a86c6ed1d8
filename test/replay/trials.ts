/**
 * A trial: a program is recorded against a model that throws dice, the model is stopped, and the program is replayed. What it prints and how it ends are compared byte for byte, and its
 * connections are counted from outside of the process: it has no network, and the kernel says each `connect` of it.
 */
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { cleanEnv } from '../cli/process.ts';
import type { AgentProgram } from './agents.ts';
import { startWhimsicalModel } from './whimsical-model.ts';

const MAIN = join(import.meta.dirname, '../../dist/cli/main.js');
/** A hang guard: no program here takes a tenth of it, but under load. */
const HANG_MS = 120_000;

/** How a program came to its end. */
export interface Ending {
  stdout: string;
  stderr: string;
  code: number | null;
  ms: number;
  /** It did not end, and was killed. */
  hung: boolean;
}

/** A program that was recorded, with nobody left to answer it. */
export interface RecordedTrial extends Ending {
  cwd: string;
  /** Requests that reached the model. */
  calls: number;
  /** Where the model was. */
  port: number;
}

/** What a replay came to. */
export interface Outcome extends Ending {
  /** The line that sums it up. */
  summary: string;
  /** Connections that it tried to open. */
  connections: number;
  identical: boolean;
}

export interface HowToRecord {
  /** The executable; this one unless said. */
  node?: string;
  /** Options of Node before the file. */
  execArgs?: readonly string[];
  env?: NodeJS.ProcessEnv;
  drive?: AgentProgram['drive'];
  /** Where it is recorded; a new folder unless said. */
  cwd?: string;
}

export interface HowToReplay {
  node?: string;
  /** Instead of the recorded command line. */
  command?: readonly string[];
  /** It is killed after so long. */
  hangMs?: number;
  env?: NodeJS.ProcessEnv;
}

/** A folder for a trial, which whoever makes the trial removes. */
export const newTrialFolder = (): string => mkdtempSync(join(tmpdir(), 'hindcast-trial-'));

/** Records `file`. Each call a folder of its own, which the caller removes. Rejects where it does not end, or ends before it could be driven. */
export async function recordTrial(
  file: string,
  { node = process.execPath, execArgs = [], env, drive, cwd = newTrialFolder() }: HowToRecord = {},
): Promise<RecordedTrial> {
  const model = await startWhimsicalModel();
  try {
    const port = drive === undefined ? 0 : await freePort();
    const ended = run(node, [MAIN, 'run', '--', node, ...execArgs, file], cwd, {
      MODEL_URL: model.url,
      OPENAI_KEY_OF_TEST: 'sk-of-the-test-only-0123456789',
      HINDCAST_HOST_INFO: 'off',
      ...(drive !== undefined && { PORT: String(port) }),
      ...env,
    });
    const [ending] = await Promise.all([ended, drive === undefined ? undefined : driveUntil(ended, drive, port)]);
    if (ending.hung) throw new Error(`the program did not end while it was recorded: ${ending.stderr}`);
    return { ...ending, cwd, calls: model.requests.length, port: model.port };
  } finally {
    await model.close();
  }
}

/** Drives a program, and gives up when it has ended. */
async function driveUntil(ended: Promise<Ending>, drive: NonNullable<AgentProgram['drive']>, port: number): Promise<void> {
  const over = new AbortController();
  void ended.then(() => over.abort());
  await drive(port, over.signal);
}

/** Replays what was recorded, without a network. */
export async function replayTrial(
  recorded: RecordedTrial,
  { node = process.execPath, env, command, hangMs = HANG_MS }: HowToReplay = {},
): Promise<Outcome> {
  const watched = await watchConnections(recorded);
  try {
    const instead = command === undefined ? [] : ['last', '--', ...command];
    const [program, ...args] = [...watched.wrap, node, MAIN, 'replay', ...instead];
    const ended = await run(program!, args, recorded.cwd, { ...env }, hangMs);
    return {
      ...ended,
      summary: summaryOf(ended),
      connections: watched.count(),
      identical: !ended.hung && ended.stdout === recorded.stdout && ended.code === recorded.code,
    };
  } finally {
    await watched.close();
  }
}

/** `hindcast replay ...args`, with what it prints and the line that sums it up. */
export async function replayCommand(
  args: readonly string[],
  { node = process.execPath, cwd, env = {} }: HowToReplay & { cwd: string },
): Promise<Ending & { summary: string }> {
  const ended = await run(node, [MAIN, 'replay', ...args], cwd, env);
  return { ...ended, summary: summaryOf(ended) };
}

const summaryOf = ({ stderr }: Ending): string => stderr.split('\n').find((line) => /^[✓✗]/.test(line)) ?? stderr;

export function forget({ cwd }: RecordedTrial): void {
  rmSync(cwd, { recursive: true, force: true });
}

/** How connections are counted here. */
export function howCounted(): string {
  return canIsolate()
    ? 'in a network namespace without interfaces, `connect` counted by strace'
    : "by a listener at the recorded model's port";
}

interface Watch {
  /** What the replay is run under. */
  wrap: readonly string[];
  count(): number;
  close(): Promise<void>;
}

let isolates: boolean | undefined;

/** Whether a process can be run here without a network, and watched. */
function canIsolate(): boolean {
  return (isolates ??= spawnSync('unshare', [...NO_NETWORK, 'strace', '-V'], { stdio: 'ignore' }).status === 0);
}

const NO_NETWORK = ['--map-root-user', '--net', '--'];

async function watchConnections({ cwd, port }: RecordedTrial): Promise<Watch> {
  if (!canIsolate()) return listenAt(port);
  const file = join(cwd, `connections-${Date.now()}`);
  return {
    wrap: ['unshare', ...NO_NETWORK, 'strace', '-f', '--seccomp-bpf', '-qq', '-e', 'trace=connect', '-o', file],
    count: () =>
      readFileSync(file, 'utf8')
        .split('\n')
        // Not those within the machine's own file system: loaders talk to themselves by such.
        .filter((line) => /connect\(.*sa_family=AF_INET/.test(line)).length,
    close: async () => {},
  };
}

async function listenAt(port: number): Promise<Watch> {
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    wrap: [],
    count: () => connections,
    close: () => new Promise((resolve) => void server.close(() => resolve())),
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Process groups that run now. */
const groups = new Set<number>();
process.on('exit', () => groups.forEach(killGroup));

function run(program: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv, hangMs = HANG_MS): Promise<Ending> {
  const startedAt = performance.now();
  // In a group of its own: what strace was killed over would go on, and hold its output open.
  const child = spawn(program, args, { cwd, env: cleanEnv(env), stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const group = child.pid;
  let stdout = '';
  let stderr = '';
  let hung = false;
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  if (group !== undefined) groups.add(group);
  const guard = setTimeout(() => {
    hung = true;
    if (group !== undefined) killGroup(group);
    child.stdout.destroy();
    child.stderr.destroy();
  }, hangMs);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(guard);
      if (group !== undefined) groups.delete(group);
      resolve({ stdout, stderr, code, ms: Math.round(performance.now() - startedAt), hung });
    });
  });
}

function killGroup(group: number): void {
  try {
    process.kill(-group, 'SIGKILL');
  } catch {
    // All of them have ended.
  }
}

/** Ends by itself when whoever started it is gone. */
const BUSY = `const { ppid } = process;
(function turn() { for (const until = Date.now() + 100; Date.now() < until; ); if (process.ppid === ppid) setImmediate(turn); })();`;

/** Keeps every core busy until it is told to stop. */
export function load(): () => void {
  const busy = Array.from({ length: availableParallelism() }, (): ChildProcess =>
    spawn(process.execPath, ['-e', BUSY], { stdio: 'ignore' }),
  );
  return () => {
    for (const child of busy) child.kill('SIGKILL');
  };
}

/** The one recording of a trial, as text. */
export function recordingTextOf({ cwd }: RecordedTrial): string {
  const folder = join(cwd, '.hindcast/recordings');
  return readdirSync(folder)
    .filter((name) => name.endsWith('.jsonl'))
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('');
}
