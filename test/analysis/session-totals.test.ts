import { describe, expect, it } from 'vitest';
import { totalsOf } from '../../src/analysis/session-totals.ts';
import { addStats, emptyStats, statsLine } from '../../src/analysis/stats.ts';
import type { EndLine } from '../../src/events/lines.ts';
import type { EventType, SpanEvent } from '../../src/events/model.ts';

let count = 0;
const event = (type: EventType, over: Partial<SpanEvent> = {}): SpanEvent => ({
  id: String(++count).padStart(16, '0'),
  trace: '1'.repeat(32),
  type,
  name: type,
  start: 0,
  end: 1000,
  status: 'ok',
  ...over,
});
const llm = (input: number, usd?: number): SpanEvent =>
  event('llm', {
    llm: { operation: 'chat', provider: 'openai', request: { model: 'm' }, usage: { input, output: 1, cacheRead: 2 } },
    ...(usd !== undefined && { cost: { usd, priced: '2026-08-01' } }),
  });

describe('S6 totals of a recording', () => {
  const events = [
    event('agent', { run: { status: 'partial', reason: 'ended', steps: 2, retries: 1, errors: 1 }, end: 5_400_000 }),
    event('step', { step: { seq: 1, type: 'tool', attempt: 1 }, status: 'error', error: { type: 'Error' } }),
    event('step', {
      step: { seq: 2, type: 'tool', attempt: 2 },
      notes: [{ kind: 'failure', type: 'tool', code: 'timeout', at: 0 }],
    }),
    event('tool', { tool: { name: 'look' }, end: 900_000 }),
    llm(10, 0.25),
    llm(20),
    event('shopping'),
  ];

  it('are counted from its events where it has no end', () => {
    expect(totalsOf({ events })).toEqual({
      durationMs: 5400,
      events: 7,
      llm: 2,
      tools: 1,
      actions: 0,
      runs: 1,
      steps: 2,
      errors: 1,
      failures: 1,
      retries: 0,
      tokens: { input: 30, output: 2, cacheRead: 4, cacheWrite: 0, reasoning: 0, unknown: 0 },
      cost: { usd: 0.25, unknown: 1 },
    });
    expect(totalsOf({ events: [] })).toEqual(emptyStats());
  });

  it('are those that its end says, where it has one', () => {
    const stats = { ...emptyStats(), llm: 9, durationMs: 7 };
    const end: EndLine = { k: 'end', s: 9, t: 9, state: 'success', reason: 'ended', stats };
    expect(totalsOf({ events, end })).toBe(stats);
  });

  it('add up, whichever of the two they are, also where an earlier release did not count all', () => {
    const sum = totalsOf({ events });
    const { runs: _, ...older } = totalsOf({ events });
    addStats(sum, older as typeof sum);
    expect(sum).toMatchObject({
      durationMs: 10_800,
      events: 14,
      llm: 4,
      runs: 1,
      steps: 4,
      tokens: { input: 60 },
      cost: { usd: 0.5, unknown: 2 },
    });
  });

  it.each([
    [
      events,
      '● ses_1  2 LLM calls, 1 run, 2 steps, 1 tool, 1 error, 1 failure, 30 in / 2 out tokens, $0.2500 (1 unpriced), 5.4 s',
    ],
    [[llm(1_234_567, 3.5)], '● ses_1  1 LLM call, 1,234,567 in / 1 out tokens, $3.50, 1 ms'],
    [[event('agent', { end: 61_000_000 })], '● ses_1  0 LLM calls, 1 run, 1 min 1 s'],
    [[event('action'), event('shopping')], '● ses_1  0 LLM calls, 1 action, 1 ms'],
  ])('are one line that says what there is, %#', (given, line) => {
    expect(statsLine('ses_1', totalsOf({ events: given }))).toBe(line);
  });
});
