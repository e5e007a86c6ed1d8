/** Edited answers of Anthropic's Messages API. Thinking, its signature, and what the provider's own tools did stay. */
import type { AnswerShape, Edit, Origin, WireEvent } from '../answer-shape.ts';
import { editBlocks, type BlockKinds, type EditedBlock } from '../edited-blocks.ts';
import {
  argumentsText,
  argumentsValue,
  callId,
  endOf,
  fragments,
  madeId,
  said,
  segmentsOf,
  withMembers,
  type EndWords,
} from '../edited-parts.ts';
import { fields, items, number, present, text, type Fields } from '../fields.ts';
import { messages } from './messages.ts';
import { MessagesFolder } from './messages-stream.ts';

const ENDS: EndWords = { stop: 'end_turn', length: 'max_tokens', tool_call: 'tool_use', content_filter: 'refusal' };
const CALL_IDS = { prefix: 'toolu_01', length: 22 };

const kindsOf = (edit: Edit): BlockKinds => ({
  isText: (block) => block['type'] === 'text',
  callOf: (block) =>
    block['type'] === 'tool_use'
      ? { name: text(block['name']) ?? '', arguments: block['input'], ...present({ id: text(block['id']) }) }
      : undefined,
  // What a text quotes is not said of another one.
  text: (content) => ({ type: 'text', text: content }),
  call: (call, index, before) => ({
    type: 'tool_use',
    id: callId(edit, index, CALL_IDS),
    name: call.name,
    input: argumentsValue(call.arguments),
    ...present({ caller: before?.['caller'] }),
  }),
});

/** The members of a message that say how it ended. */
function endMembers(edit: Edit, before: Fields): Fields {
  const known = before['stop_reason'];
  const reason = endOf(edit, ENDS, typeof known === 'string' ? known : undefined);
  return reason === undefined || reason === known ? {} : { stop_reason: reason, stop_sequence: null };
}

function whole(body: Fields, edit: Edit): Fields {
  const content = editBlocks(items(body['content']).map(fields), edit, kindsOf(edit)).map((block) => block.body);
  return { ...body, content, ...endMembers(edit, body) };
}

const isBlockEvent = (json: Fields): boolean => text(json['type'])?.startsWith('content_block_') === true;

/** The events of a block that is new. */
function blockEvents(block: Fields, index: number): WireEvent[] {
  const delta = (given: Fields): WireEvent => said({ type: 'content_block_delta', index, delta: given });
  const start = (given: Fields): WireEvent => said({ type: 'content_block_start', index, content_block: given });
  const stop = said({ type: 'content_block_stop', index });
  if (block['type'] === 'text') {
    const pieces = fragments(block['text'] as string).map((piece) => delta({ type: 'text_delta', text: piece }));
    return [start({ ...block, text: '' }), ...pieces, stop];
  }
  if (block['type'] !== 'tool_use') return [start(block), stop];
  const pieces = ['', ...fragments(argumentsText(block['input']))];
  const deltas = pieces.map((piece) => delta({ type: 'input_json_delta', partial_json: piece }));
  return [start({ ...block, input: {} }), ...deltas, stop];
}

function events(list: readonly WireEvent[], edit: Edit): WireEvent[] {
  const folder = new MessagesFolder();
  for (const { json } of list) folder.push(json);
  const recorded = items(folder.body()['content']).map(fields);
  const { head, blocks, tail } = segmentsOf(
    list,
    (json) => (isBlockEvent(json) ? (number(json['index']) ?? 0) : undefined),
    ({ type }) => type === 'message_delta',
  );
  // A server that does not stream its blocks announces them with the message.
  const segments = blocks.size === recorded.length ? [...blocks.values()] : [];
  const eventsOf = ({ body, from }: EditedBlock, index: number): WireEvent[] => {
    const segment = from === undefined ? undefined : segments[from];
    if (segment === undefined) return blockEvents(body, index);
    return segment.map((event) => (isBlockEvent(fields(event.json)) ? withMembers(event, { index }) : event));
  };
  return [
    ...head.map(announced),
    ...editBlocks(recorded, edit, kindsOf(edit)).flatMap(eventsOf),
    ...tail.map((event) => ended(event, edit)),
  ];
}

/** The event that announces the message, without the blocks, which come after it. */
function announced(event: WireEvent): WireEvent {
  const json = fields(event.json);
  const message = fields(json['message']);
  return items(message['content']).length === 0 ? event : said({ ...json, message: { ...message, content: [] } }, event);
}

function ended(event: WireEvent, edit: Edit): WireEvent {
  const json = fields(event.json);
  const delta = fields(json['delta']);
  if (json['type'] !== 'message_delta') return event;
  const members = endMembers(edit, delta);
  return Object.keys(members).length === 0 ? event : said({ ...json, delta: { ...delta, ...members } }, event);
}

const NO_TOKENS = { input_tokens: 0, cache_creation_input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 0 };

const empty = (origin: Origin): Fields => ({
  id: origin.id ?? madeId(origin, { prefix: 'msg_01', length: 22 }),
  type: 'message',
  role: 'assistant',
  model: origin.model,
  content: [],
  stop_reason: 'end_turn',
  stop_sequence: null,
  usage: NO_TOKENS,
});

const emptyEvents = (origin: Origin): Fields[] => [
  { type: 'message_start', message: { ...empty(origin), stop_reason: null } },
  { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 0 } },
  { type: 'message_stop' },
];

/** `POST /v1/messages`. */
export const messagesShape: AnswerShape = {
  operation: messages,
  whole,
  events,
  empty,
  emptyEvents,
  nameOf: (json) => text(json['type']),
  // Vertex AI says it in the path.
  streams: ({ request, url }) => request['stream'] === true || /:streamRawPredict|\/invoke-with-response-stream/.test(url),
};
