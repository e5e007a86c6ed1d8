/** A stand-in for a provider over HTTP/2, with TLS or without: it answers as startStandIn of src/testing does. */
import { createSecureServer, createServer } from 'node:http2';
import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import type { Answer, StandInRequest } from '../../src/testing/stand-in.ts';
import { certificate } from './certificate.ts';
import type { Asked } from './forked.ts';

export interface Http2StandIn extends Asked {
  /** How many connections there were. */
  readonly connections: number;
}

/** Starts it. With TLS, programs find its certificate in the variable `CERTIFICATE`. */
export async function startHttp2StandIn(answer: Answer, secure = false): Promise<Http2StandIn> {
  const requests: StandInRequest[] = [];
  const sessions = new Set<ServerHttp2Session>();
  let connections = 0;
  const tls = secure ? certificate('localhost') : undefined;
  const server = tls === undefined ? createServer() : createSecureServer({ ...tls });
  server.on('session', (session) => {
    connections++;
    sessions.add(session);
    session.on('error', () => session.destroy());
    session.on('close', () => sessions.delete(session));
  });
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {});
    const serve = async (): Promise<void> => {
      let text = '';
      for await (const piece of stream.setEncoding('utf8')) text += piece as string;
      const request = { method: headers[':method'] ?? '', path: headers[':path'] ?? '', headers, text, json: parsed(text) };
      const index = requests.push(request) - 1;
      await send(stream, await answer(request, index));
    };
    serve().catch(() => stream.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `${secure ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    ...(tls !== undefined && { env: { CERTIFICATE: tls.cert } }),
    get connections() {
      return connections;
    },
    close() {
      for (const session of sessions) session.destroy();
      return new Promise((resolve) => void server.close(() => resolve()));
    },
  };
}

async function send(
  stream: ServerHttp2Stream,
  { status = 200, headers, body, pieces, gapMs = 0, after }: Awaited<ReturnType<Answer>>,
) {
  stream.respond({ ':status': status, 'content-type': 'application/json', ...headers }, { sendDate: false } as object);
  const json = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
  for (const [index, piece] of (pieces ?? (body === undefined ? [] : [json!])).entries()) {
    if (index > 0) await wait(gapMs);
    if (stream.destroyed) return;
    stream.write(piece);
  }
  if (after === 'hang') return;
  if (after === 'reset') {
    // What was written goes out first.
    await wait(5);
    stream.close(2);
  } else stream.end();
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
