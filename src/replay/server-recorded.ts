/** A server of the app's while it is recorded: it is Node's own, and what its clients do is handed over in turns. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { redactHeaders, redactUrl } from '../core/credentials.ts';
import type { Channel } from './channels.ts';
import { putHidden } from './hidden.ts';
import { bodyPlace, connectionEvent, connectionPlace, noteAnswered, onAnswered } from './followed-server.ts';
import type { FollowedServer, ServerParts } from './followed-server.ts';
import type { Arrival } from './source.ts';
import { thrownFacts } from './thrown.ts';
import { hideLeaving } from './unseen-leaving.ts';

/** What is known of a request that came: of the `request` event of a `server` channel. `c` and `r` number connections and requests of the server, from 1. */
export interface RequestFacts {
  c: number;
  r: number;
  method: string;
  url: string;
  version: string;
  headers: [string, string][];
  client: { address?: string; port?: number; family?: string };
}

/** A connection that had a request. */
interface Connection {
  readonly c: number;
  requests: number;
  writes: number;
  readonly unhook: (() => void)[];
}

const REQUESTS = new Set(['request', 'checkContinue', 'checkExpectation']);

export class RecordedServer implements FollowedServer {
  readonly #parts: ServerParts;
  readonly #connections = new WeakMap<Socket, Connection>();
  /** What is to be done when its turn comes, in the order in which it came. */
  readonly #held: (() => unknown)[] = [];
  #channel: Channel | undefined;
  #opened = 0;
  #requests = 0;

  constructor(parts: ServerParts) {
    this.#parts = parts;
  }

  listen(channel: Channel, real: () => unknown): void {
    this.#channel = channel;
    real();
    const address = this.#parts.server.address();
    if (address !== null) channel.note({ event: 'bound', data: address });
  }

  isReady(): boolean {
    return true;
  }

  deliver(): void {
    this.#held.shift()?.();
  }

  holds(event: string, args: unknown[], pass: () => unknown): boolean {
    const { place, protocol } = this.#parts;
    if (event === 'listening' || event === 'close') {
      const data = event === 'listening' ? this.#parts.server.address() : undefined;
      this.#come({ event, data }, () => place.run(pass));
      return true;
    }
    if (event === 'error') return this.#holdError(args[0], pass);
    if (protocol === 'net') return false;
    if (event === connectionEvent(protocol)) {
      const connection = this.#connect(args[0] as Socket);
      place.runAs(connectionPlace(connection.c), pass);
      return true;
    }
    if (event === 'upgrade' || event === 'connect') this.#letGo(args[1] as Socket);
    return REQUESTS.has(event) && this.#holdRequest(args[0] as IncomingMessage, args[1] as ServerResponse, pass);
  }

