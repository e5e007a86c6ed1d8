/** Changes of requests that hold for every later call of a model: those of the forks that a recording came about by, which its header says, and those of this one. */
import type { PlannedEdit, RequestChange } from '../events/edits.ts';
import type { ForkPoint } from './fork-point.ts';
import type { Source, SourceRequest } from './source.ts';

export class Onward {
  /** All of them, in the order in which they are made: as the header of a branch says them. */
  readonly changes: readonly RequestChange[];
  readonly #own: readonly PlannedEdit[];
  /** Of those that are not this fork's own, the ones that hold by now. */
  readonly #begun = new Set<number>();

  constructor({ recordings, requests }: Pick<Source, 'recordings' | 'requests'>, fork: ForkPoint | null) {
    const before = recordings[0]?.header.fork?.onward ?? [];
    this.#own = fork?.plan.edits.filter((edit) => edit.kind === 'request' && edit.onward === true) ?? [];
    this.changes = [...before, ...this.#own.flatMap((edit) => (edit.kind === 'request' ? [edit.change] : []))];
    if (fork !== null) for (const request of requests) if (request.sentMs < fork.startMs) this.comesTo(request);
  }

  /** The program asks what it asked in this request, or something in its place. */
  comesTo(request: SourceRequest): void {
    for (const place of request.exchange.onward ?? []) this.#begun.add(place);
  }

  /** Places of the changes of earlier forks by which a call is changed that is sent in the place of `recorded`; null: there was no such call. */
  inherited(recorded: SourceRequest | null): readonly number[] {
    const last = this.changes.length - this.#own.length;
    return (recorded === null ? [...this.#begun] : (recorded.exchange.onward ?? [])).filter((place) => place < last);
  }

  /** The place of one of this fork's own; undefined: it holds for one call alone. */
  placeOf(edit: PlannedEdit): number | undefined {
    const index = this.#own.indexOf(edit);
    return index === -1 ? undefined : this.changes.length - this.#own.length + index;
  }
}
