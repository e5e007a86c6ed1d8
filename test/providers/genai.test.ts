import { createRequire } from 'node:module';
import { genai } from '../../src/providers/google/genai.ts';
import type { CallOptions, ProviderSpec } from '../../src/testing/contract/spec.ts';
import * as wire from '../../src/testing/wire-gemini.ts';
import { sse } from '../../src/testing/wire.ts';
import { contractOf } from './contract.ts';

const require = createRequire(import.meta.url);
const CITY = { type: 'OBJECT', properties: { city: { type: 'STRING' } } };

// Made anew for each call: the SDK writes into it.
const body = ({ signal }: CallOptions = {}, config: object = {}) => ({
  model: 'gemini-2.5-flash',
  contents: 'How is the weather?',
  config: { maxOutputTokens: 64, ...config, ...(signal && { abortSignal: signal }) },
});

const METHODS = ['generateContentInternal', 'generateContentStreamInternal', 'embedContentInternal', 'countTokens'];

const spec: Omit<ProviderSpec, 'load'> = {
  name: 'gcp.gemini',
  provider: genai,
  operation: 'generate_content',
  client: (sdk, baseUrl, { maxRetries, timeoutMs }) => {
    const retryOptions = { attempts: maxRetries + 1, initialDelay: 0.001, jitter: 0 };
    const httpOptions = { baseUrl, ...(timeoutMs && { timeout: timeoutMs }), ...(maxRetries > 0 && { retryOptions }) };
    return new sdk.GoogleGenAI({ apiKey: 'k-test', httpOptions });
  },
  chat: (client, options) => client.models.generateContent(body(options)),
  stream: (client, options) => client.models.generateContentStream(body(options)),
  wire: {
    answer: wire.geminiAnswer,
    stream: wire.geminiStream,
    error: wire.geminiError,
    errorEvent: sse({ error: { code: 503, message: 'Busy.', status: 'UNAVAILABLE' } }),
    odd: [
      {},
      { candidates: [] },
      { candidates: null, usageMetadata: null },
      { candidates: [{ content: null }] },
      { candidates: [{ content: { role: 'wizard', parts: [{ spell: 1 }] }, finishReason: 7 }] },
      { promptFeedback: { blockReason: 'SAFETY' } },
    ],
  },
  errors: {
    byStatus: { 400: 'ApiError', 401: 'ApiError', 404: 'ApiError', 429: 'ApiError', 500: 'ApiError' },
    timeout: 'TimeoutError',
    abort: 'AbortError',
    refused: 'TypeError',
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
    cacheTokens: true,
    responseIds: true,
    responseModels: true,
    errorCodes: true,
    droppedStreams: true,
    breakLeavesOpen: true,
  },
  structured: async (client) => {
    const config = { responseMimeType: 'application/json', responseSchema: CITY };
    return JSON.parse((await client.models.generateContent(body({}, config))).text);
  },
  streamHelper: async (client) => {
    const chat = client.chats.create({ model: 'gemini-2.5-flash' });
    const texts: string[] = [];
    for await (const chunk of await chat.sendMessageStream({ message: 'How is the weather?' })) texts.push(chunk.text);
    return texts.join('');
  },
  embeddings: {
    call: (client) => client.models.embedContent({ model: 'gemini-embedding-001', contents: ['Oslo'] }),
    answer: wire.geminiEmbeddings([[0.25, 0.5, 1]]),
    dimensions: 3,
    vectors: (result) => result.embeddings.map(({ values }: any) => values),
  },
  toolLoop: (client, run) => {
    const lookup = {
      tool: async () => ({ functionDeclarations: [{ name: 'lookup', parameters: CITY }] }),
      callTool: async ([{ id, name }]: any[]) => [{ functionResponse: { id, name, response: { output: await run() } } }],
    };
    return client.models.generateContent(body({}, { tools: [lookup] }));
  },
  toolTurn: (client, turns) => {
    const { contents, ...rest } = body();
    const more = turns.flatMap(({ id, name, arguments: given, result }) => [
      { role: 'model', parts: [{ functionCall: { id, name, args: JSON.parse(given) as unknown } }] },
      { role: 'user', parts: [{ functionResponse: { id, name, response: { output: result } } }] },
    ]);
    return client.models.generateContent({ ...rest, contents: [{ role: 'user', parts: [{ text: contents }] }, ...more] });
  },
  methods: ({ Models }) => METHODS.map((name) => [Models.prototype, name]),
};

/** What version 1 does otherwise: it takes no notice of a signal that was aborted before, leaves the answer of the last attempt unread, and hands on error events as empty chunks. */
const { errorEvent: _, ...firstWire } = spec.wire;
const change: Partial<ProviderSpec> = { wire: firstWire, can: { ...spec.can, abort: false, retries: false } };

contractOf(spec, [
  { label: '3, CommonJS', load: () => require('@google/genai') },
  { label: '3, ES module', load: () => import('@google/genai') },
  { label: '2, CommonJS', load: () => require('genai-2') },
  { label: '2, ES module', load: () => import('genai-2') },
  { label: '1, CommonJS', load: () => require('genai-1'), change },
  { label: '1, ES module', load: () => import('genai-1'), change },
]);
