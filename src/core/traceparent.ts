/** W3C trace context: the `traceparent` that names a span of somebody else's. */

/** Version 00 has these four members and no more; a later version begins with them. */
const TRACEPARENT = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$/;
const TRACEPARENT_CHARS_MAX = 512;

/** The span that a W3C `traceparent` names; undefined when it is none. */
export function readTraceparent(text: unknown): { trace: string; span: string } | undefined {
  if (typeof text !== 'string' || text.length > TRACEPARENT_CHARS_MAX) return undefined;
  const [, version, trace, span, more] = TRACEPARENT.exec(text.trim()) ?? [];
  if (trace === undefined || span === undefined || (version === '00' && more !== undefined)) return undefined;
  return { trace, span };
}
