/** A request as an edit has it sent. */
import { isUtf8 } from 'node:buffer';
import { unpacked } from '../core/content-encoding.ts';
import type { RequestChange } from '../events/edits.ts';
import type { SentBody } from '../events/lines.ts';
import { sentBody } from '../recording/sent-body.ts';
import { changeBody } from './request-change.ts';
import type { SentRequest } from './sent-request.ts';

export interface ChangedRequest {
  request: SentRequest;
  /** What of the change does not fit: sentences for a person. */
  faults: string[];
}

/** The request with its body changed. One that is no JSON stays as it is. */
export function changeRequest(request: SentRequest, change: RequestChange): ChangedRequest {
  // Sent once more, as it was asked.
  if (change.set === undefined && change.replace === undefined) return { request, faults: [] };
  const packed = request.headers.find(([name]) => isEncoding(name))?.[1];
  let body: unknown;
  try {
    body = JSON.parse(textOf(packed === undefined ? request.body : unpacked(Buffer.from(request.body ?? ''), packed)));
  } catch {
    return { request, faults: ['its body is no JSON'] };
  }
  const changed = changeBody(body, change);
  const text = JSON.stringify(changed.body);
  const type = request.headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? 'application/json';
  // What was packed is sent as it is.
  const headers = request.headers.filter(([name]) => !isEncoding(name));
  const instead = { body: new TextEncoder().encode(text), type, ...(packed !== undefined && { unpacked: true as const }) };
  return { request: { ...request, headers, body: text, instead }, faults: changed.faults };
}

const isEncoding = (name: string): boolean => name.toLowerCase() === 'content-encoding';

/** What was sent in the place of what the program asked, as it is recorded. */
export function sentInstead(asked: SentRequest['body'], sent: SentRequest['body']): SentBody {
  // Bytes that are no text have nothing in common with one.
  const isText = asked === undefined || typeof asked === 'string' || isUtf8(asked);
  return sentBody(isText ? textOf(asked) : '', textOf(sent));
}

/** A body as text. */
export function textOf(body: string | Uint8Array | undefined): string {
  if (body === undefined) return '';
  return typeof body === 'string' ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString();
}
