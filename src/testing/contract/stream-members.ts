/** What else an app can do with a stream and its chunks: split it, turn it into another, rely on the chunks being nobody else's. */
import { LOOKUP, TEXT, outcomeOf } from './bench.ts';
import type { Bench, Check, Outcome } from './bench.ts';
import { assertIs, assertMatches, assertSame } from './claims.ts';

async function readEach(branch: AsyncIterable<any>): Promise<any[]> {
  const chunks: any[] = [];
  for await (const chunk of branch) chunks.push(chunk);
  return chunks;
}

const tee: Check = {
  name: 'P4 streams: both branches of a tee get everything',
  needs: ['stream', 'tee'],
  run: async (bench) => {
    const client = await bench.client(() => bench.streamed(bench.pieces({ text: TEXT })));
    const split = async (): Promise<any[][]> => Promise.all((await bench.stream(client)).tee().map(readEach));
    const bare = await bench.bare(split);
    const branches = await split();
    assertSame(bench.portrait(branches), bench.portrait(bare), 'chunks of the branches');
    assertMatches(bench.only().outcome, { status: 'ok', chunks: branches[0]!.length }, 'outcome');
    assertIs(branches[1]!.length, branches[0]!.length, 'chunks of the second branch');
  },
};

const readableStream: Check = {
  name: 'P4 streams: as a ReadableStream',
  needs: ['stream', 'readableStream'],
  run: async (bench) => {
    const client = await bench.client(() => bench.streamed(bench.pieces({ text: TEXT })));
    const read = async (): Promise<string> => {
      const bytes = await readEach((await bench.stream(client)).toReadableStream());
      return Buffer.concat(bytes.map((piece) => Buffer.from(piece))).toString('utf8');
    };
    const bare = await bench.bare(read);
    const text = await read();
    assertIs(text, bare, 'text of the stream');
    assertMatches(bench.only().outcome, { status: 'ok', chunks: text.split('\n').length - 1 }, 'outcome');
  },
};

const untouchedChunks: Check = {
  name: 'P5 streams: chunks may be frozen, and are the objects that the SDK made',
  needs: ['stream'],
  run: async (bench) => {
    const client = await bench.client(() => bench.streamed(bench.pieces({ text: TEXT, tools: [LOOKUP] })));
    const bare = await bench.bare(() => readFrozen(bench, client));
    assertSame(await readFrozen(bench, client), bare, 'what the app gets of a stream whose chunks are frozen');
    const status = bare.complete ? { status: 'ok', response: { toolCalls: [{ name: LOOKUP.name }] } } : {};
    assertMatches(bench.only().outcome, status, 'outcome');
  },
};

/** Reads a stream while all that JSON.parse makes is frozen. Which of the chunks are what it made differs among SDKs; that they are the same ones as without us must not. */
async function readFrozen(bench: Bench, client: any): Promise<{ chunks: unknown; complete: boolean; made: boolean[] }> {
  const original = JSON.parse;
  const parsed = new Set<unknown>();
  const stream = await bench.stream(client);
  const chunks: unknown[] = [];
  let end: Outcome;
  try {
    JSON.parse = (...args: Parameters<typeof JSON.parse>) => {
      const value = frozen(original(...args));
      parsed.add(value);
      return value;
    };
    end = await outcomeOf(async () => {
      for await (const chunk of innermost(bench, stream)) chunks.push(chunk);
    });
  } finally {
    JSON.parse = original;
  }
  return { chunks: bench.portrait(chunks), complete: 'value' in end, made: chunks.map((chunk) => parsed.has(chunk)) };
}

/** Streams of the Stainless family hand out chunks as they were parsed by `iterator()`, whatever a newer one makes of them on the way to the loop. */
function innermost(bench: Bench, stream: any): AsyncIterable<unknown> {
  if (typeof stream?.iterator !== 'function') return bench.reader(stream);
  return { [Symbol.asyncIterator]: () => stream.iterator() as AsyncIterator<unknown> };
}

function frozen(value: unknown): any {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(frozen);
  return value;
}

export const streamMembers: readonly Check[] = [tee, readableStream, untouchedChunks];
