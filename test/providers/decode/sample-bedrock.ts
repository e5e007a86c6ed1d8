/** Calls of Bedrock: Converse, and the dialects of the models behind `InvokeModel`. See samples.ts. */
import { applyGuardrail, bedrockCountTokens, startAsyncInvoke } from '../../../src/providers/bedrock/bedrock-operations.ts';
import { converse } from '../../../src/providers/bedrock/converse.ts';
import { invokeOperations } from '../../../src/providers/bedrock/invoke-model.ts';
import type { Operation } from '../../../src/providers/contract.ts';
import { messagesSample } from './sample-anthropic.ts';
import { chatSample } from './sample-openai.ts';
import type { Sample } from './sample.ts';

/** The operation of `InvokeModel` that a kind of call is. */
export const invoke = (word: string): Operation => invokeOperations.find(({ operation }) => operation === word)!;

/** Chunks as the wire has them; the SDK has the bytes themselves. */
const inBase64 = (chunks: readonly unknown[]): unknown[] =>
  chunks.map((chunk) => ({ chunk: { bytes: Buffer.from(JSON.stringify(chunk)).toString('base64') } }));
const metrics = (inputTokenCount: number, outputTokenCount: number): object => ({
  'amazon-bedrock-invocationMetrics': { inputTokenCount, outputTokenCount, invocationLatency: 9, firstByteLatency: 3 },
});

const converseContent = [
  { reasoningContent: { reasoningText: { text: 'let me see', signature: 'sig' } } },
  { text: 'Hello world' },
  {
    citationsContent: {
      content: [{ text: 'as written' }],
      citations: [{ title: 'Bern', location: { documentChar: { start: 1 } } }],
    },
  },
  { toolUse: { toolUseId: 'srv_1', name: 'nova_grounding', type: 'server_tool_use', input: { query: 'bern' } } },
  { toolResult: { toolUseId: 'srv_1', type: 'nova_grounding_result', status: 'success', content: [{ text: 'a city' }] } },
  { toolUse: { toolUseId: 'tooluse_1', name: 'weather', input: { city: 'Bern' } } },
  { toolUse: { toolUseId: 'tooluse_2', name: 'time', input: {} } },
];
const converseUsage = {
  inputTokens: 11,
  outputTokens: 25,
  totalTokens: 43,
  cacheReadInputTokens: 3,
  cacheWriteInputTokens: 4,
  cacheDetails: [{ ttl: '5m', inputTokens: 4 }],
};
const converseAnswer = {
  output: { message: { role: 'assistant', content: converseContent } },
  stopReason: 'tool_use',
  usage: converseUsage,
  metrics: { latencyMs: 9 },
  trace: { promptRouter: { invokedModelId: 'arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.nova-x' } },
  serviceTier: { type: 'priority' },
};

const at = (contentBlockIndex: number, delta: unknown): unknown => ({ contentBlockDelta: { contentBlockIndex, delta } });
const begun = (contentBlockIndex: number, start: unknown): unknown => ({ contentBlockStart: { contentBlockIndex, start } });
const stop = (contentBlockIndex: number): unknown => ({ contentBlockStop: { contentBlockIndex } });

