/** What is typed as a breakpoint, and where it stops. */
import { describe, expect, test } from 'vitest';
import { BREAKPOINT_FORMS, parseBreakpoint } from '../../src/analysis/breakpoints.ts';
import { contextOf, newPieces } from '../../src/analysis/context.ts';
import { Timeline, type TimelineNode } from '../../src/analysis/timeline.ts';
import type { SpanEvent } from '../../src/events/model.ts';

const event = (id: string, type: string, start: number, end: number, more: Partial<SpanEvent> = {}): SpanEvent => ({
  id,
  trace: 't',
  type,
  name: id,
  start,
  end,
  status: 'ok',
  ...more,
});
const nodeOf = (number: number, of: SpanEvent, children: TimelineNode[] = []): TimelineNode => ({
  number,
  id: of.id,
  type: of.type,
  name: of.name,
  start: of.start,
  event: of,
  notes: of.notes ?? [],
  children,
});

const timeline = new Timeline({
  session: 'ses',
  epochUs: 0,
  roots: [
    nodeOf(
      1,
      event('aa01', 'step', 0, 5_000_000, {
        name: 'look it up',
        step: { seq: 1, type: 'plan', attempt: 1 },
        notes: [{ kind: 'decision', type: 'tool_selection', reasonCode: 'fresh_data_required', at: 2_600_000 }],
      }),
      [
        nodeOf(
          2,
          event('aa02', 'llm', 1, 2_000_001, {
            name: 'chat gpt',
            llm: { operation: 'chat', provider: 'openai', request: { model: 'gpt-4.1' }, usage: { input: 900, output: 200 } },
            cost: { usd: 0.02, priced: 'x' },
          }),
        ),
        nodeOf(
          3,
          event('ab03', 'tool', 2_500_000, 2_500_500, {
            name: 'execute_tool search',
            status: 'error',
            error: { type: 'TimeoutError', code: 'ETIMEDOUT', status: 504 },
            tool: { name: 'search' },
          }),
        ),
        nodeOf(
          4,
          event('ab04', 'llm', 3_000_000, 3_100_000, {
            name: 'chat gpt',
            status: 'cancelled',
            cost: { usd: 0.005, priced: 'x' },
          }),
        ),
        nodeOf(5, event('ab05', 'review', 4_000_000, 4_000_001)),
      ],
    ),
  ],
  answers: [{ on: 'aa02', at: 1_000_000, status: 503 }],
  logs: [4_500_000, 4_600_000].map((t) => ({ k: 'log', s: 0, t, stream: 'stdout', text: 'a refund of 7' })),
});

const look = {
  says: (moment: (typeof timeline.moments)[number], pattern: RegExp) => moment.kind === 'log' && pattern.test(moment.log.text),
  sumsAt: timeline.sumsAt.bind(timeline),
};

/** Where a breakpoint stops: `begin aa02`. */
function stops(text: string): string[] {
  const parsed = parseBreakpoint(text);
  if (!parsed.ok) throw new Error(parsed.problem);
  expect(parsed.breakpoint.text).toBe(text.trim());
  return timeline.moments
    .filter((moment) => parsed.breakpoint.matches(moment, look))
    .map(({ kind, of }) => `${kind} ${of?.node.id ?? '-'}`);
}

