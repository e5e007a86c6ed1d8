/** What the Vercel AI SDK's host has of us: nothing that it could notice. Its settings, its own telemetry, and everything put back. */
import diagnosticsChannel from 'node:diagnostics_channel';
import { join } from 'node:path';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { context, trace } from '@opentelemetry/api';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import * as ai from 'ai';
import * as ai6 from 'ai-6';
import { afterEach, describe, expect, test } from 'vitest';
import { listFaults } from '../../src/core/diagnostics.ts';
import { spanOf } from '../../src/events/genai.ts';
import { hub } from '../../src/events/ports.ts';
import { undoAll } from '../../src/patch/registry.ts';
import { aiSdk } from '../../src/providers/ai-sdk/ai-sdk.ts';
import { messageContent } from '../../src/providers/decode.ts';
import { openaiError } from '../../src/testing/wire.ts';
import { ExportBodies, RequestTexts } from '../../src/recording/export-bodies.ts';
import { startRig } from '../session/rig.ts';
import { lookup, oneTurn, TEXT, treeOf, twoTurns, useAiBench } from './ai-sdk-bench.ts';

const bench = useAiBench();
const LIST = 'AI_SDK_TELEMETRY_INTEGRATIONS';
const globals = globalThis as Record<string, any>;
const channel = diagnosticsChannel.tracingChannel('ai:telemetry');
afterEach(() => {
  delete globals[LIST];
});

const RUN = [
  'invoke_agent ok',
  '  step 1 ok',
  '    chat gpt-5-mini ok',
  '    execute_tool lookup ok',
  '  step 2 ok',
  '    chat gpt-5-mini ok',
];

describe('what the app does not want told', () => {
  test.each([{ recordInputs: false }, { recordOutputs: false }, { recordInputs: false, recordOutputs: false }])(
    '%o: the tree, the codes and the tokens stay',
    async (telemetry) => {
      const models = await bench.models(twoTurns);
      const options = {
        model: models.chat('gpt-5-mini'),
        prompt: 'a secret question',
        tools: { lookup: lookup(() => 'a secret result') },
        stopWhen: ai.isStepCount(5),
        telemetry,
      };
      await ai.generateText(options);
      await ai.streamText(options).text;
      expect(treeOf(bench.recorder)).toEqual([...RUN, ...RUN]);
      for (const { outcome } of bench.recorder.calls) {
        expect(outcome!.usage).toEqual({ input: 10, output: 5, cacheRead: 4, reasoning: 2 });
      }
      const said = JSON.stringify(bench.recorder.events.map(({ content }) => content));
      const hides = { inputs: telemetry.recordInputs === false, outputs: telemetry.recordOutputs === false };
      // What a tool gave is input of the next call.
      expect(said.includes('a secret question')).toBe(!hides.inputs);
      expect(said.includes('a secret result')).toBe(!hides.inputs || !hides.outputs);
      expect(said.includes('Oslo')).toBe(!hides.inputs || !hides.outputs);
      expect(bench.recorder.tools[0]!.content).toEqual({
        ...(!hides.inputs && { arguments: { city: 'Oslo' } }),
        ...(!hides.outputs && { result: 'a secret result' }),
      });
    },
  );

  test('errors keep their codes and lose their messages', async () => {
    const models = await bench.models(() => openaiError({ status: 429, code: 'busy', message: 'a secret', retryAfterMs: 1 }));
    const telemetry = { recordInputs: false };
    const options = { model: models.chat('gpt-5-mini'), prompt: 'x', maxRetries: 1, telemetry, onError: () => {} };
    await expect(ai.generateText(options)).rejects.toThrow('a secret');
    await expect(ai.streamText(options).text).rejects.toThrow();
    for (const { outcome, content } of bench.recorder.events) {
      expect(outcome).toMatchObject({ status: 'error', error: { type: 'APICallError', status: 429, code: 'busy' } });
      expect(content?.error).toBeUndefined();
    }
    expect(bench.recorder.calls).toHaveLength(2);
  });

  test('of calls that embed, which the SDK then tells apart by nothing, a failed attempt stands by itself', async () => {
    const models = await bench.models((request, index) =>
      index === 0 ? openaiError({ status: 503, retryAfterMs: 1 }) : oneTurn(request, index),
    );
    const model = models.embedding('text-embedding-3-small');
    await ai.embedMany({ model, values: ['a'], telemetry: { recordInputs: false } });
    await ai.embed({ model, value: 'a', telemetry: { recordInputs: false } });
    expect(treeOf(bench.recorder)).toEqual([
      'embedMany ok',
      '  embeddings text-embedding-3-small error',
      '  embeddings text-embedding-3-small ok',
      'embeddings text-embedding-3-small ok',
    ]);
    expect(bench.recorder.calls.map(({ outcome }) => outcome!.usage?.input)).toEqual([undefined, 8, 8]);
    expect(bench.recorder.calls[0]!.outcome!.error).toEqual({ type: 'attempt_failed' });
  });

  test('isEnabled: false: then the SDK tells nobody anything', async () => {
    const models = await bench.models(oneTurn);
    await ai.generateText({ model: models.chat('gpt-5-mini'), prompt: 'x', telemetry: { isEnabled: false } });
    expect(bench.recorder.events).toEqual([]);
  });
});

