import { createRequire } from 'node:module';
import { setTimeout as wait } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hub } from '../../src/events/ports.ts';
import { undoAll } from '../../src/patch/registry.ts';
import { openai } from '../../src/providers/openai/openai.ts';
import { startStandIn } from '../../src/testing/stand-in.ts';
import type { Answer, StandIn } from '../../src/testing/stand-in.ts';
import * as wire from '../../src/testing/wire.ts';
import { recordInMemory } from '../../src/testing/in-memory-recorder.ts';
import type { InMemoryEvent, InMemoryRecorder } from '../../src/testing/in-memory-recorder.ts';

const require = createRequire(import.meta.url);
const VERSIONS = ['openai', 'openai-6', 'openai-5', 'openai-4'] as const;
const chat = { model: 'm', messages: [{ role: 'user', content: 'hi' }] };

let server: StandIn;
let recorder: InMemoryRecorder;

async function clientOf(name: string, answer: Answer, options: object = {}): Promise<any> {
  server = await startStandIn(answer);
  const { OpenAI } = require(name);
  return new OpenAI({ apiKey: 'k', baseURL: server.url, maxRetries: 0, ...options });
}

function only(): InMemoryEvent {
  expect(recorder.calls).toHaveLength(1);
  return recorder.calls[0]!;
}

async function collected(holds: () => boolean): Promise<void> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let tries = 0; tries < 200 && !holds(); tries++) {
    collect();
    await wait(10);
  }
}

beforeEach(() => {
  recorder = recordInMemory();
  for (const name of VERSIONS) openai.patch({ namespace: require(name) });
});
afterEach(async () => {
  hub.recorder = null;
  undoAll();
  await server.close();
});

