/** The OpenAI Agents SDK on its real path: real packages in both formats, real sockets, a stand-in that answers as OpenAI does. */
import { createRequire } from 'node:module';
import { setTimeout } from 'node:timers/promises';
import * as esm from '@openai/agents';
import OpenAI from 'openai';
import * as openaiSdk from 'openai';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { listFaults } from '../../src/core/diagnostics.ts';
import { hub } from '../../src/events/ports.ts';
import { listPatches, undoAll } from '../../src/patch/registry.ts';
import { messageContent } from '../../src/providers/decode.ts';
import { openaiAgents } from '../../src/providers/openai-agents.ts';
import { openai } from '../../src/providers/openai.ts';
import { recordAction } from '../../src/session/wrappers.ts';
import { until } from '../../src/testing/contract/bench.ts';
import { recordInMemory } from '../../src/testing/in-memory-recorder.ts';
import type { InMemoryEvent, InMemoryRecorder } from '../../src/testing/in-memory-recorder.ts';
import { startStandIn } from '../../src/testing/stand-in.ts';
import type { Answer, Reply, StandIn, StandInRequest } from '../../src/testing/stand-in.ts';
import { chatCompletion, chatCompletionStream, openaiError, responsesAnswer, responsesStream } from '../../src/testing/wire.ts';
import type { WireAnswer } from '../../src/testing/wire.ts';
import { startRig } from '../session/rig.ts';
import { treeOf } from './ai-sdk-bench.ts';

const require = createRequire(import.meta.url);
const cjs = require('@openai/agents') as typeof esm;
const copies = [esm, cjs] as const;
/** What a `import` of the app's loads. */
const cores = [require('@openai/agents-core'), await import('@openai/agents-core')] as readonly object[];

const TOKENS = { input: 10, output: 5, cached: 4, reasoning: 2 };
const TEXT = 'The weather in Oslo is fine.';
const LOOKUP = { id: 'call_abc', name: 'lookup', arguments: '{"city":"Oslo"}' };

let recorder: InMemoryRecorder;
let servers: StandIn[] = [];
let faults: string[];
const faultsNow = (): string[] => listFaults().map(({ site, error, count }) => `${site} ${count} ${String(error)}`);

beforeEach(() => {
  faults = faultsNow();
  for (const namespace of cores) openaiAgents.patch({ namespace });
  openai.patch({ namespace: openaiSdk });
  openai.patch({ namespace: require('openai') as object });
  for (const sdk of copies) sdk.setTraceProcessors([]);
  // The SDK's own default where NODE_ENV is `test` is to make no spans.
  for (const sdk of copies) sdk.setTracingDisabled(false);
  recorder = recordInMemory();
});
afterEach(async () => {
  hub.recorder = null;
  undoAll();
  await Promise.all(servers.splice(0).map((server) => server.close()));
  servers = [];
  expect(faultsNow().filter((fault) => !fault.includes('on purpose'))).toEqual(
    faults.filter((fault) => !fault.includes('on purpose')),
  );
  expect(hub.bridges).toEqual([]);
});

/** An answer in the API and the form that the request asks for. */
function answering(answer: WireAnswer, { path, json }: StandInRequest): Reply {
  const whole = { tokens: TOKENS, ...answer };
  if (path.endsWith('/responses')) return json.stream ? { pieces: responsesStream(whole) } : { body: responsesAnswer(whole) };
  return json.stream ? { pieces: chatCompletionStream(whole) } : { body: chatCompletion(whole) };
}
const oneTurn: Answer = (request) => answering({ text: TEXT }, request);
const isAnswered = ({ json }: StandInRequest): boolean =>
  !json.tools?.length || /function_call_output|"role":"tool"/.test(JSON.stringify(json));
/** First the first tool that there is, then a text. */
const twoTurns: Answer = (request) => answering(isAnswered(request) ? { text: TEXT } : { tools: [LOOKUP] }, request);

