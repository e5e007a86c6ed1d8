/** Sends a request of Node's HTTP client over the network, in a replay: with all options that the app gave, over real sockets in pools of their own, and with the body that is to be sent. */
import { AsyncLocalStorage } from 'node:async_hooks';
import http from 'node:http';
import type { ClientRequest, RequestOptions } from 'node:http';
import https from 'node:https';
import { headerLines, sentHeaders } from './http-wire.ts';
import { internally } from './lineage.ts';
import type { SentRequest } from './sent-request.ts';

export interface HttpOptions extends RequestOptions {
  _defaultAgent?: http.Agent;
}

/** What the app asked for when it made a request. */
export interface HttpGiven {
  /** All options, those of the URL among them. */
  options: HttpOptions;
  secure: boolean;
  /** The agent that the client takes; null where it makes one, or none. */
  agent: http.Agent | null;
}

/** A request, and whether an edit has changed it. */
export interface Sending {
  request: SentRequest;
  edited: boolean;
  /** More of the body follows. */
  isPart?: boolean;
}

/** Makes a request. */
export type Requester = (options: HttpOptions) => ClientRequest;

/** Set while a request is sent, and in what follows from that: its connections are real. */
const inSending = new AsyncLocalStorage<true>();
/** What of an agent belongs to its pool. */
const OF_POOL = new Set([
  ...['_events', '_eventsCount', '_maxListeners', 'domain', '_sessionCache'],
  ...['requests', 'sockets', 'freeSockets', 'totalSocketCount'],
]);
const twins = new WeakMap<http.Agent, http.Agent>();

/** Whether the running code sends a request over the network. */
export function isSending(): boolean {
  return inSending.getStore() === true;
}

/** Whether the agent is one of Node's own, as far as connecting goes. */
export function isNodes(agent: http.Agent): boolean {
  const of = (object: object, name: string): unknown => Reflect.get(object, name);
  return (
    of(agent, 'addRequest') === of(http.Agent.prototype, 'addRequest') &&
    [http, https].some((module) => of(agent, 'createConnection') === of(module.Agent.prototype, 'createConnection'))
  );
}

/** Closes the real connections of the pool of `agent`. */
export function destroyTwin(agent: http.Agent): void {
  twins.get(agent)?.destroy();
}

/** Sends it, as none of the app's. `asked` is the app's own request, `make` Node's own function of the module. */
export function sendReally(given: HttpGiven, asked: ClientRequest, sending: Sending, make: Requester): ClientRequest {
  const { request, edited, isPart = false } = sending;
  const body = request.body === undefined ? undefined : Buffer.from(request.body);
  const headers = headersOf(asked, request, edited && body !== undefined ? body.length : undefined);
  // The app ends it by the request that it has.
  const { signal: _signal, auth: _auth, ...options } = given.options;
  const { method, path } = asked;
  const changed: HttpOptions = { ...options, method, path, headers, setHost: asked.hasHeader('host'), ...agentFor(given) };
  return internally(() =>
    inSending.run(true, () => {
      const real = make(changed);
      // As it was: with a length, or in chunks.
      if (asked.chunkedEncoding) real.flushHeaders();
      const { _trailer: trailers = '' } = asked as { _trailer?: string };
      if (trailers !== '') real.addTrailers(headerLines(trailers));
      if (!isPart) real.end(body);
      else if (body !== undefined) real.write(body);
      return real;
    }),
  );
}

/** The agent of the app; in the place of one of Node's, one like it, as its own pool holds sockets that lead nowhere. */
function agentFor({ options, secure, agent }: HttpGiven): { agent?: http.Agent } {
  if (agent !== null) return { agent: isNodes(agent) ? twinOf(agent) : agent };
  if (options.agent !== false) return {};
  const { constructor } = options._defaultAgent ?? (secure ? https.globalAgent : http.globalAgent);
  return { agent: Reflect.construct(constructor, []) as http.Agent };
}

function twinOf(agent: http.Agent): http.Agent {
  let twin = twins.get(agent);
  if (twin === undefined) {
    const Kind = agent instanceof https.Agent ? https.Agent : http.Agent;
    twin = new Kind((agent as { options?: http.AgentOptions }).options);
    Object.setPrototypeOf(twin, Object.getPrototypeOf(agent) as object);
    twins.set(agent, twin);
  }
  // What the app has set since then counts as well.
  for (const [name, value] of Object.entries(agent)) if (!OF_POOL.has(name)) Reflect.set(twin, name, value);
  return twin;
}

/** Headers as the app has set them, but for what an edit has dropped; `length`: of the body that is sent in the place of the app's. */
function headersOf(
  asked: ClientRequest,
  { headers }: SentRequest,
  length: number | undefined,
): string[] | Record<string, string | string[]> {
  const kept = new Set(headers.map(([name]) => name.toLowerCase()));
  const isKept = (name: string): boolean => kept.has(name.toLowerCase());
  const valueOf = (name: string, value: string): string =>
    length !== undefined && name.toLowerCase() === 'content-length' ? String(length) : value;
  const names = asked.getRawHeaderNames();
  // Given as a list: they are sent as they are.
  if (names.length === 0)
    return sentHeaders(asked)
      .filter(([name]) => isKept(name))
      .flatMap(([name, value]) => [name, valueOf(name, value)]);
  const set = names.filter(isKept).map((name): [string, string | string[]] => {
    const value = asked.getHeader(name);
    return [name, Array.isArray(value) ? value.map((each) => valueOf(name, String(each))) : valueOf(name, String(value))];
  });
  return Object.fromEntries(set);
}
