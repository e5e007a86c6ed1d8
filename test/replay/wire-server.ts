/** A server that answers as few do: in old versions of HTTP, with trailers, too early, too short, not at all. Words are thrown by dice, unless a test needs the same ones twice. */
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';

export interface WireServer {
  readonly url: string;
  /** Paths that were asked for. */
  readonly requests: readonly string[];
  close(): Promise<void>;
}

type Answering = (request: IncomingMessage, response: ServerResponse, word: string) => void | Promise<void>;

const raw = (response: ServerResponse, ...pieces: string[]): void => {
  const { socket } = response;
  for (const piece of pieces) socket?.write(piece);
};

const ANSWERS: Record<string, Answering> = {
  '/plain': (_request, response, word) => {
    response.writeHead(200, 'Fine', { 'X-Mixed-Case': 'a', 'Set-Cookie': ['a=1', 'b=2'], 'content-length': word.length });
    response.end(word);
  },
  '/echo': async (request, response, word) => {
    let text = '';
    for await (const piece of request.setEncoding('utf8')) text += piece as string;
    response.end(`${request.method} ${text.length} ${text.slice(0, 40)} ${word}`);
  },
  '/pieces': async (_request, response, word) => {
    for (let piece = 0; piece < 4; piece++) {
      response.write(`${piece} ${word} `);
      await wait(4);
    }
    response.end();
  },
  '/trailers': (_request, response, word) => {
    response.writeHead(200, { Trailer: 'X-Sum' });
    response.write(word);
    response.addTrailers({ 'X-Sum': word.toUpperCase() });
    response.end();
  },
  '/gzip': (_request, response, word) => {
    const packed = gzipSync(word.repeat(200));
    response.writeHead(200, { 'content-encoding': 'gzip' });
    response.write(packed.subarray(0, 10));
    response.end(packed.subarray(10));
  },
  '/old': (_request, response, word) => {
    raw(response, 'HTTP/1.0 200 Old\r\nX-Old: yes\r\n\r\n', word);
    response.socket?.end();
  },
  '/short': (_request, response, word) => {
    raw(response, 'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n', word);
    response.socket?.end();
  },
  '/hangup': (_request, response) => void response.socket?.end(),
  '/garbage': (_request, response) => raw(response, 'this is no HTTP\r\n\r\n'),
  '/reset': async (_request, response, word) => {
    response.write(word);
    await wait(10);
    response.socket?.resetAndDestroy();
  },
  '/silent': () => {},
  '/early': (_request, response, word) => {
    response.writeHead(413, { connection: 'close' });
    response.end(word);
  },
  '/same': (_request, response) => {
    response.writeHead(304, { etag: '"1"' });
    response.end();
  },
  '/redirect': (_request, response) => {
    response.writeHead(302, { location: '/plain' });
    response.end();
  },
  '/large': (_request, response, word) => {
    response.end(word.padEnd(3_000_000, word));
  },
};

/** Starts it. `word` gives the words that it answers with; `port`: 0 for any that is free. */
export async function startWireServer(
  word: () => string = () => `word${Math.floor(Math.random() * 1_000_000)}`,
  pauseMs = 20,
  port = 0,
): Promise<WireServer> {
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = new URL(request.url ?? '', 'http://a').pathname;
    requests.push(path);
    response.sendDate = false;
    if (pauseMs > 0) await wait(Math.random() * pauseMs);
    await (ANSWERS[path] ?? ANSWERS['/plain'])!(request, response, word());
  };
  const server = createServer((request, response) => void answer(request, response).catch(() => response.destroy()));
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    setTimeout(() => {
      response.writeContinue();
      void answer(request, response).catch(() => response.destroy());
    }, 10);
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close() {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => void server.close(() => resolve()));
    },
  };
}
