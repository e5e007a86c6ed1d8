/** H1, H2, V5: what a session ran on, looked up beside the program by a process of its own. Real processes. */
import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { cpus, hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import type { HostFacts, HostLine, Line } from '../../src/events/lines.ts';
import { readRecording } from '../../src/recording/recording.ts';

const root = join(import.meta.dirname, '../..');
const HINDCAST = pathToFileURL(join(root, 'src/index.ts')).href;
const CLI = join(root, 'src/cli/main.ts');
/** A hang guard, no measure. */
const HANG_MS = 30_000;
const made: string[] = [];

/** A project with a lockfile, a declared package that is installed, and a `.hindcast` folder. */
function project(): string {
  const dir = mkdtempSync(join(tmpdir(), 'hindcast-canary-project-'));
  made.push(dir);
  mkdirSync(join(dir, '.hindcast'));
  mkdirSync(join(dir, 'node_modules/plain'), { recursive: true });
  writeFileSync(join(dir, 'node_modules/plain/package.json'), '{"name":"plain","version":"3.2.1"}');
  writeFileSync(join(dir, 'node_modules/plain/index.js'), 'module.exports = 1;');
  writeFileSync(join(dir, 'package.json'), '{"name":"app","type":"module","dependencies":{"plain":"^3.0.0","absent":"^1.0.0"}}');
  writeFileSync(join(dir, 'package-lock.json'), '{}');
  writeFileSync(
    join(dir, 'agent.mjs'),
    `import { createRequire } from 'node:module';
    import { existsSync } from 'node:fs';
    import { join } from 'node:path';
    const [where, until] = process.argv.slice(2);
    const { init, startSession, recordAction, flush } = await import(where);
    createRequire(import.meta.url)('plain');
    init();
    const session = startSession();
    session.run(recordAction('work', () => {}));
    const file = join(import.meta.dirname, '.hindcast/host.json');
    if (until === 'ever') await new Promise((resolve) => setTimeout(resolve, 60_000));
    if (until === 'known') while (!existsSync(file)) await new Promise((resolve) => setTimeout(resolve, 20));
    const pending = process._getActiveHandles().length;
    await flush();
    session.end();
    console.log(JSON.stringify({ known: existsSync(file), pending }));`,
  );
  return dir;
}

afterAll(() => {
  for (const dir of made) rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
});

const env = (more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
  PATH: process.env['PATH'],
  HOME: process.env['HOME'],
  HINDCAST_QUIET: '1',
  NODE_NO_WARNINGS: '1',
  ...more,
});

interface Ran {
  stdout: string;
  stderr: string;
  status: number | null;
}

function run(dir: string, { until = 'at once', at = HINDCAST, ...more }: NodeJS.ProcessEnv = {}): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(dir, 'agent.mjs'), at, until], { cwd: dir, env: env(more), timeout: HANG_MS });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', reject);
    child.on('close', (status) => resolve({ stdout, stderr, status }));
  });
}

const fileOf = (dir: string): string => join(dir, '.hindcast/host.json');
const lockOf = (dir: string): string => join(dir, '.hindcast/host.lock');

