/** Whose a request is: the exchange of the event that it happens in, which an SDK's patch may know already; else one of the session of the running code. */
import { hub } from '../events/ports.ts';
import { LiveEvent } from '../session/live-event.ts';
import type { LiveSession } from '../session/live-session.ts';
import { scopes, unrecorded } from '../session/scope.ts';
import type { Asked, ForkMarks, LoggedExchange } from '../recording/log-writer.ts';
import type { AskedRequest } from './request-digest.ts';

/** Begins to record the bytes of a request; null where it is not to be recorded. */
export type OpenBytes = (request: AskedRequest, asked: AskedBy, marks?: ForkMarks) => LoggedExchange | null;

/** Who asks. */
export interface AskedBy {
  readonly lin: string;
  readonly lo: number;
  readonly where: string | undefined;
  /** The answer begins before the request is sent whole. */
  readonly early?: boolean;
}

/** `implicit` gives the session of code that is in none, `outside` what takes requests where there is no such session; null: nothing is recorded there. */
export function openIn(implicit: () => LiveSession | null, outside: () => LiveSession | null): OpenBytes {
  return ({ method, url, headers, body }, asking, marks) => {
    if (unrecorded.getStore() === true) return null;
    const request = { method, url, headers, ...(body !== undefined && { body }) };
    const asked = { ...askedBy(asking), ...marks };
    const event = hub.recorder?.current() ?? null;
    if (event instanceof LiveEvent && !event.session.ended) return event.fetched(request, asked);
    return open(scopes.getStore()?.session, implicit, outside)?.log.exchange(request, undefined, asked) ?? null;
  };
}

/** Something is about to happen that belongs to a session, and is no request. */
export function beginSession(implicit: () => LiveSession | null): void {
  if (unrecorded.getStore() !== true) open(scopes.getStore()?.session, implicit, () => null);
}

function open(
  scope: LiveSession | undefined,
  implicit: () => LiveSession | null,
  outside: () => LiveSession | null,
): LiveSession | null {
  // What ran in a session of a further client is not the default one's when that is over.
  const nearest = scope?.apart === undefined ? implicit : scope.apart.implicit;
  const session = (scope === undefined || scope.ended ? nearest() : scope) ?? outside();
  return session?.begin() === true ? session : null;
}

function askedBy({ lin, lo, where, early }: AskedBy): Asked {
  return { lin, lo, ...(where !== undefined && { where }), ...(early === true && { early }) };
}
