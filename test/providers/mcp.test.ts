import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server as HttpServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { hub } from '../../src/events/ports.ts';
import { listPatches, undoAll } from '../../src/patch/registry.ts';
import { contextOf, withContext } from '../../src/providers/mcp/mcp-context.ts';
import { mcp } from '../../src/providers/mcp/mcp.ts';
import { recordInMemory } from '../../src/testing/in-memory-recorder.ts';
import type { InMemoryEvent, InMemoryRecorder } from '../../src/testing/in-memory-recorder.ts';
import { Recordings } from '../session/rig.ts';

const require = createRequire(import.meta.url);
const modules = join(import.meta.dirname, '../../node_modules');

interface Lib {
  client: any;
  server: any;
  low: any;
  types: any;
  memory: any;
  http: any;
  httpServer: any;
  stdio: any;
}

async function loadLib(format: 'esm' | 'cjs'): Promise<Lib> {
  const at = '@modelcontextprotocol/sdk/';
  const names = {
    ...{ client: 'client/index.js', server: 'server/mcp.js', low: 'server/index.js', types: 'types.js', memory: 'inMemory.js' },
    ...{ http: 'client/streamableHttp.js', httpServer: 'server/streamableHttp.js', stdio: 'client/stdio.js' },
  };
  const loaded = Object.entries(names).map(async ([name, file]) => [
    name,
    format === 'cjs' ? require(at + file) : await import(at + file),
  ]);
  return Object.fromEntries(await Promise.all(loaded)) as Lib;
}

async function patchAll(format: 'esm' | 'cjs'): Promise<string[]> {
  const patched: string[] = [];
  for (const target of mcp.targets) {
    const file = join(modules, target.package, target[format][0]!);
    const namespace: object = format === 'cjs' ? require(file) : await import(pathToFileURL(file).href);
    const report = mcp.patch({ namespace, target });
    expect(report.missing).toEqual([]);
    patched.push(...report.patched);
  }
  return patched;
}

class CarrierTimeout extends Error {}

/** `value`, once `signal` is aborted. */
async function late(signal: AbortSignal, value: unknown): Promise<unknown> {
  if (!signal.aborted) await once(signal, 'abort');
  return value;
}

