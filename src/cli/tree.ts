/** The events of a session as a tree, drawn. */
import type { TreeNode } from '../analysis/event-tree.ts';

export { buildTree } from '../analysis/event-tree.ts';
export type { Printed, TreeNode } from '../analysis/event-tree.ts';

/** Deeper nesting is not drawn further to the right. */
const DEPTH_DRAWN_MAX = 24;

/** Every node in the order shown, with the branches that lead to it drawn in front of its name. */
export function* walk(roots: TreeNode[]): Generator<{ node: TreeNode; branch: string; below: string }> {
  const stack = roots.toReversed().map((node) => ({ node, branch: '', below: '', depth: 0 }));
  for (let at = stack.pop(); at; at = stack.pop()) {
    const {
      node: { children },
      depth,
    } = at;
    yield { node: at.node, branch: at.branch, below: at.below + (children.length > 0 ? '│  ' : '   ') };
    const above = depth < DEPTH_DRAWN_MAX ? at.below : at.below.slice(0, -3);
    for (let i = children.length - 1; i >= 0; i--) {
      const node = children[i];
      const last = i === children.length - 1;
      if (node)
        stack.push({
          node,
          branch: `${above}${last ? '└─ ' : '├─ '}`,
          below: `${above}${last ? '   ' : '│  '}`,
          depth: depth + 1,
        });
    }
  }
}
