/**
 * What it takes to make the answer of an API say something else: the inverse of an `Operation`, by whose decoders what is made here is read again. Pure, as decoding is: recorded data goes in
 * and is not changed.
 */
import type { Operation } from './contract.ts';
import type { Fields } from './fields.ts';

/** A tool call as an edit has it. `arguments`: a value, or a text that is none of JSON. */
export interface WantedCall {
  name: string;
  arguments: unknown;
  id?: string;
}

/** What an answer is to say. What is undefined stays as it was. */
export interface Edit {
  text?: string;
  calls?: readonly WantedCall[];
  reason?: string;
  /** What the recorded answer said. */
  was: { text: string; calls: readonly WantedCall[]; reason?: string };
  origin: Origin;
}

/** What an answer was asked for with, and what is known of it beside what it said. */
export interface Origin {
  /** The body of the request; no members where it is none of JSON. */
  request: Fields;
  url: string;
  /** A header of the request, by its name in lower case. */
  header(name: string): string | undefined;
  /** Of the recorded answer, where it got so far. */
  id?: string;
  /** Of the recorded answer, or the one that was asked for. */
  model: string;
  /** Seconds since 1970: when the recorded answer was given, by its head; 0 where nothing says so. */
  seconds: number;
  /** Made-up ids are made of it: one for each request. */
  seed: number;
}

/** One event of a stream. */
export interface WireEvent {
  /** Of a server-sent event; of a frame of AWS, the type. */
  name?: string;
  /** Of a server-sent event. */
  id?: string;
  /** As the SDK hands it out. A text stands for itself (`[DONE]`); undefined: what cannot be read. */
  json: unknown;
  /** As it came; absent of an event that is new. */
  data?: string;
  /** A comment between the events, which is none. */
  comment?: string;
}

/** The answers of one API. Functions may throw a `CannotSay`; what else they throw is a fault. */
export interface AnswerShape {
  /** Reads them. */
  readonly operation: Operation;
  whole(body: Fields, edit: Edit): Fields;
  /** Absent where the API has no streams. */
  events?(events: readonly WireEvent[], edit: Edit): WireEvent[];
  /** An answer that says nothing yet: it is edited where the model gave none. */
  empty(origin: Origin): Fields;
  emptyEvents?(origin: Origin): unknown[];
  /** The name of a server-sent event, in APIs that name theirs. */
  nameOf?(json: Fields): string | undefined;
  /** Framing of its streams where there is no recorded one: server-sent events unless said. */
  framing?(origin: Origin): 'sse' | 'lines' | 'array';
  /** Whether a request is answered by a stream; what its body says in `stream`, unless said. */
  streams?(origin: Origin): boolean;
}

/** This API's answers cannot say that. The message is for people. */
export class CannotSay extends Error {}
