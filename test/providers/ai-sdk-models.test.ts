/** Everything of the Vercel AI SDK that is no text: objects, embeddings, other models; and models that other code carries out. */
import diagnosticsChannel from 'node:diagnostics_channel';
import { setTimeout } from 'node:timers/promises';
import * as ai from 'ai';
import { MockEmbeddingModelV4, MockLanguageModelV4, MockRerankingModelV4, simulateReadableStream } from 'ai/test';
import OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { recordAction } from '../../src/session/wrappers.ts';
import { openaiError } from '../../src/testing/wire.ts';
import { answering, oneTurn, settled, TEXT, TOKENS, treeOf, useAiBench } from './ai-sdk-bench.ts';

const bench = useAiBench();

const USAGE = {
  inputTokens: { total: 7, noCache: 7, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: 3, text: 3, reasoning: undefined },
};
const STOP = { unified: 'stop' as const, raw: 'end_turn' };

describe('objects', () => {
  const schema = z.object({ city: z.string() });
  const asObject = (request: any): any => answering({ text: '{"city":"Oslo"}' }, request);

  test('generateObject', async () => {
    const models = await bench.models(asObject);
    const { object } = await ai.generateObject({
      model: models.chat('gpt-5-mini'),
      prompt: 'x',
      system: 'Be brief.',
      schema,
      maxOutputTokens: 50,
    });
    expect(object).toEqual({ city: 'Oslo' });
    expect(treeOf(bench.recorder)).toEqual(['invoke_agent ok', '  step 1 ok', '    chat gpt-5-mini ok']);
    const [call] = bench.recorder.calls;
    expect(call!.llm!.request).toEqual({ model: 'gpt-5-mini', maxTokens: 50, outputType: 'json', messageCount: 2 });
    expect(call!.outcome).toMatchObject({
      response: { id: 'chatcmpl-1', model: 'gpt-5-mini', finishReasons: ['stop'] },
      usage: { input: 10, output: 5, cacheRead: 4, reasoning: 2 },
    });
    expect(call!.content).toMatchObject({
      request: { messages: [{ role: 'system' }, { role: 'user' }] },
      response: { content: [{ text: '{"city":"Oslo"}' }] },
    });
  });

  test('streamObject', async () => {
    const models = await bench.models(asObject);
    const { object, partialObjectStream } = ai.streamObject({ model: models.chat('gpt-5-mini'), prompt: 'x', schema });
    for await (const _ of partialObjectStream);
    expect(await object).toEqual({ city: 'Oslo' });
    expect(treeOf(bench.recorder)).toEqual(['invoke_agent ok', '  step 1 ok', '    chat gpt-5-mini ok']);
    const [call] = bench.recorder.calls;
    expect(call!.llm!.request.stream).toBe(true);
    expect(call!.llm!.firstChunkUs).toBeGreaterThan(0);
    expect(call!.outcome!.usage).toEqual({ input: 10, output: 5, cacheRead: 4, reasoning: 2 });
  });

  test('Output.object of generateText', async () => {
    const models = await bench.models(asObject);
    const { output } = await ai.generateText({
      model: models.chat('gpt-5-mini'),
      prompt: 'x',
      output: ai.Output.object({ schema }),
    });
    expect(output).toEqual({ city: 'Oslo' });
    expect(treeOf(bench.recorder)).toEqual(['invoke_agent ok', '  step 1 ok', '    chat gpt-5-mini ok']);
  });

  test('an answer that is no such object: the call was answered, the run has failed', async () => {
    const models = await bench.models(oneTurn);
    await expect(ai.generateObject({ model: models.chat('gpt-5-mini'), prompt: 'x', schema })).rejects.toThrow();
    const stream = ai.streamObject({ model: models.chat('gpt-5-mini'), prompt: 'x', schema });
    stream.object.catch(() => {});
    for await (const _ of stream.partialObjectStream);
    const failed = ['invoke_agent error', '  step 1 ok', '    chat gpt-5-mini ok'];
    expect(treeOf(bench.recorder)).toEqual([...failed, ...failed]);
    expect(bench.recorder.calls.map(({ outcome }) => outcome!.usage!.input)).toEqual([10, 10]);
    expect(bench.recorder.events[0]!.outcome!.error!.type).toBe('NoObjectGeneratedError');
  });

  test('a call that fails', async () => {
    const models = await bench.models(() => openaiError({ status: 401 }));
    await expect(ai.generateObject({ model: models.chat('gpt-5-mini'), prompt: 'x', schema })).rejects.toThrow();
    expect(treeOf(bench.recorder)).toEqual(['invoke_agent error', '  step 1 error', '    chat gpt-5-mini error']);
    expect(bench.recorder.calls[0]!.outcome!.error).toMatchObject({ status: 401 });
  });

  test('side by side, and with what comes after them', async () => {
    const models = await bench.models(asObject);
    const model = models.chat('gpt-5-mini');
    const after = recordAction('after', () => {});
    await Promise.all(
      Array.from({ length: 5 }, async () => {
        await ai.generateObject({ model, prompt: 'x', schema });
        after();
      }),
    );
    after();
    const run = ['invoke_agent ok', '  step 1 ok', '    chat gpt-5-mini ok'];
    expect(treeOf(bench.recorder).toSorted()).toEqual(
      [...Array.from({ length: 5 }, () => run).flat(), ...Array.from({ length: 6 }, () => 'after ok')].toSorted(),
    );
  });
});

