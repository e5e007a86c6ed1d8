/** Worker threads: recorded they are as they were, and in a replay none is started. */
import { describe, expect, it } from 'vitest';
import { startStandIn } from '../../src/testing/stand-in.ts';
import type { StandIn } from '../../src/testing/stand-in.ts';
import { chatCompletion } from '../../src/testing/wire.ts';
import { hindcast } from '../cli/process.ts';
import { recordMarked, recordMarkedText } from './marked.ts';
import { programAt, recordText } from './recorded.ts';

const RUNS = Number(process.env['HINDCAST_TEST_RUNS'] ?? 5);

it(`R4 a pool of threads that throw dice is replayed exactly, ${RUNS} of ${RUNS}`, { timeout: RUNS * 60_000 }, async () => {
  const outputs = new Set<string>();
  for (let run = 0; run < RUNS; run++) {
    const recorded = await recordMarked(programAt('workers'));
    expect({ code: recorded.ran.code, stderr: recorded.ran.stderr }).toMatchObject({ code: 0 });
    expect(recorded.started).toBe(4);
    outputs.add(recorded.ran.stdout);
    const again = await recorded.replay();
    expect({ stdout: again.stdout, code: again.code, started: again.started, summary: again.summary }).toEqual({
      stdout: recorded.ran.stdout,
      code: 0,
      started: 0,
      summary: expect.stringMatching(/^✓ .*7 worker threads answered from the recording/),
    });
  }
  expect(outputs.size).toBe(RUNS);
});

const START = `import { Worker } from 'node:worker_threads'; import { once } from 'node:events';\nawait (await fetch(process.env.MODEL_URL + '/weather')).text();\n`;
const echo = `require('node:worker_threads').parentPort.once('message', (m) => require('node:worker_threads').parentPort.postMessage([m, Math.random()]))`;

it('R4 what a thread calls is recorded in a session of its own, part of that of the program', { timeout: 60_000 }, async () => {
  const recorded = await recordMarked(programAt('thinking-threads'), { OPENAI_KEY_OF_TEST: 'of-the-test-only-0123456789' });
  expect(recorded.ran.code).toBe(0);
  expect(recorded.others.map(({ header, exchanges }) => [header.parent, header.flags, exchanges.size])).toEqual([
    [recorded.main.header.id, [], 1],
    [recorded.main.header.id, [], 1],
  ]);
  expect((await recorded.replay()).stdout).toBe(recorded.ran.stdout);
});

describe('C1 R4 threads that think and print', () => {
  const program = `
    import { once } from 'node:events';
    import { isMainThread, parentPort, workerData, Worker } from 'node:worker_threads';
    import OpenAI from ${JSON.stringify(import.meta.resolve('openai'))};
    const client = new OpenAI({ apiKey: process.env.OPENAI_KEY_OF_TEST, baseURL: process.env.MODEL_URL + '/v1', maxRetries: 0 });
    const ask = async (content) => (await client.chat.completions.create({ model: 'gpt-5-mini', messages: [{ role: 'user', content }] })).choices[0].message.content;
    if (isMainThread) {
      const about = await ask('main');
      const worker = new Worker(new URL(import.meta.url), { workerData: about });
      const [heard] = await once(worker, 'message');
      await once(worker, 'exit');
      console.log('heard', heard);
    } else {
      console.log('printed', workerData, Math.random());
      console.error('said', workerData, Math.random());
      parentPort.postMessage([await ask('thread'), Math.random()]);
    }`;

  it('are one session with another in it, which is counted with it; what they print is printed again', async () => {
    let asked = 0;
    const model = (): Promise<StandIn> =>
      startStandIn(({ json }) => ({
        body: chatCompletion({
          text: `${json.messages[0].content} ${++asked}`,
          model: json.model,
          tokens: { input: 10, output: 5 },
        }),
      }));
    const recorded = await recordText(program, 'program.mjs', model);
    expect(recorded.ran.stdout).toMatch(/^printed main 1 0\.\d+\nheard \[ 'thread 2', 0\.\d+ \]\n$/);
    const run = (...args: string[]) => hindcast(args, { cwd: recorded.cwd });
    const sessions = JSON.parse((await run('ls', '--json')).stdout) as { id: string; parent?: string | null }[];
    const main = sessions.find(({ parent }) => parent === undefined || parent === null)!;
    const thread = sessions.find(({ parent }) => parent === main.id)!;
    expect(sessions).toHaveLength(2);
    const shown = (await run('show', main.id)).stdout;
    expect(shown).toMatch(new RegExp(`1 .* chat gpt-5-mini[^]*▸ ${thread.id}[^]*\\n2 .* chat gpt-5-mini`));
    expect(shown).toMatch(new RegExp(`● ${main.id} and 1 session in it {2}2 LLM calls, 20 in / 10 out tokens, \\$0\\.000025`));
    for (const id of [main.id, thread.id]) {
      const again = await run('replay', id);
      expect([again.code, again.stdout]).toEqual([0, recorded.ran.stdout]);
      expect(again.stderr).toContain(/^said .*$/m.exec(recorded.ran.stderr)![0]);
      expect(again.stderr).toMatch(new RegExp(`✓ ${main.id}: 1 of 1 request .*1 worker thread answered from the recording`));
    }
    expect((await run('replay', thread.id)).stderr).toContain(`${thread.id} is of a thread of ${main.id}, which is replayed`);
  });
});

