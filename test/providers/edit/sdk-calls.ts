/** Calls of real SDKs, each in the way that apps make it, and what the app gets of the answer. */
import { createRequire } from 'node:module';
import type { Reply } from '../../../src/testing/stand-in.ts';
import * as wire from '../../../src/testing/wire.ts';
import type { WireAnswer, WireError } from '../../../src/testing/wire.ts';
import { ai21Chat, ai21ChatStream, ai21Error } from '../../../src/testing/wire-ai21.ts';
import * as aws from '../../../src/testing/wire-bedrock.ts';
import * as cohere from '../../../src/testing/wire-cohere.ts';
import * as gemini from '../../../src/testing/wire-gemini.ts';
import { groqChat, groqChatStream } from '../../../src/testing/wire-groq.ts';
import * as mistral from '../../../src/testing/wire-mistral.ts';
import * as ollama from '../../../src/testing/wire-ollama.ts';

const require = createRequire(import.meta.url);

/** What an app gets of an answer. */
export interface Got {
  text: string;
  calls: { name: string; arguments: unknown; id?: string }[];
  /** Of the answer. */
  id?: unknown;
  usage?: unknown;
}

export interface SdkCall {
  name: string;
  /** As an event says it. */
  api?: string;
  operation: string;
  load(): any;
  ask(sdk: any, url: string): Promise<Got>;
  answer(answer: WireAnswer): Reply;
  error(error: WireError): Reply;
  /** Its answers hold no tool calls. */
  plain?: boolean;
}

const question = 'How is the weather?';
const messages = [{ role: 'user' as const, content: question }];
const functionTool = (name: string): object => ({ type: 'function', function: { name, parameters: { type: 'object' } } });
const tools = ['lookup', 'other'].map(functionTool);

const json =
  (make: (answer: WireAnswer) => object) =>
  (answer: WireAnswer): Reply => ({ body: make(answer) });
const pieces =
  (make: (answer: WireAnswer) => readonly (string | Uint8Array)[], headers?: Record<string, string>) =>
  (answer: WireAnswer): Reply => ({ pieces: make(answer), ...(headers && { headers }) });

/** Arguments as a value: what the SDK gave as text is read. */
const given = (value: unknown): unknown => (typeof value === 'string' ? JSON.parse(value) : value);

async function all<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const one of stream) found.push(one);
  return found;
}

/* Chat completions */

const chatGot = ({ id, usage, choices: [choice] }: any): Got => ({
  id,
  usage: usage ?? undefined,
  text: choice.message.content ?? '',
  calls: (choice.message.tool_calls ?? choice.message.toolCalls ?? []).map((call: any) => ({
    id: call.id,
    name: call.function.name,
    arguments: given(call.function.arguments),
  })),
});

/** As an app puts the chunks of a stream together. */
function chunksGot(chunks: readonly any[]): Got {
  const calls: any[] = [];
  let text = '';
  let usage: unknown;
  for (const chunk of chunks) {
    usage = chunk.usage ?? usage;
    const delta = chunk.choices[0]?.delta;
    text += delta?.content ?? '';
    for (const [place, more] of (delta?.tool_calls ?? delta?.toolCalls ?? []).entries()) {
      const call = (calls[more.index ?? place] ??= { id: more.id, name: more.function.name, arguments: '' });
      call.arguments +=
        typeof more.function.arguments === 'string' ? more.function.arguments : JSON.stringify(more.function.arguments);
    }
  }
  return { id: chunks[0].id, usage, text, calls: calls.map((call) => ({ ...call, arguments: given(call.arguments) })) };
}

const chat = { model: 'a-model', messages, tools };
const chatCompletions = { api: 'chat_completions', operation: 'chat', error: wire.openaiError };

const openaiClient = (sdk: any, baseURL: string): any => new sdk.OpenAI({ apiKey: 'sk-test', baseURL, maxRetries: 0 });
const openaiVersions = ['openai-4', 'openai-5', 'openai-6', 'openai'];

