/** Requests that are not sent by `fetch`: recorded, the server stopped, and replayed; and what the HTTP client shows with a recording and without. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { cleanEnv } from '../cli/process.ts';
import { programAt, recordProgram, recordText } from './recorded.ts';
import type { Recorded } from './recorded.ts';
import { startWireServer } from './wire-server.ts';

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

describe.each(['http-agents', 'undici-agents'])('R4, R5 %s', (name) => {
  it(`is replayed exactly, ${RUNS} of ${RUNS}`, { timeout: RUNS * 60_000 }, async () => {
    for (let run = 0; run < RUNS; run++) {
      const recorded = await recordProgram(name);
      expect(recorded.ran.code, recorded.ran.stderr).toBe(0);
      expect(recorded.asked).toBeGreaterThan(20);
      await expectSame(recorded);
      expect(recorded.recording().problems).toEqual([]);
    }
  });
});

it('R1 each request is one exchange, of its event where it has one, with what was sent and what came back', async () => {
  const recorded = await recordProgram('http-agents');
  const { exchanges, events } = recorded.recording();
  expect(exchanges.size).toBe(recorded.asked);
  for (const exchange of exchanges.values()) {
    expect(exchange.asked?.lin).toMatch(/^[0-9a-f]{16}$/);
    if (exchange.on === undefined) expect(exchange.asked?.where).toContain('http-agents.mjs:');
    expect(exchange.requestBody() !== undefined).toBe(exchange.method === 'POST');
    // An SDK leaves the body of an answer that makes it try again.
    if (exchange.status === 200) expect(exchange.responseBody()!.length).toBeGreaterThan(0);
  }
  const calls = events.filter(({ type }) => type === 'llm');
  const attempts = calls.flatMap(({ attempts = [] }) => attempts);
  const ofCalls = [...exchanges.values()].filter(({ on }) => on !== undefined);
  expect(calls.length).toBe(14);
  expect(ofCalls.length).toBe(attempts.length);
  expect(new Set(ofCalls.map(({ on }) => on))).toEqual(new Set(calls.map(({ id }) => id)));
  const bedrock = ofCalls.filter(({ url }) => url.includes('/converse'));
  expect(bedrock.length).toBeGreaterThanOrEqual(8);
  expect(bedrock.every(({ url, requestText }) => url.includes('/model/') && requestText()?.includes('messages'))).toBe(true);
});

describe('P4 the HTTP client', () => {
  const start = () => startWireServer(() => 'word');

  it('shows the same with a recording and without, and in a replay', { timeout: 180_000 }, async () => {
    const server = await start();
    const env = cleanEnv({ MODEL_URL: server.url });
    const plain = await promisify(execFile)(process.execPath, [programAt('http-facts')], { env });
    await server.close();
    const recorded = await recordProgram('http-facts', start);
    expect(recorded.ran.stdout).toBe(plain.stdout);
    await expectSame(recorded);
  });

  it(
    `is given answers again that break off, come late or not at all, ${RUNS} of ${RUNS}`,
    { timeout: RUNS * 60_000 },
    async () => {
      for (let run = 0; run < RUNS; run++) await expectSame(await recordProgram('http-facts', () => startWireServer()));
    },
  );
});

describe('same requests behind work that nobody saw', () => {
  it('get their own answers again, over a pool of two connections', async () => {
    const recorded = await recordText(SAME_REQUESTS);
    expect([recorded.asked, recorded.ran.code]).toEqual([8, 0]);
    for (let run = 0; run < 4; run++) await expectSame(recorded);
    const outputs = await Promise.all(
      [0, 1, 2, 3].map(async () => (await recorded.replay({ HINDCAST_REPLAY_WITHOUT: 'lineage,work' })).stdout),
    );
    expect(outputs.every((stdout) => stdout === recorded.ran.stdout)).toBe(false);
  });
});

/** Eight of the same request, sent in the order in which work of the thread pool ends. */
const SAME_REQUESTS = `
  import { Agent, get } from 'node:http';
  import { gzip } from 'node:zlib';
  import { promisify } from 'node:util';
  const agent = new Agent({ keepAlive: true, maxSockets: 2 });
  const sizes = [0, 1, 2, 3, 4, 5, 6, 7].map((index) => 100 + ((index * 7919 + process.pid * 104729) % 13) * 300_000);
  const ask = () => new Promise((resolve, reject) => {
    get(process.env.MODEL_URL + '/weather', { agent }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece) => (text += piece)).on('end', () => resolve(JSON.parse(text).said));
    }).on('error', reject);
  });
  const one = async (index) => {
    await promisify(gzip)(Buffer.alloc(sizes[index]));
    return index + ' ' + (await ask()) + ' ' + Math.random();
  };
  console.log((await Promise.all([0, 1, 2, 3, 4, 5, 6, 7].map(one))).join('\\n'));
  agent.destroy();
`;

