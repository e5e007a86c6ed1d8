import { createRequire } from 'node:module';
import { genai } from '../../src/providers/google/genai.ts';
import type { ProviderSpec, ToolTurn } from '../../src/testing/contract/spec.ts';
import * as wire from '../../src/testing/wire-gemini.ts';
import { contractOf } from './contract.ts';

const require = createRequire(import.meta.url);
const body = { model: 'gemini-2.5-flash', input: 'How is the weather?' };

/** How often a client tries again is said with each call. */
const retriesOf = new WeakMap<object, number>();

function again(client: object): object {
  const maxRetries = retriesOf.get(client) ?? 0;
  const backoff = { initialInterval: 1, maxInterval: 2, exponent: 1, maxElapsedTime: 5000 };
  return { retries: maxRetries === 0 ? { strategy: 'none' } : { strategy: 'attempt-count-backoff', maxRetries, backoff } };
}

const callStep = ({ id, name, arguments: given }: ToolTurn): object => ({
  type: 'function_call',
  id,
  name,
  arguments: JSON.parse(given) as unknown,
});
const resultStep = ({ id, name, result }: ToolTurn): object => ({ type: 'function_result', call_id: id, name, result });

const spec: Omit<ProviderSpec, 'load'> = {
  name: 'gcp.gemini',
  provider: genai,
  operation: 'generate_content',
  client: (sdk, baseUrl, { maxRetries, timeoutMs }) => {
    const client = new sdk.GoogleGenAI({ apiKey: 'k-test', httpOptions: { baseUrl, ...(timeoutMs && { timeout: timeoutMs }) } });
    retriesOf.set(client, maxRetries);
    return client;
  },
  chat: (client, options) => client.interactions.create(body, { ...again(client), ...options }),
  stream: (client, options) => client.interactions.create({ ...body, stream: true }, { ...again(client), ...options }),
  toolTurn: (client, turns) => {
    const question = { type: 'user_input', content: [{ type: 'text', text: body.input }] };
    const steps = turns.flatMap((turn) => [callStep(turn), resultStep(turn)]);
    return client.interactions.create({ ...body, input: [question, ...steps] }, again(client));
  },
  wire: {
    answer: wire.interaction,
    stream: wire.interactionStream,
    error: ({ code, ...error }) => {
      const reply = wire.geminiError(error);
      const headers = { ...reply.headers, ...(error.retryAfterSeconds && { 'retry-after': String(error.retryAfterSeconds) }) };
      return { ...reply, headers, body: { error: { code: code ?? 'invalid_request', message: 'That did not work.' } } };
    },
    requestIdHeader: 'x-request-id',
  },
  errors: {
    byStatus: { 400: 'BadRequestError', 404: 'NotFoundError', 500: 'InternalServerError' },
  },
  can: {
    exchanges: true,
    answerer: true,
    toolCallIds: true,
    cacheTokens: true,
    responseIds: true,
    responseModels: true,
    errorCodes: true,
    errorHeaders: true,
    droppedStreams: true,
    retries: true,
    abort: true,
    abortInStream: true,
    incompleteStreams: true,
    tee: true,
    timeout: true,
  },
  volatile: ['sdkHttpResponse', 'httpMeta', 'rawResponse'],
  methods: ({ Models }) => [[Models.prototype, 'countTokens']],
};

/** Version 1 has contents where there are steps now, and the promises and streams of Stainless's SDKs. */
const change: Partial<ProviderSpec> = {
  client: (sdk, baseUrl, { maxRetries, timeoutMs }) => {
    const retryOptions = { attempts: maxRetries };
    return new sdk.GoogleGenAI({
      apiKey: 'k-test',
      httpOptions: { baseUrl, retryOptions, ...(timeoutMs && { timeout: timeoutMs }) },
    });
  },
  chat: (client, options) => client.interactions.create(body, options),
  stream: (client, options) => client.interactions.create({ ...body, stream: true }, options),
  toolTurn: (client, turns) => {
    const more = turns.flatMap((turn) => [
      { role: 'model', content: [callStep(turn)] },
      { role: 'user', content: [resultStep(turn)] },
    ]);
    return client.interactions.create({ ...body, input: [{ role: 'user', content: body.input }, ...more] });
  },
  wire: {
    ...spec.wire,
    answer: (answer) => wire.interaction(answer, 'outputs'),
    stream: (answer) => wire.interactionStream(answer, 'outputs'),
  },
  can: {
    ...spec.can,
    rawResponse: 'stainless',
    readableStream: true,
    streamController: true,
  },
};

contractOf(spec, [
  { label: '3, CommonJS', load: () => require('@google/genai') },
  { label: '3, ES module', load: () => import('@google/genai') },
  { label: '2, CommonJS', load: () => require('genai-2') },
  { label: '2, ES module', load: () => import('genai-2') },
  { label: '1, CommonJS', load: () => require('genai-1'), change },
  { label: '1, ES module', load: () => import('genai-1'), change },
]);
