/**
 * Takes finished events from the queue and sends them, one request at a time, for as long as the process lives. What the server does not have stays in
 * the queue, which is durable: the shipper itself may be stopped at any moment.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { guard, reportFault } from '../core/diagnostics.ts';
import type { ExportBatch, ExportSource } from '../events/ports.ts';
import { backoffMs } from './backoff.ts';
import { type Carried, type Carrier, createOtlpCarrier, type OtlpCarrierOptions } from './carrier.ts';
import type { Answer } from './export-answer.ts';
import { realTime, type ShipperTime } from './shipper-time.ts';

/** By OTLP, unless another carrier is given. */
export type ShipperOptions = ShippingPace & ({ carrier: Carrier } | OtlpCarrierOptions);

interface ShippingPace {
  source: ExportSource;
  batch?: { items?: number; bytes?: number; delayMs?: number };
  onReport?(report: ShipperReport): void;
  time?: ShipperTime;
}

/** Told when the state of the export changes, not at each request. */
export type ShipperReport =
  | { kind: 'failing'; reason: string; nextTryMs: number }
  | { kind: 'recovered' }
  | { kind: 'refused'; spans: number; reason: string };

export interface ShipperStats {
  /** Spans that the server took. */
  sent: number;
  /** Spans that it will never take. */
  refused: number;
  /** Requests that have to be made again. */
  retries: number;
  pending: number;
  lastError?: string;
}

export interface Shipper {
  /** Something is waiting. Costs one comparison when a send is planned already. */
  wake(): void;
  /** Sends what waits; true when nothing waits any more. Resolves within `timeoutMs`, earlier when nothing can happen before; never rejects. Keeps the process alive so long. */
  flush(timeoutMs: number): Promise<boolean>;
  /** Sends nothing more. What is under way is cut and stays in the queue. As long as the carrier takes to close; never rejects. */
  stop(): Promise<void>;
  stats(): ShipperStats;
}

const BATCH_ITEMS = 512;
const BATCH_BYTES = 1024 * 1024;
const BATCH_DELAY_MS = 1_000;
/** After an answer that says that address or key are wrong: the spans are kept, and the server is asked again after so long. */
const HOLD_MS = 5 * 60 * 1_000;
/** Of one batch, before it is doubted, when the answer is one that OTLP does not want repeated, but that is no verdict on the spans either. */
const UNSURE_TRIES_MAX = 5;
const STOP_MS = 1_000;

/** Says that where or as whom we send is wrong, nothing about the spans: redirects, no or wrong credentials, no such path. */
const MISDIRECTED = (status: number): boolean => (status >= 300 && status < 400) || [401, 403, 404, 405, 407].includes(status);

/** What to do after an answer: go on at once, or wait. `asked`: by the server, so that a flush does not cut it short. */
type Next = { waitMs: 0 } | { waitMs: number; asked: boolean };

type Plan = 'batch' | 'backoff' | 'asked';

/** A shipper, idle until it is woken. */
export function createShipper(options: ShipperOptions): Shipper {
  const shipping = new Shipping(options);
  return {
    wake: () => shipping.wake(),
    flush: (timeoutMs) => shipping.flush(timeoutMs),
    stop: () => shipping.stop(),
    stats: () => shipping.stats(),
  };
}

class Shipping {
  private readonly options: ShipperOptions;
  private readonly time: ShipperTime;
  private readonly carrier: Carrier;
  private readonly itemsMax: number;
  private readonly delayMs: number;
  /** Runs in the async context in which the shipper was made: a timer armed inside a request of the app's must not keep that request's context. */
  private readonly outside = AsyncLocalStorage.snapshot() as <T>(fn: () => T) => T;
  private readonly waiters = new Set<() => void>();
  private readonly counts = { sent: 0, refused: 0, retries: 0 };
  private limit: { items: number; bytes: number };
  private planned: { plan: Plan; dueMs: number; clear(): void } | null = null;
  private running: Promise<void> | null = null;
  private failures = 0;
  private failing = false;
  private stopped = false;
  private lastError: string | undefined;

