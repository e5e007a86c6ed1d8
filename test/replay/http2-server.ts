/** A server of HTTP/2, with TLS or without, that answers as few do: Bedrock's model by dice, and streams that come in pieces, with trailers, reset, late, or not at all. */
import { once } from 'node:events';
import { createSecureServer, createServer } from 'node:http2';
import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { AWS_STREAM, bedrockError, converseAnswer, converseStream } from '../../src/testing/wire-bedrock.ts';
import type { Certificate } from './certificate.ts';
import type { WireServer } from './wire-server.ts';

type Answering = (stream: ServerHttp2Stream, text: string, word: string) => void | Promise<void>;

const dice = (sides: number): number => Math.floor(Math.random() * sides);
const wordOf = (): string => `word${dice(1_000_000)}`;

async function pieces(stream: ServerHttp2Stream, all: readonly (string | Uint8Array)[]): Promise<void> {
  for (const piece of all) {
    if (stream.destroyed) return;
    stream.write(piece);
    await wait(dice(4));
  }
  stream.end();
}

const json = (stream: ServerHttp2Stream, status: number, body: unknown, headers: object = {}): void => {
  stream.respond({ ':status': status, 'content-type': 'application/json', ...headers });
  stream.end(JSON.stringify(body));
};

function throttled(stream: ServerHttp2Stream): boolean {
  if (dice(5) > 0) return false;
  const { status, headers, body } = bedrockError({ status: dice(2) === 0 ? 429 : 503, message: wordOf() }) as Record<string, any>;
  json(stream, status as number, body, headers as object);
  return true;
}

const answerOf = () => ({
  text: [wordOf(), wordOf(), wordOf()].join(' '),
  fragments: 3 + dice(5),
  tokens: { input: dice(50), output: dice(50) },
});

const ANSWERS: readonly [RegExp, Answering][] = [
  [/\/converse$/, (stream) => void (throttled(stream) || json(stream, 200, converseAnswer(answerOf())))],
  [
    /\/converse-stream$/,
    async (stream) => {
      if (throttled(stream)) return;
      stream.respond({ ':status': 200, ...AWS_STREAM });
      await pieces(stream, converseStream(answerOf()));
    },
  ],
  [
    /^\/endless/,
    async (stream, _text, word) => {
      stream.respond({ ':status': 200 });
      for (let count = 0; count < 200 && !stream.destroyed; count++) {
        stream.write(`${count} ${word} `);
        await wait(5);
      }
    },
  ],
  [
    /^\/pieces/,
    async (stream, _text, word) => {
      stream.respond({ ':status': 200, 'x-word': word });
      await pieces(stream, [word, ` ${word}`, ' end']);
    },
  ],
  [
    /^\/trailers/,
    (stream, _text, word) => {
      stream.respond({ ':status': 200, 'set-cookie': ['a=1', 'b=2'] }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0', 'x-sum': word.toUpperCase() }));
      stream.end(word);
    },
  ],
  [/^\/echo/, (stream, text, word) => json(stream, 200, { length: text.length, begins: text.slice(0, 20), word })],
  [/^\/large/, (stream, _text, word) => json(stream, 200, word.padEnd(700_000, word))],
  [/^\/empty/, (stream) => stream.respond({ ':status': 204 }, { endStream: true })],
  [/^\/refused/, (stream) => stream.close(7)],
  [/^\/cancelled/, (stream) => stream.close(8)],
  [
    /^\/reset/,
    async (stream, _text, word) => {
      stream.respond({ ':status': 200 });
      stream.write(word);
      await wait(10);
      stream.close(2);
    },
  ],
  [
    /^\/hangup/,
    async (stream, _text, word) => {
      stream.respond({ ':status': 200 });
      stream.write(word);
      await wait(10);
      (stream.session as ServerHttp2Session & { socket: unknown }).destroy();
    },
  ],
  [
    /^\/leaving/,
    async (stream, _text, word) => {
      // Node's client never ends a session whose last answer comes before it has left itself.
      const left = once(stream.session!, 'goaway');
      stream.session!.goaway(0, undefined, Buffer.from('bye'));
      await left;
      stream.respond({ ':status': 200 });
      stream.end(word);
    },
  ],
  [
    /^\/kill/,
    async (stream) => {
      stream.session!.goaway(11);
      await wait(50);
    },
  ],
  [/^\/silent/, () => {}],
];

/** Answers each thing that it is told, before it is told the next. */
async function talk(stream: ServerHttp2Stream, word: string): Promise<void> {
  stream.respond({ ':status': 200 });
  for await (const piece of stream.setEncoding('utf8')) stream.write(`${(piece as string).toUpperCase()} ${word}\n`);
  stream.end('bye');
}

/** Starts it. `word` gives the words of all but Bedrock's model. */
export async function startHttp2Server(word: () => string = wordOf, pauseMs = 20, tls?: Certificate): Promise<WireServer> {
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  const answer = async (stream: ServerHttp2Stream, path: string): Promise<void> => {
    if (path.startsWith('/talk')) return talk(stream, word());
    let text = '';
    for await (const piece of stream.setEncoding('utf8')) text += piece as string;
    if (pauseMs > 0) await wait(dice(pauseMs));
    const found = ANSWERS.find(([pattern]) => pattern.test(path))?.[1];
    if (found === undefined) json(stream, 200, { path, word: word() });
    else await found(stream, text, word());
  };
  const server = tls === undefined ? createServer() : createSecureServer({ ...tls });
  server.on('session', (session) => session.on('error', () => session.destroy()));
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('stream', (stream, headers) => {
    const path = headers[':path'] ?? '';
    requests.push(path);
    stream.on('error', () => {});
    answer(stream, path).catch(() => stream.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close() {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => void server.close(() => resolve()));
    },
  };
}
