/** Answers of Ollama's own API as they come over the wire, made to order for a stand-in. */
import type { Reply } from './stand-in.ts';
import { fragmentsOf } from './wire.ts';
import type { WireAnswer, WireError, WireTokens } from './wire.ts';

const CREATED_AT = '2026-01-01T00:00:00.000000000Z';
const TOKENS: WireTokens = { input: 12, output: 5 };

/** Times, in nanoseconds, and tokens, as the last line of a stream has them. */
function totals(tokens: WireTokens | null): object {
  const times = { total_duration: 820_667_686, load_duration: 28_126_292 };
  if (tokens === null) return times;
  return {
    ...times,
    prompt_eval_count: tokens.input,
    prompt_eval_duration: 33_781_000,
    eval_count: tokens.output,
    eval_duration: 184_456_500,
  };
}

/** Arguments are an object here, not text. */
function callsOf({ tools = [] }: WireAnswer): object[] {
  return tools.map((tool) => ({ function: { name: tool.name, arguments: JSON.parse(tool.arguments) as unknown } }));
}

const textOf = ({ text, tools = [] }: WireAnswer): string => text ?? (tools.length > 0 ? '' : 'Hello there.');

/** A plain answer of `/api/chat`. */
export function ollamaChat(answer: WireAnswer = {}): object {
  const calls = callsOf(answer);
  const message = { role: 'assistant', content: textOf(answer), ...(calls.length > 0 && { tool_calls: calls }) };
  return {
    model: answer.model ?? 'qwen3:0.6b',
    created_at: CREATED_AT,
    message,
    done: true,
    done_reason: 'stop',
    ...totals(answer.tokens === undefined ? TOKENS : answer.tokens),
  };
}

/** The lines of a streamed answer of `/api/chat`. The last one has the totals. */
export function ollamaChatStream(answer: WireAnswer = {}): string[] {
  const head = { model: answer.model ?? 'qwen3:0.6b', created_at: CREATED_AT };
  const line = (rest: object): string => `${JSON.stringify({ ...head, ...rest })}\n`;
  const calls = callsOf(answer);
  const fragments = fragmentsOf(textOf(answer), answer.fragments ?? 3);
  return [
    ...fragments.map((content) => line({ message: { role: 'assistant', content }, done: false })),
    ...calls.map((call) => line({ message: { role: 'assistant', content: '', tool_calls: [call] }, done: false })),
    line({
      message: { role: 'assistant', content: '' },
      done: true,
      done_reason: 'stop',
      ...totals(answer.tokens === undefined ? TOKENS : answer.tokens),
    }),
  ];
}

/** An answer of `/api/embed`. */
export function ollamaEmbed(vectors: readonly (readonly number[])[]): object {
  return { model: 'all-minilm', embeddings: vectors, total_duration: 14_143_917, load_duration: 1_019_500, prompt_eval_count: 8 };
}

/** Ollama says no more of an error than one sentence. */
export function ollamaError(error: WireError): Reply {
  return {
    status: error.status,
    headers: {
      ...(error.requestId !== undefined && { 'x-request-id': error.requestId }),
      ...(error.retryAfterSeconds !== undefined && { 'retry-after': String(error.retryAfterSeconds) }),
    },
    body: { error: error.message ?? 'That did not work.' },
  };
}
