/** The gate lets in what was recorded in its order, whatever the order in which somebody waits for it. */
import { afterEach, describe, expect, it } from 'vitest';
import { Gate } from '../../src/replay/gate.ts';
import type { Receiver } from '../../src/replay/gate.ts';
import type { ReceivedStep, Step } from '../../src/replay/source.ts';
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

describe('R7 gate of a program that goes its own way', () => {
  const turns = async (): Promise<void> => {
    for (let turn = 0; turn < 20; turn++) await new Promise((done) => setImmediate(done));
  };
  const until = async (holds: () => boolean): Promise<void> => {
    while (!holds()) await new Promise((done) => setTimeout(done, 5));
  };
  const named = (seen: string[], name: string): Receiver => ({
    isReady: () => true,
    receive: ({ kind }) => void seen.push(`${name} ${kind}`),
  });
  /** One answer after the other, piece by piece. */
  const mixed: Step[] = [
    { kind: 'head', ord: 1, atMs: 1001, of: '1' },
    { kind: 'head', ord: 2, atMs: 1002, of: '2' },
    { kind: 'end', ord: 3, atMs: 1003, of: '1' },
    { kind: 'end', ord: 4, atMs: 1004, of: '2' },
  ];

  it('gives who waits what was recorded, in its order', async () => {
    const { seen } = open(mixed);
    gate!.addReceiver('2', named(seen, 'two'));
    gate!.goOn();
    gate!.addReceiver('1', named(seen, 'one'));
    await until(() => seen.length === 4);
    expect(seen).toEqual(['one head', 'two head', 'one end', 'two end']);
  });

  it('puts off what nobody comes for, and gives it when somebody does', async () => {
    const { seen } = open(mixed);
    gate!.goOn();
    gate!.addReceiver('2', named(seen, 'two'));
    await turns();
    expect(seen).toEqual([]);
    await until(() => seen.length === 2);
    expect(seen).toEqual(['two head', 'two end']);
    gate!.addReceiver('1', named(seen, 'one'));
    await turns();
    expect(seen.slice(2)).toEqual(['one head', 'one end']);
  });

  it('waits for a timer that is set, which Node fires, and for work that goes on', async () => {
    const worked: Step = { kind: 'timer', ord: 3, atMs: 1012, key: 'w:0', lin: 'w', isWork: true };
    const { seen } = open([...steps.slice(0, 2), worked, ...steps.slice(2)]);
    const ended = gate!.beginWork('w');
    const set = timer(seen);
    gate!.addTimer(set);
    gate!.goOn();
    for (const key of ['1', '2']) gate!.addReceiver(key, named(seen, key));
    await new Promise((done) => setTimeout(done, 200));
    expect(seen).toEqual(['released', '1 head']);
    gate!.fired(set);
    await new Promise((done) => setTimeout(done, 200));
    expect(seen).toEqual(['released', '1 head']);
    ended(() => void seen.push('worked'));
    await until(() => seen.length === 6);
    expect(seen.slice(2)).toEqual(['worked', '2 head', '1 end', '2 end']);
  });

  it('goes past a timer that nobody sets, or that was taken back, and past what was left', async () => {
    const { seen } = open();
    gate!.addTimer(timer(seen, { isGone: true }));
    const leaving = (step: ReceivedStep): void => {
      seen.push(`one ${step.kind}`);
      gate!.leave('1');
    };
    gate!.addReceiver('1', { isReady: () => true, receive: leaving });
    gate!.goOn();
    gate!.addReceiver('2', named(seen, 'two'));
    await until(() => seen.includes('two end'));
    expect(seen).toEqual(['released', 'one head', 'two head', 'two end']);
  });

  it('knows what it has let in, and lets nothing in of what is over', async () => {
    const { seen } = open(mixed);
    expect([gate!.isPast(1000), gate!.isPast(1001)]).toEqual([true, false]);
    gate!.goOn(new Set(['1']));
    gate!.addReceiver('1', named(seen, 'one'));
    gate!.addReceiver('2', named(seen, 'two'));
    await until(() => seen.length === 2);
    await turns();
    expect(seen).toEqual(['two head', 'two end']);
  });

  it('has its time go on from where it stood', async () => {
    const { seen, all } = open(mixed.slice(0, 1));
    gate!.addReceiver('1', named(seen, 'one'));
    await all();
    gate!.goOn();
    const before = gate!.nowMs;
    expect(before).toBeGreaterThanOrEqual(1001);
    await new Promise((done) => setTimeout(done, 20));
    expect(gate!.nowMs).toBeGreaterThan(before);
    expect(gate!.nowMs).toBeLessThan(1001 + 60_000);
  });
});
