/**
 * One request of Node's HTTP client: who asks, what is sent, and what of the answer the app is given. Each event of the request and of its answer runs at a place of its own, so that what the
 * app does there is known again, whichever socket it came from.
 */
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { guard } from '../core/diagnostics.ts';
import type { ThrownFacts } from '../events/lines.ts';
import { setOwn } from '../patch/own-member.ts';
import type { Method } from '../patch/registry.ts';
import { transportError } from '../patch/transport-error.ts';
import type { AskedBy, OpenBytes } from './exchange-owner.ts';
import { HttpInlet } from './http-inlet.ts';
import type { Sending } from './http-sender.ts';
import { pairsOf, sentHeaders } from './http-wire.ts';
import { childBy, childOf, runAt } from './lineage.ts';
import type { LineageNode } from './lineage.ts';
import type { AskedRequest } from './request-digest.ts';
import { thrownFacts } from './thrown.ts';
import { ToldExchange } from './told-exchange.ts';

/** The way in which these places come about. */
const BY_HTTP = 13;
/** Events that have a place of their own, in the order of the places: others share the last one. */
const EVENTS = [
  ...['connection', 'socket', 'response', 'error', 'close', 'finish', 'timeout', 'abort', 'continue', 'drain', 'written'],
  ...['answer data', 'answer readable', 'answer end', 'answer error', 'answer close', 'answer aborted', 'other'],
];

/** How what comes from the network is handed over: recorded, or replayed. */
export interface HttpForm {
  readonly open: OpenBytes;
  /** The request has its socket; what is returned is called when it needs it no more. */
  connected(call: HttpCall, socket: Socket): () => void;
  /** The app has sent the request whole. */
  sent(call: HttpCall, request: AskedRequest): void;
  /** The app has sent a part of it, or the rest of a request whose answer has begun. */
  began(call: HttpCall): void;
  /** Something came: `hand` hands it over. */
  came(call: HttpCall, hand: () => void): void;
  /** The server wants the body; gives whether the app is told that now. */
  continued(call: HttpCall): boolean;
  /** The app wants no more of the answer. */
  left(call: HttpCall): void;
}

export class HttpCall implements AskedBy {
  readonly lin: string;
  readonly lo: number;
  readonly where: string | undefined;
  readonly form: HttpForm;
  request!: ClientRequest;
  /** Sends the request over the network; returns that which is sent. In a replay alone. */
  send!: (sending: Sending) => ClientRequest;
  inlet: HttpInlet | null = null;
  /** The app itself has ended the request, or left its answer. */
  destroyed = false;
  /** How often the socket was found idle, and how often the server asked for the body. */
  timeouts = 0;
  continues = 0;
  readonly #origin: string;
  readonly #places: ReadonlyMap<string, LineageNode>;
  readonly #body: Uint8Array[] = [];
  readonly #told: ToldExchange;
  /** An error that came in no turn of its own is on its way; what follows it waits behind it. */
  #late = false;
  #release: (() => void) | undefined;
  /** There is no connection yet. */
  #unconnected = false;

  /** `origin`: protocol, host and port. */
  constructor(node: LineageNode, where: string | undefined, origin: string, form: HttpForm) {
    this.lin = node.id;
    this.lo = ++node.requests;
    this.where = where;
    this.form = form;
    this.#told = new ToldExchange(this, form.open);
    this.#origin = origin;
    const base = childBy(node, BY_HTTP);
    this.#places = new Map(EVENTS.map((name) => [name, childOf(base)]));
  }

  /** Whether the app was given the end of the answer, or an error, or has left. */
  get ended(): boolean {
    return this.#told.ended;
  }

  placeOf(event: string): LineageNode {
    return this.#places.get(event) ?? this.#places.get('other')!;
  }

  /** The request as far as the app has sent it. */
  asked(): AskedRequest {
    const { method, path } = this.request;
    const url = /^https?:/.test(path) ? path : this.#origin + path;
    const body = this.#body.length === 0 ? undefined : Buffer.concat(this.#body);
    return { method, url, headers: sentHeaders(this.request), body };
  }

  /** How many parts of the body the app has sent. */
  get parts(): number {
    return this.#body.length;
  }

  /** Those from the how many-th on. */
  partsFrom(index: number): readonly Uint8Array[] {
    return this.#body.slice(index);
  }

  /** The app sends a part of the body, and with `ends` the last of it. */
  sending(chunk: unknown, encoding: unknown): void {
    if (typeof chunk === 'string') this.#body.push(Buffer.from(chunk, encoding as BufferEncoding));
    else if (ArrayBuffer.isView(chunk))
      this.#body.push(new Uint8Array(chunk.buffer as ArrayBuffer, chunk.byteOffset, chunk.byteLength).slice());
  }

