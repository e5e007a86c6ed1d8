/** Edited answers of Cohere's first version: chat, generate and summarize. */
import type { AnswerShape, Edit, Origin, WireEvent } from '../answer-shape.ts';
import { cohereGenerate, cohereSummarize } from './cohere-generate.ts';
import { cohereChatV1 } from './cohere-v1.ts';
import { argumentsValue, endOf, fragments, madeId, sameCall, said, type EndWords } from '../edited-parts.ts';
import { fields, items, present, text, type Fields } from '../fields.ts';
import { plainShape } from '../plain-edit.ts';

const ENDS: EndWords = { stop: 'COMPLETE', length: 'MAX_TOKENS', tool_call: 'COMPLETE', content_filter: 'ERROR_TOXIC' };
const UUID = { prefix: '', length: 32 };

/** What was said of words, or searched for them, that are not there any more. */
const ABOUT_TEXT = new Set(['citations']);

const callsOf = ({ calls = [], was }: Edit, known: readonly unknown[]): unknown[] =>
  calls.map((call, index) =>
    sameCall(was.calls[index], call) && known[index] !== undefined
      ? known[index]
      : { name: call.name, parameters: argumentsValue(call.arguments) },
  );

/** The answer also stands at the end of the history that it gives back. */
function withHistory(body: Fields, edit: Edit): Fields {
  const history = items(body['chat_history']).map(fields);
  const last = history.at(-1);
  if (last?.['role'] !== 'CHATBOT') return {};
  const edited = {
    ...last,
    ...(edit.text !== undefined && { message: edit.text }),
    ...(edit.calls !== undefined && present({ tool_calls: listOf(edit, last['tool_calls']) })),
  };
  return { chat_history: [...history.slice(0, -1), edited] };
}

const listOf = (edit: Edit, known: unknown): unknown[] | undefined =>
  edit.calls === undefined || edit.calls.length === 0 ? undefined : callsOf(edit, items(known));

function chat(body: Fields, edit: Edit): Fields {
  const about = edit.text === undefined ? new Set<string>() : ABOUT_TEXT;
  const { tool_calls, ...rest } = Object.fromEntries(Object.entries(body).filter(([name]) => !about.has(name)));
  return {
    ...rest,
    ...(edit.text !== undefined && { text: edit.text }),
    ...present({ tool_calls: edit.calls === undefined ? tool_calls : listOf(edit, tool_calls) }),
    ...withHistory(body, edit),
    ...present({ finish_reason: endOf(edit, ENDS, text(body['finish_reason'])) }),
  };
}

function chatEvents(list: readonly WireEvent[], edit: Edit): WireEvent[] {
  const typeOf = ({ json }: WireEvent): string => text(fields(json)['event_type']) ?? '';
  const goes = (event: WireEvent): boolean =>
    (edit.text !== undefined && /^(?:text|citation)-generation$/.test(typeOf(event))) ||
    (edit.calls !== undefined && /^tool-calls-(?:chunk|generation)$/.test(typeOf(event)));
  const known = list.flatMap(({ json }) => items(fields(json)['tool_calls']));
  const event = (event_type: string, members: Fields): WireEvent => said({ is_finished: false, event_type, ...members });
  const texts = fragments(edit.text ?? '').map((piece) => event('text-generation', { text: piece }));
  const calls = edit.calls?.length ? [event('tool-calls-generation', { tool_calls: callsOf(edit, known) })] : [];
  const placeOf = (is: RegExp, otherwise: number): number => {
    const place = list.findIndex((one) => is.test(typeOf(one)));
    return place < 0 ? otherwise : place;
  };
  const end = placeOf(/^stream-end$/, list.length);
  const callPlace = placeOf(/^tool-calls-/, end);
  const textPlace = placeOf(/^text-generation$/, callPlace);
  return list.flatMap((one, place) => [
    ...(place === textPlace ? texts : []),
    ...(place === callPlace ? calls : []),
    ...(goes(one) ? [] : [ended(one, edit)]),
  ]);
}

function ended(event: WireEvent, edit: Edit): WireEvent {
  const json = fields(event.json);
  if (json['event_type'] !== 'stream-end') return event;
  const end = endOf(edit, ENDS, text(json['finish_reason']));
  return said({ ...json, ...present({ finish_reason: end }), response: chat(fields(json['response']), edit) }, event);
}

const META = { api_version: { version: '1' }, billed_units: { input_tokens: 0, output_tokens: 0 } };

const emptyChat = (origin: Origin): Fields => ({
  response_id: origin.id ?? madeId(origin, UUID),
  text: '',
  generation_id: madeId(origin, UUID, 1),
  chat_history: [
    ...items(origin.request['chat_history']),
    { role: 'USER', message: origin.request['message'] ?? '' },
    { role: 'CHATBOT', message: '' },
  ],
  finish_reason: 'COMPLETE',
  meta: META,
});

/** `POST /v1/chat`. */
export const cohereChatV1Shape: AnswerShape = {
  operation: cohereChatV1,
  whole: chat,
  events: chatEvents,
  empty: emptyChat,
  emptyEvents: (origin) => [
    { is_finished: false, event_type: 'stream-start', generation_id: madeId(origin, UUID, 1) },
    { is_finished: true, event_type: 'stream-end', response: emptyChat(origin), finish_reason: 'COMPLETE' },
  ],
  framing: () => 'lines',
};

const generation = (origin: Origin): Fields => ({
  id: origin.id ?? madeId(origin, UUID),
  generations: [{ id: madeId(origin, UUID, 1), text: '', finish_reason: 'COMPLETE' }],
  prompt: origin.request['prompt'] ?? '',
  meta: META,
});

/** The last event brings the whole answer. */
function withAnswer(json: Fields, edit: Edit): Fields {
  const response = fields(json['response']);
  const [first, ...others] = items(response['generations']);
  if (first === undefined) return json;
  const finish = json['finish_reason'];
  const edited = {
    ...fields(first),
    ...(edit.text !== undefined && { text: edit.text }),
    ...(fields(first)['finish_reason'] !== undefined && typeof finish === 'string' && { finish_reason: finish }),
  };
  return { ...json, response: { ...response, generations: [edited, ...others] } };
}

/** `POST /v1/generate`. */
export const cohereGenerateShape: AnswerShape = plainShape({
  operation: cohereGenerate,
  ends: ENDS,
  whole: { text: ['generations', 0, 'text'], end: ['generations', 0, 'finish_reason'] },
  chunk: { text: ['text'], end: ['finish_reason'] },
  isOf: ({ index }) => index === undefined || index === 0,
  follow: withAnswer,
  empty: generation,
  emptyEvents: (origin) => [
    { text: '', is_finished: false, event_type: 'text-generation' },
    { is_finished: true, event_type: 'stream-end', finish_reason: 'COMPLETE', response: generation(origin) },
  ],
  more: { framing: () => 'lines' },
});

/** `POST /v1/summarize`. */
export const cohereSummarizeShape: AnswerShape = plainShape({
  operation: cohereSummarize,
  ends: ENDS,
  whole: { text: ['summary'] },
  empty: (origin) => ({ id: origin.id ?? madeId(origin, UUID), summary: '', meta: META }),
});
