/**
 * Every recorded exchange beside the repository, of every provider, played byte for byte (cut at random places) to the real SDKs: first bare, then under `init()`. The app must be given
 * the same; the recording must hold one complete event a call, with the bytes; what is exported must be valid under both profiles of the conventions.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { init, shutdown } from '../../../src/client/init.ts';
import type { SpanEvent } from '../../../src/events/model.ts';
import { messageContent } from '../../../src/providers/decode.ts';
import { listProviders } from '../../../src/providers/registered.ts';
import { readRecording } from '../../../src/recording/recording.ts';
import { haveExchanges, SHARED } from '../../providers/decode/wire-exchanges.ts';
import { decodeTraces, startReceiver } from '../../support/otlp-receiver.ts';
import { loadDrivers, loadRecorded, outcomeOf } from './drive.ts';
import type { Generation, Recorded } from './drive.ts';
import { factsOnTheWire } from './wire-facts.ts';

const found = haveExchanges ? loadRecorded() : [];

interface Play {
  generation: Generation;
  profile: 'main' | '1.41';
  content: boolean;
}

const PLAYS: Play[] = [
  { generation: 'latest', profile: 'main', content: false },
  { generation: 'older', profile: '1.41', content: true },
];

/** What this generation of the SDK has no method for. */
const NOT_THERE: Record<Generation, string[]> = { latest: [], older: [] };

/** How many calls of a row said each thing, and how many there were. */
type Row = Record<'calls' | 'failed' | 'model' | 'finish' | 'tokens' | 'text' | 'tools' | 'bytes', number>;

describe.skipIf(!haveExchanges)(
  'P4 P5 P6 P7 T1 recorded exchanges through the real SDKs (../shared/wire; skipped where it is absent)',
  () => {
    const dir = mkdtempSync(join(tmpdir(), 'hindcast-wire-'));
    let server: any;

    beforeAll(async () => {
      const { startWireServer } = await import(join(SHARED, 'wire/serve.mjs'));
      server = await startWireServer({ dir: join(SHARED, 'wire/open') });
    });

    afterAll(async () => {
      await shutdown();
      await server?.close();
      rmSync(dir, { recursive: true, force: true });
    });

    async function play({ generation, profile, content }: Play): Promise<any> {
      const drivers = await loadDrivers(generation);
      const bare = new Map<string, any>();
      for (const exchange of found) bare.set(exchange.id, await outcomeOf(drivers, server.url, exchange));
      const receiver = await startReceiver();
      const folder = join(dir, generation);
      const client = init({
        record: 'full',
        dir: folder,
        quiet: true,
        endpoint: receiver.url.replace('/v1/traces', ''),
        semconv: profile,
        captureContent: content,
        service: 'wire',
      });
      try {
        for (const exchange of found) {
          expect(await outcomeOf(drivers, server.url, exchange), exchange.id).toEqual(bare.get(exchange.id));
        }
        expect(await client.flush(30_000)).toBe(true);
        await shutdown();
        const { loadSpec, validate } = await import(join(SHARED, 'semconv/validate.mjs'));
        const spec = loadSpec();
        const findings = receiver.requests.flatMap(
          (request) => validate(decodeTraces(request.body), spec, { profile, noContent: !content }).findings,
        );
        const recordings = join(folder, 'recordings');
        const file = readdirSync(recordings).find((name) => name.endsWith('.jsonl'))!;
        return { bare, recording: readRecording(join(recordings, file)), findings };
      } finally {
        await shutdown();
        await receiver.close();
      }
    }

    it.each(PLAYS)(
      'gives the app the same and records each call once: SDKs of the $generation generation, profile $profile, content exported: $content',
      { timeout: 300_000 },
      async (how) => {
        const { bare, recording, findings } = await play(how);
        const called = found.filter(({ id }) => bare.get(id) !== undefined);
        // An SDK that refuses its argument sends nothing; its call is an event all the same.
        expect(recording.events.map((event: SpanEvent) => event.type)).toEqual(called.map(() => 'llm'));
        const table: Record<string, Row> = {};
        const faults: string[] = [];
        for (const [index, exchange] of called.entries()) {
          const row = (table[`${exchange.provider} ${exchange.endpoint} ${exchange.framing}`] ??= emptyRow());
          faults.push(...compare(exchange, recording.events[index], recording, bare.get(exchange.id), row));
        }
        console.table(table);
        console.log(`${how.generation}: ${called.length} of ${found.length} recorded exchanges, ${faults.length} faults`);
        expect(faults).toEqual([]);
        expect(findings.filter(({ level }: any) => level === 'violation')).toEqual([]);
        const uncalled = found
          .filter((exchange) => !called.includes(exchange))
          .map(({ provider, endpoint }) => `${provider} ${endpoint}`);
        expect([...new Set(uncalled)]).toEqual(NOT_THERE[how.generation]);
      },
    );
  },
);

