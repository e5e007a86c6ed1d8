import { describe, expect, test } from 'vitest';
import { renderEvent } from '../../src/cli/event-view.ts';
import { renderTree } from '../../src/cli/session-view.ts';
import { openTerminal, type Terminal } from '../../src/cli/terminal.ts';
import { buildTree } from '../../src/cli/tree.ts';
import type { SpanEvent } from '../../src/events/model.ts';

const painted: Terminal = {
  ...openTerminal({}),
  width: Infinity,
  paint: (style, text) => (style === 'dim' ? text : `<${String(style)}>${text}`),
};
const idOf = (id: number): string => id.toString(16).padStart(16, '0');
const event = (id: number, given: Partial<SpanEvent>): SpanEvent => ({
  id: idOf(id),
  trace: 'a'.repeat(32),
  type: 'step',
  name: 'search',
  start: id * 1000,
  end: id * 1000 + 500,
  status: 'ok',
  ...given,
});

const message = { error: { message: 'gone' } };
const events: SpanEvent[] = [
  event(1, {
    type: 'agent',
    name: 'invoke_agent support',
    run: { status: 'partial', reason: 'ended', environment: 'staging', steps: 3, retries: 1, errors: 2 },
    notes: [{ kind: 'failure', type: 'tool', code: 'schema_invalid', at: 1, step: idOf(2) }],
  }),
  event(2, {
    parent: idOf(1),
    runId: idOf(1),
    status: 'error',
    error: { type: 'Error', from: idOf(3) },
    step: { seq: 1, type: 'tool', attempt: 1 },
    content: message,
  }),
  event(3, {
    type: 'tool',
    name: 'execute_tool search',
    parent: idOf(2),
    status: 'error',
    error: { type: 'Error' },
    content: message,
    notes: [{ kind: 'failure', type: 'tool', code: 'connection_error', at: 1, auto: true }],
  }),
  event(4, { parent: idOf(1), runId: idOf(1), step: { seq: 2, type: 'tool', attempt: 2, retryOf: idOf(2) } }),
  event(5, { parent: idOf(1), name: 'turn 1', step: { seq: 3, type: 'other', attempt: 1 } }),
  event(6, { parent: idOf(1), name: 'nap', step: { seq: 4, type: 'dream', unknownType: true, attempt: 1 } }),
];

describe('S8 runs and steps on the terminal', () => {
  test('the tree', () => {
    const lines = renderTree(buildTree({ events, open: [] }), painted, { alive: false });
    expect(lines.map((line) => line.replace(/ms +/, 'ms  '))).toMatchInlineSnapshot(`
      [
        "#        at    took  event                                       status",
        "1  +0.001 s  500 us  invoke_agent support                        <yellow>partial",
        "                     │  failure tool: schema_invalid (in step 1)",
        "2  +0.002 s  500 us  ├─ 1. search (tool)                         <red>Error",
        "                     │  │  from event #3",
        "3  +0.003 s  500 us  │  └─ execute_tool search                   <red>Error",
        "                     │        gone",
        "                     │        failure tool: connection_error (auto)",
        "4  +0.004 s  500 us  ├─ 2. search (tool, attempt 2 of event #2)  <green>ok",
        "5  +0.005 s  500 us  ├─ 3. turn 1                                <green>ok",
        "6  +0.006 s  500 us  └─ 4. nap (dream, not in the vocabulary)    <green>ok",
      ]
    `);
  });

  test('one event', () => {
    const of = (at: number): string => renderEvent({ event: events[at]!, attempts: [] }, painted).join('\n');
    expect(of(0)).toMatch(/status +partial\n/);
    expect(of(0)).toContain('partial, ended in staging; 3 steps, 1 tried again, 2 errors');
    expect(of(0)).toContain(`failure tool: schema_invalid (in event ${idOf(2)})`);
    expect(of(1)).toMatch(new RegExp(`from +event ${idOf(3)}`));
    expect(of(3)).toMatch(new RegExp(`step +2: tool, attempt 2 of event ${idOf(2)}`));
  });
});