const openaiCalls = openaiVersions.flatMap((name): SdkCall[] => [
  {
    ...chatCompletions,
    name: `${name} chat.completions.create`,
    load: () => require(name),
    ask: async (sdk, url) => chatGot(await openaiClient(sdk, url).chat.completions.create(chat)),
    answer: json(wire.chatCompletion),
  },
  {
    ...chatCompletions,
    name: `${name} chat.completions.stream, finalChatCompletion`,
    load: () => import(name),
    ask: async (sdk, url) => {
      const client = openaiClient(sdk, url);
      const { stream } = client.chat.completions.stream ? client.chat.completions : client.beta.chat.completions;
      const of = client.chat.completions.stream ? client.chat.completions : client.beta.chat.completions;
      return chatGot(await stream.call(of, { ...chat, stream_options: { include_usage: true } }).finalChatCompletion());
    },
    answer: pieces((answer) => wire.chatCompletionStream({ tokens: { input: 3, output: 4 }, ...answer })),
  },
  {
    name: `${name} completions.create, streamed`,
    api: 'completions',
    operation: 'text_completion',
    plain: true,
    load: () => require(name),
    ask: async (sdk, url) => {
      const chunks = await all<any>(
        await openaiClient(sdk, url).completions.create({ model: 'm', prompt: question, stream: true }),
      );
      return { id: chunks[0].id, text: chunks.map(({ choices }) => choices[0].text).join(''), calls: [] };
    },
    answer: pieces(({ text = 'Hello.' }) => [
      ...wire.fragmentsOf(text, 3).map((piece) => wire.sse(textChunk(piece, null))),
      wire.sse(textChunk('', 'stop')),
      wire.sse('[DONE]'),
    ]),
    error: wire.openaiError,
  },
]);

const textChunk = (text: string, finish: string | null): object => ({
  id: 'cmpl-1',
  object: 'text_completion',
  created: 1,
  model: 'm',
  choices: [{ text, index: 0, logprobs: null, finish_reason: finish }],
});

/** Version 5 has no `output_text` at the end of a stream. */
const outputText = (output: any): string =>
  output.flatMap(({ content = [] }: any) => content.map(({ text = '' }) => text)).join('');

const responsesGot = ({ id, usage, output, output_text: text = outputText(output) }: any): Got => ({
  id,
  usage,
  text,
  calls: output
    .filter(({ type }: any) => type === 'function_call')
    .map((call: any) => ({ id: call.call_id, name: call.name, arguments: given(call.arguments) })),
});

const responsesTools = ['lookup', 'other'].map((name) => ({ type: 'function', name, parameters: {}, strict: false }));
const ask = { model: 'gpt-5-mini', input: question, tools: responsesTools };
const responses = { api: 'responses', operation: 'chat', error: wire.openaiError };

const responsesCalls = openaiVersions.flatMap((name): SdkCall[] => [
  {
    ...responses,
    name: `${name} responses.create, output_text`,
    load: () => require(name),
    ask: async (sdk, url) => responsesGot(await openaiClient(sdk, url).responses.create(ask)),
    answer: json(wire.responsesAnswer),
  },
  ...(name === 'openai-4'
    ? []
    : [
        {
          ...responses,
          name: `${name} responses.stream, finalResponse`,
          load: () => import(name),
          ask: async (sdk: any, url: string) => responsesGot(await openaiClient(sdk, url).responses.stream(ask).finalResponse()),
          answer: pieces(wire.responsesStream),
        },
      ]),
]);

const chatSdks: [name: string, load: () => any, client: (sdk: any, url: string) => any, of: Partial<SdkCall>][] = [
  ['groq-sdk', () => require('groq-sdk'), (sdk, baseURL) => new sdk.Groq({ apiKey: 'k', baseURL, maxRetries: 0 }), {}],
  ['groq-0', () => require('groq-0'), (sdk, baseURL) => new sdk.Groq({ apiKey: 'k', baseURL, maxRetries: 0 }), {}],
  [
    'llama-stack-client',
    () => require('llama-stack-client'),
    (sdk, baseURL) => new (sdk.default ?? sdk)({ baseURL, maxRetries: 0 }),
    {},
  ],
  ['ai21', () => import('ai21'), (sdk, baseURL) => new sdk.AI21({ apiKey: 'k', baseURL }), { error: ai21Error }],
];
const chatAnswers: Record<string, [(answer: WireAnswer) => object, (answer: WireAnswer) => string[]]> = {
  ai21: [ai21Chat, ai21ChatStream],
  'llama-stack-client': [wire.chatCompletion, wire.chatCompletionStream],
};