  /** The request was sent whole. */
  sent(): void {
    if (this.destroyed) return;
    if (this.#told.opened) {
      this.form.began(this);
      return;
    }
    const asked = this.asked();
    this.#told.inScope(() => this.form.sent(this, asked));
    this.#told.open(asked, false);
  }

  /** Runs `fn` in the async scopes in which the request was made. */
  inScope(fn: () => void): void {
    this.#told.inScope(fn);
  }

  /** Runs `hand`, which hands over what came, as one turn. */
  hand(hand: () => void): void {
    this.#told.hand(hand);
  }

  /** An event of the request is about to be told by `emit`; returns what that does. */
  emitting(event: string | symbol, args: readonly unknown[], emit: () => boolean): boolean {
    if ((event === 'error' && this.#isLate()) || (event === 'close' && this.#late)) {
      this.#late = true;
      this.form.came(this, () => this.hand(() => void this.emitting(event, args, emit)));
      return true;
    }
    if (event === 'socket') this.#connected(args[0] as Socket);
    else if (event === 'response') this.#answered(args[0] as IncomingMessage);
    else if (event === 'continue' && !this.form.continued(this)) return false;
    else if (event === 'error') this.#failed(args[0]);
    else if (event === 'close') this.#closed();
    return runAt(this.placeOf(String(event)), emit);
  }

  /** No socket failed: whoever was to make one did, and the app is not the one who ended it. */
  #isLate(): boolean {
    return !this.#told.isHanding && !this.destroyed && !this.#told.ended;
  }

  #connected(socket: Socket): void {
    const { connecting, encrypted, secureConnecting } = socket as Partial<TLSSocket> & { secureConnecting?: boolean };
    this.#unconnected = connecting === true || secureConnecting === true;
    if (this.#unconnected) socket.once(encrypted === true ? 'secureConnect' : 'connect', () => (this.#unconnected = false));
    this.inlet = guard('replay.http', () => HttpInlet.of(this, socket), null);
    if (this.inlet !== null) this.#release = guard('replay.http', () => this.form.connected(this, socket), undefined);
  }

  #closed(): void {
    this.#leave();
    this.#release?.();
    this.#release = undefined;
  }

  #answered(response: IncomingMessage): void {
    this.#told.open(this.asked(), true);
    const { statusCode = 0, statusMessage = '', httpVersion } = response;
    const more = {
      ...(statusMessage !== '' && { statusText: statusMessage }),
      ...(httpVersion !== '1.1' && { version: httpVersion }),
    };
    this.#told.tell((bytes) => bytes.head(statusCode, pairsOf(response.rawHeaders), more));
    const { push, emit } = response as { push: Method; emit: Method };
    setOwn(response, 'push', (chunk: unknown, ...more: unknown[]) => {
      if (chunk === null) this.#complete(response);
      else this.#piece(chunk);
      return Reflect.apply(push, response, [chunk, ...more]) as unknown;
    });
    setOwn(response, 'emit', (event: string | symbol, ...args: unknown[]) => {
      if (event === 'aborted') this.#brokeOff(response);
      return runAt(this.placeOf(`answer ${String(event)}`), () => Reflect.apply(emit, response, [event, ...args]) as unknown);
    });
  }

  #piece(chunk: unknown): void {
    // A copy: the app may change what it gets.
    if (!this.#told.ended && chunk instanceof Uint8Array) this.#told.tell((bytes) => bytes.chunk(new Uint8Array(chunk)));
  }

  #complete({ rawTrailers }: IncomingMessage): void {
    const trailers = rawTrailers.length > 0 ? pairsOf(rawTrailers) : undefined;
    this.#told.end((bytes) => bytes.end('complete', undefined, undefined, trailers));
  }

  #brokeOff(response: IncomingMessage): void {
    if (this.#told.isHanding) this.#failed(response.errored);
    else {
      this.destroyed = true;
      this.#leave();
    }
  }

  #failed(error: unknown): void {
    // The app's own doing, before there was a connection.
    if (!this.#told.isHanding) {
      this.#leave();
      return;
    }
    this.#told.open(this.asked(), true);
    const facts: ThrownFacts = {
      ...thrownFacts(error),
      ...(this.destroyed && { aborted: true }),
      ...(this.#unconnected && { unconnected: true }),
    };
    this.#told.end((bytes) => bytes.end('error', transportError(error), facts));
  }

  /** The app leaves before the answer has ended. */
  #leave(): void {
    if (this.#told.end((bytes) => bytes.end('cancelled'))) this.form.left(this);
  }
}
