/** S10: what a program prints is recorded, and its terminal, file or pipe gets what it would have got without. Real processes. */
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import type { EndLine, Line, LogLine } from '../../../src/events/lines.ts';
import { readRecording } from '../../../src/recording/recording.ts';
import { idOf, WrittenRecording } from '../../cli/written.ts';

const PRINTS = join(import.meta.dirname, 'prints.mjs');
const INTERLEAVED = join(import.meta.dirname, 'interleaved.mjs');
const HINDCAST = pathToFileURL(join(import.meta.dirname, '../../../src/index.ts')).href;
const CLI = join(import.meta.dirname, '../../../src/cli/main.ts');
const SCRIPT = '/usr/bin/script';
const made: string[] = [];

function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'hindcast-logs-'));
  made.push(dir);
  mkdirSync(join(dir, '.hindcast'));
  return dir;
}

afterAll(() => {
  for (const dir of made) rmSync(dir, { recursive: true, force: true });
});

const env = (more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
  PATH: process.env['PATH'],
  HINDCAST_QUIET: '1',
  HINDCAST_HOST_INFO: 'off',
  HINDCAST_CAPTURE_LOGS: 'all',
  NODE_NO_WARNINGS: '1',
  ...more,
});

interface Printed {
  stdout: string;
  stderr: string;
  /** Return values, callbacks, errors. */
  seen: unknown[];
  status: number | null;
  dir: string;
}

type Sink = 'pipe' | 'file' | 'terminal';

function print(where: string, sink: Sink, tool: string[] = [], more: NodeJS.ProcessEnv = {}): Printed {
  const dir = folder();
  const seen = join(dir, 'seen.json');
  const args = [PRINTS, where, seen, ...tool];
  const files = [join(dir, 'stdout'), join(dir, 'stderr')] as const;
  const fds = sink === 'file' ? files.map((file) => openSync(file, 'w')) : [];
  const quoted = [process.execPath, ...args].map((arg) => `'${arg}'`).join(' ');
  const [command, given] = sink === 'terminal' ? [SCRIPT, ['-qec', quoted, '/dev/null']] : [process.execPath, args];
  const { stdout, stderr, status } = spawnSync(command, given, {
    cwd: dir,
    env: env(more),
    encoding: 'latin1',
    maxBuffer: 1 << 26,
    stdio: ['ignore', fds[0] ?? 'pipe', fds[1] ?? 'pipe'],
  });
  for (const fd of fds) closeSync(fd);
  const said = existsSync(seen) ? (JSON.parse(readFileSync(seen, 'utf8')) as unknown[]) : [];
  return {
    stdout: fds.length > 0 ? readFileSync(files[0], 'latin1') : stdout,
    stderr: fds.length > 0 ? readFileSync(files[1], 'latin1') : stderr,
    seen: said,
    status,
    dir,
  };
}

function linesOf(dir: string, name?: string): Line[] {
  const recordings = join(dir, '.hindcast/recordings');
  const files = readdirSync(recordings).filter(
    (file) => file.endsWith('.jsonl') && (name === undefined || file === `${name}.jsonl`),
  );
  return files.flatMap((file) =>
    readFileSync(join(recordings, file), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Line),
  );
}

const logsOf = (lines: Line[]): LogLine[] => lines.filter((line): line is LogLine => line.k === 'log');
const textOf = (logs: LogLine[], stream: string): string =>
  logs.flatMap((line) => (line.stream === stream ? [line.text] : [])).join('');

