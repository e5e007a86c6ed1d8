/** The one HTTP client of Node: who asks is noted, and whoever records or replays is told of what is sent and of what comes. */
import http from 'node:http';
import type { ClientRequest } from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import { urlToHttpOptions } from 'node:url';
import { guard } from '../core/diagnostics.ts';
import { coverMethod, REPLAY_LABEL } from '../patch/registry.ts';
import type { Method } from '../patch/registry.ts';
import { callSite } from './call-site.ts';
import type { Opening } from './channels.ts';
import { replaceGlobal, replaceMember } from './globals.ts';
import { HttpCall } from './http-call.ts';
import type { HttpForm } from './http-call.ts';
import { destroyTwin, isNodes, isSending, sendReally } from './http-sender.ts';
import type { HttpOptions, Requester } from './http-sender.ts';
import { asNobody, currentNode, runAt } from './lineage.ts';
import type { StandInTarget } from './stand-in-socket.ts';
import type { Upgrades } from './upgrade-request.ts';
import { webSocketOpening } from './websocket-what.ts';

export interface HttpInput {
  form: HttpForm;
  /** Gives a socket in the place of a connection; null: connections are made. */
  connect: ((target: StandInTarget) => Socket) | null;
  /** What no replay can give is asked for; does not return there. */
  refuse(what: string): void;
}

type Patching = HttpInput & {
  upgrades: Upgrades;
  /** `http.request` and `https.request` of Node. */
  requesters: Record<'plain' | 'secure', Requester>;
};

/** What `http.request` was called with. */
interface Given {
  url: string | URL | undefined;
  options: HttpOptions;
  callback: unknown;
  /** All options, those of the URL among them. */
  all: HttpOptions;
}

const calls = new WeakMap<object, HttpCall>();

/** Replaces what sends requests. Undone by `undoAll`. */
export function patchHttp(given: HttpInput & { upgrades: Upgrades }): void {
  const input = { ...given, requesters: { plain: http.request, secure: https.request } };
  for (const [module, secure] of [
    [http, false],
    [https, true],
  ] as const) {
    for (const name of ['request', 'get'])
      replaceGlobal(
        [module],
        name,
        (original): Method =>
          function (this: unknown, ...args: unknown[]) {
            return begin(input, secure, args, (given) => Reflect.apply(original, this, given) as ClientRequest);
          },
      );
    const { connect } = input;
    if (connect !== null)
      replaceGlobal(
        [module.Agent.prototype],
        'createConnection',
        (original): Method =>
          function (this: unknown, ...args: unknown[]) {
            if (isSending()) return Reflect.apply(original, this, args) as unknown;
            return connect({ ...(typeof args[0] === 'object' ? args[0] : { port: args[0], host: args[1] }), secure });
          },
      );
  }
  if (input.connect !== null) patchPools(input.connect);
  patchConstructor(input);
  patchRequests();
}

/** A pool that is full keeps nobody waiting: who waits for whom is decided by work that nobody recorded, and what is recorded comes in its order all the same. */
function patchPools(connect: (target: StandInTarget) => Socket): void {
  replaceGlobal(
    [http.Agent.prototype],
    'addRequest',
    (original): Method =>
      function (this: Pool, request: ClientRequest, options: unknown, ...legacy: unknown[]) {
        if (isSending()) return Reflect.apply(original, this, [request, options, ...legacy]) as unknown;
        const name = typeof options === 'object' ? this.getName({ ...options, ...this.options }) : '';
        const taken = this.sockets[name]?.length ?? 0;
        const isFull = taken >= this.maxSockets || this.totalSocketCount >= this.maxTotalSockets;
        if (!isFull || this.freeSockets[name] !== undefined) return Reflect.apply(original, this, [request, options, ...legacy]);
        request.onSocket(connect({ ...(options as object), secure: this.protocol === 'https:' }));
      },
  );
  replaceGlobal(
    [http.Agent.prototype],
    'destroy',
    (original): Method =>
      function (this: http.Agent) {
        Reflect.apply(original, this, []);
        destroyTwin(this);
      },
  );
}

