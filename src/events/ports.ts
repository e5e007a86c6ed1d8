/**
 * The two ports between those who see calls (patch/, providers/) and those who take or answer them. A patch asks the hub for a recorder; with none
 * there, it calls the original and nothing else happens. Recording, replaying and "off" are therefore three implementations behind one call.
 */
import type { SessionLine } from './lines.ts';
import type {
  AgentFacts,
  AttributeValue,
  EndReason,
  ErrorFacts,
  EventContent,
  EventStatus,
  EventType,
  LlmFacts,
  LlmResponse,
  Note,
  RunStatus,
  SpanEvent,
  StepFacts,
  ToolFacts,
  Usage,
} from './model.ts';

/** What is known when an event begins. */
export interface EventStart {
  type: EventType;
  name: string;
  llm?: LlmFacts;
  tool?: ToolFacts;
  /** Of a run: the agent, which everything inside it belongs to as well. Of anything else: the agent that it belongs to. */
  agent?: AgentFacts;
  /** Of a run: where it runs, when that is not where the session does. */
  environment?: string;
  /** Of a step: what kind it is, and which attempt; its number is given by the run that it begins in. */
  step?: Omit<StepFacts, 'seq'>;
  attributes?: Record<string, AttributeValue>;
  /** Monotonic microseconds (core/clock) at which it began, where it is told of later than that. */
  beganUs?: number;
  /** The event that it happens in, where a framework knows better than the async scope does; it may have ended. */
  within?: OpenEvent;
  /** Of a tool: it changes something outside of the process. */
  sideEffect?: boolean;
  /** The span of another process, or of the app's own, that it happens in; only where no event of ours is around it. */
  remote?: RemoteParent;
}

/** A parent that came over a wire, as W3C trace context. */
export interface RemoteParent {
  /** 32 hex digits. */
  trace: string;
  /** 16 hex digits. */
  span: string;
}

/** What is known when an event ends. */
export interface Outcome {
  status: EventStatus;
  /** Monotonic microseconds (core/clock) at which it ended, where that is known only later. */
  endedUs?: number;
  error?: ErrorFacts;
  /** What was thrown, where there is such a thing: an event around this one that fails with the same names this one as its origin. It is not kept. */
  thrown?: unknown;
  /** Of a run: what is to be said of its end, where it does not follow from `status`. */
  run?: { status: Exclude<RunStatus, 'running'>; reason?: EndReason };
  response?: LlmResponse;
  usage?: Usage;
  /** What the call, or the run, cost in US dollars, where the provider said so itself. */
  costUsd?: number;
  chunks?: number;
  /** Called only when content is kept, so that building it costs nothing otherwise. */
  content?: () => EventContent;
}

/** An event that has begun. Every method is safe after the end, does nothing then, and never throws. */
export interface OpenEvent {
  readonly id: string;
  /** 32 hex digits. */
  readonly trace: string;
  readonly type: EventType;
  readonly ended: boolean;
  readonly session: { readonly id: string };
  /** The run that it happened in, or that it is. */
  readonly agentRun: OpenEvent | null;
  /** The event that this one began in. */
  readonly above: OpenEvent | null;
  /** Whether an LLM event began inside of this one, however deep: then a framework's call of a model was carried out by an SDK that we see. */
  readonly carriesCall: boolean;
  /** Whether exchange bytes are kept: false means that bodies need not be looked at. */
  readonly wantsBodies: boolean;
  /** Whoever opened the event may leave a reference to itself here. */
  owner?: unknown;
  /** Runs `fn` with this event as the parent of whatever happens inside. */
  run<T>(fn: () => T): T;
  /** An HTTP attempt was sent on behalf of this event. */
  exchange(request: ExchangeRequest): OpenExchange;
  /** The first chunk of a stream reached the app. */
  firstChunk(): void;
  /** Adds facts found out late, such as the server address. */
  amend(facts: Partial<LlmFacts>): void;
  note(note: NoteInput): void;
  /** Adds attributes of the app's own; one of a name that is there is replaced. */
  set(attributes: Record<string, AttributeValue>): void;
  /** Makes another thing of an open event, without LLM facts: for a framework's call of a model that turned out to be an LLM event further in. */
  become(type: EventType, name: string): void;
  /** Ends the event. In the recording when this returns. The first call counts. */
  end(outcome: Outcome): void;
}

export type NoteInput = Note extends infer N ? (N extends Note ? Omit<N, 'at'> : never) : never;

