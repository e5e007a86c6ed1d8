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
  drive?: ((port: number) => Promise<void>) | undefined;
}

export interface HowToReplay {
  node?: string;
  /** Instead of the recorded command line. */
  command?: readonly string[];
  /** It is killed after so long. */
  hangMs?: number;
  env?: NodeJS.ProcessEnv;
}

/** Records `file`. Each call a folder of its own, which the caller removes. */
export async function recordTrial(
  file: string,
  { node = process.execPath, execArgs = [], env, drive }: HowToRecord = {},
): Promise<RecordedTrial> {
  const cwd = mkdtempSync(join(tmpdir(), 'hindcast-trial-'));
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
    await drive?.(port);
    return { ...(await ended), cwd, calls: model.requests.length, port: model.port };
  } finally {
    await model.close();
  }
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
      identical: ended.stdout === recorded.stdout && ended.code === recorded.code,
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

function run(program: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv, hangMs = HANG_MS): Promise<Ending> {
  const startedAt = performance.now();
  const child = spawn(program, args, { cwd, env: cleanEnv(env), stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const guard = setTimeout(() => child.kill('SIGKILL'), hangMs);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(guard);
      resolve({ stdout, stderr, code, ms: Math.round(performance.now() - startedAt) });
    });
  });
}

/** Keeps every core busy until it is told to stop. */
export function load(): () => void {
  const busy = Array.from({ length: availableParallelism() }, (): ChildProcess =>
    spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }),
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
