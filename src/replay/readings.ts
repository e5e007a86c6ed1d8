/** What the app reads of the process and the machine: how long it has run, memory, load, its id. Given by who draws, as clocks are. */
import os from 'node:os';
import { performance } from 'node:perf_hooks';
import type { Method } from '../patch/registry.ts';
import type { Draw } from './draws.ts';
import { replaceGlobal, replaceMember } from './globals.ts';

/** Reads what `real` gives, under a name: a JSON value. */
export type Reading = <T>(name: string, real: () => T) => T;

/** Readings that are drawn as text with their name: a program that has changed may ask for another. */
export function readingsBy(draw: Draw): Reading {
  return <T>(name: string, real: () => T): T => {
    let given: { value: T } | undefined;
    const text = draw('S', () => {
      given = { value: real() };
      return JSON.stringify([name, given.value]);
    });
    if (given !== undefined) return given.value;
    const [drawn, value] = parsed(text);
    return drawn === name ? (value as T) : real();
  };
}

function parsed(text: string): [name?: unknown, value?: unknown] {
  try {
    return JSON.parse(text) as [unknown, unknown];
  } catch {
    return [];
  }
}

const OF_PROCESS = [
  'uptime',
  'cpuUsage',
  'memoryUsage',
  'resourceUsage',
  'threadCpuUsage',
  'availableMemory',
  'constrainedMemory',
];
/** Not those that say where files are, and for which machine code is: the replay runs where it runs. */
const OF_MACHINE = ['loadavg', 'freemem', 'totalmem', 'uptime', 'cpus', 'availableParallelism', 'hostname', 'release', 'version'];

/** Replaces what reads. Undone by `undoAll`. */
export function patchReadings(read: Reading): void {
  const reading =
    (name: string) =>
    (original: Method): Method =>
      function (this: unknown, ...args: unknown[]) {
        return read(name, () => Reflect.apply(original, this, args) as unknown);
      };
  for (const name of OF_PROCESS) replaceGlobal([process], name, reading(name));
  replaceGlobal([process.memoryUsage], 'rss', reading('rss'));
  for (const name of OF_MACHINE) replaceGlobal([os], name, reading(`os.${name}`));
  const clock: object = Object.getPrototypeOf(performance) as object;
  replaceGlobal([clock], 'eventLoopUtilization', reading('eventLoopUtilization'));
  patchOrigin(clock, read);
}

/** `performance.timeOrigin`, and what says it too. */
function patchOrigin(clock: object, read: Reading): void {
  const get = Object.getOwnPropertyDescriptor(clock, 'timeOrigin')?.get;
  if (get === undefined) return;
  const holder = {
    get timeOrigin(): number {
      return read('timeOrigin', () => Reflect.apply(get, this, []) as number);
    },
  };
  replaceMember(clock, 'timeOrigin', undefined, Object.getOwnPropertyDescriptor(holder, 'timeOrigin'));
}
