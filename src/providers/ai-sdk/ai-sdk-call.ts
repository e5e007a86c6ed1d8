/** One call of a model that the Vercel AI SDK makes: an LLM event, from the beginning of its first attempt to its answer, or to the last chunk of it. */
import { codeWord } from '../../core/code-word.ts';
import { guard } from '../../core/diagnostics.ts';
import { saidBy } from '../../core/thrown.ts';
import type { ErrorFacts, EventContent } from '../../events/model.ts';
import { hub } from '../../events/ports.ts';
import { callName } from '../../events/safe-words.ts';
import type { OpenEvent, Outcome } from '../../events/ports.ts';
import { watchFetches } from '../../patch/observe-fetch.ts';
import type { FetchedRequest, FetchSink } from '../../patch/observe-fetch.ts';
import { observePiped } from '../../patch/observe-pipe.ts';
import { transportError } from '../../patch/transport-error.ts';
import type { StreamEnd, StreamSink } from '../../patch/observe-stream.ts';
import { providerNamed } from './ai-sdk-names.ts';
import type { Assembler, Operation } from '../contract.ts';
import { bodyCode } from '../errors.ts';
import { present } from '../fields.ts';
import { endModelCall, frameworkError, isAbort, openEvent } from '../framework-events.ts';
import { providerOf } from '../hosts.ts';

/** What the app does not want recorded of a call. */
export interface Hidden {
  inputs: boolean;
  outputs: boolean;
}

/** What begins a call. */
export interface CallStart {
  operation: Operation;
  /** What the operation reads as the request. */
  request: any;
  hidden: Hidden;
  within?: OpenEvent | undefined;
  /** What it is called where it turns out that other LLM events carry it out. */
  carried?: string;
  /** Told when the reader of a stream has left it: then the end is the caller's to say. */
  onLeft?: () => void;
  /** Told of the end. */
  onEnd?: () => void;
}

/** The error that counts of one that gathers the errors of several attempts. */
function deciding(error: any): any {
  return error?.name === 'AI_RetryError' && error.lastError !== undefined ? error.lastError : error;
}

/** Codes of an error of the SDK's: one of its classes, or what a provider sent in a stream. */
export function aiSdkError(error: unknown): ErrorFacts {
  const cause = deciding(error);
  if (typeof cause === 'object' && cause !== null && !(cause instanceof Error)) {
    return { type: codeWord(cause.type) ?? 'provider_error', ...present({ code: codeWord(cause.code) }) };
  }
  const code = guard('ai-sdk.error', () => bodyCode(cause?.data), undefined);
  return { ...frameworkError(cause), ...(code !== undefined && { code }) };
}

/** How something of the SDK's ends in which `error` came up. The message of an error may hold what was asked and answered. */
export function aiSdkFailure(error: unknown, hidden: Hidden): Outcome {
  const facts = guard('ai-sdk.error', () => aiSdkError(error), { type: 'Error' });
  const shown = !hidden.inputs && !hidden.outputs;
  const said = (error as { message?: unknown } | null | undefined)?.message;
  const told = error instanceof Error || typeof said !== 'string' ? error : said;
  return { status: 'error', error: facts, thrown: error, content: () => (shown ? { error: saidBy(told) } : {}) };
}

/** A model of the SDK's calls `fetch` itself: what is sent in the scope of a call is an attempt of it. Its bytes stay the provider's; what was said stands in the event. */
function attempted(request: FetchedRequest): FetchSink | null {
  const call = hub.recorder?.current()?.owner;
  return call instanceof AiModelCall && !call.event.ended ? call.attempt(request) : null;
}

export class AiModelCall implements StreamSink {
  readonly event: OpenEvent;
  readonly #start: CallStart;
  readonly #operation: Operation;
  readonly #request: any;
  readonly #hidden: Hidden;
  readonly #assembler: Assembler | undefined;
  readonly #unwatch = watchFetches(attempted);
  #chunks = 0;
  #attempts = 0;
  #answered = false;
  /** The stream's reader has left; the end follows when it is known why. */
  #left = false;
  /** What went wrong last; another attempt may follow. */
  failure: { error: unknown } | undefined;

  constructor(event: OpenEvent, start: CallStart) {
    this.event = event;
    this.#start = start;
    this.#operation = start.operation;
    this.#request = start.request;
    this.#hidden = start.hidden;
    this.#assembler = start.operation.assembler?.();
    event.owner = this;
  }

  /** Begins the event of a call; null where none is recorded. */
  static begin(start: CallStart): AiModelCall | null {
    const { operation, request, within } = start;
    const facts = operation.request(request);
    const name = callName(operation.operation, facts.model);
    const llm = {
      operation: operation.operation,
      api: operation.api,
      provider: providerNamed(request?.provider),
      request: facts,
    };
    const event = openEvent({ type: 'llm', name, llm, ...(within && { within }) });
    return event === null ? null : new AiModelCall(event, start);
  }

