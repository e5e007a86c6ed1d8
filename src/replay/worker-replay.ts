/** What stands for a worker thread in a replay: no thread is started, and what came from it comes from the recording. */
import { EventEmitter } from 'node:events';
import { Readable, Writable } from 'node:stream';
import { revive } from '../core/revive.ts';
import type { Json } from '../core/serialise.ts';
import type { Channel } from './channels.ts';
import type { AppPlace } from './app-place.ts';
import { messageBytes } from './message-bytes.ts';
import { MessageQueue } from './message-queue.ts';
import type { Arrival } from './source.ts';
import type { WorkerOptions } from './worker-what.ts';

const OUTPUTS = ['stdout', 'stderr'] as const;

export class ReplayedWorker {
  /** What the app is given. */
  readonly worker: EventEmitter;
  readonly #channel: Channel;
  readonly #place: AppPlace;
  readonly #queue: MessageQueue;
  readonly #outputs = new Map<number, Readable>();
  #isGone = false;

  /** `prototype` is that of the class that is made. */
  constructor(prototype: object, options: WorkerOptions, channel: Channel, place: AppPlace) {
    this.#channel = channel;
    this.#place = place;
    const worker = Object.create(prototype) as EventEmitter;
    Reflect.apply(EventEmitter, worker, []);
    this.worker = worker;
    this.#queue = new MessageQueue(worker, channel, place);
    this.#queue.replay();
    this.#define(options);
    if (options.workerData !== undefined) this.#send('workerData', options.workerData);
    process.nextTick(() => process.emit('worker', worker as never));
  }

  isReady({ event }: Arrival): boolean {
    return event !== 'message' || this.#queue.isReady();
  }

  receive(arrival: Arrival): void {
    const { event, data, bytes = new Uint8Array() } = arrival;
    const { fd, error, code } = (data ?? {}) as { fd?: number; error?: Json; code?: number };
    if (event === 'message') this.#queue.receive(arrival);
    else if (fd !== undefined) this.#place.run(() => this.#outputs.get(fd)?.push(event === 'end' ? null : Buffer.from(bytes)));
    else if (event !== 'exit') this.#queue.emit(error === undefined ? [event] : [event, revive(error)]);
    else {
      this.#isGone = true;
      Object.assign(this.worker, { threadId: -1 });
      try {
        this.#queue.emit([event, code]);
      } finally {
        this.worker.removeAllListeners();
      }
    }
  }

  #define(options: WorkerOptions): void {
    const spawned = this.#channel.given.find(({ event }) => event === 'spawned')?.data as { threadId?: number } | undefined;
    const members: Record<string, unknown> = {
      threadId: spawned?.threadId ?? -1,
      threadName: typeof options.name === 'string' ? options.name.trim() : 'WorkerThread',
      resourceLimits: {},
      stdin: options.stdin === true ? this.#input() : null,
      postMessage: (message: unknown, transfer?: unknown) => {
        if (this.#isGone) return;
        const packed = messageBytes(message);
        // As it would be: what cannot be cloned throws, and what is given away is gone.
        structuredClone(message, { transfer: transferOf(transfer) });
        if (packed !== null) this.#channel.went('message', packed.bytes);
      },
      terminate: () => {
        this.#channel.went('terminate', Buffer.from('\n'));
        this.#channel.ending();
        return this.#isGone ? Promise.resolve() : new Promise((resolve) => this.worker.once('exit', resolve));
      },
      ref: () => {},
      unref: () => {},
      [Symbol.asyncDispose]: async () => {
        await (this.worker as unknown as { terminate: () => Promise<unknown> }).terminate();
      },
    };
    for (const name of ['getHeapSnapshot', 'getHeapStatistics', 'cpuUsage', 'startCpuProfile', 'startHeapProfile'])
      members[name] = () =>
        Promise.reject(Object.assign(new Error('Worker instance not running'), { code: 'ERR_WORKER_NOT_RUNNING' }));
    OUTPUTS.forEach((name, index) => {
      const stream = new Readable({ read: () => {} });
      this.#outputs.set(index + 1, stream);
      members[name] = stream;
      if (options[name] !== true) pipe(stream, process[name]);
    });
    for (const name of Reflect.ownKeys(members))
      Object.defineProperty(this.worker, name, {
        value: members[name as string],
        writable: true,
        configurable: true,
        enumerable: false,
      });
    const eventLoopUtilization = (): object => ({ idle: 0, active: 0, utilization: 0 });
    Object.assign(this.worker, { performance: { eventLoopUtilization } });
  }

  #input(): Writable {
    return new Writable({ write: (_chunk, _encoding, then) => then() });
  }

  #send(way: string, value: unknown): void {
    const packed = messageBytes(value);
    if (packed !== null) this.#channel.went(way, packed.bytes);
  }
}

type Transferred = NonNullable<NonNullable<Parameters<typeof structuredClone>[1]>['transfer']>;

function transferOf(transfer: unknown): Transferred {
  if (Array.isArray(transfer)) return transfer as Transferred;
  return ((transfer ?? {}) as { transfer?: Transferred }).transfer ?? [];
}

/** Without the warning of many listeners, as Node does. */
function pipe(from: Readable, to: NodeJS.WriteStream): void {
  const most = to.getMaxListeners();
  to.setMaxListeners(Infinity);
  from.pipe(to);
  to.setMaxListeners(most);
}