/** One HTTP request as it was sent: the bytes that the SDK made, not a serialisation of ours. */
export interface ExchangeRequest {
  method: string;
  url: string;
  headers: Iterable<readonly [string, string]>;
  /** The body as sent. Absent: none, or one that cannot be read without disturbing it (`omitted` says what it was). */
  body?: string | Uint8Array;
  omitted?: string;
}

/** How the body of a response ended. `cancelled`: the reader left early. `unread`: nobody read it. */
export type ExchangeEnd = 'complete' | 'cancelled' | 'error' | 'unread';

/** An HTTP attempt whose answer is awaited. Every method is safe after the end and never throws. */
export interface OpenExchange {
  head(status: number, headers: Iterable<readonly [string, string]>): void;
  /** A piece of the body as it arrived. A large one is kept by reference until the next write: the caller must not change it. */
  chunk(bytes: Uint8Array): void;
  end(how: ExchangeEnd, error?: ErrorFacts): void;
  /** Called once when the exchange has ended; at once if it has. */
  onEnd(listener: (how: ExchangeEnd) => void): void;
  /** Status and body so far, for a call whose answer only the app reads. Body only when `wantsBodies`. */
  answer(): { status: number | undefined; body: Uint8Array | undefined };
}

/** Takes events. */
export interface Recorder {
  /** Begins an event, or returns null when this one is not to be recorded. Never throws. */
  open(start: EventStart): OpenEvent | null;
  /** The innermost open event of the current async scope. */
  current(): OpenEvent | null;
}

/** May answer an HTTP request instead of the network: replay and fork. */
export interface Answerer {
  /** The answer, or null to let the request go to the network. */
  answer(request: ExchangeRequest, event: OpenEvent | null): Promise<Response> | null;
}

/** The event that a framework says the current code runs in: a framework keeps an async scope of its own. Must be fast and may throw. */
export type ScopeBridge = () => OpenEvent | null | undefined;

/** Where a program is followed, so that it can be replayed: knows the place of each event in the program, and, in a replay, which event of the recording it is. */
export interface Follower {
  /** An event begins. Returns where that is, for its line; undefined: nowhere that can be known again. */
  began(event: OpenEvent, start: EventStart): { lin: string; lo: number } | undefined;
  /** A tool of the app's is about to run; `given` is what it is called with, as JSON. Does not return where it may not run. */
  calls(event: OpenEvent, given: unknown): void;
  /** What the caller of a tool is given in the place of what the tool gave; null: that. */
  instead(event: OpenEvent): { value: unknown } | null;
  /** An event has ended; `line` is what is recorded of it. */
  ended(event: OpenEvent, line: SpanEvent): void;
}

export interface Hub {
  recorder: Recorder | null;
  answerer: Answerer | null;
  /** Absent where another copy of this package has made the hub. */
  follower?: Follower | null;
  /** Asked by the recorder for the parent of a new event; the innermost of what they and our own scope say counts. */
  bridges: ScopeBridge[];
  /** Whether requests to servers that take part in a trace (MCP) carry its ids. */
  propagates: boolean;
}

const HUB = Symbol.for('hindcast.hub.v3');

/** The one hub of the process, shared by every copy of this package in it. */
export const hub: Hub = ((globalThis as Record<symbol, unknown>)[HUB] ??= {
  recorder: null,
  answerer: null,
  bridges: [],
  propagates: true,
}) as Hub;

/** One finished event on its way to a backend, with the header of the recording it stands in. */
export interface ExportItem {
  header: SessionLine;
  event: SpanEvent;
  /** Bodies of the event's last exchange as text, or, of an answer that is no text, as bytes; there only when the queue was asked for content. */
  bodies?: { request?: string; response?: string | Uint8Array; contentType?: string };
}

/** A batch taken from the export queue: exactly one of `ack` and `release` must be called. */
export interface ExportBatch {
  items: ExportItem[];
  /** The backend has them (or refused them for good): they are never handed out again, also after a restart. */
  ack(): void;
  /** The backend does not have them: they are handed out again. */
  release(): void;
}

/** The durable queue between the recordings and the exporter. */
export interface ExportSource {
  /** The next items, oldest first, or null when there are none. */
  take(limit: { items: number; bytes: number }): ExportBatch | null;
  /** Items known to wait; those of other processes' recordings count once they were found. */
  pending(): number;
}
