/** What the program printed, at its place in the tree of a session: below the event that printed it, between the events before and after. */
import type { EndLine, LogLine } from '../events/lines.ts';
import { count } from '../analysis/figures.ts';
import { printable } from './printable.ts';
import type { Printed, TreeNode } from './tree.ts';

/** Lines of one piece that are shown without `--verbose`. */
const LINES_MAX = 40;

/** The tree with what was printed in it. Numbers of events stay as they are; the trees that were given are not changed. */
export function withLogs(roots: readonly TreeNode[], logs: readonly LogLine[], { verbose }: { verbose: boolean }): TreeNode[] {
  const known = new Set<string>();
  const stack = [...roots];
  for (let node = stack.pop(); node; node = stack.pop()) {
    known.add(node.id);
    for (const child of node.children) stack.push(child);
  }
  const pieces = new Map<string, TreeNode[]>();
  for (const piece of joined(logs)) {
    // An event of another recording, or one whose line is damaged, is not in the tree.
    const on = piece.on !== undefined && known.has(piece.on) ? piece.on : '';
    const under = pieces.get(on);
    const node = logNode(piece, verbose);
    if (under === undefined) pieces.set(on, [node]);
    else under.push(node);
  }
  const merged = (nodes: readonly TreeNode[], on: string): TreeNode[] =>
    [...nodes.map((node) => ({ ...node })), ...(pieces.get(on) ?? [])].sort((a, b) => a.start - b.start);
  const top = merged(roots, '');
  const left = [...top];
  for (let node = left.pop(); node; node = left.pop()) {
    if (node.printed !== undefined) continue;
    node.children = merged(node.children, node.id);
    for (const child of node.children) left.push(child);
  }
  return top;
}

/** Pieces that go on with the line that the one before began, on the same stream and in the same event, are one. */
function joined(logs: readonly LogLine[]): LogLine[] {
  const out: LogLine[] = [];
  for (const piece of logs) {
    const last = out.at(-1);
    const goesOn = last && !last.text.endsWith('\n') && last.stream === piece.stream && last.on === piece.on;
    if (goesOn) out[out.length - 1] = { ...last, text: last.text + piece.text };
    else out.push(piece);
  }
  return out;
}

function logNode({ s, t, stream, level, text }: LogLine, verbose: boolean): TreeNode {
  const all = printable(text).replace(/\n$/, '').split('\n');
  const lines = verbose ? all : all.slice(0, LINES_MAX);
  if (lines.length < all.length) lines.push(`… ${all.length - lines.length} more lines: --verbose shows them`);
  const printed: Printed = { stream: level === undefined ? stream : `${stream} ${printable(level)}`, lines };
  return { number: 0, id: `log ${s}`, type: 'log', name: '', start: t, notes: [], children: [], printed };
}

/** `12 log pieces (9 stdout, 3 stderr), 2 not kept`; empty when nothing was printed, or nothing of it recorded. */
export function logWords(logs: readonly LogLine[], end: EndLine | undefined): string {
  const dropped = end?.logsDropped;
  if (logs.length === 0 && dropped === undefined) return '';
  const of = (stream: string): string => {
    const pieces = logs.filter((piece) => piece.stream === stream).length;
    return pieces === 0 ? '' : `${pieces} ${stream}`;
  };
  const streams = [of('stdout'), of('stderr')].filter(Boolean).join(', ');
  const lost = dropped === undefined ? '' : `, ${dropped.pieces} more and ${count(dropped.chars, 'character')} not kept`;
  return `${count(logs.length, 'log piece')}${streams === '' ? '' : ` (${streams})`}${lost}`;
}
