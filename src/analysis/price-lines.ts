/** Reads the price table's lines (price-table.ts). A provider's are read when a call of it is first priced: most apps call one or two. */
import { PRICE_LINES } from './price-table.ts';

/** US dollars per million tokens. */
export interface Rates {
  input: number;
  /** Absent where the model puts none out: embeddings. */
  output?: number;
  /** Absent: unknown. */
  cacheRead?: number;
  cacheWrite?: number;
  /** A cache write that is kept for an hour, where that costs something else. `null`: it does, and it is unknown what. */
  cacheWriteHour?: number | null;
}

/** The rates of one model. */
export interface Price extends Rates {
  /** The rates of a request with more input tokens than `tokens`; `null`: there are some, and they are unknown. */
  above?: { tokens: number; rates: Rates | null };
}

/** Prices by model; `null` where the name is known and its price is not. */
export type Prices = Readonly<Record<string, Price | null>>;

const IS_FIGURE = /^(\d+(\.\d+)?|-|\?|>\d+k)$/;

function ratesOf(figures: readonly string[]): Rates | null {
  const [input, output, cacheRead, cacheWrite, hour] = figures;
  if (input === undefined || input === '?') return null;
  const rates: Rates = { input: Number(input) };
  if (output !== undefined && output !== '-') rates.output = Number(output);
  if (cacheRead !== undefined && cacheRead !== '-') rates.cacheRead = Number(cacheRead);
  if (cacheWrite !== undefined && cacheWrite !== '-') rates.cacheWrite = Number(cacheWrite);
  if (hour !== undefined && hour !== '-') rates.cacheWriteHour = hour === '?' ? null : Number(hour);
  return rates;
}

/** The names that `{us.,eu.}claude-{4,5}` stands for. */
function spelledOut(name: string): string[] {
  const [whole, choices] = /\{([^}]*)\}/.exec(name) ?? [];
  return choices === undefined ? [name] : choices.split(',').flatMap((choice) => spelledOut(name.replace(whole!, choice)));
}

/** The prices in some lines. */
export function readPriceLines(text: string): Prices {
  const prices: Record<string, Price | null> = {};
  for (const line of text.split('\n')) {
    const words = line.split(' ').filter((word) => word !== '');
    const first = words.findIndex((word) => IS_FIGURE.test(word));
    if (first < 1) continue;
    const figures = words.slice(first);
    const bound = figures.findIndex((word) => word.startsWith('>'));
    const rates = ratesOf(bound === -1 ? figures : figures.slice(0, bound));
    const price: Price | null = rates;
    if (price !== null && bound !== -1)
      price.above = { tokens: Number.parseInt(figures[bound]!.slice(1), 10) * 1000, rates: ratesOf(figures.slice(bound + 1)) };
    for (const name of words.slice(0, first).flatMap(spelledOut)) prices[name] = price;
  }
  return prices;
}

const read = new Map<string, Prices>();

/** The prices of a provider, or undefined of one that the table has not. */
export function pricesOf(provider: string): Prices | undefined {
  const lines = Object.hasOwn(PRICE_LINES, provider) ? PRICE_LINES[provider] : undefined;
  if (lines === undefined) return undefined;
  let prices = read.get(provider);
  if (prices === undefined) read.set(provider, (prices = readPriceLines(lines)));
  return prices;
}
