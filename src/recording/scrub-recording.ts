/** Writes a copy of a recording without its secrets: the same lines in the same order, bodies whole or as differences as the writer would, pieces of answers as many as there were. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { isSecretName, redactUrl } from '../core/credentials.ts';
import type { Body, Cuts, DataLine, Line, PackedDraws, RequestLine, SessionLine } from '../events/lines.ts';
import { AppendFile } from './append-file.ts';
import { BODY_BYTES_MAX, encodePieces } from './bodies.ts';
import { ExchangeReader, readBlob } from './exchange-reader.ts';
import { LineBuffer } from './line-buffer.ts';
import { readLines } from './log-reader.ts';
import { RequestBodies } from './request-bodies.ts';
import { scrubBody, textOfBody } from './scrub-body.ts';
import { sentBody, sentText } from './sent-body.ts';
import type { Scrubber } from './scrub-text.ts';
import { withoutContentLine } from './strip-content.ts';
import { blobsPathOf } from './summary.ts';

/** How a copy is made. */
export interface ScrubOptions {
  scrubber: Scrubber;
  /** As mode `metadata` would have recorded it. */
  stripContent?: boolean;
}

/** Members that hold no text of anybody, by the kind of line: ids, numbers and words of the format. All others are looked at. */
const FIXED: Record<string, readonly string[]> = {
  session: [
    'id',
    'trace',
    'parent',
    'within',
    'v',
    'epoch',
    'mode',
    'flags',
    'pid',
    'guarded',
    'guards',
    'process',
    'outside',
    'lin',
    'lo',
  ],
  open: ['id', 'parent', 'runId', 'type', 'step', 'lin', 'lo'],
  note: ['on'],
  request: ['x', 'on', 'method', 'body', 'lin', 'lo', 'from', 'edited', 'onward'],
  response: ['x', 'status', 'at', 'ord', 'body', 'cuts'],
  data: ['x', 'body', 'cuts', 'lin', 'lo', 'from', 'edited', 'onward'],
  timer: ['lin', 'lo', 'ms', 'ord'],
  work: ['lin', 'ord'],
  draws: ['d'],
  channel: ['n', 'kind', 'lin', 'lo'],
  came: ['n', 'event', 'ord', 'sent', 'body'],
  went: ['n', 'event', 'body'],
  log: ['on', 'stream', 'level'],
  end: ['state', 'reason', 'exitCode', 'signal', 'stats', 'logsDropped'],
};
const FIXED_OF_EVENT = ['id', 'trace', 'parent', 'runId', 'type', 'start', 'end', 'status', 'run', 'step', 'cost', 'edited'];
const FRAME = ['s', 'k', 't', 'c'];

/** More than any secret is long, but for keys in many lines, which have a form of their own. */
const AROUND_UNITS = 1024;

type BodyLine = Extract<Line, { k: 'request' | 'response' | 'data' | 'came' | 'went' }>;
const hasBody = (line: Line): line is BodyLine => ['request', 'response', 'data', 'came', 'went'].includes(line.k);

/** What a body is a piece of: an exchange, by its number, or what comes, or goes, through a channel by one word. */
type Whole = number | string;
const wholeOf = (line: BodyLine): Whole =>
  line.k === 'came' || line.k === 'went' ? `${line.k} ${line.n} ${line.event}` : line.x;

/** Tells the scrubber of every secret in a recording; to be done with all recordings of a file before the first is copied. */
export function learnRecording(path: string, scrubber: Scrubber): void {
  const bodies = new BodyReader(path);
  for (const scanned of readLines(path)) {
    if (!scanned.ok) continue;
    const { line } = scanned;
    if (line.k === 'session') for (const place of [line.cwd ?? '', ...(line.argv ?? [])]) scrubber.homes.learn(place);
    if (line.k === 'host') scrubber.homes.learn(line.h.projectRoot ?? '');
    if (hasBody(line)) bodies.take(line);
    scrubber.learn(JSON.stringify(textsOf(line)));
  }
  for (const whole of bodies.wholes()) {
    const request = bodies.request(whole);
    if (request) scrubber.learn(bodies.freshOf(whole, textOfBody(request)));
    scrubber.learn(textOfBody(Buffer.concat(bodies.parts(whole).map((part) => part ?? Buffer.alloc(0)))));
  }
}

