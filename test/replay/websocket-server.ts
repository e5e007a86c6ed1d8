/** A server of WebSockets that never says the same twice: words, delays and the bytes of binary messages are thrown by dice, unless a test needs the same ones twice. */
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer as createSecure } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { certificate } from './certificate.ts';
import type { Asked } from './recorded.ts';

/** As much of npm `ws`, which others have brought along, as is used here. */
interface Peer {
  on(event: 'message', heard: (bytes: Buffer, binary: boolean) => void): void;
  on(event: 'close', heard: () => void): void;
  send(data: string | Buffer, options?: { fin: boolean }): void;
  ping(text: string): void;
  close(code: number, reason: string): void;
  terminate(): void;
  readonly readyState: number;
}
interface Peers {
  handleUpgrade(request: IncomingMessage, socket: Socket, head: Buffer, then: (peer: Peer) => void): void;
}
interface Ws {
  WebSocketServer: new (options: object) => Peers;
}

const OPEN = 1;

/** With `tls` it has a certificate that nobody knows but who is told of it by NODE_EXTRA_CA_CERTS, or CA_FILE. */
export async function startWebSockets({ dice = true, tls = false }: { dice?: boolean; tls?: boolean } = {}): Promise<Asked> {
  const roll = (sides: number): number => (dice ? Math.floor(Math.random() * sides) : 7 % sides);
  const word = (): string => `word-${roll(1_000_000)}`;
  const { WebSocketServer } = (await import(import.meta.resolve('ws'))) as Ws;
  const peers = new WebSocketServer({
    noServer: true,
    perMessageDeflate: { threshold: 10 },
    handleProtocols: (offered: Set<string>) => [...offered][0],
  });
  const requests: string[] = [];
  const answered = (request: IncomingMessage, response: ServerResponse): void => {
    requests.push(request.url ?? '');
    response.end(word());
  };
  const pair = tls ? certificate('localhost') : null;
  const server: Server = pair === null ? createServer(answered) : createSecure(pair, answered);
  const file = pair === null ? undefined : join(mkdtempSync(join(tmpdir(), 'hindcast-ca-')), 'ca.pem');
  if (file !== undefined && pair !== null) writeFileSync(file, pair.cert);

  const late = async (peer: Peer, data: string | Buffer, ms = 12): Promise<void> => {
    if (dice) await wait(roll(ms));
    if (peer.readyState === OPEN) peer.send(data);
  };
  const answer = (peer: Peer, bytes: Buffer, binary: boolean): void => {
    const text = bytes.toString();
    if (binary) void late(peer, Buffer.from([...bytes, roll(256)]));
    else if (text === 'leave') peer.close(4001, `bye ${word()}`);
    else if (text === 'drop') peer.terminate();
    else if (text === 'ping') peer.ping(word());
    else if (text === 'parts') {
      peer.send(word(), { fin: false });
      peer.send('-'.repeat(40), { fin: true });
    } else if (text === 'bad') Reflect.get(peer, '_socket').write(Buffer.from([0xff, 0]));
    else if (text.startsWith('{')) void realtime(peer, JSON.parse(text) as { type: string });
    else void late(peer, JSON.stringify({ heard: text.slice(0, 40), word: word() }));
  };
  const realtime = async (peer: Peer, { type }: { type: string }): Promise<void> => {
    const tell = (event: object): Promise<void> => late(peer, JSON.stringify({ event_id: `event_${word()}`, ...event }), 6);
    if (type === 'session.update') await tell({ type: 'session.updated', session: { type: 'realtime' } });
    if (type !== 'response.create') return;
    await tell({ type: 'response.created', response: { id: `resp_${word()}` } });
    for (let piece = 0; piece < 3; piece++) await tell({ type: 'response.output_text.delta', delta: `${word()} ` });
    await tell({ type: 'response.done', response: { status: 'completed' } });
  };
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    requests.push(request.url ?? '');
    if (request.url?.startsWith('/denied') === true) {
      const body = word();
      socket.end(
        `HTTP/1.1 401 Unauthorized\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
      );
    } else
      peers.handleUpgrade(request, socket, head, (peer) => {
        if (request.url === '/short') setTimeout(() => peer.close(1012, word()), roll(15)).unref();
        peer.on('message', (bytes, binary) => answer(peer, bytes, binary));
      });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    url: `http${tls ? 's' : ''}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    ...(file !== undefined && { env: { NODE_EXTRA_CA_CERTS: file, CA_FILE: file } }),
    async close() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}
