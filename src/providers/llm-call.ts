/** One call of an SDK from its beginning to its one end, whichever of its many ends comes first. */
import { guard } from '../core/diagnostics.ts';
import { saidBy } from '../core/thrown.ts';
import { hub } from '../events/ports.ts';
import { callName } from '../events/safe-words.ts';
import type { ErrorFacts, EventContent, LlmRequest } from '../events/model.ts';
import type { ExchangeEnd, OpenEvent, Outcome } from '../events/ports.ts';
import type { WatchedExchange } from '../patch/exchange.ts';
import type { PromiseSink } from '../patch/observe-promise.ts';
import { isStream, observeStream } from '../patch/observe-stream.ts';
import type { StreamEnd, StreamSink } from '../patch/observe-stream.ts';
import { looking } from '../patch/own-member.ts';
import { runInside } from '../patch/run-inside.ts';
import { errorType } from '../patch/transport-error.ts';
import { answerError } from './errors.ts';
import type { Assembler, Operation, ResponseFacts } from './contract.ts';
import { parseJson } from './fields.ts';
import { gatewayCost, gatewayOf, providerOfClient, serverSaid } from './hosts.ts';
import type { Server } from './hosts.ts';

/** What a provider says about the calls of one method. All functions are given what the app gave, or what the SDK made, and must not change it. */
export interface CallKind {
  /** Name of the provider where neither class nor host says another. */
  provider: string;
  operation: Operation;
  error: (error: unknown) => ErrorFacts;
  /** What the operation reads as the request; the first argument, unless said. */
  body?: (args: readonly any[]) => unknown;
  /** What the attempts of the call know it by; `_client` of what the method was called on, unless said. */
  client?: (self: any) => unknown;
  /** Who is asked; read from the client's class and base URL, unless said. */
  server?: (client: any, self: any) => Server;
  /** What the operation reads as the answer, out of what the method's promise gave; all of it, unless said. */
  answer?: (value: any) => unknown;
  /** What the operation reads as the answer, out of an error that the SDK threw after the answer had come: its tokens were spent. */
  answerIn?: (error: any) => unknown;
  /** Has the last word on what an answer says. */
  answered?: (facts: ResponseFacts, body: unknown, call: LlmCall) => ResponseFacts;
  /** Whose calls they are, where a client alone does not tell the attempts of one provider from another's. */
  owner?: unknown;
  /** Watches a stream that the method's promise gave, and says whether it was one; the streams of the Stainless family, unless said. */
  watchStream?: (value: any, sink: StreamSink) => boolean;
  /** Makes the attempts of a call seen where no method of the SDK sends them all; returns what takes it back when the method's promise has settled. */
  attempts?: (call: LlmCall, self: any) => () => void;
}

/** Calls whose promise was collected without anybody having asked it for anything. */
const dropped = new FinalizationRegistry<LlmCall>((call) => looking('patch.dropped', () => call.drop()));

/** Begins the event of a call of a method of `self`, or null when it is not to be recorded. */
export function beginCall(
  given: CallKind | ((self: any, args: readonly any[]) => CallKind | null),
  self: any,
  args: readonly any[],
): LlmCall | null {
  const recorder = hub.recorder;
  if (recorder === null) return null;
  return guard(
    'patch.open',
    () => {
      const kind = typeof given === 'function' ? given(self, args) : given;
      if (kind === null) return null;
      const { operation } = kind;
      const body = kind.body ? kind.body(args) : args[0];
      // Before 2024 the SDKs of the Stainless family called it `client`.
      const client = kind.client ? kind.client(self) : (self?._client ?? self?.client);
      const request: LlmRequest = operation.request(body);
      const name = callName(operation.operation, request.model);
      const server = kind.server ? kind.server(client, self) : providerOfClient(client, kind.provider);
      const llm = { operation: operation.operation, api: operation.api, ...server, request };
      const event = recorder.open({ type: 'llm', name, llm });
      if (event === null) return null;
      const call = new LlmCall(event, kind, client, body);
      call.assumed = server.provider === kind.provider;
      if (kind.attempts) call.watchesAttempts(guard('patch.attempts', () => kind.attempts!(call, self), NOTHING));
      return call;
    },
    null,
  );
}

const NOTHING = (): void => {};

/** The call that the current code runs in, if it is one that `matches`. */
export function openCall(matches: (call: LlmCall) => boolean): LlmCall | null {
  const event = hub.recorder?.current() ?? null;
  const call = event === null || event.ended ? undefined : event.owner;
  return call instanceof LlmCall && matches(call) ? call : null;
}

