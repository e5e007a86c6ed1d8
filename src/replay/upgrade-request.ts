/**
 * A request of Node's HTTP client that becomes a WebSocket, as npm `ws` makes it: all code of `ws` runs, while recording and in a replay alike, and what comes to it from the request and from its
 * socket goes through a channel. In a replay the request reaches nobody.
 */
import http from 'node:http';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import { redactHeaders } from '../core/credentials.ts';
import type { ThrownFacts } from '../events/lines.ts';
import type { Method } from '../patch/registry.ts';
import { wordsOf } from './channel-words.ts';
import type { Channel, Channels, Opening } from './channels.ts';
import { AppPlace } from './app-place.ts';
import { behindSymbol, cover } from './hidden.ts';
import { pairsOf } from './http-wire.ts';
import { internally } from './lineage.ts';
import type { Reading } from './readings.ts';
import type { Arrival } from './source.ts';
import { StandInSocket } from './stand-in-socket.ts';
import { thrownAgain, thrownFacts } from './thrown.ts';
import { UpgradedSocket } from './upgraded-socket.ts';

/** Follows a request that is to become what `opening` says, and that `make` makes, so that it connects where `isReal`. Null: as if we were not here. */
export type Upgrades = (opening: Opening, make: (isReal: boolean) => ClientRequest) => ClientRequest | null;

export function followUpgrades(channels: Channels, read: Reading): Upgrades {
  const follow = (by: Channels, ...[opening, make]: Parameters<Upgrades>): ClientRequest | null => {
    let upgrade: UpgradeRequest | undefined;
    const channel = by.open(
      opening,
      (arrival) => upgrade?.receive(arrival),
      (arrival) => upgrade?.isReady(arrival) === true,
    );
    if (channel === null) return by.real ? null : follow(by.refuse(opening, wordsOf(opening)), opening, make);
    const unrecordable = channel.given.find(({ event }) => event === 'unrecordable');
    if (unrecordable !== undefined) {
      channel.leave();
      const words = `${wordsOf(opening)}: ${(unrecordable.data as { why: string }).why}; what comes through it`;
      return follow(by.refuse(opening, words), opening, make);
    }
    const place = new AppPlace();
    upgrade = new UpgradeRequest(
      internally(() => make(by.real)),
      channel,
      place,
      read,
    );
    if (by.real) upgrade.record();
    else upgrade.replay();
    return upgrade.request;
  };
  return (opening, make) => follow(channels, opening, make);
}

/** Of an answer. */
interface HeadData {
  status: number;
  statusText: string;
  headers: [string, string][];
}

