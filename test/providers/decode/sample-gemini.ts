/** Calls of Google's APIs. See samples.ts. */
import { geminiEmbeddings } from '../../../src/providers/google/gemini-embeddings.ts';
import { geminiImages } from '../../../src/providers/google/gemini-images.ts';
import { countGeminiTokens, generateContent } from '../../../src/providers/google/generate-content.ts';
import { interactions } from '../../../src/providers/google/interactions.ts';
import type { Sample } from './sample.ts';

const usageMetadata = {
  promptTokenCount: 40,
  cachedContentTokenCount: 16,
  candidatesTokenCount: 12,
  thoughtsTokenCount: 30,
  toolUsePromptTokenCount: 8,
  totalTokenCount: 90,
  promptTokensDetails: [
    { modality: 'TEXT', tokenCount: 33 },
    { modality: 'AUDIO', tokenCount: 7 },
  ],
  candidatesTokensDetails: [{ modality: 'TEXT', tokenCount: 12 }],
  serviceTier: 'standard',
};

const grounding = {
  webSearchQueries: ['bern weather'],
  groundingChunks: [{ web: { uri: 'https://example.org', title: 'Bern' } }],
};
const code = { language: 'PYTHON', code: 'print(1)' };
const result = { outcome: 'OUTCOME_OK', output: '1' };

const head = { responseId: 'resp_1', modelVersion: 'gemini-x-001' };

export const geminiSample: Sample = {
  name: 'generate content',
  operation: generateContent,
  // The wire has the model in its path, and settings apart; this is what the SDK is given.
  request: {
    model: 'models/gemini-x',
    contents: [
      {
        role: 'user',
        parts: [
          { text: 'what is this?' },
          { inlineData: { mimeType: 'image/png', data: 'AAAA' } },
          { fileData: { mimeType: 'audio/mp3', fileUri: 'https://example.org/talk.mp3' } },
        ],
      },
      {
        role: 'model',
        parts: [{ functionCall: { id: 'call_0', name: 'weather', args: { city: 'Bern' } }, thoughtSignature: 'sig' }],
      },
      { role: 'user', parts: [{ functionResponse: { id: 'call_0', name: 'weather', response: { output: 'sunny' } } }] },
    ],
    config: {
      systemInstruction: 'be brief',
      temperature: 0.5,
      topP: 0.9,
      topK: 40,
      candidateCount: 2,
      maxOutputTokens: 60,
      stopSequences: ['SECRET-STOP'],
      presencePenalty: -0.1,
      frequencyPenalty: 0.1,
      seed: 7,
      responseMimeType: 'application/json',
      responseSchema: { type: 'OBJECT' },
      thinkingConfig: { thinkingLevel: 'LOW' },
      serviceTier: 'flex',
      tools: [
        { functionDeclarations: [{ name: 'weather', description: 'Looks', parametersJsonSchema: { type: 'object' } }] },
        { googleSearch: {} },
      ],
    },
  },
  answer: {
    ...head,
    candidates: [
      {
        index: 0,
        content: {
          role: 'model',
          parts: [
            { text: 'let me see', thought: true, thoughtSignature: 'sig' },
            { executableCode: code },
            { codeExecutionResult: result },
            { text: 'Hello world' },
            { functionCall: { id: 'call_1', name: 'weather', args: { city: 'Bern' } } },
          ],
        },
        finishReason: 'STOP',
        groundingMetadata: { ...grounding, searchEntryPoint: { renderedContent: '<style>SECRET</style>' } },
      },
      { index: 1, content: { role: 'model', parts: [{ text: 'I will' }] }, finishReason: 'MAX_TOKENS' },
    ],
    usageMetadata,
  },
  stream: [
    { ...head, candidates: [{ index: 0, content: { role: 'model', parts: [{ text: 'let me ', thought: true }] } }] },
    {
      candidates: [{ index: 0, content: { parts: [{ text: 'see', thought: true, thoughtSignature: 'sig' }] } }],
      usageMetadata: { promptTokenCount: 40, thoughtsTokenCount: 20, totalTokenCount: 60 },
    },
    { candidates: [{ index: 0, content: { parts: [{ executableCode: code }, { codeExecutionResult: result }] } }] },
    { candidates: [{ index: 1, content: { parts: [{ text: 'I ' }] } }] },
    { candidates: [{ index: 0, content: { parts: [{ text: 'Hello ' }] }, groundingMetadata: {} }] },
    { candidates: [{ index: 1, content: { parts: [{ text: 'will' }] }, finishReason: 'MAX_TOKENS' }] },
    {
      candidates: [
        { index: 0, content: { parts: [{ text: 'world' }] }, groundingMetadata: { webSearchQueries: ['bern weather'] } },
      ],
    },
    {
      candidates: [
        {
          index: 0,
          content: { parts: [{ functionCall: { id: 'call_1', name: 'weather', args: { city: 'Bern' } } }] },
          finishReason: 'STOP',
          groundingMetadata: { groundingChunks: grounding.groundingChunks },
        },
      ],
      usageMetadata,
    },
  ],
};

