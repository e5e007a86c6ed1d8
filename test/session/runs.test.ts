import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Note, SpanEvent } from '../../src/events/model.ts';
import { hub } from '../../src/events/ports.ts';
import { recordFailure } from '../../src/session/notes.ts';
import { currentRun, startRun } from '../../src/session/runs.ts';
import type { Run } from '../../src/session/runs.ts';
import { startSession } from '../../src/session/sessions.ts';
import type { Step } from '../../src/session/steps.ts';
import { recordTool } from '../../src/session/wrappers.ts';
import { startRig } from './rig.ts';
import type { Rig } from './rig.ts';

let rig: Rig;
beforeEach(() => {
  rig = startRig({ agent: { name: 'support', version: '1' } });
});
afterEach(() => rig.stop());
const events = (): SpanEvent[] => rig.recordings.ids().flatMap((id) => rig.recordings.events(id));
const eventOf = ({ id }: { id: string }): SpanEvent => events().find((event) => event.id === id)!;
const failures = (event: SpanEvent): Note[] => (event.notes ?? []).filter(({ kind }) => kind === 'failure');
const soon = (ms = 0): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const boom = (): never => {
  throw new Error('boom');
};

describe('S8 a run', () => {
  it('is an event of type agent, with what is in it below it', async () => {
    const run = startRun({
      agent: { id: 'a1', name: 'planner', version: '3' },
      environment: 'staging',
      attributes: { ticket: 42 },
    });
    expect(run.status()).toBe('running');
    await run.run(async () => {
      expect(currentRun()).toBe(run);
      await soon();
      recordTool('inside', () => 1)();
    });
    expect(currentRun()).toBeUndefined();
    recordTool('outside', () => 1)();
    run.set({ ticket: 43 });
    run.end();
    run.end('failure');
    const event = eventOf(run);
    expect(event).toMatchObject({
      type: 'agent',
      name: 'invoke_agent planner',
      agent: { id: 'a1', name: 'planner', version: '3' },
      status: 'ok',
      run: { status: 'success', reason: 'ended', environment: 'staging', steps: 0, retries: 0, errors: 0 },
      attributes: { ticket: 43 },
    });
    expect(run.agent).toEqual({ id: 'a1', name: 'planner', version: '3' });
    expect(run.status()).toBe('success');
    const [inside, outside] = ['inside', 'outside'].map((name) => events().find(({ tool }) => tool?.name === name)!);
    expect(inside).toMatchObject({ parent: run.id, runId: run.id, agent: { name: 'planner' } });
    expect([outside!.parent, outside!.runId, outside!.agent]).toEqual([undefined, undefined, undefined]);
  });

  it('has the agent of the session, and the name that it was given', () => {
    const run = startRun({ name: 'nightly' });
    const plain = startRun();
    run.end();
    plain.end();
    expect(run.agent).toEqual({ name: 'support', version: '1' });
    expect(eventOf(run).name).toBe('nightly');
    expect(eventOf(run).agent).toBeUndefined();
    expect(eventOf(plain).name).toBe('invoke_agent support');
  });

  it('belongs to the session that it is given, and no step of it to another', () => {
    const [one, two] = [startSession(), startSession()];
    const run = one.run(() => startRun({ session: two, agent: 'x' }));
    one.run(() => run.step('tool', 'search', () => {}));
    run.end();
    expect(rig.recordings.events(two.id).map(({ type, parent }) => [type, parent])).toEqual([
      ['step', run.id],
      ['agent', undefined],
    ]);
    one.end();
    two.end();
    expect(rig.recordings.events(one.id)).toEqual([]);
    const late = startRun({ session: two });
    expect(late.run(() => 7)).toBe(7);
    late.end();
    expect(rig.recordings.events(two.id)).toHaveLength(2);
  });

  it.each<[string, (run: Run) => unknown, Partial<SpanEvent>]>([
    ['nothing', () => {}, { status: 'ok', run: { status: 'success', reason: 'ended' } as never }],
    [
      'a throw',
      (run) => run.run(boom),
      { status: 'error', error: { type: 'Error' }, run: { status: 'failure', reason: 'exception' } as never },
    ],
    [
      'a rejection',
      (run) => run.run(async () => boom()),
      { status: 'error', run: { status: 'failure', reason: 'exception' } as never },
    ],
    [
      'a throw, then a return',
      (run) => [swallow(() => run.run(boom)), run.run(() => 1)],
      { status: 'ok', run: { status: 'success' } as never },
    ],
    [
      'a step that threw',
      (run) => run.step('plan', 'p', boom),
      { status: 'error', run: { status: 'failure', reason: 'exception', steps: 1, errors: 1 } as never },
    ],
    [
      'a step that threw inside of a run that went on',
      (run) => run.run(() => swallow(() => run.step('plan', 'p', boom))),
      { status: 'ok', run: { status: 'partial', steps: 1, errors: 1 } as never },
    ],
    [
      'a step that threw, and one after it',
      (run) => [swallow(() => run.step('plan', 'p', boom)), run.step('plan', 'p', () => {}, { attempt: 2 })],
      { status: 'ok', run: { status: 'partial', steps: 2, retries: 1 } as never },
    ],
    [
      'a step that was tried again though nothing failed',
      (run) => [1, 2].map((attempt) => run.step('respond', 'r', () => {}, { attempt })),
      { status: 'ok', run: { status: 'partial', steps: 2, retries: 1, errors: 0 } as never },
    ],
    [
      'a failure that was recorded',
      (run) => run.recordFailure({ type: 'tool', code: 'timeout' }),
      { status: 'ok', run: { status: 'partial', errors: 0 } as never },
    ],
    [
      'a failure that was said',
      (run) => run.end('failure'),
      { status: 'error', run: { status: 'failure', reason: 'ended' } as never },
    ],
    [
      'a reason',
      (run) => run.end('indeterminate', 'timeout'),
      { status: 'ok', run: { status: 'indeterminate', reason: 'timeout' } as never },
    ],
    [
      'success that was none',
      (run) => [swallow(() => run.step('plan', 'p', boom)), run.end('success')],
      { status: 'ok', run: { status: 'partial' } as never },
    ],
  ])('after %s says how it ended', async (_, doIt, expected) => {
    const run = startRun();
    await (async () => doIt(run))().catch(() => {});
    run.end();
    expect(eventOf(run)).toMatchObject(expected);
    expect(run.status()).toBe(eventOf(run).run!.status);
  });

  it('ends its open steps first, and is ended by `await using` and by its session', async () => {
    let run: Run;
    {
      await using made = startRun();
      run = made;
      void made.step('tool', 'slow', () => soon(5).then(() => 'late'));
    }
    expect(events().map(({ type, status }) => [type, status])).toEqual([
      ['step', 'unfinished'],
      ['agent', 'ok'],
    ]);
    expect(eventOf(run).run).toMatchObject({ status: 'success' });
    await soon(10);
    expect(events()).toHaveLength(2);
    const left = startRun();
    rig.store.close({ state: 'indeterminate', reason: 'signal' });
    expect(left.status()).toBe('indeterminate');
    expect(eventOf(left).run).toMatchObject({ status: 'indeterminate', reason: 'signal' });
    expect(left.step('plan', 'p', () => 3)).toBe(3);
  });

  it('around a run counts what fails in it', () => {
    const outer = startRun({ agent: 'outer' });
    const inner = outer.run(() => startRun({ agent: 'inner' }));
    swallow(() => inner.step('tool', 't', boom));
    inner.end('success');
    outer.end();
    expect(eventOf(inner)).toMatchObject({ parent: outer.id, runId: outer.id, run: { status: 'partial', steps: 1, errors: 1 } });
    expect(eventOf(outer)).toMatchObject({ run: { status: 'partial', steps: 0, errors: 1 } });
  });

  it('is found by the code inside of it, one that a framework began included', () => {
    const event = hub.recorder!.open({ type: 'agent', name: 'invoke_agent framework', agent: { name: 'framework' } })!;
    event.run(() => {
      const run = currentRun()!;
      expect(run.id).toBe(event.id);
      expect(run).toBe(currentRun());
      run.step('respond', 'answer', () => {
        expect(currentRun()).toBe(run);
        const inner = startRun();
        inner.run(() => expect(currentRun()).toBe(inner));
        inner.run(() => {
          inner.end();
          expect(currentRun()).toBe(run);
        });
      });
    });
    event.end({ status: 'ok' });
    expect(eventOf(event).run).toMatchObject({ status: 'success', steps: 1 });
  });

  it('records nothing without a client, and runs what it is given', async () => {
    hub.recorder = null;
    const run = startRun({ agent: 'x' });
    const thrown = new Error('mine');
    expect(run.id).toMatch(/^[0-9a-f]{16}$/);
    expect(run.run(() => 1)).toBe(1);
    const seen = run.step('tool', 'search', (step) => [step.seq, step.type, step.name, step.attempt], { attempt: 2 });
    expect(seen).toEqual([0, 'tool', 'search', 2]);
    await expect(run.step('plan', 'p', () => Promise.reject(thrown))).rejects.toBe(thrown);
    run.step('tool', 't', (step) => {
      step.recordFailure({ type: 'tool', code: 'timeout' });
      step.recordQualitySignal({ type: 'tool_success', code: 'first_attempt', value: true });
      step.set({ a: 1 });
    });
    run.recordFailure({ type: 'tool', code: 'timeout', step: 1 });
    expect([currentRun(), run.status()]).toEqual([undefined, 'running']);
    run.end('indeterminate');
    expect(run.status()).toBe('indeterminate');
    await run[Symbol.asyncDispose]();
    expect(() => events()).toThrow();
  });
});