  /** A further attempt begins. */
  again(): void {
    this.failure = undefined;
  }

  /** A model gave `result`: an answer, or a stream of one. The first counts. */
  answered(result: any): void {
    if (this.#answered || this.event.ended || typeof result !== 'object' || result === null) return;
    this.#answered = true;
    this.failure = undefined;
    this.#nameServer(result.request?.url);
    if (result.stream instanceof ReadableStream) observePiped(result.stream, this);
    else this.#end(this.#read(result));
  }

  /** An attempt is sent. */
  attempt({ method, url, headers }: FetchedRequest): FetchSink {
    this.#attempts++;
    this.#nameServer(new URL(url).origin);
    const exchange = this.event.exchange({ method, url, headers, omitted: 'unseen' });
    return {
      head: (status, answered) => exchange.head(status, answered),
      end: (how, error) => exchange.end(how, how === 'error' ? transportError(error) : undefined),
    };
  }

  #nameServer(url: unknown): void {
    if (typeof url === 'string') this.event.amend(providerOf(url, providerNamed(this.#request?.provider)));
  }

  chunk(chunk: any): void {
    // `stream-start` comes from the model's own code, before anything came from the provider.
    if (chunk?.type === 'stream-start') return;
    if (chunk?.type === 'error') this.failure = { error: chunk.error };
    if (this.#chunks++ === 0) this.event.firstChunk();
    this.#assembler?.push(chunk);
  }

  ended(end: StreamEnd): void {
    if (end.how === 'left') {
      if (this.failure !== undefined) return this.close({ status: 'ok' });
      this.#left = true;
      this.#start.onLeft?.();
    } else if (end.how === 'error') {
      if (!isAbort(end.error)) this.failure = { error: end.error };
      this.close({ status: 'cancelled' });
    } else this.close({ status: 'ok' });
  }

  /** Nobody pipes the SDK's streams past us. */
  hidden(): void {}

  /** Whatever is around the call has ended with `outcome`; a failure of the call itself says more. */
  close(outcome: Outcome): void {
    if (this.event.ended) return;
    const { body, complete } = this.#folded();
    const facts = this.#read(body);
    const { status, error } = outcome;
    if (this.failure !== undefined) this.#end({ ...facts, ...this.#failed(this.failure.error, body) });
    else if (status !== 'ok') this.#end({ ...facts, status, ...(error && { error }) });
    else if (complete || this.#chunks === 0) this.#end(facts);
    else this.#end({ ...facts, status: 'error', error: { type: 'incomplete_stream' } });
  }

  /** Whether the reader of its stream has left before the end. */
  get left(): boolean {
    return this.#left;
  }

  #folded(): { body: unknown; complete: boolean } {
    return this.#chunks === 0 || this.#assembler === undefined ? { body: undefined, complete: true } : this.#assembler.result();
  }

  #read(body: any): Outcome {
    const chunks = this.#chunks > 0 ? { chunks: this.#chunks } : undefined;
    if (body === undefined) return { status: 'ok', ...chunks, content: () => this.#content({}) };
    return { status: 'ok', ...this.#operation.response(body), ...chunks, content: () => this.#content({ response: kept(body) }) };
  }

  /** An answer that the SDK could make nothing of is there all the same, and was paid for. */
  #failed(error: any, body: unknown): Outcome {
    const { usage, finishReason, response } = error?.usage && error?.response ? error : {};
    const facts = usage ? this.#operation.response({ usage, finishReason, response }) : undefined;
    const { content, ...failure } = aiSdkFailure(error, this.#hidden);
    const answer = body === undefined ? undefined : { response: kept(body) };
    return { ...facts, ...failure, content: () => this.#content({ ...answer, ...content?.() }) };
  }

  #content({ response, error }: EventContent): EventContent {
    return {
      ...(!this.#hidden.inputs && { request: this.#request }),
      ...(!this.#hidden.outputs && response !== undefined && { response }),
      ...(error && { error }),
    };
  }

  #end(outcome: Outcome): void {
    const { carried = `model_call ${this.#request?.modelId ?? ''}`.trim(), onEnd } = this.#start;
    this.#unwatch();
    // A call that has sent a request itself is one, whatever else was asked on the way to it (a middleware may ask another model).
    const end = (): void => (this.#attempts > 0 ? this.event.end(outcome) : endModelCall(this.event, outcome, carried));
    guard('ai-sdk.end', end, undefined);
    onEnd?.();
  }
}

/** What an answer says; not the provider's own form of it, which says it again, nor what belongs to the exchange. */
function kept(body: any): unknown {
  if (body?.content === undefined && body?.finishReason === undefined) return undefined;
  const { content, finishReason, usage, response } = body;
  return { content, finishReason, usage, ...(response && { response: { id: response.id, modelId: response.modelId } }) };
}
