/**
 * Sees what the `fetch` of Node sends, without replacing it: its HTTP client tells on diagnostics channels of each request, in the async scope of whoever sends it. For SDKs that call the global
 * `fetch` where no method of theirs can be reached. Bodies are not seen: Node 22 does not tell of them.
 */
import diagnosticsChannel from 'node:diagnostics_channel';
import { headerPairs } from './exchange.ts';
import { looking } from './own-member.ts';

/** One request as it goes out. */
export interface FetchedRequest {
  method: string;
  url: string;
  headers: Iterable<readonly [string, string]>;
}

/** Told of what comes back for one request. */
export interface FetchSink {
  head(status: number, headers: Iterable<readonly [string, string]>): void;
  /** Called once. */
  end(how: 'unread' | 'cancelled' | 'error', error?: unknown): void;
}

/** Asked, in the scope of its sender, about each request: null for one that is nobody's. */
export type FetchListener = (request: FetchedRequest) => FetchSink | null;

const SITE = 'patch.fetch';
/** Requests that are under way; the client keeps one object for each. */
const sinks = new WeakMap<object, FetchSink>();
const listeners = new Map<FetchListener, number>();

const handlers: Readonly<Record<string, (message: any) => void>> = {
  'undici:request:create': ({ request }) => {
    for (const listener of listeners.keys()) {
      looking(SITE, () => {
        const { method, origin, path, headers } = request;
        const sink = listener({ method: String(method), url: `${origin}${path}`, headers: pairs(headers) });
        if (sink !== null) sinks.set(request, sink);
      });
    }
  },
  'undici:request:headers': ({ request, response }) => {
    looking(SITE, () => sinks.get(request)?.head(response.statusCode, pairs(response.headers)));
  },
  'undici:request:trailers': ({ request }) => {
    looking(SITE, () => ended(request, 'unread'));
  },
  'undici:request:error': ({ request, error }) => {
    looking(SITE, () => ended(request, error?.name === 'AbortError' ? 'cancelled' : 'error', error));
  },
};

/** The client may tell of a request again that has ended. */
function ended(request: object, how: 'unread' | 'cancelled' | 'error', error?: unknown): void {
  const sink = sinks.get(request);
  sinks.delete(request);
  sink?.end(how, error);
}

/** Headers as the client has them: names and values by turns, as text or bytes, or a text of lines. */
function pairs(headers: unknown): Iterable<readonly [string, string]> {
  if (typeof headers === 'string') {
    return headers.split('\r\n').flatMap((line): [string, string][] => {
      const colon = line.indexOf(':');
      return colon > 0 ? [[line.slice(0, colon), line.slice(colon + 1).trim()]] : [];
    });
  }
  if (!Array.isArray(headers)) return headerPairs(headers);
  const out: [string, string][] = [];
  for (let index = 0; index + 1 < headers.length; index += 2) out.push([String(headers[index]), String(headers[index + 1])]);
  return out;
}

/** Asks `listener` about every request until what is returned is called; the same one again is asked no more often. While nobody listens, nothing is subscribed to. */
export function watchFetches(listener: FetchListener): () => void {
  if (listeners.size === 0) for (const [name, handler] of Object.entries(handlers)) diagnosticsChannel.subscribe(name, handler);
  listeners.set(listener, (listeners.get(listener) ?? 0) + 1);
  let ended = false;
  return () => {
    if (ended) return;
    ended = true;
    const left = listeners.get(listener)! - 1;
    if (left > 0) listeners.set(listener, left);
    else listeners.delete(listener);
    if (listeners.size === 0)
      for (const [name, handler] of Object.entries(handlers)) diagnosticsChannel.unsubscribe(name, handler);
  };
}
