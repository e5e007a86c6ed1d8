/** Answers of Mistral's API as they come over the wire, made to order for a stand-in. */
import type { Reply } from './stand-in.ts';
import { fragmentsOf, sse } from './wire.ts';
import type { WireAnswer, WireError, WireTokens } from './wire.ts';

const CREATED = 1_767_225_600;
const TOKENS: WireTokens = { input: 12, output: 5 };
const MODEL = 'mistral-small-2506';

/** Where nothing is said of tokens the member is there all the same: the SDK refuses an answer without it. */
function usageOf(tokens: WireTokens | null): object {
  if (tokens === null) return {};
  return {
    prompt_tokens: tokens.input,
    total_tokens: tokens.input + tokens.output,
    completion_tokens: tokens.output,
    prompt_tokens_details: { cached_tokens: tokens.cached ?? 0 },
  };
}

function callsOf({ tools = [] }: WireAnswer): object[] {
  return tools.map((tool, index) => ({
    id: tool.id,
    type: 'function',
    function: { name: tool.name, arguments: tool.arguments },
    index,
  }));
}

const textOf = ({ text, tools = [] }: WireAnswer): string => text ?? (tools.length > 0 ? '' : 'Hello there.');
const finishOf = ({ tools = [] }: WireAnswer): string => (tools.length > 0 ? 'tool_calls' : 'stop');
const tokensOf = ({ tokens }: WireAnswer): WireTokens | null => (tokens === undefined ? TOKENS : tokens);

/** A plain answer of `/v1/chat/completions`, `/v1/agents/completions` and `/v1/fim/completions`. */
export function mistralChat(answer: WireAnswer = {}): object {
  const calls = callsOf(answer);
  const message = { role: 'assistant', tool_calls: calls.length > 0 ? calls : null, content: textOf(answer) };
  return {
    id: answer.id ?? 'b7f1c3',
    created: CREATED,
    model: answer.model ?? MODEL,
    usage: usageOf(tokensOf(answer)),
    object: 'chat.completion',
    choices: [{ index: 0, finish_reason: finishOf(answer), message }],
  };
}

/** The events of a streamed answer. Tool calls come whole, and the last chunk has the tokens. */
export function mistralChatStream(answer: WireAnswer = {}): string[] {
  const head = { id: answer.id ?? 'b7f1c3', object: 'chat.completion.chunk', created: CREATED, model: answer.model ?? MODEL };
  const chunk = (delta: object, finish: string | null = null, more: object = {}): string =>
    sse({ ...head, choices: [{ index: 0, delta, finish_reason: finish }], ...more, p: 'abc' });
  const calls = callsOf(answer);
  const tokens = tokensOf(answer);
  const last = { content: '', ...(calls.length > 0 && { tool_calls: calls }) };
  return [
    chunk({ role: 'assistant', content: '' }),
    ...fragmentsOf(textOf(answer), answer.fragments ?? 3).map((content) => chunk({ content })),
    chunk(last, finishOf(answer), tokens === null ? {} : { usage: usageOf(tokens) }),
    sse('[DONE]'),
  ];
}

/** An embeddings answer. */
export function mistralEmbedding(vectors: readonly (readonly number[])[]): object {
  return {
    id: 'e1',
    object: 'list',
    data: vectors.map((embedding, index) => ({ object: 'embedding', embedding, index })),
    model: 'mistral-embed',
    usage: { prompt_audio_seconds: null, prompt_tokens: 8, total_tokens: 8, completion_tokens: 0, request_count: null },
  };
}

const CONVERSATION = 'conv_1';

/** A plain answer of `/v1/conversations`: calls for the app, or a text. */
export function mistralConversation(answer: WireAnswer = {}): object {
  const { tools = [] } = answer;
  const model = answer.model ?? MODEL;
  const head = { object: 'entry', created_at: '2026-01-01T00:00:00.000Z', completed_at: '2026-01-01T00:00:01.000Z', model };
  const calls = tools.map((tool, index) => ({
    ...head,
    type: 'function.call',
    id: `fc_${index}`,
    tool_call_id: tool.id,
    name: tool.name,
    arguments: tool.arguments,
  }));
  const message = { ...head, type: 'message.output', id: 'msg_1', role: 'assistant', content: textOf(answer) };
  return {
    object: 'conversation.response',
    conversation_id: CONVERSATION,
    outputs: calls.length > 0 ? calls : [message],
    usage: { ...usageOf(tokensOf(answer)), connector_tokens: null, connectors: null },
  };
}

/** The events of a conversation's stream. */
export function mistralConversationStream(answer: WireAnswer = {}): string[] {
  const model = answer.model ?? MODEL;
  const event = (type: string, more: object): string => sse({ type, created_at: '2026-01-01T00:00:00.000Z', ...more }, type);
  const calls = (answer.tools ?? []).flatMap((tool, index) =>
    fragmentsOf(tool.arguments, 2).map((part) =>
      event('function.call.delta', {
        output_index: index,
        id: `fc_${index}`,
        model,
        name: tool.name,
        tool_call_id: tool.id,
        arguments: part,
      }),
    ),
  );
  const pieces = fragmentsOf(textOf(answer), answer.fragments ?? 3).map((content) =>
    event('message.output.delta', { output_index: 0, id: 'msg_1', content_index: 0, model, role: 'assistant', content }),
  );
  return [
    event('conversation.response.started', { conversation_id: CONVERSATION }),
    ...(calls.length > 0 ? calls : pieces),
    event('conversation.response.done', { usage: usageOf(tokensOf(answer)) }),
  ];
}

/** An answer that is an error. */
export function mistralError(error: WireError): Reply {
  const { status, message = 'That did not work.', code = '1000' } = error;
  return {
    status,
    headers: {
      ...(error.requestId !== undefined && { 'mistral-correlation-id': error.requestId }),
      ...(error.retryAfterSeconds !== undefined && { 'retry-after': String(error.retryAfterSeconds) }),
    },
    body: { object: 'error', message, type: 'invalid_request_error', param: null, code, raw_status_code: status },
  };
}
