/** An explanation as Markdown. Whatever the recording said stands in code spans, in which no HTML, link or other markup can begin. */
import { reportOf } from './explain-report.ts';
import type { Section } from './explain-tables.ts';
import { tame } from './explain-text.ts';
import { written, type Phrase } from './explain-words.ts';
import type { Explanation } from './explanation.ts';

/** `said` as a code span that it cannot end. */
export function codeSpan(said: string): string {
  const text = tame(said);
  if (text === '') return '';
  const longest = (text.match(/`+/g) ?? []).reduce((max, run) => Math.max(max, run.length), 0);
  const fence = '`'.repeat(longest + 1);
  const pad = text.startsWith('`') || text.endsWith('`') ? ' ' : '';
  return `${fence}${pad}${text}${pad}${fence}`;
}

/** The same in a cell of a table, which a bar would end even there: a broken bar takes its place, as renderers do not agree on escaped ones behind a backslash. */
export const cellSpan = (said: string): string => codeSpan(said).replaceAll('|', '¦');

/** An explanation as a Markdown document. */
export function explanationMarkdown(explained: Explanation): string {
  const { headline, sections } = reportOf(explained);
  const blocks = [`# ${written(headline, codeSpan)}`];
  for (const section of sections) blocks.push(`## ${section.title}`, body(section));
  return `${blocks.join('\n\n')}\n`;
}

function body(section: Section): string {
  if ('items' in section) return section.items.map((item) => `- ${written(item, codeSpan)}`).join('\n');
  if ('facts' in section)
    return section.facts.map(([label, phrase]) => `- **${label}**: ${written(phrase, codeSpan)}`).join('\n');
  const { columns, rows } = section;
  const shown = columns.flatMap((_, i) => (rows.some((row) => (row[i] ?? []).length > 0) ? [i] : []));
  const line = (cell: (i: number) => string): string => `| ${shown.map(cell).join(' | ')} |`;
  const text = (phrase: Phrase | undefined): string => written(phrase ?? [], cellSpan);
  return [line((i) => columns[i] ?? ''), line(() => '---'), ...rows.map((row) => line((i) => text(row[i])))].join('\n');
}
