/**
 * A socket of Node's over a handle: one descriptor of a child process that the program reads or writes, or a connection. What comes from the handle (pieces, the end, that it is closed, that
 * something was written) goes through the channel; all else is Node's own code, while recording and in a replay alike.
 */
import type { Socket } from 'node:net';
import type { ThrownFacts } from '../events/lines.ts';
import type { Method } from '../patch/registry.ts';
import type { Channel } from './channels.ts';
import type { AppPlace } from './app-place.ts';
import { cover } from './hidden.ts';
import type { Arrival } from './source.ts';
import { systemError, systemFacts } from './system-error.ts';

/** What the socket calls of its handle, and we stand between. */
export interface PipeHandle {
  close(then?: () => void): void;
}

type Then = (error?: Error | null) => void;

/** Takes what the app does with a pipe, where a child goes on really. */
export interface PipeEnd {
  write(fd: number, bytes: Uint8Array): void;
  end(fd: number): void;
  close(fd: number): void;
}

/** Data of what comes through a pipe. */
export interface PipeData {
  /** Of a child's descriptor. */
  fd?: number;
  /** The how many-th write. */
  write?: number;
  error?: ThrownFacts;
}

export class ChildPipe {
  readonly #socket: Socket;
  readonly #of: PipeData;
  readonly #way: string;
  readonly #channel: Channel;
  readonly #place: AppPlace;
  /** Writes that did not end at once, in a replay. */
  readonly #held: ReadonlySet<number>;
  #push: Method = () => {};
  /** Bytes that have come and are not handed over. */
  #pending = 0;
  #writes = 0;
  #onward: PipeEnd | undefined;
  #written: Then | undefined;
  #finished: Then | undefined;
  #closed: (() => void) | undefined;
  #isFinishing = false;
  /** Of the write that failed, while recording. */
  #error: Error | undefined;

  /** `fd` of a child's descriptor; what goes out of a connection goes the way `out`. */
  constructor(socket: Socket, fd: number | undefined, channel: Channel, place: AppPlace) {
    this.#socket = socket;
    this.#of = fd === undefined ? {} : { fd };
    this.#way = fd === undefined ? 'out' : fd === 0 ? 'stdin' : `fd${fd}`;
    this.#channel = channel;
    this.#place = place;
    const held = channel.given.filter(({ event, data }) => event === 'held' && (data as PipeData).fd === fd);
    this.#held = new Set(held.map(({ data }) => (data as PipeData).write ?? 0));
  }

  /** While recording: stands between the handle and the socket. Without a handle, somebody else tells that it is closed. */
  record(handle?: PipeHandle): void {
    const socket = this.#socket;
    this.#push = cover(socket, 'push', () => (chunk: Uint8Array | null) => this.#arrived(chunk));
    this.#coverWrites((real, then) => this.#writeReally(real, then));
    cover(socket, '_final', (original) => (then: Then) => {
      // While it connects, Node asks itself again.
      if (this.#isFinishing) return Reflect.apply(original, socket, [then]) as unknown;
      this.#isFinishing = true;
      this.#finished = then;
      return Reflect.apply(original, socket, [(error?: Error | null): void => this.#come('finished', error)]) as unknown;
    });
    if (handle === undefined) return;
    cover(handle, 'close', (original) => (then?: () => void) => {
      this.#closed = then;
      Reflect.apply(original, handle, [() => this.#come('closed')]);
    });
  }

  /** In a replay: nothing is written, and what comes is given by `receive`. */
  replay(onward?: PipeEnd): void {
    const socket = this.#socket;
    this.#onward = onward;
    this.#push = socket.push.bind(socket);
    this.#coverWrites((_real, then) => {
      if (this.#held.has(this.#writes)) {
        this.#written = then;
        this.#channel.ready();
      } else then();
    });
    cover(socket, '_final', () => (then: Then) => {
      this.#finished = then;
      const { fd } = this.#of;
      if (fd === undefined || fd === 0) this.#channel.ending();
      this.#channel.ready();
      onward?.end(fd ?? 0);
    });
  }

  /** The handle is asked to close, in a replay. */
  closing(then?: () => void): void {
    this.#closed = then;
    this.#channel.ready();
    this.#onward?.close(this.#of.fd ?? 0);
  }

  /** Whether the socket has come to where this can be handed over, in a replay. */
  isReady(event: string): boolean {
    if (event === 'wrote') return this.#written !== undefined;
    if (event === 'finished') return this.#finished !== undefined;
    return event !== 'closed' || this.#closed !== undefined;
  }

  receive({ event, data, bytes }: Arrival): void {
    const { error } = (data ?? {}) as PipeData;
    const thrown = this.#error ?? (error === undefined ? undefined : systemError(error));
    const socket = this.#socket;
    if (event === 'data') {
      const piece = new Uint8Array(bytes ?? []);
      this.#pending -= piece.length;
      this.#place.run(() => Reflect.apply(this.#push, socket, [Buffer.from(piece.buffer)]) as unknown);
    } else if (event === 'end') {
      this.#place.run(() => {
        Reflect.apply(this.#push, socket, [null]);
        socket.read(0);
      });
    } else if (event === 'wrote') this.#take('written', thrown);
    else if (event === 'finished') this.#take('finished', thrown);
    else {
      const closed = this.#closed;
      this.#closed = undefined;
      if (closed !== undefined) this.#place.run(closed);
    }
  }

  #take(what: 'written' | 'finished', error: Error | undefined): void {
    const then = what === 'written' ? this.#written : this.#finished;
    if (what === 'written') this.#written = undefined;
    else this.#finished = undefined;
    this.#error = undefined;
    if (then !== undefined) this.#place.run(() => (error === undefined ? then() : then(error)));
  }

