/** Tools in a replay: they run again, with what they ask for from the recording, and what they give is compared; in a fork their results are replaced, and their effects asked about. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { chatCompletion } from '../../src/testing/wire.ts';
import { bench, eventOf } from './forked.ts';
import type { Bench } from './forked.ts';
import type { PlannedEdit } from '../../src/events/edits.ts';
import type { ForkPlan } from '../../src/replay/plan.ts';

const PACKAGE = new URL('../../dist/index.js', import.meta.url).href;

/** An agent with a ledger in its module, a tool that reads over HTTP, and one that changes the ledger and a server. */
const AGENT = `
import OpenAI from 'openai';
import { recordTool } from ${JSON.stringify(PACKAGE)};
const client = new OpenAI({ apiKey: process.env.OPENAI_KEY_OF_TEST, baseURL: process.env.MODEL_URL + '/v1' });
let ledger = 0;
const post = async (path, body) => (await (await fetch(process.env.MODEL_URL + path, { method: 'POST', body: JSON.stringify(body) })).json());
const lookUp = recordTool('look_up', async (order) => post('/orders', { order }));
const refund = recordTool('refund', async (order, cents) => {
  ledger += cents;
  return { order, done: (await post('/refunds', { order, cents })).done };
}, { sideEffect: true });
const total = recordTool('total', () => ({ ledger }));
const ask = async (content) =>
  (await client.chat.completions.create({ model: 'gpt-5-mini', messages: [{ role: 'user', content }] })).choices[0].message.content;
const order = await lookUp('A4');
const plan = await ask('Refund of ' + JSON.stringify(order));
const done = await refund(order.order, Number(plan.split(' ')[0]));
console.log(plan, JSON.stringify(done), JSON.stringify(total()));
console.log(await ask('Sum up ' + JSON.stringify(total())));
`;

let calls = 0;
const shop = ({ path, json }: { path: string; json: any }) => {
  if (path === '/orders') return { body: { order: json.order, cents: 100 + ++calls } };
  if (path === '/refunds') return { body: { done: `refund ${++calls}` } };
  return { body: chatCompletion({ text: `${1000 + ++calls} cents`, tokens: { input: 10, output: 5 } }) };
};

let open: Bench | undefined;
afterEach(async () => {
  await open?.close();
  open = undefined;
});
const start = async (...given: Parameters<typeof bench>): Promise<Bench> => (open = await bench(...given));
const forkAt = (
  event: string,
  edits: PlannedEdit[] = [],
  allow: string[] = [],
  after: ForkPlan['after'] = 'branch',
): ForkPlan => ({
  ...{ event, edits, after },
  allow,
});
const paths = (at: { asked: readonly { path: string }[] }): string[] => at.asked.map(({ path }) => path);

