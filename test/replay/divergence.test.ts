/** A replay that leaves its recording stops there, with exit code 86, and says what was different. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { chatCompletion } from '../../src/testing/wire.ts';
import { hindcast, newFolder } from '../cli/process.ts';
import { bench } from './forked.ts';
import { recordText } from './recorded.ts';

const ask = (text: string): string =>
  `console.log((await (await fetch(process.env.MODEL_URL + '/weather', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ prompt: ${JSON.stringify(text)}, list: [1, 2, 3] }) })).json()).said);\n`;

const PACKAGE = new URL('../../dist/index.js', import.meta.url).href;

/** Two calls of a model; the second is another one with every word. */
const CALLS = (word: string): string => `import OpenAI from 'openai';
const client = new OpenAI({ apiKey: process.env.OPENAI_KEY_OF_TEST, baseURL: process.env.MODEL_URL + '/v1' });
const call = async (messages, temperature) =>
  (await client.chat.completions.create({ model: 'gpt-5-mini', messages, temperature })).choices[0].message;
const first = { role: 'user', content: 'One' };
await call([first], 0);
await call([first, ${word === 'amber' ? '' : `{ role: 'system', content: 'Be brief.' }, `}{ role: 'user', content: 'Of ${word}' }], ${word === 'amber' ? 0 : 1});
`;

