/** Exchanges as they were recorded, their bodies put together when they are asked for. */
import { isUtf8 } from 'node:buffer';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { crc32, zstdDecompressSync } from 'node:zlib';
import { BODY_BYTES_MAX } from './bodies.ts';
import type { Body, Cuts, DataLine, EndOfExchange, RequestLine, ResponseLine, SentBody } from '../events/lines.ts';
import { sentText } from './sent-body.ts';

/** How the body of a response arrived, over all lines of the exchange. `at` (microseconds since the session began) and `ord` are absolute. */
export interface Arrivals {
  len: number[];
  at: number[];
  ord: number[];
}

/** One HTTP request and its answer. A body is undefined when there was none, when it was not recorded, or when it is damaged. */
export interface Exchange {
  x: number;
  /** The event on whose behalf it was sent. */
  on?: string;
  /** Empty when the line of the request is missing, as are `url` and `requestHeaders`. */
  method: string;
  url: string;
  requestHeaders: [string, string][];
  /** Microseconds since the session began at which it was sent. */
  sentAt?: number;
  status?: number;
  responseHeaders: [string, string][];
  /** Microseconds since the session began at which the head arrived, and its place in the order of deliveries. */
  headAt?: number;
  headOrd?: number;
  cuts: Arrivals;
  statusText?: string;
  /** The URL that answered, where it is not the one that was asked. */
  answeredBy?: string;
  /** Version of HTTP, where it is not 1.1. */
  version?: string;
  end?: EndOfExchange;
  /** Who asked, in a replay-grade recording. */
  asked?: { lin: string; lo: number; where?: string; early?: true };
  /** Bodies that were not recorded, and why. */
  omitted?: { request?: string; response?: string };
  /** In a fork: the exchange of the recording it was forked from whose answer it was given. */
  from?: string;
  /** In a fork: an edit changed it. */
  edited?: true;
  /** In a fork: something else was sent than what the program had asked. */
  changed?: true;
  /** In a fork: which of the changes that hold onward it was changed by. */
  onward?: readonly number[];
  /** What was sent. */
  requestBody(): Uint8Array | undefined;
  /** What the program asked: in a fork, an edit may have had another body sent. */
  askedBody(): Uint8Array | undefined;
  /** What had arrived; empty when a head came without a body. */
  responseBody(): Uint8Array | undefined;
  requestText(): string | undefined;
  responseText(): string | undefined;
  /** What had arrived, as text where it is one. */
  responseContent(): string | Uint8Array | undefined;
}

/** Gathers the lines of exchanges. */
export class ExchangeReader {
  readonly exchanges = new Map<number, Exchange>();
  readonly #requests = new Map<number, Body>();
  readonly #sent = new Map<number, SentBody>();
  readonly #responses = new Map<number, Body[]>();
  readonly #blobsPath: string;

  constructor(blobsPath: string) {
    this.#blobsPath = blobsPath;
  }

  take(line: RequestLine | ResponseLine | DataLine): void {
    const exchange = this.#exchange(line.x);
    if (line.k !== 'response' && line.lin !== undefined && line.lo !== undefined)
      exchange.asked = {
        lin: line.lin,
        lo: line.lo,
        ...(line.where !== undefined && { where: line.where }),
        ...(line.early === true && { early: true }),
      };
    if (line.k !== 'response') {
      if (line.from !== undefined) exchange.from = line.from;
      if (line.edited === true) exchange.edited = true;
      if (line.onward !== undefined) exchange.onward = line.onward;
      if (line.sent !== undefined) {
        exchange.changed = true;
        this.#sent.set(line.x, line.sent);
      }
    }
    if (line.k === 'request') {
      Object.assign(exchange, { method: line.method, url: line.url, requestHeaders: line.headers, sentAt: line.t });
      if (line.on !== undefined) exchange.on = line.on;
      if (line.body !== undefined) this.#requests.set(line.x, line.body);
      noteOmitted(exchange, 'request', line.body);
      return;
    }
    noteOmitted(exchange, 'response', line.body);
    if (line.k === 'response') {
      Object.assign(exchange, { status: line.status, responseHeaders: line.headers, headAt: line.at, headOrd: line.ord });
      if (line.statusText !== undefined) exchange.statusText = line.statusText;
      if (line.url !== undefined) exchange.answeredBy = line.url;
      if (line.version !== undefined) exchange.version = line.version;
    }
    if (line.body !== undefined) {
      const bodies = this.#responses.get(line.x);
      if (bodies) bodies.push(line.body);
      else this.#responses.set(line.x, [line.body]);
    }
    if (line.cuts) addCuts(exchange, line.cuts);
    if (line.end) exchange.end = line.end;
  }

