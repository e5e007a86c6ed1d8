/** What happened, in one sentence. */
import { joined, say, stateWords, words, written, type Part, type Phrase } from './explain-words.ts';
import { count } from './figures.ts';
import type { Cause, ExplainedRun, Explanation, FailedEvent, NotOkEvent } from './explanation.ts';

type Explained = Omit<Explanation, 'headline' | 'gaps'>;

/** The sentence as a string. */
export const headlineOf = (explained: Explained): string => written(headlinePhrase(explained), (said) => said);

/** The sentence, with what the recording said kept apart. */
export function headlinePhrase(explained: Explained): Part[] {
  const { cause, outcome } = explained;
  if (cause?.basis === 'open' && cause.of === undefined) return [...leftOpen(cause, explained), '.'];
  if (cause !== undefined) return [...failedAt(cause, explained), ...aside(explained), '.'];
  const who = subject(explained);
  switch (outcome.status) {
    case 'success':
      return say`${who} ended well${counted(explained)}.`;
    case 'partial':
      return say`${who} ended well${counted(explained)}${onTheWay(explained)}.`;
    case 'failure':
      return say`${who} failed${words(exitWords(explained))}; nothing in the recording says why.`;
    case 'crashed':
      return ['The process was gone before the session ended; no event was open.'];
    case 'running':
      return [...words('The session is still running'), ...going(explained), '.'];
    default:
      return indeterminate(explained);
  }
}

/** `support 1.4.0`: the words of the app for an agent, else the name of the event. */
export function runPhrase(run: Pick<ExplainedRun, 'agent' | 'event'>): Part[] {
  const name = /^invoke_agent (.+)$/s.exec(run.event.name)?.[1] ?? run.agent?.name ?? run.agent?.id ?? run.event.name;
  const version = run.agent?.version;
  return version === undefined ? say`${name}` : say`${name} ${version}`;
}

/** The one outermost run, else the session. */
function subject({ runs }: Explained): Part[] {
  const outermost = runs.filter(({ within }) => within === undefined);
  const [only] = outermost;
  return only !== undefined && outermost.length === 1 ? ['Run ', ...runPhrase(only)] : ['The session'];
}

function counted({ counts }: Explained): Part[] {
  const parts = [
    counts.steps > 0 ? count(counts.steps, 'step') : '',
    counts.llm > 0 ? count(counts.llm, 'LLM call') : '',
    counts.tools > 0 ? count(counts.tools, 'tool call') : '',
    counts.actions > 0 ? count(counts.actions, 'action') : '',
  ].filter(Boolean);
  if (parts.length > 0) return [`: ${parts.join(', ')}`];
  return [counts.events > 0 ? `: ${count(counts.events, 'event')}` : '; no events were recorded'];
}

/** What is going on in a session that runs: the event that began last of those that have not ended. */
function going({ notOk, failures, ...explained }: Explained): Part[] {
  const open = notOk.filter(({ status }) => status === 'open');
  const last = open.reduce<NotOkEvent | undefined>(
    (found, each) => (found !== undefined && found.at > each.at ? found : each),
    undefined,
  );
  const what = last === undefined ? counted({ ...explained, notOk, failures }) : say`: ${last.event.name} goes on`;
  return [...what, ...words(failures.length === 0 ? '' : `; ${count(failures.length, 'failure')} so far`)];
}

/** What failed although all ended well, and what was done about it. */
function onTheWay({ failures, retries }: Explained): Part[] {
  const [first] = failures;
  if (first === undefined) {
    const again = retries.steps.reduce((sum, { steps }) => sum + steps.length - 1, 0);
    return [`; ${again === 1 ? 'one further attempt at a step was' : `${again} further attempts at steps were`} needed`];
  }
  const more = failures.length > 1 ? `; ${count(failures.length - 1, 'more failure')}` : '';
  const what: Phrase =
    first.status === 'error' ? say`on the way ${first.event.name} failed` : say`a failure was recorded about ${first.event.name}`;
  return say`; ${what}${kindOf(first)}${then(first)}${words(more)}`;
}

/** `, and attempt 2 was ok`. */
function then({ after: [later] }: FailedEvent): Part[] {
  if (later === undefined) return [];
  const how = words(
    `${later.status === 'ok' || later.status === 'cancelled' ? 'was ' : later.status === 'error' ? '' : 'is '}${stateWords(later.status)}`,
  );
  if (later.kind === 'retry') return say`, and attempt ${later.attempt ?? 0} ${how}`;
  if (later.kind === 'run') return say`, and the next run of the agent ${how}`;
  return say`, and the next call, of ${later.model ?? 'another model'}, ${how}`;
}

