/** Mistral's operations, each as the wire has it and as the SDK hands it out. See samples.ts. */
import { mistralSpeech, mistralTranscriptions } from '../../../src/providers/mistral/mistral-audio.ts';
import { mistralAgents, mistralChat, mistralFim } from '../../../src/providers/mistral/mistral-chat.ts';
import {
  mistralClassifications,
  mistralEmbeddings,
  mistralModerations,
  mistralOcr,
} from '../../../src/providers/mistral/mistral-operations.ts';
import { mistralConversation, thinking, tool, type MistralSample } from './sample-mistral-conversation.ts';
import type { Sample } from './sample.ts';

const usage = {
  prompt_tokens: 20,
  completion_tokens: 9,
  total_tokens: 29,
  prompt_tokens_details: { cached_tokens: 5 },
  prompt_audio_seconds: null,
};
/** As version 2 of the SDK has it; version 1 has the details in `additionalProperties`. */
const sdkUsage = {
  promptTokens: 20,
  completionTokens: 9,
  totalTokens: 29,
  promptAudioSeconds: null,
  prompt_tokens_details: { cached_tokens: 5 },
};
const call = { id: 'call_a', type: 'function', function: { name: 'weather', arguments: '{"city":"Bern"}' }, index: 0 };
const said = { role: 'assistant', content: [thinking('hm, hm'), { type: 'text', text: 'Hello world' }] };
/** A stream has it as texts beside one another. */
const folded = { role: 'assistant', content: 'Hello world', reasoning_content: 'hm, hm' };

const head = { id: 'c1', object: 'chat.completion.chunk', model: 'mistral-x-2026' };
const wireChunk = (delta: object, finish: string | null = null): object => ({
  ...head,
  choices: [{ index: 0, delta, finish_reason: finish }],
});
const sdkChunk = (delta: object, finishReason: string | null = null): object => ({
  data: { ...head, choices: [{ index: 0, delta, finishReason }] },
});
const texts = [
  { role: 'assistant', content: '' },
  { content: [thinking('hm, ')] },
  { content: [thinking('hm')] },
  { content: 'Hello ' },
  { content: 'world' },
];

const chat: MistralSample = {
  wire: {
    name: 'mistral chat',
    operation: mistralChat,
    request: {
      model: 'mistral-x',
      stream: true,
      temperature: 0.5,
      top_p: 0.9,
      max_tokens: 60,
      random_seed: 7,
      n: 2,
      presence_penalty: 0.1,
      frequency_penalty: 0.2,
      reasoning_effort: 'high',
      response_format: { type: 'json_schema', json_schema: { name: 'x', schema: {} } },
      tools: [tool, { type: 'web_search' }],
      messages: [
        { role: 'system', content: 'be brief' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'what is this?' },
            { type: 'image_url', image_url: 'https://example.org/cat.png' },
            { type: 'document_url', document_url: 'https://example.org/cat.pdf' },
            { type: 'file', file_id: 'file_1' },
            { type: 'input_audio', input_audio: 'AAAA' },
          ],
        },
        { role: 'assistant', content: '', tool_calls: [{ ...call, id: 'call_1' }] },
        { role: 'tool', tool_call_id: 'call_1', name: 'weather', content: 'sunny' },
      ],
    },
    answer: {
      id: 'c1',
      object: 'chat.completion',
      model: 'mistral-x-2026',
      usage,
      choices: [{ index: 0, finish_reason: 'tool_calls', message: { ...folded, tool_calls: [call] } }],
    },
    stream: [
      ...texts.map((delta) => wireChunk(delta)),
      { ...wireChunk({ content: '', tool_calls: [call] }, 'tool_calls'), usage, p: 'abc' },
    ],
  },
  sdk: {
    name: 'mistral chat, from the SDK',
    operation: mistralChat,
    request: {
      model: 'mistral-x',
      stream: true,
      temperature: 0.5,
      topP: 0.9,
      maxTokens: 60,
      randomSeed: 7,
      n: 2,
      presencePenalty: 0.1,
      frequencyPenalty: 0.2,
      reasoningEffort: 'high',
      responseFormat: { type: 'json_schema', jsonSchema: { name: 'x', schemaDefinition: {} } },
      tools: [tool, { type: 'web_search' }],
      messages: [
        { role: 'system', content: 'be brief' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'what is this?' },
            { type: 'image_url', imageUrl: 'https://example.org/cat.png' },
            { type: 'document_url', documentUrl: 'https://example.org/cat.pdf' },
            { type: 'file', fileId: 'file_1' },
            { type: 'input_audio', inputAudio: 'AAAA' },
          ],
        },
        { role: 'assistant', content: '', toolCalls: [{ ...call, id: 'call_1' }] },
        { role: 'tool', toolCallId: 'call_1', name: 'weather', content: 'sunny' },
      ],
    },
    answer: {
      id: 'c1',
      object: 'chat.completion',
      model: 'mistral-x-2026',
      usage: sdkUsage,
      choices: [{ index: 0, finishReason: 'tool_calls', message: { ...said, toolCalls: [call] } }],
    },
    stream: [
      ...texts.map((delta) => sdkChunk(delta)),
      {
        data: {
          ...head,
          usage: sdkUsage,
          choices: [{ index: 0, delta: { content: '', toolCalls: [call] }, finishReason: 'tool_calls' }],
        },
      },
    ],
  },
};

