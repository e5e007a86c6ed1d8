/** Messages between the program and a child process. What comes goes through the child's channel; all else is Node's own code, while recording and in a replay alike. */
import type { ChildProcess } from 'node:child_process';
import type { Channel } from './channels.ts';
import type { AppPlace } from './app-place.ts';
import { cover } from './hidden.ts';
import { MessageQueue } from './message-queue.ts';
import type { Arrival } from './source.ts';

/** The handle of the pipe that messages take. */
export interface MessageHandle {
  onread?: (buffer?: unknown) => void;
  close(): void;
}

/** Methods of the handle that write, with what they are given after the request. */
const WRITES = ['writeUtf8String', 'writeBuffer'];
const WAY = 'ipc';

export class ChildMessages {
  readonly #child: ChildProcess;
  readonly #handle: MessageHandle;
  readonly #channel: Channel;
  readonly #queue: MessageQueue;
  readonly #place: AppPlace;
  #read: ((buffer?: unknown) => void) | undefined;

  constructor(child: ChildProcess, handle: MessageHandle, channel: Channel, place: AppPlace) {
    this.#child = child;
    this.#handle = handle;
    this.#channel = channel;
    this.#place = place;
    this.#queue = new MessageQueue(child, channel, place);
  }

  /** While recording, before Node reads from the handle. */
  record(): void {
    for (const name of WRITES) {
      cover(this.#handle, name, (original) => (...args: unknown[]) => {
        const [, message, handle] = args;
        this.#channel.went(WAY, typeof message === 'string' ? Buffer.from(message) : (message as Uint8Array));
        if (handle !== undefined && handle !== null)
          this.#channel.note({ event: 'unrecordable', data: { why: 'it is sent a socket' } });
        return Reflect.apply(original, this.#handle, args) as unknown;
      });
    }
  }

  /** While recording, once Node reads. */
  recordReading(): void {
    this.#queue.record();
    const read = this.#handle.onread;
    if (read === undefined) return;
    this.#read = read;
    this.#handle.onread = (buffer) => {
      if (buffer !== undefined) Reflect.apply(read, this.#handle, [buffer]);
      else this.#channel.came({ event: 'hangup' });
    };
  }

  /** In a replay, before Node reads. */
  replay(): void {
    const handle = this.#handle;
    for (const name of WRITES) {
      cover(handle, name, () => (request: { oncomplete?: () => void }, message: string | Uint8Array) => {
        this.#channel.went(WAY, typeof message === 'string' ? Buffer.from(message) : message);
        // Node asks for one of the two, by a flag that only the handle itself can set.
        process.nextTick(() => request.oncomplete?.());
        return 0;
      });
    }
    cover(handle, 'readStart', () => () => 0);
    Object.defineProperty(handle, 'onread', { value: undefined, writable: true, configurable: true });
    Object.defineProperty(handle, 'writeQueueSize', { value: 0, configurable: true });
    this.#queue.replay();
  }

  isReady(event: string): boolean {
    return event !== 'message' || this.#queue.isReady();
  }

  receive(arrival: Arrival): void {
    if (arrival.event === 'message') {
      this.#queue.receive(arrival);
      return;
    }
    const read = this.#read ?? this.#handle.onread;
    if (this.#child.channel !== null || this.#read !== undefined)
      this.#place.run(() => read && Reflect.apply(read, this.#handle, [undefined]));
  }
}
