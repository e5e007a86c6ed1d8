/** Edited answers of Gemini's `generateContent`. The first candidate is edited; thoughts, their signatures, and what Google's own tools did stay. */
import type { AnswerShape, Edit, Origin, WantedCall, WireEvent } from '../answer-shape.ts';
import { editBlocks, type BlockKinds } from '../edited-blocks.ts';
import { argumentsValue, endOf, fragments, keptId, madeId, said, type EndWords } from '../edited-parts.ts';
import { fields, items, number, present, text, type Fields } from '../fields.ts';
import { generateContent } from './generate-content.ts';

/** Calls end an answer as anything else does. */
const ENDS: EndWords = { stop: 'STOP', length: 'MAX_TOKENS', tool_call: 'STOP', content_filter: 'SAFETY' };

const isText = (part: Fields): boolean => typeof part['text'] === 'string' && part['thought'] !== true;

function callOf(part: Fields): WantedCall | undefined {
  const call = fields(part['functionCall']);
  if (!part['functionCall']) return undefined;
  return { name: text(call['name']) ?? '', arguments: call['args'], ...present({ id: text(call['id']) }) };
}

const kindsOf = (edit: Edit): BlockKinds => ({
  isText,
  callOf,
  text: (content, before) => ({ text: content, ...present({ thoughtSignature: before?.['thoughtSignature'] }) }),
  call: (call, index, before) => ({
    functionCall: { ...present({ id: keptId(edit, index) }), name: call.name, args: argumentsValue(call.arguments) },
    // Without one, the API refuses the call when it comes back.
    ...present({ thoughtSignature: before?.['thoughtSignature'] }),
  }),
});

const firstCandidate = (candidates: readonly unknown[]): number =>
  candidates.findIndex((candidate, place) => (number(fields(candidate)['index']) ?? place) === 0);

/** What was said of the old words: where they stand, and how probable they were. */
function withoutOldFacts(candidate: Fields, edit: Edit): Fields {
  const { avgLogprobs: _, logprobsResult: __, score: ___, citationMetadata, groundingMetadata, ...rest } = candidate;
  const { groundingSupports, ...grounding } = fields(groundingMetadata);
  if (edit.text === undefined) return { ...rest, ...present({ citationMetadata, groundingMetadata }) };
  const found = groundingSupports === undefined ? groundingMetadata : grounding;
  return { ...rest, ...present({ groundingMetadata: found }) };
}

function endMembers(edit: Edit, candidate: Fields): Fields {
  return present({ finishReason: endOf(edit, ENDS, text(candidate['finishReason'])) });
}

function editedCandidate(candidate: Fields, edit: Edit): Fields {
  const content = fields(candidate['content']);
  const parts = editBlocks(items(content['parts']).map(fields), edit, kindsOf(edit)).map((block) => block.body);
  return { ...withoutOldFacts(candidate, edit), content: { role: 'model', ...content, parts }, ...endMembers(edit, candidate) };
}

/** Where the prompt was blocked there is no candidate. */
function unblocked(body: Fields): Fields {
  const { promptFeedback: _, ...rest } = body;
  return { ...rest, candidates: [{ content: { parts: [], role: 'model' }, finishReason: 'STOP', index: 0 }] };
}

function whole(given: Fields, edit: Edit): Fields {
  const body = items(given['candidates']).length === 0 ? unblocked(given) : given;
  const candidates = items(body['candidates']);
  const first = firstCandidate(candidates);
  return { ...body, candidates: candidates.with(first, editedCandidate(fields(candidates[first]), edit)) };
}

/** A chunk holds more than a word. */
const TOKENS_IN_CHUNK = 6;

function textPieces(content: string): string[] {
  const tokens = fragments(content);
  return Array.from({ length: Math.ceil(tokens.length / TOKENS_IN_CHUNK) }, (_, index) =>
    tokens.slice(index * TOKENS_IN_CHUNK, (index + 1) * TOKENS_IN_CHUNK).join(''),
  );
}

