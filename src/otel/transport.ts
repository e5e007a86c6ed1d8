/**
 * Posts one request body to an OTLP/HTTP server. A transport sends what it is told to where it is told, with the headers that it is given and no others:
 * nothing is read from the environment. It never keeps a process alive for longer than the limits below, and never rejects.
 */
import type { Agent as HttpAgent, ClientRequest, IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import { wallMs } from '../core/clock.ts';
import { withoutAppTracing } from './app-context.ts';
import { type Answer, answerOf } from './export-answer.ts';

export interface TransportOptions {
  /** The whole URL, `/v1/traces` included. */
  url: string;
  headers?: Record<string, string>;
  /** From the first byte sent to the last one received. */
  timeoutMs?: number;
}

export interface Transport {
  send(body: Uint8Array): Promise<Answer>;
  /** Cuts what is under way and closes all connections. A later `send` opens new ones. */
  close(): void;
}

const TIMEOUT_MS = 10_000;
/** A connection that is not there by then, or that takes no byte for so long, is given up: until then it can hold the process. */
const PROGRESS_MS = 2_000;
const PIECE_BYTES = 32 * 1024;
const ANSWER_BYTES_MAX = 4 * 1024 * 1024;
/** A smaller body is sent as it is. */
const GZIP_BYTES_MIN = 512;

const compress = promisify(gzip);

/** A transport for one URL. The connection is kept open between requests. */
export function createTransport(options: TransportOptions): Transport {
  const url = new URL(options.url);
  const http = process.getBuiltinModule(url.protocol === 'https:' ? 'node:https' : 'node:http');
  const agent: HttpAgent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const requests = new Set<ClientRequest>();

  const once = (body: Uint8Array, encoded: boolean): Promise<Answer & { stale?: boolean }> =>
    new Promise((resolve) => {
      const request = http.request(url, {
        method: 'POST',
        agent,
        headers: {
          'user-agent': 'hindcast',
          ...options.headers,
          'content-type': 'application/x-protobuf',
          'content-length': body.length,
          ...(encoded ? { 'content-encoding': 'gzip' } : {}),
        },
      });
      requests.add(request);
      new Attempt(request, body, options.timeoutMs ?? TIMEOUT_MS, (answer) => {
        requests.delete(request);
        resolve(answer);
      });
    });

  const send = async (plain: Uint8Array): Promise<Answer> => {
    try {
      const encoded = plain.length >= GZIP_BYTES_MIN;
      const body = encoded ? await compress(plain, { level: constants.Z_BEST_SPEED }) : plain;
      let answer = await withoutAppTracing(() => once(body, encoded));
      // The server had closed the kept connection before we wrote: no failure of the server's, so no reason to wait.
      if (answer.stale === true) answer = await withoutAppTracing(() => once(body, encoded));
      delete answer.stale;
      return answer;
    } catch (error) {
      return { kind: 'retry', reason: reasonOf(error) };
    }
  };

  const close = (): void => {
    for (const request of requests) request.destroy(new Error('closed'));
    agent.destroy();
  };
  return { send, close };
}

function reasonOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return code ?? (error instanceof Error ? error.message : 'unknown error');
}

/** One request under way. */
class Attempt {
  private readonly request: ClientRequest;
  private readonly settle: (answer: Answer & { stale?: boolean }) => void;
  private readonly deadline: NodeJS.Timeout;
  private progress: NodeJS.Timeout | undefined;
  private status: number | undefined;
  private settled = false;

  constructor(
    request: ClientRequest,
    body: Uint8Array,
    timeoutMs: number,
    settle: (answer: Answer & { stale?: boolean }) => void,
  ) {
    this.request = request;
    this.settle = settle;
    this.deadline = setTimeout(() => this.fail('timeout'), timeoutMs).unref();
    request.on('socket', (socket) => socket.unref());
    request.on('error', (error) => this.fail(reasonOf(error)));
    request.on('response', (response) => this.read(response));
    // Also without a response and without an error, as when the other side ends the connection in order.
    request.on('close', () => this.fail('connection closed'));
    this.write(body, 0);
  }

  private done(answer: Answer & { stale?: boolean }): void {
    if (this.settled) return;
    this.settled = true;
    clearTimeout(this.deadline);
    clearTimeout(this.progress);
    this.settle(answer);
  }

  private fail(reason: string): void {
    if (this.settled) return;
    const stale = this.request.reusedSocket && this.status === undefined && (reason === 'ECONNRESET' || reason === 'EPIPE');
    this.done({
      kind: 'retry',
      reason,
      ...(this.status === undefined ? {} : { status: this.status }),
      ...(stale ? { stale } : {}),
    });
    this.request.destroy();
  }

  /** In pieces, so that a server that has stopped reading is told from one that reads slowly. */
  private write(body: Uint8Array, from: number): void {
    clearTimeout(this.progress);
    this.progress = setTimeout(() => this.fail('no progress'), PROGRESS_MS).unref();
    const to = Math.min(body.length, from + PIECE_BYTES);
    const piece = body.subarray(from, to);
    if (to < body.length) {
      this.request.write(piece, (error) => {
        if (!error && !this.settled) this.write(body, to);
      });
    } else {
      this.request.end(piece, () => clearTimeout(this.progress));
    }
  }

  private read(response: IncomingMessage): void {
    const status = response.statusCode ?? 0;
    this.status = status;
    // A server may answer before it has read everything, and then read no more.
    clearTimeout(this.progress);
    const pieces: Buffer[] = [];
    let size = 0;
    const finish = (): void => {
      const header = response.headers['retry-after'];
      const answer = answerOf(
        { status, retryAfter: header, contentType: response.headers['content-type'] ?? '', body: Buffer.concat(pieces) },
        wallMs(),
      );
      this.done(answer);
    };
    response.on('data', (piece: Buffer) => {
      size += piece.length;
      if (size <= ANSWER_BYTES_MAX) {
        pieces.push(piece);
        return;
      }
      // The status has said what matters.
      pieces.length = 0;
      finish();
      this.request.destroy();
    });
    response.on('end', () => (response.complete ? finish() : this.fail('answer cut off')));
    response.on('aborted', () => this.fail('answer cut off'));
    response.on('error', (error) => this.fail(reasonOf(error)));
  }
}
