/** R12: what `share` wrote replays, and says whether it does: at home with the secrets, and elsewhere without them, with the program in another folder. */
import { readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startWebSockets } from '../replay/websocket-server.ts';
import { newOrdersProject, type OrdersProject } from '../testing/orders-project.ts';

const KEY = `sk-ant-api03-${'qW3eR5tY7u'.repeat(9)}xyzAA`;
const NOTE = `the key is ${KEY}`;

describe('R12 a session with a key in its requests', () => {
  let project: OrdersProject;
  let checkout: OrdersProject;
  const gone = (): string => `${project.cwd}-gone`;
  beforeAll(async () => {
    project = newOrdersProject();
    await project.record(undefined, { SHOP_NOTE: NOTE });
  });
  afterAll(() => {
    checkout?.close();
    project.close();
  });

  it('is scrubbed, and replayed at once to see whether it still can be', async () => {
    const { stdout, code } = await project.hindcast(['share', 'last', '-o', 'a.hindcast']);
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/scrubbed: 3 anthropic-key\n {2}replays as it was recorded: 2 of 2 requests, exit code 3\n$/),
    ]);
    const json = await project.hindcast(['share', 'last', '-o', 'b.hindcast', '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject({ replay: { tried: true, same: true } });
    for (const option of ['--no-check', '--no-scrub', '--strip-content'])
      expect((await project.hindcast(['share', 'last', '-o', `c${option}.hindcast`, option])).stdout).not.toContain('replay');
  });

  it('is replayed elsewhere, where neither its folder nor a key is; with another command line as well', async () => {
    checkout = project.copyTo('elsewhere');
    renameSync(project.cwd, gone());
    try {
      expect((await checkout.hindcast(['import', 'a.hindcast'])).code).toBe(0);
      expect(await checkout.hindcast(['replay'])).toMatchObject({
        code: 3,
        stderr: expect.stringMatching(/✓ .*: 2 of 2 requests/),
      });
      // The program has another name here.
      const source = readFileSync(join(checkout.cwd, 'agent.mjs'), 'utf8');
      rmSync(join(checkout.cwd, 'agent.mjs'));
      checkout.write('src/main.mjs', source.replace('./orders.mjs', '../orders.mjs'));
      const lost = await checkout.hindcast(['replay']);
      expect([lost.code, lost.stderr]).toEqual([
        1,
        expect.stringMatching(
          /program of this recording is not here: \S+elsewhere\/agent\.mjs\n {2}Say what to run: hindcast replay ses_\w+ -- node <file>\n/,
        ),
      ]);
      const again = await checkout.hindcast(['replay', 'last', '--', process.execPath, 'src/main.mjs']);
      expect(again).toMatchObject({
        code: 3,
        stdout: 'order with 2 lines\n',
        stderr: expect.stringMatching(/✓ .*: 2 of 2 requests/),
      });
    } finally {
      renameSync(gone(), project.cwd);
    }
  });

  it('whose program makes something else of what was taken out is shared all the same, and that is said', async () => {
    const source = readFileSync(join(project.cwd, 'agent.mjs'), 'utf8');
    project.write('agent.mjs', source.replace("Where are 17 and 18? '", "Where are 17 and 18? ' + secret.length"));
    await project.record(undefined, { SHOP_NOTE: NOTE });
    const { stdout, stderr, code } = await project.hindcast(['share', 'last', '-o', 'd.hindcast']);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/scrubbed: /)]);
    expect(stderr).toMatch(
      /! It does not replay as it was recorded: ses_\w+: the replay left the recording[^:]*: request 1 is not the recorded one[^]*asked at agent\.mjs:8:/,
    );
    await project.record(undefined, { HINDCAST_REPLAYABLE: 'off' });
    expect((await project.hindcast(['share', 'last', '-o', 'e.hindcast'])).stderr).toContain(
      'Not replayed: it was not recorded for a replay',
    );
  });
});

it('R12 all sessions of a process go with one of them, and a test of it replays them together', async () => {
  const project = newOrdersProject();
  try {
    project.write(
      'two.mjs',
      `import { startSession } from 'hindcast';
       for (const name of ['one', 'two']) {
         const session = startSession({ name });
         await session.run(async () => {
           const answer = await fetch(process.env.MODEL_URL + '/v1/' + name, { method: 'POST', body: process.env.SHOP_NOTE });
           console.log(name, (await answer.text()).length, Math.random());
         });
         session.end();
       }`,
    );
    const ran = await project.record([process.execPath, 'two.mjs'], { SHOP_NOTE: NOTE });
    expect([ran.code, ran.stdout]).toEqual([0, expect.stringMatching(/^one \d+ 0\.\d+\ntwo \d+ 0\.\d+\n$/)]);
    const sessions = JSON.parse((await project.hindcast(['ls', '--json'])).stdout) as { id: string; name?: string }[];
    expect(sessions.length).toBeGreaterThan(1);
    for (const { id } of sessions.slice(0, 2)) {
      const { stdout } = await project.hindcast(['share', id, '-o', `${id}.hindcast`]);
      expect(stdout).toMatch(
        new RegExp(`  ${sessions.length} recordings, [^]*replays as it was recorded: 2 of 2 requests, exit code 0`),
      );
      const made = await project.hindcast(['test', id, '--scrub', '--json']);
      expect(JSON.parse(made.stdout)).toMatchObject({
        passes: true,
        files: expect.arrayContaining([expect.stringMatching(/stdout\.txt$/)]),
      });
    }
  } finally {
    project.close();
  }
});

