/** Edited text completions: OpenAI's first API, and Anthropic's. */
import type { AnswerShape, Origin } from '../answer-shape.ts';
import { textCompletions } from './completions.ts';
import { madeId, type EndWords } from '../edited-parts.ts';
import { fields, items, type Fields } from '../fields.ts';
import { firstChoice } from './chat-edit-parts.ts';
import { completeLegacy } from './other-operations.ts';
import { plainShape } from '../plain-edit.ts';

const OPENAI_ENDS: EndWords = { stop: 'stop', length: 'length', tool_call: 'stop', content_filter: 'content_filter' };
const ANTHROPIC_ENDS: EndWords = {
  stop: 'stop_sequence',
  length: 'max_tokens',
  tool_call: 'stop_sequence',
  content_filter: 'refusal',
};

const CHOICE = { text: ['choices', 0, 'text'], end: ['choices', 0, 'finish_reason'] };

const completion = (origin: Origin, text: string, finish: string | null): Fields => ({
  id: origin.id ?? madeId(origin, { prefix: 'cmpl-', length: 29 }),
  object: 'text_completion',
  created: origin.seconds,
  model: origin.model,
  choices: [{ text, index: 0, logprobs: null, finish_reason: finish }],
});

function withoutLogprobs(json: Fields): Fields {
  const [choice, ...others] = items(json['choices']);
  return fields(choice)['logprobs'] ? { ...json, choices: [{ ...fields(choice), logprobs: null }, ...others] } : json;
}

/** `POST /completions`. A chunk has one choice. */
export const completionsShape: AnswerShape = plainShape({
  operation: textCompletions,
  ends: OPENAI_ENDS,
  whole: CHOICE,
  chunk: CHOICE,
  isOf: (chunk) => firstChoice(items(chunk['choices'])) === 0,
  follow: withoutLogprobs,
  empty: (origin) => ({
    ...completion(origin, '', 'stop'),
    usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 },
  }),
  emptyEvents: (origin) => [completion(origin, '', null), completion(origin, '', 'stop')],
  more: {},
});

const complete = (origin: Origin, stop: string | null): Fields => ({
  type: 'completion',
  id: origin.id ?? madeId(origin, { prefix: 'compl_01', length: 22 }),
  completion: '',
  stop_reason: stop,
  model: origin.model,
});

/** `POST /v1/complete`. */
export const completeShape: AnswerShape = plainShape({
  operation: completeLegacy,
  ends: ANTHROPIC_ENDS,
  whole: { text: ['completion'], end: ['stop_reason'] },
  chunk: { text: ['completion'], end: ['stop_reason'] },
  empty: (origin) => complete(origin, 'stop_sequence'),
  emptyEvents: (origin) => [complete(origin, null), complete(origin, 'stop_sequence')],
  more: { nameOf: () => 'completion' },
});