/** What `ws` is told by the request, and how it stands in the recording. */
const EVENTS: Readonly<Record<string, string>> = { upgrade: 'open', response: 'response', error: 'failed', timeout: 'timeout' };
const ACCEPT = 'sec-websocket-accept';
/** Of RFC 6455. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

class UpgradeRequest {
  readonly request: ClientRequest;
  readonly #channel: Channel;
  readonly #place: AppPlace;
  readonly #read: Reading;
  /** What came, as Node gave it. */
  readonly #came = new WeakMap<Arrival, unknown[]>();
  #emit: Method = () => {};
  #socket: UpgradedSocket | undefined;
  /** An answer that is none to the upgrade. */
  #push: ((chunk: Uint8Array | null) => unknown) | undefined;

  constructor(request: ClientRequest, channel: Channel, place: AppPlace, read: Reading) {
    this.request = request;
    this.#channel = channel;
    this.#place = place;
    this.#read = read;
  }

  /** Stands between Node's client and `ws`. */
  record(): void {
    this.#emit = cover(this.request, 'emit', (original) => (...args: unknown[]) => {
      const event = EVENTS[String(args[0])];
      if (event === undefined) return Reflect.apply(original, this.request, args) as unknown;
      this.#told(event, args);
      return true;
    });
  }

  /** Nothing happens to it but what was recorded. */
  replay(): void {
    this.#emit = cover(
      this.request,
      'emit',
      (original) =>
        (...args: unknown[]) =>
          EVENTS[String(args[0])] === undefined ? (Reflect.apply(original, this.request, args) as unknown) : true,
    );
    this.#channel.ready();
  }

  isReady(arrival: Arrival): boolean {
    return this.#socket?.isReady(arrival) ?? true;
  }

  receive(arrival: Arrival): void {
    const { event, data, bytes } = arrival;
    if (event === 'open') this.#open(this.#came.get(arrival) ?? this.#upgraded(data as HeadData));
    else if (event === 'response') this.#tell(this.#came.get(arrival) ?? ['response', this.#answer(data as HeadData)]);
    else if (event === 'body') this.#place.run(() => this.#push?.(Buffer.from(bytes ?? [])));
    else if (event === 'bodyEnd') this.#place.run(() => this.#push?.(null));
    else if (event === 'timeout') this.#tell(['timeout']);
    else if (event === 'failed')
      this.#tell(this.#came.get(arrival) ?? ['error', thrownAgain((data as { error: ThrownFacts }).error)]);
    else this.#socket?.receive(arrival);
  }

  #tell(args: unknown[]): void {
    this.#place.run(() => Reflect.apply(this.#emit, this.request, args) as unknown);
  }

  #told(event: string, args: unknown[]): void {
    const arrival: Arrival = { event, data: dataOf(event, args[1]) };
    this.#came.set(arrival, args);
    if (event === 'open') {
      this.#socket = new UpgradedSocket(args[2] as Socket, this.#channel, this.#place, this.#read);
      this.#socket.record();
    } else if (event === 'response') this.#followBody(args[1] as IncomingMessage);
    this.#come(arrival);
  }

  #come(arrival: Arrival): void {
    this.#channel.came(arrival, () => behindSymbol(this.request, 'kAborted') !== true);
  }

  #followBody(response: IncomingMessage): void {
    const push = cover(response, 'push', () => (chunk: Uint8Array | null) => {
      this.#come(chunk === null ? { event: 'bodyEnd' } : { event: 'body', bytes: new Uint8Array(chunk) });
      return true;
    });
    this.#push = (chunk) => Reflect.apply(push, response, [chunk]) as unknown;
  }

  #open(args: unknown[]): void {
    this.#tell(args);
    if (this.#socket?.opened() === false)
      this.#channel.note({ event: 'unrecordable', data: { why: 'what opened it is not the package ws' } });
  }

  /** What Node tells of an upgrade, with a socket that is connected to nobody. */
  #upgraded(data: HeadData): unknown[] {
    const socket = standInFor(this.request);
    Object.assign(socket, { connecting: false });
    this.#socket = new UpgradedSocket(socket, this.#channel, this.#place, this.#read);
    this.#socket.replay();
    const key = String(this.request.getHeader('sec-websocket-key'));
    const accept = createHash('sha1')
      .update(key + GUID)
      .digest('base64');
    // The key may be another one than then.
    const headers = data.headers.map(([name, value]): [string, string] => [name, name.toLowerCase() === ACCEPT ? accept : value]);
    const answer = this.#answer({ ...data, headers }, socket);
    Object.assign(answer, { upgrade: true });
    return ['upgrade', answer, socket, Buffer.alloc(0)];
  }

  #answer({ status, statusText, headers }: HeadData, socket: Socket = standInFor(this.request)): IncomingMessage {
    const answer = new http.IncomingMessage(socket) as IncomingMessage & { _addHeaderLines(raw: string[], count: number): void };
    const raw = headers.flat();
    answer.rawHeaders = raw;
    answer._addHeaderLines(raw, raw.length);
    const version = { httpVersion: '1.1', httpVersionMajor: 1, httpVersionMinor: 1 };
    Object.assign(answer, { ...version, statusCode: status, statusMessage: statusText, req: this.request });
    Object.assign(this.request, { res: answer });
    this.#push = (chunk) => {
      if (chunk === null) answer.complete = true;
      return answer.push(chunk);
    };
    return answer;
  }
}

function dataOf(event: string, told: unknown): unknown {
  if (event === 'failed') return { error: thrownFacts(told) };
  if (event === 'timeout') return undefined;
  const { statusCode = 0, statusMessage = '', rawHeaders } = told as IncomingMessage;
  return { status: statusCode, statusText: statusMessage, headers: redactHeaders(pairsOf(rawHeaders)) } satisfies HeadData;
}

function standInFor({ host, protocol }: ClientRequest): StandInSocket {
  const secure = protocol === 'https:';
  return new StandInSocket({ host, port: secure ? 443 : 80, secure });
}
