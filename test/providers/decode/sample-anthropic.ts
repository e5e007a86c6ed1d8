/** A message. See samples.ts. */
import { messages } from '../../../src/providers/anthropic/messages.ts';
import type { Sample } from './sample.ts';

const messagesUsage = {
  input_tokens: 11,
  cache_read_input_tokens: 3,
  cache_creation_input_tokens: 4,
  output_tokens: 25,
  service_tier: 'standard',
  output_tokens_details: { thinking_tokens: 8 },
};

const messagesAnswer = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude-x-2026',
  content: [
    { type: 'thinking', thinking: 'let me see', signature: 'sig' },
    { type: 'text', text: 'Hello world', citations: [{ type: 'char_location', cited_text: 'Hello' }] },
    { type: 'server_tool_use', id: 'srv_1', name: 'web_search', input: { query: 'bern' } },
    {
      type: 'web_search_tool_result',
      tool_use_id: 'srv_1',
      content: [{ type: 'web_search_result', url: 'https://example.org', title: 'Bern' }],
    },
    { type: 'tool_use', id: 'toolu_1', name: 'weather', input: { city: 'Bern' } },
  ],
  stop_reason: 'tool_use',
  stop_sequence: null,
  usage: messagesUsage,
};

export const messagesSample: Sample = {
  name: 'messages',
  operation: messages,
  request: {
    model: 'claude-x',
    max_tokens: 100,
    top_k: 5,
    temperature: 1,
    stop_sequences: ['SECRET-STOP'],
    system: [{ type: 'text', text: 'be brief', cache_control: { type: 'ephemeral' } }],
    output_config: { effort: 'medium', format: { type: 'json_schema', schema: {} } },
    tools: [
      { name: 'weather', description: 'Looks', input_schema: { type: 'object' } },
      { type: 'web_search_20250305', name: 'web_search' },
    ],
    messages: [
      {
        role: 'user',
        content: [
          { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } },
          { type: 'text', text: 'hi' },
        ],
      },
      { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_0', name: 'weather', input: { city: 'Bern' } }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_0', content: [{ type: 'text', text: 'sunny' }] }] },
    ],
  },
  answer: messagesAnswer,
  stream: [
    {
      type: 'message_start',
      message: {
        ...messagesAnswer,
        content: [],
        stop_reason: null,
        usage: {
          input_tokens: 11,
          cache_read_input_tokens: 3,
          cache_creation_input_tokens: 4,
          output_tokens: 1,
          service_tier: 'standard',
        },
      },
    },
    { type: 'content_block_start', index: 0, content_block: { type: 'thinking', thinking: '', signature: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'let me ' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'see' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'signature_delta', signature: 'sig' } },
    { type: 'content_block_stop', index: 0 },
    { type: 'content_block_start', index: 1, content_block: { type: 'text', text: '' } },
    {
      type: 'content_block_delta',
      index: 1,
      delta: { type: 'citations_delta', citation: { type: 'char_location', cited_text: 'Hello' } },
    },
    { type: 'content_block_delta', index: 1, delta: { type: 'text_delta', text: 'Hello ' } },
    { type: 'content_block_delta', index: 1, delta: { type: 'text_delta', text: 'world' } },
    { type: 'content_block_stop', index: 1 },
    {
      type: 'content_block_start',
      index: 2,
      content_block: { type: 'server_tool_use', id: 'srv_1', name: 'web_search', input: {} },
    },
    { type: 'content_block_delta', index: 2, delta: { type: 'input_json_delta', partial_json: '{"query":"bern"}' } },
    { type: 'content_block_stop', index: 2 },
    { type: 'content_block_start', index: 3, content_block: messagesAnswer.content[3] },
    { type: 'content_block_stop', index: 3 },
    { type: 'content_block_start', index: 4, content_block: { type: 'tool_use', id: 'toolu_1', name: 'weather', input: {} } },
    { type: 'content_block_delta', index: 4, delta: { type: 'input_json_delta', partial_json: '' } },
    { type: 'content_block_delta', index: 4, delta: { type: 'input_json_delta', partial_json: '{"city":' } },
    { type: 'content_block_delta', index: 4, delta: { type: 'input_json_delta', partial_json: ' "Bern"}' } },
    { type: 'content_block_stop', index: 4 },
    {
      type: 'message_delta',
      delta: { stop_reason: 'tool_use', stop_sequence: null },
      usage: { input_tokens: null, output_tokens: 25, output_tokens_details: { thinking_tokens: 8 } },
    },
    { type: 'message_stop' },
  ],
};
