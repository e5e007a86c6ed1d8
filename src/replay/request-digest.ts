/** What a request says, as a digest: method, path, query and body. The order of members of a JSON body does not count, nor host, credentials and the boundary of a form. */
import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { redactUrl } from '../core/credentials.ts';

/** A request that `fetch` is asked to send, as data. */
export interface AskedRequest {
  method: string;
  url: string;
  headers: readonly (readonly [string, string])[];
  body: string | Uint8Array | undefined;
}

/** The digest of everything that counts. */
export function digestOf(request: AskedRequest): string {
  return hash(`${routeOf(request)}\n`, bodyOf(request));
}

/** The digest of what stays when times, ids and long numbers are taken out. */
export function maskedDigestOf(request: AskedRequest): string {
  const body = bodyOf(request);
  return hash(masked(`${routeOf(request)}\n`), typeof body === 'string' ? masked(body) : body);
}

/** Method, path and query. */
export function routeOf({ method, url }: Pick<AskedRequest, 'method' | 'url'>): string {
  const redacted = redactUrl(url);
  if (!URL.canParse(redacted)) return `${method} ${redacted}`;
  const { pathname, search } = new URL(redacted);
  return `${method} ${pathname}${search}`;
}

function hash(...parts: (string | Uint8Array)[]): string {
  const sum = createHash('sha256');
  for (const part of parts) sum.update(part);
  return sum.digest('hex').slice(0, 32);
}

/** W3C trace context, which an instrumentation of MCP and the like puts into bodies: of spans, which are others in each run. */
const TRACE_CONTEXT = /\b00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}\b/g;

/** The body in one form, whichever form it was sent in. */
function bodyOf(request: AskedRequest): string | Uint8Array {
  const body = formOf(request);
  return typeof body === 'string' ? body.replace(TRACE_CONTEXT, '<trace>') : body;
}

function formOf({ body, headers }: AskedRequest): string | Uint8Array {
  if (body === undefined) return '';
  const type = headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? '';
  const boundary = /multipart\/.*boundary="?([^";]+)/i.exec(type)?.[1];
  if (boundary !== undefined) return Buffer.from(body).toString('latin1').replaceAll(boundary, 'boundary');
  // A text that was sent is bytes in the recording, and nothing else may say that they are one.
  if (typeof body !== 'string' && !isUtf8(body)) return body;
  const text =
    typeof body === 'string' ? body.toWellFormed() : Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString();
  return /json/.test(type) || /^\s*[[{]/.test(text) ? canonicalText(text) : text;
}

function canonicalText(text: string): string {
  try {
    return canonical(JSON.parse(text));
  } catch {
    return text;
  }
}

/** A JSON value as a text that is the same whatever the order of its members. */
export function canonical(value: unknown): string {
  return JSON.stringify(sorted(value)) ?? '';
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, member]) => [name, sorted(member)]),
  );
}

const MASKS: readonly [RegExp, string][] = [
  [/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?/g, '<time>'],
  [/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi, '<uuid>'],
  [/\b(call|toolu|msg|chatcmpl|resp)_[A-Za-z0-9-]+/g, '<id>'],
  [/\b0\.\d{6,}\b/g, '<fraction>'],
  [/\b\d{4,}(\.\d+)?\b/g, '<number>'],
  [/\b(?=[0-9a-f]*\d)[0-9a-f]{8,64}\b/gi, '<hex>'],
];

/** `text` without times, ids and long numbers. */
export const masked = (text: string): string => MASKS.reduce((all, [pattern, word]) => all.replace(pattern, word), text);