/** The words for a code: ours, or, of one that the app has added, the app's. */
export const meaningPhrase = ({ code, meaning }: { code: string; meaning: string }): Part[] =>
  meaning === code.replaceAll('_', ' ') ? say`${meaning}` : [meaning];

/** ` (tool/timeout, CarrierTimeout)`. */
function kindOf({ failure, error }: FailedEvent): Part[] {
  const parts = [
    failure === undefined ? [] : say`${failure.type}/${failure.code}`,
    error === undefined || error.type === failure?.code ? [] : say`${error.type}`,
  ].filter((part) => part.length > 0);
  return parts.length === 0 ? [] : [' (', ...joined(parts, ', '), ')'];
}

/** ` in step 2 (tool)`, and of which run, where that is not said anyway. */
function inStep({ step, run, of }: Cause): Part[] {
  const whose = run === undefined || run.id === of?.id ? [] : say` of ${run.name}`;
  return step === undefined ? [] : say` in step ${step.seq} (${step.type})${whose}`;
}

function failedAt(cause: Cause, { runs, outcome }: Explained): Part[] {
  const run = cause.of && runs.find(({ event }) => event.id === cause.of?.id && event.session === cause.of?.session);
  const who = run === undefined ? ['The session'] : ['Run ', ...runPhrase(run)];
  const itself = cause.of !== undefined && cause.of.id === cause.event.id;
  // An event of type `error` is nothing but the error.
  const place = itself ? [' in its own code'] : cause.event.type === 'error' ? [] : [...inStep(cause), ...at(cause)];
  const meaning = cause.failure === undefined ? [] : say`: ${meaningPhrase(cause.failure)}`;
  const tries = cause.attempts === undefined ? [] : [`, after ${count(cause.attempts.length, 'attempt')}`];
  const exit = run === undefined ? exitWords({ outcome }) : '';
  return say`${who} failed${words(exit)}${place}${meaning}${kindOf(cause)}${tries}`;
}

/** ` at execute_tool track_parcel`; nothing where that is the step, which has been named. */
function at({ basis, event, status, step }: Cause): Part[] {
  if (basis === 'open') return say` while ${event.name} was ${words(status)}`;
  const verb = basis === 'note' || status === 'ok' ? 'with a failure recorded about' : 'at';
  const whose = event.session === undefined ? [] : say` of ${event.session}`;
  return step?.event.id === event.id ? say`, ${event.name}${whose}` : say` ${words(verb)} ${event.name}${whose}`;
}

function leftOpen(cause: Cause, { outcome, notOk }: Explained): Part[] {
  const { event, step, run } = cause;
  const inside = step !== undefined && step.event.id !== event.id;
  const of = run === undefined ? [] : say` of ${run.name}`;
  const left = notOk.filter(({ status }) => status === 'open' || status === 'unfinished').length;
  const more = left > 1 ? `; ${count(left, 'event')} never ended` : '';
  const what = say`${event.name}${inside ? inStep(cause) : of}`;
  if (outcome.status === 'crashed') return say`The process was gone while ${what} was open${words(more)}`;
  const who: Phrase =
    outcome.signal !== undefined ? say`${outcome.signal}` : words(outcome.reason === 'timeout' ? 'A timeout' : 'A signal');
  return say`${who} ended the session while ${what} was going on${words(more)}`;
}

/** What became of the session, where a run failed and the session did not. */
function aside({ cause, outcome }: Explained): Part[] {
  if (cause?.of === undefined) return [];
  if (outcome.status === 'success' || outcome.status === 'partial') return ['; the session ended well'];
  if (outcome.status === 'running') return ['; the session is still running'];
  if (outcome.status === 'crashed') return ['; the process was gone before the session ended'];
  return outcome.reason === 'signal' ? say`; ${outcome.signal ?? 'a signal'} ended the session` : [];
}

function exitWords({ outcome }: Pick<Explained, 'outcome'>): string {
  return outcome.exitCode === undefined || outcome.exitCode === 0 ? '' : ` (exit code ${outcome.exitCode})`;
}

function indeterminate({ outcome }: Explained): Part[] {
  if (outcome.signal !== undefined) return say`${outcome.signal} ended the session; no event was going on.`;
  if (outcome.reason === 'timeout') return ['A timeout ended the session; no event was going on.'];
  return [outcome.reason === undefined ? 'How the session ended is not known.' : 'The session ended; nobody said how it went.'];
}
