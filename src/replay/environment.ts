/** Variables of the environment that the app reads by name. Who copies the whole of it, to hand it to a child process, has read none. */
import { REDACTED, redactValue } from '../core/credentials.ts';
import type { EnvLine } from '../events/lines.ts';
import { replaceMember } from './globals.ts';
import { isInternal } from './lineage.ts';

/** Stands where a secret stood: whoever only checks that there is one goes on. */
export const STAND_IN = 'redacted-by-hindcast';
/** Variables that are hindcast's own business, or the process's. */
const OURS = /^(HINDCAST_|NODE_OPTIONS$|NODE_V8_COVERAGE$)/;

/** Tells `write` of each variable when the app first reads it; null: it is not set. Undone by `undoAll`. */
export function watchEnvironment(write: (name: string, value: string | null) => void): void {
  const original = process.env;
  const seen = new Set<string>();
  /** A copy asks for the descriptor of each member before its value. */
  let copied: string | undefined;
  const read = (name: string | symbol): void => {
    if (typeof name !== 'string' || seen.has(name) || OURS.test(name) || name === copied || isInternal()) return;
    seen.add(name);
    const value = original[name];
    write(name, value === undefined ? null : redactValue(name, value));
  };
  const watched = new Proxy(original, {
    get(target, name): unknown {
      read(name);
      copied = undefined;
      return Reflect.get(target, name) as unknown;
    },
    has(target, name) {
      read(name);
      return Reflect.has(target, name);
    },
    set(target, name, value) {
      return Reflect.set(target, name, value);
    },
    getOwnPropertyDescriptor(target, name) {
      if (typeof name === 'string') copied = name;
      return Reflect.getOwnPropertyDescriptor(target, name);
    },
  });
  replaceMember(process, 'env', watched);
}

/** Says what a process replays. */
const PLAN = 'HINDCAST_REPLAY';
const RECORDS = 'HINDCAST_REPLAYABLE';

/** Variables of a process that a replay really starts: it is none of the replay, and is recorded as one that a recorded program starts. */
export function envOfStarted(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { [PLAN]: plan, ...kept } = env;
  return plan === undefined ? env : { [RECORDS]: 'on', ...kept };
}

/** The same of variables as `NAME=value`. */
export function pairsOfStarted(pairs: readonly string[]): string[] {
  const named = pairs.map((pair): [string, string] => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]);
  return Object.entries(envOfStarted(Object.fromEntries(named))).map(([name, value = '']) => `${name}=${value}`);
}

/** Gives the process the variables that a recording read, before the app can ask; those of `own` stay as they are. */
export function restoreEnvironment(lines: Iterable<EnvLine>, own: readonly string[] = []): void {
  for (const { v } of lines) {
    for (const [name, value] of Object.entries(v)) {
      if (OURS.test(name) || own.includes(name)) continue;
      if (value === null) delete process.env[name];
      else if (value.includes(REDACTED)) process.env[name] ??= value.replaceAll(REDACTED, STAND_IN);
      else process.env[name] = value;
    }
  }
}
