/** Totals of one session, kept up to date with each event, and their one line of text. */
import type { SessionStats, SpanEvent, Usage } from '../events/model.ts';
import { PAID_BY_RUN } from './prices.ts';

/** All zero. */
export function emptyStats(): SessionStats {
  return {
    durationMs: 0,
    events: 0,
    llm: 0,
    tools: 0,
    actions: 0,
    runs: 0,
    steps: 0,
    errors: 0,
    failures: 0,
    retries: 0,
    tokens: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0, unknown: 0 },
    cost: { usd: 0, unknown: 0 },
  };
}

/** Operations whose answers say how many tokens they took: of no others is a missing usage a gap. */
const SPENDING = new Set(['chat', 'generate_content', 'text_completion', 'embeddings']);
/** Operations that cost nothing. */
const FREE = new Set(['count_tokens', 'moderation', 'fetch_response']);

const saysTokens = (usage: Usage | undefined): usage is Usage =>
  usage !== undefined && (usage.input !== undefined || usage.output !== undefined);

/** Adds one finished event. */
export function countEvent(stats: SessionStats, event: SpanEvent): void {
  stats.events++;
  if (event.status === 'error') stats.errors++;
  if (event.attempts !== undefined && event.attempts.length > 1) stats.retries += event.attempts.length - 1;
  for (const note of event.notes ?? []) if (note.kind === 'failure') stats.failures++;
  if (event.type === 'tool') stats.tools++;
  else if (event.type === 'action') stats.actions++;
  else if (event.type === 'step') stats.steps++;
  else if (event.type === 'llm') countLlm(stats, event);
  else if (event.type === 'agent') {
    stats.runs++;
    if (event.llm !== undefined) countRun(stats, event);
  }
}

/** The members that are plain counts. */
const COUNTS = ['events', 'llm', 'tools', 'actions', 'runs', 'steps', 'errors', 'failures', 'retries'] as const;

/** Adds the totals of one session to those of others. A recording of an earlier release may lack a count. */
export function addStats(sum: SessionStats, stats: SessionStats): void {
  sum.durationMs += stats.durationMs;
  for (const key of COUNTS) sum[key] += stats[key] ?? 0;
  for (const key of Object.keys(sum.tokens) as (keyof SessionStats['tokens'])[]) sum.tokens[key] += stats.tokens[key] ?? 0;
  sum.cost.usd += stats.cost.usd;
  sum.cost.unknown += stats.cost.unknown;
}

/** A run whose provider says what it took: the cost of all its calls, and the tokens that no call in it has told. */
function countRun(stats: SessionStats, { llm, cost }: SpanEvent): void {
  if (llm?.usage !== undefined) addTokens(stats.tokens, llm.usage);
  if (cost) stats.cost.usd += cost.usd;
  else if (PAID_BY_RUN.has(llm?.api)) stats.cost.unknown++;
}

function addTokens(tokens: SessionStats['tokens'], usage: Usage): void {
  tokens.input += usage.input ?? 0;
  tokens.output += usage.output ?? 0;
  tokens.cacheRead += usage.cacheRead ?? 0;
  tokens.cacheWrite += usage.cacheWrite ?? 0;
  tokens.reasoning += usage.reasoning ?? 0;
}

function countLlm(stats: SessionStats, event: SpanEvent): void {
  stats.llm++;
  const usage = event.llm?.usage;
  const { tokens, cost } = stats;
  const operation = event.llm?.operation ?? '';
  // What the provider refused, it did not charge.
  const refused = event.error?.status !== undefined;
  if (saysTokens(usage)) addTokens(tokens, usage);
  else if (!refused && SPENDING.has(operation)) tokens.unknown++;
  if (event.cost) cost.usd += event.cost.usd;
  else if (!refused && !FREE.has(operation) && !PAID_BY_RUN.has(event.llm?.api)) cost.unknown++;
}

const count = (n: number): string => n.toLocaleString('en-US');
const plural = (n: number, word: string): string => `${count(n)} ${word}${n === 1 ? '' : 's'}`;

function dollars(usd: number): string {
  if (usd === 0) return '$0';
  return usd >= 1 ? `$${usd.toFixed(2)}` : `$${usd.toFixed(usd >= 0.0001 ? 4 : 6)}`;
}

function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const minutes = Math.floor(ms / 60_000);
  return `${minutes} min ${Math.floor((ms % 60_000) / 1000)} s`;
}

/** What a session came to, in one line. What is unknown is said to be unknown and never shown as 0. */
export function statsLine(id: string, stats: SessionStats): string {
  const parts = [plural(stats.llm, 'LLM call')];
  if (stats.runs > 0) parts.push(plural(stats.runs, 'run'));
  if (stats.steps > 0) parts.push(plural(stats.steps, 'step'));
  if (stats.tools > 0) parts.push(plural(stats.tools, 'tool'));
  if (stats.actions > 0) parts.push(plural(stats.actions, 'action'));
  if (stats.errors > 0) parts.push(plural(stats.errors, 'error'));
  if (stats.failures > 0) parts.push(plural(stats.failures, 'failure'));
  if (stats.retries > 0) parts.push(stats.retries === 1 ? '1 retry' : `${count(stats.retries)} retries`);
  const { tokens, cost } = stats;
  if (stats.llm > tokens.unknown) {
    const some = tokens.unknown > 0 ? ` (${count(tokens.unknown)} without usage)` : '';
    parts.push(`${count(tokens.input)} in / ${count(tokens.output)} out tokens${some}`);
  } else if (stats.llm > 0) parts.push('tokens unknown');
  if (stats.llm > cost.unknown) {
    parts.push(`${dollars(cost.usd)}${cost.unknown > 0 ? ` (${count(cost.unknown)} unpriced)` : ''}`);
  } else if (stats.llm > 0) parts.push('cost unknown');
  parts.push(duration(stats.durationMs));
  return `● ${id}  ${parts.join(', ')}`;
}
