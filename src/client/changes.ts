/** Which options can change while a client runs, and what is said of those that cannot. */
import { OPTIONS } from './options.ts';
import type { Options, Values } from './options.ts';
import { BadValue } from './parse.ts';
import { memberNames, pick, put, recordMode } from './resolve.ts';

/** An option that stays as it is, and why. */
export interface Refusal {
  /** As in the table of options: `agent.id`. */
  option: string;
  /** A sentence. */
  reason: string;
}

/** What became of the options that `configure()` was given. */
export interface Configured {
  /** Options that are as they were asked to be, from now on. */
  applied: string[];
  refused: Refusal[];
}

/** What of a running client decides whether an option can change. */
export interface ClientState {
  /** Something has been recorded. */
  begun: boolean;
  exporting: boolean;
  isDefault: boolean;
}

/** Why a client cannot be turned off by an option. */
export const RUNS = 'a client that runs is stopped with shutdown()';
const BEGUN = 'a recording has begun: it is set before the first event';
const EXPORTING = 'the export runs as it was started: shutdown() and init() start it anew';

/** Options that change only until the first event. */
const UNTIL_BEGUN = ['record', 'dir', 'session.id', 'session.name', 'session.parent', 'session.traceparent'] as const;
/** Options that change only until the export runs. */
const OF_EXPORT = [
  'endpoint',
  'headers',
  'captureContent',
  'semconv',
  'nativeSpans',
  'exportTimeoutMs',
  'flushIntervalMs',
  'exporter',
] as const;
/** Code that stands between recordings and backend. A recording that has begun says whether it does, and must go on to tell the truth. */
const GUARDS = ['exporter', 'processors', 'redactor'] as const;

/** The options in which `old` and `next` differ and that cannot change in this state. */
export function fixedOptions(old: Values, next: Values, state: ClientState): Refusal[] {
  const refused: Refusal[] = [];
  const differs = (name: string): boolean => !same(memberOf(old, name), memberOf(next, name));
  const refuse = (option: string, reason: string): void => {
    if (!refused.some((known) => known.option === option)) refused.push({ option, reason });
  };
  if (!next.enabled) refuse('enabled', RUNS);
  if (recordMode(next, process.env) === 'off') refuse('record', RUNS);
  if (state.begun) for (const name of UNTIL_BEGUN) if (differs(name)) refuse(name, BEGUN);
  if (state.exporting) for (const name of OF_EXPORT) if (differs(name)) refuse(name, EXPORTING);
  if (!state.isDefault && differs('propagateContext'))
    refuse('propagateContext', 'it is set for the whole process, by the client of init()');
  if (state.begun) {
    for (const name of GUARDS) {
      if (isSet(old[name]) === isSet(next[name])) continue;
      refuse(name, isSet(old[name]) ? `${BEGUN}, and its recording says that it is sent through this` : BEGUN);
    }
  }
  return refused;
}

/** Takes refused options back to what they were. */
export function keepOld(values: Values, old: Values, refused: readonly Refusal[]): void {
  for (const { option } of refused) put(values as unknown as Record<string, unknown>, option, memberOf(old, option), true);
}

/** What is to be remembered as given: of refused options what was given before, so that a later change does not bring them up again. */
export function givenWithout(given: Options, before: Options, refused: readonly Refusal[]): Options {
  const left = { ...given } as Record<string, unknown>;
  for (const { option } of refused) {
    const [first = ''] = option.split('.');
    if (first !== option && isPlain(left[first])) left[first] = { ...left[first] };
    put(left, option, pick(before as Record<string, unknown>, option), true);
  }
  return left;
}

/** Options as they were given before, with those that are given now over them, member by member. */
export function mergeGiven(before: Options, now: Options): Options {
  const merged: Record<string, unknown> = { ...before };
  for (const [name, value] of Object.entries(now)) {
    if (value === undefined) continue;
    const nested = OPTIONS.some((option) => option.name.startsWith(`${name}.`));
    merged[name] = nested && isPlain(value) && isPlain(merged[name]) ? { ...merged[name], ...value } : value;
  }
  return merged;
}

/** What is usable of what `configure()` was given, and what is not. */
export function checkGiven(given: unknown): { names: string[]; usable: Options; refused: Refusal[] } {
  if (!isPlain(given)) return { names: [], usable: {}, refused: [{ option: 'options', reason: 'must be an object of options' }] };
  const usable: Record<string, unknown> = {};
  const refused: Refusal[] = [];
  const names: string[] = [];
  for (const name of memberNames(given)) {
    const option = OPTIONS.find((one) => one.name === name);
    const value = pick(given, name);
    if (option === undefined) refused.push({ option: name, reason: 'there is no such option' });
    else if (value !== undefined) {
      try {
        option.kind.check(value);
        put(usable, name, value);
        names.push(name);
      } catch (error) {
        refused.push({ option: name, reason: `must be ${error instanceof BadValue ? error.message : 'a usable value'}` });
      }
    }
  }
  return { names, usable, refused };
}

/** Why nothing can be configured where nothing runs. */
export function refuseAll(given: unknown, reason: string): Configured {
  const { names, refused } = checkGiven(given);
  return { applied: [], refused: [...names.map((option) => ({ option, reason })), ...refused] };
}

const memberOf = (values: Values, name: string): unknown => pick(values as unknown as Record<string, unknown>, name);
const isSet = (value: unknown): boolean => (Array.isArray(value) ? value.length > 0 : value !== undefined);

/** Whether something is an object of named members. */
export function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether two values of an option say the same. Functions, and objects with methods, are the same when they are one. */
function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((one, index) => same(one, b[index]));
  const plain = (value: unknown): boolean => isPlain(value) && Object.getPrototypeOf(value) === Object.prototype;
  if (!plain(a) || !plain(b)) return false;
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
  const keys = Object.keys(left);
  return keys.length === Object.keys(right).length && keys.every((key) => same(left[key], right[key]));
}
