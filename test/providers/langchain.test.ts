import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { hub } from '../../src/events/ports.ts';
import { listPatches, undoAll } from '../../src/patch/registry.ts';
import { langchainChat } from '../../src/providers/langchain/langchain-chat.ts';
import { langchain } from '../../src/providers/langchain/langchain.ts';
import { langgraph } from '../../src/providers/langchain/langgraph.ts';
import { recordInMemory } from '../../src/testing/in-memory-recorder.ts';
import type { Answer } from '../../src/testing/stand-in.ts';
import { chatCompletion, chatCompletionStream, openaiError } from '../../src/testing/wire.ts';
import { Bench, FORMATS, patchAll } from './langchain-bench.ts';

const question = { messages: [{ role: 'user', content: 'What is 1 + 2?' }] };
const ADD = { id: 'call_1', name: 'add', arguments: '{"a":1,"b":2}' };

/** Asks for a tool first, and answers when its result is there; each answer says other token counts. */
const oneToolThenText: Answer = ({ json }) => {
  const answered = json.messages.some((message: any) => message.role === 'tool');
  const answer = answered
    ? { id: 'chatcmpl-2', text: 'Three.', tokens: { input: 40, output: 4 } }
    : { id: 'chatcmpl-1', tools: [ADD], tokens: { input: 30, output: 9 } };
  return json.stream ? { pieces: chatCompletionStream(answer) } : { body: chatCompletion(answer) };
};

