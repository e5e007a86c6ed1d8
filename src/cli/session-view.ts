/** The tree of a session as lines of text: offsets, durations, tokens, cost, and below each event what is worth knowing about it. */
import type { Note, SpanEvent } from '../events/model.ts';
import { attemptWords, noteWords, outcome, outcomeStyle, stepName, toolCallWords } from './event-words.ts';
import { duration, money, offset, tokens } from '../analysis/figures.ts';
import { oneLine } from './printable.ts';
import { table, type Cell, type Column, type Row } from './table.ts';
import type { Terminal } from './terminal.ts';
import { walk, type Printed, type TreeNode } from './tree.ts';

const COLUMNS: Column[] = [
  { title: '#', side: 'right' },
  { title: 'at', side: 'right' },
  { title: 'took', side: 'right' },
  { title: 'event', gives: true },
  { title: 'tokens', side: 'right' },
  { title: 'cost', side: 'right' },
  { title: 'first chunk', side: 'right' },
  { title: 'status', gives: true },
  { title: 'from' },
];
const EVENT_COLUMN = 3;

/** How a tree is shown. */
export interface TreeView {
  /** An event without an end is still running, and not one that the process left behind. */
  alive: boolean | ((node: TreeNode) => boolean);
  /** A line above an event, by its id: where another session begins. */
  marks?: ReadonlyMap<string, string>;
  /** Of a fork: where what an event was given came from, by its id. */
  from?: ReadonlyMap<string, string>;
}

/** The tree of a session. */
export function renderTree(roots: TreeNode[], terminal: Terminal, { alive, marks, from }: TreeView): string[] {
  const rows: Row[] = [];
  const byId = new Map([...walk(roots)].map(({ node }) => [node.id, node]));
  for (const { node, branch, below } of walk(roots)) {
    const { event, printed } = node;
    if (printed !== undefined) {
      rows.push(...printedRows(printed, branch, below));
      continue;
    }
    const mark = marks?.get(node.id);
    if (mark !== undefined)
      rows.push({ under: EVENT_COLUMN, text: `${branch.replace(/[├└]─ $/, '│  ')}▸ ${mark}`, style: 'dim' });
    rows.push([
      String(node.number),
      offset(node.start),
      event ? duration(event.end - event.start) : '',
      branch + oneLine(nameOf(node, byId)),
      tokens(event?.llm?.usage?.input, event?.llm?.usage?.output),
      event?.cost ? money(event.cost.usd) : '',
      event?.llm?.firstChunkUs === undefined ? '' : duration(event.llm.firstChunkUs),
      status(event, typeof alive === 'function' ? alive(node) : alive),
      from?.get(node.id) ?? '',
    ]);
    for (const text of remarks(node, byId)) rows.push({ under: EVENT_COLUMN, text: `${below}${text}`, style: 'dim' });
  }
  return table(COLUMNS, rows, terminal);
}

function printedRows({ stream, lines }: Printed, branch: string, below: string): Row[] {
  const [only = '', ...more] = lines;
  const texts =
    more.length === 0 ? [`${branch}${stream}: ${only}`] : [`${branch}${stream}:`, ...lines.map((line) => below + line)];
  return texts.map((text) => ({ under: EVENT_COLUMN, text, style: 'dim' }));
}

function status(event: SpanEvent | undefined, alive: boolean): Cell {
  if (!event) return alive ? { text: 'running', style: 'cyan' } : { text: 'unfinished', style: 'yellow' };
  return { text: outcome(event), style: outcomeStyle(event) };
}

type Nodes = ReadonlyMap<string, TreeNode>;

/** The number in the tree by which a person finds an event; its id where it is not in it. */
function numberOf(id: string, byId: Nodes): string {
  const node = byId.get(id);
  return node === undefined ? `event ${id}` : `event #${node.number}`;
}

function nameOf({ event, name }: TreeNode, byId: Nodes): string {
  const retryOf = event?.step?.retryOf;
  return event === undefined ? name : stepName(event, retryOf && numberOf(retryOf, byId));
}

function remarks({ event, notes }: TreeNode, byId: Nodes): string[] {
  const message = event?.content?.error?.message;
  const from = event?.error?.from;
  // The event that the error came from says it.
  const isSaid = from !== undefined && byId.get(from)?.event?.content?.error?.message === message;
  return [
    event ? attemptWords(event) : '',
    event ? toolCallWords(event) : '',
    from === undefined ? '' : `from ${numberOf(from, byId)}`,
    message === undefined || isSaid ? '' : oneLine(message),
    ...notes.map((note) => noteWords(note) + placeOf(note, byId)),
  ].filter((text) => text !== '');
}

/** The step that a failure of a run is about. */
function placeOf(note: Note, byId: Nodes): string {
  if (note.kind !== 'failure' || note.step === undefined) return '';
  const seq = byId.get(note.step)?.event?.step?.seq;
  return seq === undefined ? '' : ` (in step ${seq})`;
}
