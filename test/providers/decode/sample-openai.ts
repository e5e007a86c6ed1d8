/** A chat completion and a response. See samples.ts. */
import { chatCompletions } from '../../../src/providers/openai/chat-completions.ts';
import { responses } from '../../../src/providers/openai/responses.ts';
import type { Sample } from './sample.ts';

const weatherTool = {
  type: 'function',
  function: {
    name: 'weather',
    description: 'Looks out of the window',
    parameters: { type: 'object', properties: { city: { type: 'string' } } },
  },
};

const chatUsage = {
  prompt_tokens: 20,
  completion_tokens: 9,
  total_tokens: 29,
  prompt_tokens_details: { cached_tokens: 5, audio_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: 4 },
};

const chatHead = {
  id: 'chatcmpl-1',
  object: 'chat.completion.chunk',
  model: 'gpt-x-2026',
  system_fingerprint: 'fp_1',
  service_tier: 'default',
};
const chunk = (index: number, delta: unknown, finish: string | null = null) => ({
  ...chatHead,
  choices: [{ index, delta, finish_reason: finish, logprobs: null }],
});

export const chatSample: Sample = {
  name: 'chat completions',
  operation: chatCompletions,
  request: {
    model: 'gpt-x',
    n: 2,
    stream: true,
    max_tokens: 50,
    max_completion_tokens: 60,
    temperature: 0.5,
    top_p: 0.9,
    seed: 7,
    frequency_penalty: 0.1,
    presence_penalty: -0.1,
    reasoning_effort: 'low',
    service_tier: 'auto',
    stop: ['SECRET-STOP'],
    response_format: { type: 'json_schema', json_schema: { name: 'x', schema: {} } },
    tools: [weatherTool, { type: 'custom', custom: { name: 'sql', description: 'Runs SQL' } }],
    messages: [
      { role: 'developer', content: 'be brief' },
      {
        role: 'user',
        name: 'ann',
        content: [
          { type: 'text', text: 'what is this?' },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
          { type: 'image_url', image_url: { url: 'https://example.org/cat.png' } },
          { type: 'input_audio', input_audio: { data: 'BBBB', format: 'mp3' } },
          { type: 'file', file: { file_id: 'file-1' } },
          { type: 'hologram', beam: 1 },
        ],
      },
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Bern"}' } }],
      },
      { role: 'tool', tool_call_id: 'call_1', content: 'sunny' },
    ],
  },
  answer: {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    model: 'gpt-x-2026',
    system_fingerprint: 'fp_1',
    service_tier: 'default',
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: 'Hello world',
          reasoning_content: 'hm, hm',
          tool_calls: [
            { id: 'call_a', type: 'function', function: { name: 'weather', arguments: '{"city":"Bern"}' } },
            { id: 'call_b', type: 'custom', custom: { name: 'sql', input: 'select 1' } },
          ],
        },
        finish_reason: 'tool_calls',
      },
      { index: 1, message: { role: 'assistant', content: null, refusal: 'I will not.' }, finish_reason: 'stop' },
    ],
    usage: chatUsage,
  },
  stream: [
    { ...chatHead, id: '', model: '', choices: [], prompt_filter_results: [] },
    chunk(0, { role: 'assistant', content: '', refusal: null }),
    chunk(0, { reasoning_content: 'hm, ' }),
    chunk(0, { reasoning_content: 'hm' }),
    chunk(0, { content: 'Hello ' }),
    chunk(1, { role: 'assistant', content: null, refusal: 'I will ' }),
    chunk(0, { content: 'world' }),
    chunk(0, { tool_calls: [{ index: 0, id: 'call_a', type: 'function', function: { name: 'weather', arguments: '' } }] }),
    chunk(0, { tool_calls: [{ index: 0, function: { arguments: '{"city"' } }] }),
    chunk(0, { tool_calls: [{ index: 1, id: 'call_b', type: 'custom', custom: { name: 'sql', input: 'select ' } }] }),
    chunk(0, { tool_calls: [{ index: 0, function: { arguments: ':"Bern"}' } }] }),
    chunk(0, { tool_calls: [{ index: 1, custom: { input: '1' } }] }),
    chunk(1, { refusal: 'not.' }),
    chunk(1, {}, 'stop'),
    chunk(0, {}, 'tool_calls'),
    { ...chatHead, choices: [], usage: chatUsage },
    '[DONE]',
  ],
};

