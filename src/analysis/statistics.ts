/** What many sessions came to: counts, how they ended, latency, failures, tokens and cost, on the whole and by agent, version, environment, model, time or tool. */
import { modelOf } from '../events/genai.ts';
import type { AgentFacts, EventStatus, Note, RunStatus, SessionStats, SpanEvent } from '../events/model.ts';
import { distributionOf, type Distribution } from './percentiles.ts';
import { matchesFilter, type SessionFilter, type SessionStatus, statusOf, type TaggedRecord } from './session-filter.ts';
import { countEvent, emptyStats } from './stats.ts';

/** What statistics can be told apart by. `model` is the one that was asked for, and counts events that have one; `tool` counts tool calls; days and hours are those of UTC in which an event began. */
export const STATISTICS_KEYS = ['agent', 'version', 'environment', 'model', 'day', 'hour', 'tool'] as const;
export type StatisticsKey = (typeof STATISTICS_KEYS)[number];

/** Which sessions count, and what the groups are. */
export interface StatisticsFilter extends SessionFilter {
  by?: StatisticsKey;
}

/** How often something of a type and a code was said. */
export interface Breakdown {
  type: string;
  code?: string;
  count: number;
}

/** Figures of some events. */
export interface Tally extends Omit<SessionStats, 'durationMs'> {
  /** Sessions that these events are of. */
  sessions: number;
  byType: Record<string, number>;
  eventStatus: Record<EventStatus, number>;
  runStatus: Record<RunStatus, number>;
  /** Microseconds that finished events took. An event that never ended took nobody knows how long. */
  latency: {
    byType: Record<string, Distribution>;
    byStep: Record<string, Distribution>;
    byModel: Record<string, Distribution>;
  };
  /** Failures that were recorded, the most frequent first. */
  failureCodes: Breakdown[];
  /** Errors where they began, by class and code; those that they passed through on their way up are not counted again. */
  errorCodes: Breakdown[];
}

/** Figures of the events of one group. */
export interface StatisticsGroup extends Tally {
  /** Empty: the events that it is not known of. */
  key: string;
}

/** Figures of all sessions that were meant. */
export interface Statistics extends Tally {
  sessionStatus: Record<SessionStatus, number>;
  /** Microseconds since 1970-01-01 UTC at which the first and the last of them began. */
  firstUs?: number;
  lastUs?: number;
  /** Events that began and have no end in the recording; they are in no other figure. */
  open: number;
  /** Milliseconds that ended sessions took. */
  sessionMs?: Distribution;
  by?: StatisticsKey;
  /** Times in order, anything else by the number of its events. */
  groups?: StatisticsGroup[];
}

/**
 * The statistics of sessions, which are asked for one after the other: of each, only what percentiles need is kept, a number an event. Percentiles are exact, by nearest
 * rank (percentiles.ts).
 */
export function statisticsOf(records: Iterable<TaggedRecord>, filter: StatisticsFilter = {}): Statistics {
  const { by } = filter;
  const all = new Counter();
  const groups = new Map<string, Counter>();
  const sessionStatus = { running: 0, ok: 0, failed: 0, ended: 0, crashed: 0, damaged: 0 };
  const durations: number[] = [];
  let sessions = 0;
  let open = 0;
  let firstUs = Infinity;
  let lastUs = -Infinity;
  for (const record of records) {
    if (!matchesFilter(record, filter)) continue;
    const number = ++sessions;
    const { header, events, end } = record;
    sessionStatus[statusOf(record)]++;
    firstUs = Math.min(firstUs, header.epoch);
    lastUs = Math.max(lastUs, header.epoch);
    if (end !== undefined) durations.push(end.stats.durationMs);
    open += record.open.length;
    const keyOf = by === undefined ? undefined : keysOf(by, record);
    for (const event of events) {
      all.add(event, number);
      const key = keyOf?.(event);
      if (key !== undefined) groupOf(groups, key).add(event, number);
    }
    for (const notes of record.notes.values()) all.addNotes(notes);
  }
  const sessionMs = distributionOf(durations);
  return {
    ...all.tally(),
    sessions,
    sessionStatus,
    ...(sessions > 0 && { firstUs, lastUs }),
    open,
    ...(sessionMs && { sessionMs }),
    ...(by && { by, groups: inOrder(by, groups) }),
  };
}

function groupOf(groups: Map<string, Counter>, key: string): Counter {
  let group = groups.get(key);
  if (group === undefined) groups.set(key, (group = new Counter()));
  return group;
}

function inOrder(by: StatisticsKey, groups: Map<string, Counter>): StatisticsGroup[] {
  const tallies = [...groups].map(([key, counter]) => ({ key, ...counter.tally() }));
  const byKey = (a: StatisticsGroup, b: StatisticsGroup): number => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);
  return tallies.sort(by === 'day' || by === 'hour' ? byKey : (a, b) => b.events - a.events || byKey(a, b));
}

const DAY_CHARS = 10;
const HOUR_CHARS = 13;

