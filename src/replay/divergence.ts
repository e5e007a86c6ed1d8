/** Where a replay leaves its recording: it stops there, and says what was different. */
import { writeSync } from 'node:fs';
import { wordsOf } from './channel-words.ts';
import { askedOf } from './matcher.ts';
import type { Asking } from './matcher.ts';
import { routeOf } from './request-digest.ts';
import { diffBodies, renderDifferences } from './request-diff.ts';
import type { Difference } from './request-diff.ts';
import type { OtherBytes } from './sent-bytes.ts';
import type { SourceChannel, SourceRequest, Step } from './source.ts';

/** The exit code of a replay that has left its recording. */
export const DIVERGED = 86;

/** `request`: one that the recording does not have. `unasked`: one that this run never made. `connection`: something that no replay can give. */
export interface Divergence {
  kind: 'request' | 'unasked' | 'connection';
  /** Number of the request in the recording, where it is about one. */
  step?: number;
  /** `file:line` of the code that asked. */
  where?: string;
  text: string;
  differences?: Difference[];
}

/** A request that is not the recorded one; `nearest` is what it most likely was. */
export function requestDivergence(asking: Asking, where: string | undefined, nearest: SourceRequest | null): Divergence {
  const at = where === undefined ? {} : { where };
  if (nearest === null) return { kind: 'request', ...at, text: `the recording has no such request: ${routeOf(asking)}` };
  const { x } = nearest.exchange;
  return {
    kind: 'request',
    step: x,
    ...at,
    text: `request ${x} is not the recorded one: ${routeOf(asking)}`,
    differences: diffBodies(textOf(askedOf(nearest).body), textOf(asking.body)),
  };
}

const textOf = (body: string | Uint8Array | undefined): string =>
  typeof body === 'string' ? body : body === undefined ? '' : Buffer.from(body).toString();

/** What a program puts into a channel, which is not what it put into it. `words` say which channel. */
export function sentDivergence(words: string, { before, after }: OtherBytes, where: string | undefined): Divergence {
  return {
    kind: 'request',
    ...(where !== undefined && { where }),
    text: `what ${words} is given is not what was recorded`,
    differences: diffBodies(before, after),
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
      return { kind: 'unasked', text: 'the recording goes on with the end of work that has not ended in this run' };
    const timer = step.ms === undefined ? 'a timer' : `a timer of ${step.ms} ms`;
    return { kind: 'unasked', text: `the recording goes on with ${timer} that this run has not set` };
  }
  if (step.kind === 'came') {
    const from = channel?.words ?? 'something';
    const missing = channel?.opened === true ? 'which this run has not come to' : 'which this run has not opened';
    return { kind: 'unasked', text: `the recording goes on with '${step.arrival.event}' of ${from}, ${missing}` };
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
  return { kind: 'unasked', ...(where !== undefined && { where }), text: `the program ended without ${words}${more}` };
}

function unasked(request: SourceRequest | undefined, what: string): Divergence {
  const x = request?.exchange.x ?? 0;
  const where = request?.exchange.asked?.where;
  const route = request === undefined ? '' : ` (${routeOf(request.exchange)})`;
  return {
    kind: 'unasked',
    step: x,
    ...(where !== undefined && { where }),
    text: `${what} request ${x}${route}, which this run never made`,
  };
}

/** For a person, on several lines. */
export function renderDivergence({ text, where, differences = [] }: Divergence): string {
  const lines = [`hindcast: the replay left the recording: ${text}`];
  if (where !== undefined) lines.push(`  asked at ${where}`);
  return [...lines, ...renderDifferences(differences)].join('\n');
}

/** Says it on stderr, at once: the process ends next. */
export function sayDivergence(divergence: Divergence): void {
  try {
    writeSync(2, `${renderDivergence(divergence)}\n`);
  } catch {
    // Closed: the exit code says it.
  }
}
