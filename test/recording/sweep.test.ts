/** T6 which recordings go when there are too many, and what is left by a process that is killed while it removes. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listRecordings } from '../../src/recording/recording.ts';
import { NOBODY, writeCursor } from '../../src/recording/export-cursor.ts';
import { markRemoved } from '../../src/recording/removal-marker.ts';
import { readRemovedRecord } from '../../src/recording/removed-record.ts';
import { lockFolder } from '../../src/recording/sweep-lock.ts';
import { sweepFolder, type SweepOptions } from '../../src/recording/sweep.ts';
import { verifyRecording } from '../../src/recording/verify.ts';
import { WrittenRecording } from '../cli/written.ts';
import { eventOf, exchangeIn, logIn, scratchFolder, STATS } from './support.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const BLOB_BYTES = 10_000;

/** A project; `write` makes a recording of about 10 KB that was written to so long ago. */
function project() {
  const root = join(scratchFolder(), '.hindcast');
  const dir = join(root, 'recordings');
  mkdirSync(dir, { recursive: true });
  const write = (id: string, ageMs: number, how: { ended?: boolean; pid?: number; pending?: number } = {}): string => {
    const recording = new WrittenRecording(root, id, how.pid === undefined ? {} : { pid: how.pid, epoch: Date.now() * 1000 });
    for (let n = 1; n <= 3; n++) recording.event(eventOf(n) as never);
    if (how.ended !== false) recording.end();
    writeFileSync(join(dir, `${id}.blobs`), Buffer.alloc(BLOB_BYTES));
    if (how.pending !== undefined) {
      // So many of the events are exported.
      const lines = readFileSync(recording.path, 'utf8')
        .split('\n')
        .slice(0, 1 + how.pending);
      writeCursor(join(dir, `${id}.cursor`), {
        offset: Buffer.byteLength(`${lines.join('\n')}\n`),
        unfinished: 0,
        owner: NOBODY,
      });
    }
    const at = (Date.now() - ageMs) / 1000;
    for (const name of readdirSync(dir)) if (name.startsWith(`${id}.`)) utimesSync(join(dir, name), at, at);
    return recording.path;
  };
  const sweep = async (more: Partial<SweepOptions> = {}) => {
    const report = await sweepFolder({ dir, budgetBytes: 0, breathe: () => Promise.resolve(), ...more });
    return { ...report, ids: report.removed.map(({ path }) => path.slice(dir.length + 1, -'.jsonl'.length)) };
  };
  return { root, dir, write, sweep };
}

const bytesOf = (dir: string): number => readdirSync(dir).reduce((sum, name) => sum + statSync(join(dir, name)).size, 0);