  #come(arrival: Arrival, deliver: () => unknown): void {
    this.#held.push(deliver);
    this.#channel?.came(arrival);
  }

  /** The system's refusal to listen. What the app emits itself is none of this. */
  #holdError(error: unknown, pass: () => unknown): boolean {
    const { syscall, errno, address, port } = (error ?? {}) as Record<string, unknown>;
    if (typeof syscall !== 'string') return false;
    this.#come({ event: 'error', data: { ...thrownFacts(error), syscall, errno, address, port } }, () =>
      this.#parts.place.run(pass),
    );
    return true;
  }

  /** A socket whose end, and whose writes that the client is slow to take, come in turns. */
  #connect(socket: Socket): Connection {
    const c = ++this.#opened;
    const connection: Connection = { c, requests: 0, writes: 0, unhook: [] };
    this.#connections.set(socket, connection);
    const { place } = this.#parts;
    const emit = socket.emit.bind(socket) as (...args: unknown[]) => boolean;
    const showLeaving = hideLeaving(socket);
    connection.unhook.push(showLeaving);
    const emitLater = (...args: unknown[]): boolean => {
      const [event] = args;
      const isSeen = event === 'close' || (event === 'timeout' && this.#isTimeoutHeard(socket));
      if (!isSeen || connection.requests === 0) return emit(...args);
      this.#come({ event: event === 'close' ? 'left' : 'timeout', data: { c } }, () => {
        if (event === 'close') showLeaving();
        place.runAs(connectionPlace(c), () => emit(...args));
      });
      return true;
    };
    connection.unhook.push(putHidden(socket, 'emit', emitLater));
    for (const name of ['_write', '_writev'] as const) {
      const write = Reflect.get(socket, name) as (...args: unknown[]) => unknown;
      connection.unhook.push(putHidden(socket, name, (...args: unknown[]) => this.#write(connection, write.bind(socket), args)));
    }
    return connection;
  }

  /** What the client takes at once, as almost always, is no input; what it takes later is. */
  #write(connection: Connection, write: (...args: unknown[]) => unknown, args: unknown[]): unknown {
    const { c } = connection;
    const w = ++connection.writes;
    const done = args.at(-1) as (error?: Error | null) => void;
    let isNow = true;
    let isDone = false;
    const given = write(...args.slice(0, -1), (error?: Error | null) => {
      isDone = true;
      if (isNow || error) done(error);
      else this.#come({ event: 'taken', data: { c, w } }, () => this.#parts.place.runAs(connectionPlace(c), () => done(error)));
    });
    isNow = false;
    if (!isDone && connection.requests > 0) this.#channel?.note({ event: 'slow', data: { c, w } });
    return given;
  }

  #isTimeoutHeard(socket: Socket): boolean {
    const { _httpMessage: response } = socket as unknown as { _httpMessage?: ServerResponse };
    const { server } = this.#parts;
    const heard = (emitter: { listenerCount(event: string): number } | undefined): number =>
      emitter?.listenerCount('timeout') ?? 0;
    return heard(server) + heard(response) + heard(response?.req) > 0 || heard(socket) > 1;
  }

  /** From here on the connection speaks another protocol. */
  #letGo(socket: Socket): void {
    for (const undo of this.#connections.get(socket)?.unhook ?? []) undo();
  }

  #holdRequest(request: IncomingMessage, response: ServerResponse, pass: () => unknown): boolean {
    const connection = this.#connections.get(request.socket);
    // The app gave its server a connection of its own.
    if (connection === undefined) return false;
    connection.requests++;
    const r = ++this.#requests;
    const { place } = this.#parts;
    const { remoteAddress: address, remotePort: port, remoteFamily: family } = request.socket;
    const data: RequestFacts = {
      ...{ c: connection.c, r, method: request.method ?? '', url: redactUrl(request.url ?? ''), version: request.httpVersion },
      headers: redactHeaders(pairsOf(request.rawHeaders)),
      client: {
        ...(address !== undefined && { address }),
        ...(port !== undefined && { port }),
        ...(family !== undefined && { family }),
      },
    };
    this.#come({ event: 'request', data }, () => place.runAs(r, pass));
    onAnswered(response, () => noteAnswered(r, this.#channel));
    this.#holdBody(request, r);
    return true;
  }

  #holdBody(request: IncomingMessage, r: number): void {
    const push = request.push.bind(request);
    const { place } = this.#parts;
    putHidden(request, 'push', (bytes: Uint8Array | null) => {
      if (bytes !== null) {
        this.#come({ event: 'data', data: { r }, bytes }, () => place.runAs(bodyPlace(r), () => push(bytes)));
        // No more is read before this is taken.
        return false;
      }
      const trailers = redactHeaders(pairsOf(request.rawTrailers));
      request.complete = false;
      this.#come({ event: 'end', data: { r, ...(trailers.length > 0 && { trailers }) } }, () =>
        place.runAs(bodyPlace(r), () => {
          request.complete = true;
          push(null);
        }),
      );
      return false;
    });
  }
}

/** Names and values by turns, as Node gives them, as pairs. */
function pairsOf(raw: readonly string[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) pairs.push([raw[index]!, raw[index + 1]!]);
  return pairs;
}