type Api = 'responses' | 'chat_completions';
async function serve(answer: Answer, sdk: typeof esm = esm, api: Api = 'responses'): Promise<StandIn> {
  const server = await startStandIn(answer);
  servers.push(server);
  const Client = sdk === esm ? OpenAI : (require('openai') as typeof openaiSdk).OpenAI;
  const client: any = new Client({ baseURL: `${server.url}/v1`, apiKey: 'none', maxRetries: 0 });
  const Model = api === 'responses' ? sdk.OpenAIResponsesModel : sdk.OpenAIChatCompletionsModel;
  model = (name) => new Model(client, name);
  return server;
}
/** A model that is asked at the stand-in which was started last. */
let model: (name: string) => esm.Model;

const lookupOf = (sdk: typeof esm, run: (city: string) => unknown = (city) => `fine in ${city}`): any =>
  sdk.tool({
    name: 'lookup',
    description: 'The weather',
    parameters: z.object({ city: z.string() }),
    execute: async ({ city }) => run(city),
  });
const agentOf = (sdk: typeof esm = esm, more: object = {}): any =>
  new sdk.Agent({
    name: 'forecaster',
    instructions: 'Be brief.',
    model: model('gpt-5-mini'),
    tools: [lookupOf(sdk)],
    ...more,
  } as never);

const RUN = [
  'Agent workflow ok',
  '  invoke_agent forecaster ok',
  '    turn 1 ok',
  '      chat gpt-5-mini ok',
  '      execute_tool lookup ok',
  '    turn 2 ok',
  '      chat gpt-5-mini ok',
];

describe.each([
  ['ESM', esm],
  ['CommonJS', cjs],
] as const)('%s', (_, sdk) => {
  test.each(['responses', 'chat_completions'] as const)(
    'P10 a run over %s: its calls are those of the openai package',
    async (api) => {
      const server = await serve(twoTurns, sdk, api);
      const { finalOutput, rawResponses } = await sdk.run(agentOf(sdk), 'How is the weather in Oslo?');
      expect(finalOutput).toBe(TEXT);
      expect(treeOf(recorder)).toEqual(RUN);
      expect(recorder.events.map(({ type }) => type)).toEqual(['action', 'agent', 'step', 'llm', 'tool', 'step', 'llm']);
      expect(recorder.calls.map(({ llm }) => llm!.api)).toEqual([api, api]);
      expect(recorder.calls).toHaveLength(server.requests.length);
      const sum = (of: (event: InMemoryEvent) => number | undefined): number =>
        recorder.calls.reduce((total, call) => total + of(call)!, 0);
      expect(sum(({ outcome }) => outcome!.usage!.input)).toBe(
        rawResponses.reduce((total, { usage }) => total + usage.inputTokens, 0),
      );
      expect(sum(({ outcome }) => outcome!.usage!.output)).toBe(2 * TOKENS.output);
      expect(sum(({ outcome }) => outcome!.usage!.cacheRead)).toBe(2 * TOKENS.cached);
      const [tool] = recorder.tools;
      expect(tool!.start.tool).toEqual({ name: 'lookup', type: 'function', callId: 'call_abc' });
      expect(tool!.content).toEqual({ arguments: { city: 'Oslo' }, result: 'fine in Oslo' });
      expect(recorder.calls.every(({ exchanges }) => exchanges.length === 1)).toBe(true);
    },
  );

  test.each(['responses', 'chat_completions'] as const)('a streamed run over %s', async (api) => {
    await serve(twoTurns, sdk, api);
    const stream = await sdk.run(agentOf(sdk), 'x', { stream: true });
    const events: any[] = [];
    for await (const event of stream) events.push(event);
    await stream.completed;
    expect(stream.finalOutput).toBe(TEXT);
    expect(treeOf(recorder)).toEqual(RUN);
    expect(recorder.calls.map(({ firstChunks }) => firstChunks)).toEqual([1, 1]);
  });
});

