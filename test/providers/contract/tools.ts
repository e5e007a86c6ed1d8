import { describe, expect, test } from 'vitest';
import { LOOKUP, TEXT, inTurn, outcomeOf, readAll } from './bench.ts';
import type { Bench } from './bench.ts';

/** Tool calls that a model asks for, and tools that the SDK runs. */
export function tools(bench: Bench): void {
  const { spec } = bench;
  const { wire } = spec;
  const asking = wire.answer({ tools: [LOOKUP], text: 'One moment.' });

  describe('P6 tools', () => {
    test('calls are told of with id and name; their arguments are content', async () => {
      const client = await bench.client(() => ({ body: asking }));
      await spec.chat(client);
      const event = bench.only();
      expect(event.outcome!.response!.toolCalls).toEqual([{ id: LOOKUP.id, name: LOOKUP.name }]);
      expect(event.exchanges[0]!.text).toContain('Oslo');
    });

    test('fragments of a stream are put together', async () => {
      const client = await bench.client(() => ({ pieces: wire.stream({ tools: [LOOKUP] }) }));
      await readAll(await spec.stream(client));
      expect(bench.only().outcome).toMatchObject({
        status: 'ok',
        response: { toolCalls: [{ id: LOOKUP.id, name: LOOKUP.name }] },
      });
    });

    const loop = async (run: (client: any, ...args: any[]) => unknown): Promise<unknown> => {
      const client = await bench.client(inTurn({ body: asking }, { body: wire.answer({ text: TEXT }) }));
      return outcomeOf(spec.toolLoop!(client, (...args) => run(client, ...args)));
    };

    test.skipIf(!spec.toolLoop)(
      'a tool that the loop of the SDK runs is an event, and calls inside are its children',
      async () => {
        await loop(async (client) => {
          await spec.chat(client);
          return 'sunny';
        });
        const [tool, ...more] = bench.recorder.tools;
        expect(more).toEqual([]);
        expect(tool!.start).toMatchObject({ name: 'execute_tool lookup', tool: { name: 'lookup', callId: LOOKUP.id } });
        expect(tool!.status).toBe('ok');
        expect(tool!.content).toEqual({ arguments: { city: 'Oslo' }, result: 'sunny' });
        expect(bench.recorder.calls.map(({ parent }) => parent)).toEqual([null, tool, null]);
      },
    );

    test.skipIf(!spec.toolLoop)('a tool that throws', async () => {
      const error = new TypeError('no such city');
      await loop(() => {
        throw error;
      });
      expect(bench.recorder.tools).toHaveLength(1);
      expect(bench.recorder.tools[0]!.outcome).toMatchObject({ status: 'error', error: { type: 'TypeError' } });
      expect(bench.recorder.tools[0]!.content!.error!.message).toBe('no such city');
    });

    test.skipIf(!spec.toolLoop)('a tool that gives a promise of the SDK', async () => {
      await loop((client) => spec.chat(client));
      const [tool] = bench.recorder.tools;
      expect(tool!.status).toBe('ok');
      expect(JSON.stringify(tool!.content!.result)).toContain(TEXT);
      expect(bench.recorder.ended.indexOf(tool!)).toBe(2);
      expect(bench.recorder.calls).toHaveLength(3);
      expect(bench.recorder.calls.every(({ status }) => status === 'ok')).toBe(true);
    });
  });
}
