/** `rm`: what goes, what stays, and what has to be said before. */
import { appendFileSync, existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { NOBODY, writeCursor } from '../../src/recording/export-cursor.ts';
import { hindcast, newFolder } from './process.ts';
import { EPOCH_US, writeAgent, WrittenRecording } from './written.ts';

let folder: string;
let recordings: string;

beforeEach(() => {
  folder = newFolder();
  const dir = join(folder, '.hindcast');
  recordings = join(dir, 'recordings');
  writeAgent(dir);
  writeFileSync(join(recordings, 'ses_aaaa00000001.blobs'), 'blob');
  writeFileSync(join(recordings, 'ses_aaaa00000001.jsonl.damaged'), 'before');
  new WrittenRecording(dir, 'ses_aaaa00000001.2', { epoch: EPOCH_US + 1e6 }).end();
  new WrittenRecording(dir, 'ses_bbbb00000002', { epoch: Date.now() * 1000 - 3_600e6, tags: ['scratch'] }).end();
  new WrittenRecording(dir, 'ses_dddd00000004', { epoch: Date.now() * 1000, pid: process.pid });
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const run = (...args: string[]) => hindcast(['rm', ...args], { cwd: folder });
const files = (): string[] => readdirSync(recordings).sort();
const NEW = ['ses_bbbb00000002.jsonl', 'ses_dddd00000004.jsonl'];

describe('L1 rm', () => {
  test('a session that is named goes at once, with all that belongs to it and nothing else', async () => {
    const { stdout, code } = await run('ses_aaaa00000001');
    expect(stdout).toMatch(/^✓ ses_aaaa00000001 /);
    expect(code).toBe(0);
    expect(files()).toEqual(['ses_aaaa00000001.2.jsonl', ...NEW]);
  });

  test('filters only list without --yes', async () => {
    const all = files();
    const { stdout, stderr, code } = await run('--older-than', '30d');
    expect(stdout.match(/^- ses_aaaa/gm)).toHaveLength(2);
    expect(stderr).toContain('--yes');
    expect([code, files()]).toEqual([2, all]);
    expect((await run('--older-than', '30d', '--dry-run')).code).toBe(0);
    expect((await run('ses_aaaa00000001', '-n')).stdout).toMatch(/^- ses_aaaa00000001 /);
    expect(files()).toEqual(all);
    expect(JSON.parse((await run('--older-than', '30d', '--yes', '--json')).stdout)).toMatchObject({
      deleted: true,
      sessions: [{ id: 'ses_aaaa00000001.2' }, { id: 'ses_aaaa00000001', bytes: expect.any(Number) }],
      kept: [],
    });
    expect(files()).toEqual(NEW);
    expect((await run('--tag', 'scratch', '--yes')).code).toBe(0);
    expect(files()).toEqual(['ses_dddd00000004.jsonl']);
  });

  test('one that is being recorded stays, also when it is damaged', async () => {
    expect(await run('ses_dddd')).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('is being recorded') });
    appendFileSync(join(recordings, 'ses_dddd00000004.jsonl'), '{"no":"line"}\n');
    expect(await run('ses_dddd', '--force')).toMatchObject({ code: 1 });
    const { code, stderr } = await run('--all', '--yes');
    expect([code, files()]).toEqual([0, ['ses_dddd00000004.jsonl']]);
    expect(stderr).toContain('ses_dddd00000004 stays');
  });

  test('one that waits for its export stays unless --force', async () => {
    const cursor = join(recordings, 'ses_bbbb00000002.cursor');
    writeCursor(cursor, { offset: 0, unfinished: 0, owner: NOBODY });
    expect(await run('ses_bbbb')).toMatchObject({ code: 1, stderr: expect.stringContaining('--force') });
    expect(existsSync(cursor)).toBe(true);
    expect(await run('ses_bbbb', '--force')).toMatchObject({ code: 0 });
    expect(files().filter((name) => name.includes('bbbb'))).toEqual([]);
  });

  test('a damaged recording goes too; asked for wrongly, nothing does', async () => {
    const all = files();
    for (const args of [[], ['last', '--all'], ['last', '--tag', 'x'], ['--older-than', 'long']]) {
      expect((await run(...args)).code, args.join(' ')).toBe(2);
      expect(files()).toEqual(all);
    }
    expect((await run('ses_zzzz')).code).toBe(1);
    writeFileSync(join(recordings, 'ses_ffff00000006.jsonl'), 'no recording\n');
    expect(await run('ses_ffff')).toMatchObject({ code: 0 });
    expect(files()).toEqual(all);
  });
});
