/** Assertions about parts of a value: what is named must be so, what is not named may be anything. */
import assert from 'node:assert/strict';

/** A claim about one value, for use inside of `assertMatches`. Its name stands in the message. */
export type Claim = (value: any) => boolean;

export const anyText: Claim = function anyText(value) {
  return typeof value === 'string' && value !== '';
};

export const aWord: Claim = function aWord(value) {
  return typeof value === 'string' && /^\S+$/.test(value);
};

/** That a string is of this form. */
export function textLike(form: RegExp): Claim {
  const claim: Claim = (value) => typeof value === 'string' && form.test(value);
  return Object.defineProperty(claim, 'name', { value: `textLike ${String(form)}` });
}

/** Throws unless `actual` has what `expected` names, however deep; lists have the same length. */
export function assertMatches(actual: unknown, expected: unknown, what: string): void {
  told(what, () => assert.deepStrictEqual(partOf(actual, expected), expected));
}

/** Throws unless both are equal in all their parts; `what` comes before the difference. */
export function assertSame(actual: unknown, expected: unknown, what: string): void {
  told(what, () => assert.deepStrictEqual(actual, expected));
}

/** As `assert.equal`, with `what` before the difference. */
export function assertIs(actual: unknown, expected: unknown, what: string): void {
  told(what, () => assert.equal(actual, expected));
}

/** What `actual` has of the members that `expected` names. A claim that holds stands for its value. */
function partOf(actual: any, expected: any): unknown {
  if (typeof expected === 'function') return (expected as Claim)(actual) ? expected : actual;
  if (typeof expected !== 'object' || expected === null || typeof actual !== 'object' || actual === null) return actual;
  if (Array.isArray(expected)) {
    return Array.isArray(actual)
      ? actual.map((each, index) => (index < expected.length ? partOf(each, expected[index]) : each))
      : actual;
  }
  return Object.fromEntries(Object.keys(expected).map((key) => [key, partOf(actual[key], expected[key])]));
}

function told(what: string, check: () => void): void {
  try {
    check();
  } catch (error) {
    if (error instanceof Error) error.message = `${what}: ${error.message}`;
    throw error;
  }
}
