/** The real connection behind an HTTP/2 session of a fork: what is to be sent goes over it, and what its server says, the session's stand-in says again. */
import { constants } from 'node:http2';
import type { ClientHttp2Session, ClientHttp2Stream, OutgoingHttpHeaders } from 'node:http2';
import { guard } from '../core/diagnostics.ts';
import type { Http2Said, Http2StandIn } from './http2-stand-in.ts';
import { pairsOf } from './http-wire.ts';
import { internally } from './lineage.ts';
import type { AskedRequest } from './request-digest.ts';

/** So many turns later, what the stand-in has said before has reached Node's client. */
const TURNS = 3;

export interface Http2LiveOptions {
  /** Connects as the app would have. */
  connect(): ClientHttp2Session;
  standIn: Http2StandIn;
  /** The connection is gone, or was never made; `error`: why, where it did not just end. */
  lost(error: unknown): void;
  /** The server pushes, which is not handed on. */
  pushed(): void;
}

/** A request that was sent. */
export interface Http2Sending {
  /** The app sends more of the body; null: nothing more. */
  more(piece: Uint8Array | null): void;
  /** The app wants no more of the answer. */
  leave(): void;
}

export class Http2Live {
  readonly #session: ClientHttp2Session;
  readonly #options: Http2LiveOptions;
  readonly #relays = new Set<Relay>();
  #error: unknown;
  /** The code by which the server has left. */
  #gone: number | undefined;

