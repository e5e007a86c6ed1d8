/**
 * The bodies of each event's last exchange, found in one pass over the log. Requests are differences to earlier ones, so the texts of those that may still be
 * a base are kept, within a limit; past it they are read again from the beginning.
 */
import type { Body, DataLine, RequestLine, ResponseLine } from '../events/lines.ts';
import type { ExportItem } from '../events/ports.ts';
import { ExchangeReader } from './exchange-reader.ts';
import { readLines } from './log-reader.ts';
import { blobsPathOf } from './summary.ts';

/** All recordings of the queue together, in UTF-16 units. */
const KEPT_UNITS_MAX = 16 * 1024 * 1024;
/** A longer body is not decoded for the wire: of a text, a span carries far less than this. */
const BODY_UNITS_MAX = 2 * 1024 * 1024;
/** Exchanges of one recording whose event has not ended yet. */
const OPEN_MAX = 1_024;

type ExchangeLine = RequestLine | ResponseLine | DataLine;

/** Texts of requests, the oldest of which go first. */
export class RequestTexts {
  readonly #texts = new Map<string, string>();
  #units = 0;

  get(path: string, x: number): string | undefined {
    return this.#texts.get(`${x} ${path}`);
  }

  set(path: string, x: number, text: string): void {
    if (text.length > KEPT_UNITS_MAX / 4) return;
    this.#texts.set(`${x} ${path}`, text);
    this.#units += text.length;
    for (const [key, oldest] of this.#texts) {
      if (this.#units <= KEPT_UNITS_MAX) return;
      this.#texts.delete(key);
      this.#units -= oldest.length;
    }
  }

  delete(path: string, x: number): void {
    const text = this.get(path, x);
    if (text === undefined) return;
    this.#texts.delete(`${x} ${path}`);
    this.#units -= text.length;
  }

  /** A base has been used: it is young again. */
  touch(path: string, x: number): void {
    const text = this.get(path, x);
    if (text === undefined) return;
    this.#texts.delete(`${x} ${path}`);
    this.#texts.set(`${x} ${path}`, text);
  }
}

interface OpenExchange {
  on: string | undefined;
  request: string | undefined;
  /** Has the lines of this one response. */
  reader: ExchangeReader;
}

/** Follows the exchanges of one recording. */
export class ExportBodies {
  readonly #path: string;
  readonly #texts: RequestTexts;
  readonly #open = new Map<number, OpenExchange>();
  readonly #lastOf = new Map<string, number>();

  constructor(path: string, texts: RequestTexts) {
    this.#path = path;
    this.#texts = texts;
  }

  take(line: ExchangeLine): void {
    if (line.k !== 'request') {
      this.#open.get(line.x)?.reader.take(line);
      return;
    }
    const request = line.body === undefined ? undefined : this.#textOf(line.x, line.body);
    if (request !== undefined) this.#texts.set(this.#path, line.x, request);
    if (line.on === undefined) return;
    this.#open.set(line.x, { on: line.on, request, reader: new ExchangeReader(blobsPathOf(this.#path)) });
    this.#lastOf.set(line.on, line.x);
    if (this.#open.size > OPEN_MAX) this.#forget(this.#open.keys().next().value as number);
  }

  /** Bodies of an event that has ended, and forgets its exchanges. */
  bodiesOf(eventId: string): NonNullable<ExportItem['bodies']> | undefined {
    const last = this.#lastOf.get(eventId);
    if (last === undefined) return undefined;
    const open = this.#open.get(last);
    const exchange = open?.reader.exchanges.get(last);
    const request = within(open?.request);
    const response = within(exchange?.responseContent());
    const contentType = exchange?.responseHeaders.find(([name]) => name.toLowerCase() === 'content-type')?.[1];
    this.forgetEvent(eventId);
    return {
      ...(request === undefined ? {} : { request }),
      ...(response === undefined ? {} : { response }),
      ...(contentType === undefined ? {} : { contentType }),
    };
  }

  /** The event has ended: its exchanges are needed no more. */
  forgetEvent(eventId: string): void {
    if (!this.#lastOf.delete(eventId)) return;
    for (const [x, { on }] of this.#open) if (on === eventId) this.#forget(x);
  }

  #forget(x: number): void {
    const on = this.#open.get(x)?.on;
    this.#open.delete(x);
    if (on !== undefined && this.#lastOf.get(on) === x) this.#lastOf.delete(on);
  }

  #textOf(x: number, body: Body): string | undefined {
    if (typeof body === 'string') return body;
    if ('base' in body) {
      const base = this.#texts.get(this.#path, body.base) ?? readRequestText(this.#path, body.base);
      if (base === undefined || body.head + body.tail > base.length) return undefined;
      this.#texts.touch(this.#path, body.base);
      return base.slice(0, body.head) + body.mid + base.slice(base.length - body.tail);
    }
    const reader = new ExchangeReader(blobsPathOf(this.#path));
    reader.take({ k: 'request', s: 0, t: 0, x, method: '', url: '', headers: [], body });
    return reader.exchanges.get(x)?.requestText();
  }
}

const within = <T extends string | Uint8Array>(body: T | undefined): T | undefined =>
  body !== undefined && body.length <= BODY_UNITS_MAX ? body : undefined;

/** The text of one request, read from the beginning of the recording. */
function readRequestText(path: string, x: number): string | undefined {
  const reader = new ExchangeReader(blobsPathOf(path));
  for (const scanned of readLines(path)) {
    if (!scanned.ok || scanned.line.k !== 'request') continue;
    reader.take(scanned.line);
    if (scanned.line.x === x) break;
  }
  return reader.exchanges.get(x)?.requestText();
}
