/**
 * The provider contract. A provider is data (which classes, which methods) and pure functions (what a request asks for, what an answer says). A stream is
 * folded to the body that a plain call would have returned, so that one extractor reads both. Nothing here performs I/O or keeps state between calls.
 */
import type { InputMessage, MessagePart, OutputMessage, ToolDefinition } from '../events/content.ts';
import type { ErrorFacts, LlmRequest, LlmResponse, Usage } from '../events/model.ts';

/** Folds the chunks of one stream, as the SDK hands them to the app. Must not keep or change a chunk, and must not throw on an odd one. */
export interface Assembler {
  push(chunk: unknown): void;
  /** The body so far; `complete` is false until the provider's own closing event was seen. */
  result(): { body: unknown; complete: boolean };
}

export interface ResponseFacts {
  response: LlmResponse;
  /** Absent when the provider gave none. */
  usage?: Usage;
  /** What the call cost in US dollars, where the provider says so itself. */
  costUsd?: number;
  /** An error that arrived inside a successful answer. */
  error?: ErrorFacts;
}

export interface InputContent {
  system?: MessagePart[];
  input?: InputMessage[];
  tools?: ToolDefinition[];
}

/** One wire operation of one provider. Every function takes whatever the wire or the app may hold and never throws. */
export interface Operation {
  /** The GenAI conventions' operation name: `chat`, `embeddings`, ... */
  readonly operation: string;
  /** Which API it is: `chat_completions`, `responses`, `messages`, ... */
  readonly api: string;
  /** Facts of a request body. */
  request(body: unknown): LlmRequest;
  /** A new folder of stream chunks; absent when the operation cannot stream. */
  assembler?(): Assembler;
  /** Facts of an answer. */
  response(body: unknown): ResponseFacts;
  /** What the request said. Called only when content was opted in. */
  input(body: unknown): InputContent;
  /** What the answer said. Called only when content was opted in. */
  output(body: unknown): OutputMessage[];
}