describe('R9 breakpoints', () => {
  test.each<[text: string, where: string[]]>([
    ['llm', ['begin aa02', 'begin ab04']],
    ['type:step', ['begin aa01']],
    ['type:review', ['begin ab05']],
    ['tool:search', ['begin ab03']],
    ['tool:execute_tool search', ['begin ab03']],
    ['tool:sear', []],
    ['llm:gpt-4.1', ['begin aa02']],
    ['step:plan', ['begin aa01']],
    ['error', ['end ab03']],
    ['error:TimeoutError', ['end ab03']],
    ['error:ETIMEDOUT', ['end ab03']],
    ['error:504', ['end ab03']],
    ['error:500', []],
    ['status:cancelled', ['end ab04']],
    ['decision', ['note aa01']],
    ['decision:fresh_data_required', ['note aa01']],
    ['failure', []],
    ['answer:503', ['answer aa02']],
    ['answer:200', []],
    ['log', ['log -', 'log -']],
    ['text:/refund/', ['log -', 'log -']],
    ['text:/REFUND/', []],
    ['text:/REFUND/gi', ['log -', 'log -']],
    ['text:REFUND of', ['log -', 'log -']],
    ['text:re.und', []],
    ['name~CHAT', ['begin aa02', 'begin ab04']],
    ['name ~ /^look/', ['begin aa01']],
    ['cost>0.01', ['end aa02']],
    ['cost >= $0.005', ['end aa02', 'end ab04']],
    ['cost<0.01', ['end ab04']],
    ['tokens>1000', ['end aa02']],
    ['tokens>1100', []],
    ['took>=2s', ['end aa02', 'end aa01']],
    ['took<1ms', ['end ab03', 'end ab05']],
    ['total.cost>0.02', ['end ab04']],
    ['total.tokens>=1100', ['end aa02']],
    ['event 3', ['begin ab03']],
    ['event:3', ['begin ab03']],
    ['#3', ['begin ab03']],
    ['event #3', ['begin ab03']],
    ['event ab0', ['begin ab03', 'begin ab04', 'begin ab05']],
    ['  llm ', ['begin aa02', 'begin ab04']],
  ])('%s', (text, where) => {
    expect(stops(text)).toEqual(where);
  });

  test.each<[text: string, problem: string]>([
    ['', 'A breakpoint says where to stop.'],
    ['foo', '"foo" is no breakpoint.'],
    ['foo:bar', '"foo:bar" is no breakpoint.'],
    ['log:x', '"log:x" is no breakpoint.'],
    ['tool:', '"tool:" says nothing behind the colon.'],
    ['text', '"text" needs a text: text:refund'],
    ['text:/(/', 'text'],
    ['name~', '"name~" needs a part of a name: name~refund'],
    ['status:bad', 'A status is one of ok, error, cancelled, unfinished.'],
    ['size>3', '"size" cannot be compared: cost, tokens, took, total.cost, total.tokens can.'],
    ['constructor>3', '"constructor" cannot be compared: cost, tokens, took, total.cost, total.tokens can.'],
    ['cost>much', '"much" is no number from 0 on.'],
    ['took>3', '"3" is no duration: 500ms, 2s, 1.5m.'],
  ])('%s is refused, and says why', (text, problem) => {
    const parsed = parseBreakpoint(text);
    expect(parsed).toEqual({
      ok: false,
      problem: problem === 'text' ? expect.stringContaining('/(/ is no regular expression') : problem,
    });
  });

  test('new in a request is what the call before neither said nor answered', () => {
    const said = (role: string, content: string) => ({ role, parts: [{ type: 'text', content }] });
    const input = [said('user', 'a'), said('assistant', 'b'), said('user', 'c')];
    const of = (...messages: typeof input) => contextOf(undefined, { input: messages, system: [{ type: 'text', content: 's' }] });
    const before = {
      context: of(said('user', 'a')),
      messages: { output: [{ ...said('assistant', 'b'), finish_reason: 'stop' }] },
    };
    expect(newPieces(before, of(...input))).toEqual({ system: [], input: [said('user', 'c')] });
    expect(newPieces(undefined, of(...input))).toEqual({ system: [{ type: 'text', content: 's' }], input });
  });

  test('every form of the help is one', () => {
    const examples = BREAKPOINT_FORMS.flatMap(([forms]) => forms.split(', '));
    expect(examples.length).toBeGreaterThan(20);
    for (const example of examples) expect([example, parseBreakpoint(example).ok]).toEqual([example, true]);
  });
});
