import { execFile } from 'node:child_process';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { SCHEMA_URL } from '../../src/events/genai-names.ts';
import { resourceOf, scopeOf, spanOf } from '../../src/events/genai.ts';
import { backoffMs, retryAfterOf } from '../../src/otel/backoff.ts';
import { encodeTraces } from '../../src/otel/protobuf.ts';
import { createTransport, type Transport, type TransportOptions } from '../../src/otel/transport.ts';
import { type Behaviour, partialSuccess, type Receiver, startReceiver } from '../support/otlp-receiver.ts';
import { everyKind, header } from './events.ts';

const BODY = encodeTraces([
  {
    resource: resourceOf(header()),
    scope: scopeOf(header()),
    schemaUrl: SCHEMA_URL.main,
    spans: Object.values(everyKind()).map((event) => spanOf({ header: header(), event }, { profile: 'main' })),
  },
]);

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function receiver(behave?: Receiver['behave']): Promise<Receiver> {
  const started = await startReceiver(behave);
  closers.push(() => started.close());
  return started;
}

function transport(options: TransportOptions): Transport {
  const made = createTransport(options);
  closers.push(() => made.close());
  return made;
}

describe('T1 one request', () => {
  it('posts protobuf with gzip, and the headers it was given', async () => {
    const server = await receiver();
    const answer = await transport({
      url: server.url,
      headers: { authorization: 'Bearer x', 'Content-Type': 'text/plain' },
    }).send(BODY);
    expect(answer).toEqual({ kind: 'accepted' });
    expect(server.requests).toHaveLength(1);
    const [request] = server.requests;
    expect(request?.path).toBe('/v1/traces');
    expect(request?.headers).toMatchObject({
      'content-type': 'application/x-protobuf',
      'content-encoding': 'gzip',
      authorization: 'Bearer x',
    });
    expect(Number(request?.headers['content-length'])).toBeLessThan(BODY.length / 2);
    expect(Buffer.compare(request!.body, BODY)).toBe(0);
  });

  it('keeps the connection', async () => {
    const server = await receiver();
    const one = transport({ url: server.url });
    for (let count = 0; count < 5; count++) expect(await one.send(BODY)).toEqual({ kind: 'accepted' });
    expect(server.connections).toBe(1);
  });

  it('tries a kept connection that the server had closed a second time, at once', async () => {
    const server = await receiver((index) => (index === 1 ? 'reset' : 'ok'));
    const one = transport({ url: server.url });
    await one.send(BODY);
    expect(await one.send(BODY)).toEqual({ kind: 'accepted' });
    expect(server.requests).toHaveLength(3);
  });

  it('takes nothing from the environment', async () => {
    process.env['OTEL_EXPORTER_OTLP_HEADERS'] = 'x-api-key=secret';
    closers.push(() => delete process.env['OTEL_EXPORTER_OTLP_HEADERS']);
    const server = await receiver();
    await transport({ url: server.url }).send(BODY);
    expect(JSON.stringify(server.requests[0]?.headers)).not.toContain('secret');
  });
});

