/** Worker threads of the app: what they say to the thread that started them is an input of it. */
import workerThreads from 'node:worker_threads';
import type { Worker } from 'node:worker_threads';
import { guardBroadcasts } from './broadcasts.ts';
import { wordsOf } from './channel-words.ts';
import type { Channels, Opening } from './channels.ts';
import { replaceMember } from './globals.ts';
import { AppPlace } from './app-place.ts';
import { isForeign } from './lineage.ts';
import type { Arrival } from './source.ts';
import { systemError, systemFacts } from './system-error.ts';
import type { SystemFacts } from './system-error.ts';
import { RecordedWorker } from './worker-record.ts';
import { ReplayedWorker } from './worker-replay.ts';
import { workerWhat } from './worker-what.ts';
import type { WorkerOptions } from './worker-what.ts';

/** Variables for a thread that is started now; null: it gets what the app gives it. */
export type TellThread = () => Readonly<Record<string, string>> | null;

type Constructor = new (...args: unknown[]) => Worker;

/** Replaces the class of worker threads. Undone by `undoAll`. */
export function patchWorkers(channels: Channels, tell: TellThread): void {
  const Original = workerThreads.Worker as unknown as Constructor;
  const Replaced = function Worker(this: unknown, ...args: unknown[]): unknown {
    const made = new.target as unknown as Constructor | undefined;
    // As the class, it is not to be called.
    if (made === undefined) return Reflect.apply(Original, this, args) as unknown;
    const real = (given: unknown[]): Worker => Reflect.construct(Original, given, made) as Worker;
    if (isForeign()) return real(args);
    if (!channels.real) broadcasts?.threads();
    const start = (by: Channels): Worker => record(by, args, () => real(withVariables(args, tell())));
    return channels.real ? start(channels) : replay(channels, args, made, start);
  };
  const broadcasts = channels.real ? null : guardBroadcasts(channels);
  Object.defineProperties(Replaced, {
    prototype: { value: Original.prototype, writable: false },
    length: { value: Original.length, configurable: true },
  });
  Object.setPrototypeOf(Replaced, Original);
  replaceMember(workerThreads, 'Worker', Replaced);
  replaceMember(Original.prototype as object, 'constructor', Replaced);
}

function record(channels: Channels, [file, options]: unknown[], start: () => Worker): Worker {
  const given = (options ?? {}) as WorkerOptions;
  let recorded: RecordedWorker | undefined;
  const channel = channels.open(openingOf(file, given), (arrival) => recorded?.receive(arrival));
  if (channel === null) return start();
  const place = new AppPlace();
  let worker: Worker;
  try {
    worker = start();
  } catch (error) {
    channel.note({ event: 'thrown', data: systemFacts(error) });
    throw error;
  }
  recorded = new RecordedWorker(worker, channel, place);
  recorded.record(given.workerData);
  return worker;
}

/** `start` starts it really, by the channels that it is given. */
function replay(channels: Channels, args: unknown[], made: Constructor, start: (by: Channels) => Worker): unknown {
  const given = (args[1] ?? {}) as WorkerOptions;
  const opening = openingOf(args[0], given);
  let replayed: ReplayedWorker | undefined;
  const channel = channels.open(
    opening,
    (arrival) => replayed?.receive(arrival),
    (arrival) => replayed?.isReady(arrival) === true,
  );
  if (channel === null) return start(channels.refuse(opening, wordsOf(opening)));
  const place = new AppPlace();
  const told = (event: string): Arrival | undefined => channel.given.find((arrival) => arrival.event === event);
  const thrown = told('thrown');
  if (thrown !== undefined) throw systemError(thrown.data as SystemFacts);
  const unrecordable = told('unrecordable');
  if (unrecordable !== undefined) {
    channel.leave();
    return start(channels.refuse(opening, `${wordsOf(opening)}: ${(unrecordable.data as { why: string }).why}; what it says`));
  }
  replayed = new ReplayedWorker(made.prototype as object, given, channel, place);
  channel.ready();
  return replayed.worker;
}

function openingOf(file: unknown, options: WorkerOptions): Opening {
  return { kind: 'worker', what: workerWhat(file, options) };
}

/** The thread is told which session it belongs to. */
function withVariables(args: unknown[], told: Readonly<Record<string, string>> | null): unknown[] {
  const [file, options] = args;
  const { env } = (options ?? {}) as WorkerOptions;
  const isCopied = env === undefined || env === null || typeof env === 'object';
  if (told === null || !isCopied || (options !== undefined && (typeof options !== 'object' || options === null))) return args;
  return [file, { ...(options as object), env: { ...(env ?? process.env), ...told } }];
}
