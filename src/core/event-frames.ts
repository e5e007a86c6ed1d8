/** Frames of AWS's event stream encoding, `application/vnd.amazon.eventstream`: lengths, headers and payload between two CRC-32 checksums, all numbers big-endian. */
import { crc32 } from 'node:zlib';

/** One message of a stream. */
export interface EventFrame {
  /** Headers that are texts, as all are that name a message; the others are left out. */
  headers: Record<string, string>;
  payload: Uint8Array;
}

/** Two lengths and their checksum. */
const PRELUDE_BYTES = 12;
const CHECKSUM_BYTES = 4;
const STRING_TYPE = 7;
/** Bytes of a header's value by its type; undefined: two bytes say how many follow. */
const VALUE_BYTES: readonly (number | undefined)[] = [0, 0, 1, 2, 4, 8, undefined, undefined, 8, 16];

/** The frames in `bytes`, up to the first that is cut off or damaged. */
export function* readFrames(bytes: Uint8Array): Generator<EventFrame> {
  for (let at = 0; at + PRELUDE_BYTES + CHECKSUM_BYTES <= bytes.length;) {
    const prelude = viewOf(bytes.subarray(at, at + PRELUDE_BYTES));
    const length = prelude.getUint32(0);
    const headersEnd = at + PRELUDE_BYTES + prelude.getUint32(4);
    const payloadEnd = at + length - CHECKSUM_BYTES;
    if (at + length > bytes.length || headersEnd > payloadEnd || prelude.getUint32(8) !== crc32(bytes.subarray(at, at + 8)))
      return;
    if (viewOf(bytes.subarray(payloadEnd)).getUint32(0) !== crc32(bytes.subarray(at, payloadEnd))) return;
    const headers = readHeaders(bytes.subarray(at + PRELUDE_BYTES, headersEnd));
    if (headers === undefined) return;
    yield { headers, payload: bytes.subarray(headersEnd, payloadEnd) };
    at += length;
  }
}

/** Undefined where they are not in this encoding. */
function readHeaders(bytes: Uint8Array): Record<string, string> | undefined {
  const view = viewOf(bytes);
  const headers: Record<string, string> = {};
  for (let at = 0; at < bytes.length;) {
    const nameEnd = at + 1 + view.getUint8(at);
    if (nameEnd >= bytes.length) return undefined;
    const type = view.getUint8(nameEnd);
    let start = nameEnd + 1;
    let length = VALUE_BYTES[type];
    if (length === undefined) {
      if (type >= VALUE_BYTES.length || start + 2 > bytes.length) return undefined;
      length = view.getUint16(start);
      start += 2;
    }
    if (start + length > bytes.length) return undefined;
    if (type === STRING_TYPE) headers[textOf(bytes.subarray(at + 1, nameEnd))] = textOf(bytes.subarray(start, start + length));
    at = start + length;
  }
  return headers;
}

/** The bytes of one message. Throws a RangeError where a header is longer than the encoding can say. */
export function writeFrame({ headers, payload }: EventFrame): Uint8Array {
  const head = Buffer.concat(Object.entries(headers).map(([name, value]) => writeHeader(Buffer.from(name), Buffer.from(value))));
  const length = PRELUDE_BYTES + head.length + payload.length + CHECKSUM_BYTES;
  const frame = Buffer.alloc(length);
  frame.writeUInt32BE(length, 0);
  frame.writeUInt32BE(head.length, 4);
  frame.writeUInt32BE(crc32(frame.subarray(0, 8)), 8);
  frame.set(head, PRELUDE_BYTES);
  frame.set(payload, PRELUDE_BYTES + head.length);
  frame.writeUInt32BE(crc32(frame.subarray(0, length - CHECKSUM_BYTES)), length - CHECKSUM_BYTES);
  return frame;
}

function writeHeader(name: Buffer, value: Buffer): Buffer {
  const between = Buffer.alloc(3);
  between.writeUInt8(STRING_TYPE);
  between.writeUInt16BE(value.length, 1);
  return Buffer.concat([Buffer.of(name.length), name, between, value]);
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const textOf = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
