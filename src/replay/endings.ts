/** How a process that replays ends before its program does, and what it says then and when the program has ended. */
import { STARTED } from './channel-words.ts';
import type { ReplayedChannels } from './channels-replayed.ts';
import { DIVERGED, endDivergence, named, sayDivergence, unopenedDivergence } from './divergence.ts';
import type { Divergence } from './divergence.ts';
import { askLeave, isAllowed, REFUSED } from './effects.ts';
import type { Effect } from './effects.ts';
import type { FixedAt } from './fixed-at.ts';
import { internally } from './lineage.ts';
import type { Matcher } from './matcher.ts';
import { NumberedEvents } from './numbered-events.ts';
import type { ReplayPlan } from './plan.ts';
import type { Tally } from './report.ts';
import type { SourceRequest } from './source.ts';

export interface EndingsOptions {
  plan: ReplayPlan;
  tally: Tally;
  matcher: Matcher;
  fixed: FixedAt | null;
}

export class Endings {
  readonly #options: EndingsOptions;
  readonly #events: NumberedEvents;
  readonly #allowed: readonly string[];

  constructor(options: EndingsOptions) {
    this.#options = options;
    const { plan } = options;
    this.#events = new NumberedEvents(plan.recordings[0] ?? '');
    this.#allowed = [...(plan.allow ?? []), ...(plan.fork?.allow ?? [])];
  }

  /** The program has left its recording, and ends; where the difference is the fix that was looked for, well. */
  readonly stop = (given: Divergence): never => {
    const { tally, fixed, matcher } = this.#options;
    tally.stopped = true;
    if (fixed?.takes(given, matcher.left) === true) process.exit();
    tally.divergence = named(given, this.#events);
    sayDivergence(tally.divergence);
    process.exit(DIVERGED);
  };

  /** As `stop`; where a fix is looked for, after others have asked in the same turn for what was asked before the event. */
  readonly miss = (divergence: Divergence): void => {
    if (this.#options.fixed === null) this.stop(divergence);
    else internally(() => setImmediate(this.stop, divergence));
  };

  /** The program has left its recording, and goes on. */
  readonly warn = (given: Divergence): void => {
    const { tally } = this.#options;
    const divergence = named(given, this.#events);
    tally.divergence ??= divergence;
    sayDivergence(divergence);
  };

  /** Ends the program before a side effect that nobody has allowed. */
  readonly ask = (effect: Effect): void => {
    if (isAllowed(effect, this.#allowed)) return;
    const { tally } = this.#options;
    tally.refused.push(effect);
    tally.stopped = true;
    askLeave(effect);
    process.exit(REFUSED);
  };

  /**
   * The program has ended by itself. `isOwed` says of a request whether it should have been made; what should have been opened is in `channels`, where that is known; `unfinished` is what else the
   * recording goes on with.
   */
  ended(isOwed: (request: SourceRequest) => boolean, channels: ReplayedChannels | null, unfinished: Divergence | null): void {
    const { plan, tally, matcher, fixed } = this.#options;
    const { left } = matcher;
    const required = fixed?.required(left) ?? left;
    const missing = tally.stopped ? null : (neverAskedFor(required.filter(isOwed), channels) ?? unfinished);
    const goesOn = plan.policy !== 'strict' && plan.fork === undefined;
    if (missing !== null && !(goesOn && tally.divergence !== undefined)) {
      this.warn(missing);
      if (!goesOn) process.exitCode = DIVERGED;
    }
    if (required.length < left.length) fixed?.takes(endDivergence(left), left);
  }
}

function neverAskedFor(left: readonly SourceRequest[], channels: ReplayedChannels | null): Divergence | null {
  if (left.length > 0) return endDivergence(left);
  const unopened = channels?.left.filter(({ line: { kind } }) => STARTED.has(kind)) ?? [];
  return unopened.length > 0 ? unopenedDivergence(unopened) : null;
}
