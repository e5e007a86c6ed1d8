/**
 * The connection of a WebSocket of npm `ws`, once there is one. What the receiver of `ws` has read is handed over message by message, and what happens to the socket likewise; all of `ws` above them
 * is its own. What the app sends is noted at the sender.
 */
import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import type { ThrownFacts } from '../events/lines.ts';
import type { Method } from '../patch/registry.ts';
import type { Channel } from './channels.ts';
import type { AppPlace } from './app-place.ts';
import { behindSymbol, cover } from './hidden.ts';
import { internally, isInternal } from './lineage.ts';
import type { Reading } from './readings.ts';
import type { Arrival } from './source.ts';
import { thrownAgain, thrownFacts } from './thrown.ts';
import { bytesOf, sendControl, sendMessage } from './websocket-what.ts';
import { packedMessage, unpackedMessage } from './ws-message.ts';
import type { MessageData } from './ws-message.ts';

/** Parts of `ws` that are told of, or told by, its connection. */
interface Receiver extends Writable {
  /** Takes the class, the message, whether that is given a prefix, the status and a code. */
  createError?: Method;
}
type Sender = Record<'send' | 'ping' | 'pong' | 'close', Method>;
type Then = (...given: unknown[]) => void;

interface SocketData {
  /** The how many-th callback. */
  n?: number;
  /** Null: the callback is told so. */
  error?: ThrownFacts | null;
  /** The code that `ws` closes the connection with. */
  status?: number;
  code?: number;
  hadError?: boolean;
}

/** What the socket tells, and how it stands in the recording. */
const OF_SOCKET: Readonly<Record<string, string>> = { end: 'hangup', error: 'broke', close: 'closed', finish: 'finished' };
/** The same of the receiver. */
const OF_RECEIVER: Readonly<Record<string, string>> = {
  ...{ message: 'message', ping: 'ping', pong: 'pong', conclude: 'closing' },
  error: 'fault',
};
/** The error's member that says what the connection is closed with. */
const STATUS = 'status-code';

export class UpgradedSocket {
  readonly #socket: Socket;
  readonly #channel: Channel;
  readonly #place: AppPlace;
  readonly #read: Reading;
  /** What came, as it was told. */
  readonly #came = new WeakMap<Arrival, unknown[]>();
  /** Callbacks of what was sent that have not been called. */
  readonly #sent = new Map<number, Then>();
  #sends = 0;
  #emit: Method = () => {};
  #tell: Method = () => {};
  #receiver: Receiver | undefined;
  #isReal = true;
  /** What has happened to the socket before `ws` had it. */
  #early: (() => void)[] | null = [];

  constructor(socket: Socket, channel: Channel, place: AppPlace, read: Reading) {
    this.#socket = socket;
    this.#channel = channel;
    this.#place = place;
    this.#read = read;
  }

