/** Servers of the app's: what their clients do is recorded, and given to them again where nobody connects. */
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { INDEX, moduleAt, recordProcess, textOf } from './processes.ts';
import type { RecordedProcess } from './processes.ts';

const RUNS = Number(process.env['HINDCAST_TEST_RUNS'] ?? 5);
const EXPRESS = moduleAt('express/index.js');
const OPENAI = moduleAt('openai/index.mjs');

/** Each request is a session, and asks the model three times, the same in all of them: only who asks tells them apart. */
const AGENTS = `
  import express from ${EXPRESS};
  import OpenAI from ${OPENAI};
  import { startSession } from ${INDEX};
  const openai = new OpenAI({ apiKey: process.env.API_TOKEN, baseURL: process.env.MODEL_URL + '/v1', maxRetries: 9 });
  const seen = [];
  const app = express();
  app.use(express.json());
  app.post('/ask', async (req, res) => {
    const session = startSession({ name: 'ask' });
    await session.run(async () => {
      const mine = seen.push(req.body.who);
      for (let turn = 0; turn < 3; turn++) {
        const stream = await openai.chat.completions.create({ model: 'm', stream: true, messages: [{ role: 'user', content: 'Go on.' }] });
        for await (const piece of stream) {
          const text = piece.choices[0]?.delta?.content ?? '';
          console.log(mine, turn, text, seen.length);
          res.write(text);
        }
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 10));
      }
      console.log(req.body.who, 'took', performance.now(), new Date(), seen.join());
      res.end('.');
    });
    session.end();
  });
  const server = app.listen(Number(process.env.PORT ?? 0), '127.0.0.1', () => console.log('listening', server.address().port));
  process.on('SIGTERM', (name, number) => {
    console.log('stopping', name, number, new Date());
    server.close(() => { console.log('closed', seen.length); process.exitCode = 3; });
  });
`;

const ask = async (port: number, path: string, init?: RequestInit): Promise<string> =>
  (await fetch(`http://127.0.0.1:${port}${path}`, init)).text();

const post = (port: number, who: string): Promise<string> =>
  ask(port, '/ask', { method: 'POST', body: JSON.stringify({ who }), headers: { 'content-type': 'application/json' } });

async function expectSame(recorded: RecordedProcess, ...args: string[]): Promise<void> {
  const again = await recorded.replay(...args);
  expect([again.stdout, again.code, again.summary]).toEqual([
    recorded.ran.stdout,
    recorded.ran.code,
    expect.stringMatching(/^✓/),
  ]);
  expect(again.summary).not.toMatch(/found by|code is not/);
}

describe('R5 several sessions in one server', () => {
  it(
    `two requests at once, each in its own session, are replayed exactly, ${RUNS} of ${RUNS}`,
    { timeout: RUNS * 60_000 },
    async () => {
      for (let run = 0; run < RUNS; run++) {
        const answers: string[] = [];
        const recorded = await recordProcess(AGENTS, async ({ child }, port) => {
          const at = await port();
          answers.push(...(await Promise.all([post(at, 'anna'), post(at, 'ben')])));
          child.kill('SIGTERM');
        });
        expect([recorded.ran.code, recorded.asked >= 6]).toEqual([3, true]);
        expect(answers.every((answer) => answer.endsWith('.') && answer.length > 10)).toBe(true);
        await expectSame(recorded);
        const recordings = recorded.recordings();
        expect(recordings.filter(({ header }) => header.name === 'ask').length).toBe(2);
        expect(new Set(recordings.map(({ header }) => header.process)).size).toBe(1);
        // Each of them stands for the whole process.
        if (run === 0) for (const { header } of recordings) await expectSame(recorded, header.id);
        expect(textOf(recorded)).not.toContain('sk-of-the-test-only');
      }
    },
  );

  it('says what is missing where a recording of the process was removed', async () => {
    const recorded = await recordProcess(AGENTS, async ({ child }, port) => {
      const at = await port();
      await Promise.all([post(at, 'anna'), post(at, 'ben')]);
      child.kill('SIGTERM');
    });
    const [first, second] = recorded.recordings().filter(({ header }) => header.name === 'ask');
    rmSync(`${recorded.cwd}/.hindcast/recordings/${first!.header.id}.jsonl`);
    const { code, stderr } = await recorded.replay(second!.header.id);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/numbers? \d+.* is in none of its \d recordings that are here: another one was removed/);
  });
});

