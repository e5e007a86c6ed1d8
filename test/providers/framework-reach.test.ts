/** Frameworks in processes of their own: found whether they were loaded before `init()` or after it, on every Node release that is here. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { RUNTIME_MAJORS, runtimePath } from '../../scripts/runtimes.ts';
import type { SpanEvent } from '../../src/events/model.ts';
import { makeTree } from '../support/trees.ts';

const tree = makeTree('frameworks', 'none');
afterAll(() => tree.remove());

const index = pathToFileURL(join(import.meta.dirname, '../../src/index.ts')).href;
const HEAD = `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);`;
const INIT = `const { init, shutdown } = await import(${JSON.stringify(index)}); init({ quiet: true, record: 'full', dir: process.cwd() });`;

/** How each is loaded, and one run of it with a model of the program's own. */
const LOADS = {
  ai: {
    load: `const sdk = await import('ai');`,
    use: `
      const usage = { inputTokens: { total: 7 }, outputTokens: { total: 3 } };
      const finishReason = { unified: 'stop', raw: 'stop' };
      const doGenerate = async () => ({ content: [{ type: 'text', text: 'x' }], finishReason, usage, warnings: [] });
      const model = { specificationVersion: 'v4', provider: 'mine', modelId: 'm', supportedUrls: {}, doGenerate };
      await sdk.generateText({ model, prompt: 'x' });`,
    events: ['chat m', 'step 1', 'invoke_agent'],
  },
  agents: {
    load: `const sdk = await import('@openai/agents');`,
    use: `
      const usage = new sdk.Usage({ inputTokens: 7, outputTokens: 3, totalTokens: 10 });
      const output = [{ type: 'message', role: 'assistant', status: 'completed', content: [{ type: 'output_text', text: 'x' }] }];
      await sdk.run(new sdk.Agent({ name: 'a', model: { getResponse: async () => ({ usage, output }) } }), 'x');`,
    events: ['chat', 'turn 1', 'invoke_agent a', 'Agent workflow'],
  },
} as const;
const CJS_AGENTS = `const sdk = require('@openai/agents');`;

function run(
  name: string,
  major: (typeof RUNTIME_MAJORS)[number],
  text: string,
  env: object = {},
): { events: SpanEvent[]; stderr: string } {
  const folder = `${name.replaceAll(' ', '-')}-${major}`;
  const program = tree.write(`${folder}/program.mjs`, text);
  const cwd = join(tree.dir, folder);
  const clean = { PATH: process.env['PATH'], HOME: process.env['HOME'], NODE_NO_WARNINGS: '1', ...env };
  const { status, stderr } = spawnSync(runtimePath(major)!, [program], { cwd, env: clean, encoding: 'utf8', timeout: 50_000 });
  expect(status, stderr).toBe(0);
  const recordings = join(cwd, 'recordings');
  const files = readdirSync(recordings).filter((file) => file.endsWith('.jsonl'));
  const lines = files.flatMap((file) => readFileSync(join(recordings, file), 'utf8').trim().split('\n'));
  const events = lines.map((line) => JSON.parse(line) as any).flatMap(({ k, e }) => (k === 'event' ? [e as SpanEvent] : []));
  return { events, stderr };
}

const ORDERS = [
  ['ai after init', [INIT, LOADS.ai.load, LOADS.ai.use], LOADS.ai.events],
  ['agents before init', [LOADS.agents.load, INIT, LOADS.agents.use], LOADS.agents.events],
  ['ai before init', [LOADS.ai.load, INIT, LOADS.ai.use], LOADS.ai.events],
  ['agents after init', [INIT, LOADS.agents.load, LOADS.agents.use], LOADS.agents.events],
  ['agents by require after init', [INIT, CJS_AGENTS, LOADS.agents.use], LOADS.agents.events],
  ['agents by require before init', [CJS_AGENTS, INIT, LOADS.agents.use], LOADS.agents.events],
] as const;

describe.each(RUNTIME_MAJORS.filter((major) => runtimePath(major) !== null))('Node %i', (major) => {
  test.each(major === 24 ? ORDERS : ORDERS.slice(0, 2))('%s', (name, parts, names) => {
    const { events, stderr } = run(name, major, [HEAD, ...parts, `await shutdown();`].join('\n'));
    expect(events.map((event) => event.name)).toEqual(names);
    expect(events.map(({ status }) => status)).toEqual(names.map(() => 'ok'));
    expect(events[0]!.llm!.usage).toEqual({ input: 7, output: 3 });
    // What the Agents SDK's own exporter says of itself.
    expect(stderr.replace(/^No API key provided for OpenAI tracing exporter.*\n/m, '')).toBe('');
  });
});

test('the switch that the Agents SDK has against its tracing is not ours to turn: then there is nothing to see', () => {
  const parts = [
    HEAD,
    INIT,
    LOADS.agents.load,
    LOADS.agents.use,
    `(await import(${JSON.stringify(index)})).recordDecision({ type: 'orchestration_path', reasonCode: 'early_exit' });`,
  ];
  const { events } = run('agents disabled', 24, [...parts, `await shutdown();`].join('\n'), {
    OPENAI_AGENTS_DISABLE_TRACING: '1',
  });
  expect(events.map(({ type }) => type)).toEqual(['decision']);
});
