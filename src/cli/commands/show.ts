/** `hindcast show`: one session as a tree, or everything about one of its events. */
import type { Command } from 'commander';
import type { MessageContent } from '../../events/content.ts';
import type { SpanEvent } from '../../events/model.ts';
import { messageContent } from '../../providers/decode.ts';
import type { Exchange, Recording } from '../../recording/recording.ts';
import { totalsOf } from '../../analysis/session-totals.ts';
import { statsLine } from '../../analysis/stats.ts';
import { renderEvent } from '../event-view.ts';
import { CliFailure } from '../failure.ts';
import { count, localTime, size } from '../figures.ts';
import { oneLine } from '../printable.ts';
import { openRecording, recordingAt } from '../project.ts';
import { renderTree } from '../session-view.ts';
import { endWords, stateWord, whoRan } from '../session-words.ts';
import type { Terminal } from '../terminal.ts';
import { buildTree, walk, type TreeNode } from '../tree.ts';
import { does, newVerb, type Call } from '../verb.ts';

const PROBLEMS_SHOWN_MAX = 5;

export function verb(): Command {
  const command = newVerb({
    name: 'show',
    summary: 'show a session as a tree, or one of its events',
    description:
      'Shows a session as a tree: when each event began, how long it took, its tokens and cost, and below it attempts, errors, ' +
      'decisions. With an event, shows its facts, attempts with their headers, request and answer.',
    examples: [
      ['show', 'the newest session'],
      ['show ses_4f1a', 'the session whose id begins so'],
      ['show last 3', 'event 3 of the newest session'],
      ['show last --json | jq .stats', 'for programs'],
    ],
  })
    .argument('[session]', 'id, the beginning of one, a path, or "last"', 'last')
    .argument('[event]', 'number in the tree, id, or the beginning of one');
  return does(command, run);
}

function run({ args, options, terminal }: Call<object>): number {
  const [session = 'last', event] = args;
  const recording = openRecording(recordingAt(options.dir, session));
  if (event === undefined) showSession(recording, terminal);
  else showEvent(recording, event, terminal);
  return 0;
}

/** Prints a session: what it was, its tree, its totals. */
export function showSession(recording: Recording, terminal: Terminal): void {
  const roots = treeOf(recording);
  const stats = totalsOf(recording);
  const { header, state, end, bytes, problems } = recording;
  if (terminal.json) {
    terminal.printJson({ session: header, state, end, stats, bytes, problems, events: roots });
    return;
  }
  const { paint } = terminal;
  const word = stateWord(state, end);
  const why = endWords(end);
  terminal.print(
    [
      paint('bold', oneLine(header.id)),
      oneLine(whoRan(header)),
      paint(word.style, why === '' ? word.text : `${word.text} (${why})`),
    ]
      .filter(Boolean)
      .join('  '),
  );
  const what = header.mode === 'full' ? 'with content' : 'without content';
  terminal.print(
    paint('dim', oneLine(`${localTime(header.epoch)}, pid ${header.pid}, Node ${header.node}, ${what}, ${size(bytes)}`)),
  );
  if (terminal.verbose && header.argv)
    terminal.print(paint('dim', `${oneLine(header.argv.join(' '))}\n${oneLine(header.cwd ?? '')}`));
  terminal.print();
  if (roots.length === 0) terminal.print('No events were recorded.');
  else for (const line of renderTree(roots, terminal, { alive: state === 'recording' })) terminal.print(line);
  terminal.print();
  terminal.print(statsLine(header.id, stats));
  sayProblems(recording, terminal);
}

function treeOf({ events, open, notes }: Recording): TreeNode[] {
  return buildTree({ events, open, notes: [...notes].flatMap(([on, said]) => said.map((n) => ({ on, n }))) });
}

function sayProblems({ header, state, problems }: Recording, terminal: Terminal): void {
  for (const { lineNumber, message } of problems.slice(0, PROBLEMS_SHOWN_MAX))
    terminal.remark(`! line ${lineNumber}: ${oneLine(message)}`);
  if (problems.length > PROBLEMS_SHOWN_MAX)
    terminal.remark(`! and ${count(problems.length - PROBLEMS_SHOWN_MAX, 'more problem')}`);
  if (state === 'damaged') terminal.remark(`  Keep what is sound: hindcast repair ${oneLine(header.id)}`);
}

function showEvent(recording: Recording, meant: string, terminal: Terminal): void {
  const node = findEvent(recording, meant);
  const { event } = node;
  const exchanges = [...recording.exchanges.values()].filter(({ on }) => on === node.id);
  const messages = event && messagesOf(event, exchanges.at(-1));
  if (terminal.json) {
    terminal.printJson({
      ...node,
      children: node.children.map(({ id }) => id),
      exchanges: exchanges.map(exchangeJson),
      messages,
    });
    return;
  }
  const attempts = exchanges.map((exchange) => ({
    ...exchange,
    end: exchange.end?.how,
    responseBytes: exchange.responseBody()?.length ?? 0,
  }));
  for (const line of renderEvent({ event: event ?? unfinished(node, recording), attempts, messages }, terminal))
    terminal.print(line);
}

/** The event of that number in the tree, or whose id begins so. */
function findEvent(recording: Recording, meant: string): TreeNode {
  const nodes = [...walk(treeOf(recording))].map(({ node }) => node);
  const numbered = /^#?\d+$/.test(meant) ? nodes[Number(meant.replace('#', '')) - 1] : undefined;
  const found = numbered ? [numbered] : nodes.filter(({ id }) => id.startsWith(meant));
  const [only] = found;
  if (only && found.length === 1) return only;
  const { id } = recording.header;
  throw new CliFailure(
    found.length === 0
      ? `No event of ${id} is number "${meant}" or has an id that begins so.`
      : `"${meant}" is the beginning of ${count(found.length, 'event id')}.`,
    {
      hint: `hindcast show ${id} numbers all ${nodes.length}.`,
    },
  );
}

/** What was said, when the recording holds it and somebody knows how to read it. */
function messagesOf(event: SpanEvent, last: Exchange | undefined): MessageContent | undefined {
  if (event.type !== 'llm') return undefined;
  const request = last?.requestText();
  const response = last?.responseContent();
  const contentType = last?.responseHeaders.find(([name]) => name.toLowerCase() === 'content-type')?.[1];
  const messages = messageContent(event, {
    ...(request !== undefined && { request }),
    ...(response !== undefined && { response }),
    ...(contentType !== undefined && { contentType }),
  });
  return Object.keys(messages).length > 0 ? messages : undefined;
}

function exchangeJson(exchange: Exchange): object {
  return { ...exchange, request: exchange.requestText(), response: exchange.responseText() };
}

/** An event that never ended, as far as is known. */
function unfinished({ id, type, name, start, notes }: TreeNode, { header, events }: Recording): SpanEvent {
  const end = Math.max(start, ...events.slice(-1).map((event) => event.end));
  return { id, trace: header.trace, type, name, start, end, status: 'unfinished', notes };
}
