/** Exchanges of every provider that the SDKs are asked for: made here for each API, and, where they lie beside the repository, one recorded of each kind. */
import * as ai21 from '../../../src/testing/wire-ai21.ts';
import * as bedrock from '../../../src/testing/wire-bedrock.ts';
import * as cohere from '../../../src/testing/wire-cohere.ts';
import * as gemini from '../../../src/testing/wire-gemini.ts';
import * as groq from '../../../src/testing/wire-groq.ts';
import * as mistral from '../../../src/testing/wire-mistral.ts';
import * as ollama from '../../../src/testing/wire-ollama.ts';
import * as wire from '../../../src/testing/wire.ts';
import type { WireAnswer } from '../../../src/testing/wire.ts';
import { haveExchanges } from '../../providers/decode/wire-exchanges.ts';
import { loadRecorded } from '../wire/drive.ts';
import type { Recorded } from '../wire/drive.ts';

const CALL = { id: 'call_1', name: 'lookup', arguments: '{"city":"Oslo"}' };
const ANSWER: WireAnswer = { text: 'Fine in Oslo.', tools: [CALL], tokens: { input: 9, output: 5 } };
const SCHEMA = { type: 'object', properties: { city: { type: 'string', description: 'where' } }, required: ['city'] };

const messages = [
  { role: 'system', content: 'be short' },
  { role: 'user', content: 'the weather?' },
  {
    role: 'assistant',
    content: 'a moment',
    tool_calls: [{ id: 'call_0', type: 'function', function: { name: 'lookup', arguments: '{"city":"Bergen"}' } }],
  },
  { role: 'tool', tool_call_id: 'call_0', content: 'rain in Bergen' },
];
const functionTool = { type: 'function', function: { name: 'lookup', description: 'finds weather', parameters: SCHEMA } };
const chat = { model: 'm-1', messages, tools: [functionTool], user: 'jane@x.org', metadata: { team: 'a b' }, stop: ['THE END'] };
const claude = {
  model: 'm-1',
  max_tokens: 99,
  system: 'be short',
  messages: [
    { role: 'user', content: 'the weather?' },
    { role: 'assistant', content: [{ type: 'tool_use', id: 'call_0', name: 'lookup', input: { city: 'Bergen' } }] },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'call_0', content: 'rain in Bergen' }] },
  ],
  tools: [{ name: 'lookup', description: 'finds weather', input_schema: SCHEMA }],
  metadata: { user_id: 'jane@x.org' },
  stop_sequences: ['THE END'],
};
const responses = {
  model: 'm-1',
  instructions: 'be short',
  input: [
    { role: 'user', content: [{ type: 'input_text', text: 'the weather?' }] },
    { type: 'function_call', call_id: 'call_0', name: 'lookup', arguments: '{"city":"Bergen"}' },
    { type: 'function_call_output', call_id: 'call_0', output: 'rain in Bergen' },
  ],
  tools: [{ type: 'function', name: 'lookup', description: 'finds weather', parameters: SCHEMA }],
  user: 'jane@x.org',
  metadata: { team: 'a b' },
};
const converse = {
  system: [{ text: 'be short' }],
  messages: [{ role: 'user', content: [{ text: 'the weather?' }] }],
  inferenceConfig: { stopSequences: ['THE END'] },
  toolConfig: { tools: [{ toolSpec: { name: 'lookup', description: 'finds weather', inputSchema: { json: SCHEMA } } }] },
  requestMetadata: { team: 'a-b' },
};
const contents = {
  contents: [{ role: 'user', parts: [{ text: 'the weather?' }] }],
  systemInstruction: { parts: [{ text: 'be short' }] },
  generationConfig: { stopSequences: ['THE END'] },
  tools: [{ functionDeclarations: [{ name: 'lookup', description: 'finds weather' }] }],
};

type Framing = 'json' | 'sse' | 'ndjson' | 'aws-eventstream';
const TYPES: Record<Framing, string> = {
  json: 'application/json',
  sse: 'text/event-stream',
  ndjson: 'application/x-ndjson',
  'aws-eventstream': bedrock.AWS_STREAM['content-type'],
};

function made(
  [provider, endpoint]: readonly [string, string],
  framing: Framing,
  request: object,
  answer: object | readonly (string | Uint8Array)[],
  path = '',
): Recorded {
  const pieces = Array.isArray(answer) ? (answer as (string | Uint8Array)[]) : [JSON.stringify(answer)];
  const streams = framing !== 'json' && !['gemini', 'bedrock'].includes(provider);
  return {
    ...{ id: `made-${provider}-${endpoint}-${framing}`, provider, endpoint, framing, path, status: 200 },
    ...{ contentType: TYPES[framing], request: streams ? { ...request, stream: true } : request },
    bytes: Buffer.concat(pieces.map((piece) => Buffer.from(piece))),
  };
}