describe('embeddings', () => {
  test('embed', async () => {
    const models = await bench.models(oneTurn);
    const { embedding, usage } = await ai.embed({ model: models.embedding('text-embedding-3-small'), value: 'a text' });
    expect(embedding).toEqual([1, 2, 3]);
    expect(treeOf(bench.recorder)).toEqual(['embeddings text-embedding-3-small ok']);
    const [call] = bench.recorder.calls;
    expect(call!.llm).toMatchObject({
      operation: 'embeddings',
      provider: 'openai',
      request: { model: 'text-embedding-3-small' },
    });
    expect(call!.outcome).toMatchObject({ response: { dimensions: 3 }, usage: { input: usage.tokens } });
    expect(call!.content!.request).toMatchObject({ value: 'a text' });
  });

  test('embedMany: each call of the model is one', async () => {
    const models = await bench.models(oneTurn);
    const model = new MockEmbeddingModelV4({
      modelId: 'small',
      provider: 'mistral.embedding',
      maxEmbeddingsPerCall: 2,
      supportsParallelCalls: true,
      doEmbed: async ({ values }) => ({ embeddings: values.map(() => [1, 2]), usage: { tokens: values.length }, warnings: [] }),
    });
    const { usage } = await ai.embedMany({ model, values: ['a', 'b', 'c', 'd', 'e'], maxParallelCalls: 2 });
    expect(treeOf(bench.recorder)).toEqual([
      'embedMany ok',
      '  embeddings small ok',
      '  embeddings small ok',
      '  embeddings small ok',
    ]);
    const calls = bench.recorder.calls.map(({ outcome }) => outcome!.usage!.input);
    expect(calls).toEqual([2, 2, 1]);
    expect(usage.tokens).toBe(5);
    expect(bench.recorder.calls.map(({ llm }) => llm!.provider)).toEqual(['mistral_ai', 'mistral_ai', 'mistral_ai']);
    expect(models.server.requests).toHaveLength(0);
  });

  test('an attempt that is made again is no call of its own', async () => {
    const models = await bench.models((request, index) =>
      index === 0 ? openaiError({ status: 503, retryAfterMs: 1 }) : oneTurn(request, index),
    );
    await ai.embedMany({ model: models.embedding('text-embedding-3-small'), values: ['a', 'b'] });
    expect(treeOf(bench.recorder)).toEqual(['embedMany ok', '  embeddings text-embedding-3-small ok']);
    expect(models.server.requests).toHaveLength(2);
  });

  test('a failure', async () => {
    const models = await bench.models(() => openaiError({ status: 400 }));
    await expect(ai.embed({ model: models.embedding('text-embedding-3-small'), value: 'x' })).rejects.toThrow();
    await expect(ai.embedMany({ model: models.embedding('text-embedding-3-small'), values: ['x'] })).rejects.toThrow();
    expect(treeOf(bench.recorder)).toEqual([
      'embeddings text-embedding-3-small error',
      'embedMany error',
      '  embeddings text-embedding-3-small error',
    ]);
    expect(bench.recorder.events.map(({ outcome }) => outcome!.error!.status)).toEqual([400, 400, 400]);
  });
});

