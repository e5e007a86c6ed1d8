// A LangGraph: two drafts side by side, a critic that sends them back, and an editor. Streamed node by node.
import { tool } from '@langchain/core/tools';
import { Annotation, END, MemorySaver, START, StateGraph } from '@langchain/langgraph';
import { ChatOpenAI } from '@langchain/openai';
import { z } from 'zod';

const options = { model: 'gpt-5-mini', apiKey: 'none', maxRetries: 4, configuration: { baseURL: `${process.env.MODEL_URL}/v1` } };
const writer = new ChatOpenAI({ ...options, temperature: 1 });
const critic = new ChatOpenAI(options);

const lookUp = tool(
  async ({ city }) => (await (await fetch(`${process.env.MODEL_URL}/weather?city=${city}&at=${Date.now()}`)).json()).said,
  { name: 'look_up', description: 'Looks up a city.', schema: z.object({ city: z.string() }) },
);
const equipped = writer.bindTools([lookUp]);

const State = Annotation.Root({
  drafts: Annotation({ reducer: (all, more) => all.concat(more), default: () => [] }),
  rounds: Annotation({ reducer: (_, next) => next, default: () => 0 }),
  verdict: Annotation(),
});

const draft = (name) => async () => {
  const answer = await equipped.invoke(`Write about ${name}. Seed ${Math.random()}.`);
  const facts = await Promise.all((answer.tool_calls ?? []).map((call) => lookUp.invoke(call.args)));
  return { drafts: [`${name}: ${String(answer.content)} ${facts.join('; ')}`] };
};

const graph = new StateGraph(State)
  .addNode('north', draft('north'))
  .addNode('south', draft('south'))
  .addNode('critic', async ({ drafts, rounds }) => {
    const said = await critic.invoke([
      ['system', `It is ${new Date().toISOString()}.`],
      ['user', drafts.join('\n')],
    ]);
    return { verdict: String(said.content), rounds: rounds + 1 };
  })
  .addNode('editor', async ({ drafts }) => {
    const pieces = [];
    for await (const chunk of await writer.stream(drafts.join('\n'))) pieces.push(chunk.content.length);
    if (pieces.length % 3 === 0) throw new Error(`the editor found ${pieces.length} pieces`);
    return { drafts: [`edited in ${pieces.join()}`] };
  })
  .addEdge(START, 'north')
  .addEdge(START, 'south')
  .addEdge('north', 'critic')
  .addEdge('south', 'critic')
  .addConditionalEdges('critic', ({ rounds }) => (rounds < 3 && Math.random() < 0.4 ? ['north', 'south'] : 'editor'))
  .addEdge('editor', END)
  .compile({ checkpointer: new MemorySaver() });

const config = { configurable: { thread_id: 'one' }, recursionLimit: 20 };
try {
  for await (const update of await graph.stream({}, { ...config, streamMode: 'updates' })) console.log(JSON.stringify(update));
} catch (error) {
  console.log('failed:', error.name, error.message);
  process.exitCode = 1;
}
const states = [];
for await (const { values, metadata, createdAt } of graph.getStateHistory(config))
  states.push([metadata.step, values.rounds, values.drafts?.length, createdAt]);
console.log(states);
