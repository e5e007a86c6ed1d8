/** Sessions as one JSON document, for programs of others. Members may be added; one that changes its meaning raises the version. */
import type { MessageContent } from '../events/content.ts';
import type { EndLine, LineBase, LogLine, MetadataValue, SessionLine, SessionLink } from '../events/lines.ts';
import type { SessionStats, SpanEvent } from '../events/model.ts';
import type { ExportedSession } from './export-session.ts';
import type { SessionStatus } from './session-filter.ts';

/** Version of the document. */
export const EXPORT_VERSION = 1;

/** One session of the document. Times of events are microseconds since `session.epoch`. */
export interface JsonSession {
  session: Omit<SessionLine, keyof LineBase | 'k'>;
  startedAt: string;
  status: SessionStatus;
  end?: Omit<EndLine, keyof LineBase | 'k' | 'stats'>;
  totals: SessionStats;
  events: (SpanEvent & { messages?: MessageContent })[];
  tags?: readonly string[];
  metadata?: Readonly<Record<string, MetadataValue>>;
  links?: readonly SessionLink[];
  logs?: Omit<LogLine, 's' | 'k'>[];
}

/** The whole document. */
interface JsonExport {
  format: 'hindcast';
  version: typeof EXPORT_VERSION;
  /** Whether what was said is in it. */
  content: boolean;
  sessions: JsonSession[];
}

/** What stands before the first session, and behind the last one. */
export function jsonFrame(content: boolean): [head: string, tail: string] {
  const empty: JsonExport = { format: 'hindcast', version: EXPORT_VERSION, content, sessions: [] };
  const [head = '', tail = ''] = JSON.stringify(empty).split('[]');
  return [`${head}[`, `]${tail}\n`];
}

/** A session as it stands in the document. */
export function jsonSession({ header, status, end, totals, events, messages, ...said }: ExportedSession): JsonSession {
  const { tags, metadata, links, logs } = said;
  const { stats: _stats, ...ending } = end === undefined ? { stats: undefined } : members(end);
  return {
    session: members(header),
    startedAt: new Date(header.epoch / 1000).toISOString(),
    status,
    ...(end && { end: ending as Omit<EndLine, keyof LineBase | 'k' | 'stats'> }),
    totals,
    events: messages ? events.map((event) => withMessages(event, messages(event))) : events,
    ...(tags && { tags }),
    ...(metadata && { metadata }),
    ...(links && { links }),
    ...(logs && { logs: logs.map((line) => ({ t: line.t, ...members(line) })) }),
  };
}

function withMessages(event: SpanEvent, messages: MessageContent): SpanEvent & { messages?: MessageContent } {
  return Object.keys(messages).length > 0 ? { ...event, messages } : event;
}

/** A line without its frame. */
function members<T extends LineBase & { k: string }>(line: T): Omit<T, keyof LineBase | 'k'> {
  const { s: _s, t: _t, k: _k, c: _c, ...rest } = line as T & { c?: string };
  return rest as unknown as Omit<T, keyof LineBase | 'k'>;
}
