import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hub } from '../../src/events/ports.ts';
import { recordAction, recordTool } from '../../src/session/wrappers.ts';
import { startRig } from './rig.ts';
import type { Rig } from './rig.ts';

let rig: Rig;
beforeEach(() => {
  rig = startRig();
});
afterEach(() => rig.stop());
const ids = () => (existsSync(rig.recordings.dir) ? rig.recordings.ids() : []);
const events = () => ids().flatMap((id) => rig.recordings.events(id));

describe('E4 generators', () => {
  it('stay the object that they are, with every way of being read', () => {
    function* bare(this: unknown, n: number): Generator<number, string, unknown> {
      for (let i = 0; i < n; i++) yield i;
      return 'end';
    }
    const count = recordTool('count', bare);
    const generator = count(3);
    expect([count.name, count.length, Object.getPrototypeOf(count)]).toEqual(['bare', 1, Object.getPrototypeOf(bare)]);
    expect(Object.getPrototypeOf(generator)).toBe(bare.prototype);
    expect(generator).toBeInstanceOf(count);
    expect(Object.prototype.toString.call(generator)).toBe('[object Generator]');
    expect(Object.keys(generator)).toEqual([]);
    expect(generator[Symbol.iterator]()).toBe(generator);
    expect(() => new (count as unknown as new () => unknown)()).toThrow(TypeError);
    expect([...generator]).toEqual([0, 1, 2]);
    expect(
      count(4)
        .filter((n) => n % 2 === 0)
        .toArray(),
    ).toEqual([0, 2]);
    function* outer(): Generator<number, string, unknown> {
      return yield* count(2);
    }
    expect([...outer()]).toEqual([0, 1]);
    expect(events().map(({ status, content }) => [status, content])).toEqual([
      ['ok', { arguments: 3, result: { yielded: 3, returned: 'end' } }],
      ['ok', { arguments: 4, result: { yielded: 4, returned: 'end' } }],
      ['ok', { arguments: 2, result: { yielded: 2, returned: 'end' } }],
    ]);
  });

  it('begin when first asked: one that nobody asks is no event', () => {
    const count = recordTool('count', function* () {
      yield 1;
    });
    const first = count();
    count().return();
    expect(() => count().throw(new Error('no'))).toThrow('no');
    expect([rig.store.all().length, events()]).toEqual([0, []]);
    first.next();
    expect(rig.store.current().openEvents).toBe(1);
  });

  it('end as cancelled where the reader leaves, as failed with what is thrown, in both directions', () => {
    const seen: string[] = [];
    const talk = recordAction('talk', function* (): Generator<string, string> {
      try {
        for (;;) seen.push(yield 'more?');
      } catch (error) {
        if (error === 'enough') return 'handled';
        throw error;
      } finally {
        seen.push('cleaned');
      }
    });
    for (const word of talk()) if (word) break;
    const asked = talk();
    asked.next();
    asked.next('a');
    expect(asked.throw('enough')).toEqual({ done: true, value: 'handled' });
    const fails = talk();
    fails.next();
    const error = new RangeError('secret');
    expect(() => fails.throw(error)).toThrow(error);
    expect(fails.next('late')).toEqual({ done: true, value: undefined });
    expect(seen).toEqual(['cleaned', 'a', 'cleaned', 'cleaned']);
    expect(events().map(({ status, error, content }) => [status, error?.type, content?.result])).toEqual([
      ['cancelled', undefined, { yielded: 1 }],
      ['ok', undefined, { yielded: 2, returned: 'handled' }],
      ['error', 'RangeError', { yielded: 1 }],
    ]);
  });

  it('go on where the body does not let the reader leave, and when it is asked from inside', () => {
    const stubborn = recordTool('stubborn', function* (): Generator<number, void> {
      try {
        yield 1;
      } finally {
        yield 2;
      }
    })();
    stubborn.next();
    expect(stubborn.return()).toEqual({ done: false, value: 2 });
    expect(events()).toEqual([]);
    stubborn.next();
    let self: Generator<string> | undefined;
    const selfish = recordTool('selfish', function* (): Generator<string> {
      try {
        self!.next();
      } catch (error) {
        yield (error as Error).name;
      }
    });
    self = selfish();
    expect([...self]).toEqual(['TypeError']);
    expect(events().map(({ status }) => status)).toEqual(['ok', 'ok']);
  });

  it('have what their body does inside of them, and not what their reader does', async () => {
    const inner = recordTool('inner', () => 1);
    const outside = recordTool('outside', () => 2);
    const sync = recordAction('sync', function* () {
      yield inner();
      yield inner();
    });
    const async = recordAction('async', async function* () {
      await delay(1);
      yield inner();
      await delay(1);
      yield inner();
    });
    for (const _ of sync()) outside();
    for await (const _ of async()) outside();
    const all = events();
    for (const name of ['sync', 'async']) {
      const { id } = all.find((event) => event.name === name)!;
      expect(all.filter(({ parent }) => parent === id).map((event) => event.name)).toEqual([
        'execute_tool inner',
        'execute_tool inner',
      ]);
    }
    expect(all.filter((event) => event.tool?.name === 'outside').map(({ parent }) => parent)).toEqual(
      Array.from({ length: 4 }, () => undefined),
    );
  });

  it('keep the order of what is asked at once, and the rejection with its object', async () => {
    const error = new Error('late');
    const stream = recordTool('stream', async function* (n: number) {
      for (let i = 0; i < n; i++) {
        await delay(3 - i);
        yield i;
      }
      throw error;
    });
    const generator = stream(3);
    expect(Object.prototype.toString.call(generator)).toBe('[object AsyncGenerator]');
    expect(generator[Symbol.asyncIterator]()).toBe(generator);
    const order: unknown[] = [];
    const asked = [0, 1, 2, 3, 4].map((i) =>
      generator.next().then(
        (step) => order.push([i, step.value]),
        (thrown) => order.push([i, thrown]),
      ),
    );
    await Promise.all(asked);
    expect(order).toEqual([
      [0, 0],
      [1, 1],
      [2, 2],
      [3, error],
      [4, undefined],
    ]);
    for await (const n of stream(3)) if (n === 1) break;
    expect(events().map(({ status, content }) => [status, content?.result])).toEqual([
      ['error', { yielded: 3 }],
      ['cancelled', { yielded: 2 }],
    ]);
  });

  it('are waited for where another function gives them, one that it gives twice but once', async () => {
    function* bare(): Generator<number> {
      yield 1;
      yield 2;
    }
    const kept = bare();
    const give = recordTool('give', (which: 'new' | 'kept') => (which === 'new' ? bare() : kept));
    const later = recordTool('later', async () => bare());
    const one = give('new');
    expect(events()).toEqual([]);
    expect([...one]).toEqual([1, 2]);
    expect([...(await later())]).toEqual([1, 2]);
    expect(give('kept')).toBe(kept);
    expect(give('kept')).toBe(kept);
    expect([...kept]).toEqual([1, 2]);
    expect(events().map(({ name, content }) => [name, (content!.result as { yielded?: number }).yielded])).toEqual([
      ['execute_tool give', 2],
      ['execute_tool later', 2],
      ['execute_tool give', undefined],
      ['execute_tool give', 2],
    ]);
  });

  it('that are dropped leave nothing behind', async () => {
    setFlagsFromString('--expose-gc');
    const gc = runInNewContext('gc') as () => void;
    const stream = recordTool('dropped', async function* (big: { bytes: Buffer }) {
      yield big.bytes.length;
      yield 2;
    });
    const left = new Set(Array.from({ length: 20 }, (_, i) => i));
    const registry = new FinalizationRegistry((i: number) => left.delete(i));
    // In a function of its own, whose frame is gone then.
    const ask = async (i: number): Promise<void> => {
      const generator = stream({ bytes: Buffer.alloc(1000) });
      registry.register(generator, i);
      await generator.next();
    };
    for (const i of left) await ask(i);
    for (let i = 0; i < 200 && (events().length < 20 || left.size > 0); i++) {
      gc();
      await delay(5);
    }
    expect(left.size).toBe(0);
    expect(events().map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 'unfinished'));
    expect(rig.store.current().openEvents).toBe(0);
  });

  it('that are open when the session ends are unfinished', () => {
    const generator = recordTool('open', function* () {
      yield 1;
      yield 2;
    })();
    generator.next();
    rig.store.current().end({ state: 'success', reason: 'ended' });
    expect(events().map(({ status }) => status)).toEqual(['unfinished']);
    expect([...generator]).toEqual([2]);
  });

  it('E6 are bare when nothing records', () => {
    hub.recorder = null;
    const generator = recordTool('off', function* () {
      yield 1;
    })();
    expect(Object.getOwnPropertyNames(generator)).toEqual([]);
    expect([...generator]).toEqual([1]);
  });
});
