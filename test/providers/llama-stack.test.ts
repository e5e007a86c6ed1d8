import { createRequire } from 'node:module';
import { llamaStack } from '../../src/providers/llama-stack/llama-stack.ts';
import * as wire from '../../src/testing/wire.ts';
import { contractOf } from './contract.ts';
import { openaiSpec, toolMessages } from './openai-spec.ts';

const require = createRequire(import.meta.url);
const body = { model: 'ollama/llama3.2:3b', messages: [{ role: 'user' as const, content: 'How is the weather?' }] };

contractOf(
  {
    name: 'llama_stack',
    provider: llamaStack,
    client: (sdk, url, { maxRetries, timeoutMs }) => {
      const Client = sdk.default ?? sdk;
      return new Client({ baseURL: url, maxRetries, ...(timeoutMs && { timeout: timeoutMs }) });
    },
    chat: (client, options) => client.chat.completions.create(body, options),
    stream: (client, options) => client.chat.completions.create({ ...body, stream: true }, options),
    wire: { ...openaiSpec.wire, errorEvent: wire.sse({ error: { message: 'The model is gone.', code: '500' } }) },
    errors: openaiSpec.errors,
    can: openaiSpec.can,
    embeddings: {
      call: (client) => client.embeddings.create({ model: 'ollama/all-minilm', input: 'Oslo' }),
      answer: wire.embedding([[0.25, 0.5, 1]], 'float', 'ollama/all-minilm'),
      dimensions: 3,
      inputTokens: 8,
    },
    toolTurn: (client, turns) =>
      client.chat.completions.create({ ...body, messages: [...body.messages, ...toolMessages(turns)] }),
    methods: (sdk) => {
      const { Chat, Completions, Responses, Embeddings, Moderations, Safety, Alpha } = sdk.default ?? sdk;
      return [
        ...[Chat.Completions, Completions, Responses, Embeddings, Moderations].map(({ prototype }): [any, string] => [
          prototype,
          'create',
        ]),
        [Safety.prototype, 'runShield'],
        [Alpha.Inference.prototype, 'rerank'],
      ];
    },
  },
  [
    { label: '0.7, CommonJS', load: () => require('llama-stack-client') },
    { label: '0.7, ES module', load: () => import('llama-stack-client') },
  ],
);
