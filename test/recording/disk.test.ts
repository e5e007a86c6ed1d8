import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { listFaults } from '../../src/core/diagnostics.ts';
import { readRecording } from '../../src/recording/recording.ts';
import { verifyRecording } from '../../src/recording/verify.ts';
import { eventOf, exchangeIn, logIn, nextTurn, scratchFolder, STATS } from './support.ts';

/** A file system of 64 KiB, or undefined where this user may not mount one. */
function tinyDisk(): string | undefined {
  const folder = join(scratchFolder(), 'disk');
  mkdirSync(folder);
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder]).status !== 0) return undefined;
  onTestFinished(() => void spawnSync('umount', [folder]));
  return folder;
}

const writeFaults = () => listFaults().find((fault) => fault.site === 'recording.write');

describe('P12 R3 a disk that takes no more', () => {
  it('is reported, counted, and hurts nobody', async ({ skip }) => {
    const disk = tinyDisk();
    if (disk === undefined) return skip('tmpfs cannot be mounted here');
    const told: number[] = [];
    const log = logIn(disk, {}, (_event, _header, end) => told.push(end));
    const before = writeFaults()?.count ?? 0;
    for (let number = 1; number <= 200; number++) {
      log.open({ id: eventOf(number).id, type: 'tool', name: 'x' });
      exchangeIn(log, `${number}${'x'.repeat(1_000)}`, ['y'.repeat(number === 30 ? 40_000 : 100)]);
      log.event(eventOf(number, { attributes: { filler: 'z'.repeat(500) } }));
      if (number % 10 === 0) await nextTurn();
    }
    log.end({ state: 'success', reason: 'ended', stats: STATS });
    expect(told).toHaveLength(200);
    expect(writeFaults()!.count - before).toBeLessThanOrEqual(2);
    expect(String(writeFaults()!.error)).toContain('ENOSPC');
    const { problems, lines } = verifyRecording(log.path);
    expect(problems.filter((problem) => problem.kind !== 'torn')).toEqual([]);
    expect(lines).toBeGreaterThan(10);
    expect(lines + log.lost).toBe(200 * 4 + 2);
    expect(told.at(-1)).toBe(log.size);
    const { events, bytes } = readRecording(log.path);
    expect(log.size).toBeLessThanOrEqual(bytes);
    expect(events).toHaveLength(told.filter((end, index) => end > (told[index - 1] ?? 0)).length);
  });

  it('in the place of the blobs file: the log goes on without that body', async ({ skip }) => {
    if (process.platform !== 'linux') return skip('there is no /dev/full here');
    const dir = scratchFolder();
    symlinkSync('/dev/full', join(dir, 'ses_test.blobs'));
    const log = logIn(dir);
    exchangeIn(log, 'x'.repeat(30_000), ['short']);
    log.event(eventOf(1));
    const { exchanges, events, problems } = readRecording(log.path);
    expect([events.length, problems]).toEqual([1, []]);
    expect(exchanges.get(1)!.requestBody()).toBeUndefined();
    expect(exchanges.get(1)!.responseText()).toBe('short');
  });

  it.each([
    ['a folder that cannot be made', '/proc/hindcast/recordings'],
    ['a file in the place of the folder', import.meta.filename],
  ])('%s', async (_name, dir) => {
    const log = logIn(dir);
    log.open({ id: 'a', type: 'tool', name: 'x' });
    const exchange = log.exchange({ method: 'POST', url: 'u', headers: [], body: 'x'.repeat(50_000) });
    exchange.head(200, []);
    exchange.chunk(Buffer.from('abc'));
    expect(Buffer.from(exchange.answer().body!).toString()).toBe('abc');
    await nextTurn();
    exchange.end('complete');
    log.event(eventOf(1));
    log.end({ state: 'success', reason: 'ended', stats: STATS });
    expect(log.lost).toBe(6);
    expect(log.size).toBe(0);
    expect(writeFaults()!.count).toBeGreaterThan(0);
  });

  it('a read-only folder', ({ skip }) => {
    if (process.getuid?.() === 0) {
      const disk = tinyDisk();
      if (disk === undefined || spawnSync('mount', ['-o', 'remount,ro', disk]).status !== 0)
        return skip('tmpfs cannot be mounted here');
      const log = logIn(disk);
      log.event(eventOf(1));
      expect(log.lost).toBe(2);
      return undefined;
    }
    const dir = scratchFolder();
    mkdirSync(join(dir, 'closed'), { mode: 0o500 });
    const log = logIn(join(dir, 'closed'));
    log.event(eventOf(1));
    expect(log.lost).toBe(2);
    return undefined;
  });

  it('a recording that was deleted while it ran is not begun anew in the middle', () => {
    const dir = scratchFolder();
    const log = logIn(dir);
    log.event(eventOf(1));
    log.close();
    rmSync(log.path);
    log.event(eventOf(2));
    expect(log.lost).toBe(1);
    expect(statSync(log.path, { throwIfNoEntry: false })).toBeUndefined();
  });

  it('what another session of the same name left of its blobs does not matter', () => {
    const dir = scratchFolder();
    writeFileSync(join(dir, 'ses_test.blobs'), 'left over');
    const log = logIn(dir);
    exchangeIn(log, 'ж'.repeat(20_000), []);
    log.event(eventOf(1));
    expect(readFileSync(join(dir, 'ses_test.blobs'), 'latin1')).toMatch(/^left over/);
    expect(readRecording(log.path).exchanges.get(1)!.requestText()).toBe('ж'.repeat(20_000));
  });
});
