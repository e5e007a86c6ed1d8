/** An OTLP/HTTP receiver on a real socket. It reads what came with the protobuf definitions that the OpenTelemetry project publishes, and can be told to misbehave. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo, Socket } from 'node:net';
import { gunzipSync } from 'node:zlib';

// The generated definitions are an internal module of that package, so they come without types.
const require = createRequire(import.meta.url);
const root = require('otlp-transformer-0-215/build/src/generated/root.js');
const { ExportTraceServiceRequest, ExportTraceServiceResponse } = root.opentelemetry.proto.collector.trace.v1;

/** OTLP in its JSON form: ids as hex, 64-bit integers as decimal strings. */
export interface OtlpJson {
  resourceSpans: {
    resource: { attributes: OtlpAttribute[] };
    schemaUrl?: string;
    scopeSpans: { scope: { name: string; version?: string }; schemaUrl?: string; spans: OtlpSpan[] }[];
  }[];
}

export interface OtlpAttribute {
  key: string;
  value: Record<string, any>;
}

export interface OtlpSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: number;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: OtlpAttribute[];
  events: { name: string; timeUnixNano: string; attributes: OtlpAttribute[] }[];
  status?: { code?: number; message?: string };
  flags?: number;
}

/** Decodes a request body (not compressed). */
export function decodeTraces(body: Uint8Array): OtlpJson {
  const hex = (base64: string): string => Buffer.from(base64, 'base64').toString('hex');
  const json = ExportTraceServiceRequest.toObject(ExportTraceServiceRequest.decode(body), {
    longs: String,
    enums: Number,
    bytes: String,
    arrays: true,
  });
  for (const resource of json.resourceSpans) {
    for (const scope of resource.scopeSpans) {
      for (const span of scope.spans) {
        span.traceId = hex(span.traceId);
        span.spanId = hex(span.spanId);
        if (span.parentSpanId !== undefined) span.parentSpanId = hex(span.parentSpanId);
      }
    }
  }
  return json;
}

/** Attributes as a plain object. */
export function attributesOf(attributes: OtlpAttribute[]): Record<string, unknown> {
  const plain = (value: Record<string, any>): unknown => {
    if ('intValue' in value) return Number(value.intValue);
    if ('arrayValue' in value) return value.arrayValue.values.map(plain);
    return Object.values(value)[0];
  };
  return Object.fromEntries(attributes.map(({ key, value }) => [key, plain(value)]));
}

/** An answer in protobuf with a partial success. */
export function partialSuccess(rejectedSpans: number, errorMessage: string): Buffer {
  return Buffer.from(ExportTraceServiceResponse.encode({ partialSuccess: { rejectedSpans, errorMessage } }).finish());
}

export type Behaviour =
  | 'ok'
  | 'hang'
  | 'reset'
  | 'reset-mid-body'
  | 'drip'
  | { status: number; headers?: Record<string, string>; body?: string | Buffer };

export interface ReceivedRequest {
  path: string;
  headers: IncomingMessage['headers'];
  /** As decoded from gzip. */
  body: Buffer;
  spans: OtlpSpan[];
  accepted: boolean;
}

export interface Receiver {
  url: string;
  requests: ReceivedRequest[];
  /** Span id to how often it was accepted. */
  accepted: Map<string, number>;
  behave: (index: number, request: ReceivedRequest) => Behaviour | Promise<Behaviour>;
  close(): Promise<void>;
  connections: number;
}

/** Starts a receiver; `behave` says what becomes of the nth request (from 0). */
export async function startReceiver(behave: Receiver['behave'] = () => 'ok', port = 0): Promise<Receiver> {
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => void handle(receiver, request, response));
  server.on('connection', (socket) => {
    receiver.connections++;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces`,
    requests: [],
    accepted: new Map(),
    behave,
    connections: 0,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
  return receiver;
}

async function handle(receiver: Receiver, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request) chunks.push(chunk);
  } catch {
    return;
  }
  const raw = Buffer.concat(chunks);
  const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw;
  const spans = (isJson(request) ? (JSON.parse(body.toString('utf8')) as OtlpJson) : decodeTraces(body)).resourceSpans.flatMap(
    (resource) => resource.scopeSpans.flatMap((scope) => scope.spans),
  );
  const received: ReceivedRequest = { path: request.url ?? '', headers: request.headers, body, spans, accepted: false };
  receiver.requests.push(received);
  const behaviour = await receiver.behave(receiver.requests.length - 1, received);
  const status =
    behaviour === 'ok' || behaviour === 'reset-mid-body' || behaviour === 'drip'
      ? 200
      : typeof behaviour === 'object'
        ? behaviour.status
        : 0;
  if (status >= 200 && status < 300) {
    received.accepted = true;
    for (const span of spans) receiver.accepted.set(span.spanId, (receiver.accepted.get(span.spanId) ?? 0) + 1);
  }
  answer(response, behaviour);
}

function answer(response: ServerResponse, behaviour: Behaviour): void {
  if (behaviour === 'hang') return;
  if (behaviour === 'reset') {
    response.socket?.resetAndDestroy();
    return;
  }
  if (behaviour === 'reset-mid-body' || behaviour === 'drip') {
    response.writeHead(200, { 'content-type': 'application/x-protobuf', 'content-length': '1000000' });
    response.write('x');
    if (behaviour === 'reset-mid-body') setTimeout(() => response.socket?.resetAndDestroy(), 20);
    else {
      const timer = setInterval(() => response.write('x'), 20);
      response.on('close', () => clearInterval(timer));
    }
    return;
  }
  if (behaviour === 'ok') response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
  else response.writeHead(behaviour.status, behaviour.headers).end(behaviour.body ?? '');
}

function isJson({ headers }: IncomingMessage): boolean {
  return headers['content-type'] === 'application/json';
}
