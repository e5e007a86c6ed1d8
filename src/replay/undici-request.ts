/** What a request of npm undici sends, as data. */
import { stringify } from 'node:querystring';
import type { AskedRequest } from './request-digest.ts';

/** What a dispatcher is asked to send. */
export interface UndiciOptions {
  origin?: unknown;
  path?: unknown;
  method?: unknown;
  query?: Record<string, string> | null;
  headers?: unknown;
  body?: unknown;
  upgrade?: unknown;
}

/** A body that was read, and what is to be sent in its place. */
export interface ReadBody {
  bytes: string | Uint8Array | undefined;
  instead?: { body: unknown; type?: string };
}

/** The request but for its body. `origin`: where the client sends. */
export function askedOf({ path, method, query, headers }: UndiciOptions, origin: string): Omit<AskedRequest, 'body'> {
  const asked = typeof query === 'object' && query !== null ? `${String(path)}?${stringify(query)}` : String(path);
  const url = /^https?:/.test(asked) ? asked : origin.replace(/\/$/, '') + asked;
  return { method: String(method).toUpperCase(), url, headers: [...pairs(headers)] };
}

function* pairs(headers: unknown): Iterable<[string, string]> {
  if (headers === null || headers === undefined) return;
  if (Array.isArray(headers) && !Array.isArray(headers[0])) {
    for (let index = 0; index + 1 < headers.length; index += 2) yield [String(headers[index]), String(headers[index + 1])];
    return;
  }
  const entries = (
    typeof (headers as Iterable<unknown>)[Symbol.iterator] === 'function' ? headers : Object.entries(headers)
  ) as Iterable<[unknown, unknown]>;
  for (const [name, value] of entries)
    for (const one of [value].flat()) if (one !== undefined && one !== null) yield [String(name), String(one)];
}

/** The body: at once where it is there, else once it was read. */
export function readBody(body: unknown): ReadBody | Promise<ReadBody> {
  if (body === undefined || body === null) return { bytes: undefined };
  if (typeof body === 'string') return { bytes: body };
  if (ArrayBuffer.isView(body))
    return { bytes: new Uint8Array(body.buffer as ArrayBuffer, body.byteOffset, body.byteLength).slice() };
  if (body instanceof ArrayBuffer) return { bytes: new Uint8Array(body.slice(0)) };
  if (typeof (body as Blob).arrayBuffer === 'function')
    return (body as Blob).arrayBuffer().then((bytes) => ({ bytes: new Uint8Array(bytes) }));
  if ((body as { [Symbol.toStringTag]?: unknown })[Symbol.toStringTag] === 'FormData') return readForm(body as FormData);
  return readPieces(body as AsyncIterable<string | Uint8Array>);
}

/** A form of any copy of undici, sent as what one of Node's own would be. */
async function readForm(form: FormData): Promise<ReadBody> {
  const own = new FormData();
  for (const [name, value] of form) {
    if (typeof value === 'string') own.append(name, value);
    else own.append(name, new Blob([await value.arrayBuffer()], { type: value.type }), value.name);
  }
  const carrier = new Response(own);
  const type = carrier.headers.get('content-type') ?? '';
  const bytes = new Uint8Array(await carrier.arrayBuffer());
  return { bytes, instead: { body: bytes, type } };
}

/** A stream, or whatever else can be iterated over: it is sent in the same pieces. */
async function readPieces(body: AsyncIterable<string | Uint8Array>): Promise<ReadBody> {
  const pieces: Uint8Array[] = [];
  for await (const piece of body) pieces.push(typeof piece === 'string' ? Buffer.from(piece) : new Uint8Array(piece));
  const again = async function* (): AsyncGenerator<Uint8Array> {
    yield* pieces;
  };
  return { bytes: Buffer.concat(pieces), instead: { body: again() } };
}