const interactionHead = { id: 'v1_1', object: 'interaction', model: 'gemini-x', created: '2026-01-01T00:00:00Z' };
const interactionUsage = {
  total_input_tokens: 20,
  total_cached_tokens: 4,
  total_output_tokens: 6,
  total_thought_tokens: 9,
  total_tool_use_tokens: 5,
  total_tokens: 40,
};
const search = { type: 'google_search_call', id: 'srv_1', arguments: { queries: ['bern'] } };

export const interactionsSample: Sample = {
  name: 'interactions',
  operation: interactions,
  request: {
    model: 'gemini-x',
    system_instruction: 'be brief',
    previous_interaction_id: 'v1_0',
    input: [
      { type: 'function_result', call_id: 'call_0', name: 'weather', result: 'sunny' },
      {
        type: 'user_input',
        content: [
          { type: 'text', text: 'hello' },
          { type: 'image', mime_type: 'image/png', data: 'AAAA' },
        ],
      },
    ],
    generation_config: { temperature: 0.5, top_p: 0.9, seed: 7, max_output_tokens: 60, thinking_level: 'low' },
    response_format: { type: 'text', mime_type: 'application/json', schema: { type: 'object' } },
    service_tier: 'flex',
    tools: [
      { type: 'function', name: 'weather', description: 'Looks', parameters: { type: 'object' } },
      { type: 'google_search' },
    ],
    stream: true,
  },
  answer: {
    ...interactionHead,
    status: 'requires_action',
    service_tier: 'standard',
    steps: [
      { type: 'thought', signature: 'sig', summary: [{ type: 'text', text: 'let me see' }] },
      search,
      { type: 'model_output', content: [{ type: 'text', text: 'Hello world' }] },
      { type: 'function_call', id: 'call_1', name: 'weather', arguments: { city: 'Bern' } },
    ],
    usage: interactionUsage,
  },
  stream: [
    { event_type: 'interaction.created', interaction: { ...interactionHead, status: 'in_progress' } },
    { event_type: 'interaction.status_update', interaction_id: 'v1_1', status: 'in_progress' },
    { event_type: 'step.start', index: 0, step: { type: 'thought' } },
    { event_type: 'step.delta', index: 0, delta: { type: 'thought_summary', content: { type: 'text', text: 'let me ' } } },
    { event_type: 'step.delta', index: 0, delta: { type: 'thought_summary', content: { type: 'text', text: 'see' } } },
    { event_type: 'step.delta', index: 0, delta: { type: 'thought_signature', signature: 'sig' } },
    { event_type: 'step.stop', index: 0 },
    { event_type: 'step.start', index: 1, step: { type: 'google_search_call', id: 'srv_1' } },
    { event_type: 'step.delta', index: 1, delta: search },
    { event_type: 'step.stop', index: 1 },
    { event_type: 'step.start', index: 2, step: { type: 'model_output' } },
    { event_type: 'step.delta', index: 2, delta: { type: 'text', text: 'Hello ' } },
    { event_type: 'step.delta', index: 2, delta: { type: 'text', text: 'world' } },
    { event_type: 'step.stop', index: 2 },
    { event_type: 'step.start', index: 3, step: { type: 'function_call', id: 'call_1', name: 'weather', arguments: {} } },
    { event_type: 'step.delta', index: 3, delta: { type: 'arguments_delta', arguments: '{"city":' } },
    { event_type: 'step.delta', index: 3, delta: { type: 'arguments_delta', arguments: '"Bern"}' } },
    { event_type: 'step.stop', index: 3 },
    {
      event_type: 'interaction.completed',
      interaction: { ...interactionHead, status: 'requires_action', service_tier: 'standard', usage: interactionUsage },
    },
  ],
};

