/** The difference of two sessions as lines of text: first where they part, then every event that differs among those around it, then how they ended and their totals. */
import type { SessionStats } from '../events/model.ts';
import type { EventDifference } from '../analysis/event-difference.ts';
import { count, duration, money, tokens } from '../analysis/figures.ts';
import type { Change } from '../analysis/json-diff.ts';
import { changeLines, type DiffLine } from '../analysis/json-diff-text.ts';
import type { DiffEntry, DiffEvent, SessionDiff } from '../analysis/session-diff.ts';
import { oneLine, printable } from './printable.ts';
import { table, type Row } from './table.ts';
import type { Style, Terminal } from './terminal.ts';

/** How a difference is shown. */
export interface DiffView {
  /** Events that are the same which are shown before and behind each that differs. */
  context: number;
  onlyFirst: boolean;
}

const SIGNS: Record<DiffEntry['kind'], { sign: string; style: Style | null }> = {
  same: { sign: ' ', style: null },
  changed: { sign: '~', style: 'yellow' },
  inserted: { sign: '+', style: 'green' },
  removed: { sign: '-', style: 'red' },
};
const LINE_STYLES = { place: null, before: 'red', after: 'green', remark: 'dim' } as const satisfies Record<
  DiffLine['kind'],
  Style | null
>;
const CONTENT = ['request', 'arguments', 'answer', 'result'] as const;
/** Deeper nesting is not drawn further to the right. */
const DEPTH_DRAWN_MAX = 16;

/** All lines below the heads of the two sessions. */
export function renderDiff(diff: SessionDiff, { context, onlyFirst }: DiffView, terminal: Terminal): string[] {
  const { entries, first, counts } = diff;
  const lines: string[] = [];
  if (!diff.content) lines.push(terminal.paint('dim', 'One of them was recorded without content: only facts are compared.'), '');
  const total = counts.same + counts.changed + counts.inserted + counts.removed;
  if (diff.same) lines.push(`No difference in ${count(total, 'event')}.`);
  else
    lines.push(
      `${count(counts.same, 'event')} the same, ${counts.changed} changed, ${counts.inserted} inserted, ${counts.removed} removed.`,
    );
  const entry = first === undefined ? undefined : entries[first];
  if (entry) lines.push(`First difference: ${headWords(entry)}`);
  if (onlyFirst) lines.push(...(entry ? ['', ...entryLines(entry, terminal)] : outcomeLines(diff.outcome, terminal)));
  else {
    if (entry) lines.push('', ...eventLines(entries, context, terminal));
    lines.push(...outcomeLines(diff.outcome, terminal));
    if (!terminal.quiet) lines.push('', ...totalLines(diff, terminal));
  }
  if (diff.rough)
    lines.push('', terminal.paint('dim', 'There are too many events that differ: some were aligned by name alone.'));
  return lines;
}

function eventLines(entries: readonly DiffEntry[], context: number, terminal: Terminal): string[] {
  const shown = new Set<number>();
  for (const [i, { kind }] of entries.entries()) {
    if (kind === 'same') continue;
    for (let near = Math.max(0, i - context); near <= i + context && near < entries.length; near++) shown.add(near);
  }
  const lines: string[] = [];
  let hidden = 0;
  const sayHidden = (): void => {
    if (hidden > 0) lines.push(terminal.paint('dim', `  … ${count(hidden, 'event')} the same`));
    hidden = 0;
  };
  for (const [i, entry] of entries.entries()) {
    if (!shown.has(i)) hidden++;
    else {
      sayHidden();
      lines.push(...entryLines(entry, terminal));
    }
  }
  sayHidden();
  return lines;
}

/** An event, and below it what is another in it. */
function entryLines(entry: DiffEntry, terminal: Terminal): string[] {
  const { sign, style } = SIGNS[entry.kind];
  const { depth } = entry.kind === 'removed' ? entry.before : entry.after;
  const indent = '  '.repeat(Math.min(depth, DEPTH_DRAWN_MAX));
  const head = `${sign} ${indent}${headWords(entry)}`;
  const lines = [style === null ? head : terminal.paint(style, head)];
  if (entry.kind !== 'changed') return lines;
  const under = `${indent}    `;
  lines.push(...differenceLines(entry.difference, terminal).map((line) => under + line));
  const figures = figureWords(entry.before, entry.after);
  if (figures !== '') lines.push(terminal.paint('dim', under + figures));
  return lines;
}

