/** An agent that calls the tools of an MCP server, several at a time. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';

const client = new Client({ name: process.env.CLIENT_NAME ?? 'agent', version: '1.0.0' });
await client.connect(
  new StdioClientTransport({
    command: process.execPath,
    args: [new URL('mcp-server.mjs', import.meta.url).pathname],
    env: { MARKERS: process.env.MARKERS },
  }),
);
console.log((await client.listTools()).tools.map(({ name }) => name));
const roll = async (name) => {
  const { content } = await client.callTool({ name: 'roll' });
  const { said } = await (await fetch(`${process.env.MODEL_URL}/weather?${encodeURIComponent(content[0].text)}`)).json();
  console.log(name, content[0].text, said);
};
await Promise.all(['a', 'b', 'c', 'd'].map(roll));
await roll('last');
await client.close();
