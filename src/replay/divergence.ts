/** Where a replay leaves its recording, and what was different: for programs as data, for people in words. */
import { writeSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { diffJson } from '../analysis/json-diff.ts';
import type { Change } from '../analysis/json-diff.ts';
import { changeLines } from '../analysis/json-diff-text.ts';
import { CONTROL_CHARACTERS } from '../core/control-characters.ts';
import { guard } from '../core/diagnostics.ts';
import type { SpanEvent } from '../events/model.ts';
import { wordsOf } from './channel-words.ts';
import { textOf } from './edited-request.ts';
import { askedOf } from './matcher.ts';
import type { Asking } from './matcher.ts';
import type { Opened } from './channel-words.ts';
import type { NumberedEvents } from './numbered-events.ts';
import { routeOf } from './request-digest.ts';
import type { OtherBytes } from './sent-bytes.ts';
import type { SourceChannel, SourceRequest, Step } from './source.ts';

/** The exit code of a replay that has left its recording. */
export const DIVERGED = 86;

/**
 * `request`: one that says something else than it did, or what is put into a channel. `unrecorded`: one that nobody recorded. `unasked`: one that this run never made. `timer`: one that this run never set, or work that it never began. `channel`: something
 * came from what this run has not opened, or it ended without that. `connection`: something that no replay can give. `tool`: one gave something else than it did. `edit`: one that cannot be made. `exit`: the program ended
 * otherwise.
 */
export type DivergenceKind = 'request' | 'unrecorded' | 'unasked' | 'timer' | 'channel' | 'connection' | 'tool' | 'edit' | 'exit';

export interface Divergence {
  kind: DivergenceKind;
  /** Id of the event of the recording that it is about. */
  event?: string;
  /** Its number in the tree that `hindcast show` prints, and what it is: `#5 chat gpt-5-mini`. */
  number?: number;
  words?: string;
  /** Number of the request in the recording, where it is about one. */
  step?: number;
  /** `file:line:column` of the code that asked. */
  where?: string;
  text: string;
  differences?: Change[];
}

/** Differences that are said. */
const SHOWN_DIFFERENCES = 12;

/** A request that is not the recorded one; `nearest` is what it most likely was. */
export function requestDivergence(asking: Asking, where: string | undefined, nearest: SourceRequest | null): Divergence {
  const at = where === undefined ? {} : { where };
  if (nearest === null) return { kind: 'unrecorded', ...at, text: `the recording has no such request: ${routeOf(asking)}` };
  const { x, on } = nearest.exchange;
  return {
    kind: 'request',
    ...(on !== undefined && { event: on }),
    step: x,
    ...at,
    text: `request ${x} is not the recorded one: ${routeOf(asking)}`,
    differences: diffJson(parsed(textOf(askedOf(nearest).body)), parsed(textOf(asking.body))),
  };
}

/** What a program puts into a channel, which is not what it put into it. `words` say which channel. */
export function sentDivergence(words: string, { before, after }: OtherBytes, where: string | undefined): Divergence {
  return {
    kind: 'request',
    ...(where !== undefined && { where }),
    text: `what ${words} is given is not what was recorded`,
    differences: diffJson(parsed(before), parsed(after)),
  };
}

/** What a program opens, which is not what it opened. */
export function openingDivergence(now: Opened, recorded: Opened, where: string | undefined): Divergence {
  return {
    kind: 'channel',
    ...(where !== undefined && { where }),
    text: `${wordsOf(now)} is not the recorded one`,
    differences: diffJson(recorded.what, now.what),
  };
}

/** A body as JSON where it is that. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** A tool that was run again gave something else than it did. */
export function toolDivergence(name: string, recorded: SpanEvent, line: SpanEvent): Divergence {
  const said = ({ status, content }: SpanEvent): unknown =>
    status === 'error' ? { error: content?.error?.message ?? '' } : (content?.result ?? null);
  return {
    kind: 'tool',
    event: recorded.id,
    text: `the tool ${name} gave something else than it did`,
    differences: diffJson(said(recorded), said(line)),
  };
}

/** What the recording goes on with, and this run never asked for. */
export function stallDivergence(
  step: Step,
  request: SourceRequest | undefined,
  channel?: { words: string; opened: boolean },
): Divergence {
  if (step.kind === 'timer') {
    if (step.isWork === true)
      return { kind: 'timer', text: 'the recording goes on with the end of work that has not ended in this run' };
    const timer = step.ms === undefined ? 'a timer' : `a timer of ${step.ms} ms`;
    return { kind: 'timer', text: `the recording goes on with ${timer} that this run has not set` };
  }
  if (step.kind === 'came') {
    const from = channel?.words ?? 'something';
    const missing = channel?.opened === true ? 'which this run has not come to' : 'which this run has not opened';
    return { kind: 'channel', text: `the recording goes on with '${step.arrival.event}' of ${from}, ${missing}` };
  }
  return unasked(request, 'the recording goes on with the answer to');
}

/** The program ended, and recorded requests were never made. */
export function endDivergence(left: readonly SourceRequest[]): Divergence {
  const [first] = left;
  const more = left.length > 1 ? ` (and ${left.length - 1} more)` : '';
  const divergence = unasked(first, 'the program ended without');
  return { ...divergence, text: divergence.text + more };
}

/** The program ended without something that it had opened. */
export function unopenedDivergence(left: readonly SourceChannel[]): Divergence {
  const [first] = left;
  const more = left.length > 1 ? ` (and ${left.length - 1} more)` : '';
  const where = first?.line.where;
  const words = first === undefined ? 'what was opened' : wordsOf(first.line);
  return { kind: 'channel', ...(where !== undefined && { where }), text: `the program ended without ${words}${more}` };
}

function unasked(request: SourceRequest | undefined, what: string): Divergence {
  const { x = 0, on, asked } = request?.exchange ?? {};
  const where = asked?.where;
  const route = request === undefined ? '' : ` (${routeOf(request.exchange)})`;
  return {
    kind: 'unasked',
    ...(on !== undefined && { event: on }),
    step: x,
    ...(where !== undefined && { where }),
    text: `${what} request ${x}${route}, which this run never made`,
  };
}

/** The program ended with another code than it did. */
export function exitDivergence(now: string, recorded: string): Divergence {
  return { kind: 'exit', text: `the program ended with ${now}, and with ${recorded} when it was recorded` };
}

/** With what a person calls the event that it is about. */
export function named(divergence: Divergence, events: NumberedEvents): Divergence {
  const { event } = divergence;
  if (event === undefined) return divergence;
  return guard(
    'replay.numbers',
    () => {
      const [number, words] = [events.number(event), events.words(event)];
      return { ...divergence, ...(number !== undefined && { number }), ...(words !== undefined && { words }) };
    },
    divergence,
  );
}

/** For a person, on several lines. */
export function renderDivergence({ text, where, words, differences = [] }: Divergence): string {
  const lines = [`hindcast: the replay left the recording${words === undefined ? '' : ` at ${words}`}: ${text}`];
  if (where !== undefined) lines.push(`  asked at ${where}`);
  const shown = changeLines(differences.slice(0, SHOWN_DIFFERENCES), { clean });
  lines.push(...shown.map((line) => `  ${line.text}`));
  const more = differences.length - SHOWN_DIFFERENCES;
  if (more > 0) lines.push(`  and ${more} more`);
  return lines.map(clean).join('\n');
}

/** What a program said may do things to a terminal. */
const clean = (text: string): string =>
  stripVTControlCharacters(text)
    .replace(CONTROL_CHARACTERS, '')
    .replace(/[\t\n]/g, ' ');

/** Says it on stderr, at once: the process may end next. */
export function sayDivergence(divergence: Divergence): void {
  try {
    writeSync(2, `${renderDivergence(divergence)}\n`);
  } catch {
    // Closed: the exit code says it.
  }
}
