/** A request as an edit has it sent. */
import type { RequestChange } from '../events/edits.ts';
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
  let body: unknown;
  try {
    body = JSON.parse(textOf(request.body));
  } catch {
    return { request, faults: ['its body is no JSON'] };
  }
  const changed = changeBody(body, change);
  const text = JSON.stringify(changed.body);
  const type = request.headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? 'application/json';
  return { request: { ...request, body: text, instead: { body: new TextEncoder().encode(text), type } }, faults: changed.faults };
}

/** A body as text. */
export function textOf(body: string | Uint8Array | undefined): string {
  if (body === undefined) return '';
  return typeof body === 'string' ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString();
}
