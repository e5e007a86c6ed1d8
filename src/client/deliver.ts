/** A program of its own: delivers what a process that is ending had not sent yet, within a deadline. What it cannot deliver stays in the recordings. */
import { readFileSync } from 'node:fs';
import { monotonicUs } from '../core/clock.ts';
import { openExportQueue } from '../recording/export-queue.ts';
import type { DeliveryOrder } from './deliver-child.ts';
import { shipFrom } from './shipping.ts';

const STDIN = 0;
const { options, deadlineMs } = JSON.parse(readFileSync(STDIN, 'utf8')) as DeliveryOrder;
const untilUs = monotonicUs() + deadlineMs * 1000;
const queue = openExportQueue({ dir: options.recordings, withContent: options.withContent });
queue.adopt();
const shipper = shipFrom(queue, { ...options, timeoutMs: Math.min(options.timeoutMs, deadlineMs) });
await shipper.flush(Math.max(0, (untilUs - monotonicUs()) / 1000));
await shipper.stop();
queue.close();
