/** T6 what must be dropped is dropped by a stated policy, counted, and shown: real programs that record more than the folder may hold (docs/decisions/0013-disk-budget.md). */
import { readdirSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readRemovedRecord } from '../../../src/recording/removed-record.ts';
import { hindcast } from '../../cli/process.ts';
import { startReceiver } from '../../support/otlp-receiver.ts';
import { startPrograms, type Programs, type Ran } from '../../support/programs.ts';

const MB = 1024 * 1024;
/** Header and end line of a recording, with some room. */
const ENDS_BYTES = 4096;

let programs: Programs;
beforeAll(async () => {
  programs = await startPrograms();
});
afterAll(() => programs.close());

const folderOf = (cwd: string): string => join(cwd, '.hindcast/recordings');
const bytesIn = (cwd: string): number =>
  readdirSync(folderOf(cwd)).reduce(
    (sum, name) => sum + (statSync(join(folderOf(cwd), name), { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
const removedIn = (cwd: string) => readRemovedRecord(folderOf(cwd))!;
const cli = (cwd: string, ...args: string[]) => hindcast(args, { cwd, env: { HINDCAST_DISK_BUDGET_MB: '1' } });
const onlyEnd = ({ recordings }: Ran) => recordings.end(recordings.ids()[0]!)!;

async function verifies(cwd: string): Promise<void> {
  const { code, stdout, stderr } = await cli(cwd, 'verify', '--all');
  expect(code, stdout + stderr).toBe(0);
}

describe('a flood in one session', () => {
  const FLOOD = `
    const work = recordTool('work', (n) => n * 2);
    let sum = 0;
    for (let n = 0; n < 100_000; n++) {
      sum += work(n);
      if (n % 1_000 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    console.log(sum);
    process.exitCode = 3;
  `;

  test('of 100,000 events: the folder stays small, what is missing is counted and shown, and the program is as it was', async () => {
    const ran = await programs.run(`init({ diskBudgetMb: 1, hostInfo: 'off' }); ${FLOOD}`);
    expect([ran.stdout, ran.code]).toEqual(['9999900000\n', 3]);
    const end = onlyEnd(ran);
    expect(end).toMatchObject({ exitCode: 3, stats: { events: 100_000 }, dropped: { bodies: 0 } });
    const kept = ran.recordings.events(ran.recordings.ids()[0]!);
    expect(kept.length).toBeGreaterThan(1_000);
    expect(kept.length + end.dropped!.events).toBe(100_000);
    expect(kept.filter(({ content }) => content === undefined)).toHaveLength(end.dropped!.contents);
    expect(end.dropped!.contents).toBeGreaterThan(0);
    expect(bytesIn(ran.cwd)).toBeGreaterThan(MB);
    expect(bytesIn(ran.cwd)).toBeLessThan(1.1 * MB + ENDS_BYTES);
    // Once for what is said, once for events.
    expect(ran.said.filter((line) => line.includes('diskBudgetMb'))).toHaveLength(2);
    await verifies(ran.cwd);

    const missing = `${end.dropped!.events} whole events`;
    expect((await cli(ran.cwd, 'show')).stderr).toContain(missing);
    expect((await cli(ran.cwd, 'ls')).stdout).toContain('not all recorded');
    expect(JSON.parse((await cli(ran.cwd, 'ls', '--json')).stdout)[0].end.dropped).toEqual(end.dropped);
    const { gaps } = JSON.parse((await cli(ran.cwd, 'explain', '--json')).stdout);
    expect(gaps).toContainEqual({ code: 'dropped', text: expect.stringContaining(`${end.dropped!.events} events`) });
  });

  test('needs no more memory than one that may write everything', async () => {
    const RSS = `${FLOOD} console.log(process.resourceUsage().maxRSS);`;
    const rss = async (budget: number) => {
      const { stdout } = await programs.run(`init({ diskBudgetMb: ${budget}, hostInfo: 'off' }); ${RSS}`);
      return Number(stdout.split('\n')[1]) * 1024;
    };
    const [bounded, all] = [await rss(1), await rss(0)];
    expect(bounded - all).toBeLessThan(40 * MB);
  });

  test('of bodies: they go first, and every event is there', async () => {
    const ran = await programs.run(`
      init({ diskBudgetMb: 1, hostInfo: 'off' });
      const { randomBytes } = await import('node:crypto');
      for (let n = 0; n < 40; n++) await ask(n + randomBytes(30_000).toString('hex'));
    `);
    const { dropped, stats } = onlyEnd(ran);
    const id = ran.recordings.ids()[0]!;
    expect([stats.events, ran.recordings.events(id).length]).toEqual([40, 40]);
    expect(dropped).toMatchObject({ events: 0, contents: 0 });
    const omitted = ran.recordings
      .lines(id)
      .flatMap((line) => ('body' in line && typeof line.body === 'object' && 'omitted' in line.body ? [line.body.omitted] : []));
    expect(dropped!.bodies).toBe(omitted.length);
    expect(new Set(omitted)).toEqual(new Set(['disk-budget']));
    await verifies(ran.cwd);
  });

  test('where there is no limit, nothing is missing', async () => {
    const ran = await programs.run(`init({ diskBudgetMb: 0, hostInfo: 'off' }); ${FLOOD.replace('100_000', '8_000')}`);
    expect(onlyEnd(ran).dropped).toBeUndefined();
    expect(ran.recordings.events(ran.recordings.ids()[0]!)).toHaveLength(8_000);
    expect(bytesIn(ran.cwd)).toBeGreaterThan(1.2 * MB);
  });
});

describe('many sessions', () => {
  const SESSIONS = `
    init({ diskBudgetMb: 1, hostInfo: 'off', ...JSON.parse(process.env.MORE ?? '{}') });
    const say = recordTool('say', (text) => text.length);
    const open = startSession({ id: 'open-' + process.pid });
    open.run(() => say('first'));
    for (let n = 0; n < 150; n++) {
      const session = startSession();
      await session.run(async () => say(n + 'x'.repeat(20_000)));
      session.end();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    open.run(() => say('last'));
    open.end();
    console.log('done');
  `;

  test('of several processes: the oldest go, and none that is being recorded', async () => {
    const cwd = programs.newProject();
    const all = await Promise.all([1, 2, 3].map(() => programs.run(SESSIONS, { cwd })));
    for (const { stdout, code, stderr } of all)
      expect([stdout, code, stderr.includes('Warning')], stderr).toEqual(['done\n', 0, false]);
    expect(bytesIn(cwd)).toBeLessThan(1.5 * MB);
    const { recordings, bytes, unexported } = removedIn(cwd);
    expect(recordings).toBeGreaterThan(20);
    expect(bytes).toBeGreaterThan(MB / 2);
    expect(unexported).toEqual({ recordings: 0, events: 0 });
    const folder = all[0]!.recordings;
    const open = folder.ids().filter((id) => id.startsWith('open-'));
    expect(open).toHaveLength(3);
    for (const id of open) expect(folder.events(id).length + (folder.end(id)?.dropped?.events ?? 0)).toBe(2);
    // Not one was lost on the way.
    expect(folder.ids().length + recordings).toBe(3 * 151);
    await verifies(cwd);
    const doctor = JSON.parse((await cli(cwd, 'doctor', '--json')).stdout);
    expect(doctor.checks).toContainEqual(
      expect.objectContaining({ what: 'removed', found: expect.stringContaining(`${recordings} recordings`) }),
    );
    expect((await cli(cwd, 'ls')).stderr).toContain(`Removed: ${recordings} recordings`);
  }, 60_000);

  test('whose export waits go only when nothing else is left, and are counted', async () => {
    const hanging = await startReceiver(() => 'hang');
    try {
      const cwd = programs.newProject();
      const more = { endpoint: hanging.url, exitTimeoutMs: 0 };
      const ran = await programs.run(SESSIONS, { cwd, env: { MORE: JSON.stringify(more) } });
      expect([ran.stdout, ran.code, ran.stderr.includes('Warning')]).toEqual(['done\n', 0, false]);
      const { recordings, unexported } = removedIn(cwd);
      expect(recordings).toBeGreaterThan(0);
      // One event in each.
      expect(unexported).toEqual({ recordings, events: recordings });
      expect(ran.stderr).toContain('had not been exported');
      const names = readdirSync(folderOf(cwd));
      const stems = (suffix: string) =>
        names.filter((name) => name.endsWith(suffix)).map((name) => name.slice(0, -suffix.length));
      expect(stems('.cursor').filter((stem) => !stems('.jsonl').includes(stem))).toEqual([]);
      await verifies(cwd);
      const doctor = JSON.parse((await cli(cwd, 'doctor', '--json')).stdout);
      expect(doctor.checks).toContainEqual(
        expect.objectContaining({ what: 'removed', verdict: 'warn', found: expect.stringContaining('never exported') }),
      );
    } finally {
      await hanging.close();
    }
  }, 60_000);
});

test('a session that is open all the time outlives gc', async () => {
  const ran = await programs.run(
    `
    init({ hostInfo: 'off' });
    const say = recordTool('say', (text) => text.length);
    const open = startSession({ id: 'open' });
    open.run(() => say('first'));
    const { spawnSync } = await import('node:child_process');
    const { utimesSync } = await import('node:fs');
    utimesSync('.hindcast/recordings/open.jsonl', 1, 1);
    const { stdout } = spawnSync(process.execPath, [process.env.MAIN, 'gc', '--budget-mb', '0.0001', '--keep-days', '1', '--json'], { encoding: 'utf8' });
    open.run(() => say('last'));
    open.end();
    console.log(JSON.parse(stdout).recordings.length);
  `,
    { env: { MAIN: join(import.meta.dirname, '../../../dist/cli/main.js') } },
  );
  expect(ran.stdout).toBe('0\n');
  expect(ran.recordings.events('open')).toHaveLength(2);
  utimesSync(join(folderOf(ran.cwd), 'open.jsonl'), 1, 1);
  expect((await cli(ran.cwd, 'gc', '--keep-days', '1')).stdout).toMatch(/^✓ open /);
});
