/** Answers of OpenAI and Anthropic as they come over the wire, made to order for a stand-in. */
import type { Reply } from './stand-in.ts';

/** A tool call that the model asks for. `arguments` is JSON text. */
export interface WireToolCall {
  id: string;
  name: string;
  arguments: string;
}

export interface WireTokens {
  input: number;
  output: number;
  cached?: number;
  reasoning?: number;
}

/** What a model answers, in no provider's words. */
export interface WireAnswer {
  id?: string;
  model?: string;
  text?: string;
  tools?: readonly WireToolCall[];
  /** Null: the provider says nothing of tokens. */
  tokens?: WireTokens | null;
  /** Pieces that the text is streamed in; each tool's arguments come in two. */
  fragments?: number;
}

const CREATED = 1_767_225_600;
const TOKENS: WireTokens = { input: 12, output: 5 };

/** `text` in `count` pieces of about one length. */
export function fragmentsOf(text: string, count: number): string[] {
  const size = Math.max(1, Math.ceil(text.length / count));
  return Array.from({ length: Math.ceil(text.length / size) }, (_, index) => text.slice(index * size, (index + 1) * size));
}

/** One server-sent event. */
export function sse(data: unknown, event?: string): string {
  return `${event === undefined ? '' : `event: ${event}\n`}data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`;
}

/* OpenAI: chat completions */

function chatUsage(tokens: WireTokens): object {
  return {
    prompt_tokens: tokens.input,
    completion_tokens: tokens.output,
    total_tokens: tokens.input + tokens.output,
    prompt_tokens_details: { cached_tokens: tokens.cached ?? 0, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: tokens.reasoning ?? 0, audio_tokens: 0 },
  };
}

const functionCall = ({ id, name, arguments: given }: WireToolCall): object => ({
  id,
  type: 'function',
  function: { name, arguments: given },
});

export function chatCompletion(answer: WireAnswer = {}): object {
  const { id = 'chatcmpl-1', model = 'gpt-5-mini', tools = [], tokens = TOKENS } = answer;
  const message = {
    role: 'assistant',
    content: answer.text ?? (tools.length > 0 ? null : 'Hello there.'),
    refusal: null,
    ...(tools.length > 0 && { tool_calls: tools.map(functionCall) }),
  };
  return {
    id,
    object: 'chat.completion',
    created: CREATED,
    model,
    choices: [{ index: 0, message, logprobs: null, finish_reason: tools.length > 0 ? 'tool_calls' : 'stop' }],
    ...(tokens && { usage: chatUsage(tokens) }),
    service_tier: 'default',
    system_fingerprint: 'fp_stand_in',
  };
}

/** The events of a streamed chat completion. The usage event comes only where `tokens` are given, as with `stream_options.include_usage`. */
export function chatCompletionStream(answer: WireAnswer = {}): string[] {
  const { id = 'chatcmpl-1', model = 'gpt-5-mini', tools = [], tokens = null, fragments = 3 } = answer;
  const head = { id, object: 'chat.completion.chunk', created: CREATED, model, system_fingerprint: 'fp_stand_in' };
  const chunk = (delta: object, finish: string | null = null): string =>
    sse({ ...head, choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }] });
  const text = answer.text ?? (tools.length > 0 ? '' : 'Hello there.');
  return [
    chunk({ role: 'assistant', content: '', refusal: null }),
    ...fragmentsOf(text, fragments).map((content) => chunk({ content })),
    ...tools.flatMap(({ id: callId, name, arguments: given }, index) => [
      chunk({ tool_calls: [{ index, id: callId, type: 'function', function: { name, arguments: '' } }] }),
      ...fragmentsOf(given, 2).map((part) => chunk({ tool_calls: [{ index, function: { arguments: part } }] })),
    ]),
    chunk({}, tools.length > 0 ? 'tool_calls' : 'stop'),
    ...(tokens ? [sse({ ...head, choices: [], usage: chatUsage(tokens) })] : []),
    sse('[DONE]'),
  ];
}

