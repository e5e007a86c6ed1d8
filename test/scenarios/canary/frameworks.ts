/** A program that runs an agent of every framework, under `init()`, with the canary in all that is asked, answered, thrown and named by a server. Prints which of them ran to their end. */
import { dirname, join } from 'node:path';
import { init, shutdown } from '../../../src/client/init.ts';
import { startStandIn } from '../../../src/testing/stand-in.ts';
import type { Reply, StandInRequest } from '../../../src/testing/stand-in.ts';
import * as wire from '../../../src/testing/wire.ts';
import { said } from './canary.ts';
import { keepRecordings } from './kept.ts';
import { ERROR, HEADERS, sung } from './spoken.ts';

init();
const { z } = await import('zod');
Object.assign(globalThis, { AI_SDK_LOG_WARNINGS: false });
const tokens = { input: 9, output: 5 };
const CALL = { id: 'call_1', name: 'lookup', arguments: JSON.stringify({ city: said('argument') }) };

/** First a call of the tool, then a text; below `/lies`, with sentences where codes belong; below `/refused`, an error. */
function answering({ path, json }: StandInRequest): Reply {
  if (path.includes('/refused')) return { status: 400, body: ERROR, headers: HEADERS };
  const lies = path.includes('/lies');
  const answered = lies || !json.tools?.length || /function_call_output|"role":"tool"/.test(JSON.stringify(json));
  const answer = { tokens, ...(answered ? { text: said('answer') } : { tools: [CALL] }) };
  if (path.endsWith('/embeddings')) return { body: wire.embedding([[1, 2]]) };
  if (path.endsWith('/api/chat') || path.endsWith('/api/generate'))
    return { pieces: [`${sung(JSON.stringify({ model: 'm', response: 'x y', done: true, done_reason: 'stop' }), lies)}\n`] };
  const responses = path.endsWith('/responses');
  if (json.stream) {
    const pieces = responses ? wire.responsesStream(answer) : wire.chatCompletionStream(answer);
    return {
      pieces: lies ? pieces.map((piece) => piece.replaceAll(/^data: (.+)$/gm, (_, data) => `data: ${sung(data, true)}`)) : pieces,
    };
  }
  const body = responses ? wire.responsesAnswer(answer) : wire.chatCompletion(answer);
  return { body: lies ? sung(JSON.stringify(body), true) : body, headers: HEADERS };
}

const server = await startStandIn(answering);
const done: Record<string, string> = {};
/** One run; that it ends with an error is no fault here. */
async function run(what: string, fn: () => Promise<unknown>): Promise<void> {
  const outcome = fn().then(
    () => 'ok',
    (error: Error) => error.constructor.name,
  );
  done[what] = await Promise.race([outcome, new Promise<string>((resolve) => setTimeout(resolve, 20_000, 'hangs').unref())]);
}

const tell = async ({ city }: { city: string }): Promise<string> => {
  if (city.includes('bad')) throw new Error(said('tool error'));
  return said(`result for ${city}`);
};

async function aiSdk(base: string, where: string): Promise<void> {
  const ai = await import('ai');
  const { createOpenAI } = await import('@ai-sdk/openai');
  const models = createOpenAI({ baseURL: base, apiKey: 'none' });
  const tools = {
    lookup: ai.tool({ description: said('description'), inputSchema: z.object({ city: z.string() }), execute: tell }),
  };
  const ask = {
    system: said('system'),
    prompt: said('prompt'),
    tools,
    stopWhen: ai.stepCountIs(3),
    maxRetries: 0,
    headers: { 'x-a': said('header') },
  };
  for (const model of [models('m-1'), models.chat('m-1')]) {
    await run(`ai-sdk generateText ${where}`, () => ai.generateText({ ...ask, model }));
    await run(`ai-sdk streamText ${where}`, async () => {
      for await (const _ of ai.streamText({ ...ask, model, onError: () => {} }).fullStream);
    });
  }
  const schema = z.object({ city: z.string() });
  await run(`ai-sdk generateObject ${where}`, () =>
    ai.generateObject({ model: models.chat('m-1'), schema, prompt: said('prompt'), maxRetries: 0 }),
  );
  await run(`ai-sdk embed ${where}`, () => ai.embed({ model: models.embedding('m-1'), value: said('value'), maxRetries: 0 }));
}

