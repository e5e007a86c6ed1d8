/**
 * The trace model: what one event says. Every interface here is plain JSON data, because an event is exactly what the recording holds
 * (docs/recording-format.md) and everything else (spans, statistics, the viewer) is derived from it.
 *
 * Privacy rule, kept by the shape itself: a value that may carry what a user, a model or a tool said lives under a member named `content`,
 * `attributes` or `tags`. Everything outside those members is a number, a code, an id or a name from code, and may leave the machine.
 */

/** What an event is. A custom event is any other lower-case word. */
export type EventType = 'llm' | 'tool' | 'action' | 'agent' | 'step' | 'error' | (string & {});

/**
 * How an event ended. `cancelled`: the caller left early (a `break` out of a stream, an abort that ends it quietly), which is no error.
 * `unfinished`: the session ended, or the process died, while the event was open.
 */
export type EventStatus = 'ok' | 'error' | 'cancelled' | 'unfinished';

/** Which agent: all are the user's own words for it. */
export interface AgentFacts {
  id?: string;
  name?: string;
  version?: string;
}

/** A failure in codes only. The message and the stack are content (`EventContent.error`). */
export interface ErrorFacts {
  /** Class or code, of low cardinality: `RateLimitError`, `AbortError`, `incomplete_stream`. */
  type: string;
  /** The provider's own code, such as `context_length_exceeded`. */
  code?: string;
  /** HTTP status. */
  status?: number;
  /** The provider's id of the request, for its support. */
  requestId?: string;
  /** What the provider asked to wait before the next attempt, in milliseconds. */
  retryAfterMs?: number;
  /** Id of the event further in that failed with this very error, or with the one that this one names as its cause: there it began. */
  from?: string;
}

/** What an LLM request asked for, content left out. */
export interface LlmRequest {
  model?: string;
  stream?: boolean;
  maxTokens?: number;
  temperature?: number;
  topP?: number;
  topK?: number;
  frequencyPenalty?: number;
  presencePenalty?: number;
  seed?: number;
  /** How many answers were asked for; absent when one. */
  choiceCount?: number;
  reasoningLevel?: string;
  /** `text`, `json`, `image` or `speech`, where the request says. */
  outputType?: string;
  encodingFormats?: string[];
  serviceTier?: string;
  previousResponseId?: string;
  messageCount?: number;
  /** Names of the tools that the model may call. */
  tools?: string[];
  /** Ids of the tool calls whose results this request brings, those since the model's last answer: the link from a result to the call that asked for it. */
  toolResults?: string[];
}

/** A tool call that a model asked for. Its arguments are content. */
export interface ToolCallFacts {
  id?: string;
  name: string;
}

/** What an LLM answered, content left out. */
export interface LlmResponse {
  id?: string;
  model?: string;
  /** The provider's own words, one for each choice in order. */
  finishReasons?: string[];
  toolCalls?: ToolCallFacts[];
  serviceTier?: string;
  systemFingerprint?: string;
  /** Who carried the call out, where a router asked somebody else and says whom: the router's name for them. */
  servedBy?: string;
  /** `completed`, `incomplete`, `failed`, ...: where the API has a status of its own (OpenAI Responses). */
  status?: string;
  /** Length of each vector, for embeddings. */
  dimensions?: number;
}

/** Tokens as the provider billed them. A member is absent where the provider did not say: absent is not 0. */
export interface Usage {
  /** All input tokens, cached ones included. */
  input?: number;
  output?: number;
  /** Part of `input` that was read from the provider's cache. */
  cacheRead?: number;
  /** Part of `input` that was written to the provider's cache. */
  cacheWrite?: number;
  /** Part of `cacheWrite` that is kept for an hour, where the provider tells it apart. */
  cacheWriteHour?: number;
  /** Part of `output` spent on reasoning. */
  reasoning?: number;
  audioInput?: number;
  audioOutput?: number;
}

/** One HTTP attempt inside an SDK's retry loop. */
export interface Attempt {
  /** Microseconds from the start of the session to the moment the attempt was sent. */
  at: number;
  /** Microseconds to the response head, or to the failure. */
  us: number;
  status?: number;
  /** Code or class of a failure below HTTP, such as `ECONNREFUSED`. */
  error?: string;
  retryAfterMs?: number;
  requestId?: string;
}

/** The `llm` part of an event. */
export interface LlmFacts {
  /** `chat`, `text_completion`, `embeddings`, `generate_content`, ...: the GenAI conventions' operation name. */
  operation: string;
  /** The conventions' provider name: `openai`, `anthropic`, `azure.ai.openai`, ... or a custom one. */
  provider: string;
  /** Which of a provider's APIs: `chat_completions`, `responses`, `messages`, ... */
  api?: string;
  server?: { address: string; port: number };
  request: LlmRequest;
  response?: LlmResponse;
  usage?: Usage;
  /** Microseconds from the start of the call to the first chunk of a stream. */
  firstChunkUs?: number;
  /** Chunks the app was given. */
  chunks?: number;
  /** The span that the SDK's own telemetry made of the same call in the app's own OpenTelemetry. */
  native?: { trace: string; span: string };
}