describe.each(['esm', 'cjs'] as const)('MCP, %s', (format) => {
  let lib: Lib;
  let recorder: InMemoryRecorder;
  const closing: (() => unknown)[] = [];

  beforeEach(async () => {
    lib = await loadLib(format);
    await patchAll(format);
    recorder = recordInMemory();
  });
  afterEach(async () => {
    for (const close of closing.splice(0).toReversed()) await close();
    hub.recorder = null;
    undoAll();
  });

  const tree = (parent: InMemoryEvent | null = null, depth = 0): string[] =>
    recorder.events
      .filter((event) => event.parent === parent)
      .flatMap((event) => [`${'  '.repeat(depth)}${event.type} ${event.name}: ${event.status}`, ...tree(event, depth + 1)]);
  const only = (name: string): InMemoryEvent => {
    const found = recorder.events.filter((event) => event.name === name);
    expect(found).toHaveLength(1);
    return found[0]!;
  };

  /** What each request of a tool was given beside its arguments. */
  let extras: any[] = [];

  function newServer(): any {
    extras = [];
    const server = new lib.server.McpServer({ name: 'shop', version: '1.0.0' });
    const content = (text: string): object => ({ content: [{ type: 'text', text }] });
    server.registerTool('add', { inputSchema: { a: z.number(), b: z.number() } }, async ({ a, b }: any, extra: any) => {
      extras.push(extra);
      return content(String(a + b));
    });
    server.registerTool('track', {}, async () => {
      throw new CarrierTimeout('secret words');
    });
    server.registerTool('refuse', {}, () => ({ ...content('No such parcel.'), isError: true }));
    server.registerTool('wait', {}, ({ signal }: any) => late(signal, content('late')));
    server.registerTool('progress', {}, async (extra: any) => {
      const { progressToken } = extra._meta;
      await extra.sendNotification({ method: 'notifications/progress', params: { progressToken, progress: 1 } });
      return content('done');
    });
    server.registerTool('sample', {}, async () => {
      const messages = [{ role: 'user', content: { type: 'text', text: 'Hi.' } }];
      const { content: said } = await server.server.createMessage({ messages, maxTokens: 5 });
      return { content: [said] };
    });
    server.registerPrompt('greet', { argsSchema: { name: z.string() } }, ({ name }: any) => ({
      messages: [{ role: 'user', content: { type: 'text', text: `Greet ${name}.` } }],
    }));
    server.registerResource('readme', 'file:///secret/readme', {}, (uri: URL) => ({
      contents: [{ uri: uri.href, text: 'words' }],
    }));
    return server;
  }

  function newClient(): any {
    const client = new lib.client.Client({ name: 'agent', version: '1.0.0' }, { capabilities: { sampling: {} } });
    client.setRequestHandler(lib.types.CreateMessageRequestSchema, async () => ({
      model: 'm',
      role: 'assistant',
      content: { type: 'text', text: 'Hello.' },
    }));
    closing.push(() => client.close());
    return client;
  }

  async function inMemory(server: any = newServer()): Promise<any> {
    const [left, right] = lib.memory.InMemoryTransport.createLinkedPair();
    const client = newClient();
    await Promise.all([server.connect(right), client.connect(left)]);
    return client;
  }

  test('a tool: on the side that calls it, and inside of that on the side that runs it', async () => {
    const client = await inMemory();
    const result = await client.callTool({ name: 'add', arguments: { a: 1, b: 2 } });
    expect(result.content).toEqual([{ type: 'text', text: '3' }]);
    expect(tree()).toEqual(['tool execute_tool add: ok', '  tool serve_tool add: ok']);
    const [made, served] = [only('execute_tool add'), only('serve_tool add')];
    expect(made.start.tool).toEqual({ name: 'add', type: 'extension' });
    expect(served.start.tool).toEqual({ name: 'add', type: 'function' });
    expect(made.content).toEqual({ arguments: { a: 1, b: 2 }, result: { content: [{ type: 'text', text: '3' }] } });
    expect(served.content).toEqual(made.content);
  });

  test('what else a client asks, under names of the protocol', async () => {
    const client = await inMemory();
    await client.listTools();
    await client.listPrompts();
    await client.getPrompt({ name: 'greet', arguments: { name: 'Ada' } });
    await client.listResources();
    await client.readResource({ uri: 'file:///secret/readme' });
    await client.ping();
    expect(tree()).toEqual([
      'action tools/list: ok',
      'action prompts/list: ok',
      'action prompts/get greet: ok',
      '  action serve prompts/get greet: ok',
      'action resources/list: ok',
      'action resources/read: ok',
      '  action serve resources/read: ok',
    ]);
    expect(only('resources/read').content?.arguments).toEqual({ uri: 'file:///secret/readme' });
    expect(JSON.stringify(recorder.events.map(({ start, outcome }) => [start, outcome]))).not.toContain('secret');
  });

  test('failures: what a tool throws, what it says, what it is not', async () => {
    const client = await inMemory();
    expect((await client.callTool({ name: 'track' })).isError).toBe(true);
    expect((await client.callTool({ name: 'refuse' })).isError).toBe(true);
    expect((await client.callTool({ name: 'gone' })).isError).toBe(true);
    await expect(client.getPrompt({ name: 'nothing' })).rejects.toThrow('nothing');
    expect(recorder.events.map(({ name, status, outcome }) => [name, status, outcome?.error])).toEqual([
      ['execute_tool track', 'error', { type: 'tool_error' }],
      ['serve_tool track', 'error', { type: 'tool_error', code: 'CarrierTimeout' }],
      ['execute_tool refuse', 'error', { type: 'tool_error' }],
      ['serve_tool refuse', 'error', { type: 'tool_error' }],
      ['execute_tool gone', 'error', { type: 'tool_error' }],
      ['serve_tool gone', 'error', { type: 'tool_error' }],
      ['prompts/get nothing', 'error', { type: 'McpError', code: '-32602' }],
      ['serve prompts/get nothing', 'error', { type: 'McpError', code: '-32602' }],
    ]);
    expect(only('serve_tool track').content?.error).toMatchObject({
      message: 'secret words',
      stack: expect.stringContaining('mcp.test'),
    });
    expect(only('execute_tool track').content?.error).toEqual({ message: 'secret words' });
  });

  test('a handler of the low level, and a request that is put together by hand', async () => {
    const server = new lib.low.Server({ name: 'low', version: '1.0.0' }, { capabilities: { tools: {} } });
    server.setRequestHandler(lib.types.CallToolRequestSchema, ({ params }: any) => {
      if (params.name === 'fails') throw new CarrierTimeout('secret');
      return { content: [] };
    });
    const client = await inMemory(server);
    await client.request({ method: 'tools/call', params: { name: 'works' } }, lib.types.CallToolResultSchema);
    await expect(client.callTool({ name: 'fails' })).rejects.toThrow('secret');
    await client.callTool({ name: 'a text that nobody would call a name' });
    expect(tree()).toEqual([
      ...['tool execute_tool works: ok', '  tool serve_tool works: ok'],
      ...['tool execute_tool fails: error', '  tool serve_tool fails: error'],
      ...['tool execute_tool unknown: ok', '  tool serve_tool unknown: ok'],
    ]);
    expect(only('serve_tool fails').outcome?.error).toEqual({ type: 'CarrierTimeout' });
    expect(only('execute_tool fails').outcome?.error).toEqual({ type: 'McpError', code: '-32603' });
  });

  test('a server that asks back', async () => {
    const client = await inMemory();
    await client.callTool({ name: 'sample' });
    expect(tree()).toEqual([
      'tool execute_tool sample: ok',
      '  tool serve_tool sample: ok',
      '    action sampling/createMessage: ok',
      '      action serve sampling/createMessage: ok',
    ]);
  });

  test('a timeout, a cancellation, a closed connection, progress', async () => {
    const client = await inMemory();
    await expect(client.callTool({ name: 'wait' }, undefined, { timeout: 20 })).rejects.toThrow('timed out');
    const controller = new AbortController();
    const call = client.callTool({ name: 'wait' }, undefined, { signal: controller.signal });
    controller.abort();
    await expect(call).rejects.toThrow();
    let progress = 0;
    await client.callTool({ name: 'progress' }, undefined, { onprogress: () => progress++ });
    expect(progress).toBe(1);
    const cut = client.callTool({ name: 'wait' });
    await client.close();
    await expect(cut).rejects.toThrow('closed');
    await expect.poll(() => recorder.events.every(({ ended }) => ended)).toBe(true);
    expect(tree()).toEqual([
      ...['tool execute_tool wait: error', '  tool serve_tool wait: cancelled'],
      ...['tool execute_tool wait: cancelled', '  tool serve_tool wait: cancelled'],
      ...['tool execute_tool progress: ok', '  tool serve_tool progress: ok'],
      ...['tool execute_tool wait: error', '  tool serve_tool wait: cancelled'],
    ]);
    expect(recorder.events[0]!.outcome?.error).toEqual({ type: 'McpError', code: '-32001' });
  });

  test('fifty calls at once: each is served inside of its own', async () => {
    const client = await inMemory();
    await Promise.all(Array.from({ length: 50 }, (_, index) => client.callTool({ name: 'add', arguments: { a: index, b: 0 } })));
    const served = recorder.events.filter(({ name }) => name === 'serve_tool add');
    expect(served).toHaveLength(50);
    for (const event of served) {
      expect(event.content?.arguments).toEqual((event.parent as InMemoryEvent).content?.arguments);
      expect(event.parent?.name).toBe('execute_tool add');
    }
  });

  test('the context rides in a copy of what the app gave, and one of the app stays', async () => {
    const client = await inMemory();
    const params = Object.freeze({ name: 'add', arguments: Object.freeze({ a: 1, b: 2 }), _meta: Object.freeze({ mine: 1 }) });
    await client.callTool(params);
    const event = only('execute_tool add');
    expect(extras[0]._meta).toEqual({ mine: 1, traceparent: `00-${event.trace}-${event.id}-01` });
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    await client.callTool({ ...params, _meta: { traceparent } });
    expect(extras[1]._meta).toEqual({ traceparent });
    hub.propagates = false;
    await client.callTool(params).finally(() => (hub.propagates = true));
    expect(extras[2]._meta).toEqual({ mine: 1 });
    expect(params).toEqual({ name: 'add', arguments: { a: 1, b: 2 }, _meta: { mine: 1 } });
  });

  async function overHttp(): Promise<{ client: any; http: HttpServer; bodies: string[] }> {
    const bodies: string[] = [];
    const http = createServer((request, response) => {
      const server = newServer();
      const transport = new lib.httpServer.StreamableHTTPServerTransport({ sessionIdGenerator: undefined });
      response.on('close', () => void transport.close());
      let text = '';
      request.on('data', (piece) => (text += String(piece)));
      request.on('end', () => {
        if (text !== '') bodies.push(text);
        void server
          .connect(transport)
          .then(() => transport.handleRequest(request, response, text === '' ? undefined : JSON.parse(text)));
      });
    });
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    closing.push(
      () => http.closeAllConnections(),
      () => http.close(),
    );
    const client = newClient();
    const { port } = http.address() as AddressInfo;
    await client.connect(new lib.http.StreamableHTTPClientTransport(new URL(`http://127.0.0.1:${port}/mcp`)));
    return { client, http, bodies };
  }

  test('over HTTP, the server takes the context from the request', async () => {
    const { client, bodies } = await overHttp();
    await client.callTool({ name: 'add', arguments: { a: 1, b: 2 } });
    const [made, served] = [only('execute_tool add'), only('serve_tool add')];
    expect(served.parent).toBeNull();
    expect(served.start.remote).toEqual({ trace: made.trace, span: made.id });
    expect(JSON.parse(bodies.at(-1)!).params._meta.traceparent).toBe(`00-${made.trace}-${made.id}-01`);
    expect([made.status, served.status]).toEqual(['ok', 'ok']);
  });

  test('over stdio, a server of another program records what it serves under the call', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'hindcast-mcp-'));
    closing.push(() => rmSync(dir, { recursive: true, force: true }));
    const client = newClient();
    const args = [join(import.meta.dirname, '../support/mcp-child.ts'), format, dir];
    await client.connect(new lib.stdio.StdioClientTransport({ command: process.execPath, args, stderr: 'inherit' }));
    await client.callTool({ name: 'add', arguments: { a: 1, b: 2 } });
    const made = only('execute_tool add');
    await client.close();
    const recordings = new Recordings(dir);
    await expect.poll(() => recordings.ids().flatMap((id) => recordings.events(id))).toHaveLength(2);
    const [inner, served] = recordings.ids().flatMap((id) => recordings.events(id));
    expect(served).toMatchObject({ type: 'tool', name: 'serve_tool add', trace: made.trace, parent: made.id, status: 'ok' });
    expect(inner).toMatchObject({ name: 'inside', trace: made.trace, parent: served!.id });
  });

  test.each(['open', 'current', 'run', 'end'])('P12 a call goes through where our own `%s` throws', async (broken) => {
    hub.recorder = recordInMemory({ broken });
    const client = await inMemory();
    expect((await client.callTool({ name: 'add', arguments: { a: 1, b: 2 } })).content).toEqual([{ type: 'text', text: '3' }]);
    expect((await client.callTool({ name: 'track' })).isError).toBe(true);
    expect((await client.listTools()).tools.length).toBeGreaterThan(3);
  });

  test('P9 undo gives the identical methods back; nothing recorded, nothing added', async () => {
    const patches = listPatches();
    expect(patches.map(({ label }) => label)).toEqual([
      ...['mcp Protocol.request', 'mcp Protocol._onrequest', 'mcp Client.callTool', 'mcp McpServer.executeToolHandler'],
    ]);
    for (const { owner, name, original } of patches) expect((owner as any)[name]).not.toBe(original);
    hub.recorder = null;
    const client = await inMemory();
    await client.callTool({ name: 'add', arguments: { a: 1, b: 2 } });
    expect(extras[0]._meta).toBeUndefined();
    undoAll();
    for (const { owner, name, original } of patches) expect((owner as any)[name]).toBe(original);
    expect(recorder.events).toEqual([]);
    expect(Object.keys(client).filter((key) => key.startsWith('fallback'))).toEqual([]);
  });
});

test('the context of a request: W3C trace context or none', () => {
  const event = { trace: '4bf92f3577b34da6a3ce929d0e0e4736', id: '00f067aa0ba902b7' };
  const request = { method: 'tools/call' };
  expect(contextOf(withContext(request, event))).toEqual({ trace: event.trace, span: event.id });
  expect(request).toEqual({ method: 'tools/call' });
  const of = (traceparent: unknown): unknown => contextOf({ params: { _meta: { traceparent } } });
  expect(of(`00-${event.trace}-${event.id}-00`)).toEqual({ trace: event.trace, span: event.id });
  expect(of(`cc-${event.trace}-${event.id}-00-later`)).toEqual({ trace: event.trace, span: event.id });
  for (const bad of [
    `ff-${event.trace}-${event.id}-01`,
    `00-${'0'.repeat(32)}-${event.id}-01`,
    `00-${event.trace}-${'0'.repeat(16)}-01`,
    'x',
    1,
  ])
    expect(of(bad)).toBeUndefined();
  expect(contextOf(null)).toBeUndefined();
});
