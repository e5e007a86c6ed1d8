/** What an app may put between its recordings and the backend: an exporter of its own, processors, a redactor. */
import type { MessageContent } from '../events/content.ts';
import type { Guard, SessionLine } from '../events/lines.ts';
import type { SpanEvent } from '../events/model.ts';

/** A value of a span's attribute. */
export type SpanAttribute = string | number | boolean | string[];

/** One event as the span that a backend would be given: plain JSON. Times are nanoseconds since 1970-01-01 UTC, as decimal text. */
export interface ExportedSpan {
  /** 32 hex digits. */
  traceId: string;
  /** 16 hex digits. */
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: 'internal' | 'client';
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: Record<string, SpanAttribute>;
  events: { name: string; timeUnixNano: string; attributes: Record<string, SpanAttribute> }[];
  /** Absent: unset, which is what success is. */
  status?: { code: 'error'; message?: string };
  /** Service and process that it came from. */
  resource: Record<string, SpanAttribute>;
}

/** One finished event on its way out. What was said is in it only where `captureContent` is on, after processors and redactor. */
export interface ExportedEvent {
  /** The header of the recording that it stands in. */
  session: SessionLine;
  event: SpanEvent;
  span: ExportedSpan;
  /** The messages of an LLM call. */
  messages?: MessageContent;
}

/** What an exporter is given at a time: at most 512 events, oldest first. */
export type ExportedBatch = ExportedEvent[];

/** Takes finished events in place of OTLP over HTTP. */
export interface Exporter {
  /** Takes a batch. A throw or a rejection, or nothing within `exportTimeoutMs`, says that it was not taken: it comes again, with growing pauses, also after a restart. */
  export(batch: ExportedBatch): Promise<void> | void;
  /** The client stops. */
  shutdown?(): Promise<void> | void;
}

/**
 * Sees each event on its way out, as a copy that it may change; the recording keeps what it has. What it returns is sent: the event, another one, or, with null, nothing; undefined is the
 * event that it was given, as it is by then. When it throws, the event is sent without anything that was said.
 */
export type EventProcessor = (event: SpanEvent, session: SessionLine) => SpanEvent | null | undefined;

/** Returns what is sent instead of a text that was said. `place`: where it stands, such as `messages.input`, `arguments`, `error`, `attributes.user`. When it throws, `<redacted>` is sent. */
export type Redactor = (text: string, place: string) => string;

/** Code of the app's own, as it is at the moment. */
export interface OwnCode {
  readonly exporter?: Exporter | undefined;
  readonly processors: readonly EventProcessor[];
  readonly redactor?: Redactor | undefined;
}

/** Which kinds of such code there are: what a recording's header says. */
export function guardsOf({ exporter, processors, redactor }: OwnCode): Guard[] {
  return [
    ...(exporter === undefined ? [] : (['exporter'] as const)),
    ...(processors.length === 0 ? [] : (['processors'] as const)),
    ...(redactor === undefined ? [] : (['redactor'] as const)),
  ];
}
