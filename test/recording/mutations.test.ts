import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { copyFileSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readRecording } from '../../src/recording/recording.ts';
import { repairRecording, verifyRecording } from '../../src/recording/verify.ts';
import { eventOf, exchangeIn, logIn, scratchFolder, STATS } from './support.ts';

const MUTATIONS = 10_000;

/** A generator of numbers that gives the same ones on every run (mulberry32). */
function numbers(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

function soundRecording(): string {
  // A process that is gone: else a recording without its `end` would be one in use.
  const log = logIn(scratchFolder(), { pid: spawnSync(process.execPath, ['--version']).pid });
  for (let number = 1; number <= 6; number++) {
    log.open({ id: eventOf(number).id, type: 'tool', name: `t${number}` });
    exchangeIn(log, `{"turn":${number},"text":"${'ж'.repeat(number * 20)}"}`, ['data: a\n\n', 'data: b\n\n'], eventOf(number).id);
    log.event(eventOf(number));
  }
  log.end({ state: 'success', reason: 'ended', stats: STATS });
  return log.path;
}

/** Lines as text, LF included. */
const split = (bytes: Buffer): string[] => bytes.toString('latin1').split(/(?<=\n)/);
const joined = (lines: string[]): Buffer => Buffer.from(lines.join(''), 'latin1');
/** What a line says, whatever its number. */
const said = (line: string): string => line.replace(/^\{"s":\d+/, '').replace(/,"c":"[0-9a-f]{8}"\}\n?$/, '');

function mutate(sound: Buffer, pick: (limit: number) => number): Buffer {
  const lines = split(sound);
  const at = pick(lines.length);
  switch (pick(6)) {
    case 0:
    case 1: {
      const bytes = Buffer.from(sound);
      for (let flips = 1 + pick(3); flips > 0; flips--) bytes[pick(bytes.length)]! ^= 1 << pick(8);
      return bytes;
    }
    case 2:
      return joined(lines.toSpliced(at, 1));
    case 3: {
      const other = pick(lines.length);
      const swapped = [...lines];
      [swapped[at], swapped[other]] = [lines[other]!, lines[at]!];
      return joined(swapped);
    }
    case 4:
      return joined(lines.toSpliced(pick(lines.length + 1), 0, lines[at]!));
    default:
      return sound.subarray(0, pick(sound.length));
  }
}

describe('R2 damage', () => {
  it(`of ${MUTATIONS} mutations none goes unseen, and whatever line is sound survives the repair`, { timeout: 300_000 }, () => {
    const path = soundRecording();
    const sound = readFileSync(path);
    const originals = new Set(split(sound));
    const pick = numbers(20_261_121);
    const seen: Record<string, number> = {};
    for (let round = 0; round < MUTATIONS; round++) {
      const bytes = mutate(sound, pick);
      if (bytes.equals(sound)) continue;
      writeFileSync(path, bytes);
      const { problems, state } = verifyRecording(path);
      for (const { kind } of problems) seen[kind] = (seen[kind] ?? 0) + 1;
      const cut = bytes.length < sound.length && bytes.equals(sound.subarray(0, bytes.length));
      if (problems.length === 0) {
        // Cut exactly at the end of a line: nothing is wrong with what is there, but the `end` is missing.
        expect(cut && bytes.at(-1) === 10, `round ${round}`).toBe(true);
        expect(state).toBe('crashed');
        continue;
      }
      if (cut && bytes.length > 0 && bytes.includes(10)) expect(problems.map((problem) => problem.kind)).toEqual(['torn']);
      checkRepair(path, bytes, originals, round);
    }
    expect(Object.keys(seen).sort()).toEqual(['checksum', 'header', 'sequence', 'torn']);
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(50);
  });

  it('names the line and the offset', () => {
    const path = soundRecording();
    const bytes = readFileSync(path);
    const lines = split(bytes);
    const offset = lines.slice(0, 4).join('').length;
    bytes[offset + 20]! ^= 4;
    writeFileSync(path, bytes);
    expect(verifyRecording(path)).toMatchObject({
      state: 'damaged',
      lines: lines.length - 1,
      problems: [{ lineNumber: 5, offset, kind: 'checksum' }],
    });
    expect(readRecording(path)).toMatchObject({ state: 'damaged', problems: [{ lineNumber: 5 }] });
  });

  it('repair leaves a sound recording alone, and keeps each damaged copy', () => {
    const path = soundRecording();
    const sound = readFileSync(path);
    expect(repairRecording(path)).toMatchObject({ dropped: 0, problems: [] });
    expect(existsSync(`${path}.damaged`)).toBe(false);
    expect(readFileSync(path)).toEqual(sound);
    for (const name of ['.damaged', '.damaged.2']) {
      const bytes = readFileSync(path);
      bytes[bytes.length - 40]! ^= 1;
      writeFileSync(path, bytes);
      expect(repairRecording(path)).toMatchObject({ dropped: 1, damagedCopy: `${path}${name}` });
      expect(readFileSync(`${path}${name}`)).toEqual(bytes);
    }
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('a damaged blob is found, and repair keeps its line without the body', () => {
    const log = logIn(scratchFolder());
    // Noise, which is stored as it is: where a byte stands is known.
    exchangeIn(log, 'q', [randomBytes(40_000)]);
    exchangeIn(log, 'q', [randomBytes(40_000)]);
    log.end({ state: 'success', reason: 'ended', stats: STATS });
    const blobs = log.path.replace('.jsonl', '.blobs');
    const bytes = readFileSync(blobs);
    bytes[50_000]! ^= 1;
    writeFileSync(blobs, bytes);
    expect(verifyRecording(log.path)).toMatchObject({ state: 'damaged', lines: 6, problems: [{ kind: 'blob', lineNumber: 5 }] });
    expect(readRecording(log.path).exchanges.get(2)!.responseBody()).toBeUndefined();
    expect(repairRecording(log.path)).toMatchObject({ kept: 6, dropped: 0 });
    expect(verifyRecording(log.path)).toMatchObject({ state: 'ended', problems: [] });
    const { exchanges } = readRecording(log.path);
    expect(exchanges.get(1)!.responseBody()).toHaveLength(40_000);
    expect(exchanges.get(2)).toMatchObject({ status: 200, cuts: { len: [40_000] } });
    writeFileSync(blobs, bytes.subarray(0, 30_000));
    expect(readRecording(log.path)).toMatchObject({ state: 'damaged', problems: [{ kind: 'blob' }] });
  });

  it('does not repair what is still being written', () => {
    const log = logIn(scratchFolder());
    log.event(eventOf(1));
    writeFileSync(log.path, Buffer.concat([readFileSync(log.path), Buffer.from('{"s":2')]));
    expect(() => repairRecording(log.path)).toThrow(/still being written by process/);
    expect(existsSync(`${log.path}.damaged`)).toBe(false);
  });
});

function checkRepair(path: string, damaged: Buffer, originals: Set<string>, round: number): void {
  const copy = join(path, '..', 'ses_copy.jsonl');
  copyFileSync(path, copy);
  repairRecording(copy);
  const kept = split(readFileSync(copy)).map(said);
  for (const line of split(damaged)) if (originals.has(line)) expect(kept, `round ${round}`).toContain(said(line));
  expect(new Set(kept).size).toBe(kept.length);
  expect(verifyRecording(copy).problems, `round ${round}`).toEqual([]);
  expect(readFileSync(`${copy}.damaged`).equals(damaged)).toBe(true);
  rmSync(`${copy}.damaged`);
}
