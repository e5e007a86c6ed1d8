/** One session while it runs: its recording, its open events, its totals. */
import { epochUs, monotonicUs } from '../core/clock.ts';
import { guard } from '../core/diagnostics.ts';
import { newSessionId, newTraceId } from '../core/ids.ts';
import type { ForkFacts } from '../events/edits.ts';
import { REPLAY_FLAG } from '../events/lines.ts';
import type { EndLine, RecordMode, SessionLine, SessionLink } from '../events/lines.ts';
import type {
  AgentFacts,
  EndReason,
  ErrorFacts,
  EventType,
  LlmFacts,
  SessionState,
  SessionStats,
  SpanEvent,
} from '../events/model.ts';
import type { Outcome, RemoteParent } from '../events/ports.ts';
import type { Guard } from '../events/lines.ts';
import { openLog } from '../recording/log-writer.ts';
import type { LogOptions, SessionLog } from '../recording/session-log.ts';
import type { EventPlace } from '../recording/recording.ts';
import type { DiskGauge } from '../recording/disk-gauge.ts';
import type { LiveEvent } from './live-event.ts';
import { cleanLinks, cleanTags, differing, mergeMetadata, withLink } from './said.ts';
import type { Said } from './said.ts';
import type { SessionStore } from './store.ts';
import { costOf } from '../analysis/prices.ts';
import type { PriceTable } from '../analysis/prices.ts';
import { countEvent, emptyStats } from '../analysis/stats.ts';

/** Taken at once: a replay gives the app that of the process that was recorded. */
const { pid } = process;

/** The app's own reading of an error that ended an event. */
export type FailureClassifier = (
  error: unknown,
  event: { type: EventType; name: string; error: ErrorFacts | undefined },
) => { type: string; code: string } | undefined;

/** What is kept of what the program prints: nothing, what methods of `console` print, or whatever goes to stdout and stderr. */
export type CaptureMode = 'off' | 'console' | 'all';

/** What every session of a client has in common. */
export interface SessionSettings {
  mode: RecordMode;
  /** The folder of the recordings. */
  dir: string;
  /** How much may be written there. */
  gauge?: DiskGauge;
  /** Writer, as `name/version`. */
  sdk: string;
  prices: PriceTable;
  agent?: AgentFacts;
  environment?: string;
  service?: string;
  tags?: string[];
  /** What the process was told of the sessions that it records, by its environment or its options. */
  told?: ToldSession;
  /** False: what happens outside of every started session is not recorded. */
  autoStart?: boolean;
  /** False: a session that the app did not end is `not_ended`. */
  autoEnd?: boolean;
  /** The program itself started the client: its session begins also because a child process is given it. */
  beginsForChildren?: boolean;
  /** What kind of failure an error is; undefined leaves it to hindcast. May throw. */
  classify?: FailureClassifier | undefined;
  /** Code of the app's own that stands between the recordings and the backend. */
  guards?: readonly Guard[];
  /** The sessions of a client that is not the default one: what happens in them goes to no other client's. */
  apart?: SessionStore;
  /** Of the header: what a replayer must reproduce. */
  flags?: readonly number[];
  /** Where the running code is in the program, told of each session that is started: for its header. */
  placeOf?: () => EventPlace | undefined;
  /** Of the header: of what that session is a fork. */
  forkOf?: (session: SessionFacts) => ForkFacts | undefined;
  /** Of the header: which process this is. */
  process?: string;
  /** Told of the file of each recording when it is made, before anything is in it that could be exported. */
  onFile?: (path: string) => void;
  /** Told of each finished event once it is on disk; the argument of the exporter's queue. */
  onEvent?: (path: string, header: SessionLine, event: SpanEvent, endOffset: number) => void;
  /** Told when a session begins: the first thing happened in it, or it was started on purpose. */
  onBegin?: (session: LiveSession) => void;
  /** What of the output of the program is kept. */
  captureLogs?: CaptureMode;
  /** Told before the last line of a session is written, where it has a recording. */
  onEnding?: (session: LiveSession) => void;
}

/** Id and name of the implicit session, and what every session of the process belongs to that belongs to nothing nearer. */
export interface ToldSession {
  id?: string;
  name?: string;
  parent?: string;
  within?: RemoteParent;
}

/** What one session has of its own. */
export interface SessionFacts {
  id: string;
  name?: string;
  parent?: string;
  /** The span that it begins in. */
  within?: RemoteParent;
  tags?: string[];
  metadata?: unknown;
  links?: unknown;
  autoEnd?: boolean;
  agent?: AgentFacts;
  environment?: string;
  /** It is none of the app's: see `LiveSession.outside`. */
  outside?: true;
  /** Where it was started. */
  at?: EventPlace;
}

/** How a session ended. */
export interface SessionEnd {
  state: SessionState;
  reason: EndReason;
  exitCode?: number;
  signal?: string;
}