it('as many messages as came, in their order, to listeners that come one after the other', async () => {
  const post = `for (let i = 0; i < 3; i++) require('node:worker_threads').parentPort.postMessage(i + Math.random()); setInterval(() => {}, 1000)`;
  const recorded = await recordMarkedText(
    `${START}const w = new Worker(${JSON.stringify(post)}, { eval: true }); for (let i = 0; i < 3; i++) { console.log(i, await once(w, 'message')); await new Promise((resolve) => setTimeout(resolve, 5)); } await w.terminate();`,
  );
  expect(recorded.ran.stdout).toMatch(/^0 \[ 0\.\d+ \]\n1 \[ 1\.\d+ \]\n2 \[ 2\.\d+ \]\n$/);
  expect((await recorded.replay()).stdout).toBe(recorded.ran.stdout);
});

describe('R6 divergence', () => {
  it.each([
    ['message', `w.postMessage({ question: 'QUESTION' })`],
    ['task', `w.postMessage('go')`],
  ])('a changed %s is shown', async (what, post) => {
    const text = (question: string): string =>
      `${START}const w = new Worker(${JSON.stringify(echo)}, { eval: true, workerData: { task: '${what === 'task' ? question : 'same'}' } }); ${post.replace('QUESTION', question)}; console.log((await once(w, 'message'))[0]);`;
    const recorded = await recordMarkedText(text('who'));
    recorded.write(text('what'));
    const { code, stderr, stdout } = await recorded.replay();
    expect([code, stdout]).toEqual([86, '']);
    expect(stderr).toMatch(/what the worker thread eval:\w+ is given is not what was recorded/);
    expect(stderr).toMatch(/~ (question|task) {2}"who" → "what"/);
  });

  it.each([
    [
      'a port',
      `const { port1, port2 } = new MessageChannel(); w.postMessage(port2, [port2]); await once(w, 'message'); port1.close();`,
    ],
    ['shared memory', `w.postMessage(new SharedArrayBuffer(8)); await once(w, 'message');`],
  ])('a thread that is given %s is refused, and why', async (_what, give) => {
    const answer = `require('node:worker_threads').parentPort.once('message', () => require('node:worker_threads').parentPort.postMessage(1))`;
    const recorded = await recordMarkedText(`${START}const w = new Worker(${JSON.stringify(answer)}, { eval: true }); ${give}`);
    expect(recorded.ran.code).toBe(0);
    const { code, stderr } = await recorded.replay();
    expect(code).toBe(86);
    expect(stderr).toMatch(/the worker thread eval:\w+: it is given a port or memory that it shares/);
  });

  it('what threads broadcast is refused', async () => {
    const recorded = await recordMarkedText(
      `${START}const b = new BroadcastChannel('all'); const w = new Worker('new BroadcastChannel("all").postMessage(1)', { eval: true }); await new Promise((resolve) => { b.onmessage = resolve; }); b.close(); await w.terminate();`,
    );
    expect(recorded.ran.code).toBe(0);
    const { code, stderr } = await recorded.replay();
    expect(code).toBe(86);
    expect(stderr).toContain('what threads say to one another through a BroadcastChannel');
  });
});
