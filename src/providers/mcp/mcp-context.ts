/** W3C trace context in the `_meta` of an MCP request: how a server's events find the ones that they happen in, whatever carries the request. Ids only. */
import { readTraceparent } from '../../core/traceparent.ts';
import { hub } from '../../events/ports.ts';
import type { OpenEvent, RemoteParent } from '../../events/ports.ts';
import { fields } from '../fields.ts';

/** `request` with the ids of `event`: a copy down to `_meta`, which is the app's. A context that the app has set itself stays. */
export function withContext(request: any, event: Pick<OpenEvent, 'trace' | 'id'>): unknown {
  const { params } = request;
  if (!hub.propagates || fields(params?._meta)['traceparent'] !== undefined) return request;
  const traceparent = `00-${event.trace}-${event.id}-01`;
  return { ...request, params: { ...params, _meta: { ...params?._meta, traceparent } } };
}

/** The parent that a request names; undefined where it names none. */
export function contextOf(request: unknown): RemoteParent | undefined {
  return readTraceparent(fields(fields(fields(request)['params'])['_meta'])['traceparent']);
}
