/** The difference of two JSON values as plain lines. Values may be what a model or a tool said: `clean` is what makes them fit for where the lines go. */
import type { Change, JsonPath } from './json-diff.ts';
import { isContainer } from './json-identity.ts';

/** A line, and what it is: the place of a change, what was there before, what is there after, or a remark. */
export interface DiffLine {
  kind: 'place' | 'before' | 'after' | 'remark';
  text: string;
}

export interface DiffTextOptions {
  clean: (text: string) => string;
  /** Values whole, over as many lines as they have; else in one line each, cut. */
  whole?: boolean;
}

/** Characters around the part of a text that differs. */
const AROUND_CHARS = 24;
/** Two values that are no longer than this stand in the line of their place. */
const SHORT_CHARS_MAX = 24;
/** Characters of a value that is not shown whole. */
const VALUE_CHARS_MAX = 160;

/** What differs, change by change. */
export function changeLines(changes: readonly Change[], options: DiffTextOptions): DiffLine[] {
  return changes.flatMap((change) => linesOf(change, options));
}

/** `messages[2].content`; a name that is none of a variable is put in quotes. Of the whole value: `(all of it)`. */
export function pathText(path: JsonPath): string {
  const text = path
    .map((key) =>
      typeof key === 'number' ? `[${key}]` : /^[\p{L}_$][\p{L}\p{N}_$-]*$/u.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`,
    )
    .join('');
  return text === '' ? '(all of it)' : text.replace(/^\./, '');
}

function linesOf(change: Change, options: DiffTextOptions): DiffLine[] {
  const place = (sign: string, more = ''): DiffLine => ({
    kind: 'place',
    text: `${sign} ${options.clean(pathText(change.path))}${more}`,
  });
  switch (change.kind) {
    case 'added':
      return [place('+'), ...valueLines('after', change.value, options)];
    case 'removed':
      return [place('-'), ...valueLines('before', change.value, options)];
    case 'moved':
      return [place('>', `  (moved, was ${options.clean(pathText(change.from))})`)];
    case 'changed':
      return changedLines(change, place, options);
    case 'limit':
      return [{ kind: 'remark', text: `! ${options.clean(pathText(change.path))}: ${LIMITS[change.limit]}` }];
    default:
      return change satisfies never;
  }
}

const LIMITS = {
  changes: 'from here on there are further differences, which are not listed',
  depth: 'nested too deep to be looked into, compared as a whole',
  size: 'too much to be aligned by content, compared by place',
};

function changedLines(
  { before, after, from, text }: Extract<Change, { kind: 'changed' }>,
  place: (sign: string, more?: string) => DiffLine,
  options: DiffTextOptions,
): DiffLine[] {
  const short = [before, after].map((value) => (isContainer(value) ? undefined : inOneLine(value)));
  if (from === undefined && short.every((value) => value !== undefined && value.length <= SHORT_CHARS_MAX))
    return [place('~', `  ${options.clean(short.join(' → '))}`)];
  const notes = [
    ...(text === undefined ? [] : [`text, first difference at char ${text.at}`]),
    ...(from === undefined ? [] : [`was ${options.clean(pathText(from))}`]),
  ];
  const head = place('~', notes.length === 0 ? '' : `  (${notes.join('; ')})`);
  if (text === undefined || options.whole === true || typeof before !== 'string' || typeof after !== 'string')
    return [head, ...valueLines('before', before, options), ...valueLines('after', after, options)];
  return [
    head,
    line('before', excerpt(before, text.at, text.before.length, options)),
    line('after', excerpt(after, text.at, text.after.length, options)),
  ];
}

const SIGNS = { before: '-', after: '+' };

const line = (kind: 'before' | 'after', text: string): DiffLine => ({ kind, text: `    ${SIGNS[kind]} ${text}`.trimEnd() });

function valueLines(kind: 'before' | 'after', value: unknown, { clean, whole = false }: DiffTextOptions): DiffLine[] {
  if (!whole) return [line(kind, cut(clean(inOneLine(value))))];
  const text = typeof value === 'string' ? value : (JSON.stringify(value, null, 2) ?? String(value));
  return clean(text)
    .split('\n')
    .map((each) => line(kind, each));
}

/** The part of a text that differs, with a little around it. */
function excerpt(text: string, at: number, length: number, { clean }: DiffTextOptions): string {
  const from = Math.max(0, at - AROUND_CHARS);
  const shown = Math.min(length, VALUE_CHARS_MAX);
  const to = Math.min(text.length, at + shown + (shown < length ? 0 : AROUND_CHARS));
  const middle = clean(inOneLine(text.slice(from, to)).slice(1, -1));
  return `"${from > 0 ? '…' : ''}${middle}${to < text.length ? '…' : ''}"`;
}

// What JSON lets through and no terminal shows: otherwise two texts would look the same.
const INVISIBLE = /[\u007f-\u00a0\u00ad\u200b-\u200f\u2028-\u202f\u2060-\u2069\ufeff]/g;

/** A value as JSON in one line, in which everything can be seen. */
function inOneLine(value: unknown): string {
  return (JSON.stringify(value) ?? String(value)).replace(
    INVISIBLE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function cut(text: string): string {
  return text.length <= VALUE_CHARS_MAX ? text : `${text.slice(0, VALUE_CHARS_MAX - 1)}…`;
}
