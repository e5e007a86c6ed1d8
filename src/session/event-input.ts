/** Events as the app tells of them: what `record()` and `track()` take. */
import type { AttributeValue, Usage } from '../events/model.ts';

/** What was thrown, or, where there is no such thing, codes and a message. */
export type EventError =
  | Error
  | { type: string; code?: string; message?: string }
  | string
  | number
  | bigint
  | symbol
  | boolean
  | null;

/** What may be said of any event when it begins. */
export interface EventFacts {
  /** A name from code, of few different values; one is made of the other facts when absent. */
  name?: string;
  /** What the app adds; kept in full recordings only. */
  attributes?: Record<string, AttributeValue>;
}

/** What may be said of any event that is over. */
export interface PastFacts extends EventFacts {
  /** A date or milliseconds since 1970-01-01 UTC. Absent: `endedAt`, where that is given, else now. */
  startedAt?: Date | number;
  /** A date or milliseconds since 1970-01-01 UTC. Absent: now. */
  endedAt?: Date | number;
  /** Why it failed: anything that was thrown, or codes and a message. Absent or undefined: it did not. */
  error?: EventError | undefined;
}

/** What a function or a tool was given; kept in full recordings only. */
export interface CallInput {
  arguments?: unknown;
}

/** What it gave back; kept in full recordings only. */
export interface CallResult {
  result?: unknown;
}

export interface ToolCallInput extends CallInput {
  /** Name of the tool. */
  name: string;
  /** The id by which the model asked for this call. */
  callId?: string;
}

export interface LLMCallInput {
  /** The model that was asked. */
  model?: string;
  /** `openai`, `anthropic`, ... or a word of the app's own; `custom` when absent. */
  provider?: string;
  /** `chat`, `text_completion`, `embeddings`, ...; `chat` when absent. */
  operation?: string;
  /** What was sent, in any shape; kept in full recordings only. */
  input?: unknown;
}

export interface LLMCallResult {
  /** Tokens as the provider billed them; what it did not say stays away, and is no 0. */
  usage?: Usage;
  /** What was answered, in any shape; kept in full recordings only. */
  output?: unknown;
  /** The provider's own words, one for each choice. */
  finishReasons?: string[];
  /** The model that answered, as the provider named it. */
  responseModel?: string;
  /** US dollars, where the provider said them; else they follow from model, usage and the price table. */
  costUsd?: number;
}

/** A function or a step of the app's own. */
export interface ActionEvent extends PastFacts, CallInput, CallResult {
  type: 'action';
}

/** A call of a tool. */
export interface ToolEvent extends PastFacts, ToolCallInput, CallResult {
  type: 'tool';
  name: string;
}

/** A call of a model that no SDK which hindcast knows has made. */
export interface LLMEvent extends PastFacts, LLMCallInput, LLMCallResult {
  type: 'llm';
}

/** Something that went wrong. */
export interface ErrorEvent extends Omit<PastFacts, 'error'> {
  type: 'error';
  /** Anything that was thrown, or codes and a message. */
  error: unknown;
}

/** Types that are not the app's own to use: the four above, and what runs and steps are. */
export type ReservedEventType = 'action' | 'tool' | 'llm' | 'error' | 'agent' | 'step';

/** `T`, where it is a lower-case word that is not reserved. */
type OwnWord<T extends string> = string extends T ? T : T extends ReservedEventType ? never : Lowercase<T>;

/** Something of the app's own: `T` is any lower-case word that is none of the types above. */
export interface CustomEvent<T extends string = string> extends PastFacts, CallInput, CallResult {
  type: T & OwnWord<T>;
}

/** Any event that can be recorded; `T`: the types of the app's own. `type` tells them apart. */
export type EventInput<T extends string = never> =
  | ActionEvent
  | ToolEvent
  | LLMEvent
  | ErrorEvent
  | (T extends string ? CustomEvent<T> : never);
