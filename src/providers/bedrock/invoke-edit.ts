/** Edited answers of Bedrock's `InvokeModel`: in the dialect of the model behind it, which the recorded answer tells, or else the request. */
import { messagesShape } from '../anthropic/messages-edit.ts';
import { messages } from '../anthropic/messages.ts';
import { CannotSay, type AnswerShape, type Edit, type Origin, type WireEvent } from '../answer-shape.ts';
import { cohereChatV1Shape, cohereGenerateShape } from '../cohere/cohere-v1-edit.ts';
import { cohereChatV1 } from '../cohere/cohere-v1.ts';
import type { Operation } from '../contract.ts';
import { converseShape } from './converse-edit.ts';
import { converse } from './converse.ts';
import { said, type EndWords } from '../edited-parts.ts';
import { fields, items, type Fields } from '../fields.ts';
import { readInvokeAnswer, readInvokeChunk, readInvokeRequest } from './invoke-dialects.ts';
import { invokeOperations } from './invoke-model.ts';
import { chatCompletions } from '../openai/chat-completions.ts';
import { chatShape } from '../openai/chat-edit.ts';
import { completeShape, completionsShape } from '../openai/completions-edit.ts';
import { completeLegacy } from '../openai/other-operations.ts';
import { plainShape, type Place } from '../plain-edit.ts';

const [chat] = invokeOperations as [Operation];

/* Models that give a text and a word for its end */

const TITAN_ENDS: EndWords = { stop: 'FINISH', length: 'LENGTH', tool_call: 'FINISH', content_filter: 'CONTENT_FILTERED' };
const PLAIN_ENDS: EndWords = { stop: 'stop', length: 'length', tool_call: 'stop', content_filter: 'content_filter' };
const AI21_ENDS: EndWords = { stop: 'endoftext', length: 'length', tool_call: 'endoftext', content_filter: 'content_filter' };

const plain = (text: Place, end: Place, bodyOf: (end: string | null) => Fields): AnswerShape =>
  plainShape({
    operation: chat,
    ends: PLAIN_ENDS,
    whole: { text, end },
    chunk: { text, end },
    empty: () => bodyOf('stop'),
    emptyEvents: () => [bodyOf(null), bodyOf('stop')],
  });

const llama = plain(['generation'], ['stop_reason'], (stop_reason) => ({
  generation: '',
  prompt_token_count: 0,
  generation_token_count: 0,
  stop_reason,
}));

const mistral = plain(['outputs', 0, 'text'], ['outputs', 0, 'stop_reason'], (stop_reason) => ({
  outputs: [{ text: '', stop_reason }],
}));

const titan = plainShape({
  operation: chat,
  ends: TITAN_ENDS,
  whole: { text: ['results', 0, 'outputText'], end: ['results', 0, 'completionReason'] },
  chunk: { text: ['outputText'], end: ['completionReason'] },
  empty: () => ({ inputTextTokenCount: 0, results: [{ tokenCount: 0, outputText: '', completionReason: 'FINISH' }] }),
  emptyEvents: () => [
    { outputText: '', index: 0, totalOutputTextTokenCount: null, completionReason: null, inputTextTokenCount: 0 },
    { outputText: '', index: 0, totalOutputTextTokenCount: 0, completionReason: 'FINISH', inputTextTokenCount: null },
  ],
});

const jurassic = plainShape({
  operation: chat,
  ends: AI21_ENDS,
  whole: { text: ['completions', 0, 'data', 'text'], end: ['completions', 0, 'finishReason', 'reason'] },
  empty: () => ({ id: 0, completions: [{ data: { text: '', tokens: [] }, finishReason: { reason: 'endoftext' } }] }),
});

/* Which one it is */

const SHAPES = new Map<Operation, AnswerShape>([
  [messages, messagesShape],
  [converse, converseShape],
  [chatCompletions, chatShape()],
  [cohereChatV1, cohereChatV1Shape],
  [completeLegacy, completeShape],
]);

const has = (body: Fields, ...names: string[]): boolean => names.some((name) => body[name] !== undefined);

