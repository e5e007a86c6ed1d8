/**
 * List prices of OpenAI and Anthropic, US dollars per million tokens, standard tier. Compiled by hand from public price lists: a provider changes prices without notice, so
 * they are dated and every one can be overridden (option `prices`). A model that is not here, or on which the lists disagree, has no price: it is not guessed from a sibling.
 */
import type { Price } from './prices.ts';

/** The day on which the table was compiled. */
export const PRICES_DATE = '2026-11-21';

const io = (input: number, output: number, cacheRead?: number): Price =>
  cacheRead === undefined ? { input, output } : { input, output, cacheRead };

/** Anthropic bills a cache read at a tenth of the input, and a write for five minutes at five quarters. */
const claude = (input: number, output: number): Price => ({ input, output, cacheRead: input / 10, cacheWrite: (input * 5) / 4 });

export const PRICES: Readonly<Record<string, Price>> = {
  'gpt-5.5': io(5, 30, 0.5),
  'gpt-5.4': io(2.5, 15, 0.25),
  'gpt-5.4-mini': io(0.75, 4.5, 0.075),
  'gpt-5.4-nano': io(0.2, 1.25, 0.02),
  'gpt-5.2': io(1.75, 14, 0.175),
  'gpt-5.2-chat': io(1.75, 14, 0.175),
  'gpt-5.1': io(1.25, 10, 0.125),
  'gpt-5': io(1.25, 10, 0.125),
  'gpt-5-chat': io(1.25, 10, 0.125),
  'gpt-5-mini': io(0.25, 2, 0.025),
  'gpt-5-nano': io(0.05, 0.4, 0.005),
  'gpt-4.1': io(2, 8, 0.5),
  'gpt-4.1-mini': io(0.4, 1.6, 0.1),
  'gpt-4.1-nano': io(0.1, 0.4, 0.025),
  'gpt-4o': io(2.5, 10, 1.25),
  'gpt-4o-2024-05-13': io(5, 15),
  'chatgpt-4o': io(5, 15),
  'gpt-4o-mini': io(0.15, 0.6, 0.075),
  o1: io(15, 60, 7.5),
  'o1-mini': io(1.1, 4.4, 0.55),
  'o1-pro': io(150, 600),
  o3: io(2, 8, 0.5),
  'o3-mini': io(1.1, 4.4, 0.55),
  'o3-pro': io(20, 80),
  'o4-mini': io(1.1, 4.4, 0.275),
  'gpt-4-turbo': io(10, 30),
  'gpt-4-1106-preview': io(10, 30),
  'gpt-4-0125-preview': io(10, 30),
  'gpt-4': io(30, 60),
  'gpt-4-32k': io(60, 120),
  'gpt-3.5-turbo': io(0.5, 1.5),
  'gpt-3.5-turbo-1106': io(1, 2),
  'gpt-3.5-turbo-0613': io(1.5, 2),
  'gpt-3.5-turbo-instruct': io(1.5, 2),
  'gpt-3.5-turbo-16k': io(3, 4),
  'davinci-002': io(2, 2),
  'babbage-002': io(0.4, 0.4),
  'text-embedding-3-small': { input: 0.02 },
  'text-embedding-3-large': { input: 0.13 },
  'text-embedding-ada-002': { input: 0.1 },
  'claude-opus-4-8': claude(5, 25),
  'claude-opus-4-7': claude(5, 25),
  'claude-opus-4-6': claude(5, 25),
  'claude-opus-4-5': claude(5, 25),
  'claude-sonnet-4-6': claude(3, 15),
  'claude-sonnet-4-5': claude(3, 15),
  'claude-haiku-4-5': claude(1, 5),
  'claude-opus-4-1': claude(15, 75),
  'claude-opus-4': claude(15, 75),
  'claude-opus-4-0': claude(15, 75),
  'claude-sonnet-4': claude(3, 15),
  'claude-sonnet-4-0': claude(3, 15),
  'claude-3-7-sonnet': claude(3, 15),
  'claude-3-5-sonnet': claude(3, 15),
  'claude-3-5-haiku': claude(0.8, 4),
  'claude-3-opus': claude(15, 75),
  'claude-3-sonnet': claude(3, 15),
  'claude-3-haiku': { input: 0.25, output: 1.25, cacheRead: 0.03, cacheWrite: 0.3 },
};