describe('R7 tools', () => {
  it('run again in a replay, with what they ask for from the recording: what they change in the program is changed', async () => {
    const at = await start(AGENT, shop);
    expect(at.ran.ended.stdout).toMatch(/"ledger":1\d\d\d/);
    await at.stop();
    const again = await at.run({});
    expect([again.ended.code, again.ended.stdout, again.ended.stderr]).toEqual([0, at.ran.ended.stdout, '']);
  });

  it('are known by their places', async () => {
    const at = await start(AGENT, shop);
    const { events, places } = at.ran.recording;
    const own = events.map(({ id }) => places.get(id)).map((place) => `${place?.lin} ${place?.lo}`);
    expect(own.every((place) => /^[0-9a-f]{16} [1-9]/.test(place))).toBe(true);
    expect(new Set(own).size).toBe(events.length);
  });

  it('that give something else than they did are a divergence', async () => {
    const at = await start(AGENT, shop);
    at.write(AGENT.replace('() => ({ ledger })', '() => ({ ledger: ledger + 1 })'));
    const again = await at.run({});
    expect([again.ended.code, again.ended.stdout]).toEqual([86, '']);
    expect(again.report.divergence).toMatchObject({ kind: 'tool' });
    const warned = await at.run({ policy: 'warn' });
    expect(warned.ended.stderr).toContain('the tool total gave something else than it did');
    expect([warned.ended.code, warned.report.served, warned.asked.length]).toEqual([0, 4, 0]);
  });

  it('have their results replaced, and their own work done as it was', async () => {
    const at = await start(AGENT, shop);
    const tool = eventOf(at.ran, 'tool', 1);
    const edit: PlannedEdit = { event: tool, kind: 'result', result: { order: 'B7', cents: 5 } };
    const forked = await at.run({ fork: forkAt(tool, [edit], ['*']) });
    expect([forked.ended.code, forked.ended.stderr]).toEqual([0, '']);
    expect(paths(forked)).toEqual(['/v1/chat/completions', '/refunds', '/v1/chat/completions']);
    expect(forked.asked[0]?.text).toContain(String.raw`{\"order\":\"B7\",\"cents\":5}`);
    expect(forked.asked[1]?.json.order).toBe('B7');
    expect(forked.report.edits).toEqual([{ event: tool, kind: 'result', times: 1, faults: [] }]);
    const [event] = forked.recording.events;
    expect(event).toMatchObject({ type: 'tool', edited: true, content: { result: { order: 'B7', cents: 5 } } });
    // The branch stands by itself: its tool is run again, and gives what the edit gave.
    await at.stop();
    const again = await at.run({}, forked);
    expect([again.ended.code, again.ended.stdout, again.ended.stderr]).toEqual([0, forked.ended.stdout, '']);
  });

  it('do their own work as it was also where everything after it is live', async () => {
    const at = await start(AGENT, shop);
    const tool = eventOf(at.ran, 'tool', 1);
    const edit: PlannedEdit = { event: tool, kind: 'result', result: { order: 'B7', cents: 5 } };
    const forked = await at.run({ fork: forkAt(tool, [edit], ['*'], 'live') });
    expect([forked.ended.code, paths(forked)]).toEqual([0, ['/v1/chat/completions', '/refunds', '/v1/chat/completions']]);
  });

  it('of any form have their results replaced', async () => {
    const forms = `
import { recordTool } from ${JSON.stringify(PACKAGE)};
const tools = [
  recordTool('sync', () => 'own'), recordTool('throws', () => { throw new Error('own'); }),
  recordTool('rejects', async () => { throw new Error('own'); }), recordTool('waits', async () => 'own'),
  recordTool('thenable', () => ({ then: (resolve) => resolve('own') })),
];
for (const tool of tools) try { console.log(await tool()); } catch (error) { console.log('threw ' + error.message); }
await fetch(process.env.MODEL_URL + '/orders');
`;
    const at = await start(forms, () => ({ body: {} }));
    const ids = [1, 2, 3, 4, 5].map((n) => eventOf(at.ran, 'tool', n));
    const edits = ids.map((event, index): PlannedEdit => ({ event, kind: 'result', result: `edited ${index}` }));
    const forked = await at.run({ fork: forkAt(ids[0]!, edits) });
    expect(forked.ended.stderr).toBe('');
    expect(forked.ended.stdout).toBe('edited 0\nedited 1\nedited 2\nedited 3\nedited 4\n');
    expect(forked.report.edits.map(({ times }) => times)).toEqual([1, 1, 1, 1, 1]);
  });
});

describe('R7 side effects after a fork', () => {
  const another = (event: string): PlannedEdit => ({ event, kind: 'completion', completion: { text: '77 cents' } });

  it('that the recording does not have stop the process with 87, and a question', async () => {
    const at = await start(AGENT, shop);
    const model = eventOf(at.ran, 'llm', 1);
    const stopped = await at.run({ fork: forkAt(model, [another(model)]) });
    expect([stopped.ended.code, paths(stopped)]).toEqual([87, []]);
    expect(stopped.ended.stderr).toBe(
      'hindcast: stopped before a side effect that the recording does not have: the tool refund\n' +
        '  with ["A4",77]\n' +
        '  to let it happen, run this again with --allow refund\n',
    );
    expect(stopped.report.refused).toEqual([{ name: 'refund', call: 'the tool refund', with: '["A4",77]' }]);
    // The tool may, but what it sends is another thing.
    const further = await at.run({ fork: forkAt(model, [another(model)], ['refund']) });
    expect([further.ended.code, paths(further)]).toEqual([87, []]);
    expect(further.ended.stderr).toMatch(
      /: POST http:\/\/127\.0\.0\.1:\d+\/refunds\n {2}with \{"order":"A4","cents":77\}\n {2}asked at .*program\.mjs:\d+:\d+\n {2}to let it happen, run this again with --allow 127\.0\.0\.1\n$/,
    );
    const allowed = await at.run({ fork: forkAt(model, [another(model)], ['refund', '127.0.0.1']) });
    expect([allowed.ended.code, paths(allowed)]).toEqual([0, ['/refunds', '/v1/chat/completions']]);
  });

  it('that differ in a number alone are not those that were recorded', async () => {
    const at = await start(AGENT, shop);
    const model = eventOf(at.ran, 'llm', 1);
    const more: PlannedEdit = { event: model, kind: 'completion', completion: { text: '9999 cents' } };
    const stopped = await at.run({ fork: forkAt(model, [more]) });
    expect([stopped.ended.code, stopped.report.refused]).toEqual([87, [expect.objectContaining({ name: 'refund' })]]);
  });

  it('that were recorded just so are answered from the recording', async () => {
    const at = await start(AGENT, shop);
    const model = eventOf(at.ran, 'llm', 1);
    const said = at.ran.ended.stdout.split(' ')[0]!;
    const same: PlannedEdit = { event: model, kind: 'completion', completion: { text: `${said} cents, as you wish` } };
    const forked = await at.run({ fork: forkAt(model, [same]) });
    expect([forked.ended.code, forked.ended.stderr, paths(forked)]).toEqual([0, '', []]);
    expect(forked.report).toMatchObject({ served: 4, live: 0, refused: [] });
  });
});

