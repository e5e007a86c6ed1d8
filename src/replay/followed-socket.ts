/**
 * A connection of the app's own, below whatever protocol it speaks: a database, a queue, a mail server. What comes from the network is handed over in its turn; all else is Node's own code. Of one
 * that speaks TLS, what is inside of it is recorded.
 */
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { ThrownFacts } from '../events/lines.ts';
import type { Method } from '../patch/registry.ts';
import type { AppPlace } from './app-place.ts';
import { puttingInto } from './channels.ts';
import type { Channel } from './channels.ts';
import { ChildPipe } from './child-pipe.ts';
import { cover } from './hidden.ts';
import { isInternal, runningNode } from './lineage.ts';
import { withoutSecrets } from './secret-values.ts';
import type { Arrival } from './source.ts';
import type { ConnectionEnd } from './stand-in-handle.ts';
import { StandInHandle } from './stand-in-handle.ts';
import { SECURE } from './stand-in-socket.ts';
import { systemError, systemFacts } from './system-error.ts';

/** What is told of a connection, by event. */
interface SocketData {
  /** Both ends of it. */
  peer?: ConnectionEnd;
  local?: ConnectionEnd;
  secure?: Secure;
  error?: ThrownFacts;
  hadError?: boolean;
}

/** What the handshake came to. */
type Secure = Pick<TLSSocket, 'authorized' | 'alpnProtocol'> & { authorizationError: string | null; protocol: string | null };

/** Events that wait for their turn. */
/** Members that are covered, by the pipe as well. */
const COVERED = ['emit', 'destroy', 'setTimeout', 'push', '_write', '_writev', '_final'];
/** Node's own listener, for as long as the handshake goes on. */
const ENDED_EARLY = 'onConnectEnd';
const HELD = new Set<unknown>(['connect', 'secureConnect', 'timeout', 'close']);

export class FollowedSocket {
  readonly #socket: Socket;
  readonly #channel: Channel;
  readonly #place: AppPlace;
  readonly #pipe: ChildPipe;
  readonly #handle = new StandInHandle();
  #emit: Method = () => {};
  #destroy: Method = () => {};
  /** What came, as Node told of it. */
  readonly #came = new WeakMap<Arrival, () => void>();
  /** In a replay: Node has told that it is closed, and the app has been told, or is to be told as soon as Node does. */
  #closed: (() => void) | undefined;
  #isClosing = false;

  constructor(socket: Socket, channel: Channel, place: AppPlace) {
    this.#socket = socket;
    this.#channel = channel;
    this.#place = place;
    this.#pipe = new ChildPipe(socket, undefined, withheld(channel), place);
  }

  /** Whether it connects. */
  get isReal(): boolean {
    return this.#channel.real;
  }

