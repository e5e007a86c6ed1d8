/** `hindcast bisect`: the model call that decided that a session went wrong, by asking each again; or the first event at which two sessions differ. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import { count, money } from '../../analysis/figures.ts';
import { diffSessions } from '../../analysis/session-diff.ts';
import { orTrouble, sideOf } from '../diff-side.ts';
import { renderDiff } from '../diff-view.ts';
import { bisect } from '../fork/bisect.ts';
import type { Bisected } from '../fork/bisect.ts';
import type { Search, Tried } from '../fork/bisect-search.ts';
import { forkableAt, missingKeys } from '../fork/fork-order.ts';
import { verdictOf } from '../fork/verdict.ts';
import { oneLine } from '../printable.ts';
import { recordingAt } from '../project.ts';
import { table } from '../table.ts';
import type { Terminal } from '../terminal.ts';
import { does, newVerb, type Call, type CommonOptions } from '../verb.ts';

const SAMPLES = 3;
const FORKS_MAX = 30;

interface BisectFlags extends CommonOptions {
  samples: number;
  search?: Search;
  badIf?: string;
  goodIfExit?: number;
  maxForks: number;
  maxCost?: number;
  allow?: string[];
  keep?: boolean;
}

export function verb(): Command {
  const command = newVerb({
    name: 'bisect',
    summary: 'which model call decided that a session went wrong',
    description:
      'Forks a session that went wrong at its model calls: what is before the call comes from the recording, the call and what follows from it is asked again. ' +
      'The last call after which runs still go well is the one that decided. What is said are counts, n of m: few runs prove little, and a late call may do better ' +
      'than an early one. With two sessions, says at which event they first differ. Exits with 0 when a call was found, 1 when none was, 2 when it could not be searched; with two ' +
      'sessions as diff does.',
    examples: [
      ['bisect ses_4f1a', 'bad is an exit code that is not 0, or a failed session'],
      ['bisect ses_4f1a --samples 5 --max-cost 0.50', 'five runs of each call, for no more than 50 cents'],
      ["bisect ses_4f1a --bad-if 'grep -q refund'", 'bad is what prints this'],
      ['bisect ses_4f1a --allow issue_refund', 'a side effect that may happen again'],
      ['bisect ses_4f1a ses_93c0', 'the first event at which the two differ'],
    ],
  })
    .argument('<session>', 'id, the beginning of one, a path, or "last"')
    .argument('[other]', 'another session, to say where the two first differ')
    .option('--samples <number>', 'runs of each call', wholeNumber, SAMPLES)
    .addOption(
      new Option(
        '--search <how>',
        'every call, or halves, which takes for granted that asking earlier is no worse (default: all where --max-forks suffices)',
      ).choices(['all', 'binary']),
    )
    .option(
      '--bad-if <command>',
      'a run is bad where this shell command exits with 0; it is given what the program printed, EXIT_CODE and RECORDING',
    )
    .option('--good-if-exit <code>', 'a run is good where the program exits with this code, whatever else', exitCode)
    .option('--max-forks <number>', 'runs at most', wholeNumber, FORKS_MAX)
    .option('--max-cost <usd>', 'no further run once so many US dollars were spent', dollars)
    .option('--allow <name>', 'a tool or a host that may have effects, "*" for all; may be repeated', gather)
    .option('--keep', 'keeps the forks: `hindcast branches` lists them');
  return does(command, run);
}

const gather = (name: string, before: string[] | undefined): string[] => [...(before ?? []), name];

function wholeNumber(text: string): number {
  const n = Number(text);
  if (!Number.isInteger(n) || n < 1 || n > 10_000) throw new InvalidArgumentError('It must be a whole number from 1 to 10000.');
  return n;
}

function exitCode(text: string): number {
  if (!/^\d{1,3}$/.test(text) || Number(text) > 255) throw new InvalidArgumentError('It must be an exit code from 0 to 255.');
  return Number(text);
}

function dollars(text: string): number {
  const n = text.trim() === '' ? NaN : Number(text);
  if (!(n > 0 && n < Infinity)) throw new InvalidArgumentError('It must be an amount of US dollars, as 0.50.');
  return n;
}

async function run({ args: [session = '', other], options, terminal }: Call<BisectFlags>): Promise<number> {
  return other === undefined ? searched(session, options, terminal) : firstDifference(session, other, options, terminal);
}

async function searched(session: string, options: BisectFlags, terminal: Terminal): Promise<number> {
  const { badIf, goodIfExit, samples, search, maxForks, maxCost, allow = [], keep = false } = options;
  const forkable = forkableAt(recordingAt(options.dir, session));
  for (const name of missingKeys(forkable.recording, process.env))
    terminal.remark(`! ${name} is not set, and no recording holds it: what is asked anew may be refused`);
  const result = await bisect(forkable, {
    verdict: verdictOf({ ...(badIf !== undefined && { badIf }), ...(goodIfExit !== undefined && { goodIfExit }) }),
    samples,
    search,
    forksMax: maxForks,
    costMaxUsd: maxCost,
    allow,
    keep,
    loud: terminal.verbose,
    onFork: ({ number, call }) => terminal.remark(`fork ${number}: ${call.words} asked again`),
    onTried: (call, { counts }) => terminal.remark(`  ${call.words}: ${goodOf(counts)}`),
  });
  if (terminal.json) terminal.printJson(asJson(forkable.id, samples, result));
  else for (const line of report(forkable.id, result, terminal)) terminal.print(line);
  return result.decided === undefined ? 1 : 0;
}

/** `2 of 3 good`; what could not be judged is in no count, and said. */
function goodOf({ good, bad, stopped, lost }: Tried['counts']): string {
  return [
    `${good} of ${good + bad} good`,
    stopped > 0 ? `${stopped} stopped at a side effect` : '',
    lost > 0 ? `${lost} left the recording before it` : '',
  ]
    .filter(Boolean)
    .join(', ');
}