/** The name of the recording of what comes in while no session is open. */
const OUTSIDE = 'outside of sessions';

const NOTHING_SAID: Said = { tags: [], metadata: {}, links: [] };

export class LiveSession {
  readonly id: string;
  /** Trace of what happens in it outside of every other trace. */
  readonly trace: string;
  readonly stats: SessionStats = emptyStats();
  ended = false;
  /** What was printed in it and is not kept. */
  logsDropped: EndLine['logsDropped'];
  /** How the last `run` came out, which is what `end()` goes by when it is not told. */
  lastRun: 'none' | 'returned' | 'threw' = 'none';
  readonly #settings: SessionSettings;
  readonly #facts: SessionFacts;
  readonly #onEnded: (session: LiveSession, end: SessionEnd) => void;
  readonly #events = new Set<LiveEvent>();
  #said: Said;
  /** What its header says. */
  #saidAtBegin: Said;
  #log: SessionLog | null = null;
  #startedUs = monotonicUs();
  #full = false;

  constructor(settings: SessionSettings, facts: SessionFacts, onEnded: (session: LiveSession, end: SessionEnd) => void) {
    this.id = facts.id;
    this.#settings = settings;
    this.#facts = facts;
    this.#onEnded = onEnded;
    this.trace = facts.within?.trace ?? newTraceId();
    const tags = cleanTags([...(settings.tags ?? []), ...(facts.tags ?? [])]);
    this.#said = { tags, metadata: mergeMetadata({}, facts.metadata), links: cleanLinks(facts.links) };
    this.#saidAtBegin = this.#said;
  }

  /** The recording. Only to be asked after `begin()` said true. */
  get log(): SessionLog {
    return this.#log as SessionLog;
  }

  /** The folder that its recording is in, or would be. */
  get folder(): string {
    return this.#settings.dir;
  }

  /** Whether something has happened in it, or it was started on purpose. */
  get begun(): boolean {
    return this.#log !== null;
  }

  /** Whether a patch of `fetch` records the bytes of exchanges. */
  get fetches(): boolean {
    return this.#settings.flags?.includes(REPLAY_FLAG) === true;
  }

  /** Whether what was said is kept. */
  get full(): boolean {
    return this.begun ? this.#full : this.#settings.mode === 'full';
  }

  get openEvents(): number {
    return this.#events.size;
  }

