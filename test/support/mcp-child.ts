/** An MCP server over stdio, in a program of its own. Arguments: format of the SDK, folder of the recordings. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { hub } from '../../src/events/ports.ts';
import { mcp } from '../../src/providers/mcp/mcp.ts';
import { DEFAULT_PRICES } from '../../src/analysis/prices.ts';
import { useSessions } from '../../src/session/sessions.ts';
import { createSessions } from '../../src/session/store.ts';
import { recordAction } from '../../src/session/wrappers.ts';

const [, , format, dir] = process.argv;
const require = createRequire(import.meta.url);
const load = async (path: string): Promise<any> => {
  const file = join(import.meta.dirname, `../../node_modules/@modelcontextprotocol/sdk/dist/${format}/${path}.js`);
  return format === 'cjs' ? require(file) : await import(pathToFileURL(file).href);
};

const { McpServer } = await load('server/mcp');
const { StdioServerTransport } = await load('server/stdio');
const server = new McpServer({ name: 'child', version: '1.0.0' });
const inside = recordAction('inside', async () => {});
server.registerTool('add', { inputSchema: { a: z.number(), b: z.number() } }, async ({ a, b }: any) => {
  await inside();
  return { content: [{ type: 'text', text: String(a + b) }] };
});

// Patched once the server is there, and has its handlers.
for (const name of ['shared/protocol', 'client/index', 'server/mcp']) mcp.patch({ namespace: await load(name) });
const store = createSessions({ mode: 'full', dir: dir!, sdk: 'hindcast/test', prices: DEFAULT_PRICES });
hub.recorder = store.recorder;
useSessions(store);

await server.connect(new StdioServerTransport());
process.stdin.on('end', () => store.close({ state: 'success', reason: 'ended' }));
