/** A local HTTP server that stands in for a provider, byte by byte: what it answers, in which pieces, and how the answer breaks off, is the caller's to say. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, createServer as createSocketServer } from 'node:net';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

export interface StandInRequest {
  method: string;
  /** Path and query. */
  path: string;
  headers: IncomingHttpHeaders;
  /** The body as text. */
  text: string;
  /** The body where it is JSON, undefined where it is not. */
  json: any;
}

export interface Reply {
  /** 200 unless said. */
  status?: number;
  headers?: Record<string, string>;
  /** The whole body; an object is sent as JSON. */
  body?: string | Uint8Array | object;
  /** The body piece by piece, each flushed by itself. */
  pieces?: readonly (string | Uint8Array)[];
  /** Pause before each piece but the first. */
  gapMs?: number;
  /** What happens after the last piece: the answer ends (unless said), the connection is reset, or nothing more comes. */
  after?: 'end' | 'reset' | 'hang';
}

export interface StandIn {
  /** `http://127.0.0.1:<port>`. */
  readonly url: string;
  readonly port: number;
  /** Every request so far. */
  readonly requests: readonly StandInRequest[];
  /** Connections that are open. */
  readonly connections: number;
  /** Answers whose client left before they were sent whole. */
  readonly broken: number;
  /** Pieces sent so far, over all answers. */
  readonly sent: number;
  /** Cuts every connection and stops listening. */
  close(): Promise<void>;
}

export type Answer = (request: StandInRequest, index: number) => Reply | Promise<Reply>;

const REQUEST_BYTES_MAX = 64 << 20;

class Server implements StandIn {
  readonly requests: StandInRequest[] = [];
  readonly #answer: Answer;
  readonly #sockets = new Set<Socket>();
  readonly #http = createServer((request, response) => void this.#serve(request, response));
  broken = 0;
  sent = 0;
  /** Known after the end as well. */
  port = 0;

  constructor(answer: Answer) {
    this.#answer = answer;
    this.#http.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      // A client may reset the connection at any time.
      socket.on('error', () => socket.destroy());
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get connections(): number {
    return this.#sockets.size;
  }

  listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#http.once('error', reject);
      this.#http.listen(0, '127.0.0.1', () => {
        this.port = (this.#http.address() as AddressInfo).port;
        resolve();
      });
    });
  }

  close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    return new Promise((resolve) => void this.#http.close(() => resolve()));
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const request = await readRequest(incoming);
      const index = this.requests.push(request) - 1;
      await this.#send(await this.#answer(request, index), response);
    } catch {
      // The client is gone, or the answer could not be made: either way it gets no more.
      response.destroy();
    }
  }

  async #send(reply: Reply, response: ServerResponse): Promise<void> {
    const pieces = reply.pieces ?? (reply.body === undefined ? [] : [asBytes(reply.body)]);
    const type = reply.pieces ? 'text/event-stream' : 'application/json';
    response.on('close', () => {
      if (!response.writableFinished && reply.after !== 'reset') this.broken++;
    });
    // Two answers to the same request are the same in all their bytes.
    response.sendDate = false;
    response.writeHead(reply.status ?? 200, { 'content-type': type, ...reply.headers });
    response.flushHeaders();
    for (const [index, piece] of pieces.entries()) {
      if (index > 0) await wait(reply.gapMs ?? 0, undefined, { ref: false });
      if (response.destroyed) return;
      response.write(piece);
      this.sent++;
    }
    if (reply.after === 'hang') return;
    if (reply.after === 'reset') {
      // What was written goes out first: a reset in the same turn would overtake it.
      await wait(5, undefined, { ref: false });
      response.socket?.resetAndDestroy();
    } else response.end();
  }
}

function asBytes(body: string | Uint8Array | object): string | Uint8Array {
  return typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
}

async function readRequest(incoming: IncomingMessage): Promise<StandInRequest> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of incoming as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > REQUEST_BYTES_MAX) throw new Error('The request is too large.');
    parts.push(part);
  }
  const text = Buffer.concat(parts).toString('utf8');
  return { method: incoming.method ?? '', path: incoming.url ?? '', headers: incoming.headers, text, json: parsed(text) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Starts a stand-in on 127.0.0.1 that answers each request as `answer` says; `index` counts the requests from 0. */
export async function startStandIn(answer: Answer): Promise<StandIn> {
  const server = new Server(answer);
  await server.listen();
  return server;
}

/** An address of 127.0.0.1 that refuses connections. */
export interface Refusal {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Finds an address where nobody listens, and holds it until it is closed. The port of a stand-in that was closed would be given to whoever asks next, also in another process; here it
 * is the near end of a connection, which nobody else can have.
 */
export async function startRefusal(): Promise<Refusal> {
  const far = createSocketServer((socket) => socket.on('error', () => socket.destroy()));
  await new Promise<void>((resolve) => far.listen(0, '127.0.0.1', resolve));
  const near = connect((far.address() as AddressInfo).port, '127.0.0.1');
  await once(near, 'connect');
  const port = near.localPort!;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    close() {
      near.destroy();
      return new Promise((resolve) => void far.close(() => resolve()));
    },
  };
}