const otherChatCalls = chatSdks.flatMap(([name, load, client, more]): SdkCall[] => {
  const [whole, stream] = chatAnswers[name] ?? [groqChat, groqChatStream];
  return [
    {
      ...chatCompletions,
      ...more,
      name: `${name} chat.completions.create`,
      load,
      ask: async (sdk, url) => chatGot(await client(sdk, url).chat.completions.create(chat)),
      answer: json(whole),
    },
    {
      ...chatCompletions,
      ...more,
      name: `${name} chat.completions.create, streamed`,
      load,
      ask: async (sdk, url) => chunksGot(await all(await client(sdk, url).chat.completions.create({ ...chat, stream: true }))),
      answer: pieces(stream),
    },
  ];
});

/* Anthropic */

const messageGot = ({ id, usage, content }: any): Got => ({
  id,
  usage,
  text: content.map((block: any) => (block.type === 'text' ? block.text : '')).join(''),
  calls: content
    .filter(({ type }: any) => type === 'tool_use')
    .map((call: any) => ({ id: call.id, name: call.name, arguments: call.input })),
});

const anthropicTools = ['lookup', 'other'].map((name) => ({ name, input_schema: { type: 'object' } }));
const message = { model: 'claude-sonnet-4-5', max_tokens: 64, messages, tools: anthropicTools };
const anthropicClient = (sdk: any, baseURL: string): any => new sdk.Anthropic({ apiKey: 'k', baseURL, maxRetries: 0 });
const anthropicMessages = { api: 'messages', operation: 'chat', error: wire.anthropicError };

const anthropicCalls = ['@anthropic-ai/sdk', 'anthropic-0'].flatMap((name): SdkCall[] => [
  {
    ...anthropicMessages,
    name: `${name} messages.create`,
    load: () => require(name),
    ask: async (sdk, url) => messageGot(await anthropicClient(sdk, url).messages.create(message)),
    answer: json(wire.anthropicMessage),
  },
  {
    ...anthropicMessages,
    name: `${name} messages.stream, finalMessage`,
    load: () => import(name),
    ask: async (sdk, url) => messageGot(await anthropicClient(sdk, url).messages.stream(message).finalMessage()),
    answer: pieces(wire.anthropicStream),
  },
]);

/* Google */

const geminiTools = [
  { functionDeclarations: ['lookup', 'other'].map((name) => ({ name, parametersJsonSchema: { type: 'object' } })) },
];
const generate = (): object => ({ model: 'gemini-2.5-flash', contents: question, config: { tools: geminiTools } });
const geminiClient = (sdk: any, baseUrl: string): any => new sdk.GoogleGenAI({ apiKey: 'k', httpOptions: { baseUrl } });

function geminiGot(answers: readonly any[]): Got {
  const parts = answers.flatMap(({ candidates }) => candidates?.[0]?.content?.parts ?? []);
  return {
    id: answers[0].responseId,
    usage: answers.at(-1).usageMetadata,
    text: parts.map(({ text, thought }) => (thought === true ? '' : (text ?? ''))).join(''),
    calls: parts.flatMap(({ functionCall }) =>
      functionCall
        ? [{ ...(functionCall.id && { id: functionCall.id }), name: functionCall.name, arguments: functionCall.args }]
        : [],
    ),
  };
}

const interactionGot = ({ id, usage, steps, outputs }: any): Got => {
  const said = (steps ?? outputs).flatMap((step: any) => (step.type === 'model_output' ? step.content : [step]));
  return {
    id,
    usage,
    text: said.map((one: any) => (one.type === 'text' ? one.text : '')).join(''),
    calls: said
      .filter(({ type }: any) => type === 'function_call')
      .map((one: any) => ({ id: one.id, name: one.name, arguments: one.arguments })),
  };
};

