/** Runs a program as a process of its own with a collector, and gives all that left it or lies on the disk afterwards. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cleanEnv } from '../../cli/process.ts';
import { startReceiver } from '../../support/otlp-receiver.ts';
import type { OtlpSpan } from '../../support/otlp-receiver.ts';

/** A hang guard, no measure. */
const HANG_MS = 120_000;

export interface Run {
  /** The folder `.hindcast` of the run. */
  dir: string;
  code: number | null;
  stdout: string;
  stderr: string;
  /** Each request to the collector: its path, headers and body, not compressed. */
  wire: Buffer[];
  spans: OtlpSpan[];
}

export interface RunOptions {
  env?: NodeJS.ProcessEnv;
  args?: readonly string[];
  cwd?: string;
  /** Status that the collector answers. */
  status?: number;
}

const folders: string[] = [];

/** A folder that `removeFolders` takes away. */
export function newFolder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'hindcast-canary-'));
  folders.push(dir);
  return dir;
}

export function removeFolders(): void {
  for (const dir of folders.splice(0)) rmSync(dir, { recursive: true, force: true });
}

/** Runs a program of this folder. */
export async function runProgram(file: string, { env, args = [], cwd, status = 200 }: RunOptions = {}): Promise<Run> {
  const dir = newFolder();
  const receiver = await startReceiver(() => (status === 200 ? 'ok' : { status }));
  const child = spawn(process.execPath, [join(import.meta.dirname, file), ...args], {
    cwd: cwd ?? dir,
    env: cleanEnv({ HINDCAST_DIR: dir, HINDCAST_ENDPOINT: receiver.url.replace('/v1/traces', ''), ...env }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => (said[name] += text));
  const guard = setTimeout(() => child.kill('SIGKILL'), HANG_MS);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  clearTimeout(guard);
  await receiver.close();
  const wire = receiver.requests.flatMap(({ path, headers, body }) => [Buffer.from(`${path}\n${JSON.stringify(headers)}`), body]);
  return { dir, code, ...said, wire, spans: receiver.requests.flatMap(({ spans }) => spans) };
}
