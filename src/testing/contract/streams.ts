/** Streams: chunks as they were, and one end, however the stream ends. */
import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { LOOKUP, TEXT, errorOf, outcomeOf, until } from './bench.ts';
import type { Bench, Check } from './bench.ts';
import { aWord, anyText, assertIs, assertMatches, assertSame, textLike } from './claims.ts';

const TOKENS = { input: 9, output: 4 };
/** A text that goes out in so many pieces that nobody can have them all at once. */
const LONG = { text: `${TEXT} `.repeat(40), fragments: 400 };

/** The first pieces of a stream, some chunks long; then nothing, and the connection stays. */
function unfinished(bench: Bench): Promise<any> {
  return bench.client(() => bench.streamed(bench.pieces({ text: TEXT }).slice(0, 3), { after: 'hang' }));
}

const readToItsEnd: Check = {
  name: 'P5 streams: a stream read to its end is one event with its facts',
  needs: ['stream'],
  run: async (bench) => {
    const pieces = bench.pieces({ text: TEXT, tokens: TOKENS });
    const client = await bench.client(() => bench.streamed(pieces, { gapMs: 1 }));
    const chunks = await bench.readAll(await bench.stream(client));
    assert.ok(chunks.length > 1, 'the app gets chunks');
    const event = bench.only();
    assertIs(event.status, 'ok', 'status');
    assertIs(event.firstChunks, 1, 'times that the first chunk was told of');
    assertIs(event.llm?.operation, bench.spec.operation ?? 'chat', 'operation');
    assertMatches(event.outcome, { chunks: chunks.length, usage: TOKENS }, 'outcome');
    assertMatches(event.outcome!.response!.finishReasons, [anyText], 'finish reasons');
    if (bench.spec.can.exchanges) {
      const bytes = Buffer.concat(pieces.map((piece) => Buffer.from(piece as Uint8Array)));
      // Some SDKs leave the body behind once they have read the event that ends it.
      assertMatches(event.exchanges, [{ status: 200, how: textLike(/^(complete|cancelled)$/) }], 'exchanges');
      assertIs(Buffer.concat(event.exchanges[0]!.chunks).toString('hex'), bytes.toString('hex'), 'bytes of the exchange');
    } else assert.ok(event.content?.response, 'the answer is content');
  },
};

const noTokens: Check = {
  name: 'P5 streams: where the provider says nothing of tokens, nothing is known of them',
  needs: ['stream'],
  run: async (bench) => {
    const client = await bench.client(() => bench.streamed(bench.pieces({ text: TEXT, tokens: null })));
    await bench.readAll(await bench.stream(client));
    assertSame(Object.keys(bench.only().outcome?.usage ?? {}), [], 'tokens');
  },
};

const metadata: Check = {
  name: 'V1 privacy: in metadata mode the facts of a stream are known, and its bytes are not kept',
  needs: ['stream'],
  run: async (bench) => {
    bench.record({ wantsBodies: false });
    const client = await bench.client(() => bench.streamed(bench.pieces({ text: TEXT, tokens: TOKENS })));
    const chunks = await bench.readAll(await bench.stream(client));
    const event = bench.only();
    assertMatches(event.outcome, { status: 'ok', chunks: chunks.length, usage: TOKENS }, 'outcome');
    if (bench.spec.can.exchanges) assertMatches(event.exchanges, [{ status: 200, how: 'unread', chunks: [] }], 'exchanges');
  },
};

const endInTime: Check = {
  name: 'P5 streams: the event has ended when the app knows of the end',
  needs: ['stream'],
  run: async (bench) => {
    const client = await bench.client(() => bench.streamed(bench.pieces({ text: TEXT })));
    const iterator = bench.reader(await bench.stream(client))[Symbol.asyncIterator]();
    while (!(await iterator.next()).done) assertIs(bench.only().ended, false, 'ended before the stream has');
    assertIs(bench.only().ended, true, 'ended with the stream');
  },
};

const chunkByChunk: Check = {
  name: 'P5 streams: a chunk is not held back until the next one comes',
  needs: ['stream'],
  run: async (bench) => {
    const bare = await bench.bare(async () => {
      const reading = await readOn(bench);
      await until(() => reading.chunks > 0, 'a chunk: the first three pieces make one');
      // How many more there are is not known: some time after the last one, there are no more.
      for (let still = 0, last = -1; still < 10; still = reading.chunks === last ? still + 1 : 0) {
        last = reading.chunks;
        await wait(5, undefined, { ref: false });
      }
      return reading.chunks;
    });
    const reading = await readOn(bench);
    await until(() => reading.chunks >= bare, `${bare} chunks of a stream that goes on, as the app has without us`);
  },
};

