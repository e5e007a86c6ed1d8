/** Starts the process that delivers what is left at the end of this one (decision 0004). */
import { existsSync } from 'node:fs';
import { extname, join } from 'node:path';
import { guard } from '../core/diagnostics.ts';
import type { ShippingOptions } from './shipping.ts';

/** What the child is told on its stdin: credentials belong neither into a command line nor into an environment. */
export interface DeliveryOrder {
  options: ShippingOptions;
  /** How long the end of the process may wait for it. */
  timeoutMs: number;
}

/** The child gives up this much before we do, so that it can put its cursors down. */
const MARGIN_MS = 100;
/** Of our environment, what a program needs to run and to find its network; nothing that would load code or start hindcast in it. */
const DROPPED = /^(NODE_OPTIONS|NODE_V8_COVERAGE|NODE_CHANNEL_.*|NODE_UNIQUE_ID|HINDCAST_.*|OTEL_.*|VITEST.*|ELECTRON_.*)$/;

/** Runs the deliveries, all at once, and waits for them, at most as long as the most patient one may take. Never throws. */
export function deliverInChild(orders: readonly DeliveryOrder[]): void {
  const patient = orders.filter(({ timeoutMs }) => timeoutMs > 0);
  if (patient.length === 0) return;
  const file = join(import.meta.dirname, `deliver${extname(import.meta.filename)}`);
  // In a bundle there is no such file: the next start delivers.
  if (!existsSync(file)) return;
  const told: DeliveryOrder[] = patient.map(({ options, timeoutMs }) => ({
    options,
    timeoutMs: Math.max(1, timeoutMs - MARGIN_MS),
  }));
  guard(
    'client.deliver',
    () =>
      process.getBuiltinModule('node:child_process').spawnSync(process.execPath, [file], {
        input: JSON.stringify(told),
        stdio: ['pipe', 'ignore', 'ignore'],
        env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !DROPPED.test(name))),
        timeout: Math.max(...patient.map(({ timeoutMs }) => timeoutMs)),
        killSignal: 'SIGKILL',
        windowsHide: true,
      }),
    undefined,
  );
}
