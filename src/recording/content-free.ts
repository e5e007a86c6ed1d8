/** Events, notes and words of a session without the members that may hold what somebody said. */
import type { Note, SpanEvent } from '../events/model.ts';

/** The event without the members that may hold what somebody said; the same object when it has none. */
export function withoutContent(event: SpanEvent): SpanEvent {
  const plain = event.content === undefined && event.attributes === undefined;
  if (plain && !event.notes?.some((note) => 'content' in note)) return event;
  const { content: _content, attributes: _attributes, notes, ...facts } = event;
  return notes === undefined ? facts : { ...facts, notes: notes.map(withoutNoteContent) };
}

/** The note without what its author wrote. */
export function withoutNoteContent(note: Note): Note {
  if (!('content' in note)) return note;
  const { content: _content, ...facts } = note;
  return facts as Note;
}

/** What is said of a session without what only the app can have written. */
export function withoutWords<T extends { tags?: unknown; metadata?: unknown; links?: unknown }>(
  said: T,
): Omit<T, 'tags' | 'metadata' | 'links'> {
  const { tags: _tags, metadata: _metadata, links: _links, ...facts } = said;
  return facts;
}