describe('what happens inside', () => {
  test('what a tool does is inside of the tool', async () => {
    const server = await serve(twoTurns);
    const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'none' });
    const inner = recordAction('inner', async () => {
      await setTimeout(1);
      await client.chat.completions.create({ model: 'gpt-4.1', messages: [] });
      const agent = new esm.Agent({ name: 'nested', model: model('gpt-5-nano') });
      return (await esm.run(agent, 'x')).finalOutput;
    });
    await esm.run(agentOf(esm, { tools: [lookupOf(esm, inner)] }), 'x');
    expect(treeOf(recorder)).toEqual([
      ...RUN.slice(0, 5),
      '        inner ok',
      '          chat gpt-4.1 ok',
      '          Agent workflow ok',
      '            invoke_agent nested ok',
      '              turn 1 ok',
      '                chat gpt-5-nano ok',
      ...RUN.slice(5),
    ]);
  });

  test('what the app does around it is around it; an agent may be a tool', async () => {
    await serve((request) => {
      const names = (request.json.tools ?? []).map(({ name }: { name: string }) => name);
      const call = { ...LOOKUP, name: names[0], arguments: names[0] === 'ask' ? '{"input":"x"}' : LOOKUP.arguments };
      return answering(isAnswered(request) ? { text: TEXT } : { tools: [call] }, request);
    });
    const asking = agentOf(esm, { name: 'manager', tools: [agentOf().asTool({ toolName: 'ask', toolDescription: 'Asks' })] });
    await recordAction('outer', () => esm.run(asking, 'x'))();
    expect(treeOf(recorder)).toEqual([
      'outer ok',
      '  Agent workflow ok',
      '    invoke_agent manager ok',
      '      turn 1 ok',
      '        chat gpt-5-mini ok',
      '        execute_tool ask ok',
      ...RUN.map((line) => `          ${line}`),
      '      turn 2 ok',
      '        chat gpt-5-mini ok',
    ]);
  });

  test('50 agents at once: every call and tool is where it belongs', async () => {
    const server = await serve(async (request, index) => {
      await setTimeout((index * 7) % 23);
      const city = /city-\d+/.exec(JSON.stringify(request.json.input))![0];
      const tools = isAnswered(request) ? [] : [{ ...LOOKUP, id: `call_${city}`, arguments: JSON.stringify({ city }) }];
      return answering({ id: `${city} ${index}`, tools, ...(tools.length === 0 && { text: city }) }, request);
    });
    const tool = lookupOf(esm, async (city) => {
      await setTimeout(city.length % 3);
      return recordAction(`look at ${city}`, () => city)();
    });
    const run = async (index: number): Promise<unknown> => {
      const agent = agentOf(esm, { name: `agent-city-${index}`, tools: [tool] });
      if (index % 2 === 0) return (await esm.run(agent, `city-${index}`)).finalOutput;
      const stream = await esm.run(agent, `city-${index}`, { stream: true });
      await stream.completed;
      return stream.finalOutput;
    };
    const texts = await Promise.all(Array.from({ length: 50 }, (_, index) => run(index)));
    expect(texts).toEqual(texts.map((_, index) => `city-${index}`));
    expect(server.requests).toHaveLength(100);
    expect(recorder.calls).toHaveLength(100);
    for (let index = 0; index < 50; index++) {
      const agents = recorder.events.filter(({ name }) => name === `invoke_agent agent-city-${index}`);
      expect(agents).toHaveLength(1);
      const inside = (event: InMemoryEvent): InMemoryEvent[] =>
        recorder.events.filter(({ parent }) => parent === event).flatMap((child) => [child, ...inside(child)]);
      const all = inside(agents[0]!);
      expect(all.map(({ name }) => name)).toEqual([
        ...['turn 1', 'chat gpt-5-mini', 'execute_tool lookup', `look at city-${index}`, 'turn 2', 'chat gpt-5-mini'],
      ]);
      const calls = all.filter(({ type }) => type === 'llm');
      for (const { outcome } of calls) expect(outcome!.response!.id).toMatch(new RegExp(`^city-${index} `));
      expect(all.find(({ type }) => type === 'tool')!.start.tool!.callId).toBe(`call_city-${index}`);
    }
    expect(recorder.events.every(({ outcomes }) => outcomes.length === 1)).toBe(true);
  });
});

