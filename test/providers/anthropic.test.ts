import { createRequire } from 'node:module';
import { anthropic } from '../../src/providers/anthropic/anthropic.ts';
import type { ToolTurn } from '../../src/testing/contract/spec.ts';
import * as wire from '../../src/testing/wire.ts';
import { contractOf } from './contract.ts';
import { STAINLESS } from './stainless-claims.ts';

const require = createRequire(import.meta.url);
const body = {
  model: 'claude-sonnet-4-5',
  max_tokens: 64,
  messages: [{ role: 'user' as const, content: 'How is the weather?' }],
};
const format = { type: 'json_schema', schema: { type: 'object', properties: { city: { type: 'string' } } }, parse: JSON.parse };

const toolMessages = (turns: readonly ToolTurn[]): object[] =>
  turns.flatMap(({ id, name, arguments: given, result }) => [
    { role: 'assistant', content: [{ type: 'tool_use', id, name, input: JSON.parse(given) as unknown }] },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: id, content: result }] },
  ]);

contractOf(
  {
    name: 'anthropic',
    provider: anthropic,
    client: (sdk, url, { maxRetries, timeoutMs }) =>
      new sdk.Anthropic({ apiKey: 'sk-test', baseURL: url, maxRetries, ...(timeoutMs && { timeout: timeoutMs }) }),
    chat: (client, options) => client.messages.create(body, options),
    stream: (client, options) => client.messages.create({ ...body, stream: true }, options),
    wire: {
      answer: wire.anthropicMessage,
      stream: wire.anthropicStream,
      error: wire.anthropicError,
      errorEvent: wire.sse({ type: 'error', error: { type: 'overloaded_error', message: 'Busy.' } }, 'error'),
      requestIdHeader: 'request-id',
      odd: [
        {},
        { id: 'x', content: [] },
        { id: 'x', content: null, usage: null },
        { id: 'x', role: 'wizard', content: [{ type: 'spell' }] },
        [1],
        null,
        'text',
      ],
    },
    ...STAINLESS,
    streamHelper: (client) => client.messages.stream(body).finalMessage(),
    structured: async (client) => (await client.messages.parse({ ...body, output_config: { format } })).parsed_output,
    toolLoop: (client, run) => {
      const lookup = { type: 'custom', name: 'lookup', input_schema: { type: 'object' }, run, parse: (it: unknown) => it };
      return client.beta.messages.toolRunner({ ...body, tools: [lookup] });
    },
    toolTurn: (client, turns) => client.messages.create({ ...body, messages: [...body.messages, ...toolMessages(turns)] }),
    methods: ({ Anthropic }) => [
      [Anthropic.Messages.prototype, 'create'],
      [Anthropic.Beta.Messages.prototype, 'create'],
      [Anthropic.Messages.prototype, 'countTokens'],
    ],
  },
  [
    { label: '1, CommonJS', load: () => require('@anthropic-ai/sdk') },
    { label: '1, ES module', load: () => import('@anthropic-ai/sdk') },
    { label: '0', load: () => require('anthropic-0') },
  ],
);
