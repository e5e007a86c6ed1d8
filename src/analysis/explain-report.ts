/** An explanation as a report: headline, facts and tables, in words. The renderers for text and Markdown only lay it out. */
import { headlinePhrase } from './explain-headline.ts';
import {
  attemptsPhrase,
  decisionTable,
  longestTable,
  notOkTable,
  retryTables,
  runTable,
  signalTable,
  type Section,
} from './explain-tables.ts';
import { errorPhrase, eventPhrase, joined, say, stateWords, words } from './explain-words.ts';
import { count, duration, money, offset } from './figures.ts';
import type { Part, Phrase } from './explain-words.ts';
import type { Cause, CauseBasis, Explanation, FailedEvent, SaidFailure } from './explanation.ts';

export interface Report {
  headline: Phrase;
  sections: Section[];
}

/** Events that are listed in one line. */
const LISTED_MAX = 8;

/** The report of an explanation; a section with nothing in it is left out. */
export function reportOf(explained: Explanation): Report {
  const { cause, failures } = explained;
  const others = failures.filter(({ event }) => event.id !== cause?.event.id);
  const sections: Section[] = [
    { title: 'Session', facts: sessionFacts(explained) },
    { title: cause?.basis === 'open' ? 'What was going on' : 'Cause', facts: cause === undefined ? [] : causeFacts(cause) },
    ...others.map((failure) => ({ title: `Failure #${failure.event.number}`, facts: failureFacts(failure) })),
    notOkTable(explained),
    ...retryTables(explained),
    decisionTable(explained),
    signalTable(explained),
    runTable(explained),
    longestTable(explained),
    { title: 'Not known', items: explained.gaps.map(({ text }) => words(text)) },
  ];
  return { headline: headlinePhrase(explained), sections: sections.filter((section) => !isEmpty(section)) };
}

const isEmpty = (section: Section): boolean =>
  ('facts' in section ? section.facts : 'rows' in section ? section.rows : section.items).length === 0;

type Fact = readonly [label: string, phrase: Phrase];

const filled = (facts: Fact[]): Fact[] => facts.filter(([, phrase]) => phrase.length > 0);

function sessionFacts({ session, outcome, counts, tokens, cost }: Explanation): Fact[] {
  const { status, reason, exitCode, signal, durationMs, recording } = outcome;
  const how = [
    words(status),
    words(recording === 'damaged' ? 'recording damaged' : ''),
    words(reason === undefined || reason === 'ended' ? '' : reason.replaceAll('_', ' ')),
    signal === undefined ? [] : say`${signal}`,
    words(exitCode === undefined ? '' : `exit code ${exitCode}`),
    words(duration(durationMs * 1000)),
  ];
  const { agent } = session;
  const known = [agent?.name ?? agent?.id ?? session.name, agent?.version].filter((part) => part !== undefined);
  return filled([
    ['id', say`${session.id}`],
    [
      'agent',
      joined(
        known.map((part) => say`${part}`),
        ' ',
      ),
    ],
    ['state', joined(how, ', ')],
    [
      'children',
      joined(
        listed(session.children, (id) => say`${id}`),
        ', ',
      ),
    ],
    ['tokens', words(counts.llm === 0 && tokens.input === undefined ? '' : tokenWords(tokens))],
    ['cost', words(counts.llm === 0 && !cost.usd ? '' : costWords(cost))],
  ]);
}

function tokenWords({ input, output, cacheRead, cacheWrite, reasoning, unknownCalls }: Explanation['tokens']): string {
  if (input === undefined || output === undefined) return 'unknown';
  const parts = [`${input} in`, `${output} out`];
  if (cacheRead) parts.push(`${cacheRead} read from cache`);
  if (cacheWrite) parts.push(`${cacheWrite} written to cache`);
  if (reasoning) parts.push(`${reasoning} reasoning`);
  return `${parts.join(', ')}${unknownCalls > 0 ? `; of ${count(unknownCalls, 'call')} unknown` : ''}`;
}