async function until(holds: () => boolean, what: string): Promise<void> {
  for (let waited = 0; !holds(); waited += 20) {
    if (waited > HANG_MS) throw new Error(`never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The lookup is over, whether or not it found anything. */
const lookedUp = (dir: string): Promise<void> => until(() => existsSync(fileOf(dir)) && !existsSync(lockOf(dir)), 'host.json');

/** Paths of the recordings, oldest first. */
function recordings(dir: string): string[] {
  const folder = join(dir, '.hindcast/recordings');
  return readdirSync(folder)
    .filter((name) => name.endsWith('.jsonl'))
    .map((name) => join(folder, name))
    .sort((a, b) => statSync(a).mtimeMs - statSync(b).mtimeMs);
}

function hostLines(path: string): HostLine[] {
  const lines = readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
  return lines.filter((line): line is HostLine => line.k === 'host');
}

/** What is known on this machine, whatever it is. */
function expectFacts(host: HostFacts | undefined, dir: string): void {
  expect(host).toMatchObject({
    os: {
      platform: process.platform,
      arch: process.arch,
      kernel: expect.stringMatching(/\d/),
      distro: expect.stringMatching(/\w/),
    },
    cpu: { cores: cpus().length, brand: expect.stringMatching(/\w/) },
    memory: { total: expect.any(Number), free: expect.any(Number) },
    disk: { total: expect.any(Number), free: expect.any(Number) },
    packageManager: expect.stringMatching(/^npm/),
    projectRoot: dir,
    packages: { declared: { plain: '3.2.1', absent: '^1.0.0' }, loaded: { plain: '3.2.1' } },
  });
  expect(host?.memory?.total).toBeGreaterThan(host?.memory?.free ?? 0);
}

describe('H2 the lookup', () => {
  test('the first start has it looked up and does not wait; the second has it from its beginning', async () => {
    const dir = project();
    const first = await run(dir);
    expect(first).toMatchObject({ status: 0, stderr: '' });
    await lookedUp(dir);
    expect(statSync(fileOf(dir)).mode & 0o777).toBe(0o600);
    const { mtimeMs } = statSync(fileOf(dir));
    await run(dir);
    const [one, two] = recordings(dir);
    if (JSON.parse(first.stdout).known === false) expect(hostLines(one!)).toEqual([]);
    const lines = hostLines(two!);
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatchObject({ s: 1, h: { projectRoot: dir } });
    expect(lines[1]?.h).toEqual({ packages: { loaded: expect.any(Object) } });
    expectFacts(readRecording(two!).host, dir);
    // Known is known: nobody looks again.
    expect(existsSync(lockOf(dir))).toBe(false);
    expect(statSync(fileOf(dir)).mtimeMs).toBe(mtimeMs);
  });

  test('a process that lives long enough has it at its end', async () => {
    const dir = project();
    await run(dir, { until: 'known' });
    const [one] = recordings(dir);
    expect(hostLines(one!)).toHaveLength(2);
    expectFacts(readRecording(one!).host, dir);
  });

  test('a session that goes on has it before its end', async () => {
    const dir = project();
    const child = spawn(process.execPath, [join(dir, 'agent.mjs'), HINDCAST, 'ever'], { cwd: dir, env: env(), stdio: 'ignore' });
    await until(() => existsSync(fileOf(dir)) && recordings(dir).some((path) => hostLines(path).length === 1), 'a host line');
    child.kill('SIGKILL');
    await new Promise((resolve) => child.on('close', resolve));
    const { state, host } = readRecording(recordings(dir)[0]!);
    expect([state, host?.projectRoot]).toEqual(['crashed', dir]);
  });

  test.skipIf(process.platform === 'win32')(
    'a command that hangs: the program ends long before, and the rest is known',
    async () => {
      const dir = project();
      const bin = join(dir, 'bin');
      mkdirSync(bin);
      writeFileSync(join(bin, 'lscpu'), `#!/bin/sh\necho $$ > ${join(dir, 'hung')}\nexec sleep 600\n`);
      chmodSync(join(bin, 'lscpu'), 0o755);
      const { stdout, status } = await run(dir, { PATH: `${bin}:${process.env['PATH']}` });
      expect([status, JSON.parse(stdout)]).toEqual([0, { known: false, pending: expect.any(Number) }]);
      expect(existsSync(lockOf(dir))).toBe(true);
      await lookedUp(dir);
      await run(dir);
      const { host } = readRecording(recordings(dir).at(-1)!);
      expect(host).not.toHaveProperty('cpu');
      expect(host).toMatchObject({ os: { platform: process.platform }, memory: {}, projectRoot: dir });
      // Nothing of it stays behind.
      const pid = Number(readFileSync(join(dir, 'hung'), 'utf8'));
      await until(() => spawnSync('kill', ['-0', String(pid)]).status !== 0, 'the hung command is gone');
    },
  );

  test('no commands, no home: what Node knows by itself', async () => {
    const dir = project();
    await run(dir, { PATH: '/nowhere', HOME: '/nowhere' });
    await lookedUp(dir);
    await run(dir);
    expectFacts(readRecording(recordings(dir).at(-1)!).host, dir);
  });

  test.each([
    ['off', { HINDCAST_HOST_INFO: 'off' }],
    ['a metadata recording', { HINDCAST_RECORD: 'metadata' }],
    ['asked for in a metadata recording', { HINDCAST_RECORD: 'metadata', HINDCAST_HOST_INFO: 'on' }],
  ])('V5 %s: no lookup, no file, no line', async (_name, more) => {
    const dir = project();
    await run(dir, { until: 'at once' });
    await lookedUp(dir);
    rmSync(fileOf(dir));
    const { stderr } = await run(dir, more);
    expect(stderr.includes('hostInfo needs a full recording')).toBe((more as NodeJS.ProcessEnv)['HINDCAST_HOST_INFO'] === 'on');
    // The lookup would have been started by the end of the process, with its lock taken.
    expect(readdirSync(join(dir, '.hindcast')).sort()).toEqual(['.gitignore', 'recordings']);
    expect(hostLines(recordings(dir).at(-1)!)).toEqual([]);
  });

  test('a folder that cannot be written changes nothing for the program', async () => {
    const dir = project();
    const plain = await run(dir, { HINDCAST_HOST_INFO: 'off', HINDCAST_DIR: '/proc/hindcast', HINDCAST_LOG_LEVEL: 'off' });
    const watched = await run(dir, { HINDCAST_DIR: '/proc/hindcast', HINDCAST_LOG_LEVEL: 'off' });
    expect(watched).toEqual(plain);
    expect(watched.status).toBe(0);
  });

  test('it keeps no handle of the program, and is no child that is told of a session', async () => {
    const dir = project();
    const off = JSON.parse((await run(dir, { HINDCAST_HOST_INFO: 'off' })).stdout) as { pending: number };
    const on = JSON.parse((await run(dir)).stdout) as { pending: number };
    expect(on.pending).toBe(off.pending);
    await lookedUp(dir);
    // Nothing began for the sake of telling it.
    expect(recordings(dir)).toHaveLength(2);
  });
});

