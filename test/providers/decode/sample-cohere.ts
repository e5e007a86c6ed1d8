/** Calls of Cohere's API, versions 1 and 2, in the form of the wire. See samples.ts. */
import { cohereChat } from '../../../src/providers/cohere/cohere-chat.ts';
import { cohereEmbed, cohereParse, cohereRerank } from '../../../src/providers/cohere/cohere-embed.ts';
import { cohereClassify, cohereGenerate, cohereSummarize } from '../../../src/providers/cohere/cohere-generate.ts';
import { cohereChatV1 } from '../../../src/providers/cohere/cohere-v1.ts';
import type { Sample } from './sample.ts';

const usage = {
  billed_units: { input_tokens: 20, output_tokens: 12 },
  tokens: { input_tokens: 500, output_tokens: 15, reasoning_tokens: 4 },
  cached_tokens: 464,
};
const meta = { api_version: { version: '1' }, ...usage };

const citation = {
  start: 0,
  end: 5,
  text: 'Hello',
  sources: [{ type: 'document', id: 'doc:0', document: { id: 'doc:0', text: 'Greetings.' } }],
  type: 'TEXT_CONTENT',
  content_index: 1,
};
const toolCall = (id: string, given: string): object => ({
  id,
  type: 'function',
  function: { name: 'weather', arguments: given },
});
const delta = (type: string, index: number, message: object): object => ({ type, index, delta: { message } });

const chat: Sample = {
  name: 'cohere chat',
  operation: cohereChat,
  request: {
    model: 'command-x',
    stream: true,
    max_tokens: 60,
    temperature: 0.5,
    p: 0.9,
    k: 40,
    seed: 7,
    frequency_penalty: 0.1,
    presence_penalty: 0.2,
    stop_sequences: ['SECRET-STOP'],
    response_format: { type: 'json_object', json_schema: { type: 'object' } },
    thinking: { type: 'disabled' },
    tools: [{ type: 'function', function: { name: 'weather', description: 'Looks', parameters: { type: 'object' } } }],
    documents: ['A fox is red.', { id: 'doc:1', data: { title: 'Foxes', text: 'SECRET' } }],
    messages: [
      { role: 'system', content: 'be brief' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'what is this?' },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
        ],
      },
      {
        role: 'assistant',
        tool_plan: 'I will look.',
        tool_calls: [toolCall('weather_0', '{"city":"Bern"}')],
      },
      { role: 'tool', tool_call_id: 'weather_0', content: [{ type: 'document', document: { data: '{"sky":"sunny"}' } }] },
    ],
  },
  answer: {
    id: 'chat_1',
    finish_reason: 'TOOL_CALL',
    message: {
      role: 'assistant',
      tool_plan: 'I will look again.',
      content: [
        { type: 'thinking', thinking: 'hm, hm' },
        { type: 'text', text: 'Hello world' },
      ],
      tool_calls: [toolCall('weather_a', '{"city":"Bern"}'), toolCall('weather_b', '{}')],
      citations: [citation],
    },
    usage,
  },
  stream: [
    {
      id: 'chat_1',
      type: 'message-start',
      delta: { message: { role: 'assistant', content: [], tool_plan: '', tool_calls: [], citations: [] } },
    },
    { type: 'tool-plan-delta', delta: { message: { tool_plan: 'I will ' } } },
    { type: 'tool-plan-delta', delta: { message: { tool_plan: 'look again.' } } },
    delta('content-start', 0, { content: { type: 'thinking', thinking: '' } }),
    delta('content-delta', 0, { content: { thinking: 'hm,' } }),
    delta('content-delta', 0, { content: { thinking: ' hm' } }),
    { type: 'content-end', index: 0 },
    delta('content-start', 1, { content: { type: 'text', text: '' } }),
    delta('content-delta', 1, { content: { text: 'Hello ' } }),
    delta('content-delta', 1, { content: { text: 'world' } }),
    delta('citation-start', 0, { citations: citation }),
    { type: 'citation-end', index: 0 },
    { type: 'content-end', index: 1 },
    delta('tool-call-start', 0, { tool_calls: toolCall('weather_a', '') }),
    delta('tool-call-delta', 0, { tool_calls: { function: { arguments: '{"city":' } } }),
    delta('tool-call-delta', 0, { tool_calls: { function: { arguments: '"Bern"}' } } }),
    { type: 'tool-call-end', index: 0 },
    delta('tool-call-start', 1, { tool_calls: toolCall('weather_b', '{}') }),
    { type: 'tool-call-end', index: 1 },
    { type: 'message-end', delta: { finish_reason: 'TOOL_CALL', usage } },
  ],
};

const documents = [{ id: 'web_0', title: 'Foxes', snippet: 'A fox is red.' }];
const searchQueries = [{ text: 'fox colour', generation_id: 'gen_0' }];
const callsV1 = [{ name: 'weather', parameters: { city: 'Bern' } }];
const citationsV1 = [{ start: 0, end: 5, text: 'Hello', document_ids: ['web_0'] }];
const answerV1 = {
  response_id: 'resp_1',
  generation_id: 'gen_1',
  text: 'Hello world',
  finish_reason: 'COMPLETE',
  tool_calls: callsV1,
  citations: citationsV1,
  documents,
  search_queries: searchQueries,
  meta,
};
const event = (type: string, rest: object): object => ({ is_finished: false, event_type: type, ...rest });

