/** Puts things into the stand-in socket of a request, for Node's client: bytes, the end of the connection, an error. */
import type { HttpCall } from './http-call.ts';
import { asNobody, runAt } from './lineage.ts';
import { StandInSocket } from './stand-in-socket.ts';

export class HttpFeed {
  readonly #call: HttpCall;
  #feeding = false;
  #breaking = false;

  constructor(call: HttpCall) {
    this.#call = call;
  }

  /** Whether what comes from the socket now is what is put into it here: it is handed over at once, and what follows from a connection that breaks as well. */
  get isFeeding(): boolean {
    return this.#feeding || this.#breaking;
  }

  /** Whether the app reads no more for now. */
  get isPaused(): boolean {
    return this.#call.inlet?.socket.isPaused() === true;
  }

  /** Whether the request has its socket. */
  get isThere(): boolean {
    return this.#call.inlet !== null;
  }

  /** Whether that is connected. */
  get isConnected(): boolean {
    return this.#call.inlet?.socket.connecting === false;
  }

  /** Calls `read` when the app reads again. */
  onceRead(read: () => void): void {
    this.#call.inlet?.socket.once('resume', read);
  }

  /** Lets bytes come out of the socket. */
  bytes(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#feeding = true;
    try {
      this.#call.inlet?.socket.emit('data', bytes);
    } finally {
      this.#feeding = false;
    }
  }

  /** Runs what nobody recorded, in a turn of its own: before anything else comes in, as an immediate of the app's would. */
  soon(run: () => void): void {
    runAt(this.#call.placeOf('connection'), () => setImmediate(() => asNobody(run)));
  }

  /** Says that the socket is connected, where that was not said. */
  connect(): void {
    const { inlet } = this.#call;
    if (inlet?.socket instanceof StandInSocket) this.#call.hand(() => (inlet.socket as StandInSocket).connected());
  }

  /** The server sends no more. */
  end(): void {
    this.#call.inlet?.give('end', []);
  }

  /** The server closes the connection, as it does to say that the answer is whole. */
  close(): void {
    this.end();
    this.soon(() => this.#call.inlet?.socket.destroy());
  }

  /** The connection breaks: with an error of the socket's, or of the client's; null: of an answer that broke off without one, the client says so itself. */
  break(error: { thrown: unknown } | null): void {
    const { inlet } = this.#call;
    this.#breaking = true;
    if (error === null) inlet?.give('close', [false]);
    else inlet?.give('error', [error.thrown]);
    inlet?.socket.destroy();
  }
}
