/** Rows in columns. Widths follow the content; when the terminal is narrower, the column that may give way is cut. */
import { cells, clip, pad } from './printable.ts';
import type { Style, Terminal } from './terminal.ts';

export interface Column {
  title: string;
  /** Figures stand on the right. */
  side?: 'left' | 'right';
  /** May be cut when the terminal is too narrow. */
  gives?: true;
}

/** A cell without colours, and the style to paint it in. */
export type Cell = string | { text: string; style: Style };

/** A line of its own that starts under a column and does not widen it. */
export interface FreeLine {
  under: number;
  text: string;
  style?: Style;
}

export type Row = Cell[] | FreeLine;

const GAP = '  ';
const NARROWEST = 8;

const textOf = (cell: Cell): string => (typeof cell === 'string' ? cell : cell.text);

/** The lines of a table with a header; a column in which every cell is empty is left out. */
export function table(columns: Column[], rows: Row[], terminal: Pick<Terminal, 'width' | 'paint'>): string[] {
  const full = rows.filter((row) => Array.isArray(row));
  const shown = columns.flatMap((column, i) =>
    full.some((row) => textOf(row[i] ?? '') !== '') ? [{ column, i, width: 0 }] : [],
  );
  for (const each of shown)
    each.width = full.reduce((most, row) => Math.max(most, cells(textOf(row[each.i] ?? ''))), cells(each.column.title));
  narrow(shown, terminal.width);
  const line = (of: (i: number) => Cell): string =>
    shown
      .map(({ column, i, width }) => {
        const cell = of(i);
        const text = pad(clip(textOf(cell), width), width, column.side);
        return typeof cell === 'string' ? text : terminal.paint(cell.style, text);
      })
      .join(GAP)
      .trimEnd();
  const free = ({ under, text, style }: FreeLine): string => {
    const indent = shown.filter(({ i }) => i < under).reduce((sum, { width }) => sum + width + GAP.length, 0);
    const clipped = clip(text, Math.max(NARROWEST, terminal.width - indent));
    return ' '.repeat(indent) + (style ? terminal.paint(style, clipped) : clipped);
  };
  const head = terminal.paint(
    'dim',
    line((i) => columns[i]?.title ?? ''),
  );
  return [head, ...rows.map((row) => (Array.isArray(row) ? line((i) => row[i] ?? '') : free(row)))];
}

/** Takes what is too much for the terminal from the columns that may give way, the widest first. */
function narrow(shown: { column: Column; width: number }[], widthMax: number): void {
  let excess = shown.reduce((sum, { width }) => sum + width + GAP.length, -GAP.length) - widthMax;
  const giving = shown.filter(({ column }) => column.gives).toSorted((a, b) => b.width - a.width);
  for (const each of giving) {
    if (excess <= 0) return;
    const less = Math.min(excess, Math.max(0, each.width - NARROWEST));
    each.width -= less;
    excess -= less;
  }
}
