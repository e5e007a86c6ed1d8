/** What there is to say about one event, in words: shared by the tree, the detail of one event and the live view. */
import type { ErrorFacts, Note, RunFacts, SpanEvent, StepFacts } from '../events/model.ts';
import { count } from '../analysis/figures.ts';
import { oneLine } from './printable.ts';

/** `ok`, `cancelled`, how a run stands, or what went wrong: `RateLimitError 429`. */
export function outcome(event: SpanEvent): string {
  const { status, error, run } = event;
  if (status === 'error') return error ? errorWords(error) : run ? 'failure' : 'error';
  return status === 'ok' && run && run.status !== 'success' ? oneLine(run.status) : status;
}

/** The colour of an outcome: a run that went partly well is no green one. */
export function outcomeStyle({ status, run }: SpanEvent): 'green' | 'yellow' | 'red' {
  if (status === 'error' || run?.status === 'failure') return 'red';
  return status === 'ok' && (run === undefined || run.status === 'success') ? 'green' : 'yellow';
}

/** A step's number before its name, and behind it what kind it is and which attempt: `3. search (tool, attempt 2)`. `of`: the step that it tries again, in words. */
export function stepName({ name, step }: SpanEvent, of?: string): string {
  if (step === undefined) return name;
  const isPlain = step.type === 'other' && step.attempt === 1;
  const words = isPlain ? '' : stepWords(step, of);
  return `${step.seq}. ${name}${words === '' ? '' : ` (${words})`}`;
}

/** What kind a step is, and which attempt: `tool, attempt 2 of event #3`. */
export function stepWords({ type, unknownType, attempt, retryOf }: StepFacts, of: string | undefined): string {
  const again = attempt > 1 || retryOf !== undefined ? `attempt ${attempt}${of === undefined ? '' : ` of ${of}`}` : '';
  return [type, unknownType ? 'not in the vocabulary' : '', again].filter(Boolean).join(', ');
}

/** `partial, ended; 3 steps, 1 tried again, 2 errors`. */
export function runWords({ status, reason, environment, steps, retries, errors }: RunFacts): string {
  const counts = [count(steps, 'step'), retries > 0 ? `${retries} tried again` : '', errors > 0 ? count(errors, 'error') : ''];
  return oneLine(
    `${status}, ${reason}${environment === undefined ? '' : ` in ${environment}`}; ${counts.filter(Boolean).join(', ')}`,
  );
}

/** `RateLimitError 429 rate_limit_exceeded`, in codes only. */
export function errorWords({ type, status, code }: ErrorFacts): string {
  return oneLine([type, status, code].filter((part) => part !== undefined && part !== '').join(' '));
}

/** `3 attempts: 503 503 200`; empty when the first one did. */
export function attemptWords(event: SpanEvent): string {
  const attempts = event.attempts ?? [];
  if (attempts.length < 2) return '';
  return `${count(attempts.length, 'attempt')}: ${attempts.map(({ status, error }) => status ?? oneLine(error ?? 'no answer')).join(' ')}`;
}

/** `decision tool_selection: fresh_data_required → get_weather (of 3, confidence 0.8)`. */
export function noteWords(note: Note): string {
  const unknown = note.unknownCode ? ' (not in the vocabulary)' : '';
  switch (note.kind) {
    case 'decision': {
      const { selected, candidates } = note.content ?? {};
      const more = [
        candidates && candidates.length > 0 ? `of ${candidates.length}` : '',
        note.confidence === undefined ? '' : `confidence ${note.confidence}`,
      ].filter(Boolean);
      return oneLine(
        `decision ${note.type}: ${note.reasonCode}${selected === undefined ? '' : ` → ${selected}`}${more.length > 0 ? ` (${more.join(', ')})` : ''}${unknown}`,
      );
    }
    case 'failure':
      return oneLine(
        `failure ${note.type}: ${note.code}${note.auto ? ' (auto)' : ''}${note.content?.message ? `: ${note.content.message}` : ''}${unknown}`,
      );
    case 'signal':
      return oneLine(
        `signal ${note.type}: ${note.code} is ${note.value}${note.weight === undefined ? '' : ` (weight ${note.weight})`}${unknown}`,
      );
    default:
      return oneLine(JSON.stringify(note));
  }
}

/** The tools that the model asked for: `asks for get_weather, get_time`. */
export function toolCallWords(event: SpanEvent): string {
  const calls = event.llm?.response?.toolCalls ?? [];
  return calls.length === 0 ? '' : oneLine(`asks for ${calls.map(({ name }) => name).join(', ')}`);
}
