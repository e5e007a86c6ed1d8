/** What the functions of this folder are given: one session as it was read from its recording. They are pure, so that the CLI, the server and the page say the same. */
import type { EndLine, OpenLine, SessionLine } from '../events/lines.ts';
import type { Note, SpanEvent } from '../events/model.ts';

/** One session. A `Recording` is one. */
export interface SessionRecord {
  header: SessionLine;
  /** As in docs/recording-format.md, "States". */
  state: 'recording' | 'crashed' | 'ended' | 'damaged';
  events: SpanEvent[];
  /** Events that began and did not end. */
  open: OpenLine[];
  /** What was said about those, by event id. */
  notes: ReadonlyMap<string, Note[]>;
  end?: EndLine;
}
