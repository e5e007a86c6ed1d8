/**
 * Watches one stream of an SDK in place: where the app gets an iterator from it (of a Stainless SDK, whose every way of being read goes through the function `iterator` of the
 * instance), or at the iterator itself. The iterator keeps its identity, and hands out its own promises.
 */
import { reportFault } from '../core/diagnostics.ts';
import { looking, observe, setOwn } from './own-member.ts';

/** How a stream was left. `done`: it has no more to give, which an abort looks like as well (see `aborted`). `left`: its reader broke off. */
export type StreamEnd = { how: 'done'; aborted: boolean } | { how: 'left' } | { how: 'error'; error: unknown };

export interface StreamSink {
  /** A chunk, before the app has it. */
  chunk(chunk: unknown): void;
  ended(end: StreamEnd): void;
  /** The app reads the stream where nobody can look; neither of the others is called any more. */
  hidden(): void;
}

/** Whether `value` is a stream of the Stainless family. */
export function isStream(value: unknown): boolean {
  const stream = value as any;
  return (
    typeof stream === 'object' &&
    stream !== null &&
    typeof stream.iterator === 'function' &&
    typeof stream.controller === 'object'
  );
}

/** Streams that nobody reads to an end are known to be over when they are collected. The held value must not refer to the stream. */
const dropped = new FinalizationRegistry<StreamSink>((sink) => looking('patch.stream', () => sink.ended({ how: 'left' })));

/** One stream that is being read: told of each outcome, it finds out how the stream ends. */
export class Reading {
  readonly #sink: StreamSink;
  readonly #signal: AbortSignal | undefined;
  #iterators = 0;
  #leader = 0;
  #waiting = 0;
  #leaving = false;
  readonly received = (result: any): void => this.#settled(result, undefined, false);
  readonly failed = (error: unknown): void => this.#settled(undefined, error, true);

  constructor(sink: StreamSink, signal: AbortSignal | undefined) {
    this.#sink = sink;
    this.#signal = signal;
  }

  /** A number for an iterator. */
  nextIterator(): number {
    return ++this.#iterators;
  }

