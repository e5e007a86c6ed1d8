/** `recordTool` and `recordAction`: a function or a method that does what it did, and each call of which leaves an event. */
import { guard } from '../core/diagnostics.ts';
import { hub } from '../events/ports.ts';
import type { EventStart } from '../events/ports.ts';
import { decorateMember, isClass, isDecorating, misused } from './decorate.ts';
import type { FunctionDecorator, MethodOf } from './decorate.ts';
import { wrapFunction } from './wrap-function.ts';
import type { AnyClass, AnyFunction } from './wrap-function.ts';

/** What may be said of an action. */
export interface ActionOptions {
  /** Its name on the event: that of the function or the method, unless said. */
  name?: string;
}

/** What may be said of a tool. */
export interface ToolOptions extends ActionOptions {
  /** The tool changes something outside of the process: in a fork, a call that the recording does not have stops the process, unless it is allowed by name. */
  sideEffect?: boolean;
}

/** Options, and not what the language tells a decorator. */
type Given<Options> = Options & { kind?: never };

const SIDE_EFFECT = Symbol.for('hindcast.side-effect');

/** `@recordTool` on a method, a static or private one too, or on a field that holds a function: each call is an event of type `tool`, with the member's name. */
export function recordTool<This, F extends MethodOf<This>>(method: F, context: ClassMethodDecoratorContext<This, F>): F;
export function recordTool<This, F extends MethodOf<This>>(
  field: undefined,
  context: ClassFieldDecoratorContext<This, F>,
): (initial: F) => F;
export function recordTool<F extends (...args: never[]) => unknown>(
  target: object,
  key: string | symbol,
  descriptor: TypedPropertyDescriptor<F>,
): TypedPropertyDescriptor<F>;
/**
 * `fn` as a tool: each call is an event of type `tool`. `this`, `name`, `length`, own members, return value and throw stay as they are; with no client started, only `fn` runs.
 * A generator's event begins when it is first asked for a value and ends with it.
 */
export function recordTool<F extends ((...args: never[]) => unknown) | AnyClass>(
  name: string,
  fn: F,
  options?: Given<ToolOptions>,
): F;
/** `fn` as a tool of its own name. */
export function recordTool<F extends (...args: never[]) => unknown>(fn: F, options?: Given<ToolOptions>): F;
/** A decorator: `@recordTool('name')`, `@recordTool({ name, sideEffect })`. */
export function recordTool(options?: string | Given<ToolOptions>): FunctionDecorator;
export function recordTool(...args: unknown[]): unknown {
  return record(args, 'recordTool', (fn, name, { sideEffect }: ToolOptions) => {
    const start: EventStart = {
      ...{ type: 'tool', name: `execute_tool ${name}`, tool: { name, type: 'function' } },
      ...(sideEffect === true && { sideEffect }),
    };
    const wrapped = wrapFunction(fn, () => hub.recorder?.open(start) ?? null);
    if (sideEffect === true) Object.defineProperty(wrapped, SIDE_EFFECT, { value: true, configurable: true });
    return wrapped;
  });
}

/** `@recordAction` on a method, a static or private one too, or on a field that holds a function: each call is an event of type `action`, with the member's name. */
export function recordAction<This, F extends MethodOf<This>>(method: F, context: ClassMethodDecoratorContext<This, F>): F;
export function recordAction<This, F extends MethodOf<This>>(
  field: undefined,
  context: ClassFieldDecoratorContext<This, F>,
): (initial: F) => F;
export function recordAction<F extends (...args: never[]) => unknown>(
  target: object,
  key: string | symbol,
  descriptor: TypedPropertyDescriptor<F>,
): TypedPropertyDescriptor<F>;
/** `fn` as an action: each call is an event of type `action`. All else is as with `recordTool`. */
export function recordAction<F extends ((...args: never[]) => unknown) | AnyClass>(name: string, fn: F): F;
/** `fn` as an action of its own name. */
export function recordAction<F extends (...args: never[]) => unknown>(fn: F, options?: Given<ActionOptions>): F;
/** A decorator: `@recordAction('name')`, `@recordAction({ name })`. */
export function recordAction(options?: string | Given<ActionOptions>): FunctionDecorator;
export function recordAction(...args: unknown[]): unknown {
  return record(args, 'recordAction', (fn, name) => {
    const start: EventStart = { type: 'action', name };
    return wrapFunction(fn, () => hub.recorder?.open(start) ?? null);
  });
}

type Make = (fn: AnyFunction, name: string, options: ToolOptions) => AnyFunction;

/** One of the forms above: a decorator at work, a wrapper, or what makes a decorator. */
function record(args: readonly unknown[], label: string, make: Make): unknown {
  if (isDecorating(args)) return decorateMember(args, label, (fn, name) => make(fn, name, {}));
  const [first, second, third] = args;
  if (typeof first === 'function') {
    const options = optionsOf(second);
    const fn = first as AnyFunction;
    // A proxy of a function may throw whenever it is looked at.
    return guard(
      'session.wrap',
      () =>
        isClass(fn) ? misused(label, `the class ${fn.name}`, fn) : make(fn, options.name ?? (fn.name || 'anonymous'), options),
      fn,
    );
  }
  const options = optionsOf(first);
  if (args.length > 1) {
    if (typeof second !== 'function') return misused(label, `what is no function (${typeof second})`, second);
    return guard('session.wrap', () => make(second as AnyFunction, options.name ?? 'anonymous', optionsOf(third)), second);
  }
  if (first !== undefined && typeof first !== 'string' && typeof first !== 'object')
    return misused(label, `a ${typeof first}`, first);
  return (...applied: unknown[]): unknown =>
    isDecorating(applied)
      ? decorateMember(applied, label, (fn, name) => make(fn, options.name ?? name, options))
      : misused(label, 'what is no member of a class', applied[0]);
}

/** What was given in the place of options: a name, or options, or anything else, which says nothing. */
function optionsOf(given: unknown): ToolOptions {
  if (typeof given === 'string') return given === '' ? {} : { name: given };
  if (typeof given !== 'object' || given === null) return {};
  return guard(
    'session.options',
    () => {
      const { name, sideEffect } = given as ToolOptions;
      return { ...(typeof name === 'string' && name !== '' && { name }), ...(sideEffect === true && { sideEffect }) };
    },
    {},
  );
}
