/** An event that has begun: gathers what becomes known of it, and makes the one line that the recording keeps. */
import { monotonicUs } from '../core/clock.ts';
import { guard } from '../core/diagnostics.ts';
import { serialise, serialiseBody } from '../core/serialise.ts';
import { refusePromise } from '../core/stray-promise.ts';
import { classifyFailure } from '../events/failure-class.ts';
import type { FailureClass } from '../events/failure-class.ts';
import type {
  AgentFacts,
  AttributeValue,
  ErrorFacts,
  EventContent,
  EventType,
  LlmFacts,
  Note,
  SpanEvent,
  StepFacts,
} from '../events/model.ts';
import { hub } from '../events/ports.ts';
import type { EventStart, ExchangeRequest, NoteInput, OpenEvent, OpenExchange, Outcome } from '../events/ports.ts';
import { activeSpanContext } from '../otel/app-context.ts';
import type { Asked, LoggedExchange } from '../recording/log-writer.ts';
import { checkedNote } from './checked-note.ts';
import { cluesOf } from './clues.ts';
import { FetchClaims } from './fetch-claims.ts';
import { LiveExchange } from './live-exchange.ts';
import type { LiveSession } from './live-session.ts';
import { lastOriginOf, originOf, rememberOrigin } from './origins.ts';
import { RunState } from './run-state.ts';
import { textOf } from './said.ts';
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
/** Attributes of one event. */
const ATTRIBUTES_MAX = 256;
const ATTRIBUTE_CHARS_MAX = 32_768;
const NAME_CHARS_MAX = 1000;

export class LiveEvent implements OpenEvent {
  readonly id: string;
  type: EventType;
  readonly session: LiveSession;
  /** The open event that this one began in. */
  readonly above: LiveEvent | null;
  readonly trace: string;
  readonly wantsBodies: boolean;
  /** The run that it happened in, or that it is. */
  readonly agentRun: LiveEvent | null;
  /** Of a run only. */
  readonly state: RunState | null;
  readonly agent: AgentFacts | undefined;
  readonly step: StepFacts | undefined;
  ended = false;
  /** An edit changed what it asked or what it gave. */
  edited = false;
  owner: unknown = undefined;
  carriesCall = false;
  #name: string;
  readonly #start: number;
  readonly #parent: string | undefined;
  readonly #tool: EventStart['tool'];
  readonly #environment: string | undefined;
  /** The span of the app's own that was active when an LLM call began. */
  readonly #appSpan: string | undefined;
  #llm: LlmFacts | undefined;
  #exchanges: LiveExchange[] | undefined;
  #claims: FetchClaims | undefined;
  #notes: Note[] | undefined;
  #attributes: Record<string, AttributeValue> | undefined;

  constructor(session: LiveSession, id: string, around: Place, start: EventStart) {
    this.id = id;
    this.type = start.type;
    this.session = session;
    this.above = around.above;
    this.trace = around.trace;
    this.wantsBodies = session.full;
    const name = nameFrom(start);
    this.#name = name;
    this.#start = Math.max(0, session.log.now() - (start.beganUs === undefined ? 0 : monotonicUs() - start.beganUs));
    this.#parent = around.parent;
    this.#tool = start.tool;
    this.#llm = start.llm;
    this.#environment = textOf(start.environment);
    const outer = around.above?.agentRun ?? null;
    this.state = start.type === 'agent' ? new RunState() : null;
    this.agentRun = this.state === null ? outer : this;
    this.agent = start.agent ?? outer?.agent;
    this.step = start.type === 'step' ? outer?.state?.nextStep(id, name, start.step) : undefined;
    // An event that cannot be told all of is an event all the same.
    const { attributes } = start;
    if (attributes !== undefined) guard('session.attributes', () => this.set(attributes), undefined);
    if (start.llm !== undefined) this.#appSpan = activeSpanContext()?.spanId;
    const agent = session.foreign(this.agent);
    const place = guard('session.place', () => hub.follower?.began(this, start), undefined);
    session.log.open({
      id,
      ...(around.parent === undefined ? undefined : { parent: around.parent }),
      ...(outer === null ? undefined : { runId: outer.id }),
      type: start.type,
      name,
      ...(agent === undefined ? undefined : { agent }),
      ...(this.step === undefined ? undefined : { step: this.step }),
      ...place,
    });
  }

