/**
 * The Claude Agent SDK on its real path: both of its builds, a child process of its own for each run. The child is a mock (test/support/claude-child.ts says why, and of what).
 */
import { dirname, join } from 'node:path';
import * as sdk from '@anthropic-ai/claude-agent-sdk';
import type { Options, SDKMessage } from '@anthropic-ai/claude-agent-sdk';
import * as core from '@anthropic-ai/claude-agent-sdk/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { listFaults } from '../../src/core/diagnostics.ts';
import { spanOf } from '../../src/events/genai.ts';
import { hub } from '../../src/events/ports.ts';
import { listPatches, undoAll } from '../../src/patch/registry.ts';
import { claudeAgent } from '../../src/providers/claude-agent/claude-agent.ts';
import { beginRun } from '../../src/providers/claude-agent/claude-agent-run.ts';
import { messageContent } from '../../src/providers/decode.ts';
import { recordAction } from '../../src/session/wrappers.ts';
import { recordInMemory } from '../../src/testing/in-memory-recorder.ts';
import type { InMemoryEvent, InMemoryRecorder } from '../../src/testing/in-memory-recorder.ts';
import { startRig } from '../session/rig.ts';
import { treeOf } from './ai-sdk-bench.ts';

const CHILD = join(import.meta.dirname, '../support/claude-child.ts');
/** The child runs on the Node that runs the tests. */
const env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env['PATH']}`, NODE_OPTIONS: '' };
type Sdk = Pick<typeof sdk, 'query' | 'createSdkMcpServer' | 'tool' | 'startup'>;

let recorder: InMemoryRecorder;
let faults: string[];
const faultsNow = (): string[] => listFaults().map(({ site, count }) => `${site} ${count}`);

beforeEach(() => {
  faults = faultsNow();
  for (const namespace of [sdk, core]) claudeAgent.patch({ namespace });
  recorder = recordInMemory();
});
afterEach(() => {
  hub.recorder = null;
  undoAll();
  expect(faultsNow()).toEqual(faults);
});

/** A server in this process, whose one tool does what it is given. */
function ownServer(
  { createSdkMcpServer, tool }: Sdk,
  run: (sum: number) => unknown = String,
): NonNullable<Options['mcpServers']> {
  const add = tool('add', 'Adds', { a: z.number(), b: z.number() }, async ({ a, b }) => {
    return { content: [{ type: 'text', text: String(await run(a + b)) }] };
  });
  return { own: createSdkMcpServer({ name: 'own', tools: [add] }) };
}

const options = (from: Sdk, more: Options = {}): Options => ({
  ...{ pathToClaudeCodeExecutable: CHILD, executable: 'node', env, settingSources: [] },
  ...{ permissionMode: 'bypassPermissions', allowDangerouslySkipPermissions: true, mcpServers: ownServer(from) },
  ...more,
});

/** What the app is given: the messages, and what was thrown. */
async function read(run: AsyncIterable<SDKMessage>): Promise<{ messages: SDKMessage[]; thrown: string | undefined }> {
  const messages: SDKMessage[] = [];
  try {
    for await (const message of run) messages.push(message);
  } catch (error) {
    return { messages, thrown: (error as Error).message };
  }
  return { messages, thrown: undefined };
}

const run = (from: Sdk, prompt: string, more: Options = {}): ReturnType<typeof read> =>
  read(from.query({ prompt, options: options(from, more) }));

const resultIn = (messages: readonly SDKMessage[]): any => messages.findLast(({ type }) => type === 'result');
const agent = (): InMemoryEvent => recorder.events[0]!;
/** Tokens over all events. */
function tokens(): Record<string, number> {
  const sum = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };
  for (const { outcome } of recorder.events) {
    for (const kind of Object.keys(sum) as (keyof typeof sum)[]) sum[kind] += outcome!.usage?.[kind] ?? 0;
  }
  return sum;
}
function usedBy({ modelUsage }: any): Record<string, number> {
  const [all] = Object.values<any>(modelUsage);
  const cached = { cacheRead: all.cacheReadInputTokens, cacheWrite: all.cacheCreationInputTokens };
  return { input: all.inputTokens + cached.cacheRead + cached.cacheWrite, output: all.outputTokens, ...cached };
}

const TOOLS = [
  'invoke_agent claude ok',
  '  chat claude-opus-4-8 ok',
  '  execute_tool Bash ok',
  '  execute_tool mcp__own__add ok',
  '    inside ok',
  '  execute_tool Bash error',
  '  chat claude-opus-4-8 ok',
];

describe.each<[string, Sdk]>([
  ['sdk', sdk],
  ['core', core as Sdk],
])('%s', (_build, from) => {
  test('P10 a run, its turns, its tools; tokens and cost are those of the result', async () => {
    const inside = recordAction('inside', async (sum: number) => sum);
    const { messages, thrown } = await run(from, 'tools please', { mcpServers: ownServer(from, inside), model: 'opus' });
    expect(thrown).toBeUndefined();
    expect(treeOf(recorder)).toEqual(TOOLS);
    expect(recorder.events.every(({ outcomes }) => outcomes.length === 1)).toBe(true);
    const result = resultIn(messages);
    expect(tokens()).toEqual(usedBy(result));
    expect(tokens()['input']).toBe(result.usage.input_tokens + 2 * 1100);
    expect(tokens()['output']).toBe(result.usage.output_tokens);
    expect(agent().outcome!.costUsd).toBe(result.total_cost_usd);
    expect(recorder.calls.map(({ outcome }) => outcome!.response!.id)).toEqual(['msg_1', 'msg_2']);
    const [first, second] = recorder.calls;
    expect(first!.outcome!.response!.toolCalls).toEqual([
      { id: 'toolu_a', name: 'Bash' },
      { id: 'toolu_b', name: 'mcp__own__add' },
      { id: 'toolu_c', name: 'Bash' },
    ]);
    // The child does not say how many tokens each turn gave: absent, and not what the stream began with.
    expect(first!.outcome!.usage).toEqual({ input: 1111, cacheRead: 1000, cacheWrite: 100 });
    expect(second!.outcome!.response!.finishReasons).toEqual(['end_turn']);
    expect(second!.llm).toMatchObject({ provider: 'anthropic', api: 'claude_agent' });
    expect(second!.llm!.request).toEqual({
      model: 'claude-opus-4-8',
      stream: true,
      toolResults: ['toolu_a', 'toolu_b', 'toolu_c'],
    });
    const [, own, failing] = recorder.tools;
    expect(own!.start.tool).toEqual({ name: 'mcp__own__add', type: 'function', callId: 'toolu_b' });
    expect(own!.content).toEqual({ arguments: { a: 1, b: 2 }, result: [{ type: 'text', text: '3' }] });
    expect(failing!.outcome!.error).toEqual({ type: 'tool_error' });
    expect(agent().content).toEqual({ arguments: 'tools please', result: 'hello there' });
    expect(agent().llm!.request.model).toBe('claude-opus-4-8');
  });

  test('of a single turn, the result says what it took', async () => {
    const { messages } = await run(from, 'text');
    expect(recorder.calls).toHaveLength(1);
    expect(recorder.calls[0]!.outcome!.usage!.output).toBe(resultIn(messages).usage.output_tokens);
    expect(agent().outcome!.usage).toBeUndefined();
  });

  test('with the events of the streams, each turn says what it took', async () => {
    const { messages } = await run(from, 'tools', { includePartialMessages: true });
    expect(recorder.calls.map(({ outcome }) => outcome!.usage!.output)).toEqual([21, 22]);
    expect(recorder.calls.map(({ outcome }) => outcome!.response!.finishReasons)).toEqual([['tool_use'], ['end_turn']]);
    expect(recorder.calls.map(({ firstChunks }) => firstChunks)).toEqual([1, 1]);
    expect(agent().outcome!.usage).toBeUndefined();
    expect(tokens()).toEqual(usedBy(resultIn(messages)));
  });

  test('sub-agents stand in the call that began them, also those that outlast it', async () => {
    const { messages } = await run(from, 'sub');
    const told = ['      chat claude-opus-4-8 ok', '      execute_tool Bash ok'];
    const call = ['  chat claude-opus-4-8 ok', '  execute_tool Agent ok', '    invoke_agent helper ok', ...told];
    // What one in the foreground says last, the child tells of in the result of the call alone.
    expect(treeOf(recorder)).toEqual(['invoke_agent claude ok', ...call, ...call, told[0], '  chat claude-opus-4-8 ok']);
    expect(agent().outcome!.usage).toMatchObject({ input: 1113 });
    expect(tokens()).toEqual(usedBy(resultIn(messages)));
    const late = recorder.tools.find(({ start }) => start.tool!.callId === 'toolu_late')!;
    const helpers = recorder.events.filter(({ name }) => name === 'invoke_agent helper');
    expect(recorder.ended.indexOf(late)).toBeLessThan(recorder.ended.indexOf(helpers[1]!));
    const asked = recorder.calls.map(({ content }) => JSON.stringify(content!.request).match(/Help me/g)?.length ?? 0);
    expect(asked).toEqual([0, 1, 0, 1, 0, 0]);
  });

  test.each([
    ['loop', { type: 'error_max_turns' }, 'Reached maximum number of turns (2)'],
    ['refused', { type: 'api_error', status: 400 }, 'API Error: 400 no way'],
  ])('P7 %s: an error of that type, once', async (scene, error, message) => {
    const { thrown } = await run(from, scene, { maxTurns: 2 });
    expect(thrown).toContain(message);
    expect(agent().outcomes).toHaveLength(1);
    expect(agent().status).toBe('error');
    expect(agent().outcome!.error).toEqual(error);
    expect(agent().content!.error).toEqual({ message });
    const refused = { status: 'error', error: { type: 'api_error', code: 'invalid_request' } };
    if (scene === 'refused') expect(recorder.calls.map(({ outcome }) => outcome)).toMatchObject([refused]);
  });

  test('P7 a child that dies leaves an error, and nothing open', async () => {
    const { thrown } = await run(from, 'dies');
    expect(thrown).toContain('7');
    expect(treeOf(recorder)).toEqual([
      'invoke_agent claude error',
      '  chat claude-opus-4-8 unfinished',
      '  execute_tool Bash unfinished',
    ]);
    expect(agent().outcome!.costUsd).toBeUndefined();
  });

  test.each<[string, (query: sdk.Query, abort: AbortController) => unknown]>([
    ['abort', (_, abort) => abort.abort()],
    ['close', (query) => query.close()],
    ['interrupt', (query) => query.interrupt()],
    ['return', (query) => query.return(undefined)],
  ])('P5 %s: cancelled, once', async (_, stop) => {
    const abortController = new AbortController();
    const query = from.query({ prompt: 'hang', options: options(from, { abortController }) });
    await read(stopping(query, () => stop(query, abortController)));
    expect(agent().outcomes).toHaveLength(1);
    expect(agent().status).toBe('cancelled');
    expect(recorder.events.every(({ outcomes }) => outcomes.length === 1)).toBe(true);
    expect(recorder.calls).toHaveLength(1);
  });

  test('P5 a break out of the loop: cancelled before the result, fine after it', async () => {
    for await (const message of from.query({ prompt: 'tools', options: options(from) })) if (message.type === 'assistant') break;
    expect(agent().status).toBe('cancelled');
    recorder.events.length = 0;
    for await (const message of from.query({ prompt: 'tools', options: options(from) })) if (message.type === 'result') break;
    expect(treeOf(recorder)).toEqual(TOOLS.filter((line) => !line.includes('inside')));
  });

  test('P4 the app is given what it is given without us', async () => {
    const seen = { asked: [] as unknown[], hooked: [] as unknown[] };
    const more: Options = {
      includePartialMessages: true,
      permissionMode: 'default',
      canUseTool: async (tool, input, { toolUseID }) => {
        seen.asked.push([tool, toolUseID]);
        await recordAction('permission', async () => {})();
        return { behavior: 'allow', updatedInput: input };
      },
      hooks: {
        PreToolUse: [
          {
            hooks: [
              async (_, id) => {
                seen.hooked.push(id);
                await recordAction('hook', async () => {})();
                return {};
              },
            ],
          },
        ],
      },
    };
    const portrait = async (): Promise<unknown> => {
      const query = from.query({ prompt: 'tools', options: options(from, more) });
      const made: any = query;
      const keys = Reflect.ownKeys(made).map(String).toSorted();
      const isItself = made[Symbol.asyncIterator]() === made[Symbol.asyncIterator]();
      const own = Reflect.ownKeys(made.sdkMessages);
      const prototype = Object.getPrototypeOf(made) as object;
      const methods = Object.getOwnPropertyNames(prototype).map((key) => [key, made[key]?.length, made[key]?.name]);
      const commands = await query.supportedCommands();
      return { keys, own, isItself, methods, commands, ...(await read(query)) };
    };
    const recorded = await portrait();
    expect(treeOf(recorder).filter((line) => line.startsWith('    '))).toEqual(['    permission ok', '    hook ok']);
    const asked = structuredClone(seen);
    hub.recorder = null;
    const off = await portrait();
    undoAll();
    const bare = await portrait();
    expect(recorded).toEqual(bare);
    expect(off).toEqual(bare);
    expect(asked.asked).toEqual([['mcp__own__add', 'toolu_b']]);
    expect(asked.hooked).toEqual(['toolu_b']);
    expect(recorder.calls).toHaveLength(2);
  });

  test('prompts that come as a stream are one run', async () => {
    let next = (): void => {};
    const answered = new Promise<void>((resolve) => (next = resolve));
    async function* prompts(): AsyncGenerator<any> {
      yield { type: 'user', message: { role: 'user', content: 'text' }, parent_tool_use_id: null };
      await answered;
      yield { type: 'user', message: { role: 'user', content: 'tools' }, parent_tool_use_id: null };
    }
    const results: any[] = [];
    for await (const message of from.query({ prompt: prompts(), options: options(from) })) {
      if (message.type !== 'result') continue;
      results.push(message);
      next();
    }
    expect(results).toHaveLength(2);
    expect(treeOf(recorder)).toEqual([TOOLS[0], TOOLS[1], ...TOOLS.slice(1).filter((line) => !line.includes('inside'))]);
    expect(tokens()).toEqual(usedBy(results[1]));
    expect(agent().outcome!.costUsd).toBeCloseTo(results[1].total_cost_usd, 9);
  });

  test('of a session that is resumed, what was used before is not used again', async () => {
    const { messages } = await run(from, 'tools', { resume: '00000000-0000-4000-8000-000000000001' });
    const { usage, total_cost_usd: total } = resultIn(messages);
    expect(tokens()['input']).toBe(usage.input_tokens + 2 * 1100);
    expect(agent().outcome!.costUsd).toBeLessThan(total);
  });

  test('a query that is started ahead of time begins with its prompt', async () => {
    const unused = await from.startup({ options: options(from) });
    unused.close();
    const warm = await from.startup({ options: options(from) });
    expect(recorder.events).toEqual([]);
    await read(warm.query('text'));
    expect(treeOf(recorder)).toEqual(['invoke_agent claude ok', '  chat claude-opus-4-8 ok']);
  });

  test('P9 undo gives the identical methods back', () => {
    const patches = listPatches().filter(({ label }) => label.startsWith('claude_agent'));
    expect(patches.map(({ label }) => label.split(' ')[1])).toEqual(
      ['sdk', 'core'].flatMap(() => [
        'Query.writePrompt',
        'Query.streamInput',
        'Query.writeStreamMessage',
        'Query.processControlRequest',
      ]),
    );
    for (const { owner, name: member, original } of patches) expect((owner as any)[member]).not.toBe(original);
    undoAll();
    for (const { owner, name: member, original } of patches) expect((owner as any)[member]).toBe(original);
  });

  test.each(['open', 'run', 'end', 'firstChunk'])('P12 a fault of ours in %s never reaches the app', async (broken) => {
    hub.recorder = null;
    const bare = await run(from, 'tools', { includePartialMessages: true });
    recorder = recordInMemory({ broken });
    expect(await run(from, 'tools', { includePartialMessages: true })).toEqual(bare);
    expect(faultsNow()).not.toEqual(faults);
    faults = faultsNow();
  });

  test('V1 without content, nothing that was said is kept', async () => {
    recorder = recordInMemory({ wantsBodies: false });
    await run(from, 'tools CANARY');
    const kept = JSON.stringify(
      recorder.events.map(({ start, llm, outcomes }) => [{ ...start, within: undefined }, llm, outcomes]),
    );
    expect(treeOf(recorder)).toHaveLength(6);
    expect(kept).not.toMatch(/CANARY|hello there|let me|echo hi|Exit code/);
  });
});

/** Does `stop` with the first answer, and leaves the reading to the reader. */
async function* stopping(query: sdk.Query, stop: () => unknown): AsyncGenerator<SDKMessage> {
  for await (const message of query) {
    yield message;
    if (message.type === 'assistant') void Promise.resolve(stop()).catch(() => {});
  }
}

test('every beginning of a run ends once, whatever comes in between', async () => {
  const { messages } = await run(sdk, 'sub', { includePartialMessages: true });
  const odd = [null, 7, 'x', [], {}, { type: 'assistant' }, { type: 'user', message: 7 }, { type: 'result', modelUsage: 7 }];
  const oddest = [
    { type: 'stream_event', event: null },
    { type: 'system', subtype: 'task_updated' },
    { type: 'assistant', message: [] },
  ];
  for (let length = 0; length <= messages.length; length++) {
    recorder = recordInMemory();
    const bare = { enqueue() {}, done() {}, error() {} };
    const inputStream: any = { ...bare };
    const query = { inputStream, transport: {}, cleanupPerformed: true };
    let ends = 0;
    beginRun(query, () => void ends++)!.sent('{"type":"user","message":{"content":"hi"}}');
    for (const frame of [...messages.slice(0, length), ...odd.slice(0, length === messages.length ? 0 : odd.length), ...oddest]) {
      inputStream.enqueue(frame);
    }
    inputStream.done();
    expect(ends).toBe(1);
    expect(inputStream.enqueue).toBe(bare.enqueue);
    // What comes last is no result.
    expect(agent().status).toBe('cancelled');
    expect(recorder.events.filter(({ outcomes }) => outcomes.length !== 1)).toEqual([]);
  }
});

test('in a recording: what was said can be read, cost and tokens count once', async () => {
  const rig = startRig();
  await run(sdk, 'tools please');
  const [id] = rig.recordings.ids();
  const events = rig.recordings.events(id!);
  const calls = events.filter(({ type }) => type === 'llm');
  const said = calls.map((event) => messageContent(event, {}));
  expect(said[0]!.input).toEqual([{ role: 'user', parts: [{ type: 'text', content: 'tools please' }] }]);
  expect(said[1]!.input!.map(({ role }) => role)).toEqual(['tool', 'tool', 'tool']);
  expect(said[1]!.output![0]!.parts).toEqual([{ type: 'text', content: 'hello there' }]);
  expect(calls.map(({ cost }) => cost)).toEqual([undefined, undefined]);
  const whole = events.find(({ type }) => type === 'agent')!;
  expect(whole.cost!.priced).toBe('provider');
  const span = spanOf({ header: rig.recordings.header(id!), event: whole }, { profile: 'main' });
  expect(span.name).toBe('invoke_agent claude');
  const attributes = JSON.stringify(span.attributes);
  expect(attributes).toContain('"gen_ai.agent.name"');
  expect(attributes).toContain('"gen_ai.usage.output_tokens"');
  rig.store.close({ state: 'success', reason: 'ended' });
  const { stats } = rig.recordings.end(id!)!;
  expect(stats).toMatchObject({
    llm: 2,
    tools: 3,
    cost: { usd: whole.cost!.usd, unknown: 0 },
    tokens: { input: 2223, output: 43, unknown: 0 },
  });
  rig.stop();
});
