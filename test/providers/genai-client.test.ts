/** What is special to Google's SDK, on all three majors: loops that run tools, methods beside the chat, Vertex AI, retries, what is left as it was. */
import { createRequire } from 'node:module';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { listFaults } from '../../src/core/diagnostics.ts';
import { hub } from '../../src/events/ports.ts';
import { undoAll } from '../../src/patch/registry.ts';
import { genai } from '../../src/providers/google/genai.ts';
import { recordInMemory } from '../../src/testing/in-memory-recorder.ts';
import type { InMemoryRecorder } from '../../src/testing/in-memory-recorder.ts';
import { startStandIn } from '../../src/testing/stand-in.ts';
import type { Answer, Reply, StandIn } from '../../src/testing/stand-in.ts';
import * as wire from '../../src/testing/wire-gemini.ts';

const require = createRequire(import.meta.url);
const MODEL = 'gemini-2.5-flash';
const ask = { model: MODEL, contents: 'How is the weather?' };
const call = (name: string, args: object, id?: string) => ({ id: id!, name, arguments: JSON.stringify(args) });

/** Replies in their order; the last one again and again. */
const inTurn =
  (...replies: Reply[]): Answer =>
  (_, index) =>
    replies[Math.min(index, replies.length - 1)]!;

async function errorOf(promise: Promise<unknown>): Promise<any> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('No error came');
}

