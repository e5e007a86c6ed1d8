/** Recorded exchanges of Google's APIs, where they lie beside the repository. They are read here and not copied. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { MessageContent } from '../../../src/events/content.ts';
import type { Operation } from '../../../src/providers/contract.ts';
import { geminiEmbeddings } from '../../../src/providers/google/gemini-embeddings.ts';
import { countGeminiTokens, generateContent, streamContent } from '../../../src/providers/google/generate-content.ts';
import { interactions } from '../../../src/providers/google/interactions.ts';
import { decodeBody } from '../../../src/providers/wire-body.ts';
import { geminiSamples } from './sample-gemini.ts';
import { SHARED } from './wire-exchanges.ts';

const ENDPOINTS: Record<string, Operation> = {
  generateContent,
  streamGenerateContent: streamContent,
  countTokens: countGeminiTokens,
  embedContent: geminiEmbeddings,
  batchEmbedContents: geminiEmbeddings,
  interactions,
};
const FOLDERS = ['gemini', 'vertex'].map((name) => join(SHARED, 'wire/open', name));
const haveThem = FOLDERS.every(existsSync);
const exchanges = (haveThem ? FOLDERS : []).flatMap((folder) =>
  readdirSync(folder).map((file) => {
    const raw = JSON.parse(readFileSync(join(folder, file), 'utf8'));
    const text: string = raw.response.chunks?.join('') ?? JSON.stringify(raw.response.body);
    const operation = ENDPOINTS[raw.endpoint]!;
    const decoded = decodeBody(operation, text, raw.response.headers['content-type']);
    return { ...raw, operation, text, decoded, status: raw.response.status as number };
  }),
);
const good = exchanges.filter(({ status }) => status < 400);

/** The last chunk of a stream, or the body, read without any code of ours. */
function lastOf({ framing, text }: { framing: string; text: string }): any {
  if (framing === 'json') return JSON.parse(text);
  const data = text.split(/\r?\n/).filter((line) => line.startsWith('data:') && !line.includes('[DONE]'));
  return JSON.parse(data.at(-1)!.slice(5));
}

describe.skipIf(!haveThem)('P5 recorded exchanges', () => {
  test('all are read', () => {
    expect(exchanges.length).toBeGreaterThan(15);
    for (const { operation, id } of exchanges) expect(operation, id).toBeDefined();
  });

  test('each answer says why it ended, what it said, and which tokens', () => {
    const counts = { finish: 0, said: 0, usage: 0, tools: 0 };
    for (const exchange of good) {
      const { operation, decoded, id, endpoint, request } = exchange;
      const { response, usage, error } = operation.response(decoded.body);
      expect(decoded.complete, id).toBe(true);
      expect(error, id).toBeUndefined();
      if (endpoint === 'countTokens' || endpoint.endsWith('mbedContents') || endpoint === 'embedContent') {
        if (endpoint !== 'countTokens') expect(response.dimensions, id).toBe(768);
        continue;
      }
      const last = lastOf(exchange);
      const meta = last.usageMetadata;
      const own = last.usage ?? last.interaction?.usage;
      const total = meta ? meta.totalTokenCount : own.total_tokens;
      expect((usage?.input ?? 0) + (usage?.output ?? 0), id).toBe(total);
      expect(usage?.reasoning, id).toBe(
        meta ? meta.thoughtsTokenCount : (last.usage ?? last.interaction.usage).total_thought_tokens,
      );
      expect(response.finishReasons, id).toHaveLength(1);
      expect(response.model, id).toMatch(/^gemini-\d/);
      expect(response.id, id).toBeTruthy();
      expect(operation.input(request.body).input?.length, id).toBeGreaterThan(0);
      const calls = exchange.text.includes('"functionCall"');
      expect(response.toolCalls !== undefined, id).toBe(calls);
      if (operation.output(decoded.body).some(({ parts }: any) => parts.length > 0)) counts.said++;
      counts.finish++;
      if (usage) counts.usage++;
      if (calls) counts.tools++;
    }
    // One was cut short by its length before it had said a word.
    expect(counts).toEqual({ finish: 11, said: 10, usage: 11, tools: 4 });
  });

  test('every prefix of every stream is readable, and is not whole', () => {
    for (const { operation, text, framing, id } of good) {
      if (framing !== 'sse') continue;
      const end =
        operation === interactions ? text.lastIndexOf('event: interaction.completed') : text.lastIndexOf('"finishReason"');
      for (let length = 0; length < text.length; length += 7) {
        const { body, complete } = decodeBody(operation, text.slice(0, length), 'text/event-stream');
        operation.response(body);
        operation.output(body);
        if (length < end) expect(complete, `${id} after ${length}`).toBe(false);
      }
    }
  });

  test('P7 every error answer says what it is', () => {
    const failed = exchanges.filter(({ status }) => status >= 400);
    const codes = failed.map(({ operation, decoded }) => operation.response(decoded.body).error?.code ?? 'none');
    expect(codes.toSorted((a, b) => (a < b ? -1 : 1))).toEqual([
      'API_KEY_INVALID',
      'INVALID_ARGUMENT',
      'NOT_FOUND',
      'NOT_FOUND',
      'invalid_request',
    ]);
  });
});

const CONTENT: Record<keyof MessageContent, string> = {
  input: 'gen_ai.input.messages',
  output: 'gen_ai.output.messages',
  system: 'gen_ai.system_instructions',
  tools: 'gen_ai.tool.definitions',
};

describe.skipIf(!haveThem)('T1 messages keep the conventions', () => {
  const said: MessageContent[] = [
    ...exchanges.map(({ operation, request, decoded }) => ({
      ...operation.input(request.body),
      output: operation.output(decoded.body),
    })),
    ...geminiSamples.map(({ operation, request, answer }) => ({ ...operation.input(request), output: operation.output(answer) })),
  ];
  const spans = said.map((content, index) => {
    const attributes = Object.entries(CONTENT).flatMap(([key, attribute]): [string, string][] => {
      const value = content[key as keyof MessageContent];
      return value === undefined ? [] : [[attribute, JSON.stringify(value)]];
    });
    const facts = {
      'gen_ai.operation.name': 'generate_content',
      'gen_ai.provider.name': 'gcp.gemini',
      'gen_ai.request.model': 'm',
    };
    return {
      traceId: 'a'.repeat(32),
      spanId: (index + 1).toString(16).padStart(16, '0'),
      name: 'generate_content m',
      kind: 3,
      startTimeUnixNano: '1',
      endTimeUnixNano: '2',
      attributes: [...Object.entries(facts), ...attributes].map(([key, stringValue]) => ({ key, value: { stringValue } })),
    };
  });

  test.each(['main', '1.41'])('no violation in profile %s', async (profile) => {
    const { validate, loadSpec } = await import(pathToFileURL(join(SHARED, 'semconv/validate.mjs')).href);
    const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'test' } }] };
    const { findings } = validate({ resourceSpans: [{ resource, scopeSpans: [{ spans }] }] }, loadSpec(), { profile });
    const violations = findings.filter(({ level }: any) => level === 'violation');
    expect(violations.map(({ spanId, message }: any) => `${spanId}: ${message}`)).toEqual([]);
  });
});
