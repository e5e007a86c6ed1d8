import { describe, expect, it } from 'vitest';
import type { LlmFacts, SpanEvent } from '../../src/events/model.ts';
import { countEvent, emptyStats, statsLine } from '../../src/analysis/stats.ts';

const event = (over: Partial<SpanEvent>): SpanEvent => ({
  id: '0'.repeat(15) + '1',
  trace: '0'.repeat(31) + '1',
  type: 'llm',
  name: 'chat',
  start: 0,
  end: 1,
  status: 'ok',
  ...over,
});
const llm = (usage?: { input: number; output: number }): LlmFacts => ({
  operation: 'chat',
  provider: 'openai',
  request: {},
  ...(usage ? { usage } : {}),
});

describe('S6 statistics', () => {
  it('counts by kind, sums tokens and cost, and keeps what is unknown apart', () => {
    const stats = emptyStats();
    countEvent(stats, event({ llm: llm({ input: 12_000, output: 600 }), cost: { usd: 0.0123, priced: '2025-01-01' } }));
    countEvent(stats, event({ llm: llm(), status: 'error', attempts: [1, 2, 3].map((at) => ({ at, us: 1 })) }));
    countEvent(stats, event({ type: 'tool', tool: { name: 't' } }));
    countEvent(stats, event({ type: 'action' }));
    expect(stats).toEqual({
      durationMs: 0,
      events: 4,
      llm: 2,
      tools: 1,
      actions: 1,
      runs: 0,
      steps: 0,
      errors: 1,
      failures: 0,
      retries: 2,
      tokens: { input: 12_000, output: 600, cacheRead: 0, cacheWrite: 0, reasoning: 0, unknown: 1 },
      cost: { usd: 0.0123, unknown: 1 },
    });
    expect(statsLine('ses_1', { ...stats, durationMs: 4230 })).toBe(
      '● ses_1  2 LLM calls, 1 tool, 1 action, 1 error, 2 retries, 12,000 in / 600 out tokens (1 without usage), $0.0123 (1 unpriced), 4.2 s',
    );
  });

  it('never shows 0 for what is unknown', () => {
    const stats = emptyStats();
    countEvent(stats, event({ llm: llm() }));
    expect(statsLine('ses_1', stats)).toBe('● ses_1  1 LLM call, tokens unknown, cost unknown, 0 ms');
    expect(statsLine('ses_1', emptyStats())).toBe('● ses_1  0 LLM calls, 0 ms');
  });
});
