/** The real SDKs, each as one call of a model against a given server, and the error bodies that its provider answers with. */
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** An error answer. */
export interface Answer {
  status: number;
  body: unknown;
  headers?: Record<string, string>;
}

export interface SdkCase {
  name: string;
  /** One call; gives up after `timeoutMs`. */
  call(url: string, timeoutMs: number): Promise<unknown>;
  /** What a timeout of its own is taken for, where it cannot be told from an abort of the app's. */
  timeout?: string;
  /** Answers by what they are to be taken for. */
  answers: Record<string, Answer[]>;
}

const messages = [{ role: 'user' as const, content: 'hi' }];
const openaiBody = (message: string, type: string | null, code: string | null = null): object => ({
  error: { message, type, param: null, code },
});

/** What every server of OpenAI's dialect answers. */
const OPENAI: SdkCase['answers'] = {
  context_length_exceeded: [
    {
      status: 400,
      body: openaiBody("This model's maximum context length is 8192 tokens.", 'invalid_request_error', 'context_length_exceeded'),
    },
    {
      status: 400,
      body: openaiBody(
        "This model's maximum context length is 4096 tokens. However, you requested 9000 tokens.",
        'BadRequestError',
      ),
    },
    {
      status: 400,
      body: openaiBody('the request exceeds the available context size. try increasing it', 'exceed_context_size_error'),
    },
  ],
  content_filter: [
    {
      status: 400,
      body: openaiBody(
        "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
        null,
        'content_filter',
      ),
    },
    {
      status: 400,
      body: openaiBody(
        'Your request was rejected as a result of our safety system.',
        'invalid_request_error',
        'content_policy_violation',
      ),
    },
  ],
  auth_error: [
    { status: 401, body: openaiBody('Incorrect API key provided', 'invalid_request_error', 'invalid_api_key') },
    { status: 403, body: openaiBody('You are not allowed to sample from this model', 'invalid_request_error') },
  ],
  rate_limit: [
    {
      status: 429,
      body: openaiBody('Rate limit reached for requests', 'requests', 'rate_limit_exceeded'),
      headers: { 'retry-after': '1' },
    },
  ],
  quota_exceeded: [
    {
      status: 429,
      body: openaiBody(
        'You exceeded your current quota, please check your plan and billing details.',
        'insufficient_quota',
        'insufficient_quota',
      ),
    },
    { status: 402, body: openaiBody('Insufficient Balance', 'unknown_error', 'invalid_request_error') },
  ],
  timeout: [
    { status: 408, body: openaiBody('Request timeout', null) },
    { status: 504, body: '<html>504</html>' },
  ],
  api_error: [
    { status: 404, body: openaiBody('The model `x` does not exist', 'invalid_request_error', 'model_not_found') },
    {
      status: 400,
      body: openaiBody(
        'max_tokens is too large: 5000. This model supports at most 4096 completion tokens.',
        'invalid_request_error',
        'invalid_value',
      ),
    },
    { status: 500, body: openaiBody('The server had an error', 'server_error') },
    { status: 503, body: 'no JSON' },
    { status: 529, body: openaiBody('overloaded', 'overloaded_error') },
  ],
};

const anthropicBody = (type: string, message: string): object => ({
  type: 'error',
  error: { type, message },
  request_id: 'req_1',
});
const ANTHROPIC: SdkCase['answers'] = {
  context_length_exceeded: [
    { status: 400, body: anthropicBody('invalid_request_error', 'prompt is too long: 3333404 tokens > 200000 maximum') },
  ],
  auth_error: [
    { status: 401, body: anthropicBody('authentication_error', 'invalid x-api-key') },
    { status: 403, body: anthropicBody('permission_error', 'Your API key does not have permission') },
  ],
  rate_limit: [{ status: 429, body: anthropicBody('rate_limit_error', 'Number of requests has exceeded your rate limit') }],
  quota_exceeded: [
    { status: 400, body: anthropicBody('invalid_request_error', 'Your credit balance is too low to access the Anthropic API.') },
    { status: 402, body: anthropicBody('billing_error', 'There is an issue with your billing') },
  ],
  timeout: [{ status: 408, body: anthropicBody('timeout_error', 'Request timed out') }],
  api_error: [
    { status: 404, body: anthropicBody('not_found_error', 'model: x') },
    { status: 413, body: anthropicBody('request_too_large', 'Request exceeds the maximum size') },
    { status: 500, body: anthropicBody('api_error', 'Internal server error') },
    { status: 529, body: anthropicBody('overloaded_error', 'Overloaded') },
  ],
};

