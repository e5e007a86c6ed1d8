import { describe, expect, it } from 'vitest';
import { jsonFault, jsonPlace } from '../../src/cli/json-fault.ts';

describe('where a text stops being JSON', () => {
  const GOOD = ['{}', '[]', ' {"a": [1, -2.5e+3, 0, true, null, "\\u00e9\\n", {"b": {}}]} \n', '"x"', '0'];
  const parses = (text: string): boolean => {
    try {
      JSON.parse(text);
      return true;
    } catch {
      return false;
    }
  };

  it('agrees with JSON.parse on every text of which one character is missing or another', () => {
    for (const good of GOOD) {
      expect(jsonFault(good)).toBeUndefined();
      for (let at = 0; at < good.length; at++) {
        for (const put of ['', ',', '"', '0', '}', ' ', '\n', 'x', '.', '-']) {
          const text = good.slice(0, at) + put + good.slice(at + 1);
          expect(jsonFault(text) === undefined, text).toBe(parses(text));
        }
      }
    }
  });

  it.each([
    ['{"a": 1,\n "b": tru }', 2, 7],
    ['[1, 2', 1, 6],
    ['{"a" 1}', 1, 6],
    ['[01]', 1, 2],
    ['{} {}', 1, 4],
  ])('%j at %i:%i', (text, line, column) => {
    expect(jsonFault(text)).toEqual({ line, column });
  });
});

describe('where something stands in a text that is JSON', () => {
  const TEXT =
    '{\n  "a": [\n    {"b/c": 1, "a": {"~": []}},\n    "}{\\"a\\":",\n    [ 1,\n 2 ]\n  ],\n  "a\\u0062": {\n    "x": 1, "x": {"y": 2}\n  }\n}';

  it.each([
    ['', 1, 1],
    ['/a', 2, 3],
    ['/a/0', 3, 5],
    ['/a/0/b~1c', 3, 6],
    ['/a/0/a/~0', 3, 22],
    ['/a/1', 4, 5],
    ['/a/2/1', 6, 2],
    ['/ab', 8, 3],
    // The second one counts.
    ['/ab/x', 9, 13],
    ['/ab/x/y', 9, 19],
    // As far as it leads.
    ['/ab/z/y', 8, 3],
    ['/a/7', 2, 3],
    ['/a/1/b', 4, 5],
  ])('%s at %i:%i', (pointer, line, column) => {
    expect(() => JSON.parse(TEXT)).not.toThrow();
    expect(jsonPlace(TEXT, pointer)).toEqual({ line, column });
  });
});
