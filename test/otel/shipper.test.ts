import { AsyncLocalStorage } from 'node:async_hooks';
import { afterEach, describe, expect, it } from 'vitest';
import { SCHEMA_URL } from '../../src/events/genai-names.ts';
import { resourceOf, spanOf } from '../../src/events/genai.ts';
import type { OtlpCarrierOptions } from '../../src/otel/carrier.ts';
import type { ExportBatch, ExportItem, ExportSource } from '../../src/events/ports.ts';
import type { Answer } from '../../src/otel/export-answer.ts';
import { realTime } from '../../src/otel/shipper-time.ts';
import { createShipper, type Shipper, type ShipperOptions, type ShipperReport } from '../../src/otel/shipper.ts';
import { createTransport, type Transport } from '../../src/otel/transport.ts';
import { decodeTraces, partialSuccess, type Receiver, startReceiver } from '../support/otlp-receiver.ts';
import { event, header } from './events.ts';
import { settle, VirtualTime } from './virtual-time.ts';

/** A queue in memory. */
class FakeSource implements ExportSource {
  waiting: ExportItem[] = [];
  outstanding = 0;
  acked: string[] = [];

  add(count: number): string[] {
    const items = Array.from({ length: count }, () => ({ header: header(), event: event({ type: 'action', name: 'a' }) }));
    this.waiting.push(...items);
    return items.map((item) => item.event.id);
  }

  take(limit: { items: number; bytes: number }): ExportBatch | null {
    if (this.waiting.length === 0) return null;
    expect(this.outstanding, 'one batch at a time').toBe(0);
    this.outstanding = Math.min(limit.items, this.waiting.length);
    const items = this.waiting.slice(0, this.outstanding);
    const once = (then: () => void) => () => {
      expect(this.outstanding).toBe(items.length);
      this.outstanding = 0;
      then();
    };
    return {
      items,
      ack: once(() => this.acked.push(...this.waiting.splice(0, items.length).map((item) => item.event.id))),
      release: once(() => {}),
    };
  }

  pending(): number {
    return this.waiting.length;
  }
}

const span: OtlpCarrierOptions['span'] = (item) => spanOf({ header: item.header, event: item.event }, { profile: 'main' });
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

interface Rig {
  source: FakeSource;
  time: VirtualTime;
  shipper: Shipper;
  sent: { atMs: number; ids: string[]; answer: Answer }[];
  reports: ShipperReport[];
}

/** A shipper under virtual time, whose server answers what `answer` says. */
function rig(
  answer: (ids: string[], index: number, time: VirtualTime) => Answer | Promise<Answer>,
  batch: ShipperOptions['batch'] = {},
): Rig {
  const source = new FakeSource();
  const time = new VirtualTime();
  const sent: Rig['sent'] = [];
  const reports: ShipperReport[] = [];
  const transport: Transport = {
    async send(body) {
      const ids = decodeTraces(body).resourceSpans.flatMap((one) =>
        one.scopeSpans.flatMap((scope) => scope.spans.map(({ spanId }) => spanId)),
      );
      const atMs = time.now;
      const given = await answer(ids, sent.length, time);
      sent.push({ atMs, ids, answer: given });
      return given;
    },
    close() {},
  };
  const shipper = createShipper({
    source,
    transport,
    span,
    resource: resourceOf,
    schemaUrl: SCHEMA_URL.main,
    batch,
    time,
    onReport: (one) => reports.push(one),
  });
  return { source, time, shipper, sent, reports };
}

const OK: Answer = { kind: 'accepted' };