/* OpenAI: responses */

export function responsesAnswer(answer: WireAnswer = {}): any {
  const {
    id = 'resp_1',
    model = 'gpt-5-mini',
    tools = [],
    tokens = TOKENS,
    text = tools.length > 0 ? undefined : 'Hello there.',
  } = answer;
  const message = {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    status: 'completed',
    content: [{ type: 'output_text', text, annotations: [] }],
  };
  const calls = tools.map((tool, index) => ({
    id: `fc_${index}`,
    type: 'function_call',
    status: 'completed',
    call_id: tool.id,
    name: tool.name,
    arguments: tool.arguments,
  }));
  const usage = tokens && {
    input_tokens: tokens.input,
    input_tokens_details: { cached_tokens: tokens.cached ?? 0 },
    output_tokens: tokens.output,
    output_tokens_details: { reasoning_tokens: tokens.reasoning ?? 0 },
    total_tokens: tokens.input + tokens.output,
  };
  return {
    id,
    object: 'response',
    created_at: CREATED,
    status: 'completed',
    error: null,
    incomplete_details: null,
    model,
    output: [...(text === undefined ? [] : [message]), ...calls],
    parallel_tool_calls: true,
    tool_choice: 'auto',
    tools: [],
    usage,
  };
}

export function responsesStream(answer: WireAnswer = {}): string[] {
  const whole = responsesAnswer(answer);
  const started = { ...whole, status: 'in_progress', output: [], usage: null };
  const items = whole.output.flatMap((item: any, index: number): object[] => {
    const place = { output_index: index, item_id: item.id };
    const opened = { ...item, status: 'in_progress', ...(item.content ? { content: [] } : { arguments: '' }) };
    const kind = item.content ? 'response.output_text' : 'response.function_call_arguments';
    const full: string = item.content?.[0].text ?? item.arguments;
    const part = { ...place, content_index: 0, part: { type: 'output_text', text: '', annotations: [] } };
    return [
      { type: 'response.output_item.added', output_index: index, item: opened },
      ...(item.content ? [{ type: 'response.content_part.added', ...part }] : []),
      ...fragmentsOf(full, answer.fragments ?? 3).map((delta) => ({ type: `${kind}.delta`, ...place, content_index: 0, delta })),
      { type: `${kind}.done`, ...place, content_index: 0, ...(item.content ? { text: full } : { arguments: full }) },
      ...(item.content ? [{ type: 'response.content_part.done', ...part, part: item.content[0] }] : []),
      { type: 'response.output_item.done', output_index: index, item },
    ];
  });
  const events: any[] = [
    { type: 'response.created', response: started },
    { type: 'response.in_progress', response: started },
    ...items,
    { type: 'response.completed', response: whole },
  ];
  return events.map((event, number) => sse({ ...event, sequence_number: number }, event.type));
}

/* OpenAI: the rest */

/** An embeddings answer in the encoding that was asked for. */
export function embedding(
  vectors: readonly (readonly number[])[],
  format: 'float' | 'base64' = 'float',
  model = 'text-embedding-3-small',
): object {
  const encoded = (vector: readonly number[]): unknown =>
    format === 'float' ? vector : Buffer.from(new Float32Array(vector).buffer).toString('base64');
  return {
    object: 'list',
    data: vectors.map((vector, index) => ({ object: 'embedding', index, embedding: encoded(vector) })),
    model,
    usage: { prompt_tokens: 8, total_tokens: 8 },
  };
}

/** An image of one pixel. */
export function image(): object {
  const b64 = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
  const usage = {
    input_tokens: 9,
    output_tokens: 272,
    total_tokens: 281,
    input_tokens_details: { text_tokens: 9, image_tokens: 0 },
  };
  return { created: CREATED, data: [{ b64_json: b64 }], output_format: 'png', quality: 'low', size: '1024x1024', usage };
}

export interface WireError {
  status: number;
  message?: string;
  code?: string;
  requestId?: string;
  retryAfterSeconds?: number;
  retryAfterMs?: number;
}

