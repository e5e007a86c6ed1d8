/** The OpenAI Agents SDK on its real path: real packages in both formats, real sockets, a stand-in that answers as OpenAI does. */
import { setTimeout } from 'node:timers/promises';
import * as esm from '@openai/agents';
import OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import { recordAction } from '../../src/session/wrappers.ts';
import { until } from '../../src/testing/contract/bench.ts';
import type { InMemoryEvent } from '../../src/testing/in-memory-recorder.ts';
import { openaiError } from '../../src/testing/wire.ts';
import { startRig } from '../session/rig.ts';
import { treeOf } from './ai-sdk-bench.ts';
import {
  answering,
  copies,
  isAnswered,
  LOOKUP,
  lookupOf,
  oneTurn,
  RUN,
  TEXT,
  TOKENS,
  twoTurns,
  useAgentsBench,
} from './openai-agents-bench.ts';

const bench = useAgentsBench();

describe.each([
  ['ESM', copies[0]!],
  ['CommonJS', copies[1]!],
] as const)('%s', (_, sdk) => {
  test.each(['responses', 'chat_completions'] as const)(
    'P10 a run over %s: its calls are those of the openai package',
    async (api) => {
      const server = await bench.serve(twoTurns, sdk, api);
      const { finalOutput, rawResponses } = await sdk.run(bench.agent({}, sdk), 'How is the weather in Oslo?');
      expect(finalOutput).toBe(TEXT);
      expect(treeOf(bench.recorder)).toEqual(RUN);
      expect(bench.recorder.events.map(({ type }) => type)).toEqual(['action', 'agent', 'step', 'llm', 'tool', 'step', 'llm']);
      expect(bench.recorder.calls.map(({ llm }) => llm!.api)).toEqual([api, api]);
      expect(bench.recorder.calls).toHaveLength(server.requests.length);
      const sum = (of: (event: InMemoryEvent) => number | undefined): number =>
        bench.recorder.calls.reduce((total, call) => total + of(call)!, 0);
      expect(sum(({ outcome }) => outcome!.usage!.input)).toBe(
        rawResponses.reduce((total, { usage }) => total + usage.inputTokens, 0),
      );
      expect(sum(({ outcome }) => outcome!.usage!.output)).toBe(2 * TOKENS.output);
      expect(sum(({ outcome }) => outcome!.usage!.cacheRead)).toBe(2 * TOKENS.cached);
      const [tool] = bench.recorder.tools;
      expect(tool!.start.tool).toEqual({ name: 'lookup', type: 'function', callId: 'call_abc' });
      expect(tool!.content).toEqual({ arguments: { city: 'Oslo' }, result: 'fine in Oslo' });
      expect(bench.recorder.calls.every(({ exchanges }) => exchanges.length === 1)).toBe(true);
    },
  );

  test.each(['responses', 'chat_completions'] as const)('a streamed run over %s', async (api) => {
    await bench.serve(twoTurns, sdk, api);
    const stream = await sdk.run(bench.agent({}, sdk), 'x', { stream: true });
    const events: any[] = [];
    for await (const event of stream) events.push(event);
    await stream.completed;
    expect(stream.finalOutput).toBe(TEXT);
    expect(treeOf(bench.recorder)).toEqual(RUN);
    expect(bench.recorder.calls.map(({ firstChunks }) => firstChunks)).toEqual([1, 1]);
  });
});

