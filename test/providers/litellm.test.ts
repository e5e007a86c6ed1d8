/** litellm's own package for JavaScript: each call is one event, whoever carries it out. */
import { createRequire } from 'node:module';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hub } from '../../src/events/ports.ts';
import { listPatches, undoAll } from '../../src/patch/registry.ts';
import { anthropic } from '../../src/providers/anthropic/anthropic.ts';
import { litellm } from '../../src/providers/litellm/litellm.ts';
import { openai } from '../../src/providers/openai/openai.ts';
import { recordInMemory } from '../../src/testing/in-memory-recorder.ts';
import type { InMemoryEvent, InMemoryRecorder } from '../../src/testing/in-memory-recorder.ts';
import { startStandIn } from '../../src/testing/stand-in.ts';
import type { Answer, StandIn } from '../../src/testing/stand-in.ts';
import * as wire from '../../src/testing/wire.ts';

const require = createRequire(import.meta.url);
const inside = createRequire(require.resolve('litellm'));
const messages = [{ role: 'user', content: 'How is the weather in Oslo?' }];
const KEY = 'sk-of-an-account';

let server: StandIn;
let recorder: InMemoryRecorder;

/** As the app imports it, before anything is patched. */
const { completion, embedding }: any = await import('litellm');

async function answering(answer: Answer): Promise<string> {
  server = await startStandIn(answer);
  return server.url;
}

function only(): InMemoryEvent {
  expect(recorder.calls).toHaveLength(1);
  return recorder.calls[0]!;
}

beforeEach(() => {
  recorder = recordInMemory();
  const report = litellm.patch({ namespace: inside('./handlers/getHandler.js') });
  expect(report).toEqual({ patched: ['getHandler'], missing: [] });
  openai.patch({ namespace: inside('openai') });
  anthropic.patch({ namespace: inside('@anthropic-ai/sdk') });
});
afterEach(async () => {
  hub.recorder = null;
  undoAll();
  await server?.close();
});

/** Lines as Ollama sends them, one flush each. */
const lines = (texts: readonly string[]): string[] => [
  ...texts.map((response) => `${JSON.stringify({ model: 'm', response, done: false })}\n`),
  `${JSON.stringify({ model: 'm', response: '', done: true, done_reason: 'length', prompt_eval_count: 7, eval_count: 2 })}\n`,
];

describe('P1 litellm: what it sends itself', () => {
  test('ollama: no tokens and no reason, for it made both of them up', async () => {
    const baseUrl = await answering(() => ({ pieces: lines(['Fine', ' today.']) }));
    const answer = await completion({ model: 'ollama/llama3', messages, baseUrl, apiKey: KEY });
    expect(answer.choices[0].message.content).toBe('Fine today.');
    expect(answer.usage.total_tokens).toBeGreaterThan(0);
    const event = only();
    expect(event.start.name).toBe('chat llama3');
    expect(event.llm).toEqual({
      operation: 'chat',
      api: 'litellm_completion',
      provider: 'ollama',
      server: { address: '127.0.0.1', port: server.port },
      request: { model: 'llama3', messageCount: 1 },
    });
    expect(event.outcome).toMatchObject({ status: 'ok', response: { model: 'llama3' } });
    expect(event.outcome).not.toHaveProperty('usage');
    expect(event.outcome!.response).not.toHaveProperty('finishReasons');
    expect(event.exchanges).toEqual([]);
    expect(event.content).toMatchObject({ request: { model: 'llama3', messages }, response: answer });
    expect(JSON.stringify(event.content)).not.toContain(KEY);
  });

  test('a stream of it, to its end, and broken out of', async () => {
    const baseUrl = await answering(() => ({ pieces: lines(['Fine', ' to', 'day.']), gapMs: 20 }));
    const ask = { model: 'ollama/llama3', messages, baseUrl, stream: true };
    let text = '';
    for await (const chunk of await completion(ask)) text += chunk.choices[0].delta.content;
    expect(text).toBe('Fine today.');
    expect(only()).toMatchObject({ status: 'ok', outcome: { chunks: 4 }, firstChunks: 1 });
    expect(JSON.stringify(only().content!.response)).toContain('Fine today.');
    for await (const _ of await completion(ask)) break;
    expect(recorder.calls[1]).toMatchObject({ status: 'cancelled', outcome: { chunks: 1 } });
  });

  test('mistral and deepinfra: the answer is theirs, and so are its facts', async () => {
    const baseUrl = await answering(() => ({ body: wire.chatCompletion({ model: 'theirs', tokens: { input: 9, output: 3 } }) }));
    await completion({ model: 'mistral/mistral-small', messages, baseUrl });
    await completion({ model: 'deepinfra/meta-llama/Llama-3', messages, baseUrl });
    expect(recorder.calls.map(({ start, llm, outcome }) => [start.name, llm!.provider, outcome!.usage])).toEqual([
      ['chat mistral-small', 'mistral_ai', { input: 9, output: 3, cacheRead: 0, reasoning: 0, audioInput: 0, audioOutput: 0 }],
      ['chat meta-llama/Llama-3', 'deepinfra', recorder.calls[0]!.outcome!.usage],
    ]);
    expect(recorder.calls[1]!.outcome!.response).toMatchObject({ model: 'theirs', finishReasons: ['stop'] });
  });

  test('embeddings', async () => {
    const baseUrl = await answering(({ path }) => ({
      body: path === '/api/embeddings' ? { embedding: [1, 2, 3] } : wire.embedding([[1, 2]]),
    }));
    await embedding({ model: 'ollama/all-minilm', input: 'Oslo', baseUrl });
    await embedding({ model: 'mistral/mistral-embed', input: 'Oslo', baseUrl });
    expect(recorder.calls.map(({ start, outcome }) => [start.name, outcome!.response!.dimensions, outcome!.usage])).toEqual([
      ['embeddings all-minilm', 3, undefined],
      ['embeddings mistral-embed', 2, { input: 8 }],
    ]);
  });

  test('P7 failures', async () => {
    const baseUrl = await answering(() => ({ status: 404, body: {} }));
    await expect(completion({ model: 'ollama/x', messages, baseUrl })).rejects.toThrow('404');
    expect(only().outcome).toMatchObject({ status: 'error', error: { type: 'Error', status: 404 } });
    await server.close();
    await expect(completion({ model: 'ollama/x', messages, baseUrl })).rejects.toThrow();
    expect(recorder.calls[1]!.outcome).toMatchObject({ status: 'error', error: { type: 'TypeError', code: 'ECONNREFUSED' } });
    await expect(completion({ model: 'nobody/x', messages })).rejects.toThrow('not supported');
    expect(recorder.calls).toHaveLength(2);
  });
});

