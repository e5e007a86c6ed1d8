/** `trackAgent`: the outermost call of an agent's method, or of a function that is an agent, is a run; everything inside it belongs to that run. */
import { guard } from '../core/diagnostics.ts';
import type { AgentFacts } from '../events/model.ts';
import { hub } from '../events/ports.ts';
import type { EventStart, OpenEvent } from '../events/ports.ts';
import { decorateMember, isClass, isContext, isDecorating, misused } from './decorate.ts';
import type { FunctionDecorator, MethodOf } from './decorate.ts';
import { wrapFunction } from './wrap-function.ts';
import type { AnyClass, AnyFunction, Begin } from './wrap-function.ts';

/** What may be said of an agent. */
export interface AgentOptions {
  id?: string;
  /** That of the class, the method or the function, unless said. */
  name?: string;
  version?: string;
  /** Where its runs take place, when that is not where the session does. */
  environment?: string;
}

type Given<Options> = Options & { kind?: never };

/** What `trackAgent('name')` gives: a decorator for classes and for members that are functions. */
export interface AgentDecorator extends FunctionDecorator {
  <C extends AnyClass>(agent: C, context?: ClassDecoratorContext<C>): C;
}

/**
 * `@trackAgent` on a class, or `trackAgent(SomeClass)`: the class itself, each of whose own methods begins a run when called from outside: not when the instance calls itself in a run of its own.
 * Constructor, accessors, statics, private and inherited methods, fields and those named by a symbol begin none.
 */
export function trackAgent<C extends AnyClass>(agent: C, context?: ClassDecoratorContext<C>): C;
/** `@trackAgent` on a method, or on a field that holds a function: each call from outside is a run of an agent of that name. */
export function trackAgent<This, F extends MethodOf<This>>(method: F, context: ClassMethodDecoratorContext<This, F>): F;
export function trackAgent<This, F extends MethodOf<This>>(
  field: undefined,
  context: ClassFieldDecoratorContext<This, F>,
): (initial: F) => F;
export function trackAgent<F extends (...args: never[]) => unknown>(
  target: object,
  key: string | symbol,
  descriptor: TypedPropertyDescriptor<F>,
): TypedPropertyDescriptor<F>;
/** `agent`, a function or a class, under that name: a function's calls are runs, except those that it makes of itself in one. */
export function trackAgent<T extends AnyClass | ((...args: never[]) => unknown)>(
  options: string | Given<AgentOptions>,
  agent: T,
): T;
/** `fn` as an agent of its own name. */
export function trackAgent<F extends (...args: never[]) => unknown>(fn: F): F;
/** A decorator: `@trackAgent('researcher')`, `@trackAgent({ id, name, version, environment })`. */
export function trackAgent(options?: string | Given<AgentOptions>): AgentDecorator;
export function trackAgent(...args: unknown[]): unknown {
  const [first, second] = args;
  if (typeof first === 'function' && (args.length === 1 || (isContext(second) && second.kind === 'class'))) {
    return track(first as AnyFunction, {});
  }
  if (isDecorating(args)) return decorateMember(args, LABEL, reworkMember({}));
  const options = optionsOf(first);
  if (args.length > 1)
    return typeof second === 'function'
      ? track(second as AnyFunction, options)
      : misused(LABEL, `what is no function (${typeof second})`, second);
  if (first !== undefined && typeof first !== 'string' && typeof first !== 'object')
    return misused(LABEL, `a ${typeof first}`, first);
  return (...applied: unknown[]): unknown => {
    const [target, context] = applied;
    if (typeof target === 'function' && (applied.length === 1 || (isContext(context) && context.kind === 'class'))) {
      return track(target as AnyFunction, options);
    }
    return isDecorating(applied)
      ? decorateMember(applied, LABEL, reworkMember(options))
      : misused(LABEL, 'what is no class, function or method', target);
  };
}

const LABEL = 'trackAgent';

/** Whose run one is: left on its event. An instance is known by a token, so that an open run keeps none from being collected. */
class Owner {
  readonly token: object;
  readonly name: string;