export class LlmCall implements PromiseSink, StreamSink {
  readonly event: OpenEvent;
  /** Undefined when no further attempt can come: some clients hold their streams, which this must not keep from being collected. */
  client: unknown;
  readonly kind: CallKind;
  /** Who answers was not said by class, host or gateway: it is the SDK's own provider, unless the answer says another. */
  assumed = false;
  #body: unknown;
  #exchange: WatchedExchange | null = null;
  #assembler: Assembler | undefined;
  #chunks = 0;
  /** The app has asked for the answer, or for the HTTP response. */
  #asked: 'nothing' | 'response' | 'answer' = 'nothing';
  #settled = false;
  #dropped = false;
  /** What a gateway said in the head of its answer that the call cost. */
  #costUsd: number | undefined;
  #unwatchAttempts = NOTHING;

  constructor(event: OpenEvent, kind: CallKind, client: unknown, body: unknown) {
    this.event = event;
    this.client = client;
    this.kind = kind;
    this.#body = body;
    event.owner = this;
  }

  /** Runs the SDK's method as part of the call. */
  run<T>(fn: () => T): T {
    return runInside(this.event, fn);
  }

  /** Knows of the promise that the app was given, so as to end when nobody holds it any more. */
  holdsNot(promise: object): void {
    // An app that awaits it has asked before this turn is over; registering costs more than asking again.
    queueMicrotask(() =>
      looking('patch.promise', () => {
        if (this.#asked === 'nothing' && !this.event.ended) dropped.register(promise, this, this);
      }),
    );
  }

  /** The promise that the app was given is one that reads the answer by itself. */
  awaited(): void {
    this.#asked = 'answer';
  }

  /** Headers of the newest answer, where an attempt was seen. */
  get headers(): unknown {
    return this.#exchange?.headers;
  }

  /** What is to be called when no further attempt can come. */
  watchesAttempts(unwatch: () => void): void {
    this.#unwatchAttempts = unwatch;
  }

  #sentAll(): void {
    this.#unwatchAttempts();
    this.#unwatchAttempts = NOTHING;
    this.client = undefined;
  }

