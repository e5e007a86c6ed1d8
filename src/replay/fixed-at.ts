/**
 * A replay of a failure whose bug was fixed at, or after, an event of the recording. What was asked before that event began must be asked again. From then on differences are the fix: what is recorded
 * is given to whoever asks for it, and the first thing that no recording holds, or that nobody asks for any more, ends the program: it has got past the failure.
 */
import type { Divergence } from './divergence.ts';
import type { Source, SourceRequest, Step } from './source.ts';

/** In the report of such a replay: the first difference at or after the event; null: everything was as recorded, the failure too. */
export interface FixReport {
  changed: string | null;
}

export class FixedAt {
  readonly report: FixReport = { changed: null };
  readonly #sinceMs: number;

  /** Throws where the recordings have no such event. */
  constructor({ recordings }: Source, event: string) {
    const starts = recordings.flatMap(({ header, events, open }) =>
      [...events.map(({ id, start }) => ({ id, us: start })), ...open.map(({ id, t }) => ({ id, us: t }))]
        .filter(({ id }) => id === event)
        .map(({ us }) => (header.epoch + us) / 1000),
    );
    if (starts[0] === undefined) throw new Error(`the recording has no event ${event}`);
    this.#sinceMs = starts[0];
  }

  /** Those of the requests that nobody has made yet which must be made. */
  required(left: readonly SourceRequest[]): SourceRequest[] {
    return left.filter(({ recording, exchange }) => (recording.header.epoch + (exchange.sentAt ?? 0)) / 1000 < this.#sinceMs);
  }

  /** Whether a difference is the fix: nothing from before the event is missing (`left` are the requests that nobody has made yet). Notes it, then. */
  takes({ text }: Divergence, left: readonly SourceRequest[]): boolean {
    if (this.required(left).length > 0) return false;
    this.report.changed ??= text;
    return true;
  }

  /** Whether a step that nobody waits for may be left out: it came after the event had begun. Notes it, then. */
  leavesOut(step: Step, { text }: Divergence): boolean {
    if (step.atMs < this.#sinceMs) return false;
    this.report.changed ??= text;
    return true;
  }
}