  constructor(token: object, name: string) {
    this.token = token;
    this.name = name;
  }
}

const tokens = new WeakMap<object, object>();

function tokenOf(self: object): object {
  let token = tokens.get(self);
  if (token === undefined) tokens.set(self, (token = {}));
  return token;
}

const isObject = (value: unknown): value is object =>
  (typeof value === 'object' && value !== null) || typeof value === 'function';

/** Methods and functions that are agents by themselves: that their class is one as well changes nothing for them. */
const agents = new WeakSet<AnyFunction>();

function asAgent(fn: AnyFunction, begin: Begin): AnyFunction {
  const wrapped = wrapFunction(fn, begin);
  agents.add(wrapped);
  return wrapped;
}

const reworkMember =
  (options: AgentOptions) =>
  (fn: AnyFunction, name: string): AnyFunction =>
    asAgent(fn, beginRun({ name, ...options }, { sameName: true, ofInstance: true }));

function track(agent: AnyFunction, given: AgentOptions): AnyFunction {
  // A proxy of a function may throw whenever it is looked at.
  return guard('session.track-agent', () => tracked(agent, given), agent);
}

function tracked(agent: AnyFunction, given: AgentOptions): AnyFunction {
  const options = { name: agent.name, ...given };
  if (!isClass(agent) && !hasMethods(agent)) return asAgent(agent, beginRun(options, { sameName: true, ofInstance: false }));
  const begin = beginRun(options, { sameName: false, ofInstance: true });
  guard('session.track-agent', () => coverMethods(agent.prototype as object, begin), undefined);
  return agent;
}

/** Whether a function is used as a class, as code did before there were classes. */
const hasMethods = (fn: AnyFunction): boolean => isObject(fn.prototype) && Object.keys(fn.prototype).length > 0;

/** Replaces the methods that `prototype` has itself, each as it is described there. */
function coverMethods(prototype: object, begin: Begin): void {
  for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
    const method: unknown = descriptor.value;
    if (name === 'constructor' || typeof method !== 'function' || agents.has(method as AnyFunction)) continue;
    Reflect.defineProperty(prototype, name, { ...descriptor, value: asAgent(method as AnyFunction, begin) });
  }
}

/**
 * Begins a run, unless the run that the code is in is one of the same instance, which then calls itself. `sameName`: under another name, it is another agent's. Not `ofInstance`, or
 * where there is none: the function, or the class, is the agent.
 */
function beginRun(options: AgentOptions, { sameName, ofInstance }: { sameName: boolean; ofInstance: boolean }): Begin {
  const name = options.name || 'anonymous';
  const agent: AgentFacts = { name };
  if (options.id !== undefined) agent.id = options.id;
  if (options.version !== undefined) agent.version = options.version;
  const start: EventStart = { type: 'agent', name: `invoke_agent ${name}`, agent };
  if (options.environment !== undefined) start.environment = options.environment;
  const itself = {};
  return (self) =>
    guard(
      'session.run',
      () => openRun(start, new Owner(ofInstance && isObject(self) ? tokenOf(self) : itself, name), sameName),
      null,
    );
}

function openRun(start: EventStart, owner: Owner, sameName: boolean): OpenEvent | null {
  const { recorder } = hub;
  if (recorder === null) return null;
  const around = recorder.current()?.agentRun?.owner;
  if (around instanceof Owner && around.token === owner.token && (!sameName || around.name === owner.name)) return null;
  const event = recorder.open(start);
  if (event !== null) event.owner = owner;
  return event;
}

function optionsOf(given: unknown): AgentOptions {
  const said = (typeof given === 'string' ? { name: given } : typeof given === 'object' && given !== null ? given : {}) as Record<
    string,
    unknown
  >;
  const options: AgentOptions = {};
  for (const key of ['id', 'name', 'version', 'environment'] as const) {
    const value = guard('session.options', () => said[key], undefined);
    if (typeof value === 'string' && value !== '') options[key] = value;
  }
  return options;
}
