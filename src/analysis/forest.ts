/** Trees of whatever has a beginning and children: put in order, and made sound where a damaged recording makes them circles. No recursion: nesting is as deep as the recording says. */

interface Branch<T> {
  readonly start: number;
  children: T[];
}

const byStart = (a: { start: number }, b: { start: number }): number => a.start - b.start;

/**
 * A damaged recording may make events each other's parents. No root leads to them: the first of such a circle becomes one. `freed` is told of it.
 */
export function openCircles<T extends Branch<T>>(roots: T[], all: Iterable<T>, freed?: (node: T) => void): void {
  const nodes = [...all];
  const reached = new Set<T>();
  const reach = (from: T): void => {
    const stack = [from];
    for (let node = stack.pop(); node; node = stack.pop()) {
      reached.add(node);
      node.children = node.children.filter((child) => !reached.has(child));
      for (const child of node.children) stack.push(child);
    }
  };
  for (const root of roots) reach(root);
  if (reached.size === nodes.length) return;
  for (const node of nodes.sort(byStart)) {
    if (reached.has(node)) continue;
    freed?.(node);
    roots.push(node);
    reach(node);
  }
}

/** Everything below `roots`, each before what is inside of it, siblings in the order in which they began. Sorts them in place. */
export function* preorder<T extends Branch<T>>(roots: T[]): Generator<T> {
  const stack = roots.sort(byStart).toReversed();
  for (let node = stack.pop(); node; node = stack.pop()) {
    yield node;
    node.children.sort(byStart);
    for (let i = node.children.length - 1; i >= 0; i--) stack.push(node.children[i] as T);
  }
}