function swallow(fn: () => unknown): void {
  try {
    fn();
  } catch {
    // What it threw is in the recording.
  }
}

describe('S8 steps', () => {
  it('hand on what the function returns or throws, and are there as events', async () => {
    const run = startRun({ agent: 'x' });
    const value = {};
    expect(run.step('plan', 'think', () => value)).toBe(value);
    const thenable = { then: (resolve: (value: number) => void) => resolve(4) };
    expect(run.step('plan', 'lazy', () => thenable)).toBe(thenable);
    thenable.then(() => {});
    const error = new TypeError('secret');
    expect(() =>
      run.step(
        'retrieve',
        'fetch docs',
        () => {
          throw error;
        },
        { attributes: { k: 3 } },
      ),
    ).toThrow(error);
    await expect(run.step('respond', 'answer', async () => 'text')).resolves.toBe('text');
    run.end();
    const steps = events().filter(({ type }) => type === 'step');
    expect(
      steps.map(({ name, step, status, parent, runId }) => [step, name, status, parent === run.id && runId === run.id]),
    ).toEqual([
      [{ seq: 1, type: 'plan', attempt: 1 }, 'think', 'ok', true],
      [{ seq: 2, type: 'plan', attempt: 1 }, 'lazy', 'ok', true],
      [{ seq: 3, type: 'retrieve', attempt: 1 }, 'fetch docs', 'error', true],
      [{ seq: 4, type: 'respond', attempt: 1 }, 'answer', 'ok', true],
    ]);
    expect(steps[2]).toMatchObject({
      error: { type: 'TypeError' },
      content: { error: { message: 'secret' } },
      attributes: { k: 3 },
    });
  });

  it('are children of the step that they are in, and of the run where the code is elsewhere', async () => {
    const run = startRun();
    const ids: string[] = [];
    await run.step('plan', 'outer', async (outer) => {
      await soon();
      recordTool('t', () => run.step('tool', 'inner', (inner) => ids.push(outer.id, inner.id)))();
      startRun().run(() => run.step('tool', 'beside', (beside) => ids.push(beside.id)));
    });
    run.end();
    const [outer, inner, beside] = ids.map((id) => eventOf({ id }));
    const tool = events().find(({ type }) => type === 'tool')!;
    expect([tool.parent, inner!.parent, beside!.parent]).toEqual([outer!.id, tool.id, outer!.id]);
    expect([outer!.step!.seq, inner!.step!.seq, beside!.step!.seq, beside!.runId]).toEqual([1, 2, 3, run.id]);
  });

  it('say which step they try again', async () => {
    const run = startRun();
    const ids: string[] = [];
    let tries = 0;
    const search = (attempt: number): string =>
      run.step(
        'tool',
        'search',
        (step) => {
          ids.push(step.id);
          return ++tries < 3 ? boom() : 'found';
        },
        { attempt },
      );
    for (let attempt = 1; attempt <= 3; attempt++) swallow(() => search(attempt));
    run.step('tool', 'search', (step) => ids.push(step.id));
    run.step('tool', 'other name', (step) => ids.push(step.id), { attempt: 2 });
    let first: Step | undefined;
    swallow(() =>
      run.step('respond', 'write', (step) => {
        first = step;
        boom();
      }),
    );
    run.step(
      'respond',
      'write differently',
      (step) => {
        ids.push(step.id);
        expect(step.attempt).toBe(2);
      },
      { retryOf: first! },
    );
    run.end();
    const steps = ids.map((id) => eventOf({ id }).step!);
    expect(steps.map(({ seq, attempt, retryOf }) => [seq, attempt, retryOf])).toEqual([
      [1, 1, undefined],
      [2, 2, ids[0]],
      [3, 3, ids[1]],
      [4, 1, undefined],
      [5, 2, undefined],
      [7, 2, first!.id],
    ]);
    expect(eventOf(run).run).toMatchObject({ status: 'partial', steps: 7, retries: 4 });
  });

  it('take the one that failed for the one that is tried again, where several of a name run', async () => {
    const run = startRun();
    const found: Record<string, (string | undefined)[]> = {};
    const gates = { a: soon(1), b: soon(6), c: soon(12) };
    const work = async (item: keyof typeof gates): Promise<void> => {
      const step = async (attempt: number): Promise<void> =>
        run.step(
          'tool',
          'fetch',
          async (now) => {
            (found[item] ??= []).push(now.id);
            if (attempt === 1) await gates[item].then(boom);
          },
          { attempt },
        );
      await step(1).catch(() => step(2));
    };
    await Promise.all([work('a'), work('b'), work('c')]);
    run.end();
    for (const [item, [before, again]] of Object.entries(found)) expect(eventOf({ id: again! }).step!.retryOf, item).toBe(before);
  });

  it('take one that failed before one that went well later, and each for one try only', () => {
    const run = startRun();
    const tries: Step[] = [];
    const search = (attempt: number, fn: () => unknown = () => {}): void =>
      swallow(() => run.step('tool', 'search', (step) => (tries.push(step), fn()), { attempt }));
    search(1, boom);
    search(1, boom);
    search(1);
    search(2);
    search(2);
    run.end();
    const [a, b, , c, d] = tries;
    expect([c, d].map((step) => eventOf(step!).step!.retryOf)).toEqual([b!.id, a!.id]);
  });

  it('are numbered without a gap in 1,000 runs at once, several steps at a time', async () => {
    const runs = Array.from({ length: 1000 }, (_, i) => startRun({ agent: `agent ${i}` }));
    const sizes = await Promise.all(
      runs.map(async (run, i) => {
        const size = 3 + (i % 4);
        await Promise.all(
          Array.from({ length: size }, (_, k) =>
            run.step('tool', `step ${k}`, async () => {
              await soon((i * 7 + k * 5) % 11);
              if (k === 0) await run.step('other', 'nested', () => soon((i + k) % 3));
            }),
          ),
        );
        run.end();
        return size + 1;
      }),
    );
    const byRun = Map.groupBy(
      events().filter(({ type }) => type === 'step'),
      ({ runId }) => runId,
    );
    expect(byRun.size).toBe(1000);
    runs.forEach((run, i) => {
      const seqs = byRun.get(run.id)!.map(({ step, agent }) => [step!.seq, agent?.name]);
      const inOrder = Array.from({ length: sizes[i]! }, (_, k) => [k + 1, `agent ${i}`]);
      expect(seqs.toSorted(([a], [b]) => (a as number) - (b as number))).toEqual(inOrder);
    });
  });

  it('are numbered without a gap in one run with 200 at once', async () => {
    const run = startRun();
    const seqs = await Promise.all(
      Array.from({ length: 200 }, (_, k) => run.step('tool', 'same', (step) => soon((k * 7) % 13).then(() => step.seq))),
    );
    run.end();
    expect(seqs).toEqual(Array.from({ length: 200 }, (_, k) => k + 1));
    expect(eventOf(run).run).toMatchObject({ status: 'success', steps: 200, retries: 0 });
  });
});