describe('handoffs, guardrails, failures', () => {
  test('a handoff', async () => {
    await serve((request) => {
      const transfer = (request.json.tools ?? []).find(({ name }: { name: string }) => name.startsWith('transfer'));
      return answering(transfer ? { tools: [{ ...LOOKUP, name: transfer.name, arguments: '{}' }] } : { text: TEXT }, request);
    });
    const second = agentOf(esm, { name: 'second', tools: [] });
    await esm.run(agentOf(esm, { handoffs: [second] }), 'x');
    expect(treeOf(recorder)).toEqual([
      'Agent workflow ok',
      '  invoke_agent forecaster ok',
      '    turn 1 ok',
      '      chat gpt-5-mini ok',
      '      handoff to second ok',
      '  invoke_agent second ok',
      '    turn 2 ok',
      '      chat gpt-5-mini ok',
    ]);
    expect(recorder.events.find(({ name }) => name === 'handoff to second')!.type).toBe('action');
  });

  test('guardrails: one that holds, and one that trips', async () => {
    await serve(oneTurn);
    const guardrail = (tripwireTriggered: boolean): object => ({
      inputGuardrails: [{ name: 'no secrets', execute: async () => ({ outputInfo: {}, tripwireTriggered }) }],
    });
    await esm.run(agentOf(esm, guardrail(false)), 'x');
    expect(treeOf(recorder).toSorted()).toContain('    guardrail no secrets ok');
    const rig = startRig();
    try {
      await expect(esm.run(agentOf(esm, guardrail(true)), 'x')).rejects.toThrow('guardrail');
      const events = rig.recordings.events(rig.recordings.ids()[0]!);
      const tripped = events.find(({ name }) => name === 'guardrail no secrets')!;
      expect(tripped).toMatchObject({
        status: 'ok',
        notes: [{ kind: 'failure', type: 'orchestration', code: 'constraint_violation' }],
      });
      const agent = events.find(({ type }) => type === 'agent')!;
      expect(agent).toMatchObject({ status: 'error', error: { type: 'InputGuardrailTripwireTriggered' } });
    } finally {
      rig.stop();
    }
  });

  test('a tool that throws', async () => {
    await serve(twoTurns);
    const broken = lookupOf(esm, () => {
      throw new RangeError('no such city');
    });
    await esm.run(agentOf(esm, { tools: [broken] }), 'x');
    const [tool] = recorder.tools;
    expect(tool!.outcome).toMatchObject({ status: 'error', error: { type: 'tool_error' } });
    expect(tool!.content!.arguments).toEqual({ city: 'Oslo' });
    expect(recorder.events.filter(({ status }) => status !== 'ok')).toEqual([tool]);
  });

  test('arguments that are none: the tool is told of, and has failed', async () => {
    await serve((request) =>
      answering(isAnswered(request) ? { text: TEXT } : { tools: [{ ...LOOKUP, arguments: '{"city' }] }, request),
    );
    await esm.run(agentOf(), 'x').catch(() => {});
    expect(recorder.tools.map(({ status }) => status)).toEqual(['error']);
  });

  test('too many turns', async () => {
    await serve((request, index) => answering({ tools: [{ ...LOOKUP, id: `call_${index}` }] }, request));
    await expect(esm.run(agentOf(), 'x', { maxTurns: 2 })).rejects.toThrow('Max turns');
    expect(treeOf(recorder)).toEqual([
      'Agent workflow error',
      '  invoke_agent forecaster error',
      ...['1', '2'].flatMap((turn) => [`    turn ${turn} ok`, '      chat gpt-5-mini ok', '      execute_tool lookup ok']),
    ]);
    expect(recorder.events[1]!.outcome!.error).toEqual({ type: 'MaxTurnsExceededError' });
  });

  test('P7 a call that fails: one LLM event with its codes; what is around it has failed', async () => {
    await serve(() => openaiError({ status: 400, requestId: 'req_1', message: 'a secret' }));
    await expect(esm.run(agentOf(), 'x')).rejects.toMatchObject({ status: 400 });
    expect(treeOf(recorder)).toEqual([
      'Agent workflow error',
      '  invoke_agent forecaster error',
      '    turn 1 error',
      '      chat gpt-5-mini error',
    ]);
    expect(recorder.calls[0]!.outcome!.error).toMatchObject({ type: 'BadRequestError', status: 400, requestId: 'req_1' });
    for (const { outcome, content } of recorder.events) {
      expect(JSON.stringify(outcome!.error)).not.toContain('secret');
      expect(content!.error!.message).toContain('a secret');
    }
  });

  test('a stream that is left early', async () => {
    const server = await serve((request) =>
      answering({ text: 'a long text '.repeat(50), fragments: 100, tokens: TOKENS }, request),
    );
    const stream = await esm.run(agentOf(esm, { tools: [] }), 'x', { stream: true });
    for await (const event of stream)
      if (event.type === 'raw_model_stream_event' && event.data.type === 'output_text_delta') break;
    await until(() => recorder.events.every(({ ended }) => ended), 'the ends');
    expect(recorder.calls.map(({ status }) => status)).toEqual(['cancelled']);
    expect(recorder.events.every(({ outcomes }) => outcomes.length === 1)).toBe(true);
    expect(server.requests).toHaveLength(1);
  });

  test('an abort', async () => {
    const server = await serve(() => ({ pieces: [], after: 'hang' }));
    const abort = new AbortController();
    const run = esm.run(agentOf(), 'x', { signal: abort.signal });
    await until(() => server.requests.length === 1, 'the request');
    abort.abort();
    await expect(run).rejects.toThrow();
    await until(() => recorder.events.every(({ ended }) => ended), 'the ends');
    expect(recorder.events.map(({ status }) => status)).toEqual(['error', 'error', 'error', 'error']);
  });

  test('MCP servers are asked for their tools in an action', async () => {
    await serve(oneTurn);
    const mcp: any = {
      name: 'files',
      cacheToolsList: false,
      toolFilter: undefined,
      connect: async () => {},
      close: async () => {},
      listTools: async () => [],
      callTool: async () => [],
      invalidateToolsCache: async () => {},
    };
    await esm.run(agentOf(esm, { tools: [], mcpServers: [mcp] }), 'x');
    expect(recorder.events.filter(({ name }) => name.startsWith('list_tools')).map(({ name, type }) => [name, type])).toEqual([
      ['list_tools files', 'action'],
    ]);
  });
});

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
      await esm.run(agentOf(esm, { model: mine }), 'x');
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
    await esm.run(agentOf(esm, { model: { getResponse: async () => answer() } }), 'x');
    expect(treeOf(recorder)).toEqual(['Agent workflow ok', '  invoke_agent forecaster ok', '    turn 1 ok', '      chat ok']);
    expect(recorder.calls[0]!.outcome!.usage).toEqual({ input: 7, output: 3 });
  });

  test('one that asks twice, once by a package that we see and once by itself', async () => {
    const server = await serve(() => openaiError({ status: 500 }));
    const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'none', maxRetries: 0 });
    const getResponse = async (): Promise<any> => {
      await esm.withGenerationSpan(() => client.chat.completions.create({ model: 'gpt-4.1', messages: [] })).catch(() => {});
      return esm.withGenerationSpan(async ({ spanData }) => {
        Object.assign(spanData, { model: 'my-model', usage: { input_tokens: 7, output_tokens: 3 } });
        return answer();
      });
    };
    await esm.run(agentOf(esm, { model: { getResponse } }), 'x');
    expect(treeOf(recorder).slice(2)).toEqual(['    turn 1 ok', '      chat gpt-4.1 error', '      chat my-model ok']);
  });

  test('one that asks by a package that we see', async () => {
    const server = await serve(oneTurn);
    const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'none' });
    const ask = async (): Promise<any> => {
      await client.chat.completions.create({ model: 'gpt-4.1', messages: [] });
      return answer();
    };
    const withSpan = { getResponse: () => esm.withGenerationSpan(ask) };
    await esm.run(agentOf(esm, { model: withSpan }), 'x');
    await esm.run(agentOf(esm, { model: { getResponse: ask } }), 'x');
    const run = ['Agent workflow ok', '  invoke_agent forecaster ok', '    turn 1 ok', '      chat gpt-4.1 ok'];
    expect(treeOf(recorder)).toEqual([...run, ...run]);
  });
});

