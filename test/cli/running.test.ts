/** `run`, `tail` and `demo`: real programs in real processes. */
import { execFile } from 'node:child_process';
import { appendFileSync, cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startStandIn, type StandIn } from '../../src/testing/stand-in.ts';
import { chatCompletion } from '../../src/testing/wire.ts';
import { unawareAgent } from './agents.ts';
import { cleanEnv, hindcast, newFolder, startHindcast, until } from './process.ts';
import { DEAD_PID, idOf, WrittenRecording } from './written.ts';

const root = join(import.meta.dirname, '../..');
let server: StandIn;
let folder: string;
let dir: string;

beforeAll(async () => {
  folder = newFolder();
  dir = join(folder, '.hindcast');
  server = await startStandIn(() => ({ body: chatCompletion({ text: 'Hello there.' }) }));
});

afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

function program(name: string, code: string): string {
  const path = join(folder, name);
  writeFileSync(path, code);
  return path;
}

const under = (args: string[], env: NodeJS.ProcessEnv = {}) =>
  hindcast(['run', '--dir', dir, '--', ...args], { cwd: folder, env: { STAND_IN: server.url, ...env } });
const sessions = async () =>
  JSON.parse((await hindcast(['ls', '--json', '--dir', dir])).stdout) as {
    id: string;
    events: number;
    end: { exitCode?: number; signal?: string };
  }[];

describe('L1 run', () => {
  test('P2 a program that does not know of hindcast is recorded; its stdout and exit code stay', async () => {
    const agent = program('agent.mjs', unawareAgent('process.exit(3);'));
    const { stdout, code, signal } = await under([process.execPath, agent]);
    expect([stdout, code, signal]).toEqual(['Hello there.\n', 3, null]);
    const [newest] = await sessions();
    expect(newest).toMatchObject({ events: 1, end: { exitCode: 3 } });
  });

  test('the alias record, options of the program, NODE_OPTIONS that are there, and node processes below it', async () => {
    const agent = program(
      'options.mjs',
      `${unawareAgent()}\nconsole.log(process.argv.slice(2).join(' '), process.execArgv.length, process.title);`,
    );
    const before = (await sessions()).length;
    const { stdout, code } = await hindcast(
      ['record', '--dir', dir, '--', 'sh', '-c', `"${process.execPath}" "${agent}" --json -v --dir x`],
      {
        cwd: folder,
        env: { STAND_IN: server.url, NODE_OPTIONS: '--title=kept' },
      },
    );
    expect([stdout, code]).toEqual(['Hello there.\n--json -v --dir x 0 kept\n', 0]);
    expect(await sessions()).toHaveLength(before + 1);
  });

  test.each([0, 1, 2, 42, 255])('exit code %i is passed on', async (code) => {
    expect(await under([process.execPath, '-e', `process.exit(${code})`])).toMatchObject({ code, signal: null, stdout: '' });
  });

  test.each(['SIGTERM', 'SIGKILL', 'SIGINT', 'SIGHUP'])('a program that dies of %s: so do we', async (signal) => {
    expect(await under(['sh', '-c', `kill -${signal.slice(3)} $$`])).toMatchObject({ code: null, signal });
  });

  test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('%s goes on to the program, which decides', async (signal) => {
    const waits = program(
      'waits.mjs',
      `process.on('${signal}', () => { console.log('asked to end'); process.exit(9); }); console.log('ready'); setInterval(() => {}, 1000);`,
    );
    const running = startHindcast(['run', '--dir', dir, '--', process.execPath, waits], { cwd: folder });
    await until(() => running.stdout().includes('ready'), 'the program is ready');
    running.child.kill(signal);
    expect(await running.ended).toMatchObject({ stdout: 'ready\nasked to end\n', code: 9, signal: null });
  });

  test("stdin is the program's", async () => {
    const running = startHindcast(['run', '--dir', dir, '--', process.execPath, '-e', 'process.stdin.pipe(process.stdout)'], {
      stdin: 'pipe',
    });
    running.child.stdin?.end('through\n');
    expect(await running.ended).toMatchObject({ stdout: 'through\n', code: 0 });
  });

  test('a command that is not there, or cannot be run', async () => {
    const missing = await under(['no-such-command']);
    expect(missing).toMatchObject({ code: 127, stdout: '' });
    expect(missing.stderr).toContain('hindcast run -- node no-such-command');
    expect(await under([program('no-mode.mjs', '')])).toMatchObject({ code: 126 });
  });
});

