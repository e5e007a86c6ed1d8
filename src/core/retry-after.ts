/** How long a server asked to wait. */
import { wallMs } from './clock.ts';

/** No more than this is believed. */
const WAIT_MS_MAX = 24 * 3600 * 1000;

/**
 * The wait in milliseconds, 0 and up: from `retry-after-ms`, else from `retry-after`, which is in seconds or an HTTP date (RFC 9110, section 10.2.3). Undefined when
 * neither says anything that can be understood.
 */
export function retryAfterMs(
  { exact, value }: { exact?: string | undefined; value?: string | undefined },
  nowMs: number = wallMs(),
): number | undefined {
  const ms = scaled(exact, 1) ?? scaled(value, 1000);
  if (ms !== undefined) return Math.min(Math.round(ms), WAIT_MS_MAX);
  // Date.parse takes all sorts of text, and `1` for a year; HTTP dates begin with the name of a day.
  if (value === undefined || !/^\s*(Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(value)) return undefined;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.min(Math.max(0, Math.round(date - nowMs)), WAIT_MS_MAX);
}

function scaled(text: string | undefined, unitMs: number): number | undefined {
  return text !== undefined && /^\s*\d+(\.\d+)?\s*$/.test(text) ? Number(text) * unitMs : undefined;
}
