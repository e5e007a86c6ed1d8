/** From measurements to tables. */

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  if (sorted.length === 0) return Number.NaN;
  return sorted.length % 2 === 1 ? (sorted[half] ?? 0) : ((sorted[half - 1] ?? 0) + (sorted[half] ?? 0)) / 2;
}

/** Median of the differences of each round to the same round of the bare SDK: what the machine does to a whole round falls out. */
export function addedTo(bare: readonly number[], other: readonly number[]): number {
  return median(other.map((value, round) => value - (bare[round] ?? Number.NaN)).filter((value) => !Number.isNaN(value)));
}

export function figure(value: number | null | undefined): string {
  if (value == null || Number.isNaN(value)) return '';
  const size = Math.abs(value);
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2);
}

export const signed = (value: number | null | undefined): string => {
  const text = figure(value);
  return text !== '' && value != null && value > 0 ? `+${text}` : text;
};

/** A markdown table, its columns as wide as what stands in them. */
export function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0), 3));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join(' | ')} |`;
  const rule = `|${widths.map((width, column) => (column === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}