/** Copies the recording at `from` to `to`, a path of a `.jsonl` file that is not there. Unsound lines are left out. Throws when something cannot be written. */
export function scrubRecording(from: string, to: string, { scrubber, stripContent = false }: ScrubOptions): void {
  const bodies = new BodyReader(from);
  if (!stripContent) for (const scanned of readLines(from)) if (scanned.ok && hasBody(scanned.line)) bodies.take(scanned.line);
  const blobs = new AppendFile(blobsPathOf(to));
  const copies = new BodyCopies(bodies, blobs, scrubber);
  const buffer = new LineBuffer();
  const file = openSync(to, 'wx', 0o600);
  try {
    let s = 0;
    for (const scanned of readLines(from)) {
      if (!scanned.ok) continue;
      const kept = stripContent ? withoutContentLine(scanned.line) : scanned.line;
      if (kept === undefined) continue;
      const line = hasBody(kept) ? copies.copy(kept) : kept;
      const { s: _s, k, t, ...members } = scrubLine(line, scrubber) as Line & { c?: string };
      delete members.c;
      if (!buffer.appendMembers(`{"s":${s++},"k":${JSON.stringify(k)},"t":${t}`, JSON.stringify(members)))
        throw new Error(`line ${line.s} of ${from} is too long`);
      for (let at = 0; at < buffer.used;) at += writeSync(file, buffer.bytes, at, buffer.used - at);
      buffer.clear();
    }
    if (blobs.failed) throw new Error(`${blobs.path} could not be written`);
  } finally {
    closeSync(file);
    blobs.close();
    copies.clear();
  }
}

/** The line with its texts scrubbed; the body has been. */
function scrubLine(line: Line, scrubber: Scrubber): Line {
  const texts = JSON.parse(scrubber.scrub(JSON.stringify(textsOf(line)))) as object;
  if (line.k === 'event') return { ...line, e: { ...line.e, ...texts } };
  const scrubbed = { ...line, ...texts } as Line;
  if (scrubbed.k === 'session') return scrubHeader(scrubbed, scrubber);
  if (scrubbed.k === 'draws') return { ...scrubbed, d: scrubbed.d.map((drawn) => scrubDrawn(drawn, scrubber)) };
  if (scrubbed.k === 'host') {
    const { cpu: _cpu, memory: _memory, disk: _disk, ...told } = scrubbed.h;
    return { ...scrubbed, h: told };
  }
  if (scrubbed.k === 'request' || scrubbed.k === 'response')
    scrubbed.headers = scrubbed.headers.map(([name, value]) => [
      name,
      isSecretName(name) ? scrubber.replace('header', value) : value,
    ]);
  if (scrubbed.k === 'request') scrubbed.url = redactUrl(scrubbed.url);
  return scrubbed;
}

/** What was drawn as text may have become a secret: then it has the same name here as where it was sent. Numbers and bytes stay, or no replay would be the same. */
function scrubDrawn([lin, kind, values]: PackedDraws, scrubber: Scrubber): PackedDraws {
  if (kind !== 'U' || typeof values === 'string') return [lin, kind, values];
  return [lin, kind, values.map((value) => (typeof value === 'string' ? scrubber.scrub(value) : value))];
}

/** A process of nobody's, and no value behind an option that is named like a secret. */
function scrubHeader(header: SessionLine, scrubber: Scrubber): SessionLine {
  const argv = header.argv?.map((arg, index, all) => {
    const option = /^--?([\w-]+)$/.exec(all[index - 1] ?? '')?.[1];
    return option !== undefined && isSecretName(option) && !arg.startsWith('-') ? scrubber.replace('assigned-secret', arg) : arg;
  });
  return { ...header, pid: 0, ...(argv && { argv }), scrubbed: true };
}

/** The members of a line, or of its event, in which texts may stand. */
function textsOf(line: Line): object {
  const [members, fixed] = line.k === 'event' ? [line.e, FIXED_OF_EVENT] : [line, [...FRAME, ...(FIXED[line.k] ?? [])]];
  return Object.fromEntries(Object.entries(members).filter(([name]) => !fixed.includes(name)));
}

/** The bodies of a recording as bytes. */
class BodyReader {
  readonly #reader: ExchangeReader;
  readonly #blobs: string;
  readonly #parts = new Map<Whole, Body[]>();
  readonly #requests = new Map<Whole, Body | undefined>();

  constructor(path: string) {
    this.#blobs = blobsPathOf(path);
    this.#reader = new ExchangeReader(this.#blobs);
  }

  take(line: BodyLine): void {
    if (line.k === 'request') {
      this.#requests.set(line.x, line.body);
      this.#reader.take(line);
    } else if (line.body !== undefined) {
      const parts = this.#parts.get(wholeOf(line));
      if (parts) parts.push(line.body);
      else this.#parts.set(wholeOf(line), [line.body]);
    }
  }

