/** `hindcast gc`: removes the oldest recordings until the rest is as small as it may be. */
import { InvalidArgumentError, type Command } from 'commander';
import { count, localTime, size } from '../../analysis/figures.ts';
import { resolveOptions } from '../../client/resolve.ts';
import { sweepFolder, type RemovedRecording, type SweepReport } from '../../recording/sweep.ts';
import { CliFailure } from '../failure.ts';
import { recordingsAt } from '../project.ts';
import { idOf } from '../session-words.ts';
import type { Terminal } from '../terminal.ts';
import { does, newVerb, type Call } from '../verb.ts';

const MEGABYTE = 1024 * 1024;
const DAY_MS = 24 * 60 * 60_000;

interface GcOptions {
  dryRun?: boolean;
  budgetMb?: number;
  keepDays?: number;
}

export function verb(): Command {
  const command = newVerb({
    name: 'gc',
    summary: 'remove the oldest recordings, down to the disk budget',
    description:
      'Removes whole recordings, oldest first, until all of them together are within the disk budget (options diskBudgetMb and keepDays), as every program that records does from time to ' +
      'time. One that is being recorded stays. One that has not been exported yet goes last, and only for the budget.',
    examples: [
      ['gc --dry-run', 'what would go'],
      ['gc', 'remove what is too much'],
      ['gc --budget-mb 500 --keep-days 30', 'by other limits than those that are configured'],
    ],
  })
    .option('-n, --dry-run', 'list what would be removed, and remove nothing')
    .option('--budget-mb <number>', 'what all recordings together may take; 0: no limit', amount)
    .option('--keep-days <number>', 'remove recordings that were written to so long ago', amount);
  return does(command, run);
}

function amount(text: string): number {
  const n = text.trim() === '' ? NaN : Number(text);
  if (!Number.isFinite(n) || n < 0) throw new InvalidArgumentError('It must be a number from 0 on.');
  return n;
}

async function run({ options, terminal }: Call<GcOptions>): Promise<number> {
  const { values } = resolveOptions();
  const budgetMb = options.budgetMb ?? values.diskBudgetMb;
  const keepDays = options.keepDays ?? values.keepDays;
  const dryRun = options.dryRun === true;
  const report = await sweepFolder({
    dir: recordingsAt(options.dir),
    budgetBytes: budgetMb * MEGABYTE,
    keepMs: keepDays === undefined ? undefined : keepDays * DAY_MS,
    dryRun,
    // This process has nothing else to do.
    breathe: () => Promise.resolve(),
  });
  if (report.busy)
    throw new CliFailure('Another process is removing recordings from this folder.', { hint: 'Try again in a minute.' });
  if (terminal.json) terminal.printJson({ removed: !dryRun, budgetMb, keepDays, ...asJson(report) });
  else sayReport(report, { dryRun, budgetMb, terminal });
  return 0;
}

function asJson({ found, bytes, removed, sum }: SweepReport): object {
  return {
    before: { recordings: found.recordings, bytes: found.bytes },
    after: { recordings: found.recordings - removed.length, bytes },
    unexported: sum.unexported,
    recordings: removed.map(({ path, modifiedMs, ...one }) => ({
      id: idOf(path),
      path,
      modifiedAt: new Date(modifiedMs).toISOString(),
      ...one,
    })),
  };
}

const REASONS: Readonly<Record<RemovedRecording['why'], string>> = {
  budget: 'over the budget',
  disk: 'the disk is nearly full',
  age: 'older than keepDays',
};

function sayReport(
  { found, bytes, removed, sum }: SweepReport,
  { dryRun, budgetMb, terminal }: { dryRun: boolean; budgetMb: number; terminal: Terminal },
): void {
  const { print, paint, remark } = terminal;
  for (const { path, bytes: freed, modifiedMs, why, unexported } of removed) {
    const lost = unexported === undefined ? '' : `${count(unexported, 'event')} not exported`;
    const facts = [localTime(modifiedMs * 1000), size(freed), REASONS[why], lost];
    print(`${dryRun ? '-' : paint('green', '✓')} ${idOf(path)}  ${paint('dim', facts.filter(Boolean).join('  '))}`);
  }
  const left = `${count(found.recordings - removed.length, 'recording')}, ${size(bytes)}`;
  if (removed.length === 0) remark(`There is nothing to remove: ${left}.`);
  else
    remark(`${count(removed.length, 'recording')}, ${size(sum.bytes)} ${dryRun ? 'would be removed' : 'removed'}; ${left} stay.`);
  if (budgetMb > 0 && bytes > budgetMb * MEGABYTE)
    remark(
      `! That is more than the budget of ${size(budgetMb * MEGABYTE)}: the rest is being recorded, or ended minutes ago without saying so.`,
    );
}
