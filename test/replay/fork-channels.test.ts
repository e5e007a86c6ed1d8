/** Child processes, threads and WebSockets of a fork: what it opens itself is in its recording, and what was opened before it is asked really where that can be. */
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import type { PlannedEdit } from '../../src/events/edits.ts';
import { chatCompletion } from '../../src/testing/wire.ts';
import { bench, eventOf } from './forked.ts';
import type { Bench } from './forked.ts';
import type { Asked } from './recorded.ts';
import { startWebSockets } from './websocket-server.ts';

let open: Bench | undefined;
let sockets: Asked | undefined;
afterEach(async () => {
  await open?.close();
  await sockets?.close();
  open = sockets = undefined;
});

/** A model that says what it is asked, and a number that it says once. */
let said = 0;
const echo = async ({ json }: { json: any }) => {
  const { content } = json.messages.at(-1);
  if (content === 'slowly') await new Promise((then) => setTimeout(then, 400));
  return { body: chatCompletion({ text: `${content} ${++said}`, model: json.model }) };
};

const start = async (text: string, env: NodeJS.ProcessEnv = {}): Promise<Bench> => (open = await bench(text, echo, env));

const says = (event: string, text: string): PlannedEdit => ({ event, kind: 'completion', completion: { text } });

const ASK = `
import OpenAI from 'openai';
const client = new OpenAI({ apiKey: process.env.OPENAI_KEY_OF_TEST, baseURL: process.env.MODEL_URL + '/v1' });
const ask = async (content) =>
  (await client.chat.completions.create({ model: 'gpt-5-mini', messages: [{ role: 'user', content }] })).choices[0].message.content;
`;

const OPENS = `${ASK}
import { exec, execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import Ws from 'ws';
const { WS_URL } = process.env;
const dice = 'console.log(process.env.HINDCAST_REPLAY ?? "none", process.env.HINDCAST_REPLAYABLE, Math.random())';
const thread = 'const { parentPort } = require("node:worker_threads"); parentPort.on("message", (m) => { console.log("printed", Math.random()); parentPort.postMessage([m, Math.random()]); })';
const talk = async (Socket, text) => {
  const socket = new Socket(WS_URL);
  await new Promise((then) => socket.addEventListener('open', then));
  socket.send(text);
  const heard = await new Promise((then) => socket.addEventListener('message', ({ data }) => then(String(data))));
  socket.close();
  await new Promise((then) => socket.addEventListener('close', then));
  return heard;
};
console.log(await ask('one'));
const word = await ask('two');
if (word === 'go') {
  console.log('async', (await promisify(execFile)(process.execPath, ['-e', dice])).stdout);
  console.log('sync', execFileSync(process.execPath, ['-e', dice]).toString());
  console.log('shell', (await promisify(exec)('echo $$; exit 0')).stdout);
  const child = spawn(process.execPath, ['-e', 'process.stdin.on("data", (d) => process.stdout.write(d + " " + Math.random()))']);
  child.stdin.write('heard');
  console.log('child', String((await once(child.stdout, 'data'))[0]));
  child.stdin.end();
  console.log('ended', await once(child, 'close'));
  const worker = new Worker(thread, { eval: true });
  worker.postMessage('hello');
  console.log('thread', (await once(worker, 'message'))[0]);
  await worker.terminate();
  console.log('sockets', await Promise.all([talk(WebSocket, 'a'), talk(Ws, 'b')]));
}
console.log(await ask('three'));
`;