  get name(): string {
    return this.#name;
  }

  run<T>(fn: () => T): T {
    return this.ended ? fn() : scopes.run({ session: this.session, event: this }, fn);
  }

  exchange(request: ExchangeRequest): OpenExchange {
    const keep = !this.ended && (this.#exchanges?.length ?? 0) < ATTEMPTS_MAX;
    const fetched = (keep && this.#claims?.takeFetched(request)) || null;
    const exchange = new LiveExchange(this.session, keep ? this.id : undefined, request, fetched);
    if (keep && fetched === null && this.session.fetches) (this.#claims ??= new FetchClaims()).opened(request, exchange);
    if (keep) (this.#exchanges ??= []).push(exchange);
    if (keep && this.#exchanges?.length === 1) this.#lookForNativeSpan();
    return exchange;
  }

  /** The patch of `fetch` sends a request in this event, and tells what is returned of its answer. */
  fetched(request: ExchangeRequest, asked: Asked): LoggedExchange {
    const make = (): LoggedExchange => this.session.log.exchange(request, this.id, asked);
    return this.ended ? make() : (this.#claims ??= new FetchClaims()).fetched(request, asked, make);
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
        this.session.log.note(this.id, this.#keepNote(note));
      },
      undefined,
    );
  }

  set(attributes: Record<string, AttributeValue>): void {
    if (this.ended || !this.wantsBodies) return;
    const all = (this.#attributes ??= {});
    let room = ATTRIBUTES_MAX - Object.keys(all).length;
    for (const [name, value] of Object.entries(attributes)) {
      const kept = attributeOf(value);
      if (kept === undefined || (!Object.hasOwn(all, name) && --room < 0)) continue;
      Object.defineProperty(all, name, { value: kept, enumerable: true, configurable: true, writable: true });
    }
  }

  #keepNote(note: NoteInput): Note {
    const kept = checkedNote(note, this.session.log.now(), this.session.full);
    (this.#notes ??= []).push(kept);
    if (kept.kind === 'failure')
      for (let run = this.agentRun; run !== null; run = run.above?.agentRun ?? null) run.state?.trouble();
    return kept;
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
    guard('session.end-event', () => this.#take(this.#finish(outcome)), undefined);
    // A socket keeps the async scope that it was made in, and so this, for as long as it lives.
    this.#claims = this.#exchanges = this.#llm = this.#notes = this.#attributes = undefined;
  }

  #take(line: SpanEvent): void {
    this.session.take(this, line);
    hub.follower?.ended(this, line);
  }

  /** Whether an answer came whose body nobody has read: a stream that the app got and left alone. */
  get unread(): boolean {
    return this.#llm?.request.stream === true && this.#exchanges?.at(-1)?.unread === true;
  }

  #finish(outcome: Outcome): SpanEvent {
    const error = outcome.status === 'error' ? this.#failed(outcome) : outcome.error;
    const around = this.state === null ? this.agentRun : (this.above?.agentRun ?? null);
    for (let run = around; run !== null; run = run.above?.agentRun ?? null) run.state?.saw(outcome.status);
    const event: SpanEvent = {
      id: this.id,
      trace: this.trace,
      ...(this.#parent === undefined ? undefined : { parent: this.#parent }),
      ...(around === null ? undefined : { runId: around.id }),
      type: this.type,
      name: this.#name,
      start: this.#start,
      end: this.#endOf(outcome),
      status: outcome.status,
    };
    const agent = this.session.foreign(this.agent);
    if (agent) event.agent = agent;
    if (error) event.error = error;
    if (this.state) event.run = this.state.facts(outcome, this.#environment);
    if (this.step) {
      event.step = this.step;
      this.agentRun?.state?.stepEnded(this.step.seq, outcome.status);
    }
    if (this.#llm) event.llm = this.#answered(this.#llm, outcome);
    if (this.#tool) event.tool = this.#tool;
    if (this.#exchanges) event.attempts = this.#exchanges.map((exchange) => exchange.attempt);
    if (this.#notes) event.notes = this.#notes;
    if (this.edited) event.edited = true;
    const cost = saidCost(outcome) ?? (event.type === 'llm' && event.llm ? this.session.costOf(event.llm) : undefined);
    if (cost) event.cost = cost;
    if (this.#attributes) event.attributes = this.#attributes;
    if (outcome.content && this.session.full) {
      const content = guard('session.content', outcome.content, undefined);
      if (content && Object.keys(content).length > 0) event.content = plainContent(content);
    }
    return event;
  }

  /** The error of an event that failed: where it began, and, if here, what kind of failure it is, unless the app said so. */
  #failed({ error, thrown }: Outcome): ErrorFacts | undefined {
    const from = originOf(thrown, this) ?? (this.type === 'error' ? lastOriginOf(thrown, this) : undefined);
    if (from !== undefined) return { ...(error ?? { type: 'Error' }), from };
    rememberOrigin(thrown, this);
    if (this.#notes?.some(({ kind }) => kind === 'failure')) return error;
    const own = guard('session.classify', () => this.#classified(error, thrown), undefined);
    const found = own ?? guard('session.classify', () => this.#readFailure(error, thrown), null);
    if (found !== null) this.#keepNote({ kind: 'failure', ...found, ...(own === undefined && { auto: true }) });
    return error;
  }

  /** What the app's classifier makes of it; undefined where it leaves it to hindcast. */
  #classified(error: ErrorFacts | undefined, thrown: unknown): { type: string; code: string } | undefined {
    const given: unknown = this.session.classify?.(thrown, { type: this.type, name: this.#name, error });
    const said = refusePromise(given, 'the classifier');
    const { type, code } = (typeof said === 'object' && said !== null ? said : {}) as { type?: unknown; code?: unknown };
    return typeof type === 'string' && typeof code === 'string' ? { type, code } : undefined;
  }

  #readFailure(error: ErrorFacts | undefined, thrown: unknown): FailureClass | null {
    const { type, step } = this;
    return classifyFailure({ type, error, step, ...cluesOf(thrown, this.#exchanges?.at(-1)?.attempt) });
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

/** What the event is called; after its type where it was given no name. */
function nameFrom({ name, type }: EventStart): string {
  return typeof name === 'string' && name !== '' ? name.slice(0, NAME_CHARS_MAX) : type;
}

/** An attribute value of plain data; undefined for anything else. */
function attributeOf(value: unknown): AttributeValue | undefined {
  if (typeof value === 'string') return value.slice(0, ATTRIBUTE_CHARS_MAX);
  if (typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))) return value;
  if (!Array.isArray(value)) return undefined;
  const list = value.slice(0, ATTRIBUTES_MAX).map((each: unknown) => (Array.isArray(each) ? undefined : attributeOf(each)));
  const same = list.every((each) => each !== undefined && typeof each === typeof list[0]);
  return same ? (list as AttributeValue) : undefined;
}

function plainContent(content: EventContent): EventContent {
  const out: EventContent = {};
  if (content.error) out.error = content.error;
  if (content.arguments !== undefined) out.arguments = serialise(content.arguments);
  if (content.result !== undefined) out.result = serialise(content.result);
  if (content.request !== undefined) out.request = serialiseBody(content.request);
  if (content.response !== undefined) out.response = serialiseBody(content.response);
  return out;
}
