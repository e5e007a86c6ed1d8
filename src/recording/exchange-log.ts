/** One exchange on its way into the log. The bytes are gathered as they arrive, and looked at once: when their line is written. */
import { guard } from '../core/diagnostics.ts';
import { redactHeaders, redactUrl } from '../core/credentials.ts';
import type { Body, Cuts, EndOfExchange, LineKind, SentBody, ThrownFacts } from '../events/lines.ts';
import type { ErrorFacts } from '../events/model.ts';
import type { ExchangeEnd, ExchangeRequest, OpenExchange } from '../events/ports.ts';
import type { AppendFile } from './append-file.ts';
import { encodePieces } from './bodies.ts';
import { GatheredBytes } from './gathered-bytes.ts';
import type { RequestBodies } from './request-bodies.ts';

/** While pieces arrive, what has come is written at least this often. */
const FLUSH_US = 1_000_000;
const FLUSH_BYTES = 256 * 1024;
/** A long response is kept for `answer()` up to this; a longer one has an answer without a body. */
export const ANSWER_BYTES_MAX = 4 * 1024 * 1024;
/** Exchanges in flight that the end of the log writes out. */
const LIVE_MAX = 1024;
/** Of one response no more is recorded. */
const RESPONSE_BYTES_MAX = 256 * 1024 * 1024;
/** Why a body is not there: the folder is as large as it may be. */
export const OVER_BUDGET: Body = { omitted: 'disk-budget' };

export interface LoggedExchange extends OpenExchange {
  /** Number of the exchange in its recording; 0 where exchanges are not recorded. */
  readonly x: number;
  /** Says who sent it, and what, where that was not known. */
  ask(asked: Asked, body?: string | Uint8Array): void;
  head(status: number, headers: Headers, more?: HeadFacts): void;
  end(how: ExchangeEnd, error?: ErrorFacts, thrown?: ThrownFacts, trailers?: Headers): void;
  /** What `answer()` gives is kept until `letGo()` was called as often. */
  keep(): void;
  letGo(): void;
}

/** Who sent a request, in a replay-grade recording. */
export interface Asked extends ForkMarks {
  lin: string;
  lo: number;
  where?: string;
  /** The answer began before the request had been sent whole. */
  early?: true;
}

/** What became of a request in a fork. */
export interface ForkMarks {
  /** The exchange of the recording that it was forked from whose answer it was given. */
  from?: string;
  edited?: true;
  /** What was sent, where an edit changed what the program asked. */
  sent?: SentBody;
  /** Which of the changes that hold onward it was changed by. */
  onward?: number[];
}

/** What else is known of the head of an answer. */
export interface HeadFacts {
  statusText?: string;
  /** The URL that answered, where it is not the one that was asked. */
  url?: string;
  /** Version of HTTP, where it is not 1.1. */
  version?: string;
}

/** A line that waits for the next write. */
export interface WaitingLine {
  readonly k: LineKind;
  readonly t: number;
  /** The members of the kind; called once, when the line is written. */
  members(): object;
}

/** What an exchange needs of its log. */
export interface ExchangeLog {
  now(): number;
  /** The next place in the order in which the session is given heads, pieces and ends; of a replay-grade recording, in the order in which the process is. */
  nextDelivery(): number;
  /** Hands over a line for the next write. False: the log takes no more. */
  wait(line: WaitingLine): boolean;
  /** Whether there is room for a body of so many bytes; one without is counted as dropped. */
  takesBody(bytes: number): boolean;
  readonly live: Set<RecordedExchange>;
  readonly blobs: AppendFile;
  readonly requests: RequestBodies;
}

type Headers = Iterable<readonly [string, string]>;

const copyHeaders = (headers: Headers): [string, string][] => guard('recording.headers', () => redactHeaders(headers), []);

/** Listeners for the end of an exchange, each told once. */
class EndListeners {
  #how: ExchangeEnd | undefined;
  #listeners: ((how: ExchangeEnd) => void)[] = [];

  add(listener: (how: ExchangeEnd) => void): void {
    if (this.#how === undefined) this.#listeners.push(listener);
    else this.#tell(listener, this.#how);
  }

  end(how: ExchangeEnd): void {
    this.#how = how;
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const listener of listeners) this.#tell(listener, how);
  }

