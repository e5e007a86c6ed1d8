/** Edited chat completions: OpenAI's, and those of the many that speak the dialect. The first choice is edited; others stay. */
import { CannotSay, type AnswerShape, type Edit, type Origin } from '../answer-shape.ts';
import { chatCompletions } from './chat-completions.ts';
import {
  callBody,
  contentOf,
  endMembers,
  firstChoice,
  inOldForm,
  oldCall,
  SOUND,
  withoutLogprobs,
  type ChatDialect,
} from './chat-edit-parts.ts';
import { ChatStreamEdit } from './chat-edit-stream.ts';
import { madeId, sameCall } from '../edited-parts.ts';
import { fields, items, present, type Fields } from '../fields.ts';

const OPENAI: ChatDialect = {
  operation: chatCompletions,
  callIds: { prefix: 'call_', length: 24 },
  ends: { stop: 'stop', length: 'length', tool_call: 'tool_calls', content_filter: 'content_filter' },
  wholeCalls: false,
};

function editedMessage(message: Fields, edit: Edit, dialect: ChatDialect): Fields {
  const { text, calls, was } = edit;
  const out: Fields = { ...message };
  if (text !== undefined) {
    if (message['audio']) throw new CannotSay(SOUND);
    out['content'] = text === '' && (calls ?? was.calls).length > 0 ? null : contentOf(message['content'], text);
    if (message['refusal']) out['refusal'] = null;
    // They say where in the text they belong.
    if (items(message['annotations']).length > 0) out['annotations'] = [];
  }
  if (calls !== undefined) {
    const known = items(message['tool_calls']);
    delete out['tool_calls'];
    delete out['function_call'];
    if (inOldForm(edit, message)) Object.assign(out, present({ function_call: oldCall(edit) }));
    else if (calls.length > 0) {
      out['tool_calls'] = calls.map((call, index) =>
        sameCall(was.calls[index], call) && known[index] !== undefined
          ? known[index]
          : { ...present({ index: fields(known[index])['index'] }), ...callBody(edit, call, index, dialect.callIds) },
      );
    }
    out['content'] ??= calls.length === 0 ? '' : null;
  }
  return out;
}

function whole(body: Fields, edit: Edit, dialect: ChatDialect): Fields {
  const choices = items(body['choices']);
  const first = firstChoice(choices);
  if (first < 0) throw new CannotSay('the recorded answer has no choice that could be edited');
  const choice = fields(choices[first]);
  const before = fields(choice['message']);
  const message = editedMessage(before, edit, dialect);
  const edited = { ...choice, message, ...endMembers(edit, choice, before, dialect.ends), ...withoutLogprobs(choice) };
  return { ...body, choices: choices.with(first, edited) };
}

const NO_TOKENS = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };

const head = (origin: Origin, object: string): Fields => ({
  id: origin.id ?? madeId(origin, { prefix: 'chatcmpl-', length: 29 }),
  object,
  created: origin.seconds,
  model: origin.model,
});

function empty(origin: Origin): Fields {
  const message = { role: 'assistant', content: '', refusal: null };
  const choices = [{ index: 0, message, logprobs: null, finish_reason: 'stop' }];
  return { ...head(origin, 'chat.completion'), choices, usage: NO_TOKENS };
}

function emptyEvents(origin: Origin): unknown[] {
  const common = head(origin, 'chat.completion.chunk');
  const chunk = (delta: Fields, finish: string | null): Fields => ({
    ...common,
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
  });
  const counted = fields(origin.request['stream_options'])['include_usage'] === true;
  return [
    chunk({ role: 'assistant', content: '' }, null),
    chunk({}, 'stop'),
    ...(counted ? [{ ...common, choices: [], usage: NO_TOKENS }] : []),
    '[DONE]',
  ];
}

/** The answers of one who speaks the dialect. */
export function chatShape(dialect: ChatDialect = OPENAI): AnswerShape {
  return {
    operation: dialect.operation,
    whole: (body, edit) => whole(body, edit, dialect),
    events: (events, edit) => new ChatStreamEdit(edit, dialect).edit(events),
    empty,
    emptyEvents,
  };
}
