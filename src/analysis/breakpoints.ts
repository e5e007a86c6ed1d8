/** Breakpoints of a debugger over a recording: what is typed becomes a condition on one moment. Pure. */
import { findIn, patternOf } from './search-text.ts';
import type { Moment, TimedEvent } from './timeline.ts';

/** What a condition may ask beyond the moment itself. */
export interface Lookup {
  /** Whether one of the texts that are new with the moment has a hit. */
  says(moment: Moment, pattern: RegExp): boolean;
  /** What the session had come to with a moment. */
  sumsAt(index: number): { usd: number; tokens: number };
}

export interface Breakpoint {
  /** As it was typed. */
  text: string;
  matches(moment: Moment, look: Lookup): boolean;
}

/** A breakpoint, or what is wrong with what was typed. */
export type ParsedBreakpoint = { ok: true; breakpoint: Breakpoint } | { ok: false; problem: string };

/** Every form that a breakpoint may have, with what it stops at: for the help, and for whoever typed none of them. */
export const BREAKPOINT_FORMS: readonly (readonly [form: string, meaning: string])[] = [
  ['llm, tool, step, agent, action', 'an event of this type begins; of another type: type:<type>'],
  ['tool:search', 'one of this name: of a tool, a model, an agent, a step or its kind, an event'],
  ['error, error:429', 'an event ends with an error; with this type, code or status'],
  ['status:cancelled', 'an event ends so: ok, error, cancelled, unfinished'],
  ['decision, failure, signal', 'something is said about an event; with a type or code: failure:timeout'],
  ['answer, answer:503', 'an HTTP request was answered; with this status'],
  ['log', 'the program prints something'],
  ['text:refund, text:/refund/i', 'something new is said in which this stands'],
  ['name~refund, name~/^chat/', 'an event begins whose name has this in it'],
  ['cost>0.01, tokens>1000, took>2s', 'an event ends that cost, or took, so much; <, >= and <= too'],
  ['total.cost>1, total.tokens>1000', 'the session has come to so much'],
  ['event 7', 'this event of `hindcast show` begins; its id does too'],
];

type Condition = Breakpoint['matches'];
/** A condition, or the words of a problem. */
type Read = Condition | string;

/** Types that need no `type:` in front. A custom type does. */
const TYPES = new Set(['llm', 'tool', 'step', 'agent', 'action']);
const NOTES = new Set(['decision', 'failure', 'signal']);
const STATUSES = new Set(['ok', 'error', 'cancelled', 'unfinished']);

/** Reads a breakpoint. */
export function parseBreakpoint(typed: string): ParsedBreakpoint {
  const text = typed.trim();
  const read = readCondition(text);
  return typeof read === 'string' ? { ok: false, problem: read } : { ok: true, breakpoint: { text, matches: read } };
}