/** The `tool` part of an event. */
export interface ToolFacts {
  name: string;
  /** `function`, `extension`, `datastore`, ... */
  type?: string;
  callId?: string;
}

/**
 * How a run stands. `partial`: it ended well, although an event in it failed or a step had to be retried. `indeterminate`: nobody said how it went.
 */
export type RunStatus = 'running' | 'success' | 'partial' | 'failure' | 'indeterminate';

/** The `run` part of an event of type `agent`: one execution of an agent. */
export interface RunFacts {
  status: RunStatus;
  /** Why it ended. */
  reason: EndReason;
  environment?: string;
  /** Steps that began in it. */
  steps: number;
  /** Of those, the ones that were another attempt of an earlier one. */
  retries: number;
  /** Events in it that failed, those of runs inside it included. */
  errors: number;
}

/** The `step` part of an event of type `step` that happened in a run. */
export interface StepFacts {
  /** From 1, without a gap, in the order in which the steps of the run began. */
  seq: number;
  /** `plan`, `retrieve`, `tool`, `respond`, `other`, or a registered word (vocabulary.ts). */
  type: string;
  /** The type is in no vocabulary. */
  unknownType?: true;
  /** From 1. A retry is a step of its own. */
  attempt: number;
  /** Id of the step that this one is another attempt of. */
  retryOf?: string;
}

/** A decision: why the agent took one way and not another. Type and reason come from the vocabulary (vocabulary.ts). */
export interface Decision {
  kind: 'decision';
  type: string;
  reasonCode: string;
  /** 0 to 1. */
  confidence?: number;
  content?: { selected?: string; candidates?: string[] };
}

/** The semantic reason why an event failed. */
export interface Failure {
  kind: 'failure';
  type: string;
  code: string;
  /** Id of the step that failed, where the failure was said about the run. */
  step?: string;
  /** Read from the error by hindcast, and not said by the app. */
  auto?: true;
  content?: { message?: string };
}

/** An observation about quality, never a verdict. */
export interface Signal {
  kind: 'signal';
  type: string;
  code: string;
  value: boolean;
  weight?: number;
}

/** Something said about an event while it was open. `at`: microseconds from the start of the session. */
export type Note = (Decision | Failure | Signal) & { at: number; unknownCode?: true };

export type AttributeValue = string | number | boolean | string[] | number[] | boolean[];

/** What was said: present in a full recording only, and leaves the machine only when the user opted in. */
export interface EventContent {
  error?: { message: string; stack?: string };
  /** Arguments of a tool or action call. */
  arguments?: unknown;
  /** What a tool or action returned. */
  result?: unknown;
  /** Body of the LLM request; only where no HTTP exchange of this event holds it. */
  request?: unknown;
  /** Body of the LLM answer, a stream folded into one; only where no HTTP exchange of this event holds it whole. */
  response?: unknown;
}

/** One finished event: a line of kind `event` in the recording, and a span on the wire. */
export interface SpanEvent {
  /** 16 hex digits. */
  id: string;
  /** 32 hex digits. */
  trace: string;
  /** Id of the event, or of the app's own OpenTelemetry span, that this one happened in. */
  parent?: string;
  /** Id of the run that this one happened in; of a run, the one that is around it. */
  runId?: string;
  type: EventType;
  name: string;
  /** The agent that it happened in, where that is not the one of the session. */
  agent?: AgentFacts;
  /** Microseconds from the start of the session. */
  start: number;
  end: number;
  status: EventStatus;
  error?: ErrorFacts;
  run?: RunFacts;
  step?: StepFacts;
  llm?: LlmFacts;
  tool?: ToolFacts;
  attempts?: Attempt[];
  notes?: Note[];
  /** US dollars: as the provider said (`priced` is `provider`), else by the price table of `priced` (a date); absent when neither knows. */
  cost?: { usd: number; priced: string };
  attributes?: Record<string, AttributeValue>;
  /** In a fork: an edit changed what it asked, or what it gave. */
  edited?: true;
  content?: EventContent;
}

/** How a session ended. */
export type SessionState = 'success' | 'failure' | 'indeterminate';
export type EndReason = 'ended' | 'exception' | 'signal' | 'crash' | 'timeout' | 'not_ended';

/** Totals of one session, computed locally from its events. */
export interface SessionStats {
  durationMs: number;
  events: number;
  llm: number;
  tools: number;
  actions: number;
  /** Events of type `agent`, and of type `step`. */
  runs: number;
  steps: number;
  errors: number;
  /** Failures that were recorded, by the app or by hindcast. */
  failures: number;
  /** HTTP attempts beyond the first of each call. */
  retries: number;
  /** Sums over the events that said so; `unknown`: LLM events with no usage at all. */
  tokens: Required<Pick<Usage, 'input' | 'output' | 'cacheRead' | 'cacheWrite' | 'reasoning'>> & { unknown: number };
  /** `unknown`: LLM events that could not be priced. */
  cost: { usd: number; unknown: number };
}
