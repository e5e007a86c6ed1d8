/** Answers of Groq as they come over the wire: OpenAI's dialect, with times beside the tokens and a member of Groq's own. */
import { fragmentsOf, sse } from './wire.ts';
import type { WireAnswer, WireToolCall, WireTokens } from './wire.ts';

const CREATED = 1_767_225_600;
const MODEL = 'openai/gpt-oss-20b';
const TOKENS: WireTokens = { input: 12, output: 5 };

function usageOf(tokens: WireTokens): object {
  return {
    queue_time: 0.036348217,
    prompt_tokens: tokens.input,
    prompt_time: 0.001661312,
    completion_tokens: tokens.output,
    completion_time: 0.008458721,
    total_tokens: tokens.input + tokens.output,
    total_time: 0.010120033,
    ...(tokens.cached !== undefined && { prompt_tokens_details: { cached_tokens: tokens.cached } }),
    ...(tokens.reasoning !== undefined && { completion_tokens_details: { reasoning_tokens: tokens.reasoning } }),
  };
}

const functionCall = ({ id, name, arguments: given }: WireToolCall): object => ({
  id,
  type: 'function',
  function: { name, arguments: given },
});

const textOf = ({ text, tools = [] }: WireAnswer): string | undefined => text ?? (tools.length > 0 ? undefined : 'Hello there.');

/** A plain answer of `/openai/v1/chat/completions`. A message that has nothing to say has no content at all. */
export function groqChat(answer: WireAnswer = {}): object {
  const { id = 'chatcmpl-1', model = MODEL, tools = [], tokens = TOKENS } = answer;
  const content = textOf(answer);
  const message = {
    role: 'assistant',
    ...(content !== undefined && { content }),
    ...(tools.length > 0 && { tool_calls: tools.map(functionCall) }),
  };
  return {
    id,
    object: 'chat.completion',
    created: CREATED,
    model,
    choices: [{ index: 0, message, logprobs: null, finish_reason: tools.length > 0 ? 'tool_calls' : 'stop' }],
    ...(tokens && { usage: usageOf(tokens) }),
    usage_breakdown: null,
    system_fingerprint: 'fp_stand_in',
    x_groq: { id: 'req_01stand1n', seed: 7 },
    service_tier: 'on_demand',
  };
}

/** The events of a streamed answer. Tool calls come whole; the tokens come with the last choice, without having been asked for, and in `x_groq` alone, as from the older servers. */
export function groqChatStream(answer: WireAnswer = {}): string[] {
  const { id = 'chatcmpl-1', model = MODEL, tools = [], fragments = 3 } = answer;
  const tokens = answer.tokens === undefined ? TOKENS : answer.tokens;
  const head = { id, object: 'chat.completion.chunk', created: CREATED, model, system_fingerprint: 'fp_stand_in' };
  const chunk = (delta: object, more: object = {}, finish: string | null = null): string =>
    sse({ ...head, choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }], ...more });
  const usage = tokens && { usage: usageOf(tokens) };
  return [
    chunk({ role: 'assistant', content: '' }, { x_groq: { id: 'req_01stand1n', seed: 7 } }),
    ...fragmentsOf(textOf(answer) ?? '', fragments).map((content) => chunk({ content })),
    ...tools.map((tool, index) => chunk({ tool_calls: [{ ...functionCall(tool), index }] })),
    chunk({}, { x_groq: { id: 'req_01stand1n', ...usage } }, tools.length > 0 ? 'tool_calls' : 'stop'),
    sse('[DONE]'),
  ];
}
