/** The public functions about sessions. With no client started, they return a session that records nothing and runs what it is given. */
import { guard } from '../core/diagnostics.ts';
import { newSessionId } from '../core/ids.ts';
import type { MetadataValue, SessionLink } from '../events/lines.ts';
import type { SessionState, SessionStats, EndReason } from '../events/model.ts';
import { readTraceparent } from '../core/traceparent.ts';
import { readIncoming, readSessionId, writeEnv, writeHeaders } from './context-carrier.ts';
import type { ContextEnv, ContextHeaders, IncomingHeaders, Whereabouts } from './context-carrier.ts';
import type { LiveSession, SessionFacts } from './live-session.ts';
import { readReason, readState } from './end-words.ts';
import { agentFrom, cleanLinks, cleanTags, mergeMetadata, textOf } from './said.ts';
import { scopes, unrecorded } from './scope.ts';
import { emptyStats } from '../analysis/stats.ts';
import type { SessionStore } from './store.ts';
import { watchOutcome } from './watch.ts';

/** What a session starts with. What cannot be used is left out, and nothing throws. */
export interface SessionOptions {
  /** Letters, digits, `.`, `_`, `-`; at most 128. A new one when absent or taken. */
  id?: string;
  name?: string;
  /** Added to those of `init()`. At most 100 of at most 200 characters. */
  tags?: string[];
  /** As `Session.setMetadata`. */
  metadata?: SessionMetadata;
  /** As `Session.attachLink`. */
  links?: SessionLink[];
  agent?: { id?: string; name?: string; version?: string };
  environment?: string;
  /** Id of the session that this one belongs to; when absent that of the running code, else the one that this process was started in. */
  parent?: string;
  /** The span that it begins in, as W3C `traceparent`: its events join that trace, and its outermost ones are children of that span. */
  traceparent?: string;
  /**
   * Headers of the request that it answers (a `Headers`, or Node's `request.headers`): `traceparent` and `hindcast.session` of `baggage` say what it belongs to,
   * where `parent` and `traceparent` do not. Whoever sends the request can name any session: give it only what comes from callers that you trust.
   */
  from?: IncomingHeaders;
  /** False: if the app does not end it, it is `not_ended`. As the option `autoEnd` unless said. */
  autoEnd?: boolean;
}

/** Names and values of the app's own. A member that is undefined or null is taken away. */
export type SessionMetadata = Record<string, MetadataValue | null | undefined>;

/** One conversation or job. */
export interface Session {
  readonly id: string;
  readonly name: string | undefined;
  /** Id of the session that it belongs to, in this or another process. */
  readonly parentId: string | undefined;
  /** Those of `init()` first. */
  readonly tags: readonly string[];
  readonly metadata: Readonly<Record<string, MetadataValue>>;
  readonly links: readonly SessionLink[];
  /** Runs `fn`, and whatever it awaits or schedules, in this session. Does not end it. */
  run<T>(fn: () => T): T;
  /** Ends the session. Without arguments: `failure` when its last `run` threw, else `success`. The first call counts. */
  end(state?: SessionState, reason?: EndReason): void;
  stats(): SessionStats;
  /** Adds tags: at most 100 are kept, of at most 200 characters. */
  addTags(...tags: string[]): void;
  /** Replaces all tags. */
  setTags(tags: string[]): void;
  /**
   * Adds to the metadata, or replaces what is there; a member that is undefined or null is taken away. At most 64 members, names of at most 100 characters and texts of at
   * most 1,000. Recorded in mode `full` only.
   */
  setMetadata(metadata: SessionMetadata): void;
  /**
   * Says what else belongs to the session: a video, a report, an artefact. An absolute URL of at most 2,000 characters, without `javascript:` and `data:`; a user and password in
   * it are taken out. At most 64; a further one to the same URL replaces the first. Recorded in mode `full` only.
   */
  attachLink(link: SessionLink): void;
  [Symbol.asyncDispose](): Promise<void>;
}

const SLOT = Symbol.for('hindcast.sessions.v1');
/** The sessions of the process's client. On a symbol, so that a second copy of this package talks about the same ones. */
const slot = ((globalThis as Record<symbol, unknown>)[SLOT] ??= { store: null }) as { store: SessionStore | null };

/** Puts a client's sessions behind the public functions; null: there is no client. */
export function useSessions(store: SessionStore | null): void {
  slot.store = store;
}

/** The sessions of the client that the running code belongs to. */
function here(): SessionStore | null {
  const apart = scopes.getStore()?.session.apart;
  if (apart === undefined) return slot.store;
  return apart.closed ? null : apart;
}

/** Starts a session beside those that run. */
export function startSession(options: SessionOptions = {}): Session {
  return startIn(here(), options);
}

/** Starts a session among those of one client; without one, it records nothing. */
export function startIn(store: SessionStore | null, options: SessionOptions): Session {
  const session = store === null ? null : guard('session.start', () => handle(store.start(given(options))), null);
  return session ?? inert();
}

