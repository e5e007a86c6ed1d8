import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hub } from '../../src/events/ports.ts';
import type { OpenEvent } from '../../src/events/ports.ts';
import { startRig } from './rig.ts';
import type { Rig } from './rig.ts';

let rig: Rig;
const llm = { operation: 'chat', provider: 'openai', request: { model: 'gpt-4o-mini' } };
const open = (name = 'chat gpt-4o-mini', over: object = {}): OpenEvent =>
  hub.recorder!.open({ type: 'llm', name, llm: { ...llm, ...over } })!;

afterEach(() => rig.stop());

describe('the recorder in full mode', () => {
  beforeEach(() => {
    rig = startRig();
  });

  it('begins the implicit session with its first event, and no file before', () => {
    const { id } = rig.store.current();
    expect(() => rig.recordings.ids()).toThrow();
    open().end({ status: 'ok' });
    expect(rig.recordings.ids()).toEqual([id]);
    expect(rig.recordings.header(id)).toMatchObject({ id, mode: 'full', sdk: 'hindcast/test', pid: process.pid });
  });

  it('has the event on disk when end() returns, with attempts, cost and content', () => {
    const event = open();
    const failed = event.exchange({ method: 'POST', url: 'http://127.0.0.1/v1', headers: [], body: '{}' });
    failed.head(429, [
      ['Retry-After', '2'],
      ['X-Request-Id', 'req_1'],
    ]);
    failed.end('complete');
    const refused = event.exchange({ method: 'POST', url: 'http://127.0.0.1/v1', headers: [], body: '{}' });
    refused.end('error', { type: 'TypeError', code: 'ECONNREFUSED' });
    const good = event.exchange({ method: 'POST', url: 'http://127.0.0.1/v1', headers: [], body: '{}' });
    good.head(200, [
      ['request-id', 'req_2'],
      ['retry-after-ms', '70'],
    ]);
    good.chunk(Buffer.from('{"a":1}'));
    good.end('complete');
    event.firstChunk();
    event.amend({ server: { address: '127.0.0.1', port: 80 }, request: { stream: true } });
    event.end({
      status: 'ok',
      response: { model: 'gpt-4o-mini-2024-07-18' },
      usage: { input: 1_000_000, output: 0 },
      chunks: 1,
      content: () => ({ result: new Map([[1, 2n]]) }),
    });
    event.end({ status: 'error' });
    const [id] = rig.recordings.ids();
    const [line, ...more] = rig.recordings.events(id!);
    expect(more).toEqual([]);
    expect(line).toMatchObject({
      id: event.id,
      status: 'ok',
      llm: {
        request: { model: 'gpt-4o-mini', stream: true },
        server: { port: 80 },
        usage: { input: 1_000_000, output: 0 },
        chunks: 1,
      },
      attempts: [
        { status: 429, retryAfterMs: 2000, requestId: 'req_1' },
        { error: 'ECONNREFUSED' },
        { status: 200, retryAfterMs: 70, requestId: 'req_2' },
      ],
      cost: { usd: 0.15 },
      content: { result: { $type: 'map', entries: [[1, { $type: 'bigint', value: '2' }]] } },
    });
    expect(line!.llm!.firstChunkUs).toBeGreaterThanOrEqual(0);
    expect(rig.recordings.lines(id!).filter((each) => each.k === 'request')).toHaveLength(3);
    expect(rig.store.current().totals()).toMatchObject({ llm: 1, retries: 2, errors: 0 });
  });

  it('takes the cost that the provider said, and no other', () => {
    open().end({ status: 'ok', usage: { input: 1_000_000, output: 0 }, costUsd: 0.1234567891 });
    open('unpriced', { provider: 'openrouter', request: { model: 'mine' } }).end({ status: 'ok', costUsd: 0 });
    const [id] = rig.recordings.ids();
    expect(rig.recordings.events(id!).map(({ cost }) => cost)).toEqual([
      { usd: 0.123456789, priced: 'provider' },
      { usd: 0, priced: 'provider' },
    ]);
    expect(rig.store.current().totals().cost).toEqual({ usd: 0.123456789, unknown: 0 });
  });

  it('nests events, and skips parents that have ended', () => {
    const outer = open('outer');
    outer.run(() => {
      const inner = open('inner');
      inner.run(() => {
        inner.end({ status: 'ok' });
        expect(hub.recorder!.current()).toBe(outer);
        open('late').end({ status: 'ok' });
      });
    });
    outer.end({ status: 'ok' });
    const events = rig.recordings.events(rig.recordings.ids()[0]!);
    expect(events.map(({ name, parent }) => [name, parent])).toEqual([
      ['inner', outer.id],
      ['late', outer.id],
      ['outer', undefined],
    ]);
    expect(new Set(events.map(({ trace }) => trace)).size).toBe(1);
  });

  it('joins the active span of the app, and its trace', () => {
    const key = Symbol.for('opentelemetry.js.api.1');
    const span = { spanContext: () => ({ traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 }) };
    const context = { getValue: () => span };
    (globalThis as Record<symbol, unknown>)[key] = { context: { active: () => context } };
    try {
      const outer = open();
      outer.run(() => open('inner').end({ status: 'ok' }));
      outer.end({ status: 'ok' });
      const [inner, line] = rig.recordings.events(rig.recordings.ids()[0]!);
      expect(line).toMatchObject({ trace: 'a'.repeat(32), parent: 'b'.repeat(16) });
      expect(inner).toMatchObject({ trace: 'a'.repeat(32), parent: outer.id });
    } finally {
      delete (globalThis as Record<symbol, unknown>)[key];
    }
  });

  it('closes what is open at the end as unfinished, and a stream that nobody read as cancelled', () => {
    const { id } = rig.store.current();
    open('asked');
    const unread = open('unread', { request: { stream: true } });
    unread.exchange({ method: 'POST', url: 'http://x/', headers: [] }).head(200, []);
    const read = open('read', { request: { stream: true } });
    const exchange = read.exchange({ method: 'POST', url: 'http://x/', headers: [] });
    exchange.head(200, []);
    exchange.chunk(Buffer.from('data: 1'));
    rig.store.current().end({ state: 'success', reason: 'ended' });
    const status = Object.fromEntries(rig.recordings.events(id).map((event) => [event.name, event.status]));
    expect(status).toEqual({ asked: 'unfinished', unread: 'cancelled', read: 'unfinished' });
    expect(rig.recordings.end(id)).toMatchObject({ state: 'success', stats: { llm: 3 } });
    read.end({ status: 'ok' });
    expect(rig.recordings.events(id)).toHaveLength(3);
  });

  it('is safe after the end, and gives a late call to a new session', () => {
    const { id } = rig.store.current();
    const event = open();
    rig.store.current().end({ state: 'success', reason: 'ended' });
    event.note({ kind: 'signal', type: 'tool_success', code: 'first_attempt', value: true });
    event.firstChunk();
    event.exchange({ method: 'GET', url: 'http://x/', headers: [] }).end('complete');
    expect(event.run(() => 7)).toBe(7);
    event.run(() => open('later').end({ status: 'ok' }));
    const others = rig.recordings.ids().filter((other) => other !== id);
    expect(others).toHaveLength(1);
    expect(rig.recordings.events(others[0]!)[0]!.name).toBe('later');
  });

  it('P12 takes listeners and content functions that throw', () => {
    const event = open();
    const exchange = event.exchange({ method: 'GET', url: 'http://x/', headers: [] });
    let told = '';
    exchange.onEnd(() => {
      throw new Error('listener');
    });
    exchange.onEnd((how) => (told = how));
    exchange.end('cancelled');
    expect(told).toBe('cancelled');
    event.end({
      status: 'ok',
      content: () => {
        throw new Error('content');
      },
    });
    expect(rig.recordings.events(rig.recordings.ids()[0]!)[0]).toMatchObject({ status: 'ok' });
  });
});

