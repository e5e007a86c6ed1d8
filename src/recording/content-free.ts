/** The last line of defence of mode `metadata`: whatever reaches the log, content does not reach the disk. */
import type { Note, SpanEvent } from '../events/model.ts';

/** The event without the members that may hold what somebody said; the same object when it has none. */
export function withoutContent(event: SpanEvent): SpanEvent {
  if (event.content === undefined && !event.notes?.some((note) => 'content' in note)) return event;
  const { content: _content, notes, ...facts } = event;
  return notes === undefined ? facts : { ...facts, notes: notes.map(withoutNoteContent) };
}

/** The note without what its author wrote. */
export function withoutNoteContent(note: Note): Note {
  if (!('content' in note)) return note;
  const { content: _content, ...facts } = note;
  return facts as Note;
}
