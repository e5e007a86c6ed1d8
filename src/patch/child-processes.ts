/**
 * Environment variables for every child process that this one starts, whichever function of `node:child_process` starts it. The app's own environment and the objects that it hands
 * over stay as they are; what the child gets besides is what it would have got.
 */
import diagnostics from 'node:diagnostics_channel';
import module from 'node:module';
import { guard } from '../core/diagnostics.ts';
import { installOnce, replaceMethod } from './registry.ts';
import type { Method } from './registry.ts';

/** Asked at each start of a child. Null: this one gets what the app gives it. */
export type GiveVariables = () => Readonly<Record<string, string>> | null;

interface Variables {
  names: readonly string[];
  /** Their values when we came: what stands in the environment of a child and is none of these, the app has put there. */
  inherited: ReadonlyMap<string, string | undefined>;
  give: GiveVariables;
}

type Env = Readonly<Record<string, string | undefined>>;

const MODULE = 'node:child_process';
const CHANNEL = 'child_process';

/** Gives the variables `names` to every child, unless the app gives it one of them. Undone by `undoAll`. Loads `node:child_process` not before the app does. */
export function patchChildProcesses(names: readonly string[], give: GiveVariables): void {
  const variables: Variables = { names, inherited: new Map(names.map((name) => [name, process.env[name]])), give };
  installOnce(process, MODULE, MODULE, () => {
    let isPatched = false;
    const unwait = whenLoaded(() => {
      isPatched = true;
      guard('patch.children', () => patch(variables), undefined);
    });
    return () => {
      unwait();
      // The originals are back by now.
      if (isPatched) module.syncBuiltinESMExports();
    };
  });
}

function patch(variables: Variables): void {
  const children = process.getBuiltinModule(MODULE);
  // One place for spawn, fork, exec and execFile.
  replaceMethod(children.ChildProcess.prototype, 'spawn', `${MODULE} ChildProcess.spawn`, (original) =>
    started(original, variables),
  );
  // What these three call inside cannot be reached.
  for (const name of ['spawnSync', 'execFileSync', 'execSync'] as const)
    replaceMethod(children, name, `${MODULE} ${name}`, (original) => startedSync(original, variables, name !== 'execSync'));
  module.syncBuiltinESMExports();
}

/** `ChildProcess.prototype.spawn(options)`; `options.envPairs` is the environment as `NAME=value`, without one it is ours. */
function started(original: Method, variables: Variables): Method {
  return function (this: unknown, ...args: any[]) {
    const [options] = args;
    const given = guard('patch.children.spawn', () => pairsFor(options?.envPairs, variables), null);
    return Reflect.apply(original, this, given === null ? args : [withMember(options, 'envPairs', given), ...args.slice(1)]);
  };
}

function pairsFor(pairs: unknown, { names, inherited, give }: Variables): string[] | null {
  if (!Array.isArray(pairs)) return null;
  const ours: string[] = pairs.filter((pair) => typeof pair === 'string' && names.some((name) => pair.startsWith(`${name}=`)));
  const isInherited = (pair: string): boolean => names.some((name) => pair === `${name}=${inherited.get(name)}`);
  if (!ours.every(isInherited)) return null;
  const given = give();
  if (given === null) return null;
  return [...pairs.filter((pair) => !ours.includes(pair)), ...Object.entries(given).map(([name, value]) => `${name}=${value}`)];
}

/** `spawnSync(file, args?, options?)` and `execFileSync`, which `hasArgs`, and `execSync(command, options?)`. */
function startedSync(original: Method, variables: Variables, hasArgs: boolean): Method {
  return function (this: unknown, ...args: any[]) {
    const given = guard('patch.children.sync', () => argumentsFor(args, variables, hasArgs), null);
    return Reflect.apply(original, this, given ?? args);
  };
}

function argumentsFor(args: readonly unknown[], variables: Variables, hasArgs: boolean): unknown[] | null {
  const [, second] = args;
  const at = hasArgs && (second === undefined || second === null || Array.isArray(second)) ? 2 : 1;
  const options = args[at];
  // Anything else Node refuses, or takes for none, as it did.
  if (options !== undefined && (typeof options !== 'object' || options === null || Array.isArray(options))) return null;
  const env = envFor((options as { env?: Env } | undefined)?.env ?? process.env, variables);
  if (env === null) return null;
  const copy = [...args];
  while (copy.length <= at) copy.push(undefined);
  copy[at] = withMember(options ?? {}, 'env', env);
  return copy;
}

/** `options` with another `name`, and with whatever it inherits: a copy, of which nothing else was read. */
function withMember(options: object, name: string, value: unknown): object {
  return Object.create(Object.getPrototypeOf(options) as object | null, {
    ...Object.getOwnPropertyDescriptors(options),
    [name]: { value, enumerable: true, configurable: true, writable: true },
  }) as object;
}

function envFor(env: Env, { names, inherited, give }: Variables): Record<string, string | undefined> | null {
  if (typeof env !== 'object') return null;
  if (names.some((name) => env[name] !== undefined && env[name] !== inherited.get(name))) return null;
  const given = give();
  if (given === null) return null;
  const all = Object.create(null) as Record<string, string | undefined>;
  // Inherited members too: so does Node.
  // oxlint-disable-next-line guard-for-in -- see above
  for (const name in env) if (!names.includes(name)) all[name] = env[name];
  return { ...all, ...given };
}

const isLoaded = (): boolean =>
  (process as unknown as { moduleLoadList?: readonly string[] }).moduleLoadList?.includes('NativeModule child_process') !== false;

/** Calls `then` once `node:child_process` is loaded, now or later, before anything of it is called. Returns what stops the wait. */
function whenLoaded(then: () => void): () => void {
  if (isLoaded() || typeof module.registerHooks !== 'function') {
    then();
    return () => {};
  }
  let waiting = true;
  const stop = (): void => {
    if (!waiting) return;
    waiting = false;
    hooks.deregister();
    diagnostics.unsubscribe(CHANNEL, loaded);
  };
  const loaded = (): void => {
    if (!waiting) return;
    stop();
    guard('patch.children', then, undefined);
  };
  // Told of a child between the making of it and its start: for who has the module without having asked the loader.
  diagnostics.subscribe(CHANNEL, loaded);
  const hooks = module.registerHooks({
    load(url, context, next) {
      if (url === MODULE) loaded();
      return next(url, context);
    },
  });
  return stop;
}
