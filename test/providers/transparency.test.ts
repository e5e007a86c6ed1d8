import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { inspect } from 'node:util';
import { afterEach, describe, expect, test } from 'vitest';
import { hub } from '../../src/events/ports.ts';
import { undoAll } from '../../src/patch/registry.ts';
import { anthropic } from '../../src/providers/anthropic/anthropic.ts';
import { openai } from '../../src/providers/openai/openai.ts';
import { startStandIn } from '../../src/testing/stand-in.ts';
import type { Answer, StandIn } from '../../src/testing/stand-in.ts';
import * as wire from '../../src/testing/wire.ts';
import { recordInMemory } from '../../src/testing/in-memory-recorder.ts';

const require = createRequire(import.meta.url);

interface Sdk {
  name: string;
  provider: 'openai' | 'anthropic';
}

const SDKS: readonly Sdk[] = [
  { name: 'openai', provider: 'openai' },
  { name: 'openai-6', provider: 'openai' },
  { name: 'openai-5', provider: 'openai' },
  { name: 'openai-4', provider: 'openai' },
  { name: '@anthropic-ai/sdk', provider: 'anthropic' },
  { name: 'anthropic-0', provider: 'anthropic' },
];

/** What the app can ask of an object without calling it. */
function looks(value: any): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const chain: string[] = [];
  for (let at = Object.getPrototypeOf(value); at; at = Object.getPrototypeOf(at)) chain.push(at.constructor?.name ?? 'none');
  const inherited: string[] = [];
  for (const key in value) inherited.push(key);
  return {
    chain,
    keys: Object.keys(value),
    inherited,
    symbols: Object.getOwnPropertySymbols(value)
      .filter((key) => Object.getOwnPropertyDescriptor(value, key)!.enumerable)
      .map(String),
    tag: Object.prototype.toString.call(value),
    types: Object.keys(value).map((key) => typeof value[key]),
    spread: Object.keys({ ...value }),
  };
}

/** Everything of an error but where it was thrown. */
function errorLooks(error: any): unknown {
  const own = Object.getOwnPropertyNames(error).filter((name) => name !== 'stack');
  const members = own.map((name) => [
    name,
    name === 'headers' ? Object.keys(error.headers ?? {}) : inspect(error[name], { depth: 1 }).split('\n')[0],
  ]);
  return { ...(looks(error) as object), members, cause: error.cause && errorLooks(error.cause), text: String(error) };
}

async function caught(run: () => unknown): Promise<unknown> {
  try {
    const pending: any = run();
    try {
      return { value: looks(await pending) };
    } catch (error) {
      return { rejected: errorLooks(error) };
    }
  } catch (error) {
    return { thrown: errorLooks(error) };
  }
}

async function textOf(body: any): Promise<string> {
  let text = '';
  for await (const part of body) text += typeof part === 'string' ? part : Buffer.from(part).toString('utf8');
  return text;
}

type Scenario = (call: (body?: object, options?: object) => any, client: any) => unknown;

