import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Recordings } from '../session/rig.ts';
import { newProgramsFolder } from '../support/programs.ts';

const programs = newProgramsFolder();
const provider = createServer((request, response) => {
  request.resume().on('end', () => {
    response.setHeader('content-type', 'application/json');
    const choices = [{ index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }];
    response.end(JSON.stringify({ id: 'c', object: 'chat.completion', created: 1, model: 'gpt-4o-mini', choices }));
  });
});
let baseUrl = '';
beforeAll(async () => {
  await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve));
  baseUrl = `http://127.0.0.1:${(provider.address() as AddressInfo).port}/v1`;
});
afterAll(() => {
  provider.close();
  provider.closeAllConnections();
  rmSync(programs, { recursive: true, force: true });
});

const PRELUDE = `
import { flush, init, recordTool, shutdown, startSession } from 'hindcast';
import OpenAI from 'openai';
const client = new OpenAI({ apiKey: 'none', baseURL: process.env.BASE_URL, maxRetries: 0 });
const ask = () => client.chat.completions.create({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'x' }] });
const same = (a, b, what) => { if (JSON.stringify(a) !== JSON.stringify(b)) throw new Error(what + ': ' + JSON.stringify(a) + ' is not ' + JSON.stringify(b)); };
`;
let count = 0;

/** Runs a program in a project of its own. */
async function program(code: string, options: { env?: Record<string, string>; execArgv?: string[] } = {}) {
  const file = join(programs, `p${++count}.mjs`);
  writeFileSync(file, PRELUDE + code);
  const cwd = mkdtempSync(join(programs, 'project-'));
  mkdirSync(join(cwd, '.hindcast'));
  const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], BASE_URL: baseUrl, ...options.env };
  const child = spawn(process.execPath, [...(options.execArgv ?? []), file], { cwd, env });
  const guard = setTimeout(() => child.kill('SIGKILL'), 30_000);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const code_ = await new Promise<number | null>((resolve) => child.on('close', resolve));
  clearTimeout(guard);
  return { stdout, stderr, code: code_, cwd, recordings: new Recordings(join(cwd, '.hindcast/recordings')) };
}

describe('C2 one client', () => {
  it('init twice, one call: one event; and what the second can change it changes', async () => {
    const { recordings, stderr, code } = await program(`
      const a = init();
      const b = init({ agent: { id: 'late' } });
      same(a === b, true, 'client');
      await ask();
      init({ dir: 'elsewhere', tags: ['x'] });
      await ask();
    `);
    expect([code, stderr.split('\n').filter((line) => line.startsWith('hindcast:'))]).toEqual([
      0,
      [expect.stringContaining('recording ses_'), expect.stringMatching(/cannot change any more: dir$/)],
    ]);
    const [id, ...more] = recordings.ids();
    expect(more).toEqual([]);
    expect(recordings.events(id!)).toHaveLength(2);
    expect(recordings.header(id!).agent).toEqual({ id: 'late' });
  });

  it('--import hindcast/register, and an init() of the program, are one client that says one line', async () => {
    const register = join(import.meta.dirname, '../../dist/register.js');
    const execArgv = ['--import', register];
    const alone = await program('await ask();', { execArgv });
    expect(alone.recordings.events(alone.recordings.ids()[0]!)).toHaveLength(1);
    const both = await program(`init({ agent: { id: 'a' }, environment: 'e' }); await ask();`, { execArgv });
    const [id] = both.recordings.ids();
    expect(both.recordings.events(id!)).toHaveLength(1);
    expect(both.recordings.header(id!)).toMatchObject({ agent: { id: 'a' }, environment: 'e' });
    expect(both.stderr.match(/hindcast: recording/g)).toHaveLength(1);
    const none = await program('', { execArgv });
    expect([none.stderr, none.code]).toEqual(['', 0]);
  });
});

