/** `hindcast diff`: two sessions beside each other, aligned by what they did. */
import { InvalidArgumentError, type Command } from 'commander';
import { localTime } from '../../analysis/figures.ts';
import { diffSessions, type DiffEntry, type SessionDiff } from '../../analysis/session-diff.ts';
import type { Recording } from '../../recording/recording.ts';
import { orTrouble, sideOf, type Side } from '../diff-side.ts';
import { renderDiff } from '../diff-view.ts';
import { oneLine } from '../printable.ts';
import { endWords, stateWord, whoRan } from '../session-words.ts';
import type { Terminal } from '../terminal.ts';
import { does, newVerb, type Call } from '../verb.ts';

const CONTEXT_EVENTS = 2;

interface DiffOptions {
  context: number;
  onlyFirst?: boolean;
  alone?: boolean;
}

export function verb(): Command {
  const command = newVerb({
    name: 'diff',
    summary: 'how one session became another',
    description:
      'Compares two sessions, aligned by what they did: events that were inserted, removed or changed, and of a changed one what is another in its request, ' +
      'arguments, answer, result and facts. Ids and times are no differences; tokens, cost and time are shown, and are none either. ' +
      'The exit code is 0 when they do not differ, 1 when they do, 2 when they could not be compared.',
    examples: [
      ['diff 4f1a 93c0', 'from the first to the second'],
      ['diff 4f1a last --only-first', 'where they part'],
      ['diff 4f1a last -v', 'with whole values'],
      ['diff 4f1a last --json | jq .counts', 'for programs'],
    ],
  })
    .argument('<before>', 'id, the beginning of one, a path, or "last"')
    .argument('<after>', 'the same')
    .option('--context <events>', 'how many events that are the same to show around each that differs', contextOf, CONTEXT_EVENTS)
    .option('--only-first', 'the first difference alone')
    .option('--alone', 'without the sessions that are part of them');
  return does(command, run);
}

function contextOf(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('It must be a number of events.');
  return Number(text);
}

function run({ args: [one = '', other = ''], options, terminal }: Call<DiffOptions>): number {
  const { context, onlyFirst = false } = options;
  const [before, after, diff] = orTrouble((): [Side, Side, SessionDiff] => {
    const sides = [sideOf(one, options), sideOf(other, options)] as const;
    return [...sides, diffSessions(...sides)];
  });
  if (terminal.json) terminal.printJson(jsonOf(diff, onlyFirst));
  else {
    terminal.print(terminal.paint('bold', `--- ${headOf(before.record)}`));
    terminal.print(terminal.paint('bold', `+++ ${headOf(after.record)}`));
    terminal.print();
    for (const line of renderDiff(diff, { context, onlyFirst }, terminal)) terminal.print(line);
    for (const { record } of [before, after]) sayProblems(record, terminal);
  }
  return diff.same ? 0 : 1;
}

function headOf({ header, state, end }: Recording): string {
  const why = endWords(end);
  const how = stateWord(state, end).text;
  return oneLine(
    [header.id, localTime(header.epoch), whoRan(header), why === '' ? how : `${how} (${why})`].filter(Boolean).join('  '),
  );
}

/** What differs, and not what is the same. */
function jsonOf(diff: SessionDiff, onlyFirst: boolean): object {
  const { first, entries, ...rest } = diff;
  const firstEntry = first === undefined ? undefined : entries[first];
  const differing = onlyFirst ? [firstEntry].filter((each) => each !== undefined) : entries.filter(({ kind }) => kind !== 'same');
  return { ...rest, entries: differing, ...(firstEntry && { first: differing.indexOf(firstEntry satisfies DiffEntry) }) };
}

function sayProblems({ header, problems }: Recording, terminal: Terminal): void {
  const [problem] = problems;
  if (problem) terminal.remark(`! ${oneLine(header.id)} is not whole: ${oneLine(problem.message)}`);
}
