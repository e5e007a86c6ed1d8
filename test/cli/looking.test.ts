/** `ls`, `show`, `verify`, `repair`, `config show`, `doctor`: in a real process, on recordings that are the same every time. */
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hindcast, newFolder } from './process.ts';
import { EPOCH_US, idOf, writeAgent, WrittenRecording } from './written.ts';

let folder: string;
let dir: string;

beforeAll(() => {
  folder = newFolder();
  dir = join(folder, '.hindcast');
  writeAgent(dir);
  new WrittenRecording(dir, 'ses_bbbb00000002', { epoch: EPOCH_US + 60e6, argv: ['/usr/bin/node', '/srv/crash.ts'] })
    .event({ id: idOf(9), type: 'tool', name: 'execute_tool look', start: 1000, end: 2000 })
    .open(idOf(8), 3000, 'chat gpt-4.1');
  new WrittenRecording(dir, 'ses_cccc00000003', { epoch: EPOCH_US + 120e6, name: 'nightly' }).end({
    state: 'failure',
    reason: 'exception',
    exitCode: 1,
  });
  new WrittenRecording(dir, 'ses_dddd00000004', { epoch: Date.now() * 1000, pid: process.pid, name: 'alive' }).open(
    idOf(7),
    5,
    'chat o3',
  );
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = (...args: string[]) => hindcast(args, { cwd: folder });

describe('L1 ls', () => {
  test('newest first, each with its state', async () => {
    const { stdout, stderr, code } = await run('ls');
    expect(stdout.replace(/(?<=dddd\S+ +)\S+ \S+/, 'just now           ')).toMatchInlineSnapshot(`
      "session           started              agent          events  tokens       cost    took  state
      ses_dddd00000004  just now             alive               0                             running
      ses_cccc00000003  2026-03-01 12:02:00  nightly             0                     1.50 s  failed   exception, exit code 1
      ses_bbbb00000002  2026-03-01 12:01:00  crash.ts            1                             crashed
      ses_aaaa00000001  2026-03-01 12:00:00  support 1.4.0       3  212→18  $0.000114  1.50 s  ok
      "
    `);
    expect([stderr, code]).toEqual(['', 0]);
  });

  test('-n cuts the list and says so', async () => {
    const { stdout, stderr } = await run('ls', '-n', '1');
    expect(stdout.trim().split('\n')).toHaveLength(2);
    expect(stderr).toContain('3 more sessions: hindcast ls -n 4');
    expect((await run('ls', '-n', '1', '-q')).stderr).toBe('');
  });

  test('--json, before the verb or after it, is one array', async () => {
    const after = await run('ls', '--json');
    const sessions = JSON.parse(after.stdout) as Record<string, unknown>[];
    expect(sessions.map(({ id, state }) => `${id as string} ${state as string}`)).toEqual([
      'ses_dddd00000004 recording',
      'ses_cccc00000003 ended',
      'ses_bbbb00000002 crashed',
      'ses_aaaa00000001 ended',
    ]);
    expect(sessions[3]).toMatchObject({ startedAt: '2026-03-01T12:00:00.000Z', agent: { id: 'support' }, stats: { llm: 1 } });
    expect((await run('--json', 'ls')).stdout).toBe(after.stdout);
  });

  test('R14 the project is found from a folder below it; --dir names another', async () => {
    const below = join(folder, 'packages/a/src');
    mkdirSync(below, { recursive: true });
    const here = await run('ls');
    expect((await hindcast(['ls'], { cwd: below })).stdout).toBe(here.stdout);
    expect((await hindcast(['ls', '--dir', dir])).stdout).toBe(here.stdout);
    expect((await hindcast(['ls', '--dir', folder])).stdout).toBe(here.stdout);
    expect((await hindcast(['ls'], { env: { HINDCAST_DIR: dir } })).stdout).toBe(here.stdout);
  });

  test('nothing recorded is no failure, and says what to do', async () => {
    const empty = newFolder();
    const { stdout, stderr, code } = await hindcast(['ls', '--dir', join(empty, '.hindcast')]);
    expect([stdout, code]).toEqual(['', 0]);
    expect(stderr).toMatch(/No sessions are recorded in .*\n.*hindcast run -- node agent\.js/);
    expect(existsSync(join(empty, '.hindcast'))).toBe(false);
    rmSync(empty, { recursive: true });
  });
});

describe('L1 show', () => {
  test('the tree of a session', async () => {
    const { stdout, stderr, code } = await run('show', 'ses_aaaa');
    expect(stdout).toMatchInlineSnapshot(`
      "ses_aaaa00000001  support 1.4.0  ok
      2026-03-01 12:00:00, pid 4206649, Node v24.0.0, with content, 3.2 KB

      #        at     took  event                       tokens       cost  status
      1  +0.010 s   1.39 s  answer_customer                                ok
                            │  decision tool_selection: tool_unavailable → refund (of 2, confidence 0.8)
      2  +0.012 s   310 ms  ├─ chat gpt-4.1-mini        212→18  $0.000114  ok
                            │     3 attempts: 503 429 200
                            │     asks for find_order
      3  +0.330 s  60.0 ms  └─ execute_tool find_order                     CarrierTimeout
                                  no answer

      ● ses_aaaa00000001  1 LLM call, 1 tool, 1 action, 1 error, 2 retries, 212 in / 18 out tokens, $0.0001, 1.5 s
      "
    `);
    expect([stderr, code]).toEqual(['', 0]);
  });

  test('a crashed session shows what never ended', async () => {
    expect((await run('show', 'bbbb')).stdout).toMatchInlineSnapshot(`
      "ses_bbbb00000002  crash.ts  crashed
      2026-03-01 12:01:00, pid 4206649, Node v24.0.0, with content, 591 B

      #        at    took  event              status
      1  +0.001 s  1.0 ms  execute_tool look  ok
      2  +0.003 s          chat gpt-4.1       unfinished

      ● ses_bbbb00000002  0 LLM calls, 1 tool, 2 ms
      "
    `);
  });

  test('of a session that is alive, an open event is running', async () => {
    expect((await run('show')).stdout).toMatch(/chat o3 {2}running/);
  });

  test('one event: facts, attempts with headers, request and answer', async () => {
    expect((await run('show', 'ses_aaaa', '2')).stdout).toMatchInlineSnapshot(`
      "chat gpt-4.1-mini
        id         0000000000000002
        parent     0000000000000001
        trace      aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
        type       llm
        status     ok
        at         +0.012 s
        took       310 ms
        operation  openai chat_completions chat
        server     api.openai.com:443
        model      gpt-4.1-mini, answered by gpt-4.1-mini-2025-04-14
        settings   temperature 0.2, tools ["find_order"]
        response   finishReasons ["tool_calls"]
        asks for   find_order (call_1)
        tokens     input 212, output 18
        cost       $0.000114 (prices of 2025-08-31)
        retries    3 attempts: 503 429 200

      attempts
        1. POST https://api.openai.com/v1/chat/completions 503 in 40.0 ms, sent +0.013 s
           > authorization: <redacted>
           < content-type: application/json
           body complete, 365 bytes
        2. 429 in 39.0 ms, sent +0.080 s, asked to wait 60 ms, req_b
        3. 200 in 130 ms, sent +0.190 s, req_c

      request
        user
          Where is it?

      answer
        assistant (tool_call)
          ▸ tool_call {"id":"call_1","name":"find_order","arguments":{"order":"1"}}
      "
    `);
  });

  test('an event by the beginning of its id', async () => {
    const { stdout } = await run('show', 'ses_aaaa', idOf(3));
    expect(stdout).toContain('CarrierTimeout');
    expect(stdout).toContain('"order": "1"');
  });

  test('nothing that was recorded reaches the terminal as an escape', async () => {
    for (const args of [
      ['show', 'ses_aaaa'],
      ['show', 'ses_aaaa', '3'],
      ['show', 'ses_aaaa', '3', '-v'],
      ['tail', 'ses_aaaa', '-v'],
    ]) {
      const { stdout } = await run(...args);
      expect(stdout).not.toMatch(/[\u001b\u0007\u009b]/);
    }
  });

  test('--json holds the whole structure', async () => {
    const shown = JSON.parse((await run('show', 'ses_aaaa', '--json')).stdout);
    expect(shown).toMatchObject({
      state: 'ended',
      session: { id: 'ses_aaaa00000001' },
      end: { state: 'success' },
      stats: { events: 3 },
      problems: [],
    });
    expect(shown.events).toHaveLength(1);
    expect(shown.events[0].children.map((node: { event: { type: string } }) => node.event.type)).toEqual(['llm', 'tool']);
    const event = JSON.parse((await run('show', 'ses_aaaa', '2', '--json')).stdout);
    expect(event).toMatchObject({
      number: 2,
      event: { id: idOf(2) },
      exchanges: [{ status: 200, request: expect.stringContaining('Where is it?') }],
      messages: { input: [{ role: 'user' }], output: [{ finish_reason: 'tool_call' }] },
    });
  });

  test.each([
    ['an unknown session', ['show', 'nope'], 1, /begins with "nope".*hindcast ls/],
    ['an ambiguous one', ['show', 'ses_'], 1, /beginning of 4 recordings/],
    ['an unknown event', ['show', 'ses_aaaa', '99'], 1, /No event .*"99"[^]*numbers all 3/],
    ['an ambiguous event', ['show', 'ses_aaaa', '00'], 1, /beginning of 3 event ids/],
    ['an unknown verb', ['shwo'], 2, /unknown command 'shwo'[^]*Did you mean show/],
    ['an unknown option', ['show', '--colour'], 2, /unknown option '--colour'[^]*hindcast show --help/],
    ['a bad number', ['ls', '-n', '0'], 2, /whole number/],
    ['too many arguments', ['ls', 'x'], 2, /too many arguments/],
    ['no session to repair', ['repair'], 2, /missing required argument/],
    ['no verb', [], 2, /^$/],
  ])('%s: exit code and what to do next', async (_what, args, code, message) => {
    const ended = await run(...args);
    expect(ended.code).toBe(code);
    expect(ended.stderr).toMatch(message);
    expect(ended.stderr).not.toContain('    at ');
  });

  test('every verb has help with examples', async () => {
    const verbs = ['run', 'ls', 'show', 'tail', 'verify', 'repair', 'config', 'doctor', 'demo'];
    const { stdout, code } = await run('--help');
    expect(code).toBe(0);
    for (const verb of verbs) {
      expect(stdout).toMatch(new RegExp(`^  ${verb}\\b`, 'm'));
      const help = await run(verb, '--help');
      expect([verb, help.code]).toEqual([verb, 0]);
      expect(help.stdout).toMatch(/Examples:\n {2}hindcast /);
      for (const option of ['--json', '--verbose', '--quiet', '--dir']) expect(help.stdout).toContain(option);
    }
    expect((await run('--version')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test('C7 colours only when asked for where stdout is no terminal, and never with NO_COLOR', async () => {
    const coloured = await hindcast(['show', 'ses_aaaa'], { cwd: folder, env: { NO_COLOR: undefined, FORCE_COLOR: '1' } });
    expect(coloured.stdout).toContain('\u001b[');
    const piped = await hindcast(['show', 'ses_aaaa'], { cwd: folder, env: { NO_COLOR: undefined } });
    expect(piped.stdout).not.toContain('\u001b[');
  });

  test('a narrow terminal gets no line longer than it is wide', async () => {
    const { stdout } = await hindcast(['show', 'ses_aaaa'], { cwd: folder, env: { COLUMNS: '64' } });
    const tree = stdout.split('\n').slice(3, -2);
    expect(Math.max(...tree.map((line) => line.length))).toBeLessThanOrEqual(64);
  });
});

describe('L1 verify and repair', () => {
  test('sound, running and crashed recordings are sound', async () => {
    const { stdout, stderr, code } = await run('verify', '--all');
    expect(stdout.replace(/(?<=dddd.*, )\d+ B/, '<bytes>')).toMatchInlineSnapshot(`
      "✓ ses_dddd00000004  2 sound lines, <bytes>, recording
      ✓ ses_cccc00000003  2 sound lines, 606 B
      ✓ ses_bbbb00000002  3 sound lines, 591 B, crashed
      ✓ ses_aaaa00000001  7 sound lines, 3.2 KB
      "
    `);
    expect([stderr, code]).toEqual(['4 recordings, 0 damaged\n', 0]);
  });

  test('a flipped bit is found by line; repair keeps the rest and the damaged file', async () => {
    const project = newFolder();
    const { path, id } = writeAgent(join(project, '.hindcast'));
    const lines = readFileSync(path, 'utf8').split('\n');
    writeFileSync(path, lines.map((line, i) => (i === 4 ? line.replace('CarrierTimeout', 'CarrierTimeoux') : line)).join('\n'));
    const at = (...args: string[]) => hindcast(args, { cwd: project });

    const found = await at('verify');
    expect(found.code).toBe(1);
    expect(found.stdout).toMatch(/^✗ ses_aaaa00000001 .*1 problem\n {4}line 5 \(byte \d+\) {2}checksum: /);
    expect(found.stderr).toContain(`hindcast repair ${id}`);
    expect((await at('doctor')).code).toBe(1);
    expect((await at('show')).stderr).toContain('line 5');

    const repaired = await at('repair', 'last');
    expect(repaired).toMatchObject({ code: 0, stdout: `✓ ${id}  kept 6 lines, dropped 1\n` });
    expect(existsSync(`${path}.damaged`)).toBe(true);
    expect((await at('verify', 'last')).code).toBe(0);
    expect((await at('repair', 'last')).stdout).toContain('nothing to repair');
    const left = JSON.parse((await at('show', '--json')).stdout);
    expect(left.events[0].children).toHaveLength(1);
    rmSync(project, { recursive: true });
  });

  test('a torn last line is a crash and no damage', async () => {
    const project = newFolder();
    const { path } = new WrittenRecording(join(project, '.hindcast'), 'ses_torn').open(idOf(1), 5, 'chat x');
    writeFileSync(path, readFileSync(path).subarray(0, -9));
    const { stdout, code } = await hindcast(['verify', '--json'], { cwd: project });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject([
      { id: 'ses_torn', state: 'crashed', lines: 1, problems: [{ kind: 'torn', lineNumber: 2 }] },
    ]);
    rmSync(project, { recursive: true });
  });

  test('a recording of a later format is refused with what to do', async () => {
    const project = newFolder();
    new WrittenRecording(join(project, '.hindcast'), 'ses_later', { v: 2 });
    for (const verb of ['show', 'verify', 'repair']) {
      const { code, stderr } = await hindcast([verb, 'last'], { cwd: project });
      expect([verb, code]).toEqual([verb, 1]);
      expect(stderr).toMatch(/format version 2.*newer hindcast/);
    }
    rmSync(project, { recursive: true });
  });
});

describe('C3 config show', () => {
  test('each value with what set it; credentials are not shown', async () => {
    const project = newFolder();
    mkdirSync(join(project, '.hindcast'));
    writeFileSync(
      join(project, 'hindcast.config.json'),
      JSON.stringify({ service: 'from-file', agent: { id: 'a' }, nonsense: 1 }),
    );
    const env = {
      HINDCAST_ENDPOINT: 'https://user:sesame@collector.example:4318',
      HINDCAST_HEADERS: 'authorization=Bearer%20sesame',
      HINDCAST_SERVICE: 'from-env',
    };
    const text = await hindcast(['config', 'show'], { cwd: project, env });
    expect(text.code).toBe(0);
    expect(text.stdout).toMatch(/^service +from-env +HINDCAST_SERVICE$/m);
    expect(text.stdout).toMatch(/^agent\.id +a +.*hindcast\.config\.json$/m);
    expect(text.stdout).toMatch(/^record +auto +default$/m);
    expect(text.stderr).toContain('nonsense');
    const json = await hindcast(['config', 'show', '--json', '--dir', '/elsewhere'], { cwd: project, env });
    const { options, problems } = JSON.parse(json.stdout);
    expect(options).toContainEqual({ name: 'dir', value: '/elsewhere', origin: '--dir' });
    expect(options).toContainEqual({ name: 'exitTimeoutMs', value: 1500, origin: 'default' });
    expect(problems).toHaveLength(1);
    for (const output of [text.stdout, text.stderr, json.stdout]) expect(output).not.toContain('sesame');
    rmSync(project, { recursive: true });
  });
});

describe('L1 doctor', () => {
  const repository = join(import.meta.dirname, '../..');

  test('names each copy of a supported SDK, and makes nothing', async () => {
    const empty = newFolder();
    const { stdout, code } = await hindcast(['doctor', '--json', '--dir', join(empty, '.hindcast')], { cwd: repository });
    expect(code).toBe(0);
    const { ok, checks } = JSON.parse(stdout) as { ok: boolean; checks: { what: string; verdict: string; found: string }[] };
    expect(ok).toBe(true);
    for (const name of ['openai', 'openai-4', 'openai-5', 'openai-6', '@anthropic-ai/sdk', 'anthropic-0']) {
      const { name: real, version } = JSON.parse(readFileSync(join(repository, 'node_modules', name, 'package.json'), 'utf8'));
      expect(checks).toContainEqual({
        what: `${real} ${version}`,
        verdict: 'ok',
        found: expect.stringMatching(/ \(esm, cjs\): [1-9]\d* methods patched/),
      });
      expect(checks.map(({ found }) => found.split(' (')[0])).toContain(join(repository, 'node_modules', name));
    }
    expect(existsSync(join(empty, '.hindcast'))).toBe(false);
    rmSync(empty, { recursive: true });
  });

  test('no SDK, a folder open to others, a bad option: said, with what to do', async () => {
    const project = newFolder();
    const recordings = join(project, '.hindcast/recordings');
    mkdirSync(recordings, { recursive: true });
    chmodSync(recordings, 0o755);
    const { stdout, code } = await hindcast(['doctor'], { cwd: project, env: { HINDCAST_RECORD: 'sometimes' } });
    expect(code).toBe(0);
    expect(stdout).toMatch(/! {2}permissions .*mode 755[^]*chmod 700/);
    expect(stdout).toMatch(/! {2}option +HINDCAST_RECORD/);
    expect(stdout).toMatch(/· {2}SDKs +none of openai, @anthropic-ai\/sdk.* is installed here/);
    expect(statSync(recordings).mode & 0o777).toBe(0o755);
    rmSync(project, { recursive: true });
  });
});
