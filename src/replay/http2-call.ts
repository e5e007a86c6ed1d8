/**
 * One stream of an HTTP/2 connection: who asks, what is sent, and what of the answer the app is given. Node's own stream is kept, and what its other half tells it (a head, a piece, an end, a reset) is
 * held until its turn comes. Events run at places of their own, as those of `http` do.
 */
import { constants } from 'node:http2';
import type { ClientHttp2Stream } from 'node:http2';
import { monotonicUs } from '../core/clock.ts';
import { setOwn } from '../patch/own-member.ts';
import type { Method } from '../patch/registry.ts';
import { transportError } from '../patch/transport-error.ts';
import { whoRuns } from './call-site.ts';
import type { AskedBy } from './exchange-owner.ts';
import type { Http2Connection } from './http2-connection.ts';
import type { Http2Form, Http2Idle } from './http2-form.ts';
import { pairsOf } from './http-wire.ts';
import { childBy, childOf, internally, runAt } from './lineage.ts';
import type { LineageNode } from './lineage.ts';
import type { AskedRequest } from './request-digest.ts';
import { thrownFacts } from './thrown.ts';
import { ToldExchange } from './told-exchange.ts';

const { nextTick } = process;
/** The way in which these places come about. */
const BY_HTTP2 = 23;
/** Of what waits for its turn, the connection gives no more than this. */
const WAITING_BYTES_MAX = 256 * 1024;
/** Events that have a place of their own, in the order of the places: others share the last one. */
const EVENTS = [
  ...['connection', 'ready', 'response', 'headers', 'push', 'trailers', 'data', 'readable', 'end', 'aborted', 'error', 'close'],
  ...['finish', 'drain', 'timeout', 'continue', 'wantTrailers', 'frameError', 'written', 'left', 'other'],
];
/** Events of the other half that have a turn of their own, and those that come with the end. */
const HEADS = new Set(['response', 'headers']);
const WITH_END = new Set(['trailers', 'aborted']);

/** Node's own listener, as it names it. */
const NODES_END = /^\[.*destroy\]$/i;

/** Something of the answer that came to Node's stream, and was not handed over yet. */
export type Http2Arrival =
  | {
      kind: 'head';
      event: string;
      args: readonly unknown[];
      /** Nothing follows it: the end, which arrives next, has its turn. */ ends: boolean;
    }
  | { kind: 'data'; chunk: Uint8Array }
  | { kind: 'end' | 'reset' };

/** Methods of Node's that are covered. */
type Covered = 'emit' | 'push' | 'destroy' | 'close' | 'write' | 'end';

/** Name of a code of RFC 9113, as Node has it. */
function nameOf(code: number): string {
  const found = Object.entries(constants).find(([name, value]) => value === code && /^NGHTTP2_[A-Z]/.test(name) && isCode(name));
  return found?.[0] ?? String(code);
}

/** Other constants have the same numbers. */
function isCode(name: string): boolean {
  return /^NGHTTP2_(NO_ERROR|(PROTOCOL|INTERNAL|FLOW_CONTROL|FRAME_SIZE|COMPRESSION|CONNECT)_ERROR|SETTINGS_TIMEOUT|STREAM_CLOSED|REFUSED_STREAM|CANCEL|ENHANCE_YOUR_CALM|INADEQUATE_SECURITY|HTTP_1_1_REQUIRED)$/.test(
    name,
  );
}

/** The member of a recorded error that says by which code the server ended the stream. */
export const RST_CODE = 'rstCode';

export class Http2Call implements AskedBy {
  readonly lin: string;
  readonly lo: number;
  readonly where: string | undefined;
  readonly form: Http2Form;
  readonly connection: Http2Connection;
  stream!: ClientHttp2Stream;
  /** The app itself has ended the stream. */
  left = false;
  readonly #places: ReadonlyMap<string, LineageNode>;
  readonly #body: Uint8Array[] = [];
  readonly #told: ToldExchange;
  #raw!: Record<Covered, Method>;
  #idle!: Http2Idle;
  #destroying = false;
  #endCame = false;
  #resetCame = false;
  #ownEnds = 0;
  #waitingBytes = 0;
  /** The app has enough for now. */
  #full = false;
  /** Comes with the end. */
  readonly #withEnd: { event: string; args: readonly unknown[] }[] = [];
  #trailers: [string, string][] | undefined;

  constructor(node: LineageNode, where: string | undefined, connection: Http2Connection, form: Http2Form) {
    this.lin = node.id;
    this.lo = ++node.requests;
    this.where = where;
    this.connection = connection;
    this.form = form;
    this.#told = new ToldExchange(this, form.open);
    const base = childBy(node, BY_HTTP2);
    this.#places = new Map(EVENTS.map((name) => [name, childOf(base)]));
  }

  /** Whether the app was given the end of the answer, or an error, or has left. */
  get ended(): boolean {
    return this.#told.ended;
  }

  placeOf(event: string): LineageNode {
    return this.#places.get(event) ?? this.#places.get('other')!;
  }

