import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { revive } from '../../src/core/revive.ts';
import { serialise, serialiseBody } from '../../src/core/serialise.ts';
import type { Json } from '../../src/core/serialise.ts';

describe('E2 serialise', () => {
  it.each<[string, unknown, unknown]>([
    ['plain data', { a: [1, 'b', null, true], c: { d: 2 } }, { a: [1, 'b', null, true], c: { d: 2 } }],
    ['bigint', 10n ** 20n, { $type: 'bigint', value: '100000000000000000000' }],
    [
      'NaN',
      [NaN, -Infinity],
      [
        { $type: 'number', value: 'NaN' },
        { $type: 'number', value: '-Infinity' },
      ],
    ],
    ['Date', new Date(0), { $type: 'date', value: '1970-01-01T00:00:00.000Z' }],
    ['an invalid Date', new Date(NaN), { $type: 'date', value: 'invalid' }],
    ['Map', new Map([[{ k: 1 }, 'v']]), { $type: 'map', entries: [[{ k: 1 }, 'v']] }],
    ['Set', new Set([1, 2]), { $type: 'set', values: [1, 2] }],
    ['bytes', new Uint8Array([1, 2, 3]), { $type: 'bytes', of: 'Uint8Array', length: 3, b64: 'AQID' }],
    ['undefined', [undefined], [{ $type: 'undefined' }]],
    ['a function', { f: function named() {} }, { f: { $type: 'function', name: 'named' } }],
    [
      'a class instance',
      new (class Point {
        x = 1;
      })(),
      { $class: 'Point', x: 1 },
    ],
    ['an object without a prototype', Object.assign(Object.create(null) as object, { x: 1 }), { $class: null, x: 1 }],
    ['minus zero', -0, { $type: 'number', value: '-0' }],
    // oxlint-disable-next-line no-sparse-arrays
    ['holes', [1, , , 2], [1, { $type: 'hole', count: 2 }, 2]],
    ['a key that looks like ours', { $type: 'map', $$class: 1, $ref: 2 }, { $$type: 'map', $$$class: 1, $ref: 2 }],
    ['toJSON', { toJSON: () => ({ said: 1 }) }, { said: 1 }],
    ['a lone surrogate', '\ud800', '\ufffd'],
    ['regexp', /a/g, { $type: 'regexp', value: '/a/g' }],
  ])('keeps %s', (_name, value, expected) => {
    expect(serialise(value)).toEqual(expected);
  });

  it('keeps an error with its cause, members and errors', () => {
    const error = Object.assign(new AggregateError([new TypeError('inner')], 'outer', { cause: new Error('why') }), {
      code: 'E1',
    });
    const out = serialise(error) as Record<string, unknown>;
    expect(out).toMatchObject({ $type: 'error', name: 'AggregateError', message: 'outer', code: 'E1' });
    expect(out['cause']).toMatchObject({ $type: 'error', message: 'why' });
    expect(out['errors']).toMatchObject([{ $type: 'error', name: 'TypeError', message: 'inner' }]);
  });

  it('says where a cycle leads, and takes what is merely shared twice', () => {
    const cyclic: Record<string, unknown> = { a: {} };
    (cyclic['a'] as Record<string, unknown>)['up'] = cyclic;
    expect(serialise(cyclic)).toEqual({ a: { up: { $type: 'circular', up: 2 } } });
    const shared = { n: 1 };
    expect(serialise([shared, shared])).toEqual([{ n: 1 }, { n: 1 }]);
  });

  it('survives getters, proxies and toJSON that throw', () => {
    const hostile = {
      get bad(): never {
        throw new Error('no');
      },
      good: 1,
    };
    expect(serialise(hostile)).toEqual({ bad: { $type: 'cut', reason: 'unreadable' }, good: 1 });
    const proxy = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new TypeError('no');
        },
      },
    );
    expect(serialise({ proxy })).toEqual({ proxy: { $type: 'unreadable', error: 'TypeError' } });
    expect(
      serialise({
        toJSON() {
          throw new RangeError('no');
        },
      }),
    ).toEqual({ $type: 'unreadable', error: 'RangeError' });
  });

  it('keeps __proto__ as a member and changes no prototype', () => {
    const out = serialise(JSON.parse('{"__proto__":{"polluted":true}}')) as Record<string, unknown>;
    expect(Object.getPrototypeOf(out)).toBe(Object.prototype);
    expect(JSON.stringify(out)).toBe('{"__proto__":{"polluted":true}}');
  });

  it('stays within its limits, valid, and says that it was cut', () => {
    let deep: unknown = 'end';
    for (let i = 0; i < 100_000; i++) deep = { deep };
    const limits = { depth: 5, size: 10_000, members: 100 };
    expect(JSON.stringify(serialise(deep, limits))).toContain('"$type":"cut","reason":"depth"');
    for (const value of [
      'x'.repeat(50_000),
      Array.from({ length: 5000 }, (_, i) => i),
      Buffer.alloc(50_000),
      { a: 'x'.repeat(9_990), b: { c: 'y' } },
    ]) {
      const json = JSON.stringify(serialise(value, limits));
      expect(json.length).toBeLessThan(15_000);
      expect(json).toMatch(/cut/);
      expect(() => JSON.parse(json)).not.toThrow();
    }
    const wide = serialise(Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`k${i}`, i])), limits) as Record<
      string,
      unknown
    >;
    expect(wide['$cut']).toBe('100 more members');
  });

  it('never throws, whatever it is given', () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const trap = new Proxy(
      {},
      {
        get: () => {
          throw proxy;
        },
        getPrototypeOf: () => {
          throw new Error('no');
        },
      },
    );
    const error = new Error('x');
    Object.defineProperty(error, 'message', {
      get() {
        throw new Error('no');
      },
    });
    const unnamed = Object.defineProperty(new (class Named {})(), 'constructor', {
      get() {
        throw new Error('no');
      },
    });
    const list = Object.defineProperty([1, 2], 0, {
      get() {
        throw new Error('no');
      },
    });
    const endless: Record<string, unknown> = {
      get again(): unknown {
        return { ...Object.getOwnPropertyDescriptors(endless), endless: { toJSON: () => endless } };
      },
    };
    for (const value of [proxy, [proxy], trap, { trap }, error, unnamed, list, endless, new Map([[proxy, trap]])]) {
      const json = serialise(value);
      expect(() => JSON.parse(JSON.stringify(json)) as unknown).not.toThrow();
      expect(() => revive(json)).not.toThrow();
    }
    expect(serialise(proxy)).toMatchObject({ $type: 'unreadable' });
    expect(serialise(list)).toEqual([{ $type: 'cut', reason: 'unreadable' }, 2]);
  });

  it('bounds what is huge without walking it', () => {
    const sparse: number[] = [];
    sparse[2 ** 31] = 1;
    expect(serialise(sparse)).toEqual([{ $type: 'hole', count: 2 ** 31 }, 1]);
    for (const value of [
      'x'.repeat(50_000_000),
      2n ** 10_000_000n,
      { ['k'.repeat(5_000_000)]: 1 },
      new Float64Array(1_000_000),
    ]) {
      expect(JSON.stringify(serialise(value)).length).toBeLessThan(1_100_000);
    }
    expect(serialise({ ['k'.repeat(5_000_000)]: 1 })).toEqual({ $cut: '1 more members' });
  });

  it('takes what it made before as it is', () => {
    const made = serialise({ $type: 'mine', at: new Date(0) });
    expect(serialise(made)).toBe(made);
    expect(serialise({ made })).toEqual({ made });
  });

  it('says of a body what the wire would: no classes, no undefined members', () => {
    class Request {
      model = 'm';
      tools = undefined;
    }
    expect(serialiseBody(new Request())).toEqual({ model: 'm' });
    expect(serialise(new Request())).toEqual({ $class: 'Request', model: 'm', tools: { $type: 'undefined' } });
  });
});