function plainOf(body: Fields): AnswerShape | undefined {
  if (has(body, 'results', 'outputText')) return titan;
  if (has(body, 'generation')) return llama;
  if (has(body, 'outputs')) return mistral;
  if (has(body, 'choices')) return completionsShape;
  if (has(body, 'generations', 'is_finished')) return cohereGenerateShape;
  return has(body, 'completions') ? jurassic : undefined;
}

const shapeOf = (operation: Operation | undefined, body: Fields): AnswerShape | undefined =>
  (operation && SHAPES.get(operation)) ?? plainOf(body);

const UNKNOWN = 'nothing is known of how this model answers: edit the request instead, or its result';

function known(shape: AnswerShape | undefined): AnswerShape {
  if (shape === undefined) throw new CannotSay(UNKNOWN);
  return shape;
}

/** Of models that are asked with no more than a prompt, by their names. */
const PROMPTED: readonly [RegExp, AnswerShape][] = [
  [/(?:^|\.)amazon\./, titan],
  [/(?:^|\.)meta\./, llama],
  [/(?:^|\.)mistral\./, mistral],
  [/(?:^|\.)cohere\./, cohereGenerateShape],
  [/(?:^|\.)ai21\./, jurassic],
  [/(?:^|\.)deepseek\./, completionsShape],
];

function shapeFor({ request, model }: Origin): AnswerShape {
  const operation = readInvokeRequest({ ...request, model })?.operation;
  const byRequest = operation && SHAPES.get(operation);
  if (byRequest !== undefined) return byRequest;
  if (has(request, 'inputText')) return titan;
  if (has(request, 'max_gen_len')) return llama;
  return known(PROMPTED.find(([name]) => name.test(model))?.[1]);
}

/* Mistral and DeepSeek call the reason why a choice ended `stop_reason` */

function renamed(json: unknown, from: string, to: string): unknown {
  const body = fields(json);
  if (!items(body['choices']).some((choice) => fields(choice)[from] !== undefined)) return json;
  const choices = items(body['choices']).map((choice) => {
    const { [from]: end, ...rest } = fields(choice);
    return { ...rest, [to]: end };
  });
  return { ...body, choices };
}

const hasStopReason = (json: unknown): boolean =>
  items(fields(json)['choices']).some(
    (choice) => fields(choice)['stop_reason'] !== undefined && fields(choice)['finish_reason'] === undefined,
  );

function whole(body: Fields, edit: Edit): Fields {
  const shape = known(shapeOf(readInvokeAnswer(body)?.operation, body));
  if (!hasStopReason(body)) return shape.whole(body, edit);
  return fields(
    renamed(shape.whole(fields(renamed(body, 'stop_reason', 'finish_reason')), edit), 'finish_reason', 'stop_reason'),
  );
}

function events(list: readonly WireEvent[], edit: Edit): WireEvent[] {
  const chunks = list.map(({ json }) => fields(json));
  const shape = known(chunks.map((chunk) => shapeOf(readInvokeChunk(chunk)?.operation, chunk)).find((one) => one !== undefined));
  if (shape.events === undefined) throw new CannotSay(UNKNOWN);
  if (!list.some(({ json }) => hasStopReason(json))) return shape.events(list, edit);
  const rename =
    (from: string, to: string) =>
    (event: WireEvent): WireEvent => {
      const json = renamed(event.json, from, to);
      return json === event.json ? event : said(json, event);
    };
  return shape.events(list.map(rename('stop_reason', 'finish_reason')), edit).map(rename('finish_reason', 'stop_reason'));
}

/** `POST /model/{id}/invoke` and `/invoke-with-response-stream`. */
export const invokeShape: AnswerShape = {
  operation: chat,
  whole,
  events,
  empty: (origin) => shapeFor(origin).empty(origin),
  emptyEvents: (origin) =>
    shapeFor(origin)
      .emptyEvents?.(origin)
      .filter((json) => json !== '[DONE]') ?? [],
  streams: ({ url }) => /\/invoke-with-response-stream(?:$|\?)/.test(url),
};
