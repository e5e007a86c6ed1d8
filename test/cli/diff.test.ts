/** R10 `hindcast diff`, in a real process, on recordings that are the same every time. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hindcast, newFolder } from './process.ts';
import { EPOCH_US, idOf, writeAgent, WrittenRecording } from './written.ts';

interface Told {
  prompt?: string;
  refunds?: boolean;
  parent?: string;
}

/** An agent that asks a model and calls a tool, with one request and one answer. */
function writeSupport(dir: string, id: string, { prompt = 'Where is it?', refunds = false, parent }: Told = {}): void {
  // Ids and times are others in each.
  const n = Number.parseInt(id.slice(-2), 16) * 16;
  const recording = new WrittenRecording(dir, id, {
    agent: { id: 'support', version: '1.4.0' },
    epoch: EPOCH_US + n * 1e6,
    ...(parent !== undefined && { parent }),
  });
  const llm = { operation: 'chat', provider: 'openai', api: 'chat_completions', request: { model: 'gpt-4.1-mini' } };
  const body = { model: 'gpt-4.1-mini', messages: [{ role: 'user', content: prompt }], temperature: 0.2 };
  recording.add({
    k: 'request',
    t: 12_000,
    x: 1,
    on: idOf(n + 2),
    method: 'POST',
    url: 'https://api.openai.com/v1/chat/completions',
    headers: [['x-stainless-retry-count', String(n)]],
    body: JSON.stringify(body),
  });
  const answer = JSON.stringify({
    id: `chatcmpl-${n}`,
    created: n,
    choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'In Hamburg.' } }],
  });
  recording.add({
    k: 'response',
    t: 20_000,
    x: 1,
    status: 200,
    headers: [['content-type', 'application/json']],
    at: 20_000,
    ord: 1,
    body: answer,
    cuts: { len: [answer.length], at: [20_000] },
    end: { how: 'complete', at: 20_000, ord: 2 },
  });
  const usage = { input: prompt.length, output: 4 };
  recording.event({
    id: idOf(n + 2),
    parent: idOf(n + 1),
    type: 'llm',
    name: 'chat gpt-4.1-mini',
    start: 12_000,
    end: 20_000 + n,
    llm: { ...llm, usage },
  });
  if (refunds)
    recording.event({
      id: idOf(n + 3),
      parent: idOf(n + 1),
      type: 'tool',
      name: 'execute_tool refund\u001b[2J',
      start: 30_000,
      end: 40_000,
      tool: { name: 'refund' },
      content: { arguments: { order: '17' } },
    });
  recording.event({ id: idOf(n + 1), type: 'action', name: 'answer_customer', start: 10_000, end: 50_000 });
  recording.end({
    stats: {
      events: refunds ? 3 : 2,
      llm: 1,
      tools: refunds ? 1 : 0,
      tokens: { ...usage, cacheRead: 0, cacheWrite: 0, reasoning: 0, unknown: 0 },
    },
  });
}

