/**
 * The moments of a session, one after another, as a debugger walks through them: events begin and end, answers arrive, something is said about an event, the program prints. In the
 * order of time; at the same time, and where clocks disagree, a cause stands before what it brought about. Pure.
 */
import type { LogLine } from '../events/lines.ts';
import type { Note, SpanEvent } from '../events/model.ts';
import { countEvent, emptyStats } from './stats.ts';
import { StateWalk, type MomentState } from './timeline-state.ts';

/** An event with its number in the tree. Times are by the clock of the whole. */
export interface TimelineNode {
  number: number;
  id: string;
  type: string;
  name: string;
  start: number;
  /** Absent where it never ended. */
  event?: SpanEvent;
  notes: readonly Note[];
  children: readonly TimelineNode[];
  /** Id of its session, where that is not the one of the whole. */
  session?: string;
}

/** An HTTP answer, or that there was none. */
export interface HttpAnswer {
  /** The event on whose behalf the request was sent. */
  on?: string;
  /** Microseconds since the session began at which it was over. */
  at: number;
  /** Microseconds that it took; absent where nobody saw the request. */
  us?: number;
  status?: number;
  /** Code of a failure below HTTP, or how its body ended where that was early. */
  error?: string;
}

/** What a timeline is made from. */
export interface TimelineSource {
  session: string;
  /** Microseconds since 1970-01-01 UTC at time 0. */
  epochUs: number;
  roots: readonly TimelineNode[];
  answers?: Iterable<HttpAnswer>;
  logs?: Iterable<LogLine>;
}

/** An event, and where in the timeline it stands. */
export interface TimedEvent {
  readonly node: TimelineNode;
  readonly parent: TimedEvent | undefined;
  readonly children: TimedEvent[];
  /** Id of the run that it is in, or that it is; where there is none, of its session. */
  readonly run: string;
  /** Index of the moment in which it begins, and in which it ends. */
  begin: number;
  end: number | undefined;
  /** Of a model call: the one before it in the same run, of the same operation. */
  previousCall: TimedEvent | undefined;
}

interface MomentBase {
  index: number;
  /** Microseconds since the session began. */
  at: number;
  /** Absent of what happened outside of every event. */
  of: TimedEvent | undefined;
}

/** One moment. A model's answer is known when its event ends; `answer` is that of one HTTP request. */
export type Moment = MomentBase &
  (
    | { kind: 'begin' | 'end'; of: TimedEvent }
    | { kind: 'answer'; answer: HttpAnswer }
    | { kind: 'note'; note: Note; of: TimedEvent }
    | { kind: 'log'; log: LogLine }
  );

type Draft = Moment & { order: number };
type Attached = { kind: 'answer'; at: number; answer: HttpAnswer } | { kind: 'log'; at: number; log: LogLine };

/** The moments of a session, and its state at each of them. */
export class Timeline {
  readonly source: Pick<TimelineSource, 'session' | 'epochUs'>;
  readonly moments: readonly Moment[];
  /** By id. */
  readonly events: ReadonlyMap<string, TimedEvent>;
  /** What was printed, in order. */
  readonly logs: readonly LogLine[];
  readonly #byNumber: (TimedEvent | undefined)[] = [];
  readonly #states: StateWalk;
  #sums: { usd: Float64Array; tokens: Float64Array } | undefined;

  constructor(source: TimelineSource) {
    const events = new Map<string, TimedEvent>();
    const drafts = draftMoments(source, events);
    // Stable: what is equal in time keeps the order of the tree, in which causes come first.
    drafts.sort((a, b) => a.order - b.order);
    this.moments = drafts.map(({ order: _, ...draft }, index) => Object.assign(draft, { index }));
    this.source = { session: source.session, epochUs: source.epochUs };
    this.events = events;
    this.logs = this.moments.flatMap((moment) => (moment.kind === 'log' ? [moment.log] : []));
    for (const { index, kind, of } of this.moments) {
      if (kind === 'begin') of.begin = index;
      else if (kind === 'end') of.end = index;
    }
    linkCalls(this.moments);
    for (const event of events.values()) this.#byNumber[event.node.number] = event;
    this.#states = new StateWalk(this.moments, this.source);
  }

  /** What stands so when a moment has just passed. */
  stateAt(index: number): MomentState {
    return this.#states.at(index);
  }

  /** The event of that number in the tree. */
  numbered(number: number): TimedEvent | undefined {
    return this.#byNumber[number];
  }

