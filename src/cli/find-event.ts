/** Which event of a session somebody means. */
import { count } from '../analysis/figures.ts';
import { CliFailure } from './failure.ts';
import type { Family } from './family.ts';
import { walk } from './tree.ts';
import type { TreeNode } from './tree.ts';

/** The event of that number in the tree, or whose id begins so. */
export function findEvent({ first, tree }: Family, meant: string): TreeNode {
  const nodes = [...walk(tree)].map(({ node }) => node);
  const numbered = /^#?\d+$/.test(meant) ? nodes[Number(meant.replace('#', '')) - 1] : undefined;
  const found = numbered ? [numbered] : nodes.filter(({ id }) => id.startsWith(meant));
  const [only] = found;
  if (only && found.length === 1) return only;
  const { id } = first.header;
  throw new CliFailure(
    found.length === 0
      ? `No event of ${id} is number "${meant}" or has an id that begins so.`
      : `"${meant}" is the beginning of ${count(found.length, 'event id')}.`,
    {
      hint: `hindcast show ${id} numbers all ${nodes.length}.`,
    },
  );
}
