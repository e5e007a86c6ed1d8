/** One session while it runs: its recording, its open events, its totals. */
import { epochUs, monotonicUs } from '../core/clock.ts';
import { guard } from '../core/diagnostics.ts';
import { newTraceId } from '../core/ids.ts';
import type { RecordMode, SessionLine } from '../events/lines.ts';
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
import type { Outcome } from '../events/ports.ts';
import { openLog } from '../recording/log-writer.ts';
import type { LogOptions, SessionLog } from '../recording/log-writer.ts';
import type { LiveEvent } from './live-event.ts';
import { costOf } from '../analysis/prices.ts';
import type { PriceTable } from '../analysis/prices.ts';
import { countEvent, emptyStats } from '../analysis/stats.ts';

/** The app's own reading of an error that ended an event. */
export type FailureClassifier = (
  error: unknown,
  event: { type: EventType; name: string; error: ErrorFacts | undefined },
) => { type: string; code: string } | undefined;

/** What every session of a client has in common. */
export interface SessionSettings {
  mode: RecordMode;
  /** The folder of the recordings. */
  dir: string;
  /** Writer, as `name/version`. */
  sdk: string;
  prices: PriceTable;
  agent?: AgentFacts;
  environment?: string;
  service?: string;
  tags?: string[];
  /** What kind of failure an error is; undefined leaves it to hindcast. May throw. */
  classify?: FailureClassifier | undefined;
  /** Told of the file of each recording when it is made, before anything is in it that could be exported. */
  onFile?: (path: string) => void;
  /** Told of each finished event once it is on disk; the argument of the exporter's queue. */
  onEvent?: (path: string, header: SessionLine, event: SpanEvent, endOffset: number) => void;
  /** Told when a session begins: the first thing happened in it, or it was started on purpose. */
  onBegin?: (session: LiveSession) => void;
}

/** What one session has of its own. */
export interface SessionFacts {
  id: string;
  name?: string;
  parent?: string;
  tags?: string[];
  agent?: AgentFacts;
  environment?: string;
}

/** How a session ended. */
export interface SessionEnd {
  state: SessionState;
  reason: EndReason;
  exitCode?: number;
  signal?: string;
}

const TAGS_MAX = 100;
const TAG_LENGTH_MAX = 200;

export class LiveSession {
  readonly id: string;
  readonly trace = newTraceId();
  readonly stats: SessionStats = emptyStats();
  ended = false;
  /** How the last `run` came out, which is what `end()` goes by when it is not told. */
  lastRun: 'none' | 'returned' | 'threw' = 'none';
  readonly #settings: SessionSettings;
  readonly #facts: SessionFacts;
  readonly #onEnded: (session: LiveSession, end: SessionEnd) => void;
  readonly #events = new Set<LiveEvent>();
  #tags: string[];
  #tagsChanged = false;
  #log: SessionLog | null = null;
  #startedUs = monotonicUs();
  #full = false;

  constructor(settings: SessionSettings, facts: SessionFacts, onEnded: (session: LiveSession, end: SessionEnd) => void) {
    this.id = facts.id;
    this.#settings = settings;
    this.#facts = facts;
    this.#onEnded = onEnded;
    this.#tags = cleanTags([...(settings.tags ?? []), ...(facts.tags ?? [])]);
  }

  /** The recording. Only to be asked after `begin()` said true. */
  get log(): SessionLog {
    return this.#log as SessionLog;
  }

  /** Whether something has happened in it, or it was started on purpose. */
  get begun(): boolean {
    return this.#log !== null;
  }

  /** Whether what was said is kept. */
  get full(): boolean {
    return this.#full;
  }

  get openEvents(): number {
    return this.#events.size;
  }

  /** Begins the recording unless it is there. False when the session has ended. */
  begin(): boolean {
    if (this.#log !== null || this.ended) return !this.ended;
    this.#full = this.#settings.mode === 'full';
    this.#startedUs = monotonicUs();
    const { onEvent, onFile, onBegin } = this.#settings;
    const log = openLog({
      dir: this.#settings.dir,
      header: this.#header(),
      ...(onFile === undefined ? {} : { onBegin: onFile }),
      ...(onEvent === undefined
        ? {}
        : { onEvent: (event: SpanEvent, header: SessionLine, endOffset: number) => onEvent(log.path, header, event, endOffset) }),
    });
    this.#log = log;
    onBegin?.(this);
    return true;
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

  /** The app's own word for what kind of failure an error is. */
  get classify(): SessionSettings['classify'] {
    return this.#settings.classify;
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

  get tags(): readonly string[] {
    return this.#tags;
  }

  set tags(tags: readonly string[]) {
    if (this.ended) return;
    this.#tags = cleanTags(tags);
    this.#tagsChanged = this.begun;
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
    this.stats.durationMs = Math.round((monotonicUs() - this.#startedUs) / 1000);
    this.stats.cost.usd = Math.round(this.stats.cost.usd * 1e9) / 1e9;
    this.ended = true;
    const log = this.#log;
    if (log !== null) {
      const tags = this.#tagsChanged ? { tags: this.#tags } : {};
      guard('session.end', () => log.end({ ...end, stats: this.stats, ...tags }), undefined);
      guard('session.close', () => log.close(), undefined);
    }
    this.#onEnded(this, end);
  }

  #header(): LogOptions['header'] {
    const { mode, sdk, service, agent, environment } = this.#settings;
    const facts = this.#facts;
    const who = facts.agent ?? agent;
    const where = facts.environment ?? environment;
    return {
      id: this.id,
      epoch: epochUs() + this.#startedUs,
      trace: this.trace,
      mode,
      sdk,
      flags: [],
      pid: process.pid,
      node: process.version,
      platform: process.platform,
      arch: process.arch,
      argv: process.argv,
      cwd: guard('session.cwd', () => process.cwd(), ''),
      ...(facts.name === undefined ? {} : { name: facts.name }),
      ...(facts.parent === undefined ? {} : { parent: facts.parent }),
      ...(who === undefined ? {} : { agent: who }),
      ...(where === undefined ? {} : { environment: where }),
      ...(service === undefined ? {} : { service }),
      ...(this.#tags.length === 0 ? {} : { tags: this.#tags }),
    };
  }
}

/** How a run stands that was still open when its session ended. */
function runOf({ state, reason }: SessionEnd): NonNullable<Outcome['run']> {
  const status = state === 'failure' && reason === 'exception' ? 'failure' : 'indeterminate';
  return { status, reason: reason === 'ended' ? 'not_ended' : reason };
}

function cleanTags(tags: readonly unknown[]): string[] {
  const texts = tags.map((tag) => String(tag).slice(0, TAG_LENGTH_MAX)).filter((tag) => tag !== '');
  return [...new Set(texts)].slice(0, TAGS_MAX);
}