  /** What Node makes of what it reads. Like Node's own, it says whether there is room for more. */
  #arrived(chunk: Uint8Array | null): boolean {
    if (chunk === null) {
      this.#come('end');
      return false;
    }
    this.#pending += chunk.length;
    // A copy: the app may change what it is given before it is written down.
    this.#channel.came({ event: 'data', data: this.#of, bytes: new Uint8Array(chunk) });
    return this.#pending + this.#socket.readableLength < this.#socket.readableHighWaterMark;
  }

  #come(event: string, error?: Error | null, write?: number): void {
    if (error instanceof Error) this.#error = error;
    const facts = error instanceof Error ? { error: systemFacts(error) } : {};
    this.#channel.came({ event, data: { ...this.#of, ...(write !== undefined && { write }), ...facts } });
  }

  #coverWrites(write: (real: (then: Then) => void, then: Then) => void): void {
    const socket = this.#socket;
    const told = (pieces: readonly [unknown, unknown][]): void => {
      this.#writes++;
      const bytes = Buffer.concat(pieces.map(([chunk, encoding]) => bytesOf(chunk, encoding)));
      this.#channel.went(this.#way, bytes);
      this.#onward?.write(this.#of.fd ?? 0, bytes);
    };
    cover(socket, '_write', (original) => (chunk: unknown, encoding: unknown, then: Then) => {
      told([[chunk, encoding]]);
      write((done) => Reflect.apply(original, socket, [chunk, encoding, done]) as unknown, then);
    });
    cover(socket, '_writev', (original) => (chunks: { chunk: unknown; encoding: unknown }[], then: Then) => {
      told(chunks.map(({ chunk, encoding }) => [chunk, encoding]));
      write((done) => Reflect.apply(original, socket, [chunks, done]) as unknown, then);
    });
  }

  /** What is written at once is said at once, as by Node; what is not, and what fails, in its turn. */
  #writeReally(real: (then: Then) => void, then: Then): void {
    const write = this.#writes;
    let atOnce = true;
    let isDone = false;
    const hold = (): void => {
      this.#written = then;
      this.#channel.note({ event: 'held', data: { ...this.#of, write } });
    };
    real((error) => {
      if (atOnce && !(error instanceof Error)) {
        isDone = true;
        then();
        return;
      }
      if (atOnce) hold();
      isDone = true;
      this.#come('wrote', error, write);
    });
    atOnce = false;
    if (!isDone) hold();
  }
}

function bytesOf(chunk: unknown, encoding: unknown): Uint8Array {
  return typeof chunk === 'string' ? Buffer.from(chunk, encoding as BufferEncoding) : (chunk as Uint8Array);
}
