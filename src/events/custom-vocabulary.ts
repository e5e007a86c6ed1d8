/** Words of an app's own beside the closed vocabularies (vocabulary.ts): by types through declaration merging, and at run time. */
import { DECISION_CODES, FAILURE_CODES, SIGNAL_CODES, STEP_TYPES } from './vocabulary.ts';

/**
 * Empty, to be added to by an app: `declare module 'hindcast' { interface CustomVocabulary { failure: { tool: 'sandbox_denied' }; step: 'validate' } }`. Members are
 * `failure`, `decision` and `signal`, each from a type to its codes, and `step`, the types of steps. What types know is to be registered at run time as well (`registerVocabulary`).
 */
// oxlint-disable-next-line typescript/no-empty-interface, typescript/no-empty-object-type
export interface CustomVocabulary {}

/** Words to register. A type may be a new one, or one of the vocabulary that gets more codes. */
export interface Vocabulary {
  failure?: Record<string, readonly string[]>;
  decision?: Record<string, readonly string[]>;
  signal?: Record<string, readonly string[]>;
  /** Types of steps. */
  step?: readonly string[];
}

/** The vocabularies that have codes for each of their types. */
export type CodeKind = 'failure' | 'decision' | 'signal';

const BUILT_IN: Record<CodeKind, Record<string, readonly string[]>> = {
  failure: FAILURE_CODES,
  decision: DECISION_CODES,
  signal: SIGNAL_CODES,
};
const KINDS = Object.keys(BUILT_IN) as CodeKind[];
const WORD = /^[a-z][a-z0-9_]{0,63}$/;
/** Words of all kinds; more are a list that nobody meant to be one. */
const WORDS_MAX = 10_000;

const REGISTERED = Symbol.for('hindcast.vocabulary.v1');
/** `failure tool sandbox_denied`, `step validate`. Shared by every copy of this package in the process, as the hub is. */
const registered = ((globalThis as Record<symbol, unknown>)[REGISTERED] ??= new Set()) as Set<string>;

/**
 * Makes words known, so that what is said with them is not flagged. May be called before or after `init()`; the same words twice count once.
 * Throws a TypeError for what is no word (lower-case letters, digits and `_`, at most 64), and registers nothing then.
 */
export function registerVocabulary(vocabulary: Vocabulary): void {
  const words = wordsOf(vocabulary);
  if (registered.size + words.length > WORDS_MAX) throw new TypeError(`registerVocabulary() takes at most ${WORDS_MAX} words`);
  for (const word of words) registered.add(word);
}

/** Whether `code` belongs to `type` in the vocabulary of `kind`. */
export function isKnownCode(kind: CodeKind, type: string, code: string): boolean {
  const codes = BUILT_IN[kind];
  if (Object.hasOwn(codes, type) && codes[type]?.includes(code)) return true;
  return registered.size > 0 && registered.has(`${kind} ${type} ${code}`);
}

/** Whether a step may be of this type. */
export function isKnownStep(type: string): boolean {
  return (STEP_TYPES as readonly string[]).includes(type) || (registered.size > 0 && registered.has(`step ${type}`));
}

function wordsOf(vocabulary: Vocabulary): string[] {
  const words: string[] = [];
  const given = entries(vocabulary, 'registerVocabulary()');
  for (const [kind, value] of given) {
    if (kind === 'step') words.push(...listed(value, 'step').map((type) => `step ${type}`));
    else if ((KINDS as string[]).includes(kind)) {
      for (const [type, codes] of entries(value, kind)) {
        const named = word(type, kind);
        words.push(...listed(codes, `${kind}.${type}`).map((code) => `${kind} ${named} ${code}`));
      }
    } else throw new TypeError(`registerVocabulary() knows no ${JSON.stringify(kind)}: ${KINDS.join(', ')} and step`);
  }
  return words;
}

function entries(value: unknown, of: string): [string, unknown][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new TypeError(`${of} takes an object of words`);
  return Object.entries(value).filter(([, each]) => each !== undefined);
}

function listed(value: unknown, of: string): string[] {
  if (!Array.isArray(value)) throw new TypeError(`${of} takes a list of words`);
  return value.map((each) => word(each, of));
}

function word(value: unknown, of: string): string {
  if (typeof value === 'string' && WORD.test(value)) return value;
  throw new TypeError(`${of}: ${JSON.stringify(value)} is no word (lower-case letters, digits and _, at most 64)`);
}
