/** What happens where a program says something else to a child process, a thread or a WebSocket than it did, or starts it otherwise: as with requests, by the policy. */
import { describe, expect, it } from 'vitest';
import { recordText } from './recorded.ts';
import type { Asked, Recorded } from './recorded.ts';
import { startWebSockets } from './websocket-server.ts';

/** A server of JSON-RPC that throws dice. */
const SERVER = `
const { createInterface } = require('node:readline');
createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, word } = JSON.parse(line);
  process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id, said: word + ' ' + Math.random() }) + '\\n');
});`;

const child = (words: string[], name = 'server'): string => `
import { spawn } from 'node:child_process'; import { once } from 'node:events'; import { createInterface } from 'node:readline';
await (await fetch(process.env.MODEL_URL + '/weather')).text();
const server = spawn(process.execPath, ['-e', ${JSON.stringify(SERVER)}, ${JSON.stringify(name)}]);
const lines = createInterface({ input: server.stdout });
let id = 0;
for (const word of ${JSON.stringify(words)}) {
  server.stdin.write(JSON.stringify({ jsonrpc: '2.0', id: ++id, method: 'say', word }) + '\\n');
  console.log((await once(lines, 'line'))[0]);
}
server.stdin.end();
console.log(await once(server, 'close'));
`;

const thread = (words: string[], name = 'server'): string => `
import { Worker } from 'node:worker_threads'; import { once } from 'node:events';
await (await fetch(process.env.MODEL_URL + '/weather')).text();
const echo = 'const { parentPort } = require("node:worker_threads"); parentPort.on("message", (m) => parentPort.postMessage(m + " " + Math.random()))';
const worker = new Worker(echo, { eval: true, name: ${JSON.stringify(name)} });
for (const word of ${JSON.stringify(words)}) {
  worker.postMessage(word);
  console.log((await once(worker, 'message'))[0]);
}
console.log(await worker.terminate());
`;

const socket =
  (kind: string) =>
  (words: string[], name = 'server'): string =>
    `
const { default: Ws } = await import(${JSON.stringify(import.meta.resolve('ws'))});
await (await fetch(process.env.MODEL_URL + '/weather')).text();
const socket = new ${kind}(process.env.MODEL_URL.replace('http', 'ws') + '/x?name=${name}');
await new Promise((open) => socket.addEventListener('open', open));
for (const word of ${JSON.stringify(words)}) {
  socket.send(word);
  console.log(await new Promise((heard) => socket.addEventListener('message', ({ data }) => heard(String(data)), { once: true })));
}
socket.close();
await new Promise((closed) => socket.addEventListener('close', ({ code }) => closed(console.log(code))));
`;

type Program = (words: string[], name?: string) => string;

/** Both: a program may ask over HTTP and by WebSockets. */
const record = (program: string, start: () => Promise<Asked>): Promise<Recorded> => recordText(program, 'program.mjs', start);
const told = (stderr: string): number => stderr.match(/the replay left the recording/g)?.length ?? 0;