describe.each(FORMATS)('LangChain and LangGraph, %s', (format) => {
  const bench = new Bench(format);
  const start = (answer?: Answer): Promise<void> => bench.start(answer);
  const adder = (run: (given: any) => unknown = ({ a, b }) => String(a + b)): any =>
    bench.lib.tools.tool(async (given: any) => run(given), {
      name: 'add',
      description: 'Adds.',
      schema: z.object({ a: z.number(), b: z.number() }),
    });
  beforeEach(() => start());
  afterEach(() => bench.stop());

  /** The stand-in answers otherwise. */
  const answering = async (answer: Answer): Promise<void> => {
    await bench.stop();
    await start(answer);
  };

  describe('graphs', () => {
    const TURN = ['    action ChatOpenAI: ok', '      llm chat gpt-4.1-mini: ok'];
    const AGENT = [
      'agent invoke_agent calculator: ok',
      '  step agent: ok',
      ...TURN,
      '  step tools: ok',
      '    tool execute_tool add: ok',
      '  step agent: ok',
      ...TURN,
    ];
    const agent = (fields: object = {}): any =>
      bench.lib.prebuilt.createReactAgent({ llm: bench.model(fields), tools: [adder()], name: 'calculator' });

    test('P10 an agent: nodes, tools, and one LLM event for each call of the model', async () => {
      await answering(oneToolThenText);
      const { messages } = await agent().invoke(question);
      expect(messages.at(-1).content).toBe('Three.');
      expect(bench.tree()).toEqual(AGENT);
      expect(bench.tokens()).toEqual({ input: 70, output: 13 });
      expect(bench.server.requests).toHaveLength(2);
      const tool = bench.only('execute_tool add');
      expect(tool.start.tool).toEqual({ name: 'add', type: 'function', callId: 'call_1' });
      expect(tool.content).toEqual({ arguments: { a: 1, b: 2 }, result: '3' });
      const graph = bench.only('invoke_agent calculator');
      expect(graph.content?.arguments).toEqual(question);
      expect(JSON.stringify(graph.content?.result)).toContain('Three.');
    });

    test.each(['updates', 'values', 'messages'])('P10 the same agent as a stream of %s', async (streamMode) => {
      await answering(oneToolThenText);
      let chunks = 0;
      for await (const _ of await agent({ streamUsage: true }).stream(question, { streamMode })) chunks++;
      expect(chunks).toBeGreaterThan(2);
      expect(bench.tree()).toEqual(AGENT);
      expect(bench.tokens()).toEqual({ input: 70, output: 13 });
    });

    test.each(['v2', 'v3'])('P10 the same agent by streamEvents %s', async (version) => {
      await answering(oneToolThenText);
      const events = await agent({ streamUsage: true }).streamEvents(question, { version });
      for await (const _ of events);
      expect(bench.tree()).toEqual(AGENT);
      expect(bench.tokens()).toEqual({ input: 70, output: 13 });
    });

    test('a stream that is left is cancelled', async () => {
      await answering(oneToolThenText);
      for await (const _ of await agent().stream(question)) break;
      await expect.poll(() => bench.only('invoke_agent calculator').status).toBe('cancelled');
    });

    const graphOf = (nodes: Record<string, (state: any, config: any) => unknown>, options: object = {}): any => {
      const { StateGraph, Annotation, START } = bench.lib.graph;
      const State = Annotation.Root({ seen: Annotation({ reducer: (a: any, b: any) => a.concat(b), default: () => [] }) });
      const graph = new StateGraph(State);
      let last = START;
      for (const [name, run] of Object.entries(nodes)) {
        graph.addNode(name, run).addEdge(last, name);
        last = name;
      }
      return graph.compile(options);
    };

    test('what a node calls is inside of its step, whoever it asks', async () => {
      const client = bench.client();
      const graph = graphOf({
        ask: async () => ({ seen: [(await client.chat.completions.create({ model: 'm', messages: [] })).id] }),
        rest: async () => ({ seen: ['rested'] }),
      });
      await graph.invoke({ seen: [] });
      expect(bench.tree()).toEqual([
        'agent invoke_agent LangGraph: ok',
        '  step ask: ok',
        '    llm chat m: ok',
        '  step rest: ok',
      ]);
      expect(bench.only('rest').content).toEqual({ result: { seen: ['rested'] } });
    });

    test('a graph in a node of another is an agent in a step', async () => {
      const inner = graphOf({ think: () => ({ seen: ['thought'] }) }, { name: 'thinker' });
      const outer = graphOf({ consult: (state: any, config: any) => inner.invoke(state, config) }, { name: 'boss' });
      await outer.invoke({ seen: [] });
      const { StateGraph, Annotation, START } = bench.lib.graph;
      const State = Annotation.Root({ seen: Annotation({ reducer: (a: any, b: any) => a.concat(b), default: () => [] }) });
      await new StateGraph(State).addNode('sub', inner).addEdge(START, 'sub').compile({ name: 'holder' }).invoke({ seen: [] });
      expect(bench.tree()).toEqual([
        'agent invoke_agent boss: ok',
        '  step consult: ok',
        '    agent invoke_agent thinker: ok',
        '      step think: ok',
        'agent invoke_agent holder: ok',
        '  step sub: ok',
        '    agent invoke_agent thinker: ok',
        '      step think: ok',
      ]);
    });

    test('tasks, nodes sent for, nodes tried again, and a node that goes on in the graph around', async () => {
      const { task, entrypoint, StateGraph, Annotation, START, Send, Command } = bench.lib.graph;
      const client = bench.client();
      const one = task('one', async () => (await client.chat.completions.create({ model: 'm', messages: [] })).id);
      await entrypoint({ name: 'flow' }, () => Promise.all([one(), one()])).invoke(1);
      const State = Annotation.Root({ seen: Annotation({ reducer: (a: any, b: any) => a.concat(b), default: () => [] }) });
      let tries = 0;
      const work = (): object => {
        if (tries++ === 0) throw new Error('Not yet.');
        return { seen: ['worked'] };
      };
      const retryPolicy = { maxAttempts: 2, initialInterval: 1, jitter: false, logWarning: false };
      const spread = new StateGraph(State)
        .addNode('plan', () => ({ seen: [] }))
        .addNode('work', work, { retryPolicy })
        .addEdge(START, 'plan')
        .addConditionalEdges('plan', () => [new Send('work', {}), new Send('work', {})])
        .compile({ name: 'spread' });
      await spread.invoke({}, { callbacks: [{ name: 'mine', handleChainStart() {} }] });
      const inner = new StateGraph(State)
        .addNode('leave', () => new Command({ graph: Command.PARENT, goto: 'after' }))
        .addEdge(START, 'leave')
        .compile({ name: 'inner' });
      const outer = new StateGraph(State)
        .addNode('sub', inner, { ends: ['after'] })
        .addNode('after', () => ({ seen: ['after'] }))
        .addEdge(START, 'sub')
        .compile({ name: 'outer' });
      expect(await outer.invoke({})).toEqual({ seen: ['after'] });
      expect(bench.tree()).toEqual([
        'agent invoke_agent flow: ok',
        '  step flow: ok',
        ...['    step one: ok', '      llm chat m: ok'],
        ...['    step one: ok', '      llm chat m: ok'],
        'agent invoke_agent spread: ok',
        ...['  step plan: ok', '  step work: error', '  step work: ok', '  step work: ok'],
        'agent invoke_agent outer: ok',
        ...['  step sub: ok', '    agent invoke_agent inner: ok', '      step leave: ok', '  step after: ok'],
      ]);
    });

    test('a node that fails, and one that waits for a person', async () => {
      class CarrierTimeout extends Error {}
      const failing = graphOf({
        track: () => {
          throw new CarrierTimeout('secret words');
        },
      });
      await expect(failing.invoke({ seen: [] })).rejects.toThrow('secret words');
      const waiting = graphOf(
        { approve: () => ({ seen: [bench.lib.graph.interrupt('May I?')] }) },
        { checkpointer: new bench.lib.graph.MemorySaver() },
      );
      const config = { configurable: { thread_id: '1' } };
      expect(await waiting.invoke({ seen: [] }, config)).toHaveProperty('__interrupt__');
      await waiting.invoke(new bench.lib.graph.Command({ resume: 'yes' }), config);
      expect(bench.tree()).toEqual([
        'agent invoke_agent LangGraph: error',
        '  step track: error',
        'agent invoke_agent LangGraph: ok',
        '  step approve: cancelled',
        'agent invoke_agent LangGraph: ok',
        '  step approve: ok',
      ]);
      const [step, paused] = [bench.only('track'), bench.recorder.events.find(({ name }) => name === 'approve')!];
      expect(step.outcome?.error).toEqual({ type: 'CarrierTimeout' });
      expect(step.content?.error?.message).toBe('secret words');
      expect(paused.outcome?.error).toEqual({ type: 'GraphInterrupt' });
    });

    test('an abort is what the caller wanted', async () => {
      const controller = new AbortController();
      const graph = graphOf({
        wait: (_: any, { signal }: any) =>
          new Promise((_resolve, reject) => {
            signal.addEventListener('abort', () => reject(signal.reason), { once: true });
            controller.abort();
          }),
      });
      await expect(graph.invoke({ seen: [] }, { signal: controller.signal })).rejects.toThrow();
      await expect.poll(() => bench.tree()).toEqual(['agent invoke_agent LangGraph: cancelled', '  step wait: cancelled']);
    });

    test('fifty at once, through a queue of two: none is told of another', async () => {
      await answering(({ json }) => ({ body: chatCompletion({ text: json.messages.at(-1).content }) }));
      const model = bench.model({ maxConcurrency: 2 });
      const client = bench.client();
      const ask = bench.lib.tools.tool(
        async ({ id }: any) =>
          (await client.chat.completions.create({ model: 'm', messages: [{ role: 'user', content: id }] })).id,
        { name: 'ask', description: 'Asks.', schema: z.object({ id: z.string() }) },
      );
      const graph = graphOf({
        first: async ({ seen }: any) => ({ seen: [(await model.invoke(seen[0])).content] }),
        second: async ({ seen }: any) => ({ seen: [await ask.invoke({ id: seen[0] }), (await model.invoke(seen[0])).content] }),
      });
      const ids = Array.from({ length: 50 }, (_, index) => `run ${index}`);
      await Promise.all(ids.map((id) => graph.invoke({ seen: [id] })));
      const turn = ['    action ChatOpenAI: ok', '      llm chat gpt-4.1-mini: ok'];
      const one = [
        'agent invoke_agent LangGraph: ok',
        ...['  step first: ok', ...turn],
        ...['  step second: ok', '    tool execute_tool ask: ok', '      llm chat m: ok', ...turn],
      ];
      expect(bench.tree()).toEqual(ids.flatMap(() => one));
      for (const call of bench.recorder.calls) {
        let root = call;
        while (root.parent !== null) root = root.parent;
        const [{ content }] = JSON.parse(String(call.exchanges[0]!.request.body)).messages;
        expect(root.content?.arguments).toEqual({ seen: [content] });
      }
      expect(bench.recorder.calls).toHaveLength(150);
    });
  });

  describe('chains', () => {
    const { pipe } = {
      pipe: (...steps: any[]): any => bench.lib.runnables.RunnableSequence.from(steps),
    };
    const prompt = (): any => bench.lib.prompts.ChatPromptTemplate.fromTemplate('Say {word}.');
    const parser = (): any => new bench.lib.parsers.StringOutputParser();

    test('of a pipeline, the outermost run and the model are seen', async () => {
      const { RunnableParallel, RunnableLambda, RunnablePassthrough } = bench.lib.runnables;
      const chain = pipe(
        RunnableParallel.from({ word: RunnableLambda.from((word: string) => word), again: new RunnablePassthrough() }),
        prompt(),
        bench.model(),
        parser(),
        (said: string) => said.length,
      );
      expect(await chain.invoke('hello')).toBe(12);
      expect(bench.tree()).toEqual(['action RunnableSequence: ok', '  action ChatOpenAI: ok', '    llm chat gpt-4.1-mini: ok']);
      expect(bench.only('RunnableSequence').content).toEqual({ arguments: 'hello', result: 12 });
    });

    test('what the app has named is seen, once, with what it calls', async () => {
      const client = bench.client();
      const { RunnableLambda, RunnableSequence } = bench.lib.runnables;
      const lookup = RunnableLambda.from(async (word: string) => {
        await client.chat.completions.create({ model: 'm', messages: [] });
        return word;
      }).withConfig({ runName: 'look_up' });
      const inner = RunnableSequence.from([lookup, (word: string) => ({ word })], 'prepare');
      const chain = pipe(inner, prompt(), bench.model(), parser());
      await chain.invoke('hello', { runName: 'greet' });
      expect(bench.tree()).toEqual([
        'action greet: ok',
        '  action prepare: ok',
        '    action look_up: ok',
        '      llm chat m: ok',
        '  action ChatOpenAI: ok',
        '    llm chat gpt-4.1-mini: ok',
      ]);
    });

    test('streams: pieces as they were, the end, and a break', async () => {
      await answering(() => ({
        pieces: chatCompletionStream({ text: 'Hello there, friend.', fragments: 5, tokens: { input: 12, output: 5 } }),
      }));
      const chain = pipe(prompt(), bench.model({ streamUsage: true }), parser());
      const pieces: string[] = [];
      for await (const piece of await chain.stream({ word: 'hello' })) pieces.push(piece);
      expect(pieces.join('')).toBe('Hello there, friend.');
      for await (const piece of await chain.stream({ word: 'hello' })) if (piece !== '') break;
      await expect.poll(() => bench.recorder.events.every(({ ended }) => ended)).toBe(true);
      expect(bench.tree()).toEqual([
        'action RunnableSequence: ok',
        '  action ChatOpenAI: ok',
        '    llm chat gpt-4.1-mini: ok',
        'action RunnableSequence: cancelled',
        '  action ChatOpenAI: cancelled',
        '    llm chat gpt-4.1-mini: cancelled',
      ]);
      expect(bench.recorder.events[0]!.content).toEqual({ arguments: { word: 'hello' }, result: 'Hello there, friend.' });
      expect(bench.recorder.calls[0]!.outcome?.usage).toMatchObject({ input: 12, output: 5 });
    });

    test('a batch is one run', async () => {
      await answering(() => ({ body: chatCompletion({ text: '{"city":"Oslo"}' }) }));
      await pipe(prompt(), bench.model(), parser()).batch([{ word: 'a' }, { word: 'b' }]);
      const schema = z.object({ city: z.string() });
      expect(await bench.model().withStructuredOutput(schema, { method: 'jsonSchema' }).invoke('Where?')).toEqual({
        city: 'Oslo',
      });
      expect(bench.tree()).toEqual([
        'action RunnableSequence: ok',
        '  action ChatOpenAI: ok',
        '    llm chat gpt-4.1-mini: ok',
        '  action ChatOpenAI: ok',
        '    llm chat gpt-4.1-mini: ok',
        'action RunnableSequence: ok',
        '  action ChatOpenAI: ok',
        '    llm chat gpt-4.1-mini: ok',
      ]);
    });

    test('chains of one run are bounded', async () => {
      const { RunnableLambda } = bench.lib.runnables;
      const small = RunnableLambda.from((n: number) => n).withConfig({ runName: 'small' });
      const outer = RunnableLambda.from(async () => {
        for (let n = 0; n < 1100; n++) await small.invoke(n);
      });
      await outer.invoke(0);
      expect(bench.recorder.events).toHaveLength(1000);
      await outer.invoke(0);
      expect(bench.recorder.events).toHaveLength(2000);
    });
  });

  describe('models', () => {
    test('tried again above the SDK: an LLM event for each try, in one action', async () => {
      await answering((_, index) => (index === 0 ? openaiError({ status: 503, message: 'Busy.' }) : { body: chatCompletion() }));
      await bench.model({ maxRetries: 2 }).invoke('hi');
      expect(bench.tree()).toEqual(['action ChatOpenAI: ok', '  llm chat gpt-4.1-mini: error', '  llm chat gpt-4.1-mini: ok']);
    });

    test('withRetry and withFallbacks', async () => {
      await answering(({ json }, index) =>
        json.model === 'broken' || index === 0 ? openaiError({ status: 400, message: 'No.' }) : { body: chatCompletion() },
      );
      await bench.model().withRetry({ stopAfterAttempt: 2 }).invoke('hi');
      await bench.model({ model: 'broken' }).withFallbacks([bench.model()]).invoke('hi');
      expect(bench.tree()).toEqual([
        'action ChatOpenAI: ok',
        '  action ChatOpenAI: error',
        '    llm chat gpt-4.1-mini: error',
        '  action ChatOpenAI: ok',
        '    llm chat gpt-4.1-mini: ok',
        'action RunnableWithFallbacks: ok',
        '  action ChatOpenAI: error',
        '    llm chat broken: error',
        '  action ChatOpenAI: ok',
        '    llm chat gpt-4.1-mini: ok',
      ]);
    });

    test('errors and aborts', async () => {
      await answering(({ json }) =>
        json.model === 'slow' ? { after: 'hang' } : openaiError({ status: 401, message: 'secret key' }),
      );
      await expect(bench.model().invoke('hi')).rejects.toThrow('secret key');
      const call = bench.model({ model: 'slow' }).invoke('hi', { signal: AbortSignal.timeout(50) });
      await expect(call).rejects.toThrow();
      await expect.poll(() => bench.recorder.events.every(({ ended }) => ended)).toBe(true);
      expect(bench.tree()).toEqual([
        'action ChatOpenAI: error',
        '  llm chat gpt-4.1-mini: error',
        'action ChatOpenAI: error',
        '  llm chat slow: error',
      ]);
      expect(bench.recorder.events[0]!.outcome?.error).toMatchObject({ type: 'AuthenticationError', status: 401 });
      expect(JSON.stringify(bench.recorder.events[0]!.outcome)).not.toContain('secret');
    });

    test('a cached answer is no call', async () => {
      const model = bench.model({ cache: new bench.lib.caches.InMemoryCache() });
      expect((await model.invoke('hi')).content).toBe((await model.invoke('hi')).content);
      expect(bench.server.requests).toHaveLength(1);
      expect(bench.tree()).toEqual(['action ChatOpenAI: ok', '  llm chat gpt-4.1-mini: ok']);
    });

    test('generate with two lists of messages', async () => {
      const { HumanMessage } = bench.lib.messages;
      const { generations } = await bench.model().generate([[new HumanMessage('a')], [new HumanMessage('b')]]);
      expect(generations).toHaveLength(2);
      expect(bench.tree()).toEqual(
        Array.from({ length: 2 }, () => ['action ChatOpenAI: ok', '  llm chat gpt-4.1-mini: ok']).flat(),
      );
    });

    /** A model that asks nobody that we see. */
    const inProcess = (message: object, fields: object = {}): any => {
      const { BaseChatModel } = bench.lib.chat;
      const { AIMessage, AIMessageChunk } = bench.lib.messages;
      const { ChatGenerationChunk } = bench.lib.outputs;
      class ChatInHouse extends BaseChatModel {
        static lc_name(): string {
          return 'ChatInHouse';
        }
        model = 'house-1';
        temperature = 0.5;
        _llmType(): string {
          return 'in-house';
        }
        getLsParams(): object {
          return { ls_provider: 'google_genai', ls_model_name: 'house-1', ls_max_tokens: 64 };
        }
        async _generate(): Promise<object> {
          if ('error' in message) throw message.error;
          return { generations: [{ text: '', message: new AIMessage(message) }] };
        }
        async *_streamResponseChunks(): AsyncGenerator {
          for (const content of ['Hel', 'lo']) {
            yield new ChatGenerationChunk({ text: content, message: new AIMessageChunk({ content }) });
          }
          const usage_metadata = { input_tokens: 7, output_tokens: 2, total_tokens: 9 };
          const last = { content: '', usage_metadata, response_metadata: { finish_reason: 'stop' } };
          yield new ChatGenerationChunk({ text: '', message: new AIMessageChunk(last) });
        }
      }
      return new (ChatInHouse as any)(fields);
    };
    const said = {
      content: 'Hello.',
      id: 'msg_9',
      tool_calls: [{ id: 'call_7', name: 'lookup', args: { city: 'Oslo' } }],
      usage_metadata: {
        input_tokens: 20,
        output_tokens: 6,
        total_tokens: 26,
        input_token_details: { cache_read: 8 },
        output_token_details: { reasoning: 2 },
      },
      response_metadata: { model_name: 'house-1-2026', finish_reason: 'tool_calls' },
    };

    test('one that no SDK is seen of is the LLM event itself', async () => {
      const { HumanMessage, ToolMessage, AIMessage, SystemMessage } = bench.lib.messages;
      const tool_calls = [{ id: 'call_1', name: 'add', args: { a: 1 } }];
      const messages = [
        new SystemMessage('Be kind.'),
        new HumanMessage('Hi.'),
        new AIMessage({ content: '', tool_calls }),
        new ToolMessage({ content: '3', tool_call_id: 'call_1' }),
      ];
      const tools = [{ type: 'function', function: { name: 'lookup', parameters: { type: 'object' } } }];
      const answer = await inProcess(said).withConfig({ tools }).invoke(messages);
      expect(answer.content).toBe('Hello.');
      expect(bench.tree()).toEqual(['llm chat house-1: ok']);
      const [event] = bench.recorder.calls;
      expect(event!.llm).toMatchObject({
        operation: 'chat',
        provider: 'gcp.gemini',
        api: 'langchain',
        request: {
          model: 'house-1',
          temperature: 0.5,
          maxTokens: 64,
          messageCount: 4,
          tools: ['lookup'],
          toolResults: ['call_1'],
        },
      });
      expect(event!.outcome).toMatchObject({
        usage: { input: 20, output: 6, cacheRead: 8, reasoning: 2 },
        response: {
          id: 'msg_9',
          model: 'house-1-2026',
          finishReasons: ['tool_calls'],
          toolCalls: [{ id: 'call_7', name: 'lookup' }],
        },
      });
      const content = JSON.parse(JSON.stringify(event!.content));
      expect(langchainChat.input(content.request)).toEqual({
        input: [
          { role: 'system', parts: [{ type: 'text', content: 'Be kind.' }] },
          { role: 'user', parts: [{ type: 'text', content: 'Hi.' }] },
          { role: 'assistant', parts: [{ type: 'tool_call', id: 'call_1', name: 'add', arguments: { a: 1 } }] },
          { role: 'tool', parts: [{ type: 'tool_call_response', id: 'call_1', response: '3' }] },
        ],
        tools: [{ type: 'function', name: 'lookup', parameters: { type: 'object' } }],
      });
      expect(langchainChat.output(content.response)).toEqual([
        {
          role: 'assistant',
          parts: [
            { type: 'text', content: 'Hello.' },
            { type: 'tool_call', id: 'call_7', name: 'lookup', arguments: { city: 'Oslo' } },
          ],
          finish_reason: 'tool_call',
        },
      ]);
      expect(langchainChat.request(content.request)).toMatchObject({ messageCount: 4, toolResults: ['call_1'] });
    });

    test.each(['stream', 'streamEvents v2', 'streamEvents v3'])('and by %s', async (how) => {
      const model = inProcess(said);
      const stream =
        how === 'stream' ? await model.stream('Hi.') : model.streamEvents('Hi.', how.endsWith('v2') ? { version: 'v2' } : {});
      for await (const _ of stream);
      expect(bench.tree()).toEqual(['llm chat house-1: ok']);
      const [event] = bench.recorder.calls;
      expect(event!.outcome).toMatchObject({ usage: { input: 7, output: 2 }, response: { finishReasons: ['stop'] } });
      expect(event!.firstChunks).toBe(1);
      const content = JSON.parse(JSON.stringify(event!.content));
      expect(langchainChat.output(content.response)[0]?.parts).toEqual([{ type: 'text', content: 'Hello' }]);
    });

    test('a break, an error, and a batch of it', async () => {
      for await (const _ of await inProcess(said).stream('Hi.')) break;
      await expect.poll(() => bench.recorder.events.every(({ ended }) => ended)).toBe(true);
      await expect(inProcess({ error: new TypeError('secret') }).invoke('Hi.')).rejects.toThrow('secret');
      await inProcess(said).batch(['a', 'b']);
      const { HumanMessage } = bench.lib.messages;
      await inProcess(said).generate([[new HumanMessage('a')], [new HumanMessage('b')]]);
      expect(bench.tree()).toEqual([
        'llm chat house-1: cancelled',
        'llm chat house-1: error',
        ...Array.from({ length: 4 }, () => 'llm chat house-1: ok'),
      ]);
      expect(bench.recorder.calls[1]!.outcome?.error).toEqual({ type: 'TypeError' });
    });

    test('a text model, which has several prompts in one call', async () => {
      const { FakeLLM } = bench.lib.fakes;
      const model = new FakeLLM({ response: 'Hm.' });
      await model.generate(['a', 'b']);
      await model.invoke('c');
      expect(bench.tree()).toEqual(['llm text_completion: ok', 'llm text_completion: ok']);
      const { llm } = bench.recorder.calls[0]!;
      expect(llm).toMatchObject({ operation: 'text_completion', api: 'langchain', provider: 'fake' });
    });
  });

  describe('tools and retrievers', () => {
    test('a failure, a refused argument, and a failure that is told in words', async () => {
      class NoSuchParcel extends Error {}
      const { ToolMessage } = bench.lib.messages;
      const failing = adder(() => {
        throw new NoSuchParcel('secret words');
      });
      await expect(failing.invoke({ a: 1, b: 2 })).rejects.toThrow('secret words');
      await expect(adder().invoke({ a: 'one' })).rejects.toThrow();
      await adder(() => new ToolMessage({ content: 'no', status: 'error', tool_call_id: 'x' })).invoke({ a: 1, b: 2 });
      await adder(() => ({ status: 'error' })).invoke({ a: 1, b: 2 });
      expect(bench.recorder.tools.map(({ outcome }) => [outcome?.status, outcome?.error?.type])).toEqual([
        ['error', 'NoSuchParcel'],
        ['error', 'ToolInputParsingException'],
        ['error', 'tool_error'],
        ['ok', undefined],
      ]);
      expect(bench.recorder.tools[0]!.content?.error?.message).toBe('secret words');
    });

    test('what a tool of a class of the app calls is inside of it', async () => {
      const client = bench.client();
      const { StructuredTool } = bench.lib.tools;
      class Asks extends StructuredTool {
        name = 'asks';
        description = 'Asks.';
        schema = { type: 'object', properties: {} };
        async _call(): Promise<string> {
          return (await client.chat.completions.create({ model: 'm', messages: [] })).id;
        }
      }
      // With a JSON schema nothing is awaited before the tool runs: what the app calls next must not count as the tool's.
      const tool = new (Asks as any)();
      const [, other] = [tool.invoke({}), client.chat.completions.create({ model: 'other', messages: [] })];
      await other;
      await expect.poll(() => bench.recorder.events.filter(({ ended }) => ended).length).toBe(3);
      expect(bench.tree().toSorted()).toEqual(['  llm chat m: ok', 'llm chat other: ok', 'tool execute_tool asks: ok']);
    });

    test('a retriever', async () => {
      const { BaseRetriever } = bench.lib.retrievers;
      class Shelf extends BaseRetriever {
        lc_namespace = ['app'];
        static lc_name(): string {
          return 'Shelf';
        }
        async _getRelevantDocuments(query: string): Promise<object[]> {
          return [{ pageContent: `On ${query}`, metadata: {} }];
        }
      }
      await new (Shelf as any)().invoke('whales');
      expect(bench.tree()).toEqual(['action retrieve Shelf: ok']);
      expect(bench.only('retrieve Shelf').content).toEqual({
        arguments: 'whales',
        result: [{ pageContent: 'On whales', metadata: {} }],
      });
    });
  });

  describe('the app', () => {
    /** What an app can see of its runs. */
    const looks = async (callbacks?: unknown): Promise<unknown[]> => {
      const seen: unknown[] = [];
      const names = (manager: any): unknown => manager?.handlers?.map(({ name }: any) => name) ?? manager;
      const { RunnableLambda } = bench.lib.runnables;
      const tool = bench.lib.tools.tool(
        async (_: unknown, config: any) => {
          seen.push(Object.keys(config).toSorted(), names(config.callbacks));
          return 'done';
        },
        { name: 'look', description: 'Looks.', schema: z.object({}) },
      );
      const model = new bench.lib.fakes.FakeListChatModel({ responses: ['Hello.'] });
      const generate = model._generate;
      model._generate = function (this: unknown, ...args: any[]) {
        seen.push(names(args[2]));
        return Reflect.apply(generate, this, args);
      };
      const chain = RunnableLambda.from(async (given: string, config: any) => {
        seen.push(Object.keys(config).toSorted(), names(config.callbacks), config.callbacks?.getParentRunId?.() === undefined);
        await tool.invoke({}, config);
        return given;
      }).pipe(model);
      const answer = await chain.invoke('hi', callbacks === undefined ? {} : { callbacks });
      return [...seen, answer.id === undefined, answer.content, Object.keys(answer)];
    };

    test('sees nothing of us: no manager, no handler, no id that was not there', async () => {
      const ours = await looks();
      undoAll();
      expect(ours).toEqual(await looks());
      expect(ours).toContain(true);
    });

    test('keeps its callbacks, in their order, with the tree that they see', async () => {
      const log = (into: string[]): object[] =>
        ['one', 'two'].map((name) => ({
          name,
          awaitHandlers: true,
          handleChainStart: (chain: any, _: unknown, _run: string, parent?: string) =>
            into.push(`${name} ${chain.id.at(-1)} ${!parent}`),
          handleChatModelStart: (chain: any) => into.push(`${name} ${chain.id.at(-1)}`),
          handleToolEnd: () => into.push(`${name} tool`),
          handleLLMEnd: () => into.push(`${name} end`),
        }));
      const [ours, bare]: [string[], string[]] = [[], []];
      const seen = await looks(log(ours));
      undoAll();
      expect(seen).toEqual(await looks(log(bare)));
      expect(ours).toEqual(bare);
      expect(ours.slice(0, 2)).toEqual(['one RunnableSequence true', 'two RunnableSequence true']);
      expect(bench.recorder.events.length).toBeGreaterThan(0);
    });

    test('keeps its LangSmith runs, as they were', async () => {
      const traced = async (): Promise<unknown[]> => {
        const runs: any[] = [];
        const client = {
          createRun: async (run: any) => runs.push(run),
          updateRun: async (_: string, run: any) => runs.push(run),
        };
        const tracer = new bench.lib.tracer.LangChainTracer({ client, projectName: 'p' });
        const seen = await looks([tracer]);
        // Each run is told of when it begins, and again when it has ended.
        await bench.lib.promises.awaitAllCallbacks();
        await expect.poll(() => runs.length).toBe(8);
        const parents = new Map(runs.filter(({ id }) => id).map(({ id, name }) => [id, name]));
        const told = runs.map((run) => [run.name, run.run_type, parents.get(run.parent_run_id), Object.keys(run).toSorted()]);
        return [...seen, ...told.map((each) => JSON.stringify(each)).toSorted()];
      };
      const ours = await traced();
      undoAll();
      expect(ours).toEqual(await traced());
      expect(ours.join(' ')).toContain('"look","tool","RunnableLambda"');
    });

    test('P9 gets the identical methods back', async () => {
      undoAll();
      const owners = new Map<object, Map<PropertyKey, unknown>>();
      for (const name of ['BaseChatModel', 'StructuredTool', 'Runnable', 'RunnableSequence']) {
        const found = [bench.lib.chat, bench.lib.tools, bench.lib.runnables].find((lib) => name in lib)[name].prototype;
        owners.set(
          found,
          new Map(Reflect.ownKeys(found).map((key) => [key, Object.getOwnPropertyDescriptor(found, key)!.value])),
        );
      }
      await patchAll(langchain, format);
      const { patched, missing } = await patchAll(langgraph, format);
      expect([patched, missing]).toEqual([['Pregel._streamIterator'], []]);
      const patches = listPatches();
      expect(patches).toHaveLength(21);
      for (const { owner, name, original, replacement } of patches)
        expect((owner as any)[name]).not.toBe(original ?? replacement);
      undoAll();
      for (const { owner, name, original } of patches) expect((owner as any)[name]).toBe(original);
      for (const [owner, methods] of owners)
        for (const [key, value] of methods) expect(Object.getOwnPropertyDescriptor(owner, key)!.value).toBe(value);
    });

    test.each(['open', 'current', 'run', 'firstChunk', 'end'])('P12 goes on where our own `%s` throws', async (broken) => {
      await answering(oneToolThenText);
      hub.recorder = recordInMemory({ broken });
      const agent = bench.lib.prebuilt.createReactAgent({ llm: bench.model({ maxConcurrency: 1 }), tools: [adder()] });
      expect((await agent.invoke(question)).messages.at(-1).content).toBe('Three.');
      for await (const _ of await bench.model({ streamUsage: false }).stream('hi'));
    });

    test('a rejection that nobody handles stays one, and only one', async () => {
      const program = join(import.meta.dirname, '../support/langchain-drops-child.ts');
      const told = async (mode: string): Promise<unknown> =>
        JSON.parse((await promisify(execFile)(process.execPath, ['--no-warnings', program, format, mode])).stdout);
      const ours = await told('patched');
      expect(ours).toEqual(await told('bare'));
      expect(ours).toEqual(['chain', 'model', 'tool'].map((name) => `${name} failed`));
    });

    test('runs alone where nothing is recorded', async () => {
      hub.recorder = null;
      await answering(oneToolThenText);
      const { recorder } = bench;
      hub.recorder = null;
      const agent = bench.lib.prebuilt.createReactAgent({ llm: bench.model(), tools: [adder()] });
      expect((await agent.invoke(question)).messages.at(-1).content).toBe('Three.');
      expect(recorder.events).toEqual([]);
    });
  });
});