describe('P10 litellm: what it sends through other SDKs is one event, theirs', () => {
  test('openai, whole and streamed', async () => {
    const baseUrl = await answering(({ json }) =>
      json.stream ? { pieces: wire.chatCompletionStream() } : { body: wire.chatCompletion() },
    );
    await completion({ model: 'gpt-4', messages, baseUrl, apiKey: KEY });
    for await (const _ of await completion({ model: 'gpt-4', messages, baseUrl, apiKey: KEY, stream: true }));
    expect(
      recorder.calls.map(({ start, llm, status, exchanges }) => [start.name, llm!.provider, status, exchanges.length]),
    ).toEqual([
      ['chat gpt-4', 'openai', 'ok', 1],
      ['chat gpt-4', 'openai', 'ok', 1],
    ]);
  });

  test('anthropic', async () => {
    const url = await answering(() => ({
      body: { type: 'completion', completion: ' Fine.', stop_reason: 'stop_sequence', model: 'claude-2' },
    }));
    const { prototype } = inside('@anthropic-ai/sdk');
    const post = prototype.post;
    // It cannot be told where to ask.
    prototype.post = function (path: string, options: object) {
      this.baseURL = url;
      return post.call(this, path, options);
    };
    try {
      const answer = await completion({ model: 'claude-2', messages, apiKey: KEY });
      expect(answer.choices[0].message.content).toBe(' Fine.');
    } finally {
      delete prototype.post;
    }
    expect(only()).toMatchObject({ status: 'ok', start: { name: 'text_completion claude-2' }, llm: { provider: 'anthropic' } });
    expect(only().exchanges).toHaveLength(1);
  });
});

test('P9 undo: the look-up is the original again', () => {
  const exported = inside('./handlers/getHandler.js');
  const { original } = listPatches().find(({ label }) => label === 'litellm getHandler')!;
  expect(exported.getHandler).not.toBe(original);
  undoAll();
  expect(exported.getHandler).toBe(original);
});

test('P11 a module of another shape', () => {
  for (const namespace of [{}, { default: {} }, Object.freeze({ default: null })]) {
    expect(litellm.patch({ namespace })).toEqual({ patched: [], missing: ['getHandler'] });
  }
});

test('P4 with nobody in the hub the handler is the original', () => {
  hub.recorder = null;
  class Handler {}
  expect(inside('./handlers/getHandler.js').getHandler('x', { x: Handler })).toBe(Handler);
});
