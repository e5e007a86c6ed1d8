/** Members of objects of Node's that nothing lists or prints. */
import type { Method } from '../patch/registry.ts';

/** Gives an object a member of its own that nothing lists or prints. Returns what takes it away again. */
export function putHidden(owner: object, name: PropertyKey, value: unknown): () => void {
  const before = Object.getOwnPropertyDescriptor(owner, name);
  Object.defineProperty(owner, name, { value, writable: true, configurable: true, enumerable: false });
  return () => {
    if (Reflect.get(owner, name) !== value) return;
    if (before === undefined) Reflect.deleteProperty(owner, name);
    else Object.defineProperty(owner, name, before);
  };
}

/** Puts `make` of the method that `owner` has by now over it, so that no list of members shows it. Returns the method that was there. */
export function cover(owner: object, name: PropertyKey, make: (original: Method) => Method): Method {
  const original = Reflect.get(owner, name) as Method;
  putHidden(owner, name, make(original));
  return original;
}

/** The value of a member that Node keeps behind a symbol of that description; undefined where there is none. */
export function behindSymbol(owner: object, description: string): unknown {
  for (let at: object | null = owner; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    const symbol = Object.getOwnPropertySymbols(at).find((each) => each.description === description);
    if (symbol !== undefined) return Reflect.get(owner, symbol) as unknown;
  }
  return undefined;
}