describe('what is printed stays as it is', () => {
  const sinks: Sink[] = ['pipe', 'file', 'terminal'];
  for (const sink of sinks) {
    test.skipIf(sink === 'terminal' && !existsSync(SCRIPT))(`on a ${sink} (a terminal needs ${SCRIPT})`, () => {
      const plain = print('plain', sink);
      const watched = print(HINDCAST, sink);
      expect(plain.seen.length).toBeGreaterThan(20);
      expect(plain.stdout).toContain('the end');
      expect(watched.seen).toEqual(plain.seen);
      expect(watched.stderr).toBe(plain.stderr);
      expect(watched.stdout).toBe(plain.stdout);
      expect(watched.status).toBe(0);
    });
  }

  test.each(['before', 'after'])('with a tool that replaces write %s us', (tool) => {
    const plain = print('plain', 'pipe', [tool]);
    const watched = print(HINDCAST, 'pipe', [tool]);
    expect(plain.stdout).toContain('a ******');
    expect(watched).toMatchObject({ stdout: plain.stdout, stderr: plain.stderr, seen: plain.seen });
  });

  test('all of it is in the recording, as text, with the method of console', () => {
    const { stdout, stderr, dir } = print(HINDCAST, 'pipe');
    const logs = logsOf(linesOf(dir));
    const utf8 = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('utf8');
    // The last line is printed after shutdown().
    expect(`${textOf(logs, 'stdout')}the end\n`).toBe(utf8(stdout));
    expect(textOf(logs, 'stderr')).toBe(utf8(stderr));
    const levelOf = (text: string): string | undefined => logs.find((line) => line.text.includes(text))?.level;
    expect(
      [
        'plain',
        'a secret',
        'boom',
        'warned',
        '│ a',
        'outer',
        'deepest',
        'asserted',
        'c: 1',
        'Trace: traced',
        'from a getter',
      ].map(levelOf),
    ).toEqual(['log', 'info', 'error', 'warn', 'table', 'group', undefined, 'assert', 'count', 'error', 'error']);
    expect(levelOf('[Object]')).toBe('dir');
    expect(logs.find(({ text }) => text === 'text\n')).not.toHaveProperty('level');
    expect(logs.find(({ text }) => text.includes('🎉'))?.text).toBe('🎉\n');
  });

  test('console alone: what its methods printed, and nothing else', () => {
    const { dir } = print(HINDCAST, 'pipe', [], { HINDCAST_CAPTURE_LOGS: 'console' });
    const logs = logsOf(linesOf(dir));
    expect(logs.length).toBeGreaterThan(15);
    expect(logs.filter(({ level }) => level === undefined)).toEqual([]);
    expect(textOf(logs, 'stdout')).not.toContain('piped');
  });

  test.each([
    ['off', { HINDCAST_CAPTURE_LOGS: 'off' }],
    ['metadata', { HINDCAST_RECORD: 'metadata' }],
  ])('%s: nothing is kept, and nothing begins', (_name, more) => {
    const { dir, seen } = print(HINDCAST, 'pipe', [], more);
    expect(seen.length).toBeGreaterThan(20);
    expect(existsSync(join(dir, '.hindcast/recordings'))).toBe(false);
  });
});

describe('two sessions at once', () => {
  const run = (...more: string[]): { dir: string; signal: string | null } => {
    const dir = folder();
    const { signal } = spawnSync(process.execPath, [INTERLEAVED, HINDCAST, ...more], { cwd: dir, env: env(), encoding: 'utf8' });
    return { dir, signal };
  };
  const expected = (name: string, stream: string): string => {
    const steps = Array.from({ length: 10 }, (_, i) => (stream === 'stdout' ? `${name} ${i}\né` : `${name} err ${i}\n`)).join('');
    return stream === 'stdout' ? `${steps}in outer ${name}\nin inner ${name}\nafter inner ${name}\n` : steps;
  };

  test('each has its own lines, in the order of its steps, under its own events', () => {
    const { dir } = run();
    for (const name of ['a', 'b']) {
      const lines = linesOf(dir, `ses_${name}`);
      const logs = logsOf(lines);
      expect(textOf(logs, 'stdout')).toBe(expected(name, 'stdout'));
      expect(textOf(logs, 'stderr')).toBe(expected(name, 'stderr'));
      const order = lines.flatMap((line) => {
        if (line.k === 'open') return [`open ${line.name}`];
        if (line.k === 'event') return [`end ${line.e.name}`];
        return line.k === 'log' && line.on !== undefined ? [line.text.trim()] : [];
      });
      expect(order).toEqual([
        'open outer',
        `in outer ${name}`,
        'open inner',
        `in inner ${name}`,
        'end inner',
        `after inner ${name}`,
        'end outer',
      ]);
      const ids = new Map(lines.flatMap((line) => (line.k === 'open' ? [[line.id, line.name]] : [])));
      expect(logs.flatMap(({ on, text }) => (on === undefined ? [] : [`${ids.get(on)}: ${text.trim()}`]))).toEqual([
        `outer: in outer ${name}`,
        `inner: in inner ${name}`,
        `outer: after inner ${name}`,
      ]);
    }
    const others = readdirSync(join(dir, '.hindcast/recordings')).filter((file) => !/^ses_[ab]\./.test(file));
    expect(others).toHaveLength(1);
    expect(logsOf(linesOf(dir, others[0]?.replace('.jsonl', ''))).map(({ text }) => text)).toEqual(['nobody\n']);
  });

  test('what was printed before a kill is there', () => {
    const { dir, signal } = run('kill');
    expect(signal).toBe('SIGKILL');
    const { logs, end, state } = readRecording(join(dir, '.hindcast/recordings/ses_b.jsonl'));
    expect([state, end]).toEqual(['crashed', undefined]);
    expect(textOf(logs, 'stdout')).toBe(expected('b', 'stdout'));
  });

  test('show says how much there is, and with --logs shows it in its place', () => {
    const { dir } = run();
    const show = (...args: string[]): { stdout: string; stderr: string } =>
      spawnSync(process.execPath, [CLI, 'show', 'ses_a', ...args], { cwd: dir, env: env(), encoding: 'utf8' });
    const short = show();
    expect(short.stdout).not.toContain('inner a');
    expect(short.stderr).toContain('33 log pieces (23 stdout, 10 stderr): --logs shows them');
    const tree = show('--logs').stdout.split('\n');
    const from = tree.findIndex((line) => line.includes('outer'));
    const column = tree[from]?.indexOf('outer');
    expect(tree.slice(from, from + 5).map((line) => line.slice(column).replace(/ +ok$/, ''))).toEqual([
      'outer',
      '├─ stdout log: in outer a',
      '├─ inner',
      '│  └─ stdout log: in inner a',
      '└─ stdout log: after inner a',
    ]);
    const json = JSON.parse(show('--logs', '--json').stdout) as { logs: LogLine[] };
    expect(json.logs).toHaveLength(33);
  });
});

