import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { inTurn, outcomeOf, until } from './bench.ts';
import type { Bench } from './bench.ts';

/** Failures: each is one event that says what happened, with every attempt. */
export function failures(bench: Bench): void {
  const { spec } = bench;
  const { wire } = spec;

  describe('P7 failures', () => {
    test.each([
      { status: 400, type: 'BadRequestError' },
      { status: 401, type: 'AuthenticationError' },
      { status: 429, type: 'RateLimitError' },
      { status: 500, type: 'InternalServerError' },
    ])('$status: $type', async ({ status, type }) => {
      const reply = wire.error({ status, requestId: 'req_9', retryAfterSeconds: 3, code: 'some_code' });
      const client = await bench.client(() => reply);
      const error = await outcomeOf(spec.chat(client));
      expect(error.status).toBe(status);
      const event = bench.only();
      expect(event.outcome).toMatchObject({
        status: 'error',
        error: { type, code: 'some_code', status, requestId: 'req_9', retryAfterMs: 3000 },
      });
      expect(event.content!.error).toEqual({ message: error.message, stack: error.stack });
      expect(event.exchanges).toMatchObject([{ status, how: 'complete' }]);
    });

    test('P8 503, 503, 200 is one event with three attempts', async () => {
      const down = wire.error({ status: 503, requestId: 'req_down', retryAfterMs: 5 });
      const client = await bench.client(inTurn(down, down, { body: wire.answer() }), { maxRetries: 2 });
      await spec.chat(client);
      const event = bench.only();
      expect(event.status).toBe('ok');
      expect(event.exchanges.map(({ status }) => status)).toEqual([503, 503, 200]);
      expect(event.exchanges.map(({ how }) => how)).toEqual([
        expect.stringMatching(/^(cancelled|unread|complete)$/),
        expect.any(String),
        'complete',
      ]);
    });

    test('P8 attempts that all fail', async () => {
      const client = await bench.client(() => wire.error({ status: 500, retryAfterMs: 1 }), { maxRetries: 1 });
      await outcomeOf(spec.chat(client));
      expect(bench.only().exchanges).toMatchObject([{ status: 500 }, { status: 500, how: 'complete' }]);
    });

    test('a timeout', async () => {
      const client = await bench.client(() => wait(30_000, {}, { ref: false }), { timeout: 60 });
      const error = await outcomeOf(spec.chat(client));
      const event = bench.only();
      expect(event.outcome).toMatchObject({ status: 'error', error: { type: error.constructor.name } });
      expect(error.constructor.name).toBe('APIConnectionTimeoutError');
      expect(event.exchanges).toMatchObject([{ how: 'error', error: { type: 'AbortError' } }]);
    });

    test('an abort before the call', async () => {
      const client = await bench.client(() => ({ body: wire.answer() }));
      await outcomeOf(spec.chat(client, { signal: AbortSignal.abort() }));
      expect(bench.only().outcome).toMatchObject({ status: 'error', error: { type: 'APIUserAbortError' } });
      expect(bench.server.requests).toEqual([]);
    });

    test('an abort during the call', async () => {
      const controller = new AbortController();
      const client = await bench.client(() => {
        controller.abort();
        return wait(30_000, {}, { ref: false });
      });
      await outcomeOf(spec.chat(client, { signal: controller.signal }));
      expect(bench.only().outcome).toMatchObject({ status: 'error', error: { type: 'APIUserAbortError' } });
    });

    test('a refused connection', async () => {
      const client = await bench.client(() => ({}));
      await bench.server.close();
      await outcomeOf(spec.chat(client));
      const event = bench.only();
      expect(event.outcome).toMatchObject({ status: 'error', error: { type: 'APIConnectionError', code: 'ECONNREFUSED' } });
      expect(event.exchanges).toMatchObject([{ status: undefined, how: 'error', error: { code: 'ECONNREFUSED' } }]);
    });

    test('an answer that is no JSON', async () => {
      const client = await bench.client(() => ({ body: '{"id": "ch', headers: { 'content-type': 'application/json' } }));
      expect(await outcomeOf(spec.chat(client))).toBeInstanceOf(Error);
      expect(bench.only().status).toBe('error');
    });

    test('a call that nobody asks of the outcome', async () => {
      const unhandled: unknown[] = [];
      const listeners = process.listeners('unhandledRejection');
      process.removeAllListeners('unhandledRejection');
      process.on('unhandledRejection', (error) => unhandled.push(error));
      try {
        const client = await bench.client(() => wire.error({ status: 401, requestId: 'req_nobody', code: 'bad_key' }));
        void spec.chat(client);
        await until(() => unhandled.length > 0, 'the unhandled rejection');
      } finally {
        process.removeAllListeners('unhandledRejection');
        for (const listener of listeners) process.on('unhandledRejection', listener);
      }
      expect(unhandled).toHaveLength(1);
      expect(bench.only().outcome).toMatchObject({
        status: 'error',
        error: { type: 'AuthenticationError', status: 401, requestId: 'req_nobody', code: 'bad_key' },
      });
    });
  });
}
