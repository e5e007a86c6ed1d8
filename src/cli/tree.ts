/** The events of a session as a tree: each under the event that it happened in, in the order in which they began. */
import type { OpenLine } from '../events/lines.ts';
import type { Note, SpanEvent } from '../events/model.ts';

/** An event in the tree. `event` is absent while it is open, or when the process died before it ended. */
export interface TreeNode {
  /** From 1, in the order shown: what a person types instead of the id. */
  number: number;
  id: string;
  type: string;
  name: string;
  /** Microseconds since the session began. */
  start: number;
  event?: SpanEvent;
  notes: Note[];
  children: TreeNode[];
}

/** What a tree is made from. */
export interface TreeSource {
  events: Iterable<SpanEvent>;
  /** Events that began and have no end in the recording. */
  open: Iterable<OpenLine>;
  /** Notes about events that have no end. */
  notes?: Iterable<{ on: string; n: Note }>;
}

/** The roots: events without a parent, or whose parent is not in this recording (a span of the app's own). */
export function buildTree({ events, open, notes = [] }: TreeSource): TreeNode[] {
  const nodes = new Map<string, TreeNode & { parent?: string }>();
  for (const line of open) {
    const { id, type, name, t } = line;
    nodes.set(id, {
      number: 0,
      id,
      type,
      name,
      start: t,
      notes: [],
      children: [],
      ...(line.parent !== undefined && { parent: line.parent }),
    });
  }
  for (const { on, n } of notes) nodes.get(on)?.notes.push(n);
  for (const event of events) {
    const { id, type, name, start, parent } = event;
    const node = { number: 0, id, type, name, start, event, notes: event.notes ?? [], children: [] };
    nodes.set(id, parent === undefined ? node : { ...node, parent });
  }
  const roots: TreeNode[] = [];
  for (const node of nodes.values()) {
    const parent = node.parent === undefined ? undefined : nodes.get(node.parent);
    (parent ? parent.children : roots).push(node);
  }
  openCircles(roots, nodes);
  number(roots);
  return roots;
}

/** A damaged recording may make events each other's parents. No root leads to them: the first of such a circle becomes one. */
function openCircles(roots: TreeNode[], nodes: Map<string, TreeNode & { parent?: string }>): void {
  const reached = new Set<TreeNode>();
  const reach = (from: TreeNode): void => {
    const stack = [from];
    for (let node = stack.pop(); node; node = stack.pop()) {
      reached.add(node);
      node.children = node.children.filter((child) => !reached.has(child));
      stack.push(...node.children);
    }
  };
  roots.forEach(reach);
  if (reached.size === nodes.size) return;
  for (const node of [...nodes.values()].sort(byStart)) {
    if (reached.has(node)) continue;
    roots.push(node);
    reach(node);
  }
}

function number(roots: TreeNode[]): void {
  let last = 0;
  // A stack and not a recursion: nesting is as deep as the recording says.
  const stack = roots.sort(byStart).toReversed();
  for (let node = stack.pop(); node; node = stack.pop()) {
    node.number = ++last;
    stack.push(...node.children.sort(byStart).toReversed());
  }
}

const byStart = (a: TreeNode, b: TreeNode): number => a.start - b.start;

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
