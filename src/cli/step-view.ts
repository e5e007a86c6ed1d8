/** What the debugger shows: the position, and each of the views, as lines of text. */
import { BREAKPOINT_FORMS } from '../analysis/breakpoints.ts';
import { explanationLines } from '../analysis/explain-text.ts';
import { count, duration, localTime, offset } from '../analysis/figures.ts';
import { statsLine } from '../analysis/stats.ts';
import type { MomentState, WaitingCall } from '../analysis/timeline-state.ts';
import type { Moment, TimedEvent } from '../analysis/timeline.ts';
import { outcomeStyle, toolCallWords } from './event-words.ts';
import { oneLine } from './printable.ts';
import { stateWord, whoRan } from './session-words.ts';
import { COMMANDS } from './step-commands.ts';
import { answerWords, contextLines, contextWords, diffLines } from './step-context.ts';
import type { StepSession, ViewName } from './step-session.ts';
import { eventWords, inOneLine, lineOf, momentSpans, valueLines, type Page, type Span } from './step-words.ts';

/** Of anything that there may be many of, so many are shown without `--verbose`. */
const SHOWN_MAX = 8;
const LOGS_SHOWN = 20;
/** Events of the tree above and below the marker, where no window says how many. */
const TREE_AROUND = 40;
const DEPTH_DRAWN_MAX = 24;

/** Which session, and how far in. */
export function titleLine({ source, timeline, moment }: StepSession, page: Page): string {
  const { header, state, end } = source.family.first;
  const word = stateWord(state, end);
  const who = whoRan(header);
  const mode = header.mode === 'full' ? '' : '  without content';
  const place = moment === undefined ? 'nothing was recorded' : `moment ${moment.index + 1} of ${timeline.moments.length}`;
  return lineOf(
    [[oneLine(header.id), 'bold'], [who === '' ? '  ' : `  ${who}  `], [word.text, word.style], [mode, 'dim'], [`  ${place}`]],
    page,
  );
}

/** The position as it is printed line by line. */
export function positionLines({ source, timeline, moment }: StepSession, page: Page): string[] {
  if (moment === undefined) return ['Nothing was recorded.'];
  const around = moment.of?.parent;
  const indent = '      ';
  const place: Span = [`[${moment.index + 1}/${timeline.moments.length}] `, 'bold'];
  return [
    lineOf([place, ...momentSpans(moment)], page),
    ...(around ? [lineOf([[`${indent}in ${pathWords(around)}`, 'dim']], page)] : []),
    ...detailRows(source, moment).map(([name, text]) => lineOf([[`${indent}${name}  `, 'dim'], [text]], page)),
  ];
}

/** `#1 answer › #4 look up`, outermost first; of a deep one, its ends. */
function pathWords(of: TimedEvent): string {
  const path: TimedEvent[] = [];
  for (let at: TimedEvent | undefined = of; at !== undefined; at = at.parent) path.unshift(at);
  const shown =
    path.length > SHOWN_MAX
      ? [...path.slice(0, 2).map(eventWords), '…', ...path.slice(4 - SHOWN_MAX).map(eventWords)]
      : path.map(eventWords);
  return shown.join(' › ');
}

type Row = [name: string, text: string];

/** What a moment brings with it. */
function detailRows(source: StepSession['source'], { kind, of }: Moment): Row[] {
  const { event, type } = of?.node ?? {};
  if (of === undefined || event === undefined) return [];
  const { content, error, llm } = event;
  const rows: (Row | undefined)[] = [];
  const row = (name: string, value: unknown): void =>
    void rows.push(value === undefined || value === '' ? undefined : [name, inOneLine(value)]);
  if (kind === 'begin') {
    if (type === 'llm') row('context', contextWords(source, of));
    row('arguments', content?.arguments);
    row('agent', event.agent && [event.agent.name ?? event.agent.id, event.agent.version].filter(Boolean).join(' '));
    row(
      'step',
      event.step && `${event.step.seq}, ${event.step.type}${event.step.attempt > 1 ? `, attempt ${event.step.attempt}` : ''}`,
    );
  } else if (kind === 'end') {
    row('says', toolCallWords(event));
    if (llm) row('answer', answerWords(source, of));
    row('result', content?.result);
    row('error', content?.error?.message);
    row(
      'from',
      error?.from === undefined ? undefined : `event ${source.timeline.events.get(error.from)?.node.number ?? error.from}`,
    );
  }
  return rows.filter((one) => one !== undefined);
}

