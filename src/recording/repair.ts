/** Makes a sound recording of a damaged one: every sound line goes into a new file, the damaged one stays beside it. */
import {
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import type { SessionLine } from '../events/lines.ts';
import { checkedLines } from './blob-check.ts';
import { RecordingError } from './errors.ts';
import { NOBODY, writeCursor } from './export-cursor.ts';
import { closeFrame, FRAME_BYTES, isSound, sequenceEnd } from './frame.ts';
import { LineBuffer } from './line-buffer.ts';
import type { Problem } from './log-reader.ts';
import { standInHeader, stateOf } from './summary.ts';

export interface Repair {
  /** Sound lines, all in the repaired file. */
  kept: number;
  /** Lines that were unsound or there twice. */
  dropped: number;
  /** What was wrong. */
  problems: Problem[];
  /** Where the damaged file is now; absent when nothing was wrong and nothing was done. */
  damagedCopy?: string;
}

/** A sound line: its number and where it stands. */
interface Place {
  s: number;
  start: number;
  end: number;
  /** Its body is damaged, so the line is written anew without it. */
  bodiless: boolean;
}

interface Survey {
  places: Place[];
  problems: Problem[];
  dropped: number;
  header?: SessionLine;
  trace?: string;
  ended: boolean;
}

/**
 * Repairs a recording. Lines in the wrong place go back to their own, all are numbered anew, and a lost header is replaced by one made from the file name.
 * A cursor of the export goes back to the beginning, since the offsets are others now: what was sent before is sent again, with the same ids.
 */
export function repairRecording(path: string): Repair {
  const survey = takeStock(path);
  const { places, problems, dropped, header } = survey;
  if (problems.length === 0) return { kept: places.length, dropped, problems };
  if (header && !survey.ended && stateOf(header, undefined, false) === 'recording')
    throw new RecordingError(
      'recording_in_use',
      `${path} is still being written by process ${header.pid}. Repair it when that has ended.`,
    );
  const repaired = `${path}.repaired-${process.pid}`;
  try {
    writeRepaired(path, repaired, places, header ? undefined : standInHeader(path, survey.trace));
    const damagedCopy = setAside(path);
    renameSync(repaired, path);
    const cursor = path.replace(/\.jsonl$/, '.cursor');
    if (existsSync(cursor)) writeCursor(cursor, { offset: 0, unfinished: 0, owner: NOBODY });
    return { kept: places.length, dropped, problems, damagedCopy };
  } finally {
    rmSync(repaired, { force: true });
  }
}

function takeStock(path: string): Survey {
  const survey: Survey = { places: [], problems: [], dropped: 0, ended: false };
  let bodiless = false;
  let placed = -1;
  let lastProblem = -1;
  for (const scanned of checkedLines(path)) {
    const { start, end } = scanned;
    if (!scanned.ok) {
      if (scanned.problem.kind === 'version') throw new RecordingError('recording_newer', `${path}: ${scanned.problem.message}`);
      survey.problems.push(scanned.problem);
      bodiless ||= scanned.problem.kind === 'blob';
      if (end > start && start !== lastProblem) survey.dropped++;
      lastProblem = start;
      continue;
    }
    // The problem before a sound line was about its place or its body, so nothing is lost with it.
    if (lastProblem === start && placed !== start) survey.dropped--;
    placed = start;
    const { line } = scanned;
    // The header belongs in front, wherever it was found.
    const isHeader = line.k === 'session' && survey.header === undefined;
    survey.places.push({ s: isHeader ? -1 : line.s, start, end, bodiless });
    bodiless = false;
    if (line.k === 'session') survey.header ??= line;
    if (line.k === 'end') survey.ended = true;
    if (line.k === 'event') survey.trace ??= line.e.trace;
  }
  survey.places.sort((a, b) => a.s - b.s);
  return survey;
}

function writeRepaired(from: string, to: string, places: Place[], header: SessionLine | undefined): void {
  const source = openSync(from, 'r');
  const target = openSync(to, 'wx', 0o600);
  try {
    let s = 0;
    if (header) {
      const { s: _s, k: _k, t: _t, ...members } = header;
      writeAll(target, asLine('{"s":0,"k":"session","t":0', members));
      s = 1;
    }
    for (const place of places) writeAll(target, renumbered(readPlace(source, place), s++, place.bodiless));
    fsyncSync(target);
  } finally {
    closeSync(source);
    closeSync(target);
  }
}

/** The line with another number. Everything else stays byte for byte, members of later versions too. */
function renumbered(line: Buffer, s: number, bodiless: boolean): Uint8Array {
  const covered = line.length - 1 - FRAME_BYTES;
  if (bodiless) {
    const { s: _s, k, t, c: _c, ...members } = JSON.parse(line.toString());
    return asLine(`{"s":${s},"k":"${k}","t":${t}`, { ...members, body: { omitted: 'damaged' } });
  }
  const numberEnd = sequenceEnd(line, 0, covered);
  if (numberEnd < 0 || !isSound(line, 0, line.length - 1)) throw new Error('a line changed while the recording was repaired');
  const number = Buffer.from(`{"s":${s}`);
  const bytes = Buffer.allocUnsafe(number.length + line.length - numberEnd);
  number.copy(bytes);
  line.copy(bytes, number.length, numberEnd, covered);
  return bytes.subarray(0, closeFrame(bytes, 0, number.length + covered - numberEnd));
}

function asLine(prefix: string, members: object): Uint8Array {
  const lines = new LineBuffer();
  lines.appendMembers(prefix, JSON.stringify(members));
  return lines.bytes.subarray(0, lines.used);
}

/** Gives the damaged file a second name, so that there is no moment without a recording. */
function setAside(path: string): string {
  let copy = `${path}.damaged`;
  for (let taken = 2; existsSync(copy); taken++) copy = `${path}.damaged.${taken}`;
  try {
    linkSync(path, copy);
  } catch {
    copyFileSync(path, copy);
  }
  return copy;
}

function readPlace(file: number, { start, end }: Place): Buffer {
  const bytes = Buffer.allocUnsafe(end - start);
  let got = 0;
  while (got < bytes.length) {
    const count = readSync(file, bytes, got, bytes.length - got, start + got);
    if (count === 0) throw new Error('the recording became shorter while it was repaired');
    got += count;
  }
  return bytes;
}

function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
}
