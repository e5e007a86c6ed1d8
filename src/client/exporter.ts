/** The way of finished events to the backend: the durable queue over the recordings now, the shipper once its code is loaded, a child process for what is left at the end. */
import { monotonicUs } from '../core/clock.ts';
import { reportFault } from '../core/diagnostics.ts';
import { openExportQueue } from '../recording/export-queue.ts';
import type { ExportQueue } from '../recording/export-queue.ts';
import type { Shipper, ShipperReport } from '../otel/shipper.ts';
import { deliverInChild } from './deliver-child.ts';
import type { ShippingOptions } from './shipping.ts';

export interface Exporter {
  readonly begin: ExportQueue['begin'];
  readonly offer: ExportQueue['offer'];
  /** Sends what waits; true when nothing waits any more. Never rejects. */
  flush(timeoutMs: number): Promise<boolean>;
  /** Hands what is left to a short-lived process and waits for it, at most `timeoutMs`. For the end of the process, where nothing asynchronous runs any more. */
  handOver(timeoutMs: number): void;
  /** What is not sent stays in the queue. Never rejects. */
  stop(): Promise<void>;
}

/** Starts to export. The code that sends is loaded in the background: what is to be sent waits in the recordings. */
export function startExporter(options: ShippingOptions, onReport: (report: ShipperReport) => void): Exporter {
  const queue = openExportQueue({ dir: options.recordings, withContent: options.withContent });
  let shipper: Shipper | null = null;
  let stopped = false;
  const loading = import('./shipping.ts').then(
    ({ shipFrom }) => {
      if (stopped) return;
      shipper = shipFrom(queue, options, onReport);
      queue.adopt();
      if (queue.pending() > 0) shipper.wake();
    },
    (error: unknown) => reportFault('client.exporter', error),
  );
  return {
    begin: (path) => queue.begin(path),
    offer(path, header, event, endOffset) {
      queue.offer(path, header, event, endOffset);
      shipper?.wake();
    },
    async flush(timeoutMs) {
      const deadlineUs = monotonicUs() + timeoutMs * 1000;
      await loading;
      return shipper === null ? queue.pending() === 0 : shipper.flush(Math.max(0, (deadlineUs - monotonicUs()) / 1000));
    },
    handOver(timeoutMs) {
      stopped = true;
      const waiting = queue.pending();
      queue.close();
      if (waiting > 0 && timeoutMs > 0) deliverInChild(options, timeoutMs);
    },
    async stop() {
      stopped = true;
      await shipper?.stop();
      queue.close();
    },
  };
}
