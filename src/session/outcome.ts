/** How an event ends in which a function of the app's threw. */
import { guard } from '../core/diagnostics.ts';
import { saidBy } from '../core/thrown.ts';
import type { ErrorFacts, EventContent } from '../events/model.ts';
import type { Outcome } from '../events/ports.ts';
import { token } from './checked-note.ts';

/** The end of an event in which `error` was thrown. `content`: what else was said. */
export function threw(error: unknown, content: EventContent): Outcome {
  return {
    status: 'error',
    error: guard('session.error', () => errorFacts(error), { type: 'Error' }),
    thrown: error,
    content: () => ({ ...content, error: guard('session.error', () => saidBy(error), { message: '' }) }),
  };
}

/** The codes of a thrown value; its message is content. */
export function errorFacts(error: unknown): ErrorFacts {
  if (!(error instanceof Error)) return { type: error === null ? 'null' : typeof error };
  const named = token(error.name);
  const type = named === 'Error' || named === 'invalid' ? token(error.constructor.name) : named;
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && token(code) === code ? { type, code } : { type };
}