describe('V5 where it goes', () => {
  test('nothing of it is exported', async () => {
    const bodies: Buffer[] = [];
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.concat(chunks);
        bodies.push(request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body);
        bodies.push(Buffer.from(JSON.stringify(request.headers)));
        response.end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const dir = project();
    await run(dir);
    await lookedUp(dir);
    await run(dir, { HINDCAST_ENDPOINT: endpoint, HINDCAST_CAPTURE_CONTENT: '1' });
    server.close();
    server.closeAllConnections();
    const { host } = readRecording(recordings(dir).at(-1)!);
    expectFacts(host, dir);
    const wire = Buffer.concat(bodies).toString('latin1');
    expect(wire).toContain('work');
    const secret = [
      dir,
      'hindcast-canary-project',
      host?.cpu?.brand,
      host?.os?.kernel,
      String(host?.memory?.total),
      'absent',
      hostname(),
    ];
    for (const word of secret) expect(word === undefined || word.length < 4 || !wire.includes(word), word).toBe(true);
  });

  test('show --host prints it, and --json has it', async () => {
    const dir = project();
    await run(dir);
    await lookedUp(dir);
    await run(dir);
    const show = (...args: string[]): string =>
      spawnSync(process.execPath, [CLI, 'show', ...args], { cwd: dir, env: env(), encoding: 'utf8' }).stdout;
    expect(show()).not.toContain('processor');
    const shown = show('--host');
    for (const part of [
      'processor',
      'memory',
      `project +${dir}`,
      'declared +absent \\^1.0.0, plain 3.2.1',
      'loaded +plain 3.2.1',
    ])
      expect(shown).toMatch(new RegExp(`^ +${part}`, 'm'));
    expectFacts((JSON.parse(show('--json')) as { host: HostFacts }).host, dir);
  });
});

test('the built package finds the program that looks it up', async () => {
  const built = join(root, 'dist/index.js');
  expect(existsSync(built), 'npm run build').toBe(true);
  const dir = project();
  await run(dir, { at: pathToFileURL(built).href });
  await lookedUp(dir);
  expect(readFileSync(fileOf(dir), 'utf8')).toContain('"plain":"3.2.1"');
});
