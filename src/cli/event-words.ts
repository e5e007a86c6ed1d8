/** What there is to say about one event, in words: shared by the tree, the detail of one event and the live view. */
import type { ErrorFacts, Note, SpanEvent } from '../events/model.ts';
import { count } from './figures.ts';
import { oneLine } from './printable.ts';

/** `ok`, `cancelled`, or what went wrong: `RateLimitError 429`. */
export function outcome(event: SpanEvent): string {
  if (event.status === 'error') return event.error ? errorWords(event.error) : 'error';
  return event.status;
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
      return oneLine(`failure ${note.type}: ${note.code}${note.content?.message ? `: ${note.content.message}` : ''}${unknown}`);
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
