/** What a session is part of: what is said of it, else the session of the code that starts it, else what the process was told. */
import type { RemoteParent } from '../events/ports.ts';
import { activeSpanContext } from '../otel/app-context.ts';
import type { Whereabouts } from './context-carrier.ts';
import type { LiveEvent } from './live-event.ts';
import type { LiveSession, SessionFacts, ToldSession } from './live-session.ts';

/** Where the running code is: the innermost open event, and its session or that of the scope. */
export interface Around {
  event: LiveEvent | null;
  session: LiveSession | undefined;
}

/** The facts of a session that is started in `around`, with what it belongs to. */
export function factsOf(given: Partial<SessionFacts>, id: string, around: Around, told: ToldSession | undefined): SessionFacts {
  const { parent: _parent, within: _within, ...facts } = given;
  const parent = given.parent ?? around.session?.id ?? told?.parent;
  const within = given.within ?? spanFor(parent, around, told);
  return withoutItself({
    ...facts,
    id,
    ...(parent === undefined ? {} : { parent }),
    ...(within === undefined ? {} : { within }),
  });
}

/** The facts of the session that calls fall into when no other was started. */
export function implicitFacts(told: ToldSession | undefined, id: string): SessionFacts {
  return withoutItself({ ...told, id });
}

/** Where code in `session` is, for what it starts elsewhere. The app's own active span counts where no event of ours is around it. */
export function whereaboutsIn(session: LiveSession, event: LiveEvent | null): Whereabouts {
  if (event !== null) return { session: session.id, within: spanOf(event), sampled: true };
  const app = activeSpanContext();
  if (app === null) return { session: session.id, within: session.within, sampled: true };
  return { session: session.id, within: { trace: app.traceId, span: app.spanId }, sampled: app.sampled };
}

/** The span that goes with a parent: one of another session is no place for it. */
function spanFor(parent: string | undefined, around: Around, told: ToldSession | undefined): RemoteParent | undefined {
  if (around.session !== undefined && parent === around.session.id)
    return around.event === null ? around.session.within : spanOf(around.event);
  return parent === told?.parent ? told?.within : undefined;
}

const spanOf = ({ trace, id }: LiveEvent): RemoteParent => ({ trace, span: id });

/** No session is part of itself: a process that is given the id of its own session records more of that one. */
function withoutItself({ parent, ...facts }: SessionFacts): SessionFacts {
  return parent === undefined || parent === facts.id ? facts : { ...facts, parent };
}
