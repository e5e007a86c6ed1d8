/** Edited answers of Mistral: its chat completions, and the conversations whose history it keeps. */
import type { AnswerShape, Edit, Origin, WireEvent } from '../answer-shape.ts';
import type { Operation } from '../contract.ts';
import { editBlocks, type BlockKinds, type EditedBlock } from '../edited-blocks.ts';
import { argumentsText, callId, fragments, madeId, said, segmentsOf, withMembers, type IdForm } from '../edited-parts.ts';
import { fields, items, number, present, text, type Fields } from '../fields.ts';
import { mistralAgents, mistralChat, mistralFim } from './mistral-chat.ts';
import { mistralConversations } from './mistral-conversations.ts';
import { ConversationFolder } from './mistral-conversations-stream.ts';
import { chatShape } from '../openai/chat-edit.ts';
import { contentOf } from '../openai/chat-edit-parts.ts';

/** The API takes ids of this length alone. */
const CALL_IDS: IdForm = { prefix: '', length: 9 };

const chatOf = (operation: Operation): AnswerShape =>
  chatShape({
    operation,
    callIds: CALL_IDS,
    ends: { stop: 'stop', length: 'length', tool_call: 'tool_calls', content_filter: 'error' },
    wholeCalls: true,
  });

export const mistralChatShape = chatOf(mistralChat);
export const mistralAgentsShape = chatOf(mistralAgents);
export const mistralFimShape = chatOf(mistralFim);

const entryId = (edit: Edit, prefix: string, index: number): string => madeId(edit.origin, { prefix, length: 28 }, 100 + index);

const kindsOf = (edit: Edit): BlockKinds => ({
  isText: ({ type }) => type === 'message.output',
  callOf: (entry) =>
    entry['type'] === 'function.call'
      ? { name: text(entry['name']) ?? '', arguments: entry['arguments'], ...present({ id: text(entry['tool_call_id']) }) }
      : undefined,
  text: (content, before) => ({
    object: 'entry',
    type: 'message.output',
    id: entryId(edit, 'msg_', 0),
    role: 'assistant',
    model: edit.origin.model,
    ...before,
    content: contentOf(before?.['content'], content),
  }),
  call: (call, index, before) => ({
    object: 'entry',
    type: 'function.call',
    id: entryId(edit, 'fc_', index),
    model: edit.origin.model,
    ...before,
    tool_call_id: callId(edit, index, CALL_IDS),
    name: call.name,
    arguments: argumentsText(call.arguments),
  }),
});

function whole(body: Fields, edit: Edit): Fields {
  return { ...body, outputs: editBlocks(items(body['outputs']).map(fields), edit, kindsOf(edit)).map((entry) => entry.body) };
}

/** The events of an entry that is new. */
function entryEvents(entry: Fields, output_index: number, created_at: unknown): WireEvent[] {
  const { object: _, type, content, arguments: given, ...rest } = entry;
  const common = { ...rest, output_index, created_at };
  if (type === 'function.call') {
    return fragments(given as string).map((piece) => said({ type: 'function.call.delta', ...common, arguments: piece }));
  }
  const parts = (Array.isArray(content) ? content : [content]) as unknown[];
  return parts.flatMap((part, content_index) => {
    const isText = typeof part === 'string' || fields(part)['type'] === 'text';
    const pieces = isText ? fragments(typeof part === 'string' ? part : (text(fields(part)['text']) ?? '')) : [part];
    return pieces.map((piece) => said({ type: 'message.output.delta', ...common, content_index, content: piece }));
  });
}

const BLOCK = /^(?:message\.output|function\.call|tool\.execution|agent\.handoff)\./;

function events(list: readonly WireEvent[], edit: Edit): WireEvent[] {
  const folder = new ConversationFolder();
  for (const { json } of list) folder.push(json);
  const recorded = items(folder.body()['outputs']).map(fields);
  const blockOf = (json: Fields): number | undefined =>
    BLOCK.test(text(json['type']) ?? '') ? (number(json['output_index']) ?? 0) : undefined;
  const { head, blocks, tail } = segmentsOf(list, blockOf, ({ type }) => type === 'conversation.response.done');
  const segments = blocks.size === recorded.length ? [...blocks.values()] : [];
  const created = list.map(({ json }) => fields(json)['created_at']).find((one) => one !== undefined);
  const eventsOf = ({ body, from }: EditedBlock, output_index: number): WireEvent[] => {
    const segment = from === undefined ? undefined : segments[from];
    if (segment === undefined) return entryEvents(body, output_index, created);
    return segment.map((event) => (blockOf(fields(event.json)) === undefined ? event : withMembers(event, { output_index })));
  };
  return [...head, ...editBlocks(recorded, edit, kindsOf(edit)).flatMap(eventsOf), ...tail];
}

const NO_TOKENS = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
const conversationId = (origin: Origin): string => origin.id ?? madeId(origin, { prefix: 'conv_', length: 28 });

const emptyEvents = (origin: Origin): Fields[] => {
  const created_at = new Date(origin.seconds * 1000).toISOString();
  return [
    { type: 'conversation.response.started', created_at, conversation_id: conversationId(origin) },
    { type: 'conversation.response.done', created_at, usage: NO_TOKENS },
  ];
};

/** `POST /v1/conversations`. It has no word for how an answer ended. */
export const mistralConversationsShape: AnswerShape = {
  operation: mistralConversations,
  whole,
  events,
  empty: (origin) => ({
    object: 'conversation.response',
    conversation_id: conversationId(origin),
    outputs: [],
    usage: NO_TOKENS,
  }),
  emptyEvents,
  nameOf: (json) => text(json['type']),
};