describe('T3 batching', () => {
  it('waits for the delay, or until a batch is full', async () => {
    const { source, time, shipper, sent } = rig(() => OK, { items: 10, delayMs: 1_000 });
    source.add(3);
    for (let count = 0; count < 50; count++) shipper.wake();
    expect(time.timers.size, 'one timer').toBe(1);
    await time.pass(999);
    expect(sent).toHaveLength(0);
    await time.pass(1);
    expect(sent.map(({ ids }) => ids.length)).toEqual([3]);
    source.add(10);
    shipper.wake();
    await time.pass(0);
    expect(sent.map(({ ids }) => ids.length)).toEqual([3, 10]);
    expect(shipper.stats()).toEqual({ sent: 13, refused: 0, retries: 0, pending: 0 });
  });

  it('sends batches of the given size, one request after the other', async () => {
    const { source, time, shipper, sent } = rig(() => OK, { items: 100 });
    const ids = source.add(1_050);
    shipper.wake();
    await time.pass(1_000);
    expect(sent.map((one) => one.ids.length)).toEqual([100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 50]);
    expect(sent.flatMap((one) => one.ids)).toEqual(ids);
    expect(source.acked).toEqual(ids);
  });

  it('puts the spans of one recording together', async () => {
    const bodies: Uint8Array[] = [];
    const source = new FakeSource();
    const time = new VirtualTime();
    const transport: Transport = { send: (body) => (bodies.push(body), Promise.resolve(OK)), close() {} };
    const shipper = createShipper({ source, transport, span, resource: resourceOf, schemaUrl: SCHEMA_URL.main, time });
    source.add(2);
    source.waiting.push({ header: header({ id: 'ses_other', service: 'other' }), event: event({ type: 'action', name: 'b' }) });
    source.add(1);
    shipper.wake();
    await time.pass(1_000);
    const { resourceSpans } = decodeTraces(bodies[0]!);
    expect(
      resourceSpans.map((one) => [
        one.resource.attributes[0]!.value['stringValue'],
        one.scopeSpans[0]!.spans.length,
        one.schemaUrl,
      ]),
    ).toEqual([
      ['@acme/support', 3, SCHEMA_URL.main],
      ['other', 1, SCHEMA_URL.main],
    ]);
    expect(resourceSpans[0]!.scopeSpans[0]!.scope).toMatchObject({ name: 'hindcast', version: '0.1.0' });
  });

  it('does not hold the async context of whoever woke it', async () => {
    const storage = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const { source, shipper } = ((): { source: FakeSource; shipper: Shipper } => {
      const fake = new FakeSource();
      const transport: Transport = { send: () => (seen.push(storage.getStore()), Promise.resolve(OK)), close() {} };
      return {
        source: fake,
        shipper: createShipper({ source: fake, transport, span, resource: resourceOf, schemaUrl: '', batch: { delayMs: 0 } }),
      };
    })();
    source.add(1);
    storage.run('request', () => shipper.wake());
    while (seen.length === 0) await settle();
    expect(seen).toEqual([undefined]);
  });

  it('P12 loses one span, not the batch, to a fault of ours', async () => {
    const source = new FakeSource();
    const time = new VirtualTime();
    const ids = source.add(3);
    const transport: Transport = { send: () => Promise.resolve(OK), close() {} };
    const faulty: OtlpCarrierOptions['span'] = (item) => {
      if (item.event.id === ids[1]) throw new Error('ours');
      return span(item);
    };
    const shipper = createShipper({ source, transport, span: faulty, resource: resourceOf, schemaUrl: '', time });
    shipper.wake();
    await time.pass(1_000);
    expect(shipper.stats()).toMatchObject({ sent: 2, refused: 1, pending: 0 });
  });
});

