/** What a program puts into a channel, compared with what it put into it when it was recorded: by the way that it takes, as one stream of bytes, however it is cut into pieces. */

/** The line in which the bytes differ, as it was and as it is. */
export interface OtherBytes {
  before: string;
  after: string;
}

const NEW_LINE = 10;

export class SentBytes {
  /** Of all ways together. */
  total = 0;
  readonly #recorded: Map<string, Buffer>;
  readonly #sent = new Map<string, number>();

  constructor(recorded: ReadonlyMap<string, readonly Uint8Array[]>) {
    this.#recorded = new Map([...recorded].map(([way, pieces]) => [way, withoutOurIds(Buffer.concat(pieces))]));
  }

  /** Takes more; null: it is what was recorded. */
  add(way: string, given: Uint8Array): OtherBytes | null {
    const bytes = withoutOurIds(Buffer.from(given));
    const recorded = this.#recorded.get(way) ?? Buffer.alloc(0);
    const from = this.#sent.get(way) ?? 0;
    this.#sent.set(way, from + bytes.length);
    this.total += bytes.length;
    if (bytes.equals(recorded.subarray(from, from + bytes.length))) return null;
    let same = 0;
    while (same < bytes.length && recorded[from + same] === bytes[same]) same++;
    const start = recorded.subarray(0, from + same).lastIndexOf(NEW_LINE) + 1;
    const whole = Buffer.concat([recorded.subarray(0, from), bytes]);
    return { before: lineAt(recorded, start), after: lineAt(whole, start) };
  }
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