describe('telemetry of the app', () => {
  test('integrations of its own, for all calls or for one, are told all that they are told without us', async () => {
    const models = await bench.models(twoTurns);
    const told = async (telemetry?: (own: ai.Telemetry) => ai.TelemetryOptions): Promise<string[]> => {
      const seen: string[] = [];
      const note = (name: string) => () => void seen.push(name);
      const own: ai.Telemetry = {
        onStart: note('start'),
        onLanguageModelCallEnd: note('call end'),
        onToolExecutionEnd: note('tool end'),
        onEnd: note('end'),
        executeTool: ({ execute }) => (note('tool')(), execute()),
      };
      if (telemetry === undefined) ai.registerTelemetry(own);
      await ai.generateText({
        model: models.chat('gpt-5-mini'),
        prompt: 'x',
        tools: { lookup: lookup() },
        stopWhen: ai.isStepCount(5),
        ...(telemetry && { telemetry: telemetry(own) }),
      });
      return seen;
    };
    const all = ['start', 'call end', 'tool', 'tool end', 'call end', 'end'];
    expect(await told((own) => ({ integrations: own }))).toEqual(all);
    expect(treeOf(bench.recorder)).toEqual(RUN);
    expect(bench.recorder.calls.map(({ outcome }) => outcome!.usage!.input)).toEqual([10, 10]);
    bench.record();
    expect(await told()).toEqual(all);
    expect(treeOf(bench.recorder)).toEqual(RUN);
    undoAll();
    expect(globals[LIST]).toHaveLength(1);
    expect((await told()).slice(0, 1)).toEqual(['start']);
  });

  test('with integrations for one call, the calls of embedMany are told of as one', async () => {
    const models = await bench.models(oneTurn);
    const { usage } = await ai.embedMany({
      model: models.embedding('text-embedding-3-small'),
      values: ['a', 'b'],
      telemetry: { integrations: {} },
    });
    expect(treeOf(bench.recorder)).toEqual(['embeddings text-embedding-3-small ok']);
    expect(bench.recorder.calls[0]!.outcome).toMatchObject({ usage: { input: usage.tokens }, response: { dimensions: 3 } });
  });

  test('spans that the app makes in such an integration are the same with us and without', async () => {
    const models = await bench.models(twoTurns);
    const contexts = new AsyncLocalStorageContextManager().enable();
    context.setGlobalContextManager(contexts);
    const exporter = new InMemorySpanExporter();
    const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
    const tracer = provider.getTracer('gen_ai');
    const spansOf = async (): Promise<unknown> => {
      exporter.reset();
      const open = new Map<string, any>();
      const begin = (key: string, name: string, above?: string): void => {
        const around = above === undefined ? context.active() : open.get(above);
        open.set(key, trace.setSpan(around, tracer.startSpan(name, {}, around)));
      };
      const end = (key: string): void => trace.getSpan(open.get(key))!.end();
      const own: ai.Telemetry = {
        onStart: ({ callId }) => begin(callId, 'invoke_agent'),
        onLanguageModelCallStart: ({ callId }) => begin(`${callId} call`, 'chat', callId),
        onLanguageModelCallEnd: ({ callId }) => end(`${callId} call`),
        onToolExecutionStart: ({ callId, toolCall }) => begin(`${callId} ${toolCall.toolCallId}`, 'execute_tool', callId),
        onToolExecutionEnd: ({ callId, toolCall }) => end(`${callId} ${toolCall.toolCallId}`),
        executeTool: ({ callId, toolCallId, execute }) => context.with(open.get(`${callId} ${toolCallId}`), execute),
        onEnd: ({ callId }: any) => end(callId),
      };
      const tool = lookup(async () => {
        await new Promise((resolve) => void setImmediate(resolve));
        tracer.startSpan('in the tool').end();
        return 'fine';
      });
      await ai.generateText({
        model: models.chat('gpt-5-mini'),
        prompt: 'x',
        tools: { lookup: tool },
        stopWhen: ai.isStepCount(5),
        telemetry: { integrations: own },
      });
      const spans = exporter.getFinishedSpans();
      const nameOf = (id: string | undefined): string | undefined => spans.find((span) => span.spanContext().spanId === id)?.name;
      return spans.map(({ name, parentSpanContext }) => [name, nameOf(parentSpanContext?.spanId)]);
    };
    try {
      const seen = await spansOf();
      expect(treeOf(bench.recorder)).toEqual(RUN);
      undoAll();
      expect(seen).toEqual(await spansOf());
      expect(seen).toContainEqual(['in the tool', 'execute_tool']);
    } finally {
      context.disable();
    }
  });

  test('what listens to the channel besides us hears the same', async () => {
    const models = await bench.models(oneTurn);
    const heard: string[] = [];
    const handlers = {
      start: ({ type }: any) => heard.push(type),
      asyncEnd: ({ type, result }: any) => heard.push(`${type} ${typeof result}`),
    };
    channel.subscribe(handlers as never);
    const run = async (): Promise<string[]> => {
      heard.length = 0;
      await ai.generateText({ model: models.chat('gpt-5-mini'), prompt: 'x' });
      return [...heard];
    };
    try {
      const seen = await run();
      undoAll();
      expect(await run()).toEqual(seen);
      expect(seen).toHaveLength(6);
    } finally {
      channel.unsubscribe(handlers as never);
    }
  });

  test('version 6 uses the same list, and says nothing that we could use: nothing is recorded, nothing fails', async () => {
    const models = await bench.models(twoTurns);
    const version3 = { specificationVersion: 'v3', supportedUrls: {}, provider: 'x', modelId: 'm' };
    const usage = { inputTokens: { total: 1 }, outputTokens: { total: 1 } };
    const doGenerate = async (): Promise<any> => ({
      content: [{ type: 'text', text: TEXT }],
      finishReason: { unified: 'stop', raw: 'stop' },
      usage,
      warnings: [],
    });
    const { text } = await ai6.generateText({ model: { ...version3, doGenerate } as never, prompt: 'x' });
    expect(text).toBe(TEXT);
    expect(bench.recorder.events).toEqual([]);
    expect(models.server.requests).toEqual([]);
    undoAll();
    expect(aiSdk.patch({ namespace: ai6 })).toEqual({ patched: [], missing: ['ai:telemetry telemetry'] });
    expect([globals[LIST], channel.hasSubscribers, hub.bridges.length]).toEqual([undefined, false, 0]);
  });
});

