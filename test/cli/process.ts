/** Runs the built CLI as a user would: a process of its own, its output and how it ended. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');
const MAIN = join(root, 'dist/cli/main.js');
/** A hang guard, no measure: nothing here takes a tenth of it. */
const HANG_MS = 60_000;

export interface Ended {
  stdout: string;
  stderr: string;
  code: number | null;
  signal: string | null;
}

export interface Running {
  child: ChildProcess;
  /** What was printed so far. */
  stdout: () => string;
  stderr: () => string;
  ended: Promise<Ended>;
}

export interface Where {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** Another installation than this repository's. */
  main?: string;
  /** Closed at once unless said. */
  stdin?: 'ignore' | 'pipe';
}

/** An environment in which only what a test says configures hindcast. */
export function cleanEnv(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(HINDCAST_|OTEL_|NODE_OPTIONS$|NODE_ENV$|FORCE_COLOR$|COLUMNS$|VITEST)/.test(name),
  );
  return { ...Object.fromEntries(kept), NO_COLOR: '1', TZ: 'UTC', ...more };
}

/** Starts `hindcast ...args`. */
export function startHindcast(args: string[], { cwd, env, main = MAIN, stdin = 'ignore' }: Where = {}): Running {
  const child = spawn(process.execPath, [main, ...args], {
    cwd: cwd ?? tmpdir(),
    env: cleanEnv(env),
    stdio: [stdin, 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const guard = setTimeout(() => child.kill('SIGKILL'), HANG_MS);
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearTimeout(guard);
      resolve({ stdout, stderr, code, signal });
    });
  });
  return { child, stdout: () => stdout, stderr: () => stderr, ended };
}

/** `hindcast ...args`, to its end. */
export function hindcast(args: string[], where: Where = {}): Promise<Ended> {
  return startHindcast(args, where).ended;
}

/** An empty folder of its own for a test. */
export function newFolder(): string {
  return mkdtempSync(join(tmpdir(), 'hindcast-cli-'));
}

/** Waits until `holds` is true. */
export async function until(holds: () => boolean, what: string): Promise<void> {
  for (let waited = 0; !holds(); waited += 20) {
    if (waited > HANG_MS) throw new Error(`never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
