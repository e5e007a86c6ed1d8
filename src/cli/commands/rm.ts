/** `hindcast rm`: deletes recordings. */
import { statSync } from 'node:fs';
import type { Command } from 'commander';
import { wallMs } from '../../core/clock.ts';
import { summariseRecording, type Summary } from '../../recording/recording.ts';
import { filesOf, obstacleOf, removeRecording, type Obstacle } from '../../recording/remove-recording.ts';
import { CliFailure } from '../failure.ts';
import { count, localTime, size } from '../../analysis/figures.ts';
import { explained, recordingAt } from '../project.ts';
import { addFilters, asksFor, chosenSummaries, filterOf, refuseBoth, type FilterOptions } from '../selection.ts';
import { stateWord, whoRan } from '../session-words.ts';
import { durationOf } from '../since.ts';
import type { Terminal } from '../terminal.ts';
import { does, newVerb, type Call, type CommonOptions } from '../verb.ts';

interface RmOptions extends FilterOptions {
  all?: boolean;
  olderThan?: string;
  dryRun?: boolean;
  yes?: boolean;
  force?: boolean;
}

export function verb(): Command {
  const command = newVerb({
    name: 'rm',
    summary: 'delete recordings',
    description:
      'Deletes recordings with their bodies, what is known of their export, and what a repair set aside. Sessions that are named are deleted at once; those that --all or filters choose, ' +
      'only with --yes: without it, they are listed, and the exit code is 2. One that is being recorded stays, and so does, without --force, one that has not been exported yet.',
    examples: [
      ['rm ses_4f1a', 'delete one session'],
      ['rm --older-than 30d --dry-run', 'what would go'],
      ['rm --older-than 30d --yes', 'delete what began more than 30 days ago'],
      ['rm --tag scratch --yes', 'delete by a filter'],
    ],
  })
    .argument('[session...]', 'ids, the beginnings of some, paths, or "last"')
    .option('-a, --all', 'every recording of the project')
    .option('--older-than <span>', 'sessions that began longer ago: 12h, 30d, 2w')
    .option('-n, --dry-run', 'list what would be deleted, and delete nothing')
    .option('-y, --yes', 'delete what --all or the filters chose')
    .option('-f, --force', 'also what has not been exported yet');
  return does(addFilters(command), run);
}

function run({ args, options, terminal }: Call<RmOptions>): number {
  const chosen = chosenBy(args, options, terminal);
  const named = args.length > 0;
  const doomed: Summary[] = [];
  const kept: { id: string; why: Obstacle }[] = [];
  for (const summary of chosen) {
    const why = obstacleOf(summary);
    if (why === undefined || (why === 'unexported' && options.force)) doomed.push(summary);
    else kept.push({ id: summary.id, why });
  }
  const wet = !options.dryRun && (named || options.yes === true);
  const bytes = doomed.map(({ path }) => (wet ? removeRecording(path) : bytesOf(path)));
  if (terminal.json) {
    const sessions = doomed.map(({ id, path }, index) => ({ id, path, bytes: bytes[index] }));
    terminal.printJson({ deleted: wet, sessions, kept });
  } else sayDoomed(doomed, { wet, bytes, terminal });
  for (const { id, why } of kept) terminal.remark(`! ${id} stays: ${REASONS[why]}`);
  if (!wet && !options.dryRun && doomed.length > 0) {
    terminal.remark('  Nothing was deleted: --yes deletes these.');
    return 2;
  }
  return named && kept.length > 0 ? 1 : 0;
}

const REASONS: Readonly<Record<Obstacle, string>> = {
  recording: 'it is being recorded',
  unexported: 'it has not been exported yet (--force deletes it all the same)',
};

/** What is named, or what `--all` or the filters choose. */
function chosenBy(named: string[], options: RmOptions & CommonOptions, terminal: Terminal): Summary[] {
  const filter = filterOf(options);
  if (options.olderThan !== undefined) {
    const before = (wallMs() - durationOf(options.olderThan)) * 1000;
    filter.untilUs = Math.min(before, filter.untilUs ?? Infinity);
  }
  refuseBoth(named, filter);
  if (named.length > 0 && options.all) throw new CliFailure('Name sessions, or take --all: not both.', { exitCode: 2 });
  if (named.length === 0 && !options.all && !asksFor(filter))
    throw new CliFailure('Nothing says which recordings to delete.', {
      hint: 'Name sessions, choose them by filters such as --older-than 30d, or take --all.',
      exitCode: 2,
    });
  if (named.length > 0) {
    const paths = new Set(named.map((meant) => recordingAt(options.dir, meant)));
    return [...paths].map((path) => explained(() => summariseRecording(path)));
  }
  return chosenSummaries(options.dir, filter, terminal);
}

const bytesOf = (path: string): number =>
  filesOf(path).reduce((sum, file) => sum + (statSync(file, { throwIfNoEntry: false })?.size ?? 0), 0);

function sayDoomed(doomed: Summary[], { wet, bytes, terminal }: { wet: boolean; bytes: number[]; terminal: Terminal }): void {
  const { print, paint, remark } = terminal;
  for (const [index, { id, header, state, end }] of doomed.entries()) {
    const facts = [localTime(header.epoch), whoRan(header), stateWord(state, end).text, size(bytes[index] ?? 0)];
    print(`${wet ? paint('green', '✓') : '-'} ${id}  ${paint('dim', facts.filter(Boolean).join('  '))}`);
  }
  const sum = bytes.reduce((a, b) => a + b, 0);
  if (doomed.length === 0) remark('There is nothing to delete.');
  else remark(`${count(doomed.length, 'session')}, ${size(sum)} ${wet ? 'deleted' : 'would be deleted'}`);
}
