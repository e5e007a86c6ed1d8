/** What a report says of a session and of each of its events: one source for the Markdown page and the HTML page. */
import { statsLine } from '../analysis/stats.ts';
import type { ExportedSession } from '../analysis/export-session.ts';
import type { MessagePart } from '../events/content.ts';
import type { SpanEvent } from '../events/model.ts';
import { attemptWords, noteWords, outcome, toolCallWords } from './event-words.ts';
import { duration, money, offset, tokens } from '../analysis/figures.ts';
import { oneLine, printable } from './printable.ts';
import { endWords, whoRan } from './session-words.ts';
import { buildTree, type TreeNode } from './tree.ts';

/** A text of an event under a heading. */
export interface Section {
  title: string;
  text: string;
}

/** The tree of a session. */
export function treeOf({ events }: ExportedSession): TreeNode[] {
  return buildTree({ events, open: [] });
}

/** Who ran, else the id. */
export function titleOf({ header }: ExportedSession): string {
  return whoRan(header) || oneLine(header.id);
}

/** Facts of the session, as names and values. */
export function sessionFacts(session: ExportedSession): [name: string, value: string][] {
  const { header, status, end, totals, tags, metadata, links } = session;
  const why = endWords(end);
  const facts: [string, string | undefined][] = [
    ['session', header.id],
    ['began', new Date(header.epoch / 1000).toISOString()],
    ['status', why === '' ? status : `${status} (${why})`],
    ['environment', header.environment],
    ['service', header.service],
    ['part of', header.parent],
    ['tags', tags?.join(', ')],
    ...Object.entries(metadata ?? {}).map(([key, value]): [string, string] => [key, String(value)]),
    ...(links ?? []).map(({ kind, name, url }): [string, string] => [name ?? kind ?? 'link', url]),
    ['totals', statsLine(header.id, totals).split('  ').slice(1).join('  ')],
  ];
  return facts.flatMap(([name, value]) => (value === undefined || value === '' ? [] : [[oneLine(name), oneLine(value)]]));
}

/** Columns of the list of events, beside the number and the name. */
export const EVENT_COLUMNS = ['at', 'took', 'tokens', 'cost', 'status'] as const;

/** The figures of an event, in the order of the columns. */
export function eventFigures(event: SpanEvent): string[] {
  return [
    offset(event.start),
    event.status === 'unfinished' ? '' : duration(event.end - event.start),
    tokens(event.llm?.usage?.input, event.llm?.usage?.output),
    event.cost ? money(event.cost.usd) : '',
    outcome(event),
  ];
}

/** What else there is to say of an event in a line each. */
export function eventRemarks(event: SpanEvent): string[] {
  const { step, run, content } = event;
  return [
    step ? `step ${step.seq}: ${step.type}${step.attempt > 1 ? `, attempt ${step.attempt}` : ''}` : '',
    run ? `run: ${run.status}` : '',
    attemptWords(event),
    toolCallWords(event),
    content?.error ? oneLine(content.error.message) : '',
    ...(event.notes ?? []).map(noteWords),
  ].flatMap((text) => (text === '' ? [] : [oneLine(text)]));
}

/** What was said in an event. */
export function eventSections(event: SpanEvent, { messages }: ExportedSession): Section[] {
  if (messages === undefined) return [];
  const { content, attributes } = event;
  const { system, input, output } = event.llm ? messages(event) : {};
  const sections: [title: string, value: unknown][] = [
    ['attributes', attributes],
    ['system', system && partsText(system)],
    ...(input ?? []).map(({ role, parts }): [string, unknown] => [role, partsText(parts)]),
    ['request', input ? undefined : content?.request],
    ...(output ?? []).map(({ role, parts }): [string, unknown] => [`answer of the ${role}`, partsText(parts)]),
    ['answer', output ? undefined : content?.response],
    ['arguments', content?.arguments],
    ['result', content?.result],
    ['error', content?.error?.stack],
  ];
  return sections.flatMap(([title, value]) =>
    value === undefined || value === '' ? [] : [{ title: oneLine(title), text: printable(asText(value)) }],
  );
}

function partsText(parts: readonly MessagePart[]): string {
  return parts
    .map((part) => {
      const { type, content, ...rest } = part;
      if (type === 'text') return content ?? '';
      // The bytes of an image or a sound would be most of the page.
      const shown = type === 'blob' || content === undefined ? '' : `\n${content}`;
      return `[${type}] ${JSON.stringify(rest)}${shown}`;
    })
    .join('\n\n');
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value, null, 2) ?? String(value));
}
