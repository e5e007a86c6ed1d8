/** What a call cost, by a local, dated price table. What the table or the provider does not say is unknown, and never 0. */
import type { LlmFacts } from '../events/model.ts';
import { PRICES, PRICES_DATE } from './price-table.ts';

/** US dollars per million tokens. A rate that is absent is the one it is a part of: `cacheRead` and `cacheWrite` of `input`, `reasoning` of `output`. */
export interface Price {
  input: number;
  output?: number;
  cacheRead?: number;
  cacheWrite?: number;
}

/** Prices by provider and model; a key is a model name or the beginning of one that ends at `-`, `@`, `:` or `.`. */
export interface PriceTable {
  /** The day the prices were looked up, as YYYY-MM-DD. */
  date: string;
  models: Readonly<Record<string, Price>>;
}

export const DEFAULT_PRICES: PriceTable = { date: PRICES_DATE, models: PRICES };

/** A table that asks `over` first. */
export function overridePrices(over: Readonly<Record<string, Price>> | undefined, date?: string): PriceTable {
  if (over === undefined) return DEFAULT_PRICES;
  return { date: date ?? PRICES_DATE, models: { ...PRICES, ...over } };
}

/** Endings that name the same model at another date or under an alias: `-2025-08-07`, `-20250514`, `-latest`, `@20250514`, `-v1:0`, `-0613`. */
const SAME_MODEL =
  /^(?:[-@](?:\d{4}-\d{2}-\d{2}|\d{8}|\d{4}|latest|v\d+(?::\d+)?|preview(?:-\d{2}-\d{2}|-\d{4}-\d{2}-\d{2})?))*$/;

/**
 * The longest key that `model` is, or begins with up to a date or an alias. Any other ending (`-mini`, `-pro`, `-audio`) names another model, whose price we would be
 * guessing: none.
 */
export function findPrice(table: PriceTable, model: string): Price | undefined {
  let found = answers.get(table);
  if (found === undefined) answers.set(table, (found = new Map()));
  if (found.has(model)) return found.get(model);
  const price = lookUp(table, model);
  if (found.size < ANSWERS_MAX) found.set(model, price);
  return price;
}

/** Answers already worked out, a map a table: an app asks for the same few models again and again. */
const answers = new WeakMap<PriceTable, Map<string, Price | undefined>>();
const ANSWERS_MAX = 500;

function lookUp(table: PriceTable, model: string): Price | undefined {
  let name = model.toLowerCase().slice(0, 200);
  for (;;) {
    const price = longestKey(table.models, name);
    if (price) return price;
    // `openai/gpt-4o`, `us.anthropic.claude-...`, `models/...`: routers and clouds put names before the model.
    const split = /^[^/.]*[/.](?=[a-z])/.exec(name);
    if (!split) return undefined;
    name = name.slice(split[0].length);
  }
}

function longestKey(models: Readonly<Record<string, Price>>, name: string): Price | undefined {
  for (let length = name.length; length > 0; length--) {
    const key = name.slice(0, length);
    if (Object.hasOwn(models, key) && SAME_MODEL.test(name.slice(length))) return models[key];
  }
  return undefined;
}

/** Who the table's prices are of; what runs at `ollama` or a gateway of its own costs something else. */
const PRICED_PROVIDERS = /^(openai|azure\.ai\.openai|anthropic|aws\.bedrock|gcp\.vertex_ai|openrouter|litellm)$/;

/** APIs whose calls are part of a run that an agent's own provider says the cost of: a price for each as well would count them twice. */
export const PAID_BY_RUN: ReadonlySet<string | undefined> = new Set(['claude_agent']);

const MILLION = 1_000_000;

/** The cost of one call in US dollars, or undefined when the model, the usage or a rate that it needs is unknown. */
export function costOf(table: PriceTable, llm: LlmFacts): { usd: number; priced: string } | undefined {
  const { usage } = llm;
  const model = llm.response?.model ?? llm.request.model;
  if (usage === undefined || model === undefined || !PRICED_PROVIDERS.test(llm.provider)) return undefined;
  if (PAID_BY_RUN.has(llm.api)) return undefined;
  if (usage.input === undefined && usage.output === undefined) return undefined;
  const price = findPrice(table, model) ?? (llm.request.model === undefined ? undefined : findPrice(table, llm.request.model));
  if (price === undefined) return undefined;
  if (usage.output !== undefined && usage.output > 0 && price.output === undefined) return undefined;
  // Audio tokens have rates of their own, which this table does not hold.
  if ((usage.audioInput ?? 0) > 0 || (usage.audioOutput ?? 0) > 0) return undefined;
  const read = usage.cacheRead ?? 0;
  const write = usage.cacheWrite ?? 0;
  const fresh = Math.max(0, (usage.input ?? 0) - read - write);
  const input = fresh * price.input + read * (price.cacheRead ?? price.input) + write * (price.cacheWrite ?? price.input);
  const usd = (input + (usage.output ?? 0) * (price.output ?? 0)) / MILLION;
  return { usd: Math.round(usd * 1e9) / 1e9, priced: table.date };
}