describe('C6 shutdown', () => {
  it('100 times: listeners, handles and methods are back at the start, and it records again after', async () => {
    const { code, stderr, recordings } = await program(`
      const proto = Object.getPrototypeOf(client.chat.completions);
      const names = () => process.eventNames().map((name) => [String(name), process.listenerCount(name)]).filter(([, n]) => n > 0).sort();
      await ask();
      const before = { names: names(), create: proto.create, fetch: OpenAI.prototype.fetchWithTimeout };
      const active = () => process.getActiveResourcesInfo().filter((name) => !/Socket|TCP|TTY|Pipe/.test(name)).length;
      const handles = active();
      for (let i = 0; i < 100; i++) {
        init({ quiet: true });
        if (i === 0) same(proto.create !== before.create, true, 'patched');
        await shutdown();
      }
      await new Promise((resolve) => setTimeout(resolve, 150));
      same(names(), before.names, 'listeners');
      same(active() <= handles, true, 'handles');
      same(proto.create === before.create, true, 'create');
      same(OpenAI.prototype.fetchWithTimeout === before.fetch, true, 'fetch');
      init({ quiet: true });
      await ask();
      await Promise.all([shutdown(), shutdown(), flush(10)]);
      await shutdown();
      await ask();
    `);
    expect([code, stderr]).toEqual([0, '']);
    const [id, ...more] = recordings.ids();
    expect(more).toEqual([]);
    expect(recordings.events(id!)).toHaveLength(1);
    expect(recordings.end(id!)).toMatchObject({ state: 'success', reason: 'ended' });
  });

  it('flush() and shutdown() are bounded, never reject, and let a top-level await finish, with a backend that hangs', async () => {
    const hanging = createServer(() => {});
    await new Promise<void>((resolve) => hanging.listen(0, '127.0.0.1', resolve));
    const endpoint = `http://127.0.0.1:${(hanging.address() as AddressInfo).port}`;
    const { code, stdout } = await program(
      `
      init();
      await ask();
      console.log(await flush(300));
      await shutdown(300);
      console.log('done');
    `,
      { env: { HINDCAST_ENDPOINT: endpoint } },
    );
    hanging.close();
    hanging.closeAllConnections();
    expect([code, stdout]).toEqual([0, 'false\ndone\n']);
  });
});

describe('C1 C8 init', () => {
  it('never throws, whatever it is given, and says what is wrong', async () => {
    const { code, stdout, stderr } = await program(`
      init({ record: 7, endpoint: 'nonsense', tags: 'x', agent: 'y', instrument: 3, dir: '', whatever: 1 });
      await ask();
      await shutdown();
      for (const odd of [null, undefined, 7, 'x', []]) { init(odd); await shutdown(); }
      console.log('still here');
    `);
    expect([code, stdout]).toEqual([0, 'still here\n']);
    expect(stderr).toContain('endpoint in init() must be an http:// or https:// URL');
  });

  it('opens no socket, starts no process and loads no exporter without an endpoint', async () => {
    const { code, stderr } = await program(`
      import net from 'node:net';
      import dns from 'node:dns';
      import child from 'node:child_process';
      const used = [];
      for (const [of, name] of [[net.Socket.prototype, 'connect'], [dns, 'lookup'], [child, 'spawn'], [child, 'spawnSync']]) {
        const original = of[name];
        of[name] = function (...args) { used.push(name); return original.apply(this, args); };
      }
      init({ quiet: true, hostInfo: 'off' });
      recordTool('t', () => 1)();
      startSession().end();
      await new Promise((resolve) => setTimeout(resolve, 50));
      await shutdown();
      same(used, [], 'used');
    `);
    expect([code, stderr]).toEqual([0, '']);
  });

  it('V1 records no content in production, and says in the first line which mode it is', async () => {
    const { cwd, stderr, recordings } = await program('init(); await ask();', { env: { NODE_ENV: 'production' } });
    expect(stderr).toContain('(metadata)');
    const [id] = recordings.ids();
    expect(recordings.events(id!)).toHaveLength(1);
    expect(readFileSync(join(cwd, '.hindcast/recordings', `${id}.jsonl`), 'utf8')).not.toMatch(/"(content|k":"request)"/);
  });

  it('records nothing when it is off', async () => {
    const { cwd, stderr } = await program(
      `init({ record: 'off' }); await ask(); startSession().run(() => recordTool('t', () => 1)());`,
    );
    expect(stderr).toBe('');
    expect(readdirSync(join(cwd, '.hindcast'))).toEqual([]);
  });

  it('patches a class that is handed over once', async () => {
    const { recordings } = await program('init({ instrument: { openai: OpenAI } }); await ask();');
    expect(recordings.events(recordings.ids()[0]!)).toHaveLength(1);
  });
});
