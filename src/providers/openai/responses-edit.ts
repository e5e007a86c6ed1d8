/** Edited answers of OpenAI's Responses API. Reasoning, and what the provider's own tools did, stay. */
import { CannotSay, type AnswerShape, type Edit, type Origin } from '../answer-shape.ts';
import { madeId } from '../edited-parts.ts';
import { items, text, type Fields } from '../fields.ts';
import { responses } from './responses.ts';
import { editItems, withItems } from './responses-edit-items.ts';
import { responseEvents } from './responses-edit-stream.ts';

const ANSWER_IDS = { prefix: 'resp_', length: 50 };
function whole(body: Fields, edit: Edit): Fields {
  if (body['object'] === 'response.compaction') {
    throw new CannotSay('this answer stands for a conversation, not for what a model said: edit the answer to a later request');
  }
  return withItems(
    body,
    editItems(items(body['output']), edit).map((item) => item.body),
    edit,
  );
}

const NO_TOKENS = {
  input_tokens: 0,
  input_tokens_details: { cached_tokens: 0 },
  output_tokens: 0,
  output_tokens_details: { reasoning_tokens: 0 },
  total_tokens: 0,
};

function empty(origin: Origin): Fields {
  const { request } = origin;
  return {
    id: origin.id ?? madeId(origin, ANSWER_IDS),
    object: 'response',
    created_at: origin.seconds,
    status: 'completed',
    error: null,
    incomplete_details: null,
    instructions: request['instructions'] ?? null,
    model: origin.model,
    output: [],
    parallel_tool_calls: request['parallel_tool_calls'] ?? true,
    tool_choice: request['tool_choice'] ?? 'auto',
    tools: request['tools'] ?? [],
    usage: NO_TOKENS,
  };
}

function emptyEvents(origin: Origin): Fields[] {
  const response = empty(origin);
  const begun = { ...response, status: 'in_progress', usage: null };
  return [
    { type: 'response.created', sequence_number: 0, response: begun },
    { type: 'response.in_progress', sequence_number: 1, response: begun },
    { type: 'response.completed', sequence_number: 2, response },
  ];
}

/** `POST /responses`, and the fetching of an answer that was made before. */
export const responsesShape: AnswerShape = {
  operation: responses,
  whole,
  events: (events, edit) => responseEvents(events, edit),
  empty,
  emptyEvents,
  nameOf: (json) => text(json['type']),
  streams: ({ request, url }) => request['stream'] === true || /[?&]stream=true/.test(url),
};