describe('R6 divergence', () => {
  /** What stood on stderr before the line that sums up. */
  const said = (stderr: string): string =>
    stderr
      .replaceAll(/\/\S*\/program\.mjs/g, 'program.mjs')
      .split('\n')
      .filter((line) => line !== '' && !/^[✓✗]/.test(line))
      .join('\n');

  it('a changed request: the difference and the line', async () => {
    const recorded = await recordText(`${ask('one')}${ask('Tell me of amber and basalt.')}`);
    recorded.write(`${ask('one')}${ask('Tell me of amber and cobalt.')}`);
    const { code, stdout, stderr, summary } = await recorded.replay();
    expect(code).toBe(86);
    expect(stdout.split('\n')[0]).toBe(recorded.ran.stdout.split('\n')[0]);
    expect(said(stderr)).toBe(`\
hindcast: the replay left the recording: request 2 is not the recorded one: POST /weather
  asked at program.mjs:2:27
  ~ prompt  (text, first difference at char 21)
      - "Tell me of amber and basalt."
      + "Tell me of amber and cobalt."`);
    expect(summary).toMatch(/left the recording at request 2; 1 of 2 requests answered/);
  });

  it('a changed call of a model: its number in hindcast show', async () => {
    const at = await bench(CALLS('amber'), () => ({ body: chatCompletion({ text: 'yes' }) }));
    at.write(CALLS('cobalt'));
    const { ended, report } = await at.run({});
    expect(ended.code).toBe(86);
    expect(ended.stderr.replaceAll(/\S*\/program\.mjs/g, 'program.mjs')).toBe(`\
hindcast: the replay left the recording at #2 chat gpt-5-mini: request 2 is not the recorded one: POST /v1/chat/completions
  asked at program.mjs:4:4
  + messages[1]
      + {"role":"system","content":"Be brief."}
  ~ messages[2].content  (text, first difference at char 3; was messages[1].content)
      - "Of amber"
      + "Of cobalt"
  ~ temperature  0 → 1
`);
    expect(report.divergence).toMatchObject({ kind: 'request', number: 2, words: '#2 chat gpt-5-mini', step: 2 });
    // It is the number that a person finds it by.
    const shown = await hindcast(['show', at.ran.path], { cwd: at.cwd });
    expect(shown.stdout).toMatch(/^ *2 .*chat gpt-5-mini/m);
    await at.close();
  });

  it('a request that nobody recorded', async () => {
    const recorded = await recordText(ask('one'));
    recorded.write(`${ask('one')}${ask('one')}`);
    const { code, stderr } = await recorded.replay();
    expect(code).toBe(86);
    expect(said(stderr)).toBe(`\
hindcast: the replay left the recording: the recording has no such request: POST /weather
  asked at program.mjs:2:27`);
  });

  it('a request that was never made', async () => {
    const recorded = await recordText(`${ask('one')}${ask('two')}`);
    recorded.write(ask('one'));
    const { code, stderr, summary } = await recorded.replay();
    expect(code).toBe(86);
    expect(said(stderr)).toBe(`\
hindcast: the replay left the recording: the program ended without request 2 (POST /weather), which this run never made
  asked at program.mjs:2:27`);
    expect(summary).toMatch(/^✗/);
  });

  it('a request that was never made, also where the program ends itself', async () => {
    const recorded = await recordText(`${ask('one')}${ask('two')}${ask('three')}process.exit(3);`);
    expect(recorded.ran.code).toBe(3);
    recorded.write(`${ask('one')}process.exit(3);`);
    const { code, stderr } = await recorded.replay();
    expect(code).toBe(86);
    expect(said(stderr)).toBe(`\
hindcast: the replay left the recording: the program ended without request 2 (POST /weather), which this run never made (and 1 more)
  asked at program.mjs:2:27`);
  });

  it('a timer that was never set', async () => {
    const recorded = await recordText(`await new Promise((done) => setTimeout(done, 7));\n${ask('one')}`);
    recorded.write(`process.stdin.resume();\n${ask('one')}`);
    const { code, stderr } = await recorded.replay();
    expect(code).toBe(86);
    expect(said(stderr)).toBe(
      'hindcast: the replay left the recording: the recording goes on with a timer of 7 ms that this run has not set',
    );
  });

  it('something that came from what was not opened', async () => {
    const child = `const { spawn } = await import('node:child_process');\nawait new Promise((done) => spawn('true', { stdio: 'ignore' }).on('exit', done));\n`;
    const recorded = await recordText(`${child}${ask('one')}`);
    recorded.write(`process.stdin.resume();\n${ask('one')}`);
    const { code, stderr } = await recorded.replay();
    expect(code).toBe(86);
    expect(said(stderr)).toBe(
      "hindcast: the replay left the recording: the recording goes on with 'exit' of the child process true, which this run has not opened",
    );
  });

  it('a tool that gave something else', async () => {
    const tool = (result: string): string =>
      `import { recordTool } from ${JSON.stringify(PACKAGE)};\n${ask('one')}recordTool('sum', () => (${result}))();\n`;
    const at = await bench(tool('{ total: 3, of: ["a", "b"] }'), () => ({ body: { said: 'yes' } }));
    at.write(tool('{ total: 4, of: ["a", "c", "b"] }'));
    const { ended, report } = await at.run({});
    expect([ended.code, ended.stderr]).toEqual([
      86,
      `\
hindcast: the replay left the recording at #1 execute_tool sum: the tool sum gave something else than it did
  ~ total  3 → 4
  + of[1]
      + "c"
`,
    ]);
    expect(report.divergence).toMatchObject({ kind: 'tool', number: 1 });
    await at.close();
  });

  it('another exit code', async () => {
    const recorded = await recordText(ask('one'));
    recorded.write(`${ask('one')}process.exitCode = 5;`);
    const { code, stderr, summary } = await recorded.replay();
    expect([code, said(stderr)]).toEqual([86, '']);
    expect(summary).toMatch(
      /^✗ \S+: the program ended with exit code 5, and with exit code 0 when it was recorded; 1 of 1 request answered from the recording$/,
    );
  });

  it.each([
    [
      'a socket',
      `(await import('node:net')).connect(9, '127.0.0.1');`,
      'the connection to 127.0.0.1:9 (net, tls, a database driver)',
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
    expect(said(replayed.stderr)).toBe(
      `hindcast: the replay left the recording: ${text} is not in the recording, and a replay reaches out to nothing`,
    );
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
