/**
 * Tools that an SDK's own loop runs: `runTools` and `runFunctions` of OpenAI's, `toolRunner` of Anthropic's. The loop gets a copy of its argument in which each
 * tool's function runs the original inside a tool event; the app's own objects stay as they are.
 */
import { guard } from '../core/diagnostics.ts';
import { serialise } from '../core/serialise.ts';
import { saidBy } from '../core/thrown.ts';
import { hub } from '../events/ports.ts';
import type { EventContent } from '../events/model.ts';
import type { OpenEvent } from '../events/ports.ts';
import { isPlainPromise, looking, observe, setOwn } from '../patch/own-member.ts';
import type { Method } from '../patch/registry.ts';
import { runInside } from '../patch/run-inside.ts';
import { transportError } from '../patch/transport-error.ts';
import { parsed } from './fields.ts';

/** Where the functions stand in the argument of a tool loop, and what tells the id of the call. */
export interface ToolRunnerTarget {
  owner: string;
  method: string;
  /** Member of the argument that lists the tools. */
  list: string;
  /** A copy of `tool` whose function went through `replace`; `tool` itself where it holds none. */
  copy: (tool: any, replace: (name: string, run: Method, callId: CallId) => Method) => unknown;
}

/** Finds the id of a tool call from what the tool's function is given. */
export type CallId = (args: readonly any[], name: string) => string | undefined;

/** The loop's method, given copies of the tools. */
export function patchToolRunner(original: Method, target: ToolRunnerTarget): Method {
  return function (this: any, ...args: any[]) {
    if (hub.recorder === null) return Reflect.apply(original, this, args);
    const body = guard('patch.tools', () => withTools(args[0], target), args[0]);
    return Reflect.apply(original, this, [body, ...args.slice(1)]);
  };
}

function withTools(body: any, target: ToolRunnerTarget): unknown {
  const tools: unknown = body?.[target.list];
  if (!Array.isArray(tools)) return body;
  const copies = tools.map((tool) => guard('patch.tools', () => target.copy(tool, toolFunction), tool));
  return { ...body, [target.list]: copies };
}

/** Copies, and what they are copies of: a tool's function sees the app's object as `this`. */
const originals = new WeakMap<object, object>();

/** A copy of a plain object with other `members`. */
export function copyWith(object: any, members: Record<string, unknown>): any {
  const copy = Object.create(Object.getPrototypeOf(object), Object.getOwnPropertyDescriptors(object));
  for (const [name, value] of Object.entries(members)) setOwn(copy, name, value);
  originals.set(copy, object);
  return copy;
}

/** Whether an object can be copied: it has no class, or one of the SDK's `classes`. A class of the app's may have private members, which no copy has. */
export function isPlain(object: unknown, classes: readonly string[] = []): boolean {
  if (typeof object !== 'object' || object === null) return false;
  const prototype: any = Object.getPrototypeOf(object);
  return prototype === null || Object.getPrototypeOf(prototype) === null || classes.includes(prototype.constructor?.name);
}

function toolFunction(name: string, run: Method, callId: CallId): Method {
  const { replacement } = {
    replacement(this: unknown, ...args: unknown[]): unknown {
      const self = (typeof this === 'object' && this !== null && originals.get(this)) || this;
      const event = guard(
        'patch.open',
        () =>
          openTool(
            name,
            guard('patch.callId', () => callId(args, name), undefined),
          ),
        null,
      );
      return event === null ? Reflect.apply(run, self, args) : runTool(event, () => Reflect.apply(run, self, args), args);
    },
  };
  Object.defineProperty(replacement, 'name', { value: run.name, configurable: true });
  Object.defineProperty(replacement, 'length', { value: run.length, configurable: true });
  return replacement;
}

function openTool(name: string, callId: string | undefined): OpenEvent | null {
  const tool = { name, type: 'function', ...(callId !== undefined && { callId }) };
  return hub.recorder?.open({ type: 'tool', name: `execute_tool ${name}`, tool }) ?? null;
}

function runTool(event: OpenEvent, run: () => unknown, args: readonly unknown[]): unknown {
  // Taken down now: the function may change what it was given.
  // Without a `parse`, OpenAI's loop gives the function the model's JSON text.
  const given = event.wantsBodies ? serialise(parsed(args[0])) : undefined;
  const content = (result: EventContent): EventContent => ({ arguments: given ?? serialise(parsed(args[0])), ...result });
  const ok = (value: unknown): void =>
    looking('patch.tool', () => event.end({ status: 'ok', content: () => content({ result: value }) }));
  const failed = (error: unknown): void =>
    looking('patch.tool', () =>
      event.end({
        status: 'error',
        error: transportError(error),
        thrown: error,
        content: () => content({ error: saidBy(error) }),
      }),
    );
  hub.follower?.calls(event, given);
  let value: any;
  try {
    value = runInside(event, run);
  } catch (error) {
    failed(error);
    throw error;
  }
  const instead = hub.follower?.instead(event) ?? null;
  if (instead !== null) return runInstead(value, instead.value, ok);
  if (isPlainPromise(value)) observe(value, ok, failed);
  else if (typeof value?.then === 'function') looking('patch.tool', () => watchThen(value, ok, failed));
  else ok(value);
  return value;
}

/** The loop is given `other`, once the function has done what it does. */
function runInstead(value: any, other: unknown, ok: (value: unknown) => void): unknown {
  const give = (): unknown => {
    ok(other);
    return other;
  };
  return typeof value?.then === 'function' ? value.then(give, give) : give();
}

/** A promise of another class may do its work only when it is asked, and twice when it is asked twice: so we look when the loop asks. */
function watchThen(promise: any, ok: (value: unknown) => void, failed: (error: unknown) => void): void {
  const { then } = promise;
  setOwn(promise, 'then', function (this: unknown, fulfilled?: unknown, rejected?: unknown) {
    const seen = (look: (it: unknown) => void, handler: unknown) =>
      typeof handler === 'function'
        ? (it: unknown): unknown => {
            look(it);
            return handler(it);
          }
        : handler;
    return Reflect.apply(then, this, [seen(ok, fulfilled), seen(failed, rejected)]) as unknown;
  });
}