function interactionEventsGot(events: readonly any[]): Got {
  const steps: any[] = [];
  let last: any;
  for (const event of events) {
    if (event.interaction) last = { ...last, ...event.interaction };
    if (event.event_type.endsWith('.start') && event.index !== undefined) {
      steps[event.index] = { ...(event.step ?? event.content), content: [], json: '' };
    }
    if (event.event_type === 'content.delta') {
      const { type, text } = event.delta;
      const before = steps[event.index].text ?? '';
      Object.assign(steps[event.index], type === 'text' ? { text: before + text } : event.delta);
    }
    if (event.event_type !== 'step.delta') continue;
    if (event.delta.type === 'text') steps[event.index].content.push(event.delta);
    if (event.delta.type === 'arguments_delta') steps[event.index].json += event.delta.arguments ?? event.delta.partial_arguments;
  }
  const whole = steps.map(({ json, ...step }) => (json === '' ? step : { ...step, arguments: JSON.parse(json) }));
  return interactionGot({ ...last, steps: whole });
}

const generateContent = { api: 'generate_content', operation: 'generate_content', error: gemini.geminiError };
const interactions = { api: 'interactions', operation: 'generate_content', error: gemini.geminiError };
const interact = { model: 'gemini-2.5-flash', input: question };
const noRetries = { retries: { strategy: 'none' } };

const googleCalls: SdkCall[] = [
  ...['@google/genai', 'genai-2', 'genai-1'].flatMap((name): SdkCall[] => [
    {
      ...generateContent,
      name: `${name} models.generateContent`,
      load: () => require(name),
      ask: async (sdk, url) => geminiGot([await geminiClient(sdk, url).models.generateContent(generate())]),
      answer: json(gemini.geminiAnswer),
    },
    {
      ...generateContent,
      name: `${name} models.generateContentStream`,
      load: () => import(name),
      ask: async (sdk, url) => geminiGot(await all(await geminiClient(sdk, url).models.generateContentStream(generate()))),
      answer: pieces(gemini.geminiStream),
    },
  ]),
  {
    ...interactions,
    name: '@google/genai interactions.create',
    load: () => require('@google/genai'),
    ask: async (sdk, url) => interactionGot(await geminiClient(sdk, url).interactions.create(interact, noRetries)),
    answer: json(gemini.interaction),
  },
  {
    ...interactions,
    name: '@google/genai interactions.create, streamed',
    load: () => import('@google/genai'),
    ask: async (sdk, url) =>
      interactionEventsGot(await all(await geminiClient(sdk, url).interactions.create({ ...interact, stream: true }, noRetries))),
    answer: pieces(gemini.interactionStream),
  },
  {
    ...interactions,
    name: 'genai-1 interactions.create',
    load: () => require('genai-1'),
    ask: async (sdk, url) => interactionGot(await geminiClient(sdk, url).interactions.create(interact)),
    answer: json((answer) => gemini.interaction(answer, 'outputs')),
  },
  {
    ...interactions,
    name: 'genai-1 interactions.create, streamed',
    load: () => import('genai-1'),
    ask: async (sdk, url) =>
      interactionEventsGot(await all(await geminiClient(sdk, url).interactions.create({ ...interact, stream: true }))),
    answer: pieces((answer) => gemini.interactionStream(answer, 'outputs')),
  },
];

/* Bedrock */

const { NodeHttpHandler } = createRequire(require.resolve('@aws-sdk/client-bedrock-runtime'))('@smithy/node-http-handler');
const bedrockClient = (sdk: any, endpoint: string): any =>
  new sdk.BedrockRuntimeClient({
    region: 'us-east-1',
    credentials: { accessKeyId: 'AKIDFAKE', secretAccessKey: 'fake' },
    endpoint,
    maxAttempts: 1,
    requestHandler: new NodeHttpHandler(),
  });
const conversation = { modelId: 'us.amazon.nova-lite-v1:0', messages: [{ role: 'user', content: [{ text: question }] }] };
const invocation = {
  modelId: 'us.anthropic.claude-sonnet-4-5-20250929-v1:0',
  contentType: 'application/json',
  body: JSON.stringify({ anthropic_version: 'bedrock-2023-05-31', max_tokens: 64, messages }),
};

const converseGot = ({ usage, output }: any): Got => ({
  usage,
  text: output.message.content.map(({ text }: any) => text ?? '').join(''),
  calls: output.message.content.flatMap(({ toolUse }: any) =>
    toolUse ? [{ id: toolUse.toolUseId, name: toolUse.name, arguments: toolUse.input }] : [],
  ),
});

