/** What edited chat completions are made of, whole ones and streams. */
import { CannotSay, type Edit, type WantedCall } from '../answer-shape.ts';
import type { Operation } from '../contract.ts';
import { argumentsText, callId, endOf, type EndWords, type IdForm } from '../edited-parts.ts';
import { fields, items, number, type Fields } from '../fields.ts';
import { toolName } from './openai-facts.ts';

/** What differs between those who speak the dialect. */
export interface ChatDialect {
  operation: Operation;
  /** Of tool calls. */
  callIds: IdForm;
  ends: EndWords;
  /** A call comes in one chunk, where the recorded stream has none to tell. */
  wholeCalls: boolean;
}

/** Place of the choice that is edited; -1 where the list has none. */
export const firstChoice = (choices: readonly unknown[]): number =>
  choices.findIndex((choice, place) => (number(fields(choice)['index']) ?? place) === 0);

/** The old single call, which has no id: where the request or the recorded answer is of that form. */
export function inOldForm({ origin: { request } }: Edit, message: Fields): boolean {
  return Boolean(message['function_call']) || (items(request['functions']).length > 0 && items(request['tools']).length === 0);
}

/** Names of the tools that take a text. */
function customTools({ origin }: Edit): Set<string | undefined> {
  const tools = items(origin.request['tools']).map(fields);
  return new Set(tools.filter(({ type }) => type === 'custom').map(toolName));
}

/** The call at `index` of the edit, as a message has it. */
export function callBody(edit: Edit, call: WantedCall, index: number, form: IdForm): Fields {
  const id = callId(edit, index, form);
  const { name } = call;
  if (customTools(edit).has(name)) return { id, type: 'custom', custom: { name, input: argumentsText(call.arguments) } };
  return { id, type: 'function', function: { name, arguments: argumentsText(call.arguments) } };
}

export function oldCall({ calls = [] }: Edit): Fields | undefined {
  const [call] = calls;
  if (calls.length > 1) throw new CannotSay('an answer with a function_call holds one call: give one');
  return call && { name: call.name, arguments: argumentsText(call.arguments) };
}

const isTextPart = (part: unknown): boolean => ['text', 'output_text', 'refusal'].includes(fields(part)['type'] as string);

/** Content with another text: as it was, a text, or a list in which thoughts and pictures stay. */
export function contentOf(before: unknown, text: string): unknown {
  if (!Array.isArray(before)) return text;
  return [...before.filter((part) => !isTextPart(part)), ...(text === '' ? [] : [{ type: 'text', text }])];
}

/** Why the choice ended, where that is another reason now; a router's word for it as well. */
export function endMembers(edit: Edit, choice: Fields, message: Fields, ends: EndWords): Fields {
  const words = inOldForm(edit, message) ? { ...ends, tool_call: 'function_call' } : ends;
  const before = choice['finish_reason'] as string | undefined;
  const end = endOf(edit, words, before ?? undefined);
  if (end === undefined || end === before) return {};
  return { finish_reason: end, ...(choice['native_finish_reason'] !== undefined && { native_finish_reason: end }) };
}

/** Probabilities of tokens that are not there any more. */
export const withoutLogprobs = (choice: Fields): Fields => (choice['logprobs'] ? { logprobs: null } : {});

export const SOUND = 'this answer is sound, which no text can be put into';
