/** What cannot be said of a session, and why. */
import type { DroppedFacts } from '../events/lines.ts';
import type { SessionStats } from '../events/model.ts';
import { count } from './figures.ts';
import type { Explanation, Gap } from './explanation.ts';

/** The gaps of an explanation. `lost`: errors that began in an event that is not there. `dropped`: what was not recorded for want of room. */
export function findGaps(
  { outcome, session, cause, tokens, cost, runs }: Omit<Explanation, 'headline' | 'gaps'>,
  { lost, stats, dropped }: { lost: number; stats: SessionStats; dropped: readonly DroppedFacts[] },
): Gap[] {
  const gaps: Gap[] = [];
  const say = (code: Gap['code'], text: string): void => void gaps.push({ code, text });
  const { recording, status, reason } = outcome;
  if (recording === 'damaged')
    say('damaged', 'Lines of the recording are damaged: events, or the ends of events, may be missing.');
  if (recording === 'damaged' && reason === undefined) say('no_end', 'The recording says nothing of the end of the session.');
  if (recording === 'crashed') say('crashed', 'The process was gone before the session ended: why it ended is not recorded.');
  if (recording === 'recording') say('running', 'The session is still running: more will happen in it.');
  if (session.mode === 'metadata')
    say('metadata', 'The recording holds no content: what errors, models and tools said is not in it.');
  const missing = { events: sum(dropped, 'events'), said: sum(dropped, 'contents') + sum(dropped, 'bodies') };
  if (missing.events > 0)
    say('dropped', `The disk budget was reached: of ${count(missing.events, 'event')} the recording holds nothing.`);
  else if (missing.said > 0) say('dropped', 'The disk budget was reached: not all that was said is in the recording.');
  if (lost > 0) say('lost_origin', `${count(lost, 'error')} began in an event that is not in the recording.`);
  const failed = status === 'failure' || runs.some((run) => run.within === undefined && run.status === 'failure');
  if (failed && cause === undefined) say('no_cause', 'Nothing in the recording says why it failed.');
  if (tokens.unknownCalls > 0)
    say('tokens_unknown', `${ofCalls(tokens.unknownCalls, stats.llm)} did not say how many tokens were used.`);
  if (cost.unknownCalls > 0) say('cost_unknown', `${ofCalls(cost.unknownCalls, stats.llm)} cannot be priced.`);
  return gaps;
}

const sum = (dropped: readonly DroppedFacts[], what: keyof DroppedFacts): number =>
  dropped.reduce((total, facts) => total + facts[what], 0);

const ofCalls = (some: number, all: number): string =>
  some >= all ? count(some, 'LLM call') : `${some} of ${count(all, 'LLM call')}`;
