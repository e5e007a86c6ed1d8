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