describe('the host', () => {
  test('the processors of the app are told the same with us and without, and are never stopped', async () => {
    await serve(twoTurns);
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
    await esm.run(agentOf(), 'x');
    const seen = told.splice(0);
    expect(treeOf(recorder)).toEqual(RUN);
    undoAll();
    await esm.run(agentOf(), 'x');
    expect(told).toEqual(seen);
    expect(seen).toHaveLength(16);
    expect(stopped).toBe(0);
    expect(recorder.events).toHaveLength(RUN.length);
    esm.setTraceProcessors([]);
  });

  test('with tracing disabled there are no spans: the calls stay, by themselves', async () => {
    for (const sdk of copies) sdk.setTracingDisabled(true);
    await serve(twoTurns);
    await recordAction('outer', () => esm.run(agentOf(), 'x'))();
    expect(treeOf(recorder)).toEqual(['outer ok', '  chat gpt-5-mini ok', '  chat gpt-5-mini ok']);
  });

  test('without the spans of tasks and turns', async () => {
    await serve(twoTurns);
    const runner = new esm.Runner({ tracing: { includeTaskAndTurnSpans: false } });
    await runner.run(agentOf(), 'x');
    expect(treeOf(recorder)).toEqual([
      'invoke_agent forecaster ok',
      '  chat gpt-5-mini ok',
      '  execute_tool lookup ok',
      '  chat gpt-5-mini ok',
    ]);
  });

  test('what the app keeps out of its traces is not recorded as the SDK tells it', async () => {
    await serve(twoTurns);
    const runner = new esm.Runner({ traceIncludeSensitiveData: false });
    await runner.run(agentOf(), 'a secret question');
    expect(treeOf(recorder)).toEqual(RUN);
    expect(recorder.tools[0]!.content).toEqual({});
  });

  test('P9 undo puts every method back; patched again, it is in place once', async () => {
    const methods = (): unknown[] =>
      cores.flatMap(({ MultiTracingProcessor, Runner }: any) => {
        const hooks = Object.getPrototypeOf(Object.getPrototypeOf(Runner.prototype));
        return [MultiTracingProcessor.prototype.onSpanStart, MultiTracingProcessor.prototype.onSpanEnd, hooks.emit];
      });
    const patched = methods();
    undoAll();
    const originals = methods();
    expect(patched.every((method, index) => method !== originals[index])).toBe(true);
    const before = Reflect.ownKeys(globalThis);
    for (let time = 0; time < 2; time++) {
      for (const namespace of cores) {
        expect(openaiAgents.patch({ namespace })).toEqual({
          patched: ['MultiTracingProcessor.onSpanStart', 'MultiTracingProcessor.onSpanEnd', 'Runner.emit'],
          missing: [],
        });
      }
    }
    openai.patch({ namespace: openaiSdk });
    expect(hub.bridges).toHaveLength(1);
    await serve(twoTurns);
    await esm.run(agentOf(), 'x');
    expect(treeOf(recorder)).toEqual(RUN);
    undoAll();
    expect(methods()).toEqual(originals);
    expect(listPatches()).toEqual([]);
    expect(Reflect.ownKeys(globalThis)).toEqual(before);
    expect(openaiAgents.patch({ namespace: {} })).toEqual({ patched: [], missing: ['spans'] });
  });

  test('with the recorder off, the original runs alone', async () => {
    await serve(twoTurns);
    hub.recorder = null;
    expect((await esm.run(agentOf(), 'x')).finalOutput).toBe(TEXT);
    expect(recorder.events).toEqual([]);
  });

  test('P12 a recorder that throws is a fault of ours and nothing else', async () => {
    await serve(twoTurns);
    for (const broken of ['open', 'end', 'current']) {
      recorder = recordInMemory({ broken });
      expect((await esm.run(agentOf(), 'x')).finalOutput).toBe(TEXT);
    }
  });

  test('nothing is kept of what has ended', async () => {
    await serve(twoTurns);
    await Promise.all(Array.from({ length: 10 }, () => esm.run(agentOf(), 'x')));
    const ends = (): number[] => recorder.events.map(({ outcomes }) => outcomes.length);
    const before = ends();
    undoAll();
    expect(ends()).toEqual(before);
    expect(new Set(before)).toEqual(new Set([1]));
  });
});