describe('S8 several failures of a run', () => {
  it('each stand with the step that they happened in', () => {
    const run = startRun();
    let first: Step | undefined;
    run.step('tool', 'one', (step) => {
      first = step;
      step.recordFailure({ type: 'tool', code: 'timeout', message: 'slow' });
      recordFailure({ type: 'tool', code: 'api_error' });
    });
    run.step('retrieve', 'two', () => recordFailure({ type: 'retrieval', code: 'no_results' }));
    run.recordFailure({ type: 'orchestration', code: 'invalid_state', step: first! });
    run.recordFailure({ type: 'tool', code: 'schema_invalid', step: 2 });
    run.recordFailure({ type: 'model', code: 'invalid_output', step: 99 });
    first!.recordFailure({ type: 'tool', code: 'auth_error' });
    run.recordDecision({ type: 'retry_strategy', reasonCode: 'no_retry_terminal_error' });
    run.recordQualitySignal({ type: 'retry_occurred', code: 'single_retry', value: false });
    run.end();
    const [one, two] = events().filter(({ type }) => type === 'step');
    const codes = (event: SpanEvent): unknown[] => failures(event).map((note: any) => [note.code, note.step]);
    expect(codes(one!)).toEqual([
      ['timeout', undefined],
      ['api_error', undefined],
    ]);
    expect(codes(two!)).toEqual([['no_results', undefined]]);
    expect(codes(eventOf(run))).toEqual([
      ['invalid_state', one!.id],
      ['schema_invalid', two!.id],
      ['invalid_output', undefined],
      ['auth_error', one!.id],
    ]);
    expect(
      eventOf(run)
        .notes!.map(({ kind }) => kind)
        .slice(4),
    ).toEqual(['decision', 'signal']);
    expect(eventOf(run).run!.status).toBe('partial');
  });
});