/** One of the views. `rows`: how many lines there is room for, where that is known. */
export function viewLines(session: StepSession, view: ViewName, page: Page, rows?: number): string[] {
  if (view === 'help') return helpLines(page);
  if (session.moment === undefined) return ['Nothing was recorded.'];
  switch (view) {
    case 'state':
      return stateLines(session, session.moment, page);
    case 'messages':
      return contextLines(session, session.moment, page);
    case 'diff':
      return diffLines(session, session.moment, page);
    case 'tree':
      return treeLines(session, session.moment, page, rows);
    case 'logs':
      return logLines(session, session.moment, page);
    default:
      return explanationLines(session.source.explanation, oneLine).map(({ kind, text }) =>
        lineOf([[text, kind === 'headline' ? 'bold' : kind === 'title' ? 'cyan' : 'reset']], page),
      );
  }
}

function stateLines({ source, timeline }: StepSession, moment: Moment, page: Page): string[] {
  const state = timeline.stateAt(moment.index);
  const { clock, stack, open, run, waiting, totals, logs } = state;
  const inside = new Set(stack);
  const beside = open.filter((of) => !inside.has(of));
  const { content } = stack.at(-1)?.node.event ?? {};
  const rows: Row[] = [
    [
      'clock',
      `${offset(clock.sinceStartUs)} since the start, ${localTime(clock.wallUs)}.${String(Math.floor(clock.wallUs / 1000) % 1000).padStart(3, '0')}`,
    ],
    ['in', moment.of ? pathWords(moment.of) : 'no event'],
    ...(beside.length === 0
      ? []
      : [
          [
            'also open',
            some(beside.map((of) => `${eventWords(of)} (since ${duration(Math.max(0, moment.at - of.node.start))})`)),
          ] as Row,
        ]),
    [
      'context',
      run.lastRequest
        ? `${contextWords(source, run.lastRequest)}, in ${eventWords(run.lastRequest)} (m, d)`
        : 'no model call yet',
    ],
  ];
  const { lastAnswer, lastTool } = run;
  if (lastAnswer) {
    const said = [lastAnswer.node.event ? toolCallWords(lastAnswer.node.event) : '', inOneLine(answerWords(source, lastAnswer))]
      .filter(Boolean)
      .join('; ');
    rows.push(['answered', `${eventWords(lastAnswer)}${said === '' ? '' : `: ${said}`}`]);
  }
  for (const call of shownOf(waiting)) rows.push(['waits', waitingWords(call, state)]);
  if (content?.arguments !== undefined) rows.push(['arguments', inOneLine(content.arguments)]);
  if (moment.kind === 'end' && content?.result !== undefined) rows.push(['result', inOneLine(content.result)]);
  else if (lastTool?.node.event?.content?.result !== undefined && lastTool !== moment.of)
    rows.push(['last result', `${eventWords(lastTool)}: ${inOneLine(lastTool.node.event.content.result)}`]);
  if (moment.kind === 'end' && content?.error) rows.push(['error', oneLine(content.error.message)]);
  const last = timeline.logs[logs - 1];
  if (last) rows.push(['printed', `${count(logs, 'piece')} (l), the last: ${oneLine(last.text)}`]);
  const width = Math.max(...rows.map(([name]) => name.length));
  const lines = rows.map(([name, text]) => lineOf([[`  ${name.padEnd(width)}  `, 'dim'], [text]], page));
  if (!source.hasContent(moment.of))
    lines.push(lineOf([['  Without content: messages, arguments, results and logs are not in this recording.', 'dim']], page));
  return [...lines, lineOf([[`  ${statsLine('so far', totals)}`]], page)];
}

const shownOf = <T>(list: readonly T[]): readonly T[] => list.slice(-SHOWN_MAX);

function some(words: readonly string[]): string {
  const more = words.length - SHOWN_MAX;
  return `${shownOf(words).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function waitingWords({ id, name, askedBy, carriedOut }: WaitingCall, { open }: MomentState): string {
  const how =
    carriedOut === undefined
      ? 'not begun'
      : open.includes(carriedOut)
        ? `running as #${carriedOut.node.number}`
        : `#${carriedOut.node.number} ${carriedOut.node.event?.status === 'error' ? 'failed' : 'has its result'}, no model was told yet`;
  return oneLine(`${name}${id === undefined ? '' : ` (${id})`}, asked for by #${askedBy.node.number}: ${how}`);
}

