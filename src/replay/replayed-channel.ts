/** One channel of a recording in a replay: what comes through it comes from the gate, until the app goes its own way with it. */
import { callSite } from './call-site.ts';
import { wordsOf } from './channel-words.ts';
import type { ChannelCourse } from './channel-course.ts';
import type { Channel, Reopening, Opening, Passed } from './channels.ts';
import { sentDivergence } from './divergence.ts';
import type { Elsewhere } from './elsewhere.ts';
import type { Gate } from './gate.ts';
import { ANSWERED, isFromOutside } from './owed.ts';
import type { AnsweredFacts, Owed } from './owed.ts';
import { SentBytes } from './sent-bytes.ts';
import type { OtherBytes } from './sent-bytes.ts';
import type { Arrival, ReceivedStep, SourceChannel } from './source.ts';

/** Ways by which the app ends what it has started. */
const ENDS = new Set(['signal', 'terminate']);

export interface ReplayedChannelOptions {
  opening: Opening;
  channel: SourceChannel;
  gate: Gate;
  owed: Owed;
  course: ChannelCourse;
  elsewhere: Elsewhere;
  /** Everything that comes of it, in its order. */
  comes: readonly Arrival[];
  deliver(arrival: Arrival): void;
  isReady(arrival: Arrival): boolean;
  onward: Reopening | undefined;
}

/** What is asked for: it never comes where the app has asked for less. */
const ANSWERS = new Set(['data', 'message', 'body', 'ping', 'pong', 'sent', 'wrote']);

export class ReplayedChannel implements Channel {
  real = false;
  readonly given: readonly Arrival[];
  readonly #with: ReplayedChannelOptions;
  readonly #sent: SentBytes;
  /** Kept where it may have to be given again. */
  readonly #past: Passed[] = [];
  #handed = 0;
  #isEnding = false;
  #isReal = false;
  #isLeft = false;

  constructor(options: ReplayedChannelOptions) {
    this.#with = options;
    const { channel, gate, elsewhere, owed } = options;
    owed.opened(channel.key);
    this.given = channel.given;
    this.#sent = new SentBytes(channel.went, elsewhere.isElsewhere ? elsewhere.fits : null);
    gate.addReceiver(channel.key, {
      isReady: (step) => step.kind === 'came' && !this.#isOwed(step) && (this.#isCutShort(step) || this.#isTurnOf(step)),
      isOwed: (step) => this.#isOwed(step),
      receive: (step) => step.kind === 'came' && this.#receive(step),
    });
  }

  /** Nothing comes by itself before the app has gone its own way with it. */
  came(arrival: Arrival, wanted?: () => boolean): void {
    if (!this.#isReal) return;
    const { gate, deliver } = this.#with;
    gate.deliveries.push(() => {
      if (!this.#isLeft && wanted?.() !== false) deliver(arrival);
    });
  }

  /** What is known of it is recorded; only that an answer was given is waited for. */
  note({ event, data }: Arrival): void {
    if (event !== ANSWERED) return;
    const { owed, channel, gate } = this.#with;
    owed.given(channel.key, (data as AnsweredFacts).r);
    gate.look();
  }

  went(event: string, bytes: Uint8Array): void {
    const { gate, onward, course } = this.#with;
    // However it is ended otherwise than it was, it ends as it did.
    if (ENDS.has(event) && course.mayAskLess) this.#isEnding = true;
    else if (!this.#isReal) this.#sent.add(event, bytes, (other) => this.#other(other));
    if (onward !== undefined && !this.#isReal) this.#past.push({ went: event, bytes: new Uint8Array(bytes) });
    gate.look();
  }

  ready(): void {
    this.#with.gate.look();
  }

  ending(): void {
    this.#isEnding = true;
    this.#with.gate.look();
  }

  goOn(): void {
    this.real = this.#isReal = true;
    this.#with.gate.leave(this.#with.channel.key);
  }

  owes(event: string): boolean {
    const { gate, channel } = this.#with;
    return !gate.isLoose || gate.isOwed(channel.key, event);
  }

  leave(): void {
    this.#isLeft = true;
    this.#with.gate.leave(this.#with.channel.key);
  }

  /** The app puts something else in. Returns whether that is taken for what was recorded. */
  #other(other: OtherBytes): boolean {
    const { course, opening, onward, comes, gate, channel } = this.#with;
    if (this.#isReal) return true;
    const words = wordsOf(opening);
    const rest = comes.slice(this.#handed);
    const divergence = sentDivergence(words, other, callSite());
    const becomes = course.other({
      ...{ kind: opening.kind, words, divergence, isNear: other.isNear },
      obstacle: () => (onward === undefined ? `${words} cannot be opened in the middle` : onward.obstacle(this.#past, rest)),
      effects: () => onward?.effects(this.#past) ?? [],
    });
    if (becomes === 'really' && onward !== undefined) {
      this.#isReal = true;
      gate.leave(channel.key);
      onward.begin(this.#past, rest, (why) => course.fail(words, why));
    }
    return true;
  }

  /** Whether it follows from something that this run has still to give. */
  #isOwed(step: ReceivedStep): boolean {
    const { gate, owed, opening } = this.#with;
    if (!gate.isLoose || step.kind !== 'came') return false;
    return isFromOutside(opening.kind, step.arrival.event) && !owed.isGivenBefore(step.ord);
  }

  #isTurnOf({ sent = 0, arrival }: ReceivedStep & { kind: 'came' }): boolean {
    return this.#sent.total >= sent && this.#with.isReady(arrival);
  }

  /** Whether the app has ended it before it was asked for this. */
  #isCutShort({ sent = 0, arrival }: ReceivedStep & { kind: 'came' }): boolean {
    if (!this.#isEnding || this.#sent.total >= sent || !this.#with.course.mayAskLess) return false;
    return ANSWERS.has(arrival.event) || this.#with.isReady(arrival);
  }

  #receive(step: ReceivedStep & { kind: 'came' }): void {
    this.#handed++;
    const { arrival } = step;
    if (this.#isCutShort(step) && ANSWERS.has(arrival.event)) return;
    const { onward, deliver } = this.#with;
    if (onward !== undefined) this.#past.push({ came: arrival });
    deliver(arrival);
  }
}