/** Reads a stream that stays unfinished: its last `next` never settles, until the server is closed. */
async function readOn(bench: Bench): Promise<{ chunks: number }> {
  const reading = { chunks: 0 };
  const iterator = bench.reader(await bench.stream(await unfinished(bench)))[Symbol.asyncIterator]();
  const read = async (): Promise<void> => {
    while (!(await iterator.next()).done) reading.chunks++;
  };
  void read().catch(() => {});
  return reading;
}

const earlyBreak: Check = {
  name: 'P5 streams: a break after one chunk is cancelled, and the provider stops sending',
  needs: ['stream'],
  run: async (bench) => {
    const pieces = bench.pieces(LONG);
    assert.ok(pieces.length > 300, 'wire.stream() honours `fragments`');
    const client = await bench.client(() => bench.streamed(pieces, { gapMs: 5 }));
    for await (const _ of bench.reader(await bench.stream(client))) break;
    const event = bench.only();
    assertIs(event.status, 'cancelled', 'status');
    assertIs(event.outcome!.chunks, 1, 'chunks');
    if (bench.spec.can.breakLeavesOpen) {
      const sent = bench.server.sent;
      await until(() => bench.server.sent > sent + 20, 'further pieces: `breakLeavesOpen` means that the connection stays');
    } else {
      await until(() => bench.server.broken === 1, 'the end of the connection');
      assert.ok(bench.server.sent < pieces.length, 'the provider stops sending');
    }
    if (bench.spec.can.exchanges) assertIs(event.exchanges[0]!.how, 'cancelled', 'end of the exchange');
    assertIs(event.outcomes.length, 1, 'ends that were told');
  },
};

const abortByStream: Check = {
  name: 'P5 streams: an abort by the stream itself is cancelled',
  needs: ['stream', 'streamController'],
  run: async (bench) => {
    const stream = await bench.stream(await unfinished(bench));
    for await (const _ of bench.reader(stream)) stream.controller.abort();
    assertIs(bench.only().status, 'cancelled', 'status');
  },
};

const abortUnread: Check = {
  name: 'P5 streams: a stream that is aborted before anybody read it is cancelled',
  needs: ['stream', 'streamController'],
  run: async (bench) => {
    const stream = await bench.stream(await unfinished(bench));
    stream.controller.abort();
    assertMatches(bench.only(), { status: 'cancelled', firstChunks: 0 }, 'event');
  },
};

const abortBySignal: Check = {
  name: 'P7 streams: an abort by the signal of the call ends the event of its stream',
  needs: ['stream', 'abortInStream'],
  run: async (bench) => {
    const controller = new AbortController();
    const stream = await bench.stream(await unfinished(bench), { signal: controller.signal });
    const outcome = await outcomeOf(async () => {
      for await (const _ of bench.reader(stream)) controller.abort();
    });
    const { status, outcomes } = bench.only();
    const error = outcomes[0]?.error?.type;
    const told = 'error' in outcome && status === 'error' && (bench.spec.errors.abort ?? error) === error;
    assert.ok(status === 'cancelled' || told, `cancelled, or the error that the app gets; it is ${status} ${error ?? ''}`);
    assertIs(outcomes.length, 1, 'ends that were told');
  },
};

const cutShort: Check = {
  name: 'P5 streams: a stream cut short by the provider without an error is told apart from a whole one',
  needs: ['stream', 'incompleteStreams'],
  run: async (bench) => {
    const client = await bench.client(() => bench.streamed(bench.pieces({ text: TEXT }).slice(0, 3)));
    const stream = await bench.stream(client);
    const outcome = await outcomeOf(() => bench.readAll(stream));
    // Some SDKs say so themselves.
    const type = 'error' in outcome ? aWord : 'incomplete_stream';
    assertMatches(bench.only().outcome, { status: 'error', error: { type } }, 'outcome');
  },
};

const connectionReset: Check = {
  name: 'P7 streams: a connection that is reset in mid-stream',
  needs: ['stream'],
  run: async (bench) => {
    const pieces = bench.pieces({ text: TEXT }).slice(0, 3);
    const client = await bench.client(() => bench.streamed(pieces, { after: 'reset' }));
    const stream = await bench.stream(client);
    const error = await errorOf(() => bench.readAll(stream));
    assert.ok(error instanceof Error);
    const event = bench.only();
    assertMatches(event.outcome, { status: 'error', error: { type: aWord } }, 'outcome');
    if (bench.spec.can.exchanges) assertIs(event.exchanges[0]!.how, 'error', 'end of the exchange');
    assertIs(event.content!.error!.message, error.message, 'message, as content');
  },
};

