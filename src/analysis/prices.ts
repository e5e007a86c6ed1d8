/** What a call cost, by a local, dated price table. What the table or the provider does not say is unknown, and never 0. */
import type { LlmFacts, Usage } from '../events/model.ts';
import { pricesOf } from './price-lines.ts';
import type { Price, Prices, Rates } from './price-lines.ts';
import { PRICES_DATE } from './price-table.ts';

/**
 * A price of the app's own, in US dollars per million tokens. A rate that is absent is the one it is a part of: `cacheRead` and `cacheWrite` of `input`, `cacheWriteHour` of
 * `cacheWrite`.
 */
export interface ModelPrice {
  input: number;
  output?: number;
  cacheRead?: number;
  cacheWrite?: number;
  /** A cache write that is kept for an hour. */
  cacheWriteHour?: number;
}

/** The built-in prices, and those that go before them. */
export interface PriceTable {
  /** The day the prices were looked up, as YYYY-MM-DD. */
  date: string;
  /** By `model` or `provider/model`. */
  own?: Prices;
}

export const DEFAULT_PRICES: PriceTable = { date: PRICES_DATE };

/** A table that asks `over` first. Its keys are a model's name or `provider/model`, or the beginning of one up to a date or an alias. */
export function overridePrices(over: Readonly<Record<string, ModelPrice>> | undefined, date?: string): PriceTable {
  if (over === undefined) return DEFAULT_PRICES;
  const whole = ([model, price]: [string, ModelPrice]): [string, Price] => {
    const cacheWrite = price.cacheWrite ?? price.input;
    return [model, { cacheRead: price.input, cacheWriteHour: cacheWrite, ...price, cacheWrite }];
  };
  return { date: date ?? PRICES_DATE, own: Object.fromEntries(Object.entries(over).map(whole)) };
}

/** Endings that name the same model at another date or under an alias: `-2025-08-07`, `-20250514`, `-latest`, `@20250514`, `-v1:0`, `-0613`, `-001`. */
const SAME_MODEL = /^(?:[-@](?:\d{4}-\d{2}-\d{2}|\d{8}|\d{4}|\d{3}|latest|default|v\d+(?::\d+)?))*$/;

/**
 * The longest key that `name` is, or begins with up to a date or an alias. Any other ending (`-mini`, `-pro`, `-preview`) names another model, whose price we would be
 * guessing: none.
 */
function longestKey(prices: Prices | undefined, name: string): Price | null | undefined {
  if (prices === undefined) return undefined;
  for (let length = name.length; length > 0; length--) {
    const key = name.slice(0, length);
    if (Object.hasOwn(prices, key) && SAME_MODEL.test(name.slice(length))) return prices[key];
  }
  return undefined;
}

/** A name, and what is left of it when the names before the model are taken away: `models/...`, `accounts/.../models/...`, an ARN. */
function* namesIn(model: string, cut: RegExp): Generator<string> {
  for (let name = model; ;) {
    yield name;
    const before = cut.exec(name)?.[0];
    if (before === undefined) return;
    name = name.slice(before.length);
  }
}

const FOLDER = /^[^/]*\/(?=.)/;
/** Of the app's own keys also `us.anthropic.claude-...`. */
const FOLDER_OR_CLOUD = /^[^/.]*[/.](?=[a-z])/;

/** Providers that hand calls on to others, at their prices. */
const ROUTERS = new Set(['openrouter', 'litellm']);
/** What routers call those others. Open models are not among them: one name is many servers at many prices. */
const VENDORS: Readonly<Record<string, string>> = {
  openai: 'openai',
  anthropic: 'anthropic',
  azure: 'azure.ai.openai',
  bedrock: 'aws.bedrock',
  gemini: 'gcp.gemini',
  google: 'gcp.gemini',
  vertex_ai: 'gcp.vertex_ai',
  mistral: 'mistral_ai',
  mistralai: 'mistral_ai',
  cohere: 'cohere',
  groq: 'groq',
  xai: 'x_ai',
  'x-ai': 'x_ai',
};

/** Of a name without a vendor, the price where a model of OpenAI or Anthropic is called so. */
function routedPrice(name: string): Price | null | undefined {
  const [, vendor, rest] = /^([a-z_-]+)\/(.+)$/.exec(name) ?? [];
  if (rest === undefined) return longestKey(pricesOf('openai'), name) ?? longestKey(pricesOf('anthropic'), name);
  const provider = Object.hasOwn(VENDORS, vendor!) ? VENDORS[vendor!] : undefined;
  // OpenRouter writes `claude-sonnet-4.5`.
  return provider === undefined ? undefined : builtIn(provider, provider === 'anthropic' ? rest.replaceAll('.', '-') : rest);
}

function builtIn(provider: string, name: string): Price | null | undefined {
  if (ROUTERS.has(provider)) return routedPrice(name);
  const prices = pricesOf(provider);
  if (prices === undefined) return undefined;
  for (const each of namesIn(name, FOLDER)) {
    const price = longestKey(prices, each);
    if (price !== undefined) return price;
  }
  return undefined;
}

