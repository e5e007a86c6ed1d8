/** `hindcast show`: one session as a tree, or everything about one of its events. */
import type { Command } from 'commander';
import type { MessageContent } from '../../events/content.ts';
import type { SpanEvent } from '../../events/model.ts';
import type { Exchange, Recording } from '../../recording/recording.ts';
import { renderEvent } from '../event-view.ts';
import { familyAt, familyOfOne, type Family } from '../family.ts';
import { findEvent } from '../find-event.ts';
import { forkLine } from '../fork/fork-words.ts';
import { bodiesOf, messagesOf } from '../messages.ts';
import { oneLine } from '../printable.ts';
import { openRecording, recordingAt } from '../project.ts';
import { showFamily, type Shown } from '../show-session.ts';
import type { Terminal } from '../terminal.ts';
import { walk, type TreeNode } from '../tree.ts';
import { does, newVerb, type Call } from '../verb.ts';

export function verb(): Command {
  const command = newVerb({
    name: 'show',
    summary: 'show a session as a tree, or one of its events',
    description:
      'Shows a session as a tree: when each event began, how long it took, its tokens and cost, and below it attempts, errors, ' +
      'decisions. Sessions that belong together, also those of several processes, are one tree with one sum. ' +
      'With an event, shows its facts, attempts with their headers, request and answer.',
    examples: [
      ['show', 'the newest session'],
      ['show ses_4f1a', 'the session whose id begins so'],
      ['show last 3', 'event 3 of the newest session'],
      ['show ses_4f1a --alone', 'without the other sessions of its family'],
      ['show --logs', 'with what the program printed (HINDCAST_CAPTURE_LOGS=all)'],
      ['show --host', 'and what it ran on'],
      ['show last --json | jq .stats', 'for programs'],
    ],
  })
    .argument('[session]', 'id, the beginning of one, a path, or "last"', 'last')
    .argument('[event]', 'number in the tree, id, or the beginning of one')
    .option('--alone', 'without the sessions that it is part of, or that are part of it')
    .option('--logs', 'with what the program printed')
    .option('--host', 'with what it ran on: machine, project, packages');
  return does(command, run);
}

function run({ args, options, terminal }: Call<Shown & { alone?: boolean }>): number {
  const [session = 'last', event] = args;
  const path = recordingAt(options.dir, session);
  const family = options.alone === true ? familyOfOne(openRecording(path)) : familyAt(path);
  const { fork } = family.first.header;
  if (event === undefined) showFamily(family, terminal, { ...options, ...(fork && { fork: forkLine(path, fork) }) });
  else showEvent(family, event, terminal);
  return 0;
}

function showEvent(family: Family, meant: string, terminal: Terminal): void {
  const found = findEvent(family, meant);
  const recording = family.events.recordings.get(found.id) ?? family.first;
  const node = byOwnClock(found, recording);
  const { event } = node;
  const exchanges = [...recording.exchanges.values()].filter(({ on }) => on === node.id);
  const messages = event && saidIn(event, exchanges.at(-1));
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
  if (node.session !== undefined) terminal.print(terminal.paint('dim', `in ${oneLine(node.session)}`));
  for (const line of renderEvent({ event: event ?? unfinished(node, recording), attempts, messages }, terminal))
    terminal.print(line);
}

/** The event as its own recording tells of it: bodies and attempts go by the clock of that. */
function byOwnClock(node: TreeNode, recording: Recording): TreeNode {
  const own = [...walk(familyOfOne(recording).tree)].find((each) => each.node.id === node.id)?.node;
  return own === undefined ? node : { ...own, number: node.number, ...(node.session !== undefined && { session: node.session }) };
}

/** What was said, when the recording holds it and somebody knows how to read it. */
function saidIn(event: SpanEvent, last: Exchange | undefined): MessageContent | undefined {
  const messages = event.type === 'llm' ? messagesOf(event, bodiesOf(last)) : {};
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
