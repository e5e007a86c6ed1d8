/** Child processes: recorded they are as they were, and in a replay none is started. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { newFolder } from '../cli/process.ts';
import { recordMarked, recordMarkedText } from './marked.ts';
import { programAt } from './recorded.ts';
import { startWhimsicalModel } from './whimsical-model.ts';

const RUNS = Number(process.env['HINDCAST_TEST_RUNS'] ?? 5);

describe.each([
  ['children', 5, /answered from the recording/],
  ['mcp', 0, /6 of 6|5 of 5/],
])('R4 %s', (name, code, words) => {
  it(`is replayed exactly, ${RUNS} of ${RUNS}, and starts nothing`, { timeout: RUNS * 60_000 }, async () => {
    const outputs = new Set<string>();
    for (let run = 0; run < RUNS; run++) {
      const recorded = await recordMarked(programAt(name));
      expect({ code: recorded.ran.code, stderr: recorded.ran.stderr }).toMatchObject({ code });
      expect(recorded.started).toBeGreaterThan(0);
      outputs.add(recorded.ran.stdout);
      const again = await recorded.replay();
      expect({ stdout: again.stdout, code: again.code, started: again.started, summary: again.summary }).toEqual({
        stdout: recorded.ran.stdout,
        code,
        started: 0,
        summary: expect.stringMatching(/^✓ .*child process(es)? answered from the recording/),
      });
      expect(again.summary).toMatch(words);
      expect(again.summary).not.toMatch(/found by|code is not/);
      expect(recorded.main.problems).toEqual([]);
    }
    // Else there is nothing that a replay would have to give again.
    expect(outputs.size).toBe(RUNS);
  });
});

it('R4 a child that was recorded is replayed by itself, with the messages of its parent', { timeout: 60_000 }, async () => {
  const recorded = await recordMarked(programAt('children'));
  const child = recorded.others.find(({ header }) => header.argv?.[1]?.endsWith('forked.mjs'))!;
  expect(child.header.parent).toBe(recorded.main.header.id);
  const again = await recorded.replay(child);
  expect(again.summary).toMatch(/^✓/);
  expect(again.stdout).toMatch(
    /^forked argument \d+ true\nasked \{ ask: 'one' \} 0\.\d+\nasked two 0\.\d+\nasked bye 0\.\d+\nalone false 0\.\d+\n$/,
  );
  // What the child printed then is in the recording of its parent.
  const said = recorded.main.inputs.flatMap((line) => (line.k === 'came' && typeof line.body === 'string' ? [line.body] : []));
  for (const line of again.stdout.trim().split('\n')) expect(said.join('')).toContain(line);
});

/** What the program prints without numbers and letters of another run, for each stream and each child by itself: how they interleave is the system's. */
function shapeOf(stdout: string): string[] {
  return stdout
    .replaceAll(/ +/g, ' ')
    .replaceAll(/\/tmp\/\S+/g, '<marker>')
    .split('\n')
    .map((line) => {
      const events = /^(.+) (\{.*"events".*\})$/.exec(line);
      if (events === null) return line.replaceAll(/-?\b[\d.]+\b/g, '#').replaceAll(/^(piped|piece) .*|^\s*$/g, '$1');
      const told = JSON.parse(events[2]!) as { events: unknown[][] };
      const streams = Map.groupBy(told.events, ([first]) =>
        ['in', 'out', 'err'].includes(String(first)) ? String(first) : 'process',
      );
      const merged = [...streams].map(([name, list]) => [name, list.filter(([, event]) => event !== 'data'), textOf(list)]);
      return `${events[1]} ${JSON.stringify({ ...told, events: merged.map((each) => JSON.stringify(each)).toSorted((a, b) => (a < b ? -1 : 1)) }).replaceAll(/\d+\.?\d*/g, '#')}`;
    });
}
const textOf = (events: unknown[][]): string => events.flatMap(([, event, text]) => (event === 'data' ? [text] : [])).join('');

it(
  'R1 what children do is the same without us: events, their order on each stream, bytes and exit codes',
  { timeout: 60_000 },
  async () => {
    const model = await startWhimsicalModel();
    const bare = await promisify(execFile)(process.execPath, [programAt('children')], {
      cwd: newFolder(),
      env: { PATH: process.env['PATH'], MODEL_URL: model.url, MARKERS: newFolder() },
      maxBuffer: 1e8,
    }).catch((error: { code: number; stdout: string; stderr: string }) => error);
    await model.close();
    const recorded = await recordMarked(programAt('children'));
    expect(shapeOf(recorded.ran.stdout)).toEqual(shapeOf(bare.stdout));
    expect((bare as { code?: number }).code).toBe(recorded.ran.code);
  },
);

