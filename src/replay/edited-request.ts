/** A request as an edit has it sent. */
import { isUtf8 } from 'node:buffer';
import { packed, unpacked } from '../core/content-encoding.ts';
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
  const encoding = headerOf(request, 'content-encoding');
  let body: unknown;
  try {
    body = JSON.parse(plainText(request));
  } catch {
    return { request, faults: ['its body is no JSON'] };
  }
  const changed = changeBody(body, change);
  const text = JSON.stringify(changed.body);
  const bytes = new Uint8Array(packed(Buffer.from(text), encoding));
  const type = headerOf(request, 'content-type') ?? 'application/json';
  const sent = { ...request, body: encoding === undefined ? text : bytes, instead: { body: bytes, type } };
  return { request: sent, faults: changed.faults };
}

const headerOf = ({ headers }: Pick<SentRequest, 'headers'>, name: string): string | undefined =>
  headers.find(([key]) => key.toLowerCase() === name)?.[1];

/** A body as text, unpacked. */
export function plainText(request: Pick<SentRequest, 'headers' | 'body'>): string {
  const encoding = headerOf(request, 'content-encoding');
  return textOf(encoding === undefined ? request.body : unpacked(Buffer.from(request.body ?? ''), encoding));
}

/** The text that was sent in the place of what the program asked, as it is recorded. */
export function sentInstead(asked: SentRequest['body'], sent: string): SentBody {
  // Bytes that are no text have nothing in common with one.
  const isText = asked === undefined || typeof asked === 'string' || isUtf8(asked);
  return sentBody(isText ? textOf(asked) : '', sent);
}

/** A body as text. */
export function textOf(body: string | Uint8Array | undefined): string {
  if (body === undefined) return '';
  return typeof body === 'string' ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString();
}