const mistralBody = (message: string, type: string, code: string | null = null): object => ({
  object: 'error',
  message,
  type,
  param: null,
  code,
});
const MISTRAL: SdkCase['answers'] = {
  context_length_exceeded: [
    {
      status: 400,
      body: mistralBody(
        'Prompt contains 33009 tokens and 0 draft tokens, too large for model with 32768 maximum context length',
        'invalid_request_prompt',
        '3051',
      ),
    },
  ],
  auth_error: [
    { status: 401, body: { detail: 'Unauthorized' } },
    { status: 403, body: { message: 'Inactive subscription' } },
  ],
  rate_limit: [{ status: 429, body: mistralBody('Requests rate limit exceeded', 'rate_limited', '1300') }],
  timeout: [{ status: 504, body: 'gateway' }],
  api_error: [
    { status: 404, body: mistralBody('no such model', 'invalid_model', '1500') },
    { status: 500, body: 'oops' },
  ],
};

const COHERE: SdkCase['answers'] = {
  context_length_exceeded: [
    {
      status: 400,
      body: {
        id: '1',
        error_type: 'TOO_MANY_TOKENS',
        message: 'too many tokens: size limit exceeded by 25836 tokens. Try using shorter or fewer inputs.',
      },
    },
  ],
  auth_error: [
    { status: 401, body: { id: '1', message: 'invalid api token' } },
    { status: 403, body: { message: 'forbidden' } },
  ],
  rate_limit: [
    { status: 429, body: { id: '1', message: 'You are using a Trial key, which is limited to 10 API calls / minute.' } },
  ],
  quota_exceeded: [{ status: 402, body: { message: 'billing limit reached' } }],
  timeout: [{ status: 504, body: { message: 'gateway timeout' } }],
  api_error: [
    { status: 404, body: { message: "model 'x' not found" } },
    { status: 422, body: { message: 'unprocessable' } },
    { status: 500, body: { message: 'oops' } },
  ],
};

const geminiBody = (code: number, status: string, message: string, reason?: string): object => ({
  error: {
    code,
    message,
    status,
    details: reason ? [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason, domain: 'googleapis.com' }] : [],
  },
});
const GEMINI: SdkCase['answers'] = {
  context_length_exceeded: [
    {
      status: 400,
      body: geminiBody(
        400,
        'INVALID_ARGUMENT',
        'The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).',
      ),
    },
  ],
  auth_error: [
    {
      status: 400,
      body: geminiBody(400, 'INVALID_ARGUMENT', 'API key not valid. Please pass a valid API key.', 'API_KEY_INVALID'),
    },
    { status: 401, body: geminiBody(401, 'UNAUTHENTICATED', 'no credentials') },
    { status: 403, body: geminiBody(403, 'PERMISSION_DENIED', 'no permission') },
  ],
  rate_limit: [
    {
      status: 429,
      body: geminiBody(429, 'RESOURCE_EXHAUSTED', 'You exceeded your current quota, please check your plan and billing details.'),
    },
  ],
  timeout: [{ status: 504, body: geminiBody(504, 'DEADLINE_EXCEEDED', 'Deadline expired') }],
  api_error: [
    { status: 404, body: geminiBody(404, 'NOT_FOUND', 'models/x is not found') },
    { status: 400, body: geminiBody(400, 'FAILED_PRECONDITION', 'User location is not supported for the API use.') },
    { status: 500, body: geminiBody(500, 'INTERNAL', 'Internal error') },
    { status: 503, body: geminiBody(503, 'UNAVAILABLE', 'The model is overloaded.') },
  ],
};

const aws = (status: number, type: string, message: string): Answer => ({
  status,
  body: { message },
  headers: { 'x-amzn-errortype': type },
});
const BEDROCK: SdkCase['answers'] = {
  context_length_exceeded: [aws(400, 'ValidationException', 'Input is too long for requested model.')],
  auth_error: [
    aws(403, 'AccessDeniedException', "You don't have access to the model"),
    aws(403, 'ExpiredTokenException', 'expired'),
    aws(403, 'UnrecognizedClientException', 'no'),
  ],
  rate_limit: [aws(429, 'ThrottlingException', 'Too many requests, please wait before trying again.')],
  quota_exceeded: [aws(400, 'ServiceQuotaExceededException', 'quota')],
  timeout: [aws(408, 'ModelTimeoutException', 'Model has timed out')],
  api_error: [
    aws(400, 'ValidationException', 'The provided model identifier is invalid.'),
    aws(404, 'ResourceNotFoundException', 'no'),
    aws(424, 'ModelErrorException', 'no'),
    aws(500, 'InternalServerException', 'no'),
    aws(503, 'ServiceUnavailableException', 'no'),
  ],
};

