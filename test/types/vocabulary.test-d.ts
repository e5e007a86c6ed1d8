/** What types know of the vocabularies, those that an app adds through declaration merging included. Compiled with the tests, and run by nobody. */
import { recordDecision, recordFailure, recordQualitySignal, startRun } from 'hindcast';
import type { FailureCode, StepType } from 'hindcast';

declare module 'hindcast' {
  interface CustomVocabulary {
    failure: { tool: 'sandbox_denied_in_types'; ledger_in_types: 'unbalanced' | 'locked' };
    signal: { groundedness_in_types: 'cited' };
    step: 'validate_in_types' | 'review_in_types';
  }
}

recordFailure({ type: 'tool', code: 'timeout' });
recordFailure({ type: 'tool', code: 'sandbox_denied_in_types', message: 'no network' });
recordFailure({ type: 'ledger_in_types', code: 'locked' });
// @ts-expect-error a code of another type
recordFailure({ type: 'tool', code: 'rate_limit' });
// @ts-expect-error a code of another type
recordFailure({ type: 'model', code: 'sandbox_denied_in_types' });
// @ts-expect-error no such type
recordFailure({ type: 'weather', code: 'timeout' });
// @ts-expect-error no such code
recordFailure({ type: 'ledger_in_types', code: 'timeout' });

recordQualitySignal({ type: 'groundedness_in_types', code: 'cited', value: true });
// @ts-expect-error an observation is a boolean
recordQualitySignal({ type: 'tool_success', code: 'first_attempt', value: 1 });
recordDecision({ type: 'retry_strategy', reasonCode: 'backoff_required', confidence: 0.5 });
// @ts-expect-error nothing was added to decisions
recordDecision({ type: 'groundedness_in_types', reasonCode: 'cited' });

export const steps: StepType[] = ['plan', 'retrieve', 'tool', 'respond', 'other', 'validate_in_types', 'review_in_types'];
// @ts-expect-error no such type of step
export const noStep: StepType = 'valdate';
export const codes: FailureCode<'tool'>[] = ['timeout', 'sandbox_denied_in_types'];
// @ts-expect-error a code of a model
export const noCode: FailureCode<'tool'> = 'content_filter';

const run = startRun({ agent: { id: 'support', version: '2' } });
export const answer: number = run.step('validate_in_types', 'check', (step) => step.seq);
export const later: Promise<string> = run.step('tool', 'search', async (step) => step.name, { attempt: 2 });
// @ts-expect-error no such type of step
run.step('thinking', 'check', () => {});
run.step('tool', 'pay', (step) => run.recordFailure({ type: 'tool', code: 'auth_error', step }));
run.recordFailure({ type: 'ledger_in_types', code: 'unbalanced', step: 2 });
// @ts-expect-error a run that ended is not running
run.end('running');
run.end('partial', 'timeout');
