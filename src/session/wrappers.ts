/** `recordTool` and `recordAction`: a function that does what it did, and leaves an event. */
import { serialise } from '../core/serialise.ts';
import { saidBy } from '../core/thrown.ts';
import type { ErrorFacts } from '../events/model.ts';
import { hub } from '../events/ports.ts';
import type { EventStart } from '../events/ports.ts';
import { token } from './checked-note.ts';
import { watchOutcome } from './watch.ts';

export interface ToolOptions {
  /** The tool changes something outside of the process: a replay must not run it again without being asked to. */
  sideEffect?: boolean;
}

const SIDE_EFFECT = Symbol.for('hindcast.side-effect');

/** `fn` as a tool: each call is an event of type `tool`. `this`, `name`, `length`, return value and throw stay as they are; with no client started, only `fn` runs. */
export function recordTool<F extends (...args: never[]) => unknown>(name: string, fn: F, options: ToolOptions = {}): F {
  const tool = { name, type: 'function' };
  const wrapped = wrap(fn, { type: 'tool', name: `execute_tool ${name}`, tool });
  if (options.sideEffect) Object.defineProperty(wrapped, SIDE_EFFECT, { value: true });
  return wrapped;
}

/** `fn` as an action: each call is an event of type `action`. */
export function recordAction<F extends (...args: never[]) => unknown>(name: string, fn: F): F {
  return wrap(fn, { type: 'action', name });
}

function wrap<F extends (...args: never[]) => unknown>(fn: F, start: EventStart): F {
  const original = fn as unknown as (this: unknown, ...args: unknown[]) => unknown;
  const wrapped = function (this: unknown, ...args: unknown[]): unknown {
    const event = hub.recorder?.open(start);
    if (!event) return new.target ? Reflect.construct(original, args, new.target) : original.apply(this, args);
    // Kept now: the function may change what it was given.
    const given = event.wantsBodies ? serialise(args.length === 1 ? args[0] : args) : undefined;
    return watchOutcome(
      () => event.run(() => (new.target ? Reflect.construct(original, args, new.target) : original.apply(this, args))),
      (outcome) => {
        if (outcome.threw) {
          const { error } = outcome;
          event.end({
            status: 'error',
            error: errorFacts(error),
            thrown: error,
            content: () => ({ arguments: given, error: saidBy(error) }),
          });
        } else event.end({ status: 'ok', content: () => ({ arguments: given, result: outcome.value }) });
      },
    );
  };
  for (const key of ['name', 'length'] as const) {
    Object.defineProperty(wrapped, key, { value: fn[key], configurable: true, enumerable: false, writable: false });
  }
  return wrapped as unknown as F;
}

/** The codes of a thrown value; its message is content. */
export function errorFacts(error: unknown): ErrorFacts {
  if (!(error instanceof Error)) return { type: error === null ? 'null' : typeof error };
  const named = token(error.name);
  const type = named === 'Error' || named === 'invalid' ? token(error.constructor.name) : named;
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && token(code) === code ? { type, code } : { type };
}