describe('S8 where an error began', () => {
  const search = recordTool('search', () => {
    throw Object.assign(new Error('gone'), { code: 'ECONNREFUSED' });
  });
  const tool = (): SpanEvent => events().find(({ type }) => type === 'tool')!;

  it('is the innermost event that ended with it, or with its cause', () => {
    const run = startRun();
    swallow(() =>
      run.run(() =>
        run.step('tool', 'look up', () => {
          try {
            search();
          } catch (error) {
            throw new Error('could not look it up', { cause: error });
          }
        }),
      ),
    );
    run.end();
    const step = events().find(({ type }) => type === 'step')!;
    expect(tool().error).toEqual({ type: 'Error', code: 'ECONNREFUSED' });
    expect(step.error).toMatchObject({ from: tool().id });
    expect(eventOf(run).error).toMatchObject({ from: tool().id });
    expect([tool(), step, eventOf(run)].map((event) => failures(event).map((note: any) => [note.code, note.auto]))).toEqual([
      [['connection_error', true]],
      [],
      [],
    ]);
  });

  it('is among the errors that one gathers', async () => {
    const run = startRun();
    await run.run(() => Promise.any([(async () => search())(), (async () => search())()])).catch(() => {});
    run.end();
    expect(eventOf(run).error).toEqual({ type: 'AggregateError', from: tool().id });
  });

  it('is in no other session and in no run of long ago, though the error is the same', () => {
    const cached = Object.assign(new Error('cached'), { code: 'ECONNREFUSED' });
    const cache = recordTool('cache', () => {
      throw cached;
    });
    const runs = [startSession(), startSession()].flatMap((session) =>
      [1, 2].map(() =>
        session.run(() => {
          const run = startRun();
          swallow(() => run.step('tool', 'look', cache));
          const late = startRun();
          swallow(() =>
            late.step('tool', 'only rethrows', () => {
              throw cached;
            }),
          );
          late.end();
          run.end();
          return [run, late] as const;
        }),
      ),
    );
    for (const [run, late] of runs) {
      const inside = events().filter(({ runId }) => runId === run.id);
      const origin = inside.find(({ type }) => type === 'tool')!;
      expect([origin.error!.from, inside.find(({ type }) => type === 'step')!.error!.from]).toEqual([undefined, origin.id]);
      expect(eventOf(run).error).toMatchObject({ from: origin.id });
      const rethrown = events().find(({ runId }) => runId === late.id)!;
      expect([rethrown.error!.from, eventOf(late).error!.from]).toEqual([undefined, rethrown.id]);
      expect(failures(rethrown)).toMatchObject([{ type: 'tool', code: 'connection_error', auto: true }]);
    }
  });

  it('is nowhere for what is no object', () => {
    const run = startRun();
    swallow(() =>
      run.step('tool', 't', () => {
        throw 'text';
      }),
    );
    run.end();
    expect(events().map(({ error }) => error)).toEqual([{ type: 'string' }, { type: 'string' }]);
  });
});