function report(id: string, result: Bisected, terminal: Terminal): string[] {
  const { calls, tried, decided, cut, limit, search, forks, spent, saved, refused, kept } = result;
  const words = (step: number): string => calls[step]?.words ?? '';
  const rows = tried.map(({ step, counts }) => [words(step), goodOf(counts), step === decided ? '◀' : '']);
  const lines = table([{ title: 'asked again' }, { title: 'runs' }, { title: '', gives: true }], rows, terminal);
  lines.push('');
  lines.push(conclusion(oneLine(id), result, words));
  lines.push(
    'These are counts of few runs, and they need not fall from call to call: a late call may do better than an early one.',
  );
  if (search === 'binary')
    lines.push(`${tried.length} of ${count(calls.length, 'call')} were tried, by halves: --search all tries each.`);
  if (cut) lines.push(`Not all was tried: ${limit ?? 'the search was cut'} was reached.`);
  if (refused.length > 0)
    lines.push(`Side effects were refused: ${refused.map((what) => `--allow ${oneLine(what)}`).join(' ')} lets them happen.`);
  lines.push(`${count(forks, 'fork')}: ${spentWords(spent)} spent, ${spentWords(saved)} saved.`);
  if (kept.length > 0) lines.push(`Kept: hindcast branches ${oneLine(id)}`);
  return lines;
}

function conclusion(id: string, { tried, decided, calls, cut }: Bisected, words: (step: number) => string): string {
  const of = tried.find(({ step }) => step === decided);
  if (of !== undefined) {
    const later = of.step < calls.length - 1 && !cut ? ', with a later one none' : '';
    return `${words(of.step)} decided: with it asked again ${goodOf(of.counts)}${later}.`;
  }
  const isJudged = tried.some(({ counts }) => counts.bad > 0);
  return isJudged
    ? `No run of ${id} went well, whichever of these calls was asked again.`
    : `No run of ${id} came so far that it could be judged.`;
}

function spentWords({ tokens, cost, llm }: Bisected['spent']): string {
  const usd = llm > 0 && cost.unknown >= llm ? 'unknown cost' : money(cost.usd);
  return `${(tokens.input + tokens.output).toLocaleString('en')} tokens, ${usd}`;
}

function asJson(session: string, samples: number, { calls, tried, decided, ...rest }: Bisected): object {
  const callOf = (step: number): object => ({ event: calls[step]?.id, words: calls[step]?.words });
  return {
    session,
    samples,
    ...(decided !== undefined && { decided: callOf(decided) }),
    calls: calls.length,
    tried: tried.map(({ step, counts }) => ({
      ...callOf(step),
      good: counts.good,
      of: counts.good + counts.bad,
      stopped: counts.stopped,
      lost: counts.lost,
    })),
    ...rest,
  };
}

/** As `diff --only-first`, in one sentence and what differs there. */
function firstDifference(one: string, other: string, options: CommonOptions, terminal: Terminal): number {
  const diff = orTrouble(() => diffSessions(sideOf(one, options), sideOf(other, options)));
  const first = diff.first === undefined ? undefined : diff.entries[diff.first];
  if (terminal.json)
    terminal.printJson({
      before: diff.before.id,
      after: diff.after.id,
      same: diff.same,
      outcome: diff.outcome,
      first: first ?? null,
    });
  else for (const line of renderDiff(diff, { context: 0, onlyFirst: true }, terminal)) terminal.print(line);
  return diff.same ? 0 : 1;
}
