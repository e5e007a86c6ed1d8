/** Calls that a framework alone tells of: the Vercel AI SDK's, and generation spans of the OpenAI Agents SDK. See samples.ts. */
import {
  aiSdkChat,
  aiSdkDecision,
  aiSdkEmbeddings,
  aiSdkRerank,
  aiSdkSpeech,
  aiSdkTranscription,
} from '../../../src/providers/ai-sdk/ai-sdk-operations.ts';
import { agentsGeneration } from '../../../src/providers/openai-agents/openai-agents-generation.ts';
import type { Sample } from './sample.ts';

const usage = {
  inputTokens: { total: 20, noCache: 12, cacheRead: 8, cacheWrite: 0 },
  outputTokens: { total: 9, text: 4, reasoning: 5 },
};
const finishReason = { unified: 'tool-calls', raw: 'tool_use' };
const call = { type: 'tool-call', toolCallId: 'call_a', toolName: 'weather', input: '{"city":"Bern"}' };
const search = { type: 'tool-call', toolCallId: 'srv_1', toolName: 'search', input: '{}', providerExecuted: true };
const found = { type: 'tool-result', toolCallId: 'srv_1', toolName: 'search', result: ['a'], providerExecuted: true };
const file = { type: 'file', mediaType: 'image/png', data: { type: 'data', data: 'AAAA' } };

export const frameworkSamples: Sample[] = [
  {
    name: 'ai sdk chat',
    operation: aiSdkChat,
    request: {
      provider: 'anthropic.messages',
      modelId: 'claude-x',
      stream: true,
      instructions: [{ role: 'system', content: 'be brief' }],
      maxOutputTokens: 60,
      temperature: 0.5,
      topP: 0.9,
      topK: 40,
      seed: 7,
      presencePenalty: 0.1,
      frequencyPenalty: 0.2,
      stopSequences: ['SECRET-STOP'],
      reasoning: 'low',
      tools: [
        { type: 'function', name: 'weather', description: 'Looks', inputSchema: { type: 'object' } },
        { type: 'provider', id: 'anthropic.search', name: 'search', args: {} },
      ],
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'what is this?' },
            { type: 'file', mediaType: 'image/png', data: { type: 'data', data: new Uint8Array([0, 0, 0]) } },
            { type: 'file', mediaType: 'application/pdf', data: new URL('https://example.com/a.pdf') },
            { type: 'image', image: 'BBBB' },
          ],
        },
        {
          role: 'assistant',
          content: [
            { type: 'reasoning', text: 'hm' },
            { ...call, toolCallId: 'call_0', input: { city: 'Bern' } },
          ],
        },
        {
          role: 'tool',
          content: [
            { type: 'tool-result', toolCallId: 'call_0', toolName: 'weather', output: { type: 'json', value: { sky: 'clear' } } },
            { type: 'tool-approval-response', approvalId: 'a1', approved: true },
          ],
        },
      ],
    },
    answer: {
      response: { id: 'msg_1', modelId: 'claude-x-1' },
      content: [{ type: 'reasoning', text: 'hm, hm' }, { type: 'text', text: 'Hello world' }, search, found, file, call],
      finishReason,
      usage,
    },
    stream: [
      { type: 'response-metadata', id: 'msg_1', modelId: 'claude-x-1' },
      { type: 'reasoning-start', id: '0' },
      { type: 'reasoning-delta', id: '0', delta: 'hm,' },
      { type: 'text-start', id: '0' },
      { type: 'text-delta', id: '0', delta: 'Hello ' },
      { type: 'reasoning-delta', id: '0', delta: ' hm' },
      { type: 'reasoning-end', id: '0' },
      { type: 'ping' },
      { type: 'text-delta', id: '0', delta: 'world' },
      { type: 'text-end', id: '0' },
      search,
      found,
      file,
      { type: 'tool-input-start', id: 'call_a', toolName: 'weather' },
      { type: 'tool-input-delta', id: 'call_a', delta: '{"city":"Bern"}' },
      { type: 'tool-input-end', id: 'call_a' },
      call,
      { type: 'raw', rawValue: { any: 'thing' } },
      { type: 'finish', finishReason, usage },
    ],
  },
  {
    name: 'ai sdk embeddings',
    operation: aiSdkEmbeddings,
    request: { provider: 'openai.embedding', modelId: 'embed-x', values: ['a', 'b'] },
    answer: {
      embeddings: [
        [0.1, 0.2, 0.3],
        [0.4, 0.5, 0.6],
      ],
      usage: { tokens: 2 },
    },
  },
  {
    name: 'ai sdk rerank',
    operation: aiSdkRerank,
    request: { provider: 'cohere.reranking', modelId: 'rank-x', query: 'q', documents: ['a', { title: 'b' }] },
    answer: { ranking: [{ originalIndex: 0, score: 0.5, document: 'a' }], response: { modelId: 'rank-x' } },
  },
  {
    name: 'ai sdk speech',
    operation: aiSdkSpeech,
    request: { provider: 'openai.speech', modelId: 'tts-x', text: 'hello', voice: 'v' },
    answer: { responses: [{ modelId: 'tts-x' }] },
  },
  {
    name: 'ai sdk transcription',
    operation: aiSdkTranscription,
    request: { provider: 'openai.transcription', modelId: 'hear-x' },
    answer: { text: 'hello', responses: [{ modelId: 'hear-x' }] },
  },
  {
    name: 'ai sdk decision',
    operation: aiSdkDecision,
    request: { provider: 'openai.decision', modelId: 'judge-x', state: 'a state', questions: { safe: { type: 'boolean' } } },
    answer: { answers: { safe: true }, usage: { inputTokens: 4, outputTokens: 1 }, response: { modelId: 'judge-x' } },
  },
  {
    name: 'agents generation',
    operation: agentsGeneration,
    request: {
      type: 'generation',
      model: 'chat-x',
      model_config: { temperature: 0.5, top_p: 0.9, reasoning_effort: 'low' },
      input: [
        { role: 'system', content: 'be brief' },
        { role: 'user', content: 'hello' },
      ],
    },
    answer: {
      output: [
        { role: 'assistant', content: [{ type: 'output_text', text: 'Hello world' }] },
        { type: 'function_call', callId: 'call_a', name: 'weather', arguments: '{}' },
      ],
      usage: { input_tokens: 20, output_tokens: 9, details: { input_tokens_details: { cached_tokens: 8 } } },
    },
  },
];