  #exchange(x: number): Exchange {
    const known = this.exchanges.get(x);
    if (known) return known;
    const exchange: Exchange = {
      x,
      method: '',
      url: '',
      requestHeaders: [],
      responseHeaders: [],
      cuts: { len: [], at: [], ord: [] },
      requestBody: () => this.#sentBody(x),
      askedBody: () => this.#requestBody(x),
      responseBody: () => this.#responseBody(x),
      requestText: () => this.#sentText(x),
      responseText: () => asText(this.#responseBody(x)),
      responseContent: () => asContent(this.#responseBody(x)),
    };
    this.exchanges.set(x, exchange);
    return exchange;
  }

  #requestBody(x: number): Uint8Array | undefined {
    const body = this.#requests.get(x);
    if (body === undefined) return undefined;
    if (typeof body === 'string' || !('base' in body)) return this.#bytes(body);
    const text = this.#requestText(x);
    return text === undefined ? undefined : Buffer.from(text);
  }

  #sentBody(x: number): Uint8Array | undefined {
    const text = this.#sent.has(x) ? this.#sentText(x) : undefined;
    return text === undefined ? this.#requestBody(x) : Buffer.from(text);
  }

  #sentText(x: number): string | undefined {
    const asked = this.#requestText(x);
    const sent = this.#sent.get(x);
    return asked === undefined || sent === undefined ? asked : (sentText(asked, sent) ?? asked);
  }

  #requestText(x: number): string | undefined {
    return resolveText(
      x,
      (number) => this.#requests.get(number),
      (body) => (typeof body === 'string' ? body : asText(this.#bytes(body))),
    );
  }

  #responseBody(x: number): Uint8Array | undefined {
    if (this.exchanges.get(x)?.status === undefined) return undefined;
    const parts: Uint8Array[] = [];
    for (const body of this.#responses.get(x) ?? []) {
      const part = this.#bytes(body);
      if (part === undefined) return undefined;
      parts.push(part);
    }
    return parts.length === 1 ? parts[0] : Buffer.concat(parts);
  }

  #bytes(body: Body): Uint8Array | undefined {
    return bytesOf(body, this.#blobsPath);
  }
}

function noteOmitted(exchange: Exchange, of: 'request' | 'response', body: Body | undefined): void {
  if (typeof body === 'object' && 'omitted' in body) exchange.omitted = { ...exchange.omitted, [of]: body.omitted };
}

/** The bytes of a body that stands by itself; undefined where they were not recorded, or are damaged. */
export function bytesOf(body: Body, blobsPath: string): Uint8Array | undefined {
  if (typeof body === 'string') return Buffer.from(body);
  if ('b64' in body) return Buffer.from(body.b64, 'base64');
  if ('crc' in body) return readBlob(blobsPath, body);
  return undefined;
}

