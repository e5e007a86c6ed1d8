/**
 * What Cohere's APIs say in the same way. The wire has `snake_case`; what the SDK takes and hands out is `camelCase`, except for members that its schemas do not know: those
 * keep their name on the wire. So everything is read by either name.
 */
import type { MessagePart } from '../../events/content.ts';
import type { ErrorFacts, LlmRequest, ToolCallFacts, Usage } from '../../events/model.ts';
import { count, fields, flag, items, number, present, presentOrNone, text, word, type Fields } from '../fields.ts';
import { formatOutput } from '../openai/openai-facts.ts';
import { genericPart } from '../parts.ts';

/** The SDK's names of members; one entry a name that a decoder asks for. */
const sdkNames = new Map<string, string>();

function sdkName(name: string): string {
  let known = sdkNames.get(name);
  if (known === undefined) {
    known = name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
    sdkNames.set(name, known);
  }
  return known;
}

/** The name that `object` has a member under: `name`, as on the wire, unless it has the SDK's name for it. */
export function nameIn(object: Fields, name: string): string {
  if (object[name] !== undefined) return name;
  const other = sdkName(name);
  return object[other] === undefined ? name : other;
}

/** A member by its name on the wire, or by the SDK's. */
export function member(object: Fields, name: string): unknown {
  const value = object[name];
  return value === undefined ? object[sdkName(name)] : value;
}

/** Request members that most of the APIs share. */
export function cohereRequest(body: Fields): LlmRequest {
  return present({
    model: text(body['model']),
    stream: flag(body['stream']),
    maxTokens: count(member(body, 'max_tokens')),
    temperature: number(body['temperature']),
    topP: number(body['p']),
    topK: number(body['k']),
    frequencyPenalty: number(member(body, 'frequency_penalty')),
    presencePenalty: number(member(body, 'presence_penalty')),
    seed: number(body['seed']),
    outputType: formatOutput(member(body, 'response_format')),
  });
}

/**
 * Tokens of `usage` (v2) or `meta` (v1), as they were billed: where a provider says both, the conventions want those. The other count, `tokens`, has the template of the prompt
 * and special tokens in it too: 500 where 5 are billed. `cached_tokens` is a part of that one, and often more than the bill: so beside a bill nothing is said of it. Reasoning is
 * billed: 28 tokens of it and 35 of text were a bill of 63.
 */
export function cohereUsage(value: unknown): Usage | undefined {
  const usage = fields(value);
  const billed = tokensOf(member(usage, 'billed_units'));
  const used = fields(usage['tokens']);
  const reasoning = count(member(used, 'reasoning_tokens'));
  if (billed === undefined) {
    return presentOrNone({ ...tokensOf(used), cacheRead: count(member(usage, 'cached_tokens')), reasoning });
  }
  return { ...billed, ...(reasoning !== undefined && reasoning <= (billed.output ?? 0) && { reasoning }) };
}

function tokensOf(value: unknown): Usage | undefined {
  const tokens = fields(value);
  return presentOrNone({ input: count(member(tokens, 'input_tokens')), output: count(member(tokens, 'output_tokens')) });
}

/** Why an answer ended, in the provider's words. */
export function reasonOf(body: Fields): string | undefined {
  return word(member(body, 'finish_reason'));
}

/** Finish reasons of an answer that failed. `ERROR_TOXIC` and `ERROR_LIMIT` are none: the filter held the answer back, or the context was full. */
const FAILED = new Set(['ERROR', 'TIMEOUT']);

/**
 * The error of an answer that failed on its way; of an error answer, which is `{ id, message }` and has no code; and of an answer that is no JSON, which the SDK hands out as
 * `{ ok: false, error: { reason } }`. Texts are content, and left where they are.
 */
export function errorOf(body: Fields): ErrorFacts | undefined {
  const reason = reasonOf(body);
  const unread = word(fields(body['error'])['reason']);
  if (unread !== undefined) return { type: unread };
  if ((reason !== undefined && FAILED.has(reason)) || text(body['error']) !== undefined)
    return { type: word(member(body, 'error_type')) ?? reason ?? 'error' };
  return typeof body['message'] === 'string' ? { type: 'error' } : undefined;
}

/** The calls of a list that have their name in the member `function` (v2), or beside it (v1, which gives them no id). */
export function toolCallsOf(list: unknown): ToolCallFacts[] {
  return items(list).map((value) => {
    const call = fields(value);
    const inner = fields(call['function'] ?? call);
    return { ...present({ id: text(call['id']) }), name: text(inner['name']) ?? '' };
  });
}

/** A list that has no part of its own in the conventions (citations, documents, searches), under the name that it has in the API. */
export function listPart(type: string, list: unknown): MessagePart[] {
  return items(list).length > 0 ? genericPart({ type, [type]: list }) : [];
}

/** A document that came with a request: a text, or an object. */
export function documentPart(document: unknown): MessagePart[] {
  return genericPart(typeof document === 'string' ? document : { type: 'document', document });
}
