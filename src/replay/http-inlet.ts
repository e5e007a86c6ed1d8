/**
 * Where what comes from a socket enters Node's HTTP client: the four listeners that the client has on it. They are taken over, so that each chunk, end and error is handed to the client in a turn
 * of its own. To the client, and so to the app, the network is a little later, and nothing else is different.
 */
import type { Socket } from 'node:net';
import type { HttpCall } from './http-call.ts';
import type { Method } from '../patch/registry.ts';

/** The client's listeners, by event and by the names that Node gives them. */
const LISTENERS = {
  data: 'socketOnData',
  end: 'socketOnEnd',
  error: 'socketErrorListener',
  close: 'socketCloseListener',
} as const;
type SocketEvent = keyof typeof LISTENERS;

/** Of chunks that wait for their turn, the socket gives no more than this. */
const WAITING_BYTES_MAX = 256 * 1024;

export class HttpInlet {
  readonly socket: Socket;
  readonly #call: HttpCall;
  readonly #taken = new Map<SocketEvent, { ours: Method; original: Method }>();
  #error: unknown[] | undefined;
  #waitingBytes = 0;
  #paused = false;
  /** The client was told that the connection is gone. */
  #closed = false;

  /** Takes over the listeners that the client has on `socket`; null where it has none such. */
  static of(call: HttpCall, socket: Socket): HttpInlet | null {
    const inlet = new HttpInlet(call, socket);
    for (const event of Object.keys(LISTENERS) as SocketEvent[]) if (!inlet.#take(event)) return inlet.#giveBack();
    return inlet;
  }

  private constructor(call: HttpCall, socket: Socket) {
    this.#call = call;
    this.socket = socket;
  }

  #take(event: SocketEvent): boolean {
    const { socket } = this;
    const original = socket.rawListeners(event).findLast(({ name }) => name === LISTENERS[event]) as Method | undefined;
    if (original === undefined) return false;
    const ours: Method & { listener?: Method } = (...args: unknown[]) => this.#came(event, args);
    // Added first: a socket that nobody listens to stops.
    socket.on(event, ours);
    socket.removeListener(event, original);
    // The client takes its listener off by the function that it knows.
    ours.listener = original;
    this.#taken.set(event, { ours, original });
    return true;
  }

  #giveBack(): null {
    for (const [event, { ours, original }] of this.#taken) {
      delete (ours as { listener?: Method }).listener;
      this.socket.on(event, original);
      this.socket.removeListener(event, ours);
    }
    return null;
  }

  /** Whether the client still listens. */
  #hears(event: SocketEvent): boolean {
    const taken = this.#taken.get(event);
    return taken !== undefined && this.socket.rawListeners(event).includes(taken.ours);
  }

  #came(event: SocketEvent, args: unknown[]): void {
    const { form, destroyed } = this.#call;
    if (event === 'error' && destroyed) {
      // The app's own doing: it comes when it comes.
      this.give('error', args);
      return;
    }
    if (event === 'error' && this.socket.destroyed) {
      // Told of together with the close that follows.
      this.#error = args;
      return;
    }
    if (event === 'close') form.came(this.#call, () => this.#close(args));
    else if (event === 'data') this.#data(args);
    else form.came(this.#call, () => this.give(event, args));
  }

  #data(args: unknown[]): void {
    const { length } = args[0] as Buffer;
    this.#waitingBytes += length;
    this.#call.form.came(this.#call, () => {
      this.#waitingBytes -= length;
      this.give('data', args);
      this.#goOn();
    });
    if (this.#waitingBytes > WAITING_BYTES_MAX && !this.#paused) {
      this.#paused = true;
      this.socket.pause();
    }
  }

  /** The socket goes on, unless the app's reading is what it waits for: that sets it going by itself. */
  #goOn(): void {
    if (!this.#paused || this.#waitingBytes > WAITING_BYTES_MAX / 2) return;
    this.#paused = false;
    const { res } = this.#call.request as { res?: { readableLength: number; readableHighWaterMark: number } | null };
    if (res === undefined || res === null || res.readableLength < res.readableHighWaterMark) this.socket.resume();
  }

  #close(args: unknown[]): void {
    const error = this.#error;
    if (error === undefined || !this.#hears('error')) {
      this.give('close', args);
      return;
    }
    this.#error = undefined;
    this.give('error', error);
    process.nextTick(() => this.give('close', args));
  }

  /** Hands something to the client, now. */
  give(event: SocketEvent, args: readonly unknown[]): void {
    const taken = this.#taken.get(event);
    if (taken === undefined || this.#closed || !this.#hears(event)) return;
    // What had come by then is not given to somebody who has left.
    if (this.#call.destroyed && (event === 'data' || event === 'end')) return;
    this.#closed = event === 'close';
    this.#call.hand(() => void Reflect.apply(taken.original, this.socket, args));
  }
}
