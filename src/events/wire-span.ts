/** A span as data, on its way from an event to the bytes of OTLP. */

import type { MessageContent } from './content.ts';
import type { SessionLine } from './lines.ts';
import type { SpanEvent } from './model.ts';

/** What a span is made from. `content` present, even empty, means that the user opted in to content on the wire. */
export interface SpanSource {
  header: SessionLine;
  event: SpanEvent;
  content?: MessageContent;
}

/** A value with its type on the wire: JavaScript alone cannot tell the integer 1 from the double 1.0, OTLP can. */
export type AttrValue = { string: string } | { bool: boolean } | { int: number } | { double: number } | { strings: string[] };

export type Attribute = readonly [key: string, value: AttrValue];

/** The moment `at` microseconds after the session began. The wire has no times before 1970, which only damage makes. */
export function timeNs({ epoch }: SessionLine, at: number): bigint {
  return BigInt(Math.max(0, epoch + at)) * 1000n;
}

/** SpanKind of OTLP. */
export const SPAN_KIND = { internal: 1, client: 3 } as const;

export interface WireSpanEvent {
  name: string;
  timeNs: bigint;
  attributes: Attribute[];
}

/** One span. Times are nanoseconds since 1970-01-01 UTC. */
export interface WireSpan {
  /** 32 hex digits. */
  traceId: string;
  /** 16 hex digits. */
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: 1 | 2 | 3 | 4 | 5;
  startNs: bigint;
  endNs: bigint;
  attributes: Attribute[];
  events: WireSpanEvent[];
  /** `code` 2 is ERROR. Absent: unset, which is what success is. */
  status?: { code: number; message?: string };
}

/** Spans that share a resource, a scope and a schema. */
export interface TraceGroup {
  resource: Attribute[];
  scope: { name: string; version: string };
  schemaUrl: string;
  spans: WireSpan[];
}

/** Attributes in the order in which they were set. A value that is absent, or that its type cannot hold, is not written. */
export class AttributeList {
  readonly items: Attribute[] = [];

  string(key: string, value: string | undefined): void {
    if (typeof value === 'string') this.items.push([key, { string: value }]);
  }

  bool(key: string, value: boolean | undefined): void {
    if (typeof value === 'boolean') this.items.push([key, { bool: value }]);
  }

  int(key: string, value: number | undefined): void {
    if (Number.isSafeInteger(value)) this.items.push([key, { int: value as number }]);
  }

  double(key: string, value: number | undefined): void {
    if (Number.isFinite(value)) this.items.push([key, { double: value as number }]);
  }

  strings(key: string, value: string[] | undefined): void {
    if (value !== undefined && value.length > 0) this.items.push([key, { strings: value }]);
  }
}