describe('L1 tail', () => {
  const opened = () =>
    new WrittenRecording(dir, `ses_tail_${Math.trunc(performance.now() * 1000)}`, { epoch: Date.now() * 1000, pid: process.pid });

  test('prints events as they begin and end, waits for half a line, and ends with the session', async () => {
    const recording = opened().open(idOf(1), 10_000, 'chat gpt-4.1');
    const running = startHindcast(['tail', recording.id, '--dir', dir]);
    await until(() => running.stdout().includes('▸  chat gpt-4.1'), 'the open event');
    const line = recording.next({
      k: 'event',
      t: 500_000,
      e: { id: idOf(1), trace: 'a'.repeat(32), type: 'llm', name: 'chat gpt-4.1', start: 10_000, end: 500_000, status: 'ok' },
    });
    appendFileSync(recording.path, line.slice(0, 40));
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(running.stdout()).not.toContain('✓');
    appendFileSync(recording.path, line.slice(40));
    await until(() => running.stdout().includes('✓  chat gpt-4.1  490 ms'), 'the finished event');
    recording.end();
    expect(await running.ended).toMatchObject({ code: 0, stderr: '' });
    expect(running.stdout().split('\n').slice(1)).toEqual([
      '+0.010 s  ▸  chat gpt-4.1',
      '+0.500 s  ✓  chat gpt-4.1  490 ms',
      '+1.500 s  ● ok',
      '',
    ]);
  });

  test('--json prints the lines of the recording, bodies only with --verbose', async () => {
    const recording = opened();
    recording.add({ k: 'request', t: 1, x: 1, method: 'POST', url: 'http://x', headers: [], body: 'secret' });
    recording.end();
    const kinds = async (...more: string[]) =>
      (await hindcast(['tail', recording.id, '--dir', dir, '--json', ...more])).stdout
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { k: string }).k);
    expect(await kinds()).toEqual(['session', 'end']);
    expect(await kinds('-v')).toEqual(['session', 'request', 'end']);
  });

  test('ends when the process is gone without having ended its session', async () => {
    const { id } = new WrittenRecording(dir, 'ses_gone', { pid: DEAD_PID }).open(idOf(1), 5, 'chat x');
    const { code, stdout, stderr } = await hindcast(['tail', id, '--dir', dir]);
    expect(code).toBe(0);
    expect(stdout).toContain('▸  chat x');
    expect(stderr).toContain('The process is gone');
  });

  test('a damaged line is said and followed past', async () => {
    const recording = opened().open(idOf(1), 5, 'chat x');
    appendFileSync(recording.path, '{"s":2,"k":"nonsense"}\n');
    recording.next({ k: 'open', t: 0, id: idOf(3), type: 'llm', name: 'lost' });
    recording.end();
    const { code, stdout, stderr } = await hindcast(['tail', recording.id, '--dir', dir]);
    expect([code, stderr]).toEqual([0, expect.stringMatching(/! line 3: .*checksum/)]);
    expect(stdout).toContain('● ok');
  });

  test('with nothing recorded, waits for the first session', async () => {
    const empty = newFolder();
    const running = startHindcast(['tail', '--dir', join(empty, '.hindcast')]);
    await until(() => running.stderr().includes('waiting for the first session'), 'it waits');
    new WrittenRecording(join(empty, '.hindcast'), 'ses_first').end();
    const { code, stdout } = await running.ended;
    expect([code, stdout.includes('ses_first'), stdout.includes('● ok')]).toEqual([0, true, true]);
    rmSync(empty, { recursive: true });
  });
});

