import inspector from 'node:inspector';
import { describe, expect, test } from 'vitest';
import { classInScope } from '../../src/patch/module-scope.ts';

/** A function in a scope of its own that holds what `source` declares; built from text, so that no transformer changes what the functions' own text is. */
function scopeOf(source: string, names: string): { inside: () => unknown; asked: string[] } {
  const asked: string[] = [];
  // oxlint-disable-next-line typescript/no-implied-eval
  const make = new Function('asked', `${source}; return function inside() { return [${names}]; };`) as (
    list: string[],
  ) => () => unknown;
  return { inside: make(asked), asked };
}

describe('a class that only its module knows', () => {
  test('is found by a method, past what looks like one, and nothing is asked', () => {
    const source = `
      const arrow = classes => classes, arrow2 = class$ => 1;
      const trap = new Proxy(class { wanted() {} }, { get(_, key) { asked.push(key); throw new Error('asked'); } });
      const odd = { get classy() { asked.push('getter'); } };
      class Other { other() {} }
      class Child extends (class { wanted() {} }) {}
      class Wanted { static get name() { asked.push('name'); return ''; } constructor() { asked.push('made'); } wanted() {} }`;
    const { inside, asked } = scopeOf(source, 'arrow, arrow2, trap, odd, Other, Child, Wanted');
    const Wanted = (inside() as unknown[])[6];
    const globals = Reflect.ownKeys(globalThis);
    expect(classInScope(inside, 'wanted')).toEqual({ found: Wanted });
    expect(asked).toEqual([]);
    expect(Reflect.ownKeys(globalThis)).toEqual(globals);
  });

  test('is not there: a reason, no throw', () => {
    const { inside } = scopeOf('class Other { other() {} }', 'Other');
    expect(classInScope(inside, 'wanted')).toEqual({ reason: 'no class with the method wanted is in the scope of its module' });
    expect(classInScope(undefined, 'wanted')).toHaveProperty('reason');
    expect(classInScope(Math.max, 'wanted')).toHaveProperty('reason');
  });

  test('another session of the app goes on', () => {
    const session = new inspector.Session();
    session.connect();
    const { inside } = scopeOf('class Wanted { wanted() {} }', 'Wanted');
    expect(classInScope(inside, 'wanted')).toHaveProperty('found');
    let answer: unknown;
    session.post('Runtime.evaluate', { expression: '6 * 7' }, (_, { result }) => (answer = result.value));
    session.disconnect();
    expect(answer).toBe(42);
  });
});
