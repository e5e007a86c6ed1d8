/** How long to wait before trying again. */
import { retryAfterMs } from '../core/retry-after.ts';

const FIRST_MS = 1_000;
/** Longest wait of our own; the server may ask for more. */
const BACKOFF_CAP_MS = 60_000;
/** Most that a server's `Retry-After` is believed. */
const RETRY_AFTER_CAP_MS = 60 * 60 * 1_000;

/** Exponential with full jitter: a random part of 1 s, 2 s, 4 s, ... up to the cap, and never less than 100 ms. `attempt` counts failures from 1. */
export function backoffMs(attempt: number, random: () => number): number {
  const ceiling = Math.min(BACKOFF_CAP_MS, FIRST_MS * 2 ** Math.min(attempt - 1, 16));
  return Math.max(100, Math.round(random() * ceiling));
}

/** `Retry-After` in milliseconds, given as seconds or as an HTTP date; undefined when it is absent, garbage, zero or past. */
export function retryAfterOf(value: string | undefined, nowMs: number): number | undefined {
  const ms = retryAfterMs({ value }, nowMs);
  return ms === undefined || ms === 0 ? undefined : Math.min(ms, RETRY_AFTER_CAP_MS);
}
