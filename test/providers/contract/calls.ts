import { describe, expect, test } from 'vitest';
import { hub } from '../../../src/events/ports.ts';
import { undoAll } from '../../../src/patch/registry.ts';
import { TEXT, outcomeOf } from './bench.ts';
import type { Bench } from './bench.ts';

/** Calls: one event each, with its facts, whatever the answer. */
export function calls(bench: Bench): void {
  const { spec } = bench;
  const { wire } = spec;

  describe('P1, P10 calls', () => {
    test('a chat is one event with its facts and one exchange', async () => {
      const client = await bench.client(() => ({
        body: wire.answer({ text: TEXT, tokens: { input: 20, output: 7, cached: 4 } }),
      }));
      await spec.chat(client);
      const event = bench.only();
      expect(event.status).toBe('ok');
      expect(event.start.name).toMatch(/^chat \S+$/);
      expect(event.llm).toMatchObject({ operation: 'chat', provider: spec.name });
      expect(event.llm!.server).toEqual({ address: '127.0.0.1', port: bench.server.port });
      expect(event.outcome).toMatchObject({ usage: { input: 20, output: 7, cacheRead: 4 } });
      expect(event.outcome!.response).toMatchObject({
        id: expect.any(String),
        model: expect.any(String),
        finishReasons: [expect.any(String)],
      });
      const [exchange, ...more] = event.exchanges;
      expect(more).toEqual([]);
      expect(exchange).toMatchObject({ status: 200, how: 'complete' });
      expect(exchange!.request).toMatchObject({ method: 'POST', body: bench.server.requests[0]!.text });
      expect(exchange!.text).toContain(TEXT);
      expect(event.content).toEqual({});
    });

    test('in metadata mode no body is looked at', async () => {
      bench.record({ wantsBodies: false });
      const client = await bench.client(() => ({ body: wire.answer({ text: TEXT }) }));
      await spec.chat(client);
      const event = bench.only();
      expect(event.status).toBe('ok');
      expect(event.outcome!.usage).toMatchObject({ input: 12, output: 5 });
      expect(event.exchanges).toMatchObject([{ status: 200, how: 'unread', chunks: [] }]);
    });

    test('with nobody in the hub the originals run alone', async () => {
      hub.recorder = null;
      const client = await bench.client(() => ({ body: wire.answer({ text: TEXT }) }));
      const promise = spec.chat(client);
      expect(Object.getOwnPropertyNames(promise)).not.toContain('asResponse');
      expect(JSON.stringify(await promise)).toContain(TEXT);
      expect(bench.recorder.events).toEqual([]);
    });

    test('an answerer answers instead of the network', async () => {
      const client = await bench.client(() => ({ status: 500 }));
      const asked: unknown[] = [];
      hub.answerer = {
        answer: (request, event) => {
          asked.push(request.body, event);
          const headers = { 'content-type': 'application/json' };
          return Promise.resolve(new Response(JSON.stringify(wire.answer({ text: TEXT })), { headers }));
        },
      };
      expect(JSON.stringify(await spec.chat(client))).toContain(TEXT);
      expect(asked).toEqual([expect.stringContaining('"model"'), bench.recorder.calls[0]]);
      expect(bench.server.requests).toEqual([]);
      expect(bench.only().exchanges[0]).toMatchObject({ status: 200, how: 'complete' });
    });

    test.skipIf(!spec.structured)('structured output is parsed, and one event', async () => {
      const client = await bench.client(() => ({ body: wire.answer({ text: '{"city":"Oslo"}' }) }));
      expect(await spec.structured!(client)).toEqual({ city: 'Oslo' });
      expect(bench.only().status).toBe('ok');
    });

    test.skipIf(!spec.structured)(
      'an answer that the helper cannot parse is an answer all the same, with its tokens',
      async () => {
        const client = await bench.client(() => ({ body: wire.answer({ text: '{"city":' }) }));
        expect(await outcomeOf(spec.structured!(client))).toBeInstanceOf(Error);
        expect(bench.only().outcome).toMatchObject({ status: 'ok', usage: { input: 12, output: 5 } });
      },
    );

    test.skipIf(!spec.embeddings)('embeddings', async () => {
      const { call, answer, dimensions } = spec.embeddings!;
      const client = await bench.client(() => ({ body: answer }));
      const result = await call(client);
      expect(result.data[0].embedding).toHaveLength(dimensions);
      const event = bench.only();
      expect(event.start.name).toMatch(/^embeddings \S+$/);
      expect(event.outcome).toMatchObject({ status: 'ok', response: { dimensions }, usage: { input: 8 } });
    });

    test('odd answers reach the app, and are one event each', async () => {
      for (const body of wire.odd) {
        bench.record();
        const client = await bench.client(() => ({ body: JSON.stringify(body) }));
        expect(await outcomeOf(spec.chat(client))).toEqual(body);
        expect(bench.only().ended).toBe(true);
        await bench.server.close();
      }
    });

    test('P9 undo brings back the identical originals', () => {
      undoAll();
      const before = spec.methods(bench.sdk).map(([owner, name]) => owner[name]);
      expect(spec.provider.patch({ namespace: bench.sdk }).patched).not.toEqual([]);
      for (const [index, [owner, name]] of spec.methods(bench.sdk).entries()) expect(owner[name]).not.toBe(before[index]);
      undoAll();
      for (const [index, [owner, name]] of spec.methods(bench.sdk).entries()) expect(owner[name]).toBe(before[index]);
    });

    test('P11 a module of another shape is told of, not thrown on', () => {
      for (const namespace of [
        {},
        { default: {} },
        { OpenAI: class {}, Anthropic: class {} },
        Object.freeze({ default: null }),
      ]) {
        const report = spec.provider.patch({ namespace });
        expect(report.patched).toEqual([]);
        expect(report.missing.length).toBeGreaterThan(0);
      }
    });
  });
}
