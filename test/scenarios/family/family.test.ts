/** S3: what processes start and ask each other is one tree with one sum. Real processes, the real SDK, a server of ours in place of the provider. */
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { familyEvents, familyTotals, sessionTrees } from '../../../src/analysis/family.ts';
import type { FamilyNode } from '../../../src/analysis/family.ts';
import { buildTree } from '../../../src/cli/tree.ts';
import type { TreeNode } from '../../../src/cli/tree.ts';
import { readRecording } from '../../../src/recording/recording.ts';
import type { Recording } from '../../../src/recording/recording.ts';
import { hindcast } from '../../cli/process.ts';

const HANG_MS = 60_000;
const provider = createServer((request, response) => {
  let body = '';
  request.setEncoding('utf8').on('data', (text: string) => (body += text));
  request.on('end', () => {
    const { messages } = JSON.parse(body) as { messages: { content: string }[] };
    response.setHeader('content-type', 'application/json');
    const message = { role: 'assistant', content: `echo ${messages[0]!.content}` };
    const usage = { prompt_tokens: 3, completion_tokens: 1, total_tokens: 4 };
    const choices = [{ index: 0, message, finish_reason: 'stop' }];
    response.end(JSON.stringify({ id: 'c', object: 'chat.completion', created: 1, model: 'gpt-4o-mini', choices, usage }));
  });
});
const made: string[] = [];

beforeAll(async () => {
  provider.listen(0, '127.0.0.1');
  await once(provider, 'listening');
});
afterAll(() => {
  provider.close();
  provider.closeAllConnections();
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});

function project(): string {
  const cwd = mkdtempSync(join(tmpdir(), 'hindcast-family-'));
  made.push(cwd);
  mkdirSync(join(cwd, '.hindcast'));
  mkdirSync(join(cwd, 'out'));
  return cwd;
}

const program = (name: string): string => join(import.meta.dirname, `${name}.mjs`);
const environment = (more: Record<string, string> = {}): Record<string, string> => ({
  PATH: process.env['PATH'] ?? '',
  HOME: process.env['HOME'] ?? '',
  BASE_URL: `http://127.0.0.1:${(provider.address() as AddressInfo).port}/v1`,
  HINDCAST_HOST_INFO: 'off',
  ...more,
});

async function run(cwd: string, args: string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, args, { cwd, env: environment(env) });
  const guard = setTimeout(() => child.kill('SIGKILL'), HANG_MS);
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(guard);
  return { stdout, stderr, code };
}

function recorded(cwd: string): Recording[] {
  const folder = join(cwd, '.hindcast/recordings');
  return readdirSync(folder)
    .filter((name) => name.endsWith('.jsonl'))
    .map((name) => readRecording(join(folder, name)));
}

const envOf = (cwd: string, name: string): Record<string, string> =>
  JSON.parse(readFileSync(join(cwd, 'out', name), 'utf8')) as Record<string, string>;

const agentOf = ({ header }: Recording): string => header.agent?.id ?? header.name ?? '';
const shape = ({ parts, children }: FamilyNode<Recording>): string =>
  `${agentOf(parts[0]!)}${children.length === 0 ? '' : `(${children.map(shape).toSorted().join(' ')})`}`;
const drawn = ({ name, children }: TreeNode): string =>
  `${name}${children.length === 0 ? '' : `(${children.map(drawn).toSorted().join(' ')})`}`;

