/** One WebSocket of the global class: the app sees of it what it was told in turns, and not what has happened to it since. */
import type { ThrownFacts } from '../events/lines.ts';
import type { Channel } from './channels.ts';
import type { AppPlace } from './app-place.ts';
import { cover } from './hidden.ts';
import { internally, isInternal } from './lineage.ts';
import type { Reading } from './readings.ts';
import type { Arrival } from './source.ts';
import { thrownAgain, thrownFacts } from './thrown.ts';
import { bytesOf, sendControl, sendMessage } from './websocket-what.ts';

/** Members of the class as they are without us. */
export interface RealSocket {
  get(socket: object, name: string): unknown;
  set(socket: object, name: string, value: unknown): void;
  call(socket: object, name: string, args: readonly unknown[]): unknown;
  /** The events of a socket that is closed before it has connected. */
  failed(): Event[];
}

export interface Following {
  channel: Channel;
  place: AppPlace;
  real: RealSocket;
  /** Whether it connects. */
  isReal: boolean;
  read: Reading;
}

/** What is kept of events, by their names. */
interface EventData {
  protocol?: string;
  extensions?: string;
  binary?: true;
  origin?: string;
  message?: string;
  error?: ThrownFacts;
  code?: number;
  reason?: string;
  wasClean?: boolean;
  /** `readyState` when it came. */
  state?: number;
}

type EventClass = new (type: string, init: object) => Event;

/** Node 22 keeps its own to itself, and tells nobody that a socket is closed that was never open. */
class ClosedEvent extends Event {
  readonly #init: { code?: number; reason?: string; wasClean?: boolean };

  static {
    Object.defineProperty(this, 'name', { value: 'CloseEvent' });
  }

  constructor(type: string, init: object) {
    super(type);
    this.#init = init;
  }

  get code(): number {
    return this.#init.code ?? 0;
  }

  get reason(): string {
    return this.#init.reason ?? '';
  }

  get wasClean(): boolean {
    return this.#init.wasClean ?? false;
  }
}

const EVENTS = new Set(['open', 'message', 'error', 'close']);
const CONNECTING = 0;
const OPEN = 1;
const CLOSING = 2;

export class FollowedWebSocket {
  readonly #socket: object;
  readonly #with: Following;
  /** What came, as the class tells it. */
  readonly #events = new WeakMap<Arrival, Event>();
  readonly #dispatch: (event: Event) => boolean;
  #classes: Record<string, EventClass> | undefined;
  #state = CONNECTING;
  #binaryType = 'blob';
  /** The app has closed it before it was open. */
  #isFailed = false;
  /** It is told of nothing any more. */
  #isOver = false;
  protocol = '';
  extensions = '';