describe('in place, and out again', () => {
  test('one module or ten: it is in place once', async () => {
    const models = await bench.models(oneTurn);
    aiSdk.patch({ namespace: ai });
    expect(aiSdk.patch({ namespace: { ...ai } })).toEqual({ patched: ['ai:telemetry telemetry'], missing: [] });
    await ai.generateText({ model: models.chat('gpt-5-mini'), prompt: 'x' });
    expect(treeOf(bench.recorder)).toEqual(['invoke_agent ok', '  step 1 ok', '    chat gpt-5-mini ok']);
    expect(hub.bridges).toHaveLength(1);
  });

  test('P9 undo leaves the globals as they were', () => {
    undoAll();
    const before = Reflect.ownKeys(globalThis);
    expect(channel.hasSubscribers).toBe(false);
    aiSdk.patch({ namespace: ai });
    expect([channel.hasSubscribers, globals[LIST].length, hub.bridges.length]).toEqual([true, 1, 1]);
    undoAll();
    expect([channel.hasSubscribers, globals[LIST], hub.bridges.length]).toEqual([false, undefined, 0]);
    expect(Reflect.ownKeys(globalThis)).toEqual(before);
    const own = {};
    const list = (globals[LIST] = [own]);
    aiSdk.patch({ namespace: ai });
    expect(list).toHaveLength(2);
    undoAll();
    expect(globals[LIST]).toBe(list);
    expect(list).toEqual([own]);
    expect(list[0]).toBe(own);
  });

  test('with the recorder off, the original runs alone', async () => {
    const models = await bench.models(twoTurns);
    hub.recorder = null;
    const store = bench.recorder.events.length;
    const before = listFaults().length;
    const result = await ai.generateText({
      model: models.chat('gpt-5-mini'),
      prompt: 'x',
      tools: { lookup: lookup() },
      stopWhen: ai.isStepCount(5),
    });
    expect(result.text).toBe(TEXT);
    expect(bench.recorder.events).toHaveLength(store);
    expect(listFaults()).toHaveLength(before);
  });

  test('P12 a recorder that throws is a fault of ours and nothing else', async () => {
    const models = await bench.models(twoTurns);
    for (const broken of ['open', 'end', 'firstChunk', 'current']) {
      bench.record({ broken });
      const options = { model: models.chat('gpt-5-mini'), prompt: 'x', tools: { lookup: lookup() }, stopWhen: ai.isStepCount(5) };
      expect((await ai.generateText(options)).text).toBe(TEXT);
      expect(await ai.streamText(options).text).toBe(TEXT);
    }
  });

  test('nothing is kept of what has ended', async () => {
    const models = await bench.models(twoTurns);
    const options = { model: models.chat('gpt-5-mini'), prompt: 'x', tools: { lookup: lookup() }, stopWhen: ai.isStepCount(5) };
    await Promise.all(Array.from({ length: 10 }, () => ai.generateText(options)));
    await Promise.all(Array.from({ length: 10 }, () => ai.streamText(options).text));
    const ends = bench.recorder.events.map(({ outcomes }) => outcomes.length);
    undoAll();
    expect(bench.recorder.events.map(({ outcomes }) => outcomes.length)).toEqual(ends);
    expect(new Set(ends)).toEqual(new Set([1]));
  });
});

