/** The tree of a session as lines of text: offsets, durations, tokens, cost, and below each event what is worth knowing about it. */
import type { SpanEvent } from '../events/model.ts';
import { attemptWords, noteWords, outcome, toolCallWords } from './event-words.ts';
import { duration, money, offset, tokens } from './figures.ts';
import { oneLine } from './printable.ts';
import { table, type Cell, type Column, type Row } from './table.ts';
import type { Terminal } from './terminal.ts';
import { walk, type TreeNode } from './tree.ts';

const COLUMNS: Column[] = [
  { title: '#', side: 'right' },
  { title: 'at', side: 'right' },
  { title: 'took', side: 'right' },
  { title: 'event', gives: true },
  { title: 'tokens', side: 'right' },
  { title: 'cost', side: 'right' },
  { title: 'first chunk', side: 'right' },
  { title: 'status', gives: true },
];
const EVENT_COLUMN = 3;

/** The tree of a session. `alive`: an event without an end is still running, and not one that the process left behind. */
export function renderTree(roots: TreeNode[], terminal: Terminal, { alive }: { alive: boolean }): string[] {
  const rows: Row[] = [];
  for (const { node, branch, below } of walk(roots)) {
    const { event } = node;
    rows.push([
      String(node.number),
      offset(node.start),
      event ? duration(event.end - event.start) : '',
      branch + oneLine(node.name),
      tokens(event?.llm?.usage?.input, event?.llm?.usage?.output),
      event?.cost ? money(event.cost.usd) : '',
      event?.llm?.firstChunkUs === undefined ? '' : duration(event.llm.firstChunkUs),
      status(event, alive),
    ]);
    for (const text of remarks(node)) rows.push({ under: EVENT_COLUMN, text: `${below}${text}`, style: 'dim' });
  }
  return table(COLUMNS, rows, terminal);
}

function status(event: SpanEvent | undefined, alive: boolean): Cell {
  if (!event) return alive ? { text: 'running', style: 'cyan' } : { text: 'unfinished', style: 'yellow' };
  const text = outcome(event);
  return event.status === 'ok' ? { text, style: 'green' } : { text, style: event.status === 'error' ? 'red' : 'yellow' };
}

function remarks({ event, notes }: TreeNode): string[] {
  const message = event?.content?.error?.message;
  return [
    event ? attemptWords(event) : '',
    event ? toolCallWords(event) : '',
    message === undefined ? '' : oneLine(message),
    ...notes.map(noteWords),
  ].filter((text) => text !== '');
}
