/** One server behind several doors (plain, TLS, a file, a proxy) that answers with what it saw of a request. */
import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { connect } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { join } from 'node:path';
import { newFolder } from '../cli/process.ts';
import { startRefusal } from '../../src/testing/stand-in.ts';
import { certificate } from './certificate.ts';

export interface WaysServer {
  /** What a program is to know. */
  readonly env: NodeJS.ProcessEnv;
  /** Paths of requests so far. */
  readonly requests: readonly string[];
  /** Connections with TLS so far, and tunnels through the proxy. */
  readonly counts: { secure: number; tunnels: number };
  close(): Promise<void>;
}

async function listen(server: Server, sockets: Set<Socket>, at?: string): Promise<number> {
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => (at === undefined ? server.listen(0, '127.0.0.1', resolve) : server.listen(at, resolve)));
  return at === undefined ? (server.address() as AddressInfo).port : 0;
}

export async function startWaysServer(): Promise<WaysServer> {
  const requests: string[] = [];
  const counts = { secure: 0, tunnels: 0 };
  const sockets = new Set<Socket>();
  const { key, cert } = certificate('localhost');
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    requests.push(request.url ?? '');
    const pieces: Buffer[] = [];
    for await (const piece of request as AsyncIterable<Buffer>) pieces.push(piece);
    const names = request.rawHeaders.filter((_, index) => index % 2 === 0);
    const { authorization, host } = request.headers;
    const facts = [request.method, request.url, ...names, authorization, host?.replace(/\d{4,}/, 'port')];
    response.sendDate = false;
    response.writeHead(200, { trailer: 'x-end' });
    response.write(`${facts.join(' ')} `);
    response.write(JSON.stringify(request.trailers));
    response.addTrailers({ 'x-end': 'yes' });
    response.end(Buffer.concat(pieces).toString('latin1').length > 0 ? ` ${Buffer.concat(pieces).length} bytes` : '');
  };
  const listener: RequestListener = (request, response) => void answer(request, response).catch(() => response.destroy());
  const plain = createServer(listener);
  const secure = createSecureServer({ key, cert }, listener);
  secure.on('secureConnection', () => counts.secure++);
  secure.on('tlsClientError', () => {});
  const inFile = createServer(listener);
  const proxy = createServer();
  proxy.on('connect', (request: IncomingMessage, socket: Socket) => {
    counts.tunnels++;
    const [, port] = (request.url ?? '').split(':');
    const far = connect(Number(port), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      far.pipe(socket);
      socket.pipe(far);
    });
    sockets.add(far);
    far.on('error', () => socket.destroy());
  });
  const path = join(newFolder(), 'server.sock');
  const [plainPort, securePort, , proxyPort] = [
    await listen(plain, sockets),
    await listen(secure, sockets),
    await listen(inFile, sockets, path),
    await listen(proxy, sockets),
  ];
  const refusal = await startRefusal();
  return {
    requests,
    counts,
    env: {
      PLAIN_URL: `http://127.0.0.1:${plainPort}`,
      TLS_PORT: String(securePort),
      PROXY_URL: `http://127.0.0.1:${proxyPort}`,
      SOCKET_PATH: path,
      REFUSED_PORT: String(refusal.port),
      CA: cert,
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await Promise.all([plain, secure, inFile, proxy].map((server) => new Promise((resolve) => server.close(resolve))));
      await refusal.close();
    },
  };
}
