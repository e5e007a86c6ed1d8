/** A session as a page of Markdown: facts, the tree of events, and, with content, what was said. */
import type { ExportedSession } from '../analysis/export-session.ts';
import { EVENT_COLUMNS, eventFigures, eventRemarks, eventSections, sessionFacts, titleOf, treeOf } from './report-facts.ts';
import { oneLine } from './printable.ts';
import { walk } from './tree.ts';

/** The page of a session. */
export function markdownSession(session: ExportedSession): string {
  const nodes = [...walk(treeOf(session))];
  const lines = [`# ${plain(titleOf(session))}`, ''];
  for (const [name, value] of sessionFacts(session)) lines.push(`- **${plain(name)}**: ${plain(value)}`);
  lines.push(
    '',
    '## Events',
    '',
    `| # | event | ${EVENT_COLUMNS.join(' | ')} |`,
    `|--:|---|${EVENT_COLUMNS.map(() => '---').join('|')}|`,
  );
  for (const { node, branch } of nodes) {
    if (!node.event) continue;
    // A space at the beginning of a cell is not kept.
    const name = `${branch.replaceAll(' ', '\u00a0')}${plain(oneLine(node.name))}`;
    const remarks = eventRemarks(node.event).map((text) => `<br>${plain(text)}`);
    lines.push(`| ${node.number} | ${name}${remarks.join('')} | ${eventFigures(node.event).map(plain).join(' | ')} |`);
  }
  for (const { node } of nodes) {
    const sections = node.event ? eventSections(node.event, session) : [];
    if (sections.length === 0) continue;
    lines.push('', `## ${node.number}. ${plain(oneLine(node.name))}`);
    for (const { title, text } of sections) lines.push('', `**${plain(title)}**`, '', fenced(text));
  }
  return `${lines.join('\n')}\n`;
}

/** Text that is neither Markdown nor HTML, in one line. */
function plain(text: string): string {
  return (
    oneLine(text)
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replace(/[\\`*_{}[\]()#+!|~]/g, String.raw`\$&`)
      // What a renderer would make a link of by itself.
      .replace(/:\/\//g, '&#58;//')
      .replace(/\b(www)\./gi, '$1&#46;')
  );
}

/** Text as it is, in a fence that it cannot close. */
function fenced(text: string): string {
  const longest = text.matchAll(/`+/g).reduce((most, [run]) => Math.max(most, run.length), 2);
  const fence = '`'.repeat(longest + 1);
  return `${fence}text\n${text}\n${fence}`;
}
