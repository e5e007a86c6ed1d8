import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { onNotice } from '../../src/core/diagnostics.ts';
import { hub } from '../../src/events/ports.ts';
import { record } from '../../src/session/record.ts';
import { track } from '../../src/session/track.ts';
import { recordTool } from '../../src/session/wrappers.ts';
import { startRig } from './rig.ts';
import type { Rig } from './rig.ts';

let rig: Rig;
const notices: string[] = [];
onNotice((text) => notices.push(text));
beforeEach(() => {
  rig = startRig();
});
afterEach(() => rig.stop());
const events = () => rig.recordings.events(rig.recordings.ids()[0]!);

describe('E1, E3 record', () => {
  it('makes one event of one call, with id, times and place', () => {
    let id: string | undefined;
    recordTool('outer', () => {
      id = record({ type: 'action', name: 'load', arguments: [1], result: { a: 2n }, attributes: { rows: 3 } });
    })();
    const [event, outer] = events();
    expect(events()).toHaveLength(2);
    expect(event).toMatchObject({
      id,
      parent: outer!.id,
      type: 'action',
      name: 'load',
      status: 'ok',
      attributes: { rows: 3 },
      content: { arguments: [1], result: { a: { $type: 'bigint', value: '2' } } },
    });
    expect(event!.end - event!.start).toBeLessThanOrEqual(2);
  });

  it('keeps the times that are told, to the millisecond', () => {
    rig.store.current().begin();
    const { epoch } = rig.store.current().log.header;
    const base = Math.ceil(epoch / 1000);
    const wait = new Int32Array(new SharedArrayBuffer(4));
    Atomics.wait(wait, 0, 0, 60);
    record({ type: 'action', name: 'dates', startedAt: new Date(base + 10), endedAt: new Date(base + 30) });
    record({ type: 'action', name: 'numbers', startedAt: base + 10, endedAt: base + 30.5 });
    record({ type: 'action', name: 'end alone', endedAt: base + 30 });
    record({ type: 'action', name: 'start alone', startedAt: base + 10 });
    record({ type: 'action', name: 'backwards', startedAt: base + 30, endedAt: base + 10 });
    const times = events().map(({ name, start, end }) => [
      name,
      Math.round((epoch + start) / 1000) - base,
      Math.round((end - start) / 1000),
    ]);
    const near = (ms: number): unknown => expect.toSatisfy((value: number) => Math.abs(value - ms) <= 3);
    expect(times.slice(0, 3)).toEqual([
      ['dates', near(10), near(20)],
      ['numbers', near(10), near(20.5)],
      ['end alone', near(30), near(0)],
    ]);
    expect(times[3]![2]).toBeGreaterThan(30);
    expect(times[4]![2]).toBe(0);
  });

  it('counts and prices a call of a model like any other', () => {
    record({
      type: 'llm',
      provider: 'openai',
      model: 'gpt-4o-mini',
      usage: { input: 1_000_000, output: 10 },
      finishReasons: ['stop'],
      input: [{ role: 'user', content: 'hi' }],
      output: 'hello',
    });
    record({ type: 'llm', model: 'house-model', operation: 'embeddings', costUsd: 0.25, responseModel: 'house-model-7' });
    const [chat, embeddings] = events();
    expect(chat).toMatchObject({
      type: 'llm',
      name: 'chat gpt-4o-mini',
      llm: {
        operation: 'chat',
        provider: 'openai',
        request: { model: 'gpt-4o-mini' },
        response: { finishReasons: ['stop'] },
        usage: { input: 1_000_000, output: 10 },
      },
      content: { request: [{ role: 'user', content: 'hi' }], response: 'hello' },
    });
    expect(chat!.cost!.usd).toBeGreaterThan(0.1);
    expect(embeddings).toMatchObject({
      name: 'embeddings house-model',
      llm: { provider: 'custom', response: { model: 'house-model-7' } },
      cost: { usd: 0.25, priced: 'provider' },
    });
    expect(rig.store.current().totals()).toMatchObject({
      llm: 2,
      tokens: { input: 1_000_000, unknown: 1 },
      cost: { unknown: 0 },
    });
  });

  it('takes tools, errors thrown and told, and types of the app', () => {
    record({
      type: 'tool',
      name: 'search',
      callId: 'call_1',
      arguments: { q: 'a' },
      error: { type: 'Timeout', code: 'ETIMEDOUT', message: 'secret' },
    });
    const error = Object.assign(new RangeError('words'), { code: 'E_RANGE' });
    record({ type: 'error', error });
    record({ type: 'error', name: 'again', error: new Error('outer', { cause: error }) });
    record({ type: 'checkpoint', attributes: { n: 1 } });
    const [tool, thrown, again, custom] = events();
    expect(tool).toMatchObject({
      name: 'execute_tool search',
      tool: { name: 'search', callId: 'call_1' },
      status: 'error',
      error: { type: 'Timeout', code: 'ETIMEDOUT' },
      content: { arguments: { q: 'a' }, error: { message: 'secret' } },
    });
    expect(thrown).toMatchObject({
      type: 'error',
      name: 'error RangeError',
      status: 'error',
      error: { type: 'RangeError', code: 'E_RANGE' },
    });
    expect(again).toMatchObject({ name: 'again', error: { type: 'Error' } });
    expect(custom).toMatchObject({ type: 'checkpoint', name: 'checkpoint', status: 'ok' });
  });

  it('repairs what is wrong, never throws, and says each thing once', () => {
    notices.length = 0;
    const any = record as (event: unknown) => string | undefined;
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    for (let i = 0; i < 2; i++) {
      for (const event of [
        undefined,
        null,
        'text',
        {},
        { type: 'My Type!' },
        { type: 'tool' },
        { type: 'action', name: 5, startedAt: 'soon', endedAt: Number.NaN, attributes: 'x' },
        { type: 'action', startedAt: Date.now() + 1e9 },
        { type: 'llm', usage: { input: -1, output: 'many' }, finishReasons: 'stop', costUsd: Infinity },
        { type: 'llm', usage: 7 },
        { type: 'error' },
      ]) {
        expect(any(event)).toMatch(/^[0-9a-f]{16}$/);
      }
    }
    expect(any(proxy)).toBeUndefined();
    expect(
      any({
        get type() {
          throw new Error('no');
        },
      }),
    ).toBeUndefined();
    expect(
      events()
        .slice(0, 11)
        .map(({ type, name }) => [type, name]),
    ).toEqual([
      ['custom', 'custom'],
      ['custom', 'custom'],
      ['custom', 'custom'],
      ['custom', 'custom'],
      ['my_type_', 'my_type_'],
      ['tool', 'execute_tool unnamed'],
      ['action', 'action'],
      ['action', 'action'],
      ['llm', 'chat'],
      ['llm', 'chat'],
      ['error', 'error Error'],
    ]);
    expect(events().every(({ start, end }) => start >= 0 && end >= start)).toBe(true);
    expect(events()[8]!.llm!.usage).toBeUndefined();
    expect(new Set(notices).size).toBe(notices.length);
    expect(notices.filter((text) => text.includes('name is missing from a tool'))).toHaveLength(1);
    expect(notices.length).toBeGreaterThan(8);
  });

  it('keeps what was said out of a recording without content', () => {
    rig.stop();
    rig = startRig({ mode: 'metadata' });
    record({
      type: 'tool',
      name: 'search',
      arguments: 'canary',
      result: 'canary',
      attributes: { a: 'canary' },
      error: { type: 'canary words', message: 'canary' },
    });
    record({ type: 'llm', model: 'm', input: 'canary', output: 'canary' });
    track({ type: 'action', name: 'a', arguments: 'canary' }, () => 'canary');
    expect(events()).toHaveLength(3);
    expect(JSON.stringify(rig.recordings.lines(rig.recordings.ids()[0]!))).not.toContain('canary');
  });

  it('records nothing when nothing records', () => {
    hub.recorder = null;
    expect(record({ type: 'action' })).toBeUndefined();
  });
});

