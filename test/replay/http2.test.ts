/** HTTP/2: AWS's SDK with its default handler, and streams of the app's own: recorded, the server stopped, and replayed; and what the client shows with a recording and without. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { cleanEnv } from '../cli/process.ts';
import { startHttp2Server } from './http2-server.ts';
import { programAt, recordProgram } from './recorded.ts';
import type { Recorded } from './recorded.ts';

const RUNS = Number(process.env['HINDCAST_TEST_RUNS'] ?? 5);

/** The replay prints the same, and knew each request by who asked. */
async function expectSame(recorded: Recorded): Promise<void> {
  const { ran } = recorded;
  const again = await recorded.replay();
  expect({ stdout: again.stdout, code: again.code, summary: again.summary }).toEqual({
    stdout: ran.stdout,
    code: ran.code,
    summary: expect.stringMatching(/^✓ .* answered from the recording/),
  });
  expect(again.summary).not.toMatch(/found by|code is not/);
}

describe('R4, R5 agents over HTTP/2', () => {
  it(`are replayed exactly, ${RUNS} of ${RUNS}`, { timeout: RUNS * 60_000 }, async () => {
    for (let run = 0; run < RUNS; run++) {
      const recorded = await recordProgram('http2-agents', startHttp2Server);
      expect(recorded.ran.code, recorded.ran.stderr).toBe(0);
      expect(recorded.asked).toBeGreaterThan(20);
      await expectSame(recorded);
      expect(recorded.recording().problems).toEqual([]);
    }
  });

  it('R1 are one exchange for each stream, of its event where it has one, with what was sent and what came back', async () => {
    const recorded = await recordProgram('http2-agents', startHttp2Server);
    const { exchanges, events } = recorded.recording();
    expect(exchanges.size).toBe(recorded.asked);
    for (const { asked, on, method, requestHeaders, responseHeaders, ...exchange } of exchanges.values()) {
      expect(asked?.lin).toMatch(/^[0-9a-f]{16}$/);
      if (on === undefined) expect(asked?.where).toContain('http2-agents.mjs:');
      expect(exchange.requestBody() !== undefined).toBe(method === 'POST');
      expect([...requestHeaders, ...responseHeaders].filter(([name]) => name.startsWith(':'))).toEqual([]);
      if (exchange.status === 200) expect(exchange.responseBody()!.length).toBeGreaterThan(0);
    }
    const calls = events.filter(({ type }) => type === 'llm');
    const attempts = calls.flatMap(({ attempts = [] }) => attempts);
    const ofCalls = [...exchanges.values()].filter(({ on }) => on !== undefined);
    expect(calls.length).toBe(16);
    expect(ofCalls.length).toBe(attempts.length);
    expect(new Set(ofCalls.map(({ on }) => on))).toEqual(new Set(calls.map(({ id }) => id)));
    expect(ofCalls.every(({ url, requestText }) => url.includes('/model/') && requestText()?.includes('messages'))).toBe(true);
    expect(ofCalls.filter(({ end }) => end?.how === 'cancelled').length).toBe(2);
  });
});

describe('P4 the HTTP/2 client', () => {
  const start = () => startHttp2Server(() => 'word');

  it('shows the same with a recording and without, and in a replay', async () => {
    const server = await start();
    const env = cleanEnv({ MODEL_URL: server.url });
    const plain = await promisify(execFile)(process.execPath, [programAt('http2-facts')], { env });
    await server.close();
    const recorded = await recordProgram('http2-facts', start);
    expect(recorded.ran.stdout).toBe(plain.stdout);
    await expectSame(recorded);
  });

  it(`is given answers again that are reset, come late or not at all, ${RUNS} of ${RUNS}`, { timeout: RUNS * 60_000 }, async () => {
    for (let run = 0; run < RUNS; run++) await expectSame(await recordProgram('http2-facts', startHttp2Server));
  });
});
