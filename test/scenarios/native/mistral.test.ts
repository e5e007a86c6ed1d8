/** An app in which Mistral's SDK makes spans by itself: they stay what they are without us, and each event names the one of its call, if the app's own provider got one. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startStandIn } from '../../../src/testing/stand-in.ts';
import type { StandIn } from '../../../src/testing/stand-in.ts';
import * as wire from '../../../src/testing/wire-mistral.ts';

const APP = join(import.meta.dirname, 'mistral-app.mjs');
const folder = mkdtempSync(join(tmpdir(), 'hindcast-native-'));
let provider: StandIn;

beforeAll(async () => {
  provider = await startStandIn(({ path, json }) => {
    if (path.startsWith('/v1/conversations')) return { body: wire.mistralConversation() };
    return json?.stream ? { pieces: wire.mistralChatStream() } : { body: wire.mistralChat() };
  });
});
afterAll(async () => {
  await provider.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Run {
  spans: any[];
  events: any[];
  /** Paths that the provider was asked for. */
  asked: string[];
}

async function run(env: Record<string, string>): Promise<Run> {
  const dir = mkdtempSync(join(folder, 'run-'));
  const from = provider.requests.length;
  const stdout = await new Promise<string>((resolve, reject) => {
    const child = spawn(process.execPath, ['--no-warnings', APP], {
      env: { PATH: process.env['PATH'] ?? '', HOME: folder, PROVIDER: provider.url, HINDCAST_DIR: dir, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 60_000,
    });
    let out = '';
    let err = '';
    child.stdout.on('data', (bytes) => (out += bytes));
    child.stderr.on('data', (bytes) => (err += bytes));
    child.on('close', (code) => (code === 0 ? resolve(out) : reject(new Error(`exit ${code}: ${err}`))));
  });
  const events = readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.jsonl'))
    .flatMap((name) => readFileSync(join(dir, name), 'utf8').trim().split('\n'))
    .map((line) => JSON.parse(line))
    .flatMap(({ k, e }) => (k === 'event' ? [e] : []));
  return { spans: JSON.parse(stdout), events, asked: provider.requests.slice(from).map(({ path }) => path) };
}

/** The spans, with ids replaced by names. */
function shape(spans: readonly any[]): unknown[] {
  const names = new Map(spans.map(({ id, name }) => [id, name]));
  return spans.map(({ scope, name, parent, attributes }) => ({ scope, name, parent: names.get(parent), attributes }));
}

const GLOBAL = { MISTRAL_SDK_TELEMETRY: 'global' };
const WAYS: readonly [string, Record<string, string>][] = [
  ['the global provider', { ...GLOBAL, WITH_CONTEXT: '1' }],
  ['the global provider, no context manager', GLOBAL],
  ['a registered provider', { REGISTERED: '1', WITH_CONTEXT: '1' }],
  ['a registered provider, no context manager', { REGISTERED: '1' }],
];

describe("Mistral's own spans", () => {
  test.each(WAYS)('in %s', async (_, env) => {
    const without = await run(env);
    const { spans, events, asked } = await run({ ...env, WITH_HINDCAST: '1' });
    expect(shape(spans)).toEqual(shape(without.spans));
    expect(asked).toEqual(without.asked);
    // One for each attempt of a call; one more for each message of a conversation.
    const calls = spans.filter(({ scope, attributes }) => scope === 'mistralai_sdk_tracer' && 'url.full' in attributes);
    expect(calls.map(({ name }) => name)).toEqual(['chat m', 'chat m', 'invoke_agent']);
    expect(events.map(({ llm }) => llm.native)).toEqual(calls.map(({ id, trace }) => ({ trace, span: id })));
  });

  test.each([
    ['switched off', { WITH_CONTEXT: '1' }, 0],
    ["in a provider of the SDK's own, which goes to Mistral", { MISTRAL_SDK_TELEMETRY: 'dedicated', WITH_CONTEXT: '1' }, 1],
  ])('%s: the app was given none', async (_, env, exports) => {
    const { spans, events, asked } = await run({ ...env, WITH_HINDCAST: '1' });
    expect(spans.map(({ name }) => name)).toEqual(['app-root']);
    expect(asked.filter((path) => path === '/telemetry/v1/traces')).toHaveLength(exports);
    expect(events.map(({ llm }) => llm.native)).toEqual([undefined, undefined, undefined]);
  });
});