describe('T4 what an answer means', () => {
  const table: [string, Behaviour, unknown][] = [
    ['204', { status: 204 }, { kind: 'accepted' }],
    ['200 with a page', { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>' }, { kind: 'accepted' }],
    [
      '200 with broken protobuf',
      { status: 200, headers: { 'content-type': 'application/x-protobuf' }, body: '\xff\xff\xff' },
      { kind: 'accepted' },
    ],
    ['200 with broken JSON', { status: 200, headers: { 'content-type': 'application/json' }, body: '{' }, { kind: 'accepted' }],
    [
      'partial success',
      { status: 200, headers: { 'content-type': 'application/x-protobuf' }, body: partialSuccess(3, 'too old') },
      { kind: 'accepted', rejected: 3, message: 'too old' },
    ],
    [
      'partial success in JSON',
      {
        status: 200,
        headers: { 'content-type': 'application/json' },
        body: '{"partialSuccess":{"rejectedSpans":"2","errorMessage":"no"}}',
      },
      { kind: 'accepted', rejected: 2, message: 'no' },
    ],
    [
      'a warning only',
      { status: 200, headers: { 'content-type': 'application/x-protobuf' }, body: partialSuccess(0, 'deprecated') },
      { kind: 'accepted', message: 'deprecated' },
    ],
    ['503', { status: 503 }, { kind: 'retry', reason: 'HTTP 503' }],
    ['502', { status: 502 }, { kind: 'retry', reason: 'HTTP 502' }],
    ['504', { status: 504 }, { kind: 'retry', reason: 'HTTP 504' }],
    ['429 in seconds', { status: 429, headers: { 'retry-after': '7' } }, { kind: 'retry', reason: 'HTTP 429', afterMs: 7_000 }],
    ['429 with 0', { status: 429, headers: { 'retry-after': '0' } }, { kind: 'retry', reason: 'HTTP 429' }],
    ['429 with garbage', { status: 429, headers: { 'retry-after': 'soon' } }, { kind: 'retry', reason: 'HTTP 429' }],
    ['413', { status: 413 }, { kind: 'too-large' }],
    ['400', { status: 400, body: 'bad' }, { kind: 'refused', status: 400, reason: 'HTTP 400' }],
    ['401', { status: 401 }, { kind: 'refused', status: 401, reason: 'HTTP 401' }],
    ['500', { status: 500 }, { kind: 'refused', status: 500, reason: 'HTTP 500' }],
    [
      'a redirect',
      { status: 307, headers: { location: 'http://127.0.0.1:1/' } },
      { kind: 'refused', status: 307, reason: 'HTTP 307' },
    ],
    ['a reset', 'reset', { kind: 'retry', reason: 'ECONNRESET' }],
    ['a reset in the body', 'reset-mid-body', { kind: 'retry', reason: expect.any(String), status: 200 }],
  ];
  it.each(table)('%s', async (_name, behaviour, expected) => {
    const server = await receiver(() => behaviour);
    expect(await transport({ url: server.url }).send(BODY)).toEqual(expected);
    expect(server.requests).toHaveLength(1);
  });

  it('understands a date', async () => {
    const server = await receiver(() => ({
      status: 503,
      headers: { 'retry-after': new Date(Date.now() + 60_000).toUTCString() },
    }));
    const answer = await transport({ url: server.url }).send(BODY);
    expect(answer).toMatchObject({ kind: 'retry', reason: 'HTTP 503' });
    const { afterMs } = answer as { afterMs: number };
    expect(afterMs).toBeGreaterThan(30_000);
    expect(afterMs).toBeLessThanOrEqual(60_000);
  });

  it('cuts a server that never answers, and one whose answer drips', async () => {
    const hanging = await receiver(() => 'hang');
    expect(await transport({ url: hanging.url, timeoutMs: 300 }).send(BODY)).toEqual({ kind: 'retry', reason: 'timeout' });
    const dripping = await receiver(() => 'drip');
    expect(await transport({ url: dripping.url, timeoutMs: 300 }).send(BODY)).toEqual({
      kind: 'retry',
      reason: 'timeout',
      status: 200,
    });
  });

  it('reads at most 4 MiB of an answer', async () => {
    const server = await receiver(() => ({
      status: 200,
      headers: { 'content-type': 'application/x-protobuf' },
      body: Buffer.alloc(16 * 1024 * 1024),
    }));
    expect(await transport({ url: server.url }).send(BODY)).toEqual({ kind: 'accepted' });
  });

  it('retries when nobody listens, and when the connection was closed under it', async () => {
    const server = await startReceiver(() => 'hang');
    const one = transport({ url: server.url });
    const pending = one.send(BODY);
    while (server.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    one.close();
    expect(await pending).toEqual({ kind: 'retry', reason: 'closed' });
    await server.close();
    expect(await one.send(BODY)).toEqual({ kind: 'retry', reason: 'ECONNREFUSED' });
  });

  it('gives up a server that takes no bytes', { timeout: 15_000 }, async () => {
    const sockets: Socket[] = [];
    const server = createServer((socket) => {
      sockets.push(socket.pause());
      socket.on('error', () => {});
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closers.push(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    const { port } = server.address() as { port: number };
    const noise = Buffer.from(Array.from({ length: 16 * 1024 * 1024 }, () => Math.random() * 256));
    const answer = await transport({ url: `http://127.0.0.1:${port}/v1/traces`, timeoutMs: 60_000 }).send(noise);
    expect(answer).toEqual({ kind: 'retry', reason: 'no progress' });
  });

  it('survives headers that no request can have', async () => {
    const server = await receiver();
    expect(await transport({ url: server.url, headers: { 'x-bad': 'a\nb' } }).send(BODY)).toMatchObject({
      kind: 'retry',
      reason: 'ERR_INVALID_CHAR',
    });
  });
});

describe('T4 waiting', () => {
  it('grows, with full jitter, up to a minute', () => {
    expect([1, 2, 3, 6, 7, 50, 5_000].map((attempt) => backoffMs(attempt, () => 1))).toEqual([
      1_000, 2_000, 4_000, 32_000, 60_000, 60_000, 60_000,
    ]);
    expect(backoffMs(3, () => 0.5)).toBe(2_000);
    expect(backoffMs(9, () => 0)).toBe(100);
  });

  it('believes a server only so far', () => {
    const now = Date.parse('2026-11-21T00:00:00Z');
    const read = (value?: string): unknown => retryAfterOf(value, now);
    expect(read('2')).toBe(2_000);
    expect(read(' 1.5 ')).toBe(1_500);
    expect(read('Sat, 21 Nov 2026 00:00:05 GMT')).toBe(5_000);
    expect(read('Fri, 20 Nov 2026 00:00:05 GMT')).toBeUndefined();
    expect(read('999999999')).toBe(3_600_000);
    for (const value of [undefined, '', '0', '-1', 'NaN', 'May 2026', '1e9', 'Infinity'])
      expect(read(value), String(value)).toBeUndefined();
  });
});

describe('T7 the process', () => {
  it.each(['hang', 'refuse'])('ends by itself while a request is under way (%s)', { timeout: 30_000 }, async (kind) => {
    const server = await receiver(() => 'hang');
    if (kind === 'refuse') await server.close();
    const file = join(import.meta.dirname, '../../src/otel/transport.ts');
    const program = `
      const { createTransport } = await import(${JSON.stringify(file)});
      void createTransport({ url: ${JSON.stringify(server.url)}, timeoutMs: 600000 }).send(new Uint8Array(3000)).then((answer) => console.log(answer.kind));
      setTimeout(() => console.log('end'), 300);
    `;
    // A hang guard, not a measurement: without unreferenced sockets it would be ten minutes.
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], { timeout: 20_000 });
    expect(stdout).toBe(kind === 'hang' ? 'end\n' : 'retry\nend\n');
  });
});
