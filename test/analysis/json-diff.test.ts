/** R6 the structural difference of two JSON values. */
import { describe, expect, test } from 'vitest';
import { diffJson, type Change, type JsonPath } from '../../src/analysis/json-diff.ts';
import { changeLines, pathText } from '../../src/analysis/json-diff-text.ts';

/** The same numbers on every run (mulberry32). */
function numbers(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % limit;
  };
}

type Holder = Record<string | number, unknown>;

function holderAt(root: Holder, path: JsonPath): [Holder, string | number] {
  let at: Holder = root;
  for (const key of ['root', ...path].slice(0, -1)) at = at[key] as Holder;
  return [at, path.at(-1) ?? 'root'];
}

/** In the order of paths: a list before what is in it, places by number. */
function byPath(one: JsonPath, other: JsonPath): number {
  for (let i = 0; i < Math.min(one.length, other.length); i++) {
    const [x, y] = [one[i]!, other[i]!];
    if (x === y) continue;
    return typeof x === 'number' && typeof y === 'number' ? x - y : String(x) < String(y) ? -1 : 1;
  }
  return one.length - other.length;
}

/** What becomes of `a` by the changes: those in place first, then what leaves from the last to the first, then what comes from the first to the last. */
function applyChanges(a: unknown, changes: readonly Change[]): unknown {
  const root: Holder = { root: structuredClone(a) };
  for (const change of changes) {
    if (change.kind !== 'changed') continue;
    const [holder, key] = holderAt(root, change.from ?? change.path);
    const { text, after, before } = change;
    holder[key] =
      text === undefined
        ? structuredClone(after)
        : (before as string).slice(0, text.at) + text.after + (before as string).slice(text.at + text.before.length);
  }
  const leaving = changes.flatMap((change) =>
    change.kind === 'removed' ? [change.path] : change.kind === 'moved' ? [change.from] : [],
  );
  for (const path of leaving.toSorted(byPath).toReversed()) {
    const [holder, key] = holderAt(root, path);
    if (Array.isArray(holder)) holder.splice(key as number, 1);
    else delete holder[key];
  }
  const coming = changes.filter((change) => change.kind === 'added' || change.kind === 'moved');
  for (const { path, value } of coming.toSorted((one, other) => byPath(one.path, other.path))) {
    const [holder, key] = holderAt(root, path);
    if (Array.isArray(holder)) holder.splice(key as number, 0, structuredClone(value));
    else holder[key] = structuredClone(value);
  }
  return root['root'];
}

const WORDS = ['', 'a', 'b', 'Where is it?', 'Where was it?', 'emoji 😀', 'emoji 😁', '__proto__', 'role'];

function randomValue(next: (limit: number) => number, depth: number): unknown {
  const pick = next(depth > 0 ? 8 : 5);
  if (pick === 0) return next(4);
  if (pick === 1) return next(2) === 0;
  if (pick === 2) return null;
  if (pick < 5) return WORDS[next(WORDS.length)];
  const size = next(6);
  if (pick === 5) return Object.fromEntries(Array.from({ length: size }, () => [WORDS[next(7)], randomValue(next, depth - 1)]));
  return Array.from({ length: size }, () => randomValue(next, depth - 1));
}

/** `value` with something else in one of its places. */
function mutated(value: unknown, next: (limit: number) => number): unknown {
  if (typeof value !== 'object' || value === null || next(5) === 0) return randomValue(next, 2);
  if (!Array.isArray(value)) {
    const entries = Object.entries(value);
    const at = next(entries.length + 1);
    if (at === entries.length) return { ...value, new: randomValue(next, 1) };
    return Object.fromEntries(entries.map(([name, inner], i) => [name, i === at ? mutated(inner, next) : inner]));
  }
  const list = [...(value as unknown[])];
  const at = next(list.length + 1);
  if (next(3) === 0 && list.length > 0) list.push(...list.splice(0, 1));
  else if (next(2) === 0) list.splice(at, next(2), randomValue(next, 2));
  else if (at < list.length) list[at] = mutated(list[at], next);
  return list;
}

const message = (role: string, content: string): object => ({ role, content });
const kinds = (changes: readonly Change[]): string[] => changes.map(({ kind, path }) => `${kind} ${pathText(path)}`);