describe('V1 the recorder in metadata mode', () => {
  it('keeps facts and attempts, and nothing that was said', () => {
    rig = startRig({ mode: 'metadata' });
    const event = open();
    expect(event.wantsBodies).toBe(false);
    const exchange = event.exchange({ method: 'POST', url: 'http://x/CANARY', headers: [['a', 'CANARY']], body: 'CANARY' });
    exchange.head(200, [['x-request-id', 'req_9']]);
    exchange.chunk(Buffer.from('CANARY'));
    exchange.end('complete');
    expect(exchange.answer()).toEqual({ status: 200, body: undefined });
    let asked = 0;
    event.note({ kind: 'decision', type: 'tool_selection', reasonCode: 'CANARY with spaces', content: { selected: 'CANARY' } });
    event.note({ kind: 'failure', type: 'tool', code: 'timeout', content: { message: 'CANARY' } });
    event.end({
      status: 'ok',
      content: () => {
        asked++;
        return { result: 'CANARY' };
      },
    });
    expect(asked).toBe(0);
    const { id } = rig.store.current();
    rig.store.current().end({ state: 'success', reason: 'ended' });
    expect(JSON.stringify(rig.recordings.lines(id))).not.toContain('CANARY');
    const [line] = rig.recordings.events(id);
    expect(line).toMatchObject({ attempts: [{ status: 200, requestId: 'req_9' }] });
    expect(line!.notes).toMatchObject([
      { reasonCode: 'invalid', unknownCode: true },
      { kind: 'failure', code: 'timeout' },
    ]);
  });
});
