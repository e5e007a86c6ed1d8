/** A program of its own: delivers what a process that is ending had not sent yet, within a deadline. What it cannot deliver stays in the recordings. */
import { readFileSync } from 'node:fs';
import { monotonicUs } from '../core/clock.ts';
import { openExportQueue } from '../recording/export-queue.ts';
import type { DeliveryOrder } from './deliver-child.ts';
import { shipFrom } from './shipping.ts';

const STDIN = 0;
const startedUs = monotonicUs();

async function deliver({ options, timeoutMs }: DeliveryOrder): Promise<void> {
  const queue = openExportQueue({ dir: options.recordings, withContent: options.withContent });
  queue.adopt();
  const shipper = shipFrom(queue, { ...options, timeoutMs: Math.min(options.timeoutMs, timeoutMs) });
  await shipper.flush(Math.max(0, timeoutMs - (monotonicUs() - startedUs) / 1000));
  await shipper.stop();
  queue.close();
}

await Promise.all((JSON.parse(readFileSync(STDIN, 'utf8')) as DeliveryOrder[]).map(deliver));
