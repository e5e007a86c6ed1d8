/** Replaces what several objects hold as one and the same function: `setTimeout` of the global object and of `node:timers`. */
import { syncBuiltinESMExports } from 'node:module';
import { installOnce, REPLAY_LABEL, replaceMethod } from '../patch/registry.ts';
import type { Method } from '../patch/registry.ts';

/** Replaces method `name` of the first of `owners`, and puts the same replacement into the others that hold the same original. Undone by `undoAll`. */
export function replaceGlobal(owners: readonly object[], name: string, make: (original: Method) => Method): void {
  const [first, ...others] = owners;
  if (first === undefined) return;
  const original: unknown = Reflect.get(first, name);
  if (!replaceMethod(first, name, REPLAY_LABEL + name, make)) return;
  for (const owner of others) if (Reflect.get(owner, name) === original) replaceMember(owner, name, Reflect.get(first, name));
}

/** Gives `owner` another `name`, of any kind; `as` says of an accessor what it is. Undone by `undoAll`. */
export function replaceMember(owner: object, name: PropertyKey, value: unknown, as?: PropertyDescriptor): void {
  const before = Object.getOwnPropertyDescriptor(owner, name);
  if (before?.configurable !== true) return;
  const { enumerable = false } = before;
  installOnce(owner, name, REPLAY_LABEL + String(name), () => {
    Object.defineProperty(
      owner,
      name,
      as === undefined ? { value, writable: true, configurable: true, enumerable } : { ...as, enumerable },
    );
    return () => Object.defineProperty(owner, name, before);
  });
}

/**
 * Replaces method `name` of `owner` below whatever else replaces it, which others may do before and after: the registry knows it by another name. What `make` returns looks like the original.
 * Undone by `undoAll`.
 */
export function replaceBelow(owner: object, name: string, make: (original: Method) => Method): void {
  const before = Object.getOwnPropertyDescriptor(owner, name);
  if (before?.configurable !== true || typeof before.value !== 'function') return;
  const original = before.value as Method;
  const made = make(original);
  for (const key of ['name', 'length']) Object.defineProperty(made, key, Object.getOwnPropertyDescriptor(original, key)!);
  installOnce(owner, `below ${name}`, REPLAY_LABEL + name, () => {
    Object.defineProperty(owner, name, { ...before, value: made });
    return () => {
      if (Reflect.get(owner, name) === made) Object.defineProperty(owner, name, before);
    };
  });
}

/** Lets `import { x } from 'node:...'` see what was replaced, now and when it is undone. */
export function shareReplaced(): void {
  syncBuiltinESMExports();
  // The first to be installed is the last to be undone.
  installOnce(process, 'replay.exports', `${REPLAY_LABEL}exports`, () => syncBuiltinESMExports);
}
