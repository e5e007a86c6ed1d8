/** The gate lets in what was recorded in its order, whatever the order in which somebody waits for it. */
import { afterEach, describe, expect, it } from 'vitest';
import { Gate } from '../../src/replay/gate.ts';
import type { Receiver } from '../../src/replay/gate.ts';
import type { Step } from '../../src/replay/source.ts';
import type { WaitingTimer } from '../../src/replay/timers-replayed.ts';

const steps: Step[] = [
  { kind: 'head', ord: 1, atMs: 1001, of: '1' },
  { kind: 'timer', ord: 2, atMs: 1010, key: 'a:0', lin: 'a', ms: 9 },
  { kind: 'head', ord: 3, atMs: 1020, of: '2' },
  { kind: 'end', ord: 4, atMs: 1030, of: '1' },
  { kind: 'end', ord: 5, atMs: 1040, of: '2' },
];

let gate: Gate | undefined;
afterEach(() => gate?.close());

function open(given: Step[] = steps): { seen: string[]; stalled: Promise<Step>; all: () => Promise<string[]> } {
  const seen: string[] = [];
  const { promise: stalled, resolve } = Promise.withResolvers<Step>();
  gate = new Gate({ steps: given, epochMs: 1000, stallMs: 50, onStall: resolve });
  const all = async (): Promise<string[]> => {
    while (!gate!.isDone) await new Promise((done) => setImmediate(done));
    return seen;
  };
  return { seen, stalled, all };
}

const receiver = (seen: string[], name: string): Receiver => ({
  isReady: () => true,
  receive: ({ kind }) => void seen.push(`${name} ${kind} ${gate!.nowMs}`),
});

const timer = (seen: string[], facts: Partial<WaitingTimer> = {}): WaitingTimer => ({
  lin: 'a',
  count: 0,
  ms: 9,
  isGone: false,
  hand: () => void seen.push(`timer ${gate!.nowMs}`),
  fires: () => true,
  release: () => void seen.push('released'),
  ...facts,
});

describe('gate', () => {
  it('keeps the recorded order, and the time of it', async () => {
    const { seen, all } = open();
    gate!.addReceiver('2', receiver(seen, 'two'));
    gate!.addTimer(timer(seen));
    await new Promise((done) => setTimeout(done, 5));
    expect(seen).toEqual([]);
    gate!.addReceiver('1', receiver(seen, 'one'));
    expect(await all()).toEqual(['one head 1001', 'timer 1010', 'two head 1020', 'one end 1030', 'two end 1040']);
  });

  it('goes past what somebody has left', async () => {
    const { seen, all } = open();
    gate!.addReceiver('1', receiver(seen, 'one'));
    gate!.addReceiver('2', receiver(seen, 'two'));
    gate!.leave('1');
    gate!.addTimer(timer(seen));
    expect(await all()).toEqual(['timer 1010', 'two head 1020', 'two end 1040']);
  });

  it('takes a timer of the same delay that stands elsewhere, when nothing else can come', async () => {
    const { seen, all } = open();
    gate!.addReceiver('1', receiver(seen, 'one'));
    gate!.addReceiver('2', receiver(seen, 'two'));
    gate!.addTimer(timer(seen, { lin: 'moved', ms: 8, hand: () => void seen.push('another') }));
    gate!.addTimer(timer(seen, { lin: 'moved' }));
    await all();
    expect(seen[1]).toBe('timer 1010');
    expect(gate!.moved).toBe(1);
  });

  it('says what is not asked for', async () => {
    const { seen, stalled } = open();
    gate!.addReceiver('1', receiver(seen, 'one'));
    expect(await stalled).toMatchObject({ kind: 'timer', key: 'a:0' });
  });

  it('lets go of timers that the recording knows nothing of, at its end', async () => {
    const { seen, all } = open(steps.slice(0, 1));
    gate!.addTimer(timer(seen, { lin: 'b' }));
    gate!.addReceiver('1', receiver(seen, 'one'));
    await all();
    await new Promise((done) => setTimeout(done, 5));
    expect(seen).toEqual(['one head 1001', 'released']);
    gate!.addTimer(timer(seen, { lin: 'c' }));
    expect(seen.at(-1)).toBe('released');
  });
});
