/** What a value of a JSON file may be: one description that checks the value, and is its JSON schema. */
import { nearest } from '../nearest.ts';

export type Schema = Record<string, unknown>;

/** Something that may not be so: `at` is a JSON pointer, `text` what is allowed there. */
export interface Fault {
  at: string;
  text: string;
}

export interface Shape {
  schema: Schema;
  /** Tells of every fault in `value`, which stands at `at`. */
  check(value: unknown, at: string, tell: (fault: Fault) => void): void;
}

/** Whatever JSON can say. */
export const anything = (description: string): Shape => ({ schema: { description }, check: () => {} });

/** A text that holds what the pattern says; `expected` ends the sentence "It must be". */
export function text(description: string, expected: string, pattern?: RegExp): Shape {
  return {
    schema: { description, type: 'string', ...(pattern && { pattern: pattern.source }) },
    check(value, at, tell) {
      if (typeof value !== 'string' || pattern?.test(value) === false) tell({ at, text: `must be ${expected}` });
    },
  };
}

export function flag(description: string, standard: boolean): Shape {
  return {
    schema: { description, type: 'boolean', default: standard },
    check(value, at, tell) {
      if (typeof value !== 'boolean') tell({ at, text: 'must be true or false' });
    },
  };
}

/** One of some words or numbers. */
export function oneOf(description: string, words: readonly (string | number)[]): Shape {
  return {
    schema: { description, ...(words.length === 1 ? { const: words[0] } : { enum: [...words], default: words[0] }) },
    check(value, at, tell) {
      if (!words.includes(value as string))
        tell({ at, text: `must be ${words.map((word) => JSON.stringify(word)).join(' or ')}` });
    },
  };
}

export function list(description: string, of: Shape, max: number): Shape {
  return {
    schema: { description, type: 'array', items: of.schema, maxItems: max },
    check(value, at, tell) {
      if (!Array.isArray(value)) tell({ at, text: 'must be a list' });
      else if (value.length > max) tell({ at, text: `must have no more than ${max} elements` });
      else for (const [index, each] of value.entries()) of.check(each, `${at}/${index}`, tell);
    },
  };
}

/** An object of names that the writer chooses. */
export function dictionary(description: string, of: Shape, max: number): Shape {
  return {
    schema: { description, type: 'object', additionalProperties: of.schema, maxProperties: max },
    check(value, at, tell) {
      if (!isObject(value)) return tell({ at, text: 'must be an object' });
      const names = Object.keys(value);
      if (names.length > max) return tell({ at, text: `must have no more than ${max} members` });
      for (const name of names) of.check(value[name], `${at}/${escaped(name)}`, tell);
    },
  };
}

/** An object with these members and no others. */
export function members(description: string, needs: Record<string, Shape>, may: Record<string, Shape> = {}): Shape {
  const all = { ...needs, ...may };
  const known = Object.keys(all);
  return {
    schema: {
      description,
      type: 'object',
      properties: Object.fromEntries(known.map((name) => [name, (all[name] as Shape).schema])),
      required: Object.keys(needs),
      additionalProperties: false,
    },
    check(value, at, tell) {
      if (!isObject(value)) return tell({ at, text: 'must be an object' });
      for (const name of Object.keys(needs)) if (!Object.hasOwn(value, name)) tell({ at, text: `must have the member ${name}` });
      for (const [name, each] of Object.entries(value)) {
        const inside = `${at}/${escaped(name)}`;
        if (Object.hasOwn(all, name)) all[name]?.check(each, inside, tell);
        else tell({ at: inside, text: `is no member that is known${meant(name, known)}` });
      }
    },
  };
}

function meant(name: string, known: readonly string[]): string {
  const near = nearest(name, known);
  return near === undefined ? `: allowed are ${known.join(', ')}` : `: did you mean ${near}?`;
}

const escaped = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
