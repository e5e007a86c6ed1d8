/** An explanation as plain text. */
import { reportOf } from './explain-report.ts';
import type { Section } from './explain-tables.ts';
import { written, type Phrase } from './explain-words.ts';
import type { Explanation } from './explanation.ts';

/** A line, and what it is, for those who paint it. */
export interface TextLine {
  kind: 'headline' | 'title' | 'body';
  text: string;
}

// C0, DEL, C1, and the invisible characters that reorder text.
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const CONTROL = /[\u0000-\u0008\u000e-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** What a recording said, in one line and with no control characters. */
export const tame = (said: string): string => said.replace(CONTROL, '').replace(/\s+/g, ' ').trim();

/** The lines of an explanation. `quote`: what is done to everything that the recording said. */
export function explanationLines(explained: Explanation, quote: (said: string) => string = tame): TextLine[] {
  const { headline, sections } = reportOf(explained);
  const lines: TextLine[] = [{ kind: 'headline', text: written(headline, quote) }];
  for (const section of sections) {
    lines.push({ kind: 'body', text: '' }, { kind: 'title', text: section.title });
    for (const text of body(section, (phrase) => written(phrase, quote)))
      lines.push({ kind: 'body', text: `  ${text}`.trimEnd() });
  }
  return lines;
}

/** An explanation as text, each line ended. */
export function explanationText(explained: Explanation): string {
  return explanationLines(explained)
    .map(({ text }) => `${text}\n`)
    .join('');
}

function body(section: Section, text: (phrase: Phrase) => string): string[] {
  if ('items' in section) return section.items.map(text);
  if ('facts' in section) {
    const width = section.facts.reduce((max, [label]) => Math.max(max, label.length), 0);
    return section.facts.map(([label, phrase]) => `${label.padEnd(width)}  ${text(phrase)}`);
  }
  const rows = [section.columns, ...section.rows.map((row) => row.map(text))];
  const widths = section.columns.map((_, i) => rows.slice(1).reduce((max, row) => Math.max(max, (row[i] ?? '').length), 0));
  // A column in which nothing stands is left out.
  const shown = widths.flatMap((width, i) =>
    width === 0 ? [] : [{ i, width: Math.max(width, section.columns[i]?.length ?? 0) }],
  );
  return rows.map((row) =>
    shown
      .map(({ i, width }) => (row[i] ?? '').padEnd(width))
      .join('  ')
      .trimEnd(),
  );
}
