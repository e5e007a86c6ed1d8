/** Clocks that are read in passing: `Intl.DateTimeFormat` without a date, `Temporal.Now`, marks and measures of `performance`, and the timers of the console. */
import { performance } from 'node:perf_hooks';
import type { Method } from '../patch/registry.ts';
import { replaceGlobal, replaceMember } from './globals.ts';
import type { Reading } from './readings.ts';

/** Replaces what reads a clock in passing, after the clocks themselves. Undone by `undoAll`. */
export function patchCalendar(read: Reading): void {
  patchFormats();
  patchTemporal(read);
  patchMarks();
  patchEvents(read);
  patchConsoleTimers();
}

/** A format that is given no date formats now. `format` is a getter of a function that is bound. */
function patchFormats(): void {
  const { prototype } = Intl.DateTimeFormat;
  const dated = ([date]: unknown[]): [unknown] => [date === undefined ? Date.now() : date];
  replaceGlobal(
    [prototype],
    'formatToParts',
    (original) =>
      function (this: unknown, ...args: unknown[]) {
        return Reflect.apply(original, this, dated(args)) as unknown;
      },
  );
  const get = Object.getOwnPropertyDescriptor(prototype, 'format')?.get;
  if (get === undefined) return;
  const bound = new WeakMap<object, Method>();
  const holder = {
    get format(): Method {
      const original = Reflect.apply(get, this, []) as Method;
      let format = bound.get(original);
      if (format === undefined)
        bound.set(original, (format = nameless((date?: unknown) => original(...dated([date])) as unknown)));
      return format;
    },
  };
  replaceMember(prototype, 'format', undefined, Object.getOwnPropertyDescriptor(holder, 'format'));
}

/** An argument gets no name from where it stands; the original has none. */
const nameless = (fn: Method): Method => fn;

/** What `Temporal.Now` gives, where there is one, by the class that reads its text again. */
const NOW = {
  instant: 'Instant',
  plainDateTimeISO: 'PlainDateTime',
  zonedDateTimeISO: 'ZonedDateTime',
  plainDateISO: 'PlainDate',
  plainTimeISO: 'PlainTime',
} as const;

function patchTemporal(read: Reading): void {
  type Classes = Record<string, { from(text: unknown): unknown }> & { Now: object };
  const temporal = (globalThis as { Temporal?: Classes }).Temporal;
  if (temporal === undefined) return;
  for (const [name, of] of Object.entries(NOW)) {
    replaceGlobal(
      [temporal.Now],
      name,
      (original) =>
        function (this: unknown, ...args: unknown[]) {
          const given = read<unknown>(`Temporal.Now.${name}`, () => Reflect.apply(original, this, args) as unknown);
          return typeof given === 'string' ? temporal[of]?.from(given) : given;
        },
    );
  }
}

/** A mark, and a measure without an end, say now. */
function patchMarks(): void {
  const clock: object = Object.getPrototypeOf(performance) as object;
  replaceGlobal(
    [clock],
    'mark',
    (original) =>
      function (this: unknown, ...args: unknown[]) {
        const [name, options] = args as [unknown, { startTime?: unknown }?];
        if (args.length === 0 || options?.startTime !== undefined) return Reflect.apply(original, this, args) as unknown;
        return Reflect.apply(original, this, [name, { ...options, startTime: performance.now() }]) as unknown;
      },
  );
  replaceGlobal(
    [clock],
    'measure',
    (original) =>
      function (this: unknown, ...args: unknown[]) {
        const [name, from, to] = args as [unknown, unknown?, unknown?];
        const options = (typeof from === 'object' && from !== null ? from : { start: from }) as Record<string, unknown>;
        const hasEnd = options['end'] !== undefined || (options['start'] !== undefined && options['duration'] !== undefined);
        if (args.length === 0 || to !== undefined || hasEnd) return Reflect.apply(original, this, args) as unknown;
        const { start, ...others } = options;
        const given = start === undefined ? others : { ...others, start };
        const end = performance.now();
        return Reflect.apply(original, this, [
          name,
          { ...given, end, ...(start === undefined && !('duration' in given) && { start: 0 }) },
        ]) as unknown;
      },
  );
}

/** When an event was made. */
function patchEvents(read: Reading): void {
  const get = Object.getOwnPropertyDescriptor(Event.prototype, 'timeStamp')?.get;
  if (get === undefined) return;
  const holder = {
    get timeStamp(): number {
      return read('timeStamp', () => Reflect.apply(get, this, []) as number);
    },
  };
  replaceMember(Event.prototype, 'timeStamp', undefined, Object.getOwnPropertyDescriptor(holder, 'timeStamp'));
}

/** `console.time` and what belongs to it, over the clock that is replaced. Without a timer of that label the original says so. */
function patchConsoleTimers(): void {
  const started = new Map<string, number>();
  const labelOf = ([label = 'default']: unknown[]): string => String(label);
  const over = (
    name: 'time' | 'timeEnd' | 'timeLog',
    make: (label: string, from: number | undefined, rest: unknown[]) => boolean,
  ): void =>
    replaceGlobal(
      [console],
      name,
      (original) =>
        function (this: unknown, ...args: unknown[]) {
          const label = labelOf(args);
          return make(label, started.get(label), args.slice(1)) ? undefined : (Reflect.apply(original, this, args) as unknown);
        },
    );
  const say = (label: string, from: number, rest: unknown[]): void =>
    // oxlint-disable-next-line no-console -- the app's own call
    console.log('%s: %s', label, durationWords(performance.now() - from), ...rest);
  over('time', (label, from) => {
    if (from !== undefined) process.emitWarning(`Label '${label}' already exists for console.time()`);
    else started.set(label, performance.now());
    return true;
  });
  over('timeEnd', (label, from) => {
    if (from === undefined) return false;
    started.delete(label);
    say(label, from, []);
    return true;
  });
  over('timeLog', (label, from, rest) => {
    if (from === undefined) return false;
    say(label, from, rest);
    return true;
  });
}

const pad = (count: number): string => String(count).padStart(2, '0');

/** A duration as Node's console writes it: `1.2ms`, `3.456s`, `1:02.345 (m:ss.mmm)`. */
export function durationWords(ms: number): string {
  if (ms < 1000) return `${Number(ms.toFixed(3))}ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(3)}s`;
  const hours = Math.floor(ms / 3_600_000);
  const minutes = Math.floor((ms % 3_600_000) / 60_000);
  const [seconds = '0', rest = '000'] = ((ms % 60_000) / 1000).toFixed(3).split('.');
  const whole = hours > 0 ? `${hours}:${pad(minutes)}` : String(minutes);
  return `${whole}:${pad(Number(seconds))}.${rest} (${hours > 0 ? 'h:m' : ''}m:ss.mmm)`;
}