function costWords({ usd, unknownCalls }: Explanation['cost']): string {
  if (usd === undefined) return 'unknown';
  return `${money(usd)}${unknownCalls > 0 ? `; of ${count(unknownCalls, 'call')} unknown` : ''}`;
}

/** By which rule the cause was found, in words. */
function basisPhrase({ basis, of, event }: Cause): Part[] {
  const what = of === undefined ? words('the session') : eventPhrase(of);
  const byBasis: Record<CauseBasis, Part[]> = {
    origin: of?.id === event.id ? ['its error began nowhere further in'] : say`the error that ended ${what} began here`,
    step: say`the app said of ${what} that this step had failed`,
    last_failure: say`the last failure before the end of ${what}`,
    open: ['it had begun and not ended'],
    note: say`the last failure that was recorded in ${what}`,
  };
  return byBasis[basis];
}

const causeFacts = (cause: Cause): Fact[] => [...failureFacts(cause), ['found by', basisPhrase(cause)]];

function failureFacts(failed: FailedEvent): Fact[] {
  const { event, status, path, step, failure, alsoSaid, error, message, attempts, wentUp, caughtIn } = failed;
  const time = [offset(failed.at), failed.tookUs === undefined ? '' : `took ${duration(failed.tookUs)}`].filter(Boolean);
  const state = status === 'error' ? [] : [', ', ...words(stateWords(status))];
  return filled([
    ['event', say`${eventPhrase(event)} (${words(time.join(', '))})${state}`],
    [
      'in',
      path.length < 2
        ? []
        : joined(
            path.map((name) => say`${name}`),
            ' › ',
          ),
    ],
    [
      'step',
      step === undefined ? [] : say`${step.seq} (${step.type})${words(step.attempt > 1 ? `, attempt ${step.attempt}` : '')}`,
    ],
    ['failure', failure === undefined ? [] : saidPhrase(failure)],
    ['also said', joined(alsoSaid.map(saidPhrase), '; ')],
    ['error', error === undefined ? [] : errorPhrase(error)],
    ['request id', error?.requestId === undefined ? [] : say`${error.requestId}`],
    ['message', message === undefined ? [] : say`${message}`],
    ['attempts', attempts === undefined ? [] : attemptsPhrase(attempts)],
    ['went up', joined(listed(wentUp, eventPhrase), ', ')],
    ['caught in', caughtIn === undefined ? [] : say`${eventPhrase(caughtIn.event)} (${words(stateWords(caughtIn.status))})`],
    ['then', joined(failed.after.map(laterPhrase), '; ')],
  ]);
}

/** The first of a list, and how many more there are. */
function listed<T>(all: readonly T[], phrase: (each: T) => Phrase): Phrase[] {
  const more = all.length - LISTED_MAX;
  return [...all.slice(0, LISTED_MAX).map(phrase), ...(more > 0 ? [words(`and ${more} more`)] : [])];
}

function saidPhrase({ type, code, meaning, auto, unknownCode, message, on }: SaidFailure): Part[] {
  const more = [
    words(auto ? 'by its codes' : ''),
    words(unknownCode ? 'not in the vocabulary' : ''),
    on === undefined ? [] : ['said of ', ...eventPhrase(on)],
  ];
  const aside = joined(more, ', ');
  // The words for a code of the app's own are that code.
  const what = meaning === code.replaceAll('_', ' ') ? [] : [': ', meaning];
  return [
    ...say`${type}/${code}`,
    ...what,
    ...(aside.length > 0 ? [' (', ...aside, ')'] : []),
    ...(message === undefined ? [] : say`: ${message}`),
  ];
}

function laterPhrase({ kind, event, status, attempt, model }: FailedEvent['after'][number]): Part[] {
  const how = words(stateWords(status));
  if (kind === 'retry') return say`attempt ${attempt ?? 0}, ${eventPhrase(event)}: ${how}`;
  if (kind === 'other_model') return say`another model, ${model ?? ''}, ${eventPhrase(event)}: ${how}`;
  return say`another run of the agent, ${eventPhrase(event)}: ${how}`;
}
