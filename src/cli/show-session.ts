/** A session as `hindcast show` prints it: what it was, its tree, its totals, and those of the sessions that belong to it. */
import { familyTotals, sessionTotals } from '../analysis/family.ts';
import { totalsOf } from '../analysis/session-totals.ts';
import { statsLine } from '../analysis/stats.ts';
import type { Recording } from '../recording/recording.ts';
import { below, familyOfOne, sessionMarks, type Family } from './family.ts';
import { count, localTime, size } from '../analysis/figures.ts';
import { droppedWords } from './budget-words.ts';
import { renderHost } from './host-view.ts';
import { logWords, withLogs } from './log-view.ts';
import { sourcesOf } from './fork/fork-words.ts';
import { oneLine } from './printable.ts';
import { renderTree } from './session-view.ts';
import { endWords, stateWord, whoRan } from './session-words.ts';
import type { Terminal } from './terminal.ts';
import type { TreeNode } from './tree.ts';

const PROBLEMS_SHOWN_MAX = 5;

/** What of a session is shown beside its events. */
export interface Shown {
  logs?: boolean;
  host?: boolean;
  /** Of what it is a fork, in words. */
  fork?: string;
}

/** Prints a session by itself. */
export function showSession(recording: Recording, terminal: Terminal, shown: Shown = {}): void {
  showFamily(familyOfOne(recording), terminal, shown);
}

/** Prints a session with everything that is part of it. */
export function showFamily(family: Family, terminal: Terminal, shown: Shown = {}): void {
  if (terminal.json) {
    terminal.printJson(familyJson(family, shown));
    return;
  }
  const { first, recordings } = family;
  sayHead(family, terminal, shown.fork);
  terminal.print();
  if (shown.host === true) for (const line of [...renderHost(first.host, first.header, terminal), '']) terminal.print(line);
  sayTree(family, terminal, shown);
  terminal.print();
  sayTotals(family, terminal);
  for (const { logs, end } of recordings) {
    const printed = logWords(logs, end);
    if (printed !== '') terminal.remark(`${printed}${shown.logs === true ? '' : ': --logs shows them'}`);
    const dropped = droppedWords(end?.dropped);
    if (dropped !== '') terminal.remark(`! ${dropped}`);
  }
  for (const recording of recordings) sayProblems(recording, terminal);
}

function familyJson({ root, first, recordings, tree }: Family, shown: Shown): object {
  const { host, logs } = first;
  return {
    ...sessionJson(first),
    stats: familyTotals(root),
    host,
    ...(shown.logs === true && { logs }),
    ...(recordings.length > 1 && { sessions: recordings.map(sessionJson) }),
    events: tree,
  };
}

/** One recording, with its own totals. */
function sessionJson(recording: Recording): object {
  const { header, state, end, bytes, problems, tags, metadata, links } = recording;
  return { session: header, state, end, stats: totalsOf(recording), bytes, problems, tags, metadata, links };
}

function sayHead({ first, root }: Family, { paint, print, verbose }: Terminal, fork: string | undefined): void {
  const { header, state, end, bytes } = first;
  const word = stateWord(state, end);
  const why = endWords(end);
  print(
    [
      paint('bold', oneLine(header.id)),
      oneLine(whoRan(header)),
      paint(word.style, why === '' ? word.text : `${word.text} (${why})`),
    ]
      .filter(Boolean)
      .join('  '),
  );
  const what = header.mode === 'full' ? 'with content' : 'without content';
  print(paint('dim', oneLine(`${localTime(header.epoch)}, pid ${header.pid}, Node ${header.node}, ${what}, ${size(bytes)}`)));
  if (fork !== undefined) print(paint('cyan', fork));
  if (root.parts.length > 1) print(paint('dim', `recorded by ${root.parts.length} processes`));
  for (const line of said(first)) print(paint('dim', oneLine(line)));
  if (verbose && header.argv) print(paint('dim', `${oneLine(header.argv.join(' '))}\n${oneLine(header.cwd ?? '')}`));
}

/** What a session says of itself. */
function said({ header, tags, metadata, links }: Recording): string[] {
  const members = Object.entries(metadata).map(([name, value]) => `${name} ${value}`);
  return [
    ...(header.parent === undefined ? [] : [`part of ${header.parent}`]),
    ...(tags.length === 0 ? [] : [`tags ${tags.join(', ')}`]),
    ...(members.length === 0 ? [] : [members.join(', ')]),
    ...links.map(({ kind = 'link', name, url }) => [kind, name, url].filter(Boolean).join(' ')),
  ];
}

function sayTree(family: Family, terminal: Terminal, shown: Shown): void {
  const { first, recordings, events, tree } = family;
  if (tree.length === 0) terminal.print('No events were recorded.');
  let whole = tree;
  for (const { header, logs } of shown.logs === true ? recordings : []) {
    const us = header.epoch - first.header.epoch;
    const moved = logs.map((line) => ({ ...line, t: line.t + us }));
    whole = withLogs(whole, moved, terminal);
  }
  if (whole.length === 0) return;
  const alive = ({ id }: TreeNode): boolean => events.recordings.get(id)?.state === 'recording';
  const lines = renderTree(whole, terminal, { alive, marks: sessionMarks(family), from: sourcesOf(recordings) });
  // A table without events has a header without titles.
  for (const line of tree.length === 0 ? lines.slice(1) : lines) terminal.print(line);
}

/** The totals of all, and those of each session that is part of the root. */
function sayTotals(family: Family, terminal: Terminal): void {
  const { root } = family;
  const others = [...below(family)];
  const more = others.length === 0 ? '' : ` and ${count(others.length, 'session')} in it`;
  terminal.print(statsLine(`${oneLine(root.id)}${more}`, familyTotals(root)));
  for (const { node, depth } of others) {
    const { state, end } = node.parts[0] as Recording;
    const { text, style } = stateWord(state, end);
    const how = text === 'ok' ? '' : `, ${terminal.paint(style, text)}`;
    terminal.print(`${'  '.repeat(depth)}${statsLine(oneLine(node.id), sessionTotals(node))}${how}`);
  }
}

function sayProblems({ header, state, problems }: Recording, terminal: Terminal): void {
  for (const { lineNumber, message } of problems.slice(0, PROBLEMS_SHOWN_MAX))
    terminal.remark(`! line ${lineNumber}: ${oneLine(message)}`);
  if (problems.length > PROBLEMS_SHOWN_MAX)
    terminal.remark(`! and ${count(problems.length - PROBLEMS_SHOWN_MAX, 'more problem')}`);
  if (state === 'damaged') terminal.remark(`  Keep what is sound: hindcast repair ${oneLine(header.id)}`);
}