const errorEvent: Check = {
  name: 'P7 streams: an error event inside a stream',
  needs: ['stream', 'errorEvent'],
  run: async (bench) => {
    const pieces = [...bench.pieces({ text: TEXT }).slice(0, 2), bench.spec.wire.errorEvent!];
    const stream = await bench.stream(await bench.client(() => bench.streamed(pieces)));
    const error = await errorOf(() => bench.readAll(stream));
    assert.ok(error instanceof Error);
    const ofClass = error.constructor.name === 'Error' ? error.name : error.constructor.name;
    const type = bench.spec.errors.inStream ?? ofClass;
    const code = bench.spec.can.errorCodes ? { code: aWord } : {};
    assertMatches(bench.only().outcome, { status: 'error', error: { type, ...code } }, 'outcome');
  },
};

const helper: Check = {
  name: "P10 streams: through the SDK's helper it is one event",
  needs: ['stream', 'streamHelper'],
  run: async (bench) => {
    const client = await bench.client(() => bench.streamed(bench.pieces({ text: TEXT, tokens: TOKENS })));
    assert.ok(bench.textOf(await bench.spec.streamHelper!(client)).includes(TEXT), 'the app gets the answer');
    assertMatches(bench.only().outcome, { status: 'ok', usage: TOKENS }, 'outcome');
  },
};

const secondReader: Check = {
  name: 'P5 streams: a second reader of a consumed stream fares as without us, and changes nothing',
  needs: ['stream'],
  run: async (bench) => {
    const client = await bench.client(() => bench.streamed(bench.pieces({ text: TEXT })));
    const twice = async (): Promise<unknown> => {
      const stream = await bench.stream(client);
      await bench.readAll(stream);
      return bench.portrait(await outcomeOf(() => bench.readAll(stream)));
    };
    const bare = await bench.bare(twice);
    assertSame(await twice(), bare, 'what the second reader gets');
    assertMatches(bench.only(), { status: 'ok' }, 'event');
    assertIs(bench.only().outcomes.length, 1, 'ends that were told');
  },
};

const abandoned: Check = {
  name: 'P5 streams: a stream that nobody reads is no success',
  needs: ['stream'],
  run: async (bench) => {
    const client = await bench.client(() => bench.streamed(bench.pieces({ text: TEXT })));
    const stream = await bench.stream(client);
    await until(() => bench.server.sent === bench.pieces({ text: TEXT }).length, 'the whole answer');
    assert.ok(['open', 'cancelled'].includes(bench.only().status), `it is ${bench.only().status}`);
    assertIs(bench.only().firstChunks, 0, 'chunks that the app got');
    assert.ok(stream, 'the stream is held until here');
  },
};

const collected: Check = {
  name: 'P5 streams: a stream that nobody reads and nobody holds is cancelled once it is collected',
  needs: ['stream', 'droppedStreams'],
  run: async (bench) => {
    const drop = async (): Promise<void> => void (await bench.stream(await unfinished(bench)));
    await drop();
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const isOver = (): boolean => {
      collect();
      return bench.only().ended;
    };
    await until(isOver, 'the end of the event', 100);
    assertMatches(bench.only(), { status: 'cancelled', firstChunks: 0 }, 'event');
  },
};

const toolFragments: Check = {
  name: 'P6 tools: fragments of a stream are put together',
  needs: ['stream'],
  run: async (bench) => {
    const client = await bench.client(() => bench.streamed(bench.pieces({ tools: [LOOKUP] })));
    await bench.readAll(await bench.stream(client));
    const call = bench.spec.can.toolCallIds ? { id: LOOKUP.id, name: LOOKUP.name } : { name: LOOKUP.name };
    assertMatches(bench.only().outcome, { status: 'ok', response: { toolCalls: [call] } }, 'outcome');
  },
};

export const streams: readonly Check[] = [
  readToItsEnd,
  noTokens,
  metadata,
  endInTime,
  chunkByChunk,
  earlyBreak,
  abortByStream,
  abortUnread,
  abortBySignal,
  cutShort,
  connectionReset,
  errorEvent,
  helper,
  secondReader,
  abandoned,
  collected,
  toolFragments,
];
