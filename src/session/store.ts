/** Every session of a client that has not ended, and the one that calls fall into when no other was started. */
import { newSessionId } from '../core/ids.ts';
import type { Recorder } from '../events/ports.ts';
import { factsOf, implicitFacts, whereaboutsIn } from './belonging.ts';
import type { Around } from './belonging.ts';
import { readSessionId } from './context-carrier.ts';
import type { Whereabouts } from './context-carrier.ts';
import { LiveEvent } from './live-event.ts';
import { LiveSession } from './live-session.ts';
import type { SessionEnd, SessionFacts, SessionSettings } from './live-session.ts';
import { createRecorder } from './recorder.ts';
import { scopes } from './scope.ts';
import type { Scope } from './scope.ts';

export interface SessionStore {
  readonly recorder: Recorder;
  /** Starts a session of its own. Without an id, or with one that cannot be a file name, it gets a new one. */
  start(facts: Partial<SessionFacts>): LiveSession;
  /** The session of the running code: of its scope, else the implicit one, which begins with its first event. Where none begins by itself, one that has ended. */
  current(): LiveSession;
  /** Where the running code is, for what it starts elsewhere; null where nothing is recorded. A session that has not begun begins, if the app `asked` or started the client itself. */
  whereabouts(asked: boolean): Whereabouts | null;
  /** The session that calls fall into when no other was started; null when none may begin. */
  implicit(): LiveSession | null;
  readonly closed: boolean;
  get(id: string): LiveSession | undefined;
  all(): LiveSession[];
  /** Ends every session, and lets no other begin. */
  close(end: SessionEnd): void;
}

/** More sessions than these at once are let in, but an app that never ends its sessions is told. */
export const SESSIONS_OPEN_MAX = 10_000;

/** `onEnded` is told of each session that ended; `onCrowd` once, when more than SESSIONS_OPEN_MAX are open. */
export function createSessions(
  settings: SessionSettings,
  listen: { onEnded?: (session: LiveSession, end: SessionEnd) => void; onCrowd?: () => void } = {},
): SessionStore {
  const live = new Map<string, LiveSession>();
  let implicit: LiveSession | null = null;
  let nowhere: LiveSession | null = null;
  let closed = false;
  let crowded = false;

  const make = (facts: SessionFacts): LiveSession => {
    const session = new LiveSession(settings, facts, (ended, end) => {
      live.delete(ended.id);
      if (implicit === ended) implicit = null;
      listen.onEnded?.(ended, end);
    });
    live.set(session.id, session);
    if (live.size > SESSIONS_OPEN_MAX && !crowded) {
      crowded = true;
      listen.onCrowd?.();
    }
    return session;
  };
  const scopeOfOurs = (): Scope | undefined => scopeOf(settings.apart);
  const freeId = (wanted: string | undefined): string => idFor(wanted, live);
  const theImplicit = (): LiveSession => (implicit ??= make(implicitFacts(settings.told, freeId(settings.told?.id))));
  const automatic = (): LiveSession | null => (closed || settings.autoStart === false ? null : theImplicit());
  const recorder = createRecorder(automatic);
  const around = (): Around => {
    const event = recorder.current();
    const ours = event instanceof LiveEvent && event.session.apart === settings.apart ? event : null;
    return { event: ours, session: ours?.session ?? scopeOfOurs()?.session };
  };

  return {
    recorder,
    implicit: automatic,
    get closed() {
      return closed;
    },
    start(facts) {
      const at = settings.placeOf?.();
      const session = make({ ...factsOf(facts, freeId(facts.id), around(), settings.told), ...(at && { at }) });
      session.begin();
      return session;
    },
    current() {
      const scope = scopeOfOurs();
      if (scope && !scope.session.ended) return scope.session;
      return settings.autoStart === false ? (nowhere ??= endedSession(settings)) : theImplicit();
    },
    whereabouts(asked) {
      if (closed) return null;
      const mayBegin = asked || settings.beginsForChildren === true;
      const { event, session: scoped } = around();
      const session = scoped === undefined || scoped.ended ? automatic() : scoped;
      if (session === null || !(session.begun || mayBegin) || !session.begin()) return null;
      return whereaboutsIn(session, event);
    },
    get: (id) => live.get(id),
    all: () => [...live.values()],
    close(end) {
      closed = true;
      for (const session of live.values()) endAtClose(session, end);
      live.clear();
      implicit = null;
    },
  };
}

/** The scope of the running code, where that is in a session of the client `apart`. */
function scopeOf(apart: SessionStore | undefined): Scope | undefined {
  const scope = scopes.getStore();
  return scope?.session.apart === apart ? scope : undefined;
}

/** The id that was asked for, where it can be a file name and is free. */
function idFor(wanted: string | undefined, live: ReadonlyMap<string, unknown>): string {
  const id = readSessionId(wanted);
  return id === undefined || live.has(id) ? newSessionId() : id;
}

/** What code outside of every session is given where none begins by itself. */
function endedSession(settings: SessionSettings): LiveSession {
  const session = new LiveSession(settings, { id: newSessionId() }, () => {});
  session.ended = true;
  return session;
}

/** Ends a session that its app has not ended. */
function endAtClose(session: LiveSession, end: SessionEnd): void {
  // A session in which nothing happened leaves no file, unless the process failed, which is worth a record.
  if (!session.begun && end.state === 'failure') session.begin();
  session.end(session.autoEnd ? end : { ...end, state: 'indeterminate', reason: 'not_ended' });
}
