/** Programs that do what few do: each is recorded, and its replay must print and end the same. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readRecording } from '../../src/recording/recording.ts';
import { recordProgram, recordText } from './recorded.ts';

const HINDCAST = JSON.stringify(new URL('../../dist/index.js', import.meta.url).href);
const OPENAI = JSON.stringify(new URL('../../node_modules/openai/index.mjs', import.meta.url).href);
const ASK = `const ask = async () => (await (await fetch(process.env.MODEL_URL + '/weather')).json()).said;`;

const PROGRAMS: Record<string, string> = {
  'async scopes in timers and immediates': `
    import { AsyncLocalStorage } from 'node:async_hooks';
    const scope = new AsyncLocalStorage();
    for (const name of ['a', 'b'])
      scope.run(name, async () => {
        setTimeout(async () => console.log('timer', scope.getStore(), await ask(), scope.getStore()), 5);
        setImmediate(() => console.log('immediate', scope.getStore()));
        console.log(await ask(), scope.getStore());
      });`,
  'an error that nobody catches, thrown in a timer': `
    console.log(await ask());
    setTimeout(() => { throw new Error('in a timer ' + Math.random()); }, 3);
    await ask();
    setTimeout(() => console.log('too late'), 2000);`,
  'a rejection that somebody handles late': `
    process.on('unhandledRejection', (error) => console.log('unhandled', error.message));
    Promise.reject(new Error(await ask()));
    await new Promise((resolve) => setTimeout(resolve, 5));
    console.log(await ask());`,
  'an exit in the middle of a stream': `
    console.log(await ask());
    const response = await fetch(process.env.MODEL_URL + '/v1/chat/completions', { method: 'POST', body: '{"stream":true}' });
    for await (const piece of response.body) { console.log(piece.length); process.exit(7); }`,
  'timers that are taken back, set again and unreferenced': `
    const never = setTimeout(() => console.log('never'), 10);
    const again = setTimeout(() => console.log('again', Date.now()), 8);
    console.log(await ask());
    clearTimeout(never);
    again.refresh();
    setTimeout(() => console.log('unreferenced'), 60_000).unref();
    let count = 0;
    const interval = setInterval(() => { console.log('tick', count, performance.now()); if (++count === 3) interval.close(); }, 4);
    console.log(await ask());`,
  'a session of its own': `
    const { startSession } = await import(${HINDCAST});
    const session = startSession({ name: 'mine' });
    await session.run(async () => console.log(await ask(), Math.random()));
    console.log(new Date());
    session.end();`,
  'init() with a backend, and its shutdown': `
    const { init, shutdown, recordTool } = await import(${HINDCAST});
    init({ endpoint: 'http://127.0.0.1:9', quiet: true });
    const tool = recordTool('tool', async () => [await ask(), Date.now()]);
    console.log(await Promise.all([tool(), tool(), tool()]));
    await shutdown(50);`,
  'requests of every shape': `
    const url = process.env.MODEL_URL + '/weather';
    const said = async (...args) => (await (await fetch(...args)).json()).said;
    const stream = new ReadableStream({ start(controller) { controller.enqueue(new TextEncoder().encode('in pieces')); controller.close(); } });
    console.log(await Promise.all([
      said(new URL(url)), said(url, { method: 'post', body: new URLSearchParams({ a: '1' }) }), said(url, { method: 'PUT', body: Uint8Array.of(1, 2) }),
      said(url, { method: 'POST', body: new Blob(['blob'], { type: 'text/x' }) }), said(url, { method: 'POST', body: stream, duplex: 'half' }),
      said(new Request(url, { method: 'POST', body: 'as a request', headers: { a: 'b' } })), said(new Request(url), { method: 'DELETE' }),
    ]));
    console.log((await fetch(url, { method: 'HEAD' })).status);`,
};

describe('R4 corners', () => {
  it.each(Object.entries(PROGRAMS))('%s', async (_name, text) => {
    const recorded = await recordText(`${ASK}\n${text}`);
    expect(recorded.asked).toBeGreaterThan(0);
    const again = await recorded.replay();
    expect([again.stdout, again.code, again.summary]).toEqual([
      recorded.ran.stdout,
      recorded.ran.code,
      expect.stringMatching(/^✓/),
    ]);
    expect(again.summary).not.toContain('found by');
  });

  it('goes on after a shutdown, and sends nothing', async () => {
    const recorded = await recordText(`${ASK}
      const { init, shutdown } = await import(${HINDCAST});
      init({ quiet: true });
      console.log(await ask());
      await shutdown(50);
      console.log(await ask());`);
    expect([recorded.asked, recorded.ran.code]).toEqual([2, 0]);
    const { code, stdout, summary } = await recorded.replay();
    expect([code, stdout, summary]).toEqual([0, recorded.ran.stdout, expect.stringContaining('2 of 2 requests answered')]);
  });

  it('records each request of a client of its own once, in the session that it is in', async () => {
    const recorded = await recordText(`${ASK}
      const { createClient } = await import(${HINDCAST});
      const { default: OpenAI } = await import(${OPENAI});
      const client = createClient({ quiet: true });
      const openai = new OpenAI({ apiKey: 'none', baseURL: process.env.MODEL_URL + '/v1', maxRetries: 9 });
      const call = () => openai.chat.completions.create({ model: 'm', messages: [] });
      console.log(await ask(), await client.startSession().run(call), await call());
      await client.shutdown(50);`);
    const read = ['.hindcast/recordings', '.hindcast/clients/1/recordings'].flatMap((folder) =>
      readdirSync(join(recorded.cwd, folder))
        .filter((file) => file.endsWith('.jsonl'))
        .map((file) => readRecording(join(recorded.cwd, folder, file))),
    );
    expect(read.length).toBe(2);
    const exchanges = read.flatMap((recording) => [...recording.exchanges.values()]);
    expect(exchanges.length).toBe(recorded.asked);
    expect(exchanges.every(({ asked, status }) => asked !== undefined && status !== undefined)).toBe(true);
    // One order over both.
    const order = exchanges.map(({ headOrd }) => headOrd);
    expect(new Set(order).size).toBe(order.length);
  });

  it('V3 a secret of the environment is not in the recording', async () => {
    const { cwd } = await recordProgram('tool-loop');
    const folder = join(cwd, '.hindcast/recordings');
    const text = readdirSync(folder)
      .map((file) => readFileSync(join(folder, file), 'latin1'))
      .join('');
    expect(text).toContain('"OPENAI_KEY_OF_TEST":"<redacted>"');
    expect(text).not.toContain('sk-of-the-test-only');
  });
});
