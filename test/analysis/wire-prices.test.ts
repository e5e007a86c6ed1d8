/** How many of the recorded exchanges beside the repository get a price, read without any SDK. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { costOf, DEFAULT_PRICES } from '../../src/analysis/prices.ts';
import type { LlmFacts } from '../../src/events/model.ts';
import type { Operation } from '../../src/providers/contract.ts';
import { converse } from '../../src/providers/bedrock/converse.ts';
import { invokeOperation, invokeRequest } from '../../src/providers/bedrock/invoke-model.ts';
import { generateContent, streamContent } from '../../src/providers/google/generate-content.ts';
import { interactions } from '../../src/providers/google/interactions.ts';
import { decodeBody } from '../../src/providers/wire-body.ts';
import { haveExchanges, loadExchanges, SHARED } from '../providers/decode/wire-exchanges.ts';

/** Our names where they are not those of the folders. */
const NAMES: Record<string, string> = {
  'azure-openai': 'azure.ai.openai',
  bedrock: 'aws.bedrock',
  gemini: 'gcp.gemini',
  mistral: 'mistral_ai',
  vertex: 'gcp.vertex_ai',
  xai: 'x_ai',
};
const GEMINI: Record<string, Operation> = { generateContent, streamGenerateContent: streamContent, interactions };

interface Answered {
  provider: string;
  operation: Operation;
  request: unknown;
  body: string | Uint8Array;
  contentType: string | undefined;
}

/** The exchanges of Google and Amazon, which name the model in the path. */
function inPaths(): Answered[] {
  return ['gemini', 'vertex', 'bedrock'].flatMap((provider) => {
    const folder = join(SHARED, 'wire/open', provider);
    if (!existsSync(folder)) return [];
    return readdirSync(folder).flatMap((name): Answered[] => {
      const { endpoint, request, response } = JSON.parse(readFileSync(join(folder, name), 'utf8'));
      if (response.status >= 400) return [];
      const path = decodeURIComponent(request.path);
      const model = /\/models?\/([^/:]+(?::\d)?)/.exec(path)?.[1];
      const asked = { model, ...request.body };
      const isBedrock = provider === 'bedrock';
      const operation = isBedrock
        ? endpoint.startsWith('converse')
          ? converse
          : invokeOperation(invokeRequest(asked))
        : GEMINI[endpoint];
      if (operation === undefined) return [];
      const chunks: string[] | undefined = response.chunks;
      const body = chunks
        ? Buffer.concat(chunks.map((chunk) => Buffer.from(chunk, isBedrock ? 'base64' : 'utf8')))
        : JSON.stringify(response.body);
      const text = isBedrock && chunks ? body : body.toString();
      return [{ provider, operation, request: asked, body: text, contentType: response.headers['content-type'] }];
    });
  });
}

function costOfAnswer({ provider, operation, request, body, contentType }: Answered): number | null | undefined {
  const { response, usage } = operation.response(decodeBody(operation, body, contentType).body);
  // No figure is nothing to price: moderations, counts, images.
  if (usage?.input === undefined) return null;
  const facts: LlmFacts = {
    operation: operation.operation,
    provider: NAMES[provider] ?? provider,
    request: operation.request(request),
    response,
    usage,
  };
  return costOf(DEFAULT_PRICES, facts)?.usd;
}

/** Least shares that must have a price, in percent. The rest asks for a model whose price the lists disagree on, or that none lists. */
const FLOORS: Record<string, number> = { openai: 95, anthropic: 90, groq: 100, xai: 100, cohere: 85, gemini: 100, bedrock: 75 };

describe.skipIf(!haveExchanges)('S7 recorded exchanges (../shared/wire; skipped where it is absent)', () => {
  it('are priced, by provider', () => {
    const found: Answered[] = loadExchanges()
      .filter(({ status, provider }) => status < 400 && !['gemini', 'vertex', 'bedrock'].includes(provider))
      .map((exchange) => ({ ...exchange, body: exchange.text }));
    const table: Record<string, { calls: number; priced: number; usd: number; unpriced: string }> = {};
    for (const answered of [...found, ...inPaths()]) {
      const usd = costOfAnswer(answered);
      if (usd === null) continue;
      const row = (table[answered.provider] ??= { calls: 0, priced: 0, usd: 0, unpriced: '' });
      row.calls++;
      if (usd === undefined) row.unpriced += ` ${answered.operation.request(answered.request).model}`;
      else {
        expect(usd).toBeGreaterThan(0);
        row.priced++;
        row.usd += usd;
      }
    }
    console.table(table);
    for (const [provider, floor] of Object.entries(FLOORS)) {
      const row = table[provider]!;
      expect((100 * row.priced) / row.calls, provider).toBeGreaterThanOrEqual(floor);
    }
    // What runs on the app's own machines costs what nobody else knows.
    expect(table['ollama']?.priced).toBe(0);
  });
});