describe('R6 divergence', () => {
  const ASK = `await (await fetch(process.env.MODEL_URL + '/weather')).text();\n`;
  const START = `import { spawn, spawnSync, execSync, fork } from 'node:child_process'; import { once } from 'node:events';\n`;

  it('a changed request to an MCP server is shown by its members', { timeout: 60_000 }, async () => {
    const text = (name: string): string =>
      `${START}${ASK}const c = spawn('cat'); c.stdin.write(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: '${name}' } }) + '\\n'); console.log(String((await once(c.stdout, 'data'))[0])); c.stdin.end();`;
    const changed = await recordMarkedText(text('search'));
    changed.write(text('delete'));
    const { code, stderr, stdout } = await changed.replay();
    expect(code).toBe(86);
    expect(stdout).toBe('');
    expect(stderr).toContain('what the child process cat is given is not what was recorded');
    expect(stderr).toContain('~ params.name  "search" → "delete"');
    expect(stderr).toMatch(/asked at .*program\.mjs:3:/);
  });

  it('what was written must be written before the answer comes', async () => {
    const recorded = await recordMarkedText(
      `${START}${ASK}const c = spawn('cat'); c.stdin.write('asked'); console.log(String((await once(c.stdout, 'data'))[0])); c.kill();`,
    );
    recorded.write(`${START}${ASK}const c = spawn('cat'); console.log(String((await once(c.stdout, 'data'))[0])); c.kill();`);
    const { code, stdout, stderr } = await recorded.replay();
    expect([code, stdout]).toEqual([86, '']);
    expect(stderr).toContain("the recording goes on with 'data' of the child process cat, which this run has not come to");
  });

  it('a child that this run does not start is missed', async () => {
    const recorded = await recordMarkedText(`${START}${ASK}execSync('echo done');`);
    recorded.write(ASK);
    const { code, stderr } = await recorded.replay();
    expect(code).toBe(86);
    expect(stderr).toContain('the program ended without the child process echo done');
  });

  it.each([
    ['spawn', `spawn('touch', [process.env.MARKERS + '/x']);`, /the child process touch \/\S+\/x is not in the recording/],
    ['spawnSync', `spawnSync('touch', [process.env.MARKERS + '/x']);`, /the child process touch \/\S+\/x is not/],
    ['a shell', `execSync('touch $MARKERS/x');`, /the child process touch \$MARKERS\/x is not/],
    ['a file', `fork('other.mjs');`, /the child process node other.mjs is not/],
    [
      'ChildProcess itself',
      `new (await import('node:child_process')).ChildProcess().spawn({ file: 'touch', args: ['touch', process.env.MARKERS + '/x'] });`,
      /the child process touch/,
    ],
    ['cluster', `(await import('node:cluster')).default.fork();`, /the child process node .*program\.mjs is not/],
    ['a signal to a stranger', `process.kill(1, 'SIGTERM');`, /a signal to process 1 is not/],
    ['a thread', `new (await import('node:worker_threads')).Worker('0', { eval: true });`, /the worker thread eval:\w+ is not/],
  ])('refuses %s that was not recorded', async (_what, code, words) => {
    const recorded = await recordMarkedText(`process.env.MARKERS;${START}${ASK}spawnSync('true');`);
    recorded.write(
      `process.env.MARKERS;${START}${ASK}spawnSync('true');${code}\nawait new Promise((resolve) => setTimeout(resolve, 50));`,
    );
    const replayed = await recorded.replay();
    expect(replayed.stderr).toMatch(words);
    expect([replayed.code, replayed.started]).toEqual([86, 0]);
  });

  it('says that a child of a cluster, and what is handed a socket, cannot be replayed', async () => {
    const cluster = `import cluster from 'node:cluster';\n${ASK}if (cluster.isPrimary) { const worker = cluster.fork(); worker.on('online', () => worker.kill()); } else setInterval(() => {}, 1000);`;
    const recorded = await recordMarkedText(cluster);
    expect(recorded.ran.code).toBe(0);
    const { code, stderr } = await recorded.replay();
    expect(code).toBe(86);
    expect(stderr).toMatch(/the child process node .*it is of a cluster and shares its sockets/);
  });
});

it('a folder of another name each time is the same child', async () => {
  const recorded = await recordMarkedText(`
    import { execFileSync } from 'node:child_process'; import { mkdtempSync } from 'node:fs'; import { tmpdir } from 'node:os'; import { join } from 'node:path';
    await (await fetch(process.env.MODEL_URL + '/weather')).text();
    console.log(execFileSync('sh', ['-c', 'od -An -N4 -tu4 /dev/urandom; echo $0', 'x'], { cwd: mkdtempSync(join(tmpdir(), 'of-a-test-')) }).toString());`);
  const again = await recorded.replay();
  expect([again.code, again.stdout]).toEqual([0, recorded.ran.stdout]);
});

it('what a child printed to the terminal itself is not printed again, and that is said', async () => {
  const recorded = await recordMarkedText(`
    import { spawnSync, spawn } from 'node:child_process';
    await (await fetch(process.env.MODEL_URL + '/weather')).text();
    spawnSync('echo', ['one'], { stdio: 'inherit' });
    spawn('echo', ['two'], { stdio: 'inherit' }).on('close', (code) => console.log('ended', code));`);
  expect(recorded.ran.stdout).toBe('one\ntwo\nended 0\n');
  const again = await recorded.replay();
  expect(again.stdout).toBe('ended 0\n');
  expect(again.summary).toContain(
    '2 child processes answered from the recording (2 of them printed to the terminal directly, which is not shown again)',
  );
});

it('R8 keeps no secret of a command line, and nothing of the environment', async () => {
  const key = `sk-proj-${'Ab3'.repeat(12)}`;
  const file = join(newFolder(), 'program.mjs');
  const recorded = await recordMarkedText(
    `import { spawnSync } from 'node:child_process';
    await (await fetch(process.env.MODEL_URL + '/weather')).text();
    spawnSync('true', ['--token', 'of-nobody-else', ${JSON.stringify(key)}], { env: { PATH: process.env.PATH, OTHER: 'of-the-environment' } });`,
  );
  const channels = JSON.stringify(recorded.main.inputs.filter(({ k }) => k === 'channel'));
  expect(channels).toContain('"args":["--token","<redacted>","<redacted>"]');
  for (const secret of [key, 'of-nobody-else', 'of-the-environment', file]) expect(channels).not.toContain(secret);
  expect((await recorded.replay()).code).toBe(0);
});