/** The group that an event of a session is in; undefined when it is in none. */
function keysOf(by: StatisticsKey, { header, events }: TaggedRecord): (event: SpanEvent) => string | undefined {
  const agentOf = (event: SpanEvent): AgentFacts | undefined => event.agent ?? header.agent;
  const startOf = ({ start }: SpanEvent): string => new Date((header.epoch + start) / 1000).toISOString();
  switch (by) {
    case 'agent':
      return (event) => agentOf(event)?.name ?? agentOf(event)?.id ?? '';
    case 'version':
      return (event) => agentOf(event)?.version ?? '';
    case 'environment': {
      const runs = new Map(events.flatMap((event) => (event.run ? [[event.id, event] as const] : [])));
      return (event) => environmentOf(event, runs) ?? header.environment ?? '';
    }
    case 'model':
      return ({ llm }) => (llm === undefined ? undefined : (modelOf(llm) ?? ''));
    case 'tool':
      return ({ type, tool, name }) => (type === 'tool' ? (tool?.name ?? name) : undefined);
    case 'day':
      return (event) => startOf(event).slice(0, DAY_CHARS);
    case 'hour':
      return (event) => startOf(event).slice(0, HOUR_CHARS);
  }
}

/** The environment of the innermost run around an event, or of the run that it is, that says one. */
function environmentOf(event: SpanEvent, runs: Map<string, SpanEvent>): string | undefined {
  const seen = new Set<SpanEvent>();
  for (let run = event.run ? event : runs.get(event.runId ?? ''); run && !seen.has(run); run = runs.get(run.runId ?? '')) {
    if (run.run?.environment !== undefined) return run.run.environment;
    seen.add(run);
  }
  return undefined;
}

/** Counts events. */
class Counter {
  readonly #stats = emptyStats();
  readonly #byType = new Map<string, number>();
  readonly #eventStatus = { ok: 0, error: 0, cancelled: 0, unfinished: 0 };
  readonly #runStatus = { running: 0, success: 0, partial: 0, failure: 0, indeterminate: 0 };
  readonly #types = new Map<string, number[]>();
  readonly #steps = new Map<string, number[]>();
  readonly #models = new Map<string, number[]>();
  readonly #failures = new Map<string, Breakdown>();
  readonly #errors = new Map<string, Breakdown>();
  #sessions = 0;
  #lastSession = 0;

  /** `session`: a number that is higher for each further session. */
  add(event: SpanEvent, session: number): void {
    const { type, status, error, run, step, llm, start, end } = event;
    if (session !== this.#lastSession) this.#sessions++;
    this.#lastSession = session;
    countEvent(this.#stats, event);
    this.#byType.set(type, (this.#byType.get(type) ?? 0) + 1);
    this.#eventStatus[status]++;
    if (run) this.#runStatus[run.status]++;
    if (error && error.from === undefined) count(this.#errors, error.type, error.code);
    countFailures(this.#failures, event.notes);
    if (status === 'unfinished') return;
    push(this.#types, type, end - start);
    if (step) push(this.#steps, step.type, end - start);
    const model = type === 'llm' && llm ? modelOf(llm) : undefined;
    if (model !== undefined) push(this.#models, model, end - start);
  }

  /** What was said about events that have no end. */
  addNotes(notes: readonly Note[]): void {
    for (const { kind } of notes) if (kind === 'failure') this.#stats.failures++;
    countFailures(this.#failures, notes);
  }

  tally(): Tally {
    const { durationMs: _durationMs, ...counts } = this.#stats;
    return {
      ...counts,
      sessions: this.#sessions,
      byType: Object.fromEntries(this.#byType),
      eventStatus: this.#eventStatus,
      runStatus: this.#runStatus,
      latency: {
        byType: distributions(this.#types),
        byStep: distributions(this.#steps),
        byModel: distributions(this.#models),
      },
      failureCodes: mostFirst(this.#failures),
      errorCodes: mostFirst(this.#errors),
    };
  }
}

function push(values: Map<string, number[]>, key: string, value: number): void {
  const known = values.get(key);
  if (known) known.push(value);
  else values.set(key, [value]);
}

function count(breakdown: Map<string, Breakdown>, type: string, code: string | undefined): void {
  const key = JSON.stringify([type, code]);
  const known = breakdown.get(key);
  if (known) known.count++;
  else breakdown.set(key, { type, ...(code !== undefined && { code }), count: 1 });
}

function countFailures(breakdown: Map<string, Breakdown>, notes: readonly Note[] = []): void {
  for (const note of notes) if (note.kind === 'failure') count(breakdown, note.type, note.code);
}

function distributions(values: Map<string, number[]>): Record<string, Distribution> {
  return Object.fromEntries([...values].map(([key, numbers]) => [key, distributionOf(numbers) as Distribution]));
}

function mostFirst(breakdown: Map<string, Breakdown>): Breakdown[] {
  const words = ({ type, code = '' }: Breakdown): string => `${type} ${code}`;
  return [...breakdown.values()].sort((a, b) => b.count - a.count || (words(a) < words(b) ? -1 : 1));
}
