/**
 * Sentences in which what the recording says is kept apart from what we say, so that each renderer can make it harmless in its own way.
 */
import type { ErrorFacts } from '../events/model.ts';
import type { EventRef, EventState } from './explanation.ts';

/** A part of a sentence: ours, or what a recording said. */
export type Part = string | { said: string };
export type Phrase = readonly Part[];

/** A sentence whose texts come from a recording, but for numbers and phrases. */
export function say(ours: TemplateStringsArray, ...values: (string | number | Phrase)[]): Part[] {
  const parts: Part[] = [];
  for (const [i, text] of ours.entries()) {
    if (text !== '') parts.push(text);
    const value = values[i];
    if (typeof value === 'string') parts.push({ said: value });
    else if (typeof value === 'number') parts.push(String(value));
    else if (value !== undefined) parts.push(...value);
  }
  return parts;
}

/** Our own words, as a phrase. */
export const words = (text: string): Part[] => (text === '' ? [] : [text]);

/** Phrases with something between them; empty ones are left out. */
export function joined(phrases: readonly Phrase[], between: string): Part[] {
  const full = phrases.filter((phrase) => phrase.length > 0);
  return full.flatMap((phrase, i) => (i === 0 ? [...phrase] : [between, ...phrase]));
}

/** As a string. `quote` makes what was said harmless. */
export function written(phrase: Phrase, quote: (said: string) => string): string {
  return phrase.map((part) => (typeof part === 'string' ? part : quote(part.said))).join('');
}

/** `#5 execute_tool track_parcel`, with its session where that is a child's. */
export function eventPhrase({ number, session, name }: EventRef): Part[] {
  return session === undefined ? say`#${number} ${name}` : say`#${number} ${name} of ${session}`;
}

/** `RateLimitError 429 rate_limit_exceeded`. */
export function errorPhrase({ type, status, code }: ErrorFacts): Part[] {
  return joined(
    [type, status, code].flatMap((part) =>
      part === undefined || part === '' ? [] : [typeof part === 'number' ? say`${part}` : say`${part}`],
    ),
    ' ',
  );
}

const STATES: Record<EventState, string> = {
  ok: 'ok',
  error: 'failed',
  cancelled: 'cancelled',
  unfinished: 'unfinished',
  open: 'open',
};

/** How an event stands, in one word. */
export const stateWords = (status: EventState): string => STATES[status] ?? 'not known';