describe('S3 a process that starts others', () => {
  it('is one tree with them, and with what they start; the totals are the sum; what it prints and its exit code are as without', async () => {
    const cwd = project();
    const recordedRun = await run(cwd, [program('parent')]);
    const bare = await run(project(), [program('parent')], { HINDCAST_ENABLED: 'false' });
    expect([recordedRun.stdout, recordedRun.code]).toEqual([bare.stdout, 7]);
    expect(bare.code).toBe(7);

    const recordings = recorded(cwd);
    const [root, ...others] = sessionTrees(recordings);
    expect(others).toEqual([]);
    expect(shape(root!)).toBe('parent(forked(deeper) in-a-tool spawned)');
    const { events, open, notes } = familyEvents(root!);
    expect(buildTree({ events, open, notes }).map(drawn).toSorted()).toEqual([
      'chat gpt-4o-mini',
      'chat gpt-4o-mini',
      'chat gpt-4o-mini',
      'execute_tool delegate(chat gpt-4o-mini)',
    ]);
    const parent = recordings.find((recording) => agentOf(recording) === 'parent')!;
    const tool = parent.events.find(({ type }) => type === 'tool')!;
    const inTool = recordings.find((recording) => agentOf(recording) === 'in-a-tool')!;
    expect(inTool.header).toMatchObject({
      parent: parent.header.id,
      trace: tool.trace,
      within: { trace: tool.trace, span: tool.id },
    });
    expect(inTool.events[0]).toMatchObject({ parent: tool.id, trace: tool.trace });
    expect(familyTotals(root!)).toMatchObject({ events: 5, llm: 4, tools: 1, tokens: { input: 12, output: 4 } });
    expect(familyTotals(root!).durationMs).toBe(parent.end!.stats.durationMs);

    const shown = await hindcast(['show', 'last'], { cwd });
    expect(shown.stdout).toContain(`● ${parent.header.id} and 4 sessions in it  4 LLM calls, 1 tool, 12 in / 4 out tokens`);
    for (const { header } of recordings) expect(shown.stdout).toContain(header.id);
    const json = JSON.parse((await hindcast(['show', inTool.header.id, '--json'], { cwd })).stdout) as {
      stats: { llm: number };
      sessions: object[];
    };
    expect([json.stats.llm, json.sessions.length]).toEqual([4, 5]);
    const alone = await hindcast(['show', inTool.header.id, '--alone'], { cwd });
    expect(alone.stdout).toContain(`part of ${parent.header.id}`);
    expect(alone.stdout).toContain(`● ${inTool.header.id}  1 LLM call, 3 in / 1 out tokens`);
  }, 120_000);

  it('gives every child the two variables and nothing else, whatever starts it, and changes nothing that the app holds', async () => {
    const cwd = project();
    const { stdout, stderr, code } = await run(cwd, [program('ways'), join(cwd, 'out')]);
    expect([code, stderr.replaceAll(/^(hindcast: recording|● ).*\n/gm, '')]).toEqual([0, '']);
    expect(stdout).toBe(`printed printed\n${'ERR_INVALID_ARG_TYPE\n'.repeat(5)}spawnSync 3 2 true\nprinted printed\ntrue\n`);
    const [parent] = recorded(cwd);
    const [event] = parent!.events;
    const traceparent = `00-${event!.trace}-${event!.id}-01`;
    for (const way of ['spawn', 'fork', 'exec', 'execFile', 'spawnSync', 'execFileSync', 'execSync']) {
      const { HINDCAST_PARENT_SESSION, HINDCAST_TRACEPARENT, ...rest } = envOf(cwd, way);
      expect({ way, HINDCAST_PARENT_SESSION, HINDCAST_TRACEPARENT }).toEqual({
        way,
        HINDCAST_PARENT_SESSION: parent!.header.id,
        HINDCAST_TRACEPARENT: traceparent,
      });
      expect(rest).toEqual(envOf(cwd, `${way}After`));
    }
    for (const way of ['bare', 'bareFile', 'bareShell']) {
      const env = envOf(cwd, way);
      expect([env['HINDCAST_PARENT_SESSION'], env['HINDCAST_TRACEPARENT']]).toEqual([parent!.header.id, undefined]);
    }
    expect(envOf(cwd, 'told')).toMatchObject({ HINDCAST_PARENT_SESSION: 'ses_other' });
    expect(envOf(cwd, 'told')).not.toHaveProperty('HINDCAST_TRACEPARENT');
    expect(envOf(cwd, 'nothing')['HINDCAST_PARENT_SESSION']).toBe('');
  }, 120_000);

  test.each(['import', 'require', 'builtin'])('that loads node:child_process late, by %s', async (way) => {
    const cwd = project();
    const { stdout, code } = await run(cwd, [program('late'), join(cwd, 'out'), way]);
    expect([stdout, code]).toEqual(['false\n', 0]);
    const [{ header, events }] = recorded(cwd) as [Recording];
    const expected = { HINDCAST_PARENT_SESSION: header.id, HINDCAST_TRACEPARENT: `00-${events[0]!.trace}-${events[0]!.id}-01` };
    expect(envOf(cwd, 'async')).toMatchObject(expected);
    // Who takes a function from there before any child was started has the original.
    if (way === 'builtin') expect(envOf(cwd, 'sync')).not.toHaveProperty('HINDCAST_PARENT_SESSION');
    else expect(envOf(cwd, 'sync')).toMatchObject(expected);
  });

  it('passes on what it was told itself while it records nothing, and tells nothing where that is off', async () => {
    const cwd = project();
    const told = { HINDCAST_PARENT_SESSION: 'ses_above', HINDCAST_TRACEPARENT: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` };
    const register = join(import.meta.dirname, '../../../dist/register.js');
    const line = `require('node:child_process').execFileSync(process.execPath, [${JSON.stringify(program('print-env'))}, 'out/quiet'])`;
    await run(cwd, ['--import', register, '-e', line], told);
    expect(envOf(cwd, 'quiet')).toMatchObject(told);
    await run(cwd, [program('late'), join(cwd, 'out'), 'import'], { HINDCAST_PROPAGATE_CONTEXT: 'false' });
    expect(Object.keys(envOf(cwd, 'sync')).filter((name) => /PARENT/.test(name))).toEqual([]);
    await run(cwd, [program('late'), join(cwd, 'out'), 'import'], told);
    expect(envOf(cwd, 'sync')['HINDCAST_PARENT_SESSION']).not.toBe('ses_above');
    expect(recorded(cwd).filter(({ header }) => header.parent === 'ses_above')).toHaveLength(1);
  });
});

describe('S3 processes that ask each other', () => {
  it('a request carries session and span; the session that answers it is part of that one', async () => {
    const cwd = project();
    const server = fork(program('server'), {
      cwd,
      env: environment(),
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      execArgv: [],
    });
    const closed = once(server, 'close');
    const [port] = (await once(server, 'message')) as [number];
    const { stdout } = await run(cwd, [program('caller'), `http://127.0.0.1:${port}`]);
    expect(stdout).toBe('echo /one\necho /two\n');
    server.send('stop');
    await closed;
    const recordings = recorded(cwd);
    expect(sessionTrees(recordings).map(shape).toSorted()).toEqual(['/two', 'caller(/one)']);
    const root = sessionTrees(recordings).find(({ children }) => children.length > 0)!;
    expect(buildTree(familyEvents(root)).map(drawn)).toEqual(['execute_tool summarise(chat gpt-4o-mini)']);
  }, 60_000);
});

describe('S2 S3 what the environment says', () => {
  it('processes of one id are one session; a trace of others is joined; the end is not said where it is not wanted', async () => {
    const cwd = project();
    const TRACEPARENT = `00-${'c'.repeat(32)}-${'d'.repeat(16)}-01`;
    const env = { HINDCAST_SESSION_ID: 'job-7', HINDCAST_SESSION_NAME: 'nightly', TRACEPARENT };
    await run(cwd, [program('worker'), 'first', 'second'], env);
    const recordings = recorded(cwd);
    const [root, ...more] = sessionTrees(recordings);
    expect([root!.id, root!.parts.length, root!.children, more]).toEqual(['job-7', 2, [], []]);
    expect(recordings.map(({ header }) => [header.id, header.name, header.parent, header.trace])).toEqual([
      ['job-7', 'nightly', undefined, 'c'.repeat(32)],
      ['job-7', 'nightly', undefined, 'c'.repeat(32)],
    ]);
    expect(recordings.flatMap(({ events }) => events.map(({ parent, trace }) => [parent, trace]))).toEqual([
      ['d'.repeat(16), 'c'.repeat(32)],
      ['d'.repeat(16), 'c'.repeat(32)],
    ]);
    const listed = (await hindcast(['ls'], { cwd })).stdout.split('\n').slice(1, -1);
    expect(listed.map((row) => row.split(/ {2,}/)[0])).toEqual(['job-7', 'job-7.2']);
    expect(listed[1]).toMatch(/more of job-7$/);
    expect((await hindcast(['show', 'job-7.2'], { cwd })).stdout).toContain('● job-7  2 LLM calls, 6 in / 2 out tokens');

    const other = project();
    await run(other, [program('worker'), 'left'], { HINDCAST_AUTO_END: 'false' });
    expect(recorded(other)[0]!.end).toMatchObject({ state: 'indeterminate', reason: 'not_ended', exitCode: 0 });
    const none = project();
    await run(none, [program('worker'), 'unseen'], { HINDCAST_AUTO_START: 'false' });
    expect(readdirSync(join(none, '.hindcast'))).not.toContain('recordings');
  }, 60_000);
});
