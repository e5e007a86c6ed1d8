/**
 * Decorators of both kinds: those of the language (TC39, a value and a context) and TypeScript's `experimentalDecorators` (a target, a key and a descriptor). The second argument tells
 * which: a context is an object that has a `kind`.
 */
import { guard, notice } from '../core/diagnostics.ts';
import type { AnyFunction } from './wrap-function.ts';

/** A method, as the language's own type of a decorator's context has it. */
// oxlint-disable-next-line typescript/no-explicit-any -- see above
export type MethodOf<This> = (this: This, ...args: any[]) => any;

/** What `recordTool('name')` and its like give: a decorator for methods, private and static ones too, and for fields that hold a function. */
export interface FunctionDecorator {
  <This, F extends MethodOf<This>>(method: F, context: ClassMethodDecoratorContext<This, F>): F;
  <This, F extends MethodOf<This>>(field: undefined, context: ClassFieldDecoratorContext<This, F>): (initial: F) => F;
  <F extends (...args: never[]) => unknown>(
    target: object,
    key: string | symbol,
    descriptor: TypedPropertyDescriptor<F>,
  ): TypedPropertyDescriptor<F>;
}

/** Makes another function of the one that is a member of that name, `#` included. */
export type Rework = (fn: AnyFunction, name: string) => AnyFunction;

interface Context {
  kind: string;
  name?: string | symbol | undefined;
}

/** Whether `value` is what the language gives a decorator as its second argument. */
export function isContext(value: unknown): value is Context {
  // What is no context may be anything of the app's, a proxy that throws included.
  return (
    typeof value === 'object' &&
    value !== null &&
    guard('session.options', () => typeof (value as Context).kind === 'string', false)
  );
}

/** Whether `args` are those of a decorator at work, and not of a call by the app. */
export function isDecorating(args: readonly unknown[]): boolean {
  const [target, key] = args;
  if (isContext(key)) return true;
  const isKey = typeof key === 'string' || typeof key === 'symbol';
  return isKey && args.length > 2 && (typeof target === 'function' || (typeof target === 'object' && target !== null));
}

/** Decorates one member of a class, by `args`, with `rework`. What cannot be decorated stays as it is, and is said. `label`: the decorator's name. */
export function decorateMember(args: readonly unknown[], label: string, rework: Rework): unknown {
  const [value, second, third] = args;
  if (!isContext(second)) return decorateLegacy(nameOf(second as string | symbol), third, label, rework);
  const name = nameOf(second.name);
  if (second.kind === 'method' && typeof value === 'function') return rework(value as AnyFunction, name);
  if (second.kind === 'field') {
    return (initial: unknown): unknown =>
      typeof initial === 'function'
        ? rework(initial as AnyFunction, name)
        : misused(label, `the field ${name}, which holds no function`, initial);
  }
  return misused(label, `the ${second.kind} ${name}`, undefined);
}

function decorateLegacy(name: string, descriptor: unknown, label: string, rework: Rework): unknown {
  if (typeof descriptor === 'number') return misused(label, `a parameter of ${name}`, undefined);
  const { value } = (descriptor ?? {}) as PropertyDescriptor;
  if (typeof value !== 'function') return misused(label, `${name}, which is no method`, undefined);
  return { ...(descriptor as PropertyDescriptor), value: rework(value as AnyFunction, name) };
}

/** Says once what `label` was put on that it can do nothing with; gives `as`, which stays what it was. */
export function misused<T>(label: string, what: string, as: T): T {
  notice(`${label} was used on ${what}: it is for functions and methods, and changes nothing there`);
  return as;
}

/** Whether `fn` can only be called with `new`: unlike a function's, the `prototype` of a class cannot be replaced. */
export function isClass(fn: AnyFunction): boolean {
  return Object.getOwnPropertyDescriptor(fn, 'prototype')?.writable === false;
}

function nameOf(key: string | symbol | undefined): string {
  return typeof key === 'symbol' ? (key.description ?? '') : (key ?? '');
}
