/** What of a session is exported into a file that may be given away: its events, and, only when asked for, what was said in them. */
import { contentFree, contentFreeHeader } from '../events/content-free.ts';
import type { MessageContent } from '../events/content.ts';
import type { LogLine, MetadataValue, SessionLine, SessionLink } from '../events/lines.ts';
import type { SessionStats, SpanEvent } from '../events/model.ts';
import { type SessionStatus, statusOf, tagsOf, type TaggedRecord } from './session-filter.ts';
import { totalsOf } from './session-totals.ts';

/** A session as its recording has it. */
export interface FullRecord extends TaggedRecord {
  metadata?: Readonly<Record<string, MetadataValue>>;
  links?: readonly SessionLink[];
  logs?: readonly LogLine[];
}

/** A session as it is exported. */
export interface ExportedSession {
  header: SessionLine;
  status: SessionStatus;
  end?: FullRecord['end'];
  totals: SessionStats;
  /** In the order in which they began. Those that never ended are among them, `unfinished`. */
  events: SpanEvent[];
  /** The members below are there with content only. */
  tags?: readonly string[];
  metadata?: Readonly<Record<string, MetadataValue>>;
  links?: readonly SessionLink[];
  logs?: readonly LogLine[];
  /** What was said in an LLM call. */
  messages?: (event: SpanEvent) => MessageContent;
}

/** The session for an export. With `messages` it is exported with content, without it without. */
export function exportedSession(record: FullRecord, messages?: (event: SpanEvent) => MessageContent): ExportedSession {
  const { header, end } = record;
  const events = allEvents(record);
  const totals = totalsOf(record);
  const status = statusOf(record);
  if (messages === undefined) {
    const { tags: _tags, metadata: _metadata, links: _links, ...facts } = end ?? {};
    return {
      header: contentFreeHeader(header),
      status,
      ...(end && { end: facts as NonNullable<typeof end> }),
      totals,
      events: events.map(contentFree),
    };
  }
  return {
    header,
    status,
    ...(end && { end }),
    totals,
    events,
    tags: tagsOf(record),
    metadata: record.metadata ?? {},
    links: record.links ?? [],
    logs: record.logs ?? [],
    messages,
  };
}

/** The events of a session in the order in which they began, with those that never ended: as events that took as long as anything is known of. */
export function allEvents({ header, events, open, notes }: TaggedRecord): SpanEvent[] {
  const lastUs = events.reduce((last, { end }) => Math.max(last, end), 0);
  const traces = new Map(events.flatMap(({ parent, trace }) => (parent === undefined ? [] : [[parent, trace] as const])));
  const left = open.map(({ s: _s, k: _k, t, ...line }): SpanEvent => {
    const { c: _c, ...facts } = line as typeof line & { c?: string };
    const said = notes.get(line.id);
    return {
      ...facts,
      trace: traces.get(line.id) ?? header.trace,
      start: t,
      end: Math.max(t, lastUs),
      status: 'unfinished',
      ...(said && { notes: said }),
    };
  });
  return [...events, ...left].sort((a, b) => a.start - b.start);
}
