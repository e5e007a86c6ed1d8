/**
 * The one registry of replaced methods. A method is replaced once in a process, whichever copy of this package asks, and put back as the identical
 * function. Where somebody else has replaced it again since, ours cannot be taken out of the middle: it then only passes calls through.
 */
import { guard } from '../core/diagnostics.ts';

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
  /** What is called without us: the original, or whatever the owner inherits by then. */
  readonly bare: Method;
  /** The owner had no such method of its own. */
  readonly covers: boolean;
}

/** What the labels of a replay's patches begin with. */
export const REPLAY_LABEL = 'replay ';

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
  const { original, bare } = entry;
  // Taken from an object literal, so that it is no constructor and has no `prototype`, as the methods of classes.
  const holder = {
    replacement(this: unknown, ...args: unknown[]): unknown {
      return Reflect.apply(entry.active ? made : bare, this, args);
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
  if (!own || typeof own.value !== 'function' || !canChange(own) || isTaken(owner, name)) return false;
  const original: Method = own.value;
  const entry: Entry = { label, owner, name, original, replacement: original, active: true, bare: original, covers: false };
  putInPlace(entry, own, make);
  return true;
}

/** Some of Bun's globals can be written and are not configurable. */
const canChange = ({ configurable, writable }: PropertyDescriptor): boolean => configurable === true || writable === true;

/**
 * Gives `owner` a method of its own over the one that it inherits, which others share and keep: what `make` returns for a function that calls the inherited one, looked up at each
 * call. Undone, `owner` has no such method of its own again. A method that `owner` has itself is replaced as by `replaceMethod`.
 */
export function coverMethod(owner: object, name: PropertyKey, label: string, make: (original: Method) => Method): boolean {
  if (Object.hasOwn(owner, name)) return replaceMethod(owner, name, label, make);
  const inherited = inheritedDescriptor(owner, name);
  if (typeof inherited?.value !== 'function' || !Object.isExtensible(owner) || isTaken(owner, name)) return false;
  const original: Method = inherited.value;
  const bare: Method = function (this: unknown, ...args: unknown[]) {
    const method: Method = Reflect.get(Object.getPrototypeOf(owner) as object, name, this);
    return Reflect.apply(method, this, args) as unknown;
  };
  const entry: Entry = { label, owner, name, original, replacement: original, active: true, bare, covers: true };
  putInPlace(entry, { ...inherited, configurable: true }, make);
  return true;
}

function inheritedDescriptor(owner: object, name: PropertyKey): PropertyDescriptor | undefined {
  let at: object | null = Object.getPrototypeOf(owner) as object | null;
  while (at !== null && !Object.hasOwn(at, name)) at = Object.getPrototypeOf(at) as object | null;
  return at === null ? undefined : Object.getOwnPropertyDescriptor(at, name);
}

function putInPlace(entry: Entry, as: PropertyDescriptor, make: (original: Method) => Method): void {
  entry.replacement = disguise(entry, make(entry.bare));
  Object.defineProperty(entry.owner, entry.name, { ...as, value: entry.replacement });
  take(entry.owner, entry.name);
  entries.push(entry);
}

interface Installed {
  label: string;
  owner: object;
  name: PropertyKey;
  undo: () => void;
}

const installed: Installed[] = [];

/**
 * Puts something in place that is no method: a listener, a member of a global. `install` returns what takes it out again, which `undoAll` calls. False, and nothing happens, when
 * something is in place under this `name` of `owner` already.
 */
export function installOnce(owner: object, name: PropertyKey, label: string, install: () => () => void): boolean {
  if (isTaken(owner, name)) return false;
  const undo = install();
  take(owner, name);
  installed.push({ label, owner, name, undo });
  return true;
}

/** Puts every original back, and takes out what was installed; of both, what `which` says of its label. Afterwards all of it may be put in place anew. */
export function undoAll(which: (label: string) => boolean = () => true): void {
  undoPatches(({ label }) => which(label));
  const ending = installed.filter(({ label }) => which(label));
  installed.splice(0, installed.length, ...installed.filter((each) => !ending.includes(each)));
  for (const { label, owner, name, undo } of ending.toReversed()) {
    taken.get(owner)?.delete(name);
    guard(`patch.undo ${label}`, undo, undefined);
  }
}

/** Puts the originals of the patches back that `which` names. */
export function undoPatches(which: (patch: Patch) => boolean): void {
  const ending = entries.filter(which);
  entries.splice(0, entries.length, ...entries.filter((entry) => !ending.includes(entry)));
  for (const entry of ending.toReversed()) {
    entry.active = false;
    taken.get(entry.owner)?.delete(entry.name);
    const own = Object.getOwnPropertyDescriptor(entry.owner, entry.name);
    if (own?.value !== entry.replacement || !canChange(own)) leftInPlace++;
    else if (entry.covers) Reflect.deleteProperty(entry.owner, entry.name);
    else Object.defineProperty(entry.owner, entry.name, { ...own, value: entry.original });
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