/** The bytes of a blob, or undefined when they are not there or not the ones that were written. */
export function readBlob(path: string, blob: { at: number; len: number; crc: number; zstd?: number }): Buffer | undefined {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return undefined;
  }
  try {
    // Before memory is taken for it: a line may say anything.
    if (blob.at + blob.len > fstatSync(file).size) return undefined;
    const bytes = Buffer.allocUnsafeSlow(blob.len);
    let got = 0;
    for (let count = -1; got < blob.len && count !== 0; got += count)
      count = readSync(file, bytes, got, blob.len - got, blob.at + got);
    if (got < blob.len || crc32(bytes) !== blob.crc) return undefined;
    if (blob.zstd === undefined) return bytes;
    const body = zstdDecompressSync(bytes, { maxOutputLength: Math.min(blob.zstd, BODY_BYTES_MAX) });
    return body.length === blob.zstd ? body : undefined;
  } catch {
    return undefined;
  } finally {
    closeSync(file);
  }
}

type Range = [from: number, to: number];
type Difference = Extract<Body, { base: number }>;

/**
 * The text of request `x`. A chain of differences, as long as the conversation, is walked down once with the ranges that are wanted of each base,
 * and the pieces are put together at the end: no text in between is built.
 */
function resolveText(
  x: number,
  bodyOf: (x: number) => Body | undefined,
  textOf: (body: Body) => string | undefined,
): string | undefined {
  const chain: Difference[] = [];
  let body = bodyOf(x);
  for (let below = x; typeof body === 'object' && 'base' in body;) {
    // A base is an earlier exchange: anything else is damage, and could be a circle.
    if (!(body.base < below)) return undefined;
    chain.push(body);
    below = body.base;
    body = bodyOf(below);
  }
  if (body === undefined) return undefined;
  const root = textOf(body);
  if (root === undefined || chain.length === 0) return root;
  const lengths = [root.length];
  for (const { head, mid, tail } of chain.toReversed()) {
    if (head + tail > lengths.at(-1)!) return undefined;
    lengths.push(head + mid.length + tail);
  }
  lengths.reverse();
  return cutOut(chain, lengths, root);
}

function cutOut(chain: Difference[], lengths: number[], root: string): string {
  /** Finished pieces by where they stand in the text, and what is still wanted of the base, likewise. */
  const pieces: { at: number; text: string }[] = [];
  let wanted: { at: number; range: Range }[] = [{ at: 0, range: [0, lengths[0]!] }];
  chain.forEach(({ head, mid }, level) => {
    const next: typeof wanted = [];
    const behind = head + mid.length;
    /** From a place behind `mid` to the same place in the base. */
    const shift = lengths[level + 1]! - lengths[level]!;
    for (const {
      at,
      range: [from, to],
    } of wanted) {
      if (from < head) next.push({ at, range: [from, Math.min(to, head)] });
      const midFrom = Math.max(from, head);
      const midTo = Math.min(to, behind);
      if (midFrom < midTo) pieces.push({ at: at + midFrom - from, text: mid.slice(midFrom - head, midTo - head) });
      const tailFrom = Math.max(from, behind);
      if (tailFrom < to) next.push({ at: at + tailFrom - from, range: [tailFrom + shift, to + shift] });
    }
    wanted = next;
  });
  for (const {
    at,
    range: [from, to],
  } of wanted)
    pieces.push({ at, text: root.slice(from, to) });
  return pieces
    .sort((a, b) => a.at - b.at)
    .map((piece) => piece.text)
    .join('');
}

function addCuts(exchange: Exchange, cuts: Cuts): void {
  const { len, at, ord } = exchange.cuts;
  let lastAt = 0;
  let lastOrd = cuts.ord ? 0 : (ord.at(-1) ?? exchange.headOrd ?? 0);
  cuts.len.forEach((length, index) => {
    len.push(length);
    at.push((lastAt += cuts.at[index] ?? 0));
    ord.push((lastOrd += cuts.ord ? (cuts.ord[index] ?? 1) : 1));
  });
}

const asText = (bytes: Uint8Array | undefined): string | undefined =>
  bytes === undefined ? undefined : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();

const asContent = (bytes: Uint8Array | undefined): string | Uint8Array | undefined =>
  bytes === undefined || isUtf8(bytes) ? asText(bytes) : bytes;