const agents: MistralSample = {
  wire: { ...chat.wire, name: 'mistral agents', operation: mistralAgents, request: { agent_id: 'ag_1', messages: [] } },
  sdk: {
    ...chat.sdk,
    name: 'mistral agents, from the SDK',
    operation: mistralAgents,
    request: { agentId: 'ag_1', messages: [] },
  },
};

const fim: MistralSample = {
  wire: {
    name: 'mistral fim',
    operation: mistralFim,
    request: { model: 'code-x', prompt: 'once', suffix: 'twice', max_tokens: 5 },
    answer: {
      id: 'f1',
      model: 'code-x',
      usage: { prompt_tokens: 2, completion_tokens: 3, total_tokens: 5 },
      choices: [{ index: 0, finish_reason: 'model_length', message: { role: 'assistant', content: ' a b', tool_calls: null } }],
    },
    stream: [
      { id: 'f1', model: 'code-x', choices: [{ index: 0, delta: { role: 'assistant', content: ' a' }, finish_reason: null }] },
      {
        id: 'f1',
        model: 'code-x',
        choices: [{ index: 0, delta: { content: ' b' }, finish_reason: 'model_length' }],
        usage: { prompt_tokens: 2, completion_tokens: 3, total_tokens: 5 },
      },
    ],
  },
  sdk: {
    name: 'mistral fim, from the SDK',
    operation: mistralFim,
    request: { model: 'code-x', prompt: 'once', suffix: 'twice', maxTokens: 5 },
    answer: {
      id: 'f1',
      model: 'code-x',
      // Version 1.
      usage: { promptTokens: 2, completionTokens: 3, totalTokens: 5, additionalProperties: {} },
      choices: [{ index: 0, finishReason: 'model_length', message: { role: 'assistant', content: ' a b', toolCalls: null } }],
    },
    stream: [
      {
        data: {
          id: 'f1',
          model: 'code-x',
          choices: [{ index: 0, delta: { role: 'assistant', content: ' a' }, finishReason: null }],
        },
      },
      {
        data: {
          id: 'f1',
          model: 'code-x',
          choices: [{ index: 0, delta: { content: ' b' }, finishReason: 'model_length' }],
          usage: { promptTokens: 2, completionTokens: 3, totalTokens: 5, additionalProperties: {} },
        },
      },
    ],
  },
};

const plain = (wire: Sample, request: unknown, answer: unknown, stream?: unknown[]): MistralSample => ({
  wire,
  sdk: { ...wire, name: `${wire.name}, from the SDK`, request, answer, ...(stream && { stream }) },
});

const verdict = { id: 'm1', model: 'judge-x', results: [{ categories: { pii: false } }] };
const transcript = { model: 'hear-x', text: 'hello you', segments: [], language: null };
const heard = { prompt_tokens: 4, completion_tokens: 3, total_tokens: 7, prompt_audio_seconds: 2 };
const sdkHeard = { promptTokens: 4, completionTokens: 3, totalTokens: 7, promptAudioSeconds: 2 };

