/**
 * The one registry of replaced methods. A method is replaced once in a process, whichever copy of this package asks, and put back as the identical
 * function. Where somebody else has replaced it again since, ours cannot be taken out of the middle: it then only passes calls through.
 */

export type Method = (this: any, ...args: any[]) => any;

export interface Patch {
  label: string;
  owner: object;
  name: PropertyKey;
  original: Method;
  replacement: Method;
}

interface Entry extends Patch {
  active: boolean;
}

const TAKEN = Symbol.for('hindcast.patches.v1');
/** Which methods of which objects are replaced; shared by every copy of this package in the process. */
const taken = ((globalThis as Record<symbol, unknown>)[TAKEN] ??= new WeakMap()) as WeakMap<object, Set<PropertyKey>>;
const entries: Entry[] = [];
let leftInPlace = 0;

function isTaken(owner: object, name: PropertyKey): boolean {
  return taken.get(owner)?.has(name) === true;
}

function take(owner: object, name: PropertyKey): void {
  const names = taken.get(owner);
  if (names) names.add(name);
  else taken.set(owner, new Set([name]));
}

/** A function that looks like `original` (name, length, own members) and calls `made` for as long as `entry` is active. */
function disguise(entry: Entry, made: Method): Method {
  const { original } = entry;
  // Taken from an object literal, so that it is no constructor and has no `prototype`, as the methods of classes.
  const holder = {
    replacement(this: unknown, ...args: unknown[]): unknown {
      return Reflect.apply(entry.active ? made : original, this, args);
    },
  };
  const replacement: Method = holder['replacement'];
  for (const key of Reflect.ownKeys(original)) {
    if (key === 'prototype' || key === 'arguments' || key === 'caller') continue;
    Object.defineProperty(replacement, key, Object.getOwnPropertyDescriptor(original, key)!);
  }
  return replacement;
}

/**
 * Replaces the own method `name` of `owner` by what `make` returns for the original. False, and nothing happens, when there is no such method, when it
 * cannot be changed, or when it is replaced already.
 */
export function replaceMethod(owner: object, name: PropertyKey, label: string, make: (original: Method) => Method): boolean {
  const own = Object.getOwnPropertyDescriptor(owner, name);
  if (!own || typeof own.value !== 'function' || !own.configurable || isTaken(owner, name)) return false;
  const original: Method = own.value;
  const entry: Entry = { label, owner, name, original, replacement: original, active: true };
  entry.replacement = disguise(entry, make(original));
  Object.defineProperty(owner, name, { ...own, value: entry.replacement });
  take(owner, name);
  entries.push(entry);
  return true;
}

/** Puts every original back. Afterwards `replaceMethod` may replace them anew. */
export function undoAll(): void {
  undoPatches(() => true);
}

/** Puts the originals of the patches back that `which` names. */
export function undoPatches(which: (patch: Patch) => boolean): void {
  const ending = entries.filter(which);
  entries.splice(0, entries.length, ...entries.filter((entry) => !ending.includes(entry)));
  for (const entry of ending.toReversed()) {
    entry.active = false;
    taken.get(entry.owner)?.delete(entry.name);
    const own = Object.getOwnPropertyDescriptor(entry.owner, entry.name);
    if (own?.value === entry.replacement && own.configurable) {
      Object.defineProperty(entry.owner, entry.name, { ...own, value: entry.original });
    } else leftInPlace++;
  }
}

/** The patches in force, in the order in which they were made. */
export function listPatches(): Patch[] {
  return entries.map(({ label, owner, name, original, replacement }) => ({ label, owner, name, original, replacement }));
}

/** How many replacements could not be taken out, because somebody replaced the method again after us; they pass calls through. */
export function countLeftInPlace(): number {
  return leftInPlace;
}