async function langchain(base: string, where: string): Promise<void> {
  const { ChatOpenAI } = await import('@langchain/openai');
  const { createReactAgent } = await import('@langchain/langgraph/prebuilt');
  const { tool } = await import('@langchain/core/tools');
  const { ChatPromptTemplate } = await import('@langchain/core/prompts');
  const lookup = tool(tell, { name: 'lookup', description: said('description'), schema: z.object({ city: z.string() }) });
  const llm = new ChatOpenAI({ model: 'm-1', apiKey: 'none', maxRetries: 0, configuration: { baseURL: base } });
  const agent = createReactAgent({ llm, tools: [lookup], name: 'calculator', prompt: said('system') });
  const question = { messages: [{ role: 'user', content: said('prompt') }] };
  const config = { metadata: { [said('key')]: said('value') }, tags: [said('tag')], configurable: { thread_id: said('thread') } };
  await run(`langgraph invoke ${where}`, () => agent.invoke(question, config));
  await run(`langgraph stream ${where}`, async () => {
    for await (const _ of await agent.stream(question, config));
  });
  const chain = ChatPromptTemplate.fromMessages([['user', `${said('template')} {x}`]]).pipe(llm);
  await run(`langchain chain ${where}`, () => chain.invoke({ x: said('input') }, config));
}

async function openaiAgents(base: string, where: string): Promise<void> {
  const agents = await import('@openai/agents');
  const { default: OpenAI } = await import('openai');
  agents.setTraceProcessors([]);
  const client = new OpenAI({ baseURL: base, apiKey: 'none', maxRetries: 0 });
  const lookup = agents.tool({
    name: 'lookup',
    description: said('description'),
    parameters: z.object({ city: z.string() }),
    execute: tell,
  });
  for (const Model of [agents.OpenAIResponsesModel, agents.OpenAIChatCompletionsModel]) {
    const model = new Model(client as never, 'm-1');
    const agent = new agents.Agent({
      name: 'forecaster',
      instructions: said('instructions'),
      model,
      tools: [lookup],
      handoffDescription: said('handoff'),
    });
    await run(`openai-agents run ${where}`, () =>
      agents.run(agent, said('prompt'), { context: { [said('key')]: said('context') } }),
    );
    await run(`openai-agents stream ${where}`, async () => {
      const stream = await agents.run(agent, said('prompt'), { stream: true });
      for await (const _ of stream);
      await stream.completed;
    });
  }
}

async function litellm(base: string, where: string): Promise<void> {
  const { completion, embedding }: any = await import('litellm');
  const messages = [{ role: 'user', content: said('prompt') }];
  for (const model of ['openai/m-1', 'mistral/m-1', 'ollama/m-1', 'anthropic/m-1'])
    await run(`litellm ${model} ${where}`, () =>
      completion({ model, messages, baseUrl: base, apiKey: 'none', user: said('user') }),
    );
  await run(`litellm embedding ${where}`, () =>
    embedding({ model: 'mistral/m-1', input: said('input'), baseUrl: base, apiKey: 'none' }),
  );
}

async function llamaStack(base: string, where: string): Promise<void> {
  const { default: Client } = await import('llama-stack-client');
  const client: any = new Client({ baseURL: base, maxRetries: 0 });
  const ask = { model: 'm-1', messages: [{ role: 'user', content: said('prompt') }], user: said('user') };
  await run(`llama-stack chat ${where}`, () => client.chat.completions.create(ask));
  await run(`llama-stack stream ${where}`, async () => {
    for await (const _ of await client.chat.completions.create({ ...ask, stream: true }));
  });
  await run(`llama-stack responses ${where}`, () => client.responses.create({ model: 'm-1', input: said('input') }));
}

