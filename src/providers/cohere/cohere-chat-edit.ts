/** Edited answers of Cohere's chat, version 2. Thinking and the plan for the tool calls stay. */
import type { AnswerShape, Edit, Origin, WireEvent } from '../answer-shape.ts';
import { cohereChat } from './cohere-chat.ts';
import { CohereChatFolder } from './cohere-chat-stream.ts';
import { editBlocks, type BlockKinds, type EditedBlock } from '../edited-blocks.ts';
import {
  argumentsText,
  endOf,
  fragments,
  keptId,
  madeId,
  said,
  segmentsOf,
  withMembers,
  type EndWords,
} from '../edited-parts.ts';
import { fields, items, number, present, text, type Fields } from '../fields.ts';

const ENDS: EndWords = { stop: 'COMPLETE', length: 'MAX_TOKENS', tool_call: 'TOOL_CALL', content_filter: 'ERROR_TOXIC' };

/** Contents and calls are lists of their own; an edit of one leaves the other alone. */
const kindsOf = (edit: Edit): BlockKinds => ({
  isText: (block) => block['type'] === 'text',
  callOf: (block) => {
    if (block['type'] !== 'function') return undefined;
    const inner = fields(block['function']);
    return { name: text(inner['name']) ?? '', arguments: inner['arguments'], ...present({ id: text(block['id']) }) };
  },
  text: (content) => ({ type: 'text', text: content }),
  call: (call, index) => ({
    id: keptId(edit, index) ?? madeId(edit.origin, { prefix: `${call.name}_`, length: 12 }, index + 1),
    type: 'function',
    function: { name: call.name, arguments: argumentsText(call.arguments) },
  }),
});

function editContents(contents: readonly Fields[], { calls: _, ...edit }: Edit): EditedBlock[] {
  return editBlocks(contents, edit, kindsOf(edit));
}

function editCalls(calls: readonly Fields[], edit: Edit): EditedBlock[] {
  const { text: _, ...rest } = edit;
  return editBlocks(calls, rest, kindsOf(edit));
}

const bodiesOf = (blocks: readonly EditedBlock[]): Fields[] => blocks.map(({ body }) => body);
const some = (name: string, list: readonly Fields[]): Fields => (list.length > 0 ? { [name]: list } : {});

function endMembers(edit: Edit, before: Fields): Fields {
  return present({ finish_reason: endOf(edit, ENDS, text(before['finish_reason'])) });
}

/** Sources, and probabilities, of words that are not there any more. */
const isAbout = (edit: Edit, name: string): boolean => edit.text !== undefined && (name === 'citations' || name === 'logprobs');
const withoutOldFacts = (object: Fields, edit: Edit): Fields =>
  Object.fromEntries(Object.entries(object).filter(([name]) => !isAbout(edit, name)));

function whole(body: Fields, edit: Edit): Fields {
  const { content, tool_calls, ...rest } = withoutOldFacts(fields(body['message']), edit);
  const contents = typeof content === 'string' ? [{ type: 'text', text: content }] : items(content).map(fields);
  const message = {
    ...rest,
    ...some('content', bodiesOf(editContents(contents, edit))),
    ...some('tool_calls', bodiesOf(editCalls(items(tool_calls).map(fields), edit))),
  };
  return { ...withoutOldFacts(body, edit), message, ...endMembers(edit, body) };
}

function contentEvents(block: Fields, index: number): WireEvent[] {
  const event = (type: string, message?: Fields): WireEvent =>
    said({ type, index, ...(message && { delta: { message: { content: message } } }) });
  const pieces = fragments(block['text'] as string).map((piece) => event('content-delta', { text: piece }));
  return [event('content-start', { type: 'text', text: '' }), ...pieces, event('content-end')];
}

function callEvents(call: Fields, index: number): WireEvent[] {
  const event = (type: string, tool_calls?: Fields): WireEvent =>
    said({ type, index, ...(tool_calls && { delta: { message: { tool_calls } } }) });
  const inner = fields(call['function']);
  const pieces = fragments(inner['arguments'] as string).map((piece) =>
    event('tool-call-delta', { function: { arguments: piece } }),
  );
  return [event('tool-call-start', { ...call, function: { ...inner, arguments: '' } }), ...pieces, event('tool-call-end')];
}

/** Calls are numbered apart from contents: here they follow them, a good way off. */
const FIRST_CALL = 1 << 20;
const typeOf = (json: Fields): string => text(json['type']) ?? '';
const isContentEvent = (json: Fields): boolean => typeOf(json).startsWith('content-');
const isCallEvent = (json: Fields): boolean => typeOf(json).startsWith('tool-call-');

function blockOf(json: Fields): number | undefined {
  const index = number(json['index']) ?? 0;
  return isContentEvent(json) ? index : isCallEvent(json) ? FIRST_CALL + index : undefined;
}

function events(given: readonly WireEvent[], edit: Edit): WireEvent[] {
  const list = given.filter(({ json }) => edit.text === undefined || !typeOf(fields(json)).startsWith('citation-'));
  const folder = new CohereChatFolder();
  for (const { json } of list) folder.push(json);
  const message = fields(folder.body()['message']);
  const { head, blocks, tail } = segmentsOf(list, blockOf, ({ type }) => type === 'message-end');
  const segmentsFrom = (isCall: boolean): WireEvent[][] =>
    [...blocks].filter(([index]) => index >= FIRST_CALL === isCall).map(([, segment]) => segment);
  const eventsOf =
    (segments: readonly WireEvent[][], make: (body: Fields, index: number) => WireEvent[]) =>
    ({ body, from }: EditedBlock, index: number): WireEvent[] => {
      if (from === undefined) return make(body, index);
      return segments[from]!.map((event) => (blockOf(fields(event.json)) === undefined ? event : withMembers(event, { index })));
    };
  return [
    ...head,
    ...editContents(items(message['content']).map(fields), edit).flatMap(eventsOf(segmentsFrom(false), contentEvents)),
    ...editCalls(items(message['tool_calls']).map(fields), edit).flatMap(eventsOf(segmentsFrom(true), callEvents)),
    ...tail.map((event) => ended(event, edit)),
  ];
}

function ended(event: WireEvent, edit: Edit): WireEvent {
  const json = fields(event.json);
  if (json['type'] !== 'message-end') return event;
  const delta = withoutOldFacts(fields(json['delta']), edit);
  return said({ ...json, delta: { ...delta, ...endMembers(edit, delta) } }, event);
}

const USAGE = { billed_units: { input_tokens: 0, output_tokens: 0 }, tokens: { input_tokens: 0, output_tokens: 0 } };
const UUID = { prefix: '', length: 32 };

const empty = (origin: Origin): Fields => ({
  id: origin.id ?? madeId(origin, UUID),
  message: { role: 'assistant' },
  finish_reason: 'COMPLETE',
  usage: USAGE,
});

const emptyEvents = (origin: Origin): unknown[] => [
  {
    id: origin.id ?? madeId(origin, UUID),
    type: 'message-start',
    delta: { message: { role: 'assistant', content: [], tool_plan: '', tool_calls: [], citations: [] } },
  },
  { type: 'message-end', delta: { finish_reason: 'COMPLETE', usage: USAGE } },
  '[DONE]',
];

/** `POST /v2/chat`. */
export const cohereChatShape: AnswerShape = {
  operation: cohereChat,
  whole,
  events,
  empty,
  emptyEvents,
  nameOf: (json) => text(json['type']),
};