describe('T6 which recordings go', () => {
  it('none within the budget, else the oldest until the rest is', async () => {
    const { dir, write, sweep } = project();
    ['c', 'a', 'b', 'd'].forEach((id, index) => write(id, (9 - index) * DAY_MS));
    const whole = bytesOf(dir);
    expect((await sweep({ budgetBytes: whole })).ids).toEqual([]);
    expect((await sweep({ budgetBytes: whole - 1, dryRun: true })).ids).toEqual(['c']);
    expect(bytesOf(dir)).toBe(whole);
    const { ids, bytes, sum } = await sweep({ budgetBytes: whole / 2 });
    expect(ids).toEqual(['c', 'a']);
    expect(readdirSync(dir).sort()).toEqual(['b.blobs', 'b.jsonl', 'd.blobs', 'd.jsonl']);
    expect([bytes, sum.bytes]).toEqual([bytesOf(dir), whole - bytes]);
    expect(readRemovedRecord(dir)).toMatchObject({ recordings: 2, bytes: sum.bytes, why: ['budget'] });
  });

  it('begins at one share of the budget and goes down to another', async () => {
    const { dir, write, sweep } = project();
    for (let n = 0; n < 10; n++) write(`r${n}`, (20 - n) * DAY_MS);
    const whole = bytesOf(dir);
    const shares = { start: 0.95, target: 0.7 };
    expect((await sweep({ budgetBytes: whole / 0.94, shares })).ids).toEqual([]);
    expect((await sweep({ budgetBytes: whole / 0.96, shares })).ids).toEqual(['r0', 'r1', 'r2']);
  });

  it('those of which nothing waits for export before those of which something does, and these are counted', async () => {
    const { dir, write, sweep } = project();
    write('waits', 9 * DAY_MS, { pending: 1 });
    write('sent', 1 * DAY_MS);
    const whole = bytesOf(dir);
    expect((await sweep({ budgetBytes: whole - 1 })).ids).toEqual(['sent']);
    const { removed, sum } = await sweep({ budgetBytes: 1 });
    expect(removed).toMatchObject([{ path: join(dir, 'waits.jsonl'), why: 'budget', unexported: 2 }]);
    expect(sum.unexported).toEqual({ recordings: 1, events: 2 });
    expect(readdirSync(dir)).toEqual([]);
    expect(readRemovedRecord(dir)).toMatchObject({ recordings: 2, unexported: { recordings: 1, events: 2 } });
  });

  it('never one of a process that lives, that may live elsewhere, or that is being tagged', async () => {
    const { dir, write, sweep } = project();
    write('alive', 9 * DAY_MS, { ended: false, pid: process.pid });
    write('elsewhere', 5 * MINUTE_MS, { ended: false });
    write('tagged', 9 * DAY_MS);
    write('crashed', 15 * MINUTE_MS, { ended: false });
    writeFileSync(join(dir, 'tagged.tagging'), '');
    expect((await sweep({ budgetBytes: 1, keepMs: 0 })).ids).toEqual(['crashed']);
  });

  it('by age, but not before they are exported', async () => {
    const { write, sweep } = project();
    write('waits', 9 * DAY_MS, { pending: 0 });
    write('old', 9 * DAY_MS);
    write('new', 1 * DAY_MS);
    const { ids, removed } = await sweep({ keepMs: 7 * DAY_MS });
    expect([ids, removed[0]?.why]).toEqual([['old'], 'age']);
  });

  it('what was removed is told from a line each, and a long record becomes one line', async () => {
    const { root, dir, write, sweep } = project();
    const path = join(root, 'removed.jsonl');
    const line = { at: '2026-03-01T00:00:00.000Z', why: 'age', bytes: 7, events: 2 };
    writeFileSync(path, `${`${JSON.stringify(line)}\n`.repeat(1_000)}{"at":"2026`);
    const before = readRemovedRecord(dir)!;
    expect(before).toMatchObject({
      recordings: 1_000,
      bytes: 7_000,
      unexported: { recordings: 1_000, events: 2_000 },
      why: ['age'],
    });
    write('one', DAY_MS);
    const { sum } = await sweep({ budgetBytes: 1 });
    expect(readFileSync(path, 'utf8').trim().split('\n')).toHaveLength(2);
    expect(readRemovedRecord(dir)).toMatchObject({
      since: line.at,
      recordings: 1_001,
      bytes: 7_000 + sum.bytes,
      unexported: before.unexported,
      why: ['age', 'budget'],
    });
  });

  it('files of others are neither counted nor touched', async () => {
    const { dir, write, sweep } = project();
    writeFileSync(join(dir, 'notes.txt'), 'x'.repeat(100_000));
    mkdirSync(join(dir, 'folder.jsonl'));
    write('one', DAY_MS);
    expect((await sweep({ budgetBytes: 50_000 })).ids).toEqual([]);
    expect((await sweep({ budgetBytes: 1 })).ids).toEqual(['one']);
    expect(readdirSync(dir).sort()).toEqual(['folder.jsonl', 'notes.txt']);
  });

  it('a folder that is not there holds nothing', async () => {
    const { dir, sweep } = project();
    rmSync(dir, { recursive: true });
    expect(await sweep({ budgetBytes: 1 })).toMatchObject({ bytes: 0, ids: [], busy: false });
  });

  it('one process at a time, until it has been gone for a minute', async () => {
    const { dir, write, sweep } = project();
    write('one', DAY_MS);
    const lock = lockFolder(dir)!;
    expect(await sweep({ budgetBytes: 1 })).toMatchObject({ busy: true, ids: [] });
    const ago = Date.now() / 1000 - 61;
    utimesSync(join(dir, 'sweep.lock'), ago, ago);
    expect(await sweep({ budgetBytes: 1 })).toMatchObject({ busy: false, ids: ['one'] });
    lock.release();
  });

  it('gives the program its turn, and stops when it is told to', async () => {
    const { write, sweep } = project();
    for (let n = 0; n < 300; n++) write(`r${n}`, DAY_MS);
    let turns = 0;
    const breathe = (): Promise<void> => (turns++, Promise.resolve());
    const { removed } = await sweep({ budgetBytes: 1, breathe, stopped: () => turns >= 4 });
    expect(turns).toBeGreaterThanOrEqual(4);
    expect(removed.length).toBeLessThan(300);
  });
});

