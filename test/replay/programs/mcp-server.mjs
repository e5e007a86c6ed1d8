/** An MCP server over stdio whose tool answers otherwise each time. */
import { writeFileSync } from 'node:fs';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';

writeFileSync(`${process.env.MARKERS}/${process.pid}`, '');
const server = new McpServer({ name: 'dice', version: '1.0.0' });
server.registerTool('roll', { description: 'rolls dice' }, async () => {
  await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
  return { content: [{ type: 'text', text: `${Math.random()} at ${Date.now()} in ${process.pid}` }] };
});
await server.connect(new StdioServerTransport());