  /** An attempt was sent. The one before it, if its answer was not read, will not be read any more. */
  sent(watch: WatchedExchange): void {
    this.#exchange?.close();
    this.#exchange = watch;
    watch.exchange.onEnd((how) => {
      // The SDK reads the body of an error answer only when it will not try again.
      if (this.#asked === 'nothing' && how === 'complete' && (watch.status ?? 0) >= 400) this.#failedOnTheWire(watch);
    });
  }

  head(status: number, headers: any): void {
    const gateway = gatewayOf(headers);
    if (gateway !== undefined) {
      this.assumed = false;
      this.event.amend({ provider: gateway });
    }
    this.#costUsd = gateway === undefined || status >= 400 ? undefined : gatewayCost(headers);
    if (this.#dropped && status < 400) this.#end({ status: 'cancelled' });
  }

  reading<T>(read: () => T): T {
    this.#ask('answer');
    return runInside(this.event, read);
  }

  rawAsked(): void {
    this.#ask('response');
  }

  rawArrived(): void {
    // `withResponse` asks for both: who asked for the answer as well is told of it in this turn.
    queueMicrotask(() =>
      looking('patch.raw', () => {
        if (this.#asked === 'response') this.#endWithExchange();
      }),
    );
  }

  resolved(value: unknown): void {
    if (this.#settled) return;
    if (this.#watchesStream(value)) {
      this.#settled = true;
      // Said before anything was generated.
      this.#costUsd = undefined;
      this.#sentAll();
    } else if (isResponse(value)) this.#endWithExchange();
    else this.#end(this.#answered(this.kind.answer ? this.kind.answer(value) : value));
  }

  #watchesStream(value: unknown): boolean {
    const watch = this.kind.watchStream ?? watchStainlessStream;
    return guard('patch.stream', () => watch(value, this), false);
  }

  #folder(): Assembler | undefined {
    return (this.#assembler ??= this.kind.operation.assembler?.());
  }

  /** The app reads the stream where nobody can look: what the bytes of its exchange say counts. */
  hidden(): void {
    this.#endWithExchange();
  }

  rejected(error: unknown): void {
    if (!this.#settled) this.#end(this.#refused(error));
  }

  chunk(chunk: unknown): void {
    if (this.event.ended) return;
    if (this.#chunks++ === 0) looking('patch.firstChunk', () => this.event.firstChunk());
    this.#folder()?.push(chunk);
  }

  ended(end: StreamEnd): void {
    if (this.event.ended) return;
    const { body, complete } = this.#folder()?.result() ?? { body: undefined, complete: end.how === 'done' && !end.aborted };
    const answered = { ...this.#answered(body), chunks: this.#chunks };
    if (end.how === 'error') {
      const failed = this.#failed(end.error);
      this.#end({ ...answered, ...failed, ...(isAbort(end.error, failed.error) && { status: 'cancelled' }) });
    } else if (complete || answered.status === 'error') this.#end(answered);
    else if (end.how === 'left' || end.aborted) this.#end({ ...answered, status: 'cancelled' });
    else this.#end({ ...answered, status: 'error', error: { type: 'incomplete_stream' } });
  }

  /** The SDK's method threw at once. */
  threw(error: unknown): void {
    looking('patch.threw', () => this.#end(this.#refused(error)));
  }

  /** The SDK's method gave something that is no promise of the SDK. */
  gave(value: unknown): void {
    this.resolved(value);
  }

  /** Nobody can ask for the answer any more. */
  drop(): void {
    if (this.#settled || this.#asked !== 'nothing') return;
    this.#dropped = true;
    const { status, error } = this.#exchange ?? {};
    if (error) this.#end({ status: 'error', error });
    else if (status !== undefined && status < 400) this.#end({ status: 'cancelled' });
  }

  #ask(what: 'response' | 'answer'): void {
    if (this.#asked === 'nothing') dropped.unregister(this);
    if (this.#asked !== 'answer') this.#asked = what;
  }

  #answered(body: unknown): Outcome {
    if (body === undefined) return { status: 'ok', content: () => this.#content({}) };
    const read: ResponseFacts = this.kind.operation.response(body);
    const facts = this.kind.answered ? guard('patch.answered', () => this.kind.answered!(read, body, this), read) : read;
    const said = this.assumed ? serverSaid(facts.response) : undefined;
    if (said !== undefined) looking('patch.answered', () => this.event.amend({ provider: said }));
    return { status: facts.error ? 'error' : 'ok', ...facts, content: () => this.#content({ response: body }) };
  }

  #failed(error: unknown): Outcome {
    const facts = guard('patch.error', () => this.kind.error(error), { type: 'Error' });
    return { status: 'error', error: facts, thrown: error, content: () => this.#content({ error: saidBy(error) }) };
  }

  /** The SDK gave an error instead of an answer, which may have come all the same. */
  #refused(error: unknown): Outcome {
    const { answerIn } = this.kind;
    const body = answerIn && guard('patch.error', () => answerIn(error), undefined);
    return { ...(body !== undefined && this.#answered(body)), ...this.#failed(error) };
  }

  /** Bodies stand in the exchanges; only a call of which no exchange was seen carries them itself. */
  #content(content: EventContent): EventContent {
    if (this.#exchange === null) return { request: this.#body, ...content };
    return content.error ? { error: content.error } : {};
  }

  /** The app reads the HTTP response itself: the call is over when it has. */
  #endWithExchange(): void {
    this.#settled = true;
    const watch = this.#exchange;
    if (watch === null) this.#end({ status: 'ok', content: () => this.#content({}) });
    else watch.exchange.onEnd((how) => looking('patch.raw', () => this.#endedOnTheWire(watch, how)));
  }

  #endedOnTheWire(watch: WatchedExchange, how: ExchangeEnd): void {
    if (how === 'error') this.#end({ status: 'error', error: watch.error ?? { type: 'incomplete_body' } });
    else if (how === 'cancelled') this.#end({ status: 'cancelled' });
    else this.#end(this.#answered(bodyOf(watch)));
  }

  #failedOnTheWire(watch: WatchedExchange): void {
    this.#end({ status: 'error', error: answerError(watch.status ?? 0, watch.headers, bodyOf(watch)) });
  }

  #end(outcome: Outcome): void {
    this.#settled = true;
    this.#sentAll();
    if (this.event.ended) return;
    this.#exchange?.close();
    const costUsd = this.#costUsd ?? outcome.costUsd;
    looking('patch.end', () => this.event.end(costUsd === undefined ? outcome : { ...outcome, costUsd }));
    // Whatever keeps the call, an SDK or a socket, keeps no more than it must.
    this.#body = this.#assembler = undefined;
    this.#exchange = null;
  }
}

/** The body of an answer that only the app reads, where it is JSON. */
function bodyOf(watch: WatchedExchange): unknown {
  const { body } = watch.exchange.answer();
  return body === undefined ? undefined : parseJson(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8'));
}

function watchStainlessStream(value: unknown, sink: StreamSink): boolean {
  if (!isStream(value)) return false;
  observeStream(value, sink);
  return true;
}

/** Whether a stream ended because the app aborted it: some SDKs end it quietly then, others throw. */
function isAbort(error: unknown, facts: ErrorFacts | undefined): boolean {
  return facts?.type === 'AbortError' || (errorType(error) === 'AbortError' && facts?.type !== 'TimeoutError');
}

function isResponse(value: any): boolean {
  return (
    typeof value === 'object' && value !== null && typeof value.arrayBuffer === 'function' && typeof value.headers === 'object'
  );
}