describe('S8 the class of a failure is the app’s to say', () => {
  const refused = (): never => {
    throw Object.assign(new Error('no'), { code: 'ECONNREFUSED' });
  };
  const only = (): unknown[] => failures(events()[0]!).map(({ at: _, ...note }) => note);

  it('by its own note, over everything', () => {
    rig.stop();
    const classify = vi.fn(() => ({ type: 'tool', code: 'timeout' }));
    rig = startRig({ classify });
    swallow(
      recordTool('t', () => {
        recordFailure({ type: 'tool', code: 'auth_error' });
        refused();
      }),
    );
    expect(only()).toEqual([{ kind: 'failure', type: 'tool', code: 'auth_error' }]);
    expect(classify).not.toHaveBeenCalled();
  });

  it.each<[string, () => any, object]>([
    ['what it says', () => ({ type: 'tool', code: 'timeout' }), { type: 'tool', code: 'timeout' }],
    ['an unknown code', () => ({ type: 'tool', code: 'sulked' }), { type: 'tool', code: 'sulked', unknownCode: true }],
    ['nothing', () => undefined, { type: 'tool', code: 'connection_error', auto: true }],
    ['rubbish', () => 'timeout', { type: 'tool', code: 'connection_error', auto: true }],
    ['a throw', boom, { type: 'tool', code: 'connection_error', auto: true }],
  ])('by the option `classifier`: %s', (_, classify, expected) => {
    rig.stop();
    rig = startRig({ classify });
    expect(recordTool('t', refused)).toThrow('no');
    expect(only()).toEqual([{ kind: 'failure', ...expected }]);
  });
});
