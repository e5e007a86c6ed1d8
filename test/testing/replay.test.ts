/** R11, R13, R14: `replay()` of hindcast/testing runs an agent again in a process of its own, with the server gone. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readRecording } from '../../src/recording/recording.ts';
import type * as testing from '../../src/testing.ts';
import { cleanEnv } from '../cli/process.ts';
import { newOrdersProject, type Dialect, type OrdersProject } from './orders-project.ts';

const { replay } = (await import(pathToFileURL(join(import.meta.dirname, '../../dist/testing.js')).href)) as typeof testing;
const TSX = join(import.meta.dirname, '../../node_modules/tsx/dist/loader.mjs');

/** What a program is given beside its recording: no key, no server. */
const BARE = { OPENAI_API_KEY: undefined, MODEL_URL: undefined };

const recordingOf = ({ cwd }: OrdersProject): string => {
  const folder = join(cwd, '.hindcast/recordings');
  const [name] = readdirSync(folder).filter((file) => file.endsWith('.jsonl'));
  return join(folder, name!);
};
const eventOf = (project: OrdersProject, number: number): string => readRecording(recordingOf(project)).events[number - 1]!.id;

const messageOf = (fn: () => void): string => {
  try {
    fn();
  } catch (error) {
    expect(error).toMatchObject({ name: 'AssertionError', code: 'ERR_ASSERTION' });
    return (error as Error).message;
  }
  throw new Error('nothing was thrown');
};

describe.each<[string, Dialect, string[] | undefined]>([
  ['an ES module', 'mjs', undefined],
  ['a CommonJS script', 'cjs', undefined],
  ['TypeScript by Node', 'ts', undefined],
  ['TypeScript by tsx', 'ts', [process.execPath, '--import', pathToFileURL(TSX).href, 'agent.ts']],
])('R11 %s', (_what, dialect, command) => {
  let project: OrdersProject;
  beforeAll(async () => {
    project = newOrdersProject(dialect);
    const ran = await project.record(command);
    expect([ran.code, ran.stdout]).toEqual([3, 'order with 2 lines\n']);
  });
  afterAll(() => project.close());

  it('does what it did', async () => {
    const result = await replay(recordingOf(project));
    result.assertSame();
    expect(result).toMatchObject({
      exitCode: 3,
      recordedExitCode: 3,
      signal: null,
      stdout: 'order with 2 lines\n',
      stderr: expect.stringContaining('TypeError'),
      divergence: null,
      requests: 2,
      served: 2,
      networkCalls: 0,
      timedOut: false,
    });
    // The loader of tsx is at work before the program is: that moves places.
    if (command === undefined) expect(result.report?.answered).toEqual({ place: 2, content: 0, masked: 0 });
  });

  it('fails from the event of the bug on, and gets past it once it is mended', async () => {
    const fixedAt = eventOf(project, 2);
    const old = await replay(recordingOf(project), { fixedAt });
    expect(messageOf(() => old.assertFixed())).toMatch(/still fails: it ended with exit code 3\n {2}stderr:\n {4}TypeError/);
    project.mend();
    const fixed = await replay(recordingOf(project), { fixedAt });
    fixed.assertFixed();
    expect(fixed).toMatchObject({
      exitCode: 0,
      divergence: null,
      networkCalls: 0,
      stdout: 'order with 2 lines\norder with 0 lines\n',
    });
    expect(fixed.report?.fix?.changed).toMatch(/no such request: POST \/v1\/chat\/completions/);
    // What guards the old behaviour fails on the new one.
    expect(messageOf(() => fixed.assertSame())).toMatch(/exit code 0, and with exit code 3/);
    const same = await replay(recordingOf(project));
    expect(same.divergence).toMatchObject({ kind: 'unrecorded' });
    expect(messageOf(() => same.assertSame())).toMatch(
      /left the recording: the recording has no such request.*\n {2}asked at .*agent/,
    );
  });
});

