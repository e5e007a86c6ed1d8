/** What a thrown value tells of the kind of a failure beyond its facts: the codes of its causes, and its words, which are looked at and kept nowhere. */
import { guard } from '../core/diagnostics.ts';
import type { FailedEvent } from '../events/failure-class.ts';
import type { Attempt } from '../events/model.ts';
import { errorsIn } from './origins.ts';

type Clues = Pick<FailedEvent, 'words' | 'status' | 'said' | 'threw'>;

/** Messages that are looked at, and how much of each. */
const SAID_MAX = 3;
const SAID_CHARS_MAX = 2000;
const CODE = /^[\w.:/-]{1,64}$/;

/** The clues in `thrown`, if an error was, and in the last HTTP attempt of the event. Whatever cannot be read is no clue. */
export function cluesOf(thrown: unknown, attempt: Attempt | undefined): Clues {
  const clues = guard('session.clues', () => read(thrown), {});
  return {
    ...clues,
    status: clues.status ?? attempt?.status,
    words: attempt?.error === undefined ? clues.words : [...(clues.words ?? []), attempt.error],
    threw: thrown !== undefined,
  };
}

/** The names under which the errors of clients say what they are. */
interface Telling {
  name?: unknown;
  code?: unknown;
  type?: unknown;
  lc_error_code?: unknown;
  message?: unknown;
  status?: unknown;
  statusCode?: unknown;
  status_code?: unknown;
  response?: { status?: unknown } | null;
  $metadata?: { httpStatusCode?: unknown } | null;
}

function read(thrown: unknown): Clues {
  const errors: Telling[] = errorsIn(thrown);
  const words: string[] = [];
  for (const error of errors) {
    for (const word of [error.code, error.type, error.name, error.constructor?.name, error.lc_error_code])
      if (typeof word === 'string' && CODE.test(word)) words.push(word);
  }
  const messages = errors.slice(0, SAID_MAX).map(({ message }) => message);
  const said = messages.filter((message) => typeof message === 'string').map((message) => message.slice(0, SAID_CHARS_MAX));
  return { words, status: statusOf(errors), said: said.join('\n') };
}

function statusOf(errors: readonly Telling[]): number | undefined {
  for (const { status, statusCode, status_code, response, $metadata } of errors) {
    const found = [status, statusCode, status_code, response?.status, $metadata?.httpStatusCode].find(isFailure);
    if (found !== undefined) return found;
  }
  return undefined;
}

const isFailure = (status: unknown): status is number => typeof status === 'number' && status >= 400 && status <= 599;