describe('L1 demo', () => {
  test('a real agent on the real SDKs, recorded, shown: the tree is the same every time', async () => {
    const { stdout, stderr, code } = await hindcast(['demo', '--dir', join(folder, 'demo')]);
    expect([stderr, code]).toEqual(['', 0]);
    // What differs from run to run: ids, times, the folder. A column that got wider or narrower with them is drawn with one width.
    const tree = stdout
      .split('\n')
      .filter((line) => /^ ?\d+ {2}\+|│ {2}|^● /.test(line))
      .map((line) =>
        line
          .replace(/ses_[0-9a-f]{12}/, 'ses_<id>')
          .replace(/[+]?\d+(\.\d+)? (us|ms|s)\b/g, '<time>')
          .replace(/ {2,}/g, '  '),
      );
    expect(tree).toMatchInlineSnapshot(`
      [
        " 1  <time>  <time>  answer_customer  ok",
        "  │  decision tool_selection: tool_unavailable → issue_refund (of 3, confidence 0.8)",
        " 2  <time>  <time>  ├─ chat gpt-4.1-mini  212→18  $0.000114  ok",
        "  │  asks for find_order",
        " 3  <time>  <time>  ├─ execute_tool find_order  ok",
        " 4  <time>  <time>  ├─ chat gpt-4.1-mini  289→20  $0.000148  ok",
        "  │  2 attempts: 429 200",
        "  │  asks for track_parcel",
        " 5  <time>  <time>  ├─ execute_tool track_parcel  CarrierTimeout",
        "  │  NordPost did not say where NP-5512 is",
        " 6  <time>  <time>  ├─ chat gpt-4.1-mini  341→24  $0.000098  ok",
        "  │  asks for issue_refund",
        " 7  <time>  <time>  ├─ review_refund  ok",
        " 8  <time>  <time>  │  └─ chat claude-sonnet-4-0  74→21  $0.000537  ok",
        " 9  <time>  <time>  ├─ execute_tool issue_refund  ok",
        "10  <time>  <time>  ├─ chat gpt-4.1-mini  402→8  $0.000097  ok",
        "11  <time>  <time>  └─ chat gpt-4.1-mini  431→39  $0.000158  <time>  ok",
        "● ses_<id>  6 LLM calls, 3 tools, 2 actions, 1 error, 1 retry, 1,749 in / 130 out tokens, $0.0012, <time>",
      ]
    `);
    expect(stdout).toContain('I am sorry: the carrier cannot tell us');
    expect(stdout).toMatch(/Try next\n {2}npx hindcast show last/);
    expect((await hindcast(['verify', '--all', '--dir', join(folder, 'demo')])).code).toBe(0);
  });

  test('the recording holds what was said, and no key', async () => {
    const [session] = JSON.parse((await hindcast(['ls', '--json', '--dir', join(folder, 'demo')])).stdout) as { path: string }[];
    const text = readFileSync(session?.path ?? '', 'utf8');
    expect(text).toContain('Where are my boots?');
    expect(text).not.toMatch(/demo-[0-9a-f]{16}/);
  });

  test('installed where the SDKs are not: they are taken from the working directory, or asked for', async () => {
    const far = newFolder();
    const main = installAway(far);
    const app = join(far, 'app');
    link(app, 'openai');
    const missing = await hindcast(['demo', '--dir', join(far, 'demo')], { main, cwd: app });
    expect(missing).toMatchObject({ code: 1, stdout: '' });
    expect(missing.stderr).toMatch(/@anthropic-ai\/sdk cannot be found[^]*npm i @anthropic-ai\/sdk/);
    link(app, '@anthropic-ai/sdk');
    const found = await hindcast(['demo', '--json', '--dir', join(far, 'demo')], { main, cwd: app });
    expect([found.stderr, found.code]).toEqual(['', 0]);
    expect(JSON.parse(found.stdout)).toMatchObject({ state: 'ended', stats: { llm: 6, tools: 3, errors: 1, retries: 1 } });
    rmSync(far, { recursive: true });
  });
});

/** The package as it is installed, in a tree of its own that has its dependencies and nothing else. */
function installAway(far: string): string {
  const home = join(far, 'tool/node_modules/hindcast');
  cpSync(join(root, 'dist'), join(home, 'dist'), { recursive: true });
  cpSync(join(root, 'package.json'), join(home, 'package.json'));
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { dependencies: object };
  for (const name of Object.keys(dependencies)) link(join(far, 'tool'), name);
  return join(home, 'dist/cli/main.js');
}

function link(folder: string, name: string): void {
  const at = join(folder, 'node_modules', name);
  mkdirSync(dirname(at), { recursive: true });
  symlinkSync(join(root, 'node_modules', name), at);
}

describe('O1 the quick start', () => {
  test('examples/quick-start.mjs is recorded by its one line', async () => {
    const env = cleanEnv({ HINDCAST_DIR: join(folder, 'quick'), OPENAI_API_KEY: 'sk-none', OPENAI_BASE_URL: `${server.url}/v1` });
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [join(root, 'examples/quick-start.mjs')], { env });
    expect(stdout).toBe('Hello there.\n');
    expect(stderr).toMatch(/recording ses_\w+ \(full\) to .*quick[^]*1 LLM call/);
    const shown = await hindcast(['show', '--dir', join(folder, 'quick'), 'last', '1']);
    expect(shown.stdout).toMatch(/Say hello\.[^]*Hello there\./);
  });
});
