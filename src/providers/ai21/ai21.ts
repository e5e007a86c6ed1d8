/**
 * AI21's SDK, version 1. ES module only in practice: its CommonJS bundle stands in a package of type `module` and throws. The bundle is minified, so no name of a class in it
 * says anything. It has no retry loop, no timeout and no signal, whatever its options are called.
 */
import type { ErrorFacts } from '../../events/model.ts';
import { leaseMember } from '../../patch/lease.ts';
import { observeIterator } from '../../patch/observe-stream.ts';
import type { StreamEnd, StreamSink } from '../../patch/observe-stream.ts';
import { errorType, systemCode } from '../../patch/transport-error.ts';
import { conversationalRag } from './ai21-rag.ts';
import { attemptMethod } from '../attempts.ts';
import { callMethod } from '../call-method.ts';
import { chatCompletions } from '../openai/chat-completions.ts';
import type { Operation } from '../contract.ts';
import { bodyCode } from '../errors.ts';
import { parseJson, present } from '../fields.ts';
import { openCall } from '../llm-call.ts';
import type { CallKind, LlmCall } from '../llm-call.ts';
import { Patcher, ownerOf } from '../patcher.ts';
import type { PatchReport, Provider } from '../provider.ts';

/** What the exported error classes are called, by their prototypes: their own names are one letter. */
const errorNames = new WeakMap<object, string>();

function nameOf(error: any): string {
  for (let at = error; typeof at === 'object' && at !== null; at = Object.getPrototypeOf(at)) {
    const name = errorNames.get(at);
    if (name !== undefined) return name;
  }
  // Not exported; it is an Error whose class has lost its name.
  if (error instanceof Error && error.message.startsWith('Failed to decode chunk: ')) return 'StreamingDecodeError';
  return errorType(error);
}

/** The only place where the status of an answer stands, and what was in it. */
const REFUSED = /^Request failed with status (\d{3})\. ([^]*)$/;

function ai21Error(error: any): ErrorFacts {
  const [, status, body] = REFUSED.exec(typeof error?.message === 'string' ? error.message : '') ?? [];
  const code = body === undefined ? systemCode(error) : bodyCode(parseJson(body));
  return { type: nameOf(error), ...present({ code, status: status === undefined ? undefined : Number(status) }) };
}

/** A stream is its own iterator, around a generator. */
function watchStream(value: any, sink: StreamSink): boolean {
  if (typeof value?.next !== 'function' || typeof value.iterator?.next !== 'function') return false;
  const counted = new CountingSink(sink);
  const left = observeIterator(value.iterator, counted);
  if (!('return' in value)) watchLeaving(value, counted, left);
  return true;
}

class CountingSink implements StreamSink {
  readonly #sink: StreamSink;
  chunks = 0;

  constructor(sink: StreamSink) {
    this.#sink = sink;
  }

  chunk(chunk: unknown): void {
    this.chunks++;
    this.#sink.chunk(chunk);
  }

  ended(end: StreamEnd): void {
    this.#sink.ended(end);
  }

  hidden(): void {
    this.#sink.hidden();
  }
}

/**
 * A stream has no `return`, so a loop that is broken out of tells nobody. But it asks whether there is one, which nobody does who reads on: the stream answers as ever that there is
 * none, and knows. Apart from `watchStream`: what waits for the stream to be collected must not share a scope with what holds it.
 */
function watchLeaving(stream: any, read: CountingSink, left: () => void): void {
  Object.defineProperty(stream, 'return', {
    get: () => {
      // Before the first chunk nobody can leave: whoever asks then only looks what there is.
      if (read.chunks > 0) left();
      return undefined;
    },
    set: (value) => {
      Object.defineProperty(stream, 'return', { value, writable: true, enumerable: true });
    },
    configurable: true,
  });
}

/** node-fetch gives Buffers, and the SDK counts on it: of a plain Uint8Array it would read the numbers. */
function asBuffers(response: Response): Response {
  const { status, statusText, headers } = response;
  const toBuffer = new TransformStream<Uint8Array, Buffer>({
    transform: (bytes, controller) => controller.enqueue(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)),
  });
  return new Response(response.body?.pipeThrough(toBuffer) ?? null, { status, statusText, headers });
}

/** The client sends everything through the method `call` of an object that it has for that. */
function watchAttempts(call: LlmCall): () => void {
  const client: any = call.client;
  if (typeof client?.fetch?.call !== 'function') return () => {};
  return leaseMember(client.fetch, 'call', (original) =>
    attemptMethod(original, { call: () => openCall((open) => open.client === client), given: asBuffers }),
  );
}

const kindOf = (operation: Operation): CallKind => ({
  provider: 'ai21',
  operation,
  error: ai21Error,
  client: (self) => self?.client,
  watchStream,
  attempts: watchAttempts,
});

function patch({ namespace }: { namespace: any }): PatchReport {
  const patcher = new Patcher('ai21');
  for (const name of ['AI21Error', 'MissingAPIKeyError']) {
    if (typeof namespace?.[name] === 'function') errorNames.set(namespace[name].prototype, name);
  }
  for (const [resource, operation] of [
    ['Completions', chatCompletions],
    ['ConversationalRag', conversationalRag],
  ] as const) {
    const owner = ownerOf(namespace?.[resource]?.prototype, 'create');
    patcher.replace(owner, 'create', `${resource}.create`, (original) => callMethod(original, kindOf(operation)));
  }
  return patcher.report;
}

export const ai21: Provider = {
  name: 'ai21',
  targets: [{ package: 'ai21', esm: ['dist/bundle.es.js'], cjs: [] }],
  tested: ['1'],
  operations: [chatCompletions, conversationalRag],
  patch,
  error: ai21Error,
};
