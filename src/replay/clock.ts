/** Clocks of the app's: `Date`, `performance.now` and `process.hrtime`, given by who draws. */
import { performance as clock } from 'node:perf_hooks';
import type { Method } from '../patch/registry.ts';
import type { Draw } from './draws.ts';
import { replaceGlobal, replaceMember } from './globals.ts';

type DateClass = typeof globalThis.Date;

/** Replaces the clocks of the process. Undone by `undoAll`. */
export function patchClock(draw: Draw): void {
  patchDate(draw);
  const holder = Object.hasOwn(clock, 'now') ? clock : (Object.getPrototypeOf(clock) as object);
  replaceGlobal(
    [holder],
    'now',
    (original) =>
      function (this: unknown) {
        return draw('P', () => Reflect.apply(original, this, []) as number);
      },
  );
  patchHrtime(draw);
}

/** A `Date` that cannot be told from the original but by `===`: it has the same prototype, so that what either of them made is an instance of both. */
function patchDate(draw: Draw): void {
  const Original: DateClass = globalThis.Date;
  const { now } = Original;
  const read = (): number => draw('D', () => Reflect.apply(now, Original, []) as number);
  const Replacement = function Date(this: unknown, ...args: unknown[]): unknown {
    if (new.target === undefined) return new Original(read()).toString();
    return Reflect.construct(Original, args.length === 0 ? [read()] : args, new.target);
  };
  const statics = Object.getOwnPropertyDescriptors(Original);
  Object.defineProperties(Replacement, { ...statics, now: { ...statics.now, value: { now: () => read() }.now } });
  replaceMember(globalThis, 'Date', Replacement);
  replaceMember(Original.prototype, 'constructor', Replacement);
}

const SECOND_NS = 1_000_000_000n;

/** `process.hrtime(before?)` and `process.hrtime.bigint()`: nanoseconds, drawn as text. */
function patchHrtime(draw: Draw): void {
  const { hrtime } = process;
  const { bigint } = hrtime;
  const read = (): bigint => BigInt(draw('H', () => String(Reflect.apply(bigint, hrtime, []))));
  replaceGlobal(
    [process],
    'hrtime',
    (original): Method =>
      function (this: unknown, ...args: unknown[]) {
        const [before] = args as [[number, number]?];
        // What is wrong with the argument, the original says.
        if (before !== undefined && !Array.isArray(before)) return Reflect.apply(original, this, args) as unknown;
        const ns = read() - (before === undefined ? 0n : BigInt(before[0]) * SECOND_NS + BigInt(before[1]));
        return [Number(ns / SECOND_NS), Number(ns % SECOND_NS)];
      },
  );
  replaceGlobal([Reflect.get(process, 'hrtime') as object], 'bigint', () => read);
}
