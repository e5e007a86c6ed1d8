import { afterEach, beforeEach, describe, expect, expectTypeOf, it } from 'vitest';
import { onNotice } from '../../src/core/diagnostics.ts';
import { hub } from '../../src/events/ports.ts';
import { recordDecision, recordFailure, recordQualitySignal } from '../../src/session/notes.ts';
import { recordAction, recordTool } from '../../src/session/wrappers.ts';
import { startRig } from './rig.ts';
import type { Rig } from './rig.ts';

let rig: Rig;
beforeEach(() => {
  rig = startRig();
});
afterEach(() => rig.stop());
const events = () => rig.recordings.events(rig.recordings.ids()[0]!);

describe('E4 wrappers', () => {
  it('keep name, length, this, arguments, value and type', () => {
    class Shop {
      readonly rate = 2;
      price = recordTool('price', function (this: Shop, a: number, b: number) {
        return { total: (a + b) * this.rate };
      });
    }
    const shop = new Shop();
    expect(shop.price(1, 2)).toEqual({ total: 6 });
    const named = recordTool('t', function original(_a: string, _b: string) {});
    expect([named.name, named.length]).toEqual(['original', 2]);
    const refund = recordTool('refund', async (order: string) => ({ order }), { sideEffect: true });
    expectTypeOf(refund).toEqualTypeOf<(order: string) => Promise<{ order: string }>>();
    const value = { same: 1 };
    expect(recordAction('same', () => value)()).toBe(value);
    expect(events().map(({ type, name, tool }) => [type, name, tool?.name])).toEqual([
      ['tool', 'execute_tool price', 'price'],
      ['action', 'same', undefined],
    ]);
    expect(events()[0]!.content).toEqual({ arguments: [1, 2], result: { total: 6 } });
  });

  it('keep what was given as it was when the call began', () => {
    recordTool('grow', (list: number[]) => list.push(2))([1]);
    expect(events()[0]!.content).toEqual({ arguments: [1], result: 2 });
  });

  it('end when the promise settles, with the event on disk before the caller goes on', async () => {
    const slow = recordTool('slow', async () => {
      await new Promise((resolve) => setTimeout(resolve, 3));
      return 'done';
    });
    await expect(slow()).resolves.toBe('done');
    expect(events()).toHaveLength(1);
    expect(events()[0]!.content?.result).toBe('done');
  });

  it('throw and reject with the same object, and say why in codes', async () => {
    const error = Object.assign(new TypeError('secret words'), { code: 'ECONNRESET' });
    const fails = recordTool('fails', () => {
      throw error;
    });
    expect(fails).toThrow(error);
    const odd = { not: 'an error' };
    await expect(recordAction('rejects', () => Promise.reject(odd))()).rejects.toBe(odd);
    expect(events()[0]).toMatchObject({
      status: 'error',
      error: { type: 'TypeError', code: 'ECONNRESET' },
      content: { error: { message: 'secret words' } },
    });
    expect(events()[1]).toMatchObject({ status: 'error', error: { type: 'object' } });
  });

  it('see a lazy thenable without starting it', async () => {
    let started = 0;
    class Lazy extends Promise<number> {
      override then<A = number, B = never>(
        a?: ((value: number) => A | PromiseLike<A>) | null,
        b?: ((error: unknown) => B | PromiseLike<B>) | null,
      ): Promise<A | B> {
        started++;
        return super.then(a, b);
      }
    }
    const lazy = new Lazy((resolve) => resolve(4));
    const got = recordTool('lazy', () => lazy)();
    expect(got).toBe(lazy);
    expect(started).toBe(0);
    await expect(got).resolves.toBe(4);
    expect(started).toBe(1);
    expect(events()[0]!.content?.result).toBe(4);
  });

  it('are the parent of what happens inside', async () => {
    const inner = recordTool('inner', () => 1);
    const outer = recordAction('outer', async () => {
      await Promise.resolve();
      return inner();
    });
    await outer();
    const [first, second] = events();
    expect(first!.parent).toBe(second!.id);
  });

  it('keep own members, prototype and kind of function, and are no more to be called with new than it was', async () => {
    const plain = async (_a: number): Promise<number> => 1;
    const bare = Object.assign(plain, { description: 'what it does', schema: { type: 'object' } });
    const wrapped = recordTool(bare);
    expect([wrapped.name, wrapped.length, wrapped.description, wrapped.schema]).toEqual([
      'plain',
      1,
      bare.description,
      bare.schema,
    ]);
    expect(wrapped.schema).toBe(bare.schema);
    expect(wrapped.constructor.name).toBe('AsyncFunction');
    expect(Object.getOwnPropertyDescriptors(wrapped)).toEqual(Object.getOwnPropertyDescriptors(bare));
    expect(() => new (wrapped as unknown as new () => unknown)()).toThrow(TypeError);
    await wrapped(1);
    recordAction(
      (
        () => () =>
          2
      )(),
    )();
    expect(events().map(({ name }) => name)).toEqual(['execute_tool plain', 'anonymous']);
  });

  it('can be called with new where it could, and be extended', () => {
    class Point {
      static origin = 'o';
      static #made = 0;
      readonly made: number;
      readonly target: unknown;
      constructor(more: number) {
        this.target = new.target;
        this.made = ++Point.#made + more;
      }
    }
    const Wrapped = recordAction('point', Point);
    class Sub extends Wrapped {}
    const [point, sub] = [new Wrapped(1), new Sub(2)];
    expect([point.made, point.target, point instanceof Wrapped, point instanceof Point]).toEqual([2, Point, true, true]);
    expect([sub.made, sub.target, sub instanceof Sub, sub instanceof Wrapped, Wrapped.origin]).toEqual([4, Sub, true, true, 'o']);
    expect(() => (Wrapped as unknown as () => void)()).toThrow(TypeError);
    expect(events().map(({ name, status }) => [name, status])).toEqual([
      ['point', 'ok'],
      ['point', 'ok'],
      ['point', 'error'],
    ]);
  });

  it('mark a tool that changes something outside, and only that', () => {
    const mark = Symbol.for('hindcast.side-effect');
    expect([recordTool('a', () => 1, { sideEffect: true }), recordTool('a', () => 1)].map((fn) => mark in fn)).toEqual([
      true,
      false,
    ]);
    expect(
      mark in
        recordAction(
          'again',
          recordTool(() => 1, { sideEffect: true }),
        ),
    ).toBe(true);
  });

  it('end although what was thrown cannot be read', () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const nameless = Object.defineProperty(new Error('x'), 'name', {
      get() {
        throw new Error('no');
      },
    });
    for (const thrown of [proxy, Object.create(null) as object, nameless, undefined, Symbol('s')]) {
      let caught: unknown;
      try {
        recordTool('odd', (_given: string) => {
          throw thrown;
        })('given');
      } catch (error) {
        caught = error;
      }
      expect(Object.is(caught, thrown)).toBe(true);
    }
    expect(events().map(({ status, content }) => [status, content?.arguments])).toEqual(
      Array.from({ length: 5 }, () => ['error', 'given']),
    );
  });

  it('leave what they cannot wrap as it is, and say so once', () => {
    const said: string[] = [];
    onNotice((text) => said.push(text));
    said.length = 0;
    const any = recordTool as unknown as (...args: unknown[]) => any;
    class Plain {}
    const value = { not: 'a function' };
    expect(any('name', value)).toBe(value);
    expect(any('name', undefined)).toBeUndefined();
    expect([any(Plain), any(5), any(null)('no', 'member')]).toEqual([Plain, 5, 'no']);
    for (const kind of ['getter', 'setter', 'accessor', 'class']) {
      expect(any(() => 1, { kind, name: 'm' })).toBeUndefined();
      expect(any('named')(() => 1, { kind, name: 'm' })).toBeUndefined();
    }
    expect(any(undefined, { kind: 'field', name: Symbol('f') })(value)).toBe(value);
    expect(any({}, 'getter', { get: () => 1, configurable: true })).toBeUndefined();
    expect(any({}, 'parameter', 0)).toBeUndefined();
    expect(any({}, 'field', undefined)).toBeUndefined();
    onNotice(null);
    expect(new Set(said).size).toBe(said.length);
    expect(said.every((text) => text.startsWith('recordTool was used on '))).toBe(true);
    expect(said).toContain('recordTool was used on the getter m: it is for functions and methods, and changes nothing there');
  });

  it('E6 only call the original when nothing records', () => {
    hub.recorder = null;
    const fn = recordTool('off', function (this: unknown, ...args: number[]) {
      return [this, ...args];
    });
    const self = {};
    expect(fn.call(self, 1, 2)).toEqual([self, 1, 2]);
  });
});