  /** Follows `stream`, from before the app has it. */
  follow(stream: ClientHttp2Stream): void {
    this.stream = stream;
    const { emit, push, destroy, close, write, end } = stream as unknown as Record<string, Method>;
    this.#raw = { emit: emit!, push: push!, destroy: destroy!, close: close!, write: write!, end: end! };
    const own = (name: Covered, does: (...args: unknown[]) => unknown): void => setOwn(stream, name, does);
    own('emit', (event, ...args) => this.#emitting(String(event), event, args));
    own('push', (...args) => this.#pushing(args));
    own('destroy', (...args) => this.#destroyed(args));
    own('close', (...args) => this.#closed(args));
    for (const name of ['write', 'end'] as const) own(name, (...args) => this.#sending(name, args));
    // Whoever begins to read a stream that is closed is told that it broke off: it is not, before its end has had its turn.
    const get = (): boolean => this.#isClosed && (this.#told.ended || this.left || this.#destroying);
    Object.defineProperty(stream, 'closed', { get, configurable: true, enumerable: false });
    this.#idle = { target: stream, place: this.placeOf('timeout'), timeouts: 0, usedUs: 0, run: (fn) => this.#told.hand(fn) };
    this.form.watch(this.#idle);
    if (stream.writableEnded) this.#sent();
  }

  /** Whether it is closed, as Node knows it. */
  get #isClosed(): boolean {
    return Reflect.get(Object.getPrototypeOf(this.stream) as object, 'closed', this.stream) as boolean;
  }

  /** Node's own method. */
  raw(name: Covered, ...args: unknown[]): unknown {
    return Reflect.apply(this.#raw[name], this.stream, args);
  }

  /** What the app has sent of the body, by writes. */
  get sentPieces(): readonly Uint8Array[] {
    return this.#body;
  }

  /** The request as far as the app has sent it. */
  asked(): AskedRequest {
    const headers = Object.entries(this.stream.sentHeaders ?? {}).flatMap(([name, value]) =>
      [value ?? []].flat().map((one): [string, string] => [name, String(one)]),
    );
    const pseudo = new Map(headers);
    const origin = `${pseudo.get(':scheme')}://${pseudo.get(':authority')}`.replace(/^(https:.*):443$|^(http:.*):80$/, '$1$2');
    const body = this.#body.length === 0 ? undefined : Buffer.concat(this.#body);
    return {
      method: pseudo.get(':method') ?? 'GET',
      url: origin + (pseudo.get(':path') ?? '/'),
      headers: headers.filter(([name]) => !name.startsWith(':')),
      body,
    };
  }

  /** How long it has not been used is counted from now. */
  #used(): void {
    this.#idle.usedUs = monotonicUs();
    this.connection.used();
  }

  #sending(name: 'write' | 'end', args: unknown[]): unknown {
    this.#used();
    const ended = this.stream.writableEnded;
    const [chunk, encoding] = args;
    if (!ended && typeof chunk === 'string') this.#body.push(Buffer.from(chunk, encoding as BufferEncoding));
    else if (!ended && ArrayBuffer.isView(chunk))
      this.#body.push(new Uint8Array(chunk.buffer as ArrayBuffer, chunk.byteOffset, chunk.byteLength).slice());
    const index = args.findIndex((each) => typeof each === 'function');
    if (index >= 0) args[index] = this.#carried(args[index] as Method);
    const given = this.raw(name, ...args);
    if (!ended && name === 'end') this.#sent();
    else if (!ended) this.form.began(this);
    return given;
  }

  /** The callback of a write runs at a place of its own. */
  #carried(callback: Method): Method {
    const place = this.placeOf('written');
    return function (this: unknown, ...given: unknown[]) {
      return runAt(place, () => Reflect.apply(callback, this, given) as unknown);
    };
  }

  #sent(): void {
    if (this.left) return;
    if (this.#told.opened) {
      this.form.began(this);
      return;
    }
    const asked = this.asked();
    this.form.sent(this, asked);
    this.#told.open(asked, false);
  }

  #emitting(name: string, event: unknown, args: unknown[]): unknown {
    const isEnding = this.#destroying || this.left || this.connection.breaking;
    if (HEADS.has(name)) {
      this.#used();
      const ends = (Number(args[1]) & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
      if (!this.left) this.form.came(this, { kind: 'head', event: name, args, ends });
      return true;
    }
    if (WITH_END.has(name) && !isEnding) {
      this.#withEnd.push({ event: name, args });
      return true;
    }
    if (name === 'timeout') this.form.idle(this.#idle);
    return runAt(this.placeOf(name), () => this.raw('emit', event, ...args));
  }

  #pushing(args: unknown[]): unknown {
    const [chunk] = args;
    if (this.#destroying || this.stream.destroyed) return this.raw('push', ...args);
    if (this.left) {
      // What had come by then is not given to somebody who has left.
      if (chunk === null) this.#endOwn(() => this.#finish());
      return chunk !== null;
    }
    if (chunk === null) {
      if (!this.#endCame) this.#arrive({ kind: 'end' });
      this.#endCame = true;
      return false;
    }
    this.#used();
    this.#waitingBytes += (chunk as Uint8Array).byteLength;
    this.#arrive({ kind: 'data', chunk: chunk as Uint8Array });
    return !this.#full && this.#waitingBytes <= WAITING_BYTES_MAX;
  }

  /** Behind the events that Node tells in a tick of their own. */
  #arrive(arrival: Http2Arrival): void {
    internally(() => nextTick(() => this.form.came(this, arrival)));
  }

  /** What follows from the app's own ending is in the order, too: once. */
  #endOwn(hand: () => void): void {
    if (this.#ownEnds++ === 0) this.form.own(this, () => this.#told.hand(hand));
  }

  #destroyed(args: unknown[]): unknown {
    const { stream } = this;
    if (stream.destroyed || this.#destroying) return this.raw('destroy', ...args);
    const isReset = this.#isClosed && stream.rstCode !== constants.NGHTTP2_NO_ERROR && !this.connection.breaking;
    if (isReset && !this.left && !this.#resetCame) {
      this.#resetCame = true;
      this.#arrive({ kind: 'reset' });
      return stream;
    }
    if (isReset && this.left && this.#ownEnds === 0 && whoRuns() !== 'app') {
      this.#endOwn(() => this.#destroy([]));
      return stream;
    }
    if (this.connection.breaking) this.#fail(args[0] ?? closedSession());
    else this.#leave();
    return this.#destroy(args);
  }

  #destroy(args: unknown[]): unknown {
    this.#destroying = true;
    return this.raw('destroy', ...args);
  }

  #closed(args: unknown[]): unknown {
    if (!this.stream.closed && !this.connection.breaking) this.#leave();
    return this.raw('close', ...args);
  }

  /** The app leaves before the answer has ended. */
  #leave(): void {
    this.left = true;
    if (this.#told.end((bytes) => bytes.end('cancelled'))) this.form.left(this);
  }

  /** Hands over what came, as one turn. */
  give(arrivals: readonly Http2Arrival[]): void {
    for (const arrival of arrivals) if (arrival.kind === 'data') this.#waitingBytes -= arrival.chunk.byteLength;
    this.#told.hand(() => {
      for (const arrival of arrivals) if (!this.stream.destroyed) this.#give(arrival);
    });
  }

  #give(arrival: Http2Arrival): void {
    if (this.left) {
      if (arrival.kind === 'end') this.#endOwn(() => this.#finish());
      else if (arrival.kind === 'reset') this.#endOwn(() => this.#destroy([]));
    } else if (arrival.kind === 'head') this.#head(arrival);
    else if (arrival.kind === 'data') {
      // A copy: the app may change what it gets.
      this.#told.tell((bytes) => bytes.chunk(new Uint8Array(arrival.chunk)));
      this.#full = this.raw('push', arrival.chunk) === false;
    } else if (arrival.kind === 'end') {
      this.#last();
      this.#told.end((bytes) => bytes.end('complete', undefined, undefined, this.#trailers));
      this.#finish();
    } else if (arrival.kind === 'reset') {
      this.#last();
      const { rstCode } = this.stream;
      this.#fail(
        Object.assign(new Error(`Stream closed with error code ${nameOf(rstCode)}`), {
          code: 'ERR_HTTP2_STREAM_ERROR',
          [RST_CODE]: rstCode,
        }),
      );
      this.#destroy([]);
    }
  }

  #head({ event, args }: { event: string; args: readonly unknown[] }): void {
    if (event === 'response') {
      this.#told.open(this.asked(), true);
      const pairs = pairsOf((args[2] ?? []) as string[]);
      const status = Number(new Map(pairs).get(':status') ?? 0);
      this.#told.tell((bytes) =>
        bytes.head(
          status,
          pairs.filter(([name]) => !name.startsWith(':')),
          { version: '2' },
        ),
      );
    }
    runAt(this.placeOf(event), () => this.raw('emit', event, ...args));
  }

  /** What comes with the end. */
  #last(): void {
    for (const { event, args } of this.#withEnd.splice(0)) {
      if (event === 'trailers') this.#trailers = pairsOf((args[2] ?? []) as string[]);
      runAt(this.placeOf(event), () => this.raw('emit', event, ...args));
    }
  }

  #finish(): void {
    const { stream } = this;
    if (stream.destroyed) return;
    // Node destroys a stream at its end, behind whoever waited for that: in a replay it hears of the end later than it did.
    const nodes = stream.rawListeners('end').filter(({ name }) => NODES_END.test(name)) as Method[];
    for (const listener of nodes) stream.removeListener('end', listener);
    for (const listener of nodes) stream.on('end', listener);
    this.raw('push', null);
    // As Node does: an end that nobody reads is one all the same.
    stream.read(0);
  }

  #fail(error: unknown): void {
    if (this.#told.ended) return;
    this.#told.open(this.asked(), true);
    this.#told.end((bytes) => bytes.end('error', transportError(error), thrownFacts(error)));
    this.form.left(this);
  }
}

function closedSession(): Error {
  return Object.assign(new Error('The connection was closed'), { code: 'ECONNRESET' });
}
