/** What a program puts into a channel, compared with what it put into it when it was recorded: by the way that it takes, as one stream of bytes, however it is cut into pieces. */

/** The line in which the bytes differ, as it was and as it is. */
export interface OtherBytes {
  before: string;
  after: string;
  /** Whether the recording has anything in its place. */
  isNear: boolean;
}

/** One way. */
interface Way {
  readonly recorded: Buffer;
  /** Where the pieces end that it was recorded in. */
  readonly ends: readonly number[];
  /** So much of what was recorded has been put in. */
  at: number;
  /** The rest of the line that is being put in is taken for that of the recorded one. */
  skips: boolean;
  /** What was put in of a line that may be the recorded one once it is whole. */
  pending: Buffer;
}

/** Whether a line, or a piece, is the recorded one, which has been made elsewhere. */
export type Fits = (recorded: string, put: string) => boolean;

const NEW_LINE = 10;

export class SentBytes {
  readonly #ways: Map<string, Way>;
  readonly #fits: Fits | null;

  constructor(recorded: ReadonlyMap<string, readonly Uint8Array[]>, fits: Fits | null = null) {
    this.#fits = fits;
    this.#ways = new Map([...recorded].map(([way, pieces]) => [way, wayOf(pieces)]));
  }

  /** Of all ways together, as far as it was recorded. */
  get total(): number {
    return this.#ways.values().reduce((sum, { at }) => sum + at, 0);
  }

  /** Takes more; null: it is what was recorded. Where `takes` says so of what is not, that is taken for the line, or else the piece, that was recorded in its place. */
  add(name: string, given: Uint8Array, takes: (other: OtherBytes) => boolean = () => false): OtherBytes | null {
    const way = this.#wayOf(name);
    let bytes = withoutOurIds(Buffer.concat([way.pending, given]));
    way.pending = Buffer.alloc(0);
    for (;;) {
      bytes = skipped(way, bytes);
      const { recorded, at } = way;
      if (bytes.equals(recorded.subarray(at, at + bytes.length))) {
        way.at += bytes.length;
        return null;
      }
      let same = 0;
      while (same < bytes.length && recorded[at + same] === bytes[same]) same++;
      const left = this.#fits === null ? null : fitted(way, bytes, same, this.#fits);
      if (left !== null) {
        bytes = left;
        if (way.pending.length > 0) return null;
        continue;
      }
      const start = recorded.subarray(0, at + same).lastIndexOf(NEW_LINE) + 1;
      const whole = Buffer.concat([recorded.subarray(0, at), bytes]);
      const other = { before: lineAt(recorded, start), after: lineAt(whole, start), isNear: at + same < recorded.length };
      if (!takes(other)) {
        way.at += bytes.length;
        return other;
      }
      bytes = takenFor(way, bytes, same);
    }
  }

  #wayOf(name: string): Way {
    const known = this.#ways.get(name) ?? wayOf([]);
    this.#ways.set(name, known);
    return known;
  }
}

function wayOf(pieces: readonly Uint8Array[]): Way {
  let end = 0;
  return {
    recorded: withoutOurIds(Buffer.concat(pieces)),
    ends: pieces.map(({ length }) => (end += length)),
    at: 0,
    skips: false,
    pending: Buffer.alloc(0),
  };
}

/** Goes past the line, or the piece, in which `bytes` differ after so many that are the same, where that fits; or waits for the rest of it. Returns what is left; null: it does not fit. */
function fitted(way: Way, bytes: Buffer, same: number, fits: Fits): Buffer | null {
  const { recorded, at } = way;
  const [end, isLine] = unitEnd(way, at + same);
  if (end <= at) return null;
  const start = Math.max(recorded.subarray(0, at + same).lastIndexOf(NEW_LINE) + 1, isLine ? 0 : at);
  const lineEnd = bytes.indexOf(NEW_LINE, same);
  if (isLine && lineEnd < 0) {
    way.pending = bytes;
    return Buffer.alloc(0);
  }
  const to = isLine ? lineEnd : bytes.length;
  const put = Buffer.concat([recorded.subarray(Math.min(start, at), at), bytes.subarray(Math.max(0, start - at), to)]);
  if (!fits(recorded.subarray(start, isLine ? end - 1 : end).toString(), put.toString())) return null;
  way.at = end;
  return bytes.subarray(isLine ? to + 1 : to);
}

/** Behind what was recorded at a place: a line where such end the pieces that it was put in by, or else a piece; and whether it is a line. */
function unitEnd({ recorded, ends }: Way, at: number): [number, boolean] {
  const pieceEnd = (place: number): number => ends.find((end) => end > place) ?? recorded.length;
  const lineEnd = recorded.indexOf(NEW_LINE, at);
  return lineEnd >= 0 && recorded[pieceEnd(lineEnd) - 1] === NEW_LINE ? [lineEnd + 1, true] : [pieceEnd(at), false];
}

/** What is left of `bytes` behind the line that is being put in, where the rest of that is taken for the recorded one. */
function skipped(way: Way, bytes: Buffer): Buffer {
  if (!way.skips) return bytes;
  const end = bytes.indexOf(NEW_LINE);
  if (end < 0) return bytes.subarray(bytes.length);
  way.skips = false;
  way.at++;
  return bytes.subarray(end + 1);
}

/** Goes past the line, or the piece, that was recorded where `bytes` differ after so many that are the same. Returns what is left of them. */
function takenFor(way: Way, bytes: Buffer, same: number): Buffer {
  const [end, isLine] = unitEnd(way, way.at + same);
  if (!isLine) {
    way.at = end;
    return bytes.subarray(bytes.length);
  }
  way.at = end - 1;
  way.skips = true;
  return bytes.subarray(same);
}

/** Ids of spans and sessions, which are put into messages so that both ends belong together: another run has others, of the same length. */
const OUR_IDS = /00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]|ses_[0-9a-f]{12}(?![0-9a-f])/g;

function withoutOurIds(bytes: Buffer): Buffer {
  const text = bytes.toString('latin1');
  const without = text.replaceAll(OUR_IDS, (id) => '0'.repeat(id.length));
  return without === text ? bytes : Buffer.from(without, 'latin1');
}

function lineAt(bytes: Buffer, start: number): string {
  const end = bytes.indexOf(NEW_LINE, start);
  return bytes.subarray(start, end < 0 ? bytes.length : end).toString();
}