  constructor(options: ShipperOptions) {
    this.options = options;
    this.time = options.time ?? realTime;
    const { batch } = options;
    this.carrier = 'carrier' in options ? options.carrier : createOtlpCarrier(options);
    this.itemsMax = batch?.items ?? BATCH_ITEMS;
    this.delayMs = batch?.delayMs ?? BATCH_DELAY_MS;
    this.limit = { items: this.itemsMax, bytes: batch?.bytes ?? BATCH_BYTES };
  }

  wake(): void {
    if (this.stopped || this.running !== null) return;
    const full = this.options.source.pending() >= this.itemsMax;
    if (this.planned === null) this.plan('batch', full ? 0 : this.delayMs);
    else if (full && this.planned.plan === 'batch' && this.planned.dueMs > this.time.nowMs()) this.plan('batch', 0);
  }

  flush(timeoutMs: number): Promise<boolean> {
    if (this.isDone()) return Promise.resolve(true);
    if (this.stopped) return Promise.resolve(false);
    return new Promise((resolve) => {
      const deadlineMs = this.time.nowMs() + timeoutMs;
      const finish = (): void => {
        timer.clear();
        this.waiters.delete(check);
        resolve(this.isDone());
      };
      const check = (): void => {
        const dueMs = this.planned?.dueMs;
        const hopeless = this.running === null && (dueMs === undefined || dueMs > deadlineMs);
        if (this.stopped || this.isDone() || hopeless) finish();
      };
      const timer = this.time.setTimer(finish, timeoutMs, { holds: true });
      this.waiters.add(check);
      if (this.running === null && this.planned?.plan !== 'asked') this.plan('batch', 0);
      check();
    });
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.planned?.clear();
    this.planned = null;
    const closing = guard('export.close', () => this.carrier.close(), undefined);
    if (this.running !== null) {
      let late: { clear(): void } | undefined;
      await Promise.race([
        this.running,
        new Promise<void>((resolve) => (late = this.time.setTimer(resolve, STOP_MS, { holds: true }))),
      ]);
      late?.clear();
    }
    await closing;
    this.tellWaiters();
  }

  stats(): ShipperStats {
    const pending = this.options.source.pending();
    return { ...this.counts, pending, ...(this.lastError === undefined ? {} : { lastError: this.lastError }) };
  }

  private isDone(): boolean {
    return this.running === null && this.options.source.pending() === 0;
  }

  private plan(plan: Plan, waitMs: number): void {
    this.planned?.clear();
    const start = (): void => {
      this.planned = null;
      this.running = this.run().finally(() => {
        this.running = null;
        // Woken while it ran, when wake() had nothing to do.
        if (!this.stopped && this.planned === null && this.options.source.pending() > 0)
          this.plan('batch', this.waiters.size > 0 ? 0 : this.delayMs);
        this.tellWaiters();
      });
    };
    const timer = this.outside(() => this.time.setTimer(start, waitMs));
    this.planned = { plan, dueMs: this.time.nowMs() + waitMs, clear: () => timer.clear() };
  }

  private tellWaiters(): void {
    for (const check of this.waiters) check();
  }

  /** Sends batch after batch until nothing waits or the server wants a pause. Never rejects. */
  private async run(): Promise<void> {
    try {
      while (!this.stopped) {
        const batch = this.options.source.take(this.limit);
        if (batch === null) return;
        const next = await this.ship(batch);
        if (next.waitMs > 0 && !this.stopped) {
          this.plan('asked' in next && next.asked ? 'asked' : 'backoff', next.waitMs);
          return;
        }
      }
    } catch (error) {
      reportFault('export.ship', error);
      if (!this.stopped) this.plan('backoff', this.nextBackoffMs());
    }
  }

