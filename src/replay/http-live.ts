/** A request of Node's HTTP client that is really made: what its connection gives goes into the stand-in of the app's own request, as it comes. */
import type { ClientRequest } from 'node:http';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Method } from '../patch/registry.ts';
import type { HttpFeed } from './http-feed.ts';
import type { HttpHandover } from './http-handover.ts';
import { internally } from './lineage.ts';

/** Of what waits to be handed over, the connection gives no more than this. */
const WAITING_BYTES_MAX = 256 * 1024;

export interface LiveHttp {
  feed: HttpFeed;
  handover: HttpHandover;
  /** For how many milliseconds the connection may be idle before `onIdle` is told; 0: for ever. */
  idleMs: number;
  onIdle: () => void;
}

export class HttpLive {
  readonly #feed: HttpFeed;
  readonly #handover: HttpHandover;
  /** What is heard of the connection, while it is that of this request. */
  readonly #heard: Readonly<Record<string, Method>>;
  #real: ClientRequest | undefined;
  #socket: Socket | undefined;
  #idleMs: number;
  #error: { thrown: unknown } | null = null;
  #waitingBytes = 0;
  #isOver = false;

  constructor({ feed, handover, idleMs, onIdle }: LiveHttp) {
    this.#feed = feed;
    this.#handover = handover;
    this.#idleMs = idleMs;
    this.#heard = {
      timeout: onIdle,
      data: (bytes) => this.#data(bytes as Uint8Array),
      end: () => handover.push(() => feed.end()),
      // Told of together with the close that follows.
      error: (thrown) => void (this.#error = { thrown }),
      close: () => this.#break(),
    };
  }

  /** Has `send` send it. */
  start(send: () => ClientRequest): void {
    try {
      const real = (this.#real = send());
      real.on('socket', (socket) => this.#connecting(socket));
      real.on('response', (answer) => answer.resume());
      real.on('error', (thrown) => {
        if (this.#socket === undefined) this.#fail(thrown);
      });
      real.on('close', () => this.#closed());
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  /** The app has sent more of the body, all of it with `ends`. */
  more(parts: readonly Uint8Array[], ends: boolean): void {
    internally(() => {
      for (const part of parts) this.#real?.write(part);
      if (ends) this.#real?.end();
    });
  }

  /** The connection may be idle for so many milliseconds. */
  mayIdle(ms: number): void {
    this.#idleMs = ms;
    // timer held: that of a socket holds nothing
    this.#socket?.setTimeout(ms);
  }

  /** The app wants no more of it. */
  leave(): void {
    this.#handover.stop();
    if (!this.#isOver) internally(() => this.#real?.destroy());
  }

  #connecting(socket: Socket): void {
    this.#socket = socket;
    for (const [event, hear] of Object.entries(this.#heard)) socket.prependListener(event, hear);
    // timer held: that of a socket holds nothing
    if (this.#idleMs > 0) socket.setTimeout(this.#idleMs);
    const { encrypted, secureConnecting } = socket as Partial<TLSSocket> & { secureConnecting?: boolean };
    const connected = (): void => this.#handover.push(() => this.#feed.connect());
    if (!socket.connecting && secureConnecting !== true) connected();
    else socket.once(encrypted === true ? 'secureConnect' : 'connect', connected);
  }

  /** The connection is that of other requests from here on. */
  #closed(): void {
    this.#isOver = true;
    for (const [event, hear] of Object.entries(this.#heard)) this.#socket?.removeListener(event, hear);
    this.#socket = undefined;
  }

  #data(bytes: Uint8Array): void {
    const { length } = bytes;
    const socket = this.#socket;
    this.#waitingBytes += length;
    if (this.#waitingBytes > WAITING_BYTES_MAX) socket?.pause();
    this.#handover.push(() => {
      this.#waitingBytes -= length;
      this.#feed.bytes(bytes);
      if (this.#waitingBytes <= WAITING_BYTES_MAX / 2 && socket === this.#socket) internally(() => socket?.resume());
    });
  }

  #fail(thrown: unknown): void {
    this.#error = { thrown };
    this.#break();
  }

  #break(): void {
    const error = this.#error;
    this.#handover.push(() => this.#feed.break(error));
  }
}