function converseEventsGot(events: readonly any[]): Got {
  const content: any[] = [];
  for (const { contentBlockStart: start, contentBlockDelta: delta } of events) {
    if (start?.start.toolUse) content[start.contentBlockIndex] = { toolUse: { ...start.start.toolUse, input: '' } };
    if (!delta) continue;
    const block = (content[delta.contentBlockIndex] ??= { text: '' });
    if (delta.delta.toolUse) block.toolUse.input += delta.delta.toolUse.input;
    else block.text += delta.delta.text ?? '';
  }
  for (const { toolUse } of content) if (toolUse) toolUse.input = JSON.parse(toolUse.input);
  return converseGot({ output: { message: { content } }, usage: events.find(({ metadata }) => metadata)?.metadata.usage });
}

const parsed = (bytes: Uint8Array): any => JSON.parse(Buffer.from(bytes).toString('utf8'));

function anthropicEventsGot(events: readonly any[]): Got {
  const content: any[] = [];
  for (const { type, index, content_block: block, delta } of events) {
    if (type === 'content_block_start') content[index] = { ...block, json: '' };
    if (delta?.type === 'text_delta') content[index].text += delta.text;
    if (delta?.type === 'input_json_delta') content[index].json += delta.partial_json;
  }
  const whole = content.map(({ json, ...block }) =>
    block.type === 'tool_use' ? { ...block, input: JSON.parse(json || '{}') } : block,
  );
  return messageGot({ ...events[0].message, content: whole });
}

const bedrockSdk = (): any => require('@aws-sdk/client-bedrock-runtime');
const converse = { api: 'converse', operation: 'chat', error: aws.bedrockError, load: bedrockSdk };
const invoke = { api: 'invoke_model', operation: 'chat', error: aws.bedrockError, load: bedrockSdk };

const bedrockCalls: SdkCall[] = [
  {
    ...converse,
    name: 'bedrock Converse',
    ask: async (sdk, url) => converseGot(await bedrockClient(sdk, url).send(new sdk.ConverseCommand(conversation))),
    answer: json(aws.converseAnswer),
  },
  {
    ...converse,
    name: 'bedrock ConverseStream',
    ask: async (sdk, url) => {
      const { stream } = await bedrockClient(sdk, url).send(new sdk.ConverseStreamCommand(conversation));
      return converseEventsGot(await all(stream));
    },
    answer: pieces(aws.converseStream, aws.AWS_STREAM),
  },
  {
    ...invoke,
    name: 'bedrock InvokeModel of Anthropic',
    ask: async (sdk, url) =>
      messageGot(parsed((await bedrockClient(sdk, url).send(new sdk.InvokeModelCommand(invocation))).body)),
    answer: json(wire.anthropicMessage),
  },
  {
    ...invoke,
    name: 'bedrock InvokeModelWithResponseStream of Anthropic',
    ask: async (sdk, url) => {
      const { body } = await bedrockClient(sdk, url).send(new sdk.InvokeModelWithResponseStreamCommand(invocation));
      return anthropicEventsGot((await all<any>(body)).map(({ chunk }) => parsed(chunk.bytes)));
    },
    answer: pieces(aws.invokeAnthropicStream, aws.AWS_STREAM),
  },
];

/* Cohere */

const v2 = { api: 'cohere_chat', operation: 'chat', error: cohere.cohereError };
const v1 = { api: 'cohere_chat_v1', operation: 'chat', error: cohere.cohereError };
const cohereOptions = (environment: string): object => ({ token: 'k', environment, maxRetries: 0 });
const cohereBody = { model: 'command-a-03-2025', messages };

const cohereGot = ({ id, usage, message: { content = [], toolCalls = [] } }: any): Got => ({
  id,
  usage,
  text: content.map(({ text }: any) => text ?? '').join(''),
  calls: toolCalls.map((call: any) => ({ id: call.id, name: call.function.name, arguments: given(call.function.arguments) })),
});

function cohereEventsGot(events: readonly any[]): Got {
  const content: any[] = [];
  const toolCalls: any[] = [];
  for (const { type, index, delta } of events) {
    const { message: said } = delta ?? {};
    if (type === 'content-delta') (content[index] ??= { text: '' }).text += said.content.text;
    if (type === 'tool-call-start') toolCalls[index] = structuredClone(said.toolCalls);
    if (type === 'tool-call-delta') toolCalls[index].function.arguments += said.toolCalls.function.arguments;
  }
  return cohereGot({
    id: events[0].id,
    usage: events.at(-1).delta?.usage,
    message: { content: content.filter(Boolean), toolCalls },
  });
}

