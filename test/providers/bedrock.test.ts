import { createRequire } from 'node:module';
import { bedrock } from '../../src/providers/bedrock/bedrock.ts';
import type { ClientOptions, ProviderSpec } from '../../src/testing/contract/spec.ts';
import { anthropicMessage } from '../../src/testing/wire.ts';
import * as wire from '../../src/testing/wire-bedrock.ts';
import { contractOf } from './contract.ts';

const require = createRequire(import.meta.url);
// The handler for HTTP/1, which the stand-in speaks: by default the client speaks HTTP/2 (bedrock-client.test.ts).
const { NodeHttpHandler } = createRequire(require.resolve('@aws-sdk/client-bedrock-runtime'))('@smithy/node-http-handler');

const versions = [
  { label: '3, CommonJS', load: () => require('@aws-sdk/client-bedrock-runtime') },
  { label: '3, imported', load: () => import('@aws-sdk/client-bedrock-runtime') },
];
const Commands = require('@aws-sdk/client-bedrock-runtime');
const question = 'How is the weather?';
const anthropic = { anthropic_version: 'bedrock-2023-05-31', max_tokens: 64, messages: [{ role: 'user', content: question }] };
const model = { modelId: 'us.anthropic.claude-sonnet-4-5-20250929-v1:0' };
const conversation = { ...model, messages: [{ role: 'user', content: [{ text: question }] }] };

const invocation = { ...model, contentType: 'application/json', body: JSON.stringify(anthropic) };
const send = (client: any, command: object, signal?: AbortSignal): any =>
  signal ? client.send(command, { abortSignal: signal }) : client.send(command);
const json = (bytes: Uint8Array): any => JSON.parse(Buffer.from(bytes).toString('utf8'));

function client(sdk: any, url: string, { maxRetries, timeoutMs }: ClientOptions): any {
  const requestHandler = new NodeHttpHandler({ requestTimeout: timeoutMs, throwOnRequestTimeout: true });
  const credentials = { accessKeyId: 'AKIDFAKE', secretAccessKey: 'fake-secret', sessionToken: 'fake-token' };
  return new sdk.BedrockRuntimeClient({
    region: 'us-east-1',
    credentials,
    endpoint: url,
    maxAttempts: maxRetries + 1,
    requestHandler,
  });
}

const common = {
  name: 'aws.bedrock',
  provider: bedrock,
  client,
  errors: {
    byStatus: {
      400: 'ValidationException',
      403: 'AccessDeniedException',
      429: 'ThrottlingException',
      500: 'InternalServerException',
    },
    timeout: 'TimeoutError',
    abort: 'AbortError',
    refused: 'Error',
    inStream: 'ThrottlingException',
    status: (error) => error.$metadata?.httpStatusCode,
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
    errorHeaders: true,
    breakLeavesOpen: true,
    droppedStreams: true,
  },
  volatile: ['totalRetryDelay'],
  methods: (sdk) => [[sdk.BedrockRuntimeClient.prototype, 'send']],
} satisfies Partial<ProviderSpec>;

const commonWire = {
  streamHeaders: wire.AWS_STREAM,
  error: wire.bedrockError,
  errorEvent: wire.awsException('throttlingException', 'Too many.'),
  requestIdHeader: 'x-amzn-requestid',
  generatedHeaders: ['amz-sdk-invocation-id', 'x-amz-date', 'authorization'],
};

contractOf(
  {
    ...common,
    chat: (client, { signal } = {}) => send(client, new Commands.ConverseCommand(conversation), signal),
    stream: (client, { signal } = {}) => send(client, new Commands.ConverseStreamCommand(conversation), signal),
    readStream: ({ stream }) => stream,
    toolTurn: (client, turns) => {
      const more = turns.flatMap(({ id, name, arguments: given, result }) => [
        { role: 'assistant', content: [{ toolUse: { toolUseId: id, name, input: JSON.parse(given) as unknown } }] },
        { role: 'user', content: [{ toolResult: { toolUseId: id, content: [{ text: result }] } }] },
      ]);
      return send(client, new Commands.ConverseCommand({ ...conversation, messages: [...conversation.messages, ...more] }));
    },
    wire: {
      ...commonWire,
      answer: wire.converseAnswer,
      stream: wire.converseStream,
      odd: [
        {},
        { output: null },
        { output: { message: { role: 'wizard', content: [{ spell: 1 }] } } },
        { usage: { inputTokens: 'x' } },
        [1],
        null,
        'text',
      ],
    },
    textOf: (value) =>
      Array.isArray(value)
        ? value.map((event) => event.contentBlockDelta?.delta.text ?? '').join('')
        : JSON.stringify(value.output),
  },
  versions,
);

contractOf(
  {
    ...common,
    can: { ...common.can, responseIds: true, responseModels: true },
    chat: (client, { signal } = {}) => send(client, new Commands.InvokeModelCommand(invocation), signal),
    stream: (client, { signal } = {}) => send(client, new Commands.InvokeModelWithResponseStreamCommand(invocation), signal),
    readStream: ({ body }) => body,
    toolTurn: (client, turns) => {
      const more = turns.flatMap(({ id, name, arguments: given, result }) => [
        { role: 'assistant', content: [{ type: 'tool_use', id, name, input: JSON.parse(given) as unknown }] },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: id, content: result }] },
      ]);
      const body = JSON.stringify({ ...anthropic, messages: [...anthropic.messages, ...more] });
      return send(client, new Commands.InvokeModelCommand({ ...invocation, body }));
    },
    wire: {
      ...commonWire,
      answer: anthropicMessage,
      stream: wire.invokeAnthropicStream,
      odd: [{}, { content: null }, { type: 'message', content: [{ type: 'spell' }], usage: 7 }, [1], null, 'text'],
    },
    textOf: (value) =>
      Array.isArray(value)
        ? value.map((event) => json(event.chunk.bytes).delta?.text ?? '').join('')
        : Buffer.from(value.body).toString('utf8'),
    embeddings: {
      call: (client) => {
        const body = JSON.stringify({ inputText: 'Oslo', dimensions: 3 });
        return client.send(new Commands.InvokeModelCommand({ modelId: 'amazon.titan-embed-text-v2:0', body }));
      },
      answer: { embedding: [0.25, 0.5, 1], inputTextTokenCount: 8 },
      dimensions: 3,
      inputTokens: 8,
      vectors: ({ body }) => [json(body).embedding],
    },
  },
  versions,
);
