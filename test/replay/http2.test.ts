/** HTTP/2: AWS's SDK with its default handler, and streams of the app's own: recorded, the server stopped, and replayed; and what the client shows with a recording and without. */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { cleanEnv, newFolder } from '../cli/process.ts';
import { certificate } from './certificate.ts';
import { startHttp2Server } from './http2-server.ts';
import { programAt, recordProgram, recordText } from './recorded.ts';
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

  it(
    `is given answers again that are reset, come late or not at all, ${RUNS} of ${RUNS}`,
    { timeout: RUNS * 60_000 },
    async () => {
      for (let run = 0; run < RUNS; run++) await expectSame(await recordProgram('http2-facts', startHttp2Server));
    },
  );
});

describe('R4 HTTP/2 with TLS', () => {
  it.each([
    ['the same words', () => startHttp2Server(() => 'word', 20, own)],
    ['any', () => startHttp2Server(undefined, 20, own)],
  ])('is recorded and replayed, also where nobody knows the certificate: %s', async (words, start) => {
    const file = join(newFolder(), 'tls.mjs');
    writeFileSync(file, withTls(own.cert));
    const server = await start();
    const plain = await promisify(execFile)(process.execPath, [file], { env: cleanEnv({ MODEL_URL: server.url }) });
    await server.close();
    expect(plain.stdout).toContain('DEPTH_ZERO_SELF_SIGNED_CERT');
    const recorded = await recordText(withTls(own.cert), 'tls.mjs', start);
    expect(recorded.ran.code, recorded.ran.stderr).toBe(0);
    if (words === 'the same words') expect(recorded.ran.stdout).toBe(plain.stdout);
    for (let run = 0; run < 3; run++) await expectSame(recorded);
    expect([...recorded.recording().exchanges.values()].map(({ url }) => new URL(url).protocol)).toContain('https:');
  });
});

const own = certificate('localhost');

/** Asks over TLS: with the certificate by its address and by its name, without it, and for a name that it is not of. */
const withTls = (cert: string): string => `
  import { once } from 'node:events';
  import { connect } from 'node:http2';
  const ca = ${JSON.stringify(cert)};
  const ask = async (session, path, body) => {
    const stream = session.request({ ':path': path, ':method': body ? 'POST' : 'GET' });
    stream.end(body);
    const [headers] = await once(stream, 'response');
    let text = '';
    for await (const piece of stream.setEncoding('utf8')) text += piece;
    return [headers[':status'], text].join(' ');
  };
  const url = process.env.MODEL_URL;
  for (const authority of [url, url.replace('127.0.0.1', 'localhost')]) {
    const session = connect(authority, { ca });
    const [, socket] = await once(session, 'connect');
    console.log(session.encrypted, session.alpnProtocol, socket.encrypted, socket.authorized, socket.alpnProtocol);
    console.log(await Promise.all([ask(session, '/pieces'), ask(session, '/trailers'), ask(session, '/echo', 'something')]));
    console.log(await ask(session, '/large').then((text) => text.length));
    await new Promise((resolve) => session.close(resolve));
  }
  for (const options of [{}, { ca, checkServerIdentity: () => new Error('somebody else') }]) {
    const session = connect(url, options);
    const stream = session.request({ ':path': '/pieces' });
    const told = once(stream, 'error').catch((error) => [error]);
    const [error] = await once(session, 'error');
    const [broken] = await told;
    console.log(error.code, error.message, broken.code, session.destroyed);
  }
`;

describe('R4 corners of HTTP/2', () => {
  it('the same requests over one connection get their own answers again', async () => {
    const recorded = await recordText(SHARED, 'program.mjs', startHttp2Server);
    expect(recorded.ran.code, recorded.ran.stderr).toBe(0);
    for (let run = 0; run < 3; run++) await expectSame(recorded);
    const outputs = await Promise.all(
      [0, 1, 2, 3].map(async () => (await recorded.replay({ HINDCAST_REPLAY_WITHOUT: 'lineage,work' })).stdout),
    );
    expect(outputs.every((stdout) => stdout === recorded.ran.stdout)).toBe(false);
  });
});

/** Eight of the same request over one connection, sent in the order in which work of the thread pool ends. */
const SHARED = `
  import { connect } from 'node:http2';
  import { gzip } from 'node:zlib';
  import { promisify } from 'node:util';
  const session = connect(process.env.MODEL_URL);
  const ask = async () => {
    const stream = session.request({ ':path': '/same' });
    let text = '';
    for await (const piece of stream.setEncoding('utf8')) text += piece;
    return JSON.parse(text).word;
  };
  const one = async (index) => {
    await promisify(gzip)(Buffer.alloc(100 + ((index * 7919 + process.pid * 104729) % 13) * 300_000));
    return index + ' ' + (await ask()) + ' ' + Math.random();
  };
  console.log((await Promise.all([0, 1, 2, 3, 4, 5, 6, 7].map(one))).join('\\n'));
  session.close();
`;

describe('R6 divergence over HTTP/2', () => {
  const head = `import { connect } from 'node:http2';
import { once } from 'node:events';
const session = connect(process.env.MODEL_URL);\n`;
  const ask = (body: string): string => `
    const stream = session.request({ ':path': '/echo', ':method': 'POST', 'content-type': 'application/json' });
    stream.end(JSON.stringify({ prompt: ${JSON.stringify(body)} }));
    await once(stream.resume(), 'end');
    session.close();\n`;

  it('stops at a changed request, and shows the difference and the line', async () => {
    const recorded = await recordText(head + ask('Tell me of amber.'), 'program.mjs', startHttp2Server);
    expect(recorded.ran.code, recorded.ran.stderr).toBe(0);
    recorded.write(head + ask('Tell me of basalt.'));
    const { code, stderr } = await recorded.replay();
    expect(code).toBe(86);
    expect(stderr).toContain('request 1 is not the recorded one: POST /echo');
    expect(stderr).toMatch(/asked at .*program\.mjs:5:\d+/);
    expect(stderr).toContain('~ prompt  "Tell me of amber." → "Tell me of basalt."');
  });

  it.each([
    [
      'another connection',
      `connect('http://127.0.0.1:9');`,
      'an HTTP/2 connection to http://127.0.0.1:9 is not in the recording',
    ],
    [
      'a tunnel',
      `session.request({ ':method': 'CONNECT', ':authority': 'a:1' });`,
      'an HTTP/2 stream that becomes another connection (CONNECT) is not in the recording',
    ],
  ])('refuses %s', async (_what, code, text) => {
    const recorded = await recordText(head + ask('one'), 'program.mjs', startHttp2Server);
    recorded.write(head + code + ask('one'));
    const replayed = await recorded.replay();
    expect(replayed.stderr).toContain(text);
    expect(replayed.code).toBe(86);
  });
});