const cohereV1Got = ({ text, toolCalls, generationId: id, meta: usage }: any): Got => ({
  id,
  usage,
  text,
  calls: (toolCalls ?? []).map(({ name, parameters }: any) => ({ name, arguments: parameters })),
});

const cohereCalls = ['cohere-ai', 'cohere-7'].flatMap((name): SdkCall[] => [
  {
    ...v2,
    name: `${name} v2 chat`,
    load: () => require(name),
    ask: async (sdk, url) => cohereGot(await new sdk.CohereClientV2(cohereOptions(url)).chat(cohereBody)),
    answer: json(cohere.cohereChat),
  },
  {
    ...v2,
    name: `${name} v2 chatStream`,
    load: () => require(name),
    ask: async (sdk, url) => cohereEventsGot(await all(await new sdk.CohereClientV2(cohereOptions(url)).chatStream(cohereBody))),
    answer: pieces(cohere.cohereChatStream),
  },
  {
    ...v1,
    name: `${name} v1 chat`,
    load: () => require(name),
    ask: async (sdk, url) => cohereV1Got(await new sdk.CohereClient(cohereOptions(url)).chat({ message: question })),
    answer: json(cohere.cohereChatV1),
  },
  {
    ...v1,
    name: `${name} v1 chatStream`,
    load: () => require(name),
    ask: async (sdk, url) => {
      const events = await all<any>(await new sdk.CohereClient(cohereOptions(url)).chatStream({ message: question }));
      const text = events.map((event) => (event.eventType === 'text-generation' ? event.text : '')).join('');
      const calls = events.flatMap(({ eventType, toolCalls }) => (eventType === 'tool-calls-generation' ? toolCalls : []));
      const end = events.at(-1);
      const { id, usage } = cohereV1Got(end.response);
      if (end.response.text !== text) throw new Error(`the end says ${end.response.text}`);
      return { ...cohereV1Got({ text, toolCalls: calls }), id, usage };
    },
    answer: pieces(cohere.cohereChatV1Stream, cohere.COHERE_LINES),
  },
]);

/* Mistral */

const mistralClient = (sdk: any, serverURL: string): any =>
  new sdk.Mistral({ apiKey: 'k', serverURL, retryConfig: { strategy: 'none' } });
const mistralVersions: [name: string, load: () => any][] = [
  ['mistral-2', () => import('@mistralai/mistralai')],
  ['mistral-1', () => require('mistral-1')],
];
const mistralChat = { api: 'mistral_chat', operation: 'chat', error: mistral.mistralError };
const conversations = { api: 'mistral_conversations', operation: 'chat', error: mistral.mistralError };

const entriesGot = ({ conversationId: id, usage, outputs }: any): Got => ({
  id,
  usage,
  text: outputs.map(({ type, content }: any) => (type === 'message.output' ? content : '')).join(''),
  calls: outputs
    .filter(({ type }: any) => type === 'function.call')
    .map((call: any) => ({ id: call.toolCallId, name: call.name, arguments: given(call.arguments) })),
});

function entryEventsGot(events: readonly any[]): Got {
  const outputs: any[] = [];
  const head: any = {};
  for (const { data } of events) {
    if (data.conversationId) head.conversationId = data.conversationId;
    if (data.usage) head.usage = data.usage;
    if (data.type === 'message.output.delta')
      (outputs[data.outputIndex] ??= { type: 'message.output', content: '' }).content += data.content;
    if (data.type === 'function.call.delta') {
      (outputs[data.outputIndex] ??= { ...data, type: 'function.call', arguments: '' }).arguments += data.arguments;
    }
  }
  return entriesGot({ ...head, outputs });
}