describe('an ES module', () => {
  let project: OrdersProject;
  let source: string;
  beforeAll(async () => {
    project = newOrdersProject();
    await project.record();
    source = readFileSync(join(project.cwd, 'agent.mjs'), 'utf8');
  });
  afterAll(() => project.close());
  const changed = async (from: string, to: string, options = {}): Promise<testing.ReplayResult> => {
    expect(source).toContain(from);
    project.write('agent.mjs', source.replace(from, to));
    try {
      return await replay(recordingOf(project), options);
    } finally {
      project.write('agent.mjs', source);
    }
  };

  it('R6 says what is different, and where', async () => {
    const result = await changed('Where are', 'Where on earth are');
    const message = messageOf(() => result.assertSame());
    expect(message).toMatch(
      /^ses_\w+: the replay left the recording at #1 chat gpt-5-mini: request 1 is not the recorded one: POST \/v1\/chat\/completions\n {2}asked at agent\.mjs:8:\d+\n {2}~ messages\[0\]\.content {2}\(text, first difference at char 6\)\n {6}- "Where are/,
    );
    expect(result.divergence).toMatchObject({
      kind: 'request',
      step: 1,
      differences: [{ kind: 'changed', path: ['messages', 0, 'content'] }],
    });
  });

  it('what is different before the event of the bug is no fix', async () => {
    const result = await changed('Where are', 'Where on earth are', { fixedAt: eventOf(project, 2) });
    expect(messageOf(() => result.assertFixed())).toContain('request 1 is not the recorded one');
    // From the first event on it is one.
    (await changed('Where are', 'Where on earth are', { fixedAt: eventOf(project, 1) })).assertFixed();
  });

  it('a program that ends well before the event, or fails in another way after it, has not got past the failure', async () => {
    const early = await changed('const { choices }', 'if (turn > 0) return; const { choices }', { fixedAt: eventOf(project, 2) });
    // Event 2 is left out by the fix.
    early.assertFixed();
    const never = await changed('const { choices }', 'return; const { choices }', { fixedAt: eventOf(project, 2) });
    expect(messageOf(() => never.assertFixed())).toMatch(
      /left the recording at #1 chat gpt-5-mini: the program ended without request 1 .*never made/,
    );
    const worse = await changed("console.log('order with'", "if (turn > 0) process.exit(9); console.log('order with'", {
      fixedAt: eventOf(project, 2),
    });
    expect(messageOf(() => worse.assertFixed())).toContain('exit code');
  });

  it('assertFixed() needs to know since when', async () => {
    const result = await replay(recordingOf(project));
    expect(() => result.assertFixed()).toThrow(TypeError);
    await expect(replay(recordingOf(project), { fixedAt: 'ffffffffffffffff' }).then((one) => one.assertFixed())).rejects.toThrow(
      /has no event ffffffffffffffff/,
    );
  });

  it('R13 a program that reaches out is ended before it does', async () => {
    const reach = "const { connect } = await import('node:net'); connect(9, '127.0.0.1'); await new Promise(() => {});";
    const result = await changed('const messages = [', `${reach} const messages = [`);
    expect(result).toMatchObject({ networkCalls: 1, divergence: { kind: 'connection' }, exitCode: 86 });
    expect(messageOf(() => result.assertSame())).toMatch(/the connection to 127\.0\.0\.1:9 .*is not in the recording/);
  });

  it('a program that does not end is ended', async () => {
    const result = await changed('main().catch', 'for (;;); main().catch', { timeoutMs: 3000 });
    expect(result).toMatchObject({ timedOut: true, exitCode: null, signal: 'SIGKILL' });
    expect(messageOf(() => result.assertSame())).toMatch(/did not end: it was ended after/);
  });

  it('variables that are given go before those of the recording', async () => {
    const result = await changed(
      'async function main() {',
      'console.log(process.env.MODEL_URL, process.env.MORE);\nasync function main() {',
      {
        env: { MODEL_URL: 'http://elsewhere.invalid', MORE: '1' },
      },
    );
    expect(result.stdout).toBe('http://elsewhere.invalid 1\norder with 2 lines\n');
    result.assertSame();
  });

  it('runs the command that is given', async () => {
    project.write('moved/agent-2.mjs', source.replace('./orders.mjs', '../orders.mjs'));
    const cwd = pathToFileURL(`${project.cwd}/`);
    (await replay(recordingOf(project), { cwd, argv: ['moved/agent-2.mjs'] })).assertSame();
    (await replay(recordingOf(project), { cwd, command: [process.execPath, 'moved/agent-2.mjs'] })).assertSame();
  });

  it('R12, R14 a recording is a session of the project, from any folder below it, or a shared file', async () => {
    project.write(
      'packages/deep/run.mjs',
      `import { replay } from 'hindcast/testing';
       for (const one of ['last', ...process.argv.slice(2)]) {
         const result = await replay(one);
         result.assertSame();
         console.log(result.session, result.exitCode);
       }`,
    );
    expect(await project.hindcast(['share', 'last', '-o', 'given.hindcast'])).toMatchObject({ code: 0 });
    const id = readRecording(recordingOf(project)).header.id;
    const env = cleanEnv(BARE);
    const ran = spawnSync(process.execPath, ['run.mjs', id, id.slice(0, 9), '../../given.hindcast'], {
      cwd: join(project.cwd, 'packages/deep'),
      env,
      encoding: 'utf8',
    });
    expect([ran.stderr, ran.stdout]).toEqual(['', `${id} 3\n`.repeat(4)]);
  });

  it('refuses what cannot be replayed, and says what to do', async () => {
    await expect(replay(join(project.cwd, 'gone.jsonl'))).rejects.toThrow(/there is no file .*gone\.jsonl/);
    const path = join(project.cwd, 'broken.jsonl');
    writeFileSync(path, readFileSync(recordingOf(project), 'utf8').replace('chat gpt-5-mini', 'chat gpt-6-mini'));
    await expect(replay(path)).rejects.toThrow(/cannot be replayed: it is damaged .*: keep what is sound with hindcast repair/);
    await expect(replay(recordingOf(project), { cwd: '/tmp' })).rejects.toThrow(
      /program of this recording is not here: \/tmp\/agent\.mjs/,
    );
  });

  it('R13 no key is set, and there is no network to reach', async (context) => {
    const unshare = spawnSync('unshare', ['-rn', 'true']);
    if (unshare.status !== 0) return context.skip('unshare -rn does not work on this machine');
    project.write(
      'run.mjs',
      `import { replay } from 'hindcast/testing'; (await replay('last')).assertSame(); console.log('same');`,
    );
    const ran = spawnSync('unshare', ['-rn', process.execPath, 'run.mjs'], {
      cwd: project.cwd,
      env: cleanEnv(BARE),
      encoding: 'utf8',
    });
    expect([ran.stderr, ran.stdout]).toEqual(['', 'same\n']);
    // There is none: the same program, not replayed, gets nowhere.
    const live = spawnSync('unshare', ['-rn', process.execPath, 'agent.mjs'], {
      cwd: project.cwd,
      env: cleanEnv({ MODEL_URL: 'http://127.0.0.1:9', OPENAI_API_KEY: 'none' }),
      encoding: 'utf8',
    });
    expect(live.stderr).toContain('Connection error');
  });
});