const chatV1: Sample = {
  name: 'cohere chat, version 1',
  operation: cohereChatV1,
  request: {
    model: 'command-x',
    stream: true,
    preamble: 'be brief',
    chat_history: [
      { role: 'USER', message: 'what is this?' },
      { role: 'CHATBOT', message: 'I will look.', tool_calls: callsV1 },
      { role: 'TOOL', tool_results: [{ call: callsV1[0], outputs: [{ sky: 'sunny' }] }] },
    ],
    message: 'hello?',
    documents,
    max_tokens: 60,
    p: 0.9,
    k: 40,
    stop_sequences: ['SECRET-STOP'],
    tools: [{ name: 'weather', description: 'Looks', parameter_definitions: { city: { type: 'str', required: true } } }],
    tool_results: [{ call: callsV1[0], outputs: [{ sky: 'sunny' }] }],
  },
  answer: answerV1,
  stream: [
    event('stream-start', { generation_id: 'gen_1' }),
    event('search-queries-generation', { search_queries: searchQueries }),
    event('search-results', { search_results: [], documents }),
    event('text-generation', { text: 'Hello ' }),
    event('text-generation', { text: 'world' }),
    event('citation-generation', { citations: citationsV1 }),
    event('tool-calls-chunk', { tool_call_delta: { index: 0, name: 'weather' } }),
    event('tool-calls-chunk', { tool_call_delta: { index: 0, parameters: '{"city":"Bern"}' } }),
    event('tool-calls-generation', { text: '', tool_calls: callsV1 }),
    { is_finished: true, event_type: 'stream-end', finish_reason: 'COMPLETE', response: answerV1 },
  ],
};

const generations = [
  { id: 'gen_1', index: 0, text: ' upon a', finish_reason: 'MAX_TOKENS' },
  { id: 'gen_2', index: 1, text: ' bitten', finish_reason: 'COMPLETE' },
];
const generation = { id: 'generate_1', prompt: 'once', generations, meta };
const grown = (index: number, text: string): object => ({ event_type: 'text-generation', is_finished: false, index, text });

export const cohereSamples: Sample[] = [
  chat,
  chatV1,
  {
    name: 'cohere generate',
    operation: cohereGenerate,
    request: { model: 'command-x', prompt: 'once', num_generations: 2, max_tokens: 5, stream: true },
    answer: generation,
    stream: [
      grown(1, ' bit'),
      grown(0, ' upon'),
      grown(0, ' a'),
      grown(1, 'ten'),
      { event_type: 'stream-end', is_finished: true, finish_reason: 'COMPLETE', response: generation },
    ],
  },
  {
    name: 'cohere summarize',
    operation: cohereSummarize,
    request: { model: 'command-x', text: 'once upon a time', additional_command: 'be brief', temperature: 0.3 },
    answer: { id: 'sum_1', summary: 'Once.', meta },
  },
  {
    name: 'cohere classify',
    operation: cohereClassify,
    request: { model: 'embed-x', inputs: ['hello'], examples: [{ text: 'what is it', label: 'question' }] },
    answer: {
      id: 'classify_1',
      classifications: [{ id: 'c', input: 'hello', prediction: 'greeting', confidence: 0.9 }],
      meta: { billed_units: { classifications: 1 } },
    },
  },
  {
    name: 'cohere embed',
    operation: cohereEmbed,
    request: {
      model: 'embed-x',
      input_type: 'search_document',
      embedding_types: ['int8', 'float'],
      texts: ['hello'],
      images: ['data:image/png;base64,AAAA'],
      inputs: [{ content: [{ type: 'text', text: 'what is this?' }] }],
    },
    answer: {
      id: 'embed_1',
      embeddings: { int8: [[1, -2, 3, 4]], float: [[0.1, -0.2, 0.3, 0.4]] },
      texts: ['hello'],
      meta: { api_version: { version: '2' }, billed_units: { input_tokens: 3, image_tokens: 7 } },
      response_type: 'embeddings_by_type',
    },
  },
  {
    name: 'cohere rerank',
    operation: cohereRerank,
    request: { model: 'rerank-x', query: 'what is a fox?', documents: ['A fox is red.', { text: 'once' }], top_n: 1 },
    answer: { id: 'rerank_1', results: [{ index: 0, relevance_score: 0.9 }], meta: { billed_units: { search_units: 1 } } },
  },
  {
    name: 'cohere parse',
    operation: cohereParse,
    request: { model: 'parse-x', document: { type: 'image_url', image_url: 'https://example.org/a.png' } },
    answer: {
      id: 'parse_1',
      pages: [
        { type: 'markdown', index: 0, markdown: { content: '# Hello' } },
        { type: 'blocks', index: 1, blocks: [{ type: 'text', text: { content: 'world' } }] },
      ],
      meta: { billed_units: { pages: 2 } },
    },
  },
];
