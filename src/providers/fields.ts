/** Safe access to data that nobody checked: a wire body, an SDK's chunk, or whatever the app passed as a request. */
import { codeWord } from '../core/code-word.ts';

/** An object with unknown members. */
export type Fields = Record<string, unknown>;

const NONE: Fields = Object.freeze({});
const NO_ITEMS: readonly unknown[] = Object.freeze([]);

/** The members of an object; no members where there is none. Arrays count as none. */
export function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : NONE;
}

/** The items of an array; no items where there is none. */
export function items(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : NO_ITEMS;
}

/** A string that is not empty. */
export function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** A finite number. */
export function number(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/** A count: a finite number that is not negative. */
export function count(value: unknown): number | undefined {
  return typeof value === 'number' && value >= 0 && value < Infinity ? value : undefined;
}

export function flag(value: unknown): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined;
}

/** A word of a code: what a provider may put where a code belongs, but never a sentence, which could hold what somebody said. */
export const word: (value: unknown) => string | undefined = codeWord;

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** The members that are not undefined, so that absent facts are absent. A copy: deleting members would cost three times as much. */
export function present<T extends object>(object: T): Partial<Defined<T>> {
  const out: Partial<T> = {};
  for (const key in object) if (object[key] !== undefined) out[key] = object[key];
  return out as Partial<Defined<T>>;
}

/** As `present`; undefined when nothing is left. */
export function presentOrNone<T extends object>(object: T): Partial<Defined<T>> | undefined {
  const rest = present(object);
  for (const _ in rest) return rest;
  return undefined;
}

/** A list that is there only when it holds something. */
export function some<T>(list: T[]): T[] | undefined {
  return list.length === 0 ? undefined : list;
}

const COPY_DEPTH_MAX = 64;
const COPY_VALUES_MAX = 500_000;

/** A deep copy of plain data. What is too deep, too much or no data is left out; strings are shared, as they cannot change. */
export function copy(value: unknown): unknown {
  return copyValue(value, 0, { left: COPY_VALUES_MAX });
}

function copyValue(value: unknown, depth: number, budget: { left: number }): unknown {
  if (typeof value !== 'object' || value === null)
    return typeof value === 'function' || typeof value === 'symbol' ? undefined : value;
  if (depth === COPY_DEPTH_MAX || budget.left <= 0) return undefined;
  if (Array.isArray(value)) {
    budget.left -= value.length;
    return budget.left < 0 ? undefined : value.map((item) => copyValue(item, depth + 1, budget));
  }
  const out: Fields = {};
  for (const key of Object.keys(value)) {
    budget.left--;
    if (key !== '__proto__') out[key] = copyValue((value as Fields)[key], depth + 1, budget);
  }
  return out;
}

/** The value of a JSON text; undefined when it is none. */
export function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

/** What a JSON text stands for, or the text itself when it is none; any other value as it is. */
export function parsed(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}

/** The JSON text of a value; undefined when it has none (a cycle, a BigInt). */
export function jsonText(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

/** Text as it is, anything else as JSON; nothing for nothing. For fragments that some servers send as values. */
export function asText(value: unknown): string {
  if (typeof value === 'string') return value;
  return value === undefined || value === null ? '' : (jsonText(value) ?? '');
}

/** Arguments of a tool call: the object or list that a JSON text stands for, or the text itself when it is none (custom tools, a cut stream). */
export function toolArguments(value: unknown): unknown {
  if (typeof value !== 'string') return value ?? undefined;
  const json = value.trimStart();
  if (json === '') return undefined;
  return json.startsWith('{') || json.startsWith('[') ? (parseJson(json) ?? value) : value;
}

/** Runs a decoder on data that may do anything (a getter that throws, a proxy). What cannot be read is not there. */
export function readable<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