const responsesOutput = [
  { type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: 'Think twice' }] },
  { type: 'web_search_call', id: 'ws_1', status: 'completed', action: { type: 'search', query: 'bern' } },
  {
    type: 'message',
    id: 'msg_1',
    role: 'assistant',
    status: 'completed',
    content: [{ type: 'output_text', text: 'Hello world', annotations: [] }],
  },
  { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'weather', arguments: '{"city":"Bern"}', status: 'completed' },
];

export const responsesUsage = {
  input_tokens: 30,
  input_tokens_details: { cached_tokens: 10, cache_write_tokens: 2 },
  output_tokens: 12,
  output_tokens_details: { reasoning_tokens: 6 },
  total_tokens: 42,
};

export const responsesAnswer = {
  id: 'resp_1',
  object: 'response',
  model: 'gpt-x-2026',
  status: 'completed',
  service_tier: 'default',
  error: null,
  incomplete_details: null,
  output: responsesOutput,
  usage: responsesUsage,
};

export const responsesSample: Sample = {
  name: 'responses',
  operation: responses,
  request: {
    model: 'gpt-x',
    instructions: 'be brief',
    max_output_tokens: 99,
    previous_response_id: 'resp_0',
    reasoning: { effort: 'high' },
    text: { format: { type: 'json_schema', name: 'x', schema: {} } },
    tools: [
      { type: 'function', name: 'weather', description: 'Looks', parameters: { type: 'object' } },
      { type: 'web_search' },
      { type: 'mcp', server_label: 'docs' },
    ],
    input: [
      {
        role: 'user',
        content: [
          { type: 'input_text', text: 'hi' },
          { type: 'input_image', image_url: 'https://example.org/a.png' },
          { type: 'input_file', file_data: 'data:application/pdf;base64,AAAA' },
        ],
      },
      { type: 'reasoning', id: 'rs_0', summary: [], encrypted_content: 'zzz' },
      { type: 'function_call', call_id: 'call_0', name: 'weather', arguments: '{"city":"Bern"}' },
      { type: 'function_call_output', call_id: 'call_0', output: 'sunny' },
      { type: 'item_reference', id: 'msg_0' },
    ],
  },
  answer: responsesAnswer,
  stream: [
    { type: 'response.created', response: { ...responsesAnswer, status: 'in_progress', output: [], usage: null } },
    { type: 'response.in_progress', response: { ...responsesAnswer, status: 'in_progress', output: [], usage: null } },
    { type: 'response.output_item.added', output_index: 0, item: { type: 'reasoning', id: 'rs_1', summary: [] } },
    {
      type: 'response.reasoning_summary_part.added',
      output_index: 0,
      summary_index: 0,
      part: { type: 'summary_text', text: '' },
    },
    { type: 'response.reasoning_summary_text.delta', output_index: 0, summary_index: 0, delta: 'Think ' },
    { type: 'response.reasoning_summary_text.delta', output_index: 0, summary_index: 0, delta: 'twice' },
    { type: 'response.output_item.done', output_index: 0, item: responsesOutput[0] },
    { type: 'response.output_item.added', output_index: 1, item: { type: 'web_search_call', id: 'ws_1', status: 'in_progress' } },
    { type: 'response.web_search_call.searching', output_index: 1, item_id: 'ws_1' },
    { type: 'response.output_item.done', output_index: 1, item: responsesOutput[1] },
    {
      type: 'response.output_item.added',
      output_index: 2,
      item: { type: 'message', id: 'msg_1', role: 'assistant', status: 'in_progress', content: [] },
    },
    {
      type: 'response.content_part.added',
      output_index: 2,
      content_index: 0,
      part: { type: 'output_text', text: '', annotations: [] },
    },
    { type: 'response.output_text.delta', output_index: 2, content_index: 0, delta: 'Hello ' },
    { type: 'response.output_text.delta', output_index: 2, content_index: 0, delta: 'world' },
    { type: 'response.output_text.done', output_index: 2, content_index: 0, text: 'Hello world' },
    {
      type: 'response.output_item.added',
      output_index: 3,
      item: { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'weather', arguments: '' },
    },
    { type: 'response.function_call_arguments.delta', output_index: 3, item_id: 'fc_1', delta: '{"city":' },
    { type: 'response.function_call_arguments.delta', output_index: 3, item_id: 'fc_1', delta: '"Bern"}' },
    { type: 'response.completed', response: responsesAnswer },
  ],
};
