/** `hindcast tail`: follows a session while it is recorded, and prints its events as they begin and as they end. */
import type { Command } from 'commander';
import type { Line } from '../../events/lines.ts';
import { attemptWords, noteWords, outcome } from '../event-words.ts';
import { duration, localTime, money, offset, tokens } from '../../analysis/figures.ts';
import { followLines } from '../follow.ts';
import { oneLine } from '../printable.ts';
import { newestRecording, recordingAt } from '../project.ts';
import { endWords, stateWord, whoRan } from '../session-words.ts';
import type { Terminal } from '../terminal.ts';
import { does, newVerb, type Call } from '../verb.ts';

export function verb(): Command {
  const command = newVerb({
    name: 'tail',
    summary: 'follow a session while it is recorded',
    description:
      'Prints the events of a session as they begin and as they end, until the session ends. Without a session it follows the ' +
      'newest; where none is recorded yet, it waits for the first.',
    examples: [
      ['tail', 'the newest session'],
      ['tail ses_4f1a', 'one session'],
      ['tail --json | jq -c "select(.k == \\"event\\")"', 'the lines of the recording as they are written'],
    ],
  }).argument('[session]', 'id, the beginning of one, a path, or "last"', 'last');
  return does(command, run);
}

async function run({ args, options, terminal }: Call<object>): Promise<number> {
  const [meant = 'last'] = args;
  const path = meant === 'last' ? await newestRecording(options.dir, terminal) : recordingAt(options.dir, meant);
  const names = new Map<string, string>();
  for await (const step of followLines(path)) {
    if (step.kind === 'line') {
      if (terminal.json) printLine(step.line, terminal);
      else sayLine(step.line, names, terminal);
    } else if (step.kind === 'problem') {
      terminal.remark(`! line ${step.problem.lineNumber}: ${oneLine(step.problem.message)}`);
    } else {
      terminal.remark('The process is gone without having ended its session (crash, kill -9).');
    }
  }
  return 0;
}

/** Bodies of exchanges are only for those who ask for more: they are long, and what is about them is in the events. */
function printLine(line: Line, { printJson, verbose }: Terminal): void {
  if (verbose || !['request', 'response', 'data'].includes(line.k)) printJson(line);
}

function sayLine(line: Line, names: Map<string, string>, { print, paint, verbose }: Terminal): void {
  const say = (...parts: string[]): void => print(parts.filter(Boolean).join('  '));
  switch (line.k) {
    case 'session':
      return say(paint('bold', oneLine(line.id)), whoRan(line), paint('dim', localTime(line.epoch)));
    case 'open':
      names.set(line.id, line.name);
      return say(offset(line.t), paint('cyan', '▸'), oneLine(line.name));
    case 'note':
      return say(offset(line.t), paint('magenta', '◆'), noteWords(line.n), paint('dim', oneLine(names.get(line.on) ?? '')));
    case 'event': {
      const { e } = line;
      names.delete(e.id);
      const mark =
        e.status === 'ok'
          ? paint('green', '✓')
          : paint(e.status === 'error' ? 'red' : 'yellow', e.status === 'error' ? '✗' : '·');
      const how = e.status === 'ok' ? '' : paint(e.status === 'error' ? 'red' : 'yellow', outcome(e));
      const spent = [tokens(e.llm?.usage?.input, e.llm?.usage?.output), e.cost ? money(e.cost.usd) : ''];
      return say(offset(e.end), mark, oneLine(e.name), duration(e.end - e.start), ...spent, how, paint('dim', attemptWords(e)));
    }
    case 'end': {
      const word = stateWord('ended', line);
      return say(offset(line.t), paint(word.style, `● ${word.text}`), endWords(line));
    }
    case 'request':
      return verbose ? say(offset(line.t), paint('dim', `→ ${oneLine(`${line.method} ${line.url}`)}`)) : undefined;
    case 'response':
      return verbose ? say(offset(line.at), paint('dim', `← ${line.status}`)) : undefined;
    default:
      return undefined;
  }
}