  /** Stands between the socket and `ws`. */
  record(): void {
    this.#cover((args, event) => {
      const { data, name } = factsOf(event, args);
      const come = (): void => this.#come({ event: name, data }, args);
      if (this.#early === null) this.#settle(event, come);
      else this.#early.push(() => this.#settle(event, come));
    });
  }

  /** Nothing happens to it but what was recorded. */
  replay(): void {
    this.#isReal = false;
    this.#cover(() => {});
  }

  /** The app has been told that it is there; whether `ws` has it, or has refused it. */
  opened(): boolean {
    const early = this.#early ?? [];
    this.#early = null;
    for (const settle of early) settle();
    return this.#receiver !== undefined || this.#socket.destroyed;
  }

  isReady({ event, data }: Arrival): boolean {
    return event !== 'sent' || this.#sent.has((data as SocketData).n ?? 0);
  }

  receive(arrival: Arrival): void {
    const { event, data } = arrival;
    const { n = 0, error } = (data ?? {}) as SocketData;
    const args = this.#came.get(arrival);
    if (event === 'sent') {
      const then = this.#sent.get(n);
      this.#sent.delete(n);
      const given = args ?? (error === undefined ? [] : [error === null ? null : thrownAgain(error)]);
      if (then !== undefined) this.#place.run(() => then(...given));
      return;
    }
    if (Object.values(OF_SOCKET).includes(event)) {
      if (!this.#isReal && event === 'closed') this.#socket.destroy();
      this.#place.run(() => Reflect.apply(this.#emit, this.#socket, args ?? socketArgs(arrival)) as unknown);
    } else if (this.#receiver !== undefined) {
      const given = args ?? this.#receiverArgs(arrival, this.#receiver);
      this.#place.run(() => Reflect.apply(this.#tell, this.#receiver, given) as unknown);
      if (!this.#isReal && event === 'closing') this.#receiver.end();
    }
  }

  #cover(told: (args: unknown[], event: string) => void): void {
    const socket = this.#socket;
    this.#emit = cover(socket, 'emit', (original) => (...args: unknown[]) => {
      const event = String(args[0]);
      const isOurs = OF_SOCKET[event] !== undefined && (event !== 'finish' || socket.listenerCount('finish') > 0);
      if (!isOurs) return Reflect.apply(original, socket, args) as unknown;
      told(args, event);
      return true;
    });
    // `ws` calls this when its receiver and its sender are there, before the app can use either.
    cover(socket, 'setNoDelay', (original) => (...args: unknown[]) => {
      this.#attach();
      return Reflect.apply(original, socket, args) as unknown;
    });
  }

  #attach(): void {
    const webSocket = behindSymbol(this.#socket, 'websocket') as { _receiver?: Receiver; _sender?: Sender } | undefined;
    const { _receiver: receiver, _sender: sender } = webSocket ?? {};
    if (this.#receiver !== undefined || webSocket === undefined || receiver == null || sender == null) return;
    this.#receiver = receiver;
    this.#followReceiver(receiver);
    this.#followSender(sender);
    const { get } = inheritedMember(webSocket, 'bufferedAmount');
    const real = (): unknown => get && (Reflect.apply(get, webSocket, []) as unknown);
    if (get !== undefined)
      Object.defineProperty(webSocket, 'bufferedAmount', {
        get: () => (isInternal() ? real() : this.#read('bufferedAmount', real)),
        configurable: true,
        enumerable: false,
      });
  }

  #followReceiver(receiver: Receiver): void {
    const isBlob = withoutBlobs(receiver);
    this.#tell = cover(receiver, 'emit', (original) => (...args: unknown[]) => {
      const event = OF_RECEIVER[String(args[0])];
      if (event === undefined) return Reflect.apply(original, receiver, args) as unknown;
      if (this.#isReal) this.#received(event, args, isBlob());
      return true;
    });
  }

  #received(event: string, args: unknown[], isBlob: boolean): void {
    const [, value, more] = args;
    if (event === 'message') {
      const { data, bytes, given } = packedMessage(value, more, isBlob);
      this.#come({ event, data, bytes }, ['message', given, ...args.slice(2)]);
    } else if (event === 'fault') {
      const status = behindSymbol(value as object, STATUS);
      this.#socket.pause();
      this.#come({ event, data: { error: thrownFacts(value), ...(typeof status === 'number' && { status }) } }, args);
    } else if (event === 'closing') {
      // Nothing more is read until `ws` knows, as if it knew already.
      this.#socket.pause();
      this.#come({ event, data: { code: value }, bytes: bytesOf(more) }, args);
    } else this.#come({ event, bytes: bytesOf(value) }, args);
  }

  #come(arrival: Arrival, args: unknown[]): void {
    this.#came.set(arrival, args);
    this.#channel.came(arrival);
  }

  /** Runs `then` when all that was read has been told. */
  #settle(event: string, then: () => void): void {
    const receiver = this.#receiver;
    if (event === 'finish' || event === 'error' || receiver === undefined || !receiver.writable) {
      then();
      return;
    }
    const rest: unknown = event === 'close' ? this.#socket.read() : null;
    if (rest !== null) receiver.write(rest);
    if (receiver.writable && receiver.writableLength > 0) receiver.write(Buffer.alloc(0), () => then());
    else then();
  }

  #followSender(sender: Sender): void {
    cover(sender, 'send', (original) => (data: unknown, options: { binary?: boolean; fin?: boolean }, then?: Then) => {
      // Nobody reads it in a replay.
      const given = this.#isReal ? options : { ...options, compress: false };
      const sent = (): void => sendMessage(this.#channel, data, options.binary === true, options.fin !== false);
      this.#send(original, sender, { args: [data, given], then, sent });
    });
    for (const name of ['ping', 'pong'] as const)
      cover(sender, name, (original) => (data: unknown, mask: unknown, then?: Then) => {
        const sent = (): void => sendControl(this.#channel, `${name} ${bytesOf(data).toString('latin1')}`.trim());
        this.#send(original, sender, { args: [data, mask], then, sent });
      });
    cover(sender, 'close', (original) => (code: unknown, data: unknown, mask: unknown, then?: Then) => {
      const reason = data === undefined ? '' : bytesOf(data).toString();
      const sent = (): void => {
        sendControl(this.#channel, `close ${code === undefined ? '' : String(code)} ${reason}`.trim());
        this.#channel.ending();
      };
      this.#send(original, sender, { args: [code, data, mask], then, sent });
    });
  }

  #send(
    original: Method,
    sender: Sender,
    { args, then, sent }: { args: unknown[]; then: Then | undefined; sent: () => void },
  ): void {
    const n = ++this.#sends;
    const called = (...given: unknown[]): void => {
      if (!this.#isReal) return;
      const [error] = given;
      const facts = error === null ? { error } : error === undefined ? {} : { error: thrownFacts(error) };
      this.#come({ event: 'sent', data: { n, ...facts } }, given);
    };
    const isCalled = typeof then === 'function';
    internally(() => Reflect.apply(original, sender, isCalled ? [...args, called] : args) as unknown);
    // What it refuses it throws, and has not sent.
    sent();
    if (!isCalled) return;
    this.#sent.set(n, then);
    this.#channel.ready();
  }

  #receiverArgs({ event, data, bytes = new Uint8Array() }: Arrival, receiver: Receiver): unknown[] {
    const { error, status, code } = (data ?? {}) as SocketData;
    if (event === 'message') return ['message', ...unpackedMessage(data as MessageData, bytes)];
    if (event === 'closing') return ['conclude', code, Buffer.from(bytes)];
    if (event !== 'fault') return [event, Buffer.from(bytes)];
    const thrown = thrownAgain(error!) as Error;
    const alike = receiver.createError?.(Error, '', false, status, '') as Error | undefined;
    const symbol = alike && Object.getOwnPropertySymbols(alike).find(({ description }) => description === STATUS);
    if (symbol !== undefined) Object.defineProperty(thrown, symbol, Object.getOwnPropertyDescriptor(alike, symbol)!);
    receiver.destroy();
    Object.assign(Reflect.get(receiver, '_writableState') as object, { errorEmitted: true });
    return ['error', thrown];
  }
}

