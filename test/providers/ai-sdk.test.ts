/** The Vercel AI SDK on its real path: real packages, real sockets, a stand-in that answers as OpenAI does. */
import diagnosticsChannel from 'node:diagnostics_channel';
import { setTimeout } from 'node:timers/promises';
import * as ai from 'ai';
import OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import { recordAction } from '../../src/session/wrappers.ts';
import { until } from '../../src/testing/contract/bench.ts';
import type { InMemoryEvent } from '../../src/testing/in-memory-recorder.ts';
import { openaiError, responsesAnswer } from '../../src/testing/wire.ts';
import { answering, LOOKUP, lookup, oneTurn, TEXT, TOKENS, treeOf, twoTurns, useAiBench } from './ai-sdk-bench.ts';

const bench = useAiBench();

describe('generateText', () => {
  test('a run with its steps, calls and tools', async () => {
    const models = await bench.models(twoTurns);
    const result = await ai.generateText({
      model: models.chat('gpt-5-mini'),
      instructions: 'Be brief.',
      prompt: 'How is the weather in Oslo?',
      tools: { lookup: lookup() },
      stopWhen: ai.isStepCount(5),
      temperature: 0.5,
      maxOutputTokens: 99,
      telemetry: { functionId: 'forecaster' },
    });
    expect(result.text).toBe(TEXT);
    expect(treeOf(bench.recorder)).toEqual([
      'invoke_agent forecaster ok',
      '  step 1 ok',
      '    chat gpt-5-mini ok',
      '    execute_tool lookup ok',
      '  step 2 ok',
      '    chat gpt-5-mini ok',
    ]);
    const [first, second] = bench.recorder.calls;
    expect(first!.llm).toMatchObject({
      operation: 'chat',
      provider: 'openai',
      api: 'ai_sdk',
      server: { address: '127.0.0.1', port: models.server.port },
      request: { model: 'gpt-5-mini', temperature: 0.5, maxTokens: 99, messageCount: 1, tools: ['lookup'] },
    });
    expect(first!.outcome).toMatchObject({
      response: {
        id: 'chatcmpl-1',
        model: 'gpt-5-mini',
        finishReasons: ['tool_calls'],
        toolCalls: [{ id: 'call_abc', name: 'lookup' }],
      },
      usage: { input: 10, output: 5, cacheRead: 4, reasoning: 2 },
    });
    expect(second!.llm!.request).toMatchObject({ messageCount: 3, toolResults: ['call_abc'] });
    const [tool] = bench.recorder.tools;
    expect(tool!.start.tool).toEqual({ name: 'lookup', type: 'function', callId: 'call_abc' });
    expect(tool!.content).toEqual({ arguments: { city: 'Oslo' }, result: { weather: 'fine in Oslo' } });
  });

  test('P10 the tokens are those that the provider counted, and those that the app is told', async () => {
    const models = await bench.models(twoTurns);
    const { totalUsage } = await ai.generateText({
      model: models.chat('gpt-5-mini'),
      prompt: 'x',
      tools: { lookup: lookup() },
      stopWhen: ai.isStepCount(5),
    });
    const calls = bench.recorder.calls.map(({ outcome }) => outcome!.usage!);
    expect(calls).toHaveLength(models.server.requests.length);
    const sum = (name: 'input' | 'output' | 'cacheRead' | 'reasoning'): number =>
      calls.reduce((total, usage) => total + usage[name]!, 0);
    expect([sum('input'), sum('output'), sum('cacheRead'), sum('reasoning')]).toEqual(
      [TOKENS.input, TOKENS.output, TOKENS.cached, TOKENS.reasoning].map((count) => 2 * count),
    );
    expect([sum('input'), sum('output')]).toEqual([totalUsage.inputTokens, totalUsage.outputTokens]);
  });
});

