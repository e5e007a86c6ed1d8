import { afterEach, describe, expect, it } from 'vitest';
import { countLeftInPlace, coverMethod, listPatches, replaceMethod, undoAll } from '../../src/patch/registry.ts';

class Base {
  send(text: string, _options?: object): string {
    return `base ${text}`;
  }
}
class Client extends Base {}
class Sibling extends Base {}
const { send } = Base.prototype;
const marked = (inner: (...args: any[]) => any) =>
  function (this: unknown, ...args: unknown[]): string {
    return `seen ${String(inner.apply(this, args))}`;
  };
const cover = (): boolean => coverMethod(Client.prototype, 'send', 'client.send', marked);

afterEach(() => undoAll());

describe('a method over an inherited one', () => {
  it('is seen on the class alone, and looks like the one that it covers', () => {
    const inherited = Object.getOwnPropertyDescriptor(Base.prototype, 'send')!;
    expect(cover()).toBe(true);
    expect(new Client().send('x')).toBe('seen base x');
    expect(new Sibling().send('x')).toBe('base x');
    expect(new Base().send('x')).toBe('base x');
    expect(Base.prototype.send).toBe(send);
    const own = Object.getOwnPropertyDescriptor(Client.prototype, 'send')!;
    expect({ ...own, value: null }).toEqual({ ...inherited, value: null });
    expect([own.value.name, own.value.length]).toEqual([send.name, send.length]);
    expect(Object.keys(Client.prototype)).toEqual([]);
    expect(listPatches()).toMatchObject([{ label: 'client.send', owner: Client.prototype, name: 'send', original: send }]);
  });

  it('P9 is gone after undo, again and again', () => {
    for (let round = 0; round < 3; round++) {
      expect(cover()).toBe(true);
      expect(cover()).toBe(false);
      undoAll();
      expect(Object.hasOwn(Client.prototype, 'send')).toBe(false);
      expect(Client.prototype.send).toBe(send);
    }
  });

  it('asks at each call what is inherited by then', () => {
    cover();
    const kept = Client.prototype.send;
    Base.prototype.send = (text) => `patched base ${text}`;
    try {
      expect(new Client().send('x')).toBe('seen patched base x');
      undoAll();
      expect(kept.call(new Client(), 'x')).toBe('patched base x');
    } finally {
      Base.prototype.send = send;
    }
  });

  it('passes through where somebody replaced it after us', () => {
    const left = countLeftInPlace();
    cover();
    const ours = Client.prototype.send;
    const theirs = function (this: Client, text: string): string {
      return `theirs ${ours.call(this, text)}`;
    };
    Client.prototype.send = theirs;
    undoAll();
    expect(Client.prototype.send).toBe(theirs);
    expect(new Client().send('x')).toBe('theirs base x');
    expect(countLeftInPlace()).toBe(left + 1);
    Reflect.deleteProperty(Client.prototype, 'send');
  });

  it('replaces a method that the class has itself, and brings that back', () => {
    const own = { send: (text: string): string => `own ${text}` };
    const object = Object.setPrototypeOf({ ...own }, Base.prototype) as Base;
    expect(coverMethod(object, 'send', 'own', marked)).toBe(true);
    expect(object.send('x')).toBe('seen own x');
    expect(replaceMethod(object, 'send', 'twice', marked)).toBe(false);
    undoAll();
    expect(object.send).toBe(own.send);
  });

  it('refuses what is missing, no function, or fixed', () => {
    const make = (): never => {
      throw new Error('must not be asked');
    };
    expect(coverMethod(Client.prototype, 'missing', 'x', make)).toBe(false);
    expect(coverMethod(Object.create({ send: 1 }) as object, 'send', 'x', make)).toBe(false);
    expect(coverMethod(Object.preventExtensions(Object.create(Base.prototype) as object), 'send', 'x', make)).toBe(false);
    expect(coverMethod(Object.create(null) as object, 'send', 'x', make)).toBe(false);
    expect(listPatches()).toEqual([]);
  });
});
