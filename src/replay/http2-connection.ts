/**
 * One HTTP/2 connection of the app's: a channel of its own, as it connects, goes away and breaks whether anybody asks for something or not. Node's own session is kept; what it tells of the other
 * half is held until its turn comes. Streams are exchanges (http2-call.ts).
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { monotonicUs } from '../core/clock.ts';
import type { ThrownFacts } from '../events/lines.ts';
import { setOwn } from '../patch/own-member.ts';
import type { Method } from '../patch/registry.ts';
import { callSite } from './call-site.ts';
import type { Channel, Channels, Opening } from './channels.ts';
import { Http2Call } from './http2-call.ts';
import type { Http2Form, Http2Idle } from './http2-form.ts';
import { Http2Live } from './http2-live.ts';
import type { Http2StandIn } from './http2-stand-in.ts';
import { asNobody, childBy, childOf, currentNode, runAt } from './lineage.ts';
import type { LineageNode } from './lineage.ts';
import type { Arrival } from './source.ts';
import { thrownAgain, thrownFacts } from './thrown.ts';

/** The way in which these places come about. */
const BY_CONNECTION = 29;
/** Events that have a place of their own, in the order of the places: others share the last one. */
const EVENTS = ['connect', 'goaway', 'error', 'close', 'timeout', 'stream', 'lost', 'other'];
/** Events that wait for their turn. */
const HELD = new Set(['connect', 'goaway', 'error', 'close']);
/** What is written down where a server sends what nobody asked for. */
const PUSHED: Arrival = { event: 'unrecordable', data: { why: 'the server pushes' } };
/** Node's own listeners on the socket, by event. */
const LISTENERS = { error: 'socketOnError', close: 'socketOnClose' } as const;

/** Where a connection leads. */
export interface Http2Target {
  authority: string;
  /** With TLS. */
  secure: boolean;
  port: number;
}

/** What is in an arrival that says that the connection is lost. */
interface Lost {
  by: keyof typeof LISTENERS;
  error?: ThrownFacts;
}

/** What is in an arrival that says that the server leaves. */
export interface GoneAway {
  code: number;
  /** The number of the last stream that it has looked at. */
  last: number;
}

/** Something that has come and has not had its turn. */
interface Held {
  arrival: Arrival;
  hand: () => void;
  wanted: (() => boolean) | undefined;
}

export class Http2Connection {
  readonly standIn: Http2StandIn | null;
  /** The connection is going down, and takes its streams with it. */
  breaking = false;
  readonly #form: Http2Form;
  /** Connects as the app would have, where a stand-in does. */
  readonly #connect: () => ClientHttp2Session;
  readonly #channel: Channel;
  readonly #places: ReadonlyMap<string, LineageNode>;
  readonly #inScope = AsyncLocalStorage.snapshot();
  readonly #held: Held[] = [];
  /** What Node's client was told of in a replay. */
  readonly #told = new WeakSet<Arrival>();
  #session!: ClientHttp2Session;
  #raw!: Record<'emit' | 'request' | 'destroy', Method>;
  #idle!: Http2Idle;
  #lost: Partial<Record<Lost['by'], (error?: unknown) => void>> = {};
  /** The real connection behind the stand-in. */
  #live: Http2Live | undefined;
  /** What Node does next, right after it has told of the server's leaving. */
  #leaving: { then: () => void } | undefined;

  /** Opens the channel of a connection; null: there is none, and the connection is made as if nobody looked. `connect` makes it really, as the app would have. */
  static open(
    { authority, secure, port }: Http2Target,
    form: Http2Form,
    channels: Channels,
    connect: () => ClientHttp2Session,
  ): Http2Connection | null {
    const opening: Opening = { kind: 'http2', what: { authority } };
    let connection: Http2Connection | undefined;
    const openBy = (by: Channels): Channel | null =>
      by.open(
        opening,
        (arrival) => connection?.deliver(arrival),
        (arrival) => connection?.isReady(arrival) === true,
      );
    const channel = openBy(channels) ?? openBy(channels.refuse(opening, `an HTTP/2 connection to ${authority}`));
    if (channel === null) return null;
    return (connection = new Http2Connection(channel, form.standIn?.(secure, port) ?? null, form, connect));
  }

