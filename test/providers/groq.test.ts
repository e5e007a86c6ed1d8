import { createRequire } from 'node:module';
import { groq } from '../../src/providers/groq/groq.ts';
import { groqChat, groqChatStream } from '../../src/testing/wire-groq.ts';
import * as wire from '../../src/testing/wire.ts';
import { contractOf } from './contract.ts';
import { openaiSpec, toolMessages } from './openai-spec.ts';

const require = createRequire(import.meta.url);
const body = { model: 'openai/gpt-oss-20b', messages: [{ role: 'user' as const, content: 'How is the weather?' }] };

contractOf(
  {
    name: 'groq',
    provider: groq,
    client: (sdk, url, { maxRetries, timeoutMs }) =>
      new sdk.Groq({ apiKey: 'gsk-test', baseURL: url, maxRetries, ...(timeoutMs && { timeout: timeoutMs }) }),
    chat: (client, options) => client.chat.completions.create(body, options),
    stream: (client, options) => client.chat.completions.create({ ...body, stream: true }, options),
    wire: {
      answer: groqChat,
      stream: groqChatStream,
      error: wire.openaiError,
      errorEvent: wire.sse({ error: { message: 'No.', type: 'invalid_request_error', code: 'tool_use_failed' } }, 'error'),
      requestIdHeader: 'x-request-id',
      odd: openaiSpec.wire.odd!,
    },
    errors: openaiSpec.errors,
    can: openaiSpec.can,
    embeddings: {
      call: (client) => client.embeddings.create({ model: 'nomic-embed-text-v1_5', input: 'Oslo' }),
      answer: wire.embedding([[0.25, 0.5, 1]], 'float', 'nomic-embed-text-v1_5'),
      dimensions: 3,
      inputTokens: 8,
    },
    toolTurn: (client, turns) =>
      client.chat.completions.create({ ...body, messages: [...body.messages, ...toolMessages(turns)] }),
    methods: ({ Groq }) => [
      [Groq.Chat.Completions.prototype, 'create'],
      [Groq.Embeddings.prototype, 'create'],
      [Groq.Audio.Speech.prototype, 'create'],
      [Groq.Audio.Transcriptions.prototype, 'create'],
      [Groq.Audio.Translations.prototype, 'create'],
    ],
  },
  [
    { label: '1, CommonJS', load: () => require('groq-sdk') },
    { label: '1, ES module', load: () => import('groq-sdk') },
    { label: '0, CommonJS', load: () => require('groq-0') },
    { label: '0, ES module', load: () => import('groq-0') },
  ],
);