describe('what happens inside', () => {
  test('what a tool does is inside of the tool: actions, SDK calls, runs', async () => {
    const models = await bench.models(twoTurns);
    const client = new OpenAI({ baseURL: `${models.server.url}/v1`, apiKey: 'none' });
    const inner = recordAction('inner', async () => {
      await setTimeout(1);
      await client.chat.completions.create({
        model: 'gpt-4.1-mini',
        messages: [{ role: 'tool', tool_call_id: 'x', content: 'y' }],
      });
    });
    const tool = lookup(async () => {
      await inner();
      return (await ai.generateText({ model: models.chat('gpt-5-nano'), messages: [{ role: 'user', content: 'x' }] })).text;
    });
    await ai.generateText({
      model: models.chat('gpt-5-mini'),
      prompt: 'x',
      tools: { lookup: tool },
      stopWhen: ai.isStepCount(5),
    });
    expect(treeOf(bench.recorder)).toEqual([
      'invoke_agent ok',
      '  step 1 ok',
      '    chat gpt-5-mini ok',
      '    execute_tool lookup ok',
      '      inner ok',
      '        chat gpt-4.1-mini ok',
      '      invoke_agent ok',
      '        step 1 ok',
      '          chat gpt-5-nano ok',
      '  step 2 ok',
      '    chat gpt-5-mini ok',
    ]);
    // The tool and the run hold calls; the calls of the run do not.
    expect(bench.recorder.calls).toHaveLength(models.server.requests.length);
  });

  test('what the app does around it is around it', async () => {
    const models = await bench.models(oneTurn);
    const outer = recordAction('outer', () => ai.generateText({ model: models.chat('gpt-5-mini'), prompt: 'x' }));
    await outer();
    expect(treeOf(bench.recorder)).toEqual(['outer ok', '  invoke_agent ok', '    step 1 ok', '      chat gpt-5-mini ok']);
  });

  test('what the functions of the app do in a run is in the run', async () => {
    const models = await bench.models(oneTurn);
    const note = recordAction('note', () => {});
    await ai.generateText({
      model: models.chat('gpt-5-mini'),
      prompt: 'x',
      prepareStep: () => {
        note();
        return undefined;
      },
      onStart: note,
      onEnd: note,
    });
    expect(treeOf(bench.recorder)).toEqual([
      'invoke_agent ok',
      '  note ok',
      '  step 1 ok',
      '    note ok',
      '    chat gpt-5-mini ok',
      '  note ok',
    ]);
  });

  test('50 runs at once: every call, tool and inner run is where it belongs', async () => {
    const models = await bench.models(async (request, index) => {
      await setTimeout((index * 7) % 23);
      const [{ content }] = request.json.messages;
      const name = typeof content === 'string' ? content : content[0].text;
      const answered = request.json.messages.some(({ role }: { role: string }) => role === 'tool');
      const tools =
        answered || !request.json.tools ? [] : [{ ...LOOKUP, id: `call_${name}`, arguments: JSON.stringify({ city: name }) }];
      return answering({ id: `${name} ${index}`, tools, ...(tools.length === 0 && { text: name }) }, request);
    });
    const model = models.chat('gpt-5-mini');
    const tool = lookup(async (city) => {
      await setTimeout(city.length % 3);
      return (await ai.generateText({ model, prompt: `inner-${city}`, telemetry: { functionId: `inner-${city}` } })).text;
    });
    const run = (index: number): PromiseLike<string> => {
      const options = {
        model,
        prompt: `city-${index}`,
        tools: { lookup: tool },
        stopWhen: ai.isStepCount(5),
        telemetry: { functionId: `agent-city-${index}` },
      };
      return index % 2 === 0 ? ai.generateText(options).then(({ text }) => text) : ai.streamText(options).text;
    };
    const texts = await Promise.all(Array.from({ length: 50 }, (_, index) => run(index)));
    expect(texts).toEqual(texts.map((_, index) => `city-${index}`));
    const { events, calls } = bench.recorder;
    expect(calls).toHaveLength(150);
    expect(models.server.requests).toHaveLength(150);
    for (let index = 0; index < 50; index++) {
      const roots = events.filter(({ name, parent }) => parent === null && name === `invoke_agent agent-city-${index}`);
      expect(roots).toHaveLength(1);
      const inside = (event: InMemoryEvent): InMemoryEvent[] =>
        events.filter(({ parent }) => parent === event).flatMap((child) => [child, ...inside(child)]);
      const all = inside(roots[0]!);
      expect(all.map(({ name }) => name)).toEqual([
        ...['step 1', 'chat gpt-5-mini', 'execute_tool lookup', `invoke_agent inner-city-${index}`, 'step 1', 'chat gpt-5-mini'],
        ...['step 2', 'chat gpt-5-mini'],
      ]);
      for (const event of all.filter(({ type }) => type === 'llm')) {
        expect(event.outcome!.response!.id).toMatch(new RegExp(`^(inner-)?city-${index} `));
        expect(JSON.stringify(event.content!.request)).toContain(`city-${index}"`);
      }
      expect(all.find(({ type }) => type === 'tool')!.content!.arguments).toEqual({ city: `city-${index}` });
    }
    expect(events.every(({ ended }) => ended)).toBe(true);
  });
});

