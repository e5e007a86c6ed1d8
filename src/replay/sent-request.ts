/** What `fetch` is asked to send, as data, without disturbing it. */
import { headerPairs } from '../patch/exchange.ts';
import type { AskedRequest } from './request-digest.ts';

/** A request, its signal, and, where its body could only be read by consuming it, what is to be sent in its place. */
export interface SentRequest extends AskedRequest {
  signal: AbortSignal | undefined;
  instead?: { body: Uint8Array<ArrayBuffer>; type: string | null };
}

interface Init {
  method?: unknown;
  headers?: unknown;
  body?: unknown;
  signal?: unknown;
}

/** Whether a request goes over the network: not `data:` and the like. What is no URL at all is refused by `fetch` itself. */
export function isNetworkRequest(input: unknown): boolean {
  const url = input instanceof Request ? input.url : String(input);
  return URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
}

/** The request as data: at once, unless its body has to be read. Throws for what `fetch` refuses. */
export function readRequest(input: unknown, init: Init | undefined): SentRequest | Promise<SentRequest> {
  const request = input instanceof Request ? input : null;
  const method = String(init?.method ?? request?.method ?? 'GET').toUpperCase();
  const url = new URL(request?.url ?? String(input)).href;
  const headers = [...headerPairs(init?.headers ?? request?.headers)];
  const signal = init?.signal ?? request?.signal;
  const sent = { method, url, headers, signal: signal instanceof AbortSignal ? signal : undefined };
  const body: unknown = init?.body;
  if (body === undefined || body === null) {
    if (request?.body == null) return { ...sent, body: undefined };
    // A request that is sent is used at once; one that was used already is refused here, as by `fetch`.
    return new Request(request).arrayBuffer().then((read) => {
      const bytes = new Uint8Array(read);
      return { ...sent, body: bytes, instead: { body: bytes, type: null } };
    });
  }
  if (typeof body === 'string') return { ...sent, body };
  if (body instanceof URLSearchParams) {
    const type: [string, string] = ['content-type', 'application/x-www-form-urlencoded;charset=UTF-8'];
    return { ...sent, headers: hasType(headers) ? headers : [...headers, type], body: String(body) };
  }
  if (ArrayBuffer.isView(body)) return { ...sent, body: new Uint8Array(body.buffer, body.byteOffset, body.byteLength).slice() };
  if (body instanceof ArrayBuffer) return { ...sent, body: new Uint8Array(body.slice(0)) };
  return consumed(sent, body);
}

const hasType = (headers: readonly (readonly [string, string])[]): boolean =>
  headers.some(([name]) => name.toLowerCase() === 'content-type');

/** A form, a blob or a stream: read here, and sent as what was read. */
async function consumed(sent: Omit<SentRequest, 'body'>, body: unknown): Promise<SentRequest> {
  const carrier = new Response(body as ConstructorParameters<typeof Response>[0]);
  const type = carrier.headers.get('content-type');
  const bytes = new Uint8Array(await carrier.arrayBuffer());
  const headers = hasType(sent.headers) || type === null ? sent.headers : [...sent.headers, ['content-type', type] as const];
  return { ...sent, headers, body: bytes, instead: { body: bytes, type } };
}