test('a recording holds what was said, and a span says it', async () => {
  const models = await bench.models(twoTurns);
  const rig = startRig();
  try {
    const image = new Uint8Array([1, 2, 3]);
    await ai.generateText({
      model: models.chat('gpt-5-mini'),
      instructions: 'Be brief.',
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is this?' },
            { type: 'file', data: image, mediaType: 'image/png' },
          ],
        },
      ],
      tools: { lookup: lookup() },
      stopWhen: ai.isStepCount(5),
    });
    await ai.streamText({ model: models.chat('gpt-5-mini'), prompt: 'x' }).consumeStream();
    const [id] = rig.recordings.ids();
    const events = rig.recordings.events(id!);
    const calls = events.filter(({ type }) => type === 'llm');
    expect(calls).toHaveLength(3);
    const bodies = new ExportBodies(join(rig.recordings.dir, `${id}.jsonl`), new RequestTexts());
    for (const line of rig.recordings.lines(id!))
      if (line.k === 'request' || line.k === 'response' || line.k === 'data') bodies.take(line);
    const [, content, streamed] = calls.map((call) => messageContent(call, bodies.bodiesOf(call.id) ?? {}));
    expect(streamed!.output).toMatchObject([{ parts: [{ type: 'tool_call', id: 'call_abc', arguments: { city: 'Oslo' } }] }]);
    expect(calls.map(({ attempts }) => attempts!.map(({ status }) => status))).toEqual([[200], [200], [200]]);
    expect(content!.system).toEqual([{ type: 'text', content: 'Be brief.' }]);
    expect(content!.input).toEqual([
      {
        role: 'user',
        parts: [
          { type: 'text', content: 'What is this?' },
          { type: 'blob', modality: 'image', mime_type: 'image/png', content: 'AQID' },
        ],
      },
      { role: 'assistant', parts: [{ type: 'tool_call', id: 'call_abc', name: 'lookup', arguments: { city: 'Oslo' } }] },
      {
        role: 'tool',
        parts: [{ type: 'tool_call_response', id: 'call_abc', response: { weather: 'fine in Oslo' } }],
      },
    ]);
    expect(content!.output).toEqual([{ role: 'assistant', parts: [{ type: 'text', content: TEXT }], finish_reason: 'stop' }]);
    expect(content!.tools).toMatchObject([{ type: 'function', name: 'lookup', description: 'The weather' }]);
    const span = spanOf({ header: rig.recordings.header(id!), event: calls[0]! }, { profile: 'main' });
    expect(span.name).toBe('chat gpt-5-mini');
    expect(JSON.stringify(span, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))).not.toContain(
      'What is this',
    );
    const agent = spanOf(
      { header: rig.recordings.header(id!), event: events.find(({ type }) => type === 'agent')! },
      { profile: 'main' },
    );
    expect(agent.name).toBe('invoke_agent');
    expect(calls.every(({ cost }) => cost !== undefined)).toBe(true);
  } finally {
    rig.stop();
  }
});