function treeLines({ timeline }: StepSession, { index, of }: Moment, page: Page, rows = 2 * TREE_AROUND + 1): string[] {
  const { size } = timeline.events;
  const marked = of?.node.number ?? timeline.moments.slice(0, index).findLast((one) => one.of)?.of?.node.number ?? 1;
  const first = page.verbose ? 1 : Math.max(1, Math.min(marked - Math.floor(rows / 2), size - rows + 1));
  const last = page.verbose ? size : Math.min(size, first + rows - 1);
  const lines: string[] = [];
  for (let number = first; number <= last; number++) {
    const event = timeline.numbered(number);
    if (event) lines.push(lineOf(treeSpans(event, { index, isHere: event === of, width: String(size).length }), page));
  }
  return lines;
}

/** An event of the tree, as it stands at a moment. */
function treeSpans(of: TimedEvent, { index, isHere, width }: { index: number; isHere: boolean; width: number }): Span[] {
  const { node, begin, end } = of;
  const number = String(node.number).padStart(width);
  const here: Span = [isHere ? '=> ' : '   ', 'bold'];
  if (begin > index) return [here, [`${number}   `, 'dim'], [branchOf(of), 'dim'], [oneLine(node.name), 'dim']];
  const isOpen = end === undefined || end > index;
  const style = isOpen || node.event === undefined ? 'cyan' : outcomeStyle(node.event);
  const mark = isOpen ? '▸' : style === 'green' ? '✓' : style === 'red' ? '✗' : '·';
  const name: Span = isHere ? [oneLine(node.name), 'bold'] : [oneLine(node.name)];
  return [here, [`${number} `, 'dim'], [`${mark} `, style], [branchOf(of), 'dim'], name];
}

/** The branches that lead to an event, as `hindcast show` draws them; of a deep one, the innermost. */
function branchOf(of: TimedEvent): string {
  let branch = '';
  for (let at = of, depth = 0; at.parent !== undefined && depth < DEPTH_DRAWN_MAX; at = at.parent, depth++) {
    const isLast = at.parent.children.at(-1) === at;
    branch = (at === of ? (isLast ? '└─ ' : '├─ ') : isLast ? '   ' : '│  ') + branch;
  }
  return branch;
}

function logLines({ source, timeline }: StepSession, moment: Moment, page: Page): string[] {
  const { logs } = timeline.stateAt(moment.index);
  if (logs === 0) {
    if (!source.hasContent(moment.of)) return ['Without content: what was printed is not in this recording.'];
    return [
      timeline.logs.length === 0
        ? 'Nothing that was printed is in this recording (option captureLogs).'
        : 'Nothing was printed yet.',
    ];
  }
  const shown = timeline.logs.slice(page.verbose ? 0 : Math.max(0, logs - LOGS_SHOWN), logs);
  const lines =
    shown.length < logs ? [lineOf([[`… ${logs - shown.length} pieces before: --verbose shows them`, 'dim']], page)] : [];
  for (const { t, stream, level, text } of shown) {
    const [only = '', ...more] = valueLines(text.replace(/\n$/, ''), { ...page, width: Infinity }, '');
    lines.push(
      lineOf([[`${offset(t)}  `, 'dim'], [`${stream}${level === undefined ? '' : ` ${oneLine(level)}`}: `, 'dim'], [only]], page),
    );
    for (const line of more) lines.push(lineOf([[`          ${line}`]], page));
  }
  return lines;
}

function helpLines(page: Page): string[] {
  const words = COMMANDS.map(
    ({ name, key, takes = '', meaning }) => [`${key.padEnd(2)}  ${name} ${takes}`.trimEnd(), meaning] as const,
  );
  const width = Math.max(...words.map(([left]) => left.length));
  const formWidth = Math.max(...BREAKPOINT_FORMS.map(([form]) => form.length));
  return [
    ...words.map(([left, meaning]) => lineOf([[`  ${left.padEnd(width)}  `, 'cyan'], [meaning]], page)),
    '  An empty line repeats the last move.',
    '',
    lineOf([['breakpoints', 'bold']], page),
    ...BREAKPOINT_FORMS.map(([form, meaning]) => lineOf([[`  ${form.padEnd(formWidth)}  `, 'cyan'], [meaning]], page)),
  ];
}
