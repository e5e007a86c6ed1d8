/** The forks of a folder as trees: each below the session that it was forked from. */
import { statSync } from 'node:fs';
import { forkFigures } from '../../analysis/fork-figures.ts';
import type { ForkFigures } from '../../analysis/fork-figures.ts';
import type { ForkFacts } from '../../events/edits.ts';
import { listRecordings, readRecording } from '../../recording/recording.ts';
import type { Summary } from '../../recording/recording.ts';
import { editsWords, eventWordsOf } from './fork-words.ts';
import type { EventWords } from './fork-words.ts';

/** A session with its forks, the first begun first. */
export interface ForkNode {
  summary: Summary;
  /** Absent: a session that is no fork, or whose parent is not here. */
  fork?: ForkFacts;
  /** Of a fork: the event and the edits in words. */
  at?: string;
  edits?: string;
  figures?: ForkFigures;
  children: ForkNode[];
}

/** The forks of a folder below the sessions that they were forked from, as far as these are there; of several recordings of one fork, the first. Newest trees first. */
export function forkTrees(dir: string): ForkNode[] {
  const summaries = firstOfForks(listRecordings(dir));
  const nodes = new Map<string, ForkNode>(summaries.map((summary) => [summary.id, { summary, children: [] }]));
  const roots: ForkNode[] = [];
  for (const node of nodes.values()) {
    const { fork } = node.summary.header;
    if (fork !== undefined) node.fork = fork;
    const parent = fork === undefined || isInCircle(node, nodes) ? undefined : nodes.get(fork.of);
    (parent ? parent.children : roots).push(node);
  }
  return roots;
}

/** A fork whose program has several sessions is one fork. */
function firstOfForks(newestFirst: readonly Summary[]): Summary[] {
  const seen = new Set<string>();
  return newestFirst.toReversed().filter(({ header: { fork, pid, process } }) => {
    if (fork === undefined) return true;
    const key = `${process ?? pid} ${fork.of} ${fork.at}`;
    return !seen.has(key) && seen.add(key);
  });
}

/** Only damage, or harm, makes a session a fork of its own fork. */
function isInCircle(from: ForkNode, nodes: ReadonlyMap<string, ForkNode>): boolean {
  const seen = new Set<ForkNode>();
  for (let at: ForkNode | undefined = from; at !== undefined && !seen.has(at);) {
    seen.add(at);
    at = nodes.get(at.summary.header.fork?.of ?? '');
    if (at === from) return true;
  }
  return false;
}

/** Trees that have forks, or that have the session of this id in them. */
export function treesWith(trees: readonly ForkNode[], id: string | undefined): ForkNode[] {
  const chosen = trees.filter((root) =>
    id === undefined
      ? root.children.length > 0 || root.fork !== undefined
      : [...walkForks(root)].some(({ node }) => node.summary.id === id),
  );
  return chosen.toReversed();
}

/** A node and everything below it, with the branches that lead to it drawn. */
export function* walkForks(root: ForkNode): Generator<{ node: ForkNode; branch: string }, void> {
  const stack = [{ node: root, branch: '', below: '' }];
  for (let at = stack.pop(); at; at = stack.pop()) {
    yield at;
    const { below, node } = at;
    const last = node.children.at(-1);
    for (const child of node.children.toReversed())
      stack.push({
        node: child,
        branch: `${below}${child === last ? '└─ ' : '├─ '}`,
        below: `${below}${child === last ? '   ' : '│  '}`,
      });
  }
}

/** Reads what is said of the forks of a tree: their edits in words, their figures. */
export function describeForks(root: ForkNode, pathOf: (id: string) => string): void {
  const words = new Map<string, EventWords>();
  for (const { node } of walkForks(root)) {
    const { fork, summary } = node;
    if (fork === undefined) continue;
    const of = words.get(fork.of) ?? eventWordsOf(pathOf(fork.of));
    words.set(fork.of, of);
    node.at = fork.at === undefined ? 'where it left it' : of(fork.at);
    node.edits = editsWords(fork, of);
    if (statSync(summary.path, { throwIfNoEntry: false }) !== undefined)
      node.figures = forkFigures([readRecording(summary.path)]);
  }
}
