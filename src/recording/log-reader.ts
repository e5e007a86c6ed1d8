/** Reads a log line by line, in constant memory, and says of each line whether it can be trusted. */
import { closeSync, openSync, readSync } from 'node:fs';
import { FORMAT_VERSION, type Line } from '../events/lines.ts';
import { isSound, LF, LINE_BYTES_MAX, SEQUENCE_AT, sequenceEnd } from './frame.ts';
import { lineFault } from './line-shape.ts';
import { SequenceCheck } from './sequence-check.ts';

const COMMA = 44;
const READ_BYTES = 1024 * 1024;

/** What is wrong with a line, or with the blob that it refers to. */
export interface Problem {
  /** From 1. Of a log that is read from an offset: the number that its sequence numbers say, 0 before the first sound one. */
  lineNumber: number;
  /** Where the line begins, in bytes. */
  offset: number;
  kind: 'checksum' | 'json' | 'sequence' | 'torn' | 'header' | 'version' | 'blob' | 'too-long';
  message: string;
}

/** One line, or one problem. A line out of sequence is both: first the problem, then the line. `end` is behind the LF. */
export type Scanned =
  | { ok: true; line: Line; start: number; end: number }
  | { ok: false; problem: Problem; start: number; end: number };

/**
 * The lines and problems of a log in the order of the file. Lines may have any length up to 64 MiB; kinds and members of later versions pass through.
 * With `from`, the offset of a line, the header is neither read nor asked for. Nothing follows a header of a later version.
 */
export function* readLines(path: string, options: { from?: number } = {}): Generator<Scanned, void> {
  const from = options.from ?? 0;
  const check = new LineCheck(from === 0);
  for (const raw of rawLines(path, from)) {
    yield* check.scan(raw);
    if (check.refused) return;
  }
  if (from === 0 && check.lines === 0) yield problemAt({ start: 0, end: 0 }, 1, 'header', 'the file is empty');
}

/** The bytes of one line, without LF; only valid until the next one is asked for. */
export interface RawLine {
  bytes: Buffer;
  from: number;
  to: number;
  start: number;
  end: number;
  /** Without LF at the end of the file. */
  torn: boolean;
  tooLong: boolean;
}

class LineCheck {
  lines = 0;
  refused = false;
  readonly #wantsHeader: boolean;
  readonly #sequence: SequenceCheck;

  constructor(wantsHeader: boolean) {
    this.#wantsHeader = wantsHeader;
    this.#sequence = new SequenceCheck(wantsHeader);
  }

  *scan(raw: RawLine): Generator<Scanned, void> {
    this.lines++;
    const line = parse(raw);
    if ('unsound' in line) {
      this.#sequence.skip();
      yield this.#problem(raw, line.unsound, line.message);
      if (this.#isHeader()) yield this.#problem(raw, 'header', 'the header cannot be read');
      return;
    }
    if (this.#isHeader()) {
      const wrong = headerProblem(line);
      if (wrong) yield this.#problem(raw, wrong.kind, wrong.message);
      if (wrong?.kind === 'version') {
        this.refused = true;
        return;
      }
    }
    const { message, known } = this.#sequence.take(line.s);
    if (message) yield this.#problem(raw, 'sequence', message);
    if (!known) yield { ok: true, line, start: raw.start, end: raw.end };
  }

  #isHeader(): boolean {
    return this.#wantsHeader && this.lines === 1;
  }

  #problem(raw: RawLine, kind: Problem['kind'], message: string): Scanned {
    return problemAt(raw, this.#wantsHeader ? this.lines : this.#sequence.position, kind, message);
  }
}

const MESSAGES = {
  torn: 'the last line has no end: the process died while writing it',
  checksum: 'the line does not match its checksum',
  json: 'the line is not a JSON object of this format',
  'too-long': `the line is longer than ${LINE_BYTES_MAX} bytes`,
} as const;

function problemAt(
  { start, end }: { start: number; end: number },
  lineNumber: number,
  kind: Problem['kind'],
  message: string,
): Scanned {
  return { ok: false, problem: { lineNumber, offset: start, kind, message }, start, end };
}

