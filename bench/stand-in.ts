/**
 * The provider and the OTLP sink, in a process of their own so that their CPU is nobody's. The provider answers with bytes made before the first request; the sink
 * answers at once and counts what it was given, by the first part of the path, which names the candidate.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ANTHROPIC_EVENTS, CHAT_SHORT, CHAT_LONG, chatChunks, conversationAnswer } from './payloads.ts';

/** What the sink was given on behalf of one candidate. */
export interface SinkCount {
  requests: number;
  bytes: number;
}

const sink: Record<string, SinkCount> = {};
const streams = new Map([
  ['stream-200', chatChunks(200)],
  ['stream-2000', chatChunks(2000)],
]);
const JSON_HEAD = { 'content-type': 'application/json', 'x-request-id': 'req_0123456789abcdef' };
const SSE_HEAD = { 'content-type': 'text/event-stream; charset=utf-8', 'x-request-id': 'req_0123456789abcdef' };

function answerStream(response: ServerResponse, chunks: readonly string[]): void {
  response.writeHead(200, SSE_HEAD);
  for (const chunk of chunks) response.write(chunk);
  response.end();
}

/** The model in the path picks the answer, so that no request body has to be parsed. */
function answerProvider(model: string, response: ServerResponse): void {
  const chunks = model === 'claude' ? ANTHROPIC_EVENTS : streams.get(model);
  if (chunks) return answerStream(response, chunks);
  response.writeHead(200, JSON_HEAD);
  response.end(model === 'long' ? CHAT_LONG : model === 'conversation' ? conversationAnswer : CHAT_SHORT);
}

function take(request: IncomingMessage, done: (bytes: number) => void): void {
  let bytes = 0;
  request.on('data', (piece: Buffer) => (bytes += piece.length));
  request.on('end', () => done(bytes));
}

const server = createServer((request, response) => {
  const [, kind = '', name = ''] = (request.url ?? '').split('/');
  take(request, (bytes) => {
    if (kind === 'provider') return answerProvider(name, response);
    const count = (sink[name] ??= { requests: 0, bytes: 0 });
    count.requests++;
    count.bytes += bytes;
    const protobuf = String(request.headers['content-type']).includes('protobuf');
    response.writeHead(200, { 'content-type': protobuf ? 'application/x-protobuf' : 'application/json' });
    response.end(protobuf ? '' : '{}');
  });
});
server.keepAliveTimeout = 600_000;
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.on('message', (message) => {
  if (message === 'count') process.send?.({ sink });
});
process.on('disconnect', () => process.exit(0));
