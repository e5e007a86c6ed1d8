import { describe, expect, it } from 'vitest';
import { readPriceLines } from '../../src/analysis/price-lines.ts';
import { PRICE_LINES } from '../../src/analysis/price-table.ts';
import { costOf, DEFAULT_PRICES, findPrice, overridePrices } from '../../src/analysis/prices.ts';
import type { LlmFacts, Usage } from '../../src/events/model.ts';

const MILLION = 1_000_000;
const call = (over: Partial<LlmFacts>): LlmFacts => ({ operation: 'chat', provider: 'openai', request: {}, ...over });
const price = (provider: string, model: string) => findPrice(DEFAULT_PRICES, provider, model);
const cost = (provider: string, model: string, usage: Usage, over: Partial<LlmFacts> = {}) =>
  costOf(DEFAULT_PRICES, call({ provider, request: { model }, usage, ...over }))?.usd;

describe('S7 the table', () => {
  it('is lines of names and figures, and nothing else', () => {
    for (const [provider, lines] of Object.entries(PRICE_LINES)) {
      for (const line of lines.split('\n').filter((each) => each !== '')) {
        expect(line, provider).toMatch(
          /^([a-z{][a-z0-9.:/_{,}-]* )+(\?|\d+(\.\d+)?( (\d+(\.\d+)?|-|\?)){0,4}( >\d+k (\?|\d+(\.\d+)?( (\d+(\.\d+)?|-)){0,4}))?)$/,
        );
      }
      for (const [model, rates] of Object.entries(readPriceLines(lines))) {
        if (rates === null) continue;
        for (const rate of [rates.input, rates.output ?? 1, rates.cacheRead ?? 1, rates.cacheWrite ?? 1])
          expect(rate, model).toBeGreaterThan(0);
        if (rates.output !== undefined) expect(rates.output, model).toBeGreaterThanOrEqual(rates.input);
        if (rates.cacheRead !== undefined) expect(rates.cacheRead, model).toBeLessThanOrEqual(rates.input);
        if (rates.above?.rates) expect(rates.above.rates.input, model).toBeGreaterThan(rates.input);
      }
    }
  });

  it('names no model twice', () => {
    for (const [provider, lines] of Object.entries(PRICE_LINES)) {
      const names = lines.split('\n').flatMap((line) => Object.keys(readPriceLines(line)));
      expect([...new Set(names)], provider).toEqual(names);
    }
  });

  it('finds every model that it lists, by its own key', () => {
    for (const [provider, lines] of Object.entries(PRICE_LINES)) {
      for (const [model, rates] of Object.entries(readPriceLines(lines))) {
        expect(price(provider, model), `${provider} ${model}`).toEqual(rates ?? undefined);
      }
    }
  });

  it('holds a name that is another one and a date only where the price is another', () => {
    const found: string[] = [];
    for (const [provider, lines] of Object.entries(PRICE_LINES)) {
      if (provider === 'azure.ai.openai') continue;
      const prices = readPriceLines(lines);
      for (const model of Object.keys(prices)) {
        const { [model]: _, ...others } = prices;
        const shorter = Object.keys(others).find(
          (other) =>
            model.startsWith(other) &&
            /^([-@](\d{3,4}|\d{8}|\d{4}-\d{2}-\d{2}|latest|v\d+(:\d+)?))+$/.test(model.slice(other.length)),
        );
        if (shorter === undefined) continue;
        found.push(model);
        expect(prices[model], model).not.toEqual(prices[shorter]);
      }
    }
    expect(found.toSorted()).toEqual([
      'gemini-2.0-flash-001',
      'gpt-3.5-turbo-0301',
      'gpt-3.5-turbo-0613',
      'gpt-3.5-turbo-1106',
      'gpt-4o-2024-05-13',
      'o1-mini-2024-09-12',
    ]);
  });
});

describe('S7 which price is a model’s', () => {
  it('does not price a model as another whose name begins alike', () => {
    expect(price('openai', 'gpt-4o-mini')).toEqual({ input: 0.15, output: 0.6, cacheRead: 0.075 });
    expect(price('openai', 'gpt-4o-mini-2024-07-18')).toEqual({ input: 0.15, output: 0.6, cacheRead: 0.075 });
    expect(price('openai', 'gpt-4o')).toEqual({ input: 2.5, output: 10, cacheRead: 1.25 });
    expect(price('openai', 'gpt-4o-2024-08-06')).toBe(price('openai', 'gpt-4o'));
    for (const other of ['gpt-4o-audio-preview', 'gpt-4o-search-preview', 'gpt-4ox', 'o1-ultra', 'ft:gpt-4o:acme'])
      expect(price('openai', other), other).toBeUndefined();
    // It cost something else in its preview: an ending that says so is another model.
    expect(price('gcp.gemini', 'gemini-2.5-flash-preview-05-20')).toBeUndefined();
    expect(price('gcp.gemini', 'gemini-2.5-flash-image')).toBeUndefined();
    expect(price('mistral_ai', 'mistral-large-2402')).toBeUndefined();
    expect(price('cohere', 'command-r-03-2024')).toBeUndefined();
    expect(price('aws.bedrock', 'amazon.titan-embed-text-v2:0')).toBeUndefined();
  });

  it('has none where the lists disagree, also of a date of a model that it has', () => {
    expect(price('openai', 'gpt-4o-2024-05-13')).toBeUndefined();
    // Nor is the price of what was asked for taken instead.
    const asked = { request: { model: 'gpt-4o' }, response: { model: 'gpt-4o-2024-05-13' } };
    expect(cost('openai', 'gpt-4o', { input: 10, output: 10 }, asked)).toBeUndefined();
  });

  it('knows dates, aliases, and the folders of an id', () => {
    expect(price('anthropic', 'claude-3-5-haiku-20241022')).toBe(price('anthropic', 'claude-3-5-haiku'));
    expect(price('anthropic', 'claude-3-5-haiku-latest')).toBe(price('anthropic', 'claude-3-5-haiku'));
    expect(price('gcp.vertex_ai', 'claude-sonnet-4@20250514')).toBe(price('gcp.vertex_ai', 'claude-sonnet-4'));
    expect(price('gcp.gemini', 'models/gemini-2.0-flash-001')).toBe(price('gcp.gemini', 'gemini-2.0-flash'));
    expect(price('gcp.vertex_ai', 'publishers/google/models/gemini-2.5-pro')).toBe(price('gcp.vertex_ai', 'gemini-2.5-pro'));
    expect(price('fireworks', 'accounts/fireworks/models/kimi-k2p6')).toEqual({ input: 0.95, output: 4, cacheRead: 0.16 });
    const profile = 'arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-sonnet-4-20250514-v1:0';
    expect(price('aws.bedrock', profile)).toBe(price('aws.bedrock', 'us.anthropic.claude-sonnet-4'));
    expect(price('together', 'meta-llama/Llama-3.3-70B-Instruct-Turbo')).toEqual({ input: 0.88, output: 0.88 });
  });

  it('keeps providers apart', () => {
    expect(price('groq', 'openai/gpt-oss-120b')?.input).toBe(0.15);
    expect(price('cerebras', 'gpt-oss-120b')?.input).toBe(0.35);
    expect(price('openai', 'gpt-oss-120b')).toBeUndefined();
    expect(price('groq', 'llama-3.3-70b-versatile')?.output).toBe(0.79);
    expect(price('aws.bedrock', 'meta.llama3-3-70b-instruct-v1:0')?.output).toBe(0.72);
    expect(price('aws.bedrock', 'global.anthropic.claude-haiku-4-5-20251001-v1:0')?.input).toBe(1);
    expect(price('aws.bedrock', 'us.anthropic.claude-haiku-4-5-20251001-v1:0')?.input).toBe(1.1);
    expect(price('aws.bedrock', 'eu.anthropic.claude-opus-5')?.input).toBe(5.5);
    expect(price('aws.bedrock', 'anthropic.claude-opus-5')).toBeUndefined();
    for (const local of ['ollama', 'lm_studio', 'unknown', 'github', 'perplexity', '__proto__', 'constructor'])
      for (const model of ['gpt-4o', 'llama-3.3-70b', 'sonar-pro']) expect(price(local, model), local).toBeUndefined();
    expect(price('openai', '__proto__')).toBeUndefined();
  });

  it('follows a router to the provider that it names', () => {
    expect(price('openrouter', 'openai/gpt-4o')).toBe(price('openai', 'gpt-4o'));
    expect(price('openrouter', 'anthropic/claude-sonnet-4.5')).toBe(price('anthropic', 'claude-sonnet-4-5'));
    expect(price('openrouter', 'google/gemini-2.5-pro')).toBe(price('gcp.gemini', 'gemini-2.5-pro'));
    expect(price('litellm', 'bedrock/us.anthropic.claude-haiku-4-5-20251001-v1:0')?.input).toBe(1.1);
    expect(price('litellm', 'groq/openai/gpt-oss-120b')?.input).toBe(0.15);
    expect(price('litellm', 'gpt-4o')).toBe(price('openai', 'gpt-4o'));
    for (const open of [
      'meta-llama/llama-3.3-70b-instruct',
      'openai/gpt-oss-120b',
      'deepseek/deepseek-v4-pro',
      'anthropic/claude-sonnet-4.5:free',
    ])
      expect(price('openrouter', open), open).toBeUndefined();
  });
});

describe('S7 what a call cost', () => {
  it.each([
    // Each sum by hand, in dollars.
    ['openai', 'gpt-4o', { input: 1000, output: 200, cacheRead: 400 }, (600 * 2.5 + 400 * 1.25 + 200 * 10) / MILLION],
    ['azure.ai.openai', 'gpt-4.1-mini-2025-04-14', { input: 1000, output: 200 }, (1000 * 0.4 + 200 * 1.6) / MILLION],
    ['openai', 'text-embedding-3-small', { input: 5000 }, (5000 * 0.02) / MILLION],
    [
      'anthropic',
      'claude-haiku-4-5-20251001',
      { input: 1000, output: 100, cacheRead: 500 },
      (500 * 1 + 500 * 0.1 + 100 * 5) / MILLION,
    ],
    ['gcp.gemini', 'gemini-2.5-flash', { input: 1000, output: 300, reasoning: 200 }, (1000 * 0.3 + 300 * 2.5) / MILLION],
    ['gcp.vertex_ai', 'gemini-3.1-pro-preview', { input: 1000, output: 100 }, (1000 * 2 + 100 * 12) / MILLION],
    ['mistral_ai', 'mistral-medium-2508', { input: 1000, output: 100 }, (1000 * 0.4 + 100 * 2) / MILLION],
    ['cohere', 'command-a-03-2025', { input: 1000, output: 100 }, (1000 * 2.5 + 100 * 10) / MILLION],
    ['cohere', 'embed-v4.0', { input: 1000 }, (1000 * 0.12) / MILLION],
    ['groq', 'llama-3.1-8b-instant', { input: 1000, output: 100 }, (1000 * 0.05 + 100 * 0.08) / MILLION],
    ['x_ai', 'grok-4-0709', { input: 1000, output: 100, reasoning: 60 }, (1000 * 3 + 100 * 15) / MILLION],
    [
      'deepseek',
      'deepseek-v4-pro',
      { input: 1000, output: 100, cacheRead: 900 },
      (100 * 0.435 + 900 * 0.003625 + 100 * 0.87) / MILLION,
    ],
    ['aws.bedrock', 'amazon.nova-pro-v1:0', { input: 1000, output: 100 }, (1000 * 0.8 + 100 * 3.2) / MILLION],
    ['aws.bedrock', 'us.anthropic.claude-sonnet-4-6', { input: 1000, output: 100 }, (1000 * 3.3 + 100 * 16.5) / MILLION],
    ['aws.bedrock', 'mistral.mixtral-8x7b-instruct-v0:1', { input: 1000, output: 100 }, (1000 * 0.45 + 100 * 0.7) / MILLION],
    ['ai21', 'jamba-large-1.7-2025-07', { input: 1000, output: 100 }, undefined],
    ['ai21', 'jamba-large-1.7', { input: 1000, output: 100 }, (1000 * 2 + 100 * 8) / MILLION],
    ['together', 'moonshotai/Kimi-K2.5', { input: 1000, output: 100 }, (1000 * 0.5 + 100 * 2.8) / MILLION],
    ['fireworks', 'accounts/fireworks/models/glm-5p1', { input: 1000, output: 100 }, (1000 * 1.4 + 100 * 4.4) / MILLION],
    ['cerebras', 'llama-3.3-70b', { input: 1000, output: 100 }, (1000 * 0.85 + 100 * 1.2) / MILLION],
    ['moonshot_ai', 'kimi-k2.6', { input: 1000, output: 100 }, (1000 * 0.95 + 100 * 4) / MILLION],
  ] as [string, string, Usage, number | undefined][])('%s %s', (provider, model, usage, usd) => {
    if (usd === undefined) expect(cost(provider, model, usage)).toBeUndefined();
    else expect(cost(provider, model, usage)).toBeCloseTo(usd, 9);
  });

  it('takes the dearer rates of a long request, and has no price where those are unknown', () => {
    const at = (input: number, model = 'gemini-2.5-pro') => cost('gcp.gemini', model, { input, output: 1000, cacheRead: 1000 });
    expect(at(200_000)).toBeCloseTo((199_000 * 1.25 + 1000 * 0.125 + 1000 * 10) / MILLION, 9);
    expect(at(200_001)).toBeCloseTo((199_001 * 2.5 + 1000 * 0.25 + 1000 * 15) / MILLION, 9);
    expect(cost('anthropic', 'claude-sonnet-4-20250514', { input: 200_000, output: 1 })).toBeGreaterThan(0);
    expect(cost('anthropic', 'claude-sonnet-4-20250514', { input: 200_001, output: 1 })).toBeUndefined();
  });

  it('prices cache writes by how long they are kept, and needs to be told', () => {
    const usage = { input: 1000, output: 0, cacheWrite: 600 };
    const at = (cacheWriteHour: number) => cost('anthropic', 'claude-sonnet-4-6', { ...usage, cacheWriteHour });
    expect(at(0)).toBeCloseTo((400 * 3 + 600 * 3.75) / MILLION, 9);
    expect(at(200)).toBeCloseTo((400 * 3 + 400 * 3.75 + 200 * 6) / MILLION, 9);
    expect(cost('anthropic', 'claude-sonnet-4-6', usage)).toBeUndefined();
    expect(cost('anthropic', 'claude-sonnet-4-6', { ...usage, cacheWrite: 0 })).toBeCloseTo((1000 * 3) / MILLION, 9);
    // Known for five minutes alone.
    const bedrock = 'us.anthropic.claude-sonnet-4-6';
    expect(cost('aws.bedrock', bedrock, { ...usage, cacheWriteHour: 0 })).toBeCloseTo((400 * 3.3 + 600 * 4.125) / MILLION, 9);
    expect(cost('aws.bedrock', bedrock, { ...usage, cacheWriteHour: 1 })).toBeUndefined();
    // OpenAI has one kind.
    expect(cost('openai', 'gpt-5.6', usage)).toBeCloseTo((400 * 5 + 600 * 6.25) / MILLION, 9);
  });

  it('says unknown, and never 0, for an unknown model, rate or usage, and for a host that is not the provider', () => {
    const usage = { input: 10, output: 10 };
    expect(cost('openai', 'my-model', usage)).toBeUndefined();
    expect(costOf(DEFAULT_PRICES, call({ request: { model: 'gpt-4o' } }))).toBeUndefined();
    expect(cost('openai', 'gpt-4o', {})).toBeUndefined();
    expect(cost('openai', 'gpt-4o', { input: 0, output: 0 })).toBeUndefined();
    expect(cost('openai', 'gpt-4o', { input: 10 })).toBeUndefined();
    expect(cost('openai', 'gpt-4o', { output: 10 })).toBeUndefined();
    expect(costOf(DEFAULT_PRICES, call({ usage }))).toBeUndefined();
    expect(cost('ollama', 'gpt-4o', usage)).toBeUndefined();
    expect(cost('openai', 'text-embedding-3-small', usage)).toBeUndefined();
    expect(cost('openai', 'gpt-4o', { ...usage, audioInput: 1 })).toBeUndefined();
    // Nobody says what a cached token of this model costs.
    expect(cost('groq', 'llama-3.1-8b-instant', { ...usage, cacheRead: 5 })).toBeUndefined();
    expect(cost('openai', 'gpt-4o', usage, { api: 'claude_agent' })).toBeUndefined();
  });

  it('prices the standard tier alone', () => {
    const at = (request?: string, response?: string) =>
      cost(
        'openai',
        'gpt-4o',
        { input: 10, output: 10 },
        {
          request: { model: 'gpt-4o', ...(request && { serviceTier: request }) },
          ...(response && { response: { model: 'gpt-4o', serviceTier: response } }),
        },
      );
    for (const standard of [
      at(),
      at('default'),
      at('standard'),
      at('auto', 'default'),
      at('flex', 'default'),
      at(undefined, 'on_demand'),
    ])
      expect(standard).toBeGreaterThan(0);
    for (const other of [at('flex'), at('priority'), at('auto'), at('auto', 'priority'), at(undefined, 'batch')])
      expect(other).toBeUndefined();
  });

  it('prices Bedrock in the United States, and Claude on Vertex at the global endpoint', () => {
    const usage = { input: 10, output: 10 };
    const server = (address: string) => ({ server: { address, port: 443 } });
    const nova = (region: string) =>
      cost('aws.bedrock', 'amazon.nova-pro-v1:0', usage, server(`bedrock-runtime.${region}.amazonaws.com`));
    expect(nova('us-east-1')).toBeGreaterThan(0);
    for (const region of ['eu-central-1', 'ap-southeast-2', 'us-gov-west-1']) expect(nova(region), region).toBeUndefined();
    const frankfurt = server('bedrock-runtime.eu-central-1.amazonaws.com');
    expect(cost('aws.bedrock', 'eu.anthropic.claude-sonnet-4-6', usage, frankfurt)).toBeGreaterThan(0);
    const claude = (host: string) => cost('gcp.vertex_ai', 'claude-sonnet-4-6', usage, server(host));
    expect(claude('aiplatform.googleapis.com')).toBeGreaterThan(0);
    expect(claude('europe-west1-aiplatform.googleapis.com')).toBeUndefined();
    expect(cost('gcp.vertex_ai', 'gemini-2.5-pro', usage, server('europe-west1-aiplatform.googleapis.com'))).toBeGreaterThan(0);
  });

  it('prices the model that answered before the one that was asked for', () => {
    const usage = { input: MILLION, output: 0 };
    const facts = call({ request: { model: 'gpt-4o' }, response: { model: 'gpt-4o-mini' }, usage });
    expect(costOf(DEFAULT_PRICES, facts)).toEqual({ usd: 0.15, priced: DEFAULT_PRICES.date });
    // The answer of a cloud names the model as its maker does.
    const claude = { response: { model: 'claude-sonnet-4-6' } };
    expect(cost('aws.bedrock', 'us.anthropic.claude-sonnet-4-6', usage, claude)).toBe(3.3);
  });

  it('can be overridden and extended, for a provider or for all', () => {
    const own = { 'my-model': { input: 1, output: 2 }, 'groq/my-model': { input: 3, output: 4 }, 'gpt-4o': { input: 7 } };
    const table = overridePrices(own);
    const usage = { input: MILLION, output: MILLION };
    const at = (provider: string, model: string, over: Usage = usage) =>
      costOf(table, call({ provider, request: { model }, usage: over }))?.usd;
    expect(at('openai', 'my-model')).toBe(3);
    expect(at('ollama', 'my-model-2026-01-01')).toBe(3);
    expect(at('groq', 'my-model')).toBe(7);
    expect(at('groq', 'my-model-mini')).toBeUndefined();
    // Without a rate for output there is no price for any.
    expect(at('openai', 'gpt-4o')).toBeUndefined();
    // A rate that is absent is the one that it is a part of.
    expect(at('openai', 'my-model', { input: MILLION, output: 0, cacheRead: 300_000, cacheWrite: 200_000 })).toBe(1);
    expect(at('openai', 'gpt-4o-mini', { input: MILLION, output: 0 })).toBe(0.15);
    // The app's own word holds wherever the call goes.
    const there = overridePrices({ 'amazon.nova-pro-v1:0': { input: 9, output: 9 } });
    const server = { address: 'bedrock-runtime.eu-central-1.amazonaws.com', port: 443 };
    const nova = call({
      provider: 'aws.bedrock',
      server,
      request: { model: 'amazon.nova-pro-v1:0' },
      usage: { input: MILLION, output: 0 },
    });
    expect(costOf(there, nova)?.usd).toBe(9);
  });
});
