/** What a fork came to, for people and for programs. */
import { count, duration, money } from '../../analysis/figures.ts';
import type { ForkFigures } from '../../analysis/fork-figures.ts';
import { DIVERGED } from '../../replay/divergence.ts';
import { REFUSED } from '../../replay/effects.ts';
import type { ForkPlan } from '../../replay/plan.ts';
import type { ReplayReport } from '../../replay/report.ts';
import type { Recording } from '../../recording/recording.ts';
import { clip, oneLine } from '../printable.ts';
import type { Forkable } from './fork-order.ts';
import type { EventWords } from './fork-words.ts';
import { editsWords } from './fork-words.ts';
import type { ForkRun } from './run-fork.ts';

/** A call that was refused is cut to so many cells. */
const CALL_CELLS = 80;

/** Lines for a person. */
export function forkSummary({ id, recording }: Forkable, fork: ForkPlan, run: ForkRun, words: EventWords): string[] {
  const { exitCode, made, figures, report } = run;
  const [first] = made;
  const at = `${oneLine(id)} at ${words(fork.event)}`;
  if (first === undefined) return [`✗ no fork of ${at}: the program ended before anything was recorded (exit ${exitCode})`];
  const mark = exitCode === DIVERGED || exitCode === REFUSED ? '✗' : '●';
  const refused = report?.refused ?? [];
  return [
    `${mark} ${oneLine(first.id)}  fork of ${at}: ${editsWords(first.recording.header.fork ?? { at: fork.event, edits: fork.edits }, words)}`,
    `  ${sourceWords(figures)}`,
    ...editedWords(report),
    `  ${moneyWords(figures)}`,
    ...refused.map(({ name, call }) => `  refused: ${clip(oneLine(call), CALL_CELLS)}; --allow ${oneLine(name)} lets it happen`),
    `  ${endWords(run, parentOf(recording, run))}, ${duration(run.ms * 1000)}`,
    ...besideWords(made.length - 1),
    `  hindcast diff ${oneLine(id)} ${oneLine(first.id)}`,
  ].filter((line) => line.trim() !== '');
}

function sourceWords({ requests, saved, spent }: ForkFigures): string {
  const calls = saved.llm + spent.llm === 0 ? '' : ` (model calls: ${saved.llm} and ${spent.llm})`;
  return `${count(requests.recorded, 'request')} answered from the recording, ${requests.sent} sent${calls}`;
}

/** An edit of an event that never came changed nothing: whoever reads the outcome must know. */
function editedWords(report: ReplayReport | null): string[] {
  const edits = report?.edits ?? [];
  const missed = edits.filter(({ times }) => times === 0);
  return [
    ...(missed.length > 0
      ? [`  ${missed.length} of ${count(edits.length, 'edit')} did not take place: the program did not come there`]
      : []),
    ...edits.flatMap(({ faults }) => faults.map((fault) => `  not all of an edit took place: ${oneLine(fault)}`)),
  ];
}

function moneyWords({ saved, spent }: ForkFigures): string {
  const tokens = ({ tokens: { input, output } }: ForkFigures['saved']): string => (input + output).toLocaleString('en');
  const usd = ({ cost, llm }: ForkFigures['saved']): string => {
    if (llm === 0) return '$0';
    if (cost.unknown >= llm) return 'unknown cost';
    return `${money(cost.usd)}${cost.unknown > 0 ? ` and ${count(cost.unknown, 'call')} of unknown cost` : ''}`;
  };
  return `saved ${tokens(saved)} tokens, ${usd(saved)}; spent ${tokens(spent)} tokens, ${usd(spent)}`;
}

function endWords({ exitCode, end: { signal }, report }: ForkRun, parent: string | undefined): string {
  // What a fork cannot do is told where it was tried.
  if (exitCode === DIVERGED && report?.divergence?.kind === 'connection') return `exit ${exitCode}: it could not go on`;
  if (exitCode === DIVERGED) return `exit ${exitCode}: it left the recording before the fork`;
  if (exitCode === REFUSED) return `exit ${exitCode}: it stopped at a side effect`;
  const how = signal === null ? `exit ${exitCode}` : `ended by ${signal}`;
  return `${how}${parent === undefined ? '' : parent === how ? ', as its parent' : `, its parent ${parent.replace(/^exit /, '')}`}`;
}

/** How the forked process had ended: by what its session says, or another one of its recordings. */
function parentOf({ end }: Recording, { report }: ForkRun): string | undefined {
  const signal = end?.signal ?? report?.brokenOff?.signal;
  if (signal !== undefined) return `ended by ${signal}`;
  const code = parentCode(end, report);
  return code === null ? undefined : `exit ${code}`;
}

const parentCode = (end: Recording['end'], report: ReplayReport | null): number | null =>
  end?.exitCode ?? report?.recordedExitCode ?? null;

/** Other sessions of the process are in recordings of their own. */
const besideWords = (others: number): string[] =>
  others > 0 ? [`  ${count(others, 'more recording')} of its process: what the other sessions did beside it`] : [];

/** The same for programs. */
export function forkJson({ id, recording }: Forkable, fork: ForkPlan, run: ForkRun): object {
  const { exitCode, end, made, figures, report, ms } = run;
  return {
    session: made[0]?.id ?? null,
    recordings: made.map(({ path }) => path),
    of: id,
    ...fork,
    exitCode,
    signal: end.signal,
    parentExitCode: parentCode(recording.end, report),
    ...figures,
    refused: report?.refused ?? [],
    edited: report?.edits ?? [],
    divergence: report?.divergence ?? null,
    ms,
  };
}
