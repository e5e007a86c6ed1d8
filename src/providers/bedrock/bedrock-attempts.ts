/**
 * The HTTP attempts of a command of AWS's SDK. The SDK builds a handler for each command out of middlewares; one of ours is among them for as long as that takes, innermost,
 * below the retries and the signing: it sees this command's requests and no others, not those that fetch credentials. The command is left as it was.
 */
import { Readable } from 'node:stream';
import { guard } from '../../core/diagnostics.ts';
import { hub } from '../../events/ports.ts';
import type { ExchangeRequest } from '../../events/ports.ts';
import { exchangeRequest } from '../../patch/exchange.ts';
import type { AnswerHead } from '../../patch/exchange.ts';
import { looking } from '../../patch/own-member.ts';
import type { Method } from '../../patch/registry.ts';
import { attemptMethod } from '../attempts.ts';
import { openCall } from '../llm-call.ts';
import type { LlmCall } from '../llm-call.ts';

/** Where the middleware stands: after everything else that is done to a request. */
const PLACE = { step: 'deserialize', priority: 'low' };

/** `original`, a client's `send`, whose commands' attempts are seen. `owner` knows the calls that they belong to; `isSeen` says which commands make calls. */
export function sendWithAttempts(original: Method, owner: unknown, isSeen: (command: any) => boolean): Method {
  // One for all commands: a client that caches its handlers keeps the one of the first command, for all that follow.
  const middleware = (next: Method): Method => watchedHandler(next, owner);
  return function (this: any, ...args: any[]) {
    const watching = hub.recorder !== null || hub.answerer !== null;
    const stack: any = watching
      ? guard('patch.middleware', () => (isSeen(args[0]) ? args[0].middlewareStack : undefined), undefined)
      : undefined;
    if (typeof stack?.add !== 'function') return Reflect.apply(original, this, args);
    looking('patch.middleware', () => stack.add(middleware, PLACE));
    try {
      return Reflect.apply(original, this, args);
    } finally {
      looking('patch.middleware', () => stack.remove(middleware));
    }
  };
}

function watchedHandler(next: Method, owner: unknown): Method {
  const callOf = (): LlmCall | null => openCall(({ kind }) => kind.owner === owner);
  const send = attemptMethod(next, {
    call: callOf,
    request: ([{ request }]) => requestOf(request),
    given: handlerAnswer,
    head: headOf,
  });
  return function (this: unknown, ...args: any[]) {
    // Only now is it known who is asked: an endpoint is worked out for each request.
    looking('patch.server', () => callOf()?.event.amend({ server: serverOf(args[0].request) }));
    return Reflect.apply(send, this, args);
  };
}

function serverOf({ protocol, hostname, port }: any): { address: string; port: number } {
  return { address: String(hostname).replace(/^\[|\]$/g, ''), port: Number(port ?? (protocol === 'http:' ? 80 : 443)) };
}

/** The SDK's request, as the handler below is given it. User information of an endpoint is no part of it. */
function requestOf(request: any): ExchangeRequest {
  const { protocol, hostname, port, path, query } = request;
  const members = Object.entries(query ?? {}).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((one) => member(name, one)),
  );
  const url = `${protocol}//${hostname}${port ? `:${port}` : ''}${path}${members.length > 0 ? `?${members.join('&')}` : ''}`;
  // HTTP/2 has the server among the headers.
  const headers = Object.fromEntries(Object.entries(request.headers ?? {}).filter(([name]) => !name.startsWith(':')));
  return exchangeRequest(url, { method: request.method, headers, body: request.body });
}

const member = (name: string, value: unknown): string =>
  value === null || value === undefined
    ? encodeURIComponent(name)
    : `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`;

/** HTTP/2 has the status among the headers, under a name that no header of HTTP/1 can have. */
function headOf({ response }: any): AnswerHead {
  const headers = Object.fromEntries(Object.entries(response.headers ?? {}).filter(([name]) => !name.startsWith(':')));
  return { status: response.statusCode, headers, body: response.body };
}

/** The answer of a replay, as the handlers of the SDK give answers. */
function handlerAnswer({ status, statusText, headers, body }: Response): unknown {
  const stream = body === null ? Readable.from([]) : Readable.fromWeb(body as Parameters<typeof Readable.fromWeb>[0]);
  return { response: { statusCode: status, reason: statusText, headers: Object.fromEntries(headers), body: stream } };
}