describe('S9 decisions, failures, signals', () => {
  it('are said about the innermost open event, at once', () => {
    let during = 0;
    recordTool('t', () => {
      recordDecision({
        type: 'tool_selection',
        reasonCode: 'cost_optimization',
        selected: 'a',
        candidates: ['a', 'b'],
        confidence: 0.5,
      });
      during = rig.recordings.notes(rig.recordings.ids()[0]!).length;
      recordFailure({ type: 'tool', code: 'timeout', message: 'm' });
      recordQualitySignal({ type: 'tool_success', code: 'after_retry', value: true, weight: 2 });
    })();
    expect(during).toBe(1);
    expect(events()[0]!.notes).toMatchObject([
      {
        kind: 'decision',
        type: 'tool_selection',
        reasonCode: 'cost_optimization',
        confidence: 0.5,
        content: { selected: 'a', candidates: ['a', 'b'] },
      },
      { kind: 'failure', type: 'tool', code: 'timeout', content: { message: 'm' } },
      { kind: 'signal', type: 'tool_success', code: 'after_retry', value: true, weight: 2 },
    ]);
  });

  it('get an event of their own where none is open', () => {
    recordDecision({ type: 'response_mode', reasonCode: 'batch_preferred' });
    recordFailure({ type: 'model', code: 'rate_limit' });
    expect(events().map(({ type, status, notes }) => [type, status, notes?.length])).toEqual([
      ['decision', 'ok', 1],
      ['error', 'error', 1],
    ]);
  });

  it('flag an unknown code and keep the note; types know the vocabulary', () => {
    // @ts-expect-error a code of another type
    recordFailure({ type: 'tool', code: 'quota_exceeded' });
    // @ts-expect-error no such code
    recordDecision({ type: 'tool_selection', reasonCode: 'because' });
    expect(events().map((event) => event.notes![0])).toMatchObject([
      { code: 'quota_exceeded', unknownCode: true },
      { reasonCode: 'because', unknownCode: true },
    ]);
  });
});
