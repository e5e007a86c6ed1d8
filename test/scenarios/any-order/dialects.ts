/** The pieces of source that differ between the SDKs: what is imported, how a client is made, how it is asked, and what the answer is on the wire. */
import { SDKS, type Sdk } from '../../support/trees.ts';

export interface Dialect {
  /** What the package is imported by. */
  name: string;
  /** The client's class, a named export. */
  member: string;
  /** Whether the class is the default export too. */
  isDefault: boolean;
  /** The formats that the package has. */
  formats: readonly ('ESM' | 'CJS')[];
  /** Whether each format is a class of its own. */
  hasCopies: boolean;
  options: string;
  call: (client: string) => string;
  /** Whether a subclass of the client is the app's business: its constructor takes one object. */
  subclass: boolean;
}

const MESSAGES = `messages: [{ role: 'user', content: 'ping' }]`;
const SERVER = 'process.env.TEST_SERVER';

function chat(method: string, body: string, answer: string): Dialect['call'] {
  return (client) => `${client}.${method}(${body}).then((a) => console.log(a.${answer}))`;
}

const FAMILIES: Record<string, Omit<Dialect, 'name' | 'formats' | 'hasCopies'>> = {
  openai: {
    member: 'OpenAI',
    isDefault: true,
    subclass: true,
    options: `{ apiKey: 'sk-test', baseURL: ${SERVER} + '/v1', maxRetries: 0 }`,
    call: chat('chat.completions.create', `{ model: 'gpt-test', ${MESSAGES} }`, 'choices[0].message.content'),
  },
  anthropic: {
    member: 'Anthropic',
    isDefault: true,
    subclass: true,
    options: `{ apiKey: 'sk-test', baseURL: ${SERVER}, maxRetries: 0 }`,
    call: chat('messages.create', `{ model: 'claude-test', max_tokens: 9, ${MESSAGES} }`, 'content[0].text'),
  },
  groq: {
    member: 'Groq',
    isDefault: true,
    subclass: true,
    options: `{ apiKey: 'test', baseURL: ${SERVER}, maxRetries: 0 }`,
    call: chat('chat.completions.create', `{ model: 'llama-test', ${MESSAGES} }`, 'choices[0].message.content'),
  },
  cohere: {
    member: 'CohereClientV2',
    isDefault: false,
    subclass: true,
    options: `{ token: 'test', environment: ${SERVER} }`,
    call: chat('chat', `{ model: 'command-test', ${MESSAGES} }`, 'message.content[0].text'),
  },
  mistral: {
    member: 'Mistral',
    isDefault: false,
    subclass: true,
    options: `{ apiKey: 'test', serverURL: ${SERVER} }`,
    call: chat('chat.complete', `{ model: 'mistral-test', ${MESSAGES} }`, 'choices[0].message.content'),
  },
  ollama: {
    member: 'Ollama',
    isDefault: false,
    subclass: true,
    options: `{ host: ${SERVER} }`,
    call: chat('chat', `{ model: 'llama-test', ${MESSAGES} }`, 'message.content'),
  },
  'llama-stack': {
    member: 'LlamaStackClient',
    isDefault: true,
    subclass: true,
    options: `{ baseURL: ${SERVER}, maxRetries: 0 }`,
    call: chat('chat.completions.create', `{ model: 'llama-test', ${MESSAGES} }`, 'choices[0].message.content'),
  },
  ai21: {
    member: 'AI21',
    isDefault: false,
    subclass: true,
    options: `{ apiKey: 'test', baseURL: ${SERVER}, maxRetries: 0 }`,
    call: chat('chat.completions.create', `{ model: 'jamba-test', ${MESSAGES} }`, 'choices[0].message.content'),
  },
  genai: {
    member: 'GoogleGenAI',
    isDefault: false,
    subclass: false,
    options: `{ apiKey: 'test', httpOptions: { baseUrl: ${SERVER} } }`,
    call: chat('models.generateContent', `{ model: 'gemini-test', contents: 'ping' }`, 'text'),
  },
  bedrock: {
    member: 'BedrockRuntime',
    isDefault: false,
    subclass: true,
    options: `{ endpoint: ${SERVER}, region: 'us-east-1', maxAttempts: 1, credentials: { accessKeyId: 'test', secretAccessKey: 'test' }, requestHandler: new (process.getBuiltinModule('module').createRequire(process.cwd() + '/')('@smithy/node-http-handler').NodeHttpHandler)() }`,
    call: chat(
      'converse',
      `{ modelId: 'nova-test', messages: [{ role: 'user', content: [{ text: 'ping' }] }] }`,
      'output.message.content[0].text',
    ),
  },
};

const ESM_ONLY = new Set<Sdk>(['mistral 2', 'ai21 1']);
/** Packages of one class, whatever they are imported by. */
const ONE_CLASS = new Set(['cohere', 'mistral', 'ai21', 'bedrock']);

export function dialectOf(sdk: Sdk): Dialect {
  const family = sdk.split(' ')[0]!;
  const formats = ESM_ONLY.has(sdk) ? (['ESM'] as const) : (['ESM', 'CJS'] as const);
  return { ...FAMILIES[family]!, name: SDKS[sdk].name, formats, hasCopies: !ONE_CLASS.has(family) };
}

export const ANSWER = 'pong';

const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };

/** What the server answers, by what the path holds. */
const ANSWERS: readonly (readonly [RegExp, object])[] = [
  [
    /\/messages$/,
    {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'claude-test',
      content: [{ type: 'text', text: ANSWER }],
      stop_reason: 'end_turn',
      stop_sequence: null,
      usage: { input_tokens: 1, output_tokens: 1 },
    },
  ],
  [
    /\/v2\/chat$/,
    {
      id: 'c1',
      finish_reason: 'COMPLETE',
      message: { role: 'assistant', content: [{ type: 'text', text: ANSWER }] },
      usage: { billed_units: { input_tokens: 1, output_tokens: 1 }, tokens: { input_tokens: 1, output_tokens: 1 } },
    },
  ],
  [
    /\/api\/chat$/,
    {
      model: 'llama-test',
      created_at: '2026-01-01T00:00:00Z',
      message: { role: 'assistant', content: ANSWER },
      done: true,
      done_reason: 'stop',
      prompt_eval_count: 1,
      eval_count: 1,
    },
  ],
  [
    /:generateContent$/,
    {
      candidates: [{ content: { role: 'model', parts: [{ text: ANSWER }] }, finishReason: 'STOP', index: 0 }],
      usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2 },
      modelVersion: 'gemini-test',
    },
  ],
  [
    /\/converse$/,
    {
      output: { message: { role: 'assistant', content: [{ text: ANSWER }] } },
      stopReason: 'end_turn',
      usage: { inputTokens: 1, outputTokens: 1, totalTokens: 2 },
      metrics: { latencyMs: 1 },
    },
  ],
  [
    /chat\/completions$/,
    {
      id: 'chatcmpl-1',
      object: 'chat.completion',
      created: 1,
      model: 'gpt-test',
      choices: [{ index: 0, message: { role: 'assistant', content: ANSWER }, finish_reason: 'stop' }],
      usage,
    },
  ],
];

/** The body that answers a request to `path`. */
export function answerFor(path: string): object {
  const plain = path.split('?')[0]!;
  return ANSWERS.find(([pattern]) => pattern.test(plain))?.[1] ?? { error: { message: `nobody answers ${plain}` } };
}
