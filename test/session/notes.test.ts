import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Note, SpanEvent } from '../../src/events/model.ts';
import { hub } from '../../src/events/ports.ts';
import { recordDecision, recordFailure, recordQualitySignal } from '../../src/session/notes.ts';
import { startRun } from '../../src/session/runs.ts';
import { recordAction } from '../../src/session/wrappers.ts';
import { startRig } from './rig.ts';
import type { Rig } from './rig.ts';

let rig: Rig;
afterEach(() => rig.stop());
const events = (): SpanEvent[] => rig.recordings.ids().flatMap((id) => rig.recordings.events(id));
const bare = (notes: readonly Note[] | undefined): unknown[] => (notes ?? []).map(({ at: _, ...note }) => note);

const sayAll = (say: {
  recordDecision: typeof recordDecision;
  recordFailure: typeof recordFailure;
  recordQualitySignal: typeof recordQualitySignal;
}): void => {
  say.recordDecision({
    type: 'tool_selection',
    reasonCode: 'tool_unavailable',
    selected: 'a',
    candidates: ['a', 'b'],
    confidence: 1,
  });
  say.recordDecision({ type: 'retry_strategy', reasonCode: 'backoff_required', confidence: 1.5 });
  say.recordFailure({ type: 'retrieval', code: 'no_results', message: 'nothing about cats' });
  say.recordQualitySignal({ type: 'empty_retrieval', code: 'filtered_out', value: true, weight: 0.25 });
};

describe('S9 decisions, failures and signals', () => {
  const full = [
    {
      kind: 'decision',
      type: 'tool_selection',
      reasonCode: 'tool_unavailable',
      confidence: 1,
      content: { selected: 'a', candidates: ['a', 'b'] },
    },
    { kind: 'decision', type: 'retry_strategy', reasonCode: 'backoff_required' },
    { kind: 'failure', type: 'retrieval', code: 'no_results', content: { message: 'nothing about cats' } },
    { kind: 'signal', type: 'empty_retrieval', code: 'filtered_out', value: true, weight: 0.25 },
  ];

  beforeEach(() => {
    rig = startRig();
  });

  it('are the same said of a run, of a step, and of whatever is open', () => {
    const run = startRun();
    run.step('retrieve', 'search', (step) => {
      sayAll(step);
      recordAction('inside', () => sayAll({ recordDecision, recordFailure, recordQualitySignal }))();
    });
    sayAll(run);
    run.end();
    expect(events().map(({ type }) => type)).toEqual(['action', 'step', 'agent']);
    for (const event of events()) expect(bare(event.notes), event.type).toEqual(full);
    expect(events()[2]!.run!.status).toBe('partial');
  });

  it('are on disk at once, before the event has ended', () => {
    startRun().recordFailure({ type: 'tool', code: 'timeout' });
    const [id] = rig.recordings.ids();
    expect(rig.recordings.notes(id!)).toMatchObject([{ n: { kind: 'failure', type: 'tool', code: 'timeout' } }]);
  });

  it('say nothing where nothing records, and never throw', () => {
    const broken = {
      get type(): never {
        throw new Error('getter');
      },
    } as never;
    expect(() => [
      recordDecision(broken),
      recordFailure(broken),
      recordQualitySignal(broken),
      recordFailure(undefined as never),
    ]).not.toThrow();
    const run = startRun();
    expect(() => [run.recordFailure(undefined as never), run.recordDecision(broken), run.set(null as never)]).not.toThrow();
    run.step('other', 's', (step) => step.recordFailure(broken));
    hub.recorder = null;
    sayAll({ recordDecision, recordFailure, recordQualitySignal });
  });
});

describe('V1 decisions, failures and signals without content', () => {
  it('keep their codes and numbers only', () => {
    rig = startRig({ mode: 'metadata' });
    const run = startRun({ attributes: { secret: 'words' } });
    sayAll(run);
    run.set({ secret: 'words' });
    run.end();
    expect(bare(events()[0]!.notes)).toEqual([
      { kind: 'decision', type: 'tool_selection', reasonCode: 'tool_unavailable', confidence: 1 },
      { kind: 'decision', type: 'retry_strategy', reasonCode: 'backoff_required' },
      { kind: 'failure', type: 'retrieval', code: 'no_results' },
      { kind: 'signal', type: 'empty_retrieval', code: 'filtered_out', value: true, weight: 0.25 },
    ]);
    expect(JSON.stringify(rig.recordings.lines(rig.recordings.ids()[0]!))).not.toMatch(/words|cats/);
  });
});
