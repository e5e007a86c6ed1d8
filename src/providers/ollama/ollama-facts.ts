/** What Ollama's own APIs say in the same way. Durations, which it gives in nanoseconds, have no place in an event: the event has its own clock. */
import type { LlmRequest, LlmResponse, Usage } from '../../events/model.ts';
import { count, fields, flag, number, presentOrNone, present, text, word, type Fields } from '../fields.ts';

/** Request members that all of them share. The knobs of the model lie in `options`. */
export function ollamaRequest(body: Fields): LlmRequest {
  const options = fields(body['options']);
  return present({
    model: text(body['model']),
    stream: flag(body['stream']),
    // -1 and -2 stand for "no limit".
    maxTokens: count(options['num_predict']),
    temperature: number(options['temperature']),
    topP: number(options['top_p']),
    topK: number(options['top_k']),
    frequencyPenalty: number(options['frequency_penalty']),
    presencePenalty: number(options['presence_penalty']),
    seed: number(options['seed']),
    reasoningLevel: word(body['think']),
    outputType: outputType(body['format']),
  });
}

/** `json`, or a JSON schema; `''` is what some clients send for none. */
function outputType(format: unknown): string | undefined {
  return format === 'json' || (typeof format === 'object' && format !== null) ? 'json' : undefined;
}

/** What the last chunk, or a plain answer, says of the model and of how it ended. Servers before 0.1.38 said `done` and no reason: then none is made up. */
export function ollamaResponse(body: Fields): LlmResponse {
  const reason = word(body['done_reason']);
  return present({ model: text(body['model']), finishReasons: reason === undefined ? undefined : [reason] });
}

/** Tokens. Older servers leave the count of a prompt out that they had in their cache: absent, not 0. Nothing tells how many were cached. */
export function ollamaUsage(body: Fields): Usage | undefined {
  return presentOrNone({ input: count(body['prompt_eval_count']), output: count(body['eval_count']) });
}

/** The reason for a message, whose schema wants one: what the provider said, `stop` where it said no more than that it was done. */
export function endOf(body: Fields): string {
  return text(body['done_reason']) ?? (body['done'] === true ? 'stop' : 'error');
}
