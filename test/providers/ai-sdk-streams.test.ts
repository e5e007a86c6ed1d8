/** Streams of the Vercel AI SDK: every way in which one ends, and what is left behind when it does not. */
import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as ai from 'ai';
import { describe, expect, test } from 'vitest';
import { undoAll } from '../../src/patch/registry.ts';
import { aiSdk } from '../../src/providers/ai-sdk/ai-sdk.ts';
import { until } from '../../src/testing/contract/bench.ts';
import type { InMemoryEvent } from '../../src/testing/in-memory-recorder.ts';
import { chatCompletionStream, openaiError, sse } from '../../src/testing/wire.ts';
import { answering, lookup, oneTurn, settled, TEXT, TOKENS, treeOf, twoTurns, useAiBench } from './ai-sdk-bench.ts';

const bench = useAiBench();

const LONG = chatCompletionStream({ text: 'a long text '.repeat(20), fragments: 60, tokens: TOKENS });

async function partsOf(stream: AsyncIterable<any>, enough: (part: any) => boolean = () => false): Promise<any[]> {
  const parts: any[] = [];
  for await (const part of stream) {
    parts.push(part);
    if (enough(part)) break;
  }
  return parts;
}
const isText = ({ type }: any): boolean => type === 'text-delta';
/** Does something when the first text comes, and reads on. */
const whenText =
  (run: () => void) =>
  (part: any): boolean => {
    if (isText(part)) run();
    return false;
  };
const everyEnd = (): number[] => bench.recorder.events.map(({ outcomes }) => outcomes.length);

