/** What is Cohere's own: its methods, its two clients and the bound methods of one, its AWS clients, and errors of one class. */
import { createRequire } from 'node:module';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { listFaults } from '../../src/core/diagnostics.ts';
import { hub } from '../../src/events/ports.ts';
import { undoAll } from '../../src/patch/registry.ts';
import { cohere } from '../../src/providers/cohere/cohere.ts';
import { recordInMemory } from '../../src/testing/in-memory-recorder.ts';
import type { InMemoryEvent, InMemoryRecorder } from '../../src/testing/in-memory-recorder.ts';
import { startStandIn } from '../../src/testing/stand-in.ts';
import type { Answer, Reply, StandIn, StandInRequest } from '../../src/testing/stand-in.ts';
import * as wire from '../../src/testing/wire-cohere.ts';

const require = createRequire(import.meta.url);
const VERSIONS = ['cohere-ai', 'cohere-7'] as const;
const model = 'command-a-03-2025';
const chat = { model, messages: [{ role: 'user', content: 'hi' }] };
const meta = { api_version: { version: '1' }, billed_units: { input_tokens: 12, output_tokens: 5 } };

/** What the stand-in answers, by the path that is asked. */
const ANSWERS: Record<string, (request: StandInRequest) => Reply> = {
  '/v2/chat': ({ json }) => (json.stream ? { pieces: wire.cohereChatStream() } : { body: wire.cohereChat() }),
  '/v1/chat': ({ json }) => (json.stream ? lines(wire.cohereChatV1Stream()) : { body: wire.cohereChatV1() }),
  '/v1/generate': ({ json }) => (json.stream ? lines(wire.cohereGenerationStream()) : { body: wire.cohereGeneration() }),
  '/v1/summarize': () => ({ body: { id: 's', summary: 'Short.', meta } }),
  '/v1/classify': () => ({
    body: { id: 'c', classifications: [{ id: '1', prediction: 'spam' }], meta: { billed_units: { classifications: 1 } } },
  }),
  '/v1/embed': () => ({ body: { id: 'e', embeddings: [[0.5, 0.25]], response_type: 'embeddings_floats', meta } }),
  '/v2/embed': () => ({ body: wire.cohereEmbeddings({ binary: [[1, -2, 3]] }) }),
  '/v1/rerank': () => ({
    body: { id: 'r', results: [{ index: 0, relevance_score: 0.5 }], meta: { billed_units: { search_units: 1 } } },
  }),
  '/v2/rerank': () => ({
    body: { id: 'r', results: [{ index: 0, relevance_score: 0.5 }], meta: { billed_units: { search_units: 1 } } },
  }),
  '/v2/parse': () => ({
    body: {
      id: 'p',
      pages: [{ type: 'markdown', index: 0, markdown: { content: '# Hi' } }],
      meta: { billed_units: { pages: 1 } },
    },
  }),
  '/v2/audio/transcriptions': () => ({ body: { text: 'hello you' } }),
  '/v1/tokenize': () => ({ body: { tokens: [1], token_strings: ['hi'] } }),
  '/v1/detokenize': () => ({ body: { text: 'hi' } }),
};
const lines = (pieces: string[]): Reply => ({ pieces, headers: wire.COHERE_LINES });
const byPath: Answer = (request) =>
  ANSWERS[request.path]?.(request) ?? { status: 404, body: { message: 'There is no such path.' } };

let server: StandIn;
let recorder: InMemoryRecorder;
let faults: number;

async function serve(answer: Answer = byPath): Promise<void> {
  server = await startStandIn(answer);
}

const optionsOf = (more: object = {}): object => ({ token: 't', environment: server.url, maxRetries: 0, ...more });

function only(): InMemoryEvent {
  expect(recorder.calls).toHaveLength(1);
  return recorder.calls[0]!;
}

