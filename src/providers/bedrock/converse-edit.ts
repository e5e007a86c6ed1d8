/** Edited answers of Bedrock's Converse, and of Nova's own API, which answers alike. */
import type { AnswerShape, Edit, Origin, WireEvent } from '../answer-shape.ts';
import { converse } from './converse.ts';
import { ConverseFolder } from './converse-stream.ts';
import { editBlocks, type BlockKinds, type EditedBlock } from '../edited-blocks.ts';
import { argumentsText, argumentsValue, callId, endOf, fragments, said, segmentsOf, type EndWords } from '../edited-parts.ts';
import { fields, items, number, present, text, type Fields } from '../fields.ts';

const ENDS: EndWords = { stop: 'end_turn', length: 'max_tokens', tool_call: 'tool_use', content_filter: 'content_filtered' };
const CALL_IDS = { prefix: 'tooluse_', length: 22 };

const kindsOf = (edit: Edit): BlockKinds => ({
  isText: (block) => block['text'] !== undefined || block['citationsContent'] !== undefined,
  callOf: (block) => {
    const { toolUseId, name, input, type } = fields(block['toolUse']);
    if (block['toolUse'] === undefined || type === 'server_tool_use') return undefined;
    return { name: text(name) ?? '', arguments: input, ...present({ id: text(toolUseId) }) };
  },
  text: (content) => ({ text: content }),
  call: (call, index) => ({
    toolUse: { toolUseId: callId(edit, index, CALL_IDS), name: call.name, input: argumentsValue(call.arguments) },
  }),
});

function endMembers(edit: Edit, before: Fields): Fields {
  return present({ stopReason: endOf(edit, ENDS, text(before['stopReason'])) });
}

function whole(body: Fields, edit: Edit): Fields {
  const output = fields(body['output']);
  const message = fields(output['message']);
  const content = editBlocks(items(message['content']).map(fields), edit, kindsOf(edit)).map((block) => block.body);
  return { ...body, output: { ...output, message: { ...message, content } }, ...endMembers(edit, body) };
}

const BLOCK_EVENTS = ['contentBlockStart', 'contentBlockDelta', 'contentBlockStop'] as const;
const blockEvent = (json: Fields): (typeof BLOCK_EVENTS)[number] | undefined =>
  BLOCK_EVENTS.find((name) => json[name] !== undefined);

const blockOf = (json: Fields): number | undefined => {
  const name = blockEvent(json);
  return name && (number(fields(json[name])['contentBlockIndex']) ?? 0);
};

/** The events of a block that is new. Only tool calls are announced. */
function blockEvents(block: Fields, contentBlockIndex: number): WireEvent[] {
  const delta = (given: Fields): WireEvent => said({ contentBlockDelta: { contentBlockIndex, delta: given } });
  const stop = said({ contentBlockStop: { contentBlockIndex } });
  if (typeof block['text'] === 'string') return [...fragments(block['text']).map((piece) => delta({ text: piece })), stop];
  const { input, ...toolUse } = fields(block['toolUse']);
  const deltas = fragments(argumentsText(input)).map((piece) => delta({ toolUse: { input: piece } }));
  return [said({ contentBlockStart: { contentBlockIndex, start: { toolUse } } }), ...deltas, stop];
}

function moved(event: WireEvent, contentBlockIndex: number): WireEvent {
  const json = fields(event.json);
  const name = blockEvent(json);
  if (name === undefined || fields(json[name])['contentBlockIndex'] === contentBlockIndex) return event;
  return said({ [name]: { ...fields(json[name]), contentBlockIndex } }, event);
}

function events(list: readonly WireEvent[], edit: Edit): WireEvent[] {
  const folder = new ConverseFolder();
  for (const { json } of list) folder.push(json);
  const recorded = items(fields(fields(folder.body()['output'])['message'])['content']).map(fields);
  const { head, blocks, tail } = segmentsOf(list, blockOf, ({ messageStop }) => messageStop !== undefined);
  const segments = [...blocks.values()];
  const eventsOf = ({ body, from }: EditedBlock, index: number): WireEvent[] =>
    from === undefined ? blockEvents(body, index) : segments[from]!.map((event) => moved(event, index));
  return [...head, ...editBlocks(recorded, edit, kindsOf(edit)).flatMap(eventsOf), ...tail.map((event) => ended(event, edit))];
}

function ended(event: WireEvent, edit: Edit): WireEvent {
  const json = fields(event.json);
  if (json['messageStop'] === undefined) return event;
  const stop = fields(json['messageStop']);
  const { stopReason } = endMembers(edit, stop);
  return stopReason === stop['stopReason'] ? event : said({ ...json, messageStop: { ...stop, stopReason } }, event);
}

const FIGURES = { usage: { inputTokens: 0, outputTokens: 0, totalTokens: 0 }, metrics: { latencyMs: 0 } };

/** `POST /model/{id}/converse` and `/converse-stream`. */
export const converseShape: AnswerShape = {
  operation: converse,
  whole,
  events,
  empty: () => ({ output: { message: { role: 'assistant', content: [] } }, stopReason: 'end_turn', ...FIGURES }),
  emptyEvents: () => [
    { messageStart: { role: 'assistant' } },
    { messageStop: { stopReason: 'end_turn' } },
    { metadata: FIGURES },
  ],
  streams: ({ url }: Origin) => /\/(?:converse-stream|invoke-with-response-stream)(?:$|\?)/.test(url),
};