describe('failures', () => {
  test('an attempt that is made again is no call of its own', async () => {
    const models = await bench.models((request, index) =>
      index === 0 ? openaiError({ status: 429, retryAfterMs: 1 }) : oneTurn(request, index),
    );
    await ai.generateText({ model: models.chat('gpt-5-mini'), prompt: 'x' });
    expect(models.server.requests).toHaveLength(2);
    expect(treeOf(bench.recorder)).toEqual(['invoke_agent ok', '  step 1 ok', '    chat gpt-5-mini ok']);
    const [call] = bench.recorder.calls;
    expect(call!.exchanges.map(({ status, how, request }) => [status, how, request.method, request.body])).toEqual([
      [429, 'unread', 'POST', undefined],
      [200, 'unread', 'POST', undefined],
    ]);
    expect(call!.exchanges[0]!.headers).toMatchObject({ 'retry-after-ms': '1' });
  });

  test('P8 every attempt of every call is its own, also when many are made at once; then nobody listens any more', async () => {
    const models = await bench.models((request, index) =>
      index % 2 === 0 ? openaiError({ status: 503, retryAfterMs: 1 }) : oneTurn(request, index),
    );
    const ask = (): Promise<unknown> => ai.generateText({ model: models.chat('gpt-5-mini'), prompt: 'x', maxRetries: 9 });
    await Promise.all(Array.from({ length: 10 }, ask));
    const attempts = bench.recorder.calls.flatMap(({ exchanges }) => exchanges.map(({ status }) => status));
    expect(attempts).toHaveLength(models.server.requests.length);
    for (const { exchanges } of bench.recorder.calls) {
      expect(exchanges.at(-1)!.status).toBe(200);
      expect(exchanges.slice(0, -1).every(({ status }) => status === 503)).toBe(true);
    }
    const channels = ['create', 'headers', 'trailers', 'error'].map((name) =>
      diagnosticsChannel.channel(`undici:request:${name}`),
    );
    expect(channels.map(({ hasSubscribers }) => hasSubscribers)).toEqual([false, false, false, false]);
  });

  test('the server is the one that was asked, where a model does not say it', async () => {
    const models = await bench.models(() => ({ body: responsesAnswer({ text: TEXT, tokens: TOKENS }) }));
    await ai.generateText({ model: models('gpt-5-mini'), prompt: 'x' });
    const [call] = bench.recorder.calls;
    expect(call!.llm).toMatchObject({ provider: 'openai', server: { address: '127.0.0.1', port: models.server.port } });
    expect(call!.outcome!.usage).toEqual({ input: 10, output: 5, cacheRead: 4, reasoning: 2 });
  });

  test('a refused connection', async () => {
    const models = await bench.models(oneTurn);
    await models.server.close();
    await expect(ai.generateText({ model: models.chat('gpt-5-mini'), prompt: 'x', maxRetries: 0 })).rejects.toThrow();
    const [call] = bench.recorder.calls;
    expect(call!.outcome!.error).toMatchObject({ type: 'APICallError', code: 'ECONNREFUSED' });
    expect(call!.exchanges.map(({ how, error }) => [how, error?.code])).toEqual([['error', 'ECONNREFUSED']]);
  });

  test('P7 an error is told in codes by the call, its step and its run, and reaches the app as it is', async () => {
    const models = await bench.models(() => openaiError({ status: 400, code: 'context_length_exceeded', requestId: 'req_1' }));
    const error: any = await ai.generateText({ model: models.chat('gpt-5-mini'), prompt: 'x' }).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(ai.APICallError);
    expect(treeOf(bench.recorder)).toEqual(['invoke_agent error', '  step 1 error', '    chat gpt-5-mini error']);
    for (const event of bench.recorder.events) {
      expect(event.outcome!.error).toEqual({
        type: 'APICallError',
        code: 'context_length_exceeded',
        status: 400,
        requestId: 'req_1',
      });
      expect(event.content!.error!.message).toBe('That did not work.');
    }
  });

  test('when all attempts fail, the last one counts', async () => {
    const models = await bench.models((_, index) => openaiError({ status: index === 0 ? 429 : 401, retryAfterMs: 1 }));
    await expect(ai.generateText({ model: models.chat('gpt-5-mini'), prompt: 'x' })).rejects.toThrow(ai.RetryError);
    expect(bench.recorder.events.map(({ outcome }) => outcome!.error!.status)).toEqual([401, 401, 401]);
    expect(bench.recorder.calls).toHaveLength(1);
  });

  test('a tool that throws has failed; the run goes on', async () => {
    const models = await bench.models(twoTurns);
    const tool = lookup(() => {
      throw new RangeError('no such city');
    });
    await ai.generateText({
      model: models.chat('gpt-5-mini'),
      prompt: 'x',
      tools: { lookup: tool },
      stopWhen: ai.isStepCount(5),
    });
    const [event] = bench.recorder.tools;
    expect(event!.outcome).toMatchObject({ status: 'error', error: { type: 'RangeError' } });
    expect(event!.content).toMatchObject({ arguments: { city: 'Oslo' }, error: { message: 'no such city' } });
    expect(bench.recorder.events.filter(({ status }) => status !== 'ok')).toEqual([event]);
  });

  test('an abort', async () => {
    const models = await bench.models(() => ({ pieces: [], after: 'hang' }));
    const abort = new AbortController();
    const run = ai.generateText({ model: models.chat('gpt-5-mini'), prompt: 'x', abortSignal: abort.signal });
    await until(() => models.server.requests.length === 1, 'the request');
    abort.abort();
    await expect(run).rejects.toMatchObject({ name: 'AbortError' });
    expect(treeOf(bench.recorder)).toEqual(['invoke_agent error', '  step 1 error', '    chat gpt-5-mini error']);
    expect(bench.recorder.calls[0]!.outcome!.error!.type).toBe('AbortError');
  });

  test('an error of the app in a run ends it', async () => {
    const models = await bench.models(oneTurn);
    const run = ai.generateText({
      model: models.chat('gpt-5-mini'),
      prompt: 'x',
      prepareStep: () => {
        throw new SyntaxError('mine');
      },
    });
    await expect(run).rejects.toThrow('mine');
    expect(treeOf(bench.recorder)).toEqual(['invoke_agent error', '  step 1 error']);
    expect(bench.recorder.events[0]!.outcome!.error!.type).toBe('SyntaxError');
  });
});

test('ToolLoopAgent', async () => {
  const models = await bench.models(twoTurns);
  const agent = new ai.ToolLoopAgent({
    model: models.chat('gpt-5-mini'),
    tools: { lookup: lookup() },
    telemetry: { functionId: 'forecaster' },
  });
  expect((await agent.generate({ prompt: 'x' })).text).toBe(TEXT);
  await (await agent.stream({ prompt: 'x' })).consumeStream();
  const run = [
    'invoke_agent forecaster ok',
    '  step 1 ok',
    '    chat gpt-5-mini ok',
    '    execute_tool lookup ok',
    '  step 2 ok',
    '    chat gpt-5-mini ok',
  ];
  expect(treeOf(bench.recorder)).toEqual([...run, ...run]);
});