const PROGRAMS: Record<string, string> = {
  'a callback that asks again at once': `
    const { get } = await import('node:http');
    const ask = (left) => get(process.env.MODEL_URL + '/weather?' + left, (response) => {
      response.setEncoding('utf8').on('data', (text) => console.log(left, text)).on('end', () => left > 0 && ask(left - 1));
    });
    ask(3);
    ask(3);`,
  'callbacks that ask the same again behind work that nobody saw': `
    const { get } = await import('node:http');
    const { gzip } = await import('node:zlib');
    const { promisify } = await import('node:util');
    const ask = (index, left) => get(process.env.MODEL_URL + '/weather', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece) => (text += piece)).on('end', async () => {
        console.log(index, left, text);
        await promisify(gzip)(Buffer.alloc(100 + ((index * 7919 + process.pid * 104729 + left) % 13) * 200_000));
        if (left > 0) ask(index, left - 1);
      });
    });
    for (let index = 0; index < 6; index++) ask(index, 2);`,
  'answers that are there at the same time, and immediates': `
    const { get } = await import('node:http');
    for (const name of ['a', 'b', 'c', 'd'])
      get(process.env.MODEL_URL + '/weather?' + name, (response) => {
        console.log('head', name);
        setImmediate(() => console.log('immediate', name));
        response.on('data', (piece) => console.log(String(piece)));
      });
    await new Promise((resolve) => setTimeout(resolve, 15));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);`,
  'an agent of its own that connects by itself': `
    const { Agent, request } = await import('node:http');
    const { connect } = await import('node:net');
    class Own extends Agent {
      createConnection(options, done) { return connect({ host: options.host, port: options.port }, done); }
    }
    const agent = new Own();
    const response = await new Promise((resolve) => request(process.env.MODEL_URL + '/weather', { agent }, resolve).end());
    for await (const piece of response) console.log(String(piece), response.req.agent === agent);`,
  'a connection that is not made before the program gives up': `
    const { get } = await import('node:http');
    await new Promise((resolve) => {
      const request = get({ host: 'made-up.test', lookup: () => {} });
      const timer = setTimeout(() => request.destroy(new Error('not connected')), 30);
      request.on('socket', (socket) => socket.on('connect', () => clearTimeout(timer)));
      for (const event of ['finish', 'error', 'close']) request.on(event, (error) => console.log(event, error?.message, request.writableFinished));
      request.on('close', resolve);
    });
    console.log(await (await fetch(process.env.MODEL_URL + '/weather')).text());`,
  'a socket that is given up by its own idle time and by a timer at once': `
    const { get } = await import('node:http');
    await (await fetch(process.env.MODEL_URL + '/weather')).text();
    for (let round = 0; round < 5; round++) await new Promise((resolve) => {
      const request = get({ host: 'made-up.test', lookup: () => {} });
      request.on('socket', (socket) => {
        const timer = setTimeout(() => request.destroy(new Error('by the timer')), 20);
        socket.setTimeout(20).on('timeout', socket.destroy);
        for (const event of ['finish', 'error', 'close']) request.on(event, (error) => console.log(round, event, error?.message, request.writableFinished));
        request.on('error', () => clearTimeout(timer)).on('close', resolve);
      });
    });`,
  'an error that nobody listens for': `
    const { get } = await import('node:http');
    await fetch(process.env.MODEL_URL + '/weather').then((response) => response.text()).then(console.log);
    process.on('uncaughtException', (error) => console.log(error.code, error.address, error.stack.split('\\n').length));
    get('http://127.0.0.1:1/');`,
  "undici's later handlers": `
    await (await fetch(process.env.MODEL_URL + '/weather')).text();
    const agent = globalThis[Symbol.for('undici.globalDispatcher.2')] ?? globalThis[Symbol.for('undici.globalDispatcher.1')];
    const once = (stop) => new Promise((resolve) => {
      const seen = [];
      agent.dispatch({ origin: process.env.MODEL_URL, path: '/weather', method: 'POST', body: 'x' }, {
        onRequestStart: (controller) => seen.push(typeof controller.abort),
        onResponseStart: (controller, status, headers, text) => seen.push(status, headers['content-type'], text, controller.rawHeaders.length),
        onResponseData(controller, piece) { seen.push(String(piece)); if (stop) controller.abort(new Error('stop')); },
        onResponseEnd: (_controller, trailers) => resolve([...seen, trailers]),
        onResponseError: (_controller, error) => resolve([...seen, error.message]),
      });
    });
    console.log(await once(false), await once(true));`,
  'questions to name servers': `
    const { lookup } = await import('node:dns');
    const { lookup: promised, Resolver } = await import('node:dns/promises');
    const { promisify } = await import('node:util');
    const facts = (error) => [error.name, error.code, error.errno, error.syscall, error.hostname, error.message];
    const resolver = new Resolver({ timeout: 100, tries: 1 });
    resolver.setServers(['127.0.0.1:1']);
    console.log(await new Promise((resolve) => lookup('a.invalid', (error) => resolve(facts(error)))));
    console.log(await promised('a.invalid').catch(facts), await promisify(lookup)('b.invalid', { all: true }).catch(facts));
    console.log(await resolver.resolve4('c.invalid').catch(facts), await promised('127.0.0.1'), lookup.length);
    const url = process.env.MODEL_URL.replace('127.0.0.1', 'localhost') + '/weather';
    console.log(await (await fetch(url)).text());`,
};

