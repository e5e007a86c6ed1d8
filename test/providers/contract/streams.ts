import { describe, expect, test } from 'vitest';
import { LOOKUP, TEXT, outcomeOf, readAll, until } from './bench.ts';
import type { Bench } from './bench.ts';

/** Streams: chunks as they were, and one end, however the stream ends. */
export function streams(bench: Bench): void {
  const { spec } = bench;
  const { wire } = spec;
  const tokens = { input: 9, output: 4 };

  describe('P5 streams', () => {
    test('a stream read to its end', async () => {
      const client = await bench.client(() => ({ pieces: wire.stream({ text: TEXT, tokens, fragments: 5 }), gapMs: 1 }));
      const chunks = await readAll(await spec.stream(client));
      const event = bench.only();
      expect(event.status).toBe('ok');
      expect(event.firstChunks).toBe(1);
      expect(event.outcome).toMatchObject({ chunks: chunks.length, usage: tokens });
      expect(event.outcome!.response!.finishReasons).toHaveLength(1);
      expect(event.exchanges[0]!.text).toBe(wire.stream({ text: TEXT, tokens, fragments: 5 }).join(''));
    });

    test('the event has ended when the app knows of the end', async () => {
      const client = await bench.client(() => ({ pieces: wire.stream({ text: TEXT }) }));
      const iterator = (await spec.stream(client))[Symbol.asyncIterator]();
      while (!(await iterator.next()).done) expect(bench.only().ended).toBe(false);
      expect(bench.only().ended).toBe(true);
    });

    test('a break after one chunk is cancelled, and the provider stops sending', async () => {
      const pieces = [...wire.stream({ text: TEXT }).slice(0, 3), ...Array.from({ length: 400 }, () => ': more\n\n')];
      const client = await bench.client(() => ({ pieces, gapMs: 5 }));
      for await (const _ of await spec.stream(client)) break;
      const event = bench.only();
      expect(event.status).toBe('cancelled');
      expect(event.outcome!.chunks).toBe(1);
      await until(() => bench.server.broken === 1, 'the end of the connection');
      expect(bench.server.sent).toBeLessThan(pieces.length);
      expect(event.exchanges[0]!.how).toBe('cancelled');
      expect(event.outcomes).toHaveLength(1);
    });

    test('an abort by the stream itself is cancelled', async () => {
      const client = await bench.client(() => ({ pieces: wire.stream({ text: TEXT }).slice(0, 3), after: 'hang' }));
      const stream = await spec.stream(client);
      for await (const _ of stream) stream.controller.abort();
      expect(bench.only().status).toBe('cancelled');
    });

    test('a stream that is aborted before anybody read it is cancelled', async () => {
      const client = await bench.client(() => ({ pieces: wire.stream({ text: TEXT }).slice(0, 3), after: 'hang' }));
      const stream = await spec.stream(client);
      stream.controller.abort();
      expect(bench.only()).toMatchObject({ status: 'cancelled', firstChunks: 0 });
    });

    test('a stream cut short by the provider without an error is told apart from a whole one', async () => {
      const client = await bench.client(() => ({ pieces: wire.stream({ text: TEXT }).slice(0, 3) }));
      await readAll(await spec.stream(client));
      expect(bench.only().outcome).toMatchObject({ status: 'error', error: { type: 'incomplete_stream' } });
    });

    test('a connection that is reset in mid-stream', async () => {
      const client = await bench.client(() => ({ pieces: wire.stream({ text: TEXT }).slice(0, 3), after: 'reset' }));
      const error = await outcomeOf(readAll(await spec.stream(client)));
      expect(error).toBeInstanceOf(Error);
      const event = bench.only();
      expect(event.outcome).toMatchObject({ status: 'error', error: { type: expect.any(String) } });
      expect(event.exchanges[0]!.how).toBe('error');
      expect(event.content!.error!.message).toBe(error.message);
    });

    test('an error event inside a stream', async () => {
      const pieces = [...wire.stream({ text: TEXT }).slice(0, 2), wire.errorEvent];
      const client = await bench.client(() => ({ pieces, headers: { [wire.requestIdHeader]: 'req_in_stream' } }));
      const error = await outcomeOf(readAll(await spec.stream(client)));
      expect(error).toBeInstanceOf(Error);
      expect(bench.only().outcome).toMatchObject({
        status: 'error',
        error: { type: error.constructor.name, code: expect.stringMatching(/\w+/) },
      });
    });

    test('both branches of a tee get everything', async () => {
      const client = await bench.client(() => ({ pieces: wire.stream({ text: TEXT }) }));
      const [left, right] = (await spec.stream(client)).tee();
      const [ofLeft, ofRight] = await Promise.all([readAll(left), readAll(right)]);
      expect(ofLeft).toEqual(ofRight);
      expect(bench.only().outcome).toMatchObject({ status: 'ok', chunks: ofLeft.length });
    });

    test('as a ReadableStream', async () => {
      const client = await bench.client(() => ({ pieces: wire.stream({ text: TEXT }) }));
      let text = '';
      for await (const bytes of (await spec.stream(client)).toReadableStream()) text += Buffer.from(bytes).toString('utf8');
      expect(text.split('\n').length - 1).toBe(bench.only().outcome!.chunks);
      expect(bench.only().status).toBe('ok');
    });

    test.skipIf(!spec.streamHelper)("through the SDK's helper it is one event", async () => {
      const client = await bench.client(() => ({ pieces: wire.stream({ text: TEXT, tokens }) }));
      expect(JSON.stringify(await spec.streamHelper!(client))).toContain(TEXT);
      expect(bench.only().outcome).toMatchObject({ status: 'ok', usage: tokens });
    });

    test('chunks may be frozen, and are the objects that the SDK made', async () => {
      const original = JSON.parse;
      const made = new Set<unknown>();
      const client = await bench.client(() => ({ pieces: wire.stream({ text: TEXT, tools: [LOOKUP] }) }));
      const stream = await spec.stream(client);
      try {
        JSON.parse = (text: string) => {
          const value = deepFreeze(original(text));
          made.add(value);
          return value;
        };
        for await (const chunk of { [Symbol.asyncIterator]: () => stream.iterator() }) expect(made.has(chunk)).toBe(true);
      } finally {
        JSON.parse = original;
      }
      expect(bench.only().outcome).toMatchObject({
        status: 'ok',
        response: { toolCalls: [{ id: LOOKUP.id, name: LOOKUP.name }] },
      });
    });

    test('a second reader of a consumed stream is refused as ever, and changes nothing', async () => {
      const client = await bench.client(() => ({ pieces: wire.stream({ text: TEXT }) }));
      const stream = await spec.stream(client);
      await readAll(stream);
      expect(await outcomeOf(readAll(stream))).toBeInstanceOf(Error);
      expect(bench.only()).toMatchObject({ status: 'ok' });
      expect(bench.only().outcomes).toHaveLength(1);
    });
  });
}

function deepFreeze(value: unknown): any {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(deepFreeze);
  return value;
}
