/** `gc`: what goes by hand, what is said of it, and where it is said later. */
import { mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { NOBODY, writeCursor } from '../../src/recording/export-cursor.ts';
import { hindcast, newFolder } from './process.ts';
import { writeAgent, WrittenRecording } from './written.ts';

let folder: string;
let recordings: string;

const DAY_S = 86_400;

function write(id: string, days: number): void {
  const dir = join(folder, '.hindcast');
  new WrittenRecording(dir, id).end();
  writeFileSync(join(recordings, `${id}.blobs`), Buffer.alloc(600_000));
  const at = Date.now() / 1000 - days * DAY_S;
  for (const end of ['jsonl', 'blobs']) utimesSync(join(recordings, `${id}.${end}`), at, at);
}

beforeEach(() => {
  folder = newFolder();
  recordings = join(folder, '.hindcast/recordings');
  mkdirSync(recordings, { recursive: true });
  for (const [index, id] of ['ses_old', 'ses_mid', 'ses_new'].entries()) write(id, 30 - index * 10);
  new WrittenRecording(join(folder, '.hindcast'), 'ses_live', { pid: process.pid, epoch: Date.now() * 1000 });
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const run = (args: string[], env: NodeJS.ProcessEnv = {}) => hindcast(args, { cwd: folder, env });
const ids = (): string[] =>
  readdirSync(recordings)
    .filter((name) => name.endsWith('.jsonl'))
    .map((name) => name.slice(0, -'.jsonl'.length))
    .sort();

describe('L1 gc', () => {
  test('removes nothing within the budget, and nothing at all in a dry run', async () => {
    expect(await run(['gc'])).toMatchObject({
      code: 0,
      stdout: '',
      stderr: expect.stringContaining('nothing to remove: 4 recordings'),
    });
    const { stdout, stderr, code } = await run(['gc', '-n', '--budget-mb', '1.3']);
    expect(stdout).toMatch(/^- ses_old .* 586\.\d KB {2}over the budget\n$/);
    expect([code, stderr]).toEqual([0, expect.stringContaining('1 recording, 586')]);
    expect(ids()).toEqual(['ses_live', 'ses_mid', 'ses_new', 'ses_old']);
  });

  test('goes by the options, and by its own before them', async () => {
    expect((await run(['gc'], { HINDCAST_DISK_BUDGET_MB: '1.3' })).stdout).toMatch(/^✓ ses_old /);
    expect((await run(['gc', '--keep-days', '15'], { HINDCAST_KEEP_DAYS: '5' })).stdout).toMatch(
      /^✓ ses_mid .*older than keepDays/,
    );
    expect(ids()).toEqual(['ses_live', 'ses_new']);
    expect((await run(['gc', '--budget-mb', 'x'])).code).toBe(2);
  });

  test('says it as JSON, and says where the budget cannot be kept', async () => {
    writeCursor(join(recordings, 'ses_new.cursor'), { offset: 0, unfinished: 0, owner: NOBODY });
    const { stdout, code } = await run(['gc', '--budget-mb', '0.0001', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      removed: true,
      before: { recordings: 4 },
      after: { recordings: 1 },
      unexported: { recordings: 1, events: 0 },
      recordings: [
        { id: 'ses_old', why: 'budget' },
        { id: 'ses_mid' },
        { id: 'ses_new', unexported: 0, bytes: expect.any(Number) },
      ],
    });
    expect((await run(['gc', '--budget-mb', '0.0001'])).stderr).toContain('! That is more than the budget');
    expect(ids()).toEqual(['ses_live']);
  });

  test('another process that is at it is not disturbed', async () => {
    writeFileSync(join(recordings, 'sweep.lock'), '');
    const { code, stderr } = await run(['gc', '--budget-mb', '1']);
    expect([code, stderr]).toEqual([1, expect.stringContaining('Another process')]);
    expect(ids()).toHaveLength(4);
  });

  test('what was removed is said by doctor and by ls, and so is a budget that is exceeded', async () => {
    const checks = async (env = {}) =>
      JSON.parse((await run(['doctor', '--json'], env)).stdout).checks as { what: string; verdict: string; found: string }[];
    expect(await checks({ HINDCAST_DISK_BUDGET_MB: '1' })).toContainEqual(
      expect.objectContaining({ what: 'disk budget', verdict: 'warn' }),
    );
    expect((await run(['ls'], { HINDCAST_DISK_BUDGET_MB: '1' })).stderr).toContain('hindcast gc removes the oldest');
    expect((await run(['ls'])).stderr).toBe('');
    await run(['gc', '--budget-mb', '1']);
    const after = await checks({ HINDCAST_DISK_BUDGET_MB: '1' });
    expect(after).toContainEqual(expect.objectContaining({ what: 'disk budget', verdict: 'ok' }));
    expect(after).toContainEqual(
      expect.objectContaining({
        what: 'removed',
        verdict: 'note',
        found: expect.stringMatching(/^2 recordings, 1\.1 MB since \d{4}-/),
      }),
    );
    expect((await run(['ls'])).stderr).toMatch(/^Removed: 2 recordings/);
    expect((await run(['verify', '--all'])).code).toBe(0);
  });
});

test('show and explain say what a session did not record', async () => {
  const session = writeAgent(join(folder, '.hindcast'));
  session.end({ dropped: { bodies: 1, contents: 2, events: 3, bytes: 4096 } });
  expect((await run(['show', 'ses_aaaa'])).stderr).toContain(
    '1 HTTP body, the content of 2 events, 3 whole events (4.0 KB) not recorded: the disk budget was reached',
  );
  const { gaps } = JSON.parse((await run(['explain', 'ses_aaaa', '--json'])).stdout);
  expect(gaps).toContainEqual({ code: 'dropped', text: 'The disk budget was reached: of 3 events the recording holds nothing.' });
});
