/** Servers that speak lines, over TCP, a Unix socket and TLS: the first line of a connection says what they are to do. */
import net from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { certificate } from './certificate.ts';

export const BIG_BYTES = 600_000;

export interface LineServers {
  /** For the environment of the program. */
  env: Record<string, string>;
  close(): Promise<void>;
}

const ORDERS: Readonly<Record<string, (socket: Socket, secure: tls.SecureContext) => unknown>> = {
  echo: (socket) => socket.on('data', (bytes) => socket.write(bytes)),
  big: (socket) => socket.end(Buffer.alloc(BIG_BYTES, 'abc')),
  end: (socket) => socket.end('bye\n'),
  reset: (socket) => setTimeout(() => socket.resetAndDestroy(), 20),
  silent: () => {},
  starttls: (socket, secureContext) => {
    socket.removeAllListeners('data');
    const secure = new tls.TLSSocket(socket, { isServer: true, secureContext });
    secure.on('data', (bytes) => secure.write(`secret ${String(bytes)}`)).on('error', () => {});
    secure.on('end', () => secure.end());
    socket.write('go on\n');
  },
};

export async function startLineServers(): Promise<LineServers> {
  const pair = certificate('localhost');
  const secureContext = tls.createSecureContext(pair);
  const open = new Set<Socket>();
  const serve = (socket: Socket): void => {
    open.add(socket);
    socket
      .on('error', () => {})
      .on('end', () => socket.end())
      .on('close', () => open.delete(socket));
    socket.once('data', (bytes) => {
      const [order = ''] = String(bytes).split('\n');
      socket.write(bytes);
      ORDERS[order]?.(socket, secureContext);
    });
  };
  const path = join(tmpdir(), `hindcast-lines-${process.pid}-${Date.now()}.sock`);
  const servers: Server[] = [
    net.createServer({ allowHalfOpen: true }, serve),
    net.createServer(serve),
    tls.createServer(pair, serve),
  ];
  const listen = (server: Server, at: object): Promise<void> => new Promise((resolve) => server.listen(at, resolve));
  await Promise.all(servers.map((server, index) => listen(server, index === 1 ? { path } : { port: 0, host: '127.0.0.1' })));
  const portOf = (index: number): string => String((servers[index]!.address() as AddressInfo).port);
  return {
    env: { LINES_PORT: portOf(0), LINES_PATH: path, LINES_TLS_PORT: portOf(2), LINES_CA: pair.cert },
    close: async () => {
      for (const socket of open) socket.destroy();
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}
