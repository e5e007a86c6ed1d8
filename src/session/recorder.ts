/** The Recorder port: finds the session and the parent of a call, and opens its event. */
import { guard, reportFault } from '../core/diagnostics.ts';
import { newSpanId } from '../core/ids.ts';
import { hub } from '../events/ports.ts';
import type { EventStart, OpenEvent, Recorder, RemoteParent } from '../events/ports.ts';
import { activeSpanContext } from '../otel/app-context.ts';
import { LiveEvent } from './live-event.ts';
import type { Place } from './live-event.ts';
import type { LiveSession } from './live-session.ts';
import { openAtOrAbove, openEventOf, scopes, unrecorded } from './scope.ts';
import type { Scope } from './scope.ts';

/** A recorder that records into the session of the scope, else into `implicit()`. */
export function createRecorder(implicit: () => LiveSession | null): Recorder {
  return {
    open(start: EventStart): OpenEvent | null {
      try {
        if (unrecorded.getStore() === true) return null;
        const scope = scopes.getStore();
        const above = start.within instanceof LiveEvent ? start.within : innermost(openEventOf(scope), scope);
        const session = takerOf(above?.session, scope?.session, implicit);
        if (session === null || !session.begin()) return null;
        const parent = above?.session === session ? above : null;
        const event = new LiveEvent(session, newSpanId(), placeIn(session, parent, start.remote), start);
        if (start.type === 'llm') for (let at = parent; at !== null && !at.carriesCall; at = at.above) at.carriesCall = true;
        session.opened(event);
        return event;
      } catch (error) {
        reportFault('session.open', error);
        return null;
      }
    },
    current() {
      const scope = scopes.getStore();
      return innermost(openEventOf(scope), scope);
    },
  };
}

/** Who takes what happens in the session of the event around it, or in that of the scope: it, until it has ended; then its own client where that is not the default one. */
function takerOf(
  around: LiveSession | undefined,
  scope: LiveSession | undefined,
  implicit: () => LiveSession | null,
): LiveSession | null {
  if (around !== undefined && !around.ended) return around;
  if (around?.apart !== undefined) return around.apart.implicit();
  if (scope !== undefined && !scope.ended) return scope;
  return scope?.apart === undefined ? implicit() : scope.apart.implicit();
}

/** Of the event that our own scope says and those that frameworks say, the one furthest in; what is in neither's way counts for more when a framework says it. */
function innermost(own: LiveEvent | null, scope: Scope | undefined): LiveEvent | null {
  let found = own;
  for (const bridge of hub.bridges) {
    const said = guard('session.bridge', bridge, null);
    const open = said instanceof LiveEvent ? openAtOrAbove(said) : null;
    // What runs in a session of one client is none of another's, whatever is around it.
    if (open !== null && scope !== undefined && open.session.apart !== scope.session.apart) continue;
    if (open !== null && open !== found && !isInside(found, open)) found = open;
  }
  return found;
}

function isInside(event: LiveEvent | null, outer: LiveEvent): boolean {
  for (let at = event?.above ?? null; at !== null; at = at.above) if (at === outer) return true;
  return false;
}

/** Below the innermost event, else below the parent that came from elsewhere or the app's own active span and in its trace, else below what the session began in, else at the top. */
function placeIn(session: LiveSession, above: LiveEvent | null, remote: RemoteParent | undefined): Place {
  if (above !== null) return { trace: above.trace, parent: above.id, above };
  if (remote !== undefined) return { trace: remote.trace, parent: remote.span, above: null };
  const app = activeSpanContext();
  if (app !== null) return { trace: app.traceId, parent: app.spanId, above: null };
  const { within } = session;
  return { trace: session.trace, ...(within === undefined ? {} : { parent: within.span }), above: null };
}