export const mistralSamples: readonly MistralSample[] = [
  chat,
  agents,
  fim,
  mistralConversation,
  plain(
    {
      name: 'mistral embeddings',
      operation: mistralEmbeddings,
      request: { model: 'embed-x', input: ['a', 'b'], encoding_format: 'float' },
      answer: {
        id: 'e1',
        model: 'embed-x',
        data: [{ index: 0, embedding: [0.1, 0.2, 0.3] }],
        usage: { prompt_tokens: 2, total_tokens: 2, completion_tokens: 0 },
      },
    },
    { model: 'embed-x', inputs: ['a', 'b'], encodingFormat: 'float' },
    {
      id: 'e1',
      model: 'embed-x',
      data: [{ index: 0, embedding: [0.1, 0.2, 0.3] }],
      usage: { promptTokens: 2, totalTokens: 2, completionTokens: 0 },
    },
  ),
  plain(
    {
      name: 'mistral moderations',
      operation: mistralModerations,
      request: { model: 'judge-x', input: [[{ role: 'user', content: 'hello' }], [{ role: 'user', content: 'you' }]] },
      answer: { ...verdict, results: [{ categories: { pii: false }, category_scores: { pii: 0.1 } }] },
    },
    { model: 'judge-x', inputs: [[{ role: 'user', content: 'hello' }], [{ role: 'user', content: 'you' }]] },
    { ...verdict, results: [{ categories: { pii: false }, categoryScores: { pii: 0.1 } }] },
  ),
  plain(
    {
      name: 'mistral classifications',
      operation: mistralClassifications,
      request: { model: 'judge-x', input: ['hello'] },
      answer: { id: 'm1', model: 'judge-x', results: [{ mood: { scores: { good: 1 } } }] },
    },
    { model: 'judge-x', inputs: ['hello'] },
    { id: 'm1', model: 'judge-x', results: [{ mood: { scores: { good: 1 } } }] },
  ),
  plain(
    {
      name: 'mistral ocr',
      operation: mistralOcr,
      request: { model: 'read-x', document: { type: 'document_url', document_url: 'https://example.org/a.pdf' } },
      answer: { model: 'read-x', pages: [{ index: 0, markdown: '# Hi' }], usage_info: { pages_processed: 1 } },
    },
    { model: 'read-x', document: { type: 'document_url', documentUrl: 'https://example.org/a.pdf' } },
    { model: 'read-x', pages: [{ index: 0, markdown: '# Hi' }], usageInfo: { pagesProcessed: 1 } },
  ),
  plain(
    {
      name: 'mistral transcriptions',
      operation: mistralTranscriptions,
      request: { model: 'hear-x', file_url: 'https://example.org/a.mp3', stream: true },
      answer: { ...transcript, usage: heard },
      stream: [
        { type: 'transcription.language', audio_language: 'en' },
        { type: 'transcription.text.delta', text: 'hello ' },
        { type: 'transcription.text.delta', text: 'you' },
        { type: 'transcription.done', ...transcript, usage: heard },
      ],
    },
    { model: 'hear-x', fileUrl: 'https://example.org/a.mp3', stream: true },
    { ...transcript, usage: sdkHeard },
    [
      { event: 'transcription.text.delta', data: { type: 'transcription.text.delta', text: 'hello you' } },
      { event: 'transcription.done', data: { type: 'transcription.done', ...transcript, usage: sdkHeard } },
    ],
  ),
  plain(
    {
      name: 'mistral speech',
      operation: mistralSpeech,
      request: { model: 'say-x', input: 'hello', voice_id: 'v', stream: true },
      answer: { audio_data: 'QUJD', usage: heard },
      stream: [
        { type: 'speech.audio.delta', audio_data: 'QQ==' },
        { type: 'speech.audio.delta', audio_data: 'QkM=' },
        { type: 'speech.audio.done', usage: heard },
      ],
    },
    { model: 'say-x', input: 'hello', voiceId: 'v', stream: true },
    { audioData: 'QUJD', usage: sdkHeard },
    [
      { event: 'speech.audio.delta', data: { type: 'speech.audio.delta', audioData: 'QUJD' } },
      { event: 'speech.audio.done', data: { type: 'speech.audio.done', usage: sdkHeard } },
    ],
  ),
];
