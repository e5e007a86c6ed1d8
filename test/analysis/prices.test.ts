import { describe, expect, it } from 'vitest';
import type { LlmFacts } from '../../src/events/model.ts';
import { PRICES } from '../../src/analysis/price-table.ts';
import { costOf, DEFAULT_PRICES, findPrice, overridePrices } from '../../src/analysis/prices.ts';

const call = (over: Partial<LlmFacts>): LlmFacts => ({ operation: 'chat', provider: 'openai', request: {}, ...over });
const priced = (model: string) => findPrice(DEFAULT_PRICES, model);

describe('S7 price table', () => {
  it('does not price a model as another whose name begins alike', () => {
    expect(priced('gpt-4o-mini')).toBe(PRICES['gpt-4o-mini']);
    expect(priced('gpt-4o-mini-2024-07-18')).toBe(PRICES['gpt-4o-mini']);
    expect(priced('gpt-4o')).toBe(PRICES['gpt-4o']);
    expect(priced('gpt-4o-2024-08-06')).toBe(PRICES['gpt-4o']);
    expect(priced('gpt-4o-2024-05-13')).toBe(PRICES['gpt-4o-2024-05-13']);
    expect(priced('gpt-4o-audio-preview')).toBeUndefined();
    expect(priced('gpt-4ox')).toBeUndefined();
    expect(priced('o1-ultra')).toBeUndefined();
  });

  it('knows dates, aliases and the prefixes of routers', () => {
    expect(priced('claude-3-5-haiku-20241022')).toBe(PRICES['claude-3-5-haiku']);
    expect(priced('claude-3-5-haiku-latest')).toBe(PRICES['claude-3-5-haiku']);
    expect(priced('claude-sonnet-4@20250514')).toBe(PRICES['claude-sonnet-4']);
    expect(priced('openai/gpt-4o')).toBe(PRICES['gpt-4o']);
    expect(priced('us.anthropic.claude-sonnet-4-20250514-v1:0')).toBe(PRICES['claude-sonnet-4']);
  });

  it('finds every model that it lists', () => {
    for (const model of Object.keys(PRICES)) expect(priced(model), model).toBe(PRICES[model]);
  });

  it('prices input, cached input, cache writes and output by their rates', () => {
    const usage = { input: 1_000_000, output: 100_000, cacheRead: 600_000, cacheWrite: 100_000 };
    const cost = costOf(DEFAULT_PRICES, call({ provider: 'anthropic', request: { model: 'claude-sonnet-4-20250514' }, usage }));
    expect(cost?.usd).toBeCloseTo(0.3 * 3 + 0.6 * 0.3 + 0.1 * 3.75 + 0.1 * 15, 9);
    expect(cost?.priced).toMatch(/^\d{4}-\d{2}-\d{2}$/);
  });

  it('says unknown, and never 0, for an unknown model, absent usage, or a host that is not the provider', () => {
    const usage = { input: 10, output: 10 };
    expect(costOf(DEFAULT_PRICES, call({ request: { model: 'my-model' }, usage }))).toBeUndefined();
    expect(costOf(DEFAULT_PRICES, call({ request: { model: 'gpt-4o' } }))).toBeUndefined();
    expect(costOf(DEFAULT_PRICES, call({ request: { model: 'gpt-4o' }, usage: {} }))).toBeUndefined();
    expect(costOf(DEFAULT_PRICES, call({ usage }))).toBeUndefined();
    expect(costOf(DEFAULT_PRICES, call({ request: { model: 'gpt-4o' }, usage, provider: 'ollama' }))).toBeUndefined();
    expect(costOf(DEFAULT_PRICES, call({ request: { model: 'text-embedding-3-small' }, usage }))).toBeUndefined();
  });

  it('prices the model that answered before the one that was asked for', () => {
    const usage = { input: 1_000_000, output: 0 };
    const facts = call({ request: { model: 'gpt-4o' }, response: { model: 'gpt-4o-mini' }, usage });
    expect(costOf(DEFAULT_PRICES, facts)?.usd).toBeCloseTo(0.15, 9);
  });

  it('can be overridden and extended', () => {
    const table = overridePrices({ 'my-model': { input: 1, output: 2 }, 'gpt-4o': { input: 7 } });
    const usage = { input: 1_000_000, output: 1_000_000 };
    expect(costOf(table, call({ request: { model: 'my-model' }, usage }))?.usd).toBe(3);
    expect(findPrice(table, 'gpt-4o')).toEqual({ input: 7 });
    expect(findPrice(table, 'gpt-4o-mini')).toBe(PRICES['gpt-4o-mini']);
  });
});
