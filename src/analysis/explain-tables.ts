/** The parts of a report that are tables. */
import { runPhrase } from './explain-headline.ts';
import { errorPhrase, eventPhrase, joined, say, stateWords, words } from './explain-words.ts';
import { duration, offset } from './figures.ts';
import type { Part, Phrase } from './explain-words.ts';
import type { CallAttempt, EventRef, Explanation } from './explanation.ts';

/** A part of a report. `facts`: a label and what is to be said. `rows`: cells under `columns`. `items`: one sentence each. */
export type Section =
  | { title: string; facts: readonly (readonly [label: string, phrase: Phrase])[] }
  | { title: string; columns: readonly string[]; rows: readonly (readonly Phrase[])[] }
  | { title: string; items: readonly Phrase[] };

const took = (us: number | undefined): Part[] => words(us === undefined ? '' : duration(us));

export function attemptsPhrase(attempts: readonly CallAttempt[]): Part[] {
  return joined(
    attempts.map(({ status, error, tookUs, waitedUs, retryAfterMs }) => [
      ...(waitedUs === undefined ? [] : [`waited ${duration(waitedUs)}, `]),
      ...(status === undefined ? say`${error ?? 'no answer'}` : [String(status)]),
      ` in ${duration(tookUs)}`,
      ...(retryAfterMs === undefined ? [] : [` (asked to wait ${duration(retryAfterMs * 1000)})`]),
    ]),
    '; ',
  );
}

export function notOkTable({ notOk }: Explanation): Section {
  return {
    title: 'Every event that is not ok',
    columns: ['event', 'how', 'at', 'took', 'error', 'because of'],
    rows: notOk.map(({ event, status, at, tookUs, error, because }) => [
      eventPhrase(event),
      words(stateWords(status)),
      words(offset(at)),
      took(tookUs),
      error === undefined ? [] : errorPhrase(error),
      because === undefined ? [] : numberPhrase(because),
    ]),
  };
}

const numberPhrase = ({ number, session }: EventRef): Part[] =>
  session === undefined ? [`#${number}`] : say`#${number} of ${session}`;

export function retryTables({ retries }: Explanation): Section[] {
  const steps = retries.steps.flatMap((chain) => chain.steps);
  return [
    {
      title: 'Steps that were tried again',
      columns: ['step', 'attempt', 'how', 'took', 'event', 'after'],
      rows: steps.map(({ event, seq, attempt, status, tookUs, waitedUs }) => [
        words(String(seq)),
        words(String(attempt)),
        words(stateWords(status)),
        took(tookUs),
        eventPhrase(event),
        took(waitedUs),
      ]),
    },
    {
      title: 'Calls that took several attempts',
      columns: ['event', 'how', 'attempts'],
      rows: retries.calls.map(({ event, status, attempts }) => [
        eventPhrase(event),
        words(stateWords(status)),
        attemptsPhrase(attempts),
      ]),
    },
  ];
}

const flag = (unknownCode: true | undefined): Part[] => words(unknownCode ? ' (not in the vocabulary)' : '');

export function decisionTable({ decisions }: Explanation): Section {
  return {
    title: 'Decisions',
    columns: ['at', 'decision', 'reason', 'selected', 'confidence', 'event'],
    rows: decisions.map(({ event, at, type, reasonCode, meaning, confidence, selected, candidates, unknownCode }) => [
      words(offset(at)),
      say`${type}`,
      [...say`${reasonCode}`, ...(meaning === reasonCode.replaceAll('_', ' ') ? [] : [': ', meaning]), ...flag(unknownCode)],
      selected === undefined ? [] : say`${selected}${words(candidates === undefined ? '' : ` of ${candidates.length}`)}`,
      words(confidence === undefined ? '' : String(confidence)),
      eventPhrase(event),
    ]),
  };
}

export function signalTable({ signals }: Explanation): Section {
  return {
    title: 'Signals',
    columns: ['at', 'signal', 'observed', 'value', 'weight', 'event'],
    rows: signals.map(({ event, at, type, code, meaning, value, weight, unknownCode }) => [
      words(offset(at)),
      say`${type}`,
      [...say`${code}`, ...(meaning === code.replaceAll('_', ' ') ? [] : [': ', meaning]), ...flag(unknownCode)],
      words(String(value)),
      words(weight === undefined ? '' : String(weight)),
      eventPhrase(event),
    ]),
  };
}

export function runTable({ runs }: Explanation): Section {
  return {
    title: 'Runs',
    columns: ['run', 'agent', 'status', 'steps', 'retries', 'errors', 'took'],
    rows: runs.map((run) => {
      const reason = run.reason === undefined || run.reason === 'ended' ? '' : ` (${run.reason.replaceAll('_', ' ')})`;
      return [
        eventPhrase(run.event),
        runPhrase(run),
        words(run.status + reason),
        ...[run.steps, run.retries, run.errors].map((n) => words(String(n))),
        took(run.tookUs),
      ];
    }),
  };
}

export function longestTable({ longest }: Explanation): Section {
  return {
    title: 'Longest by their own time',
    columns: ['own time', 'took', 'event'],
    rows: longest.map(({ event, selfUs, tookUs }) => [took(selfUs), took(tookUs), eventPhrase(event)]),
  };
}