/** The session that the running code's calls go to. */
export function currentSession(): Session {
  const store = here();
  const session = store === null ? null : guard('session.current', () => handle(store.current()), null);
  return session ?? inert();
}

/** A session that has not ended. */
export function getSession(id: string): Session | undefined {
  const session = here()?.get(id);
  return session && handle(session);
}

/** Ends one session: that of `id`, else that of the running code. */
export function endSession(id?: string, state?: SessionState, reason?: EndReason): void {
  const session = id === undefined ? here()?.current() : here()?.get(id);
  if (session) end(session, state, reason);
}

/** Ends every session that runs. */
export function endAllSessions(state?: SessionState, reason?: EndReason): void {
  for (const session of here()?.all() ?? []) end(session, state, reason);
}

function end(session: LiveSession, saidState?: SessionState, saidReason?: EndReason): void {
  const [state, reason] = [readState(saidState), readReason(saidReason)];
  const threw = state === undefined && session.lastRun === 'threw';
  const said = { state: state ?? (threw ? 'failure' : 'success'), reason: reason ?? (threw ? 'exception' : 'ended') } as const;
  guard('session.end', () => session.end(said), undefined);
}

/** Headers for a request to another process that records: it hands them to `startSession({ from })`. Empty where nothing is recorded. */
export function contextHeaders(): ContextHeaders {
  const where = whereabouts(true);
  return where === null ? {} : writeHeaders(where);
}

/** Environment variables for a process that is started where hindcast does not see it: in a container, on another machine. Empty where nothing is recorded. */
export function contextEnv(): ContextEnv {
  const where = whereabouts(true);
  return where === null ? {} : writeEnv(where);
}

/** The session and the span of the running code, as `SessionStore.whereabouts`. */
export function whereabouts(asked: boolean): Whereabouts | null {
  if (unrecorded.getStore() === true) return null;
  return guard('session.whereabouts', () => here()?.whereabouts(asked) ?? null, null);
}

/** The options as facts. JavaScript lets anything through. */
function given(options: unknown): Partial<SessionFacts> {
  return guard('session.options', () => factsFrom((options ?? {}) as SessionOptions), {});
}

function factsFrom({ autoEnd, from, ...options }: SessionOptions): Partial<SessionFacts> {
  const { session, within } = guard('session.from', () => readIncoming(from), {});
  const facts: { [K in keyof SessionFacts]?: SessionFacts[K] | undefined } = {
    id: textOf(options.id),
    name: textOf(options.name),
    environment: textOf(options.environment),
    parent: readSessionId(options.parent) ?? session,
    within: readTraceparent(options.traceparent) ?? within,
    agent: agentFrom(options.agent),
    tags: cleanTags(options.tags),
    metadata: mergeMetadata({}, options.metadata),
    links: cleanLinks(options.links),
    ...(typeof autoEnd === 'boolean' && { autoEnd }),
  };
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined && value !== null));
}

/** One handle a session, so that `currentSession() === session`. */
const handles = new WeakMap<LiveSession, Session>();
const lives = new WeakMap<Session, LiveSession>();

/** The session behind its public face; undefined of one that records nothing. */
export function liveSession(session: Session): LiveSession | undefined {
  return lives.get(session);
}

/** The public face of a session. */
export function handle(session: LiveSession): Session {
  const known = handles.get(session);
  if (known) return known;
  const made: Session = {
    id: session.id,
    name: session.name,
    parentId: session.parent,
    get tags() {
      return session.tags;
    },
    get metadata() {
      return session.metadata;
    },
    get links() {
      return session.links;
    },
    run<T>(fn: () => T): T {
      // What runs in a session of a further client goes to no other one, also when it is over.
      if (session.ended && session.apart === undefined) return fn();
      return watchOutcome(
        () => scopes.run({ session, event: null }, fn),
        (outcome) => (session.lastRun = outcome.threw ? 'threw' : 'returned'),
      );
    },
    end: (state, reason) => end(session, state, reason),
    stats: () => guard('session.stats', () => session.totals(), emptyStats()),
    addTags: (...tags) => saying(() => (session.tags = [...session.tags, ...tags])),
    setTags: (tags) => saying(() => (session.tags = tags)),
    setMetadata: (metadata) => saying(() => session.setMetadata(metadata)),
    attachLink: (link) => saying(() => session.attachLink(link)),
    async [Symbol.asyncDispose]() {
      end(session);
    },
  };
  handles.set(session, made);
  lives.set(made, session);
  return made;
}

/** What the app hands over may throw when it is looked at. */
const saying = (say: () => unknown): void => guard('session.say', () => void say(), undefined);

/** A session that records nothing. */
export function inert(): Session {
  return {
    id: newSessionId(),
    name: undefined,
    parentId: undefined,
    tags: [],
    metadata: {},
    links: [],
    run: (fn) => fn(),
    end: () => {},
    stats: emptyStats,
    addTags: () => {},
    setTags: () => {},
    setMetadata: () => {},
    attachLink: () => {},
    async [Symbol.asyncDispose]() {},
  };
}
