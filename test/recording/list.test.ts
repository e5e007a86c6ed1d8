import { spawnSync } from 'node:child_process';
import { copyFileSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { crc32c } from '../../src/core/crc32c.ts';
import { readLines } from '../../src/recording/log-reader.ts';
import { listRecordings, readRecording, resolveRecording, summariseRecording } from '../../src/recording/recording.ts';
import { repairRecording, verifyRecording } from '../../src/recording/verify.ts';
import { eventOf, headerOf, logIn, scratchFolder, STATS } from './support.ts';

const framed = (members: object): string => {
  const covered = JSON.stringify(members).slice(0, -1);
  return `${covered},"c":"${crc32c(Buffer.from(covered)).toString(16).padStart(8, '0')}"}\n`;
};

/** A folder with a session each of the states, begun a second apart: ended, crashed, recording, damaged. */
function fourStates(): { dir: string; idsNewestFirst: string[] } {
  const dir = scratchFolder();
  const base = headerOf('x').epoch;
  const gone = spawnSync(process.execPath, ['--version']).pid;
  const begin = (id: string, second: number, pid = process.pid) => logIn(dir, { id, epoch: base + second * 1e6, pid });
  const ended = begin('ses_aa11', 0);
  ended.event(eventOf(1));
  ended.end({ state: 'failure', reason: 'exception', exitCode: 1, stats: { ...STATS, events: 7 } });
  begin('ses_aa22', 1, gone).event(eventOf(1));
  begin('ses_bb33', 2).event(eventOf(1));
  const damaged = begin('job-9', 3);
  damaged.event(eventOf(1));
  damaged.event(eventOf(2));
  damaged.close();
  const bytes = readFileSync(damaged.path);
  bytes[bytes.indexOf('t1')]! ^= 1;
  writeFileSync(damaged.path, bytes);
  utimesSync(ended.path, new Date(), new Date(Date.now() + 60_000));
  return { dir, idsNewestFirst: ['job-9', 'ses_bb33', 'ses_aa22', 'ses_aa11'] };
}

describe('R2 S5 states', () => {
  it('each is told apart, the newest first, the damaged one too', () => {
    const { dir, idsNewestFirst } = fourStates();
    const list = listRecordings(dir);
    expect(list.map((summary) => summary.id)).toEqual(idsNewestFirst);
    expect(list.map((summary) => summary.state)).toEqual(['damaged', 'recording', 'crashed', 'ended']);
    expect(list.map((summary) => summary.events)).toEqual([1, 1, 1, 7]);
    expect(list[3]).toMatchObject({
      stats: { events: 7 },
      end: { reason: 'exception', exitCode: 1 },
      header: { id: 'ses_aa11' },
    });
    for (const { path, state } of list) {
      expect(readRecording(path).state).toBe(state);
      expect(verifyRecording(path).state).toBe(state);
    }
  });

  it('another process that has got the number of a dead one does not revive its recording', ({ skip }) => {
    if (process.platform !== 'linux') return skip('the start of a process is only known on Linux');
    const log = logIn(scratchFolder(), { epoch: headerOf('x').epoch - 3600e6 });
    log.event(eventOf(1));
    expect(summariseRecording(log.path).state).toBe('crashed');
    return undefined;
  });

  it('a file without a header is listed, read as far as possible, and repaired', () => {
    const dir = scratchFolder();
    const path = join(dir, 'ses_lost.jsonl');
    writeFileSync(path, `garbage\n${framed({ s: 1, k: 'event', t: 5, e: eventOf(1) })}`);
    writeFileSync(join(dir, 'ses_void.jsonl'), '');
    expect(
      listRecordings(dir)
        .map(({ id, state, events }) => ({ id, state, events }))
        .sort((a, b) => (a.id < b.id ? -1 : 1)),
    ).toEqual([
      { id: 'ses_lost', state: 'damaged', events: 1 },
      { id: 'ses_void', state: 'damaged', events: 0 },
    ]);
    expect(readRecording(path)).toMatchObject({
      header: { id: 'ses_lost', trace: eventOf(1).trace },
      events: [{ id: eventOf(1).id }],
    });
    expect(repairRecording(path)).toMatchObject({ kept: 1, dropped: 1 });
    expect(verifyRecording(path)).toMatchObject({ state: 'crashed', lines: 2, problems: [] });
  });

  it('a header that another release wrote in a newer format is refused, a newer kind or member is not', () => {
    const dir = scratchFolder();
    const path = join(dir, 'ses_new.jsonl');
    const header = { s: 0, k: 'session', t: 0, v: 1, ...headerOf('ses_new') };
    writeFileSync(path, framed({ ...header, v: 2 }) + framed({ s: 1, k: 'event', t: 5, e: eventOf(1) }));
    expect(() => readRecording(path)).toThrow(/format version 2.*newer hindcast/);
    expect(() => verifyRecording(path)).toThrow(/format version 2/);
    expect(summariseRecording(path).state).toBe('damaged');
    writeFileSync(
      path,
      framed({ ...header, later: 1 }) +
        framed({ s: 1, k: 'mood', t: 5, of: 'all' }) +
        framed({ s: 2, k: 'event', t: 5, e: eventOf(1), later: [] }),
    );
    expect(readRecording(path)).toMatchObject({ state: 'recording', problems: [], events: [{ id: eventOf(1).id }] });
  });

  it('line endings of another system are damage, and said so', () => {
    const log = logIn(scratchFolder());
    log.event(eventOf(1));
    writeFileSync(log.path, readFileSync(log.path, 'latin1').replaceAll('\n', '\r\n'));
    expect(verifyRecording(log.path)).toMatchObject({ state: 'damaged', lines: 0 });
  });
});

describe('R2 reading from an offset', () => {
  it('gives what comes after it, and numbers problems by the sequence', () => {
    const seen: number[] = [];
    const log = logIn(scratchFolder(), {}, (_event, _header, end) => seen.push(end));
    for (let number = 1; number <= 5; number++) log.event(eventOf(number));
    const bytes = readFileSync(log.path);
    bytes[seen[2]! + 30]! ^= 1;
    writeFileSync(log.path, Buffer.concat([bytes, Buffer.from('{"s":6')]));
    const found = [...readLines(log.path, { from: seen[1]! })];
    expect(
      found.map((scanned) => (scanned.ok ? scanned.line.s : `${scanned.problem.kind} ${scanned.problem.lineNumber}`)),
    ).toEqual([3, 'checksum 5', 5, 'torn 7']);
    expect(found[0]).toMatchObject({ start: seen[1], end: seen[2] });
    expect([...readLines(log.path, { from: bytes.length + 6 })]).toEqual([]);
  });

  it('reads lines longer than a read, and goes on after one that is too long', () => {
    const path = join(scratchFolder(), 'ses_long.jsonl');
    const header = framed({ s: 0, k: 'session', t: 0, v: 1, ...headerOf('ses_long') });
    const long = framed({ s: 1, k: 'event', t: 1, e: { ...eventOf(1), attributes: { a: 'é'.repeat(3_000_000) } } });
    const last = framed({ s: 3, k: 'event', t: 1, e: eventOf(3) });
    writeFileSync(path, [header, long, 'x'.repeat(70 * 1024 * 1024), '\n', last].join(''));
    const found = [...readLines(path)];
    expect(found.map((scanned) => (scanned.ok ? scanned.line.s : scanned.problem.kind))).toEqual([0, 1, 'too-long', 3]);
    expect(found[2]).toMatchObject({ start: header.length + Buffer.byteLength(long), problem: { lineNumber: 3 } });
    expect(found[3]!.end - found[3]!.start).toBe(last.length);
  });
});

describe('R14 naming a recording', () => {
  it('by id, by its beginning, by `last`, by path', () => {
    const { dir } = fourStates();
    const named = (meant: string): string => resolveRecording(dir, meant).slice(dir.length + 1);
    expect(named('ses_aa11')).toBe('ses_aa11.jsonl');
    expect(named('ses_b')).toBe('ses_bb33.jsonl');
    expect(named('aa2')).toBe('ses_aa22.jsonl');
    expect(named('job')).toBe('job-9.jsonl');
    expect(named('last')).toBe('job-9.jsonl');
    expect(resolveRecording('/nowhere', join(dir, 'job-9.jsonl'))).toBe(join(dir, 'job-9.jsonl'));
    copyFileSync(join(dir, 'job-9.jsonl'), join(dir, 'job-9.2.jsonl'));
    expect(named('job-9')).toBe('job-9.jsonl');
  });

  it('says what to do when that does not name one', () => {
    const { dir } = fourStates();
    expect(() => resolveRecording(dir, 'aa')).toThrow(/beginning of 2 recordings: ses_aa11, ses_aa22\. Give more/);
    expect(() => resolveRecording(dir, 'zz')).toThrow(/No recording in .* begins with "zz"\. hindcast ls/);
    expect(() => resolveRecording(join(dir, 'none'), 'last')).toThrow(expect.objectContaining({ code: 'recording_not_found' }));
    expect(listRecordings(join(dir, 'none'))).toEqual([]);
  });
});
