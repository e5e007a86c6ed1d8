import { describe, expect, test } from 'vitest';
import { TEXT, outcomeOf } from './bench.ts';
import type { Bench } from './bench.ts';

/** Answers that the app reads itself. */
export function rawAnswers(bench: Bench): void {
  const { spec } = bench;
  const { wire } = spec;
  const answer = wire.answer({ text: TEXT, tokens: { input: 3, output: 2 } });

  describe('P4 raw answers', () => {
    test('withResponse', async () => {
      const client = await bench.client(() => ({ body: answer, headers: { [wire.requestIdHeader]: 'req_7' } }));
      const result = await spec.chat(client).withResponse();
      expect(result.request_id).toBe('req_7');
      expect(result.response.status).toBe(200);
      expect(JSON.stringify(result.data)).toContain(TEXT);
      expect(bench.only().outcome).toMatchObject({ status: 'ok', usage: { input: 3, output: 2 } });
    });

    test('asResponse: the event ends when the app has read the body, with the facts in it', async () => {
      const client = await bench.client(() => ({ body: answer }));
      const response = await spec.chat(client).asResponse();
      expect(bench.only().ended).toBe(false);
      expect(await response.json()).toEqual(answer);
      expect(bench.only().outcome).toMatchObject({ status: 'ok', usage: { input: 3, output: 2 } });
      expect(bench.only().exchanges[0]!.text).toBe(JSON.stringify(answer));
    });

    test('asResponse in metadata mode ends with the head', async () => {
      bench.record({ wantsBodies: false });
      const client = await bench.client(() => ({ body: answer }));
      const response = await spec.chat(client).asResponse();
      expect(await response.json()).toEqual(answer);
      expect(bench.only().status).toBe('ok');
    });

    test('asResponse of a call that fails', async () => {
      const client = await bench.client(() => wire.error({ status: 404, requestId: 'req_8' }));
      const error = await outcomeOf(spec.chat(client).asResponse());
      expect(error.status).toBe(404);
      expect(bench.only().outcome).toMatchObject({ status: 'error', error: { status: 404, requestId: 'req_8' } });
    });

    test('asResponse and then the answer', async () => {
      const client = await bench.client(() => ({ body: answer }));
      const promise = spec.chat(client);
      const [response, value] = await Promise.all([promise.asResponse(), promise]);
      expect(response.status).toBe(200);
      expect(JSON.stringify(value)).toContain(TEXT);
      expect(bench.only().outcome).toMatchObject({ status: 'ok', usage: { input: 3, output: 2 } });
    });

    test('awaited twice', async () => {
      const client = await bench.client(() => ({ body: answer }));
      const promise = spec.chat(client);
      expect(await promise).toBe(await promise);
      expect(bench.only().outcomes).toHaveLength(1);
    });
  });
}