describe('R6 diffJson', () => {
  test('properties: nothing of equal values; the changes applied to the first give the second', () => {
    const next = numbers(7);
    for (let round = 0; round < 2000; round++) {
      const a = randomValue(next, 4);
      let b = a;
      for (let times = next(4); times > 0; times--) b = mutated(b, next);
      if (round % 5 === 0) b = randomValue(next, 4);
      const changes = diffJson(a, b);
      expect(diffJson(a, structuredClone(a))).toEqual([]);
      expect(applyChanges(a, changes), JSON.stringify([a, b, changes])).toEqual(b);
    }
  });

  test('an inserted message is one addition, and those behind it keep their place', () => {
    const a = [message('system', 'be kind'), message('user', 'hi'), message('assistant', 'hello')];
    const b = [a[0], message('user', 'wait'), a[1], a[2]];
    expect(diffJson({ messages: a }, { messages: b })).toEqual([
      { kind: 'added', path: ['messages', 1], value: message('user', 'wait') },
    ]);
    expect(kinds(diffJson({ messages: b }, { messages: a }))).toEqual(['removed messages[1]']);
  });

  test('a changed message behind an inserted one is a change of its content, by the part that differs', () => {
    const a = [message('system', 'be kind'), message('user', 'Where is it?')];
    const b = [message('system', 'be kind'), message('tool', '{}'), message('user', 'Where was it?')];
    expect(diffJson(a, b)).toEqual([
      { kind: 'added', path: [1], value: message('tool', '{}') },
      {
        kind: 'changed',
        path: [2, 'content'],
        from: [1, 'content'],
        before: 'Where is it?',
        after: 'Where was it?',
        text: { at: 6, before: 'i', after: 'wa' },
      },
    ]);
  });

  test('an element that stands elsewhere has moved', () => {
    const [a, b, c] = [message('user', 'one'), message('user', 'two'), message('user', 'three')];
    expect(diffJson([a, b, c], [b, c, a])).toEqual([{ kind: 'moved', path: [2], from: [0], value: a }]);
  });

  test('two messages of different roles are two things', () => {
    expect(kinds(diffJson([message('user', 'one')], [message('assistant', 'other')]))).toEqual(['removed [0]', 'added [0]']);
    expect(kinds(diffJson([message('system', 'be kind')], [message('developer', 'be kind')]))).toEqual(['changed [0].role']);
  });

  test('what JSON does not tell apart is no difference', () => {
    expect(diffJson({ a: 1, b: undefined }, { a: 1 })).toEqual([]);
    expect(diffJson({ a: 1, b: [2] }, { b: [2], a: 1 })).toEqual([]);
    expect(kinds(diffJson({ a: null }, {}))).toEqual(['removed a']);
    expect(kinds(diffJson({ a: '1' }, { a: 1 }))).toEqual(['changed a']);
    expect(kinds(diffJson([], {}))).toEqual(['changed (all of it)']);
    expect(kinds(diffJson(JSON.parse('{"__proto__":1}'), {}))).toEqual(['removed __proto__']);
  });

  test('a character of two units stays whole', () => {
    const [change] = diffJson('a😀b', 'a😁b');
    expect(change).toMatchObject({ text: { at: 1, before: '😀', after: '😁' } });
  });

  test('bounded in changes, and says so', () => {
    const a = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`m${i}`, i]));
    const changes = diffJson(a, {}, { changes: 10 });
    expect(changes).toHaveLength(11);
    expect(changes.at(-1)).toEqual({ kind: 'limit', path: ['m10'], limit: 'changes' });
  });

  test('bounded in depth, and says so; far deeper than the stack goes', () => {
    let [a, b]: [unknown, unknown] = [1, 2];
    for (let i = 0; i < 100_000; i++) [a, b] = [[a], [b]];
    const changes = diffJson(a, b);
    expect(changes.map(({ kind, path }) => [kind, path.length])).toEqual([
      ['limit', 64],
      ['changed', 64],
    ]);
  });

  test('huge arrays of which nothing is in place are compared by place, and that is said', () => {
    const a = Array.from({ length: 20_000 }, (_, i) => i);
    const next = numbers(3);
    const b = a.toSorted(() => next(3) - 1).map((value, i) => (i % 2 === 0 ? value : a[next(20_000)]!));
    const changes = diffJson(a, b, { changes: 100_000 });
    expect(changes[0]).toEqual({ kind: 'limit', path: [], limit: 'size' });
    expect(applyChanges(a, changes)).toEqual(b);
  });

  test('a huge array with one element more is one addition', () => {
    const a = Array.from({ length: 50_000 }, (_, i) => ({ i: i % 7 }));
    const b = a.toSpliced(30_000, 0, { i: 99 });
    expect(kinds(diffJson(a, b))).toEqual(['added [30000]']);
  });
});

describe('R6 changes as lines', () => {
  const clean = (text: string): string => text.replaceAll('\u001b', '');
  const before = {
    model: 'gpt-4.1',
    'max tokens': 5,
    stop: ['x'],
    messages: [message('system', `Be brief.\n${'Never say where a parcel is. '.repeat(20)}`), message('user', 'Where is it?')],
  };
  const after = {
    model: 'gpt-4.1',
    'max tokens': 6,
    messages: [
      message('system', `Be brief.\n${'Never say where a parcel is. '.repeat(20)}`.replace('is. Never', 'was. Never')),
      message('tool', 'no \u001b[2J answer'),
      message('user', 'Where is it?'),
    ],
  };

  test('short', () => {
    const lines = changeLines(diffJson(before, after), { clean });
    expect(lines.map(({ text }) => text).join('\n')).toMatchInlineSnapshot(`
      "~ ["max tokens"]  5 → 6
      - stop
          - ["x"]
      ~ messages[0].content  (text, first difference at char 35)
          - "…ever say where a parcel is. Never say where a par…"
          + "…ever say where a parcel was. Never say where a par…"
      + messages[1]
          + {"role":"tool","content":"no \\u001b[2J answer"}"
    `);
  });

  test('whole', () => {
    const lines = changeLines(diffJson({ a: 'one\ntwo', b: 1 }, { a: 'one\nthree', c: { d: [1] } }), { clean, whole: true });
    expect(lines.map(({ kind, text }) => `${kind.padEnd(7)}${text}`).join('\n')).toMatchInlineSnapshot(`
      "place  ~ a  "one\\ntwo" → "one\\nthree"
      place  - b
      before     - 1
      place  + c
      after      + {
      after      +   "d": [
      after      +     1
      after      +   ]
      after      + }"
    `);
  });
});
