/** A function that does what it did, each call of which is an event: what `recordTool`, `recordAction` and `trackAgent` make. */
import { types } from 'node:util';
import { hub } from '../events/ports.ts';
import type { OpenEvent } from '../events/ports.ts';
import { threw } from './outcome.ts';
import { watchOutcome } from './watch.ts';
import { given, watchAnswered, watchUnstarted } from './wrap-generator.ts';

/** Any function that is called, and not made for `new` alone. */
export type AnyFunction = (this: unknown, ...args: unknown[]) => unknown;
export type AnyClass = abstract new (...args: never[]) => unknown;

/** Begins the event of a call on `self`; null: this call is none. Must not throw. */
export type Begin = (self: unknown) => OpenEvent | null;

/**
 * `fn` with an event for each call: `this`, name, length, own members, prototype, `new`, what it returns and what it throws stay as they are. A generator's event begins when it is
 * first asked for a value. With no client started, only `fn` runs.
 */
export function wrapFunction(fn: AnyFunction, begin: Begin): AnyFunction {
  const wrapped = isConstructor(fn) ? wrapConstructor(fn, begin) : wrapMethod(fn, begin);
  copyShape(fn, wrapped);
  return wrapped;
}

/** A method cannot be called with `new`, as `fn` cannot. Nothing in it may be captured by a closure: that would cost something where nothing records. */
function wrapMethod(fn: AnyFunction, begin: Begin): AnyFunction {
  const call = types.isGeneratorFunction(fn) ? generated : called;
  return {
    call(this: unknown, ...args: unknown[]): unknown {
      return hub.recorder === null ? Reflect.apply(fn, this, args) : call(fn, begin, this, args);
    },
  }.call;
}

function wrapConstructor(fn: AnyFunction, begin: Begin): AnyFunction {
  return function wrapped(this: unknown, ...args: unknown[]): unknown {
    const target = new.target as AnyFunction | undefined;
    if (target !== undefined) return constructed(fn, begin, target === wrapped ? fn : target, args);
    return hub.recorder === null ? Reflect.apply(fn, this, args) : called(fn, begin, this, args);
  };
}

function called(fn: AnyFunction, begin: Begin, self: unknown, args: unknown[]): unknown {
  const event = begin(self);
  if (event === null) return Reflect.apply(fn, self, args);
  const taken = given(event, args);
  hub.follower?.calls(event, taken);
  return watchCall(event, () => Reflect.apply(fn, self, args), taken);
}

function generated(fn: AnyFunction, begin: Begin, self: unknown, args: unknown[]): unknown {
  return watchUnstarted(Reflect.apply(fn, self, args), () => begin(self), args);
}

function constructed(fn: AnyFunction, begin: Begin, target: AnyFunction, args: unknown[]): unknown {
  const event = hub.recorder === null ? null : begin(undefined);
  const make = (): unknown => Reflect.construct(fn, args, target);
  return event === null ? make() : watchCall(event, make, given(event, args));
}

/** Runs `call` as `event`, which ends with it; where it gives a generator, with that. What it returns or throws comes out. */
function watchCall<T>(event: OpenEvent, call: () => T, args: unknown): T {
  return watchOutcome(
    () => event.run(call),
    (outcome) => {
      if (outcome.threw) event.end(threw(outcome.error, { arguments: args }));
      else if (!watchAnswered(outcome.value, event, args))
        event.end({ status: 'ok', content: () => ({ arguments: args, result: outcome.value }) });
    },
    () => hub.follower?.instead(event) ?? null,
  );
}

/** Whether `fn` may be called with `new`. Does not call it. */
function isConstructor(fn: AnyFunction): boolean {
  try {
    Reflect.construct(Object, [], fn);
    return true;
  } catch {
    return false;
  }
}

/** Own members that every sloppy function has and that cannot be given to another. */
const UNSHAREABLE = new Set<PropertyKey>(['arguments', 'caller']);

function copyShape(from: AnyFunction, to: AnyFunction): void {
  Object.setPrototypeOf(to, Object.getPrototypeOf(from) as object | null);
  for (const key of Reflect.ownKeys(from)) {
    const descriptor = Object.getOwnPropertyDescriptor(from, key);
    if (descriptor && !UNSHAREABLE.has(key)) Reflect.defineProperty(to, key, descriptor);
  }
}