const converseSample: Sample = {
  name: 'converse',
  operation: converse,
  request: {
    modelId: 'arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.nova-x',
    stream: true,
    system: [{ text: 'be brief' }, { cachePoint: { type: 'default' } }, { guardContent: { text: { text: 'stay polite' } } }],
    messages: [
      {
        role: 'user',
        content: [
          { image: { format: 'png', source: { bytes: new Uint8Array([1, 2, 3]) } } },
          { document: { format: 'pdf', name: 'd', source: { s3Location: { uri: 's3://bucket/key' } } } },
          { document: { format: 'txt', name: 'd', source: { text: 'a fox' } } },
          { video: { format: 'mp4', source: { bytes: 'AAAA' } } },
          { text: 'what is this?' },
        ],
      },
      { role: 'assistant', content: [{ toolUse: { toolUseId: 'tooluse_0', name: 'weather', input: { city: 'Bern' } } }] },
      {
        role: 'user',
        content: [
          { toolResult: { toolUseId: 'tooluse_0', content: [{ json: { sky: 'sunny' } }], status: 'success' } },
          { toolResult: { toolUseId: 'tooluse_00', content: [{ text: 'sunny' }, { json: [1] }] } },
        ],
      },
    ],
    inferenceConfig: { maxTokens: 100, temperature: 0.5, topP: 0.9, stopSequences: ['SECRET-STOP'] },
    toolConfig: {
      tools: [
        { toolSpec: { name: 'weather', description: 'Looks', inputSchema: { json: { type: 'object' } } } },
        { systemTool: { name: 'nova_grounding' } },
        { cachePoint: { type: 'default' } },
      ],
    },
    additionalModelRequestFields: { top_k: 5, reasoning_effort: 'low' },
    outputConfig: { textFormat: { type: 'json_schema', structure: {} } },
    serviceTier: { type: 'priority' },
  },
  answer: converseAnswer,
  stream: [
    { messageStart: { role: 'assistant' } },
    at(0, { reasoningContent: { text: 'let me ' } }),
    at(0, { reasoningContent: { text: 'see' } }),
    at(0, { reasoningContent: { signature: 'sig' } }),
    stop(0),
    at(1, { text: 'Hello ' }),
    at(1, { text: 'world' }),
    stop(1),
    at(2, { text: 'as written' }),
    at(2, { citation: { title: 'Bern', location: { documentChar: { start: 1 } } } }),
    stop(2),
    begun(3, { toolUse: { toolUseId: 'srv_1', name: 'nova_grounding', type: 'server_tool_use' } }),
    at(3, { toolUse: { input: '{"query":' } }),
    at(3, { toolUse: { input: '"bern"}' } }),
    stop(3),
    begun(4, { toolResult: { toolUseId: 'srv_1', type: 'nova_grounding_result', status: 'success' } }),
    at(4, { toolResult: [{ text: 'a city' }] }),
    stop(4),
    begun(5, { toolUse: { toolUseId: 'tooluse_1', name: 'weather' } }),
    at(5, { toolUse: { input: '' } }),
    at(5, { toolUse: { input: '{"city": "Be' } }),
    at(5, { toolUse: { input: 'rn"}' } }),
    stop(5),
    begun(6, { toolUse: { toolUseId: 'tooluse_2', name: 'time' } }),
    at(6, { toolUse: { input: '' } }),
    stop(6),
    { messageStop: { stopReason: 'tool_use' } },
    {
      metadata: {
        usage: converseUsage,
        metrics: { latencyMs: 9 },
        trace: converseAnswer.trace,
        serviceTier: { type: 'priority' },
      },
    },
  ],
};

const anthropicChunks = messagesSample.stream!.map((chunk, index, all) =>
  index === all.length - 1 ? { ...(chunk as object), ...metrics(11, 25) } : chunk,
);

/** A stream whose last chunk has Bedrock's own figures. */
const closing = (chunks: readonly object[], input: number, output: number): object[] => [
  ...chunks.slice(0, -1),
  { ...chunks.at(-1), ...metrics(input, output) },
];

const novaRequest = {
  schemaVersion: 'messages-v1',
  system: [{ text: 'be brief' }],
  messages: [{ role: 'user', content: [{ text: 'what is this?' }] }],
  inferenceConfig: { max_new_tokens: 100, temperature: 0.5, top_p: 0.9, topK: 5 },
};