/** Tells a child, a thread and two WebSockets of its note, of which `--also` makes a secret, and of its folder; the child reads lines that are written in pieces. */
const TELLS = `
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Worker } from 'node:worker_threads';
import Ws from 'ws';
const { SHOP_NOTE: note, MODEL_URL, WS_URL } = process.env;
const WORD = 'a word';
await (await fetch(MODEL_URL + '/v1/begin', { method: 'POST', body: '{}' })).text();
const echo = 'process.stdin.on("data", (d) => process.stdout.write(d + ""));';
const child = spawn(process.execPath, ['-e', echo + 'setTimeout(() => console.log(Math.random()), 50)', '--', 'noted-' + note, process.cwd() + '/x']);
const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
const tell = JSON.stringify({ WORD, note, at: process.cwd() }) + '\\n';
child.stdin.write(tell.slice(0, 30));
child.stdin.write(tell.slice(30) + tell);
for (let line = 0; line < 3; line++) console.log((await lines.next()).value.length > 0);
child.stdin.end();
console.log(await once(child, 'close'));
const { length } = execFileSync(process.execPath, ['-e', 'process.stdin.pipe(process.stdout)', note], { input: 'of ' + note });
const worker = new Worker('const { parentPort, workerData } = require("node:worker_threads"); parentPort.on("message", (m) => parentPort.postMessage(Math.random()))', { eval: true, workerData: { note, WORD } });
worker.postMessage(note + ' ' + process.cwd());
console.log((await once(worker, 'message'))[0]);
await worker.terminate();
for (const Socket of [WebSocket, Ws]) {
  const socket = new Socket(WS_URL + '/' + encodeURIComponent(note));
  await new Promise((open) => socket.addEventListener('open', open));
  socket.send(note + ' and ' + WORD);
  console.log(JSON.parse(await new Promise((heard) => socket.addEventListener('message', ({ data }) => heard(String(data))))).word);
  socket.close();
  await new Promise((closed) => socket.addEventListener('close', closed));
}
`;

it('R12 what was taken out of what was said to child processes, threads and WebSockets is what stands there now', async () => {
  const project = newOrdersProject();
  const sockets = await startWebSockets();
  let checkout: OrdersProject | undefined;
  const gone = `${project.cwd}-gone`;
  try {
    project.write('tells.mjs', TELLS);
    const env = { SHOP_NOTE: 'code-7hq2z', WS_URL: sockets.url.replace('http', 'ws') };
    const ran = await project.record([process.execPath, 'tells.mjs'], env);
    expect([ran.code, ran.stdout.split('\n').length]).toEqual([0, 8]);
    await sockets.close();
    const shared = await project.hindcast(['share', 'last', '--also', 'code-[a-z0-9-]+', '-o', 'a.hindcast']);
    expect([shared.code, shared.stdout]).toEqual([
      0,
      expect.stringMatching(/custom[^]*replays as it was recorded: 1 of 1 requests, exit code 0\n$/),
    ]);
    expect(readFileSync(join(project.cwd, 'a.hindcast'), 'latin1')).not.toContain(env.SHOP_NOTE);
    checkout = project.copyTo('elsewhere');
    renameSync(project.cwd, gone);
    expect((await checkout.hindcast(['import', 'a.hindcast'])).code).toBe(0);
    const replay = (note: string) => checkout!.hindcast(['replay', 'last'], { env: { SHOP_NOTE: note } });
    for (const note of ['code-of-somebody-else', 'c']) {
      const again = await replay(note);
      expect([again.code, again.stdout]).toEqual([0, ran.stdout]);
      expect(again.stderr).toMatch(/✓ .*2 child processes and 1 worker thread and 2 WebSockets answered from the recording/);
    }
    // All else must be what it was.
    for (const [before, after] of [
      ["WORD = 'a word'", "WORD = 'another word'"],
      ["'noted-' + note", "'unnoted-' + note"],
      ["'of ' + note", "'off ' + note"],
      ["note + ' and '", "note + ' or '"],
      ["note + ' ' + process.cwd()", "note + ' ' + process.cwd() + '/'"],
    ] as const) {
      checkout.write('tells.mjs', TELLS.replace(before, after));
      expect([after, (await replay('mine')).code]).toEqual([after, 86]);
    }
  } finally {
    checkout?.close();
    renameSync(gone, project.cwd);
    project.close();
  }
});