  /** Throws what connecting throws at once. */
  constructor(options: Http2LiveOptions) {
    const { connect, standIn, pushed } = options;
    this.#options = options;
    this.#session = internally(() => {
      const session = connect();
      session.on('connect', () => standIn.connect());
      session.on('goaway', (code, last, bytes) => this.#leave(code, last, bytes));
      session.on('error', (error) => (this.#error = error));
      session.on('close', () => this.#closed());
      session.on('stream', (stream) => {
        stream.on('error', () => {});
        stream.close(constants.NGHTTP2_CANCEL);
        pushed();
      });
      return session;
    });
    standIn.whenHolding((holds) => internally(() => (holds ? this.#session.ref() : this.#session.unref())));
    standIn.socket.once('close', () => internally(() => this.#session.destroy()));
    standIn.onRequest(() => {
      for (const relay of this.#relays) relay.flush();
    });
  }

  /** Sends what the app's `stream` asks, with that body, which is all of it where it `ends`; what comes back goes to the other half of `stream`. */
  send(stream: ClientHttp2Stream, body: AskedRequest['body'], ends: boolean): Http2Sending {
    return internally(() => {
      const relay = new Relay(stream, this.#options.standIn);
      this.#relays.add(relay);
      relay.say((said) => said.whenClosed(() => this.#relays.delete(relay)));
      try {
        const real = this.#session.request(headersOf(stream, ends ? body : undefined), { endStream: ends && body === undefined });
        relay.follow(real, () => this.#session.destroyed);
        if (ends && body !== undefined) real.end(body);
        else if (body !== undefined) real.write(body);
      } catch {
        // The server has left, or is about to be found gone: it looks at nothing that is new.
        relay.say((said) => said.end(constants.NGHTTP2_REFUSED_STREAM));
      }
      return {
        more: (piece) => internally(() => relay.more(piece)),
        leave: () => {
          this.#relays.delete(relay);
          internally(() => relay.leave());
        },
      };
    });
  }

  #leave(code: number, last: number, bytes: Uint8Array | undefined): void {
    this.#gone = code;
    const tell = (): void => this.#options.standIn.goaway({ code, last: this.#lastOf(last) }, bytes);
    // Whoever is told of an error reads nothing more; whoever is not has to leave before the last answer, or Node never ends its session.
    if (code === constants.NGHTTP2_NO_ERROR) internally(tell);
    else soon(tell);
  }

  /** The number of the last stream of the app's that the server has looked at: its streams have other numbers here. */
  #lastOf(last: number): number {
    const late = [...this.#relays].filter(({ id }) => id !== undefined && id > last).map(({ ownId = 0 }) => ownId);
    return late.length === 0 ? this.#options.standIn.latest : Math.max(0, Math.min(...late) - 2);
  }

  /** Behind what it has said by then; where the server has just left, behind all that the stand-in has to say. */
  #closed(): void {
    const { standIn, lost } = this.#options;
    const error = this.#error;
    const tell = (): void => soon(() => lost(error));
    // A client that was told of an error closes by itself.
    if (this.#gone !== undefined && this.#gone !== constants.NGHTTP2_NO_ERROR) return;
    const relays = [...this.#relays];
    if (this.#gone !== undefined && relays.every(({ isOver }) => isOver)) standIn.whenIdle(tell);
    else void Promise.all(relays.map((relay) => relay.whenDone())).then(tell);
  }
}

/** Says on the other half of the app's stream what the server says on the real one. */
class Relay {
  readonly #stream: ClientHttp2Stream;
  readonly #standIn: Http2StandIn;
  /** What is to be said once the other half knows of the stream. */
  readonly #waiting: ((said: Http2Said) => void)[] = [];
  #real: ClientHttp2Stream | undefined;
  #headed = false;
  #ended = false;
  #left = false;

  constructor(stream: ClientHttp2Stream, standIn: Http2StandIn) {
    this.#stream = stream;
    this.#standIn = standIn;
  }

  /** The number of the real stream. */
  get id(): number | undefined {
    return this.#real?.id;
  }

  /** That of the app's. */
  get ownId(): number | undefined {
    return this.#stream.id;
  }

  /** Whether the server has said everything, or nobody wants more of it. */
  get isOver(): boolean {
    return this.#ended || this.#left;
  }

  follow(real: ClientHttp2Stream, isLost: () => boolean): void {
    this.#real = real;
    real.on('headers', (headers) => this.say((said) => said.inform(headers as OutgoingHttpHeaders)));
    real.on('response', (...given: unknown[]) => {
      this.#headed = true;
      const [, flags, raw = []] = given as [unknown, number, string[] | undefined];
      const pairs = pairsOf(raw);
      const status = Number(pairs.find(([name]) => name === ':status')?.[1] ?? 0);
      const headers = pairs.filter(([name]) => !name.startsWith(':'));
      this.say((said) => said.head({ status, headers, isAll: (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0, trails: true }));
    });
    real.on('data', (chunk: Uint8Array) =>
      this.say((said) => {
        if (!said.piece(chunk, () => real.resume())) real.pause();
      }),
    );
    real.on('trailers', (...given: unknown[]) => this.say((said) => said.trail(pairsOf((given[2] ?? []) as string[]))));
    real.on('end', () => {
      // One that was reset, or lost, ends as well.
      if (!this.#headed || real.rstCode !== constants.NGHTTP2_NO_ERROR || isLost()) return;
      this.#ended = true;
      this.say((said) => said.end());
    });
    // The app's own stream has one, too.
    real.on('error', () => {});
    real.on('close', () => {
      const { rstCode } = real;
      if (!this.#ended && !isLost()) soon(() => this.say((said) => said.end(rstCode)));
    });
  }

  /** The app sends more; null: nothing more. */
  more(piece: Uint8Array | null): void {
    const real = this.#real;
    if (real === undefined || real.writableEnded) return;
    if (piece === null) real.end();
    else real.write(piece);
  }

  say(say: (said: Http2Said) => void): void {
    this.#waiting.push(say);
    this.flush();
  }

  /** Says what waits, where the other half knows of the stream by now. */
  flush(): void {
    const { id } = this.#stream;
    const said = id === undefined ? undefined : this.#standIn.streamOf(id);
    if (said === undefined || this.#left) return;
    internally(() => {
      for (const say of this.#waiting.splice(0)) guard('replay.http2', () => say(said), undefined);
    });
  }

  /** The app has left. */
  leave(): void {
    if (this.#left) return;
    this.#left = true;
    const { rstCode } = this.#stream;
    this.#real?.close(rstCode === constants.NGHTTP2_NO_ERROR ? constants.NGHTTP2_CANCEL : rstCode);
  }

  /** When an answer that came to its end has been taken by the app. */
  whenDone(): Promise<void> {
    if (!this.#ended || this.#left) return Promise.resolve();
    return new Promise((resolve) => this.say((said) => said.whenClosed(resolve)));
  }
}

function soon(run: () => void, turns = TURNS): void {
  internally(() => setImmediate(() => (turns > 1 ? soon(run, turns - 1) : run())));
}

/** What the app's stream has sent, with the length of `body`. */
function headersOf({ sentHeaders }: ClientHttp2Stream, body: AskedRequest['body']): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = { ...sentHeaders };
  const length = Object.keys(headers).find((name) => name.toLowerCase() === 'content-length');
  if (length !== undefined && body !== undefined) headers[length] = String(Buffer.byteLength(body));
  return headers;
}