async function drain(stream: AsyncIterable<any>): Promise<any[]> {
  const chunks: any[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

beforeEach(() => {
  faults = listFaults().length;
  recorder = recordInMemory();
  for (const name of VERSIONS) cohere.patch({ namespace: require(name) });
});
afterEach(async () => {
  hub.recorder = null;
  hub.answerer = null;
  undoAll();
  await server?.close();
  expect(listFaults()).toHaveLength(faults);
});

describe.each(VERSIONS)('P1 every method of %s that calls a model', (name) => {
  const facts = ({ start, status, llm, outcome, exchanges }: InMemoryEvent): unknown => [
    start.name,
    llm!.api,
    status,
    outcome!.usage,
    exchanges.map((exchange) => exchange.status),
  ];
  const usage = { input: 12, output: 5 };

  test('version 1 of the API', async () => {
    await serve();
    const { CohereClient } = require(name);
    const client = new CohereClient(optionsOf());
    await client.chat({ model, message: 'hi' });
    await drain(await client.chatStream({ message: 'hi' }));
    await client.generate({ model: 'command-light', prompt: 'hi' });
    await drain(await client.generateStream({ model: 'command-light', prompt: 'hi' }));
    await client.summarize({ model: 'command', text: 'long' });
    await client.classify({ model: 'embed-x', inputs: ['buy'], examples: [{ text: 'sell', label: 'spam' }] });
    const embedded = await client.embed({ model: 'embed-x', texts: ['a'], inputType: 'search_query' });
    expect(embedded.embeddings[0]).toEqual([0.5, 0.25]);
    await client.rerank({ model: 'rerank-x', query: 'q', documents: ['a'] });
    expect(recorder.calls.map(facts)).toEqual([
      [`chat ${model}`, 'cohere_chat_v1', 'ok', usage, [200]],
      ['chat', 'cohere_chat_v1', 'ok', usage, [200]],
      ['text_completion command-light', 'cohere_generate', 'ok', usage, [200]],
      ['text_completion command-light', 'cohere_generate', 'ok', usage, [200]],
      ['text_completion command', 'cohere_summarize', 'ok', usage, [200]],
      ['classify embed-x', 'cohere_classify', 'ok', undefined, [200]],
      ['embeddings embed-x', 'cohere_embed', 'ok', { input: 12 }, [200]],
      ['rerank rerank-x', 'cohere_rerank', 'ok', undefined, [200]],
    ]);
    expect(recorder.calls.map(({ llm }) => llm!.request.stream)).toEqual([
      undefined,
      true,
      undefined,
      true,
      ...Array(4).fill(undefined),
    ]);
    expect(recorder.calls[3]!.outcome).toMatchObject({ chunks: 4, response: { finishReasons: ['COMPLETE'] } });
    expect(recorder.calls[6]!.outcome!.response).toEqual({ id: 'e', dimensions: 2 });
  });

  test.each(['CohereClientV2', 'CohereClient.v2'])('version 2 of the API, by %s', async (by) => {
    await serve();
    const sdk = require(name);
    const client = by === 'CohereClientV2' ? new sdk.CohereClientV2(optionsOf()) : new sdk.CohereClient(optionsOf()).v2;
    await client.chat(chat);
    await drain(await client.chatStream(chat));
    await client.embed({ model: 'embed-x', texts: ['a'], inputType: 'search_query', embeddingTypes: ['binary'] });
    await client.rerank({ model: 'rerank-x', query: 'q', documents: ['a'] });
    expect(recorder.calls.map(facts)).toEqual([
      [`chat ${model}`, 'cohere_chat', 'ok', usage, [200]],
      [`chat ${model}`, 'cohere_chat', 'ok', usage, [200]],
      ['embeddings embed-x', 'cohere_embed', 'ok', { input: 3 }, [200]],
      ['rerank rerank-x', 'cohere_rerank', 'ok', undefined, [200]],
    ]);
    expect(recorder.calls[2]!.llm!.request).toEqual({ model: 'embed-x', encodingFormats: ['binary'] });
    expect(recorder.calls[2]!.outcome!.response!.dimensions).toBe(24);
  });

  test('transcriptions; the body is a stream, which is left alone', async () => {
    await serve();
    const { CohereClient } = require(name);
    const client = new CohereClient(optionsOf());
    const file = new File(['sound'], 'a.wav', { type: 'audio/wav' });
    expect(await client.audio.transcriptions.create(file, { model: 'hear-x', language: 'en' })).toEqual({ text: 'hello you' });
    expect(server.requests[0]!.text).toContain('sound');
    const event = only();
    expect(event.start.name).toBe('generate_content hear-x');
    expect(event.status).toBe('ok');
    expect(event.exchanges[0]).toMatchObject({ status: 200, request: { omitted: 'Readable' }, text: '{"text":"hello you"}' });
  });

  test('what runs no model is no call', async () => {
    await serve();
    const { CohereClient } = require(name);
    const client = new CohereClient(optionsOf());
    await client.tokenize({ text: 'hi', model });
    await client.detokenize({ tokens: [1], model });
    await client.fetch('/v2/chat', { method: 'POST', body: JSON.stringify({ stream: false }) });
    expect(recorder.events).toEqual([]);
  });
});

test('P1 parse, which version 8 has', async () => {
  await serve();
  const { CohereClientV2 } = require('cohere-ai');
  const document = { type: 'image_url', imageUrl: 'https://example.org/page.png' };
  await new CohereClientV2(optionsOf()).parse({ model: 'parse-x', document });
  expect(only()).toMatchObject({ status: 'ok', llm: { operation: 'generate_content', api: 'cohere_parse' } });
  expect(cohere.patch({ namespace: require('cohere-7') }).missing).toEqual(['v2.__parse']);
});

describe.each(VERSIONS)('P2, P4 clients of %s', (name) => {
  test('one that was built before, whose methods are bound', async () => {
    await serve();
    undoAll();
    const client = new (require(name).CohereClientV2)(optionsOf());
    const { chat: taken } = client;
    cohere.patch({ namespace: require(name) });
    await taken(chat);
    expect(only().status).toBe('ok');
  });

  test('a subclass with methods of its own', async () => {
    await serve();
    const { CohereClient } = require(name);
    const Mine: any = class extends CohereClient {
      __chat(request: any, options: any): unknown {
        return super.__chat({ ...request, model: 'mine' }, options);
      }
    };
    await new Mine(optionsOf()).chat({ message: 'hi' });
    expect(only().start.name).toBe('chat mine');
  });

  test('the methods that its own constructor binds to the wrong object throw as ever', async () => {
    await serve();
    const client = new (require(name).CohereClientV2)(optionsOf());
    expect(() => client.generate({ prompt: 'hi' })).toThrow(new TypeError('this.__generate is not a function'));
    expect(recorder.events).toEqual([]);
  });

  test('the promise has withRawResponse(), and an input that cannot be sent is an error of its own', async () => {
    await serve();
    const client = new (require(name).CohereClientV2)(optionsOf());
    const { data, rawResponse } = await client.chat(chat).withRawResponse();
    expect([data.finishReason, rawResponse.status]).toEqual(['COMPLETE', 200]);
    expect(only().status).toBe('ok');
    const error = await client.chat({ model, messages: 'hi' }).catch((it: unknown) => it);
    expect(error.constructor.name).toBe('JsonError');
    expect(recorder.calls[1]!.outcome).toMatchObject({ status: 'error', error: { type: 'JsonError' } });
    expect(server.requests).toHaveLength(1);
  });

  test('an app with a fetch of its own: it is called, and in its place again after the call', async () => {
    await serve();
    const seen: string[] = [];
    const fetch = (url: string, init: object): Promise<Response> => {
      seen.push(url);
      return globalThis.fetch(url, init);
    };
    const client = new (require(name).CohereClientV2)(optionsOf({ fetch }));
    const call = client.chat(chat);
    await Promise.all([call, client.chat(chat)]);
    expect(seen).toEqual(Array(2).fill(`${server.url}/v2/chat`));
    expect(recorder.calls.map(({ exchanges }) => exchanges.length)).toEqual([1, 1]);
    expect(client.clientV2._options.fetch).toBe(fetch);
    const other = new (require(name).CohereClient)(optionsOf());
    const keys = Object.keys(other._options);
    await other.chat({ message: 'hi' });
    expect([Object.keys(other._options), 'fetch' in other._options]).toEqual([keys, false]);
  });

  test('an app with a fetcher of its own: what it is given is as ever, and the event holds request and answer', async () => {
    await serve();
    const given: unknown[] = [];
    const fetcher = (args: any): unknown => {
      given.push(args.fetchFn);
      return { ok: true, body: wire.cohereChat({ text: 'Mine.' }), rawResponse: { headers: new Headers(), status: 200 } };
    };
    await new (require(name).CohereClientV2)(optionsOf({ fetcher })).chat(chat);
    expect(given).toEqual([undefined]);
    expect(only()).toMatchObject({
      status: 'ok',
      exchanges: [],
      content: { request: chat, response: { finishReason: 'COMPLETE' } },
    });
  });

  test('a base URL that is a function is asked by the SDK alone', async () => {
    await serve();
    let asked = 0;
    const baseUrl = (): string => {
      asked++;
      return server.url;
    };
    await new (require(name).CohereClientV2)(optionsOf({ baseUrl })).chat(chat);
    expect(asked).toBe(1);
    expect(only().start.llm!.server).toBeUndefined();
    expect(only().llm!.server).toEqual({ address: '127.0.0.1', port: server.port });
  });

  test('calls at once, of one client and of two, have their own attempts', async () => {
    await serve();
    const { CohereClient, CohereClientV2 } = require(name);
    const [one, two] = [new CohereClient(optionsOf()), new CohereClientV2(optionsOf())];
    await Promise.all([...[1, 2, 3].map((n) => one.chat({ model: `m${n}`, message: 'hi' })), two.chat({ ...chat, model: 'm4' })]);
    const sent = recorder.calls.map(({ llm, exchanges }) => [
      llm!.request.model,
      ...exchanges.map(({ request }) => JSON.parse(String(request.body)).model),
    ]);
    expect(sent).toEqual([1, 2, 3, 4].map((n) => [`m${n}`, `m${n}`]));
  });
});

describe.each(VERSIONS)('P5, P7 streams and failures of %s', (name) => {
  const unfinished = (): Reply => ({ pieces: wire.cohereChatStream().slice(0, 4), after: 'hang' });

  test('an abort with a reason of the app is an abort, in a call and in a stream', async () => {
    await serve(({ json }) => (json.stream ? unfinished() : new Promise<Reply>(() => {})));
    const client = new (require(name).CohereClientV2)(optionsOf());
    const controller = new AbortController();
    const call = client.chat(chat, { abortSignal: controller.signal });
    const stream = await client.chatStream(chat, { abortSignal: controller.signal });
    const iterator = stream[Symbol.asyncIterator]();
    await iterator.next();
    const waiting = [
      call,
      (async () => {
        while (!(await iterator.next()).done);
      })(),
    ];
    const reason = new RangeError('enough');
    setTimeout(() => controller.abort(reason), 20).unref();
    const [called, read] = await Promise.all(waiting.map((one) => one.catch((error: unknown) => error)));
    expect([called.constructor.name, read]).toEqual(['CohereError', reason]);
    expect(recorder.calls.map(({ status, outcome }) => [status, outcome!.error!.type])).toEqual([
      ['error', 'AbortError'],
      ['cancelled', 'AbortError'],
    ]);
  });

  test('a timeout is told apart from an abort, of the call and of its attempt', async () => {
    await serve(() => new Promise<Reply>(() => {}));
    const client = new (require(name).CohereClientV2)(optionsOf());
    const error = await client.chat(chat, { timeoutInSeconds: 0.03 }).catch((it: unknown) => it);
    expect([error.constructor.name, error.message]).toEqual(['CohereError', '"timeout"']);
    expect(only().outcome).toMatchObject({ status: 'error', error: { type: 'CohereTimeoutError' } });
    expect(only().exchanges).toMatchObject([{ status: undefined, how: 'error', error: { type: 'TimeoutError' } }]);
  });

  test('the controller of a stream is connected to nothing: who aborts it may read on', async () => {
    await serve();
    const stream = await new (require(name).CohereClientV2)(optionsOf()).chatStream(chat);
    stream.controller.abort();
    expect(only().ended).toBe(false);
    const chunks = await drain(stream);
    expect(only().outcome).toMatchObject({ status: 'ok', chunks: chunks.length });
  });

  test('an answer that is no JSON, which the SDK hands out as if it were one', async () => {
    await serve(() => ({ body: '<html>' }));
    expect(await new (require(name).CohereClientV2)(optionsOf()).chat(chat)).toMatchObject({ ok: false });
    expect(only().outcome).toMatchObject({ status: 'error', error: { type: 'non-json' } });
  });

  test('an answer that failed on its way says so with its code, and not in words', async () => {
    const end = { finish_reason: 'ERROR', usage: {}, error: 'said in words', error_type: 'INVALID_TOOL_GENERATION' };
    await serve(() => ({
      pieces: [...wire.cohereChatStream().slice(0, 3), `data: ${JSON.stringify({ type: 'message-end', delta: end })}\n\n`],
    }));
    await drain(await new (require(name).CohereClientV2)(optionsOf()).chatStream(chat));
    const { outcome } = only();
    expect(outcome).toMatchObject({
      status: 'error',
      error: { type: 'INVALID_TOOL_GENERATION' },
      response: { finishReasons: ['ERROR'] },
    });
    expect(outcome!.usage).toBeUndefined();
    expect(JSON.stringify(outcome)).not.toContain('words');
  });
});