describe('streamText', () => {
  test('a run with its steps, calls and tools', async () => {
    const models = await bench.models(twoTurns);
    const { fullStream, totalUsage } = ai.streamText({
      model: models.chat('gpt-5-mini'),
      prompt: 'x',
      tools: { lookup: lookup() },
      stopWhen: ai.isStepCount(5),
    });
    const parts = await partsOf(fullStream);
    expect(parts.at(-1)!.type).toBe('finish');
    expect(treeOf(bench.recorder)).toEqual([
      'invoke_agent ok',
      '  step 1 ok',
      '    chat gpt-5-mini ok',
      '    execute_tool lookup ok',
      '  step 2 ok',
      '    chat gpt-5-mini ok',
    ]);
    const [first, second] = bench.recorder.calls;
    expect(first!.llm!.request.stream).toBe(true);
    expect(first!.outcome).toMatchObject({
      response: { id: 'chatcmpl-1', finishReasons: ['tool_calls'], toolCalls: [{ id: 'call_abc', name: 'lookup' }] },
      usage: { input: 10, output: 5, cacheRead: 4, reasoning: 2 },
    });
    expect(second!.content!.response).toMatchObject({
      content: [{ type: 'text', text: TEXT }],
      finishReason: { unified: 'stop', raw: 'stop' },
    });
    // Parts of the model: metadata, the beginning, an empty and three other pieces and the end of a text, and the finish.
    expect(second!.outcome!.chunks).toBe(8);
    expect(bench.recorder.calls.map(({ firstChunks }) => firstChunks)).toEqual([1, 1]);
    const sum = bench.recorder.calls.reduce((total, { outcome }) => total + outcome!.usage!.input!, 0);
    expect(sum).toBe((await totalUsage).inputTokens);
  });

  test('the app sees the same parts with us and without', async () => {
    const models = await bench.models(twoTurns);
    const run = (): Promise<any[]> => {
      const id = ai.createIdGenerator({ prefix: 'id', size: 4, alphabet: 'a' });
      const options = { model: models.chat('gpt-5-mini'), prompt: 'x', tools: { lookup: lookup() }, stopWhen: ai.isStepCount(5) };
      return partsOf(ai.streamText({ ...options, _internal: { generateId: id, now: () => 1 } }).fullStream);
    };
    const seen = await run();
    expect(bench.recorder.events.length).toBeGreaterThan(0);
    undoAll();
    const before = bench.recorder.events.length;
    const bare = await run();
    expect(bench.recorder.events).toHaveLength(before);
    const timeless = (parts: any[]): unknown =>
      JSON.parse(
        JSON.stringify(parts, (key, value: unknown) => (['date', 'timestamp', 'toolExecutionMs'].includes(key) ? 0 : value)),
      );
    expect(timeless(seen)).toEqual(timeless(bare));
  });

  test('a break that reaches the model: nothing more is asked for, and everything ends as cancelled', async () => {
    const models = await bench.models(() => ({ pieces: LONG, gapMs: 5 }));
    const run = ai.experimental_streamTextLowMemory({ model: models.chat('gpt-5-mini'), prompt: 'x' });
    await partsOf(run.fullStream, isText);
    await until(() => bench.recorder.events.every(({ ended }) => ended), 'the ends');
    expect(treeOf(bench.recorder)).toEqual(['invoke_agent cancelled', '  step 1 cancelled', '    chat gpt-5-mini cancelled']);
    expect(everyEnd()).toEqual([1, 1, 1]);
    await until(() => models.server.broken === 1, 'the cut connection');
    expect(models.server.sent).toBeLessThan(LONG.length);
  });

  test('of a call that is made without a run, the SDK tells nobody', async () => {
    const models = await bench.models(oneTurn);
    const { stream } = await ai.experimental_streamLanguageModelCall({ model: models.chat('gpt-5-mini'), prompt: 'x' });
    await partsOf(stream);
    expect(bench.recorder.events).toEqual([]);
  });

  test('an abort', async () => {
    const models = await bench.models(() => ({ pieces: LONG, gapMs: 2 }));
    const abort = new AbortController();
    const { fullStream } = ai.streamText({ model: models.chat('gpt-5-mini'), prompt: 'x', abortSignal: abort.signal });
    const parts = await partsOf(
      fullStream,
      whenText(() => abort.abort()),
    );
    expect(parts.at(-1)!.type).toBe('abort');
    await settled();
    expect(treeOf(bench.recorder)).toEqual(['invoke_agent cancelled', '  step 1 cancelled', '    chat gpt-5-mini cancelled']);
    expect(everyEnd()).toEqual([1, 1, 1]);
  });

  test('an abort for a reason of the app, and one for a time that ran out', async () => {
    const models = await bench.models(() => ({ pieces: LONG, gapMs: 2 }));
    const abort = new AbortController();
    const own = ai.streamText({ model: models.chat('gpt-5-mini'), prompt: 'x', abortSignal: abort.signal });
    await partsOf(
      own.fullStream,
      whenText(() => abort.abort(new Error('the user went home'))),
    );
    await settled();
    expect(bench.recorder.events.map(({ status }) => status)).toEqual(['cancelled', 'cancelled', 'cancelled']);
    bench.record();
    const timed = ai.streamText({ model: models.chat('gpt-5-mini'), prompt: 'x', abortSignal: AbortSignal.timeout(60) });
    await partsOf(timed.fullStream);
    await settled();
    expect(bench.recorder.events.map(({ outcome }) => outcome)).toEqual(
      bench.recorder.events.map(() => expect.objectContaining({ status: 'error', error: { type: 'TimeoutError' } })),
    );
  });

  test('an error in the stream', async () => {
    const pieces = [...LONG.slice(0, 3), sse({ error: { message: 'overloaded', type: 'server_error', code: 'busy' } })];
    const models = await bench.models(() => ({ pieces }));
    await partsOf(ai.streamText({ model: models.chat('gpt-5-mini'), prompt: 'x', onError: () => {} }).fullStream);
    expect(treeOf(bench.recorder)).toEqual(['invoke_agent error', '  step 1 error', '    chat gpt-5-mini error']);
    expect(everyEnd()).toEqual([1, 1, 1]);
    expect(bench.recorder.calls[0]!.outcome!.error).toEqual({ type: 'server_error', code: 'busy' });
    expect(bench.recorder.calls[0]!.content!.error!.message).toBe('overloaded');
  });

  test.each([
    ['reset', 'reset' as const, 'APICallError'],
    ['cut short', 'end' as const, 'incomplete_stream'],
  ])('a stream that is %s', async (_, after, type) => {
    const models = await bench.models(() => ({ pieces: LONG.slice(0, 5), after }));
    const { fullStream } = ai.streamText({ model: models.chat('gpt-5-mini'), prompt: 'x', onError: () => {} });
    await partsOf(fullStream).catch(() => {});
    await settled();
    const [call] = bench.recorder.calls;
    expect(call!.outcome).toMatchObject({ status: 'error', error: { type } });
    expect(call!.outcome!.usage).toBeUndefined();
    expect(everyEnd()).toEqual([1, 1, 1]);
  });

  test('a call that fails before anything is streamed', async () => {
    const models = await bench.models(() => openaiError({ status: 401 }));
    const run = ai.streamText({ model: models.chat('gpt-5-mini'), prompt: 'x', onError: () => {} });
    await expect(run.text).rejects.toThrow();
    expect(treeOf(bench.recorder)).toEqual(['invoke_agent error', '  step 1 error', '    chat gpt-5-mini error']);
    expect(bench.recorder.events[0]!.outcome!.error).toMatchObject({ type: 'APICallError', status: 401 });
  });

  test('a stream that is tried again', async () => {
    const models = await bench.models((request, index) =>
      index === 0 ? { pieces: [...LONG.slice(0, 3), sse({ error: { message: 'overloaded' } })] } : oneTurn(request, index),
    );
    const run = ai.streamText({ model: models.chat('gpt-5-mini'), prompt: 'x', onError: () => {}, streamRetries: 1 });
    expect((await run.text).endsWith(TEXT)).toBe(true);
    expect(treeOf(bench.recorder)).toEqual([
      'invoke_agent ok',
      '  step 1 ok',
      '    chat gpt-5-mini error',
      '    chat gpt-5-mini ok',
    ]);
    expect(bench.recorder.calls).toHaveLength(models.server.requests.length);
  });
});