describe('R7 what a fork opens', () => {
  const all = ['child', 'worker', '127.0.0.1'];

  it('is in its recording: it replays with nobody there, and is forked again', { timeout: 120_000 }, async () => {
    sockets = await startWebSockets();
    const at = await start(OPENS, { WS_URL: sockets.url.replace('http', 'ws') });
    expect(at.ran.ended.code).toBe(0);
    const second = eventOf(at.ran, 'llm', 2);
    const fork = { event: second, edits: [says(second, 'go')], after: 'branch' as const };
    for (const missing of all) {
      const refused = await at.run({ fork: { ...fork, allow: all.filter((name) => name !== missing) } });
      expect([refused.ended.code, refused.report.refused.map(({ name }) => name)]).toEqual([87, [missing]]);
      expect(refused.ended.stderr).toContain(`--allow ${missing}`);
    }
    const forked = await at.run({ fork: { ...fork, allow: all } });
    expect([forked.ended.code, forked.ended.stderr]).toEqual([0, '']);
    // A process that a fork starts is none of the replay, and is recorded as any other.
    expect(forked.ended.stdout.match(/^(async|sync) none on 0\.\d+$/gm)).toHaveLength(2);
    expect(forked.ended.stdout).toMatch(
      /^child heard 0\.\d+\nended \[ 0, null \]\nprinted 0\.\d+\nthread \[ 'hello', 0\.\d+ \]\nsockets \[/m,
    );
    expect(forked.report.opened).toEqual({ child: 4, worker: 1, websocket: 2 });
    await sockets.close();
    sockets = undefined;
    await at.stop();
    const again = await at.run({}, forked);
    expect([again.ended.code, again.ended.stderr, again.ended.stdout]).toEqual([0, '', forked.ended.stdout]);
    expect(again.report).toMatchObject({ channels: { child: 4, worker: 1, websocket: 2 }, opened: {} });
    const third = eventOf(forked, 'llm', 3);
    const twice = await at.run({ fork: { event: third, edits: [says(third, 'other')], after: 'branch', allow: [] } }, forked);
    expect([twice.ended.code, twice.ended.stdout]).toEqual([0, forked.ended.stdout.replace(/.*\n$/, 'other\n')]);
    const last = await at.run({}, twice);
    expect([last.ended.code, last.ended.stdout]).toEqual([0, twice.ended.stdout]);
  });
});

const LATE = `${ASK}
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
console.log(await ask('one'));
console.log(execFileSync(process.execPath, ['-e', 'console.log(Math.random())']).toString().trim());
console.log((await once(new Worker('require("node:worker_threads").parentPort.postMessage(Math.random())', { eval: true }), 'message'))[0]);
console.log(await ask('two'));
`;

it('R7 what was opened after the event is the recorded one in a branch, and opened again with after: live', async () => {
  const at = await start(LATE);
  const before = at.ran.ended.stdout.split('\n');
  const event = eventOf(at.ran, 'llm', 1);
  const edits: PlannedEdit[] = [{ event, kind: 'request', change: {} }];
  const branch = await at.run({ fork: { event, edits, after: 'branch', allow: [] } });
  expect([branch.ended.code, branch.ended.stdout.split('\n').slice(1)]).toEqual([0, before.slice(1)]);
  for (const [allow, missing] of [
    [[], 'child'],
    [['child'], 'worker'],
  ] as const)
    expect((await at.run({ fork: { event, edits, after: 'live', allow: [...allow] } })).report.refused).toMatchObject([
      { name: missing },
    ]);
  const live = await at.run({ fork: { event, edits, after: 'live', allow: ['child', 'worker'] } });
  expect([live.ended.code, live.ended.stderr, live.report.opened]).toEqual([0, '', { child: 1, worker: 1 }]);
  const now = live.ended.stdout.split('\n');
  expect(now.filter((line) => line !== '' && before.includes(line))).toEqual([]);
  expect(now).toHaveLength(5);
  await at.stop();
  const again = await at.run({}, live);
  expect([again.ended.code, again.ended.stdout]).toEqual([0, live.ended.stdout]);
});

it('R7 a child that is given another number after a fork is another child', async () => {
  const at = await start(
    `${ASK}import { execFileSync } from 'node:child_process';\nconst sum = await ask('1000000007');\nconsole.log(execFileSync('echo', ['refund', sum]).toString());`,
  );
  const recorded = /refund (\d+ \d+)/.exec(at.ran.ended.stdout)![1]!;
  const event = eventOf(at.ran, 'llm', 1);
  const run = (sum: string, allow: string[] = []) =>
    at.run({ fork: { event, edits: [says(event, sum)], after: 'branch', allow } });
  expect((await run(recorded)).ended).toMatchObject({ code: 0, stdout: at.ran.ended.stdout });
  const other = recorded.replace('1000000007', '2000000007');
  expect((await run(other)).report.refused).toMatchObject([{ name: 'child', call: `the child process echo refund ${other}` }]);
  expect((await run(other, ['child'])).ended).toMatchObject({ code: 0, stdout: `refund ${other}\n\n` });
});

const SERVES = `${ASK}
import { createServer } from 'node:http';
import { once } from 'node:events';
import { lookup } from 'node:dns/promises';
console.log(await ask('one'));
if ((await ask('two')) === 'go') {
  const server = createServer(async (request, response) => response.end(request.url + ' ' + (await ask('of the server'))));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  const { execFile } = await import('node:child_process');
  execFile(process.execPath, ['-e', 'fetch(process.argv[1]).then((r) => r.text()).then(console.log)', 'http://127.0.0.1:' + port + '/asked'], async (_error, stdout) => {
    console.log(stdout.trim());
    server.close();
    console.log(await lookup('no-such-host.invalid').catch(({ code }) => code));
  });
}
`;

it('R7 a server of a fork, and whom it asks for names, are in its recording', { timeout: 120_000 }, async () => {
  const at = await start(SERVES);
  const second = eventOf(at.ran, 'llm', 2);
  const forked = await at.run({ fork: { event: second, edits: [says(second, 'go')], after: 'branch', allow: ['child'] } });
  expect([forked.ended.code, forked.ended.stderr]).toEqual([0, '']);
  expect(forked.ended.stdout).toMatch(/^one \d+\n\/asked of the server \d+\nE\w+\n$/);
  expect(forked.report.opened).toEqual({ child: 1, server: 1, dns: 1 });
  await at.stop();
  const again = await at.run({}, forked);
  expect([again.ended.code, again.ended.stderr, again.ended.stdout]).toEqual([0, '', forked.ended.stdout]);
});

/** A server of MCP by hand: it counts its starts and calls in a file, and throws dice. */
const SERVER = `
import { appendFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
const log = (line) => appendFileSync(process.env.LOG, line + '\\n');
log('started');
const say = (message) => process.stdout.write(JSON.stringify({ jsonrpc: '2.0', ...message }) + '\\n');
for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params } = JSON.parse(line);
  log(method + ' ' + (params?.name ?? ''));
  if (method === 'initialize') say({ id, result: { protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 's', version: '1' } } });
  else if (method === 'tools/list')
    say({ id, result: { tools: ['look', 'change'].map((name) => ({ name, inputSchema: { type: 'object' }, annotations: { readOnlyHint: name === 'look' } })) } });
  else if (method === 'tools/call') say({ id, result: { content: [{ type: 'text', text: params.name + ' ' + params.arguments.what + ' ' + Math.random() }] } });
  else if (id !== undefined) say({ id, result: {} });
}
log('ended');
`;

const MCP = `${ASK}
import { writeFileSync } from 'node:fs';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
const { LOG, FIRST } = process.env;
const server = new Client({ name: 'agent', version: '1' });
const file = new URL('server.mjs', import.meta.url);
writeFileSync(file, ${JSON.stringify(SERVER)});
await server.connect(new StdioClientTransport({ command: process.execPath, args: [file.pathname], env: { LOG }, stderr: 'inherit' }));
console.log((await server.listTools()).tools.length);
const call = async (name, what) => console.log((await server.callTool({ name, arguments: { what } })).content[0].text);
await call(FIRST, 'before');
const word = await ask('what?');
if (word !== 'nothing') {
  await call('look', word.split(' ')[0]);
  await call('look', 'again');
}
await server.close();
console.log(await ask('done?'));
`;

describe('R7 a server over stdio that was started before a fork', () => {
  const logOf = (): { path: string; lines(): string[] } => {
    const path = `${process.env['TMPDIR'] ?? '/tmp'}/hindcast-log-${process.pid}-${++said}`;
    let seen = 0;
    const lines = (): string[] => {
      const all = readFileSync(path, 'utf8').split('\n').filter(Boolean);
      const fresh = all.slice(seen);
      seen = all.length;
      return fresh;
    };
    return { path, lines };
  };
  const forkTo = (event: string, text: string, allow: string[]) => ({
    fork: { event, edits: [says(event, text)], after: 'branch' as const, allow },
  });

  it('is started then, told what it was told, and asked', { timeout: 120_000 }, async () => {
    const log = logOf();
    const at = await start(MCP, { LOG: log.path, FIRST: 'look' });
    expect(at.ran.ended.code).toBe(0);
    expect(log.lines().filter((line) => line.startsWith('tools/call'))).toHaveLength(3);
    const event = eventOf(at.ran, 'llm', 1);
    const refused = await at.run(forkTo(event, 'elsewhere', []));
    expect(refused.ended.code).toBe(87);
    expect(refused.ended.stderr).toMatch(
      /server\.mjs is started, and told again what it was told: initialize, notifications\/initialized, tools\/list, tools\/call/,
    );
    expect(log.lines()).toEqual([]);
    const forked = await at.run(forkTo(event, 'elsewhere', ['child']));
    expect([forked.ended.code, forked.ended.stderr]).toEqual([0, '']);
    expect(log.lines()).toEqual([
      ...['started', 'initialize ', 'notifications/initialized ', 'tools/list ', 'tools/call look'],
      ...['tools/call look', 'tools/call look', 'ended'],
    ]);
    const [tools, before, first, again, done] = forked.ended.stdout.split('\n');
    expect([tools, before]).toEqual(at.ran.ended.stdout.split('\n').slice(0, 2));
    expect(first).toMatch(/^look elsewhere 0\.\d+$/);
    expect(again).toMatch(/^look again 0\.\d+$/);
    expect(at.ran.ended.stdout).not.toContain(again);
    expect(done).toMatch(/^done\? \d+$/);
    expect(forked.report.opened).toEqual({ child: 1 });
    await at.stop();
    const offline = await at.run({}, forked);
    expect([offline.ended.code, offline.ended.stderr, offline.ended.stdout]).toEqual([0, '', forked.ended.stdout]);
    expect(offline.report).toMatchObject({ channels: { child: 1 }, opened: {} });
    const last = eventOf(forked, 'llm', 2);
    const twice = await at.run(forkTo(last, 'bye', []), forked);
    expect([twice.ended.code, twice.ended.stdout]).toEqual([0, forked.ended.stdout.replace(/.*\n$/, 'bye\n')]);
    expect(log.lines()).toEqual([]);
  });

  it('does nothing twice that changes something, unless that is allowed by its name', { timeout: 120_000 }, async () => {
    const log = logOf();
    const at = await start(MCP, { LOG: log.path, FIRST: 'change' });
    log.lines();
    const event = eventOf(at.ran, 'llm', 1);
    const refused = await at.run(forkTo(event, 'elsewhere', ['child']));
    expect([refused.ended.code, refused.report.refused]).toMatchObject([87, [{ name: 'change', with: '{"what":"before"}' }]]);
    expect(log.lines()).toEqual([]);
    const forked = await at.run(forkTo(event, 'elsewhere', ['child', 'change']));
    expect([forked.ended.code, forked.ended.stderr]).toEqual([0, '']);
    expect(log.lines()).toContain('tools/call change');
  });

  it('is not started where it is asked less, and ends as it did', { timeout: 120_000 }, async () => {
    const log = logOf();
    const at = await start(MCP, { LOG: log.path, FIRST: 'look' });
    log.lines();
    const forked = await at.run(forkTo(eventOf(at.ran, 'llm', 1), 'nothing', []));
    expect([forked.ended.code, forked.ended.stderr]).toEqual([0, '']);
    expect(forked.ended.stdout.split('\n').slice(0, 2)).toEqual(at.ran.ended.stdout.split('\n').slice(0, 2));
    expect(log.lines()).toEqual([]);
    await at.stop();
    const offline = await at.run({}, forked);
    expect([offline.ended.code, offline.ended.stdout]).toEqual([0, forked.ended.stdout]);
  });
});

it('R7 who is asked the same after a fork answers as it did, however late it is asked', async () => {
  const at = await start(`${ASK}import { spawn } from 'node:child_process';
const child = spawn(process.execPath, ['-e', 'process.stdin.on("data", (d) => process.stdout.write(d + " " + Math.random()))']);
const tell = (text) => new Promise((then) => { child.stdout.once('data', (data) => then(console.log(String(data)))); child.stdin.write(text); });
await tell('one');
const word = await ask('what?');
console.log(word);
if (word === 'other') await ask('slowly');
await tell('two');
if (word === 'other') await ask('slowly');
child.stdin.end();
child.on('close', (code) => console.log(code));
`);
  const event = eventOf(at.ran, 'llm', 1);
  const forked = await at.run({ fork: { event, edits: [says(event, 'other')], after: 'branch', allow: [] } });
  expect([forked.ended.code, forked.ended.stderr]).toEqual([0, '']);
  expect(forked.ended.stdout).toBe(at.ran.ended.stdout.replace(/^what.*$/m, 'other'));
});

describe('R7 what was opened before a fork and cannot be opened in the middle', () => {
  const OTHERS: [string, string][] = [
    [
      'a child that is told no JSON-RPC',
      `import { spawn } from 'node:child_process'; const child = spawn('cat'); const tell = (text) => new Promise((then) => { child.stdout.once('data', then); child.stdin.write(text + '\\n'); }); const end = () => child.stdin.end();`,
    ],
    [
      'a thread',
      `import { Worker } from 'node:worker_threads'; const worker = new Worker('require("node:worker_threads").parentPort.on("message", (m) => require("node:worker_threads").parentPort.postMessage(m))', { eval: true }); const tell = (text) => new Promise((then) => { worker.once('message', then); worker.postMessage(text); }); const end = () => worker.terminate();`,
    ],
    [
      'a WebSocket',
      `const socket = new WebSocket(process.env.WS_URL); await new Promise((then) => socket.addEventListener('open', then)); const tell = (text) => new Promise((then) => { socket.addEventListener('message', then, { once: true }); socket.send(text); }); const end = () => socket.close();`,
    ],
  ];
  it.each(OTHERS)('%s ends with 86, and says what to do', async (_what, opening) => {
    sockets = await startWebSockets();
    const at = await start(
      `${ASK}${opening}\nawait tell('one');\nconst word = await ask('what?');\nif (word !== 'nothing') await tell(word);\nawait end();\nconsole.log('end');`,
      { WS_URL: sockets.url.replace('http', 'ws') },
    );
    expect([at.ran.ended.code, at.ran.ended.stdout]).toEqual([0, 'end\n']);
    const event = eventOf(at.ran, 'llm', 1);
    const fork = (text: string) => ({ fork: { event, edits: [says(event, text)], after: 'branch' as const, allow: ['*'] } });
    const asked = await at.run(fork('other'));
    expect(asked.ended.code).toBe(86);
    expect(asked.ended.stderr).toMatch(
      /^hindcast: .* is asked something that the recording does not have, and was opened before/,
    );
    expect(asked.ended.stderr).toContain('Fork with --after live from an event before it was opened');
    expect(asked.ended.stderr).toMatch(/asked at .*program\.mjs:\d+/);
    const less = await at.run(fork('nothing'));
    expect([less.ended.code, less.ended.stdout, less.ended.stderr]).toEqual([0, 'end\n', '']);
  });
});
