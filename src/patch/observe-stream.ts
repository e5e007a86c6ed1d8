/**
 * Watches one stream of an SDK in place: where the app gets an iterator from it (of a Stainless SDK, whose every way of being read goes through the function `iterator` of the
 * instance), or at the iterator itself. The iterator keeps its identity, and hands out its own promises.
 */
import { reportFault } from '../core/diagnostics.ts';
import { looking, observe, setOwn } from './own-member.ts';
import { coverMethod } from './registry.ts';

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
const dropped = new FinalizationRegistry<Reading>((reading) => reading.left());

/**
 * One stream that is being read: told of each outcome, it finds out how the stream ends. SDKs and sockets keep some streams for ever, and with them what watches them: so it lets go of whoever
 * it tells when the stream has ended. Its signal may outlive the stream, and one that is made of others lives for as long as somebody listens to it (Node 24): so nothing here refers to
 * the stream, and the listener is taken back.
 */
class Reading {
  #sink: StreamSink | undefined;
  #signal: AbortSignal | undefined;
  #iterators = 0;
  #leader = 0;
  #waiting = 0;
  #leaving = false;
  readonly received = (result: any): void => this.#settled(result, undefined, false);
  readonly failed = (error: unknown): void => this.#settled(undefined, error, true);

  readonly #aborted = (): void => this.aborted();

  /** An abort by `signal`, if it is one, ends the stream quietly. */
  constructor(stream: object, sink: StreamSink, signal?: unknown) {
    this.#sink = sink;
    dropped.register(stream, this, this);
    if (!(signal instanceof AbortSignal)) return;
    this.#signal = signal;
    signal.addEventListener('abort', this.#aborted, { once: true });
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
      this.#sink?.chunk(chunk);
    } catch (error) {
      reportFault('patch.chunk', error);
    }
  }

  #end(end: StreamEnd): void {
    const sink = this.release();
    if (sink !== undefined) looking('patch.stream', () => sink.ended(end));
  }

  /** Nobody is told of anything any more; gives who would have been. */
  release(): StreamSink | undefined {
    const sink = this.#sink;
    // What stays registered survives every young collection, with all that hangs on it.
    dropped.unregister(this);
    this.#signal?.removeEventListener('abort', this.#aborted);
    this.#sink = this.#signal = undefined;
    return sink;
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
  const reading = new Reading(stream, sink, signal);
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

/** Watches an iterator that nobody has asked yet, where the SDK hands out no more than that. Returns what is to be called where its reader leaves in a way of its own. */
export function observeIterator(iterator: any, sink: StreamSink): () => void {
  const reading = new Reading(iterator, sink);
  watchIterator(iterator, reading);
  return () => reading.left();
}

/** One web stream that is watched, and what its members do beside what they do. */
class ReadableWatch {
  readonly #reading: Reading;

  constructor(stream: object, sink: StreamSink) {
    this.#reading = new Reading(stream, sink);
  }

  reader(reader: any): void {
    watchIterator(reader, this.#reading, { next: 'read', leave: ['cancel'], any: true });
  }

  /** In a subclass, one of the members that make iterators may call the other: what they give is watched once. */
  iterator(iterator: any, stream: object, options: any): void {
    if (streamOf.has(iterator)) return;
    streamOf.set(iterator, stream);
    watchIterator(iterator, this.#reading, { next: 'next', leave: options?.preventCancel === true ? [] : ['return'], any: true });
  }

  left(): void {
    this.#reading.left();
  }

  split(branches: unknown[]): void {
    const sink = this.#reading.release();
    if (sink === undefined) return;
    const shared = { sink, chunks: 0, left: 0, branches: branches.length };
    for (const branch of branches) observeReadable(branch, new BranchSink(shared));
  }

  hidden(): void {
    this.#reading.release()?.hidden();
  }
}

type Used = (watch: ReadableWatch, given: any, stream: object, args: readonly any[]) => void;

const iterates: Used = (watch, given, stream, args) => watch.iterator(given, stream, args[0]);
const hides: Used = (watch) => watch.hidden();

/** The members by which a web stream is read, and what is to be done with what each gives. */
const READABLE: readonly (readonly [PropertyKey, Used])[] = [
  ['getReader', (watch, given) => watch.reader(given)],
  ['values', iterates],
  [Symbol.asyncIterator, iterates],
  ['cancel', (watch) => watch.left()],
  ['tee', (watch, given) => watch.split(given)],
  ['pipeTo', hides],
  ['pipeThrough', hides],
];

const readables = new WeakMap<object, ReadableWatch>();

/** `original`, the use of which is looked at where the stream is one that is watched. */
function watchedUse(original: any, used: Used): (this: any, ...args: any[]) => unknown {
  return function (this: any, ...args: any[]): unknown {
    const given: unknown = Reflect.apply(original, this, args);
    const watch = readables.get(this);
    if (watch !== undefined) looking('patch.readable', () => used(watch, given, this, args));
    return given;
  };
}

/**
 * Watches a web stream that nobody has read yet, whatever it holds. One of a class of its SDK's own is watched in the prototype of that class: the members of web streams are listed by
 * `for in`, where one of the stream's own would hide them.
 */
export function observeReadable(stream: any, sink: StreamSink): void {
  readables.set(stream, new ReadableWatch(stream, sink));
  const prototype: object = Object.getPrototypeOf(stream);
  for (const [name, used] of READABLE) {
    if (prototype === ReadableStream.prototype) setOwn(stream, name, watchedUse(stream[name], used));
    else coverMethod(prototype, name, `web stream ${String(name)}`, (original) => watchedUse(original, used));
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