const through = (value: unknown): unknown => revive(JSON.parse(JSON.stringify(serialise(value))) as Json);

describe('E2 revive gives back', () => {
  class Point {
    x = 1;
    y = undefined;
  }
  const cyclic: Record<string, unknown> = { list: [] };
  (cyclic['list'] as unknown[]).push(cyclic, new Map([['back', cyclic]]), new Set([cyclic]), { toJSON: () => ({ cyclic }) });
  const buffer = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]).buffer;
  const match = /a(?<name>b)/.exec('ab')!;

  it.each<[string, unknown]>([
    ['plain data', { a: [1, 'b', null, true], c: {} }],
    ['undefined, alone and as a member', { a: undefined, b: [undefined] }],
    ['numbers', [Number.NaN, Infinity, -Infinity, -0, 0, 1e308]],
    ['bigints', [0n, -5n, 10n ** 30n, 2n ** 5000n, -(2n ** 5000n)]],
    ['dates', [new Date(0), new Date(Number.NaN)]],
    ['maps', new Map<unknown, unknown>([[{ k: 1 }, new Map([[1, 2n]])]])],
    ['sets', new Set([1, new Set(['a'])])],
    ['regexps', [/a\/b/giu, /[/]/]],
    ['urls', new URL('https://example.com/a?b#c')],
    ['buffers', Buffer.from('text')],
    ['array buffers', buffer],
    ['views', new DataView(buffer, 2, 4)],
    ...[
      Int8Array,
      Uint8Array,
      Uint8ClampedArray,
      Int16Array,
      Uint16Array,
      Int32Array,
      Uint32Array,
      Float32Array,
      Float64Array,
    ].map((View): [string, unknown] => [View.name, new View(buffer)]),
    ['BigInt64Array', new BigInt64Array(buffer)],
    ['BigUint64Array', new BigUint64Array(buffer)],
    // oxlint-disable-next-line no-sparse-arrays
    ['sparse arrays', [, 1, , , 2, ,]],
    ['objects without a prototype', Object.assign(Object.create(null) as object, { a: 1 })],
    ['groups of a match', match.groups],
    ['keys that look like ours', { $type: 'map', $class: 'A', $cut: 'b', $$type: 1, $$$cut: 2, $ref: '#/a', entries: [] }],
    [
      'such keys further in',
      [{ $type: 'undefined' }, { $type: 'circular', up: 1 }, new Map([['$type', { $type: 'date', value: 'x' }]])],
    ],
    ['__proto__ as a member', JSON.parse('{"__proto__":{"a":1}}')],
    ['objects of another realm', runInNewContext('({ a: new Map([[1, new Date(0)]]), b: [1] })')],
  ])('%s', (_name, value) => {
    const back = through(value);
    // Of another realm, the prototypes are other ones.
    if (_name.includes('realm')) expect(back).toEqual({ a: new Map([[1, new Date(0)]]), b: [1] });
    else expect(back).toStrictEqual(value);
  });

  it('cycles, with their identity', () => {
    const back = through(cyclic) as { list: [unknown, Map<string, unknown>, Set<unknown>, { cyclic: unknown }] };
    expect(back.list[0]).toBe(back);
    expect(back.list[1].get('back')).toBe(back);
    expect([...back.list[2]][0]).toBe(back);
    expect(back.list[3].cyclic).toBe(back);
    const middle: Record<string, unknown> = { deep: new Map() };
    (middle['deep'] as Map<unknown, unknown>).set({ middle }, [middle]);
    const { outer } = through({ outer: middle }) as { outer: { deep: Map<{ middle: unknown }, unknown[]> } };
    const [[key, value]] = [...outer.deep] as [[{ middle: unknown }, unknown[]]];
    expect([key.middle, value[0]].every((each) => each === outer)).toBe(true);
    const self = new Map<string, unknown>();
    self.set('self', self);
    const map = through(self) as Map<string, unknown>;
    expect(map.get('self')).toBe(map);
  });

  it('errors: class, cause, gathered errors, members, and those that lead to themselves', () => {
    class ToolError extends Error {
      code = 'E1';
      inner = { at: new Date(0) };
    }
    const error = new AggregateError([new TypeError('inner'), 'text'], 'outer', {
      cause: new ToolError('why', { cause: undefined }),
    });
    const back = through(error) as AggregateError;
    expect(back).toBeInstanceOf(AggregateError);
    expect([back.name, back.message, back.stack, Object.keys(back)]).toEqual(['AggregateError', 'outer', error.stack, []]);
    expect(back.errors[0]).toBeInstanceOf(TypeError);
    expect(back.errors[1]).toBe('text');
    const cause = back.cause as ToolError;
    expect(cause).toBeInstanceOf(Error);
    expect([Object.prototype.toString.call(cause), cause.message, cause.code, cause.inner]).toEqual([
      '[object ToolError]',
      'why',
      'E1',
      { at: new Date(0) },
    ]);
    expect('cause' in cause && cause.cause === undefined).toBe(true);
    expect('cause' in (through(new Error('plain')) as Error)).toBe(false);
    const own = new Error('own');
    own.cause = own;
    const led = through(own) as Error;
    expect(led.cause).toBe(led);
  });

  it('instances as plain objects that say their class', () => {
    const back = through(new Point()) as Point;
    expect(Object.getPrototypeOf(back)).toBe(Object.prototype);
    expect([Object.prototype.toString.call(back), Object.entries(back)]).toEqual([
      '[object Point]',
      [
        ['x', 1],
        ['y', undefined],
      ],
    ]);
  });

  it('what was cut, or cannot be made again, as what says so', () => {
    const limits = { depth: 3, size: 500, members: 4 };
    const cut = (value: unknown): unknown => revive(serialise(value, limits));
    expect(cut([1, 2, 3, 4, 5, 6])).toEqual([1, 2, 3, 4, { $type: 'cut', reason: 'members', of: '2 more of 6' }]);
    expect(cut({ a: { b: { c: { d: 1 } } } })).toEqual({ a: { b: { c: { $type: 'cut', reason: 'depth' } } } });
    expect(cut(Buffer.alloc(2000))).toMatchObject({ $type: 'bytes', length: 2000, cut: expect.any(Number) });
    expect(cut(10n ** 900n)).toMatchObject({ $type: 'bigint' });
    expect([...(cut(new Map(Array.from({ length: 9 }, (_, i) => [i, i]))) as Map<unknown, unknown>).keys()]).toEqual([
      0,
      1,
      2,
      3,
      { $type: 'cut', reason: 'members', of: '5 more of 9' },
    ]);
    expect(through([Symbol('s'), function named() {}, Promise.resolve()])).toEqual([
      { $type: 'symbol', value: 'Symbol(s)' },
      { $type: 'function', name: 'named' },
      { $type: 'Promise' },
    ]);
  });

  it('something, whatever it is given', () => {
    let deep: Json = 1;
    for (let i = 0; i < 100_000; i++) deep = [deep];
    for (const json of [
      deep,
      { $type: 'map' },
      { $type: 'bigint', value: 'x' },
      { $type: 'regexp', value: '/(/' },
      { $type: 'url', value: 'x' },
      { $type: 'error' },
      { $type: 'circular', up: 9 },
      { $type: 'bytes', of: 'process', length: 0, b64: '' },
      { $type: '__proto__' },
      { $type: 'constructor' },
      [{ $type: 'hole', count: -1 }],
      [{ $type: 'hole', count: 1e12 }],
    ] as Json[]) {
      expect(() => revive(json)).not.toThrow();
    }
    expect(revive({ $type: 'mine', a: { $type: 'date', value: '1970-01-01T00:00:00.000Z' } })).toEqual({
      $type: 'mine',
      a: new Date(0),
    });
  });
});
