/** Facts that Google's APIs say in the same way: models, tokens, errors. The SDK hands the members out under the names that they have on the wire. */
import type { ErrorFacts, Usage } from '../../events/model.ts';
import { count, fields, items, number, parseJson, present, presentOrNone, text, word } from '../fields.ts';

/** A model's name without the path that leads to it, in which Vertex AI names the project of the user. */
export function geminiModel(value: unknown): string | undefined {
  const name = text(value);
  return name?.replace(/^(?:.*\/)?(?:models|endpoints)\//, '').replace(/^google\//, '');
}

/** The sum of the figures that are there; undefined where none is. */
export function sum(...figures: (number | undefined)[]): number | undefined {
  const there = figures.filter((figure) => figure !== undefined);
  return there.length === 0 ? undefined : there.reduce((a, b) => a + b);
}

/** Tokens of one modality in lists such as `[{modality: 'AUDIO', tokenCount: 7}]`. */
function tokensOf(modality: string, ...lists: unknown[]): number | undefined {
  const entries = lists.flatMap(items).map(fields);
  const those = entries.filter((entry) => text(entry['modality'])?.toUpperCase() === modality);
  return sum(...those.map((entry) => count(entry['tokenCount']) ?? count(entry['tokens'])));
}

/**
 * Tokens of `usageMetadata`. The prompt count includes cached tokens, but not the results of tools that Google ran, which the model was given as well: our input has both. The
 * count of the candidates leaves the thoughts out: our output has both. So input and output together are `totalTokenCount`.
 */
export function geminiUsage(value: unknown): Usage | undefined {
  const usage = fields(value);
  const thoughts = count(usage['thoughtsTokenCount']);
  return presentOrNone({
    input: sum(count(usage['promptTokenCount']), count(usage['toolUsePromptTokenCount'])),
    output: sum(count(usage['candidatesTokenCount']), thoughts),
    cacheRead: count(usage['cachedContentTokenCount']),
    reasoning: thoughts,
    audioInput: tokensOf('AUDIO', usage['promptTokensDetails'], usage['toolUsePromptTokensDetails']),
    audioOutput: tokensOf('AUDIO', usage['candidatesTokensDetails']),
  });
}

/** As `geminiUsage`, of the interactions API, which counts alike under other names. */
export function interactionUsage(value: unknown): Usage | undefined {
  const usage = fields(value);
  const thoughts = count(usage['total_thought_tokens']);
  return presentOrNone({
    input: sum(count(usage['total_input_tokens']), count(usage['total_tool_use_tokens'])),
    output: sum(count(usage['total_output_tokens']), thoughts),
    cacheRead: count(usage['total_cached_tokens']),
    reasoning: thoughts,
    audioInput: tokensOf('AUDIO', usage['input_tokens_by_modality'], usage['tool_use_tokens_by_modality']),
    audioOutput: tokensOf('AUDIO', usage['output_tokens_by_modality']),
  });
}

const REASON = /^[A-Z][A-Z0-9_]{2,62}$/;
const SECONDS = /^(\d+(?:\.\d+)?)s$/;
const DETAILS_MAX = 32;

/** The reason (`API_KEY_INVALID`) and the wait (`RetryInfo`) among the details of an error. */
function details(value: unknown): { reason: string | undefined; retryAfterMs: number | undefined } {
  const all = items(value).slice(0, DETAILS_MAX).map(fields);
  const reason = all.map((detail) => detail['reason']).find((one) => typeof one === 'string' && REASON.test(one));
  const delay = all.map((detail) => SECONDS.exec(text(detail['retryDelay']) ?? '')?.[1]).find((one) => one !== undefined);
  return { reason: word(reason), retryAfterMs: delay === undefined ? undefined : Math.round(Number(delay) * 1000) };
}

/**
 * The error of a body: `{error: {code: 429, status: 'RESOURCE_EXHAUSTED', details}}`, or the interactions' `{error: {code: 'invalid_request'}}`. Its code is the most exact
 * word there is. Undefined where the body has none.
 */
export function geminiError(body: unknown): ErrorFacts | undefined {
  const error = fields(body)['error'];
  if (typeof error !== 'object' || error === null) return undefined;
  const { code, status, details: given } = fields(error);
  const { reason, retryAfterMs } = details(given);
  const name = word(status) ?? word(code);
  const http = number(code);
  return {
    type: name ?? 'error',
    ...present({
      code: reason ?? name,
      status: http !== undefined && http >= 400 && http <= 599 ? http : undefined,
      retryAfterMs,
    }),
  };
}

const MESSAGE_MAX = 256 * 1024;
const NESTED_MAX = 3;

/**
 * The error that the message of the SDK's `ApiError` holds as JSON: alone, after `got status: ...`, or, where the server did not call it JSON, once more inside of a message.
 * Nothing of the message but codes is handed on.
 */
export function messageError(message: unknown): ErrorFacts | undefined {
  let found: ErrorFacts | undefined;
  let at: unknown = message;
  for (let depth = 0; depth < NESTED_MAX && typeof at === 'string' && at.length <= MESSAGE_MAX; depth++) {
    const start = at.indexOf('{');
    const body = start === -1 ? undefined : parseJson(at.slice(start));
    const inner = geminiError(body);
    if (inner === undefined) break;
    found = { ...found, ...inner };
    at = fields(fields(body)['error'])['message'];
  }
  return found;
}
