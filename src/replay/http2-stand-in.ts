/** The other half of an HTTP/2 connection in a replay: a server in this process, at the other end of a pair of streams. What it is to say, it is told; what it is sent goes nowhere. */
import http2 from 'node:http2';
import type { OutgoingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { duplexPair } from 'node:stream';
import type { Duplex } from 'node:stream';
import type { Exchange } from '../recording/recording.ts';
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

/** The server's side of one stream. */
export interface Http2Said {
  /** `isAll`: nothing follows. */
  head(exchange: Exchange, isAll: boolean): void;
  piece(bytes: Uint8Array): void;
  /** `code`: of a stream that the server resets. */
  end(code: unknown): void;
}

export class Http2StandIn {
  /** What Node's client is given. */
  readonly socket: Socket;
  readonly #far: Duplex;
  readonly #near: Duplex;
  readonly #look: () => void;
  readonly #streams = new Map<number, Http2Said>();
  #session: ServerHttp2Session | undefined;

  /** `look` is called whenever a request has reached the server. */
  constructor(secure: boolean, port: number, look: () => void) {
    this.#look = look;
    const pair = internally(() => duplexPair());
    [this.#near, this.#far] = pair;
    this.socket = internally(() => overStream(pair[0]));
    Object.assign(this.socket, { connecting: true, ...(secure && SECURE) });
    const peer = { address: '127.0.0.1', family: 'IPv4', port };
    Object.defineProperty(this.socket, '_peername', { value: peer, configurable: true, writable: true });
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
        this.#look();
      });
      Object.assign(this.socket, { connecting: false });
      this.socket.emit('connect');
    });
  }

  /** The stream of that number; undefined: the server has not heard of it. */
  streamOf(id: number): Http2Said | undefined {
    return this.#streams.get(id);
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
  let trailers: OutgoingHttpHeaders | undefined;
  stream.on('wantTrailers', () => stream.sendTrailers(trailers ?? {}));
  return {
    head({ status = 200, responseHeaders, end }, isAll) {
      trailers = end?.trailers === undefined ? undefined : together(end.trailers);
      const options = { endStream: isAll, waitForTrailers: trailers !== undefined };
      stream.respond({ ':status': status, ...together(responseHeaders) }, { ...options, ...noDate() });
    },
    piece: (bytes) => void stream.write(bytes),
    end(code) {
      if (typeof code === 'number') stream.close(code);
      else if (!stream.writableEnded) stream.end();
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
