/** Events of a dead process that began and never ended. */
import type { Line, OpenLine } from '../events/lines.ts';
import type { Note, SpanEvent } from '../events/model.ts';

/** Events open at once, and notes on one of them, beyond which nothing is remembered. */
const OPEN_MAX = 10_000;
const NOTES_MAX = 128;

interface OpenEvent {
  line: OpenLine;
  notes: Note[];
  /** Of an event inside it that did end. */
  trace?: string;
  /** Whether its parent is an event of this recording. */
  hasParent: boolean;
}

/** Follows a recording from its first line. */
export class OpenEvents {
  readonly #open = new Map<string, OpenEvent>();
  #lastT = 0;

  take(line: Line): void {
    this.#lastT = Math.max(this.#lastT, line.t);
    if (line.k === 'open' && this.#open.size < OPEN_MAX) {
      this.#open.set(line.id, { line, notes: [], hasParent: line.parent !== undefined && this.#open.has(line.parent) });
    } else if (line.k === 'note') {
      const notes = this.#open.get(line.on)?.notes;
      if (notes !== undefined && notes.length < NOTES_MAX) notes.push(line.n);
    } else if (line.k === 'event') {
      this.#open.delete(line.e.id);
      const parent = line.e.parent === undefined ? undefined : this.#open.get(line.e.parent);
      if (parent !== undefined) parent.trace = line.e.trace;
    }
  }

  /**
   * What is known of them, as events that ended with the recording. The app's own trace, if it had one, is in no `open` line: without an event inside that
   * tells, they join the trace of the session, and a parent outside of the recording is left out.
   */
  asEvents(sessionTrace: string): SpanEvent[] {
    const known = new Map<string, string>();
    const traceOf = (id: string): string => {
      const way = new Set<string>();
      let trace: string | undefined;
      // A damaged recording may make events each other's parents.
      for (let at: string | undefined = id; at !== undefined && trace === undefined && !way.has(at);) {
        const open: OpenEvent | undefined = this.#open.get(at);
        trace = open?.trace ?? known.get(at);
        way.add(at);
        at = open?.hasParent === true ? open.line.parent : undefined;
      }
      // Each step of the way is walked once.
      for (const each of way) known.set(each, trace ?? sessionTrace);
      return trace ?? sessionTrace;
    };
    return [...this.#open.values()].map(({ line, notes, hasParent }) => ({
      id: line.id,
      trace: traceOf(line.id),
      ...(hasParent ? { parent: line.parent as string } : {}),
      ...(line.runId === undefined ? {} : { runId: line.runId }),
      type: line.type,
      name: line.name,
      ...(line.agent === undefined ? {} : { agent: line.agent }),
      ...(line.step === undefined ? {} : { step: line.step }),
      start: line.t,
      end: Math.max(line.t, this.#lastT),
      status: 'unfinished',
      ...(notes.length > 0 ? { notes } : {}),
    }));
  }
}