describe.each<[string, Program]>([
  ['a child', child],
  ['a thread', thread],
  ['a WebSocket of Node', socket('WebSocket')],
  ['a WebSocket of npm ws', socket('Ws')],
])('R6 policies over %s', (_what, program) => {
  it('a changed message, one too many, and one less', { timeout: 120_000 }, async () => {
    const recorded = await record(program(['one', 'two', 'three']), startWebSockets);
    expect(recorded.ran.code).toBe(0);
    recorded.write(program(['one', 'a longer one', 'three']));
    expect((await recorded.replay()).code).toBe(86);
    const warned = await recorded.replay({}, '--policy', 'warn');
    expect([warned.code, warned.stdout, told(warned.stderr)]).toEqual([0, recorded.ran.stdout, 1]);
    expect(warned.stderr).toMatch(/is given is not what was recorded\n {2}asked at .*program\.mjs:\d+/);
    expect(warned.summary).toMatch(/^● .*; 1 changed message given the recorded answer/);
    expect((await recorded.replay({}, '--policy', 'warn', '--check')).code).toBe(86);
    const tolerated = await recorded.replay({}, '--tolerate');
    expect([tolerated.code, tolerated.stdout, told(tolerated.stderr)]).toEqual([0, recorded.ran.stdout, 0]);
    expect(tolerated.summary).toMatch(/^✓ .*; 1 changed message tolerated/);
    for (const flags of [['--policy', 'warn'], ['--tolerate']]) {
      recorded.write(program(['one', 'two', 'three', 'four']));
      expect((await recorded.replay({}, ...flags)).code).toBe(86);
      recorded.write(program(['one', 'two']));
      const less = await recorded.replay({}, ...flags);
      const lines = recorded.ran.stdout.split('\n');
      expect([less.code, less.stdout.split('\n')]).toEqual([0, lines.toSpliced(2, 1)]);
    }
  });

  it('one that is opened otherwise', { timeout: 120_000 }, async () => {
    const recorded = await record(program(['one']), startWebSockets);
    recorded.write(program(['one'], 'other'));
    expect((await recorded.replay()).code).toBe(86);
    const warned = await recorded.replay({}, '--policy', 'warn');
    expect([warned.code, warned.stdout, told(warned.stderr)]).toEqual([0, recorded.ran.stdout, 1]);
    expect(warned.stderr).toMatch(/the \w+.* is not the recorded one\n.*\n[^]*server[^]*other/);
    const tolerated = await recorded.replay({}, '--tolerate');
    expect([tolerated.code, tolerated.stdout, told(tolerated.stderr)]).toEqual([0, recorded.ran.stdout, 0]);
  });
});

describe('R6 the policy live', () => {
  it('asks a server over stdio really, and keeps that as a branch', { timeout: 120_000 }, async () => {
    const recorded = await record(child(['one', 'two']), startWebSockets);
    recorded.write(child(['one', 'other', 'three']));
    const refused = await recorded.replay({}, '--policy', 'live');
    expect([refused.code, refused.stderr.includes('--allow child')]).toEqual([87, true]);
    const live = await recorded.replay({}, '--policy', 'live', '--allow', 'child');
    expect(live.code).toBe(0);
    const [first] = recorded.ran.stdout.split('\n');
    expect(live.stdout.split('\n')).toEqual([
      first,
      expect.stringMatching(/"said":"other 0\.\d+"/),
      expect.stringMatching(/"said":"three 0\.\d+"/),
      '[ 0, null ]',
      '',
    ]);
    expect(live.summary).toMatch(/1 child process really opened, kept as ses_\w+/);
    const again = await recorded.replay();
    expect([again.code, again.stdout]).toEqual([0, live.stdout]);
  });

  it('starts really what is started otherwise', { timeout: 120_000 }, async () => {
    const recorded = await record(child(['one']), startWebSockets);
    recorded.write(child(['one'], 'other'));
    const live = await recorded.replay({}, '--policy', 'live', '--allow', 'child');
    expect([live.code, live.stdout === recorded.ran.stdout]).toEqual([0, false]);
    const again = await recorded.replay();
    expect([again.code, again.stdout]).toEqual([0, live.stdout]);
  });
});

it('R6 a child that is waited for, and is started otherwise', { timeout: 120_000 }, async () => {
  const program = (word: string): string =>
    `import { execFileSync } from 'node:child_process';\nawait (await fetch(process.env.MODEL_URL + '/weather')).text();\nconsole.log(execFileSync(process.execPath, ['-e', 'console.log(process.argv[1], Math.random())', '${word}']).toString());\n`;
  const recorded = await record(program('one'), startWebSockets);
  recorded.write(program('two'));
  expect((await recorded.replay()).code).toBe(86);
  const warned = await recorded.replay({}, '--policy', 'warn');
  expect([warned.code, warned.stdout, told(warned.stderr)]).toEqual([0, recorded.ran.stdout, 1]);
  const live = await recorded.replay({}, '--policy', 'live', '--allow', 'child');
  expect([live.code, live.stdout]).toEqual([0, expect.stringMatching(/^two 0\.\d+\n/)]);
  expect((await recorded.replay()).stdout).toBe(live.stdout);
});
