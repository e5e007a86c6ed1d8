/** Facts that OpenAI's APIs, and the many that speak their dialects, say in the same way. */
import type { ErrorFacts, LlmRequest, LlmResponse, Usage } from '../../events/model.ts';
import type { ResponseFacts } from '../contract.ts';
import { count, fields, flag, items, number, present, presentOrNone, some, text, word, type Fields } from '../fields.ts';

/** Names of tools, and ids of tool results, that one event may list: the newest ones are kept. */
const LIST_MAX = 256;

/** A list of facts that is there only when it holds something, cut to its newest entries. Entries that are undefined are left out. */
export function listed<T>(list: readonly (T | undefined)[]): T[] | undefined {
  const there = list.filter((entry) => entry !== undefined);
  return some(there.length > LIST_MAX ? there.slice(-LIST_MAX) : there);
}

/**
 * What the app has added since the model's last answer. Results before that were linked by an earlier request; going through all of them again in
 * each turn would make n turns cost n squared.
 */
export function added(list: readonly unknown[], isAnswer: (item: Fields) => boolean): Fields[] {
  return list.slice(list.findLastIndex((item) => isAnswer(fields(item))) + 1).map(fields);
}

/** Whether a message is an answer of the model's. */
export const isAssistant = (message: Fields): boolean => message['role'] === 'assistant';

/** Request members that all of these APIs share. */
export function commonRequest(body: Fields): LlmRequest {
  const choices = count(body['n']);
  return present({
    model: text(body['model']),
    stream: flag(body['stream']),
    temperature: number(body['temperature']),
    topP: number(body['top_p']),
    topK: number(body['top_k']),
    frequencyPenalty: number(body['frequency_penalty']),
    presencePenalty: number(body['presence_penalty']),
    seed: number(body['seed']),
    choiceCount: choices === 1 ? undefined : choices,
    serviceTier: word(body['service_tier']),
  });
}

/** The conventions' word for a response format: `text` or `json`. */
export function formatOutput(format: unknown): string | undefined {
  const type = fields(format)['type'];
  if (type === 'json_object' || type === 'json_schema' || type === 'json') return 'json';
  return type === 'text' ? 'text' : undefined;
}

/** What a tool is called: nested, flat, or a built-in one that has only a type. */
export function toolName(tool: unknown): string | undefined {
  const given = fields(tool);
  const type = text(given['type']);
  const nested = type === undefined ? {} : fields(given[type]);
  return (
    text(given['name']) ?? text(nested['name']) ?? text(fields(given['function'])['name']) ?? text(given['server_label']) ?? type
  );
}

const PROVIDER_NAME = /^[\w .:/()+-]{1,64}$/;

/** Whom OpenRouter let answer: `Amazon Bedrock`. */
function routedTo(name: unknown): string | undefined {
  return typeof name === 'string' && PROVIDER_NAME.test(name) ? name : undefined;
}

/** Ids and the like that stand at the top of an answer. */
export function commonResponse(body: Fields): LlmResponse {
  return present({
    id: text(body['id']),
    model: text(body['model']),
    serviceTier: word(body['service_tier']),
    systemFingerprint: word(body['system_fingerprint']),
    servedBy: routedTo(body['provider']),
  });
}

/**
 * The provider's finish reasons, one for each choice. A choice without one among others that have theirs ended abnormally; where none has,
 * the answer is not at its end and there is nothing to say.
 */
export function choiceReasons(choices: readonly unknown[]): string[] | undefined {
  const reasons = choices.map((choice) => word(fields(choice)['finish_reason']));
  return reasons.some((reason) => reason !== undefined) ? reasons.map((reason) => reason ?? 'error') : undefined;
}

/** Token usage in either of OpenAI's spellings, with the additions of those who speak its dialects. */
export function openaiUsage(value: unknown): Usage | undefined {
  const usage = fields(value);
  const inputs = fields(usage['prompt_tokens_details'] ?? usage['input_tokens_details'] ?? usage['input_token_details']);
  const outputs = fields(usage['completion_tokens_details'] ?? usage['output_tokens_details'] ?? usage['output_token_details']);
  const given = count(usage['prompt_tokens']) ?? count(usage['input_tokens']);
  const cacheRead =
    count(inputs['cached_tokens']) ??
    count(usage['prompt_cache_hit_tokens']) ??
    count(usage['cached_tokens']) ??
    count(usage['num_cached_tokens']);
  // Grok on Azure counts cached tokens apart: seen where there are more of them than of all. Our word for input includes them.
  const input = given !== undefined && cacheRead !== undefined && cacheRead > given ? given + cacheRead : given;
  const reasoning = count(outputs['reasoning_tokens']);
  let output = count(usage['completion_tokens']) ?? count(usage['output_tokens']);
  // xAI leaves reasoning out of the completion tokens but bills it: the total tells.
  if (output !== undefined && reasoning && usage['total_tokens'] === (given ?? 0) + output + reasoning) output += reasoning;
  return presentOrNone({
    input,
    output,
    cacheRead,
    cacheWrite: count(inputs['cache_write_tokens']),
    reasoning,
    audioInput: count(inputs['audio_tokens']),
    audioOutput: count(outputs['audio_tokens']),
  });
}

/** The facts of an `error` member: an object, or xAI's text with the code beside it. Absent when the body has no error. */
export function errorFacts(body: Fields): ErrorFacts | undefined {
  const error = body['error'];
  if (error === undefined || error === null || error === false) return undefined;
  const given = fields(error);
  const code = given['code'] ?? (typeof error === 'string' ? body['code'] : undefined);
  const status = [code, given['status_code'], given['status']].find((n) => typeof n === 'number' && n >= 400 && n <= 599);
  const name = word(code);
  return {
    type: word(given['type']) ?? name ?? 'error',
    ...present({ code: name, status: number(status), requestId: text(body['request_id']) }),
  };
}

/** Puts facts together; what is undefined is left out. */
export function responseFacts(response: LlmResponse, usage: Usage | undefined, error: ErrorFacts | undefined): ResponseFacts {
  return { response, ...(usage && { usage }), ...(error && { error }) };
}

/** The error of an answer, or of the first choice that has one (OpenRouter puts a provider's failure there). */
export function answerError(body: Fields): ErrorFacts | undefined {
  return (
    errorFacts(body) ??
    items(body['choices'])
      .map((choice) => errorFacts(fields(choice)))
      .find((error) => error !== undefined)
  );
}