const mistralCalls = mistralVersions.flatMap(([name, load]): SdkCall[] => [
  {
    ...mistralChat,
    name: `${name} chat.complete`,
    load,
    ask: async (sdk, url) => chatGot(await mistralClient(sdk, url).chat.complete(chat)),
    answer: json(mistral.mistralChat),
  },
  {
    ...mistralChat,
    name: `${name} chat.stream`,
    load,
    ask: async (sdk, url) => chunksGot((await all<any>(await mistralClient(sdk, url).chat.stream(chat))).map(({ data }) => data)),
    answer: pieces(mistral.mistralChatStream),
  },
  {
    ...conversations,
    name: `${name} beta.conversations.start`,
    load,
    ask: async (sdk, url) => entriesGot(await mistralClient(sdk, url).beta.conversations.start({ model: 'm', inputs: question })),
    answer: json(mistral.mistralConversation),
  },
  {
    ...conversations,
    name: `${name} beta.conversations.startStream`,
    load,
    ask: async (sdk, url) =>
      entryEventsGot(await all(await mistralClient(sdk, url).beta.conversations.startStream({ model: 'm', inputs: question }))),
    answer: pieces(mistral.mistralConversationStream),
  },
]);

/* Ollama */

const ollamaChat = { api: 'ollama_chat', operation: 'chat', error: ollama.ollamaError };

function ollamaGot(chunks: readonly any[]): Got {
  const calls = chunks.flatMap(({ message: said }) => said.tool_calls ?? []);
  return {
    usage: [chunks.at(-1).prompt_eval_count, chunks.at(-1).eval_count],
    text: chunks.map(({ message: said }) => said.content).join(''),
    calls: calls.map(({ function: { name, arguments: args } }) => ({ name, arguments: args })),
  };
}

const ollamaCalls = ['ollama', 'ollama-05'].flatMap((name): SdkCall[] => [
  {
    ...ollamaChat,
    name: `${name} chat`,
    load: () => require(name),
    ask: async (sdk, url) => ollamaGot([await new sdk.Ollama({ host: url }).chat({ model: 'qwen3', messages })]),
    answer: json(ollama.ollamaChat),
  },
  {
    ...ollamaChat,
    name: `${name} chat, streamed`,
    load: () => import(name),
    ask: async (sdk, url) =>
      ollamaGot(await all(await new sdk.Ollama({ host: url }).chat({ model: 'qwen3', messages, stream: true }))),
    answer: pieces(ollama.ollamaChatStream, { 'content-type': 'application/x-ndjson' }),
  },
  {
    name: `${name} generate, streamed`,
    api: 'ollama_generate',
    operation: 'text_completion',
    plain: true,
    load: () => require(name),
    ask: async (sdk, url) => {
      const chunks = await all<any>(
        await new sdk.Ollama({ host: url }).generate({ model: 'qwen3', prompt: question, stream: true }),
      );
      return { usage: chunks.at(-1).eval_count, text: chunks.map(({ response }) => response).join(''), calls: [] };
    },
    answer: pieces(
      ({ text = 'Hello.' }) => [
        ...wire.fragmentsOf(text, 3).map((response) => `${JSON.stringify({ model: 'qwen3', response, done: false })}\n`),
        `${JSON.stringify({ model: 'qwen3', response: '', done: true, done_reason: 'stop', context: [1, 2], eval_count: 4 })}\n`,
      ],
      { 'content-type': 'application/x-ndjson' },
    ),
    error: ollama.ollamaError,
  },
]);

/* The AI SDK, which sends for itself */

const aiTools = (ai: any): object => {
  const inputSchema = ai.jsonSchema({ type: 'object' });
  return Object.fromEntries(['lookup', 'other'].map((name) => [name, ai.tool({ inputSchema })]));
};
const aiGot = (text: string, calls: readonly any[], { response, totalUsage }: any): Got => ({
  id: response?.id,
  usage: totalUsage,
  text,
  calls: calls.map(({ toolCallId, toolName, input }) => ({ id: toolCallId, name: toolName, arguments: input })),
});
const generateText =
  (modelOf: (url: string) => any) =>
  async (ai: any, url: string): Promise<Got> => {
    const result = await ai.generateText({ model: await modelOf(url), prompt: question, tools: aiTools(ai), maxRetries: 0 });
    return aiGot(result.text, result.toolCalls, result);
  };