const OLLAMA: SdkCase['answers'] = {
  context_length_exceeded: [{ status: 400, body: { error: 'the input length exceeds the context length' } }],
  auth_error: [{ status: 401, body: { error: 'unauthorized' } }],
  api_error: [
    { status: 404, body: { error: "model 'x' not found" } },
    { status: 500, body: { error: 'llama runner process has terminated' } },
  ],
};

/** One of each SDK. */
export async function loadSdks(): Promise<SdkCase[]> {
  const { OpenAI } = require('openai');
  const { Anthropic } = require('@anthropic-ai/sdk');
  const { Groq } = require('groq-sdk');
  const { CohereClient } = require('cohere-ai');
  const { Mistral } = await import('@mistralai/mistralai');
  const { Ollama } = require('ollama');
  const { GoogleGenAI } = require('@google/genai');
  const bedrock = require('@aws-sdk/client-bedrock-runtime');
  const { NodeHttpHandler } = createRequire(require.resolve('@aws-sdk/client-bedrock-runtime'))('@smithy/node-http-handler');
  const ai = await import('ai');
  const { createOpenAI } = await import('@ai-sdk/openai');

  const stainless = (url: string, timeout: number): object => ({ apiKey: 'none', baseURL: url, maxRetries: 0, timeout });
  return [
    {
      name: 'openai',
      call: (url, timeoutMs) => new OpenAI(stainless(url, timeoutMs)).chat.completions.create({ model: 'm', messages }),
      answers: OPENAI,
    },
    {
      name: 'openai responses',
      call: (url, timeoutMs) => new OpenAI(stainless(url, timeoutMs)).responses.create({ model: 'm', input: 'hi' }),
      answers: OPENAI,
    },
    {
      name: 'groq',
      call: (url, timeoutMs) => new Groq(stainless(url, timeoutMs)).chat.completions.create({ model: 'm', messages }),
      answers: {
        ...OPENAI,
        invalid_output: [
          { status: 400, body: openaiBody('Tool call validation failed', 'invalid_request_error', 'tool_use_failed') },
          { status: 400, body: openaiBody('Failed to generate JSON', 'invalid_request_error', 'json_validate_failed') },
        ],
      },
    },
    {
      name: '@anthropic-ai/sdk',
      call: (url, timeoutMs) => new Anthropic(stainless(url, timeoutMs)).messages.create({ model: 'm', max_tokens: 9, messages }),
      answers: ANTHROPIC,
    },
    {
      name: '@mistralai/mistralai',
      call: (url, timeoutMs) =>
        new Mistral({ apiKey: 'none', serverURL: url, timeoutMs }).chat.complete({ model: 'm', messages }),
      answers: MISTRAL,
    },
    {
      name: 'cohere-ai',
      call: (url, timeoutMs) =>
        new CohereClient({ token: 'none', environment: url, baseUrl: url }).v2.chat(
          { model: 'm', messages },
          { maxRetries: 0, timeoutInSeconds: timeoutMs / 1000 },
        ),
      answers: COHERE,
    },
    {
      name: '@google/genai',
      call: (url, timeout) =>
        new GoogleGenAI({ apiKey: 'none', httpOptions: { baseUrl: url, timeout } }).models.generateContent({
          model: 'm',
          contents: 'hi',
        }),
      answers: GEMINI,
      timeout: 'model timeout',
    },
    {
      name: '@aws-sdk/client-bedrock-runtime',
      call: (endpoint, requestTimeout) =>
        new bedrock.BedrockRuntimeClient({
          endpoint,
          region: 'us-east-1',
          maxAttempts: 1,
          requestHandler: new NodeHttpHandler({ requestTimeout, throwOnRequestTimeout: true }),
          credentials: { accessKeyId: 'none', secretAccessKey: 'none' },
        }).send(new bedrock.ConverseCommand({ modelId: 'm', messages: [{ role: 'user', content: [{ text: 'hi' }] }] })),
      answers: BEDROCK,
    },
    {
      name: 'ollama',
      call: (host, timeoutMs) =>
        new Ollama({
          host,
          fetch: (url: string, init: object) => fetch(url, { ...init, signal: AbortSignal.timeout(timeoutMs) }),
        }).chat({ model: 'm', messages }),
      answers: OLLAMA,
    },
    {
      name: 'ai',
      call: (baseURL, timeoutMs) =>
        ai.generateText({
          model: createOpenAI({ apiKey: 'none', baseURL }).chat('m'),
          prompt: 'hi',
          maxRetries: 0,
          abortSignal: AbortSignal.timeout(timeoutMs),
        }),
      answers: OPENAI,
    },
  ];
}
