/**
 * What kind of failure an error is, by its codes: the vocabulary of failures (vocabulary.ts) for an event that failed and of which the app said nothing.
 * Null where the codes do not tell: a wrong class is worse than none.
 */
import { symptomOf, symptomSaid } from './failure-words.ts';
import type { Symptom } from './failure-words.ts';
import type { ErrorFacts, EventType, StepFacts } from './model.ts';
import type { FAILURE_CODES } from './vocabulary.ts';

/** What is known of an event that failed. */
export interface FailedEvent {
  type: EventType;
  error?: ErrorFacts | undefined;
  step?: StepFacts | undefined;
  /** Class names and codes of what was thrown and of its causes, outermost first. */
  words?: readonly string[] | undefined;
  /** HTTP status of the answer, where the error's facts do not say. */
  status?: number | undefined;
  /** The message of what was thrown. It is content: matched, and kept nowhere. */
  said?: string | undefined;
  /** Something was thrown; else the answer itself was an error. */
  threw?: boolean;
}

type BuiltIn = keyof typeof FAILURE_CODES;
/** Type and code of a failure. */
export type FailureClass = { [T in BuiltIn]: { type: T; code: (typeof FAILURE_CODES)[T][number] } }[BuiltIn];

type Classes = Partial<Record<Symptom, FailureClass>>;

/** Wherever it happens: what only a model does, and what is the program's own doing. */
const ANYWHERE: Classes = {
  context: { type: 'model', code: 'context_length_exceeded' },
  filter: { type: 'model', code: 'content_filter' },
  aborted: { type: 'orchestration', code: 'aborted' },
  retries: { type: 'orchestration', code: 'max_retries_exceeded' },
  limit: { type: 'orchestration', code: 'constraint_violation' },
  state: { type: 'orchestration', code: 'invalid_state' },
};

/** In a step that plans or answers: a model does that, but a connection that failed there may be anybody's. */
const THINKING: Classes = {
  ...ANYWHERE,
  quota: { type: 'model', code: 'quota_exceeded' },
  rate: { type: 'model', code: 'rate_limit' },
  output: { type: 'model', code: 'invalid_output' },
  unreadable: { type: 'model', code: 'invalid_output' },
  mismatch: { type: 'model', code: 'invalid_output' },
};

const MODEL: Classes = {
  ...THINKING,
  auth: { type: 'model', code: 'auth_error' },
  timeout: { type: 'model', code: 'timeout' },
  connection: { type: 'model', code: 'connection_error' },
  api: { type: 'model', code: 'api_error' },
};

/** A tool that was refused for whatever reason got an error for an answer. One that broke for a reason of its own, such as a TypeError, is in no class: no API had to do with it. */
const TOOL: Classes = {
  ...ANYWHERE,
  auth: { type: 'tool', code: 'auth_error' },
  timeout: { type: 'tool', code: 'timeout' },
  connection: { type: 'tool', code: 'connection_error' },
  output: { type: 'tool', code: 'invalid_response' },
  unreadable: { type: 'tool', code: 'invalid_response' },
  mismatch: { type: 'tool', code: 'schema_invalid' },
  quota: { type: 'tool', code: 'api_error' },
  rate: { type: 'tool', code: 'api_error' },
  api: { type: 'tool', code: 'api_error' },
};

const RETRIEVAL: Classes = {
  ...ANYWHERE,
  timeout: { type: 'retrieval', code: 'timeout' },
  connection: { type: 'retrieval', code: 'connection_error' },
};
const INVALID_QUERY: FailureClass = { type: 'retrieval', code: 'invalid_query' };

const STEPS: Record<string, Classes> = { retrieve: RETRIEVAL, tool: TOOL, plan: THINKING, respond: THINKING };

/** Type and code of the failure, or null where the codes do not tell. */
export function classifyFailure(failed: FailedEvent): FailureClass | null {
  const classes = classesOf(failed);
  const status = httpStatus(failed.error?.status) ?? httpStatus(failed.status);
  const symptom = symptomsOf(failed, status, classes === MODEL || classes === THINKING);
  const found = symptom === undefined ? undefined : classes[symptom];
  if (found !== undefined) return found;
  return classes === RETRIEVAL && (status === 400 || status === 422) ? INVALID_QUERY : null;
}

function classesOf({ type, step }: FailedEvent): Classes {
  if (type === 'llm') return MODEL;
  if (type === 'tool') return TOOL;
  return (type === 'step' && step !== undefined && Object.hasOwn(STEPS, step.type) ? STEPS[step.type] : undefined) ?? ANYWHERE;
}

const httpStatus = (status: number | undefined): number | undefined =>
  status !== undefined && status >= 400 && status <= 599 ? status : undefined;

/** What the codes say, in the order in which they are to be believed: a code before a message, both before a status, and a status before the class of whatever came of it. */
const BY_WORD: readonly Symptom[] = ['limit', 'context', 'filter', 'quota', 'output', 'timeout', 'aborted', 'rate', 'auth'];
const BY_CLASS: readonly Symptom[] = ['connection', 'unreadable', 'mismatch', 'state', 'retries', 'api'];
const BY_STATUS: Record<number, Symptom> = {
  401: 'auth',
  402: 'quota',
  403: 'auth',
  408: 'timeout',
  429: 'rate',
  504: 'timeout',
};

function symptomsOf(failed: FailedEvent, status: number | undefined, ofModel: boolean): Symptom | undefined {
  const { error, said } = failed;
  const words = [error?.code, error?.type, ...(failed.words ?? [])].filter((word) => word !== undefined);
  const found = new Set(words.map(symptomOf));
  const first = BY_WORD.find((symptom) => found.has(symptom));
  const exact = first === 'timeout' || first === 'aborted' || first === 'rate' || first === 'auth' ? undefined : first;
  return (
    exact ??
    (ofModel && said !== undefined ? symptomSaid(said, status, words) : undefined) ??
    first ??
    (status === undefined ? undefined : (BY_STATUS[status] ?? 'api')) ??
    (found.has('connection') && said !== undefined && TIMED_OUT.test(said) ? 'timeout' : undefined) ??
    BY_CLASS.find((symptom) => found.has(symptom)) ??
    (isAnswer(failed) ? 'api' : undefined)
  );
}

/** Some clients say a timeout with the code of a connection that they closed. */
const TIMED_OUT = /^timeout of \d+|\btimed out\b/i;

/** Whether the provider's answer to a call was an error in a word that is not known: whatever it means, the API said it. */
function isAnswer({ type, error, threw }: FailedEvent): boolean {
  return type === 'llm' && threw !== true && error !== undefined && !/(Error|Exception)$/.test(error.type);
}
