/** The OpenAI Agents SDK: models of the app's own, and what its host has of us: nothing that it could notice. */
import { setTimeout } from 'node:timers/promises';
import * as esm from '@openai/agents';
import OpenAI from 'openai';
import * as openaiSdk from 'openai';
import { describe, expect, test } from 'vitest';
import { hub } from '../../src/events/ports.ts';
import { listPatches, undoAll } from '../../src/patch/registry.ts';
import { messageContent } from '../../src/providers/decode.ts';
import { openaiAgents } from '../../src/providers/openai-agents/openai-agents.ts';
import { openai } from '../../src/providers/openai/openai.ts';
import { recordAction } from '../../src/session/wrappers.ts';
import { openaiError } from '../../src/testing/wire.ts';
import { startRig } from '../session/rig.ts';
import { treeOf } from './ai-sdk-bench.ts';
import { copies, oneTurn, RUN, TEXT, twoTurns, useAgentsBench } from './openai-agents-bench.ts';

const bench = useAgentsBench();

describe('models of the app', () => {
  const answer = (): any => ({
    usage: new esm.Usage({ inputTokens: 7, outputTokens: 3, totalTokens: 10 }),
    output: [{ type: 'message', role: 'assistant', status: 'completed', content: [{ type: 'output_text', text: TEXT }] }],
  });

  test('P10 one with a span of its own: one LLM event, from the span, that began when the call did', async () => {
    const mine: any = {
      getResponse: () =>
        esm.withGenerationSpan(async ({ spanData }) => {
          spanData.model = 'my-model';
          spanData.model_config = { provider: 'mistral.chat', temperature: 0.5 };
          spanData.input = [{ role: 'user', content: 'x' }];
          await setTimeout(30);
          recordAction('in the model', () => {})();
          spanData.output = [{ role: 'assistant', content: TEXT }];
          spanData.usage = { input_tokens: 7, output_tokens: 3 };
          return answer();
        }),
    };
    const rig = startRig();
    try {
      await esm.run(bench.agent({ model: mine }), 'x');
      const events = rig.recordings.events(rig.recordings.ids()[0]!);
      const calls = events.filter(({ type }) => type === 'llm');
      expect(calls).toHaveLength(1);
      const [call] = calls;
      expect(call).toMatchObject({
        name: 'chat my-model',
        status: 'ok',
        llm: {
          provider: 'mistral_ai',
          api: 'openai_agents',
          request: { model: 'my-model', temperature: 0.5 },
          usage: { input: 7, output: 3 },
        },
      });
      expect(call!.parent).toBe(events.find(({ name }) => name === 'turn 1')!.id);
      expect(call!.end - call!.start).toBeGreaterThanOrEqual(29_000);
      expect(messageContent(call!, {})).toMatchObject({
        input: [{ role: 'user', parts: [{ content: 'x' }] }],
        output: [{ role: 'assistant', parts: [{ content: TEXT }] }],
      });
    } finally {
      rig.stop();
    }
  });

  test('one without: what its turn used', async () => {
    await esm.run(bench.agent({ model: { getResponse: async () => answer() } }), 'x');
    expect(treeOf(bench.recorder)).toEqual([
      'Agent workflow ok',
      '  invoke_agent forecaster ok',
      '    turn 1 ok',
      '      chat ok',
    ]);
    expect(bench.recorder.calls[0]!.outcome!.usage).toEqual({ input: 7, output: 3 });
  });

  test('one that asks twice, once by a package that we see and once by itself', async () => {
    const server = await bench.serve(() => openaiError({ status: 500 }));
    const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'none', maxRetries: 0 });
    const getResponse = async (): Promise<any> => {
      await esm.withGenerationSpan(() => client.chat.completions.create({ model: 'gpt-4.1', messages: [] })).catch(() => {});
      return esm.withGenerationSpan(async ({ spanData }) => {
        Object.assign(spanData, { model: 'my-model', usage: { input_tokens: 7, output_tokens: 3 } });
        return answer();
      });
    };
    await esm.run(bench.agent({ model: { getResponse } }), 'x');
    expect(treeOf(bench.recorder).slice(2)).toEqual(['    turn 1 ok', '      chat gpt-4.1 error', '      chat my-model ok']);
  });

  test('one that asks by a package that we see', async () => {
    const server = await bench.serve(oneTurn);
    const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'none' });
    const ask = async (): Promise<any> => {
      await client.chat.completions.create({ model: 'gpt-4.1', messages: [] });
      return answer();
    };
    const withSpan = { getResponse: () => esm.withGenerationSpan(ask) };
    await esm.run(bench.agent({ model: withSpan }), 'x');
    await esm.run(bench.agent({ model: { getResponse: ask } }), 'x');
    const run = ['Agent workflow ok', '  invoke_agent forecaster ok', '    turn 1 ok', '      chat gpt-4.1 ok'];
    expect(treeOf(bench.recorder)).toEqual([...run, ...run]);
  });
});

