/** Which event of a session somebody means. */
import { count } from '../analysis/figures.ts';
import { CliFailure } from './failure.ts';
import type { Family } from './family.ts';
import { walk } from './tree.ts';
import type { TreeNode } from './tree.ts';

/** A number; what is longer, or begins with 0, may be the beginning of an id. */
const NUMBER = /^#?([1-9]\d{0,5})$/;

/** The event of that number in the tree, or whose id begins so. */
export function findEvent({ first, tree }: Family, meant: string): TreeNode {
  const nodes = [...walk(tree)].map(({ node }) => node);
  const number = NUMBER.exec(meant)?.[1];
  const found =
    number === undefined ? nodes.filter(({ id }) => id.startsWith(meant)) : nodes.slice(Number(number) - 1, Number(number));
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
