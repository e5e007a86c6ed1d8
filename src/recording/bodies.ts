/** How the bytes of a body are put into a line: as text, as base64, or out of line in the `.blobs` companion. */
import { isUtf8 } from 'node:buffer';
import { constants, crc32, zstdCompressSync } from 'node:zlib';
import type { Body } from '../events/lines.ts';
import type { AppendFile } from './append-file.ts';

/**
 * Bodies beyond this go to the `.blobs` file: compressed, neither escaped for JSON nor run through the checksum in JavaScript. Compressing is cheaper than writing: at
 * level 1, 20 KB of a stream take 57 us and 615 KB take 283 us, where the writes alone would take 68 and 1,470 us; below 8 KB it is the other way round.
 */
export const INLINE_BYTES_MAX = 8 * 1024;
const FASTEST = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };
/** A body beyond this is not recorded. */
export const BODY_BYTES_MAX = 64 * 1024 * 1024;
/** Text up to this is encoded in the shared buffer. */
const SCRATCH_BYTES = 1024 * 1024;

let scratch: Buffer | undefined;

/** At least `bytes` bytes to work in, valid until the next call. Up to a limit they are the same ones each time: fresh memory costs page faults. */
function workspace(bytes: number): Buffer {
  if (bytes > SCRATCH_BYTES) return Buffer.allocUnsafeSlow(bytes);
  return (scratch ??= Buffer.allocUnsafeSlow(SCRATCH_BYTES));
}

/** The body made of `pieces`, which hold `length` bytes. */
export function encodePieces(pieces: readonly Uint8Array[], length: number, blobs: AppendFile): Body {
  if (length > BODY_BYTES_MAX) return { omitted: `larger than ${BODY_BYTES_MAX} bytes` };
  const bytes = join(pieces, length);
  if (length > INLINE_BYTES_MAX) return appendBlob(bytes, blobs);
  return isUtf8(bytes) ? bytes.toString() : { b64: bytes.toString('base64') };
}

/** The text whole: in the line, or as a blob when it is large. */
export function encodeText(text: string, blobs: AppendFile): Body {
  if (text.length <= INLINE_BYTES_MAX) return text;
  if (text.length > BODY_BYTES_MAX) return { omitted: `larger than ${BODY_BYTES_MAX} bytes` };
  const bytes = workspace(text.length * 3 <= SCRATCH_BYTES ? text.length * 3 : Buffer.byteLength(text));
  return appendBlob(bytes.subarray(0, bytes.write(text)), blobs);
}

function appendBlob(bytes: Uint8Array, blobs: AppendFile): Body {
  const frame = zstdCompressSync(bytes, FASTEST);
  const compressed = frame.length < bytes.length;
  const stored = compressed ? frame : bytes;
  const len = stored.length;
  if (blobs.append(stored, len) < len) return { omitted: 'could not be written' };
  const blob = { at: blobs.size - len, len, crc: crc32(stored) };
  return compressed ? { ...blob, zstd: bytes.length } : blob;
}

function join(pieces: readonly Uint8Array[], length: number): Buffer {
  const first = pieces[0]!;
  if (pieces.length === 1) return Buffer.from(first.buffer, first.byteOffset, first.byteLength);
  const joined = workspace(length).subarray(0, length);
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.length;
  }
  return joined;
}
