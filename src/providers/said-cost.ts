/** What a call cost, where the provider says so itself. Its own figure knows of discounts, tools and searches, of which no price table does. */
import { count, fields, type Fields } from './fields.ts';

/** Of xAI's figure. */
const TICKS_PER_DOLLAR = 1e10;

/** US dollars; undefined where nothing is said. */
function dollarsIn(usage: Fields): number | undefined {
  const { cost } = usage;
  // Perplexity lists what for, and the sum.
  const listed = count(fields(cost)['total_cost']);
  if (listed !== undefined) return listed;
  const plain = count(cost) ?? count(usage['estimated_cost']);
  if (plain !== undefined) {
    // OpenRouter, with a key of the app's own: what it takes itself, and what the provider behind it takes.
    const behind = usage['is_byok'] === true ? count(fields(usage['cost_details'])['upstream_inference_cost']) : undefined;
    return plain + (behind ?? 0);
  }
  const ticks = count(usage['cost_in_usd_ticks']);
  // Grok that another sells (Azure) says 0 here, whatever it costs there.
  return ticks === undefined || ticks === 0 ? undefined : ticks / TICKS_PER_DOLLAR;
}

/** As a fact of an answer; nothing where the provider said nothing. */
export function saidCost(usage: unknown): { costUsd?: number } {
  const costUsd = dollarsIn(fields(usage));
  return costUsd === undefined ? {} : { costUsd };
}
