/** Reads OTLP in its JSON form, of any exporter: what is no span is told, and does not stop the rest. */
import type { AttributeValue } from '../events/model.ts';

export interface OtlpSpanEvent {
  name: string;
  timeNs: bigint;
  attributes: ReadonlyMap<string, AttributeValue>;
}

/** A span, as far as it is of use here. */
export interface OtlpSpan {
  /** 32 hex digits. */
  traceId: string;
  /** 16 hex digits. */
  spanId: string;
  parentSpanId?: string;
  name: string;
  startNs: bigint;
  endNs: bigint;
  /** Of the span itself. */
  attributes: ReadonlyMap<string, AttributeValue>;
  events: OtlpSpanEvent[];
  error: boolean;
  statusMessage?: string;
  resource: ReadonlyMap<string, AttributeValue>;
}

/** What a document holds; a problem names the place, as `resourceSpans[0].scopeSpans[0].spans[2]`. */
export interface OtlpDocument {
  spans: OtlpSpan[];
  problems: string[];
}

type Json = Record<string, unknown>;

/** Whether a document is an ExportTraceServiceRequest. */
export function isOtlp(document: unknown): document is { resourceSpans: unknown[] } {
  return isObject(document) && Array.isArray(document['resourceSpans']);
}

/** The spans of a document. */
export function readOtlp(document: { resourceSpans: unknown[] }): OtlpDocument {
  const spans: OtlpSpan[] = [];
  const problems: string[] = [];
  document.resourceSpans.forEach((group, i) => {
    const resource = attributesOf(isObject(group) && isObject(group['resource']) ? group['resource']['attributes'] : undefined);
    listOf(group, 'scopeSpans').forEach((scope, j) => {
      listOf(scope, 'spans').forEach((span, k) => {
        const read = spanOf(span, resource);
        if (typeof read === 'string') problems.push(`resourceSpans[${i}].scopeSpans[${j}].spans[${k}]: ${read}`);
        else spans.push(read);
      });
    });
  });
  return { spans, problems };
}

/** The span, or what is wrong with it. */
function spanOf(span: unknown, resource: OtlpSpan['resource']): OtlpSpan | string {
  if (!isObject(span)) return 'is no object';
  const traceId = idOf(span['traceId'], 16);
  const spanId = idOf(span['spanId'], 8);
  if (traceId === undefined || spanId === undefined) return 'has no trace id or no span id';
  const startNs = nsOf(span['startTimeUnixNano']);
  const endNs = nsOf(span['endTimeUnixNano']);
  if (startNs === undefined) return 'has no start';
  const parentSpanId = idOf(span['parentSpanId'], 8);
  const status = isObject(span['status']) ? span['status'] : {};
  const message = status['message'];
  return {
    traceId,
    spanId,
    ...(parentSpanId !== undefined && { parentSpanId }),
    name: typeof span['name'] === 'string' ? span['name'] : '',
    startNs,
    endNs: endNs === undefined || endNs < startNs ? startNs : endNs,
    attributes: attributesOf(span['attributes']),
    events: listOf(span, 'events').flatMap((event) => eventOf(event, startNs)),
    error: status['code'] === 2 || status['code'] === 'STATUS_CODE_ERROR',
    ...(typeof message === 'string' && message !== '' && { statusMessage: message }),
    resource,
  };
}

function eventOf(event: unknown, startNs: bigint): OtlpSpanEvent[] {
  if (!isObject(event) || typeof event['name'] !== 'string') return [];
  return [{ name: event['name'], timeNs: nsOf(event['timeUnixNano']) ?? startNs, attributes: attributesOf(event['attributes']) }];
}

/** An id as hex; OTLP/JSON wants hex, some exporters write base64, as protobuf's own JSON does. */
function idOf(value: unknown, bytes: number): string | undefined {
  if (typeof value !== 'string') return undefined;
  const hex = value.length === bytes * 2 && /^[0-9a-f]+$/i.test(value) ? value.toLowerCase() : hexOf(value, bytes);
  return hex === undefined || /^0*$/.test(hex) ? undefined : hex;
}

function hexOf(base64: string, bytes: number): string | undefined {
  const decoded = /^[A-Za-z0-9+/]+=*$/.test(base64) ? Buffer.from(base64, 'base64') : undefined;
  return decoded?.length === bytes ? decoded.toString('hex') : undefined;
}

/** In 2255: what a whole number of microseconds holds. */
const NS_MAX = BigInt(Number.MAX_SAFE_INTEGER) * 1000n;

function nsOf(value: unknown): bigint | undefined {
  const text = typeof value === 'number' ? String(Math.round(value)) : value;
  if (typeof text !== 'string' || !/^\d{1,19}$/.test(text)) return undefined;
  const ns = BigInt(text);
  return ns > 0n && ns < NS_MAX ? ns : undefined;
}

function attributesOf(list: unknown): Map<string, AttributeValue> {
  const attributes = new Map<string, AttributeValue>();
  for (const item of Array.isArray(list) ? list : []) {
    if (!isObject(item) || typeof item['key'] !== 'string') continue;
    const value = valueOf(item['value']);
    if (value !== undefined) attributes.set(item['key'], value);
  }
  return attributes;
}

/** An AnyValue; one that is no plain value or list of such is kept as JSON. */
function valueOf(value: unknown): AttributeValue | undefined {
  const plain = plainOf(value, 0);
  if (plain === undefined || plain === null) return undefined;
  if (Array.isArray(plain)) {
    const [first] = plain;
    const same = plain.every((item) => typeof item === typeof first && item !== null && typeof item !== 'object');
    return same ? (plain as string[] | number[] | boolean[]) : JSON.stringify(plain);
  }
  return typeof plain === 'object' ? JSON.stringify(plain) : (plain as string | number | boolean);
}

const DEPTH_MAX = 64;

function plainOf(value: unknown, depth: number): unknown {
  if (!isObject(value) || depth > DEPTH_MAX) return undefined;
  if (typeof value['stringValue'] === 'string') return value['stringValue'];
  if (typeof value['boolValue'] === 'boolean') return value['boolValue'];
  for (const name of ['intValue', 'doubleValue']) {
    const number = value[name];
    if (typeof number === 'number' || (typeof number === 'string' && number.trim() !== '')) {
      const parsed = Number(number);
      // JSON has no NaN and no infinities.
      return Number.isFinite(parsed) ? parsed : String(number);
    }
  }
  if (typeof value['bytesValue'] === 'string') return value['bytesValue'];
  if ('arrayValue' in value) return listOf(value['arrayValue'], 'values').map((item) => plainOf(item, depth + 1));
  if (!('kvlistValue' in value)) return undefined;
  const pairs = listOf(value['kvlistValue'], 'values').filter(isObject);
  return Object.fromEntries(pairs.map((pair) => [String(pair['key']), plainOf(pair['value'], depth + 1)]));
}

function listOf(value: unknown, name: string): unknown[] {
  const list = isObject(value) ? value[name] : undefined;
  return Array.isArray(list) ? list : [];
}

function isObject(value: unknown): value is Json {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
