/** What Mistral makes of its SDK's parts for Azure and Google Cloud: their sources come with the SDK, and are built here as the packages that they are published as. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { hub } from '../../src/events/ports.ts';
import { CopyFinder } from '../../src/patch/reach-copies.ts';
import { undoAll } from '../../src/patch/registry.ts';
import { mistral } from '../../src/providers/mistral/mistral.ts';
import { recordInMemory } from '../../src/testing/in-memory-recorder.ts';
import { startStandIn } from '../../src/testing/stand-in.ts';
import type { StandIn } from '../../src/testing/stand-in.ts';
import * as wire from '../../src/testing/wire-mistral.ts';

const root = join(import.meta.dirname, '../..');
const place = join(root, `.cache/trees/mistral-packages-${process.pid}`);
const chat = { model: 'mistral-large-2407', messages: [{ role: 'user', content: 'Hello?' }] };

/** Builds the package in a folder of its own: what lies in `node_modules` the compiler leaves alone. */
function build(name: string): string {
  const dir = join(place, name);
  mkdirSync(dir, { recursive: true });
  cpSync(join(root, 'node_modules/@mistralai/mistralai/packages', name, 'src'), join(dir, 'src'), { recursive: true });
  writeFileSync(join(dir, 'package.json'), JSON.stringify({ name: `@mistralai/${name}`, version: '2.0.0', type: 'module' }));
  const options = [
    '--ignoreConfig',
    '--noCheck',
    '--skipLibCheck',
    '--module',
    'nodenext',
    '--target',
    'es2022',
    '--types',
    'node',
  ];
  const tsc = join(root, 'node_modules/.bin/tsc');
  execFileSync(tsc, [...options, '--rootDir', 'src', '--outDir', 'esm', 'src/index.ts'], { cwd: dir, encoding: 'utf8' });
  return dir;
}

const PACKAGES = [
  {
    name: 'mistralai-azure',
    client: ({ MistralAzure }: any, url: string) => new MistralAzure({ endpoint: url, apiKey: 'key' }),
    options: () => ({}),
    body: 'mistral-large-2407',
  },
  {
    name: 'mistralai-gcp',
    client: ({ MistralGCP }: any) => new MistralGCP({ region: 'x', projectId: 'p', apiKey: () => Promise.resolve('key') }),
    options: (serverURL: string) => ({ serverURL }),
    // A hook of this client makes another body than its functions do.
    body: 'mistral-large',
  },
];

describe.each(PACKAGES)('@mistralai/$name', ({ name, client, options, body }) => {
  let dir: string;
  let sdk: any;
  let server: StandIn;
  beforeAll(async () => {
    dir = build(name);
    sdk = await import(pathToFileURL(join(dir, 'esm/index.js')).href);
    server = await startStandIn(({ json }) =>
      json.stream ? { pieces: wire.mistralChatStream() } : { body: wire.mistralChat() },
    );
  }, 60_000);
  afterEach(() => {
    hub.recorder = null;
    undoAll();
  });
  afterAll(async () => {
    await server.close();
    rmSync(place, { recursive: true, force: true });
  });

  test('its modules are found', () => {
    const found = new CopyFinder(mistral.targets).at(dir);
    expect(found.map(({ esm }) => esm?.slice(dir.length + 1))).toEqual([
      'esm/sdk/sdk.js',
      'esm/lib/sdks.js',
      'esm/types/async.js',
    ]);
  });

  test('a call and a stream are one event each, with the bytes that were sent', async () => {
    expect(mistral.patch({ namespace: sdk }).patched).toEqual(expect.arrayContaining(['chat.complete', 'chat.stream', '_do']));
    const recorder = recordInMemory();
    const made = client(sdk, server.url);
    await made.chat.complete(chat, options(server.url));
    for await (const _ of await made.chat.stream(chat, options(server.url)));
    expect(recorder.calls).toHaveLength(2);
    for (const [index, event] of recorder.calls.entries()) {
      expect(event.outcome).toMatchObject({ status: 'ok', usage: { input: 12, output: 5 } });
      expect(event.llm!.server).toEqual({ address: '127.0.0.1', port: server.port });
      expect(event.exchanges[0]!.request.body).toBe(server.requests[index]!.text);
      expect(server.requests[index]!.json.model).toBe(body);
    }
  });
});
