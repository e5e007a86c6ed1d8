/**
 * Messages on their way to an emitter that Node gives them to as event `message`: a child process, a worker thread, or the process itself. Each is handed over in a turn of its own; those that
 * nobody listens to by then wait for the next listener, as Node keeps them.
 */
import type { EventEmitter } from 'node:events';
import type { Method } from '../patch/registry.ts';
import type { Channel } from './channels.ts';
import type { AppPlace } from './app-place.ts';
import { cover } from './hidden.ts';
import { messageBytes, messageOf } from './message-bytes.ts';
import type { MessageForm } from './message-bytes.ts';
import type { Arrival } from './source.ts';

const EVENT = 'message';

interface MessageData {
  form: MessageForm;
  /** What the listeners are called with. */
  args: number;
}

interface Waiting {
  readonly args: unknown[];
  readonly arrival: Arrival;
  isOnItsWay: boolean;
}

export class MessageQueue {
  readonly #target: EventEmitter;
  readonly #channel: Channel;
  readonly #place: AppPlace;
  readonly #waiting: Waiting[] = [];
  #emit: Method;
  /** What the app is given next, as Node gave it. */
  #next: unknown[] | undefined;

  constructor(target: EventEmitter, channel: Channel, place: AppPlace) {
    this.#target = target;
    this.#channel = channel;
    this.#place = place;
    this.#emit = target.emit.bind(target);
  }

  /** While recording: stands between Node and the listeners. `other` is told of every other event, and says whether it takes it. */
  record(other: (args: unknown[]) => boolean = () => false): void {
    cover(this.#target, 'emit', (original) => {
      this.#emit = original;
      return (...args: unknown[]) => {
        if (args[0] === EVENT && this.isReady()) {
          this.#put(args);
          return true;
        }
        if (other(args)) return true;
        const result: unknown = Reflect.apply(original, this.#target, args);
        if (isNewListener(args)) for (const waiting of this.#waiting) this.#send(waiting);
        return result;
      };
    });
  }

  /** In a replay: the gate is told when somebody listens. */
  replay(): void {
    cover(this.#target, 'emit', (original) => {
      this.#emit = original;
      return (...args: unknown[]) => {
        const result: unknown = Reflect.apply(original, this.#target, args);
        if (isNewListener(args)) process.nextTick(() => this.#channel.ready());
        return result;
      };
    });
    // Its first listener makes the emitter say so.
    this.#target.on('newListener', () => {});
  }

  /** Whether somebody listens. */
  isReady(): boolean {
    return this.#target.listenerCount(EVENT) > 0;
  }

  receive({ data, bytes = new Uint8Array() }: Arrival): void {
    const { form, args: count } = data as MessageData;
    // Node gives a process's listeners the socket that came along as well: none.
    const none = Array.from({ length: Math.max(0, count - 1) }, () => undefined);
    const args = this.#next ?? [EVENT, messageOf({ form, bytes }), ...none];
    this.#next = undefined;
    this.emit(args);
  }

  /** Gives the listeners something now. */
  emit(args: unknown[]): void {
    this.#place.run(() => Reflect.apply(this.#emit, this.#target, args) as unknown);
  }

  #put(args: unknown[]): void {
    const [, message, handle] = args;
    const packed = handle === undefined || handle === null ? messageBytes(message) : null;
    if (packed === null) this.#channel.note({ event: 'unrecordable', data: { why: 'it sends what only this process can have' } });
    const { form = 'json', bytes = Buffer.from('null\n') } = packed ?? {};
    const waiting: Waiting = {
      args,
      arrival: { event: EVENT, data: { form, args: args.length - 1 } satisfies MessageData, bytes },
      isOnItsWay: false,
    };
    this.#waiting.push(waiting);
    this.#send(waiting);
  }

  #send(waiting: Waiting): void {
    if (waiting.isOnItsWay) return;
    waiting.isOnItsWay = true;
    this.#channel.came(waiting.arrival, () => {
      waiting.isOnItsWay = false;
      if (this.#waiting[0] !== waiting || !this.isReady()) return false;
      this.#waiting.shift();
      this.#next = waiting.args;
      return true;
    });
  }
}

const isNewListener = ([name, added]: unknown[]): boolean => name === 'newListener' && added === EVENT;
