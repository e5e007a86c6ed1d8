/** A request of Node's HTTP client that is really made: what comes of it is handed over to the app's own request, as it comes. */
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { HttpHandover } from './http-handover.ts';
import { pairsOf } from './http-wire.ts';
import { internally } from './lineage.ts';

/** Of what waits to be handed over, the connection gives no more than this. */
const WAITING_BYTES_MAX = 256 * 1024;

export class HttpLive {
  readonly #handover: HttpHandover;
  readonly #onIdle: () => void;
  #real: ClientRequest | undefined;
  #answer: IncomingMessage | undefined;
  #socket: Socket | undefined;
  #idleMs: number;
  #waitingBytes = 0;
  #isOver = false;
  /** There was an error before the answer broke off. */
  #failed = false;

  /** `idleMs`: for how long the connection may be idle before `onIdle` is told; 0: for ever. */
  constructor(handover: HttpHandover, idleMs: number, onIdle: () => void) {
    this.#handover = handover;
    this.#idleMs = idleMs;
    this.#onIdle = onIdle;
  }

  /** Has `send` send it. */
  start(send: () => ClientRequest): void {
    let real: ClientRequest;
    try {
      real = send();
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#real = real;
    real.on('socket', (socket) => this.#connecting(socket));
    real.on('information', (info) => {
      const { statusCode, statusMessage, rawHeaders } = info as {
        statusCode: number;
        statusMessage: string;
        rawHeaders: string[];
      };
      const head = { status: statusCode, statusText: statusMessage, responseHeaders: pairsOf(rawHeaders) };
      // That the server waits for the body, the app was told.
      if (statusCode !== 100) this.#handover.information({ method: real.method, ...head });
    });
    real.on('response', (answer) => this.#answered(real, answer));
    real.on('error', (error) => this.#fail(error));
    real.on('close', () => this.#closed());
  }

  /** The connection may be idle for so many milliseconds. */
  mayIdle(ms: number): void {
    this.#idleMs = ms;
    this.#socket?.setTimeout(ms);
  }

  /** The app wants no more of it. */
  leave(): void {
    this.#handover.stop();
    if (!this.#isOver) internally(() => this.#real?.destroy());
  }

  #connecting(socket: Socket): void {
    this.#socket = socket;
    socket.on('timeout', this.#onIdle);
    if (this.#idleMs > 0) socket.setTimeout(this.#idleMs);
    const connected = (): void => this.#handover.connected();
    const { encrypted, secureConnecting } = socket as Partial<TLSSocket> & { secureConnecting?: boolean };
    if (!socket.connecting && secureConnecting !== true) connected();
    else socket.once(encrypted === true ? 'secureConnect' : 'connect', connected);
  }

  /** Its connection is that of other requests from here on. */
  #closed(): void {
    this.#isOver = true;
    this.#socket?.removeListener('timeout', this.#onIdle);
    this.#socket = undefined;
  }

  #answered({ method }: ClientRequest, answer: IncomingMessage): void {
    this.#answer = answer;
    const { statusCode = 0, statusMessage = '', httpVersion, rawHeaders } = answer;
    const head = { method, status: statusCode, statusText: statusMessage, version: httpVersion };
    this.#handover.head({ ...head, responseHeaders: pairsOf(rawHeaders) });
    answer.on('data', (piece: Uint8Array) => this.#piece(piece));
    answer.on('end', () => this.#handover.end(pairsOf(answer.rawTrailers)));
    answer.on('error', () => {
      if (!this.#failed) this.#fail(undefined);
    });
  }

  #piece(piece: Uint8Array): void {
    const { length } = piece;
    this.#waitingBytes += length;
    if (this.#waitingBytes > WAITING_BYTES_MAX) this.#answer?.pause();
    this.#handover.piece(piece, () => {
      this.#waitingBytes -= length;
      if (this.#waitingBytes <= WAITING_BYTES_MAX / 2) internally(() => this.#answer?.resume());
    });
  }

  /** `thrown` is undefined where the answer broke off without an error of its own. */
  #fail(thrown: unknown): void {
    this.#failed = true;
    this.#handover.fail(thrown);
  }
}
