/** A replay that leaves its recording stops there, with exit code 86, and says what was different. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { hindcast, newFolder } from '../cli/process.ts';
import { recordText } from './recorded.ts';

const ask = (text: string): string =>
  `console.log((await (await fetch(process.env.MODEL_URL + '/weather', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ prompt: ${JSON.stringify(text)}, list: [1, 2, 3] }) })).json()).said);\n`;

describe('R6 divergence', () => {
  it('stops at a changed request, and shows the difference and the line', async () => {
    const recorded = await recordText(`${ask('one')}${ask('Tell me of amber and basalt.')}`);
    recorded.write(`${ask('one')}${ask('Tell me of amber and cobalt.')}`);
    const { code, stdout, stderr, summary } = await recorded.replay();
    expect(code).toBe(86);
    expect(stdout.split('\n')[0]).toBe(recorded.ran.stdout.split('\n')[0]);
    expect(stderr).toContain('hindcast: the replay left the recording: request 2 is not the recorded one: POST /weather');
    expect(stderr).toMatch(/asked at .*program\.mjs:2:\d+/);
    expect(stderr).toContain(
      `  ~ prompt  (from character 21)\n      - "Tell me of amber and basalt."\n      + "Tell me of amber and cobalt."`,
    );
    expect(summary).toMatch(/left the recording at request 2; 1 of 2 requests answered/);
  });

  it('stops at a request too many', async () => {
    const recorded = await recordText(ask('one'));
    recorded.write(`${ask('one')}${ask('one')}`);
    const { code, stderr } = await recorded.replay();
    expect(code).toBe(86);
    expect(stderr).toContain('the recording has no such request: POST /weather');
  });

  it('says what was never asked for', async () => {
    const recorded = await recordText(`${ask('one')}${ask('two')}`);
    recorded.write(ask('one'));
    const { code, stderr, summary } = await recorded.replay();
    expect(code).toBe(86);
    expect(stderr).toMatch(
      /the recording goes on with the answer to request 2 \(POST \/weather\), which this run never made\n {2}asked at .*program\.mjs:2:/,
    );
    expect(summary).toMatch(/^✗/);
  });

  it('says so also where the program ends itself', async () => {
    const recorded = await recordText(`${ask('one')}${ask('two')}process.exit(3);`);
    expect(recorded.ran.code).toBe(3);
    recorded.write(`${ask('one')}process.exit(3);`);
    const { code, stderr } = await recorded.replay();
    expect(code).toBe(86);
    expect(stderr).toContain('the program ended without request 2 (POST /weather)');
  });

  it.each([
    [
      'a socket',
      `(await import('node:net')).connect(9, '127.0.0.1');`,
      'a connection to 127.0.0.1:9 by a socket of its own (net, tls, a database driver)',
    ],
    [
      'a name server',
      `(await import('node:dns')).lookup('example.invalid', () => {});`,
      'a question to the name server about example.invalid',
    ],
    ['a child process', `(await import('node:child_process')).spawn('true');`, 'the child process true'],
    [
      'a worker',
      `new (await import('node:worker_threads')).Worker('0', { eval: true });`,
      'the worker thread eval:5feceb66ffc86f38',
    ],
  ])('refuses %s', async (_what, code, text) => {
    const recorded = await recordText(ask('one'));
    recorded.write(`${ask('one')}${code}\nawait new Promise((resolve) => setTimeout(resolve, 100));`);
    const replayed = await recorded.replay();
    expect(replayed.stderr).toContain(`${text} is not in the recording`);
    expect(replayed.code).toBe(86);
  });

  it('finds a request again whose times and ids are others', async () => {
    const recorded = await recordText(ask('It is 2026-11-21T10:00:00Z, order call_abc1.'));
    recorded.write(ask('It is 2027-01-02T03:04:05Z, order call_xyz9.'));
    const { code, stdout, summary } = await recorded.replay();
    expect([code, stdout]).toEqual([0, recorded.ran.stdout]);
    expect(summary).toContain('1 found by what they say but for times and ids');
  });

  it('goes on through code that means the same', async () => {
    const recorded = await recordText(`${ask('one')}${ask('two')}`);
    recorded.write(
      `const wait = async () => { await null; Date.now(); await null; };\nawait wait();\n${ask('one')}await wait();\n${ask('two')}`,
    );
    const { code, stdout, summary } = await recorded.replay();
    expect([code, stdout]).toEqual([0, recorded.ran.stdout]);
    expect(summary).toMatch(/^✓/);
  });

  it('does not replay what was not recorded for it', async () => {
    const cwd = newFolder();
    const { HINDCAST_REPLAYABLE: _replayable, ...env } = process.env;
    const failing = ['--input-type=module', '-e', `throw new Error('at once')`];
    await hindcast(['run', '--', process.execPath, ...failing], { cwd, env: { ...env, HINDCAST_REPLAYABLE: 'off' } });
    const { code, stderr } = await hindcast(['replay'], { cwd });
    expect(code).toBe(1);
    expect(stderr).toContain('cannot be replayed: it was not recorded for a replay');
  });

  it('ends a process that is told to replay what is not there, before the program begins', async () => {
    const register = new URL('../../dist/register.js', import.meta.url).href;
    const run = promisify(execFile)(process.execPath, ['--import', register, '-e', 'console.log("began")'], {
      env: { ...process.env, HINDCAST_REPLAY: '/nowhere.jsonl' },
    });
    await expect(run).rejects.toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('cannot replay /nowhere.jsonl'),
    });
  });
});
