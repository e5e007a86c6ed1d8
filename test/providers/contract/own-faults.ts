import { describe, expect, test } from 'vitest';
import { hub } from '../../../src/events/ports.ts';
import { TEXT, readAll } from './bench.ts';
import type { Bench } from './bench.ts';

/** Faults of ours, which the app must not notice. */
export function ownFaults(bench: Bench): void {
  const { spec } = bench;
  const { wire } = spec;

  describe('P12 our own faults', () => {
    const members = ['open', 'current', 'run', 'exchange', 'firstChunk', 'end', 'head', 'chunk', 'onEnd', 'answer'];
    test.each(members)('a recorder whose `%s` throws', async (broken) => {
      bench.record({ broken });
      const client = await bench.client(({ json }) =>
        json.stream ? { pieces: wire.stream({ text: TEXT }) } : { body: wire.answer({ text: TEXT }) },
      );
      expect(JSON.stringify(await spec.chat(client))).toContain(TEXT);
      expect((await readAll(await spec.stream(client))).length).toBeGreaterThan(2);
      expect(await (await spec.chat(client).asResponse()).json()).toEqual(wire.answer({ text: TEXT }));
      expect(bench.server.requests).toHaveLength(3);
    });

    test('an answerer that throws lets the call through', async () => {
      hub.answerer = {
        answer: () => {
          throw new Error('broken on purpose: answer');
        },
      };
      const client = await bench.client(() => ({ body: wire.answer({ text: TEXT }) }));
      expect(JSON.stringify(await spec.chat(client))).toContain(TEXT);
    });
  });
}
