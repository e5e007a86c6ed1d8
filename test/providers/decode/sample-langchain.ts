/** Calls of LangChain's models, in the forms that it hands out. See samples.ts. */
import { langchainChat, langchainCompletion } from '../../../src/providers/langchain/langchain-chat.ts';
import type { Sample } from './sample.ts';

const usage_metadata = {
  input_tokens: 20,
  output_tokens: 9,
  total_tokens: 29,
  input_token_details: { cache_read: 8, cache_creation: 2 },
  output_token_details: { reasoning: 3 },
};
const serialised = (name: string, kwargs: object): object => ({
  lc: 1,
  type: 'constructor',
  id: ['langchain_core', 'messages', name],
  kwargs,
});
const message = {
  type: 'ai',
  id: 'msg_1',
  content: [
    { type: 'reasoning', reasoning: 'hm, hm' },
    { type: 'text', text: 'Hello world' },
  ],
  tool_calls: [{ id: 'call_a', name: 'weather', args: { city: 'Bern' } }],
  usage_metadata,
  response_metadata: { model_name: 'house-1-2026', finish_reason: 'tool_calls', system_fingerprint: 'fp_1' },
};

export const langchainSamples: Sample[] = [
  {
    name: 'langchain chat',
    operation: langchainChat,
    request: {
      model: 'house-1',
      stream: true,
      temperature: 0.5,
      max_tokens: 60,
      n: 2,
      tools: [
        { type: 'function', function: { name: 'weather', description: 'Looks', parameters: { type: 'object' } } },
        { name: 'time', input_schema: { type: 'object' } },
      ],
      messages: [
        ['system', 'be brief'],
        'what is this?',
        { type: 'human', content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }] },
        serialised('AIMessageChunk', { content: '', tool_calls: [{ id: 'call_0', name: 'weather', args: { city: 'Bern' } }] }),
        serialised('ToolMessage', { content: [{ type: 'text', text: 'sunny' }], tool_call_id: 'call_0', name: 'weather' }),
        {
          role: 'user',
          content: [
            { type: 'file', mimeType: 'application/pdf', data: 'BBBB' },
            { type: 'audio', fileId: 'f_1' },
          ],
        },
      ],
    },
    answer: { generations: [[{ message: serialised('AIMessage', message), text: 'Hello world' }]] },
    stream: [
      {
        type: 'ai',
        id: 'msg_1',
        content: [{ type: 'reasoning', reasoning: 'hm,', index: 0 }],
        usage_metadata: { input_tokens: 20 },
      },
      { type: 'ai', content: [{ type: 'reasoning', reasoning: ' hm', index: 0 }] },
      { type: 'ai', content: [{ type: 'text', text: 'Hello ', index: 1 }] },
      { type: 'ai', content: [{ type: 'text', text: 'world', index: 1 }] },
      { type: 'ai', content: '', tool_call_chunks: [{ index: 2, id: 'call_a', name: 'weather', args: '' }] },
      { type: 'ai', content: '', tool_calls: [{ name: '', args: {} }], tool_call_chunks: [{ index: 2, args: '{"city":' }] },
      { type: 'ai', content: '', tool_call_chunks: [{ index: 2, args: '"Bern"}' }] },
      {
        type: 'ai',
        content: '',
        usage_metadata: { ...usage_metadata, input_tokens: 0 },
        response_metadata: message.response_metadata,
      },
    ],
  },
  {
    name: 'langchain events',
    operation: langchainChat,
    request: { model: 'house-1', stream: true, messages: ['hello'] },
    answer: { generations: [[{ message: { ...message, response_metadata: { finish_reason: 'tool_use' } } }]] },
    stream: [
      { event: 'message-start', id: 'msg_1', usage: { input_tokens: 20 } },
      { event: 'content-block-start', index: 0, content: { type: 'reasoning', reasoning: '' } },
      { event: 'content-block-delta', index: 0, delta: { type: 'reasoning-delta', reasoning: 'hm, hm' } },
      { event: 'content-block-finish', index: 0, content: { type: 'reasoning', reasoning: 'hm, hm' } },
      { event: 'content-block-finish', index: 1, content: { type: 'text', text: 'Hello world' } },
      {
        event: 'content-block-finish',
        index: 2,
        content: { type: 'tool_call', id: 'call_a', name: 'weather', args: { city: 'Bern' } },
      },
      { event: 'usage', usage: { output_tokens: 4 } },
      { event: 'message-finish', reason: 'tool_use', usage: usage_metadata },
    ],
  },
  {
    name: 'langchain text completions',
    operation: langchainCompletion,
    request: { model: 'house-text', prompts: ['once', 'twice'], max_tokens: 5 },
    answer: {
      generations: [[{ text: ' upon a', generationInfo: { finish_reason: 'length' } }], [{ text: ' bitten' }]],
      llmOutput: { tokenUsage: { promptTokens: 2, completionTokens: 4, totalTokens: 6 } },
    },
  },
];
