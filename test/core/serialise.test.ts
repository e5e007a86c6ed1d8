import { describe, expect, it } from 'vitest';
import { serialise } from '../../src/core/serialise.ts';

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
      { x: 1 },
    ],
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
});