const input = ['the weather?'];
const model = '/model/m-1/x';
const generate = '/models/m-1:x';

function madeExchanges(): Recorded[] {
  const interaction = { model: 'm-1', input: 'the weather?', system_instruction: 'be short' };
  return [
    made(['openai', 'chat.completions'], 'json', chat, wire.chatCompletion(ANSWER)),
    made(['openai', 'chat.completions'], 'sse', chat, wire.chatCompletionStream(ANSWER)),
    made(['openai', 'responses'], 'json', responses, wire.responsesAnswer(ANSWER)),
    made(['openai', 'responses'], 'sse', responses, wire.responsesStream(ANSWER)),
    made(['openai', 'embeddings'], 'json', { model: 'm-1', input }, wire.embedding([[1, 2]], 'base64')),
    made(['openai', 'images.generations'], 'json', { model: 'm-1', prompt: 'a cat' }, wire.image()),
    made(['anthropic', 'messages'], 'json', claude, wire.anthropicMessage(ANSWER)),
    made(['anthropic', 'messages'], 'sse', claude, wire.anthropicStream(ANSWER)),
    made(['groq', 'chat.completions'], 'json', chat, groq.groqChat(ANSWER)),
    made(['groq', 'chat.completions'], 'sse', chat, groq.groqChatStream(ANSWER)),
    made(['cohere', 'v2.chat'], 'json', { model: 'm-1', messages: messages.slice(0, 2) }, cohere.cohereChat(ANSWER)),
    made(['cohere', 'v2.chat'], 'sse', { model: 'm-1', messages: messages.slice(0, 2) }, cohere.cohereChatStream(ANSWER)),
    made(
      ['cohere', 'v1.chat'],
      'json',
      { model: 'm-1', message: 'the weather?', preamble: 'be short' },
      cohere.cohereChatV1(ANSWER),
    ),
    made(['cohere', 'v1.chat'], 'ndjson', { model: 'm-1', message: 'the weather?' }, cohere.cohereChatV1Stream(ANSWER)),
    made(['mistral', 'chat.completions'], 'json', { ...chat, stop: 'END' }, mistral.mistralChat(ANSWER)),
    made(['mistral', 'chat.completions'], 'sse', { ...chat, stop: 'END' }, mistral.mistralChatStream(ANSWER)),
    made(['mistral', 'embeddings'], 'json', { model: 'm-1', input }, mistral.mistralEmbedding([[1, 2]])),
    made(['ollama', 'api.chat'], 'json', { model: 'm-1', messages: messages.slice(0, 2) }, ollama.ollamaChat(ANSWER)),
    made(['ollama', 'api.chat'], 'ndjson', { model: 'm-1', messages: messages.slice(0, 2) }, ollama.ollamaChatStream(ANSWER)),
    made(['gemini', 'generateContent'], 'json', contents, gemini.geminiAnswer(ANSWER), generate),
    made(['gemini', 'streamGenerateContent'], 'sse', contents, gemini.geminiStream(ANSWER), generate),
    made(['gemini', 'interactions'], 'json', interaction, gemini.interaction(ANSWER)),
    made(['gemini', 'interactions'], 'sse', { ...interaction, stream: true }, gemini.interactionStream(ANSWER)),
    made(['bedrock', 'converse'], 'json', converse, bedrock.converseAnswer(ANSWER), model),
    made(['bedrock', 'converse-stream'], 'aws-eventstream', converse, bedrock.converseStream(ANSWER), model),
    made(['bedrock', 'invoke'], 'json', { ...claude, model: undefined }, wire.anthropicMessage(ANSWER), '/model/anthropic.m-1/x'),
    made(
      ['bedrock', 'invoke-with-response-stream'],
      'aws-eventstream',
      { ...claude, model: undefined },
      bedrock.invokeAnthropicStream(ANSWER),
      '/model/anthropic.m-1/x',
    ),
    made(['ai21', 'chat.completions'], 'json', { model: 'm-1', messages: messages.slice(0, 2) }, ai21.ai21Chat(ANSWER)),
    made(['ai21', 'chat.completions'], 'sse', { model: 'm-1', messages: messages.slice(0, 2) }, ai21.ai21ChatStream(ANSWER)),
  ];
}

/** Those made here, and the first recorded one of each provider, endpoint, framing and kind of answer. */
export function loadExchanges(): Recorded[] {
  const kinds = new Map<string, Recorded>();
  for (const exchange of haveExchanges ? loadRecorded() : []) {
    const { provider, endpoint, framing, status } = exchange;
    const kind = [provider, endpoint, framing, status >= 400].join(' ');
    if (!kinds.has(kind)) kinds.set(kind, exchange);
  }
  return [...madeExchanges(), ...kinds.values()];
}
