// Tools by the Model Context Protocol: one server over HTTP, one in the process, and a model that calls both.
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import Anthropic from '@anthropic-ai/sdk';
import { z } from 'zod';

const anthropic = new Anthropic({ apiKey: 'none', baseURL: process.env.MODEL_URL, maxRetries: 4 });

const local = new McpServer({ name: 'local', version: '1.0.0' });
local.registerTool('note', { inputSchema: { text: z.string() } }, async ({ text }) => {
  await new Promise((resolve) => setTimeout(resolve, Math.random() * 5));
  if (Math.random() < 0.15) throw new Error(`no paper at ${Date.now()}`);
  return { content: [{ type: 'text', text: `${crypto.randomUUID()} ${text}` }] };
});

const [near, far] = InMemoryTransport.createLinkedPair();
const clients = {
  remote: new Client({ name: 'agent', version: '1.0.0' }),
  local: new Client({ name: 'agent', version: '1.0.0' }),
};
await Promise.all([
  clients.remote.connect(new StreamableHTTPClientTransport(new URL(`${process.env.MODEL_URL}/mcp`))),
  local.connect(far),
  clients.local.connect(near),
]);

const owners = new Map();
const tools = [];
for (const client of Object.values(clients))
  for (const { name, description, inputSchema } of (await client.listTools()).tools) {
    owners.set(name, client);
    tools.push({ name, description, input_schema: inputSchema });
  }
console.log([...owners.keys()]);

async function use({ id, name, input }) {
  try {
    const { content, isError } = await owners.get(name).callTool({ name, arguments: input });
    console.log(name, input, isError ?? false, content[0].text);
    return { type: 'tool_result', tool_use_id: id, content: content[0].text, is_error: isError === true };
  } catch (error) {
    console.log(name, error.name, error.code, error.message);
    return { type: 'tool_result', tool_use_id: id, content: error.message, is_error: true };
  }
}

const messages = [{ role: 'user', content: `Find out what there is. Run ${Math.floor(Math.random() * 1e9)}.` }];
let failures = 0;
for (let turn = 0; turn < 6; turn++) {
  const { content } = await anthropic.messages.create({ model: 'claude-sonnet-4-5', max_tokens: 500, messages, tools });
  messages.push({ role: 'assistant', content });
  const results = await Promise.all(content.filter(({ type }) => type === 'tool_use').map(use));
  if (results.length === 0) break;
  failures += results.filter((result) => result.is_error).length;
  messages.push({ role: 'user', content: results });
}
console.log(JSON.stringify(messages));
await clients.remote.close();
await clients.local.close();
if (failures > 1) process.exit(failures);
