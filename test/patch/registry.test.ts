import { afterEach, describe, expect, it } from 'vitest';
import type * as Registry from '../../src/patch/registry.ts';
import { countLeftInPlace, installOnce, listPatches, replaceMethod, undoAll } from '../../src/patch/registry.ts';

class Thing {
  #value = 41;
  add(by: number, _twice = false): number {
    return this.#value + by;
  }
}
const owner = Thing.prototype;
const original = owner.add;
const plusHundred = (inner: (...args: any[]) => any) =>
  function add(this: unknown, ...args: unknown[]): number {
    return inner.apply(this, args) + 100;
  };

afterEach(() => undoAll());

describe('registry', () => {
  it('replaces a method that then looks like the original', () => {
    const before = Object.getOwnPropertyDescriptor(owner, 'add')!;
    expect(replaceMethod(owner, 'add', 'thing.add', plusHundred)).toBe(true);
    const after = Object.getOwnPropertyDescriptor(owner, 'add')!;
    expect(new Thing().add(1)).toBe(142);
    expect(after.value).not.toBe(original);
    expect({ ...after, value: null }).toEqual({ ...before, value: null });
    expect(Object.getOwnPropertyDescriptors(after.value)).toEqual(Object.getOwnPropertyDescriptors(original));
    expect(() => Reflect.construct(Object, [], after.value)).toThrow(TypeError);
    expect(listPatches()).toMatchObject([{ label: 'thing.add', owner, name: 'add', original }]);
  });

  it('keeps names that are symbols, and members that the original has of its own', () => {
    const key = Symbol('key');
    const inner = Object.assign((): string => 'inner', { extra: 1 });
    const holder = { [key]: inner };
    expect(replaceMethod(holder, key, 'symbol', (fn) => () => `${fn()}!`)).toBe(true);
    expect(holder[key]()).toBe('inner!');
    expect(holder[key].extra).toBe(1);
    undoAll();
    expect(holder[key]).toBe(inner);
  });

  it('replaces what can be written and is not configurable, as of globals of Bun', () => {
    const holder = Object.defineProperty({}, 'add', { value: original, configurable: false, writable: true, enumerable: true });
    const before = Object.getOwnPropertyDescriptor(holder, 'add');
    expect(replaceMethod(holder, 'add', 'x', () => () => 7)).toBe(true);
    expect((holder as { add(): number }).add()).toBe(7);
    undoAll();
    expect(Object.getOwnPropertyDescriptor(holder, 'add')).toEqual(before);
  });

  it('refuses what is missing, inherited, no function or fixed', () => {
    const make = (): never => {
      throw new Error('must not be asked');
    };
    const fixed = Object.defineProperty({}, 'add', { value: original, configurable: false, writable: false });
    expect(replaceMethod(owner, 'missing', 'x', make)).toBe(false);
    expect(replaceMethod(Object.create(owner) as object, 'add', 'x', make)).toBe(false);
    expect(replaceMethod({ add: 1 }, 'add', 'x', make)).toBe(false);
    expect(
      replaceMethod(
        {
          get add() {
            return original;
          },
        },
        'add',
        'x',
        make,
      ),
    ).toBe(false);
    expect(replaceMethod(fixed, 'add', 'x', make)).toBe(false);
    expect(listPatches()).toEqual([]);
  });

  it('refuses doubles, also from a second copy of the module', async () => {
    const copy = (await import(/* @vite-ignore */ `../../src/patch/registry.ts?copy=${Date.now()}`)) as typeof Registry;
    expect(copy.replaceMethod).not.toBe(replaceMethod);
    expect(replaceMethod(owner, 'add', 'first', plusHundred)).toBe(true);
    expect(replaceMethod(owner, 'add', 'second', plusHundred)).toBe(false);
    expect(copy.replaceMethod(owner, 'add', 'third', plusHundred)).toBe(false);
    expect(new Thing().add(1)).toBe(142);
    undoAll();
    expect(copy.replaceMethod(owner, 'add', 'fourth', plusHundred)).toBe(true);
    copy.undoAll();
    expect(owner.add).toBe(original);
  });
});

describe('P9 undo', () => {
  it('leaves the identical original, and can be done again and again', () => {
    const before = Object.getOwnPropertyDescriptor(owner, 'add')!;
    for (let round = 0; round < 100; round++) {
      expect(replaceMethod(owner, 'add', 'thing.add', plusHundred)).toBe(true);
      expect(new Thing().add(1)).toBe(142);
      undoAll();
      expect(Object.getOwnPropertyDescriptor(owner, 'add')).toEqual(before);
      expect(owner.add).toBe(original);
    }
    expect(listPatches()).toEqual([]);
  });

  it('passes through where somebody replaced the method after us, and does not count twice when it is replaced anew', () => {
    const left = countLeftInPlace();
    replaceMethod(owner, 'add', 'ours', plusHundred);
    const ours = owner.add;
    const theirs = function (this: Thing, by: number): number {
      return ours.call(this, by) + 1000;
    };
    owner.add = theirs;
    expect(new Thing().add(1)).toBe(1142);
    undoAll();
    expect(owner.add).toBe(theirs);
    expect(new Thing().add(1)).toBe(1042);
    expect(countLeftInPlace()).toBe(left + 1);
    expect(replaceMethod(owner, 'add', 'anew', plusHundred)).toBe(true);
    expect(new Thing().add(1)).toBe(1142);
    undoAll();
    owner.add = original;
  });

  it('takes out what was installed, newest first, whatever one of them does', () => {
    const holder = {};
    const done: string[] = [];
    const install = (name: string) => () => {
      done.push(`in ${name}`);
      return () => {
        done.push(`out ${name}`);
        if (name === 'b') throw new Error('on purpose');
      };
    };
    for (const name of ['a', 'b', 'c', 'a']) installOnce(holder, name, name, install(name));
    expect(done).toEqual(['in a', 'in b', 'in c']);
    undoAll();
    expect(done.slice(3)).toEqual(['out c', 'out b', 'out a']);
    undoAll();
    expect(done).toHaveLength(6);
    expect(installOnce(holder, 'a', 'a', install('a'))).toBe(true);
  });
});