describe('T4 retry', () => {
  it('lasts through an outage of 20 minutes, at a bounded rate, and loses nothing', async () => {
    const outageMs = 20 * 60 * 1_000;
    const { source, time, shipper, sent, reports } = rig(
      (_ids, _index, { now }) => (now < 1_000_000 + outageMs ? { kind: 'retry', reason: 'ECONNREFUSED' } : OK),
      { items: 100 },
    );
    const ids: string[] = [];
    for (let second = 0; second < outageMs / 1_000; second++) {
      ids.push(...source.add(2));
      shipper.wake();
      await time.pass(1_000);
    }
    const during = sent.filter(({ answer }) => answer.kind === 'retry');
    // 1, 2, 4, 8, 16, 32 s, then one a minute.
    expect(during.length).toBeGreaterThan(15);
    expect(during.length).toBeLessThan(30);
    const gaps = during.slice(1).map(({ atMs }, index) => atMs - during[index]!.atMs);
    expect(gaps.slice(0, 7)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000]);
    expect(shipper.stats()).toMatchObject({ sent: 0, pending: ids.length, lastError: 'ECONNREFUSED' });
    await time.pass(60_000);
    expect(source.acked).toEqual(ids);
    expect(shipper.stats()).toMatchObject({ sent: ids.length, refused: 0, pending: 0 });
    expect(reports).toEqual([{ kind: 'failing', reason: 'ECONNREFUSED', nextTryMs: 1_000 }, { kind: 'recovered' }]);
  });

  it('waits as long as the server asks, however often it is woken or flushed', async () => {
    const { source, time, shipper, sent } = rig((_ids, index) =>
      index === 0 ? { kind: 'retry', reason: 'HTTP 429', afterMs: 300_000 } : OK,
    );
    source.add(1);
    shipper.wake();
    await time.pass(1_000);
    expect(await shipper.flush(5_000), 'nothing can happen before').toBe(false);
    for (let second = 0; second < 299; second++) {
      source.add(1);
      shipper.wake();
      await time.pass(1_000);
    }
    expect(sent).toHaveLength(1);
    await time.pass(1_000);
    expect(sent).toHaveLength(2);
    expect(sent[1]!.ids).toHaveLength(300);
  });

  it('halves a batch that is too large, and gives up a single item that is', async () => {
    const { source, time, shipper, sent } = rig((ids) => (ids.length > 3 || ids.includes(poison) ? { kind: 'too-large' } : OK), {
      items: 16,
    });
    const ids = source.add(16);
    const poison = ids[9]!;
    shipper.wake();
    await time.pass(1_000);
    expect(source.acked).toEqual(ids);
    expect(shipper.stats()).toMatchObject({ sent: 15, refused: 1, pending: 0 });
    expect(sent.length).toBeLessThan(30);
  });

  it('counts what is refused for good, and goes on', async () => {
    const { source, time, shipper, reports } = rig(
      (_ids, index) => (index === 0 ? { kind: 'refused', status: 400, reason: 'HTTP 400' } : OK),
      { items: 2 },
    );
    source.add(5);
    shipper.wake();
    await time.pass(1_000);
    expect(shipper.stats()).toEqual({ sent: 3, refused: 2, retries: 0, pending: 0, lastError: 'HTTP 400' });
    expect(reports).toEqual([{ kind: 'refused', spans: 2, reason: 'HTTP 400' }]);
  });

  it('counts what a partial success rejects, and does not send it again', async () => {
    const { source, time, shipper, sent } = rig(() => ({ kind: 'accepted', rejected: 2, message: 'too old' }));
    source.add(5);
    shipper.wake();
    await time.pass(60_000);
    expect(sent).toHaveLength(1);
    expect(shipper.stats()).toEqual({ sent: 3, refused: 2, retries: 0, pending: 0, lastError: 'too old' });
  });

  const BROKEN: Answer = { kind: 'refused', status: 500, reason: 'HTTP 500' };

  it('lasts through an outage that answers 500, for as long as it takes', async () => {
    const { source, time, shipper, sent } = rig((_ids, _index, { now }) => (now < 1_000_000 + 1_200_000 ? BROKEN : OK));
    const ids = source.add(700);
    shipper.wake();
    await time.pass(1_190_000);
    expect(shipper.stats()).toMatchObject({ sent: 0, refused: 0, pending: 700 });
    // An ask for nothing goes with each try from the fifth on.
    expect(sent.length).toBeLessThan(120);
    await time.pass(200_000);
    expect(shipper.stats()).toMatchObject({ sent: 700, refused: 0, pending: 0 });
    expect(source.acked).toEqual(ids);
  });

  it('gives up the one span at which a server that is well breaks, and no other', async () => {
    const { source, time, shipper } = rig((ids) => (ids.includes(bad) ? BROKEN : OK));
    const ids = source.add(100);
    const bad = ids[63]!;
    shipper.wake();
    await time.pass(600_000);
    expect(shipper.stats()).toMatchObject({ sent: 99, refused: 1, pending: 0 });
  });

  it('keeps everything while address or key are wrong, and asks again every five minutes', async () => {
    const { source, time, shipper, sent } = rig((_ids, _index, { now }) =>
      now < 1_000_000 + 1_200_000 ? { kind: 'refused', status: 401, reason: 'HTTP 401' } : OK,
    );
    source.add(3);
    shipper.wake();
    await time.pass(1_199_000);
    expect(sent).toHaveLength(4);
    expect(shipper.stats()).toMatchObject({ sent: 0, refused: 0, pending: 3, lastError: 'HTTP 401' });
    await time.pass(300_000);
    expect(shipper.stats()).toMatchObject({ sent: 3, refused: 0, pending: 0 });
  });

  it('believes a server that said yes five times without finishing its sentence', async () => {
    const { source, time, shipper, sent } = rig(() => ({ kind: 'retry', reason: 'answer cut off', status: 200 }));
    source.add(1);
    shipper.wake();
    await time.pass(600_000);
    expect(sent).toHaveLength(5);
    expect(shipper.stats()).toMatchObject({ sent: 1, refused: 0, pending: 0 });
  });

  it('survives a transport and a queue that throw', async () => {
    let throws = 3;
    const { source, time, shipper } = rig(() => {
      if (throws-- > 0) throw new Error('broken');
      return OK;
    });
    source.add(1);
    shipper.wake();
    await time.pass(600_000);
    expect(shipper.stats()).toMatchObject({ sent: 1, pending: 0 });
  });
});

