/** Points in time and spans of time as people type them. */
import { CliFailure } from './failure.ts';

const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
};

const SPAN = /^(\d+(?:\.\d+)?)\s*([smhdw])$/;
const DATE = /^\d{4}-\d{2}-\d{2}$/;
const DATE_TIME = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:?\d{2})?$/;

/** Milliseconds that a text such as `90s`, `45m`, `12h`, `30d` or `2w` means. Throws a `CliFailure` when it means none. */
export function durationOf(text: string): number {
  const ms = spanOf(text);
  if (ms === undefined) throw unreadable(text, 'a time span', '90s, 45m, 12h, 30d or 2w');
  return ms;
}

/**
 * Milliseconds since 1970 that a text means: so long ago (`12h`), `today`, `yesterday`, a date or a date and time, in local time unless it ends in `Z` or an offset.
 * Throws a `CliFailure` when it means none.
 */
export function sinceOf(text: string, nowMs: number): number {
  const ms = spanOf(text);
  if (ms !== undefined) return nowMs - ms;
  const word = text.trim().toLowerCase();
  if (word === 'now') return nowMs;
  if (word === 'today' || word === 'yesterday') {
    const day = new Date(nowMs);
    day.setHours(0, 0, 0, 0);
    // By the calendar and not by 24 hours: the day before a change of the clocks is another length.
    if (word === 'yesterday') day.setDate(day.getDate() - 1);
    return day.getTime();
  }
  const at = timeOf(text.trim());
  if (at === undefined) throw unreadable(text, 'a time', '12h, 30d, today, yesterday, 2026-03-01 or 2026-03-01T12:00');
  return at;
}

function spanOf(text: string): number | undefined {
  const [, number, unit = ''] = SPAN.exec(text.trim()) ?? [];
  return number === undefined ? undefined : Number(number) * (UNIT_MS[unit] as number);
}

function timeOf(text: string): number | undefined {
  // A date alone would be read as one of UTC.
  const ms = DATE.test(text) ? Date.parse(`${text}T00:00`) : DATE_TIME.test(text) ? Date.parse(text.replace(' ', 'T')) : NaN;
  const day = Number(text.slice(8, 10));
  // 2026-02-31 is read as a day of March.
  const exists = day <= new Date(Date.UTC(Number(text.slice(0, 4)), Number(text.slice(5, 7)), 0)).getUTCDate();
  return Number.isNaN(ms) || !exists ? undefined : ms;
}

function unreadable(text: string, what: string, examples: string): CliFailure {
  return new CliFailure(`"${text}" is not ${what}.`, { hint: `Write it as ${examples}.`, exitCode: 2 });
}