/** A server that prints whatever comes to it. */
const ECHO = `
  import { createServer } from 'node:http';
  import { once } from 'node:events';
  const server = createServer(async (req, res) => {
    req.on('aborted', () => console.log(req.url, 'aborted'));
    req.on('error', (error) => console.log(req.url, 'failed', error.code, error.message));
    res.on('close', () => console.log(req.url, 'closed', res.writableFinished, req.complete));
    res.on('finish', () => console.log(req.url, 'finished', Math.random()));
    console.log(req.method, req.url, req.httpVersion, req.headers.authorization === 'Bearer ' + process.env.API_TOKEN, req.headers['x-word'],
      req.socket.remoteAddress, typeof req.socket.remotePort, req.rawHeaders.length);
    if (req.url === '/slow') {
      res.write('begin');
      await once(res, 'close');
      console.log('left after', (await (await fetch(process.env.MODEL_URL + '/weather')).json()).said);
      return;
    }
    if (req.url === '/large') {
      let full = 0;
      for (let index = 0; index < 200; index++) if (!res.write(Buffer.alloc(100_000, index))) { full++; await once(res, 'drain'); }
      console.log('full', full);
    }
    let bytes = 0, pieces = 0;
    try {
      for await (const piece of req) { pieces++; bytes += piece.length; if (pieces < 4) console.log(req.url, 'piece', piece.length, piece.toString('hex').slice(0, 20)); }
    } catch { return; }
    console.log(req.url, pieces, bytes, req.trailers);
    const { said } = await (await fetch(process.env.MODEL_URL + '/weather')).json();
    console.log(said);
    res.end(said);
    if (req.url === '/bye') { console.log('bye'); server.close(() => console.log('closed', server.listening)); }
  });
  server.on('upgrade', (req, socket) => { console.log('upgrade'); socket.end('HTTP/1.1 101 Hello\\r\\n\\r\\n'); });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  console.log('listening', server.address().port, server.address().family);
`;

const sent = async (given: ClientRequest): Promise<[number, string]> => {
  const [response] = (await once(given, 'response')) as [IncomingMessage];
  let text = '';
  for await (const piece of response) text += String(piece);
  return [response.statusCode ?? 0, text];
};