test('a session keeps so much, and says what it does not', () => {
  const dir = folder();
  const program = `
    const { init, startSession } = await import(${JSON.stringify(HINDCAST)});
    init();
    const session = startSession({ id: 'ses_long' });
    session.run(() => {
      process.stdout.write('é'.repeat(100_000));
      process.stdout.write(Buffer.from('é'.repeat(100_000)).subarray(0, -1));
      process.stdout.write(Buffer.from([0xa9]));
      for (let i = 0; i < 100; i++) console.log('x'.repeat(60_000));
    });
    session.end();`;
  spawnSync(process.execPath, ['--input-type=module', '-e', program], { cwd: dir, env: env(), maxBuffer: 1 << 26 });
  const lines = linesOf(dir, 'ses_long');
  const logs = logsOf(lines);
  expect(logs[0]?.text).toBe(`${'é'.repeat(65_536)}… [cut: ${100_000 - 65_536} of 100000 characters]`);
  expect(logs[1]?.text).toBe(`${'é'.repeat(32_768)}… [cut: ${199_999 - 65_536} of 199999 bytes]`);
  // The character that the cut piece ended in the middle of.
  expect(logs[2]?.text).toBe('é');
  const end = lines.find((line): line is EndLine => line.k === 'end');
  const whole = logs.filter(({ text }) => text.startsWith('x')).length;
  expect(whole).toBeGreaterThan(80);
  expect(end?.logsDropped).toEqual({
    pieces: 100 - whole,
    chars: (100 - whole) * 60_001 + (100_000 - 65_536) + (199_999 - 65_536),
  });
});

test('show --logs: no escape sequence of the program reaches the terminal, long pieces are cut, and what no event printed stands at the top', () => {
  const dir = folder();
  const recording = new WrittenRecording(join(dir, '.hindcast'), 'ses_eeee00000005');
  const log = (t: number, text: string, on?: string): unknown =>
    recording.add({ k: 'log', t, stream: 'stdout', text, ...(on === undefined ? {} : { on }) });
  recording.open(idOf(1), 1000, 'chat o3');
  log(500, 'before\n', idOf(99));
  log(2000, 'half a ', idOf(1));
  log(2500, 'line \u001b]0;owned\u0007\u001b[2Jend\n', idOf(1));
  log(3000, Array.from({ length: 50 }, (_, i) => `row ${i}\n`).join(''), idOf(1));
  const show = (...args: string[]): string[] =>
    spawnSync(process.execPath, [CLI, 'show', 'ses_eeee', '--logs', ...args], {
      cwd: dir,
      env: env(),
      encoding: 'utf8',
    }).stdout.split('\n');
  const short = show();
  const text = short.map((line) => line.trim());
  expect(text).toContain('├─ stdout: half a line end');
  expect(short.join('')).not.toContain('\u001b');
  expect(text.indexOf('stdout: before')).toBeLessThan(text.findIndex((line) => line.includes('chat o3')));
  expect(text).toContain('… 10 more lines: --verbose shows them');
  expect(show('--verbose').map((line) => line.trim())).toContain('row 49');
});