describe('what nobody reads to the end', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const collected = async (holds: () => boolean): Promise<void> => {
    for (let tries = 0; tries < 200 && !holds(); tries++) {
      collect();
      await setTimeout(10);
    }
  };
  const open = (): InMemoryEvent[] => bench.recorder.events.filter(({ ended }) => !ended);

  test('a break while the model speaks', async () => {
    // The SDK reads a stream in two branches, of which the app leaves one: nobody is told, and the provider neither.
    const models = await bench.models(() => ({ pieces: LONG, gapMs: 2 }));
    await (async () => {
      await partsOf(ai.streamText({ model: models.chat('gpt-5-mini'), prompt: 'x' }).fullStream, isText);
    })();
    await collected(() => open().length === 0);
    expect(treeOf(bench.recorder)).toEqual(['invoke_agent cancelled', '  step 1 cancelled', '    chat gpt-5-mini cancelled']);
    expect(everyEnd()).toEqual([1, 1, 1]);
  });

  test('a break after the model has said everything', async () => {
    const models = await bench.models(oneTurn);
    await (async () => {
      await partsOf(ai.streamText({ model: models.chat('gpt-5-mini'), prompt: 'x' }).fullStream, isText);
    })();
    await collected(() => open().length === 0);
    expect(treeOf(bench.recorder)).toEqual(['invoke_agent cancelled', '  step 1 cancelled', '    chat gpt-5-mini ok']);
    expect(everyEnd()).toEqual([1, 1, 1]);
  });

  test('streams that are never read', async () => {
    const models = await bench.models(() => ({ pieces: LONG }));
    await (async () => {
      for (let index = 0; index < 20; index++) ai.streamText({ model: models.chat('gpt-5-mini'), prompt: 'x' });
      await until(() => models.server.requests.length === 20, 'the requests');
    })();
    await collected(() => open().length === 0);
    expect(open().map(({ name }) => name)).toEqual([]);
    expect(bench.recorder.calls).toHaveLength(20);
    expect(new Set(everyEnd())).toEqual(new Set([1]));
  });

  test('a stream that somebody still holds is not over', async () => {
    const models = await bench.models(oneTurn);
    const held = ai.streamText({ model: models.chat('gpt-5-mini'), prompt: 'x' });
    await until(() => models.server.requests.length === 1, 'the request');
    for (let round = 0; round < 5; round++) {
      collect();
      await setTimeout(5);
    }
    expect(bench.recorder.events[0]!.status).toBe('open');
    expect(await held.text).toBe(TEXT);
    expect(treeOf(bench.recorder)).toEqual(['invoke_agent ok', '  step 1 ok', '    chat gpt-5-mini ok']);
  });

  test('undo ends what is open, and nothing of ours stays', async () => {
    const models = await bench.models((request) => ({ ...answering({}, request), after: 'hang' }));
    void ai.streamText({ model: models.chat('gpt-5-mini'), prompt: 'x' });
    await until(() => models.server.requests.length === 1, 'the request');
    undoAll();
    expect(bench.recorder.events.map(({ status }) => status)).toEqual(bench.recorder.events.map(() => 'unfinished'));
    aiSdk.patch({ namespace: ai });
  });
});
