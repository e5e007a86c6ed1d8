/**
 * A program with fifty graphs at once, on whatever Node runs it. Arguments: `esm` or `cjs`, `before` or `after`: when the packages are loaded. Prints as JSON what was not patched, what was recorded, and
 * which calls stand below another graph than their own.
 */
import { createRequire } from 'node:module';
import { startPatching } from '../../src/client/patching.ts';
import { recordInMemory } from '../../src/testing/in-memory-recorder.ts';
import { startStandIn } from '../../src/testing/stand-in.ts';
import { chatCompletion } from '../../src/testing/wire.ts';

const [, , format, order] = process.argv;
const require = createRequire(import.meta.url);
const load = async (name: string): Promise<any> => (format === 'cjs' ? require(name) : await import(name));
const loadAll = async (): Promise<any[]> =>
  await Promise.all(['@langchain/langgraph', '@langchain/openai', '@langchain/core/tools', 'openai', 'zod'].map(load));

const loaded = order === 'before' ? await loadAll() : undefined;
const warnings: string[] = [];
const patching = startPatching({}, (text) => warnings.push(text));
const recorder = recordInMemory();
const [graphs, { ChatOpenAI }, { tool }, { OpenAI }, { z }] = loaded ?? (await loadAll());

const server = await startStandIn(({ json }) => ({ body: chatCompletion({ text: json.messages.at(-1).content }) }));
const configuration = { baseURL: server.url };
const model = new ChatOpenAI({ model: 'm', apiKey: 'k', maxRetries: 0, maxConcurrency: 3, configuration });
const client = new OpenAI({ apiKey: 'k', baseURL: server.url });
const ask = tool(
  async ({ id }: any) => (await client.chat.completions.create({ model: 'm', messages: [{ role: 'user', content: id }] })).id,
  { name: 'ask', description: 'Asks.', schema: z.object({ id: z.string() }) },
);
const { StateGraph, Annotation, START } = graphs;
const State = Annotation.Root({
  id: Annotation(),
  seen: Annotation({ reducer: (a: any, b: any) => a.concat(b), default: () => [] }),
});
const graph = new StateGraph(State)
  .addNode('left', async ({ id }: any) => ({ seen: [(await model.invoke(id)).content] }))
  .addNode('right', async ({ id }: any) => ({ seen: [await ask.invoke({ id })] }))
  .addEdge(START, 'left')
  .addEdge(START, 'right')
  .compile();

const ids = Array.from({ length: 50 }, (_, index) => `run ${index}`);
await Promise.all(
  ids.map(async (id, index) => {
    if (index % 2 === 0) return graph.invoke({ id });
    for await (const _ of await graph.stream({ id }));
  }),
);

const wrong = recorder.calls.filter((call) => {
  const path = [];
  for (let at = call.parent; at !== null; at = at.parent) path.push(at);
  const asked = JSON.parse(String(call.exchanges[0]!.request.body)).messages[0].content;
  const isNested = path.at(-2)?.type === 'step' && path.length === 3;
  return !isNested || (path.at(-1)!.content?.arguments as any)?.id !== asked;
});
const types: Record<string, number> = {};
for (const { type, status } of recorder.events) types[`${type} ${status}`] = (types[`${type} ${status}`] ?? 0) + 1;
await server.close();
patching.stop();
const patched = patching
  .copies()
  .filter(({ package: name }) => name.startsWith('@langchain/'))
  .flatMap(({ package: name, modules }) =>
    modules.filter(({ format: each, state }) => each === format && state === 'patched').map(({ file }) => file.split(name)[1]!),
  );
process.stdout.write(JSON.stringify({ warnings, wrong: wrong.length, types, patched: patched.toSorted() }));
