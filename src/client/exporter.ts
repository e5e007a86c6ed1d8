/** The way of finished events to the backend: the durable queue over the recordings now, the code that sends once it is loaded, a child process for what is left at the end. */
import { monotonicUs } from '../core/clock.ts';
import { reportFault } from '../core/diagnostics.ts';
import { openExportQueue } from '../recording/export-queue.ts';
import type { ExportQueue } from '../recording/export-queue.ts';
import type { Shipper, ShipperReport } from '../otel/shipper.ts';
import { guardsOf } from './extension.ts';
import type { OwnCode } from './extension.ts';
import type { ShippingOptions } from './shipping.ts';

export interface RunningExport {
  readonly begin: ExportQueue['begin'];
  readonly offer: ExportQueue['offer'];
  /** Sends what waits; true when nothing waits any more. Never rejects. */
  flush(timeoutMs: number): Promise<boolean>;
  /** For the end of the process, where nothing asynchronous runs any more: gives the queue up, and says what it takes to send the rest; null where nothing is left, or what is left goes through code of the app's. */
  leave(): ShippingOptions | null;
  /** What is not sent stays in the queue. Never rejects. */
  stop(): Promise<void>;
}

/** Starts to export. The code that sends is loaded in the background: what is to be sent waits in the recordings. `own` is asked at each use. */
export function startExport(
  options: ShippingOptions,
  own: () => OwnCode,
  onReport: (report: ShipperReport) => void,
): RunningExport {
  const queue = openExportQueue({ dir: options.recordings, withContent: options.withContent, guards: () => guardsOf(own()) });
  let shipper: Shipper | null = null;
  let stopped = false;
  const loading = import('./shipping.ts').then(
    ({ shipFrom }) => {
      if (stopped) return;
      shipper = shipFrom(queue, options, { own, onReport });
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
    leave() {
      stopped = true;
      const waiting = queue.pending();
      queue.close();
      return waiting > 0 && guardsOf(own()).length === 0 ? options : null;
    },
    async stop() {
      stopped = true;
      await shipper?.stop();
      queue.close();
    },
  };
}