type Pool = http.Agent & { totalSocketCount: number; protocol?: string; options: object };

function patchConstructor(input: Patching): void {
  const { ClientRequest: Original } = http;
  const Watched = new Proxy(Original, {
    construct: (target, args: unknown[], newTarget) =>
      begin(input, false, args, (given) => Reflect.construct(target, given, newTarget) as ClientRequest),
    apply: (target, self: ClientRequest, args: unknown[]) =>
      begin(input, false, args, (given) => {
        Reflect.apply(target as unknown as Method, self, given);
        return self;
      }),
  });
  replaceMember(http, 'ClientRequest', Watched);
  replaceMember(Original.prototype, 'constructor', Watched);
}

/** Has `make` make a request, and follows it. */
function begin(input: Patching, secure: boolean, args: unknown[], make: (args: unknown[]) => ClientRequest): ClientRequest {
  const node = currentNode();
  const asked = node.internal ? null : read(args);
  // What throws when it is looked at, the client refuses.
  if (asked === null) return make(args);
  const { all } = asked;
  if (leadsElsewhere(all)) return beginElsewhere(input, secure, asked, { args, make });
  const call = new HttpCall(node, callSite(), originOf(all, secure), input.form);
  const { connect, requesters } = input;
  const given = { options: all, secure, agent: connect === null ? null : agentOf(all, secure) };
  const request = connect === null ? asNobody(() => make(args)) : standingIn(asked, secure, connect, make);
  call.request = request;
  call.send = (sending) => sendReally(given, request, sending, requesters[secure ? 'secure' : 'plain']);
  calls.set(request, call);
  if (request.writableEnded) call.sent();
  return request;
}

/** Has `make` make a request whose connection becomes another one: a WebSocket is followed, anything else refused. */
function beginElsewhere(
  { connect, refuse, upgrades }: Patching,
  secure: boolean,
  given: Given,
  { args, make }: { args: unknown[]; make: (args: unknown[]) => ClientRequest },
): ClientRequest {
  const origin = originOf(given.all, secure);
  const opening = webSocketOf(given.all, origin);
  if (opening !== null)
    return (
      upgrades(opening, (isReal) => (isReal || connect === null ? make(args) : standingIn(given, secure, connect, make))) ??
      make(args)
    );
  if (connect !== null) refuse(`a connection that becomes another one (a tunnel, another protocol) to ${origin}`);
  return make(args);
}

/** What is opened, as npm `ws` asks for it; null: no WebSocket. */
function webSocketOf({ headers, path, socketPath }: HttpOptions, origin: string): Opening | null {
  if (headers === undefined || Array.isArray(headers)) return null;
  const header = (name: string): string | undefined => {
    const known = Object.keys(headers).find((each) => each.toLowerCase() === name);
    return known === undefined ? undefined : String((headers as Record<string, unknown>)[known]);
  };
  if (header('upgrade')?.toLowerCase() !== 'websocket' || header('sec-websocket-key') === undefined) return null;
  const protocols = header('sec-websocket-protocol')?.split(/ *, */) ?? [];
  const url =
    typeof socketPath === 'string' ? `ws+unix:${socketPath}:${path ?? ''}` : origin.replace(/^http/, 'ws') + (path ?? '/');
  return webSocketOpening(
    guard('replay.websocket', () => new URL(url).href, url),
    protocols,
  );
}

function read(args: unknown[]): Given | null {
  try {
    const [first, second, third] = args;
    const url = typeof first === 'string' || first instanceof URL ? first : undefined;
    const [options, callback] = url === undefined ? [first, second] : [second, third];
    const given = typeof options === 'function' ? { options: {}, callback: options } : { options: options ?? {}, callback };
    const fromUrl = url === undefined ? {} : urlToHttpOptions(new URL(url));
    return { url, ...given, all: { ...fromUrl, ...given.options } as HttpOptions };
  } catch {
    return null;
  }
}

