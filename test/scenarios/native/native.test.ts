/**
 * An app with OpenTelemetry of its own, in which Anthropic's SDK makes spans by itself: the app's spans stay what they are without us, and each backend is sent one span a call.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startStandIn } from '../../../src/testing/stand-in.ts';
import type { StandIn } from '../../../src/testing/stand-in.ts';
import { anthropicMessage, anthropicStream, chatCompletion } from '../../../src/testing/wire.ts';
import { startReceiver } from '../../support/otlp-receiver.ts';
import type { OtlpSpan } from '../../support/otlp-receiver.ts';

const APP = join(import.meta.dirname, 'app.mjs');
const folder = mkdtempSync(join(tmpdir(), 'hindcast-native-'));
let provider: StandIn;

beforeAll(async () => {
  provider = await startStandIn(({ path, json }) => {
    if (!path.includes('/messages')) return { body: chatCompletion({ text: 'Hello.' }) };
    return json.stream ? { pieces: anthropicStream({ text: 'Hello.' }) } : { body: anthropicMessage({ text: 'Hello.' }) };
  });
});
afterAll(async () => {
  await provider.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A backend, and what came from the app's exporter, which sends JSON, and from ours. */
async function startBackend(): Promise<{ url: string; close: () => Promise<void>; app: () => OtlpSpan[]; ours: () => string[] }> {
  const receiver = await startReceiver();
  const spans = (json: boolean): OtlpSpan[] =>
    receiver.requests
      .filter(({ headers }) => (headers['content-type'] === 'application/json') === json)
      .flatMap((each) => each.spans);
  return {
    url: receiver.url.replace('/v1/traces', ''),
    close: () => receiver.close(),
    app: () => spans(true),
    ours: () => spans(false).map(({ name }) => name),
  };
}

function run(env: Record<string, string>): Promise<{ stdout: string; stderr: string; code: number | null }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [APP], {
      env: { PATH: process.env['PATH'] ?? '', PROVIDER: provider.url, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 60_000,
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (bytes) => (stdout += bytes));
    child.stderr.on('data', (bytes) => (stderr += bytes));
    child.on('close', (code) => resolve({ stdout, stderr, code }));
  });
}

/** What the spans say, with ids replaced by names, and times left out. */
function shape(spans: readonly OtlpSpan[]): unknown[] {
  const names = new Map(spans.map(({ spanId, name }) => [spanId, name]));
  return spans
    .map(({ name, parentSpanId, attributes }) => ({
      name,
      parent: parentSpanId === undefined ? 'none' : (names.get(parentSpanId) ?? 'unknown'),
      attributes: attributes
        .map(({ key, value }) => [key, ...Object.values(value)])
        .filter(([key]) => key !== 'server.port' && !String(key).includes('time_to')),
    }))
    .toSorted((a, b) => a.name.localeCompare(b.name));
}

function recordedEvents(dir: string): any[] {
  const recordings = join(dir, 'recordings');
  return readdirSync(recordings)
    .filter((name) => name.endsWith('.jsonl'))
    .flatMap((name) => readFileSync(join(recordings, name), 'utf8').trim().split('\n'))
    .map((line) => JSON.parse(line))
    .flatMap(({ k, e }) => (k === 'event' ? [e] : []));
}

describe('P10 T2 native telemetry', () => {
  let bare: { stdout: string; spans: OtlpSpan[] };
  beforeAll(async () => {
    const backend = await startBackend();
    const { stdout, code } = await run({ APP_BACKEND: backend.url });
    expect(code).toBe(0);
    bare = { stdout, spans: backend.app() };
    await backend.close();
    expect(bare.spans.map(({ name }) => name).toSorted()).toEqual([
      'anthropic.messages.create',
      'anthropic.messages.create',
      'app-root',
    ]);
  });

  test('two backends: the one has what it had, the other one span of ours a call, below the spans of the app', async () => {
    const [theirs, ours] = [await startBackend(), await startBackend()];
    const dir = join(folder, 'two');
    const env = { WITH_HINDCAST: '1', HINDCAST_DIR: dir, HINDCAST_ENDPOINT: ours.url, APP_BACKEND: theirs.url };
    const { stdout, stderr, code } = await run(env);
    await Promise.all([theirs.close(), ours.close()]);
    expect({ stdout, stderr, code }).toEqual({ stdout: bare.stdout, stderr: '', code: 0 });
    expect(shape(theirs.app())).toEqual(shape(bare.spans));
    expect(theirs.ours()).toEqual([]);
    expect(ours.app()).toEqual([]);
    expect(ours.ours().toSorted()).toEqual(['chat claude-x', 'chat claude-x', 'chat gpt-x']);
    const root = theirs.app().find(({ name }) => name === 'app-root')!;
    const native = theirs.app().filter(({ name }) => name !== 'app-root');
    const events = recordedEvents(dir);
    expect(events.map(({ trace, parent }) => [trace, parent])).toEqual(events.map(() => [root.traceId, root.spanId]));
    expect(events.map(({ llm }) => llm.native?.span)).toEqual([...native.map(({ spanId }) => spanId), undefined]);
  });

  test('one backend, by the variable that both read: one span a call, the native one where there is one', async () => {
    const backend = await startBackend();
    const dir = join(folder, 'one');
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: backend.url, APP_BACKEND: backend.url };
    const { stdout, code } = await run({ WITH_HINDCAST: '1', HINDCAST_DIR: dir, ...env });
    await backend.close();
    expect({ stdout, code }).toEqual({ stdout: bare.stdout, code: 0 });
    expect(shape(backend.app())).toEqual(shape(bare.spans));
    expect(backend.ours()).toEqual(['chat gpt-x']);
    expect(recordedEvents(dir)).toHaveLength(3);
  });

  test.each([
    ['both', ['chat claude-x', 'chat claude-x', 'chat gpt-x']],
    ['native', ['chat gpt-x']],
  ])('nativeSpans %s', async (nativeSpans, expected) => {
    const [theirs, ours] = [await startBackend(), await startBackend()];
    const env = { HINDCAST_NATIVE_SPANS: nativeSpans, HINDCAST_ENDPOINT: ours.url, APP_BACKEND: theirs.url };
    await run({ WITH_HINDCAST: '1', HINDCAST_DIR: join(folder, nativeSpans), ...env });
    await Promise.all([theirs.close(), ours.close()]);
    expect(ours.ours().toSorted()).toEqual(expected);
  });

  test("what is sent to the provider is the same: the SDK's own trace headers, and none of ours", async () => {
    const headers = (from: number): string[][] =>
      provider.requests.slice(from).map((each) => Object.keys(each.headers).toSorted());
    const backend = await startBackend();
    const first = provider.requests.length;
    await run({ APP_BACKEND: backend.url });
    const second = provider.requests.length;
    const env = { WITH_HINDCAST: '1', HINDCAST_DIR: join(folder, 'wire'), APP_BACKEND: backend.url };
    await run(env);
    await backend.close();
    const before = headers(first).slice(0, second - first);
    expect(before[0]).toContain('traceparent');
    expect(headers(second)).toEqual(before);
  });
});