  wholes(): Set<Whole> {
    return new Set([...this.#requests.keys(), ...this.#parts.keys()]);
  }

  /** What request `x` says that the one it is a difference to did not, and some of what is around it. */
  freshOf(x: Whole, text: string): string {
    const body = this.#requests.get(x);
    if (typeof body !== 'object' || !('base' in body)) return text;
    return text.slice(Math.max(0, body.head - AROUND_UNITS), body.head + body.mid.length + AROUND_UNITS);
  }

  /** Undefined: there was none, or it was not recorded. */
  request(x: Whole): Buffer | undefined {
    const bytes =
      typeof x === 'string' || this.#requests.get(x) === undefined ? undefined : this.#reader.exchanges.get(x)?.askedBody();
    return bytes && Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** The bodies of the lines of an answer, in their order; undefined is one that was not recorded. */
  parts(x: Whole): (Buffer | undefined)[] {
    return (this.#parts.get(x) ?? []).map((body) => {
      if (typeof body === 'string') return Buffer.from(body);
      if ('b64' in body) return Buffer.from(body.b64, 'base64');
      return 'crc' in body ? readBlob(this.#blobs, body) : undefined;
    });
  }
}

/** One line of an answer afterwards. */
interface Part {
  body: Buffer | undefined;
  /** Where the pieces of its bytes end now, by where they ended within the whole answer. */
  place: (at: number) => number;
  from: number;
}

/** Writes bodies anew. */
class BodyCopies {
  readonly #bodies: BodyReader;
  readonly #blobs: AppendFile;
  readonly #scrubber: Scrubber;
  readonly #requests = new RequestBodies();
  readonly #answers = new Map<Whole, Part[]>();
  /** Bytes that have gone into each channel by now, and bytes of the body that was copied last. */
  readonly #went = new Map<number, number>();
  #bytes = 0;

  constructor(bodies: BodyReader, blobs: AppendFile, scrubber: Scrubber) {
    this.#bodies = bodies;
    this.#blobs = blobs;
    this.#scrubber = scrubber;
  }

  copy(line: BodyLine): BodyLine {
    if (line.k === 'request') return this.#sent(this.#request(line));
    if (line.k === 'data') return this.#sent(this.#copied(line) as DataLine);
    const copy = this.#copied(line);
    // How much had gone into a channel is counted as it is now.
    if (copy.k === 'went') this.#went.set(copy.n, (this.#went.get(copy.n) ?? 0) + this.#bytes);
    return copy.k === 'came' && copy.sent !== undefined ? { ...copy, sent: this.#went.get(copy.n) ?? 0 } : copy;
  }

  #copied(line: Exclude<BodyLine, RequestLine>): Exclude<BodyLine, RequestLine> {
    this.#bytes = 0;
    if (line.body === undefined) return line;
    const whole = wholeOf(line);
    const parts = this.#answers.get(whole) ?? this.#answer(whole);
    const part = parts.shift();
    // An empty list says that its bytes are all written, and holds none of them.
    this.#answers.set(whole, parts);
    if (part?.body === undefined) return line;
    const body = encodePieces([part.body], part.body.length, this.#blobs);
    this.#bytes = part.body.length;
    return { ...line, body, ...('cuts' in line && line.cuts && { cuts: cutsOf(line.cuts, part) }) };
  }

  clear(): void {
    this.#requests.clear();
  }

  #request(line: RequestLine): RequestLine {
    const bytes = this.#bodies.request(line.x);
    if (bytes === undefined) return line;
    const scrubbed = scrubBody(bytes, this.#scrubber)?.bytes ?? bytes;
    if (scrubbed.length > BODY_BYTES_MAX) return { ...line, body: { omitted: `larger than ${BODY_BYTES_MAX} bytes` } };
    return { ...line, body: this.#requests.encode(line.x, scrubbed, this.#blobs) };
  }

  /** What was sent in the place of a request, as a difference to what that says now. */
  #sent<L extends RequestLine | DataLine>(line: L): L {
    const { sent, ...rest } = line;
    const asked = sent && this.#bodies.request(line.x);
    const text = sent && asked && sentText(textOfBody(asked), sent);
    if (asked === undefined || text === undefined) return rest as L;
    const scrubbed = (bytes: Buffer): string => textOfBody(scrubBody(bytes, this.#scrubber)?.bytes ?? bytes);
    return { ...line, sent: sentBody(scrubbed(asked), scrubbed(Buffer.from(text))) };
  }

  /** The answer is looked at as a whole: a secret may begin in one line of it and end in the next. */
  #answer(x: Whole): Part[] {
    const parts = this.#bodies.parts(x);
    const whole = Buffer.concat(parts.map((part) => part ?? Buffer.alloc(0)));
    const scrubbed = scrubBody(whole, this.#scrubber);
    const place = scrubbed?.place ?? ((at: number): number => at);
    let from = 0;
    return parts.map((part) => {
      const start = from;
      from += part?.length ?? 0;
      return { body: part && (scrubbed?.bytes ?? whole).subarray(place(start), place(from)), place, from: start };
    });
  }
}

function cutsOf(cuts: Cuts, { place, from }: Part): Cuts {
  let at = from;
  const len = cuts.len.map((length) => {
    const start = place(at);
    at += length;
    return place(at) - start;
  });
  return { ...cuts, len };
}
