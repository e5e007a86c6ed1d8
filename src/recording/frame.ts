/** The frame of a line: what makes it checkable without knowing its kind. Shared by those who write, read and repair. */
import { crc32c } from '../core/crc32c.ts';

export const LF = 10;
/** `,"c":"` + 8 hex digits + `"}`: what follows the bytes that the checksum covers. */
export const FRAME_BYTES = 16;
/** No line is longer: the writer leaves content out before it would be, and the reader skips what is. */
export const LINE_BYTES_MAX = 64 * 1024 * 1024;

const HEX = Buffer.from('0123456789abcdef');
const OPENING = Buffer.from(',"c":"');
const QUOTE = 34;
const BRACE = 125;

/** Writes checksum, brace and LF behind the bytes from `from` to `to`; returns where the line ends. */
export function closeFrame(bytes: Uint8Array, from: number, to: number): number {
  const crc = crc32c(bytes, from, to);
  let at = to;
  for (let index = 0; index < OPENING.length; index++) bytes[at++] = OPENING[index]!;
  for (let shift = 28; shift >= 0; shift -= 4) bytes[at++] = HEX[(crc >>> shift) & 15]!;
  bytes[at++] = QUOTE;
  bytes[at++] = BRACE;
  bytes[at++] = LF;
  return at;
}

/** Whether the line from `from` to `to` (LF not included) ends in the checksum of its bytes. */
export function isSound(bytes: Buffer, from: number, to: number): boolean {
  const covered = to - FRAME_BYTES;
  if (covered <= from || bytes[to - 1] !== BRACE || bytes[to - 2] !== QUOTE) return false;
  for (let index = 0; index < OPENING.length; index++) if (bytes[covered + index] !== OPENING[index]) return false;
  const crc = crc32c(bytes, from, covered);
  const digits = covered + OPENING.length;
  for (let index = 0; index < 8; index++) if (bytes[digits + index] !== HEX[(crc >>> (28 - 4 * index)) & 15]) return false;
  return true;
}

/** Where the sequence number of a sound line ends, which is where `,"k":` begins; -1 when the line does not begin with one. */
export function sequenceEnd(bytes: Uint8Array, from: number, to: number): number {
  if (
    bytes[from] !== 123 ||
    bytes[from + 1] !== QUOTE ||
    bytes[from + 2] !== 115 ||
    bytes[from + 3] !== QUOTE ||
    bytes[from + 4] !== 58
  )
    return -1;
  let at = from + SEQUENCE_AT;
  while (at < to && bytes[at]! >= 48 && bytes[at]! <= 57) at++;
  return at > from + SEQUENCE_AT ? at : -1;
}

/** Length of `{"s":`. */
export const SEQUENCE_AT = 5;