  /** What the session had come to with a moment: known cost in US dollars, and input and output tokens. */
  sumsAt(index: number): { usd: number; tokens: number } {
    this.#sums ??= sumsOf(this.moments);
    return { usd: this.#sums.usd[index] ?? 0, tokens: this.#sums.tokens[index] ?? 0 };
  }

  /** The moment of this timeline that `moment`, of an earlier reading of the same session, is. */
  find(moment: Moment): Moment | undefined {
    const of = moment.of && this.events.get(moment.of.node.id);
    if (moment.kind === 'begin' || moment.kind === 'end')
      return this.moments[(moment.kind === 'begin' ? of?.begin : of?.end) ?? -1];
    const told = tell(moment);
    return this.moments.find((one) => one.kind === moment.kind && one.at === moment.at && tell(one) === told);
  }
}

/** What tells one moment of a kind and a time from another. */
function tell(moment: Moment): string {
  const said = moment.kind === 'log' ? moment.log : moment.kind === 'note' ? moment.note : undefined;
  return `${moment.of?.node.id ?? ''} ${JSON.stringify(said)}`;
}

type Visit = { node: TimelineNode; parent: TimedEvent | undefined; order: number; leaving?: TimedEvent };

/** All moments in the order of the tree. No recursion: nesting is as deep as the recording says. */
function draftMoments({ roots, answers = [], logs = [], session }: TimelineSource, events: Map<string, TimedEvent>): Draft[] {
  const attached = attach(answers, logs);
  const drafts: Draft[] = [];
  const index = -1;
  const visits: Visit[] = roots.toReversed().map((node) => ({ node, parent: undefined, order: -Infinity }));
  for (let visit = visits.pop(); visit; visit = visits.pop()) {
    const { node, parent, leaving } = visit;
    const { id, event } = node;
    if (leaving !== undefined) {
      for (const note of node.notes)
        drafts.push({ kind: 'note', index, at: note.at, order: Math.max(note.at, visit.order), of: leaving, note });
      for (const one of attached.get(id) ?? []) drafts.push({ ...one, index, order: Math.max(one.at, visit.order), of: leaving });
      if (event) drafts.push({ kind: 'end', index, at: event.end, order: Math.max(event.end, visit.order), of: leaving });
      continue;
    }
    // A clock that is behind does not make an event begin before the one that it is in.
    const order = Math.max(node.start, visit.order);
    const of: TimedEvent = {
      node,
      parent,
      children: [],
      run: runOf(node, parent, session),
      begin: -1,
      end: undefined,
      previousCall: undefined,
    };
    parent?.children.push(of);
    events.set(id, of);
    drafts.push({ kind: 'begin', index, at: node.start, order, of });
    visits.push({ node, parent, order, leaving: of });
    for (const child of node.children.toReversed()) visits.push({ node: child, parent: of, order });
  }
  for (const [on, list] of attached)
    if (!events.has(on)) for (const one of list) drafts.push({ ...one, index, order: one.at, of: undefined });
  return drafts;
}

/** Answers and output by the event that they belong to; of no event: ''. */
function attach(answers: Iterable<HttpAnswer>, logs: Iterable<LogLine>): Map<string, Attached[]> {
  const attached = new Map<string, Attached[]>();
  const add = (on: string, one: Attached): void => {
    const list = attached.get(on);
    if (list === undefined) attached.set(on, [one]);
    else list.push(one);
  };
  for (const answer of answers) add(answer.on ?? '', { kind: 'answer', at: answer.at, answer });
  for (const log of logs) add(log.on ?? '', { kind: 'log', at: log.t, log });
  return attached;
}

function runOf({ type, id, event, session: own }: TimelineNode, parent: TimedEvent | undefined, whole: string): string {
  if (type === 'agent') return id;
  if (event?.runId !== undefined) return event.runId;
  // What another process does is in no run of ours, although an event of ours started it.
  return parent !== undefined && parent.node.session === own ? parent.run : (own ?? whole);
}

/** Tells each model call the one before it. */
function linkCalls(moments: readonly Moment[]): void {
  const last = new Map<string, TimedEvent>();
  for (const { kind, of } of moments) {
    if (kind !== 'begin' || of.node.type !== 'llm') continue;
    const operation = of.node.event?.llm?.operation;
    // Of a call that never ended, nobody knows the operation.
    of.previousCall = last.get(operation === undefined ? of.run : `${of.run} ${operation}`);
    last.set(of.run, of);
    if (operation !== undefined) last.set(`${of.run} ${operation}`, of);
  }
}

function sumsOf(moments: readonly Moment[]): { usd: Float64Array; tokens: Float64Array } {
  const sums = { usd: new Float64Array(moments.length), tokens: new Float64Array(moments.length) };
  const stats = emptyStats();
  for (const { index, kind, of } of moments) {
    if (kind === 'end' && of.node.event) countEvent(stats, of.node.event);
    sums.usd[index] = stats.cost.usd;
    sums.tokens[index] = stats.tokens.input + stats.tokens.output;
  }
  return sums;
}
