/**
 * Watches a generator in place, as the event of the call that made it: the object, its prototype and what it gives stay as they are. Its body runs inside of the event each time it is
 * asked for a value, so what happens between two values, in the code that reads it, does not.
 */
import { types } from 'node:util';
import { guard } from '../core/diagnostics.ts';
import { serialise } from '../core/serialise.ts';
import type { EventStatus } from '../events/model.ts';
import { hub } from '../events/ports.ts';
import type { OpenEvent, Outcome } from '../events/ports.ts';
import { setOwn } from '../patch/own-member.ts';
import { threw } from './outcome.ts';

type Member = 'next' | 'return' | 'throw';

/** Generators that a function gave which is none itself: one that it gives twice is watched once. */
const answered = new WeakSet<object>();
/** A generator that nobody reads to its end is known to be over when it is collected. The held value must not refer to it. */
const dropped = new FinalizationRegistry<Watch>((watch) => watch.dropped());

/** What a call was given, as it is now: the function may change it. */
export function given(event: OpenEvent, args: readonly unknown[]): unknown {
  return event.wantsBodies ? serialise(args.length === 1 ? args[0] : args) : undefined;
}

/** Watches `generator`, made by a call with `args`, which nobody has asked for a value yet: that is when its event begins. Gives it back. */
export function watchUnstarted(generator: unknown, begin: () => OpenEvent | null, args: readonly unknown[]): unknown {
  if (types.isGeneratorObject(generator)) cover(generator, new Watch(begin, args));
  return generator;
}

/** Watches `value`, which ended the call that `event` is of, where it is a generator; else false. */
export function watchAnswered(value: unknown, event: OpenEvent, args: unknown): boolean {
  if (!types.isGeneratorObject(value) || answered.has(value)) return false;
  answered.add(value);
  const watch = new Watch(() => null, []);
  watch.begun(event, args);
  cover(value, watch);
  dropped.register(value, watch, watch);
  return true;
}

function cover(generator: object, watch: Watch): void {
  const waits = Symbol.asyncIterator in generator;
  for (const member of ['next', 'return', 'throw'] as const) {
    const original = (generator as Record<Member, unknown>)[member];
    if (typeof original !== 'function') continue;
    setOwn(generator, member, function (this: unknown, ...args: unknown[]) {
      const call = (): unknown => Reflect.apply(original, this, args);
      // Something else that inherits from the generator is refused by it, which is not its end.
      return this === generator ? watch.step(member, call, { generator, waits }) : call();
    });
  }
}

const then = Promise.prototype.then;

/** What is known of one generator; nothing here refers to it. */
class Watch {
  #state: 'waiting' | 'open' | 'over' = 'waiting';
  #begin: (() => OpenEvent | null) | undefined;
  #args: readonly unknown[];
  #event: OpenEvent | null = null;
  #given: unknown;
  #yielded = 0;
  /** The body runs: asked from there, a generator refuses, which is not its end. One that is asynchronous does as it is asked, later. */
  #running = false;

  constructor(begin: () => OpenEvent | null, args: readonly unknown[]) {
    this.#begin = begin;
    this.#args = args;
  }

  begun(event: OpenEvent, given: unknown): void {
    this.#state = 'open';
    this.#event = event;
    this.#given = given;
  }

  step(member: Member, call: () => unknown, { generator, waits }: { generator: object; waits: boolean }): unknown {
    if (this.#state === 'waiting') this.#start(member, generator);
    const event = this.#event;
    if (this.#state !== 'open' || event === null || this.#running) return call();
    this.#running = !waits;
    let result: unknown;
    try {
      result = event.run(call);
    } catch (error) {
      this.#threw(error);
      throw error;
    } finally {
      this.#running = false;
    }
    if (!types.isPromise(result)) {
      this.#saw(member, result);
      return result;
    }
    // A link in the chain: looked at from the side, a rejection would count as handled.
    return Reflect.apply(then, result, [
      (step: unknown) => {
        this.#saw(member, step);
        return step;
      },
      (error: unknown) => {
        this.#threw(error);
        throw error;
      },
    ]);
  }

  /** Nobody has the generator any more. */
  dropped(): void {
    this.#end(this.#outcome('unfinished'));
  }

  #start(member: Member, generator: object): void {
    const begin = this.#begin;
    const args = this.#args;
    this.#begin = undefined;
    this.#args = [];
    this.#state = 'over';
    // `return` and `throw` end one that has not begun without running any of it.
    const event = member === 'next' ? begin?.() : undefined;
    if (!event) return;
    const taken = given(event, args);
    hub.follower?.calls(event, taken);
    this.begun(event, taken);
    dropped.register(generator, this, this);
  }

  #saw(member: Member, step: unknown): void {
    guard(
      'session.generator',
      () => {
        const { done, value } = step as IteratorResult<unknown>;
        if (done !== true) this.#yielded++;
        else if (member === 'return') this.#end(this.#outcome('cancelled'));
        else this.#end(this.#outcome('ok', value));
      },
      undefined,
    );
  }

  #threw(error: unknown): void {
    this.#end(threw(error, { arguments: this.#given, result: { yielded: this.#yielded } }));
  }

  /** Of what it gave, how many; chunks may be many, and are the reader's. */
  #outcome(status: EventStatus, returned?: unknown): Outcome {
    const result = { yielded: this.#yielded, ...(returned === undefined ? {} : { returned }) };
    return { status, content: () => ({ arguments: this.#given, result }) };
  }

  #end(outcome: Outcome): void {
    const event = this.#event;
    if (this.#state !== 'open' || event === null) return;
    this.#state = 'over';
    event.end(outcome);
    this.#event = null;
    this.#given = undefined;
    dropped.unregister(this);
  }
}
