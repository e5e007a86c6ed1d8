/** `search` in a real process: every place that may hold a text, what a terminal gets of it, and expressions that would take years. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hindcast, newFolder } from './process.ts';
import { EPOCH_US, idOf, writeAgent, WrittenRecording } from './written.ts';

let folder: string;

/** A chat request of so many turns; each but the last was in the one before. */
const request = (turns: string[]): string =>
  JSON.stringify({ model: 'm', messages: turns.map((content) => ({ role: 'user', content })) });

beforeAll(() => {
  folder = newFolder();
  const dir = join(folder, '.hindcast');
  writeAgent(dir);
  const recording = new WrittenRecording(dir, 'ses_bbbb00000002', {
    epoch: EPOCH_US + 86_400e6,
    tags: ['old-tag'],
    metadata: { ticket: 'OPS-77' },
    argv: ['node', 'secret-program.ts'],
  });
  const llm = { operation: 'chat', provider: 'openai', api: 'chat_completions', request: { model: 'm' } };
  const turns = ['the violet one', 'and the green one'];
  for (const n of [1, 2]) {
    recording.open(idOf(n), n * 1000, 'chat m');
    recording.add({
      ...{ k: 'request', t: n * 1000, x: n, on: idOf(n), method: 'POST', url: 'https://api.openai.com/v1/chat/completions' },
      ...{ headers: [], body: request(turns.slice(0, n)) },
    });
    // Words that a stream cuts are put together again.
    const body = ['tur', 'quoise']
      .map((content) => `data: ${JSON.stringify({ choices: [{ index: 0, delta: { role: 'assistant', content } }] })}\n\n`)
      .join('');
    recording.add({
      ...{
        k: 'response',
        t: n * 1000 + 1,
        x: n,
        status: 200,
        headers: [['content-type', 'text/event-stream']],
        at: 1,
        ord: 1,
        body,
      },
      ...{ cuts: { len: [body.length], at: [1] }, end: { how: 'complete', at: 2, ord: 2 } },
    });
    recording.event({ id: idOf(n), type: 'llm', name: 'chat m', start: n * 1000, end: n * 1000 + 5, llm });
  }
  recording.add({ k: 'log', t: 9000, on: idOf(2), stream: 'stdout', text: 'printed \u001b[31mcrimson\u001b[0m\n' });
  recording.event({
    id: idOf(3),
    type: 'tool',
    name: 'execute_tool paint',
    start: 9000,
    end: 9001,
    content: { result: 'a'.repeat(40) },
  });
  recording.add({ k: 'update', t: 9002, tags: ['new-tag'] });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = (...args: string[]) => hindcast(['search', ...args], { cwd: folder });
const json = async (...args: string[]) => JSON.parse((await run(...args, '--json')).stdout) as Record<string, any>[];

describe('L1 search', () => {
  test('says session, event, place and excerpt', async () => {
    const { stdout, stderr, code } = await run('where is');
    expect(stdout).toBe('ses_aaaa00000001\n  #2 chat gpt-4.1-mini  request (user)\n      «Where is» it?\n');
    expect([stderr, code]).toEqual(['', 0]);
  });

  test('each place', async () => {
    const places = async (text: string) => (await json(text)).map(({ where, event }) => `${event?.number ?? '-'} ${where}`);
    expect(await places('turquoise')).toEqual(['1 answer', '2 answer']);
    expect(await places('OPS-77')).toEqual(['- metadata']);
    expect(await places('new-tag')).toEqual(['- tag']);
    expect(await places('secret-program')).toEqual(['- command line']);
    expect(await places('crimson')).toEqual(['2 stdout']);
    expect(await places('CarrierTimeout')).toEqual(['3 error type']);
    expect(await places('tool_unavailable')).toEqual(['1 decision']);
    expect(await places('order: 1')).toEqual(['2 answer', '3 arguments']);
  });

  test('what a conversation repeats is shown where it stands first; tags are those said last', async () => {
    expect((await json('violet')).map(({ event }) => event.number)).toEqual([1]);
    expect((await json('green')).map(({ event }) => event.number)).toEqual([2]);
    expect(await run('old-tag')).toMatchObject({ code: 1, stdout: '' });
  });

  test('newest session first, --limit, --type, filters', async () => {
    const sessions = (await json('one|find_order', '--regex')).map(({ session }) => session);
    expect([...new Set(sessions)]).toEqual(['ses_bbbb00000002', 'ses_aaaa00000001']);
    const limited = await run('find_order', '--limit', '1');
    expect(limited.stdout.match(/«/g)).toHaveLength(1);
    expect(limited.stderr).toContain('There are more than 1 hit');
    expect(new Set((await json('find_order', '--type', 'tool')).map(({ event }) => event.type))).toEqual(new Set(['tool']));
    expect(await json('crimson', '--type', 'log')).toHaveLength(1);
    expect((await run('violet', '--agent', 'support')).code).toBe(1);
    expect((await run('find_order', '--until', '2026-03-02')).code).toBe(0);
    expect((await run('find_order', '--since', '2026-03-02')).code).toBe(1);
  });

  test('no escape sequence reaches the terminal', async () => {
    for (const text of ['crimson', 'owned', 'answer'])
      // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
      expect((await run(text)).stdout, text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
    expect((await run('crimson')).stdout).toContain('printed «crimson»');
  });

  test('nothing found is 1, asked wrongly is 2', async () => {
    expect(await run('nobody said this')).toMatchObject({ code: 1, stdout: '', stderr: 'Nothing was found in 2 sessions.\n' });
    expect(await run('nobody said this', '--json')).toMatchObject({ code: 1, stdout: '[]\n' });
    expect(await run('(', '--regex')).toMatchObject({ code: 2, stderr: expect.stringContaining('Invalid regular expression') });
    expect(await run('')).toMatchObject({ code: 2 });
    expect(await run()).toMatchObject({ code: 2 });
  });

  test('an expression that would take years is stopped', async () => {
    const { code, stderr } = await run('(a+)+b', '--regex');
    expect(stderr).toContain('took more than 5 s');
    expect(code).toBe(2);
  });
});
