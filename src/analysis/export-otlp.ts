/** Sessions as OTLP in its JSON form (ExportTraceServiceRequest), of the same spans as the live export sends: ids are hex and 64-bit integers decimal strings, as OTLP/JSON wants them. */
import { resourceOf, scopeOf, spanOf } from '../events/genai.ts';
import { type Profile, SCHEMA_URL } from '../events/genai-names.ts';
import type { SessionLine } from '../events/lines.ts';
import type { Attribute, AttrValue, WireSpan } from '../events/wire-span.ts';
import type { ExportedSession } from './export-session.ts';

/** What stands before the first session, and behind the last one. */
export const OTLP_FRAME = ['{"resourceSpans":[', ']}\n'] as const;

/** Sampled, and known to have no parent in another process: as in the live export. */
const FLAGS = 0x101;

/** The ResourceSpans of a session. */
export function otlpSession(session: ExportedSession, profile: Profile): object {
  const { events, messages } = session;
  const header: SessionLine = session.tags ? { ...session.header, tags: [...session.tags] } : session.header;
  const schemaUrl = SCHEMA_URL[profile];
  const spans = events.map((event) => {
    const content = messages === undefined ? undefined : event.llm === undefined ? {} : messages(event);
    return jsonSpan(spanOf({ header, event, ...(content && { content }) }, { profile }));
  });
  const { name, version } = scopeOf(header);
  return {
    resource: { attributes: jsonAttributes(resourceOf(header)) },
    scopeSpans: [{ scope: { name, version }, spans, schemaUrl }],
    schemaUrl,
  };
}

function jsonSpan(span: WireSpan): object {
  const { traceId, spanId, parentSpanId, name, kind, startNs, endNs, attributes, events, status } = span;
  return {
    traceId,
    spanId,
    ...(parentSpanId !== undefined && { parentSpanId }),
    flags: FLAGS,
    name,
    kind,
    startTimeUnixNano: String(startNs),
    endTimeUnixNano: String(endNs),
    attributes: jsonAttributes(attributes),
    events: events.map((event) => ({
      timeUnixNano: String(event.timeNs),
      name: event.name,
      attributes: jsonAttributes(event.attributes),
    })),
    ...(status && { status }),
  };
}

function jsonAttributes(attributes: readonly Attribute[]): object[] {
  return attributes.map(([key, value]) => ({ key, value: jsonValue(value) }));
}

function jsonValue(value: AttrValue): object {
  if ('string' in value) return { stringValue: value.string };
  if ('bool' in value) return { boolValue: value.bool };
  if ('int' in value) return { intValue: String(value.int) };
  if ('double' in value) return { doubleValue: value.double };
  return { arrayValue: { values: value.strings.map((text) => ({ stringValue: text })) } };
}