  /** While recording: stands between the network and the socket, from before it connects. */
  record(): void {
    const socket = this.#socket;
    this.#pipe.record();
    this.#emit = cover(socket, 'emit', (original) => (...args: unknown[]) => {
      const [event] = args;
      // Told together with what comes just before it.
      if (event === 'ready') return true;
      const isNetworks = HELD.has(event) || (event === 'error' && isUncalled());
      if (!isNetworks) return Reflect.apply(original, socket, args) as unknown;
      this.#hold(String(event), factsOf(socket, args), () => {
        Reflect.apply(original, socket, args);
        if (event === 'connect') Reflect.apply(original, socket, ['ready']);
      });
      return true;
    });
    this.#destroy = cover(socket, 'destroy', (original) => (...args: unknown[]) => {
      if (!isUncalled() || socket.destroyed) return Reflect.apply(original, socket, args) as unknown;
      const [error] = args;
      this.#hold('broke', error instanceof Error ? { error: systemFacts(error) } : {}, () => {
        Reflect.apply(original, socket, args);
      });
      return socket;
    });
  }

  /** In a replay: connects to nobody, and is told what was recorded. TLS over another connection is connected as that is. */
  replay(over?: FollowedSocket): void {
    const socket = this.#socket;
    if (over !== undefined) Object.assign(this.#handle, { peer: over.#handle.peer, local: over.#handle.local });
    const connecting = over === undefined || over.#socket.connecting;
    const { _undestroy: undestroy } = socket as unknown as { _undestroy?: Method };
    if (undestroy !== undefined) Reflect.apply(undestroy, socket, []);
    Object.assign(socket, { connecting, _handle: this.#handle });
    this.#pipe.replay();
    this.#emit = cover(socket, 'emit', (original) => (...args: unknown[]) => {
      if (args[0] === 'timeout') return false;
      if (args[0] !== 'close' || this.#isClosing) return Reflect.apply(original, socket, args) as unknown;
      this.#closed = () => void Reflect.apply(original, socket, args);
      return true;
    });
    this.#destroy = socket.destroy.bind(socket);
    // Time stands still, but for what the recording says. timer held: none is set
    cover(socket, 'setTimeout', () => (ms: number, callback?: () => void) => {
      Object.assign(socket, { timeout: ms });
      if (callback !== undefined && ms > 0) socket.once('timeout', callback);
      else if (callback !== undefined) socket.removeListener('timeout', callback);
      return socket;
    });
  }

  /** The socket is to connect anew: somebody else follows it. */
  release(): void {
    for (const name of COVERED) Reflect.deleteProperty(this.#socket, name);
  }

  isReady({ event }: Arrival): boolean {
    return this.#pipe.isReady(event);
  }

  receive(arrival: Arrival): void {
    const { event, data } = arrival;
    const hand = this.#came.get(arrival) ?? this.#again(event, (data ?? {}) as SocketData);
    this.#handle.bytesRead += arrival.bytes?.length ?? 0;
    if (hand === undefined) this.#pipe.receive(arrival);
    else this.#place.run(hand);
    if (event === 'close') this.#channel.leave();
  }

  #hold(event: string, data: SocketData, hand: () => void): void {
    const arrival: Arrival = { event, ...(Object.keys(data).length > 0 && { data }) };
    this.#came.set(arrival, hand);
    this.#channel.came(arrival);
  }

  #tell(event: string, ...args: unknown[]): void {
    Reflect.apply(this.#emit, this.#socket, [event, ...args]);
  }

  /** What Node did when this came; undefined: it was one of the pipe's. */
  #again(event: string, data: SocketData): (() => void) | undefined {
    const thrown = data.error === undefined ? undefined : systemError(data.error);
    if (event === 'connect') return () => this.#connected(data);
    if (event === 'secureConnect') return () => this.#secured(data.secure);
    if (event === 'timeout') return () => this.#tell(event);
    if (event === 'error') return () => this.#tell(event, thrown);
    if (event === 'broke') return () => void Reflect.apply(this.#destroy, this.#socket, [thrown]);
    return event === 'close' ? () => this.#close() : undefined;
  }

  #connected({ peer, local }: SocketData): void {
    const socket = this.#socket;
    Object.assign(this.#handle, { peer, local });
    Object.assign(socket, { connecting: false });
    this.#tell('connect');
    this.#tell('ready');
    if (!socket.isPaused()) socket.read(0);
  }

  #secured(secure: Secure | undefined): void {
    const socket = this.#socket;
    const { protocol = null, ...said } = secure ?? {};
    Object.assign(socket, { secureConnecting: false, _secureEstablished: true, ...SECURE, ...said, getProtocol: () => protocol });
    // To Node the handshake is not over.
    for (const listener of socket.rawListeners('end')) {
      if (listener.name === ENDED_EARLY) socket.removeListener('end', listener as () => void);
    }
    this.#tell('secureConnect');
  }

  #close(): void {
    const closed = this.#closed;
    this.#isClosing = true;
    // Something else may have closed it then: a client that took it over.
    if (closed === undefined) Reflect.apply(this.#destroy, this.#socket, []);
    else closed();
  }
}

/** Whether Node calls, because of the network, and no code of the app's. */
const isUncalled = (): boolean => runningNode() === null && !isInternal();

function factsOf(socket: Socket, [event, value]: unknown[]): SocketData {
  if (event === 'error') return { error: systemFacts(value) };
  if (event === 'close') return value === true ? { hadError: true } : {};
  if (event === 'secureConnect') return { secure: secureOf(socket as TLSSocket) };
  const { remoteAddress, remoteFamily, remotePort, localAddress, localFamily, localPort } = socket;
  return event === 'connect' && remoteAddress !== undefined
    ? { peer: endOf(remoteAddress, remoteFamily, remotePort), local: endOf(localAddress, localFamily, localPort) }
    : {};
}

const endOf = (address?: string, family?: string, port?: number): ConnectionEnd => ({
  ...(address !== undefined && { address }),
  ...(family !== undefined && { family }),
  ...(port !== undefined && { port }),
});

function secureOf(socket: TLSSocket): Secure {
  const { authorized, authorizationError, alpnProtocol } = socket;
  const why = authorizationError as Error | string | null | undefined;
  return {
    authorized,
    authorizationError: why === null || why === undefined ? null : String(why instanceof Error ? why.message : why),
    alpnProtocol,
    protocol: socket.getProtocol(),
  };
}

/** The channel, which is not told secrets. */
const withheld = (channel: Channel): Channel =>
  puttingInto(channel, (event, bytes) => channel.went(event, withoutSecrets(bytes)));
