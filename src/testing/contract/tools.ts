/** Tool calls that a model asks for, and tools that the SDK runs. */
import assert from 'node:assert/strict';
import { LOOKUP, TEXT, inTurn, outcomeOf } from './bench.ts';
import type { Bench, Check } from './bench.ts';
import { assertIs, assertMatches, assertSame } from './claims.ts';

const ASKING = { tools: [LOOKUP], text: 'One moment.' };

const askedFor: Check = {
  name: 'P6 tools: calls are told of with id and name; their arguments are content',
  run: async (bench) => {
    await bench.spec.chat(await bench.client(() => bench.plain(ASKING)));
    const event = bench.only();
    if (bench.spec.can.toolCallIds)
      assertSame(event.outcome!.response!.toolCalls, [{ id: LOOKUP.id, name: LOOKUP.name }], 'tool calls');
    else assertMatches(event.outcome!.response!.toolCalls, [{ name: LOOKUP.name }], 'tool calls');
    const said = bench.spec.can.exchanges ? event.exchanges[0]!.text : JSON.stringify(event.content);
    assert.ok(said.includes('Oslo'), 'the arguments are content');
  },
};

/** Lets the SDK's loop run its tool once. */
async function loop(bench: Bench, run: (client: any) => unknown): Promise<void> {
  const client = await bench.client(inTurn(bench.plain(ASKING), bench.plain({ text: TEXT })));
  await outcomeOf(() => bench.spec.toolLoop!(client, () => run(client)));
}

const inTheLoop: Check = {
  name: 'P6 tools: a tool that the loop of the SDK runs is an event, and calls inside are its children',
  needs: ['toolLoop'],
  run: async (bench) => {
    await loop(bench, async (client) => {
      await bench.spec.chat(client);
      return 'sunny';
    });
    assertIs(bench.recorder.tools.length, 1, 'tool events');
    const tool = bench.recorder.tools[0]!;
    const callId = bench.spec.can.toolCallIds ? { callId: LOOKUP.id } : {};
    assertMatches(tool.start, { name: 'execute_tool lookup', tool: { name: 'lookup', ...callId } }, 'tool event');
    assertIs(tool.status, 'ok', 'status of the tool event');
    assertSame(tool.content, { arguments: { city: 'Oslo' }, result: 'sunny' }, 'content of the tool event');
    const parents = bench.recorder.calls.map(({ parent }) => parent);
    assert.ok(parents.length === 3 && parents[0] === null && parents[1] === tool && parents[2] === null, 'parents of the calls');
  },
};

const throwing: Check = {
  name: 'P6 tools: a tool that throws',
  needs: ['toolLoop'],
  run: async (bench) => {
    await loop(bench, () => {
      throw new TypeError('no such city');
    });
    assertIs(bench.recorder.tools.length, 1, 'tool events');
    const [tool] = bench.recorder.tools;
    assertMatches(tool!.outcome, { status: 'error', error: { type: 'TypeError' } }, 'outcome of the tool event');
    assertIs(tool!.content!.error!.message, 'no such city', 'message, as content');
  },
};

const promising: Check = {
  name: 'P6 tools: a tool that gives a promise of the SDK',
  needs: ['toolLoop'],
  run: async (bench) => {
    await loop(bench, (client) => bench.spec.chat(client));
    const { tools, ended, calls } = bench.recorder;
    const tool = tools[0]!;
    assertIs(tool.status, 'ok', 'status of the tool event');
    assert.ok(JSON.stringify(tool.content!.result).includes(TEXT), 'the result is content');
    assertIs(ended.indexOf(tool), 2, 'place of the tool event among those that ended');
    assertSame(
      calls.map(({ status }) => status),
      ['ok', 'ok', 'ok'],
      'calls',
    );
  },
};

export const tools: readonly Check[] = [askedFor, inTheLoop, throwing, promising];
