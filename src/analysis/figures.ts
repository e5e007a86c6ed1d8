/** How durations, tokens, money, sizes and times are said. One place, so that every verb says them alike. */

/** `840 us`, `12.3 ms`, `310 ms`, `4.31 s`, `2m 05s`, `1h 02m`. */
export function duration(us: number): string {
  if (us < 1000) return `${Math.round(us)} us`;
  const ms = us / 1000;
  if (ms < 99.95) return `${ms.toFixed(1)} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 59.995) return `${seconds.toFixed(2)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${two(whole % 60)}s`;
  return `${Math.floor(whole / 3600)}h ${two(Math.floor((whole % 3600) / 60))}m`;
}

/** Where something stands in a session: `+0.012 s`. */
export function offset(us: number): string {
  return `+${(us / 1e6).toFixed(3)} s`;
}

/** `$0.0042`, with as many digits as a small sum needs; `$0` only when it was free. */
export function money(usd: number): string {
  if (usd === 0) return '$0';
  if (usd < 0.000001) return '<$0.000001';
  return `$${usd < 0.01 ? usd.toFixed(6).replace(/0{1,2}$/, '') : usd < 1 ? usd.toFixed(4) : usd.toFixed(2)}`;
}

/** `812→96`; a side that the provider did not say is `?`. */
export function tokens(input: number | undefined, output: number | undefined): string {
  if (input === undefined && output === undefined) return '';
  return `${input ?? '?'}→${output ?? '?'}`;
}

/** `640 B`, `41.2 KB`, `3.1 MB`. */
export function size(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  for (const [unit, bytesPerUnit] of [
    ['KB', 1024],
    ['MB', 1024 ** 2],
  ] as const) {
    if (bytes < bytesPerUnit * 1024) return `${(bytes / bytesPerUnit).toFixed(1)} ${unit}`;
  }
  return `${(bytes / 1024 ** 3).toFixed(1)} GB`;
}

/** Local time to the second: `2026-11-21 10:54:25`. */
export function localTime(epochUs: number): string {
  const at = new Date(epochUs / 1000);
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** `1 event`, `2 events`. */
export function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}

function two(n: number): string {
  return String(n).padStart(2, '0');
}
