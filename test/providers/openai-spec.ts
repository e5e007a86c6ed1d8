import { openai } from '../../src/providers/openai/openai.ts';
import type { ProviderSpec, ToolTurn } from '../../src/testing/contract/spec.ts';
import * as wire from '../../src/testing/wire.ts';
import { STAINLESS } from './stainless-claims.ts';

const body = { model: 'gpt-5-mini', messages: [{ role: 'user' as const, content: 'How is the weather?' }] };
const schema = { name: 'place', schema: { type: 'object', properties: { city: { type: 'string' } } } };
const format = { type: 'json_schema', json_schema: schema, $brand: 'auto-parseable-response-format', $parseRaw: JSON.parse };
const helpers = (client: any): any => (client.chat.completions.stream ? client.chat.completions : client.beta.chat.completions);
const choice = (message: object | undefined): object => ({ id: 'x', choices: [{ index: 0, message }] });

/** The messages of an agent's turns: the model's, with its call, and the tool's, with the result. */
export function toolMessages(turns: readonly ToolTurn[]): object[] {
  return turns.flatMap(({ id, name, arguments: given, result }) => [
    { role: 'assistant', content: null, tool_calls: [{ id, type: 'function', function: { name, arguments: given } }] },
    { role: 'tool', tool_call_id: id, content: result },
  ]);
}

/** Chat completions of OpenAI's SDK, every version. */
export const openaiSpec: Omit<ProviderSpec, 'load'> = {
  name: 'openai',
  provider: openai,
  client: (sdk, url, { maxRetries, timeoutMs }) =>
    new sdk.OpenAI({ apiKey: 'sk-test', baseURL: url, maxRetries, ...(timeoutMs && { timeout: timeoutMs }) }),
  chat: (client, options) => client.chat.completions.create(body, options),
  stream: (client, options) => client.chat.completions.create({ ...body, stream: true }, options),
  wire: {
    answer: wire.chatCompletion,
    stream: wire.chatCompletionStream,
    error: wire.openaiError,
    errorEvent: wire.sse({ error: { message: 'Too many.', type: 'requests', code: 'rate_limit_exceeded' } }),
    requestIdHeader: 'x-request-id',
    odd: [
      {},
      { id: 'x', choices: [] },
      choice(undefined),
      choice({ role: 'assistant', content: null }),
      choice({ role: 'wizard', content: 'hi' }),
      [1],
      null,
      'text',
    ],
  },
  ...STAINLESS,
  streamHelper: (client) => helpers(client).stream(body).finalChatCompletion(),
  structured: async (client) => {
    const parse = client.chat.completions.parse ? client.chat.completions : client.beta.chat.completions;
    return (await parse.parse({ ...body, response_format: format })).choices[0].message.parsed;
  },
  embeddings: {
    call: (client) => client.embeddings.create({ model: 'text-embedding-3-small', input: 'Oslo' }),
    answer: wire.embedding([[0.25, 0.5, 1]], 'base64'),
    dimensions: 3,
    inputTokens: 8,
  },
  toolLoop: (client, run) => {
    const lookup = { name: 'lookup', description: 'Looks it up.', parameters: {}, parse: JSON.parse, function: run };
    return helpers(client)
      .runTools({ ...body, tools: [{ type: 'function', function: lookup }] })
      .done();
  },
  toolTurn: (client, turns) => client.chat.completions.create({ ...body, messages: [...body.messages, ...toolMessages(turns)] }),
  methods: ({ OpenAI }) => [
    [OpenAI.Chat.Completions.prototype, 'create'],
    [OpenAI.Responses.prototype, 'create'],
    [OpenAI.Embeddings.prototype, 'create'],
    [OpenAI.Images.prototype, 'generate'],
  ],
};
