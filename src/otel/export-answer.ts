/** What a server's answer to an export says. */
import { retryAfterOf } from './backoff.ts';

/**
 * The fate of one request. `accepted`: the server has the spans, but for `rejected` of them, which it will never take. `retry`: it does not have them yet; `status` is
 * there when it had begun to answer. `too-large`: send less at a time. `refused`: it does not want them.
 */
export type Answer =
  | { kind: 'accepted'; rejected?: number; message?: string }
  | { kind: 'retry'; afterMs?: number; reason: string; status?: number }
  | { kind: 'too-large' }
  | { kind: 'refused'; status: number; reason: string };

/** An answer as it came over HTTP. */
export interface HttpAnswer {
  status: number;
  retryAfter: string | undefined;
  contentType: string;
  body: Buffer;
}

/** Those that OTLP names, and 408, which says of itself that the request may be repeated. */
const RETRYABLE = new Set([408, 429, 502, 503, 504]);

/** Reads an answer. */
export function answerOf(http: HttpAnswer, nowMs: number): Answer {
  const { status } = http;
  if (status >= 200 && status < 300) return { kind: 'accepted', ...partialSuccess(http) };
  if (RETRYABLE.has(status)) {
    const afterMs = retryAfterOf(http.retryAfter, nowMs);
    return { kind: 'retry', reason: `HTTP ${status}`, ...(afterMs === undefined ? {} : { afterMs }) };
  }
  if (status === 413) return { kind: 'too-large' };
  return { kind: 'refused', status, reason: `HTTP ${status}` };
}

interface Partial {
  rejected?: number;
  message?: string;
}

/** `partial_success` of an answer in protobuf or JSON. What cannot be read says nothing: the status was success. */
function partialSuccess({ body, contentType }: HttpAnswer): Partial {
  if (body.length === 0) return {};
  try {
    const found = contentType.includes('json')
      ? partialOfJson(body)
      : contentType.includes('protobuf')
        ? partialOfProtobuf(body)
        : {};
    return {
      ...(found.rejected !== undefined && Number.isSafeInteger(found.rejected) && found.rejected > 0
        ? { rejected: found.rejected }
        : {}),
      ...(found.message ? { message: found.message } : {}),
    };
  } catch {
    return {};
  }
}

function partialOfJson(body: Buffer): Partial {
  const partial = (
    JSON.parse(body.toString()) as { partialSuccess?: { rejectedSpans?: number | string; errorMessage?: string } } | null
  )?.partialSuccess;
  const message = partial?.errorMessage;
  return { rejected: Number(partial?.rejectedSpans ?? 0), ...(typeof message === 'string' ? { message } : {}) };
}

/** ExportTraceServiceResponse { partial_success = 1 { rejected_spans = 1; error_message = 2 } } */
function partialOfProtobuf(body: Buffer): Partial {
  const partial = fieldsOf(body).get(1);
  if (!Buffer.isBuffer(partial)) return {};
  const fields = fieldsOf(partial);
  const rejected = fields.get(1);
  const message = fields.get(2);
  return {
    ...(typeof rejected === 'number' ? { rejected } : {}),
    ...(Buffer.isBuffer(message) ? { message: message.toString() } : {}),
  };
}

/** The last value of each field of one protobuf message. Throws on bytes that are none. */
function fieldsOf(bytes: Buffer): Map<number, number | Buffer> {
  const fields = new Map<number, number | Buffer>();
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = bytes[at++];
      if (byte === undefined || shift > 2 ** 63) throw new RangeError('not protobuf');
      value += (byte & 0x7f) * shift;
      if (byte < 0x80) return value;
    }
  };
  const take = (size: number): Buffer => {
    if (at + size > bytes.length) throw new RangeError('not protobuf');
    at += size;
    return bytes.subarray(at - size, at);
  };
  while (at < bytes.length) {
    const key = varint();
    const wire = key % 8;
    const field = Math.floor(key / 8);
    if (wire === 0) fields.set(field, varint());
    else if (wire === 2) fields.set(field, take(varint()));
    else if (wire === 1 || wire === 5) take(wire === 1 ? 8 : 4);
    else throw new RangeError('not protobuf');
  }
  return fields;
}
