/** Whether a file held, before this run, what a program appended when it was recorded: its appends stand in the file in their order. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** Of a longer file nothing is said. */
const FILE_BYTES_MAX = 256 * 1024 * 1024;

/** What of a file is still to be found: from behind what was found last, to where this run began to append. */
interface Part {
  from: number;
  to: number;
}

export class Appended {
  readonly #parts = new Map<string, Part>();

  /** Whether `bytes` stand in the file behind what was asked for before. */
  holds(path: unknown, bytes: Uint8Array): boolean {
    if (!(typeof path === 'string' || path instanceof URL) || bytes.length === 0) return false;
    const known = this.#parts.get(String(path));
    const { rest, part } = readPart(path, known);
    this.#parts.set(String(path), part);
    const at = rest.indexOf(bytes);
    if (at >= 0) part.from += at + bytes.length;
    return at >= 0;
  }
}

/** The bytes of a part of a file; the first time, of all of it. Empty where it cannot be read. */
function readPart(path: string | URL, known: Part | undefined): { rest: Buffer; part: Part } {
  let fd: number | undefined;
  try {
    fd = openSync(path, 'r');
    const part = known ?? { from: 0, to: fstatSync(fd).size };
    const length = part.to - part.from;
    if (length > FILE_BYTES_MAX) return { rest: Buffer.alloc(0), part };
    const bytes = Buffer.allocUnsafe(length);
    let got = 0;
    for (let count = -1; got < length && count !== 0; got += count)
      count = readSync(fd, bytes, got, length - got, part.from + got);
    return { rest: bytes.subarray(0, got), part };
  } catch {
    return { rest: Buffer.alloc(0), part: known ?? { from: 0, to: 0 } };
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