describe('what happens inside', () => {
  test('what a tool does is inside of the tool', async () => {
    const server = await bench.serve(twoTurns);
    const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'none' });
    const inner = recordAction('inner', async () => {
      await setTimeout(1);
      await client.chat.completions.create({ model: 'gpt-4.1', messages: [] });
      const agent = new esm.Agent({ name: 'nested', model: bench.model('gpt-5-nano') });
      return (await esm.run(agent, 'x')).finalOutput;
    });
    await esm.run(bench.agent({ tools: [lookupOf(esm, inner)] }), 'x');
    expect(treeOf(bench.recorder)).toEqual([
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
    await bench.serve((request) => {
      const names = (request.json.tools ?? []).map(({ name }: { name: string }) => name);
      const call = { ...LOOKUP, name: names[0], arguments: names[0] === 'ask' ? '{"input":"x"}' : LOOKUP.arguments };
      return answering(isAnswered(request) ? { text: TEXT } : { tools: [call] }, request);
    });
    const asking = bench.agent({ name: 'manager', tools: [bench.agent().asTool({ toolName: 'ask', toolDescription: 'Asks' })] });
    await recordAction('outer', () => esm.run(asking, 'x'))();
    expect(treeOf(bench.recorder)).toEqual([
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
    const server = await bench.serve(async (request, index) => {
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
      const agent = bench.agent({ name: `agent-city-${index}`, tools: [tool] });
      if (index % 2 === 0) return (await esm.run(agent, `city-${index}`)).finalOutput;
      const stream = await esm.run(agent, `city-${index}`, { stream: true });
      await stream.completed;
      return stream.finalOutput;
    };
    const texts = await Promise.all(Array.from({ length: 50 }, (_, index) => run(index)));
    expect(texts).toEqual(texts.map((_, index) => `city-${index}`));
    expect(server.requests).toHaveLength(100);
    expect(bench.recorder.calls).toHaveLength(100);
    for (let index = 0; index < 50; index++) {
      const agents = bench.recorder.events.filter(({ name }) => name === `invoke_agent agent-city-${index}`);
      expect(agents).toHaveLength(1);
      const inside = (event: InMemoryEvent): InMemoryEvent[] =>
        bench.recorder.events.filter(({ parent }) => parent === event).flatMap((child) => [child, ...inside(child)]);
      const all = inside(agents[0]!);
      expect(all.map(({ name }) => name)).toEqual([
        ...['turn 1', 'chat gpt-5-mini', 'execute_tool lookup', `look at city-${index}`, 'turn 2', 'chat gpt-5-mini'],
      ]);
      const calls = all.filter(({ type }) => type === 'llm');
      for (const { outcome } of calls) expect(outcome!.response!.id).toMatch(new RegExp(`^city-${index} `));
      expect(all.find(({ type }) => type === 'tool')!.start.tool!.callId).toBe(`call_city-${index}`);
    }
    expect(bench.recorder.events.every(({ outcomes }) => outcomes.length === 1)).toBe(true);
  });
});

describe('handoffs, guardrails, failures', () => {
  test('a handoff', async () => {
    await bench.serve((request) => {
      const transfer = (request.json.tools ?? []).find(({ name }: { name: string }) => name.startsWith('transfer'));
      return answering(transfer ? { tools: [{ ...LOOKUP, name: transfer.name, arguments: '{}' }] } : { text: TEXT }, request);
    });
    const second = bench.agent({ name: 'second', tools: [] });
    await esm.run(bench.agent({ handoffs: [second] }), 'x');
    expect(treeOf(bench.recorder)).toEqual([
      'Agent workflow ok',
      '  invoke_agent forecaster ok',
      '    turn 1 ok',
      '      chat gpt-5-mini ok',
      '      handoff to second ok',
      '  invoke_agent second ok',
      '    turn 2 ok',
      '      chat gpt-5-mini ok',
    ]);
    expect(bench.recorder.events.find(({ name }) => name === 'handoff to second')!.type).toBe('action');
  });

  test('guardrails: one that holds, and one that trips', async () => {
    await bench.serve(oneTurn);
    const guardrail = (tripwireTriggered: boolean): object => ({
      inputGuardrails: [{ name: 'no secrets', execute: async () => ({ outputInfo: {}, tripwireTriggered }) }],
    });
    await esm.run(bench.agent(guardrail(false)), 'x');
    expect(treeOf(bench.recorder).toSorted()).toContain('    guardrail no secrets ok');
    const rig = startRig();
    try {
      await expect(esm.run(bench.agent(guardrail(true)), 'x')).rejects.toThrow('guardrail');
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
    await bench.serve(twoTurns);
    const broken = lookupOf(esm, () => {
      throw new RangeError('no such city');
    });
    await esm.run(bench.agent({ tools: [broken] }), 'x');
    const [tool] = bench.recorder.tools;
    expect(tool!.outcome).toMatchObject({ status: 'error', error: { type: 'tool_error' } });
    expect(tool!.content!.arguments).toEqual({ city: 'Oslo' });
    expect(bench.recorder.events.filter(({ status }) => status !== 'ok')).toEqual([tool]);
  });

  test('arguments that are none: the tool is told of, and has failed', async () => {
    await bench.serve((request) =>
      answering(isAnswered(request) ? { text: TEXT } : { tools: [{ ...LOOKUP, arguments: '{"city' }] }, request),
    );
    await esm.run(bench.agent(), 'x').catch(() => {});
    expect(bench.recorder.tools.map(({ status }) => status)).toEqual(['error']);
  });

  test('too many turns', async () => {
    await bench.serve((request, index) => answering({ tools: [{ ...LOOKUP, id: `call_${index}` }] }, request));
    await expect(esm.run(bench.agent(), 'x', { maxTurns: 2 })).rejects.toThrow('Max turns');
    expect(treeOf(bench.recorder)).toEqual([
      'Agent workflow error',
      '  invoke_agent forecaster error',
      ...['1', '2'].flatMap((turn) => [`    turn ${turn} ok`, '      chat gpt-5-mini ok', '      execute_tool lookup ok']),
    ]);
    expect(bench.recorder.events[1]!.outcome!.error).toEqual({ type: 'MaxTurnsExceededError' });
  });

  test('P7 a call that fails: one LLM event with its codes; what is around it has failed', async () => {
    await bench.serve(() => openaiError({ status: 400, requestId: 'req_1', message: 'a secret' }));
    await expect(esm.run(bench.agent(), 'x')).rejects.toMatchObject({ status: 400 });
    expect(treeOf(bench.recorder)).toEqual([
      'Agent workflow error',
      '  invoke_agent forecaster error',
      '    turn 1 error',
      '      chat gpt-5-mini error',
    ]);
    expect(bench.recorder.calls[0]!.outcome!.error).toMatchObject({ type: 'BadRequestError', status: 400, requestId: 'req_1' });
    for (const { outcome, content } of bench.recorder.events) {
      expect(JSON.stringify(outcome!.error)).not.toContain('secret');
      expect(content!.error!.message).toContain('a secret');
    }
  });

  test('a stream that is left early', async () => {
    const server = await bench.serve((request) =>
      answering({ text: 'a long text '.repeat(50), fragments: 100, tokens: TOKENS }, request),
    );
    const stream = await esm.run(bench.agent({ tools: [] }), 'x', { stream: true });
    for await (const event of stream)
      if (event.type === 'raw_model_stream_event' && event.data.type === 'output_text_delta') break;
    await until(() => bench.recorder.events.every(({ ended }) => ended), 'the ends');
    expect(bench.recorder.calls.map(({ status }) => status)).toEqual(['cancelled']);
    expect(bench.recorder.events.every(({ outcomes }) => outcomes.length === 1)).toBe(true);
    expect(server.requests).toHaveLength(1);
  });

  test('an abort', async () => {
    const server = await bench.serve(() => ({ pieces: [], after: 'hang' }));
    const abort = new AbortController();
    const run = esm.run(bench.agent(), 'x', { signal: abort.signal });
    await until(() => server.requests.length === 1, 'the request');
    abort.abort();
    await expect(run).rejects.toThrow();
    await until(() => bench.recorder.events.every(({ ended }) => ended), 'the ends');
    expect(bench.recorder.events.map(({ status }) => status)).toEqual(['error', 'error', 'error', 'error']);
  });

  test('MCP servers are asked for their tools in an action', async () => {
    await bench.serve(oneTurn);
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
    await esm.run(bench.agent({ tools: [], mcpServers: [mcp] }), 'x');
    expect(
      bench.recorder.events.filter(({ name }) => name.startsWith('list_tools')).map(({ name, type }) => [name, type]),
    ).toEqual([['list_tools files', 'action']]);
  });
});
