/** The events of a session as a tree: each under the event that it happened in, in the order in which they began. */
import { openCircles, preorder } from './forest.ts';
import type { OpenLine } from '../events/lines.ts';
import type { Note, SpanEvent } from '../events/model.ts';

/** What the program printed, as it is shown. */
export interface Printed {
  stream: string;
  lines: string[];
}

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
  /** Id of the session that it is in, where that is not the one whose tree this is. */
  session?: string;
  /** Of a piece of output (log-view.ts), which is no event and has no number. */
  printed?: Printed;
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
  openCircles(roots, nodes.values());
  let last = 0;
  for (const node of preorder(roots)) node.number = ++last;
  return roots;
}
