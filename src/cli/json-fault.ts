/** Where a text stops being JSON, and where in one that is JSON something stands. What `JSON.parse` says of it differs from version to version, and often names no place. */
import { pointerTokens } from '../core/json-pointer.ts';

/** Both from 1. */
export interface TextPlace {
  line: number;
  column: number;
}

const SPACE = /[ \t\r\n]*/y;
const SCALAR =
  // oxlint-disable-next-line no-control-regex -- JSON forbids control characters in strings
  /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])|(?:true|false|null)(?!\w)/y;

class Fault extends Error {
  readonly at: number;

  constructor(at: number) {
    super();
    this.at = at;
  }
}

/** Line and column, from 1, of the first character that cannot be there; undefined when the text is JSON. */
export function jsonFault(text: string): TextPlace | undefined {
  try {
    const end = skip(SPACE, text, valueEnd(text, skip(SPACE, text, 0)));
    if (end < text.length) throw new Fault(end);
    return undefined;
  } catch (error) {
    // Nested deeper than can be followed: then the beginning has to do.
    if (error instanceof RangeError) return { line: 1, column: 1 };
    if (!(error instanceof Fault)) throw error;
    return placeAt(text, error.at);
  }
}

/** Where what a pointer leads to begins in a text that is JSON, a member with its name; as far as it leads. */
export function jsonPlace(text: string, pointer: string): TextPlace {
  let at = skip(SPACE, text, 0);
  let value = at;
  for (const token of pointerTokens(pointer) ?? []) {
    const found = text[value] === '{' ? memberAt(text, value, token) : elementAt(text, value, token);
    if (found === undefined) break;
    ({ at, value } = found);
  }
  return placeAt(text, at);
}

interface Part {
  at: number;
  value: number;
}

/** The last one of that name, as it counts. */
function memberAt(text: string, object: number, name: string): Part | undefined {
  let found: Part | undefined;
  listEnd(text, object + 1, '}', (at) => {
    const end = skip(SCALAR, text, at);
    const value = skip(SPACE, text, skip(SPACE, text, end) + 1);
    if (JSON.parse(text.slice(at, end)) === name) found = { at, value };
    return valueEnd(text, value);
  });
  return found;
}

function elementAt(text: string, list: number, index: string): Part | undefined {
  if (text[list] !== '[') return undefined;
  let found: Part | undefined;
  let count = 0;
  listEnd(text, list + 1, ']', (at) => {
    if (String(count++) === index) found = { at, value: at };
    return valueEnd(text, at);
  });
  return found;
}

function placeAt(text: string, at: number): TextPlace {
  const before = text.slice(0, at).split('\n');
  return { line: before.length, column: (before.at(-1) ?? '').length + 1 };
}

function skip(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}

/** End of the value that begins at `at`. */
function valueEnd(text: string, at: number): number {
  if (text[at] === '{') return listEnd(text, at + 1, '}', (from) => memberEnd(text, from));
  if (text[at] === '[') return listEnd(text, at + 1, ']', (from) => valueEnd(text, from));
  const end = skip(SCALAR, text, at);
  if (end === at) throw new Fault(at);
  return end;
}

function listEnd(text: string, from: number, close: string, itemEnd: (at: number) => number): number {
  let at = skip(SPACE, text, from);
  if (text[at] === close) return at + 1;
  for (;;) {
    at = skip(SPACE, text, itemEnd(at));
    if (text[at] === close) return at + 1;
    if (text[at] !== ',') throw new Fault(at);
    at = skip(SPACE, text, at + 1);
  }
}

function memberEnd(text: string, at: number): number {
  const name = text[at] === '"' ? skip(SCALAR, text, at) : at;
  if (name === at) throw new Fault(at);
  const colon = skip(SPACE, text, name);
  if (text[colon] !== ':') throw new Fault(colon);
  return valueEnd(text, skip(SPACE, text, colon + 1));
}