describe('T7 flush and stop', () => {
  it('sends at once, and says so', async () => {
    const { source, time, shipper, sent } = rig(() => OK);
    expect(await shipper.flush(1_000), 'nothing to do').toBe(true);
    source.add(3);
    const flushed = shipper.flush(1_000);
    await time.pass(0);
    expect(await flushed).toBe(true);
    expect(sent).toHaveLength(1);
    expect(time.timers.size).toBe(0);
  });

  it('cuts a wait of ours short, once', async () => {
    const { source, time, shipper, sent } = rig((_ids, index) => (index < 6 ? { kind: 'retry', reason: 'ECONNREFUSED' } : OK));
    source.add(1);
    shipper.wake();
    await time.pass(32_000);
    expect(sent).toHaveLength(6);
    const flushed = shipper.flush(1_000);
    await time.pass(0);
    expect(await flushed).toBe(true);
    expect(sent).toHaveLength(7);
  });

  it('is bounded in time with a server that hangs', async () => {
    const { source, time, shipper } = rig(() => new Promise<Answer>(() => {}));
    source.add(1);
    const flushed = shipper.flush(2_000);
    await time.pass(2_000);
    expect(await flushed).toBe(false);
    const stopped = shipper.stop();
    await time.pass(1_000);
    await stopped;
    expect(await shipper.flush(1_000)).toBe(false);
    expect(time.timers.size).toBe(0);
  });

  it('returns early when nothing can happen in time', async () => {
    const { source, time, shipper } = rig(() => ({ kind: 'retry', reason: 'ECONNREFUSED' }));
    source.add(1);
    const flushed = shipper.flush(500);
    await time.pass(0);
    expect(await flushed).toBe(false);
    expect(time.now).toBe(1_000_000);
  });

  it('keeps the process until a flush is through, and no longer', async () => {
    const server = await startReceiver();
    closers.push(() => server.close());
    const source = new FakeSource();
    source.add(1_000);
    const shipper = createShipper({
      source,
      transport: createTransport({ url: server.url }),
      span,
      resource: resourceOf,
      schemaUrl: '',
    });
    expect(await shipper.flush(20_000)).toBe(true);
    expect(server.accepted.size).toBe(1_000);
    await shipper.stop();
    await shipper.stop();
  });
});

describe('T4 over real sockets', () => {
  /** Real time, in which waits pass 50 times as fast. */
  const fast = { ...realTime, setTimer: (fn: () => void, ms: number) => realTime.setTimer(fn, ms / 50) };

  async function ship(
    behave: Receiver['behave'],
    count: number,
    timeoutMs = 300,
  ): Promise<{ server: Receiver; shipper: Shipper; ids: string[] }> {
    const server = await startReceiver(behave);
    const source = new FakeSource();
    const shipper = createShipper({
      source,
      transport: createTransport({ url: server.url, timeoutMs }),
      span,
      resource: resourceOf,
      schemaUrl: '',
      time: fast,
      batch: { items: 50 },
    });
    closers.push(async () => {
      await shipper.stop();
      await server.close();
    });
    const ids = source.add(count);
    shipper.wake();
    const untilMs = Date.now() + 30_000;
    while (source.pending() > 0 && Date.now() < untilMs) await new Promise((resolve) => setTimeout(resolve, 10));
    return { server, shipper, ids };
  }

  it('delivers each span through one of each fault, those accepted unheard more than once', async () => {
    const faults: Awaited<ReturnType<Receiver['behave']>>[] = [
      'reset',
      { status: 503 },
      'hang',
      'reset-mid-body',
      { status: 429, headers: { 'retry-after': '1' } },
      'drip',
      { status: 413 },
      { status: 500 },
    ];
    const { server, shipper, ids } = await ship((index) => faults[index] ?? 'ok', 200);
    expect([...server.accepted.keys()].sort()).toEqual([...ids].sort());
    expect(shipper.stats()).toMatchObject({ sent: 200, refused: 0, pending: 0 });
    const again = [...server.accepted.values()].filter((times) => times > 1).length;
    // The two batches whose acceptance was not heard to the end.
    expect(again).toBeGreaterThan(0);
    expect(again).toBeLessThanOrEqual(50);
  });

  it('counts partial success as the server reports it', async () => {
    const { shipper } = await ship(
      (index) =>
        index === 0
          ? { status: 200, headers: { 'content-type': 'application/x-protobuf' }, body: partialSuccess(7, 'no') }
          : 'ok',
      60,
    );
    expect(shipper.stats()).toMatchObject({ sent: 53, refused: 7, pending: 0, lastError: 'no' });
  });

  it('T3 leaves the event loop alone while a server stalls', async () => {
    const server = await startReceiver(() => 'hang');
    const source = new FakeSource();
    const shipper = createShipper({
      source,
      transport: createTransport({ url: server.url, timeoutMs: 60_000 }),
      span,
      resource: resourceOf,
      schemaUrl: '',
      batch: { delayMs: 0 },
    });
    closers.push(async () => {
      await shipper.stop();
      await server.close();
    });
    source.add(2_000);
    shipper.wake();
    while (server.requests.length === 0) await settle();
    for (let count = 0; count < 1_000; count++) {
      source.add(1);
      shipper.wake();
    }
    await settle();
    expect(server.requests, 'one request in flight').toHaveLength(1);
    expect(server.requests[0]!.spans).toHaveLength(512);
  });
});
