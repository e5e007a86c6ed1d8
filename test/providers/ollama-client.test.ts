import { createRequire } from 'node:module';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hub } from '../../src/events/ports.ts';
import { undoAll } from '../../src/patch/registry.ts';
import { ollama } from '../../src/providers/ollama/ollama.ts';
import { startStandIn } from '../../src/testing/stand-in.ts';
import type { Answer, StandIn } from '../../src/testing/stand-in.ts';
import * as wire from '../../src/testing/wire-ollama.ts';
import { recordInMemory } from '../../src/testing/in-memory-recorder.ts';
import type { InMemoryEvent, InMemoryRecorder } from '../../src/testing/in-memory-recorder.ts';

const require = createRequire(import.meta.url);
const NDJSON = { 'content-type': 'application/x-ndjson' };
const TEXT = 'The weather in Oslo is fine.';
const chat = () => ({ model: 'qwen3:0.6b', messages: [{ role: 'user', content: 'How is the weather?' }] });

const VERSIONS = [
  { label: '0.6, CommonJS', load: () => require('ollama') },
  { label: '0.6, ES module', load: () => import('ollama') },
  { label: '0.5, CommonJS', load: () => require('ollama-05') },
  { label: '0.5, ES module', load: () => import('ollama-05') },
];

describe.each(VERSIONS)('ollama $label: what is its own', ({ load }) => {
  let sdk: any;
  let server: StandIn;
  let recorder: InMemoryRecorder;
  beforeEach(async () => {
    sdk = await load();
    ollama.patch({ namespace: sdk });
    recorder = recordInMemory();
  });
  afterEach(async () => {
    hub.recorder = null;
    undoAll();
    await server.close();
  });
  const clientOf = async (answer: Answer, options: object = {}): Promise<any> => {
    server = await startStandIn(answer);
    return new sdk.Ollama({ host: server.url, ...options });
  };
  const only = (): InMemoryEvent => {
    expect(recorder.calls).toHaveLength(1);
    return recorder.calls[0]!;
  };

  test('the instance that is the default export, which was made before', async () => {
    const client = await clientOf(() => ({ body: wire.ollamaChat() }));
    const host = sdk.default.config.host;
    sdk.default.config.host = client.config.host;
    try {
      expect((await sdk.default.chat(chat())).message.content).toBe('Hello there.');
    } finally {
      sdk.default.config.host = host;
    }
    expect(only()).toMatchObject({ status: 'ok', llm: { provider: 'ollama', operation: 'chat' } });
  });

  test('a chat, with its tokens and its one exchange; the app’s request is changed by the SDK as ever', async () => {
    const client = await clientOf(() => ({ body: wire.ollamaChat({ text: TEXT, tokens: { input: 20, output: 7 } }) }));
    const request: any = { ...chat(), options: { num_predict: 9, temperature: 0 } };
    await client.chat(request);
    expect(request.stream).toBe(false);
    const event = only();
    expect(event.start.name).toBe('chat qwen3:0.6b');
    expect(event.llm!.server).toEqual({ address: '127.0.0.1', port: server.port });
    expect(event.llm!.request).toEqual({ model: 'qwen3:0.6b', maxTokens: 9, temperature: 0, messageCount: 1 });
    expect(event.outcome).toMatchObject({ status: 'ok', response: { finishReasons: ['stop'] }, usage: { input: 20, output: 7 } });
    expect(event.exchanges).toMatchObject([{ status: 200, how: 'complete', request: { method: 'POST' } }]);
    expect(event.exchanges[0]!.request.body).toBe(server.requests[0]!.text);
    expect(event.exchanges[0]!.text).toContain(TEXT);
    expect(event.content).toEqual({});
  });

  test('images are encoded by the SDK before the attempt, which is seen all the same', async () => {
    const client = await clientOf(() => ({ body: wire.ollamaChat() }));
    await client.chat({
      model: 'm',
      messages: [{ role: 'user', content: 'what is this?', images: [new Uint8Array([1, 2, 3])] }],
    });
    expect(server.requests[0]!.json.messages[0].images).toEqual(['AQID']);
    expect(only().exchanges[0]!.request.body).toContain('AQID');
  });

  test('the instance has its own fetch again when its calls are over, and never another one in a listing', async () => {
    let during = 0;
    const own = (url: any, init: any): Promise<Response> => {
      during++;
      return fetch(url, init);
    };
    const client = await clientOf(() => ({ body: wire.ollamaChat() }), { fetch: own });
    const keys = Object.keys(client);
    const calls = [client.chat(chat()), client.generate({ model: 'm', prompt: 'x' }), client.chat(chat())];
    expect(Object.keys(client)).toEqual(keys);
    await Promise.all(calls);
    expect(client.fetch).toBe(own);
    expect(during).toBe(3);
    expect(recorder.calls.map(({ exchanges }) => exchanges.length)).toEqual([1, 1, 1]);
  });

  test('a stream stays the object that the client keeps, and leaves its list at the end', async () => {
    const client = await clientOf(() => ({ pieces: wire.ollamaChatStream({ text: TEXT }), headers: NDJSON }));
    const stream = await client.chat({ ...chat(), stream: true });
    expect(client.ongoingStreamedRequests).toEqual([stream]);
    expect(client.ongoingStreamedRequests[0]).toBe(stream);
    expect(Object.keys(stream)).toEqual(['abortController', 'itr', 'doneCallback']);
    let text = '';
    for await (const chunk of stream) text += chunk.message.content;
    expect(text).toBe(TEXT);
    expect(client.ongoingStreamedRequests).toEqual([]);
    expect(only().outcome).toMatchObject({
      status: 'ok',
      usage: { input: 12, output: 5 },
      response: { finishReasons: ['stop'] },
    });
  });

  test('abort() of the client makes iteration throw, and the event is cancelled', async () => {
    const pieces = wire.ollamaChatStream({ text: TEXT, fragments: 5 }).slice(0, 3);
    const client = await clientOf(() => ({ pieces, headers: NDJSON, after: 'hang' }));
    const stream = await client.chat({ ...chat(), stream: true });
    const read = async (): Promise<void> => {
      let chunks = 0;
      for await (const _ of stream) if (++chunks === 3) setTimeout(() => client.abort(), 5);
    };
    await expect(read()).rejects.toMatchObject({ name: 'AbortError' });
    expect(only()).toMatchObject({ status: 'cancelled', outcome: { chunks: 3, error: { type: 'AbortError' } } });
    expect(only().exchanges[0]!.how).toBe('cancelled');
  });

  test('an error line inside a stream', async () => {
    const pieces = [...wire.ollamaChatStream({ text: TEXT, fragments: 5 }).slice(0, 2), '{"error":"the model fell over"}\n'];
    const client = await clientOf(() => ({ pieces, headers: NDJSON }));
    const read = async (): Promise<void> => {
      for await (const _ of await client.chat({ ...chat(), stream: true }));
    };
    await expect(read()).rejects.toThrow('the model fell over');
    expect(only().outcome).toMatchObject({ status: 'error', chunks: 2, error: { type: 'Error' } });
    expect(only().content!.error!.message).toBe('the model fell over');
  });

  test('generate, embed and embeddings', async () => {
    const answers: Record<string, object> = {
      '/api/generate': {
        model: 'm',
        response: 'Once',
        done: true,
        done_reason: 'length',
        context: [1, 2],
        prompt_eval_count: 3,
        eval_count: 1,
      },
      '/api/embed': wire.ollamaEmbed([[0.25, 0.5, 1]]),
      '/api/embeddings': { embedding: [1, 2] },
    };
    const client = await clientOf(({ path }) => ({ body: answers[path]! }));
    await client.generate({ model: 'm', prompt: 'once' });
    await client.embed({ model: 'all-minilm', input: ['a'] });
    await client.embeddings({ model: 'all-minilm', prompt: 'a' });
    expect(recorder.calls.map(({ start }) => start.name)).toEqual([
      'text_completion m',
      'embeddings all-minilm',
      'embeddings all-minilm',
    ]);
    expect(recorder.calls.map(({ outcome }) => outcome)).toMatchObject([
      { status: 'ok', response: { finishReasons: ['length'] }, usage: { input: 3, output: 1 } },
      { status: 'ok', response: { dimensions: 3 }, usage: { input: 8 } },
      { status: 'ok', response: { dimensions: 2 } },
    ]);
    expect(recorder.calls[2]!.outcome).not.toHaveProperty('usage');
  });

  test('a model that is not there', async () => {
    const client = await clientOf(() => wire.ollamaError({ status: 404, message: "model 'x' not found" }));
    await expect(client.chat(chat())).rejects.toMatchObject({ status_code: 404 });
    expect(only().outcome).toMatchObject({ status: 'error', error: { type: 'ResponseError', status: 404 } });
  });
});
