/** The Recorder port: finds the session and the parent of a call, and opens its event. */
import { reportFault } from '../core/diagnostics.ts';
import { newSpanId } from '../core/ids.ts';
import type { EventStart, OpenEvent, Recorder } from '../events/ports.ts';
import { activeSpanContext } from '../otel/app-context.ts';
import { LiveEvent } from './live-event.ts';
import type { Place } from './live-event.ts';
import type { LiveSession } from './live-session.ts';
import { openEventOf, scopes } from './scope.ts';

/** A recorder that records into the session of the scope, else into `implicit()`. */
export function createRecorder(implicit: () => LiveSession | null): Recorder {
  return {
    open(start: EventStart): OpenEvent | null {
      try {
        const scope = scopes.getStore();
        const inner = openEventOf(scope);
        const session = inner?.session ?? (scope && !scope.session.ended ? scope.session : implicit());
        if (session === null || !session.begin()) return null;
        const event = new LiveEvent(session, newSpanId(), placeIn(session, inner), start);
        session.opened(event);
        return event;
      } catch (error) {
        reportFault('session.open', error);
        return null;
      }
    },
    current: () => openEventOf(scopes.getStore()),
  };
}

/** Below the innermost open event, else below the app's own active span and in its trace, else at the top. */
function placeIn(session: LiveSession, above: LiveEvent | null): Place {
  if (above !== null) return { trace: above.trace, parent: above.id, above };
  const app = activeSpanContext();
  if (app !== null) return { trace: app.traceId, parent: app.spanId, above: null };
  return { trace: session.trace, above: null };
}