  private async ship(batch: ExportBatch): Promise<Next> {
    if (batch.items.length === 0) {
      batch.ack();
      await this.time.breathe();
      return { waitMs: 0 };
    }
    let carried: Carried;
    try {
      carried = await this.carrier.carry(batch.items, () => this.time.breathe());
    } catch (error) {
      batch.release();
      throw error;
    }
    const { answer, spans, failed } = carried;
    // An answer that came before the stop counts; without one the queue keeps the batch.
    if (this.stopped && answer.kind !== 'accepted') {
      batch.release();
      return { waitMs: 0 };
    }
    this.counts.refused += answer.kind === 'accepted' ? failed : 0;
    return this.settle(batch, answer, spans);
  }

  private async settle(batch: ExportBatch, answer: Answer, spans: number): Promise<Next> {
    switch (answer.kind) {
      case 'accepted': {
        const rejected = Math.min(spans, answer.rejected ?? 0);
        this.counts.sent += spans - rejected;
        if (rejected > 0) this.refuse(rejected, answer.message ?? 'partial success');
        return this.settled(batch);
      }
      case 'too-large': {
        this.lastError = 'HTTP 413';
        if (batch.items.length > 1) {
          this.limit.items = batch.items.length >> 1;
          batch.release();
          this.counts.retries++;
          return { waitMs: 0 };
        }
        this.refuse(spans, 'HTTP 413');
        return this.settled(batch);
      }
      case 'refused': {
        if (MISDIRECTED(answer.status)) return this.pause(batch, answer.reason, { holdMs: HOLD_MS });
        if (answer.status >= 500) return this.unsure(batch, answer.reason, spans);
        this.refuse(spans, answer.reason);
        return this.settled(batch);
      }
      case 'retry': {
        // It had said yes, and then could not finish its sentence. Again and again: it has them.
        if (answer.status !== undefined && answer.status < 300 && this.failures + 1 >= UNSURE_TRIES_MAX) {
          this.counts.sent += spans;
          return this.settled(batch);
        }
        return this.pause(batch, answer.reason, answer.afterMs === undefined ? {} : { holdMs: answer.afterMs });
      }
    }
  }

  /**
   * A 500 says nothing of whose fault it is. Where the server cannot take an empty request either it is an outage, which is waited for as long as it takes; where it can, some of these
   * spans are more than it bears: they are parted until the one is found, which is given up.
   */
  private async unsure(batch: ExportBatch, reason: string, spans: number): Promise<Next> {
    if (this.failures + 1 < UNSURE_TRIES_MAX || !(await this.isServerWell())) return this.pause(batch, reason, {});
    if (batch.items.length > 1) {
      this.limit.items = batch.items.length >> 1;
      batch.release();
      this.counts.retries++;
      return { waitMs: 0 };
    }
    this.refuse(spans, reason);
    return this.settled(batch);
  }

  private async isServerWell(): Promise<boolean> {
    const answer = await this.carrier.probe?.();
    return answer === undefined || answer.kind === 'accepted' || (answer.kind === 'refused' && answer.status < 500);
  }

  /** The batch has reached its end, well or not. */
  private settled(batch: ExportBatch): Next {
    guard('export.ack', () => batch.ack(), undefined);
    this.failures = 0;
    this.limit.items = Math.min(this.itemsMax, this.limit.items * 2);
    if (this.failing) {
      this.failing = false;
      this.report({ kind: 'recovered' });
    }
    return { waitMs: 0 };
  }

  private pause(batch: ExportBatch, reason: string, { holdMs }: { holdMs?: number }): Next {
    batch.release();
    this.counts.retries++;
    this.lastError = reason;
    const waitMs = holdMs ?? this.nextBackoffMs();
    if (holdMs !== undefined) this.failures++;
    if (!this.failing) {
      this.failing = true;
      this.report({ kind: 'failing', reason, nextTryMs: waitMs });
    }
    return { waitMs, asked: holdMs !== undefined };
  }

  private nextBackoffMs(): number {
    this.failures++;
    return backoffMs(this.failures, () => this.time.random());
  }

  private refuse(spans: number, reason: string): void {
    this.counts.refused += spans;
    this.lastError = reason;
    this.report({ kind: 'refused', spans, reason });
  }

  private report(report: ShipperReport): void {
    guard('export.report', () => this.options.onReport?.(report), undefined);
  }
}