async function mcp(): Promise<void> {
  const { Client } = await import('@modelcontextprotocol/sdk/client/index.js');
  const { McpServer } = await import('@modelcontextprotocol/sdk/server/mcp.js');
  const { InMemoryTransport } = await import('@modelcontextprotocol/sdk/inMemory.js');
  const served: any = new McpServer({ name: said('server'), version: '1.0.0' });
  const content = (text: string): object => ({ content: [{ type: 'text', text }] });
  served.registerTool('lookup', { description: said('description'), inputSchema: { city: z.string() } }, async (given: any) =>
    content(await tell(given)),
  );
  served.registerTool('refuse', {}, () => ({ ...content(said('refusal')), isError: true }));
  served.registerPrompt('greet', { argsSchema: { name: z.string() } }, ({ name }: any) => ({
    messages: [{ role: 'user', content: { type: 'text', text: name } }],
  }));
  served.registerResource('readme', `file:///${said('path')}/readme`, {}, (uri: URL) => ({
    contents: [{ uri: uri.href, text: said('words') }],
  }));
  const client = new Client({ name: 'agent', version: '1.0.0' });
  const [left, right] = InMemoryTransport.createLinkedPair();
  await Promise.all([served.connect(right), client.connect(left)]);
  await run('mcp tool', () => client.callTool({ name: 'lookup', arguments: { city: said('city') } }));
  await run('mcp failing tool', () => client.callTool({ name: 'lookup', arguments: { city: `bad ${said('city')}` } }));
  await run('mcp refusing tool', () => client.callTool({ name: 'refuse', arguments: {} }));
  await run('mcp unknown tool', () => client.callTool({ name: `The ${said('tool')} of all`, arguments: {} }));
  await run('mcp lists', () => client.listTools());
  await run('mcp prompt', () => client.getPrompt({ name: 'greet', arguments: { name: said('name') } }));
  await run('mcp unknown prompt', () => client.getPrompt({ name: `The ${said('prompt')} of all` }));
  await run('mcp resource', () => client.readResource({ uri: `file:///${said('path')}/readme` }));
  await client.close();
}

async function claudeAgent(): Promise<void> {
  const sdk = await import('@anthropic-ai/claude-agent-sdk');
  const add = sdk.tool('add', said('description'), { a: z.number(), b: z.number() }, async () => ({
    content: [{ type: 'text', text: said('result') }],
  }));
  const mcpServers = { own: sdk.createSdkMcpServer({ name: 'own', tools: [add] }) };
  for (const lies of ['0', '1']) {
    const env = {
      ...process.env,
      PATH: `${dirname(process.execPath)}:${process.env['PATH']}`,
      NODE_OPTIONS: '',
      CANARY_LIES: lies,
    };
    for (const scene of ['text', 'tools', 'sub', 'refused', 'loop']) {
      await run(`claude-agent ${scene} ${lies === '1' ? 'lies' : 'plain'}`, async () => {
        const options = {
          pathToClaudeCodeExecutable: join(import.meta.dirname, 'claude-singer.ts'),
          executable: 'node' as const,
          env,
          settingSources: [],
        };
        const permission = { permissionMode: 'bypassPermissions' as const, allowDangerouslySkipPermissions: true };
        const ask = sdk.query({
          prompt: `${scene} ${said('prompt')}`,
          options: { ...options, ...permission, mcpServers, systemPrompt: said('system') },
        });
        for await (const _ of ask);
      });
    }
  }
}

for (const where of ['plain', 'lies', 'refused']) {
  const base = `${server.url}/${where}/v1`;
  for (const framework of [aiSdk, langchain, openaiAgents, litellm, llamaStack]) await framework(base, where);
}
await mcp();
await claudeAgent();
keepRecordings();
await shutdown();
await server.close();
process.stdout.write(JSON.stringify(done));
process.exit();