  /** Begins the recording unless it is there. False when the session has ended. */
  begin(): boolean {
    if (this.#log !== null || this.ended) return !this.ended;
    this.#full = this.#settings.mode === 'full';
    this.#startedUs = monotonicUs();
    this.#saidAtBegin = this.#said;
    const { onEvent, onFile, onBegin } = this.#settings;
    const log = openLog({
      dir: this.#settings.dir,
      header: this.#header(),
      gauge: this.#settings.gauge,
      ...(onFile === undefined ? {} : { onBegin: onFile }),
      ...(onEvent === undefined
        ? {}
        : { onEvent: (event: SpanEvent, header: SessionLine, endOffset: number) => onEvent(log.path, header, event, endOffset) }),
    });
    this.#log = log;
    onBegin?.(this);
    return true;
  }

  /** A session of nobody's, recorded beside this one: what comes into the process while no session is open. It is never exported. */
  outside(): LiveSession {
    const { onBegin: _onBegin, onEnding: _onEnding, onFile: _onFile, onEvent: _onEvent, ...settings } = this.#settings;
    const parent = settings.told?.parent;
    return new LiveSession(
      settings,
      { id: newSessionId(), name: OUTSIDE, outside: true, ...(parent !== undefined && { parent }) },
      () => {},
    );
  }

  opened(event: LiveEvent): void {
    this.#events.add(event);
  }

  /** Takes a finished event: counted and on disk when this returns. */
  take(event: LiveEvent, line: SpanEvent): void {
    this.#events.delete(event);
    if (this.ended) return;
    countEvent(this.stats, line);
    this.log.event(line);
  }

  /** What is kept of what is printed in it. */
  get captures(): CaptureMode {
    return this.full ? (this.#settings.captureLogs ?? 'off') : 'off';
  }

  /** The sessions that this one is among, where its client is not the default one. */
  get apart(): SessionStore | undefined {
    return this.#settings.apart;
  }

  /** The app's own word for what kind of failure an error is. */
  get classify(): SessionSettings['classify'] {
    return this.#settings.classify;
  }

  /** The agent of the session, as its header names it. */
  get agent(): AgentFacts | undefined {
    return this.#facts.agent ?? this.#settings.agent;
  }

  /** An agent that is not the one that the recording's header names. */
  foreign(agent: AgentFacts | undefined): AgentFacts | undefined {
    if (agent === undefined) return undefined;
    const own = this.log.header.agent;
    return own?.id === agent.id && own?.name === agent.name && own?.version === agent.version ? undefined : agent;
  }

  costOf(llm: LlmFacts): { usd: number; priced: string } | undefined {
    return costOf(this.#settings.prices, llm);
  }

  get name(): string | undefined {
    return this.#facts.name;
  }

  get parent(): string | undefined {
    return this.#facts.parent;
  }

  /** The span that it began in: parent of its outermost events. */
  get within(): RemoteParent | undefined {
    return this.#facts.within;
  }

  /** Whether the end of the process says how it ended. */
  get autoEnd(): boolean {
    return this.#facts.autoEnd ?? this.#settings.autoEnd ?? true;
  }

  get tags(): readonly string[] {
    return this.#said.tags;
  }

  set tags(tags: readonly string[]) {
    this.#say({ tags: cleanTags(tags) });
  }

  get metadata(): Said['metadata'] {
    return this.#said.metadata;
  }

  setMetadata(change: unknown): void {
    this.#say({ metadata: mergeMetadata(this.#said.metadata, change) });
  }

  get links(): readonly SessionLink[] {
    return this.#said.links;
  }

  attachLink(link: unknown): void {
    this.#say({ links: withLink(this.#said.links, link) });
  }

  /** Takes over what is said of the session from now on: in the header while that is not written, in a line of its own after it. */
  #say(change: Partial<Said>): void {
    if (this.ended) return;
    const before = this.#said;
    this.#said = { ...before, ...change };
    const changed = differing(this.#said, before);
    if (this.begun && Object.keys(changed).length > 0) this.log.update(changed);
  }

  totals(): SessionStats {
    const durationMs = this.ended ? this.stats.durationMs : Math.round((monotonicUs() - this.#startedUs) / 1000);
    return { ...this.stats, durationMs, tokens: { ...this.stats.tokens }, cost: { ...this.stats.cost } };
  }

  /** Writes what is buffered. */
  commit(): void {
    if (!this.ended) guard('session.commit', () => this.#log?.commit(), undefined);
  }

  /** Ends the session once: open events first, then the end line, then the file. */
  end(end: SessionEnd): void {
    if (this.ended) return;
    const left = runOf(end);
    for (const event of [...this.#events].reverse())
      event.end({ status: event.unread ? 'cancelled' : 'unfinished', ...(event.state && { run: left }) });
    this.#events.clear();
    if (this.begun) guard('session.ending', () => this.#settings.onEnding?.(this), undefined);
    this.stats.durationMs = Math.round((monotonicUs() - this.#startedUs) / 1000);
    this.stats.cost.usd = Math.round(this.stats.cost.usd * 1e9) / 1e9;
    this.ended = true;
    const log = this.#log;
    if (log !== null) {
      const said = differing(this.#said, this.#saidAtBegin);
      const dropped = this.logsDropped === undefined ? {} : { logsDropped: this.logsDropped };
      guard('session.end', () => log.end({ ...end, stats: this.stats, ...said, ...dropped }), undefined);
      guard('session.close', () => log.close(), undefined);
    }
    this.#onEnded(this, end);
  }

  #header(): LogOptions['header'] {
    const { mode, sdk, service, agent, environment, guards, forkOf, process: of } = this.#settings;
    const facts = this.#facts;
    const who = facts.agent ?? agent;
    const where = facts.environment ?? environment;
    const fork = forkOf?.(facts);
    return {
      id: this.id,
      epoch: epochUs() + this.#startedUs,
      trace: this.trace,
      mode,
      sdk,
      flags: mode === 'full' ? [...(this.#settings.flags ?? [])] : [],
      pid,
      node: process.version,
      platform: process.platform,
      arch: process.arch,
      argv: process.argv,
      execArgv: process.execArgv,
      cwd: guard('session.cwd', () => process.cwd(), ''),
      ...(mode === 'full' && of !== undefined && { process: of }),
      ...(facts.outside === true && { outside: true as const }),
      ...facts.at,
      ...(facts.name === undefined ? {} : { name: facts.name }),
      ...(facts.parent === undefined ? {} : { parent: facts.parent }),
      ...(facts.within === undefined ? {} : { within: facts.within }),
      ...(who === undefined ? {} : { agent: who }),
      ...(where === undefined ? {} : { environment: where }),
      ...(service === undefined ? {} : { service }),
      ...(fork === undefined ? {} : { fork }),
      ...differing(this.#said, NOTHING_SAID),
      ...(guards === undefined || guards.length === 0 ? {} : { guarded: true as const, guards: [...guards] }),
    };
  }
}

/** How a run stands that was still open when its session ended. */
function runOf({ state, reason }: SessionEnd): NonNullable<Outcome['run']> {
  const status = state === 'failure' && reason === 'exception' ? 'failure' : 'indeterminate';
  return { status, reason: reason === 'ended' ? 'not_ended' : reason };
}