describe.each(VERSIONS)('P1 every method of %s that calls a model', (name) => {
  test('responses', async () => {
    const tools = [{ id: 'call_1', name: 'lookup', arguments: '{"city":"Oslo"}' }];
    const client = await clientOf(name, ({ json }) =>
      json.stream ? { pieces: wire.responsesStream({ tools, text: 'Hm.' }) } : { body: wire.responsesAnswer({ tools }) },
    );
    await client.responses.create({ model: 'm', input: 'hi' });
    let chunks = 0;
    for await (const _ of await client.responses.create({ model: 'm', input: 'hi', stream: true })) chunks++;
    await client.responses.stream({ model: 'm', input: 'hi' }).finalResponse();
    await client.responses.parse({ model: 'm', input: 'hi' });
    expect(recorder.calls.map(({ start, status, llm }) => [start.name, status, llm!.api])).toEqual(
      Array.from({ length: 4 }, () => ['chat m', 'ok', 'responses']),
    );
    for (const { outcome } of recorder.calls)
      expect(outcome).toMatchObject({
        usage: { input: 12, output: 5 },
        response: { toolCalls: [{ id: 'call_1', name: 'lookup' }] },
      });
    expect(recorder.calls[1]!.outcome!.chunks).toBe(chunks);
  });

  test('completions, moderations, images, embeddings', async () => {
    const client = await clientOf(name, ({ path }) => ({
      body: path.includes('images')
        ? wire.image()
        : path.includes('embeddings')
          ? wire.embedding([[1, 2]])
          : { id: 'x', model: 'm', choices: [], results: [] },
    }));
    await client.completions.create({ model: 'm', prompt: 'hi' });
    await client.moderations.create({ model: 'm', input: 'hi' });
    await client.images.generate({ model: 'm', prompt: 'a dot' });
    const picture = new File([new Uint8Array(8)], 'dot.png', { type: 'image/png' });
    await client.images.edit({ model: 'm', prompt: 'a dot', image: picture });
    await client.images.createVariation({ model: 'm', image: picture });
    await client.embeddings.create({ model: 'm', input: 'hi', encoding_format: 'float' });
    expect(recorder.calls.map(({ status }) => status)).toEqual(Array(6).fill('ok'));
    expect(recorder.calls.map(({ llm }) => llm!.api)).toEqual([
      'completions',
      'moderations',
      'images',
      'images',
      'images',
      'embeddings',
    ]);
    // A form is written while it is sent: it is not ours to read.
    expect(recorder.calls[3]!.exchanges[0]!.request).toMatchObject({
      omitted: expect.stringMatching(/^(FormData|MultipartBody|Readable)$/),
    });
    expect(server.requests[3]!.text).toContain('a dot');
  });

  test('speech is read by the app alone, and ends with its body', async () => {
    const sound = new Uint8Array([1, 2, 3, 250]);
    const client = await clientOf(name, () => ({ body: sound, headers: { 'content-type': 'audio/mpeg' } }));
    const response = await client.audio.speech.create({ model: 'm', voice: 'alloy', input: 'hi' });
    // Version 4 is given a Node stream: all of a short body is in it before the app reads.
    expect(only().ended).toBe(name === 'openai-4');
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(sound);
    expect(only()).toMatchObject({ status: 'ok', exchanges: [{ how: 'complete' }] });
  });

  test('transcriptions', async () => {
    const client = await clientOf(name, () => ({ body: { text: 'hello' } }));
    const file = new File([new Uint8Array(8)], 'a.mp3');
    expect((await client.audio.transcriptions.create({ model: 'm', file })).text).toBe('hello');
    expect((await client.audio.translations.create({ model: 'm', file })).text).toBe('hello');
    expect(recorder.calls.map(({ status }) => status)).toEqual(['ok', 'ok']);
  });

  test('calls of other kinds are not events', async () => {
    const client = await clientOf(name, () => ({ body: { object: 'list', data: [] } }));
    for await (const _ of client.models.list()) expect.unreachable();
    await client.get('/anything');
    expect(recorder.events).toEqual([]);
  });

  test('clients of a subclass, and those built before the patch', async () => {
    undoAll();
    const { OpenAI } = require(name);
    class Mine extends (OpenAI as any) {}
    server = await startStandIn(() => ({ body: wire.chatCompletion() }));
    const early: any = new (Mine as any)({ apiKey: 'k', baseURL: server.url });
    openai.patch({ namespace: require(name) });
    await early.chat.completions.create(chat);
    expect(only()).toMatchObject({ status: 'ok', exchanges: [{ status: 200 }] });
  });

  test('a subclass that answers by itself has no exchange, so the event carries the content', async () => {
    const { OpenAI } = require(name);
    class Own extends (OpenAI as any) {
      fetchWithTimeout(): Promise<Response> {
        return Promise.resolve(
          new Response(JSON.stringify(wire.chatCompletion()), { headers: { 'content-type': 'application/json' } }),
        );
      }
    }
    server = await startStandIn(() => ({ status: 500 }));
    const client: any = new (Own as any)({ apiKey: 'k', baseURL: server.url });
    await client.chat.completions.create(chat);
    expect(only()).toMatchObject({
      status: 'ok',
      exchanges: [],
      content: { request: chat, response: { object: 'chat.completion' } },
    });
  });

  test('Azure, and a gateway that says that it is one', async () => {
    const { AzureOpenAI } = require(name);
    const plain = await clientOf(name, () => ({ body: wire.chatCompletion(), headers: { 'x-litellm-version': '1.80.0' } }));
    await plain.chat.completions.create(chat);
    const azure = new AzureOpenAI({ apiKey: 'k', apiVersion: '2025-01-01', endpoint: server.url });
    await azure.responses.create({ model: 'm', input: 'x' }).catch(() => 0);
    expect(recorder.calls.map(({ start }) => start.llm!.provider)).toEqual(['openai', 'azure.ai.openai']);
    expect(recorder.calls[0]!.llm!.provider).toBe('litellm');
  });

  test('calls at once have their own attempts', async () => {
    const client = await clientOf(name, async ({ json }) => {
      await wait(json.model === '1' ? 40 : 5);
      return { body: wire.chatCompletion({ id: `id-${json.model}` }) };
    });
    await Promise.all(Array.from({ length: 8 }, (_, index) => client.chat.completions.create({ ...chat, model: String(index) })));
    expect(recorder.calls).toHaveLength(8);
    for (const { start, outcome, exchanges } of recorder.calls) {
      expect(exchanges).toHaveLength(1);
      expect(outcome!.response!.id).toBe(`id-${start.llm!.request.model}`);
      expect(exchanges[0]!.text).toContain(`id-${start.llm!.request.model}`);
    }
  });

  test('a custom fetch that asks another client is not an attempt of the first', async () => {
    const other = await clientOf(name, () => ({ body: wire.chatCompletion() }));
    const { OpenAI } = require(name);
    const client: any = new OpenAI({
      apiKey: 'k',
      baseURL: server.url,
      fetch: async (url: any, init: any) => {
        await other.get('/token');
        return fetch(url, init);
      },
    });
    await client.chat.completions.create(chat);
    expect(only().exchanges).toMatchObject([{ request: { method: 'POST' } }]);
    expect(server.requests).toHaveLength(2);
  });

  test('P5 a stream that nobody reads is over when it is collected', async () => {
    const client = await clientOf(name, () => ({ pieces: wire.chatCompletionStream() }));
    await (async () => void (await client.chat.completions.create({ ...chat, stream: true })))();
    await collected(() => only().ended);
    expect(only().status).toBe('cancelled');
  });

  test('P5 a reader may hold the iterator alone', async () => {
    const client = await clientOf(name, () => ({ pieces: wire.chatCompletionStream(), gapMs: 20 }));
    const iterator = await (async () =>
      (await client.chat.completions.create({ ...chat, stream: true }))[Symbol.asyncIterator]())();
    await iterator.next();
    let rounds = 0;
    await collected(() => rounds++ === 5);
    while (!(await iterator.next()).done);
    expect(only()).toMatchObject({ status: 'ok', outcomes: [{ chunks: 5 }] });
  });

  test('P7 a call that is dropped, and comes to nothing', async () => {
    const client = await clientOf(name, () => ({ body: wire.chatCompletion() }));
    (() => void client.chat.completions.create(chat))();
    await collected(() => recorder.calls.some(({ ended }) => ended));
    expect(only().status).toBe('cancelled');
  });
});

describe('P8 openai 7', () => {
  test('an answer whose body times out is asked for again, within the same event', async () => {
    const body = JSON.stringify(wire.chatCompletion({ text: 'second' }));
    const client = await clientOf(
      'openai',
      (_, index) =>
        index === 0 ? { pieces: [body.slice(0, 9)], after: 'hang', headers: { 'content-type': 'application/json' } } : { body },
      {
        timeout: 800,
        maxRetries: 1,
      },
    );
    expect((await client.chat.completions.create(chat)).choices[0].message.content).toBe('second');
    expect(only()).toMatchObject({
      status: 'ok',
      exchanges: [
        { status: 200, how: 'cancelled' },
        { status: 200, how: 'complete' },
      ],
    });
  });
});
