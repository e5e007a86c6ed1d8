/** Scrubs the bytes of a body, and says where each piece of it ends afterwards, so that a replay gives as many pieces as there were. */
import { isUtf8 } from 'node:buffer';
import { crc32 } from 'node:zlib';
import type { Scrubber } from './scrub-text.ts';

/** A part of the bytes, and what stands there afterwards. */
interface ByteEdit {
  start: number;
  end: number;
  bytes: Buffer;
}

export interface ScrubbedBody {
  bytes: Buffer;
  /** Where a place of the old bytes is now. */
  place(at: number): number;
}

/** What a body says, as text: for the secrets in it to be known. */
export function textOfBody(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString();
  const frames = framesOf(bytes);
  return frames === undefined ? bytes.toString('latin1') : frames.map(({ text }) => text).join('\n');
}

/** The body without its secrets; undefined when there is nothing to replace. */
export function scrubBody(bytes: Buffer, scrubber: Scrubber): ScrubbedBody | undefined {
  const edits = editsOf(bytes, scrubber);
  if (edits.length === 0) return undefined;
  const parts: Buffer[] = [];
  let at = 0;
  for (const edit of edits) {
    parts.push(bytes.subarray(at, edit.start), edit.bytes);
    at = edit.end;
  }
  parts.push(bytes.subarray(at));
  return { bytes: Buffer.concat(parts), place: (old) => placeAfter(old, edits) };
}

/** Inside of what was replaced, pieces keep their share of it. */
function placeAfter(at: number, edits: readonly ByteEdit[]): number {
  let shift = 0;
  for (const { start, end, bytes } of edits) {
    if (at <= start) break;
    if (at < end) return start + shift + Math.round(((at - start) / (end - start)) * bytes.length);
    shift += bytes.length - (end - start);
  }
  return at + shift;
}

function editsOf(bytes: Buffer, scrubber: Scrubber): ByteEdit[] {
  const encoding = isUtf8(bytes) ? 'utf8' : 'latin1';
  const frames = encoding === 'utf8' ? undefined : framesOf(bytes);
  if (frames) return frameEdits(frames, scrubber);
  const text = bytes.toString(encoding);
  const edits: ByteEdit[] = [];
  let [units, place] = [0, 0];
  for (const edit of scrubber.edits(text)) {
    const start = place + Buffer.byteLength(text.slice(units, edit.start), encoding);
    const end = start + Buffer.byteLength(text.slice(edit.start, edit.end), encoding);
    edits.push({ start, end, bytes: Buffer.from(edit.text) });
    [units, place] = [edit.end, end];
  }
  return edits;
}

/** A frame of AWS's event stream (core/event-frames.ts), with what it says as text. */
interface Frame {
  start: number;
  bytes: Buffer;
  payloadAt: number;
  text: string;
  /** The payload holds the text in base64, from here to there. */
  base64?: [number, number];
}

const PRELUDE_BYTES = 12;
const CHECKSUM_BYTES = 4;
const IN_BASE64 = /"bytes":"([A-Za-z0-9+/]+={0,2})"/d;

/** The frames that a body is made of; undefined when it is something else. One that was cut off is left out. */
function framesOf(bytes: Buffer): Frame[] | undefined {
  const frames: Frame[] = [];
  for (let start = 0; start + PRELUDE_BYTES + CHECKSUM_BYTES <= bytes.length;) {
    const length = bytes.readUInt32BE(start);
    if (bytes.readUInt32BE(start + 8) !== crc32(bytes.subarray(start, start + 8))) return undefined;
    if (length < PRELUDE_BYTES + CHECKSUM_BYTES || start + length > bytes.length) break;
    const frame = bytes.subarray(start, start + length);
    const payloadAt = PRELUDE_BYTES + frame.readUInt32BE(4);
    const payload = frame.toString('utf8', payloadAt, length - CHECKSUM_BYTES);
    const inner = IN_BASE64.exec(payload);
    const base64 = inner?.indices?.[1];
    const text = inner?.[1] === undefined ? payload : Buffer.from(inner[1], 'base64').toString();
    frames.push({ start, bytes: frame, payloadAt, text, ...(base64 && { base64 }) });
    start += length;
  }
  return frames.length > 0 ? frames : undefined;
}

/** The frames as lines of JSON, so that a text that is spread over them is found. */
function frameEdits(frames: readonly Frame[], scrubber: Scrubber): ByteEdit[] {
  const before = frames.map(({ text }) => text);
  const edits = scrubber.edits(before.join('\n'));
  const changed: ByteEdit[] = [];
  let from = 0;
  let next = 0;
  for (const frame of frames) {
    let text = '';
    let at = 0;
    for (; next < edits.length && edits[next]!.start < from + frame.text.length; next++) {
      const edit = edits[next]!;
      text += frame.text.slice(at, edit.start - from) + edit.text;
      at = edit.end - from;
    }
    if (at > 0)
      changed.push({
        start: frame.start,
        end: frame.start + frame.bytes.length,
        bytes: framed(frame, text + frame.text.slice(at)),
      });
    from += frame.text.length + 1;
  }
  return changed;
}

function framed({ bytes, payloadAt, base64 }: Frame, text: string): Buffer {
  const old = bytes.toString('utf8', payloadAt, bytes.length - CHECKSUM_BYTES);
  const payload = base64 ? old.slice(0, base64[0]) + Buffer.from(text).toString('base64') + old.slice(base64[1]) : text;
  const frame = Buffer.concat([bytes.subarray(0, payloadAt), Buffer.from(payload), Buffer.alloc(CHECKSUM_BYTES)]);
  frame.writeUInt32BE(frame.length, 0);
  frame.writeUInt32BE(crc32(frame.subarray(0, 8)), 8);
  frame.writeUInt32BE(crc32(frame.subarray(0, -CHECKSUM_BYTES)), frame.length - CHECKSUM_BYTES);
  return frame;
}