/** As the first version of the API had it: contents in the place of steps, calls in one piece. */
export const outputsSample: Sample = {
  name: 'interactions with outputs',
  operation: interactions,
  request: {
    agent: 'deep-x',
    input: [
      { role: 'user', content: 'hello' },
      { role: 'model', content: [{ type: 'text', text: 'Hi' }] },
    ],
  },
  answer: {
    ...interactionHead,
    status: 'completed',
    outputs: [
      { type: 'thought', signature: 'sig' },
      { type: 'text', text: 'Hello world' },
      { type: 'function_call', id: 'call_1', name: 'weather', arguments: { city: 'Bern' } },
    ],
    usage: interactionUsage,
  },
  stream: [
    { event_type: 'interaction.start', interaction: { ...interactionHead, status: 'in_progress' } },
    { event_type: 'content.start', index: 0, content: { type: 'thought' } },
    { event_type: 'content.delta', index: 0, delta: { type: 'thought_signature', signature: 'sig' } },
    { event_type: 'content.stop', index: 0 },
    { event_type: 'content.start', index: 1, content: { type: 'text' } },
    { event_type: 'content.delta', index: 1, delta: { type: 'text', text: 'Hello ' } },
    { event_type: 'content.delta', index: 1, delta: { type: 'text', text: 'world' } },
    { event_type: 'content.stop', index: 1 },
    { event_type: 'content.start', index: 2, content: { type: 'function_call', id: 'call_1', name: 'weather' } },
    {
      event_type: 'content.delta',
      index: 2,
      delta: { type: 'function_call', id: 'call_1', name: 'weather', arguments: { city: 'Bern' } },
    },
    { event_type: 'content.stop', index: 2 },
    { event_type: 'interaction.complete', interaction: { ...interactionHead, status: 'completed', usage: interactionUsage } },
  ],
};

export const geminiSamples: Sample[] = [
  geminiSample,
  interactionsSample,
  outputsSample,
  {
    name: 'gemini tokens',
    operation: countGeminiTokens,
    request: { generateContentRequest: { model: 'models/gemini-x', contents: [{ role: 'user', parts: [{ text: 'hello' }] }] } },
    answer: { totalTokens: 9, promptTokensDetails: [{ modality: 'TEXT', tokenCount: 9 }] },
  },
  {
    name: 'gemini embeddings',
    operation: geminiEmbeddings,
    request: { requests: [{ model: 'models/embed-x', content: { role: 'user', parts: [{ text: 'hello' }] } }] },
    answer: { embeddings: [{ values: [0.1, 0.2, 0.3] }] },
  },
  {
    name: 'vertex embeddings',
    operation: geminiEmbeddings,
    request: { instances: [{ content: 'hello' }, { content: 'you' }], parameters: { autoTruncate: true } },
    answer: {
      predictions: [
        { embeddings: { values: [0.1, 0.2], statistics: { token_count: 2, truncated: false } } },
        { embeddings: { values: [0.3, 0.4], statistics: { token_count: 3, truncated: false } } },
      ],
    },
  },
  {
    name: 'imagen',
    operation: geminiImages,
    request: { model: 'imagen-x', prompt: 'a fox', config: { numberOfImages: 2, seed: 7 } },
    answer: {
      predictions: [
        { mimeType: 'image/png', bytesBase64Encoded: 'AAAA', prompt: 'a red fox' },
        { raiFilteredReason: 'It was too foxy.' },
        { safetyAttributes: { contentType: 'Positive Prompt' } },
      ],
    },
  },
];