function ownPrice(own: Prices | undefined, provider: string, name: string): Price | null | undefined {
  if (own === undefined) return undefined;
  const price = longestKey(own, `${provider}/${name}`);
  if (price !== undefined) return price;
  for (const each of namesIn(name, FOLDER_OR_CLOUD)) {
    const found = longestKey(own, each);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Answers already worked out, a map a table: an app asks for the same few models again and again. */
const answers = new WeakMap<PriceTable, Map<string, Found>>();
const ANSWERS_MAX = 500;

/** `listed`: the price is of the built-in table. */
interface Found {
  price: Price | null | undefined;
  listed: boolean;
}

function find(table: PriceTable, provider: string, model: string): Found {
  let known = answers.get(table);
  if (known === undefined) answers.set(table, (known = new Map()));
  const key = `${provider} ${model}`;
  const before = known.get(key);
  if (before !== undefined) return before;
  const name = model.toLowerCase().slice(0, 200);
  const own = ownPrice(table.own, provider, name);
  const found: Found = { price: own ?? builtIn(provider, name), listed: own === undefined };
  if (known.size < ANSWERS_MAX) known.set(key, found);
  return found;
}

/** What a provider takes for a model: the app's own word, else the built-in table's. */
export function findPrice(table: PriceTable, provider: string, model: string): Price | undefined {
  return find(table, provider, model).price ?? undefined;
}

/** The tiers whose prices the table holds, in the words of all providers. Flex, batch and priority cost something else. */
const STANDARD_TIERS = /^(default|standard|standard_only|on_demand)$/i;

/**
 * Whether a cloud takes something else at this place. The table holds what Bedrock takes in the United States, or for an id that names its region itself, and what Vertex takes
 * for Claude at its global endpoint.
 */
function isElsewhere({ provider, server }: LlmFacts, model: string): boolean {
  const host = server?.address ?? '';
  if (provider === 'aws.bedrock') {
    const region = /(?:^|[.:])([a-z]{2}(?:-[a-z]+)+-\d)(?=[.:])/.exec(model.startsWith('arn:') ? model : host)?.[1];
    const says = /(?:^|\/)(us|eu|apac|au|jp|ca|global)\./.test(model);
    return !says && region !== undefined && !/^us-(east|west)-\d$/.test(region);
  }
  return provider === 'gcp.vertex_ai' && /claude/i.test(model) && host.endsWith('-aiplatform.googleapis.com');
}

/** APIs whose calls are part of a run that an agent's own provider says the cost of: a price for each as well would count them twice. */
export const PAID_BY_RUN: ReadonlySet<string | undefined> = new Set(['claude_agent']);

const MILLION = 1_000_000;

/** So many tokens at a rate; NaN where there are some and the rate is unknown. */
const at = (tokens: number, rate: number | null | undefined): number => (tokens === 0 ? 0 : tokens * (rate ?? NaN));

/** NaN where a figure is missing that it takes. Reasoning is part of the output. */
function dollarsFor(price: Price, usage: Usage): number {
  const { input = NaN, cacheRead = 0, cacheWrite = 0 } = usage;
  const above = price.above !== undefined && input > price.above.tokens;
  const rates: Rates | null = above ? price.above!.rates : price;
  // Audio tokens have rates of their own, which the table does not hold.
  if (rates === null || (usage.audioInput ?? 0) > 0 || (usage.audioOutput ?? 0) > 0) return NaN;
  // Nothing is answered for no input at all: such a figure says that the provider did not count.
  if (input === 0) return NaN;
  const fresh = Math.max(0, input - cacheRead - cacheWrite);
  const apart = rates.cacheWriteHour !== undefined && rates.cacheWriteHour !== rates.cacheWrite;
  // Where an hour costs something else, it must be known how much was for an hour.
  const forHour = apart ? (usage.cacheWriteHour ?? (cacheWrite > 0 ? NaN : 0)) : 0;
  const inputs = at(fresh, rates.input) + at(cacheRead, rates.cacheRead);
  const writes = at(cacheWrite - forHour, rates.cacheWrite) + at(forHour, rates.cacheWriteHour);
  const output = price.output === undefined ? (usage.output ?? 0) : (usage.output ?? NaN);
  return (inputs + writes + at(output, rates.output)) / MILLION;
}

/** The cost of one call in US dollars, or undefined when the model, the usage, the tier or a rate that it needs is unknown. */
export function costOf(table: PriceTable, llm: LlmFacts): { usd: number; priced: string } | undefined {
  const { usage, provider, api, request, response } = llm;
  if (usage === undefined || PAID_BY_RUN.has(api)) return undefined;
  const tier = response?.serviceTier ?? request.serviceTier;
  if (tier !== undefined && !STANDARD_TIERS.test(tier)) return undefined;
  for (const model of [response?.model, request.model]) {
    if (model === undefined) continue;
    const { price, listed } = find(table, provider, model);
    if (price === undefined) continue;
    if (price === null) return undefined;
    if (listed && isElsewhere(llm, model)) return undefined;
    const usd = dollarsFor(price, usage);
    return Number.isFinite(usd) ? { usd: Math.round(usd * 1e9) / 1e9, priced: table.date } : undefined;
  }
  return undefined;
}