async function readAll(stream: any): Promise<any[]> {
  const chunks: any[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

let recorder: InMemoryRecorder;
let server: StandIn;
let faultsBefore = 0;
const countFaults = (): number => listFaults().reduce((sum, { count }) => sum + count, 0);

beforeEach(() => {
  recorder = recordInMemory();
  faultsBefore = countFaults();
});
afterEach(async () => {
  Object.assign(hub, { recorder: null, answerer: null });
  undoAll();
  await server.close();
  expect(countFaults()).toBe(faultsBefore);
});

const names = () => recorder.events.map(({ start }) => start.name);

describe.each([
  ['3', '@google/genai'],
  ['2', 'genai-2'],
  ['1', 'genai-1'],
])('@google/genai %s', (major, name) => {
  const sdk = require(name);

  async function clientOf(answer: Answer, { httpOptions = {}, ...options }: any = {}): Promise<any> {
    expect(genai.patch({ namespace: sdk }).missing).toEqual([]);
    server = await startStandIn(answer);
    return new sdk.GoogleGenAI({ apiKey: 'k-test', ...options, httpOptions: { baseUrl: server.url, ...httpOptions } });
  }

  const toolOf = (declared: string[], run: (given: any) => unknown, seen: unknown[] = []) => ({
    tool: async () => ({ functionDeclarations: declared.map((one) => ({ name: one })) }),
    async callTool(this: unknown, calls: any[]) {
      seen.push(this, calls);
      const mine = calls.filter((one) => declared.includes(one.name));
      return Promise.all(
        mine.map(async (one) => ({ functionResponse: { id: one.id, name: one.name, response: { output: await run(one) } } })),
      );
    },
  });

  describe('P6 tools that the SDK runs', () => {
    const asking = wire.geminiAnswer({ tools: [call('lookup', { city: 'Oslo' }), call('book', { nights: 2 }, 'c2')] });

    test('each call that was asked for is an event between two turns, with its own result', async () => {
      const client = await clientOf(inTurn({ body: asking }, { body: wire.geminiAnswer({ text: 'Fine.' }) }));
      const seen: unknown[] = [];
      const first = toolOf(['lookup'], ({ args }) => `sunny in ${args.city}`, seen);
      const second = toolOf(['book'], () => ({ booked: true }), seen);
      const before = [first, second].map((tool) => Object.getOwnPropertyDescriptors(tool));
      const answer = await client.models.generateContent({ ...ask, config: { tools: [first, second] } });
      expect(answer.text).toBe('Fine.');
      expect(names()).toEqual([
        `generate_content ${MODEL}`,
        'execute_tool lookup',
        'execute_tool book',
        `generate_content ${MODEL}`,
      ]);
      const [lookup, book] = recorder.tools;
      expect(lookup).toMatchObject({
        status: 'ok',
        content: { arguments: { city: 'Oslo' }, result: 'sunny in Oslo' },
        parent: null,
      });
      expect(book!.start.tool).toEqual({ name: 'book', type: 'function', callId: 'c2' });
      expect(book!.content).toEqual({ arguments: { nights: 2 }, result: { booked: true } });
      expect(recorder.calls[0]!.outcome!.response!.toolCalls).toEqual([{ name: 'lookup' }, { id: 'c2', name: 'book' }]);
      expect(recorder.calls[1]!.llm!.request.toolResults).toEqual(['c2']);
      expect([seen[0] === first, seen[2] === second]).toEqual([true, true]);
      expect([first, second].map((tool) => Object.getOwnPropertyDescriptors(tool))).toEqual(before);
    });

    test("while a tool runs, the app's object is as it was", async () => {
      const client = await clientOf(inTurn({ body: asking }, { body: wire.geminiAnswer() }));
      const tool: any = toolOf(['lookup', 'book'], () => Object.getOwnPropertyDescriptor(tool, 'callTool')!.value === callTool);
      const { callTool } = tool;
      await client.models.generateContent({ ...ask, config: { tools: [tool] } });
      expect(recorder.tools.map(({ content }) => content!.result)).toEqual([true, true]);
    });

    test('a frozen tool works, without events', async () => {
      const client = await clientOf(inTurn({ body: asking }, { body: wire.geminiAnswer({ text: 'Fine.' }) }));
      const tool = Object.freeze(toolOf(['lookup', 'book'], () => 1));
      expect((await client.models.generateContent({ ...ask, config: { tools: [tool] } })).text).toBe('Fine.');
      expect(recorder.calls).toHaveLength(2);
      expect(recorder.tools).toEqual([]);
    });

    test('two loops at once with one tool', async () => {
      const client = await clientOf(({ text }) => ({
        body: text.includes('functionResponse') ? wire.geminiAnswer({ text: 'Fine.' }) : asking,
      }));
      const tool = toolOf(['lookup', 'book'], () => wait(5));
      const one = () => client.models.generateContent({ ...ask, config: { tools: [tool] } });
      await Promise.all([one(), one(), one()]);
      expect(recorder.tools.map(({ status }) => status)).toEqual(Array.from({ length: 6 }, () => 'ok'));
      expect(recorder.calls).toHaveLength(6);
      expect(Object.keys(tool)).toEqual(['tool', 'callTool']);
    });

    test('with the loop switched off, the tool is given back untaken', async () => {
      const client = await clientOf(() => ({ body: asking }));
      const tool = toolOf(['lookup', 'book'], () => 1);
      const { callTool } = tool;
      const config = { tools: [tool], automaticFunctionCalling: { disable: true } };
      await client.models.generateContent({ ...ask, config });
      await new Promise((resolve) => setImmediate(resolve));
      expect(tool.callTool).toBe(callTool);
      expect(recorder.tools).toEqual([]);
    });

    test('in a stream', async () => {
      const client = await clientOf(
        inTurn(
          { pieces: wire.geminiStream({ tools: [call('lookup', { city: 'Oslo' }, 'c1')] }) },
          { pieces: wire.geminiStream() },
        ),
      );
      const tool = toolOf(['lookup'], () => 'sunny');
      await readAll(await client.models.generateContentStream({ ...ask, config: { tools: [tool] } }));
      expect(names()).toEqual([`generate_content ${MODEL}`, 'execute_tool lookup', `generate_content ${MODEL}`]);
      expect(recorder.tools[0]).toMatchObject({ status: 'ok', content: { arguments: { city: 'Oslo' }, result: 'sunny' } });
      expect(recorder.events.map(({ status }) => status)).toEqual(['ok', 'ok', 'ok']);
    });

    test('of an MCP server, which may say that its tool failed', async () => {
      const client = await clientOf(inTurn({ body: asking }, { body: wire.geminiAnswer({ text: 'Fine.' }) }));
      const mcp = {
        listTools: async () => ({ tools: ['lookup', 'book'].map((one) => ({ name: one, inputSchema: { type: 'object' } })) }),
        callTool: async ({ name: tool }: any) => ({ content: [{ type: 'text', text: tool }], isError: tool === 'book' }),
      };
      await client.models.generateContent({ ...ask, config: { tools: [sdk.mcpToTool(mcp)] } });
      const [lookup, book] = recorder.tools;
      expect(lookup).toMatchObject({ status: 'ok', content: { result: { content: [{ text: 'lookup' }] } } });
      expect(book).toMatchObject({ status: 'error', outcome: { error: { type: 'tool_error' } } });
    });
  });

  describe('P1 methods', () => {
    test('chats go through models: one event a message', async () => {
      const client = await clientOf(({ path }) =>
        path.includes('stream') ? { pieces: wire.geminiStream() } : { body: wire.geminiAnswer({ text: 'Hi.' }) },
      );
      const chat = client.chats.create({ model: MODEL });
      expect((await chat.sendMessage({ message: 'Hello' })).text).toBe('Hi.');
      await readAll(await chat.sendMessageStream({ message: 'And now?' }));
      expect(recorder.calls.map(({ llm }) => llm!.request)).toEqual([
        { model: MODEL, messageCount: 1 },
        { model: MODEL, messageCount: 3, stream: true },
      ]);
    });

    test('counted tokens are no usage', async () => {
      const client = await clientOf(() => ({ body: { totalTokens: 4 } }));
      expect((await client.models.countTokens(ask)).totalTokens).toBe(4);
      expect(recorder.calls[0]).toMatchObject({ status: 'ok', start: { name: `count_tokens ${MODEL}` } });
      expect(recorder.calls[0]!.outcome!.usage).toBeUndefined();
    });

    test('Vertex AI, with embeddings of its own, and images made, edited, enlarged', async () => {
      const vertex = { vertexai: true, apiKey: 'k-test' };
      const predictions = [{ embeddings: { values: [1, 2], statistics: { token_count: 3 } } }];
      const client = await clientOf(
        ({ path }) => ({
          body: path.includes('embedding')
            ? { predictions }
            : path.includes('imagen')
              ? wire.geminiImage('A')
              : wire.geminiAnswer(),
        }),
        vertex,
      );
      await client.models.generateContent(ask);
      await client.models.embedContent({ model: 'text-embedding-005', contents: ['Oslo'] });
      vi.spyOn(console, 'warn').mockImplementation(() => {});
      await client.models.generateImages({ model: 'imagen-4', prompt: 'a fox', config: { numberOfImages: 1 } });
      const referenceImages = [
        Object.assign(new sdk.RawReferenceImage(), { referenceImage: { imageBytes: 'A', mimeType: 'image/png' } }),
      ];
      await client.models.editImage({ model: 'imagen-3', prompt: 'redder', referenceImages });
      await client.models.upscaleImage({
        model: 'imagen-3',
        image: { imageBytes: 'A', mimeType: 'image/png' },
        upscaleFactor: 'x2',
      });
      vi.restoreAllMocks();
      expect(recorder.calls.map(({ llm, status }) => [llm!.provider, llm!.api, status])).toEqual([
        ['gcp.vertex_ai', 'generate_content', 'ok'],
        ['gcp.vertex_ai', 'gemini_embeddings', 'ok'],
        ...Array.from({ length: 3 }, () => ['gcp.vertex_ai', 'gemini_images', 'ok']),
      ]);
      expect(recorder.calls[2]!.llm!.request).toEqual({ model: 'imagen-4', outputType: 'image' });
      expect(recorder.calls[1]!.outcome).toMatchObject({ response: { dimensions: 2 }, usage: { input: 3 } });
    });
  });

  test('V1 where no exchange is seen, the request is content without headers', async () => {
    recorder = recordInMemory({ broken: 'exchange' });
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const client = await clientOf(() => ({ body: wire.geminiAnswer({ text: 'Hi.', tools: [call('lookup', {})] }) }));
    const config = {
      temperature: 0,
      httpOptions: { headers: { authorization: 'SECRET' } },
      abortSignal: new AbortController().signal,
    };
    await client.models.generateContent({ ...ask, config });
    expect(recorder.calls[0]!.content!.request).toEqual({ ...ask, config: { temperature: 0 } });
    expect(recorder.calls[0]!.content!.response).toMatchObject({ responseId: 'resp-1' });
    // The getters of an answer warn of parts that are no text.
    expect(warn).not.toHaveBeenCalled();
    vi.restoreAllMocks();
    // The broken member was counted.
    expect(countFaults()).toBe(++faultsBefore);
  });

  test('P7 what an error says in its message are codes and a wait', async () => {
    const client = await clientOf(() => wire.geminiError({ status: 429, message: 'SECRET', retryAfterSeconds: 7 }));
    expect(await errorOf(client.models.generateContent(ask))).toBeInstanceOf(sdk.ApiError);
    const { content, ...outcome } = recorder.calls[0]!.outcome!;
    expect(outcome.error).toEqual({ type: 'ApiError', code: 'RESOURCE_EXHAUSTED', status: 429, retryAfterMs: 7000 });
    expect(JSON.stringify(outcome)).not.toContain('SECRET');
    expect(content).toBeTypeOf('function');
  });

  test('P7 an abort while the answer is awaited', async () => {
    const controller = new AbortController();
    const client = await clientOf(() => {
      controller.abort();
      return new Promise(() => {});
    });
    expect((await errorOf(client.models.generateContent({ ...ask, config: { abortSignal: controller.signal } }))).name).toBe(
      'AbortError',
    );
    expect(recorder.calls[0]!.outcome).toMatchObject({ status: 'error', error: { type: 'AbortError' } });
  });

  describe('P8 attempts', () => {
    const retryOptions = { attempts: 2, initialDelay: 0.001 };
    const down = wire.geminiError({ status: 503 });

    test('each is an exchange, and the global `fetch` is what it was', async () => {
      const client = await clientOf(inTurn(down, { body: wire.geminiAnswer({ text: 'Hi.' }) }), {
        httpOptions: { retryOptions },
      });
      const before = Object.getOwnPropertyDescriptor(globalThis, 'fetch');
      const given = client.models.generateContent(ask);
      // Of no call, while one is under way.
      await (await fetch(server.url)).text();
      expect((await given).text).toBe('Hi.');
      expect(Object.getOwnPropertyDescriptor(globalThis, 'fetch')).toEqual(before);
      expect(recorder.calls).toHaveLength(1);
      expect(recorder.calls[0]!.exchanges.map(({ status, request }) => [status, request.method])).toEqual(
        expect.arrayContaining([[200, 'POST']]),
      );
      const sent = server.requests.filter(({ method }) => method === 'POST').length;
      expect(recorder.calls[0]!.exchanges).toHaveLength(sent);
      expect(server.requests.length).toBe(sent + 1);
    });

    test('attempts that all fail', async () => {
      const client = await clientOf(() => down, { httpOptions: { retryOptions } });
      expect(await errorOf(client.models.generateContent(ask))).toBeInstanceOf(major === '1' ? Error : sdk.ApiError);
      expect(recorder.calls[0]!.exchanges.map(({ status }) => status)).toEqual([503, 503]);
      expect(recorder.calls[0]!.status).toBe('error');
    });

    test('an answerer is asked for each', async () => {
      const client = await clientOf(() => ({ status: 500 }), { httpOptions: { retryOptions } });
      const answers = [503, 200].map((status) => Response.json(wire.geminiAnswer({ text: 'Hi.' }), { status }));
      hub.answerer = { answer: () => Promise.resolve(answers.shift()!) };
      expect((await client.models.generateContent(ask)).text).toBe('Hi.');
      expect(server.requests).toEqual([]);
      expect(recorder.calls[0]!.exchanges.map(({ status }) => status)).toEqual([503, 200]);
    });

    test.skipIf(major === '1')('through a `fetch` of the app', async () => {
      const own = vi.fn((url: string, init: any) => fetch(url, init));
      const client = await clientOf(() => ({ body: wire.geminiAnswer() }), { httpOptions: { fetch: own } });
      await client.models.generateContent(ask);
      expect(own).toHaveBeenCalledTimes(1);
      expect(recorder.calls[0]!.exchanges).toMatchObject([{ status: 200, how: 'complete' }]);
    });
  });

  describe('interactions', () => {
    const dialect = major === '1' ? 'outputs' : 'steps';

    test('P3 nothing asks for it but the app', async () => {
      const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
      const client = await clientOf(() => ({ body: wire.interaction({}, dialect) }));
      await client.models.countTokens(ask);
      expect(client._interactions).toBeUndefined();
      expect(warn).not.toHaveBeenCalled();
      expect(client.interactions).toBe(client.interactions);
      expect(warn).toHaveBeenCalledTimes(major === '1' ? 1 : 0);
      vi.restoreAllMocks();
    });

    test('P9 undo brings the identical getter back', async () => {
      const look = () => Object.getOwnPropertyDescriptor(sdk.GoogleGenAI.prototype, 'interactions');
      const before = look();
      const client = await clientOf(() => ({}));
      expect(look()!.get).not.toBe(before!.get);
      expect([look()!.get!.name, look()!.enumerable, look()!.set]).toEqual([before!.get!.name, before!.enumerable, before!.set]);
      const { create } = client.interactions;
      undoAll();
      expect(look()).toEqual(before);
      expect(look()!.get).toBe(before!.get);
      expect(client.interactions.create).not.toBe(create);
    });

    test('an error in the middle of a stream is the error of the event, though the app sees a chunk', async () => {
      const bad = 'event: error\ndata: {"event_type":"error","error":{"code":"service_unavailable","message":"SECRET"}}\n\n';
      const pieces = [...wire.interactionStream({}, dialect).slice(0, 3), bad];
      const client = await clientOf(() => ({ pieces }));
      const chunks = await readAll(await client.interactions.create({ model: MODEL, input: 'Hi', stream: true }));
      expect(chunks.length).toBeGreaterThan(2);
      const { content: _, ...outcome } = recorder.calls[0]!.outcome!;
      expect(outcome).toMatchObject({ status: 'error', error: { code: 'service_unavailable' } });
      expect(JSON.stringify(outcome)).not.toContain('SECRET');
    });

    test('tokens, tool calls, the request as it was sent', async () => {
      const tokens = { input: 20, output: 7, cached: 4, reasoning: 3 };
      const client = await clientOf(() => ({ body: wire.interaction({ tokens, tools: [call('lookup', {}, 'c1')] }, dialect) }));
      await client.interactions.create({ model: MODEL, input: 'Hi', system_instruction: 'be brief' });
      const [event] = recorder.calls;
      expect(event!.outcome).toMatchObject({
        usage: { input: 20, output: 7, cacheRead: 4, reasoning: 3 },
        response: { status: 'requires_action', toolCalls: [{ id: 'c1', name: 'lookup' }] },
      });
      expect(event!.llm).toMatchObject({
        provider: 'gcp.gemini',
        api: 'interactions',
        request: { model: MODEL, messageCount: 1 },
      });
      expect(event!.exchanges[0]!.request.body).toBe(server.requests[0]!.text);
    });
  });
});