export const bedrockSamples: Sample[] = [
  converseSample,
  {
    name: 'invoke anthropic',
    operation: invoke('chat'),
    request: { ...(messagesSample.request as object), model: 'anthropic.claude-x-v1:0', anthropic_version: 'bedrock-2023-05-31' },
    answer: messagesSample.answer,
    stream: inBase64(anthropicChunks),
  },
  {
    name: 'invoke nova',
    operation: invoke('chat'),
    request: { modelId: 'amazon.nova-x-v1:0', body: JSON.stringify(novaRequest) },
    answer: {
      output: { message: { role: 'assistant', content: [{ text: 'Hello world' }] } },
      stopReason: 'max_tokens',
      usage: { inputTokens: 5, outputTokens: 2, totalTokens: 10, cacheReadInputTokenCount: 3, cacheWriteInputTokenCount: 0 },
    },
    stream: inBase64([
      { messageStart: { role: 'assistant' } },
      at(0, { text: 'Hello ' }),
      at(0, { text: 'world' }),
      stop(0),
      { messageStop: { stopReason: 'max_tokens' } },
      {
        metadata: {
          usage: { inputTokens: 5, outputTokens: 2, totalTokens: 10, cacheReadInputTokenCount: 3, cacheWriteInputTokenCount: 0 },
        },
        ...metrics(5, 2),
      },
    ]),
  },
  {
    name: 'invoke titan text',
    operation: invoke('text_completion'),
    request: {
      model: 'amazon.titan-text-express-v1',
      inputText: 'what is this?',
      textGenerationConfig: { maxTokenCount: 9, temperature: 0.5, topP: 0.9, stopSequences: ['SECRET-STOP'] },
    },
    answer: { inputTextTokenCount: 5, results: [{ tokenCount: 8, outputText: 'Hello world', completionReason: 'FINISH' }] },
    stream: inBase64([
      { outputText: 'Hello ', index: 0, totalOutputTextTokenCount: null, completionReason: null, inputTextTokenCount: 5 },
      {
        outputText: 'world',
        index: 0,
        totalOutputTextTokenCount: 8,
        completionReason: 'FINISH',
        inputTextTokenCount: null,
        ...metrics(5, 8),
      },
    ]),
  },
  {
    name: 'invoke llama',
    operation: invoke('text_completion'),
    request: { model: 'us.meta.llama3-x-v1:0', prompt: 'what is this?', max_gen_len: 9, temperature: 0.5, top_p: 0.9 },
    answer: { generation: 'Hello world', prompt_token_count: 5, generation_token_count: 2, stop_reason: 'length' },
    stream: inBase64([
      { generation: 'Hello ', prompt_token_count: 5, generation_token_count: 1, stop_reason: null },
      { generation: 'world', prompt_token_count: null, generation_token_count: 2, stop_reason: 'length', ...metrics(5, 2) },
    ]),
  },
  {
    name: 'invoke mistral',
    operation: invoke('text_completion'),
    request: {
      model: 'mistral.mistral-x',
      prompt: '<s>[INST] what is this? [/INST]',
      max_tokens: 9,
      top_k: 4,
      stop: ['SECRET-STOP'],
    },
    answer: { outputs: [{ text: 'Hello world', stop_reason: 'stop' }], ...metrics(5, 2) },
    stream: inBase64(
      closing(
        [{ outputs: [{ text: 'Hello ', stop_reason: null }] }, { outputs: [{ text: 'world', stop_reason: 'stop' }] }],
        5,
        2,
      ),
    ),
  },
  {
    name: 'invoke deepseek',
    operation: invoke('text_completion'),
    request: { model: 'us.deepseek.r1-v1:0', prompt: 'what is this?', max_tokens: 9, temperature: 0.5, top_p: 0.9 },
    answer: { choices: [{ text: 'Hello world', stop_reason: 'stop' }], ...metrics(5, 2) },
    stream: inBase64(
      closing(
        [{ choices: [{ text: 'Hello ', stop_reason: null }] }, { choices: [{ text: 'world', stop_reason: 'stop' }] }],
        5,
        2,
      ),
    ),
  },
  {
    name: 'invoke cohere command',
    operation: invoke('text_completion'),
    request: { model: 'cohere.command-x', prompt: 'what is this?', max_tokens: 9, p: 0.9, k: 4, num_generations: 2 },
    answer: {
      id: 'gen_1',
      generations: [{ id: 'g', text: 'Hello world', finish_reason: 'COMPLETE' }],
      prompt: 'what is this?',
      ...metrics(5, 2),
    },
    stream: inBase64([
      {
        id: 'gen_1',
        generations: [{ id: 'g', text: 'Hello world', finish_reason: 'COMPLETE' }],
        prompt: 'what is this?',
        ...metrics(5, 2),
      },
    ]),
  },
  {
    name: 'invoke cohere chat',
    operation: invoke('chat'),
    request: {
      model: 'cohere.command-r-x',
      message: 'what is this?',
      preamble: 'be brief',
      chat_history: [{ role: 'USER', message: 'hi' }],
      max_tokens: 9,
      p: 0.9,
      k: 4,
      tools: [{ name: 'weather', description: 'Looks', parameter_definitions: {} }],
    },
    answer: {
      response_id: 'r_1',
      generation_id: 'g_1',
      text: 'Hello world',
      finish_reason: 'COMPLETE',
      tool_calls: [{ name: 'weather', parameters: { city: 'Bern' } }],
      ...metrics(5, 2),
    },
    stream: inBase64([
      { event_type: 'text-generation', text: 'Hello ', is_finished: false },
      { event_type: 'text-generation', text: 'world', is_finished: false },
      {
        event_type: 'stream-end',
        is_finished: true,
        finish_reason: 'COMPLETE',
        response: {
          response_id: 'r_1',
          generation_id: 'g_1',
          text: 'Hello world',
          finish_reason: 'COMPLETE',
          tool_calls: [{ name: 'weather', parameters: { city: 'Bern' } }],
        },
        ...metrics(5, 2),
      },
    ]),
  },
  {
    name: 'invoke chat completions',
    operation: invoke('chat'),
    request: { ...(chatSample.request as object), model: 'openai.gpt-oss-x' },
    answer: chatSample.answer,
    stream: inBase64(closing(chatSample.stream!.filter((chunk) => typeof chunk === 'object') as object[], 20, 9)),
  },
  {
    name: 'invoke titan embeddings',
    operation: invoke('embeddings'),
    request: { model: 'amazon.titan-embed-text-v2:0', inputText: 'what is this?', dimensions: 3 },
    answer: { embedding: [0.1, 0.2, 0.3], embeddingsByType: { float: [0.1, 0.2, 0.3] }, inputTextTokenCount: 5 },
  },
  {
    name: 'invoke cohere embeddings',
    operation: invoke('embeddings'),
    request: { model: 'cohere.embed-x', texts: ['what is this?'], input_type: 'search_query', embedding_types: ['float'] },
    answer: {
      id: 'e_1',
      embeddings: { float: [[0.1, 0.2, 0.3]] },
      response_type: 'embeddings_by_type',
      texts: ['what is this?'],
      ...metrics(5, 0),
    },
  },
  {
    name: 'invoke nova embeddings',
    operation: invoke('embeddings'),
    request: {
      model: 'amazon.nova-2-multimodal-embeddings-v1:0',
      taskType: 'SINGLE_EMBEDDING',
      singleEmbeddingParams: {
        embeddingPurpose: 'GENERIC_INDEX',
        embeddingDimension: 3,
        text: { truncationMode: 'END', value: 'what is this?' },
      },
    },
    answer: { embeddings: [{ embeddingType: 'TEXT', embedding: [0.1, 0.2, 0.3] }] },
  },
  {
    name: 'invoke rerank',
    operation: invoke('rerank'),
    request: { model: 'cohere.rerank-x', query: 'what is this?', documents: ['a fox', 'a dog'], top_n: 1, api_version: 2 },
    answer: { results: [{ index: 0, relevance_score: 0.9 }] },
  },
  {
    name: 'invoke images',
    operation: invoke('generate_content'),
    request: {
      model: 'amazon.nova-canvas-v1:0',
      taskType: 'TEXT_IMAGE',
      textToImageParams: { text: 'a fox' },
      imageGenerationConfig: { numberOfImages: 2, seed: 7, quality: 'standard' },
    },
    answer: { images: ['AAAA', 'BBBB'], error: null },
  },
  {
    name: 'bedrock count tokens',
    operation: bedrockCountTokens,
    request: { modelId: 'nova-x', input: { converse: { messages: [{ role: 'user', content: [{ text: 'hi' }] }] } } },
    answer: { inputTokens: 9 },
  },
  {
    name: 'apply guardrail',
    operation: applyGuardrail,
    request: {
      guardrailIdentifier: 'g',
      source: 'OUTPUT',
      content: [{ text: { text: 'what is this?', qualifiers: ['query'] } }],
    },
    answer: { action: 'GUARDRAIL_INTERVENED', outputs: [{ text: 'I say nothing.' }], usage: { topicPolicyUnits: 1 } },
  },
  {
    name: 'start async invoke',
    operation: startAsyncInvoke,
    request: { modelId: 'amazon.nova-reel-v1:1', modelInput: { textToVideoParams: { text: 'a fox' } } },
    answer: { invocationArn: 'arn:aws:bedrock:us-east-1:123456789012:async-invoke/1' },
  },
];
