/** A number for each JSON value: two values have the same one exactly when they are equal. So that large values are compared once, and not with each of many others. */

/** Numbers of values. Members that are undefined count as absent, and the order of members does not count, as in JSON. */
export class Identities {
  readonly #byKey = new Map<string, number>();
  readonly #known = new WeakMap<object, number>();

  /** The number of a value, in time linear in its size. Of a value that holds itself, the inner one counts as a value of its own kind. */
  of(root: unknown): number {
    if (!isContainer(root)) return this.#numbered(scalarKey(root));
    // No recursion: nesting is as deep as the value says.
    const stack: object[] = [root];
    const begun = new Set<object>();
    for (let at = stack.at(-1); at; at = stack.at(-1)) {
      const waiting = this.#known.has(at) || begun.has(at) ? [] : this.#unknownIn(at, begun);
      if (waiting.length > 0) {
        begun.add(at);
        for (const each of waiting) stack.push(each);
        continue;
      }
      if (!this.#known.has(at)) this.#known.set(at, this.#numbered(this.#keyOf(at)));
      stack.pop();
    }
    return this.#known.get(root) as number;
  }

  #unknownIn(container: object, begun: ReadonlySet<object>): object[] {
    const values: unknown[] = Array.isArray(container) ? container : Object.values(container);
    return values.filter((value): value is object => isContainer(value) && !this.#known.has(value) && !begun.has(value));
  }

  #keyOf(container: object): string {
    const inner = (value: unknown): number =>
      isContainer(value) ? (this.#known.get(value) ?? CIRCLE) : this.#numbered(scalarKey(value));
    if (Array.isArray(container)) return `[${container.map(inner).join()}]`;
    const members = Object.entries(container).filter(([, value]) => value !== undefined);
    return `{${members
      .map(([name, value]) => `${JSON.stringify(name)}:${inner(value)}`)
      .sort()
      .join()}}`;
  }

  #numbered(key: string): number {
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    this.#byKey.set(key, this.#byKey.size);
    return this.#byKey.size - 1;
  }
}

/** Of what holds itself. */
const CIRCLE = -1;

/** Whether a value is an array or an object. */
export function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function scalarKey(value: unknown): string {
  if (typeof value === 'string') return `"${value}`;
  // An array has no word for undefined but null.
  return value === null || value === undefined ? 'null' : `${typeof value} ${String(value)}`;
}
