/**
 * Every recorded exchange of OpenAI, Azure and Anthropic, played byte for byte (cut at random places) to the real SDKs: first bare, then under `init()`. The app must be given
 * the same; the recording must hold one complete event a call; what is exported must be valid under both profiles of the conventions.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { init, shutdown } from '../../../src/client/init.ts';
import type { SpanEvent } from '../../../src/events/model.ts';
import { messageContent } from '../../../src/providers/decode.ts';
import { readRecording } from '../../../src/recording/recording.ts';
import { decodeTraces, startReceiver } from '../../support/otlp-receiver.ts';
import { haveExchanges, loadExchanges, SHARED, type WireExchange } from '../../providers/decode/wire-exchanges.ts';

const require = createRequire(import.meta.url);
const PROVIDERS = new Set(['openai', 'azure-openai', 'anthropic']);
const found = haveExchanges ? loadExchanges().filter(({ provider }) => PROVIDERS.has(provider)) : [];

/** The method that asks for an endpoint; undefined where this version of the SDK has none. */
function methodOf(clients: any, { provider, endpoint }: WireExchange): ((body: any, options: any) => any) | undefined {
  const client = provider === 'anthropic' ? (endpoint === 'complete' ? clients.anthropic0 : clients.anthropic) : clients.openai;
  const path: Record<string, string> = {
    'chat.completions': 'chat.completions.create',
    'responses.compact': 'responses.compact',
    'images.generations': 'images.generate',
    'messages.count_tokens': 'messages.countTokens',
    complete: 'completions.create',
  };
  const names = (path[endpoint] ?? `${endpoint}.create`).split('.');
  const name = names.pop()!;
  let owner = client;
  for (const each of names) owner = owner?.[each];
  return typeof owner?.[name] === 'function' ? (body, options) => owner[name](body, options) : undefined;
}

/** What the app is given: the value, the chunks of a stream, or the error. */
async function outcomeOf(clients: any, exchange: WireExchange): Promise<unknown> {
  const method = methodOf(clients, exchange);
  if (method === undefined) return undefined;
  try {
    const value = await method(exchange.request, { headers: { 'x-exchange': exchange.id }, maxRetries: 0 });
    if (typeof value?.[Symbol.asyncIterator] !== 'function') return { value };
    const chunks: unknown[] = [];
    try {
      for await (const chunk of value) chunks.push(chunk);
    } catch (error) {
      return { chunks, error: seen(error) };
    }
    return { chunks };
  } catch (error) {
    return { error: seen(error) };
  }
}

function seen(error: any): object {
  const { name, message, status, code, type } = error;
  return { class: error.constructor.name, name, message, status, code, type };
}

describe.skipIf(!haveExchanges)(
  'P4 P5 P7 T1 recorded exchanges through the real SDKs (../shared/wire; skipped where it is absent)',
  () => {
    const dir = mkdtempSync(join(tmpdir(), 'hindcast-wire-'));
    let server: any;
    let clients: any;
    const bare = new Map<string, unknown>();

    beforeAll(async () => {
      const { startWireServer } = await import(join(SHARED, 'wire/serve.mjs'));
      server = await startWireServer({ dir: join(SHARED, 'wire/open') });
      const anthropic = (name: string): any => require(name).default;
      clients = {
        openai: new (require('openai').OpenAI)({ apiKey: 'none', baseURL: `${server.url}/v1` }),
        anthropic: new (anthropic('@anthropic-ai/sdk'))({ apiKey: 'none', baseURL: server.url }),
        anthropic0: new (anthropic('anthropic-0'))({ apiKey: 'none', baseURL: server.url }),
      };
      for (const exchange of found) bare.set(exchange.id, await outcomeOf(clients, exchange));
    });

    afterAll(async () => {
      await shutdown();
      await server?.close();
      rmSync(dir, { recursive: true, force: true });
    });

    async function play(
      profile: 'main' | '1.41',
      captureContent: boolean,
    ): Promise<{ events: SpanEvent[]; recording: any; findings: any[] }> {
      const receiver = await startReceiver();
      const folder = join(dir, `${profile}-${captureContent}`);
      const client = init({
        record: 'full',
        dir: folder,
        quiet: true,
        endpoint: receiver.url.replace('/v1/traces', ''),
        semconv: profile,
        captureContent,
        service: 'wire',
      });
      try {
        for (const exchange of found) {
          expect(await outcomeOf(clients, exchange), exchange.id).toEqual(bare.get(exchange.id));
        }
        expect(await client.flush(20_000)).toBe(true);
        await shutdown();
        const { loadSpec, validate } = await import(join(SHARED, 'semconv/validate.mjs'));
        const spec = loadSpec();
        const findings = receiver.requests.flatMap(
          (request) => validate(decodeTraces(request.body), spec, { profile, noContent: !captureContent }).findings,
        );
        const recordings = join(folder, 'recordings');
        const recording = readRecording(
          join(
            recordings,
            readdirSync(recordings).find((name) => name.endsWith('.jsonl'))!,
          ),
        );
        return { events: recording.events, recording, findings };
      } finally {
        await receiver.close();
      }
    }

    it.each([
      ['main', false],
      ['1.41', true],
    ] as const)(
      'gives the app the same and records each call once, profile %s, content exported: %s',
      async (profile, withContent) => {
        const { events, recording, findings } = await play(profile, withContent);
        const called = found.filter(({ id }) => bare.get(id) !== undefined);
        expect(events.map((event) => event.type)).toEqual(called.map(() => 'llm'));
        const table: Record<string, Record<string, number>> = {};
        for (const [index, exchange] of called.entries()) {
          const event = events[index]!;
          const row = (table[`${exchange.provider} ${exchange.endpoint} ${exchange.framing}`] ??= {
            calls: 0,
            failed: 0,
            model: 0,
            finish: 0,
            tokens: 0,
            said: 0,
            tools: 0,
          });
          const outcome = bare.get(exchange.id) as { error?: unknown };
          row['calls']!++;
          expect(event.status, exchange.id).toBe(outcome.error === undefined ? 'ok' : 'error');
          if (outcome.error !== undefined) {
            row['failed']!++;
            expect(event.error?.type, exchange.id).toBeTypeOf('string');
            continue;
          }
          const { response = {}, usage } = event.llm!;
          const expected = exchange.operation.response(JSON.parse(JSON.stringify((outcome as any).value ?? {})));
          if ('value' in outcome) expect(usage, exchange.id).toEqual(expected.usage);
          if (response.model !== undefined) row['model']!++;
          if (response.finishReasons?.length) row['finish']!++;
          if (usage !== undefined) row['tokens']!++;
          if (response.toolCalls?.length) row['tools']!++;
          const bytes = [...recording.exchanges.values()].find((each: any) => each.on === event.id)!;
          expect(bytes.responseText(), exchange.id).toBe(exchange.text);
          const said = messageContent(event, {
            request: bytes.requestText(),
            response: bytes.responseText(),
            ...(exchange.contentType === undefined ? {} : { contentType: exchange.contentType }),
          });
          if (said.output?.some((message) => message.parts.length > 0)) row['said']!++;
        }
        if (!withContent) console.table(table);
        expect(findings.filter(({ level }) => level === 'violation')).toEqual([]);
        expect(called.length).toBeGreaterThan(100);
      },
    );
  },
);