  private constructor(channel: Channel, standIn: Http2StandIn | null, form: Http2Form, connect: () => ClientHttp2Session) {
    this.#channel = channel;
    this.#form = form;
    this.#connect = connect;
    this.standIn = standIn;
    const base = childBy(currentNode(), BY_CONNECTION);
    this.#places = new Map(EVENTS.map((name) => [name, childOf(base)]));
  }

  #placeOf(event: string): LineageNode {
    return this.#places.get(event) ?? this.#places.get('other')!;
  }

  /** Follows `session`, from before the app has it. */
  follow(session: ClientHttp2Session): void {
    this.#session = session;
    const { emit, request, destroy } = session as unknown as Record<string, Method>;
    this.#raw = { emit: emit!, request: request!, destroy: destroy! };
    setOwn(session, 'emit', (event: unknown, ...args: unknown[]) => this.#emitting(String(event), event, args));
    setOwn(session, 'request', (...args: unknown[]) => this.#request(args));
    setOwn(session, 'destroy', (...args: unknown[]) => {
      const leaving = this.#leaving;
      if (leaving === undefined) return this.#bare('destroy', args);
      this.#leaving = undefined;
      leaving.then = () => void this.#bare('destroy', args);
      return undefined;
    });
    this.#idle = { target: session, place: this.#placeOf('timeout'), timeouts: 0, usedUs: 0, run: (fn) => this.#hand(fn) };
    this.#form.watch(this.#idle);
    for (const by of ['error', 'close'] as const) this.#takeOver(by);
    if (this.standIn !== null && this.#channel.real) this.#goLive(this.standIn);
  }

  /** How long it has not been used is counted from now. */
  used(): void {
    this.#idle.usedUs = monotonicUs();
  }

  /** The real connection behind the stand-in. What becomes of it is what becomes of this one, whatever became of that which was recorded. Null: it cannot be made. */
  live(): Http2Live | null {
    if (this.#live !== undefined || this.standIn === null) return this.#live ?? null;
    this.#goOn();
    try {
      return this.#goLive(this.standIn);
    } catch (error) {
      this.#lostReally(error);
      return null;
    }
  }

  #goLive(standIn: Http2StandIn): Http2Live {
    return (this.#live = new Http2Live({
      standIn,
      connect: this.#connect,
      lost: (error) => this.#lostReally(error),
      pushed: () => this.#channel.note(PUSHED),
    }));
  }

  #lostReally(error: unknown): void {
    const by = error === undefined ? 'close' : 'error';
    this.#losing(by, error, () => {
      this.standIn?.cut();
      this.#lost[by]?.(error);
    });
  }

  /** What comes from here on is real, and so is what has come and waits. */
  #goOn(): void {
    if (this.#channel.real) return;
    this.#channel.goOn();
    for (const { arrival, wanted } of this.#held) this.#channel.came(arrival, wanted);
  }

  #bare(name: 'emit' | 'request' | 'destroy', args: unknown[]): unknown {
    return Reflect.apply(this.#raw[name], this.#session, args);
  }

  #hand(run: () => void): void {
    this.#inScope(() => asNobody(run));
  }

  #emitting(name: string, event: unknown, args: unknown[]): unknown {
    const emit = (): unknown => runAt(this.#placeOf(name), () => this.#bare('emit', [event, ...args]));
    if (!HELD.has(name)) {
      if (name === 'timeout') this.#form.idle(this.#idle);
      if (name === 'stream') this.#channel.note(PUSHED);
      return emit();
    }
    if (name === 'goaway') this.#goaway(emit, args);
    else this.#came({ event: name }, () => void emit());
    return true;
  }

  /** Node tells of it, and then destroys the session: both wait for one turn. A session that it closes is closed at once: closed after its last stream, Node may leave it open for ever. */
  #goaway(emit: () => unknown, [code, last, bytes]: unknown[]): void {
    const leaving = { then: (): void => {} };
    this.#leaving = leaving;
    // Node's own next call is not the app's.
    process.nextTick(() => {
      if (this.#leaving === leaving) this.#leaving = undefined;
    });
    this.#came({ event: 'goaway', data: { code, last }, ...(bytes instanceof Uint8Array && { bytes }) }, () => {
      emit();
      this.break(leaving.then, code !== 0);
    });
  }

  #came(arrival: Arrival, hand: () => void, wanted?: () => boolean): void {
    // The program goes its own way, and this is not in the recording.
    if (!this.#channel.real && !this.#channel.owes(arrival.event)) this.#goOn();
    this.#held.push({ arrival, hand, wanted });
    if (this.#channel.real) this.#channel.came(arrival, wanted);
    else this.#channel.ready();
  }

  /** What is handed over next of what came by that name. */
  #shift(event: string): (() => void) | undefined {
    const index = this.#held.findIndex(({ arrival }) => arrival.event === event);
    return index < 0 ? undefined : this.#held.splice(index, 1)[0]?.hand;
  }

  /** Runs `run`, in which the connection may take its streams with it. */
  break(run: () => void, breaks = true): void {
    const before = this.breaking;
    this.breaking = breaks;
    try {
      run();
    } finally {
      this.breaking = before;
    }
  }

  #takeOver(by: Lost['by']): void {
    const socket = this.#session.socket as unknown as Socket;
    const original = socket.rawListeners(by).find(({ name }) => name === LISTENERS[by]) as Method | undefined;
    if (original === undefined) return;
    const heard = (itself: Socket, args: unknown[]): void => {
      const tell = (): void => this.break(() => void Reflect.apply(original, itself, args));
      if (this.#session.destroyed) tell();
      else if (this.standIn === null) this.#losing(by, args[0], tell);
    };
    socket.on(by, function (this: Socket, ...args: unknown[]) {
      heard(this, args);
    });
    this.#lost[by] = (error) => this.break(() => void Reflect.apply(original, this.standIn!.socket, [error]));
    socket.removeListener(by, original);
  }

  #losing(by: Lost['by'], error: unknown, tell: () => void): void {
    const lost: Lost = { by, ...(by === 'error' && { error: thrownFacts(error) }) };
    this.#came({ event: 'lost', data: lost }, tell, () => {
      // The error before it was told already.
      if (!this.#session.destroyed) return true;
      this.#shift('lost');
      return false;
    });
  }

  /** In a replay: whether Node's client knows of it by now. It is told, the first time that this is asked. */
  isReady(arrival: Arrival): boolean {
    const { event, data, bytes } = arrival;
    const { destroyed } = this.#session;
    const isOver = event === 'lost' || (event === 'goaway' && destroyed);
    if (isOver || this.#held.some(({ arrival: { event: came } }) => came === event)) return true;
    const isOwn = event === 'close' || event === 'error';
    if (this.#told.has(arrival) || (isOwn && !destroyed)) return false;
    this.#told.add(arrival);
    if (event === 'connect') this.standIn?.connect();
    else if (event === 'goaway') this.standIn?.goaway(data as GoneAway, bytes);
    else this.standIn?.cut();
    return false;
  }

  /** Hands over what came. */
  deliver({ event, data, bytes }: Arrival): void {
    const held = this.#shift(event);
    if (held !== undefined) this.#hand(held);
    else if (event === 'lost') {
      const { by, error } = data as Lost;
      this.standIn?.cut();
      this.#hand(() => this.#lost[by]?.(error === undefined ? undefined : thrownAgain(error)));
    } else if (event === 'goaway') {
      // Its client had no ear for it any more.
      const { code, last } = data as GoneAway;
      const given = [event, code, last, ...(bytes === undefined ? [] : [Buffer.from(bytes)])];
      this.#hand(() => void runAt(this.#placeOf(event), () => this.#bare('emit', given)));
    }
  }

  #request(args: unknown[]): unknown {
    const node = currentNode();
    if (node.internal) return this.#bare('request', args);
    if (isTunnel(args[0])) {
      this.#form.refuse('an HTTP/2 stream that becomes another connection (CONNECT)');
      return this.#bare('request', args);
    }
    const call = new Http2Call(node, callSite(), this, this.#form);
    const stream = asNobody(() => this.#bare('request', args)) as ClientHttp2Stream;
    call.follow(stream);
    return stream;
  }
}

function isTunnel(headers: unknown): boolean {
  if (typeof headers !== 'object' || headers === null) return false;
  const list = headers as unknown[];
  const method = Array.isArray(headers) ? list[list.indexOf(':method') + 1] : (headers as Record<string, unknown>)[':method'];
  return method === 'CONNECT';
}