function factsOf(event: string, [, value]: unknown[]): { name: string; data?: SocketData } {
  const name = OF_SOCKET[event]!;
  if (event === 'error') return { name, data: { error: thrownFacts(value) } };
  return event === 'close' ? { name, data: { hadError: value === true } } : { name };
}

function socketArgs({ event, data }: Arrival): unknown[] {
  const { error, hadError = false } = (data ?? {}) as SocketData;
  if (event === 'broke') return ['error', thrownAgain(error!)];
  if (event === 'closed') return ['close', hadError];
  return [event === 'hangup' ? 'end' : 'finish'];
}

/** A Blob could not be recorded at once: the receiver makes a buffer, of which one is made later. What is returned says whether Blobs are wanted. */
function withoutBlobs(receiver: EventEmitter): () => boolean {
  let wanted: unknown = Reflect.get(receiver, '_binaryType');
  const get = (): unknown => (wanted === 'blob' ? 'nodebuffer' : wanted);
  const set = (type: unknown): void => {
    wanted = type;
  };
  Object.defineProperty(receiver, '_binaryType', { get, set, configurable: true, enumerable: true });
  return () => wanted === 'blob';
}

function inheritedMember(object: object, name: string): PropertyDescriptor {
  let at: object | null = object;
  while (at !== null && !Object.hasOwn(at, name)) at = Object.getPrototypeOf(at) as object | null;
  return at === null ? {} : Object.getOwnPropertyDescriptor(at, name)!;
}
