/**
 * OTLP's `ExportTraceServiceRequest` in protobuf, the encoding that every OTLP/HTTP server must accept. Field numbers are those of opentelemetry-proto
 * (trace/v1, resource/v1, common/v1); the tests decode the bytes with the definitions that the OpenTelemetry project publishes.
 */
import type { Attribute, AttrValue, TraceGroup, WireSpan, WireSpanEvent } from '../events/wire-span.ts';
import { ReverseWriter } from './protobuf-writer.ts';

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;
const tag = (field: number, wire: number): number => (field << 3) | wire;

const REQUEST = { resourceSpans: tag(1, BYTES) };
const RESOURCE_SPANS = { resource: tag(1, BYTES), scopeSpans: tag(2, BYTES), schemaUrl: tag(3, BYTES) };
const RESOURCE = { attributes: tag(1, BYTES) };
const SCOPE_SPANS = { scope: tag(1, BYTES), spans: tag(2, BYTES), schemaUrl: tag(3, BYTES) };
const SCOPE = { name: tag(1, BYTES), version: tag(2, BYTES) };
const SPAN = {
  traceId: tag(1, BYTES),
  spanId: tag(2, BYTES),
  parentSpanId: tag(4, BYTES),
  name: tag(5, BYTES),
  kind: tag(6, VARINT),
  startTime: tag(7, FIXED64),
  endTime: tag(8, FIXED64),
  attributes: tag(9, BYTES),
  events: tag(11, BYTES),
  status: tag(15, BYTES),
  flags: tag(16, FIXED32),
};
const EVENT = { time: tag(1, FIXED64), name: tag(2, BYTES), attributes: tag(3, BYTES) };
const STATUS = { message: tag(2, BYTES), code: tag(3, VARINT) };
const KEY_VALUE = { key: tag(1, BYTES), value: tag(2, BYTES) };
const ANY = { string: tag(1, BYTES), bool: tag(2, VARINT), int: tag(3, VARINT), double: tag(4, FIXED64), array: tag(5, BYTES) };
const ARRAY = { values: tag(1, BYTES) };

/** W3C `sampled`, and the bit that says that it is known whether the parent is remote: it is not. */
const FLAGS = 0x101;

function writeValue(writer: ReverseWriter, value: AttrValue): void {
  if ('string' in value) writer.string(ANY.string, value.string);
  else if ('int' in value) {
    writer.int64(value.int);
    writer.varint(ANY.int);
  } else if ('double' in value) writer.double(ANY.double, value.double);
  else if ('bool' in value) {
    writer.varint(value.bool ? 1 : 0);
    writer.varint(ANY.bool);
  } else {
    const array = writer.open();
    for (const text of value.strings.toReversed()) {
      const item = writer.open();
      writer.string(ANY.string, text);
      writer.close(ARRAY.values, item);
    }
    writer.close(ANY.array, array);
  }
}

function writeAttributes(writer: ReverseWriter, field: number, attributes: Attribute[]): void {
  for (let index = attributes.length - 1; index >= 0; index--) {
    const [key, value] = attributes[index] as Attribute;
    const pair = writer.open();
    const inner = writer.open();
    writeValue(writer, value);
    writer.close(KEY_VALUE.value, inner);
    writer.string(KEY_VALUE.key, key);
    writer.close(field, pair);
  }
}

function writeEvent(writer: ReverseWriter, event: WireSpanEvent): void {
  const mark = writer.open();
  writeAttributes(writer, EVENT.attributes, event.attributes);
  writer.string(EVENT.name, event.name);
  writer.fixed64(EVENT.time, event.timeNs);
  writer.close(SPAN.events, mark);
}

function writeSpan(writer: ReverseWriter, span: WireSpan): void {
  const mark = writer.open();
  writer.fixed32(SPAN.flags, FLAGS);
  if (span.status !== undefined) {
    const status = writer.open();
    writer.varint(span.status.code);
    writer.varint(STATUS.code);
    if (span.status.message !== undefined) writer.string(STATUS.message, span.status.message);
    writer.close(SPAN.status, status);
  }
  for (let index = span.events.length - 1; index >= 0; index--) writeEvent(writer, span.events[index] as WireSpanEvent);
  writeAttributes(writer, SPAN.attributes, span.attributes);
  writer.fixed64(SPAN.endTime, span.endNs);
  writer.fixed64(SPAN.startTime, span.startNs);
  writer.varint(span.kind);
  writer.varint(SPAN.kind);
  writer.string(SPAN.name, span.name);
  if (span.parentSpanId !== undefined) writer.hex(SPAN.parentSpanId, span.parentSpanId);
  writer.hex(SPAN.spanId, span.spanId);
  writer.hex(SPAN.traceId, span.traceId);
  writer.close(SCOPE_SPANS.spans, mark);
}

function writeGroup(writer: ReverseWriter, group: TraceGroup): void {
  const mark = writer.open();
  writer.string(RESOURCE_SPANS.schemaUrl, group.schemaUrl);
  const scopeSpans = writer.open();
  writer.string(SCOPE_SPANS.schemaUrl, group.schemaUrl);
  for (let index = group.spans.length - 1; index >= 0; index--) writeSpan(writer, group.spans[index] as WireSpan);
  const scope = writer.open();
  writer.string(SCOPE.version, group.scope.version);
  writer.string(SCOPE.name, group.scope.name);
  writer.close(SCOPE_SPANS.scope, scope);
  writer.close(RESOURCE_SPANS.scopeSpans, scopeSpans);
  const resource = writer.open();
  writeAttributes(writer, RESOURCE.attributes, group.resource);
  writer.close(RESOURCE_SPANS.resource, resource);
  writer.close(REQUEST.resourceSpans, mark);
}

/** The bytes of an `ExportTraceServiceRequest` with these groups. */
export function encodeTraces(groups: TraceGroup[]): Uint8Array<ArrayBuffer> {
  const writer = new ReverseWriter();
  for (const group of groups.toReversed()) writeGroup(writer, group);
  return writer.finish();
}
