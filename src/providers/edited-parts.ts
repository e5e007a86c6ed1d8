/** What edited answers of all APIs are made of: pieces of a text, ids, arguments, words for how an answer ended. */
import type { Edit, Origin, WantedCall, WireEvent } from './answer-shape.ts';
import { CannotSay } from './answer-shape.ts';
import { fields, jsonText, parsed, type Fields } from './fields.ts';

/* Streams */

/** What a model gives at a time is a word or a part of one, with the space before it. */
const TOKEN = /\s?[^\s]{1,8}|\s+/gu;
/** A longer text comes in longer pieces: each costs a few hundred bytes of framing. */
const FRAGMENTS_MAX = 2048;

/** `text` in the pieces that a model might give it in; none cuts a character. */
export function fragments(text: string): string[] {
  const tokens = text.match(TOKEN) ?? [];
  if (tokens.length <= FRAGMENTS_MAX) return tokens;
  const each = Math.ceil(tokens.length / FRAGMENTS_MAX);
  return Array.from({ length: Math.ceil(tokens.length / each) }, (_, index) =>
    tokens.slice(index * each, (index + 1) * each).join(''),
  );
}

/** An event that is new, or says something new at the place of another. */
export const said = (json: unknown, of?: WireEvent): WireEvent => ({ ...(of?.id !== undefined && { id: of.id }), json });

/** The event with other members; the very same where it has them already. */
export function withMembers(event: WireEvent, members: Fields): WireEvent {
  const json = fields(event.json);
  return Object.keys(members).every((name) => json[name] === members[name]) ? event : said({ ...json, ...members }, event);
}

/** The events of a stream by the block that they are of. What belongs to none stands before, after, or with the block that it came behind. */
export interface Segments {
  head: WireEvent[];
  blocks: Map<number, WireEvent[]>;
  tail: WireEvent[];
}

/** `isEnd`: the first event after the blocks, which is looked for where there are none. */
export function segmentsOf(
  events: readonly WireEvent[],
  blockOf: (json: Fields) => number | undefined,
  isEnd: (json: Fields) => boolean,
): Segments {
  const head: WireEvent[] = [];
  const blocks = new Map<number, WireEvent[]>();
  let current = head;
  let pending: WireEvent[] = [];
  for (const event of events) {
    const index = blockOf(fields(event.json));
    if (index === undefined) {
      pending.push(event);
      continue;
    }
    current.push(...pending);
    pending = [];
    const block = blocks.get(index);
    current = block ?? [];
    if (block === undefined) blocks.set(index, current);
    current.push(event);
  }
  if (blocks.size === 0) {
    const end = pending.findIndex(({ json }) => isEnd(fields(json)));
    return { head: pending.slice(0, end), blocks, tail: pending.slice(end) };
  }
  return { head, blocks: new Map([...blocks].toSorted(([a], [b]) => a - b)), tail: pending };
}

/* Ids */

/** How ids of an API look. */
export interface IdForm {
  prefix: string;
  /** Characters after the prefix. */
  length: number;
}

const MARK = 'hindcast';
const SHORT_MARK = 'hc';

function hex(seed: number, length: number): string {
  let digits = '';
  for (let state = seed; digits.length < length;) {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    digits += ((mixed ^ (mixed >>> 14)) >>> 0).toString(16).padStart(8, '0');
  }
  return digits.slice(0, length);
}

/** An id that is plainly made up, of the right form. The same request and `index` give the same one. */
export function madeId({ seed }: Origin, { prefix, length }: IdForm, index = 0): string {
  const mark = length >= 2 * MARK.length ? MARK : SHORT_MARK;
  return `${prefix}${mark}${hex(seed + Math.imul(index + 1, 0x9e3779b1), length - mark.length)}`;
}

/** The id of the call at `index`: the one that it is given, that of the recorded call whose place it takes, or one that is made up. */
export function callId(edit: Edit, index: number, form: IdForm): string {
  return keptId(edit, index) ?? madeId(edit.origin, form, index + 1);
}

/** As `callId`, of APIs in which calls need no id. */
export function keptId({ calls = [], was }: Edit, index: number): string | undefined {
  const call = calls[index]!;
  const before = was.calls[index];
  return call.id ?? (before?.name === call.name ? before.id : undefined);
}

/* Arguments */

/** Arguments as a JSON text; a text that is given is one, or was meant to be none. */
export function argumentsText(given: unknown): string {
  if (typeof given === 'string') return given;
  const json = jsonText(given ?? {});
  if (json === undefined) throw new CannotSay('the arguments of a tool call are no JSON: give an object');
  return json;
}

/** Arguments as a value. */
export const argumentsValue = (given: unknown): unknown => parsed(given ?? {});

/** Whether two calls are one, as far as the wanted one says what it is. */
export function sameCall(before: WantedCall | undefined, wanted: WantedCall): boolean {
  if (before?.name !== wanted.name || (wanted.id !== undefined && wanted.id !== before.id)) return false;
  return argumentsText(argumentsValue(before.arguments)) === argumentsText(argumentsValue(wanted.arguments));
}

/* Ends */

/** An API's words for how an answer ended, by those of the conventions. */
export interface EndWords {
  stop: string;
  length: string;
  tool_call: string;
  content_filter: string;
}

const isEndWord = (word: string, words: EndWords): word is keyof EndWords => Object.hasOwn(words, word);

/** How the edited answer ends, in the API's word: as it is told, else as it did, unless tool calls have come or gone. `before`: the recorded word. */
export function endOf({ reason, calls, was }: Edit, words: EndWords, before: string | undefined): string | undefined {
  if (reason !== undefined) return isEndWord(reason, words) ? words[reason] : reason;
  if (calls === undefined) return before;
  if (calls.length > 0) return was.calls.length > 0 ? before : words.tool_call;
  return was.reason === 'tool_call' ? words.stop : before;
}

/** For an API whose answers are texts alone. */
export function refuseCalls({ calls = [] }: Edit): void {
  if (calls.length > 0) throw new CannotSay('the answers of this API hold no tool calls: its text can be edited');
}
