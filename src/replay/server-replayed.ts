/** A server of the app's in a replay: it listens nowhere, and is given the requests of the recording, as bytes that its own parser reads. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { REDACTED } from '../core/credentials.ts';
import type { ThrownFacts } from '../events/lines.ts';
import type { Channel } from './channels.ts';
import { STAND_IN } from './environment.ts';
import { putHidden } from './hidden.ts';
import { ReplayedSocket } from './replayed-socket.ts';
import type { RequestFacts } from './server-recorded.ts';
import { bodyPlace, connectionEvent, connectionPlace, noteAnswered, onAnswered } from './followed-server.ts';
import type { FollowedServer, ServerParts } from './followed-server.ts';
import type { Arrival } from './source.ts';
import { thrownAgain } from './thrown.ts';

type Address = AddressInfo | string | null;

interface Connection {
  readonly socket: ReplayedSocket;
  /** Emits as the socket does, seen by nobody. */
  readonly emit: (event: string, ...args: unknown[]) => unknown;
  writes: number;
  /** Numbers of the requests that came over it. */
  readonly requests: number[];
}

/** A request that the app's server was given. */
interface Given {
  readonly facts: RequestFacts;
  readonly request: IncomingMessage;
  readonly push: (bytes: Uint8Array | null) => unknown;
  bytes: number;
}

const PIECE_MAX = 64 * 1024;

export class ReplayedServer implements FollowedServer {
  readonly #parts: ServerParts;
  readonly #connections = new Map<number, Connection>();
  readonly #requests = new Map<number, Given>();
  /** Writes that the client was slow to take: those of the recording, and those that wait for it now. */
  readonly #slow = new Set<string>();
  readonly #untaken = new Map<string, () => void>();
  /** Numbers of the requests that were answered, or that nobody can answer any more. */
  readonly #answered = new Set<number>();
  #channel: Channel | undefined;
  #address: Address = null;
  /** The request that is being put in. */
  #coming: RequestFacts | undefined;
  #close: (() => unknown) | undefined;

  constructor(parts: ServerParts) {
    this.#parts = parts;
  }

  listen(channel: Channel, _real: () => unknown, args: unknown[]): void {
    this.#channel = channel;
    const { server } = this.#parts;
    const callback = args.findLast((arg) => typeof arg === 'function') as (() => void) | undefined;
    if (callback !== undefined) server.once('listening', callback);
    const { signal } = (args[0] ?? {}) as { signal?: AbortSignal };
    signal?.addEventListener('abort', () => server.close(), { once: true });
    for (const { event, data } of channel.given) {
      if (event === 'bound') this.#bind(data as Address);
      else if (event === 'slow') this.#slow.add(keyOf(data as { c: number; w: number }));
    }
  }

