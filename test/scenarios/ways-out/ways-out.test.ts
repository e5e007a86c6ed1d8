import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Line } from '../../../src/events/lines.ts';
import { startReceiver } from '../../support/otlp-receiver.ts';
import type { Receiver } from '../../support/otlp-receiver.ts';

const AGENT = join(import.meta.dirname, 'agent.mjs');
const HANG_MS = 20_000;

interface Ending {
  stdout: string;
  stderr: string;
  code: number | null;
  signal: NodeJS.Signals | null;
  tookMs: number;
}

let provider: Server;
let baseUrl: string;
const made: string[] = [];

function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'hindcast-ways-'));
  made.push(dir);
  mkdirSync(join(dir, '.hindcast'));
  return dir;
}

/** Runs the agent; kills it when it says that it is ready. */
function run(way: string, options: { kill?: NodeJS.Signals; cwd?: string; env?: Record<string, string> } = {}): Promise<Ending> {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], BASE_URL: baseUrl, ...options.env };
    const child = spawn(process.execPath, [AGENT, way], { cwd: options.cwd ?? folder(), env });
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

const namesOf = (receiver: Receiver): string[] => receiver.requests.flatMap((request) => request.spans.map((span) => span.name));

function recording(cwd: string): Line[] {
  const dir = join(cwd, '.hindcast/recordings');
  const files = readdirSync(dir).filter((name) => name.endsWith('.jsonl'));
  expect(files).toHaveLength(1);
  const text = readFileSync(join(dir, files[0]!), 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

beforeAll(async () => {
  provider = createServer((request, response) => {
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
  await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve));
  baseUrl = `http://127.0.0.1:${(provider.address() as AddressInfo).port}/v1`;
});

afterAll(() => {
  provider.close();
  provider.closeAllConnections();
  for (const dir of made) rmSync(dir, { recursive: true, force: true });
});

type Way = [way: string, kill: NodeJS.Signals | undefined, end: Record<string, unknown> | 'crashed'];

const WAYS: Way[] = [
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
];

describe('S5 ways out: the process ends as without hindcast, and the recording says how', () => {
  it.each(WAYS)('%s %s', async (way, kill, expected) => {
    const given = kill === undefined ? {} : { kill };
    const bare = await run(way, given);
    const cwd = folder();
    const recorded = await run(way, { ...given, cwd, env: { WITH_HINDCAST: '1' } });
    expect({ stdout: recorded.stdout, code: recorded.code, signal: recorded.signal }).toEqual({
      stdout: bare.stdout,
      code: bare.code,
      signal: bare.signal,
    });
    const lines = recording(cwd);
    const last = lines.at(-1)!;
    expect(lines.filter((line) => line.k === 'event' && line.e.type === 'llm')).toHaveLength(1);
    if (expected === 'crashed') expect(lines.some((line) => line.k === 'end')).toBe(false);
    else expect(last).toMatchObject({ k: 'end', ...expected, stats: { llm: 1, tokens: { input: 8, output: 2 } } });
  });

  it('an uncaught error is an event with its failure', async () => {
    const cwd = folder();
    await run('throwLater', { cwd, env: { WITH_HINDCAST: '1' } });
    const events = recording(cwd).flatMap((line) => (line.k === 'event' && line.e.type === 'error' ? [line.e] : []));
    expect(events).toMatchObject([
      {
        name: 'uncaughtException',
        status: 'error',
        error: { type: 'TypeError' },
        notes: [{ code: 'uncaught_exception' }],
        content: { error: { message: 'on purpose' } },
      },
    ]);
  });
});

describe('C1 C7 a backend that is not there', () => {
  it('changes neither stdout nor the exit code, and says one line at the start and one at the end', async () => {
    const env = { WITH_HINDCAST: '1', HINDCAST_ENDPOINT: 'http://127.0.0.1:9' };
    const [bare, recorded] = [await run('natural'), await run('natural', { env })];
    expect([recorded.stdout, recorded.code]).toEqual([bare.stdout, bare.code]);
    const lines = recorded.stderr.trimEnd().split('\n');
    expect(lines[0]).toMatch(
      /^hindcast: recording ses_[0-9a-f]{12} \(full\) to \.hindcast\/recordings\/ses_[0-9a-f]{12}\.jsonl, exporting to 127\.0\.0\.1:9$/,
    );
    expect(lines.at(-1)).toMatch(/^● ses_[0-9a-f]{12} {2}1 LLM call, 8 in \/ 2 out tokens, \$0\.000002/);
    expect(lines.length).toBeLessThanOrEqual(3);
  });

  it('is quiet when asked to be', async () => {
    const { stderr } = await run('natural', { env: { WITH_HINDCAST: '1', HINDCAST_QUIET: '1' } });
    expect(stderr).toBe('');
  });

  it('does nothing at all when disabled', async () => {
    const cwd = folder();
    const { stderr } = await run('natural', { cwd, env: { WITH_HINDCAST: '1', OTEL_SDK_DISABLED: 'true' } });
    expect(stderr).toBe('');
    expect(readdirSync(join(cwd, '.hindcast'))).toEqual([]);
  });

  it('writes nothing where nothing can be written, and the program does not notice', async () => {
    const env = { WITH_HINDCAST: '1', HINDCAST_DIR: join(AGENT, 'below-a-file') };
    const [bare, recorded] = [await run('natural'), await run('natural', { env })];
    expect([recorded.stdout, recorded.code]).toEqual([bare.stdout, bare.code]);
    expect(recorded.stderr).toMatch(/hindcast: cannot write .+ \(ENOTDIR\).+ set HINDCAST_DIR/);
  });
});

describe('T7 delivery at the end of the process', () => {
  const delivered = ['natural', 'throw', 'rejection', 'exit3', 'unsettled'].map((way): [string, undefined] => [way, undefined]);
  it.each<[string, NodeJS.Signals | undefined]>([...delivered, ['untilKilled', 'SIGTERM'], ['untilKilled', 'SIGINT']])(
    'the span arrives: %s %s',
    async (way, kill) => {
      const receiver = await startReceiver();
      try {
        await run(way, { ...(kill ? { kill } : {}), env: { WITH_HINDCAST: '1', HINDCAST_ENDPOINT: receiver.url } });
        expect(namesOf(receiver).filter((name) => name.startsWith('chat '))).toEqual(['chat gpt-4o-mini']);
      } finally {
        await receiver.close();
      }
    },
  );

  it('a killed process: its span arrives with the next start in the project', async () => {
    const receiver = await startReceiver();
    const env = { WITH_HINDCAST: '1', HINDCAST_ENDPOINT: receiver.url };
    try {
      const cwd = folder();
      await run('untilKilled', { cwd, kill: 'SIGKILL', env: { ...env, HINDCAST_FLUSH_INTERVAL_MS: '60000' } });
      expect(namesOf(receiver)).toEqual([]);
      await run('natural', { cwd, env });
      expect(namesOf(receiver)).toEqual(['chat gpt-4o-mini', 'chat gpt-4o-mini']);
    } finally {
      await receiver.close();
    }
  });

  it('a hanging collector holds the process for less than 2 s, and changes nothing', async () => {
    const sockets = new Set<Socket>();
    const hanging = createTcpServer((socket) => sockets.add(socket.on('error', () => {})));
    await new Promise<void>((resolve) => hanging.listen(0, '127.0.0.1', resolve));
    const env = { WITH_HINDCAST: '1', HINDCAST_ENDPOINT: `http://127.0.0.1:${(hanging.address() as AddressInfo).port}` };
    const bare = await run('natural');
    const recorded = await run('natural', { env });
    for (const socket of sockets) socket.destroy();
    hanging.close();
    expect([recorded.stdout, recorded.code]).toEqual([bare.stdout, bare.code]);
    // The limit is the requirement; the rest is for a machine that has other things to do.
    expect(recorded.tookMs - bare.tookMs).toBeLessThan(2000 + 1500);
  });
});
