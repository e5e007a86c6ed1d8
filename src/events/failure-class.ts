/** What kind of failure an error is, by its codes: the vocabulary of failures (vocabulary.ts) for an event that failed and of which the app said nothing. */
import type { ErrorFacts, EventType, StepFacts } from './model.ts';

/** What is known of an event that failed. */
export interface FailedEvent {
  type: EventType;
  error?: ErrorFacts | undefined;
  step?: StepFacts | undefined;
}

/** Type and code of the failure, or null where the codes do not tell. */
export function classifyFailure({ type, error }: FailedEvent): { type: string; code: string } | null {
  if (error === undefined) return null;
  if (type === 'llm') return { type: 'model', code: error.status === 429 ? 'rate_limit' : 'api_error' };
  if (type === 'tool') return { type: 'tool', code: 'api_error' };
  return null;
}
