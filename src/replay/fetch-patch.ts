/** The one `fetch` of the process: who asks is noted, and who records or replays sends the request, or answers it. */
import type { Method } from '../patch/registry.ts';
import { callSite } from './call-site.ts';
import { replaceGlobal } from './globals.ts';
import { currentNode, internally } from './lineage.ts';
import { patchResponses } from './response-facts.ts';
import { isNetworkRequest, readRequest } from './sent-request.ts';
import type { SentRequest } from './sent-request.ts';

/** A request that the app makes. */
export interface Fetching {
  readonly lin: string;
  readonly lo: number;
  readonly where: string | undefined;
  /** Sends it over the network. */
  send(request: SentRequest): Promise<Response>;
  resolve(response: Response): void;
  reject(error: unknown): void;
}

/** Has a request answered. Called as none of the app's code, at once where the request can be read at once. */
export type Fetcher = (request: SentRequest, fetching: Fetching) => void;

/** Replaces `fetch`. Undone by `undoAll`. */
export function patchFetch(fetcher: Fetcher): void {
  patchResponses();
  replaceGlobal(
    [globalThis],
    'fetch',
    (original): Method =>
      function (this: unknown, ...args: unknown[]) {
        const node = currentNode();
        if (node.internal || !isNetwork(args[0])) return Reflect.apply(original, this, args) as unknown;
        const lo = ++node.requests;
        const where = callSite();
        const send = ({ instead }: SentRequest): Promise<Response> =>
          Reflect.apply(
            original,
            this,
            instead === undefined ? args : [args[0], withBody(args[0], args[1], instead)],
          ) as Promise<Response>;
        return new Promise<Response>((resolve, reject) => {
          internally(() => start(args, fetcher, { lin: node.id, lo, where, send, resolve, reject }));
        });
      },
  );
}

/** What throws when it is looked at, `fetch` refuses. */
function isNetwork(input: unknown): boolean {
  try {
    return isNetworkRequest(input);
  } catch {
    return false;
  }
}

function start([input, init]: unknown[], fetcher: Fetcher, fetching: Fetching): void {
  let read: SentRequest | Promise<SentRequest>;
  try {
    read = readRequest(input, init as RequestInit | undefined);
  } catch (error) {
    fetching.reject(error);
    return;
  }
  if (read instanceof Promise) read.then((request) => fetcher(request, fetching)).catch(fetching.reject);
  else fetcher(read, fetching);
}

function withBody(input: unknown, init: unknown, { body, type }: NonNullable<SentRequest['instead']>): RequestInit {
  const given = (init ?? {}) as RequestInit;
  const headers = new Headers(given.headers ?? (input instanceof Request ? input.headers : undefined));
  // That of another body.
  headers.delete('content-length');
  if (type !== null && !headers.has('content-type')) headers.set('content-type', type);
  return { ...given, headers, body };
}
