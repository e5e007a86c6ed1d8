import { createRequire } from 'node:module';
import { cohere } from '../../src/providers/cohere/cohere.ts';
import type { CallOptions, ClientOptions, ProviderSpec } from '../../src/testing/contract/spec.ts';
import * as wire from '../../src/testing/wire-cohere.ts';
import { contractOf } from './contract.ts';

const require = createRequire(import.meta.url);
const model = 'command-a-03-2025';
const messages = [{ role: 'user', content: 'How is the weather?' }];
const schema = { type: 'object', properties: { city: { type: 'string' } } };
const responseFormat = { type: 'json_object', jsonSchema: schema };
const options = ({ signal }: CallOptions = {}): object => (signal ? { abortSignal: signal } : {});
const clientOptions = (url: string, { maxRetries, timeoutMs }: ClientOptions): object => ({
  token: 'test',
  environment: url,
  maxRetries,
  ...(timeoutMs !== undefined && { timeoutInSeconds: timeoutMs / 1000 }),
});
const odd = [
  {},
  { message: {} },
  { message: null, usage: null },
  { message: { content: [null, { type: 'spell' }] } },
  [1],
  null,
  'text',
];

const v2: Omit<ProviderSpec, 'load'> = {
  name: 'cohere',
  provider: cohere,
  client: (sdk, url, given) => new sdk.CohereClientV2(clientOptions(url, given)),
  chat: (client, given) => client.chat({ model, messages }, options(given)),
  stream: (client, given) => client.chatStream({ model, messages }, options(given)),
  wire: {
    answer: wire.cohereChat,
    stream: wire.cohereChatStream,
    error: wire.cohereError,
    errorEvent: 'data: {"type":\n\n',
    requestIdHeader: 'x-debug-trace-id',
    odd,
  },
  errors: {
    byStatus: { 400: 'BadRequestError', 401: 'UnauthorizedError', 429: 'TooManyRequestsError', 500: 'InternalServerError' },
    timeout: 'CohereTimeoutError',
    abort: 'AbortError',
    refused: 'CohereError',
    status: (error) => error.statusCode,
  },
  can: {
    retries: true,
    abort: true,
    abortInStream: true,
    timeout: true,
    incompleteStreams: true,
    exchanges: true,
    answerer: true,
    toolCallIds: true,
    responseIds: true,
    droppedStreams: true,
    errorHeaders: true,
  },
  structured: async (client) => {
    const { message } = await client.chat({ model, messages, responseFormat });
    return JSON.parse(message.content[0].text);
  },
  embeddings: {
    call: (client) =>
      client.embed({ model: 'embed-v4.0', inputType: 'search_query', texts: ['Oslo'], embeddingTypes: ['float'] }),
    answer: wire.cohereEmbeddings({ float: [[0.25, 0.5, 1]] }),
    dimensions: 3,
    inputTokens: 3,
    vectors: ({ embeddings }) => embeddings.float,
  },
  toolTurn: (client, turns) => {
    const more = turns.flatMap(({ id, name, arguments: given, result }) => [
      { role: 'assistant', toolCalls: [{ id, type: 'function', function: { name, arguments: given } }] },
      { role: 'tool', toolCallId: id, content: result },
    ]);
    return client.chat({ model, messages: [...messages, ...more] });
  },
  methods: ({ CohereClient }) => {
    const client = new CohereClient({ token: 'test' });
    const ofV2 = ['__chat', '__chatStream', '__embed', '__rerank'];
    const ofV1 = ['__chat', '__chatStream', '__generate', '__generateStream', '__embed', '__rerank', '__classify', '__summarize'];
    const v1 = Object.getPrototypeOf(CohereClient.prototype);
    return [
      ...ofV2.map((name) => [Object.getPrototypeOf(client.v2), name] as [object, string]),
      ...ofV1.map((name) => [v1, name] as [object, string]),
      [Object.getPrototypeOf(client.audio.transcriptions), '__create'],
    ];
  },
};

const { structured: _structured, embeddings: _embeddings, ...shared } = v2;
const v1: Omit<ProviderSpec, 'load'> = {
  ...shared,
  client: (sdk, url, given) => new sdk.CohereClient(clientOptions(url, given)),
  chat: (client, given) => client.chat({ model, message: 'How is the weather?' }, options(given)),
  stream: (client, given) => client.chatStream({ model, message: 'How is the weather?' }, options(given)),
  toolTurn: (client, turns) => {
    const results = turns.map(({ name, arguments: given, result }) => ({
      call: { name, parameters: JSON.parse(given) as unknown },
      outputs: [{ weather: result }],
    }));
    const history = results.flatMap((result) => [
      { role: 'CHATBOT', message: '', toolCalls: [result.call] },
      { role: 'TOOL', toolResults: [result] },
    ]);
    // The newest results stand beside the history.
    const chatHistory = [{ role: 'USER', message: 'How is the weather?' }, ...history.slice(0, -1)];
    return client.chat({ model, message: '', chatHistory, toolResults: results.slice(-1) });
  },
  wire: {
    ...v2.wire,
    answer: wire.cohereChatV1,
    stream: wire.cohereChatV1Stream,
    streamHeaders: wire.COHERE_LINES,
    errorEvent: '{"is_finished":\n',
  },
  can: { ...v2.can, toolCallIds: false },
};

contractOf(v2, [
  { label: '8, CommonJS', load: () => require('cohere-ai') },
  { label: '8, ES module', load: () => import('cohere-ai') },
  { label: '7, CommonJS', load: () => require('cohere-7') },
  { label: '7, ES module', load: () => import('cohere-7') },
]);

contractOf(v1, [
  { label: '8, version 1 of the API', load: () => require('cohere-ai') },
  { label: '7, version 1 of the API', load: () => require('cohere-7') },
]);
