import { createRequire } from 'node:module';
import { z } from 'zod';
import { mistral } from '../../src/providers/mistral/mistral.ts';
import * as wire from '../../src/testing/wire-mistral.ts';
import { contractOf } from './contract.ts';

const require = createRequire(import.meta.url);
const body = { model: 'mistral-small-latest', messages: [{ role: 'user', content: 'How is the weather?' }] };
const responseFormat = z.object({ city: z.string() });

/** The SDK's retry loop is bounded by time alone: these codes stop being any after so many questions. */
class FewTimes extends Array<string> {
  left = 0;
  override some(matches: (code: string, index: number, all: string[]) => unknown): boolean {
    return this.left-- > 0 && super.some(matches);
  }
}
const retries = new WeakMap<object, number>();
const codes = (client: object): FewTimes => Object.assign(FewTimes.of('5XX') as FewTimes, { left: retries.get(client) ?? 0 });

// Where an answer is no JSON, version 1 leaves a promise of its own unhandled, with or without us: the program that it runs in must bear it.
const listeners = process.listeners('unhandledRejection');
process.removeAllListeners('unhandledRejection');
process.on('unhandledRejection', (error, promise) => {
  if (!(error instanceof SyntaxError)) for (const listener of listeners) listener(error, promise);
});

contractOf(
  {
    name: 'mistral_ai',
    provider: mistral,
    client: (sdk, serverURL, { maxRetries, timeoutMs }) => {
      const backoff = { initialInterval: 1, maxInterval: 2, exponent: 1, maxElapsedTime: 60_000 };
      const retryConfig = maxRetries > 0 ? { strategy: 'backoff', backoff } : { strategy: 'none' };
      const client = new sdk.Mistral({ apiKey: 'key', serverURL, timeoutMs, retryConfig });
      retries.set(client, maxRetries);
      return client;
    },
    modules: (sdk) => [{ namespace: sdk }, { namespace: sdk.promises }],
    chat: (client, options) => client.chat.complete(body, { retryCodes: codes(client), ...options }),
    stream: (client, options) => client.chat.stream(body, options),
    wire: {
      answer: wire.mistralChat,
      stream: wire.mistralChatStream,
      error: wire.mistralError,
      requestIdHeader: 'mistral-correlation-id',
      odd: [{}, { choices: [] }, { id: 'x', choices: [{ index: 0, message: 'hi' }] }, [1], null, 'text'],
    },
    errors: {
      byStatus: { 400: 'SDKError', 401: 'SDKError', 422: 'HTTPValidationError', 429: 'SDKError', 500: 'SDKError' },
      timeout: 'RequestTimeoutError',
      abort: 'RequestAbortedError',
      refused: 'ConnectionError',
      status: (error) => error.statusCode,
    },
    can: {
      retries: true,
      tee: true,
      abort: true,
      abortInStream: true,
      timeout: true,
      incompleteStreams: true,
      exchanges: true,
      answerer: true,
      toolCallIds: true,
      cacheTokens: true,
      responseIds: true,
      responseModels: true,
      errorCodes: true,
      errorHeaders: true,
      droppedStreams: true,
    },
    structured: async (client) => {
      const { parsed } = (await client.chat.parse({ ...body, responseFormat })).choices[0].message;
      if (parsed === undefined) throw new Error('The answer is no JSON.');
      return parsed;
    },
    embeddings: {
      call: (client) => client.embeddings.create({ model: 'mistral-embed', inputs: ['Oslo'] }),
      answer: wire.mistralEmbedding([[0.25, 0.5, 1]]),
      dimensions: 3,
      inputTokens: 8,
    },
    toolTurn: (client, turns) => {
      const more = turns.flatMap(({ id, name, arguments: given, result }) => [
        { role: 'assistant', content: '', toolCalls: [{ id, function: { name, arguments: given } }] },
        { role: 'tool', toolCallId: id, name, content: result },
      ]);
      return client.chat.complete({ ...body, messages: [...body.messages, ...more] });
    },
    methods: (sdk) => {
      const client = new sdk.Mistral({});
      return [
        [Object.getPrototypeOf(client.chat), 'complete'],
        [Object.getPrototypeOf(client.chat), 'parseStream'],
        [Object.getPrototypeOf(client.agents), 'stream'],
        [Object.getPrototypeOf(client.beta.conversations), 'append'],
        [Object.getPrototypeOf(client.audio.transcriptions), 'complete'],
        [Object.getPrototypeOf(sdk.Mistral.prototype), '_do'],
        [sdk.HTTPClient.prototype, 'request'],
        [sdk.promises.APIPromise.prototype, 'then'],
      ];
    },
  },
  [
    {
      label: '2, ES module',
      load: async () => ({
        ...(await import('@mistralai/mistralai')),
        promises: await import('@mistralai/mistralai/types/async.js'),
      }),
    },
    {
      label: '1, CommonJS',
      load: () => ({ ...require('mistral-1'), promises: require('mistral-1/types/async.js') }),
    },
  ],
);
