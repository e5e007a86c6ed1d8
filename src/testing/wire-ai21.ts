/** Answers of AI21 as they come over the wire: OpenAI's dialect, without the name of the model. Its SDK takes lines that begin with `data: ` and empty ones, and nothing else. */
import type { Reply } from './stand-in.ts';
import { fragmentsOf, sse } from './wire.ts';
import type { WireAnswer, WireError, WireTokens } from './wire.ts';

const TOKENS: WireTokens = { input: 12, output: 5 };

const usageOf = ({ input, output }: WireTokens): object => ({
  prompt_tokens: input,
  completion_tokens: output,
  total_tokens: input + output,
});

const callsOf = ({ tools = [] }: WireAnswer): object[] =>
  tools.map(({ id, name, arguments: given }) => ({ id, type: 'function', function: { name, arguments: given } }));

/** A plain answer of `/studio/v1/chat/completions`. */
export function ai21Chat(answer: WireAnswer = {}): object {
  const { id = 'chatcmpl-1', tokens = TOKENS } = answer;
  const calls = callsOf(answer);
  const message = {
    role: 'assistant',
    content: answer.text ?? (calls.length > 0 ? '' : 'Hello there.'),
    tool_calls: calls.length > 0 ? calls : null,
  };
  return {
    id,
    choices: [{ index: 0, message, logprobs: null, finish_reason: calls.length > 0 ? 'tool_calls' : 'stop' }],
    ...(tokens && { usage: usageOf(tokens) }),
    meta: { requestDurationMillis: 303 },
  };
}

/** The events of a streamed answer; the last chunk has the tokens. */
export function ai21ChatStream(answer: WireAnswer = {}): string[] {
  const { id = 'chatcmpl-1', fragments = 3 } = answer;
  const tokens = answer.tokens === undefined ? TOKENS : answer.tokens;
  const calls = callsOf(answer);
  const chunk = (delta: object, finish: string | null = null, more: object = {}): string =>
    sse({ id, choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }], ...more });
  const text = answer.text ?? (calls.length > 0 ? '' : 'Hello there.');
  return [
    chunk({ role: 'assistant' }),
    ...fragmentsOf(text, fragments).map((content) => chunk({ content })),
    ...calls.map((call, index) => chunk({ content: '', tool_calls: [{ ...call, index }] })),
    chunk({ content: '' }, calls.length > 0 ? 'tool_calls' : 'stop', { ...(tokens && { usage: usageOf(tokens) }) }),
    sse('[DONE]'),
  ];
}

/** AI21 says no more of an error than one sentence. */
export function ai21Error({ status, message = 'That did not work.', requestId, retryAfterSeconds }: WireError): Reply {
  return {
    status,
    headers: {
      ...(requestId !== undefined && { 'x-request-id': requestId }),
      ...(retryAfterSeconds !== undefined && { 'retry-after': String(retryAfterSeconds) }),
    },
    body: { detail: message },
  };
}