  /** Gives the server what it takes for a handle. */
  #bind(address: Address): void {
    this.#address = address;
    const { server } = this.#parts;
    const own = typeof address === 'string' ? {} : { getsockname: (out: object) => void Object.assign(out, address) };
    const nothing = (): void => {};
    Object.assign(server, {
      _handle: { ...own, close: nothing, ref: nothing, unref: nothing, hasRef: () => true },
      ...(typeof address === 'string' && { _pipeName: address }),
    });
  }

  holds(event: string, args: unknown[], pass: () => unknown): boolean {
    if (event === 'close') {
      this.#close = pass;
      this.#channel?.ready();
      return true;
    }
    if (this.#coming !== undefined && (event === 'request' || event.startsWith('check')))
      this.#take(args[0] as IncomingMessage, args[1] as ServerResponse, this.#coming);
    return false;
  }

  isReady({ event, data }: Arrival): boolean {
    if (event === 'close') return this.#close !== undefined;
    if (event !== 'taken') return true;
    const { c, w } = data as { c: number; w: number };
    return this.#connections.get(c)?.socket.destroyed !== false || this.#untaken.has(keyOf({ c, w }));
  }

  deliver({ event, data, bytes }: Arrival): void {
    const { place, emit } = this.#parts;
    const facts = (data ?? {}) as RequestFacts & { w: number; trailers?: [string, string][] };
    if (event === 'listening') {
      if (!this.#parts.server.listening) this.#bind(data as Address);
      place.run(() => emit('listening'));
    } else if (event === 'close') place.run(() => this.#close?.());
    else if (event === 'error') place.run(() => emit('error', errorOf(data)));
    else if (event === 'request') this.#request(facts);
    else if (event === 'data') this.#data(facts.r, bytes ?? new Uint8Array());
    else if (event === 'end') this.#end(facts.r, facts.trailers ?? []);
    else this.#ofConnection(event, facts);
  }

  #request(facts: RequestFacts): void {
    const known = this.#connections.get(facts.c);
    // In a fork the answer to the request before it may have closed it: a client then takes another.
    const isOver = known === undefined || known.socket.destroyed || known.socket.writableEnded;
    const connection = isOver ? this.#connect(facts) : known;
    connection.requests.push(facts.r);
    this.#coming = facts;
    try {
      this.#parts.place.runAs(facts.r, () => connection.emit('data', headOf(facts)));
    } finally {
      this.#coming = undefined;
    }
    // The server would not have it.
    if (!this.#requests.has(facts.r)) this.#isAnswered(facts.r);
  }

  #connect({ c, client }: RequestFacts): Connection {
    const { protocol, place, emit } = this.#parts;
    const own = typeof this.#address === 'object' ? { ...this.#address } : {};
    const take = (done: () => void): void => {
      const key = keyOf({ c, w: ++connection.writes });
      if (!this.#slow.has(key)) done();
      else {
        this.#untaken.set(key, done);
        this.#channel?.ready();
      }
    };
    const socket = new ReplayedSocket(client, own, protocol === 'https', take);
    const connection: Connection = { socket, emit: socket.emit.bind(socket) as Connection['emit'], writes: 0, requests: [] };
    this.#connections.set(c, connection);
    // That it was closed is told when the recording says so.
    putHidden(socket, 'emit', (event: string, ...args: unknown[]) => {
      if (event !== 'close') return connection.emit(event, ...args);
      for (const r of connection.requests) this.#isAnswered(r);
      return true;
    });
    place.runAs(connectionPlace(c), () => emit(connectionEvent(protocol), socket));
    return connection;
  }

  /** The app's server has made a request of the bytes: what its parser reads of the body is not told before the recording says so. */
  #take(request: IncomingMessage, response: ServerResponse, facts: RequestFacts): void {
    onAnswered(response, () => this.#isAnswered(facts.r));
    this.#requests.set(facts.r, { facts, request, push: request.push.bind(request), bytes: 0 });
    putHidden(request, 'push', () => {
      request.complete = false;
      return false;
    });
  }

  #isAnswered(r: number): void {
    if (this.#answered.has(r)) return;
    this.#answered.add(r);
    noteAnswered(r, this.#channel);
  }

  #data(r: number, bytes: Uint8Array): void {
    const given = this.#requests.get(r);
    if (given === undefined) return;
    given.bytes += bytes.length;
    this.#parts.place.runAs(bodyPlace(r), () => given.push(Buffer.from(bytes)));
  }

  #end(r: number, trailers: [string, string][]): void {
    const given = this.#requests.get(r);
    if (given === undefined) return;
    this.#requests.delete(r);
    const { facts, request, push } = given;
    this.#parts.place.runAs(bodyPlace(r), () => {
      this.#finishParsing(facts, given.bytes, trailers);
      request.complete = true;
      push(null);
    });
  }

  /** Lets the server's parser come to the end of the message. Its bytes do not count any more. */
  #finishParsing({ c, headers }: RequestFacts, length: number, trailers: [string, string][]): void {
    const connection = this.#connections.get(c);
    if (connection === undefined || connection.socket.destroyed) return;
    const isChunked = headers.some(([name, value]) => name.toLowerCase() === 'transfer-encoding' && /chunked/i.test(value));
    if (isChunked) connection.emit('data', Buffer.from(`0\r\n${fieldsOf(trailers)}\r\n`, 'latin1'));
    else
      for (let left = length; left > 0; left -= PIECE_MAX) connection.emit('data', Buffer.alloc(Math.min(left, PIECE_MAX), 0x20));
  }

  #ofConnection(event: string, { c, w }: { c: number; w: number }): void {
    const connection = this.#connections.get(c);
    if (connection === undefined) return;
    this.#parts.place.runAs(connectionPlace(c), () => {
      if (event === 'timeout') connection.emit('timeout');
      else if (event === 'taken') {
        const done = this.#untaken.get(keyOf({ c, w }));
        this.#untaken.delete(keyOf({ c, w }));
        done?.();
      } else if (event === 'left') {
        this.#connections.delete(c);
        connection.socket.destroy();
        connection.emit('close', false);
      }
    });
  }
}

const keyOf = ({ c, w }: { c: number; w: number }): string => `${c}:${w}`;

/** The head of a request as it comes over the wire. */
function headOf({ method, url, version, headers }: RequestFacts): Buffer {
  const path = url.replaceAll(REDACTED, STAND_IN);
  return Buffer.from(`${method} ${path} HTTP/${version}\r\n${fieldsOf(headers)}\r\n`, 'latin1');
}

function fieldsOf(headers: readonly [string, string][]): string {
  return headers.map(([name, value]) => `${name}: ${value === REDACTED ? standInFor(name) : value}\r\n`).join('');
}

/** A token that is compared with a variable of the environment is the same as what stands for that. */
const standInFor = (name: string): string => (name.toLowerCase() === 'authorization' ? `Bearer ${STAND_IN}` : STAND_IN);

function errorOf(data: unknown): unknown {
  const { syscall, errno, address, port, ...facts } = data as ThrownFacts & Record<string, unknown>;
  const more = Object.fromEntries(Object.entries({ syscall, errno, address, port }).filter(([, value]) => value !== undefined));
  return Object.assign(thrownAgain(facts) as object, more);
}