describe('the host', () => {
  test('the processors of the app are told the same with us and without, and are never stopped', async () => {
    await bench.serve(twoTurns);
    const told: string[] = [];
    const note = (name: string) => async (of: any) => void told.push(`${name} ${of.spanData?.type ?? of.name}`);
    let stopped = 0;
    const processor: any = {
      onTraceStart: note('trace'),
      onTraceEnd: note('end of trace'),
      onSpanStart: note('start'),
      onSpanEnd: note('end'),
      shutdown: async () => void stopped++,
      forceFlush: async () => {},
    };
    esm.setTraceProcessors([processor]);
    await esm.run(bench.agent(), 'x');
    const seen = told.splice(0);
    expect(treeOf(bench.recorder)).toEqual(RUN);
    undoAll();
    await esm.run(bench.agent(), 'x');
    expect(told).toEqual(seen);
    expect(seen).toHaveLength(16);
    expect(stopped).toBe(0);
    expect(bench.recorder.events).toHaveLength(RUN.length);
    esm.setTraceProcessors([]);
  });

  test('with tracing disabled there are no spans: the calls stay, by themselves', async () => {
    for (const sdk of copies) sdk.setTracingDisabled(true);
    await bench.serve(twoTurns);
    await recordAction('outer', () => esm.run(bench.agent(), 'x'))();
    expect(treeOf(bench.recorder)).toEqual(['outer ok', '  chat gpt-5-mini ok', '  chat gpt-5-mini ok']);
  });

  test('without the spans of tasks and turns', async () => {
    await bench.serve(twoTurns);
    const runner = new esm.Runner({ tracing: { includeTaskAndTurnSpans: false } });
    await runner.run(bench.agent(), 'x');
    expect(treeOf(bench.recorder)).toEqual([
      'invoke_agent forecaster ok',
      '  chat gpt-5-mini ok',
      '  execute_tool lookup ok',
      '  chat gpt-5-mini ok',
    ]);
  });

  test('what the app keeps out of its traces is not recorded as the SDK tells it', async () => {
    await bench.serve(twoTurns);
    const runner = new esm.Runner({ traceIncludeSensitiveData: false });
    await runner.run(bench.agent(), 'a secret question');
    expect(treeOf(bench.recorder)).toEqual(RUN);
    expect(bench.recorder.tools[0]!.content).toEqual({});
  });

  test('P9 undo puts every method back; patched again, it is in place once', async () => {
    const methods = (): unknown[] =>
      copies.flatMap(({ MultiTracingProcessor, Runner }: any) => {
        const hooks = Object.getPrototypeOf(Object.getPrototypeOf(Runner.prototype));
        return [MultiTracingProcessor.prototype.onSpanStart, MultiTracingProcessor.prototype.onSpanEnd, hooks.emit];
      });
    const patched = methods();
    undoAll();
    const originals = methods();
    expect(patched.every((method, index) => method !== originals[index])).toBe(true);
    const before = Reflect.ownKeys(globalThis);
    for (let time = 0; time < 2; time++) {
      for (const namespace of copies) {
        expect(openaiAgents.patch({ namespace })).toEqual({
          patched: ['MultiTracingProcessor.onSpanStart', 'MultiTracingProcessor.onSpanEnd', 'Runner.emit'],
          missing: [],
        });
      }
    }
    openai.patch({ namespace: openaiSdk });
    expect(hub.bridges).toHaveLength(1);
    await bench.serve(twoTurns);
    await esm.run(bench.agent(), 'x');
    expect(treeOf(bench.recorder)).toEqual(RUN);
    undoAll();
    expect(methods()).toEqual(originals);
    expect(listPatches()).toEqual([]);
    expect(Reflect.ownKeys(globalThis)).toEqual(before);
    expect(openaiAgents.patch({ namespace: {} })).toEqual({ patched: [], missing: ['spans'] });
  });

  test('with the recorder off, the original runs alone', async () => {
    await bench.serve(twoTurns);
    hub.recorder = null;
    expect((await esm.run(bench.agent(), 'x')).finalOutput).toBe(TEXT);
    expect(bench.recorder.events).toEqual([]);
  });

  test('P12 a recorder that throws is a fault of ours and nothing else', async () => {
    await bench.serve(twoTurns);
    for (const broken of ['open', 'end', 'current']) {
      bench.record({ broken });
      expect((await esm.run(bench.agent(), 'x')).finalOutput).toBe(TEXT);
    }
  });

  test('nothing is kept of what has ended', async () => {
    await bench.serve(twoTurns);
    await Promise.all(Array.from({ length: 10 }, () => esm.run(bench.agent(), 'x')));
    const ends = (): number[] => bench.recorder.events.map(({ outcomes }) => outcomes.length);
    const before = ends();
    undoAll();
    expect(ends()).toEqual(before);
    expect(new Set(before)).toEqual(new Set([1]));
  });
});