let folder: string;
beforeAll(() => {
  folder = newFolder();
  const dir = join(folder, '.hindcast');
  writeSupport(dir, 'ses_aaaa00000001');
  writeSupport(dir, 'ses_bbbb00000002');
  writeSupport(dir, 'ses_cccc00000003', { prompt: 'Where \u001b]0;owned\u0007was\u202e it?', refunds: true });
  writeSupport(dir, 'ses_dddd00000004', { parent: 'ses_cccc00000003' });
  writeAgent(dir, 'ses_eeee00000005', { epoch: EPOCH_US - 1e6 });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = (...args: string[]) => hindcast(['diff', ...args], { cwd: folder });

describe('R10 hindcast diff', () => {
  test('sessions that do not differ: 0; ids, times and figures are none', async () => {
    const { stdout, stderr, code } = await run('aaaa', 'bbbb');
    expect(stdout).toMatchInlineSnapshot(`
      "--- ses_aaaa00000001 2026-03-01 12:00:16 support 1.4.0 ok
      +++ ses_bbbb00000002 2026-03-01 12:00:32 support 1.4.0 ok

      No difference in 2 events.

      totals         before   after
      events              2       2
      LLM calls           1       1
      input tokens       12      12
      output tokens       4       4
      took           1.50 s  1.50 s
      "
    `);
    expect([stderr, code]).toEqual(['', 0]);
  });

  test('sessions that differ: 1; nothing that a terminal would obey', async () => {
    const { stdout, stderr, code } = await run('aaaa', 'cccc', '--alone');
    expect(stdout).toMatchInlineSnapshot(`
      "--- ses_aaaa00000001 2026-03-01 12:00:16 support 1.4.0 ok
      +++ ses_cccc00000003 2026-03-01 12:00:48 support 1.4.0 ok

      1 event the same, 1 changed, 1 inserted, 0 removed.
      First difference: #2 chat gpt-4.1-mini: request

        #1 answer_customer
      ~   #2 chat gpt-4.1-mini: request
            request
              ~ messages[0].content  (text, first difference at char 6)
                  - "Where is it?"
                  + "Where \\u001b]0;owned\\u0007was\\u202e it?"
            tokens 12→4 | 24→4
      +   #3 execute_tool refund inserted

      totals         before   after
      events              2       3
      LLM calls           1       1
      tools               0       1
      input tokens       12      24
      output tokens       4       4
      took           1.50 s  1.50 s
      "
    `);
    expect(stdout).not.toMatch(/[\u001b\u0007\u202e]/);
    expect([stderr, code]).toEqual(['', 1]);
  });

  test('the first difference alone; with whole values', async () => {
    const first = await run('aaaa', 'cccc', '--alone', '--only-first', '-v');
    expect(first.stdout).toContain('First difference: #2 chat gpt-4.1-mini: request');
    expect(first.stdout).not.toContain('refund');
    expect(first.stdout).toContain('- Where is it?\n');
    expect(first.code).toBe(1);
  });

  test('events that are the same, as many as are asked for', async () => {
    const shown = async (...args: string[]) => (await run('aaaa', 'cccc', '--alone', ...args)).stdout.match(/^ +#1 /m) !== null;
    expect([await shown('--context', '1'), await shown('--context', '0')]).toEqual([true, false]);
  });

  test('what is part of a session is compared with it, and what it is part of is not', async () => {
    const whole = await run('aaaa', 'cccc');
    expect(whole.stdout).toMatch(/inserted/);
    const { counts } = JSON.parse((await run('aaaa', 'cccc', '--json')).stdout) as { counts: { inserted: number } };
    expect(counts.inserted).toBe(3);
    expect((await run('aaaa', 'dddd')).code).toBe(0);
  });

  test('JSON holds what differs, with whole values', async () => {
    const { stdout, code } = await run('aaaa', 'cccc', '--alone', '--json');
    const diff = JSON.parse(stdout) as { entries: { kind: string }[]; first: number };
    expect(diff).toMatchObject({
      version: 1,
      same: false,
      content: true,
      before: { id: 'ses_aaaa00000001' },
      counts: { same: 1, changed: 1, inserted: 1, removed: 0 },
      first: 0,
      entries: [
        {
          kind: 'changed',
          difference: { what: ['request'], request: [{ path: ['messages', 0, 'content'], before: 'Where is it?' }] },
        },
        { kind: 'inserted', inside: 0 },
      ],
    });
    expect(code).toBe(1);
  });

  test('what cannot be compared, and what is asked for wrongly: 2', async () => {
    const missing = await run('aaaa', 'zzzz');
    expect([missing.stdout, missing.code]).toEqual(['', 2]);
    expect(missing.stderr).toContain('No recording');
    const newer = new WrittenRecording(join(folder, 'newer'), 'ses_ffff00000006', { v: 2 });
    const refused = await run('aaaa', newer.path);
    expect([refused.stdout, refused.code]).toEqual(['', 2]);
    expect(refused.stderr).toMatch(/newer hindcast/);
    expect((await run('aaaa')).code).toBe(2);
    expect((await run('aaaa', 'bbbb', '--context', 'many')).code).toBe(2);
  });

  test('agents that have nothing in common', async () => {
    const { stdout, code } = await run('aaaa', 'eeee');
    expect(stdout).toContain('execute_tool find_order inserted');
    expect(code).toBe(1);
  });
});
