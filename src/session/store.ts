/** Every session of a client that has not ended, and the one that calls fall into when no other was started. */
import { newSessionId, SESSION_ID } from '../core/ids.ts';
import type { Recorder } from '../events/ports.ts';
import { LiveSession } from './live-session.ts';
import type { SessionEnd, SessionFacts, SessionSettings } from './live-session.ts';
import { createRecorder } from './recorder.ts';
import { scopes } from './scope.ts';

export interface SessionStore {
  readonly recorder: Recorder;
  /** Starts a session of its own. Without an id, or with one that cannot be a file name, it gets a new one. */
  start(facts: Partial<SessionFacts>): LiveSession;
  /** The session of the running code: of its scope, else the implicit one, which begins with its first event. */
  current(): LiveSession;
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
  const freeId = (wanted: string | undefined): string =>
    wanted !== undefined && SESSION_ID.test(wanted) && !/^\.+$/.test(wanted) && !live.has(wanted) ? wanted : newSessionId();
  const theImplicit = (): LiveSession => (implicit ??= make({ id: newSessionId() }));

  return {
    recorder: createRecorder(() => (closed ? null : theImplicit())),
    start(facts) {
      const parent = facts.parent ?? scopes.getStore()?.session.id;
      const session = make({ ...facts, id: freeId(facts.id), ...(parent === undefined ? {} : { parent }) });
      session.begin();
      return session;
    },
    current() {
      const scope = scopes.getStore();
      return scope && !scope.session.ended ? scope.session : theImplicit();
    },
    get: (id) => live.get(id),
    all: () => [...live.values()],
    close(end) {
      closed = true;
      for (const session of live.values()) {
        // A session in which nothing happened leaves no file, unless the process failed, which is worth a record.
        if (!session.begun && end.state === 'failure') session.begin();
        session.end(end);
      }
      live.clear();
      implicit = null;
    },
  };
}