describe('R4 corners of requests', () => {
  it.each(Object.entries(PROGRAMS))('%s', async (_name, text) => {
    const recorded = await recordText(text);
    expect(recorded.asked).toBeGreaterThan(0);
    await expectSame(recorded);
  });
});

describe('R6 divergence of requests that are not sent by fetch', () => {
  const ask = (body: string): string => `
    await new Promise((resolve, reject) => {
      const sent = http.request(process.env.MODEL_URL + '/weather', { method: 'POST', headers: { 'content-type': 'application/json' } }, (response) => response.resume().on('end', resolve));
      sent.on('error', reject).end(JSON.stringify({ prompt: ${JSON.stringify(body)} }));
    });\n`;
  const head = `import http from 'node:http';\n`;

  it('stops at a changed request, and shows the difference and the line', async () => {
    const recorded = await recordText(`${head}${ask('Tell me of amber.')}`);
    recorded.write(`${head}${ask('Tell me of basalt.')}`);
    const { code, stderr } = await recorded.replay();
    expect(code).toBe(86);
    expect(stderr).toContain('request 1 is not the recorded one: POST /weather');
    expect(stderr).toMatch(/asked at .*program\.mjs:4:\d+/);
    expect(stderr).toContain('~ prompt  "Tell me of amber." → "Tell me of basalt."');
  });

  it.each([
    ['a request too many', `http.get(process.env.MODEL_URL + '/more');`, 'the recording has no such request: GET /more'],
    [
      'a request of undici too many',
      `const { request } = await import(${JSON.stringify(import.meta.resolve('undici'))}); await request(process.env.MODEL_URL + '/more');`,
      'the recording has no such request: GET /more',
    ],
    ['a WebSocket', `new WebSocket('ws://127.0.0.1:9/');`, 'the WebSocket ws://127.0.0.1:9/ is not in the recording'],
    [
      'a WebSocket of ws',
      `new (await import(${JSON.stringify(import.meta.resolve('ws'))})).WebSocket('ws://127.0.0.1:9/');`,
      'the WebSocket ws://127.0.0.1:9/ is not in the recording',
    ],
    [
      'HTTP/2',
      `(await import('node:http2')).connect('http://127.0.0.1:9');`,
      'an HTTP/2 connection to http://127.0.0.1:9 is not in the recording',
    ],
    [
      'TLS',
      `(await import('node:tls')).connect(9, '127.0.0.1');`,
      'the connection to 127.0.0.1:9 (net, tls, a database driver) is not in the recording',
    ],
  ])('refuses %s', async (_what, code, text) => {
    const recorded = await recordText(`${head}${ask('one')}`);
    recorded.write(`${head}${ask('one')}${code}\nawait new Promise((resolve) => setTimeout(resolve, 100));`);
    const replayed = await recorded.replay();
    expect(replayed.stderr).toContain(text);
    expect(replayed.code).toBe(86);
  });
});

it('R4 what follows from an idle connection prints the same stack', { timeout: 60_000 }, async () => {
  const recorded = await recordText(`import http from 'node:http';
    const ask = () => new Promise((resolve, reject) => {
      const sent = http.request(process.env.MODEL_URL + '/v1/chat/completions', { method: 'POST', timeout: 1 }, resolve);
      sent.on('timeout', () => sent.destroy(new Error('too slow'))).on('error', reject).end('{"messages":[]}');
      sent.on('timeout', () => reject(new Error('given up')));
    });
    const where = {};
    await ask().catch((error) => console.log(error.message, Error.captureStackTrace(where), where.stack));`);
  expect(recorded.ran.stdout).toMatch(/^given up[^]*runNextTicks/);
  expect((await recorded.replay()).stdout).toBe(recorded.ran.stdout);
});
