/** What is special to AWS's client: callbacks, commands that are used again, its handlers, its ids. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { createServer } from 'node:http2';
import type { Http2Server, ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { listFaults } from '../../src/core/diagnostics.ts';
import { hub } from '../../src/events/ports.ts';
import { undoAll } from '../../src/patch/registry.ts';
import { bedrock } from '../../src/providers/bedrock/bedrock.ts';
import { recordInMemory } from '../../src/testing/in-memory-recorder.ts';
import type { InMemoryEvent, InMemoryRecorder } from '../../src/testing/in-memory-recorder.ts';
import { startStandIn } from '../../src/testing/stand-in.ts';
import type { Answer, StandIn } from '../../src/testing/stand-in.ts';
import * as wire from '../../src/testing/wire-bedrock.ts';

const require = createRequire(import.meta.url);
const sdk = require('@aws-sdk/client-bedrock-runtime');
const ofSdk = createRequire(require.resolve('@aws-sdk/client-bedrock-runtime'));
const { NodeHttpHandler } = ofSdk('@smithy/node-http-handler');
const { FetchHttpHandler } = ofSdk('@smithy/fetch-http-handler');

const TEXT = 'The weather in Oslo is fine.';
const ACCOUNT = '123456789012';
const chat = { modelId: 'us.amazon.nova-lite-v1:0', messages: [{ role: 'user', content: [{ text: 'How is it?' }] }] };
const credentials = { accessKeyId: 'AKIDFAKE', secretAccessKey: 'fake-secret', sessionToken: 'fake-token' };
const plain: Answer = () => ({ body: wire.converseAnswer({ text: TEXT }) });
const streamed =
  (frames: Uint8Array[], more: object = {}): Answer =>
  () => ({ pieces: frames, headers: wire.AWS_STREAM, ...more });

let server: StandIn;
let recorder: InMemoryRecorder;
let faults: number;
beforeEach(() => {
  faults = listFaults().length;
  expect(bedrock.patch({ namespace: sdk })).toEqual({ patched: ['BedrockRuntimeClient.send'], missing: [] });
  recorder = recordInMemory();
});
afterEach(async () => {
  hub.recorder = null;
  hub.answerer = null;
  undoAll();
  await server?.close();
  expect(listFaults().slice(faults)).toEqual([]);
});

async function clientOf(answer: Answer, options: object = {}, Client = sdk.BedrockRuntimeClient): Promise<any> {
  server = await startStandIn(answer);
  const requestHandler = new NodeHttpHandler({});
  return new Client({ region: 'us-east-1', credentials, endpoint: server.url, maxAttempts: 1, requestHandler, ...options });
}

function only(): InMemoryEvent {
  expect(recorder.calls).toHaveLength(1);
  return recorder.calls[0]!;
}

async function readAll(stream: AsyncIterable<any>): Promise<any[]> {
  const chunks: any[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

const caught = (promise: Promise<unknown>): Promise<any> =>
  promise.then(
    () => expect.fail('no error came'),
    (error) => error,
  );
const facts = ({ start, llm, outcome }: InMemoryEvent): string => JSON.stringify({ start, llm, outcome });

describe('P9 the class that all of AWS’s clients inherit from', () => {
  test('is left alone, and undo takes the method away again', () => {
    const Base = sdk.__Client.prototype;
    const { send } = Base;
    expect(Object.hasOwn(sdk.BedrockRuntimeClient.prototype, 'send')).toBe(true);
    expect(Object.getOwnPropertyDescriptor(Base, 'send')!.value).toBe(send);
    undoAll();
    expect(Object.hasOwn(sdk.BedrockRuntimeClient.prototype, 'send')).toBe(false);
    expect(sdk.BedrockRuntimeClient.prototype.send).toBe(send);
    expect(sdk.BedrockRuntime.prototype.send).toBe(send);
  });
});

describe('callbacks', () => {
  const sent = (client: any, command: object, ...more: unknown[]): Promise<unknown[]> =>
    new Promise((resolve) => {
      expect(client.send(command, ...more, (...given: unknown[]) => resolve(given))).toBeUndefined();
    });

  test.each([[[]], [[{}]]])('of a call, after %j', async (options) => {
    const client = await clientOf(plain);
    const given = await sent(client, new sdk.ConverseCommand(chat), ...options);
    expect(given).toEqual([null, expect.objectContaining({ stopReason: 'end_turn' })]);
    expect(only()).toMatchObject({ status: 'ok', outcome: { usage: { input: 12, output: 5 } } });
    expect(only().exchanges).toMatchObject([{ status: 200, how: 'complete' }]);
  });

  test('of a call that fails', async () => {
    const client = await clientOf(() => wire.bedrockError({ status: 429 }));
    const [error, ...more] = await sent(client, new sdk.ConverseCommand(chat));
    expect(more).toEqual([]);
    expect(error).toBeInstanceOf(sdk.ThrottlingException);
    expect(only().outcome).toMatchObject({
      status: 'error',
      error: { type: 'ThrottlingException', code: 'ThrottlingException', status: 429 },
    });
  });

  test('of a stream', async () => {
    const client = await clientOf(streamed(wire.converseStream({ text: TEXT })));
    const [, output] = (await sent(client, new sdk.ConverseStreamCommand(chat))) as any[];
    const chunks = await readAll(output.stream);
    expect(only().outcome).toMatchObject({ status: 'ok', chunks: chunks.length });
  });

  test('run in the scope of the app, and not in that of the call', async () => {
    const scope = new AsyncLocalStorage<string>();
    const client = await clientOf(streamed(wire.converseStream({ text: TEXT })));
    const seen = await scope.run(
      'the app’s',
      () =>
        new Promise((resolve) => {
          client.send(new sdk.ConverseStreamCommand(chat), () => resolve([scope.getStore(), recorder.current()]));
        }),
    );
    expect(seen).toEqual(['the app’s', null]);
  });
});

describe('the methods of BedrockRuntime', () => {
  test('are one call each, with a promise or a callback', async () => {
    const client = await clientOf(plain, {}, sdk.BedrockRuntime);
    expect((await client.converse(chat)).stopReason).toBe('end_turn');
    const given = await new Promise<any>((resolve) => void client.converse(chat, (...all: unknown[]) => resolve(all)));
    expect(given[1].stopReason).toBe('end_turn');
    expect(recorder.calls.map(({ status, exchanges }) => [status, exchanges.length])).toEqual([
      ['ok', 1],
      ['ok', 1],
    ]);
  });

  test('which make no call of a model are no events', async () => {
    const client = await clientOf(() => ({ body: { asyncInvokeSummaries: [] } }), {}, sdk.BedrockRuntime);
    expect((await client.listAsyncInvokes({})).asyncInvokeSummaries).toEqual([]);
    expect(recorder.events).toEqual([]);
  });
});

describe('commands', () => {
  test('may be sent again, one after the other and at once, and are left as they were', async () => {
    const client = await clientOf(plain);
    const command = new sdk.ConverseCommand(chat);
    const input = JSON.stringify(command.input);
    expect(command.middlewareStack.identify()).toEqual([]);
    await client.send(command);
    const after = command.middlewareStack.identify();
    await Promise.all([client.send(command), client.send(command)]);
    expect(recorder.calls.map(({ exchanges }) => exchanges.map(({ how }) => how))).toEqual([
      ['complete'],
      ['complete'],
      ['complete'],
    ]);
    undoAll();
    const bare = new sdk.ConverseCommand(chat);
    await client.send(bare);
    expect(after).toEqual(bare.middlewareStack.identify());
    expect(JSON.stringify(command.input)).toBe(input);
  });

  test('of a client that keeps its handlers are seen, and after undo they are not', async () => {
    const client = await clientOf(plain, { cacheMiddleware: true });
    for (const _ of [1, 2, 3]) await client.send(new sdk.ConverseCommand(chat));
    expect(recorder.calls.map(({ exchanges }) => exchanges.length)).toEqual([1, 1, 1]);
    hub.recorder = null;
    undoAll();
    expect((await client.send(new sdk.ConverseCommand(chat))).stopReason).toBe('end_turn');
    expect(recorder.calls).toHaveLength(3);
  });

  test('of a derived class, and what is no command', async () => {
    const MyCommand: any = class extends sdk.ConverseCommand {};
    const client = await clientOf(plain);
    await client.send(new MyCommand(chat));
    expect(only().status).toBe('ok');
    const thrownBy = (send: (command: unknown) => unknown, command: unknown): unknown => {
      try {
        return send.call(client, command);
      } catch (error) {
        return error;
      }
    };
    for (const odd of [undefined, null, {}, 7]) {
      const bare = thrownBy(sdk.__Client.prototype.send, odd);
      expect(bare).toBeInstanceOf(TypeError);
      expect(thrownBy(client.send, odd)).toEqual(bare);
    }
    expect(recorder.calls).toHaveLength(1);
  });

  test('whose requests middlewares of the app send do not mix with theirs', async () => {
    const shared = new NodeHttpHandler({});
    const client = await clientOf(
      ({ path }) => (path === '/credentials' ? { body: { secret: 'fetched-secret' } } : { body: wire.converseAnswer() }),
      {
        requestHandler: shared,
        credentials: async () => {
          const { response } = await shared.handle({
            protocol: 'http:',
            hostname: '127.0.0.1',
            port: server.port,
            path: '/credentials',
            method: 'POST',
            headers: {},
          });
          response.body.resume();
          return credentials;
        },
      },
    );
    await client.send(new sdk.ConverseCommand(chat));
    expect(server.requests.map(({ path }) => path)).toEqual(['/credentials', expect.stringContaining('/converse')]);
    const { exchanges } = only();
    expect(exchanges).toHaveLength(1);
    expect(exchanges[0]!.text).not.toContain('fetched-secret');
  });
});

describe('ids of models', () => {
  const arn = (resource: string, region = 'us-east-1'): string => `arn:aws:bedrock:${region}:${ACCOUNT}:${resource}`;
  test.each([
    ['anthropic.claude-3-haiku-20240307-v1:0', 'anthropic.claude-3-haiku-20240307-v1:0'],
    [arn('inference-profile/eu.anthropic.claude-sonnet-4-20250514-v1:0'), 'eu.anthropic.claude-sonnet-4-20250514-v1:0'],
    [arn('application-inference-profile/9x8y7z'), '9x8y7z'],
    [arn('provisioned-model/abc123'), 'abc123'],
    [arn('custom-model/amazon.nova-lite-v1:0/q1w2e3'), 'amazon.nova-lite-v1:0/q1w2e3'],
    ['arn:aws-us-gov:bedrock:us-gov-west-1::foundation-model/meta.llama3-8b-instruct-v1:0', 'meta.llama3-8b-instruct-v1:0'],
    [`arn:aws:sagemaker:us-east-1:${ACCOUNT}:endpoint/my-endpoint`, 'my-endpoint'],
    [encodeURIComponent(arn('imported-model/z1')), 'z1'],
    [arn('nothing'), undefined],
  ])('%s', async (modelId, name) => {
    const client = await clientOf(plain);
    await client.send(new sdk.ConverseCommand({ ...chat, modelId }));
    expect(only().llm!.request.model).toBe(name);
    expect(only().start.name).toBe(name === undefined ? 'chat' : `chat ${name}`);
    expect(facts(only())).not.toContain(ACCOUNT);
  });
});

describe('other commands', () => {
  test.each([
    [
      'InvokeModelCommand',
      { modelId: 'meta.llama3-8b-instruct-v1:0', body: JSON.stringify({ prompt: 'x' }) },
      'text_completion meta.llama3-8b-instruct-v1:0',
    ],
    ['CountTokensCommand', { modelId: 'm', input: { converse: { messages: chat.messages } } }, 'count_tokens m'],
    [
      'ApplyGuardrailCommand',
      { guardrailIdentifier: 'g', guardrailVersion: '1', source: 'INPUT', content: [{ text: { text: 'hi' } }] },
      'apply_guardrail',
    ],
    [
      'StartAsyncInvokeCommand',
      { modelId: 'amazon.nova-reel-v1:1', modelInput: {}, outputDataConfig: { s3OutputDataConfig: { s3Uri: 's3://x' } } },
      'start_async_invoke amazon.nova-reel-v1:1',
    ],
  ])('%s', async (name, input, event) => {
    const answer = {
      invocationArn: `arn:aws:bedrock:us-east-1:${ACCOUNT}:async-invoke/1`,
      inputTokens: 3,
      action: 'NONE',
      outputs: [],
      generation: 'y',
    };
    const client = await clientOf(() => ({ body: answer }));
    await client.send(new sdk[name](input));
    expect(only()).toMatchObject({ status: 'ok', start: { name: event }, llm: { provider: 'aws.bedrock' } });
    expect(only().exchanges).toMatchObject([{ how: 'complete' }]);
    expect(facts(only())).not.toContain(ACCOUNT);
  });

  test('figures that a model says in the headers only', async () => {
    const figures = {
      'x-amzn-bedrock-input-token-count': '7',
      'x-amzn-bedrock-output-token-count': '9',
      'x-amzn-bedrock-cache-read-input-token-count': '4',
    };
    const client = await clientOf(() => ({ body: { outputs: [{ text: 'y', stop_reason: 'stop' }] }, headers: figures }));
    const body = Buffer.from(JSON.stringify({ prompt: 'x', max_tokens: 5, temperature: 0.5 }));
    await client.send(new sdk.InvokeModelCommand({ modelId: 'mistral.mistral-7b-instruct-v0:2', body }));
    expect(only().outcome).toMatchObject({
      usage: { input: 11, output: 9, cacheRead: 4 },
      response: { finishReasons: ['stop'] },
    });
    expect(only().llm!.request).toEqual({ model: 'mistral.mistral-7b-instruct-v0:2', maxTokens: 5, temperature: 0.5 });
  });
});

describe('errors', () => {
  const inStream = async (frame: Uint8Array): Promise<any> => {
    const client = await clientOf(
      streamed([...wire.converseStream({ text: TEXT }).slice(0, 3), frame], {
        headers: { ...wire.AWS_STREAM, 'x-amzn-requestid': 'req_1' },
      }),
    );
    const { stream } = await client.send(new sdk.ConverseStreamCommand(chat));
    return caught(readAll(stream));
  };

  test.each([
    ['throttlingException', 'ThrottlingException'],
    ['internalServerException', 'InternalServerException'],
    ['modelStreamErrorException', 'ModelStreamErrorException'],
    ['serviceUnavailableException', 'ServiceUnavailableException'],
    ['validationException', 'ValidationException'],
    ['strangeException', 'strangeException'],
  ])('inside a stream: %s', async (frame, type) => {
    const error = await inStream(wire.awsException(frame, 'Canary words.'));
    expect(error.name).toBe(type);
    expect(only()).toMatchObject({ status: 'error', outcome: { error: { type }, chunks: 3 } });
    expect(only().content!.error!.message).toBe(error.message);
    expect(facts(only())).not.toContain('Canary');
  });

  test('that no model of the SDK knows, inside a stream', async () => {
    await inStream(
      wire.awsFrame({ ':message-type': 'error', ':error-code': 'InternalFailure', ':error-message': 'Canary words.' }, ''),
    );
    expect(only().outcome).toMatchObject({ status: 'error', error: { type: 'InternalFailure' } });
    expect(facts(only())).not.toContain('Canary');
  });

  test('in the first event of a stream, which the SDK reads itself', async () => {
    const client = await clientOf(
      streamed([wire.awsException('throttlingException')], { headers: { ...wire.AWS_STREAM, 'x-amzn-requestid': 'req_1' } }),
    );
    const error = await caught(client.send(new sdk.ConverseStreamCommand(chat)));
    expect(error).toBeInstanceOf(sdk.ThrottlingException);
    expect(only().outcome).toEqual({
      status: 'error',
      error: { type: 'ThrottlingException', code: 'ThrottlingException', requestId: 'req_1' },
      content: expect.any(Function),
    });
  });

  test('whose code the SDK has no class for', async () => {
    const client = await clientOf(() =>
      wire.bedrockError({ status: 401, code: 'ExpiredTokenException', requestId: 'req_2', retryAfterSeconds: 2 }),
    );
    await caught(client.send(new sdk.ConverseCommand(chat)));
    const error = {
      type: 'BedrockRuntimeServiceException',
      code: 'ExpiredTokenException',
      status: 401,
      requestId: 'req_2',
      retryAfterMs: 2000,
    };
    expect(only().outcome).toMatchObject({ status: 'error', error });
  });

  test('before anything is sent: the event carries the request itself', async () => {
    const client = await clientOf(plain, { credentials: () => Promise.reject(new Error('no credentials')) });
    await caught(client.send(new sdk.ConverseCommand(chat)));
    expect(only()).toMatchObject({ status: 'error', exchanges: [], content: { request: chat } });
  });
});

describe('answers of a replay', () => {
  test('go through the SDK’s own retries, and need no recorder', async () => {
    const client = await clientOf(() => ({ status: 500 }), { maxAttempts: 2 });
    const answers = [
      { status: 503, body: { message: 'down' } },
      { status: 200, body: wire.converseAnswer({ text: TEXT }) },
    ];
    for (const record of [true, false]) {
      if (!record) hub.recorder = null;
      let asked = 0;
      hub.answerer = {
        answer: (request) => {
          const { status, body } = answers[asked++]!;
          expect(request).toMatchObject({ method: 'POST', url: `${server.url}/model/us.amazon.nova-lite-v1%3A0/converse` });
          return Promise.resolve(Response.json(body, { status, headers: { 'x-amzn-requestid': 'req_3' } }));
        },
      };
      const output = await client.send(new sdk.ConverseCommand(chat));
      expect(output.output.message.content).toEqual([{ text: TEXT }]);
      expect(output.$metadata).toMatchObject({ httpStatusCode: 200, requestId: 'req_3', attempts: 2 });
      expect(asked).toBe(2);
    }
    expect(server.requests).toEqual([]);
    expect(only().exchanges.map(({ status, how }) => [status, how])).toEqual([
      [503, 'complete'],
      [200, 'complete'],
    ]);
  });
});

describe('the handler that browsers and edge runtimes use', () => {
  const requestHandler = new FetchHttpHandler({});

  test('a call and a stream', async () => {
    const frames = wire.converseStream({ text: TEXT });
    const client = await clientOf(
      ({ path }) => (path.endsWith('-stream') ? { pieces: frames, headers: wire.AWS_STREAM } : { body: wire.converseAnswer() }),
      { requestHandler },
    );
    await client.send(new sdk.ConverseCommand(chat));
    const { stream } = await client.send(new sdk.ConverseStreamCommand(chat));
    const chunks = await readAll(stream);
    const [call, streaming] = recorder.calls;
    expect(call!.exchanges).toMatchObject([{ status: 200, how: 'complete', text: JSON.stringify(wire.converseAnswer()) }]);
    expect(streaming!.outcome).toMatchObject({ status: 'ok', chunks: chunks.length });
    expect(Buffer.concat(streaming!.exchanges[0]!.chunks)).toEqual(Buffer.concat(frames));
  });
});

describe('HTTP/2, which the client speaks unless it is told otherwise', () => {
  let http2: Http2Server;
  let sessions: ServerHttp2Session[];
  let answer: (stream: ServerHttp2Stream, path: string) => void;
  let client: any;
  beforeEach(async () => {
    http2 = createServer();
    http2.on('sessionError', () => {});
    // The SDK leaves the connection of a stream open that was broken out of.
    sessions = [];
    http2.on('session', (session) => sessions.push(session));
    http2.on('stream', (stream, headers) => {
      stream.on('error', () => {});
      stream.resume();
      stream.on('end', () => answer(stream, headers[':path']!));
    });
    await new Promise<void>((resolve) => http2.listen(0, '127.0.0.1', resolve));
    client = new sdk.BedrockRuntimeClient({
      region: 'us-east-1',
      credentials,
      endpoint: `http://127.0.0.1:${(http2.address() as AddressInfo).port}`,
      maxAttempts: 1,
    });
  });
  afterEach(async () => {
    client.destroy();
    for (const session of sessions) session.destroy();
    await new Promise<void>((resolve) => http2.close(() => resolve()));
  });
  const respond = (stream: ServerHttp2Stream, headers: object = { 'content-type': 'application/json' }): void =>
    stream.respond({ ':status': 200, 'x-amzn-requestid': 'req_h2', ...headers });

  test('a call', async () => {
    const body = JSON.stringify(wire.converseAnswer({ text: TEXT }));
    answer = (stream) => {
      respond(stream);
      stream.end(body);
    };
    await client.send(new sdk.ConverseCommand(chat));
    expect(only()).toMatchObject({
      status: 'ok',
      llm: { server: { address: '127.0.0.1', port: (http2.address() as AddressInfo).port } },
    });
    const [exchange] = only().exchanges;
    expect(exchange).toMatchObject({ status: 200, how: 'complete', text: body });
    expect(exchange!.headers).toMatchObject({ 'x-amzn-requestid': 'req_h2' });
    expect(() => new Headers(exchange!.headers)).not.toThrow();
  });

  test('a stream, one that is left, one that is aborted, and one that breaks off', async () => {
    const frames = wire.converseStream({ text: TEXT });
    let whole = true;
    answer = (stream) => {
      respond(stream, wire.AWS_STREAM);
      if (whole) stream.end(Buffer.concat(frames));
      else stream.write(Buffer.concat(frames.slice(0, 3)));
    };
    const streamOf = async (options?: object): Promise<any> =>
      (await client.send(new sdk.ConverseStreamCommand(chat), options)).stream;
    const chunks = await readAll(await streamOf());
    whole = false;
    for await (const _ of await streamOf()) break;
    const controller = new AbortController();
    let seen = 0;
    for await (const _ of await streamOf({ abortSignal: controller.signal })) if (++seen === 3) controller.abort();
    answer = (stream) => {
      respond(stream, wire.AWS_STREAM);
      stream.write(Buffer.concat(frames.slice(0, 3)), () => setTimeout(() => stream.session!.destroy(), 5));
    };
    await readAll(await streamOf());
    expect(recorder.calls.map(({ status, outcome }) => [status, outcome!.chunks, outcome!.error?.type])).toEqual([
      ['ok', chunks.length, undefined],
      ['cancelled', 1, undefined],
      ['cancelled', 3, undefined],
      ['error', 3, 'incomplete_stream'],
    ]);
    expect(Buffer.concat(recorder.calls[0]!.exchanges[0]!.chunks)).toEqual(Buffer.concat(frames));
  });

  test('nobody there', async () => {
    const lost = new sdk.BedrockRuntimeClient({
      region: 'us-east-1',
      credentials,
      endpoint: 'http://127.0.0.1:1',
      maxAttempts: 1,
    });
    await caught(lost.send(new sdk.ConverseCommand(chat)));
    expect(only().outcome).toMatchObject({ status: 'error', error: { type: 'Error', code: 'ECONNREFUSED' } });
  });
});
