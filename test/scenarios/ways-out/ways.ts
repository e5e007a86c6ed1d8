/** Ways in which a program can end, and a small agent that takes each of them, with hindcast and without. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Line } from '../../../src/events/lines.ts';

export const AGENT = join(import.meta.dirname, 'agent.mjs');
const HANG_MS = 20_000;

export interface Ending {
  stdout: string;
  stderr: string;
  code: number | null;
  signal: NodeJS.Signals | null;
  tookMs: number;
}

export interface RunOptions {
  kill?: NodeJS.Signals | undefined;
  cwd?: string;
  env?: Record<string, string>;
}

/** The way, the signal that is sent when the agent says that it is ready, and what the last line of the recording says of it; `crashed`: there is none. */
export type Way = [way: string, kill: NodeJS.Signals | undefined, end: Record<string, unknown> | 'crashed'];

/** Runs agents against a stand-in of OpenAI's server, each in a folder of its own. */
export class Ways {
  #provider!: Server;
  #baseUrl = '';
  readonly #made: string[] = [];

  async open(): Promise<void> {
    this.#provider = createServer((request, response) => {
      request.resume().on('end', () => {
        response.setHeader('content-type', 'application/json');
        response.end(
          JSON.stringify({
            id: 'chatcmpl-1',
            object: 'chat.completion',
            created: 1,
            model: 'gpt-4o-mini-2024-07-18',
            choices: [{ index: 0, message: { role: 'assistant', content: 'hi there' }, finish_reason: 'stop' }],
            usage: { prompt_tokens: 8, completion_tokens: 2, total_tokens: 10 },
          }),
        );
      });
    });
    await new Promise<void>((resolve) => this.#provider.listen(0, '127.0.0.1', resolve));
    this.#baseUrl = `http://127.0.0.1:${(this.#provider.address() as AddressInfo).port}/v1`;
  }

  close(): void {
    this.#provider.close();
    this.#provider.closeAllConnections();
    for (const dir of this.#made) rmSync(dir, { recursive: true, force: true });
  }

  folder(): string {
    const dir = mkdtempSync(join(tmpdir(), 'hindcast-ways-'));
    this.#made.push(dir);
    mkdirSync(join(dir, '.hindcast'));
    return dir;
  }

  /** Runs the agent; kills it when it says that it is ready. */
  run(way: string, options: RunOptions = {}): Promise<Ending> {
    return new Promise((resolve, reject) => {
      const started = performance.now();
      const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], BASE_URL: this.#baseUrl, ...options.env };
      const child = spawn(process.execPath, [AGENT, way], { cwd: options.cwd ?? this.folder(), env });
      const guard = setTimeout(() => child.kill('SIGKILL'), HANG_MS);
      let stdout = '';
      let stderr = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        stdout += text;
        if (options.kill && stdout.endsWith('ready\n')) child.kill(options.kill);
      });
      child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
      child.on('error', reject);
      child.on('close', (code, signal) => {
        clearTimeout(guard);
        resolve({ stdout, stderr, code, signal, tookMs: performance.now() - started });
      });
    });
  }
}

/** The lines of each recording in a folder, that of the program's own session first. */
export function recordingsIn(cwd: string): Line[][] {
  const dir = join(cwd, '.hindcast/recordings');
  const files = readdirSync(dir).filter((name) => name.endsWith('.jsonl'));
  return files
    .map((name) =>
      readFileSync(join(dir, name), 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Line),
    )
    .toSorted(([a], [b]) => (a as { epoch: number }).epoch - (b as { epoch: number }).epoch);
}

export const WAYS: readonly Way[] = [
  ['natural', undefined, { state: 'success', reason: 'ended', exitCode: 0 }],
  ['exitCode', undefined, { state: 'failure', reason: 'ended', exitCode: 4 }],
  ['throw', undefined, { state: 'failure', reason: 'exception', exitCode: 1 }],
  ['throwLater', undefined, { state: 'failure', reason: 'exception', exitCode: 1 }],
  ['rejection', undefined, { state: 'failure', reason: 'exception', exitCode: 1 }],
  ['exit0', undefined, { state: 'success', reason: 'ended', exitCode: 0 }],
  ['exit3', undefined, { state: 'failure', reason: 'ended', exitCode: 3 }],
  ['exitInExitHandler', undefined, { reason: 'ended' }],
  ['exitInHandler', 'SIGTERM', { state: 'failure', reason: 'ended', exitCode: 7 }],
  ['ownHandler', 'SIGTERM', { state: 'success', reason: 'ended', exitCode: 0 }],
  ['ignoredSignal', 'SIGTERM', { state: 'failure', reason: 'ended', exitCode: 9 }],
  ['handlerTakenAway', 'SIGTERM', { state: 'indeterminate', reason: 'signal', signal: 'SIGTERM' }],
  ['countsListeners', 'SIGTERM', 'crashed'],
  ['caught', undefined, { state: 'success', reason: 'ended', exitCode: 0 }],
  ['caughtThenExit', undefined, { state: 'failure', reason: 'exception', exitCode: 6 }],
  ['unsettled', undefined, { state: 'failure', reason: 'ended', exitCode: 13 }],
  ['untilKilled', 'SIGINT', { state: 'indeterminate', reason: 'signal', signal: 'SIGINT' }],
  ['untilKilled', 'SIGTERM', { state: 'indeterminate', reason: 'signal', signal: 'SIGTERM' }],
  ['untilKilled', 'SIGHUP', { state: 'indeterminate', reason: 'signal', signal: 'SIGHUP' }],
  ['untilKilled', 'SIGKILL', 'crashed'],
  ['abort', undefined, 'crashed'],
  ['worker', undefined, { state: 'success', reason: 'ended', exitCode: 0 }],
  ['workerThrows', undefined, { state: 'failure', reason: 'exception', exitCode: 1 }],
  ['workerThrowsCaught', undefined, { state: 'success', reason: 'ended', exitCode: 0 }],
  ['workerExits', undefined, { state: 'success', reason: 'ended', exitCode: 0 }],
  ['workerTerminated', undefined, { state: 'success', reason: 'ended', exitCode: 0 }],
  ['child', undefined, { state: 'success', reason: 'ended', exitCode: 0 }],
  ['childFails', undefined, { state: 'failure', reason: 'ended', exitCode: 3 }],
  ['childSync', undefined, { state: 'success', reason: 'ended', exitCode: 0 }],
  ['childLeftBehind', 'SIGTERM', { state: 'indeterminate', reason: 'signal', signal: 'SIGTERM' }],
  ['monitored', undefined, { state: 'failure', reason: 'exception', exitCode: 1 }],
  ['rejectionCaught', undefined, { state: 'success', reason: 'ended', exitCode: 0 }],
  ['beforeExit', undefined, { state: 'success', reason: 'ended', exitCode: 0 }],
  ['flushed', undefined, { state: 'success', reason: 'ended', exitCode: 0 }],
];