function readCondition(text: string): Read {
  const event = /^(?:event\s*[: ]\s*|#)(\S+)$/.exec(text)?.[1];
  if (event !== undefined) return isEvent(event.replace('#', ''));
  const compared = /^([a-z.]+)\s*(>=|<=|>|<)\s*(.*)$/.exec(text);
  if (compared) return comparison(compared[1] as string, compared[2] as Operator, compared[3] as string);
  const named = /^name\s*~\s*(.*)$/.exec(text)?.[1];
  if (named !== undefined) return onName(named);
  const [, word = '', rest] = /^([a-z_][\w.-]*)(?::(.*))?$/s.exec(text) ?? [];
  return onWord(word, rest?.trim()) ?? unknown(text);
}

function onWord(word: string, rest: string | undefined): Read | undefined {
  if (rest === '') return `"${word}:" says nothing behind the colon.`;
  if (TYPES.has(word)) return onType(word, rest);
  if (NOTES.has(word)) return onNote(word, rest);
  switch (word) {
    case 'error':
      return ({ kind, of }) => kind === 'end' && isError(of) && (rest === undefined || errorIs(of, rest));
    case 'answer':
      return (moment) =>
        moment.kind === 'answer' &&
        (rest === undefined || [moment.answer.status, moment.answer.error].some((one) => String(one) === rest));
    case 'log':
      return rest === undefined ? ({ kind }) => kind === 'log' : undefined;
    case 'type':
      return rest === undefined ? '"type" needs a type: type:llm' : onType(rest, undefined);
    case 'status':
      if (rest === undefined || !STATUSES.has(rest)) return `A status is one of ${[...STATUSES].join(', ')}.`;
      return ({ kind, of }) => kind === 'end' && of.node.event?.status === rest;
    case 'text':
      return rest === undefined ? '"text" needs a text: text:refund' : onText(rest);
    default:
      return undefined;
  }
}

const unknown = (text: string): string => (text === '' ? 'A breakpoint says where to stop.' : `"${text}" is no breakpoint.`);

const isEvent =
  (meant: string): Condition =>
  ({ kind, of }) =>
    kind === 'begin' && (/^\d{1,15}$/.test(meant) ? of.node.number === Number(meant) : of.node.id.startsWith(meant));

const onType =
  (type: string, name: string | undefined): Condition =>
  ({ kind, of }) =>
    kind === 'begin' && of.node.type === type && (name === undefined || namesOf(of).includes(name));

/** Every name that an event goes by. */
function namesOf({ node: { name, event } }: TimedEvent): (string | undefined)[] {
  return [
    name,
    event?.tool?.name,
    event?.llm?.request.model,
    event?.llm?.response?.model,
    event?.agent?.name,
    event?.agent?.id,
    event?.step?.type,
  ];
}

const onNote =
  (of: string, word: string | undefined): Condition =>
  (moment) => {
    if (moment.kind !== 'note' || moment.note.kind !== of) return false;
    const { note } = moment;
    return word === undefined || note.type === word || (note.kind === 'decision' ? note.reasonCode : note.code) === word;
  };

/** An event of type `error` is one, however it ended. */
const isError = ({ node }: TimedEvent): boolean => node.event?.status === 'error' || node.type === 'error';

function errorIs({ node: { event } }: TimedEvent, word: string): boolean {
  const { type, code, status } = event?.error ?? {};
  return type === word || code === word || String(status) === word;
}

function onText(rest: string): Read {
  const pattern = readPattern(rest);
  return typeof pattern === 'string' ? pattern : (moment, look) => look.says(moment, pattern);
}

function onName(rest: string): Read {
  if (rest === '') return '"name~" needs a part of a name: name~refund';
  const pattern = readPattern(rest);
  return typeof pattern === 'string'
    ? pattern
    : ({ kind, of }) => kind === 'begin' && findIn(of.node.name, pattern) !== undefined;
}

/** `/refund/i` as JavaScript reads it, anything else as it stands, in any case. A string: what is wrong with it. */
function readPattern(rest: string): RegExp | string {
  const [, source, flags = ''] = /^\/(.*)\/([a-z]*)$/s.exec(rest) ?? [];
  if (source === undefined) return patternOf(rest, { regex: false });
  try {
    // A place to go on from would make the second look another one than the first.
    return new RegExp(source, flags.replace(/[gy]/g, ''));
  } catch (error) {
    return `${rest} is no regular expression: ${(error as Error).message}`;
  }
}

type Operator = '>' | '>=' | '<' | '<=';
const HOLDS: Record<Operator, (a: number, b: number) => boolean> = {
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
};
const MICROSECONDS: Record<string, number> = { us: 1, ms: 1e3, s: 1e6, m: 6e7 };

/** What can be compared of one event; undefined where it is not known. */
const MEASURES: Record<string, (of: TimedEvent) => number | undefined> = {
  cost: ({ node: { event } }) => event?.cost?.usd,
  tokens: ({ node: { event } }) => {
    const { input, output } = event?.llm?.usage ?? {};
    return input === undefined && output === undefined ? undefined : (input ?? 0) + (output ?? 0);
  },
  took: ({ node: { event } }) => event && event.end - event.start,
};
const SUMS: Record<string, 'usd' | 'tokens'> = { 'total.cost': 'usd', 'total.tokens': 'tokens' };

function comparison(what: string, operator: Operator, typed: string): Read {
  const holds = HOLDS[operator];
  const measure = Object.hasOwn(MEASURES, what) ? MEASURES[what] : undefined;
  const sum = Object.hasOwn(SUMS, what) ? SUMS[what] : undefined;
  if (measure === undefined && sum === undefined)
    return `"${what}" cannot be compared: ${[...Object.keys(MEASURES), ...Object.keys(SUMS)].join(', ')} can.`;
  const limit = what === 'took' ? microseconds(typed) : plainNumber(typed);
  if (limit === undefined)
    return what === 'took' ? `"${typed}" is no duration: 500ms, 2s, 1.5m.` : `"${typed}" is no number from 0 on.`;
  if (measure !== undefined)
    return ({ kind, of }) => {
      const value = kind === 'end' ? measure(of) : undefined;
      return value !== undefined && holds(value, limit);
    };
  const key = sum as 'usd' | 'tokens';
  // Only where it comes to hold: else every moment behind it would be one.
  return ({ kind, index }, look) =>
    kind === 'end' && holds(look.sumsAt(index)[key], limit) && (index === 0 || !holds(look.sumsAt(index - 1)[key], limit));
}

function plainNumber(typed: string): number | undefined {
  return /^\$?\d+(\.\d+)?$/.test(typed) ? Number(typed.replace('$', '')) : undefined;
}

function microseconds(typed: string): number | undefined {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)\s*(us|ms|s|m)$/.exec(typed) ?? [];
  return number === undefined ? undefined : Number(number) * (MICROSECONDS[unit] ?? 1);
}
