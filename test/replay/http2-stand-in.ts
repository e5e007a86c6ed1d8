/** A stand-in for a provider over HTTP/2, with TLS or without: it answers as startStandIn of src/testing does. */
import { createSecureServer, createServer } from 'node:http2';
import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import type { Answer, StandInRequest } from '../../src/testing/stand-in.ts';
import type { Asked } from './forked.ts';

/** Of `localhost` and 127.0.0.1, signed by itself; for the tests alone. */
export const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBmzCCAUGgAwIBAgIUA5hXLRyXykjCdeQiTUlqNbPF3SEwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMjAwMDUxNFoYDzIxMjYxMDI5
MDAwNTE0WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAATZ+wCJfn3rJAKU/9PDhxfejlNX04VGeWfY9sXwBAZY0yL6Vn6ChnDe
nnaOJJgwKzd9BqcPajynTQRHfHDhHvi4o28wbTAdBgNVHQ4EFgQUwewBWG0j/4b6
MKbTLrYYi6aSVTwwHwYDVR0jBBgwFoAUwewBWG0j/4b6MKbTLrYYi6aSVTwwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDSAAwRQIhAPU9g0IyRJBv76nXGpxI+JZfdmPsvTZkWKLZegJiBEcPAiAO
JyUKoWfyoVjtQPtDbVJnX8CzJAeq5eb01Clv/Wcxug==
-----END CERTIFICATE-----
`;
const KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgfe3usJFD30mdoCV/
e/2unXMKNf/9n/zwFDIvCC6/hYKhRANCAATZ+wCJfn3rJAKU/9PDhxfejlNX04VG
eWfY9sXwBAZY0yL6Vn6ChnDennaOJJgwKzd9BqcPajynTQRHfHDhHvi4
-----END PRIVATE KEY-----
`;

export interface Http2StandIn extends Asked {
  /** How many connections there were. */
  readonly connections: number;
}

/** Starts it. With TLS, programs find its certificate in `CERTIFICATE`. */
export async function startHttp2StandIn(answer: Answer, secure = false): Promise<Http2StandIn> {
  const requests: StandInRequest[] = [];
  const sessions = new Set<ServerHttp2Session>();
  let connections = 0;
  const server = secure ? createSecureServer({ cert: CERTIFICATE, key: KEY }) : createServer();
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
    ...(secure && { env: { CERTIFICATE } }),
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