  #tell(listener: (how: ExchangeEnd) => void, how: ExchangeEnd): void {
    guard('recording.exchange-listener', () => listener(how), undefined);
  }
}

/** An exchange of which nothing is recorded: it only knows its status. */
export class UnrecordedExchange implements LoggedExchange {
  readonly x = 0;
  #status: number | undefined;
  #ended = false;
  readonly #listeners = new EndListeners();

  head(status: number): void {
    if (!this.#ended) this.#status = status;
  }

  ask(): void {}

  keep(): void {}

  letGo(): void {}

  chunk(): void {}

  end(how: ExchangeEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#listeners.end(how);
  }

  onEnd(listener: (how: ExchangeEnd) => void): void {
    this.#listeners.add(listener);
  }

  answer(): { status: number | undefined; body: Uint8Array | undefined } {
    return { status: this.#status, body: undefined };
  }
}

/** What has arrived since the last line of an exchange. */
class Part {
  readonly bytes = new GatheredBytes();
  readonly len: number[] = [];
  readonly at: number[] = [];
  readonly ord: number[] = [];
  head?: { status: number; headers: [string, string][]; at: number; ord: number } & HeadFacts;
  end?: EndOfExchange;
  /** Place of the delivery before the first piece, and whether each piece follows the one before it directly. */
  readonly after: number;
  inOrder = true;
  /** Its line was made; the bytes may still be asked for. */
  written = false;
  kept = false;

  constructor(after: number) {
    this.after = after;
  }

  /** Gives the memory of the bytes back, once nobody needs them. */
  free(): void {
    if (this.written && !this.kept) this.bytes.free();
  }

  cuts(): Cuts | undefined {
    const { len } = this;
    if (len.length === 0) return undefined;
    return this.inOrder ? { len, at: differences(this.at) } : { len, at: differences(this.at), ord: differences(this.ord) };
  }
}

/** An exchange whose bytes go into the log. */
export class RecordedExchange implements LoggedExchange {
  readonly x: number;
  readonly #log: ExchangeLog;
  readonly #listeners = new EndListeners();
  #part: Part;
  #status: number | undefined;
  #headed = false;
  #lastDelivery = 0;
  #writtenAt = 0;
  #bytes = 0;
  #ended = false;
  /** The log did not take its first line, and is given no other. */
  #unheard = false;
  #asked: Asked | undefined;
  #sent: string | Uint8Array | undefined;
  #requested = false;
  /** Everything that came before `#part`, while it may still be asked for. */
  #kept: Part[] | null = [];
  /** Two things must have happened before the kept pieces are let go: the last line was written, and the listeners have been told. */
  #holds = 2;

  constructor(log: ExchangeLog, x: number, request: ExchangeRequest, on: string | undefined) {
    this.#log = log;
    this.x = x;
    this.#part = new Part(0);
    const { method, omitted } = request;
    this.#sent = request.body;
    const url = guard('recording.url', () => redactUrl(request.url), '');
    const headers = copyHeaders(request.headers);
    const encode = (): Body | undefined => {
      const body = this.#sent;
      this.#sent = undefined;
      if (body !== undefined && body.length > 0)
        return log.takesBody(body.length) ? log.requests.encode(x, body, log.blobs) : OVER_BUDGET;
      return omitted === undefined ? undefined : { omitted };
    };
    const members = (): object => {
      this.#requested = true;
      return { x, on, method, url, headers, body: encode(), ...this.#asked };
    };
    if (log.wait({ k: 'request', t: log.now(), members })) this.#live();
    else this.#unheard = true;
  }

  ask(asked: Asked, body?: string | Uint8Array): void {
    this.#asked = asked;
    if (!this.#requested) this.#sent ??= body;
    if (this.#requested) this.#log.wait({ k: 'data', t: this.#log.now(), members: () => ({ x: this.x, ...asked }) });
  }

  keep(): void {
    if (this.#holds > 0) this.#holds++;
  }

  letGo(): void {
    this.#release();
  }

  head(status: number, headers: Headers, more?: HeadFacts): void {
    if (this.#ended || this.#headed) return;
    this.#headed = true;
    this.#status = status;
    const at = this.#log.now();
    const ord = this.#log.nextDelivery();
    const part = new Part(ord);
    part.head = { status, headers: copyHeaders(headers), at, ord, ...more };
    this.#part = part;
    this.#lastDelivery = ord;
    this.#writtenAt = at;
  }

  chunk(bytes: Uint8Array): void {
    if (this.#ended || this.#bytes > RESPONSE_BYTES_MAX) return;
    const log = this.#log;
    const part = this.#part;
    const at = log.now();
    const ord = log.nextDelivery();
    if (ord !== this.#lastDelivery + 1) part.inOrder = false;
    this.#lastDelivery = ord;
    part.bytes.add(bytes);
    part.len.push(bytes.byteLength);
    part.at.push(at);
    part.ord.push(ord);
    this.#bytes += bytes.byteLength;
    if (part.bytes.length >= FLUSH_BYTES || at - this.#writtenAt >= FLUSH_US) this.flush();
  }

  end(how: ExchangeEnd, error?: ErrorFacts, thrown?: ThrownFacts, trailers?: Headers): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#log.live.delete(this);
    const at = this.#log.now();
    const ord = this.#log.nextDelivery();
    const more = { ...(error && { error }), ...(thrown && { thrown }), ...(trailers && { trailers: copyHeaders(trailers) }) };
    this.#part.end = { how, at, ord, ...more };
    if (!this.flush()) this.#release();
    this.#listeners.end(how);
    this.#release();
  }

  onEnd(listener: (how: ExchangeEnd) => void): void {
    this.#listeners.add(listener);
  }

  answer(): { status: number | undefined; body: Uint8Array | undefined } {
    const whole = this.#kept !== null && this.#bytes <= ANSWER_BYTES_MAX && this.#holds > 0;
    const parts = whole ? [...this.#kept!, this.#part].flatMap((part) => part.bytes.parts()) : undefined;
    return { status: this.#status, body: parts && Buffer.concat(parts) };
  }

  #live(): void {
    const { live } = this.#log;
    live.add(this);
    // The body of an answer may be left unread for ever: the log is not what keeps it in memory.
    if (live.size <= LIVE_MAX) return;
    const oldest: RecordedExchange = live.values().next().value!;
    oldest.flush();
    live.delete(oldest);
  }

  /** Hands over what has arrived so far; the log calls it too, when it ends before the exchange does. False: there was nothing, or nobody to take it. */
  flush(): boolean {
    const part = this.#part;
    if (part.head === undefined && part.len.length === 0 && part.end === undefined) return false;
    const t = (this.#writtenAt = this.#log.now());
    this.#part = new Part(this.#lastDelivery);
    if (this.#kept !== null) {
      part.kept = true;
      this.#kept.push(part);
      if (this.#bytes > ANSWER_BYTES_MAX) this.#forget();
    }
    return !this.#unheard && this.#log.wait({ k: part.head ? 'response' : 'data', t, members: () => this.#members(part) });
  }

  #members(part: Part): object {
    const { head, end } = part;
    let body: Body | undefined;
    const { length } = part.bytes;
    const roomy = length === 0 || this.#log.takesBody(length);
    if (length > 0) body = roomy ? encodePieces(part.bytes.parts(), length, this.#log.blobs) : OVER_BUDGET;
    if (end && this.#bytes > RESPONSE_BYTES_MAX && body === undefined)
      body = { omitted: `more than ${RESPONSE_BYTES_MAX} bytes` };
    const cuts = roomy ? part.cuts() : undefined;
    part.written = true;
    part.free();
    if (end) this.#release();
    return head ? { x: this.x, ...head, body, cuts, end } : { x: this.x, body, cuts, end };
  }

  #release(): void {
    if (--this.#holds === 0) this.#forget();
  }

  #forget(): void {
    for (const part of this.#kept ?? []) {
      part.kept = false;
      part.free();
    }
    this.#kept = null;
  }
}

/** The first number, then each one's difference to the one before. */
function differences(numbers: number[]): number[] {
  return numbers.map((number, index) => (index === 0 ? number : number - numbers[index - 1]!));
}
