/** The forks of a folder as trees: each below the session that it was forked from. */
import { statSync } from 'node:fs';
import { forkFigures } from '../../analysis/fork-figures.ts';
import type { ForkFigures } from '../../analysis/fork-figures.ts';
import type { ForkFacts } from '../../events/edits.ts';
import { processRecordings } from '../../recording/process-recordings.ts';
import { listRecordings, readRecording } from '../../recording/recording.ts';
import type { Summary } from '../../recording/recording.ts';
import { editsWords, eventWordsOf, forkedOf } from './fork-words.ts';
import type { EventWords } from './fork-words.ts';
import { oneLine } from '../printable.ts';

/** A session with its forks, the first begun first. */
export interface ForkNode {
  summary: Summary;
  /** Absent: a session that is no fork, or whose parent is not here. */
  fork?: ForkFacts;
  /** Of a fork: the event and the edits in words. */
  at?: string;
  edits?: string;
  /** Of all recordings of its process; of a session beside the one that was forked, its own. */
  figures?: ForkFigures;
  /** Of a fork: how its process ended. */
  exitCode?: number;
  children: ForkNode[];
}

/** The forks of a folder below the sessions that they were forked from, as far as these are there; of several recordings of one session in one fork, the first. Newest trees first. */
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

/** Older releases say of each session of a fork that it is one of the session that was forked. */
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

/** Trees that have the session of this id in them. Without one, those that have forks, and of these what was forked: not what other sessions of the same process did meanwhile. */
export function treesWith(trees: readonly ForkNode[], id: string | undefined): ForkNode[] {
  const isChosen = (root: ForkNode): boolean => [...walkForks(root)].some(({ node }) => node.summary.id === id);
  if (id !== undefined) return trees.filter(isChosen).toReversed();
  const isFork = ({ fork }: ForkNode): boolean => fork !== undefined && fork.beside === undefined;
  return trees.filter((root) => prune(root, isFork)).toReversed();
}

/** Takes away what is no fork and has none below it. False: that goes for the node itself. */
function prune(root: ForkNode, isFork: (node: ForkNode) => boolean): boolean {
  // From below: a fork of a fork is as deep as somebody forked by hand.
  const kept = new Set<ForkNode>();
  for (const { node } of [...walkForks(root)].toReversed()) {
    node.children = node.children.filter((child) => kept.has(child));
    if (isFork(node) || node.children.length > 0) kept.add(node);
  }
  return kept.has(root);
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
    const forked = forkedOf(fork);
    const of = words.get(forked) ?? eventWordsOf(pathOf(forked));
    words.set(forked, of);
    const at = fork.at === undefined ? 'where it left it' : of(fork.at);
    node.at = fork.beside === undefined ? at : `beside ${oneLine(forked)}, ${at}`;
    node.edits = editsWords(fork, of);
    if (statSync(summary.path, { throwIfNoEntry: false }) !== undefined) measure(node);
  }
}

function measure(node: ForkNode): void {
  const recordings = processRecordings(node.summary.path).map(readRecording);
  node.figures = forkFigures(node.fork?.beside === undefined ? recordings : recordings.slice(0, 1));
  const exitCode = recordings.find(({ end }) => end?.exitCode !== undefined)?.end?.exitCode;
  if (exitCode !== undefined) node.exitCode = exitCode;
}