function headerProblem(line: Line): { kind: 'header' | 'version'; message: string } | undefined {
  if (line.k !== 'session' || line.s !== 0) return { kind: 'header', message: 'the first line is not the header' };
  if (typeof line.v !== 'number' || typeof line.id !== 'string' || typeof line.epoch !== 'number')
    return { kind: 'header', message: 'the header lacks its version, id or epoch' };
  if (line.v <= FORMAT_VERSION) return undefined;
  return {
    kind: 'version',
    message: `format version ${line.v}: this release reads up to ${FORMAT_VERSION}; use a newer hindcast`,
  };
}

/** Why a line cannot be used. */
export interface Unsound {
  unsound: keyof typeof MESSAGES;
  message: string;
}

const unsound = (kind: keyof typeof MESSAGES, more = ''): Unsound => ({ unsound: kind, message: MESSAGES[kind] + more });

/** The line, or what is wrong with it. */
export function parse(raw: RawLine): Line | Unsound {
  if (raw.tooLong) return unsound('too-long');
  if (raw.torn) return unsound('torn');
  if (!isSound(raw.bytes, raw.from, raw.to)) return unsound('checksum');
  let line: Line;
  try {
    line = JSON.parse(raw.bytes.toString('utf8', raw.from, raw.to));
  } catch {
    return unsound('json');
  }
  if (line === null || typeof line !== 'object') return unsound('json');
  const numberEnd = sequenceEnd(raw.bytes, raw.from, raw.to);
  // What repairs a recording writes another number in its place.
  if (raw.bytes[numberEnd] !== COMMA || Number(raw.bytes.toString('latin1', raw.from + SEQUENCE_AT, numberEnd)) !== line.s)
    return unsound('json', ': it does not begin with its number');
  const fault = lineFault(line as unknown as Record<string, unknown>);
  return fault === undefined
    ? line
    : unsound('json', fault === 'nesting' ? ': it is nested too deep' : `: its member ${fault} is missing or wrong`);
}

/** The lines as bytes. */
export function* rawLines(path: string, from = 0): Generator<RawLine, void> {
  const file = openSync(path, 'r');
  try {
    let buffer: Buffer = Buffer.allocUnsafeSlow(READ_BYTES);
    let used = 0;
    let base = from;
    /** Bytes of a line too long to hold that were let go. */
    let skipped = 0;
    for (;;) {
      if (used === buffer.length) buffer = enlarge(buffer, used);
      const count = readSync(file, buffer, used, buffer.length - used, base + used);
      const filled = used + count;
      let begin = 0;
      for (let lf = buffer.subarray(0, filled).indexOf(LF, used); lf >= 0; lf = buffer.subarray(0, filled).indexOf(LF, begin)) {
        yield {
          bytes: buffer,
          from: begin,
          to: lf,
          start: base + begin - skipped,
          end: base + lf + 1,
          torn: false,
          tooLong: skipped + lf - begin > LINE_BYTES_MAX,
        };
        skipped = 0;
        begin = lf + 1;
      }
      const rest = filled - begin;
      if (count === 0) {
        if (rest + skipped > 0)
          yield { bytes: buffer, from: begin, to: filled, start: base - skipped, end: base + filled, torn: true, tooLong: false };
        return;
      }
      base += begin;
      used = rest;
      if (rest > LINE_BYTES_MAX) {
        skipped += rest;
        base += rest;
        used = 0;
      } else if (begin > 0) buffer.copy(buffer, 0, begin, filled);
      // One huge line does not keep its memory.
      if (used < READ_BYTES && buffer.length > READ_BYTES) buffer = Buffer.concat([buffer.subarray(0, used)], READ_BYTES);
    }
  } finally {
    closeSync(file);
  }
}

function enlarge(buffer: Buffer, used: number): Buffer {
  const larger = Buffer.allocUnsafeSlow(Math.min(buffer.length * 2, LINE_BYTES_MAX + READ_BYTES));
  buffer.copy(larger, 0, 0, used);
  return larger;
}