const streamText =
  (modelOf: (url: string) => any) =>
  async (ai: any, url: string): Promise<Got> => {
    let failure: unknown;
    const onError = ({ error }: any): void => {
      failure ??= error;
    };
    const result = ai.streamText({ model: await modelOf(url), prompt: question, tools: aiTools(ai), maxRetries: 0, onError });
    const text = await result.text;
    if (failure !== undefined) throw failure;
    return aiGot(text, await result.toolCalls, { response: await result.response, totalUsage: await result.totalUsage });
  };

const openaiModel = async (url: string): Promise<any> =>
  (await import('@ai-sdk/openai')).createOpenAI({ apiKey: 'k', baseURL: url }).chat('gpt-5-mini');
const responsesModel = async (url: string): Promise<any> =>
  (await import('@ai-sdk/openai')).createOpenAI({ apiKey: 'k', baseURL: url }).responses('gpt-5-mini');
const gatewayModel = async (url: string): Promise<any> =>
  (await import('ai')).createGateway({ apiKey: 'k', baseURL: url })('openai/gpt-5-mini');

const END = {
  finishReason: { unified: 'stop', raw: 'stop' },
  usage: {
    inputTokens: { total: 12, noCache: 12, cacheRead: 0, cacheWrite: 0 },
    outputTokens: { total: 5, text: 5, reasoning: 0 },
  },
};
const gatewayCalls = ({ tools: given = [] }: WireAnswer): object[] =>
  given.map(({ id, name, arguments: input }) => ({ type: 'tool-call', toolCallId: id, toolName: name, input }));
const gatewayText = ({ text, tools: given = [] }: WireAnswer): string => text ?? (given.length > 0 ? '' : 'Hello.');
const endOf = ({ tools: given = [] }: WireAnswer): object =>
  given.length > 0 ? { ...END, finishReason: { unified: 'tool-calls', raw: 'tool_calls' } } : END;

const gatewayAnswer = (answer: WireAnswer): object => {
  const text = gatewayText(answer);
  return { content: [...(text === '' ? [] : [{ type: 'text', text }]), ...gatewayCalls(answer)], ...endOf(answer), warnings: [] };
};
const gatewayStream = (answer: WireAnswer): string[] => [
  wire.sse({ type: 'stream-start', warnings: [] }),
  wire.sse({ type: 'response-metadata', id: 'gen_1', modelId: 'gpt-5-mini' }),
  wire.sse({ type: 'text-start', id: '0' }),
  ...wire.fragmentsOf(gatewayText(answer), 3).map((delta) => wire.sse({ type: 'text-delta', id: '0', delta })),
  wire.sse({ type: 'text-end', id: '0' }),
  ...gatewayCalls(answer).map((part) => wire.sse(part)),
  wire.sse({ type: 'finish', ...endOf(answer) }),
];

/** Where a provider's answer has no id, the SDK makes one up. */
const withoutId =
  (asked: SdkCall['ask']): SdkCall['ask'] =>
  async (sdk, url) => {
    const { id: _, ...got } = await asked(sdk, url);
    return got;
  };

const aiSdk = { api: 'ai_sdk', operation: 'chat', load: () => import('ai'), error: wire.openaiError };
const aiSdkCalls: SdkCall[] = [
  { ...aiSdk, name: 'ai generateText, chat', ask: generateText(openaiModel), answer: json(wire.chatCompletion) },
  { ...aiSdk, name: 'ai streamText, chat', ask: streamText(openaiModel), answer: pieces(wire.chatCompletionStream) },
  { ...aiSdk, name: 'ai generateText, responses', ask: generateText(responsesModel), answer: json(wire.responsesAnswer) },
  { ...aiSdk, name: 'ai streamText, responses', ask: streamText(responsesModel), answer: pieces(wire.responsesStream) },
  { ...aiSdk, name: 'ai generateText, gateway', ask: withoutId(generateText(gatewayModel)), answer: json(gatewayAnswer) },
  { ...aiSdk, name: 'ai streamText, gateway', ask: streamText(gatewayModel), answer: pieces(gatewayStream) },
];

export const sdkCalls: readonly SdkCall[] = [
  ...openaiCalls,
  ...responsesCalls,
  ...otherChatCalls,
  ...anthropicCalls,
  ...googleCalls,
  ...bedrockCalls,
  ...cohereCalls,
  ...mistralCalls,
  ...ollamaCalls,
  ...aiSdkCalls,
];