describe('T6 a removal that is not finished', () => {
  it('is no recording any more, and goes with the next sweep', async () => {
    const { dir, write, sweep } = project();
    const path = write('half', DAY_MS);
    write('whole', DAY_MS);
    markRemoved(path);
    rmSync(join(dir, 'half.blobs'));
    expect(listRecordings(dir).map(({ id }) => id)).toEqual(['whole']);
    await sweep();
    expect(readdirSync(dir).sort()).toEqual(['whole.blobs', 'whole.jsonl']);
  });

  it('whose log has taken the name of the marker says nothing about a log that has come since', async () => {
    const { dir, write, sweep } = project();
    renameSync(write('same', DAY_MS), join(dir, 'same.removing'));
    write('same', 0);
    expect(listRecordings(dir).map(({ id }) => id)).toEqual(['same']);
    await sweep();
    expect(readdirSync(dir).sort()).toEqual(['same.blobs', 'same.jsonl']);
  });

  it('at any moment leaves no damage', async () => {
    const { dir } = project();
    // A recording that refers to its blobs would be damaged without them.
    for (let n = 0; n < 20; n++) {
      const log = logIn(dir, { id: `r${n}` });
      exchangeIn(log, `${n}${'x'.repeat(20_000)}`, ['y'.repeat(20_000)]);
      log.event(eventOf(1));
      log.end({ state: 'success', reason: 'ended', stats: STATS });
    }
    const moments = [0, 1, 2, 3, 4, 5, 6, 7];
    for (const moment of moments) {
      rmSync(join(dir, 'sweep.lock'), { force: true });
      // Dies before so many steps that change the disk.
      const code = `
        import promises from 'node:fs/promises';
        import { syncBuiltinESMExports } from 'node:module';
        let left = ${moment};
        for (const name of ['unlink', 'rename']) {
          const real = promises[name];
          promises[name] = (...args) => (left-- === 0 ? process.kill(process.pid, 'SIGKILL') && new Promise(() => {}) : real(...args));
        }
        syncBuiltinESMExports();
        const { sweepFolder } = await import(${JSON.stringify(join(import.meta.dirname, '../../src/recording/sweep.ts'))});
        await sweepFolder({ dir: ${JSON.stringify(dir)}, budgetBytes: 1, breathe: () => Promise.resolve() });
      `;
      const { signal } = spawnSync(process.execPath, ['--input-type=module', '-e', code], { stdio: 'inherit' });
      expect(signal).toBe('SIGKILL');
      for (const { path } of listRecordings(dir))
        expect(verifyRecording(path), path).toMatchObject({ state: 'ended', problems: [] });
    }
    rmSync(join(dir, 'sweep.lock'), { force: true });
    await sweepFolder({ dir, budgetBytes: 1, breathe: () => Promise.resolve() });
    expect(readdirSync(dir)).toEqual([]);
    expect(readRemovedRecord(dir)?.recordings).toBe(20);
  }, 60_000);
});
