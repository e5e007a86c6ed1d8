/** The other half of an HTTP/2 connection in a replay: a server in this process, at the other end of a pair of streams. What it is to say, it is told; what it is sent goes nowhere. */
import http2 from 'node:http2';
import type { OutgoingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { duplexPair } from 'node:stream';
import type { Duplex } from 'node:stream';
import { setOwn } from '../patch/own-member.ts';
import type { GoneAway } from './http2-connection.ts';
import { internally } from './lineage.ts';

/** What is there of a socket with TLS. */
const SECURE = {
  encrypted: true,
  authorized: true,
  authorizationError: null,
  alpnProtocol: 'h2',
  getPeerCertificate: () => ({}),
};
/** The client waits for no place among the streams: who waits for whom is decided by what is not recorded. */
const STREAMS_MAX = 2 ** 31 - 1;

const { connect: connectReally, performServerHandshake } = http2;

/** Node's socket over a stream of this process, which nothing exports. */
let OverStream: (new (stream: Duplex) => Socket) | undefined;

function overStream(stream: Duplex): Socket {
  if (OverStream === undefined) {
    const [one] = duplexPair();
    const session = connectReally('http://localhost', { createConnection: () => one });
    const prototype = Object.getPrototypeOf(session.socket) as { constructor: typeof OverStream };
    OverStream = prototype.constructor!;
    session.on('error', () => {}).destroy();
  }
  return new OverStream(stream);
}

type Pairs = readonly (readonly [string, string])[];

/** The head of an answer. */
export interface Http2Head {
  status: number;
  headers: Pairs;
  /** Nothing follows it. */
  isAll: boolean;
  /** Trailers may follow the body: `trail` gives them before its end. */
  trails: boolean;
}

/** The server's side of one stream. */
export interface Http2Said {
  head(head: Http2Head): void;
  /** A head before the head: of an informational answer. */
  inform(headers: OutgoingHttpHeaders): void;
  /** False: the client takes no more for now; `drained` is called when it does. */
  piece(bytes: Uint8Array, drained?: () => void): boolean;
  trail(trailers: Pairs): void;
  /** `code`: of a stream that the server resets. */
  end(code?: unknown): void;
  /** Calls `closed` when the client has taken everything. */
  whenClosed(closed: () => void): void;
}

export class Http2StandIn {
  /** What Node's client is given. */
  readonly socket: Socket;
  readonly #far: Duplex;
  readonly #near: Duplex;
  readonly #look: () => void;
  readonly #lookers = new Set<() => void>();
  #hold: (holds: boolean) => void = () => {};
  #holds = true;
  readonly #streams = new Map<number, Http2Said>();
  #session: ServerHttp2Session | undefined;
  /** How many streams are not over. */
  #open = 0;
  #whenIdle: (() => void) | undefined;

  /** `look` is called whenever a request has reached the server. */
  constructor(secure: boolean, port: number, look: () => void) {
    this.#look = look;
    const pair = internally(() => duplexPair());
    [this.#near, this.#far] = pair;
    this.socket = internally(() => overStream(pair[0]));
    Object.assign(this.socket, { connecting: true, ...(secure && SECURE) });
    const peer = { address: '127.0.0.1', family: 'IPv4', port };
    Object.defineProperty(this.socket, '_peername', { value: peer, configurable: true, writable: true });
    for (const [name, holds] of [
      ['ref', true],
      ['unref', false],
    ] as const)
      setOwn(this.socket, name, () => {
        this.#hold((this.#holds = holds));
        return this.socket;
      });
  }

  /** Tells `hold` whether the app has the connection hold the process, now and whenever that changes. */
  whenHolding(hold: (holds: boolean) => void): void {
    this.#hold = hold;
    hold(this.#holds);
  }

  /** Calls `look`, too, whenever a request has reached the server; what is returned ends that. */
  onRequest(look: () => void): () => void {
    this.#lookers.add(look);
    return () => void this.#lookers.delete(look);
  }

  /** Says that the connection is there. */
  connect(): void {
    if (!this.socket.connecting) return;
    internally(() => {
      const session = performServerHandshake(this.#far, {
        settings: { maxConcurrentStreams: STREAMS_MAX },
        ...({ strictSingleValueFields: false } as object),
      });
      this.#session = session;
      session.on('error', () => {});
      session.on('stream', (stream: ServerHttp2Stream) => {
        stream.on('error', () => {});
        stream.resume();
        this.#streams.set(stream.id!, said(stream));
        this.#open++;
        stream.once('close', () => {
          this.#open--;
          this.#idle();
        });
        this.#look();
        for (const look of this.#lookers) look();
      });
      Object.assign(this.socket, { connecting: false });
      this.socket.emit('connect');
    });
  }

  /** The stream of that number; undefined: the server has not heard of it. */
  streamOf(id: number): Http2Said | undefined {
    return this.#streams.get(id);
  }

  /** Calls `idle` as soon as no stream is open. */
  whenIdle(idle: () => void): void {
    this.#whenIdle = idle;
    this.#idle();
  }

  #idle(): void {
    if (this.#open === 0) this.#whenIdle?.();
  }

  /** The number of the latest stream that the server has heard of. */
  get latest(): number {
    return Math.max(0, ...this.#streams.keys());
  }

  /** The server leaves. */
  goaway({ code, last }: GoneAway, bytes: Uint8Array | undefined): void {
    internally(() => this.#session?.goaway(code, last, bytes));
  }

  /** The connection is gone. */
  cut(): void {
    internally(() => {
      this.socket.destroy();
      this.#near.destroy();
      this.#far.destroy();
    });
  }
}

function said(stream: ServerHttp2Stream): Http2Said {
  let trailers: OutgoingHttpHeaders = {};
  stream.on('wantTrailers', () => stream.sendTrailers(trailers));
  return {
    head({ status, headers, isAll, trails }) {
      const options = { endStream: isAll, waitForTrailers: trails && !isAll };
      if (!stream.destroyed) stream.respond({ ':status': status, ...together(headers) }, { ...options, ...noDate() });
    },
    inform: (headers) => {
      if (!stream.destroyed && !stream.headersSent) stream.additionalHeaders(headers);
    },
    piece(bytes, drained) {
      const takesMore = stream.destroyed || stream.write(bytes);
      if (!takesMore && drained !== undefined) stream.once('drain', drained);
      return takesMore;
    },
    trail(pairs) {
      trailers = together(pairs);
    },
    end(code) {
      if (typeof code === 'number') stream.close(code);
      else if (!stream.writableEnded) stream.end();
    },
    whenClosed: (closed) => {
      if (stream.closed) closed();
      else stream.once('close', closed);
    },
  };
}

/** What was recorded has its date, or has none. */
const noDate = (): object => ({ sendDate: false });

/** Headers of the same name as one list. */
function together(pairs: readonly (readonly [string, string])[]): OutgoingHttpHeaders {
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of pairs) {
    const before = headers[name];
    headers[name] = before === undefined ? value : [before, value].flat();
  }
  return headers;
}
