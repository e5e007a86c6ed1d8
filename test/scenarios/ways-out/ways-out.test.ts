import { readdirSync } from 'node:fs';
import { createServer as createTcpServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Line } from '../../../src/events/lines.ts';
import { startReceiver } from '../../support/otlp-receiver.ts';
import type { Receiver } from '../../support/otlp-receiver.ts';
import { AGENT, recordingsIn, type RunOptions, Ways, WAYS } from './ways.ts';

const ways = new Ways();
const folder = (): string => ways.folder();
const run = (way: string, options?: RunOptions) => ways.run(way, options);

const namesOf = (receiver: Receiver): string[] => receiver.requests.flatMap((request) => request.spans.map((span) => span.name));

function recording(cwd: string): Line[] {
  const [own] = recordingsIn(cwd);
  return own!;
}

beforeAll(() => ways.open());
afterAll(() => ways.close());

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
