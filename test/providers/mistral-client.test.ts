/** Mistral's SDK: what is special to how it sends and fails, and to its functions. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { undoAll } from '../../src/patch/registry.ts';
import { mistral } from '../../src/providers/mistral/mistral.ts';
import type { StandIn } from '../../src/testing/stand-in.ts';
import * as wire from '../../src/testing/wire-mistral.ts';
import { sse } from '../../src/testing/wire.ts';
import { readAll, rigOf } from './mistral-sdk.ts';

const chat = { model: 'mistral-small-latest', messages: [{ role: 'user', content: 'Hello?' }] };

describe.each([2, 1])('mistral %s', (version) => {
  const rig = rigOf(version);

  describe('functions', () => {
    const coreOf = (server: StandIn): any => new rig.core.MistralCore({ apiKey: 'key', serverURL: server.url });

    test('an error answer is the error that the function gives', async () => {
      const server = await rig.serve(() =>
        wire.mistralError({ status: 429, requestId: 'req_1', retryAfterSeconds: 2, code: '1300' }),
      );
      const { ok, error } = await (await rig.function('chatComplete'))(coreOf(server), chat);
      expect([ok, error.name]).toEqual([false, 'SDKError']);
      const facts = { type: 'SDKError', status: 429, code: '1300', requestId: 'req_1', retryAfterMs: 2000 };
      expect(rig.only().outcome).toMatchObject({ status: 'error', error: facts });
      expect(rig.only().content!.error!.message).toBe(error.message);
    });

    test.each(['catch', 'finally'])('asked by %s alone', async (member) => {
      const server = await rig.serve(() => ({ body: wire.mistralChat() }));
      await (await rig.function('chatComplete'))(coreOf(server), chat)[member](() => {});
      expect(rig.only().outcome).toMatchObject({ status: 'ok', usage: { input: 12 } });
    });

    test('one that nobody asks ends once it is collected, with what its exchange says', async () => {
      const server = await rig.serve(() => ({ body: wire.mistralChat() }));
      const complete = await rig.function('chatComplete');
      const ask = (): void => void complete(coreOf(server), chat);
      ask();
      setFlagsFromString('--expose-gc');
      const collect = runInNewContext('gc') as () => void;
      for (let tries = 0; tries < 300 && !rig.recorder.calls[0]?.ended; tries++) {
        await new Promise((resolve) => setTimeout(resolve, 10));
        collect();
      }
      expect(rig.only().outcome).toMatchObject({ status: 'ok', usage: { input: 12, output: 5 } });
    });

    test('two at once are two, and a function that is no LLM call is none', async () => {
      const server = await rig.serve(({ json }) => ({ body: wire.mistralChat({ id: json.messages[0].content }) }));
      const core = coreOf(server);
      const complete = await rig.function('chatComplete');
      const ask = (content: string): any => complete(core, { ...chat, messages: [{ role: 'user', content }] });
      const [one, two] = await Promise.all([ask('one'), ask('two')]);
      expect([one.value.id, two.value.id]).toEqual(['one', 'two']);
      expect(rig.recorder.calls.map(({ outcome }) => outcome!.response!.id)).toEqual(['one', 'two']);
      await (
        await rig.function('modelsList')
      )(core);
      expect(rig.recorder.calls).toHaveLength(2);
    });

    test('a function in the scope of another call of the app is its child', async () => {
      const server = await rig.serve(() => ({ body: wire.mistralChat() }));
      const outer = rig.recorder.open({ type: 'agent', name: 'outer' })!;
      await outer.run(async () => (await rig.function('chatComplete'))(coreOf(server), chat));
      expect(rig.only().parent?.name).toBe('outer');
    });
  });

  describe('failures', () => {
    test('a request that the SDK refuses is a call that failed, without a request', async () => {
      const client = await rig.client(() => ({ body: wire.mistralChat() }));
      const error = await client.chat.complete({ model: 7 }).catch((thrown: unknown) => thrown);
      expect(error.name).toBe('SDKValidationError');
      expect(rig.only().outcome).toMatchObject({ status: 'error', error: { type: 'SDKValidationError' } });
      expect(rig.only().exchanges).toEqual([]);
      expect(rig.only().content!.request).toEqual({ model: 7 });
    });

    test('an answer that the SDK refuses has cost its tokens all the same', async () => {
      const { choices: _, ...answer } = wire.mistralChat() as any;
      const client = await rig.client(() => ({ body: answer }));
      const error = await client.chat.complete(chat).catch((thrown: unknown) => thrown);
      expect(error.name).toBe('ResponseValidationError');
      expect(rig.only().outcome).toMatchObject({
        status: 'error',
        error: { type: 'ResponseValidationError', status: 200 },
        usage: { input: 12, output: 5 },
      });
    });

    test('a chunk that the SDK refuses ends the stream with an error, and what was said stays known', async () => {
      const pieces = [
        ...wire.mistralChatStream({ text: 'Hello' }).slice(0, 2),
        sse({ object: 'error', message: 'No more.', code: '1300' }),
      ];
      const client = await rig.client(() => ({ pieces }));
      const error = await client.chat
        .stream(chat)
        .then(readAll)
        .catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(Error);
      expect(rig.only().outcome).toMatchObject({ status: 'error', error: { type: error.constructor.name }, chunks: 2 });
      expect(rig.only().outcome!.response).toMatchObject({ id: 'b7f1c3' });
    });

    test('an error event inside a conversation', async () => {
      const error = { type: 'conversation.response.error', created_at: '2026-01-01T00:00:00Z', message: 'No.', code: 503 };
      const pieces = [...wire.mistralConversationStream().slice(0, 2), sse(error, error.type)];
      const client = await rig.client(() => ({ pieces }));
      await readAll(await client.beta.conversations.startStream({ model: 'm', inputs: 'hi' }));
      expect(rig.only().outcome).toMatchObject({ status: 'error', error: { type: error.type, code: '503', status: 503 } });
    });
  });

  describe('what is sent', () => {
    const hooked = (hook: (request: Request) => unknown): any => new rig.index.HTTPClient().addHook('beforeRequest', hook);

    test.each([
      ['changes it', (request: Request) => request.headers.set('x-mine', '1')],
      [
        'makes another of it',
        (request: Request) => new Request(request, { headers: { ...Object.fromEntries(request.headers), 'x-mine': '1' } }),
      ],
    ])('a hook of the app that %s', async (_, hook) => {
      const client = await rig.client(() => ({ body: wire.mistralChat() }), { httpClient: hooked(hook) });
      await client.chat.complete(chat);
      const { request } = rig.only().exchanges[0]!;
      expect(Object.fromEntries(request.headers)['x-mine']).toBe('1');
      expect(request.body).toBe(rig.servers[0]!.requests[0]!.text);
    });

    test.each([
      [
        'without it',
        (request: Request) => new Request(request.url, { method: 'POST', headers: request.headers, body: '{"other":1}' }),
      ],
      [
        'after it was read',
        async (request: Request) =>
          new Request(request.url, {
            method: 'POST',
            headers: request.headers,
            body: JSON.stringify({ ...((await request.json()) as object), other: 1 }),
          }),
      ],
      [
        'after a clone was read',
        async (request: Request) =>
          new Request(request, { method: 'POST', body: (await request.clone().text()).replace('Hello', 'Goodbye') }),
      ],
    ])('a body that a hook of the app has made %s is not passed off as the one that was', async (_, hook) => {
      const client = await rig.client(() => ({ body: wire.mistralChat() }), { httpClient: hooked(hook) });
      await client.chat.complete(chat);
      expect(rig.servers[0]!.requests[0]!.text).toMatch(/other|Goodbye/);
      expect(rig.only().exchanges[0]!.request).toMatchObject({ omitted: 'Request' });
      expect(rig.only().exchanges[0]!.request.body).toBeUndefined();
    });

    test('a fetcher of the app is called as ever', async () => {
      const seen: unknown[] = [];
      const fetcher = function (this: unknown, ...args: any[]): Promise<Response> {
        seen.push(this, args.length);
        return fetch(args[0]);
      };
      const httpClient = new rig.index.HTTPClient({ fetcher });
      const client = await rig.client(() => ({ body: wire.mistralChat() }), { httpClient });
      await client.chat.complete(chat);
      expect(seen).toEqual([httpClient, 1]);
      expect(Object.keys(httpClient)).not.toContain('then');
      expect(httpClient.fetcher).toBe(fetcher);
      expect(rig.only().exchanges).toMatchObject([{ status: 200, how: 'complete' }]);
    });

    test('a client of the app that sends in a way of its own: request and answer are content', async () => {
      class Mine extends rig.index.HTTPClient {
        request(request: Request): Promise<Response> {
          return fetch(request);
        }
      }
      const client = await rig.client(() => ({ body: wire.mistralChat({ text: 'Hi.' }) }), { httpClient: new Mine() });
      await client.chat.complete(chat);
      expect(rig.only().exchanges).toEqual([]);
      expect(rig.only().content!.request).toEqual(chat);
      expect(JSON.stringify(rig.only().content!.response)).toContain('Hi.');
    });

    test('a body that a hook of the SDK has made', async () => {
      const client = await rig.client(() => ({ body: wire.mistralChat() }));
      const { hooks } = client._options;
      hooks.registerBeforeCreateRequestHook({
        beforeCreateRequest: (_: unknown, input: any) => ({
          ...input,
          options: { ...input.options, body: '{"made":"elsewhere"}' },
        }),
      });
      await client.chat.complete(chat);
      expect(rig.servers[0]!.requests[0]!.text).toBe('{"made":"elsewhere"}');
      expect(rig.only().exchanges[0]!.request.body).toBe('{"made":"elsewhere"}');
      expect(Object.keys(hooks)).not.toContain('beforeCreateRequest');
    });

    test('a server of one call alone', async () => {
      const other = await rig.serve(() => ({ body: wire.mistralChat() }));
      const client = await rig.client(() => ({ status: 500 }));
      await client.chat.complete(chat, { serverURL: other.url });
      expect(rig.only().llm!.server).toEqual({ address: '127.0.0.1', port: other.port });
    });

    test('what the SDK reads of an answer for itself does not hide it', async () => {
      const log = { group: () => {}, groupEnd: () => {}, log: () => {} };
      const answer = JSON.stringify(wire.mistralChat());
      const client = await rig.client(() => ({ body: answer }), { debugLogger: log });
      await client.chat.complete(chat);
      expect(rig.only().exchanges[0]).toMatchObject({ how: 'complete', text: answer });
    });
  });

  describe('patching', () => {
    test('nothing of the environment is read for it, and no method is missing', () => {
      undoAll();
      // The SDK reads it once, when the app makes its first client; what is set later does not count.
      rig.env.resetEnv();
      const { env } = process;
      const asked: PropertyKey[] = [];
      process.env = new Proxy(env, {
        get(target, key) {
          asked.push(key);
          return Reflect.get(target, key) as unknown;
        },
        ownKeys(target) {
          asked.push('keys');
          return Reflect.ownKeys(target);
        },
      });
      let report;
      try {
        report = mistral.patch({ namespace: rig.index });
      } finally {
        process.env = env;
      }
      expect(asked).toEqual([]);
      expect(report.missing).toEqual(version === 1 ? ['audio.speech.complete'] : []);
      expect(report.patched).toEqual(expect.arrayContaining(['chat.complete', '_createRequest', '_do', 'HTTPClient.request']));
    });

    test('the class alone is enough', async () => {
      undoAll();
      const { Mistral } = rig.index;
      mistral.patch({ namespace: { default: Mistral, Mistral } });
      const client = await rig.client(() => ({ body: wire.mistralChat() }));
      await client.chat.complete(chat);
      expect(rig.only().exchanges).toMatchObject([{ status: 200, request: { body: rig.servers[0]!.requests[0]!.text } }]);
    });
  });
});