/** `#4 → #5 chat gpt-4.1-mini: request, answer`. */
function headWords(entry: DiffEntry): string {
  const { kind } = entry;
  const event = kind === 'removed' ? entry.before : entry.after;
  const isBoth = kind === 'same' || kind === 'changed';
  const number =
    isBoth && entry.before.number !== entry.after.number ? `#${entry.before.number} → #${event.number}` : `#${event.number}`;
  const name = isBoth && entry.before.name !== event.name ? `${entry.before.name} → ${event.name}` : event.name;
  const inside = isBoth || entry.inside === 0 ? '' : ` (and ${count(entry.inside, 'event')} in it)`;
  const what = kind === 'changed' ? `: ${entry.difference.what.join(', ')}` : kind === 'same' ? '' : ` ${kind}`;
  return oneLine(`${number} ${name}${inside}${what}`);
}

function differenceLines(difference: EventDifference, terminal: Terminal): string[] {
  // The line of the event says both names.
  const facts = (difference.facts ?? []).filter(({ path }) => path[0] !== 'name');
  const lines = changes(facts, terminal);
  for (const member of CONTENT) {
    const list = difference[member];
    if (list !== undefined) lines.push(member, ...changes(list, terminal).map((line) => `  ${line}`));
  }
  return lines;
}

function changes(list: readonly Change[], { verbose, paint }: Terminal): string[] {
  return changeLines(list, { clean: printable, whole: verbose }).map(({ kind, text }) => {
    const style = LINE_STYLES[kind];
    return style === null ? text : paint(style, text);
  });
}

/** `tokens 212→18 | 230→20, cost $0.0001 | $0.0002, took 310 ms | 290 ms`; equal figures are left out. */
function figureWords(before: DiffEvent, after: DiffEvent): string {
  const both = (word: string, of: (event: DiffEvent) => string): string => {
    const [one, other] = [of(before) || '?', of(after) || '?'];
    return one === other ? '' : `${word} ${one} | ${other}`;
  };
  return [
    both('tokens', (event) => tokens(event.tokens?.input, event.tokens?.output)),
    both('cost', ({ costUsd }) => (costUsd === undefined ? '' : money(costUsd))),
    both('took', ({ tookUs }) => (tookUs === undefined ? '' : duration(tookUs))),
  ]
    .filter(Boolean)
    .join(', ');
}

function outcomeLines(outcome: readonly Change[], terminal: Terminal): string[] {
  return outcome.length === 0 ? [] : ['', 'Outcome', ...changes(outcome, terminal).map((line) => `  ${line}`)];
}

/** The totals side by side; rows in which there is nothing are left out. */
function totalLines({ before, after }: SessionDiff, terminal: Terminal): string[] {
  const figures: [string, (stats: SessionStats) => number, ((value: number) => string)?][] = [
    ['events', (stats) => stats.events],
    ['LLM calls', (stats) => stats.llm],
    ['tools', (stats) => stats.tools],
    ['steps', (stats) => stats.steps],
    ['errors', (stats) => stats.errors],
    ['retries', (stats) => stats.retries],
    ['input tokens', (stats) => stats.tokens.input],
    ['output tokens', (stats) => stats.tokens.output],
    ['cost', (stats) => stats.cost.usd, money],
    ['took', (stats) => stats.durationMs, (ms) => duration(ms * 1000)],
  ];
  const rows = figures.flatMap(([name, of, say = String]): Row[] => {
    const [one, other] = [of(before.totals), of(after.totals)];
    return one === 0 && other === 0 ? [] : [[name, say(one), say(other)]];
  });
  return table([{ title: 'totals' }, { title: 'before', side: 'right' }, { title: 'after', side: 'right' }], rows, terminal);
}
