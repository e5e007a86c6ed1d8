/** What becomes of what a program puts into a channel, or opens as one, that the recording does not have: as of requests (course.ts), by the policy and the fork. */
import type { ReopeningEffect } from './channels.ts';
import type { Course } from './course.ts';
import type { Divergence } from './divergence.ts';
import type { Endings } from './endings.ts';
import type { ForkPoint } from './fork-point.ts';
import type { ReplayPlan } from './plan.ts';
import type { Tally } from './report.ts';
import type { SourceChannel } from './source.ts';

/** Something that is put into a channel, and is not what was recorded. */
export interface OtherSent {
  /** Of which channel. */
  kind: string;
  words: string;
  divergence: Divergence;
  /** Whether the recording has something in its place. */
  isNear: boolean;
  /** What keeps it from being asked really. */
  obstacle(): string | null;
  effects(): ReopeningEffect[];
}

export interface ChannelCourseOptions {
  plan: ReplayPlan;
  course: Course;
  fork: ForkPoint | null;
  tally: Tally;
  endings: Endings;
}

export class ChannelCourse {
  readonly #options: ChannelCourseOptions;

  constructor(options: ChannelCourseOptions) {
    this.#options = options;
  }

  /** Whether the program goes its own way. */
  get isLive(): boolean {
    return this.#options.course.isLive;
  }

  /** Whether a recorded channel is none of this run any more. */
  opensAgain(channel: SourceChannel): boolean {
    const { course, fork } = this.#options;
    return course.isLive && fork?.opensAgain(channel) === true;
  }

  /** Whether the program may ask less than it did, and end what it asked. */
  get mayAskLess(): boolean {
    const { plan, course } = this.#options;
    return course.mayLeave || (plan.fork === undefined && (plan.tolerate || plan.policy === 'warn'));
  }

  /** Whether what is not the recorded one, and stands in its place, is taken for it: it has been counted, or told. */
  takes(divergence: Divergence): boolean {
    const { plan, course, tally, endings } = this.#options;
    if (plan.fork !== undefined || course.isLive) return false;
    if (plan.tolerate) tally.messages.tolerated++;
    else if (plan.policy === 'warn') {
      tally.messages.near++;
      endings.warn(divergence);
    } else return false;
    return true;
  }

  /** Whether it is taken for what was recorded, or asked really. Does not return where the replay stops. */
  other({ kind, words, divergence, isNear, obstacle, effects }: OtherSent): 'recorded' | 'really' {
    const { plan, course, endings, tally } = this.#options;
    if (isNear && this.takes(divergence)) return 'recorded';
    if (!course.mayLeave) return endings.stop(divergence);
    const why = obstacle();
    if (why !== null) return endings.stop(cannotBeAsked(words, why, divergence));
    if (plan.fork === undefined && !course.isLive) endings.warn(divergence);
    const { where } = divergence;
    for (const effect of effects()) endings.ask({ ...effect, ...(where !== undefined && { where }) });
    tally.opens(kind);
    course.goLive();
    return 'really';
  }

  /** What was opened really, and given again what it was given, has not done what it did then. */
  fail(words: string, why: string): void {
    this.#options.endings.stop({ kind: 'channel', text: `${words} was opened again, as it is asked something new, but ${why}` });
  }
}

/** What a replay stands in for was never opened: nobody is there to be asked. */
function cannotBeAsked(words: string, why: string, { where, differences }: Divergence): Divergence {
  return {
    kind: 'request',
    ...(where !== undefined && { where }),
    text:
      `${words} is asked something that the recording does not have, and was opened before that, so that a replay has nobody to ask: ` +
      `it cannot be opened now, because ${why}. Fork with --after live from an event before it was opened`,
    ...(differences !== undefined && { differences }),
  };
}
