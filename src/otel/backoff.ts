/** How long to wait before trying again. */

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
export function retryAfterMs(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined;
  const text = value.trim();
  const ms = /^\d{1,9}(\.\d+)?$/.test(text) ? Number(text) * 1_000 : httpDateMs(text, nowMs);
  return ms > 0 ? Math.min(Math.ceil(ms), RETRY_AFTER_CAP_MS) : undefined;
}

function httpDateMs(text: string, nowMs: number): number {
  // Date.parse takes all sorts of text, and `1` for a year; HTTP dates begin with the name of a day.
  return /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(text) ? Date.parse(text) - nowMs : Number.NaN;
}