  /** Only the first iterator that asks is given chunks; a second one is told that the stream is consumed. */
  isLedBy(iterator: number): boolean {
    if (this.#leader === 0) this.#leader = iterator;
    return this.#leader === iterator;
  }

  asked(): void {
    this.#waiting++;
  }

  leaving(): void {
    this.#leaving = true;
  }

  left(): void {
    this.#end({ how: 'left' });
  }

  /** The SDK aborts as well, after an error and after a break: then somebody waits for an outcome that says more. */
  aborted(): void {
    if (this.#waiting === 0 && !this.#leaving) this.#end({ how: 'done', aborted: true });
  }

  #settled(result: any, error: unknown, rejected: boolean): void {
    this.#waiting--;
    if (rejected) this.#end({ how: 'error', error });
    else if (result?.done !== true) this.#chunk(result?.value);
    else if (!this.#leaving) this.#end({ how: 'done', aborted: this.#signal?.aborted === true });
  }

  #chunk(chunk: unknown): void {
    try {
      this.#sink.chunk(chunk);
    } catch (error) {
      reportFault('patch.chunk', error);
    }
  }

  #end(end: StreamEnd): void {
    // What stays registered survives every young collection, with all that hangs on it.
    dropped.unregister(this.#sink);
    looking('patch.stream', () => this.#sink.ended(end));
  }
}

/** A stream must not count as dropped while somebody reads it through an iterator alone. */
const streamOf = new WeakMap<object, object>();

/** Watches `stream`, which must not have been read yet, where its `member` makes an iterator. An abort by `signal` ends it quietly. */
export function observeStream(
  stream: any,
  sink: StreamSink,
  { member = 'iterator', signal = stream.controller?.signal }: { member?: PropertyKey; signal?: unknown } = {},
): void {
  const make = stream[member];
  const reading = startReading(signal, sink);
  dropped.register(stream, sink, sink);
  setOwn(stream, member, function (this: unknown, ...args: unknown[]) {
    const iterator: any = Reflect.apply(make, this, args);
    looking('patch.iterator', () => {
      if (streamOf.has(iterator)) return;
      streamOf.set(iterator, stream);
      watchIterator(iterator, reading);
    });
    return iterator;
  });
}

/** Watches an iterator that nobody has asked yet, where the SDK hands out no more than that. */
export function observeIterator(iterator: any, sink: StreamSink): void {
  const reading = new Reading(sink, undefined);
  dropped.register(iterator, sink, sink);
  watchIterator(iterator, reading);
}

/** Watches a web stream that nobody has read yet, whatever it holds. */
export function observeReadable(stream: any, sink: StreamSink): void {
  const reading = new Reading(sink, undefined);
  const { getReader, values, cancel, tee } = stream;
  dropped.register(stream, sink, sink);
  setOwn(stream, 'getReader', function (this: unknown, ...args: unknown[]) {
    const reader: any = Reflect.apply(getReader, this, args);
    looking('patch.reader', () => watchIterator(reader, reading, { next: 'read', leave: ['cancel'], any: true }));
    return reader;
  });
  const watchedValues = function (this: unknown, ...args: any[]): unknown {
    const iterator: any = Reflect.apply(values, this, args);
    const keeps = args[0]?.preventCancel === true;
    looking('patch.iterator', () =>
      watchIterator(iterator, reading, { next: 'next', leave: keeps ? [] : ['return'], any: true }),
    );
    return iterator;
  };
  setOwn(stream, 'values', watchedValues);
  setOwn(stream, Symbol.asyncIterator, watchedValues);
  setOwn(stream, 'cancel', function (this: unknown, ...args: unknown[]) {
    const result: unknown = Reflect.apply(cancel, this, args);
    reading.left();
    return result;
  });
  setOwn(stream, 'tee', function (this: unknown, ...args: unknown[]) {
    const branches: unknown[] = Reflect.apply(tee, this, args);
    dropped.unregister(sink);
    looking('patch.tee', () => {
      const shared = { sink, chunks: 0, left: 0, branches: branches.length };
      for (const branch of branches) observeReadable(branch, new BranchSink(shared));
    });
    return branches;
  });
  for (const name of ['pipeTo', 'pipeThrough']) {
    const original = stream[name];
    setOwn(stream, name, function (this: unknown, ...args: unknown[]) {
      const result: unknown = Reflect.apply(original, this, args);
      dropped.unregister(sink);
      looking('patch.pipe', () => sink.hidden());
      return result;
    });
  }
}

/** One branch of a stream that was split in two: each has all the chunks, and the stream is left when both are. */
class BranchSink implements StreamSink {
  readonly #shared: { sink: StreamSink; chunks: number; left: number; branches: number };
  #chunks = 0;

  constructor(shared: { sink: StreamSink; chunks: number; left: number; branches: number }) {
    this.#shared = shared;
  }

  chunk(chunk: unknown): void {
    if (++this.#chunks <= this.#shared.chunks) return;
    this.#shared.chunks = this.#chunks;
    this.#shared.sink.chunk(chunk);
  }

  ended(end: StreamEnd): void {
    if (end.how !== 'left' || ++this.#shared.left === this.#shared.branches) this.#shared.sink.ended(end);
  }

  hidden(): void {
    this.#shared.sink.hidden();
  }
}

/** Apart from `observeStream`: the signal outlives a dropped stream, and what listens to it must not keep the stream. */
function startReading(signal: unknown, sink: StreamSink): Reading {
  if (!(signal instanceof AbortSignal)) return new Reading(sink, undefined);
  const reading = new Reading(sink, signal);
  signal.addEventListener('abort', () => reading.aborted(), { once: true });
  return reading;
}

interface Members {
  next: string;
  leave: readonly string[];
  /** A later one goes on where an earlier one stopped, as the readers of a web stream do. */
  any?: boolean;
}

const ITERATOR: Members = { next: 'next', leave: ['return', 'throw'] };

/** Looks at what `iterator` gives, and at its reader leaving. */
function watchIterator(iterator: any, reading: Reading, names: Members = ITERATOR): void {
  const number = reading.nextIterator();
  const leads = (): boolean => names.any === true || reading.isLedBy(number);
  const next = iterator[names.next];
  setOwn(iterator, names.next, function (this: unknown, ...args: unknown[]) {
    const leading = leads();
    if (leading) reading.asked();
    const result: any = Reflect.apply(next, this, args);
    if (leading && result instanceof Promise) observe(result, reading.received, reading.failed);
    return result;
  });
  for (const name of names.leave) {
    const original: unknown = iterator[name];
    if (typeof original !== 'function') continue;
    setOwn(iterator, name, function (this: unknown, ...args: unknown[]) {
      if (!leads()) return Reflect.apply(original, this, args) as unknown;
      reading.leaving();
      const result: unknown = Reflect.apply(original, this, args);
      const left = (): void => reading.left();
      if (result instanceof Promise) observe(result, left, left);
      else left();
      return result;
    });
  }
}
