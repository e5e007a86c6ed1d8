/** Edited answers of the Vercel AI Gateway, which are those of a model of the AI SDK as they are. Reasoning, and what the provider's own tools did, stay. */
import type { AnswerShape, Edit, Origin, WantedCall, WireEvent } from '../answer-shape.ts';

import { aiSdkChat } from './ai-sdk-operations.ts';
import { editBlocks, type BlockKinds } from '../edited-blocks.ts';
import { argumentsText, callId, fragments, madeId, said } from '../edited-parts.ts';
import { fields, items, present, text, type Fields } from '../fields.ts';

const CALL_IDS = { prefix: 'call_', length: 24 };

/** The SDK's words for how an answer ended. */
const ENDS: Readonly<Record<string, string>> = {
  stop: 'stop',
  length: 'length',
  tool_call: 'tool-calls',
  content_filter: 'content-filter',
};

function callOf(part: Fields): WantedCall | undefined {
  if (part['type'] !== 'tool-call' || part['providerExecuted'] === true) return undefined;
  return { name: text(part['toolName']) ?? '', arguments: part['input'], ...present({ id: text(part['toolCallId']) }) };
}

const kindsOf = (edit: Edit): BlockKinds => ({
  isText: ({ type }) => type === 'text',
  callOf,
  text: (content) => ({ type: 'text', text: content }),
  call: (call, index, before) => ({
    type: 'tool-call',
    toolCallId: callId(edit, index, CALL_IDS),
    toolName: call.name,
    input: argumentsText(call.arguments),
    ...present({ providerMetadata: before?.['providerMetadata'] }),
  }),
});

/** The reason is one word, or, in newer versions, the SDK's word beside the provider's own. */
function endMembers(edit: Edit, before: unknown): Fields {
  const { unified } = fields(before);
  const known = unified ?? before;
  const { reason, calls, was } = edit;
  const comes = calls !== undefined && calls.length > 0 && was.calls.length === 0;
  const goes = calls?.length === 0 && was.reason === 'tool_call';
  const word = reason ?? (comes ? 'tool_call' : goes ? 'stop' : undefined);
  if (word === undefined) return {};
  const said = Object.hasOwn(ENDS, word) ? ENDS[word] : word;
  if (said === known) return {};
  return { finishReason: typeof before === 'string' ? said : { unified: said, raw: undefined } };
}

function whole(body: Fields, edit: Edit): Fields {
  const content = editBlocks(items(body['content']).map(fields), edit, kindsOf(edit)).map((block) => block.body);
  return { ...body, content, ...endMembers(edit, body['finishReason']) };
}

function events(list: readonly WireEvent[], edit: Edit): WireEvent[] {
  const ownCalls = new Set(
    list.map(({ json }) => fields(json)).flatMap((part) => (callOf(part) === undefined ? [] : [text(part['toolCallId'])])),
  );
  const is = ({ json }: WireEvent, kind: string): boolean => text(fields(json)['type'])?.startsWith(kind) === true;
  const isText = (event: WireEvent): boolean => is(event, 'text-');
  const isCall = (event: WireEvent): boolean => {
    const part = fields(event.json);
    return callOf(part) !== undefined || (is(event, 'tool-input-') && ownCalls.has(text(part['id'])));
  };
  const placeOf = (is: (event: WireEvent) => boolean): number | undefined => {
    const place = list.findIndex(is);
    return place < 0 ? undefined : place;
  };
  const end = placeOf(({ json }) => fields(json)['type'] === 'finish') ?? list.length;
  const callPlace = placeOf(isCall) ?? end;
  const textPlace = placeOf(isText) ?? callPlace;
  const known = list.map(({ json }) => fields(json)).filter((part) => callOf(part) !== undefined);
  const calls = (edit.calls ?? []).flatMap((call, index) => callEvents(kindsOf(edit).call(call, index, known[index])));
  return list.flatMap((event, place) => [
    ...(place === textPlace ? textEvents(edit) : []),
    ...(place === callPlace ? calls : []),
    ...((edit.text !== undefined && isText(event)) || (edit.calls !== undefined && isCall(event)) ? [] : [ended(event, edit)]),
  ]);
}

function textEvents({ text: content, origin }: Edit): WireEvent[] {
  if (content === undefined || content === '') return [];
  const id = madeId(origin, { prefix: 'txt-', length: 24 });
  const deltas = fragments(content).map((delta) => said({ type: 'text-delta', id, delta }));
  return [said({ type: 'text-start', id }), ...deltas, said({ type: 'text-end', id })];
}

function callEvents(call: Fields): WireEvent[] {
  const { toolCallId: id, toolName, input } = call;
  const deltas = fragments(input as string).map((delta) => said({ type: 'tool-input-delta', id, delta }));
  return [said({ type: 'tool-input-start', id, toolName }), ...deltas, said({ type: 'tool-input-end', id }), said(call)];
}

function ended(event: WireEvent, edit: Edit): WireEvent {
  const part = fields(event.json);
  const members = part['type'] === 'finish' ? endMembers(edit, part['finishReason']) : {};
  return Object.keys(members).length === 0 ? event : said({ ...part, ...members }, event);
}

/** In the form of the version of the model's interface that the request names. */
function end({ header }: Origin): Fields {
  if (Number(header('ai-language-model-specification-version') ?? '4') < 3) {
    return { finishReason: 'stop', usage: { inputTokens: 0, outputTokens: 0, totalTokens: 0 } };
  }
  return {
    finishReason: { unified: 'stop', raw: undefined },
    usage: { inputTokens: { total: 0 }, outputTokens: { total: 0 } },
  };
}

const emptyEvents = (origin: Origin): Fields[] => [
  { type: 'stream-start', warnings: [] },
  { type: 'response-metadata', id: origin.id ?? madeId(origin, { prefix: 'gen_', length: 26 }), modelId: origin.model },
  { type: 'finish', ...end(origin) },
];

/** `POST /language-model`. */
export const gatewayShape: AnswerShape = {
  operation: aiSdkChat,
  whole,
  events,
  empty: (origin) => ({ content: [], ...end(origin), warnings: [] }),
  emptyEvents,
  streams: ({ header }) => header('ai-language-model-streaming') === 'true',
};
