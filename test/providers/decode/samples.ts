/** Requests, answers and streams in the shapes of the wire, written for these tests. A stream says the same as the plain answer beside it. */
import { textCompletions } from '../../../src/providers/openai/completions.ts';
import type { Operation } from '../../../src/providers/contract.ts';
import { embeddings } from '../../../src/providers/openai/embeddings.ts';
import { images } from '../../../src/providers/openai/images.ts';
import { countTokens } from '../../../src/providers/anthropic/messages.ts';
import { audioSpeech, completeLegacy, moderations, transcriptions } from '../../../src/providers/openai/other-operations.ts';
import { compact, fetchResponse } from '../../../src/providers/openai/responses.ts';
import { messagesSample } from './sample-anthropic.ts';
import { bedrockSamples } from './sample-bedrock.ts';
import { cohereSamples } from './sample-cohere.ts';
import { dialectSamples } from './sample-dialects.ts';
import { frameworkSamples } from './sample-frameworks.ts';
import { geminiSamples } from './sample-gemini.ts';
import { langchainSamples } from './sample-langchain.ts';
import { mistralSamples } from './sample-mistral.ts';
import { ollamaSamples } from './sample-ollama.ts';
import { chatSample, responsesAnswer, responsesSample, responsesUsage } from './sample-openai.ts';
import type { Sample } from './sample.ts';

const completionsSample: Sample = {
  name: 'text completions',
  operation: textCompletions,
  request: { model: 'babbage-x', prompt: ['once', 'twice'], max_tokens: 5, n: 2, stream: true },
  answer: {
    id: 'cmpl-1',
    model: 'babbage-x',
    choices: [
      { index: 0, text: ' upon a', finish_reason: 'length' },
      { index: 1, text: ' bitten', finish_reason: 'stop' },
    ],
    usage: { prompt_tokens: 2, completion_tokens: 4, total_tokens: 6 },
  },
  stream: [
    { id: 'cmpl-1', model: 'babbage-x', choices: [{ index: 1, text: ' bit', finish_reason: null }] },
    { id: 'cmpl-1', model: 'babbage-x', choices: [{ index: 0, text: ' upon', finish_reason: null }] },
    { id: 'cmpl-1', model: 'babbage-x', choices: [{ index: 1, text: 'ten', finish_reason: 'stop' }] },
    { id: 'cmpl-1', model: 'babbage-x', choices: [{ index: 0, text: ' a', finish_reason: 'length' }] },
    { id: 'cmpl-1', model: 'babbage-x', choices: [], usage: { prompt_tokens: 2, completion_tokens: 4, total_tokens: 6 } },
    '[DONE]',
  ],
};

export const samples: Sample[] = [
  chatSample,
  responsesSample,
  messagesSample,
  completionsSample,
  {
    name: 'responses compact',
    operation: compact,
    request: { model: 'gpt-x', input: 'long talk' },
    answer: {
      id: 'resp_2',
      object: 'response.compaction',
      output: [{ type: 'compaction', id: 'cmp_1', encrypted_content: 'zzz' }],
      usage: responsesUsage,
    },
  },
  {
    name: 'fetch response',
    operation: fetchResponse,
    request: { stream: true },
    answer: responsesAnswer,
    stream: responsesSample.stream!,
  },
  {
    name: 'embeddings',
    operation: embeddings,
    request: { model: 'embed-x', input: ['a', 'b'], encoding_format: 'base64' },
    answer: {
      model: 'embed-x',
      data: [{ index: 0, embedding: [0.1, 0.2, 0.3] }],
      usage: { prompt_tokens: 2, total_tokens: 2, completion_tokens: 0 },
    },
  },
  {
    name: 'images',
    operation: images,
    request: { model: 'image-x', prompt: 'a fox', n: 1, stream: true },
    answer: {
      output_format: 'png',
      data: [{ b64_json: 'AAAA' }],
      usage: { input_tokens: 5, output_tokens: 100, total_tokens: 105 },
    },
    stream: [
      { type: 'image_generation.partial_image', b64_json: 'ZZZZ', partial_image_index: 0 },
      {
        type: 'image_generation.completed',
        b64_json: 'AAAA',
        output_format: 'png',
        usage: { input_tokens: 5, output_tokens: 100, total_tokens: 105 },
      },
    ],
  },
  {
    name: 'moderations',
    operation: moderations,
    request: { model: 'mod-x', input: 'hello' },
    answer: { id: 'modr-1', model: 'mod-x', results: [{ flagged: false, categories: { violence: false } }] },
  },
  {
    name: 'speech',
    operation: audioSpeech,
    request: { model: 'tts-x', input: 'hello', voice: 'v', instructions: 'slowly' },
    answer: undefined,
  },
  {
    name: 'transcriptions',
    operation: transcriptions,
    request: { model: 'hear-x', prompt: 'names: Ann', stream: true },
    answer: {
      text: 'hello you',
      usage: {
        type: 'tokens',
        input_tokens: 14,
        input_token_details: { audio_tokens: 14, text_tokens: 0 },
        output_tokens: 3,
        total_tokens: 17,
      },
    },
    stream: [
      { type: 'transcript.text.delta', delta: 'hello ' },
      { type: 'transcript.text.delta', delta: 'you' },
      {
        type: 'transcript.text.done',
        text: 'hello you',
        usage: {
          type: 'tokens',
          input_tokens: 14,
          input_token_details: { audio_tokens: 14, text_tokens: 0 },
          output_tokens: 3,
          total_tokens: 17,
        },
      },
    ],
  },
  {
    name: 'count tokens',
    operation: countTokens,
    request: { model: 'claude-x', messages: [{ role: 'user', content: 'hi' }] },
    answer: { input_tokens: 9 },
  },
  {
    name: 'complete',
    operation: completeLegacy,
    request: { model: 'claude-2', prompt: '\n\nHuman: hi\n\nAssistant:', max_tokens_to_sample: 9, stream: true },
    answer: {
      type: 'completion',
      id: 'compl_1',
      completion: ' Hello',
      stop_reason: 'stop_sequence',
      model: 'claude-2',
      stop: '\n\nHuman:',
    },
    stream: [
      { type: 'completion', id: 'compl_1', completion: ' Hel', stop_reason: null, model: 'claude-2' },
      { type: 'ping' },
      { type: 'completion', id: 'compl_1', completion: 'lo', stop_reason: 'stop_sequence', model: 'claude-2' },
    ],
  },
  ...ollamaSamples,
  ...bedrockSamples,
  ...mistralSamples.flatMap(({ wire, sdk }) => [wire, sdk]),
  ...cohereSamples,
  ...frameworkSamples,
  ...geminiSamples,
  ...langchainSamples,
  ...dialectSamples,
];

export const sample = (name: string): Sample => samples.find((one) => one.name === name)!;

/** Streams as their test needs them: frozen to the bottom, so that changing one throws. */
export function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.freeze(value);
    Object.values(value).forEach(frozen);
  }
  return value;
}

/** Folds chunks. */
export function fold(operation: Operation, chunks: readonly unknown[]): { body: any; complete: boolean } {
  const assembler = operation.assembler!();
  for (const one of chunks) assembler.push(one);
  return assembler.result();
}

/** A stream as server-sent events. */
export function sse(chunks: readonly unknown[]): string {
  return chunks.map((one) => `data: ${typeof one === 'string' ? one : JSON.stringify(one)}\n\n`).join('');
}
