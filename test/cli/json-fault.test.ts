import { describe, expect, it } from 'vitest';
import { jsonFault } from '../../src/cli/json-fault.ts';

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