const SCENARIOS: Record<string, Scenario> = {
  'the promise': async (call) => {
    const promise = call();
    const before = [looks(promise), inspect(promise, { depth: 0 }), promise instanceof Promise];
    const same = promise.parse() === promise.parse();
    await promise;
    return {
      before,
      same,
      after: looks(promise),
      constructor: promise.constructor.name,
      json: JSON.stringify(Object.keys(promise)),
    };
  },
  'the value': async (call) => {
    const value = await call();
    return { value, looks: looks(value), own: Object.getOwnPropertyDescriptors(value) };
  },
  'then, catch and finally': async (call) => [
    looks(call().then((it: any) => it)),
    looks(call().catch(() => 0)),
    looks(call().finally(() => 0)),
    await call().then((it: any) => it.id),
    await Promise.all([call(), call()]),
    await Promise.race([call(), call()]),
  ],
  withResponse: async (call) => {
    const pending = call().withResponse();
    const result = await pending;
    return [
      looks(pending),
      Object.keys(result),
      result.data,
      result.response.status,
      result.request_id,
      result.response.bodyUsed,
    ];
  },
  asResponse: async (call) => {
    const response = await call().asResponse();
    return [
      Object.prototype.toString.call(response),
      response.status,
      response.bodyUsed,
      await response.text(),
      response.bodyUsed,
    ];
  },
  'asResponse, other ways of reading': async (call) => {
    const response = async (): Promise<any> => call().asResponse();
    const buffer = Buffer.from(await (await response()).arrayBuffer()).toString('utf8');
    const copy = (await response()).clone();
    return [buffer, await (await response()).json(), await copy.text(), await textOf((await response()).body)];
  },
  'asResponse, as a web stream': async (call) => {
    const { body } = await call().asResponse();
    if (!(body instanceof ReadableStream)) return 'a Node stream';
    const [left, right] = body.tee();
    const piped = (await call().asResponse()).body.pipeThrough(new TextDecoderStream());
    const reader = (await call().asResponse()).body.getReader({ mode: 'byob' });
    const filled = await reader.read(new Uint8Array(16));
    await reader.cancel();
    const unread = (await call().asResponse()).body;
    const locked = [unread.locked, unread.getReader().constructor.name, unread.locked];
    return [
      await textOf(left),
      await textOf(right),
      await textOf(piped),
      Buffer.from(filled.value!).toString('utf8'),
      locked,
      Object.keys(unread),
      Object.prototype.toString.call(unread),
    ];
  },
  'the stream': async (call) => {
    const stream = await call({ stream: true });
    const before = looks(stream);
    const chunks: unknown[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    const again = await caught(() => stream[Symbol.asyncIterator]().next());
    return {
      before,
      chunks,
      again,
      aborted: stream.controller.signal.aborted,
      iterator: looks(stream.iterator()),
      kept: looks(stream),
    };
  },
  'a stream step by step': async (call) => {
    const iterator = (await call({ stream: true }))[Symbol.asyncIterator]();
    const first = iterator.next();
    const steps = [
      looks(iterator),
      looks(first),
      await first,
      await iterator.next(),
      await iterator.return('over'),
      await iterator.next(),
    ];
    return [steps, await caught(() => iterator.throw(new Error('mine')))];
  },
  'a break': async (call) => {
    const stream = await call({ stream: true });
    for await (const _ of stream) break;
    return stream.controller.signal.aborted;
  },
  'a throw out of the loop': async (call) =>
    caught(async () => {
      for await (const _ of await call({ stream: true })) throw new RangeError('mine');
    }),
  'an abort of the stream': async (call) => {
    const stream = await call({ stream: true, temperature: -2 });
    let count = 0;
    for await (const _ of stream) if (count++ === 0) stream.controller.abort();
    return count;
  },
  tee: async (call) => {
    const branches = (await call({ stream: true })).tee();
    const [left, right] = await Promise.all(
      branches.map(async (branch: any) => {
        const chunks: unknown[] = [];
        for await (const chunk of branch) chunks.push(chunk);
        return chunks;
      }),
    );
    return [branches.map(looks), left, right];
  },
  toReadableStream: async (call) => textOf((await call({ stream: true })).toReadableStream()),
  'a stream through withResponse': async (call) => {
    const { data, response } = await call({ stream: true }).withResponse();
    return [looks(data), response.bodyUsed, (await data[Symbol.asyncIterator]().next()).done];
  },
  'a helper': async (_call, client) => {
    const helper = client.messages ?? (client.chat.completions.stream ? client.chat.completions : client.beta.chat.completions);
    const events: string[] = [];
    const runner = helper.stream({ model: 'm', max_tokens: 1, messages: [{ role: 'user', content: 'hi' }] });
    for (const name of ['connect', 'chunk', 'content', 'text', 'message', 'streamEvent', 'contentBlock', 'end', 'finalMessage']) {
      runner.on(name, () => events.push(name));
    }
    await runner.done();
    return [looks(runner), events];
  },
  'errors of the provider': async (call) => {
    const outcomes: unknown[] = [];
    for (const status of [400, 401, 403, 404, 409, 422, 429, 500, 529])
      outcomes.push(await caught(() => call({ temperature: status })));
    return outcomes;
  },
  'an abort': async (call) => [
    await caught(() => call({}, { signal: AbortSignal.abort() })),
    await caught(() => call({ temperature: -1 }, { signal: AbortSignal.timeout(30) })),
    await caught(() => call({ temperature: -1 }, { timeout: 30 })),
  ],
  'wrong arguments': async (_call, client) => {
    const { create } = client.messages ?? client.chat.completions;
    const owner = client.messages ?? client.chat.completions;
    return [
      await caught(() => create.call(owner, undefined)),
      await caught(() => create.call(owner, null)),
      await caught(() => create.call(undefined, {})),
    ];
  },
  'the method': (_call, client) => {
    const owner = client.messages ?? client.chat.completions;
    const { create } = owner;
    const prototype = Object.getPrototypeOf(owner);
    const { value: _value, ...descriptor } = Object.getOwnPropertyDescriptor(prototype, 'create')!;
    return [
      create.name,
      create.length,
      Object.hasOwn(owner, 'create'),
      Object.keys(prototype),
      descriptor,
      'prototype' in create,
      Object.keys(owner),
    ];
  },
  retries: async (call) => caught(() => call({ temperature: 503 }, { maxRetries: 2 })),
};

const answers = (isOpenai: boolean): Answer => {
  const id = isOpenai ? 'x-request-id' : 'request-id';
  const error = isOpenai ? wire.openaiError : wire.anthropicError;
  return ({ json }) => {
    const status = json?.temperature;
    // Two chunks in one piece, and then nothing: how many the app still gets after an abort must not depend on the network.
    const pieces = isOpenai ? wire.chatCompletionStream() : wire.anthropicStream();
    if (status === -2) return { pieces: [pieces.slice(0, 3).join('')], after: 'hang' };
    if (status === -1) return new Promise(() => {});
    if (status !== undefined) return error({ status, requestId: 'req_e', retryAfterMs: 1 });
    const headers = { [id]: 'req_1' };
    if (json?.stream) return { headers, pieces };
    return { headers, body: isOpenai ? wire.chatCompletion() : wire.anthropicMessage() };
  };
};

/** What the provider was sent, without what differs from run to run. */
function requestsOf(server: StandIn): unknown {
  return server.requests.map(({ method, path, text, headers: { host: _, ...headers } }) => ({ method, path, text, headers }));
}

async function play(sdk: Sdk, scenario: Scenario): Promise<unknown> {
  const isOpenai = sdk.provider === 'openai';
  const server = await startStandIn(answers(isOpenai));
  try {
    const { OpenAI, Anthropic } = require(sdk.name);
    const client: any = new (isOpenai ? OpenAI : Anthropic)({ apiKey: 'k', baseURL: server.url, maxRetries: 0 });
    const body = { model: 'm', messages: [{ role: 'user', content: 'hi' }], ...(!isOpenai && { max_tokens: 9 }) };
    const owner = isOpenai ? client.chat.completions : client.messages;
    const said = await scenario((more = {}, options) => owner.create({ ...body, ...more }, options), client);
    const text = inspect(
      // Whether a request that is aborted by time has arrived before that, nobody knows.
      { said, sent: scenario === SCENARIOS['an abort'] ? [] : requestsOf(server) },
      { depth: 12, showHidden: false, maxArrayLength: null, breakLength: 120 },
    );
    return text
      .replaceAll(String(server.port), 'PORT')
      .replaceAll(/log_[0-9a-f]+/g, 'LOG')
      .split('\n');
  } finally {
    await server.close();
  }
}

afterEach(() => {
  hub.recorder = null;
  undoAll();
});

describe.each(SDKS)('P4 $name patched is as it was', (sdk) => {
  test.each(Object.entries(SCENARIOS))('%s', async (_, scenario) => {
    const bare = await play(sdk, scenario);
    (sdk.provider === 'openai' ? openai : anthropic).patch({ namespace: require(sdk.name) });
    const recorder = recordInMemory();
    const patched = await play(sdk, scenario);
    expect(patched).toEqual(bare);
    expect(recorder.events.length > 0 || scenario === SCENARIOS['the method']).toBe(true);
    hub.recorder = null;
    expect(await play(sdk, scenario), 'patched, with nobody in the hub').toEqual(bare);
  });

  test('promises that are dropped', async () => {
    const run = (mode: string): Promise<unknown> =>
      new Promise((resolve) => {
        const child = new URL('../support/unhandled-child.ts', import.meta.url).pathname;
        execFile(process.execPath, [child, sdk.name, sdk.provider, mode], { timeout: 60_000 }, (error, stdout, stderr) => {
          const thrown = stderr.split('\n').find((line) => /Error: /.test(line));
          resolve({ code: error?.code, signal: error?.signal, seen: JSON.parse(stdout || '"nothing"'), thrown });
        });
      });
    const [bare, patched] = await Promise.all([run('bare'), run('patched')]);
    expect(patched).toEqual(bare);
    expect(bare).toMatchObject({
      code: 1,
      seen: expect.arrayContaining([expect.stringMatching(/^BadRequestError .*bad: nothing/)]),
    });
  });
});