describe('R5 what clients do', () => {
  it('a body in pieces, a connection that is used again, trailers and credentials', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    let reused = false;
    const recorded = await recordProcess(ECHO, async (_running, port) => {
      const at = { host: '127.0.0.1', port: await port(), agent };
      const headers = { authorization: 'Bearer sk-of-the-test-only-0123456789', 'x-word': 'grüße' };
      const pieces = request({
        ...at,
        method: 'POST',
        path: '/pieces?api_key=abcdef0123456789',
        headers: { ...headers, 'content-length': 9 },
      });
      for (const piece of ['abc', 'def', 'ghi']) {
        pieces.write(piece);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      pieces.end();
      expect((await sent(pieces))[0]).toBe(200);
      const chunked = request({ ...at, method: 'PUT', path: '/chunked', headers: { trailer: 'x-sum' } });
      chunked.write(Buffer.alloc(300_000, 1));
      chunked.addTrailers({ 'x-sum': '7' });
      chunked.end('end');
      expect((await sent(chunked))[0]).toBe(200);
      reused = chunked.reusedSocket;
      expect((await sent(request({ ...at, path: '/bye' }).end()))[0]).toBe(200);
      agent.destroy();
    });
    expect([reused, recorded.ran.code]).toEqual([true, 0]);
    expect(recorded.ran.stdout).toMatch(/POST \/pieces\S+ 1.1 true[\s\S]*x-sum/);
    expect(textOf(recorded)).not.toMatch(/sk-of-the-test-only|abcdef0123456789/);
    const again = await recorded.replay();
    // What stands for a secret is another text.
    const masked = (text: string): string => text.replaceAll(/api_key=\S+/g, 'api_key');
    expect([masked(again.stdout), again.code]).toEqual([masked(recorded.ran.stdout), 0]);
  });

  it('a request that its client aborts, in its body and in its answer', async () => {
    const recorded = await recordProcess(ECHO, async (running, port) => {
      const at = { host: '127.0.0.1', port: await port(), agent: false as const };
      const half = request({ ...at, method: 'POST', path: '/half', headers: { 'content-length': 9 } });
      half.on('error', () => {});
      half.write('abc');
      await expect.poll(() => running.stdout()).toContain('/half piece');
      half.destroy();
      await expect.poll(() => running.stdout()).toContain('/half closed');
      const slow = request({ ...at, path: '/slow' }).end();
      slow.on('error', () => {});
      const [response] = (await once(slow, 'response')) as [IncomingMessage];
      await once(response, 'data');
      slow.destroy();
      await expect.poll(() => running.stdout()).toContain('left after');
      await sent(request({ ...at, path: '/bye' }).end());
    });
    expect(recorded.ran.stdout).toContain('/half failed ECONNRESET aborted');
    await expectSame(recorded);
  });

  it('a client that is slow to take the answer', async () => {
    const recorded = await recordProcess(ECHO, async (_running, port) => {
      const at = { host: '127.0.0.1', port: await port(), agent: false as const };
      const large = request({ ...at, path: '/large' }).end();
      const [response] = (await once(large, 'response')) as [IncomingMessage];
      let bytes = 0;
      for await (const piece of response) {
        if (bytes === 0) await new Promise((resolve) => setTimeout(resolve, 200));
        bytes += (piece as Buffer).length;
      }
      expect(bytes).toBeGreaterThan(20_000_000);
      await sent(request({ ...at, path: '/bye' }).end());
    });
    expect(textOf(recorded)).toContain('"event":"taken"');
    await expectSame(recorded);
  });

  it('what is wrong or another protocol is answered as without us', async () => {
    const recorded = await recordProcess(ECHO, async (_running, port) => {
      const at = await port();
      const raw = async (text: string): Promise<string> => {
        const socket = connect(at, '127.0.0.1');
        socket.write(text);
        let answer = '';
        for await (const piece of socket) answer += String(piece);
        return answer;
      };
      expect(await raw('nonsense\r\n\r\n')).toMatch(/^HTTP\/1.1 400/);
      expect(await raw('GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n')).toMatch(
        /^HTTP\/1.1 101 Hello/,
      );
      // Two requests at once on one connection, answered in their order.
      const two = await raw('GET /1 HTTP/1.1\r\nhost: x\r\n\r\nGET /2 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
      expect(two.match(/HTTP\/1.1 200 OK/g)?.length).toBe(2);
      const waits = request({
        host: '127.0.0.1',
        port: at,
        method: 'POST',
        path: '/bye',
        headers: { expect: '100-continue', 'content-length': 2 },
      });
      waits.flushHeaders();
      await once(waits, 'continue');
      waits.end('ok');
      expect((await sent(waits))[0]).toBe(200);
    });
    const again = await recorded.replay();
    // Nothing of the other protocol is recorded.
    expect(again.stdout).toBe(recorded.ran.stdout.replace('upgrade\n', ''));
  });

  it('an app that asks its own server', async () => {
    const recorded = await recordProcess(
      `
      import { AsyncLocalStorage } from 'node:async_hooks';
      import { readFile } from 'node:fs';
      import { createServer } from 'node:http';
      const scope = new AsyncLocalStorage();
      const server = createServer(async (req, res) => {
        // A callback that no promise carries is the app's as well.
        await new Promise((resolve) => readFile(import.meta.filename, () => {
          console.log(scope.getStore(), scope.run(req.url, () => scope.getStore()), Date.now());
          resolve();
        }));
        const { said } = await (await fetch(process.env.MODEL_URL + '/weather?' + req.url)).json();
        console.log('asked', req.url, Math.random());
        res.write(said); setTimeout(() => res.end('!'), 5);
      });
      await new Promise((resolve) => scope.run('listens', () => server.listen(0, resolve)));
      const own = 'http://localhost:' + server.address().port;
      console.log(await Promise.all(['/a', '/b', '/c'].map(async (path) => (await fetch(own + path)).text())));
      server.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.on('close', resolve));
      console.log('done');`,
      async () => {},
    );
    expect([recorded.ran.code, recorded.asked]).toEqual([0, 3]);
    expect(recorded.ran.stdout).toMatch(/^listens \/a \d+$/m);
    await expectSame(recorded);
  });

  it('a port that is taken, and the next one', async () => {
    const recorded = await recordProcess(
      `
      import net from 'node:net';
      import { createServer } from 'node:http';
      const first = net.createServer().listen(0, '127.0.0.1', () => {
        const { port } = first.address();
        const second = createServer().on('error', ({ code, syscall, port: of, message }) => {
          console.log(code, syscall, of === port, message);
          second.listen(0, () => { console.log(second.address().port !== port); second.close(); first.close(); });
        }).listen(port, '127.0.0.1');
      });
      console.log((await (await fetch(process.env.MODEL_URL + '/weather')).json()).said);`,
      async () => {},
    );
    expect(recorded.ran.stdout).toContain('EADDRINUSE listen true');
    await expectSame(recorded);
  });
});

describe('R5 ways out of a server', () => {
  it('one that is stopped in the middle of a request', async () => {
    const recorded = await recordProcess(ECHO, async (running, port) => {
      const at = { host: '127.0.0.1', port: await port() };
      await sent(request({ ...at, path: '/first' }).end());
      const slow = request({ ...at, path: '/slow' }).end();
      slow.on('error', () => {});
      await once(slow, 'response');
      running.child.kill('SIGTERM');
    });
    expect(recorded.ran.signal).toBe('SIGTERM');
    const again = await recorded.replay();
    expect([again.stdout, again.code, again.summary]).toEqual([
      recorded.ran.stdout,
      143,
      expect.stringContaining('ended by SIGTERM as recorded'),
    ]);
  });

  it('one that an error ends, thrown in a request', async () => {
    const recorded = await recordProcess(
      `import { createServer } from 'node:http';
       const server = createServer(async (req, res) => {
         console.log(req.url, (await (await fetch(process.env.MODEL_URL + '/weather')).json()).said);
         throw new Error('of ' + req.url + Math.random());
       }).listen(0, '127.0.0.1', () => console.log('listening', server.address().port));`,
      async (_running, port) => {
        await expect(ask(await port(), '/fails')).rejects.toThrow();
      },
    );
    expect(recorded.ran.code).toBe(1);
    const again = await recorded.replay();
    expect([again.stdout, again.code]).toEqual([recorded.ran.stdout, 1]);
    const said = /of \/fails0\.\d+/.exec(recorded.ran.stderr)?.[0];
    expect(again.stderr).toContain(said);
  });
});

it('R5 a framework on web requests, with streams of events and sessions of each', async () => {
  const recorded = await recordProcess(
    `import { serve } from ${moduleAt('@hono/node-server/dist/index.mjs')};
     import { Hono } from ${moduleAt('hono/dist/index.js')};
     import { streamSSE } from ${moduleAt('hono/dist/helper/streaming/index.js')};
     import { currentSession, startSession } from ${INDEX};
     const app = new Hono();
     app.post('/events', async (c) => {
       const { who } = await c.req.json();
       const session = startSession({ name: who });
       return session.run(() => streamSSE(c, async (stream) => {
         for (let turn = 0; turn < 4; turn++) {
           const { said } = await (await fetch(process.env.MODEL_URL + '/weather')).json();
           console.log(who, turn, said, currentSession().name, Date.now());
           await stream.writeSSE({ data: said });
           await stream.sleep(Math.random() * 8);
         }
         session.end();
       }));
     });
     const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => console.log('listening', port));
     process.on('SIGTERM', () => server.close(() => console.log('closed')));`,
    async ({ child }, port) => {
      const at = await port();
      const texts = await Promise.all(
        ['anna', 'ben', 'cleo'].map((who) => ask(at, '/events', { method: 'POST', body: JSON.stringify({ who }) })),
      );
      expect(texts.every((text) => text.match(/^data: /gm)?.length === 4)).toBe(true);
      child.kill('SIGTERM');
    },
  );
  expect(recorded.ran.stdout).toMatch(/anna 3 .* anna /);
  await expectSame(recorded);
});
