/** Answers of Google's Gemini API as they come over the wire, made to order for a stand-in. */
import type { Reply } from './stand-in.ts';
import { fragmentsOf, sse } from './wire.ts';
import type { WireAnswer, WireError, WireTokens } from './wire.ts';

const TOKENS: WireTokens = { input: 12, output: 5 };

/** Thoughts are counted apart from the candidates. A figure of 0 is left out, as the protocol's JSON leaves it. */
function usage(tokens: WireTokens): object {
  const thoughts = tokens.reasoning ?? 0;
  const candidates = tokens.output - thoughts;
  return {
    promptTokenCount: tokens.input,
    ...(candidates > 0 && { candidatesTokenCount: candidates }),
    totalTokenCount: tokens.input + tokens.output,
    ...(tokens.cached && { cachedContentTokenCount: tokens.cached }),
    promptTokensDetails: [{ modality: 'TEXT', tokenCount: tokens.input }],
    ...(thoughts > 0 && { thoughtsTokenCount: thoughts }),
  };
}

const head = (answer: WireAnswer): object => ({
  modelVersion: answer.model ?? 'gemini-2.5-flash',
  responseId: answer.id ?? 'resp-1',
});

/** Calls come whole. */
function callsOf({ tools = [] }: WireAnswer): object[] {
  return tools.map(({ id, name, arguments: given }) => ({ functionCall: { id, name, args: JSON.parse(given) as unknown } }));
}

const textOf = ({ text, tools = [] }: WireAnswer): string => text ?? (tools.length > 0 ? '' : 'Hello there.');

/** A plain answer of `generateContent`. */
export function geminiAnswer(answer: WireAnswer = {}): object {
  const { tokens = TOKENS } = answer;
  const text = textOf(answer);
  const parts = [...(text === '' ? [] : [{ text }]), ...callsOf(answer)];
  return {
    candidates: [{ content: { parts, role: 'model' }, finishReason: 'STOP', index: 0 }],
    ...(tokens && { usageMetadata: usage(tokens) }),
    ...head(answer),
  };
}

/** The events of `streamGenerateContent`, each of which is an answer with what is new. The last one of the text says why it ended; every one has the tokens so far. */
export function geminiStream(answer: WireAnswer = {}): string[] {
  const tokens = answer.tokens === undefined ? TOKENS : answer.tokens;
  const chunk = (parts: object[], last: boolean): string =>
    sse({
      candidates: [{ content: { parts, role: 'model' }, ...(last && { finishReason: 'STOP' }), index: 0 }],
      ...(tokens && { usageMetadata: usage(last ? tokens : { ...tokens, output: 1, reasoning: 0 }) }),
      ...head(answer),
    });
  const texts = fragmentsOf(textOf(answer), answer.fragments ?? 3).map((text) => [{ text }]);
  const chunks = [...texts, ...callsOf(answer).map((call) => [call])];
  return chunks.map((parts, index) => chunk(parts, index === chunks.length - 1));
}

/** An answer of `batchEmbedContents`. */
export function geminiEmbeddings(vectors: readonly (readonly number[])[]): object {
  return { embeddings: vectors.map((values) => ({ values })) };
}

/** An answer of `predict` of a model that makes images. */
export function geminiImage(bytesBase64Encoded: string): object {
  return { predictions: [{ mimeType: 'image/png', bytesBase64Encoded }] };
}

const STATUSES: Record<number, string> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  429: 'RESOURCE_EXHAUSTED',
  500: 'INTERNAL',
  503: 'UNAVAILABLE',
};

/** Google's errors have a status in words, and often details; headers say nothing. */
export function geminiError(error: WireError): Reply {
  const { status, message = 'That did not work.', code = STATUSES[status] ?? 'UNKNOWN', retryAfterSeconds } = error;
  const retry = { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: `${retryAfterSeconds}s` };
  const details = retryAfterSeconds === undefined ? {} : { details: [retry] };
  const headers = error.requestId === undefined ? {} : { 'x-request-id': error.requestId };
  return { status, headers, body: { error: { code: status, message, status: code, ...details } } };
}

/* Interactions */

function interactionUsage(tokens: WireTokens): object {
  const thoughts = tokens.reasoning ?? 0;
  return {
    total_input_tokens: tokens.input,
    total_cached_tokens: tokens.cached ?? 0,
    total_output_tokens: tokens.output - thoughts,
    total_thought_tokens: thoughts,
    total_tool_use_tokens: 0,
    total_tokens: tokens.input + tokens.output,
  };
}

const CREATED = '2026-01-01T00:00:00Z';

/** What the steps of an interaction are called, and the names of events that go with it: from SDK 2.x on steps, before that contents. */
export type InteractionDialect = 'steps' | 'outputs';

function steps(answer: WireAnswer, dialect: InteractionDialect): object[] {
  const { tools = [] } = answer;
  const text = textOf(answer);
  const said = { type: 'text', text };
  const calls = tools.map(({ id, name, arguments: given }) => ({
    type: 'function_call',
    id,
    name,
    arguments: JSON.parse(given) as unknown,
  }));
  const message = dialect === 'steps' ? { type: 'model_output', content: [said] } : said;
  return [{ type: 'thought', signature: 'c2lnbmVk' }, ...(text === '' ? [] : [message]), ...calls];
}

/** An interaction. */
export function interaction(answer: WireAnswer = {}, dialect: InteractionDialect = 'steps'): any {
  const { id = 'v1_1', model = 'gemini-2.5-flash', tokens = TOKENS, tools = [] } = answer;
  return {
    id,
    object: 'interaction',
    status: tools.length > 0 ? 'requires_action' : 'completed',
    model,
    role: 'model',
    created: CREATED,
    updated: CREATED,
    [dialect]: steps(answer, dialect),
    ...(tokens && { usage: interactionUsage(tokens) }),
  };
}

/** The events of a streamed interaction. */
export function interactionStream(answer: WireAnswer = {}, dialect: InteractionDialect = 'steps'): string[] {
  const names =
    dialect === 'steps'
      ? ['step', 'interaction.created', 'interaction.completed']
      : ['content', 'interaction.start', 'interaction.complete'];
  const [part = '', begun = '', over = ''] = names;
  const event = (event_type: string, rest: object): string => sse({ ...rest, event_type }, event_type);
  const { [dialect]: all, usage: used, ...rest } = interaction(answer, dialect);
  const parts = (all as any[]).flatMap((step, index) => [
    event(`${part}.start`, {
      index,
      [part]: { ...step, content: undefined, text: undefined, signature: undefined, arguments: undefined },
    }),
    ...deltasOf(step, answer.fragments ?? 3, dialect).map((delta) => event(`${part}.delta`, { index, delta })),
    event(`${part}.stop`, { index }),
  ]);
  return [
    event(begun, { interaction: { ...rest, status: 'in_progress' } }),
    ...parts,
    event(over, { interaction: { ...rest, ...(used && { usage: used }) } }),
    sse('[DONE]', 'done'),
  ];
}

function deltasOf(step: any, fragments: number, dialect: InteractionDialect): object[] {
  if (step.type === 'thought') return [{ type: 'thought_signature', signature: step.signature }];
  if (step.type !== 'function_call') {
    return fragmentsOf(step.text ?? step.content[0].text, fragments).map((text) => ({ type: 'text', text }));
  }
  if (dialect === 'outputs') return [step];
  return fragmentsOf(JSON.stringify(step.arguments), 2).map((piece) => ({ type: 'arguments_delta', arguments: piece }));
}
