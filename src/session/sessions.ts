/** The public functions about sessions. With no client started, they return a session that records nothing and runs what it is given. */
import { newSessionId } from '../core/ids.ts';
import type { SessionState, SessionStats, EndReason } from '../events/model.ts';
import type { LiveSession, SessionFacts } from './live-session.ts';
import { scopes } from './scope.ts';
import { emptyStats } from '../analysis/stats.ts';
import type { SessionStore } from './store.ts';
import { watchOutcome } from './watch.ts';

export interface SessionOptions {
  /** Letters, digits, `.`, `_`, `-`; at most 128. A new one when absent or taken. */
  id?: string;
  name?: string;
  tags?: string[];
  agent?: { id?: string; name?: string; version?: string };
  environment?: string;
  /** Id of the session that this one belongs to; the session of the running code when absent. */
  parent?: string;
}

/** One conversation or job. */
export interface Session {
  readonly id: string;
  /** Runs `fn`, and whatever it awaits or schedules, in this session. Does not end it. */
  run<T>(fn: () => T): T;
  /** Ends the session. Without arguments: `failure` when its last `run` threw, else `success`. The first call counts. */
  end(state?: SessionState, reason?: EndReason): void;
  stats(): SessionStats;
  addTags(...tags: string[]): void;
  setTags(tags: string[]): void;
  [Symbol.asyncDispose](): Promise<void>;
}

const SLOT = Symbol.for('hindcast.sessions.v1');
/** The sessions of the process's client. On a symbol, so that a second copy of this package talks about the same ones. */
const slot = ((globalThis as Record<symbol, unknown>)[SLOT] ??= { store: null }) as { store: SessionStore | null };

/** Puts a client's sessions behind the public functions; null: there is no client. */
export function useSessions(store: SessionStore | null): void {
  slot.store = store;
}

/** Starts a session beside those that run. */
export function startSession(options: SessionOptions = {}): Session {
  return slot.store === null ? inert() : handle(slot.store.start(given(options)));
}

/** The session that the running code's calls go to. */
export function currentSession(): Session {
  return slot.store === null ? inert() : handle(slot.store.current());
}

/** A session that has not ended. */
export function getSession(id: string): Session | undefined {
  const session = slot.store?.get(id);
  return session && handle(session);
}

/** Ends one session: that of `id`, else that of the running code. */
export function endSession(id?: string, state?: SessionState, reason?: EndReason): void {
  const session = id === undefined ? slot.store?.current() : slot.store?.get(id);
  if (session) end(session, state, reason);
}

/** Ends every session that runs. */
export function endAllSessions(state?: SessionState, reason?: EndReason): void {
  for (const session of slot.store?.all() ?? []) end(session, state, reason);
}

function end(session: LiveSession, state?: SessionState, reason?: EndReason): void {
  const threw = state === undefined && session.lastRun === 'threw';
  session.end({ state: state ?? (threw ? 'failure' : 'success'), reason: reason ?? (threw ? 'exception' : 'ended') });
}

function given(options: SessionOptions): Partial<SessionFacts> {
  const facts: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(options)) if (value !== undefined) facts[name] = value;
  return facts;
}

/** One handle a session, so that `currentSession() === session`. */
const handles = new WeakMap<LiveSession, Session>();

/** The public face of a session. */
export function handle(session: LiveSession): Session {
  const known = handles.get(session);
  if (known) return known;
  const made: Session = {
    id: session.id,
    run<T>(fn: () => T): T {
      if (session.ended) return fn();
      return watchOutcome(
        () => scopes.run({ session, event: null }, fn),
        (outcome) => (session.lastRun = outcome.threw ? 'threw' : 'returned'),
      );
    },
    end: (state, reason) => end(session, state, reason),
    stats: () => session.totals(),
    addTags: (...tags) => (session.tags = [...session.tags, ...tags]),
    setTags: (tags) => (session.tags = tags),
    async [Symbol.asyncDispose]() {
      end(session);
    },
  };
  handles.set(session, made);
  return made;
}

function inert(): Session {
  return {
    id: newSessionId(),
    run: (fn) => fn(),
    end: () => {},
    stats: emptyStats,
    addTags: () => {},
    setTags: () => {},
    async [Symbol.asyncDispose]() {},
  };
}
