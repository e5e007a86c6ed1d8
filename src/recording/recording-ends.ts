/** Header and end of a recording without what is between them. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { FORMAT_VERSION, type EndLine, type SessionLine } from '../events/lines.ts';
import { LF } from './frame.ts';
import { parse } from './log-reader.ts';

/** Header and `end` line are small: an argument list or a list of tags may take a page or two. */
const END_BYTES_MAX = 64 * 1024;

/** The first and the last line of a recording that ended; undefined when it did not, or when one of the two is unsound. */
export function readEnds(path: string): { header: SessionLine; end: EndLine } | undefined {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const head = readAt(file, 0, Math.min(size, END_BYTES_MAX));
    const header = lineOf(head, 0, head.indexOf(LF));
    if (header?.k !== 'session' || header.v > FORMAT_VERSION) return undefined;
    const tail = readAt(file, Math.max(0, size - END_BYTES_MAX), Math.min(size, END_BYTES_MAX));
    if (tail.at(-1) !== LF) return undefined;
    const last = tail.length - 1;
    const end = lineOf(tail, tail.lastIndexOf(LF, last - 1) + 1, last);
    return end?.k === 'end' && end.s > header.s ? { header, end } : undefined;
  } finally {
    closeSync(file);
  }
}

/** The header of a recording, if it is sound. */
export function readHeader(path: string): SessionLine | undefined {
  const file = openSync(path, 'r');
  try {
    const head = readAt(file, 0, Math.min(fstatSync(file).size, END_BYTES_MAX));
    const header = lineOf(head, 0, head.indexOf(LF));
    return header?.k === 'session' ? header : undefined;
  } finally {
    closeSync(file);
  }
}

function lineOf(bytes: Buffer, from: number, to: number): ReturnType<typeof soundOnly> {
  return to <= from ? undefined : soundOnly(bytes, from, to);
}

function soundOnly(bytes: Buffer, from: number, to: number) {
  const line = parse({ bytes, from, to, start: from, end: to + 1, torn: false, tooLong: false });
  return 'unsound' in line ? undefined : line;
}

function readAt(file: number, at: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  return bytes.subarray(0, readSync(file, bytes, 0, length, at));
}