  constructor(socket: object, following: Following) {
    this.#socket = socket;
    this.#with = following;
    // A Blob could not be recorded at once.
    following.real.set(socket, 'binaryType', 'arraybuffer');
    const original = cover(socket, 'dispatchEvent', () => (event: Event) => this.#told(event));
    this.#dispatch = (event) => Reflect.apply(original, socket, [event]) as boolean;
  }

  get readyState(): unknown {
    return this.#isFailed ? this.#with.real.get(this.#socket, 'readyState') : this.#state;
  }

  get bufferedAmount(): unknown {
    const { real, read } = this.#with;
    return read('bufferedAmount', () => real.get(this.#socket, 'bufferedAmount'));
  }

  get binaryType(): unknown {
    return this.#binaryType;
  }

  set binaryType(type: unknown) {
    this.#binaryType = type === 'arraybuffer' ? type : 'blob';
  }

  send(args: readonly unknown[]): unknown {
    const { channel, real, isReal } = this.#with;
    if (args.length === 0 || typeof args[0] === 'symbol') return real.call(this.#socket, 'send', args);
    if (this.#state === CONNECTING) throw new DOMException('Sent before connected.', 'InvalidStateError');
    const [data] = args;
    const isBinary = data instanceof ArrayBuffer || ArrayBuffer.isView(data) || data instanceof Blob;
    // Text is made of it once.
    const given = isBinary ? data : String(data).toWellFormed();
    if (this.#state === OPEN) sendMessage(channel, given, isBinary);
    return isReal ? internally(() => real.call(this.#socket, 'send', [given])) : undefined;
  }

  close(args: readonly unknown[]): unknown {
    if (this.#state === CONNECTING) this.#fail(args);
    else {
      const { channel, real } = this.#with;
      // It checks what it is given, in a replay too: there it has never connected.
      internally(() => real.call(this.#socket, 'close', args));
      if (this.#state === OPEN) {
        sendControl(channel, ['close', ...args.map(String)].join(' '));
        channel.ending();
        this.#state = CLOSING;
      }
    }
    return undefined;
  }

  receive(arrival: Arrival): void {
    const { event } = arrival;
    const { protocol = '', extensions = '', state } = (arrival.data ?? {}) as EventData;
    if (event === 'open') {
      this.#state = OPEN;
      this.protocol = protocol;
      this.extensions = extensions;
    } else if (state !== undefined) this.#state = state;
    const given = this.#events.get(arrival) ?? this.#eventOf(arrival);
    this.#with.place.run(() => this.#dispatch(given));
  }

  /** The class, or the app itself, tells the listeners something. */
  #told(event: Event): boolean {
    if (!EVENTS.has(event.type) || !isInternal()) return this.#dispatch(event);
    if (this.#isOver) return true;
    const { channel, isReal } = this.#with;
    // Nothing happens to it but what was recorded.
    if (!isReal) return true;
    const arrival = this.#arrivalOf(event);
    if (event.type !== 'message') this.#events.set(arrival, event);
    const isWanted = (): boolean => {
      if (this.#isOver) return false;
      return event.type === 'open' ? this.#state === CONNECTING : event.type !== 'message' || this.#state === OPEN;
    };
    channel.came(arrival, isWanted);
    return true;
  }

  #arrivalOf(event: Event): Arrival {
    const { real } = this.#with;
    const get = (name: string): unknown => real.get(this.#socket, name);
    const { data, origin, error, message, code, reason, wasClean } = event as unknown as Record<string, unknown>;
    const { type } = event;
    if (type === 'open') return { event: type, data: { protocol: get('protocol'), extensions: get('extensions') } };
    if (type === 'close') return { event: type, data: { code, reason, wasClean, state: get('readyState') } };
    if (type === 'error')
      return {
        event: type,
        data: { message, state: get('readyState'), ...(error !== undefined && error !== null && { error: thrownFacts(error) }) },
      };
    const isBinary = typeof data !== 'string';
    return { event: type, data: { origin, ...(isBinary && { binary: true }) }, bytes: bytesOf(data) };
  }

  #eventOf({ event, data, bytes = new Uint8Array() }: Arrival): Event {
    const { binary, origin = '', message = '', error, code, reason, wasClean } = (data ?? {}) as EventData;
    if (event === 'message') {
      const whole = Uint8Array.from(bytes).buffer;
      const text = (): string => Buffer.from(bytes).toString();
      const given = binary !== true ? text() : this.#binaryType === 'blob' ? new Blob([whole]) : whole;
      return new MessageEvent('message', { data: given, origin });
    }
    if (event === 'open') return new Event('open');
    const made = this.#classOf(event);
    if (event === 'close') return new made('close', { code, reason, wasClean });
    return new made('error', { message, error: error === undefined ? null : thrownAgain(error) });
  }

  /** A class that Node may keep to itself. */
  #classOf(type: string): EventClass {
    this.#classes ??= Object.fromEntries(this.#with.real.failed().map((event) => [event.type, event.constructor as EventClass]));
    return this.#classes[type] ?? ClosedEvent;
  }

  /** What follows is the class's own, at once. Where it is open by then, and the app does not know, it has not been. */
  #fail(args: readonly unknown[]): void {
    const { channel, real } = this.#with;
    const wasConnecting = real.get(this.#socket, 'readyState') === CONNECTING;
    const close = (): unknown => real.call(this.#socket, 'close', args);
    this.#isFailed = true;
    try {
      if (wasConnecting) close();
      else internally(close);
    } catch (error) {
      this.#isFailed = false;
      throw error;
    }
    if (wasConnecting) return;
    this.#isOver = true;
    channel.leave();
    for (const event of real.failed()) this.#dispatch(event);
  }
}