describe('R7 files', () => {
  const FILES = `
import { appendFileSync, writeFileSync, readFileSync, createWriteStream } from 'node:fs';
import { appendFile, mkdir, open } from 'node:fs/promises';
import OpenAI from 'openai';
const client = new OpenAI({ apiKey: process.env.OPENAI_KEY_OF_TEST, baseURL: process.env.MODEL_URL + '/v1' });
const ask = async (content) => (await client.chat.completions.create({ model: 'gpt-5-mini', messages: [{ role: 'user', content }] })).choices[0].message.content;
await mkdir('notes', { recursive: true });
writeFileSync('notes/first.txt', await ask('one'));
appendFileSync('notes/log.txt', 'began\\n');
await appendFile('notes/log.txt', readFileSync('notes/first.txt', 'utf8') + '\\n');
appendFileSync('notes/log.txt', 'began\\n');
const said = await ask('two');
const handle = await open('notes/last.txt', 'w');
await handle.writeFile(said);
await handle.close();
console.log(readFileSync('notes/last.txt', 'utf8'));
`;

  it('are written again in a replay, and not appended to twice; it is said', async () => {
    const at = await start(FILES, shop);
    const log = readFileSync(join(at.cwd, 'notes/log.txt'), 'utf8');
    rmSync(join(at.cwd, 'notes/first.txt'));
    const again = await at.run({});
    expect([again.ended.code, again.ended.stdout]).toEqual([0, at.ran.ended.stdout]);
    expect(readFileSync(join(at.cwd, 'notes/log.txt'), 'utf8')).toBe(log);
    expect(readFileSync(join(at.cwd, 'notes/first.txt'), 'utf8')).toBe(log.split('\n')[1]);
    expect(again.report.files).toEqual({ written: ['notes', 'notes/first.txt', 'notes/last.txt'], kept: ['notes/log.txt'] });
    // What is not there is appended.
    rmSync(join(at.cwd, 'notes/log.txt'));
    await at.run({});
    expect(readFileSync(join(at.cwd, 'notes/log.txt'), 'utf8')).toBe(log);
  });

  it('are asked about after a fork', async () => {
    const at = await start(FILES, shop);
    const model = eventOf(at.ran, 'llm', 2);
    const edit: PlannedEdit = { event: model, kind: 'completion', completion: { text: 'three' } };
    const stopped = await at.run({ fork: forkAt(model, [edit]) });
    expect([stopped.ended.code, stopped.report.refused]).toEqual([87, [{ name: 'fs', call: 'open notes/last.txt' }]]);
    expect(readFileSync(join(at.cwd, 'notes/last.txt'), 'utf8')).toBe(at.ran.ended.stdout.trim());
    const allowed = await at.run({ fork: forkAt(model, [edit], ['fs']) });
    expect([allowed.ended.code, allowed.ended.stdout]).toEqual([0, 'three\n']);
    expect(readFileSync(join(at.cwd, 'notes/last.txt'), 'utf8')).toBe('three');
  });

  it('and so are child processes and connections', async () => {
    const text = (code: string): string =>
      `const { choices } = await (await fetch(process.env.MODEL_URL + '/v1/chat/completions')).json();\n` +
      `const { connect } = await import('node:net'); const { execFileSync } = await import('node:child_process');\n` +
      `if (choices[0].message.content === 'go') { ${code} }\n`;
    const at = await start(text(''), shop);
    for (const [code, name, out] of [
      [`console.log(String(execFileSync(process.execPath, ['-p', '6 * 7'])).trim())`, 'child', '42\n'],
      [`connect(9, '127.0.0.1').on('error', ({ code }) => console.log(code))`, '127.0.0.1', 'ECONNREFUSED\n'],
    ] as const) {
      at.write(text(code).replace("'/v1/chat/completions'", "'/v1/chat/completions?again'").replace("=== 'go'", '!== 1'));
      const stopped = await at.run({ policy: 'live' });
      expect([stopped.ended.code, stopped.report.refused.map((each) => each.name)]).toEqual([87, [name]]);
      const allowed = await at.run({ policy: 'live', allow: [name] });
      expect([allowed.ended.code, allowed.ended.stdout]).toEqual([0, out]);
    }
  });
});