const OPENAI_TYPES: Record<number, string> = {
  401: 'invalid_request_error',
  429: 'requests',
  500: 'server_error',
  503: 'server_error',
};
const ANTHROPIC_TYPES: Record<number, string> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  429: 'rate_limit_error',
  500: 'api_error',
  529: 'overloaded_error',
};

function errorHeaders(error: WireError, idName: string): Record<string, string> {
  return {
    ...(error.requestId !== undefined && { [idName]: error.requestId }),
    ...(error.retryAfterSeconds !== undefined && { 'retry-after': String(error.retryAfterSeconds) }),
    ...(error.retryAfterMs !== undefined && { 'retry-after-ms': String(error.retryAfterMs) }),
  };
}

export function openaiError(error: WireError): Reply {
  const { status, message = 'That did not work.', code = null } = error;
  const body = { error: { message, type: OPENAI_TYPES[status] ?? 'invalid_request_error', param: null, code } };
  return { status, headers: errorHeaders(error, 'x-request-id'), body };
}

export function anthropicError(error: WireError): Reply {
  const { status, message = 'That did not work.', code = ANTHROPIC_TYPES[status] ?? 'api_error' } = error;
  const body = { type: 'error', error: { type: code, message }, request_id: error.requestId };
  return { status, headers: errorHeaders(error, 'request-id'), body };
}

/* Anthropic */

function anthropicUsage(tokens: WireTokens): object {
  // Anthropic counts cached tokens apart from the others.
  const cached = tokens.cached ?? 0;
  return {
    input_tokens: tokens.input - cached,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: cached,
    output_tokens: tokens.output,
    service_tier: 'standard',
  };
}

export function anthropicMessage(answer: WireAnswer = {}): any {
  const { id = 'msg_1', model = 'claude-sonnet-4-5', tools = [], tokens = TOKENS } = answer;
  const text = answer.text ?? (tools.length > 0 ? undefined : 'Hello there.');
  return {
    id,
    type: 'message',
    role: 'assistant',
    model,
    content: [
      ...(text === undefined ? [] : [{ type: 'text', text }]),
      ...tools.map((tool) => ({ type: 'tool_use', id: tool.id, name: tool.name, input: JSON.parse(tool.arguments) as unknown })),
    ],
    stop_reason: tools.length > 0 ? 'tool_use' : 'end_turn',
    stop_sequence: null,
    ...(tokens && { usage: anthropicUsage(tokens) }),
  };
}

export function anthropicStream(answer: WireAnswer = {}): string[] {
  const whole = anthropicMessage(answer);
  const tokens = answer.tokens === undefined ? TOKENS : answer.tokens;
  const started = {
    ...whole,
    content: [],
    stop_reason: null,
    ...(tokens && { usage: anthropicUsage({ ...tokens, output: 1 }) }),
  };
  const blocks = whole.content.flatMap((block: any, index: number): object[] => {
    const isText = block.type === 'text';
    const parts = isText ? fragmentsOf(block.text, answer.fragments ?? 3) : fragmentsOf(JSON.stringify(block.input), 2);
    const delta = (part: string): object =>
      isText ? { type: 'text_delta', text: part } : { type: 'input_json_delta', partial_json: part };
    return [
      { type: 'content_block_start', index, content_block: isText ? { type: 'text', text: '' } : { ...block, input: {} } },
      ...parts.map((part) => ({ type: 'content_block_delta', index, delta: delta(part) })),
      { type: 'content_block_stop', index },
    ];
  });
  const events: any[] = [
    { type: 'message_start', message: started },
    { type: 'ping' },
    ...blocks,
    {
      type: 'message_delta',
      delta: { stop_reason: whole.stop_reason, stop_sequence: null },
      ...(tokens && { usage: { output_tokens: tokens.output } }),
    },
    { type: 'message_stop' },
  ];
  return events.map((event) => sse(event, event.type));
}