function emptyRow(): Row {
  return { calls: 0, failed: 0, model: 0, finish: 0, tokens: 0, text: 0, tools: 0, bytes: 0 };
}

/** What the event lacks of what the wire says, as sentences. */
function compare(exchange: Recorded, event: SpanEvent, recording: any, outcome: any, row: Row): string[] {
  const faults: string[] = [];
  const must = (holds: boolean, what: string): void => {
    if (!holds) faults.push(`${exchange.id}: ${what}`);
  };
  row.calls++;
  const failed = outcome.error !== undefined;
  const facts = failed ? undefined : factsOnTheWire(exchange);
  must(event.status === (failed || facts?.failed ? 'error' : 'ok'), `status ${event.status}`);
  must(
    listProviders().some(({ operations }) => operations.some(({ api }) => api === event.llm?.api)),
    `api ${event.llm?.api} is nobody's`,
  );
  if (facts === undefined) {
    row.failed++;
    must(typeof event.error?.type === 'string', 'an error without a type');
    if (exchange.status >= 400 && event.attempts?.length)
      must(event.error?.status === exchange.status, `status ${event.error?.status}`);
    return faults;
  }
  const bytes = [...recording.exchanges.values()].find((each: any) => each.on === event.id);
  must(bytes !== undefined && isWhole(exchange.bytes, bytes.responseBody()), 'other bytes');
  if (bytes !== undefined) row.bytes++;
  const { request, response = {}, usage } = event.llm!;
  if (facts.model) {
    must((response.model ?? request.model) !== undefined, 'no model');
    row.model++;
  }
  if (facts.finish !== undefined) {
    must(response.finishReasons?.includes(facts.finish) === true, `finish ${response.finishReasons?.join()} for ${facts.finish}`);
    row.finish++;
  }
  if (facts.output !== undefined) {
    must(usage?.output === facts.output, `output tokens ${usage?.output} for ${facts.output}`);
    row.tokens++;
  } else if (facts.input !== undefined) row.tokens++;
  if (facts.input !== undefined) must(usage?.input === facts.input, `input tokens ${usage?.input} for ${facts.input}`);
  if (facts.tools.length > 0) {
    const names = response.toolCalls?.map(({ name }) => name) ?? [];
    must(JSON.stringify(names) === JSON.stringify(facts.tools), `tools ${names.join()} for ${facts.tools.join()}`);
    row.tools++;
  }
  if (facts.text) {
    const bodies = {
      request: bytes?.requestText(),
      response: bytes?.responseContent(),
      ...(exchange.contentType === undefined ? {} : { contentType: exchange.contentType }),
    };
    const said = messageContent(event, bodies);
    const text = said.output?.flatMap(({ parts }) => parts.map(({ content }) => content ?? '')).join('') ?? '';
    must(text.includes(facts.text), `text ${JSON.stringify(text.slice(0, 80))} lacks ${JSON.stringify(facts.text.slice(0, 80))}`);
    row.text++;
  }
  return faults;
}

/** Whether all was recorded; some SDKs leave a stream before they have read `[DONE]`. */
function isWhole(sent: Buffer, recorded: Uint8Array): boolean {
  const read = sent.subarray(0, recorded.length).equals(recorded);
  return read && 'data: [DONE]\n\n'.endsWith(sent.subarray(recorded.length).toString('utf8'));
}
