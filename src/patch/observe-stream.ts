/**
 * Watches one stream of a Stainless SDK in place. All its ways of being read (for await, `tee`, `toReadableStream`, the SDK's helpers) go through the function
 * `iterator` of the instance; the generator that it returns keeps its identity, and hands out its own promises.
 */
import { reportFault } from '../core/diagnostics.ts';
import { looking, observe, setOwn } from './own-member.ts';

/** How a stream was left. `done`: it has no more to give, which an abort looks like as well (see `aborted`). `left`: its reader broke off. */
export type StreamEnd = { how: 'done'; aborted: boolean } | { how: 'left' } | { how: 'error'; error: unknown };

export interface StreamSink {
  /** A chunk, before the app has it. */
  chunk(chunk: unknown): void;
  ended(end: StreamEnd): void;
}

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

class Reading {
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

/** Watches `stream`, which must not have been read yet. */
export function observeStream(stream: any, sink: StreamSink): void {
  const make = stream.iterator;
  const reading = startReading(stream.controller.signal, sink);
  dropped.register(stream, sink, sink);
  setOwn(stream, 'iterator', function (this: unknown, ...args: unknown[]) {
    const iterator: any = Reflect.apply(make, this, args);
    looking('patch.iterator', () => {
      streamOf.set(iterator, stream);
      watchIterator(iterator, reading);
    });
    return iterator;
  });
}

/** Apart from `observeStream`: the signal outlives a dropped stream, and what listens to it must not keep the stream. */
function startReading(signal: unknown, sink: StreamSink): Reading {
  if (!(signal instanceof AbortSignal)) return new Reading(sink, undefined);
  const reading = new Reading(sink, signal);
  signal.addEventListener('abort', () => reading.aborted(), { once: true });
  return reading;
}

function watchIterator(iterator: any, reading: Reading): void {
  const number = reading.nextIterator();
  const leads = (): boolean => reading.isLedBy(number);
  const { next, return: leave, throw: fail } = iterator;
  setOwn(iterator, 'next', function (this: unknown, ...args: unknown[]) {
    const leading = leads();
    if (leading) reading.asked();
    const result: any = Reflect.apply(next, this, args);
    if (leading && result instanceof Promise) observe(result, reading.received, reading.failed);
    return result;
  });
  const watchLeave = (name: 'return' | 'throw', original: unknown): void => {
    if (typeof original !== 'function') return;
    setOwn(iterator, name, function (this: unknown, ...args: unknown[]) {
      if (!leads()) return Reflect.apply(original, this, args) as unknown;
      reading.leaving();
      const result: unknown = Reflect.apply(original, this, args);
      const left = (): void => reading.left();
      if (result instanceof Promise) observe(result, left, left);
      else left();
      return result;
    });
  };
  watchLeave('return', leave);
  watchLeave('throw', fail);
}