describe('E3 track', () => {
  it('is one event around a function, and gives what the function gave', async () => {
    const value = {};
    const inner = recordTool('inner', () => 1);
    expect(
      track({ type: 'action', name: 'sync', arguments: { a: 1 } }, (event) => {
        event.set({ rows: 2 });
        inner();
        return value;
      }),
    ).toBe(value);
    await expect(track({ type: 'handoff' }, async () => inner())).resolves.toBe(1);
    const error = new Error('no');
    expect(() =>
      track({ type: 'tool', name: 'fails' }, () => {
        throw error;
      }),
    ).toThrow(error);
    await expect(track({ type: 'action' }, () => Promise.reject(error))).rejects.toBe(error);
    const all = events();
    expect(all.map(({ name, status }) => [name, status])).toEqual([
      ['execute_tool inner', 'ok'],
      ['sync', 'ok'],
      ['execute_tool inner', 'ok'],
      ['handoff', 'ok'],
      ['execute_tool fails', 'error'],
      ['action', 'error'],
    ]);
    expect(all[1]).toMatchObject({ attributes: { rows: 2 }, content: { arguments: { a: 1 }, result: {} } });
    expect([all[0]!.parent, all[2]!.parent]).toEqual([all[1]!.id, all[3]!.id]);
  });

  it('of a call of a model: the answer is what was returned, or what its end says', async () => {
    track({ type: 'llm', provider: 'openai', model: 'gpt-4o-mini', input: 'q' }, () => 'a');
    await track({ type: 'llm', model: 'm', input: 'q' }, async (event) => {
      event.end({ output: 'said', usage: { input: 3, output: 4 }, finishReasons: ['stop'] });
      return { anything: true };
    });
    expect(events().map(({ content, llm }) => [content, llm?.usage])).toEqual([
      [{ request: 'q', response: 'a' }, undefined],
      [
        { request: 'q', response: 'said' },
        { input: 3, output: 4 },
      ],
    ]);
  });

  it('with a generator goes on until that ends', () => {
    const generator = track({ type: 'action', name: 'g' }, function* () {
      yield 1;
      yield 2;
    });
    expect(rig.store.current().openEvents).toBe(1);
    expect([...generator]).toEqual([1, 2]);
    expect(events()[0]!.content?.result).toEqual({ yielded: 2 });
  });

  it('without a function is a handle', async () => {
    const inner = recordTool('inner', () => 1);
    const given = { list: [1] };
    const handle = track({ type: 'tool', name: 'by hand', arguments: given, callId: 'c' });
    given.list.push(2);
    expect(handle.run(inner)).toBe(1);
    await handle.run(async () => inner());
    handle.set({ a: 1 });
    handle.end({ result: 'r' });
    handle.end({ error: new Error('late') });
    handle.set({ a: 2 });
    expect(handle.run(() => 5)).toBe(5);
    const all = events();
    expect(all[2]).toMatchObject({
      id: handle.id,
      status: 'ok',
      attributes: { a: 1 },
      content: { arguments: { list: [1] }, result: 'r' },
    });
    expect([all[0]!.parent, all[1]!.parent]).toEqual([handle.id, handle.id]);
    expect(all).toHaveLength(3);
  });

  it('ends with its block: well, as told, or as its last run did', () => {
    const error = new Error('no');
    {
      using _ = track({ type: 'action', name: 'well' });
    }
    {
      using event = track({ type: 'action', name: 'told' });
      event.end({ status: 'cancelled' });
    }
    expect(() => {
      using event = track({ type: 'action', name: 'thrown' });
      event.run(() => {
        throw error;
      });
    }).toThrow(error);
    track({ type: 'action', name: 'codes' }).end({ error: { type: 'Quota' } });
    track({ type: 'action', name: 'status' }).end({ status: 'error' });
    expect(events().map(({ name, status, error }) => [name, status, error?.type])).toEqual([
      ['well', 'ok', undefined],
      ['told', 'cancelled', undefined],
      ['thrown', 'error', 'Error'],
      ['codes', 'error', 'Quota'],
      ['status', 'error', undefined],
    ]);
  });

  it('E6 only runs the function when nothing records', () => {
    hub.recorder = null;
    const handle = track({ type: 'action' });
    handle.set({ a: 1 });
    handle.end();
    expect([handle.id, handle.run(() => 2), track({ type: 'action' }, ({ id }) => [id, 3])]).toEqual([
      undefined,
      2,
      [undefined, 3],
    ]);
  });
});