/** Whether the connection becomes another one: a WebSocket, a tunnel. */
function leadsElsewhere({ method, headers }: HttpOptions): boolean {
  const names = Array.isArray(headers) ? headers.map(String) : Object.keys(headers ?? {});
  return String(method ?? '').toUpperCase() === 'CONNECT' || names.some((name) => name.toLowerCase() === 'upgrade');
}

function originOf(all: HttpOptions, secure: boolean): string {
  const agent = agentOf(all, secure) as { protocol?: string; defaultPort?: number } | null;
  const protocol = all.protocol ?? agent?.protocol ?? (secure ? 'https:' : 'http:');
  const host = all.hostname ?? all.host ?? 'localhost';
  const port = all.port ?? all.defaultPort ?? agent?.defaultPort;
  const name = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  return `${protocol}//${name}${port === undefined || port === null || port === '' ? '' : `:${port}`}`;
}

/** The agent that the client takes; null where it makes one, or none. */
function agentOf({ agent, createConnection, _defaultAgent }: HttpOptions, secure: boolean): http.Agent | null {
  if (agent === false || (agent === undefined && typeof createConnection === 'function')) return null;
  return (agent as http.Agent | null | undefined) ?? _defaultAgent ?? (secure ? https.globalAgent : http.globalAgent);
}

/** Makes a request whose socket is a stand-in. Node's own agents are used as they are, with stand-ins in their pools; of others nothing is asked. */
function standingIn(
  { url, options, callback, all }: Given,
  secure: boolean,
  connect: (target: StandInTarget) => Socket,
  make: (args: unknown[]) => ClientRequest,
): ClientRequest {
  const agent = agentOf(all, secure);
  const isSecure = originOf(all, secure).startsWith('https:');
  const changed: HttpOptions = { ...options };
  if (agent !== null && !isNodes(agent)) {
    const add = (request: ClientRequest, target: object): void => request.onSocket(connect({ ...target, secure: isSecure }));
    changed.agent = Object.create(agent, { addRequest: { value: add } }) as http.Agent;
  } else if (agent === null && all.agent !== false)
    changed.createConnection = (target: object) => connect({ ...target, secure: isSecure });
  const request = asNobody(() => make([...(url === undefined ? [] : [url]), changed, callback]));
  if (agent !== null) Object.assign(request, { agent });
  return request;
}

/** Has requests tell of what they send and emit. */
function patchRequests(): void {
  const { prototype } = http.ClientRequest;
  const cover = (
    name: string,
    make: (call: HttpCall, original: () => unknown, args: unknown[], self: ClientRequest) => unknown,
  ): void => {
    coverMethod(
      prototype,
      name,
      `${REPLAY_LABEL}ClientRequest.${name}`,
      (original): Method =>
        function (this: ClientRequest, ...args: unknown[]) {
          const call = calls.get(this);
          const bare = (): unknown => Reflect.apply(original, this, args);
          return call === undefined ? bare() : make(call, bare, args, this);
        },
    );
  };
  cover('emit', (call, original, [event, ...args]) => call.emitting(event as string, args, original as () => boolean));
  cover('destroy', (call, original) => {
    call.destroyed = true;
    return original();
  });
  for (const name of ['write', 'end'])
    cover(name, (call, original, args, self) => {
      const ended = self.writableEnded;
      if (!ended) call.sending(args[0], args[1]);
      carry(call, args);
      const given = original();
      if (!ended && name === 'end') call.sent();
      else if (!ended) call.form.began(call);
      return given;
    });
}

/** The callback of a write runs at a place of its own. */
function carry(call: HttpCall, args: unknown[]): void {
  const index = args.findIndex((each) => typeof each === 'function');
  if (index < 0) return;
  const callback = args[index] as Method;
  args[index] = function (this: unknown, ...given: unknown[]) {
    return runAt(call.placeOf('written'), () => Reflect.apply(callback, this, given) as unknown);
  };
}
