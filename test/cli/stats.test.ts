/** `stats` in a real process, and the times that people type. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { durationOf, sinceOf } from '../../src/cli/since.ts';
import { hindcast, newFolder } from './process.ts';
import { EPOCH_US, idOf, writeAgent, WrittenRecording } from './written.ts';

let folder: string;

beforeAll(() => {
  folder = newFolder();
  const dir = join(folder, '.hindcast');
  writeAgent(dir);
  new WrittenRecording(dir, 'ses_bbbb00000002', { epoch: EPOCH_US + 86_400e6, tags: ['night'], environment: 'prod' })
    .event({
      ...{ id: idOf(9), type: 'step', name: 'plan', start: 1000, end: 3000, status: 'error', error: { type: 'Oops' } },
      step: { seq: 1, type: 'plan', attempt: 1 },
      notes: [{ kind: 'failure', at: 2000, type: 'tool', code: 'timeout' }],
    })
    .open(idOf(8), 3000, 'chat gpt-4.1');
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = (...args: string[]) => hindcast(['stats', ...args], { cwd: folder });

describe('L1 stats', () => {
  test('all sessions, by model', async () => {
    const { stdout, stderr, code } = await run('--by', 'model');
    expect([stderr, code]).toEqual(['', 0]);
    expect(stdout).toMatchInlineSnapshot(`
      "2 sessions  2026-03-01 12:00:00 to 2026-03-02 12:00:00
        sessions  1 ok, 1 crashed
        took      p50 1.50 s, p95 1.50 s, p99 1.50 s
        events    4 (1 step, 1 llm, 1 tool, 1 action)
        ended     2 ok, 2 error, 1 never did
        repeated  2 HTTP attempts
        tokens    212 in, 18 out
        cost      $0.000114

      event   count      p50      p95      p99  longest
      step        1   2.0 ms   2.0 ms   2.0 ms   2.0 ms
      llm         1   310 ms   310 ms   310 ms   310 ms
      tool        1  60.0 ms  60.0 ms  60.0 ms  60.0 ms
      action      1   1.39 s   1.39 s   1.39 s   1.39 s

      step  count     p50     p95     p99  longest
      plan      1  2.0 ms  2.0 ms  2.0 ms   2.0 ms

      model         count     p50     p95     p99  longest
      gpt-4.1-mini      1  310 ms  310 ms  310 ms   310 ms

      failure       count
      tool timeout      1

      error           count
      CarrierTimeout      1
      Oops                1

      model         sessions  events  errors  LLM p50     p95  tokens          cost
      gpt-4.1-mini         1       1       0   310 ms  310 ms  212 in, 18 out  $0.000114
      "
    `);
  });

  test('--json, filters, names', async () => {
    const all = JSON.parse((await run('--json')).stdout);
    expect(all).toMatchObject({ sessions: 2, events: 4, open: 1, cost: { usd: 0.0001136 }, failures: 1 });
    const one = JSON.parse((await run('ses_bbbb', '--json')).stdout);
    expect(one).toMatchObject({ sessions: 1, events: 1, latency: { byStep: { plan: { p99: 2000 } } } });
    for (const filter of [
      ['--tag', 'night'],
      ['--status', 'crashed'],
      ['--environment', 'prod'],
      ['--since', '2026-03-02'],
    ])
      expect(JSON.parse((await run('--json', ...filter)).stdout), filter.join(' ')).toEqual(one);
    for (const filter of [
      ['--agent', 'support'],
      ['--version', '1.4.0'],
      ['--model', 'gpt-4.1-mini'],
      ['--until', '2026-03-02'],
    ])
      expect(JSON.parse((await run('--json', ...filter)).stdout), filter.join(' ')).toMatchObject({ sessions: 1, events: 3 });
  });

  test('asked for wrongly, and nothing there', async () => {
    expect(await run('--by', 'colour')).toMatchObject({ code: 2, stdout: '' });
    expect(await run('--since', 'soon')).toMatchObject({ code: 2, stderr: expect.stringContaining('"soon" is not a time') });
    expect(await run('last', '--tag', 'x')).toMatchObject({ code: 2 });
    expect(await run('ses_zzzz')).toMatchObject({ code: 1 });
    expect(await run('--tag', 'nobody')).toMatchObject({
      code: 0,
      stdout: '',
      stderr: expect.stringContaining('no such sessions'),
    });
  });
});

describe('times as people type them', () => {
  const now = new Date(2026, 2, 10, 15, 30).getTime();
  test.each([
    ['90s', now - 90_000],
    ['12h', now - 12 * 3_600_000],
    ['1.5d', now - 36 * 3_600_000],
    ['2w', now - 14 * 86_400_000],
    ['today', new Date(2026, 2, 10).getTime()],
    ['yesterday', new Date(2026, 2, 9).getTime()],
    ['2026-03-01', new Date(2026, 2, 1).getTime()],
    ['2026-03-01T12:30', new Date(2026, 2, 1, 12, 30).getTime()],
    ['2026-03-01 12:30:05', new Date(2026, 2, 1, 12, 30, 5).getTime()],
    ['2026-03-01T12:30:00Z', Date.UTC(2026, 2, 1, 12, 30)],
    ['2026-03-01T12:30+02:00', Date.UTC(2026, 2, 1, 10, 30)],
  ])('%s', (text, ms) => expect(sinceOf(text, now)).toBe(ms));
  test.each(['', 'soon', '5', '-5d', '5 years', '2026-02-31', '2026-13-01', '20260301', '1d2h'])('"%s" is none', (text) => {
    expect(() => sinceOf(text, now)).toThrow(expect.objectContaining({ exitCode: 2 }));
  });
  test('spans', () => {
    expect(durationOf(' 45m ')).toBe(2_700_000);
    expect(() => durationOf('today')).toThrow(/not a time span/);
  });
});