/** The chunk without what is edited, which goes before it. Undefined where nothing is left. */
function stripped(event: WireEvent, edit: Edit, goes: (part: Fields) => boolean): WireEvent | undefined {
  const chunk = fields(event.json);
  const candidates = items(chunk['candidates']);
  const first = firstCandidate(candidates);
  if (first < 0) return event;
  const candidate = fields(candidates[first]);
  const content = fields(candidate['content']);
  const all = items(content['parts']).map(fields);
  const parts = all.filter((part) => !goes(part));
  const isEnd = text(candidate['finishReason']) !== undefined;
  if (parts.length === 0 && all.length > 0 && !isEnd && candidates.length === 1) return undefined;
  const edited = {
    ...withoutOldFacts(candidate, edit),
    ...(candidate['content'] !== undefined && {
      content: { ...content, parts: isEnd && parts.length === 0 ? [{ text: '' }] : parts },
    }),
    ...(isEnd && endMembers(edit, candidate)),
  };
  return said({ ...chunk, candidates: candidates.with(first, edited) }, event);
}

function events(given: readonly WireEvent[], edit: Edit): WireEvent[] {
  const list = given.map((event) => {
    const chunk = fields(event.json);
    const isBlocked = chunk['promptFeedback'] !== undefined && items(chunk['candidates']).length === 0;
    return isBlocked ? said(unblocked(chunk), event) : event;
  });
  // Arguments that came in pieces are in parts without a name.
  const isCall = (part: Fields): boolean => part['functionCall'] !== undefined;
  const goes = (part: Fields): boolean => (edit.text !== undefined && isText(part)) || (edit.calls !== undefined && isCall(part));
  const partsOf = ({ json }: WireEvent): Fields[] => {
    const candidates = items(fields(json)['candidates']);
    return items(fields(fields(candidates[firstCandidate(candidates)])['content'])['parts']).map(fields);
  };
  const isEnd = ({ json }: WireEvent): boolean => {
    const candidates = items(fields(json)['candidates']);
    return text(fields(candidates[firstCandidate(candidates)])['finishReason']) !== undefined;
  };
  const placeOf = (is: (event: WireEvent) => boolean): number | undefined => {
    const place = list.findIndex(is);
    return place < 0 ? undefined : place;
  };
  const endPlace = placeOf(isEnd) ?? list.length;
  const callPlace = placeOf((event) => partsOf(event).some(isCall)) ?? endPlace;
  const textPlace = placeOf((event) => partsOf(event).some((part) => isText(part) && part['text'] !== '')) ?? callPlace;
  const template = fields(list.find(({ json }) => items(fields(json)['candidates']).length > 0)?.json);
  const chunk = (part: Fields): WireEvent =>
    said({ ...template, candidates: [{ content: { parts: [part], role: 'model' }, index: 0 }] });
  const known = list.flatMap(partsOf).filter(isCall);
  const calls = (edit.calls ?? []).map((call, index) => chunk(kindsOf(edit).call(call, index, known[index])));
  const texts = edit.text === undefined ? [] : textPieces(edit.text).map((piece) => chunk({ text: piece }));
  const out = list.flatMap((event, place): WireEvent[] => {
    const rest = stripped(event, edit, goes);
    return [...(place === textPlace ? texts : []), ...(place === callPlace ? calls : []), ...(rest === undefined ? [] : [rest])];
  });
  return endPlace === list.length
    ? [...out, ...(textPlace === endPlace ? texts : []), ...(callPlace === endPlace ? calls : [])]
    : out;
}

const empty = (origin: Origin): Fields => ({
  candidates: [{ content: { parts: [], role: 'model' }, finishReason: 'STOP', index: 0 }],
  usageMetadata: { promptTokenCount: 0, candidatesTokenCount: 0, totalTokenCount: 0 },
  modelVersion: origin.model,
  responseId: origin.id ?? madeId(origin, { prefix: '', length: 23 }),
});

/** `POST {model}:generateContent` and `:streamGenerateContent`. */
export const geminiShape: AnswerShape = {
  operation: generateContent,
  whole,
  events,
  empty,
  emptyEvents: (origin) => [empty(origin)],
  framing: ({ url }) => (/[?&]alt=sse\b/.test(url) ? 'sse' : 'array'),
  streams: ({ url }) => /:streamGenerateContent\b/.test(url),
};
