/** Answers of Cohere's API, versions 1 and 2, as they come over the wire, made to order for a stand-in. */
import { wallMs } from '../core/clock.ts';
import type { Reply } from './stand-in.ts';
import { fragmentsOf, sse } from './wire.ts';
import type { WireAnswer, WireError, WireTokens, WireToolCall } from './wire.ts';

const TOKENS: WireTokens = { input: 12, output: 5 };
/** What the template of a prompt takes, which nobody is billed for. */
const TEMPLATE_TOKENS = 480;

const tokensOf = ({ tokens = TOKENS }: WireAnswer): WireTokens | null => tokens;
const textOf = ({ text, tools = [] }: WireAnswer): string => text ?? (tools.length > 0 ? '' : 'Hello there.');

function usage(tokens: WireTokens): object {
  return {
    billed_units: { input_tokens: tokens.input, output_tokens: tokens.output },
    tokens: { input_tokens: tokens.input + TEMPLATE_TOKENS, output_tokens: tokens.output + 2 },
    cached_tokens: tokens.cached ?? 0,
  };
}

/* Version 2 */

const callOf = ({ id, name, arguments: given }: WireToolCall): object => ({
  id,
  type: 'function',
  function: { name, arguments: given },
});

/** A plain answer of `/v2/chat`. It does not name the model. */
export function cohereChat(answer: WireAnswer = {}): object {
  const { tools = [] } = answer;
  const text = textOf(answer);
  const tokens = tokensOf(answer);
  return {
    id: answer.id ?? '41f8726b-d4ff-445f-a854-1223c488ed0a',
    message: {
      role: 'assistant',
      ...(tools.length > 0 && { tool_plan: 'I will look.', tool_calls: tools.map(callOf) }),
      ...(text !== '' && { content: [{ type: 'text', text }] }),
    },
    finish_reason: tools.length > 0 ? 'TOOL_CALL' : 'COMPLETE',
    ...(tokens && { usage: usage(tokens) }),
  };
}

/** The events of a streamed answer of `/v2/chat`. */
export function cohereChatStream(answer: WireAnswer = {}): string[] {
  const { tools = [], fragments = 3 } = answer;
  const id = answer.id ?? '41f8726b-d4ff-445f-a854-1223c488ed0a';
  const event = (type: string, rest: object): string => sse({ type, ...rest }, type);
  const said = (type: string, index: number, message: object): string => event(type, { index, delta: { message } });
  const text = textOf(answer);
  const tokens = tokensOf(answer);
  const plan = tools.length > 0 ? fragmentsOf('I will look.', 2) : [];
  return [
    sse(
      {
        id,
        type: 'message-start',
        delta: { message: { role: 'assistant', content: [], tool_plan: '', tool_calls: [], citations: [] } },
      },
      'message-start',
    ),
    ...plan.map((part) => event('tool-plan-delta', { delta: { message: { tool_plan: part } } })),
    ...tools.flatMap((tool, index) => [
      said('tool-call-start', index, { tool_calls: callOf({ ...tool, arguments: '' }) }),
      ...fragmentsOf(tool.arguments, 2).map((part) =>
        said('tool-call-delta', index, { tool_calls: { function: { arguments: part } } }),
      ),
      event('tool-call-end', { index }),
    ]),
    ...(text === ''
      ? []
      : [
          said('content-start', 0, { content: { type: 'text', text: '' } }),
          ...fragmentsOf(text, fragments).map((part) => said('content-delta', 0, { content: { text: part } })),
          event('content-end', { index: 0 }),
        ]),
    event('message-end', {
      delta: { finish_reason: tools.length > 0 ? 'TOOL_CALL' : 'COMPLETE', ...(tokens && { usage: usage(tokens) }) },
    }),
    sse('[DONE]'),
  ];
}

/* Version 1 */

