/** Edited answers of Ollama's own APIs. Thinking stays. A stream has one JSON text a line. */
import type { AnswerShape, Edit, Origin, WireEvent } from '../answer-shape.ts';
import { argumentsValue, endOf, fragments, keptId, sameCall, said, type EndWords } from '../edited-parts.ts';
import { fields, items, present, text, type Fields } from '../fields.ts';
import { ollamaChat } from './ollama-chat.ts';
import { ollamaGenerate } from './ollama-generate.ts';
import { plainShape } from '../plain-edit.ts';

/** Calls end an answer as anything else does. */
const ENDS: EndWords = { stop: 'stop', length: 'length', tool_call: 'stop', content_filter: 'stop' };

function callsOf(edit: Edit, known: readonly unknown[]): unknown[] {
  return (edit.calls ?? []).map((call, index) =>
    sameCall(edit.was.calls[index], call) && known[index] !== undefined
      ? known[index]
      : {
          ...present({ id: keptId(edit, index) }),
          function: { name: call.name, arguments: argumentsValue(call.arguments) },
        },
  );
}

/** Probabilities of tokens that are not there any more. */
const withoutLogprobs = ({ logprobs: _, ...rest }: Fields): Fields => rest;

function endMembers(edit: Edit, before: Fields): Fields {
  return present({ done_reason: endOf(edit, ENDS, text(before['done_reason'])) });
}

function whole(body: Fields, edit: Edit): Fields {
  const { tool_calls, ...message } = fields(body['message']);
  const calls = edit.calls === undefined ? tool_calls : callsOf(edit, items(tool_calls));
  const edited = {
    ...message,
    ...(edit.text !== undefined && { content: edit.text }),
    ...(items(calls).length > 0 && { tool_calls: calls }),
  };
  return { ...withoutLogprobs(body), message: edited, ...endMembers(edit, body) };
}

/** The chunk without what is edited; undefined where nothing is left. */
function stripped(event: WireEvent, edit: Edit): WireEvent | undefined {
  const chunk = fields(event.json);
  const before = fields(chunk['message']);
  const message: Fields = { ...before, ...(edit.text !== undefined && { content: '' }) };
  if (edit.calls !== undefined) delete message['tool_calls'];
  const isSpoken = ['content', 'thinking', 'tool_calls', 'images'].some(
    (name) => items(message[name]).length > 0 || text(message[name]),
  );
  if (!isSpoken && chunk['done'] !== true && chunk['message'] !== undefined) return undefined;
  if (chunk['message'] === undefined) return event;
  const end = chunk['done'] === true ? endMembers(edit, chunk) : {};
  return said({ ...withoutLogprobs(chunk), message, ...end }, event);
}

function events(list: readonly WireEvent[], edit: Edit): WireEvent[] {
  const messageOf = ({ json }: WireEvent): Fields => fields(fields(json)['message']);
  const placeOf = (is: (event: WireEvent) => boolean): number | undefined => {
    const place = list.findIndex(is);
    return place < 0 ? undefined : place;
  };
  const end = placeOf(({ json }) => fields(json)['done'] === true) ?? list.length;
  const callPlace = placeOf((event) => messageOf(event)['tool_calls'] !== undefined) ?? end;
  const textPlace = placeOf((event) => text(messageOf(event)['content']) !== undefined) ?? callPlace;
  const first = fields(list[0]?.json);
  const chunk = (message: Fields): WireEvent =>
    said({
      model: first['model'],
      created_at: first['created_at'],
      message: { role: 'assistant', content: '', ...message },
      done: false,
    });
  const texts = fragments(edit.text ?? '').map((content) => chunk({ content }));
  const known = list.flatMap((event) => items(messageOf(event)['tool_calls']));
  const calls = edit.calls?.length ? [chunk({ tool_calls: callsOf(edit, known) })] : [];
  return list.flatMap((event, place): WireEvent[] => {
    const rest = stripped(event, edit);
    return [...(place === textPlace ? texts : []), ...(place === callPlace ? calls : []), ...(rest === undefined ? [] : [rest])];
  });
}

const FIGURES = {
  done: true,
  done_reason: 'stop',
  total_duration: 0,
  load_duration: 0,
  prompt_eval_count: 0,
  prompt_eval_duration: 0,
  eval_count: 0,
  eval_duration: 0,
};

const head = ({ model, seconds }: Origin): Fields => ({ model, created_at: new Date(seconds * 1000).toISOString() });
const emptyChat = (origin: Origin): Fields => ({ ...head(origin), message: { role: 'assistant', content: '' }, ...FIGURES });
const emptyText = (origin: Origin): Fields => ({ ...head(origin), response: '', ...FIGURES });

/** The server streams unless it is told not to. */
const streamed: Partial<AnswerShape> = { framing: () => 'lines', streams: ({ request }) => request['stream'] !== false };

/** `POST /api/chat`. */
export const ollamaChatShape: AnswerShape = {
  operation: ollamaChat,
  whole,
  events,
  empty: emptyChat,
  emptyEvents: (origin) => [emptyChat(origin)],
  ...streamed,
};

/** `POST /api/generate`. `context`, the conversation as token numbers, is that of the recorded answer: nobody else can number other words. */
export const ollamaGenerateShape: AnswerShape = plainShape({
  operation: ollamaGenerate,
  ends: ENDS,
  whole: { text: ['response'], end: ['done_reason'] },
  chunk: { text: ['response'], end: ['done_reason'] },
  isEnd: ({ done }) => done === true,
  follow: (json, edit) => (edit.text === undefined || json['logprobs'] === undefined ? json : withoutLogprobs(json)),
  empty: emptyText,
  emptyEvents: (origin) => [{ ...head(origin), response: '', done: false }, emptyText(origin)],
  more: streamed,
});
