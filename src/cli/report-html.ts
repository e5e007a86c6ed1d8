/** Sessions as one page of HTML that stands alone: no scripts, nothing loaded, every text escaped, and a policy that would stop what slipped through. */
import { createHash } from 'node:crypto';
import type { ExportedSession } from '../analysis/export-session.ts';
import type { SpanEvent } from '../events/model.ts';
import { printable } from './printable.ts';
import { EVENT_COLUMNS, eventFigures, eventRemarks, eventSections, sessionFacts, titleOf, treeOf } from './report-facts.ts';
import { walk } from './tree.ts';

const STYLE = `
:root { color-scheme: light dark; --dim: #667; --line: #ccd; --bar: #58a; --bad: #b22; --back: #f6f6f9; }
@media (prefers-color-scheme: dark) { :root { --dim: #99a; --line: #445; --bar: #7ad; --bad: #f77; --back: #22242a; } }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin-bottom: .5rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; }
dt { color: var(--dim); } dd { margin: 0; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; }
th { text-align: left; color: var(--dim); font-weight: normal; }
th, td { padding: .2rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
td.name { white-space: pre-wrap; font-family: ui-monospace, monospace; font-size: .87em; overflow-wrap: anywhere; }
td.figure, th.figure { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.remark { color: var(--dim); display: block; padding-left: 1rem; }
.error { color: var(--bad); }
svg { width: 8rem; height: .8rem; } rect { fill: var(--bar); } rect.error { fill: var(--bad); }
details { margin: .4rem 0; } summary { cursor: pointer; }
pre { background: var(--back); padding: .6rem .8rem; overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere; }
`;

const POLICY = [
  `default-src 'none'`,
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  `base-uri 'none'`,
  `form-action 'none'`,
].join('; ');

/** What stands before the first session, and behind the last one. */
export const HTML_FRAME = [
  `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escape(POLICY)}">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="hindcast">
<title>hindcast</title>
<style>${STYLE}</style>
</head>
<body>
`,
  `</body>
</html>
`,
] as const;

/** The part of the page that a session has. */
export function htmlSession(session: ExportedSession): string {
  const nodes = [...walk(treeOf(session))];
  const lastUs = session.events.reduce((last, { end }) => Math.max(last, end), 1);
  const facts = sessionFacts(session).map(([name, value]) => `<dt>${escape(name)}</dt><dd>${escape(value)}</dd>`);
  const rows = nodes.flatMap(({ node, branch }) =>
    node.event ? [row(node.event, { number: node.number, branch, lastUs })] : [],
  );
  const details = nodes.flatMap(({ node }) => (node.event ? said(node.event, node.number, session) : []));
  const titles = EVENT_COLUMNS.map((title) => `<th class="figure">${title}</th>`).join('');
  return `<main>
<h1>${escape(titleOf(session))}</h1>
<dl>${facts.join('')}</dl>
<h2>Events</h2>
<table>
<thead><tr><th class="figure">#</th><th>event</th><th>when</th>${titles}</tr></thead>
<tbody>
${rows.join('\n')}
</tbody>
</table>
${details.length > 0 ? '<h2>What was said</h2>\n' : ''}${details.join('\n')}
</main>
`;
}

function row(event: SpanEvent, { number, branch, lastUs }: { number: number; branch: string; lastUs: number }): string {
  const bad = event.status === 'error' ? ' error' : '';
  const percent = (us: number): string => ((us / lastUs) * 100).toFixed(2);
  const width = Math.max(0.5, ((event.end - event.start) / lastUs) * 100).toFixed(2);
  const remarks = eventRemarks(event).map((text) => `<span class="remark">${escape(text)}</span>`);
  const figures = eventFigures(event).map((text, index) => {
    const last = index === EVENT_COLUMNS.length - 1;
    return `<td class="figure${last ? bad : ''}">${escape(text)}</td>`;
  });
  return (
    `<tr><td class="figure">${number}</td><td class="name">${escape(branch)}${escape(event.name)}${remarks.join('')}</td>` +
    `<td><svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"><rect class="bar${bad}" x="${percent(event.start)}" y="1" ` +
    `width="${width}" height="8"/></svg></td>${figures.join('')}</tr>`
  );
}

function said(event: SpanEvent, number: number, session: ExportedSession): string[] {
  const sections = eventSections(event, session);
  if (sections.length === 0) return [];
  const bodies = sections.map(({ title, text }) => `<h4>${escape(title)}</h4><pre>${escape(text)}</pre>`);
  return [`<details><summary>${number}. ${escape(event.name)}</summary>${bodies.join('')}</details>`];
}

function escape(text: string): string {
  return printable(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
