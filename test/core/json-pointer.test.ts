/** JSON pointers: the examples of RFC 6901, and what may be put where. */
import { describe, expect, it } from 'vitest';
import { pointerTo, pointerTokens, putAt } from '../../src/core/json-pointer.ts';

describe('pointers', () => {
  it.each([
    ['', []],
    ['/foo', ['foo']],
    ['/foo/0', ['foo', '0']],
    ['/', ['']],
    ['/a~1b', ['a/b']],
    ['/m~0n', ['m~n']],
    ['/~01', ['~1']],
  ])('%j leads through %j', (pointer, tokens) => {
    expect(pointerTokens(pointer)).toEqual(tokens);
    expect(tokens.reduce((so, token) => pointerTo(so, token), '')).toBe(pointer);
  });
  it.each(['foo', '/a~', '/a~2'])('%j is none', (pointer) => expect(pointerTokens(pointer)).toBeNull());
});

describe('putting', () => {
  const put = (root: unknown, pointer: string, value: unknown): unknown => {
    const fault = putAt(root, pointer, value);
    return fault ?? root;
  };
  it.each([
    [{ a: 1 }, '/a', 2, { a: 2 }],
    [{ a: 1 }, '/b', null, { a: 1, b: null }],
    [{ a: 1 }, '/a', undefined, {}],
    [{ a: [1, 2] }, '/a/0', 9, { a: [9, 2] }],
    [{ a: [1, 2] }, '/a/2', 3, { a: [1, 2, 3] }],
    [{ a: [1, 2] }, '/a/-', 3, { a: [1, 2, 3] }],
    [{ a: [1, 2] }, '/a/0', undefined, { a: [2] }],
    [{ a: [{ b: 1 }] }, '/a/0/b', 2, { a: [{ b: 2 }] }],
  ])('in %j at %s', (root, pointer, value, after) => expect(put(structuredClone(root), pointer, value)).toEqual(after));
  it.each([
    [{ a: 1 }, '/a/b', 1, /no \/a in it that has members/],
    [{ a: [1] }, '/a/2', 1, /list of 1 has no element 2/],
    [{ a: [1] }, '/a/length', 0, /no element length/],
    [{ a: [1] }, '/a/01', 0, /no element 01/],
    [{ a: [1] }, '/a/-', undefined, /no element -/],
    [{ a: 1 }, '/x/y', 1, /no \/x in it/],
    [{ a: 1 }, '', 1, /whole/],
    [{ a: 1 }, 'a', 1, /no JSON pointer/],
    ['text', '/a', 1, /no object/],
  ])('not in %j at %s', (root, pointer, value, says) => expect(put(structuredClone(root), pointer, value)).toMatch(says));

  it('reaches no prototype', () => {
    const root = JSON.parse('{"a":{}}') as object;
    expect(putAt(root, '/__proto__/polluted', 1)).toMatch(/no \/__proto__/);
    expect(putAt(root, '/a/__proto__', { polluted: 1 })).toBeNull();
    expect(putAt(root, '/constructor/prototype/polluted', 1)).toMatch(/no \/constructor/);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(JSON.stringify(root)).toBe('{"a":{"__proto__":{"polluted":1}}}');
  });
});
