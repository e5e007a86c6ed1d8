/** An event that has begun: gathers what becomes known of it, and makes the one line that the recording keeps. */
import { monotonicUs } from '../core/clock.ts';
import { guard } from '../core/diagnostics.ts';
import { serialise } from '../core/serialise.ts';
import type { EventContent, EventType, LlmFacts, Note, SpanEvent } from '../events/model.ts';
import type { EventStart, ExchangeRequest, NoteInput, OpenEvent, OpenExchange, Outcome } from '../events/ports.ts';
import { activeSpanContext } from '../otel/app-context.ts';
import { checkedNote } from './checked-note.ts';
import { LiveExchange } from './live-exchange.ts';
import type { LiveSession } from './live-session.ts';
import { scopes } from './scope.ts';

/** Where an event stands in the tree. */
export interface Place {
  trace: string;
  parent?: string;
  above: LiveEvent | null;
}

/** Notes of one event; more are counted and not kept. */
const NOTES_MAX = 1000;
/** HTTP attempts of one event. */
const ATTEMPTS_MAX = 1000;

export class LiveEvent implements OpenEvent {
  readonly id: string;
  type: EventType;
  readonly session: LiveSession;
  /** The open event that this one began in. */
  readonly above: LiveEvent | null;
  readonly trace: string;
  readonly wantsBodies: boolean;
  ended = false;
  owner: unknown = undefined;
  carriesCall = false;
  #name: string;
  readonly #start: number;
  readonly #parent: string | undefined;
  readonly #tool: EventStart['tool'];
  /** The span of the app's own that was active when an LLM call began. */
  readonly #appSpan: string | undefined;
  #llm: LlmFacts | undefined;
  #exchanges: LiveExchange[] | undefined;
  #notes: Note[] | undefined;

  constructor(session: LiveSession, id: string, place: Place, start: EventStart) {
    this.id = id;
    this.type = start.type;
    this.session = session;
    this.above = place.above;
    this.trace = place.trace;
    this.wantsBodies = session.full;
    this.#name = start.name;
    this.#start = Math.max(0, session.log.now() - (start.beganUs === undefined ? 0 : monotonicUs() - start.beganUs));
    this.#parent = place.parent;
    this.#tool = start.tool;
    this.#llm = start.llm;
    if (start.llm !== undefined) this.#appSpan = activeSpanContext()?.spanId;
    const line = { id, type: start.type, name: start.name };
    session.log.open(place.parent === undefined ? line : { ...line, parent: place.parent });
  }

  run<T>(fn: () => T): T {
    return this.ended ? fn() : scopes.run({ session: this.session, event: this }, fn);
  }

  exchange(request: ExchangeRequest): OpenExchange {
    const keep = !this.ended && (this.#exchanges?.length ?? 0) < ATTEMPTS_MAX;
    const exchange = new LiveExchange(this.session, keep ? this.id : undefined, request);
    if (keep) (this.#exchanges ??= []).push(exchange);
    if (keep && this.#exchanges?.length === 1) this.#lookForNativeSpan();
    return exchange;
  }

  /** A span of the app's own that began between the call and what it sends was made of the call by the SDK's own telemetry: nothing else runs there. */
  #lookForNativeSpan(): void {
    const active = activeSpanContext();
    if (active === null || !active.sampled || active.spanId === this.#appSpan || this.#llm === undefined) return;
    this.#llm = { ...this.#llm, native: { trace: active.traceId, span: active.spanId } };
  }

  firstChunk(): void {
    if (this.ended || this.#llm === undefined || this.#llm.firstChunkUs !== undefined) return;
    this.#llm = { ...this.#llm, firstChunkUs: this.session.log.now() - this.#start };
  }

  amend(facts: Partial<LlmFacts>): void {
    if (this.ended || this.#llm === undefined) return;
    const request = facts.request === undefined ? this.#llm.request : { ...this.#llm.request, ...facts.request };
    this.#llm = { ...this.#llm, ...facts, request };
  }

  note(note: NoteInput): void {
    if (this.ended || (this.#notes?.length ?? 0) >= NOTES_MAX) return;
    guard(
      'session.note',
      () => {
        const kept = checkedNote(note, this.session.log.now(), this.session.full);
        (this.#notes ??= []).push(kept);
        this.session.log.note(this.id, kept);
      },
      undefined,
    );
  }

  become(type: EventType, name: string): void {
    if (this.ended) return;
    this.type = type;
    this.#name = name;
    this.#llm = undefined;
  }

  end(outcome: Outcome): void {
    if (this.ended) return;
    this.ended = true;
    this.owner = undefined;
    guard('session.end-event', () => this.session.take(this, this.#finish(outcome)), undefined);
    // A socket keeps the async scope that it was made in, and so this, for as long as it lives.
    this.#exchanges = this.#llm = this.#notes = undefined;
  }

  /** Whether an answer came whose body nobody has read: a stream that the app got and left alone. */
  get unread(): boolean {
    return this.#llm?.request.stream === true && this.#exchanges?.at(-1)?.unread === true;
  }

  #finish(outcome: Outcome): SpanEvent {
    const event: SpanEvent = {
      id: this.id,
      trace: this.trace,
      ...(this.#parent === undefined ? undefined : { parent: this.#parent }),
      type: this.type,
      name: this.#name,
      start: this.#start,
      end: this.#endOf(outcome),
      status: outcome.status,
    };
    if (outcome.error) event.error = outcome.error;
    if (this.#llm) event.llm = this.#answered(this.#llm, outcome);
    if (this.#tool) event.tool = this.#tool;
    if (this.#exchanges) event.attempts = this.#exchanges.map((exchange) => exchange.attempt);
    if (this.#notes) event.notes = this.#notes;
    const cost = saidCost(outcome) ?? (event.type === 'llm' && event.llm ? this.session.costOf(event.llm) : undefined);
    if (cost) event.cost = cost;
    if (outcome.content && this.session.full) {
      const content = guard('session.content', outcome.content, undefined);
      if (content && Object.keys(content).length > 0) event.content = plainContent(content);
    }
    return event;
  }

  #endOf({ endedUs }: Outcome): number {
    const now = this.session.log.now();
    return endedUs === undefined ? now : Math.max(this.#start, now - (monotonicUs() - endedUs));
  }

  #answered(llm: LlmFacts, outcome: Outcome): LlmFacts {
    const { response, usage, chunks } = outcome;
    if (response === undefined && usage === undefined && chunks === undefined) return llm;
    return {
      ...llm,
      ...(response === undefined ? undefined : { response: { ...llm.response, ...response } }),
      ...(usage === undefined ? undefined : { usage }),
      ...(chunks === undefined ? undefined : { chunks }),
    };
  }
}

/** What the provider said that it cost; nobody knows better. */
function saidCost({ costUsd }: Outcome): { usd: number; priced: string } | undefined {
  return costUsd === undefined ? undefined : { usd: Math.round(costUsd * 1e9) / 1e9, priced: 'provider' };
}

function plainContent(content: EventContent): EventContent {
  const out: EventContent = {};
  if (content.error) out.error = content.error;
  if (content.arguments !== undefined) out.arguments = serialise(content.arguments);
  if (content.result !== undefined) out.result = serialise(content.result);
  if (content.request !== undefined) out.request = serialise(content.request);
  if (content.response !== undefined) out.response = serialise(content.response);
  return out;
}
