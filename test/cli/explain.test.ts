/** Q4 `hindcast explain`, in a real process, on recordings that are the same every time. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Explanation } from '../../src/analysis/explanation.ts';
import { hindcast, newFolder } from './process.ts';
import { EPOCH_US, idOf, writeAgent, WrittenRecording } from './written.ts';

let folder: string;

beforeAll(() => {
  folder = newFolder();
  const dir = join(folder, '.hindcast');
  writeAgent(dir);
  const error = { type: 'CarrierTimeout', code: 'ETIMEDOUT' };
  new WrittenRecording(dir, 'ses_ffff00000001', { epoch: EPOCH_US + 60e6 })
    .event({
      id: idOf(2),
      parent: idOf(1),
      runId: idOf(1),
      type: 'tool',
      name: 'execute_tool track',
      start: 2000,
      end: 62_000,
      status: 'error',
      error,
      content: { error: { message: 'no \u001b]0;owned\u0007answer\u001b[2J <b>\u202e' } },
      notes: [{ kind: 'failure', at: 62_000, type: 'tool', code: 'timeout', auto: true }],
    })
    .event({
      id: idOf(1),
      type: 'agent',
      name: 'invoke_agent support',
      start: 1000,
      end: 63_000,
      status: 'error',
      error: { ...error, from: idOf(2) },
      run: { status: 'failure', reason: 'exception', steps: 0, retries: 0, errors: 1 },
    })
    .end({ state: 'failure', reason: 'exception', exitCode: 1 });
  new WrittenRecording(dir, 'ses_eeee00000002', {
    epoch: EPOCH_US + 61e6,
    parent: 'ses_ffff00000001',
    within: { trace: 'a'.repeat(32), span: idOf(2) },
  }).open(idOf(9), 5000, 'chat gpt-4.1');
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = (...args: string[]) => hindcast(['explain', ...args], { cwd: folder });

describe('Q4 hindcast explain', () => {
  test('the cause first; the exit code is not that of the session', async () => {
    const { stdout, stderr, code } = await run('ffff', '--alone');
    expect(stdout).toMatchInlineSnapshot(`
      "Run support failed at execute_tool track: the tool did not answer in time (tool/timeout, CarrierTimeout).

      Session
        id     ses_ffff00000001
        state  failure, exception, exit code 1, 1.50 s

      Cause
        event     #2 execute_tool track (+0.002 s, took 60.0 ms)
        in        invoke_agent support › execute_tool track
        failure   tool/timeout: the tool did not answer in time (by its codes)
        error     CarrierTimeout ETIMEDOUT
        message   no answer <b>
        went up   #1 invoke_agent support
        found by  the error that ended #1 invoke_agent support began here

      Every event that is not ok
        event                    how     at        took     error                     because of
        #1 invoke_agent support  failed  +0.001 s  62.0 ms  CarrierTimeout ETIMEDOUT  #2
        #2 execute_tool track    failed  +0.002 s  60.0 ms  CarrierTimeout ETIMEDOUT

      Runs
        run                      agent    status               steps  retries  errors  took
        #1 invoke_agent support  support  failure (exception)  0      0        1       62.0 ms

      Longest by their own time
        own time  took     event
        60.0 ms   60.0 ms  #2 execute_tool track
        2.0 ms    62.0 ms  #1 invoke_agent support
      "
    `);
    expect([stderr, code]).toEqual(['', 0]);
  });

  test('a family is explained as one, with the numbers of show', async () => {
    const { stdout } = await run('ffff');
    expect(stdout).toContain('children  ses_eeee00000002');
    expect(stdout).toContain('#3 chat gpt-4.1 of ses_eeee00000002');
    expect((await hindcast(['show', 'ffff'], { cwd: folder })).stdout).toMatch(/^ *3 .*chat gpt-4\.1/m);
  });

  test('last is the newest', async () => {
    expect((await run('--alone', '--json')).stdout).toBe((await run('last', '--alone', '--json')).stdout);
    const { session } = JSON.parse((await run('--alone', '--json')).stdout) as Explanation;
    expect(session.id).toBe('ses_eeee00000002');
  });

  test('JSON, by either option', async () => {
    const { stdout } = await run('aaaa', '--json');
    const explained = JSON.parse(stdout) as Explanation;
    expect(explained).toMatchObject({ version: 1, outcome: { status: 'partial' }, failures: [{ event: { number: 3 } }] });
    expect((await run('aaaa', '--format', 'json')).stdout).toBe(stdout);
  });

  test('Markdown, and nothing that a terminal would obey', async () => {
    const { stdout } = await run('ffff', '--format', 'markdown');
    expect(stdout).toMatch(/^# Run `support` failed at `execute_tool track`: the tool did not answer in time/);
    expect(stdout).not.toMatch(/[\u001b\u0007\u202e]/);
    expect(stdout).toMatch(/`no .*answer.*<b>`/);
  });

  test('what cannot be had, and what is asked for wrongly', async () => {
    const missing = await run('zzzz');
    expect([missing.stdout, missing.code]).toEqual(['', 1]);
    expect(missing.stderr).toContain('No recording');
    const wrong = await run('--format', 'html');
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain('text, markdown, json');
  });
});