/** A plain answer of `/v1/chat`. Its tool calls have no ids, and their arguments are objects. */
export function cohereChatV1(answer: WireAnswer = {}): object {
  const { tools = [] } = answer;
  const tokens = tokensOf(answer);
  const calls = tools.map(({ name, arguments: given }) => ({ name, parameters: JSON.parse(given) as unknown }));
  return {
    response_id: answer.id ?? '04ffe0e8-2e35-4a3d-929d-62053f71d080',
    text: textOf(answer),
    generation_id: 'd2674a06-6cab-4c33-9c21-d1c781331974',
    chat_history: [],
    finish_reason: 'COMPLETE',
    ...(calls.length > 0 && { tool_calls: calls }),
    meta: { api_version: { version: '1' }, ...(tokens && usage(tokens)) },
  };
}

const line = (event: object): string => `${JSON.stringify(event)}\n`;

/** Headers of the streams of version 1, which have one JSON text a line. */
export const COHERE_LINES = { 'content-type': 'application/stream+json' };

/** The lines of a streamed answer of `/v1/chat`. The last one has the whole answer. */
export function cohereChatV1Stream(answer: WireAnswer = {}): string[] {
  const event = (type: string, rest: object): string => line({ is_finished: false, event_type: type, ...rest });
  const whole: any = cohereChatV1(answer);
  return [
    event('stream-start', { generation_id: whole.generation_id }),
    ...fragmentsOf(whole.text, answer.fragments ?? 3).map((text) => event('text-generation', { text })),
    ...(whole.tool_calls ? [event('tool-calls-generation', { text: '', tool_calls: whole.tool_calls })] : []),
    line({ is_finished: true, event_type: 'stream-end', response: whole, finish_reason: 'COMPLETE' }),
  ];
}

/** A plain answer of `/v1/generate`. */
export function cohereGeneration(answer: WireAnswer = {}): object {
  const tokens = tokensOf(answer);
  return {
    id: answer.id ?? '9f5abe3b-208a-41bc-8410-57ad1c3c4f13',
    generations: [{ id: 'f7408313-52e4-4633-ae5e-9afb6f00604b', text: textOf(answer), finish_reason: 'COMPLETE' }],
    prompt: 'How is the weather?',
    meta: { api_version: { version: '1' }, ...(tokens && usage(tokens)) },
  };
}

/** The lines of a streamed answer of `/v1/generate`. */
export function cohereGenerationStream(answer: WireAnswer = {}): string[] {
  const pieces = fragmentsOf(textOf(answer), answer.fragments ?? 3);
  return [
    ...pieces.map((text) => line({ text, is_finished: false, event_type: 'text-generation' })),
    line({ is_finished: true, event_type: 'stream-end', finish_reason: 'COMPLETE', response: cohereGeneration(answer) }),
  ];
}

/* Both */

/** An answer of `/v2/embed`, or of `/v1/embed` with types named. `vectors`: by the name of their type. */
export function cohereEmbeddings(vectors: Record<string, unknown[]>): object {
  return {
    id: 'c956b42e-ea64-420c-bfd9-98c0963d4e7d',
    embeddings: vectors,
    texts: ['Oslo'],
    meta: { api_version: { version: '2' }, billed_units: { input_tokens: 3, image_tokens: 0 } },
    response_type: 'embeddings_by_type',
  };
}

/** The SDK reads whole seconds of `retry-after` and waits a second at least; of when the limit ends it reads a time, which may come sooner. */
export function cohereError({ status, message = 'That did not work.', requestId, ...wait }: WireError): Reply {
  const headers = {
    ...(requestId !== undefined && { 'x-debug-trace-id': requestId }),
    ...(wait.retryAfterSeconds !== undefined && { 'retry-after': String(wait.retryAfterSeconds) }),
    ...(wait.retryAfterMs !== undefined && { 'x-ratelimit-reset': String(Math.floor(wallMs() / 1000) + 1) }),
  };
  return { status, headers, body: { id: '8bd5b608-887c-49f7-a6b3-d3bd5830c3de', message } };
}
