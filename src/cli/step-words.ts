/** Moments, events and values as words and lines: what the views of the debugger are made of. All that comes from a recording passes through printable.ts here. */
import { duration, money, offset, tokens } from '../analysis/figures.ts';
import type { Moment, TimedEvent } from '../analysis/timeline.ts';
import type { MessageContent, MessagePart } from '../events/content.ts';
import { noteWords, outcome, outcomeStyle } from './event-words.ts';
import { cells, clip, oneLine, printable } from './printable.ts';
import type { Style, Terminal } from './terminal.ts';

/** A piece of a line, and its colour. */
export type Span = readonly [text: string, style?: Style];

/** How views write: cells of a line, and colours. */
export type Page = Pick<Terminal, 'width' | 'paint' | 'verbose'>;

/** A line of pieces, cut to the width. */
export function lineOf(spans: readonly Span[], { width, paint }: Page): string {
  let left = width;
  let line = '';
  for (const [text, style] of spans) {
    if (left <= 0) break;
    const shown = clip(text, left);
    left -= cells(shown);
    line += style === undefined ? shown : paint(style, shown);
    if (shown !== text) break;
  }
  return line;
}

/** `#3 chat gpt-4.1`. */
export function eventWords({ node }: TimedEvent): string {
  return `#${node.number} ${oneLine(node.name)}`;
}

/** What happens in a moment, in one line: when, at which event, how it went. */
export function momentSpans(moment: Moment): Span[] {
  const { kind, at, of } = moment;
  const time: Span = [`${offset(at)}  `, 'dim'];
  const where = of ? eventWords(of) : '';
  switch (kind) {
    case 'begin':
      return [time, ['▸ ', 'cyan'], [where], [' begins', 'dim']];
    case 'end': {
      const { event } = of.node;
      if (event === undefined) return [time, [where]];
      const style = outcomeStyle(event);
      const mark = style === 'green' ? '✓ ' : style === 'red' ? '✗ ' : '· ';
      const facts = [tokens(event.llm?.usage?.input, event.llm?.usage?.output), event.cost ? money(event.cost.usd) : ''];
      const how = event.status === 'ok' && style === 'green' ? '' : outcome(event);
      const took = ['', duration(event.end - event.start), ...facts]
        .filter((text, place) => place === 0 || text !== '')
        .join('  ');
      return [time, [mark, style], [where], [' ends', 'dim'], [took], [how === '' ? '' : `  ${how}`, style]];
    }
    case 'answer': {
      const { status, error, us } = moment.answer;
      const isBad = error !== undefined || (status ?? 500) >= 400;
      const what = [status, error === undefined ? undefined : oneLine(error)].filter((one) => one !== undefined).join(' ');
      return [
        time,
        ['← ', isBad ? 'yellow' : 'dim'],
        [where],
        [`${of ? ' ' : ''}answered ${what}`, isBad ? 'yellow' : 'dim'],
        [us === undefined ? '' : `  after ${duration(us)}`],
      ];
    }
    case 'note':
      return [time, ['◆ ', 'magenta'], [where], [`  ${noteWords(moment.note)}`, 'magenta']];
    default: {
      const { stream, level, text } = moment.log;
      return [
        time,
        ['┊ ', 'dim'],
        [of ? `${where}  ` : ''],
        [`${stream}${level === undefined ? '' : ` ${oneLine(level)}`}: `, 'dim'],
        [oneLine(text)],
      ];
    }
  }
}

/** A value in one line: a string as it is, anything else as JSON. */
export function inOneLine(value: unknown): string {
  return oneLine(typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value)));
}

/** Lines of one value that are shown without `--verbose`. */
const LINES_MAX = 40;

/** A value as lines: a string as it is, anything else as JSON; cut after some unless more was asked for. */
export function valueLines(value: unknown, page: Page, indent = '    '): string[] {
  const text = typeof value === 'string' ? value : (JSON.stringify(value, null, 2) ?? String(value));
  const all = printable(text).split('\n');
  const shown = page.verbose ? all : all.slice(0, LINES_MAX);
  const lines = shown.map((line) => lineOf([[indent + line]], page));
  if (all.length > shown.length)
    lines.push(lineOf([[`${indent}… ${all.length - shown.length} more lines: --verbose shows them`, 'dim']], page));
  return lines;
}

/** The messages of a request or of an answer, as lines. */
export function messageLines({ system = [], tools = [], input = [], output = [] }: MessageContent, page: Page): string[] {
  const partLines = (part: MessagePart): string[] => {
    if (part.type === 'text' && part.content !== undefined) return valueLines(part.content, page);
    const { type, content, ...rest } = part;
    const more = Object.keys(rest).length > 0 ? ` ${JSON.stringify(rest)}` : '';
    return [
      lineOf([['    ▸ ', 'dim'], [oneLine(type + more)]], page),
      ...(content === undefined ? [] : valueLines(content, page)),
    ];
  };
  const lines = system.length === 0 ? [] : [page.paint('cyan', '  system'), ...system.flatMap(partLines)];
  for (const message of input)
    lines.push(lineOf([[`  ${oneLine(message.role)}`, 'cyan']], page), ...message.parts.flatMap(partLines));
  if (tools.length > 0) {
    lines.push(page.paint('cyan', '  tools offered'));
    for (const { name, description = '' } of tools)
      lines.push(lineOf([[`    ${oneLine(name)}  `], [oneLine(description), 'dim']], page));
  }
  for (const { role, finish_reason: reason, parts } of output)
    lines.push(
      lineOf(
        [
          [`  ${oneLine(role)}`, 'cyan'],
          [` answers (${oneLine(reason)})`, 'dim'],
        ],
        page,
      ),
      ...parts.flatMap(partLines),
    );
  return lines;
}
