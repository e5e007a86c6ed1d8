/** Tool calls that a model asks for, and tools that the SDK runs. */
import assert from 'node:assert/strict';
import type { InMemoryEvent } from '../in-memory-recorder.ts';
import { LOOKUP, TEXT, inTurn, outcomeOf } from './bench.ts';
import type { Bench, Check } from './bench.ts';
import { assertIs, assertMatches, assertSame } from './claims.ts';
import type { ToolTurn } from './spec.ts';

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

const TURNS: readonly ToolTurn[] = [
  { ...LOOKUP, result: 'sunny' },
  { ...LOOKUP, id: 'call_def', result: 'windy' },
];

const linked: Check = {
  name: 'P6 tools: the result of a call is linked to it in the next request',
  needs: ['toolTurn'],
  run: async (bench) => {
    const { spec } = bench;
    const asking = TURNS.map(({ result: _, ...call }) => bench.plain({ ...ASKING, tools: [call] }));
    const client = await bench.client(inTurn(...asking, bench.plain({ text: TEXT })));
    await spec.chat(client);
    for (const [index] of TURNS.entries()) await spec.toolTurn!(client, TURNS.slice(0, index + 1));
    const { calls } = bench.recorder;
    assertSame(
      calls.map(({ status }) => status),
      ['ok', 'ok', 'ok'],
      'calls',
    );
    const asked = calls.map(({ outcome }) => outcome?.response?.toolCalls?.map(({ id }) => id));
    const told = calls.map(({ llm }) => llm?.request?.toolResults);
    // An id is never made up. A result that the model has answered is not told of again.
    const ids = spec.can.toolCallIds ? TURNS.map(({ id }) => [id]) : [[undefined], [undefined]];
    assertSame(asked, [...ids, undefined], 'ids of the calls asked for, by answer');
    assertSame(told, [undefined, ...(spec.can.toolCallIds ? ids : [undefined, undefined])], 'results told of, by request');
    for (const [index, { id, result }] of TURNS.entries()) {
      const sent = bench.server.requests[index + 1]!.text;
      assert.ok(sent.includes(result) && (sent.includes(id) || !spec.can.toolCallIds), '`toolTurn` sends id and result');
      assert.ok(contentOf(bench, calls[index + 1]!).includes(result), 'the result is content');
    }
  },
};

/** What an event has of its request, as text. */
function contentOf({ spec }: Bench, event: InMemoryEvent): string {
  if (!spec.can.exchanges) return JSON.stringify(event.content);
  return Buffer.from(event.exchanges[0]!.request.body!).toString('utf8');
}

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

export const tools: readonly Check[] = [askedFor, linked, inTheLoop, throwing, promising];