test('rerank', async () => {
  const model = new MockRerankingModelV4({
    modelId: 'rerank-v3',
    provider: 'cohere.reranking',
    doRerank: async () => ({ ranking: [{ index: 1, relevanceScore: 0.9 }], response: { id: 'r1', modelId: 'rerank-v3.5' } }),
  });
  await ai.rerank({ model, query: 'q', documents: ['a', 'b'] });
  expect(treeOf(bench.recorder)).toEqual(['rerank rerank-v3 ok']);
  expect(bench.recorder.calls[0]!.llm).toMatchObject({ operation: 'rerank', provider: 'cohere', api: 'ai_sdk_rerank' });
});

describe('models of the app', () => {
  const mock = (provider: string): MockLanguageModelV4 =>
    new MockLanguageModelV4({
      provider,
      modelId: 'm',
      doGenerate: async () => ({ content: [{ type: 'text', text: TEXT }], finishReason: STOP, usage: USAGE, warnings: [] }),
    });

  test.each([
    ['openai.responses', 'openai'],
    ['anthropic.messages', 'anthropic'],
    ['google.generative-ai', 'gcp.gemini'],
    ['google.vertex.chat', 'gcp.vertex_ai'],
    ['vertex.anthropic.messages', 'gcp.vertex_ai'],
    ['amazon-bedrock', 'aws.bedrock'],
    ['azure.responses', 'azure.ai.openai'],
    ['azure-openai.chat', 'azure.ai.openai'],
    ['mistral.chat', 'mistral_ai'],
    ['xai.chat', 'x_ai'],
    ['togetherai.chat', 'together'],
    ['groq.chat', 'groq'],
    ['gateway', 'vercel_ai_gateway'],
    ['My Own.chat', 'my_own'],
  ])('a model of %s is one of %s', async (provider, name) => {
    await ai.generateText({ model: mock(provider), prompt: 'x' });
    expect(bench.recorder.calls[0]!.llm!.provider).toBe(name);
    expect(bench.recorder.calls[0]!.llm!.server).toBeUndefined();
    expect(bench.recorder.calls[0]!.outcome).toMatchObject({
      response: { finishReasons: ['end_turn'] },
      usage: { input: 7, output: 3 },
    });
    expect(bench.recorder.calls[0]!.outcome!.response!.id).toBeUndefined();
  });

  test('P10 a model that an SDK which we see carries out: its call is the one LLM event', async () => {
    const models = await bench.models(oneTurn);
    const client = new OpenAI({ baseURL: `${models.server.url}/v1`, apiKey: 'none' });
    const ask = async (stream: boolean): Promise<any> => {
      await setTimeout(1);
      const messages = [{ role: 'user' as const, content: 'x' }];
      return client.chat.completions.create({ model: 'gpt-4.1', messages, stream } as never);
    };
    const model = new MockLanguageModelV4({
      provider: 'mine',
      modelId: 'm',
      doGenerate: async () => {
        const { choices, usage } = await ask(false);
        return {
          content: [{ type: 'text', text: choices[0].message.content }],
          finishReason: STOP,
          usage: { ...USAGE, inputTokens: { ...USAGE.inputTokens, total: usage.prompt_tokens } },
          warnings: [],
        };
      },
      doStream: async () => {
        let text = '';
        for await (const chunk of await ask(true)) text += chunk.choices[0]?.delta.content ?? '';
        const chunks = [
          { type: 'text-start', id: '1' },
          { type: 'text-delta', id: '1', delta: text },
          { type: 'text-end', id: '1' },
          { type: 'finish', finishReason: STOP, usage: USAGE },
        ] as const;
        return { stream: simulateReadableStream({ chunks: [...chunks] }) };
      },
    });
    expect((await ai.generateText({ model, prompt: 'x' })).text).toBe(TEXT);
    expect(await ai.streamText({ model, prompt: 'x' }).text).toBe(TEXT);
    const run = ['invoke_agent ok', '  step 1 ok', '    model_call m ok', '      chat gpt-4.1 ok'];
    expect(treeOf(bench.recorder)).toEqual([...run, ...run]);
    expect(bench.recorder.calls).toHaveLength(models.server.requests.length);
    expect(bench.recorder.calls[0]!.outcome!.usage!.input).toBe(TOKENS.input);
    const actions = bench.recorder.events.filter(({ name }) => name === 'model_call m');
    expect(actions.map(({ type, llm, outcome }) => [type, llm, outcome!.usage])).toEqual([
      ['action', undefined, undefined],
      ['action', undefined, undefined],
    ]);
  });

  test('a model whose middleware asks another model first: both were asked', async () => {
    const models = await bench.models(oneTurn);
    const model = ai.wrapLanguageModel({
      model: models.chat('gpt-5-mini'),
      middleware: {
        specificationVersion: 'v4',
        wrapGenerate: async ({ doGenerate }) => {
          await ai.generateText({ model: models.chat('gpt-5-nano'), prompt: 'Is it safe?' });
          return doGenerate();
        },
      },
    });
    await ai.generateText({ model, prompt: 'x' });
    expect(treeOf(bench.recorder)).toEqual([
      'invoke_agent ok',
      '  step 1 ok',
      '    chat gpt-5-mini ok',
      '      invoke_agent ok',
      '        step 1 ok',
      '          chat gpt-5-nano ok',
    ]);
    expect(bench.recorder.calls).toHaveLength(models.server.requests.length);
    expect(bench.recorder.calls.map(({ outcome }) => outcome!.usage!.input)).toEqual([TOKENS.input, TOKENS.input]);
  });

  test('the same for objects and for embeddings, side by side', async () => {
    const models = await bench.models(oneTurn);
    const client = new OpenAI({ baseURL: `${models.server.url}/v1`, apiKey: 'none' });
    const object = new MockLanguageModelV4({
      modelId: 'm',
      doGenerate: async () => {
        await client.chat.completions.create({ model: 'gpt-4.1', messages: [] });
        return { content: [{ type: 'text', text: '{}' }], finishReason: STOP, usage: USAGE, warnings: [] };
      },
    });
    const embedding = new MockEmbeddingModelV4({
      modelId: 'e',
      maxEmbeddingsPerCall: 1,
      supportsParallelCalls: true,
      doEmbed: async ({ values }) => {
        await setTimeout(values[0] === 'a' ? 10 : 1);
        const { data } = await client.embeddings.create({ model: `for-${values[0]}`, input: values });
        return { embeddings: data.map((one) => one.embedding), warnings: [] };
      },
    });
    await Promise.all([
      ...Array.from({ length: 3 }, () => ai.generateObject({ model: object, prompt: 'x', schema: z.object({}) })),
      ai.embedMany({ model: embedding, values: ['a', 'b'] }),
    ]);
    const run = ['invoke_agent ok', '  step 1 ok', '    model_call m ok', '      chat gpt-4.1 ok'];
    const tree = treeOf(bench.recorder);
    expect(tree.slice(0, -5)).toEqual([...run, ...run, ...run]);
    expect(tree.slice(-5)).toEqual([
      'embedMany ok',
      '  model_call e ok',
      '    embeddings for-a ok',
      '  model_call e ok',
      '    embeddings for-b ok',
    ]);
    const [first] = bench.recorder.events.filter(({ name }) => name === 'embeddings for-a');
    expect(first!.parent!.start.llm!.request.model).toBe('e');
  });

  test('a call that the channel tells of and no run is around', async () => {
    const channel = diagnosticsChannel.tracingChannel('ai:telemetry');
    const message = (callId: string): any => ({
      type: 'languageModelCall',
      event: { callId, provider: 'openai.chat', modelId: 'm', messages: [] },
    });
    const answer = { content: [], finishReason: STOP, usage: USAGE };
    const chunks = [{ type: 'finish', finishReason: STOP, usage: USAGE }];
    const streamed: any = { stream: simulateReadableStream({ chunks }) };
    await channel.tracePromise(async () => answer, message('a'));
    await channel.tracePromise(async () => Promise.reject(new RangeError('no')), message('b')).catch(() => {});
    await channel.tracePromise(async () => streamed, message('c'));
    const passed: unknown[] = [];
    for await (const chunk of streamed.stream.pipeThrough(new TransformStream())) passed.push(chunk);
    await settled();
    expect(passed).toEqual(chunks);
    expect(treeOf(bench.recorder)).toEqual(['chat m ok', 'chat m error', 'chat m ok']);
    expect(bench.recorder.calls.map(({ outcome }) => outcome!.usage?.input)).toEqual([7, undefined, 7]);
  });
});
