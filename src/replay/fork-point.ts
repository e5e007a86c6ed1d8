/** Where a replay becomes a branch of its own, and what is changed there. */
import type { PlannedEdit } from '../events/edits.ts';
import { RecordingError } from '../recording/errors.ts';
import type { Recording } from '../recording/recording.ts';
import { isPartOf } from './parents.ts';
import type { ForkPlan } from './plan.ts';
import type { Source, SourceChannel, SourceRequest } from './source.ts';
import { OUTWARD } from './channel-words.ts';

/** When a request of the recording was sent: before the event of the fork began, as a part of it, or after it; `beside`: after it, in a session that is not the forked one's. */
export type When = 'before' | 'in' | 'after' | 'beside';

export class ForkPoint {
  readonly plan: ForkPlan;
  /** When the event began, in milliseconds since 1970. */
  readonly startMs: number;
  readonly #parents = new Map<string, string>();
  readonly #starts = new Map<string, number>();
  readonly #models = new Set<string>();
  /** Which of the recordings is forked. */
  readonly index: number;
  /** Recordings that are none of the forked session's. */
  readonly #beside: ReadonlySet<Recording>;

  /** Throws where the recording has no such event. */
  constructor(plan: ForkPlan, { recordings }: Pick<Source, 'recordings'>) {
    this.plan = plan;
    for (const recording of recordings) this.#read(recording);
    this.startMs = this.#startOf(plan.event);
    for (const { event } of plan.edits) this.#startOf(event);
    this.index = Math.max(
      0,
      recordings.findIndex((recording) => has(recording, plan.event)),
    );
    const forked = recordings[this.index]?.header;
    const isBeside = ({ header }: Recording): boolean =>
      forked !== undefined && header.outside !== true && !isPartOf(header, forked, recordings);
    this.#beside = new Set(recordings.filter(isBeside));
  }

  #read({ header, events, open }: Recording): void {
    const epochMs = header.epoch / 1000;
    const take = (id: string, parent: string | undefined, us: number, type: string): void => {
      this.#starts.set(id, epochMs + us / 1000);
      if (parent !== undefined) this.#parents.set(id, parent);
      if (type === 'llm') this.#models.add(id);
    };
    for (const { id, parent, start, type } of events) take(id, parent, start, type);
    for (const { id, parent, t, type } of open) take(id, parent, t, type);
  }

  #startOf(event: string): number {
    const start = this.#starts.get(event);
    if (start === undefined) throw new RecordingError('recording_not_replayable', `it has no event ${event}`);
    return start;
  }

  when({ exchange, sentMs, recording }: SourceRequest): When {
    if (exchange.on !== undefined && this.#isIn(exchange.on, this.plan.event)) return 'in';
    if (sentMs < this.startMs) return 'before';
    return this.#beside.has(recording) ? 'beside' : 'after';
  }

  /** Whether a request is asked anew, also where it is the same: as a fork does that takes nothing from the recording any more. */
  isAnew(request: SourceRequest): boolean {
    return this.plan.after === 'live' && ['in', 'after'].includes(this.when(request));
  }

  /** Whether a channel is opened again, and not stood in for, once the program goes its own way. */
  opensAgain({ openedMs, line: { kind } }: SourceChannel): boolean {
    return this.plan.after === 'live' && OUTWARD.has(kind) && openedMs >= this.startMs;
  }

  /** What is changed of the call that a request of the recording is a part of. */
  editsOf({ exchange: { on } }: SourceRequest): PlannedEdit[] {
    return on === undefined ? [] : this.plan.edits.filter(({ event }) => this.#isIn(on, event));
  }

  /** Changes of requests that hold for every later call of a model; `request` is null for one that the recording does not have. */
  onwardEdits(request: SourceRequest | null, callsModel: boolean): PlannedEdit[] {
    if (!callsModel && (request?.exchange.on === undefined || !this.#models.has(request.exchange.on))) return [];
    return this.plan.edits.filter(
      (edit) =>
        edit.kind === 'request' &&
        edit.onward === true &&
        (request === null || request.sentMs >= (this.#starts.get(edit.event) ?? Infinity)),
    );
  }

  /** Whether `event` is `other`, or happened in it. */
  #isIn(event: string, other: string): boolean {
    const seen = new Set<string>();
    for (let at: string | undefined = event; at !== undefined && !seen.has(at); at = this.#parents.get(at)) {
      if (at === other) return true;
      seen.add(at);
    }
    return false;
  }
}

function has({ events, open }: Recording, event: string): boolean {
  return events.some(({ id }) => id === event) || open.some(({ id }) => id === event);
}
