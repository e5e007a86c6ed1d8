/** A worker thread while its process is recorded: the thread is real, and what comes from it goes through a channel. */
import type { Worker } from 'node:worker_threads';
import type { Readable } from 'node:stream';
import { serialise } from '../core/serialise.ts';
import type { Method } from '../patch/registry.ts';
import type { Channel } from './channels.ts';
import type { AppPlace } from './app-place.ts';
import { behindSymbol, cover } from './hidden.ts';
import { messageBytes } from './message-bytes.ts';
import { MessageQueue } from './message-queue.ts';
import type { Arrival } from './source.ts';

/** Events of a worker, besides messages, that are given to the app. */
const EVENTS = new Set<unknown>(['online', 'error', 'messageerror', 'exit']);
const OUTPUTS = { stdout: 1, stderr: 2 } as const;

export class RecordedWorker {
  readonly #worker: Worker;
  readonly #channel: Channel;
  readonly #place: AppPlace;
  readonly #queue: MessageQueue;
  readonly #pushes = new Map<number, { stream: Readable; push: Method }>();
  /** What the app is given, as Node gave it. */
  readonly #events: unknown[][] = [];
  #removeAll: Method = () => {};
  /** Node takes the listeners away before the app was told. */
  #isEnding = false;

  constructor(worker: Worker, channel: Channel, place: AppPlace) {
    this.#worker = worker;
    this.#channel = channel;
    this.#place = place;
    this.#queue = new MessageQueue(worker, channel, place);
  }

  /** Stands between the thread and the app. */
  record(workerData: unknown): void {
    const [worker, channel] = [this.#worker, this.#channel];
    const { threadId } = worker;
    channel.note({ event: 'spawned', data: { threadId } });
    Object.defineProperty(worker, 'threadId', { value: threadId, writable: true, configurable: true, enumerable: false });
    if (workerData !== undefined) this.#sent('workerData', workerData);
    this.#queue.record((args) => this.#took(args));
    for (const [name, fd] of Object.entries(OUTPUTS)) {
      const stream = worker[name as keyof typeof OUTPUTS];
      const push = cover(stream, 'push', () => (chunk: unknown, encoding?: unknown) => this.#printed(fd, chunk, encoding));
      this.#pushes.set(fd, { stream, push });
    }
    this.#removeAll = cover(worker, 'removeAllListeners', (original) => (...args: unknown[]) => {
      if (!this.#isEnding) Reflect.apply(original, worker, args);
      return worker;
    });
    cover(worker, 'postMessage', (original) => (...args: unknown[]) => {
      // Before the real one, which may take it away.
      const packed = messageBytes(args[0]);
      Reflect.apply(original, worker, args);
      if (packed === null) this.#unrecordable();
      else channel.went('message', packed.bytes);
    });
    cover(worker, 'terminate', (original) => (...args: unknown[]) => {
      channel.went('terminate', Buffer.from('\n'));
      return Reflect.apply(original, worker, args) as unknown;
    });
    const handle = behindSymbol(worker, 'kHandle') as { onexit?: Method } | undefined;
    if (handle?.onexit === undefined) return;
    cover(handle, 'onexit', (original) => (...args: unknown[]) => {
      this.#isEnding = true;
      Reflect.apply(original, handle, args);
      this.#isEnding = false;
    });
  }

  receive({ event, data, bytes = new Uint8Array() }: Arrival): void {
    if (event === 'message') this.#queue.receive({ event, data, bytes });
    else if (event === 'data' || event === 'end') {
      const output = this.#pushes.get((data as { fd: number }).fd);
      const piece = event === 'end' ? null : Buffer.from(bytes);
      if (output !== undefined) this.#place.run(() => Reflect.apply(output.push, output.stream, [piece]) as unknown);
    } else {
      if (event === 'exit') Object.assign(this.#worker, { threadId: -1 });
      try {
        this.#queue.emit(this.#events.shift() ?? [event]);
      } finally {
        if (event === 'exit') Reflect.apply(this.#removeAll, this.#worker, []);
      }
    }
  }

  #took(args: unknown[]): boolean {
    const [event, value] = args;
    if (!EVENTS.has(event)) return false;
    this.#events.push(args);
    const data = event === 'exit' ? { code: value } : value === undefined ? {} : { error: serialise(value) };
    this.#channel.came({ event: String(event), data });
    return true;
  }

  #printed(fd: number, chunk: unknown, encoding: unknown): boolean {
    if (chunk === null) this.#channel.came({ event: 'end', data: { fd } });
    else {
      const bytes =
        typeof chunk === 'string' ? Buffer.from(chunk, encoding as BufferEncoding) : new Uint8Array(chunk as Uint8Array);
      this.#channel.came({ event: 'data', data: { fd }, bytes });
    }
    return true;
  }

  #sent(way: string, value: unknown): void {
    const packed = messageBytes(value);
    if (packed === null) this.#unrecordable();
    else this.#channel.went(way, packed.bytes);
  }

  #unrecordable(): void {
    this.#channel.note({ event: 'unrecordable', data: { why: 'it is given a port or memory that it shares' } });
  }
}
