/**
 * What the calls of the Vercel AI SDK say, content left out. A request is what the SDK's telemetry tells of one (`messages`, settings, tools), an answer is what a model of the SDK
 * gives (`content`, `finishReason`, `usage`), and a stream of such a model is folded to one. Members of versions 2 to 4 of the model's interface are read.
 */
import type { LlmRequest, LlmResponse, Usage } from '../../events/model.ts';
import type { ResponseFacts } from '../contract.ts';
import { copy, count, fields, flag, items, number, present, presentOrNone, text, word, type Fields } from '../fields.ts';
import { added, isAssistant, listed, responseFacts } from '../openai/openai-facts.ts';
import type { ChunkFolder } from '../operation.ts';

/** Facts of a request. */
export function requestFacts(given: unknown): LlmRequest {
  const body = fields(given);
  const messages = items(body['messages']);
  const results = added(messages, isAssistant)
    .flatMap(({ content }) => items(content).map(fields))
    .filter(({ type }) => type === 'tool-result');
  return present({
    model: text(body['modelId']),
    stream: flag(body['stream']) || undefined,
    maxTokens: count(body['maxOutputTokens']),
    temperature: number(body['temperature']),
    topP: number(body['topP']),
    topK: number(body['topK']),
    frequencyPenalty: number(body['frequencyPenalty']),
    presencePenalty: number(body['presencePenalty']),
    seed: number(body['seed']),
    reasoningLevel: word(body['reasoning']),
    outputType: word(body['outputType']),
    messageCount: messages.length || undefined,
    tools: listed(items(body['tools']).map((tool) => text(fields(tool)['name']))),
    toolResults: listed(results.map(({ toolCallId }) => text(toolCallId))),
  });
}

/** Facts of an answer. */
export function answerFacts(given: unknown): ResponseFacts {
  const body = fields(given);
  const reason = reasonOf(body['finishReason']);
  const calls = items(body['content'])
    .map(fields)
    .filter(({ type, providerExecuted }) => type === 'tool-call' && providerExecuted !== true)
    .map(({ toolCallId, toolName }) => ({ ...present({ id: text(toolCallId) }), name: text(toolName) ?? '' }));
  const facts: LlmResponse = {
    ...metadata(body['response']),
    ...present({ finishReasons: reason === undefined ? undefined : [reason], toolCalls: listed(calls) }),
  };
  return responseFacts(facts, usageOf(body['usage']), undefined);
}

function metadata(given: unknown): LlmResponse {
  const response = fields(given);
  return present({ id: text(response['id']), model: text(response['modelId']) });
}

/** The provider's own word where it is there, else the SDK's, which is written with hyphens. */
function reasonOf(given: unknown): string | undefined {
  const { raw, unified } = fields(given);
  return word(raw) ?? word(unified ?? given)?.replaceAll('-', '_');
}

/** Tokens. The SDK counts cached ones among the input, whatever the provider does. */
export function usageOf(given: unknown): Usage | undefined {
  const usage = fields(given);
  const input = fields(usage['inputTokens']);
  const output = fields(usage['outputTokens']);
  const inputDetails = fields(usage['inputTokenDetails']);
  const outputDetails = fields(usage['outputTokenDetails']);
  return presentOrNone({
    input: count(input['total']) ?? count(usage['inputTokens']) ?? count(usage['tokens']),
    output: count(output['total']) ?? count(usage['outputTokens']),
    cacheRead: count(input['cacheRead']) ?? count(inputDetails['cacheReadTokens']) ?? count(usage['cachedInputTokens']),
    cacheWrite: count(input['cacheWrite']) ?? count(inputDetails['cacheWriteTokens']),
    // The provider's own words: only Anthropic's tell kinds of writes apart.
    cacheWriteHour: count(fields(fields(usage['raw'])['cache_creation'])['ephemeral_1h_input_tokens']),
    reasoning: count(output['reasoning']) ?? count(outputDetails['reasoningTokens']) ?? count(usage['reasoningTokens']),
  });
}

/** Facts of an answer with embeddings: those of one call of a model, or of the SDK's `embed` and `embedMany`. */
export function embeddingFacts(given: unknown): ResponseFacts {
  const body = fields(given);
  const first: unknown = items(body['embeddings'])[0] ?? body['embedding'];
  const { output: _, ...usage } = usageOf(body['usage']) ?? {};
  const facts = { ...metadata(body['response']), ...present({ dimensions: items(first).length || undefined }) };
  return responseFacts(facts, presentOrNone(usage), undefined);
}

/** Facts of an answer that says no more than its model and its tokens. */
export function plainFacts(given: unknown): ResponseFacts {
  const body = fields(given);
  return responseFacts(metadata(body['response'] ?? items(body['responses'])[0]), usageOf(body['usage']), undefined);
}

/** Parts of an answer that stand in a stream as they do in a whole answer. */
const WHOLE = new Set(['tool-call', 'tool-result', 'source', 'custom', 'tool-approval-request']);
const FILES = new Set(['file', 'reasoning-file']);

/** A file's data: bytes and text as they are, as nobody changes them; what they are tagged with, apart from the chunk. */
function fileData(data: unknown): unknown {
  return typeof data === 'object' && data !== null && !ArrayBuffer.isView(data) ? { ...data } : data;
}

/** Folds the parts of a model's stream to the answer that it would have given at once. */
export class AnswerFolder implements ChunkFolder {
  readonly #content: Fields[] = [];
  readonly #open = new Map<string, { text: string }>();
  #response: Fields | undefined;
  #finish: Fields | undefined;

  push(chunk: unknown): void {
    const part = fields(chunk);
    const type = text(part['type']) ?? '';
    if (type === 'text-start' || type === 'reasoning-start') this.#begin(type, part['id']);
    else if (type === 'text-delta' || type === 'reasoning-delta') {
      const delta = text(part['delta']) ?? text(part['textDelta']) ?? '';
      this.#begin(type, part['id']).text += delta;
    } else if (type === 'text-end' || type === 'reasoning-end') this.#open.delete(key(type, part['id']));
    else if (type === 'response-metadata') this.#response = { ...this.#response, id: part['id'], modelId: part['modelId'] };
    else if (type === 'finish') this.#finish = { finishReason: copy(part['finishReason']), usage: copy(part['usage']) };
    else if (FILES.has(type)) this.#content.push({ type, mediaType: part['mediaType'], data: fileData(part['data']) });
    else if (WHOLE.has(type)) this.#content.push(fields(copy(part)));
  }

  #begin(type: string, id: unknown): { text: string } {
    const at = key(type, id);
    const known = this.#open.get(at);
    if (known !== undefined) return known;
    const made = { type: type.startsWith('text') ? 'text' : 'reasoning', text: '' };
    this.#content.push(made);
    this.#open.set(at, made);
    return made;
  }

  body(): unknown {
    return { ...(this.#response && { response: this.#response }), content: this.#content, ...this.#finish };
  }

  /** A model of the SDK says `finish` at the end of its provider's stream even where that was cut off: then it knows neither the provider's reason nor any tokens. */
  closed(): boolean {
    if (this.#finish === undefined) return false;
    const { finishReason, usage } = this.#finish;
    const { raw, unified } = fields(finishReason);
    const unknown = raw === undefined && ['other', 'unknown', 'interrupted'].includes(text(unified ?? finishReason) ?? 'other');
    return !unknown || usageOf(usage) !== undefined;
  }
}

const key = (type: string, id: unknown): string => `${type.split('-', 1)[0]} ${String(id)}`;
