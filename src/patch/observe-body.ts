/**
 * Watches the body of one HTTP response in place: what the app (or the SDK for it) reads is looked at as it passes. Nothing is read that the app does not read, there is
 * no second stream, and nothing is held up. A web stream is watched at its readers; a Node stream, which node-fetch hands out, where bytes enter it.
 */
import type { ExchangeEnd } from '../events/ports.ts';
import { looking, observe, setOwn } from './own-member.ts';

export interface BodySink {
  piece(bytes: Uint8Array): void;
  /** The first call counts. */
  end(how: ExchangeEnd, error?: unknown): void;
}

const SITE = 'patch.body';
const toBytes = new TextEncoder();

/**
 * A stream that was collected without anybody having read it. The held value must not refer to the stream. What is registered survives every young collection, with
 * all that hangs on it: so all streams of a body are taken out again when it ends. (Left in, they cost 400 us of the collector's threads a call.)
 */
const dropped = new FinalizationRegistry<Reads>((reads) => reads.collected());

/** What is told of the reads of one stream. */
abstract class Reads {
  /** The body as a whole. */
  abstract readonly whole: object;
  /** Others have taken the place of its stream. */
  wasSplit = false;

  abstract piece(bytes: unknown): void;
  abstract end(how: ExchangeEnd, error?: unknown): void;
  /** Nobody will read on. */
  abstract close(): void;

  collected(): void {
    if (!this.wasSplit) this.close();
  }

  readonly came = (result: any): void => {
    if (result?.done === true) this.end('complete');
    else this.piece(result?.value);
  };
  /** An abort tears the body off under its reader: that, too, is the caller leaving. */
  readonly failed = (error: unknown): void => {
    if ((error as Error | undefined)?.name === 'AbortError') this.end('cancelled');
    else this.end('error', error);
  };
}

class Body extends Reads {
  readonly whole = this;
  /** Undefined when it has ended: a connection that stays open may keep the body, and so this. */
  #sink: BodySink | undefined;
  #pieces = 0;

  constructor(sink: BodySink) {
    super();
    this.#sink = sink;
  }

  piece(bytes: unknown): void {
    const sink = this.#sink;
    if (sink === undefined) return;
    this.#pieces++;
    if (bytes instanceof Uint8Array) looking(SITE, () => sink.piece(bytes));
    else if (typeof bytes === 'string') looking(SITE, () => sink.piece(toBytes.encode(bytes)));
  }

  end(how: ExchangeEnd, error?: unknown): void {
    const sink = this.#sink;
    if (sink === undefined) return;
    this.#sink = undefined;
    dropped.unregister(this);
    looking(SITE, () => sink.end(how, error));
  }

  close(): void {
    this.end(this.#pieces > 0 ? 'cancelled' : 'unread');
  }
}

interface Split {
  of: Reads;
  pieces: number;
  /** Branches that nobody has left. */
  open: number;
}

/** One of the streams that a body was split into. Each has every piece: the first to come by counts, and the body is left when all of them are. */
class Branch extends Reads {
  readonly whole: object;
  readonly #split: Split;
  #pieces = 0;
  #left = false;

  constructor(split: Split) {
    super();
    this.whole = split.of.whole;
    this.#split = split;
  }

  piece(bytes: unknown): void {
    if (++this.#pieces <= this.#split.pieces) return;
    this.#split.pieces = this.#pieces;
    this.#split.of.piece(bytes);
  }

  end(how: ExchangeEnd, error?: unknown): void {
    if (how === 'complete' || how === 'error') this.#split.of.end(how, error);
    else this.close();
  }

  close(): void {
    if (this.#left) return;
    this.#left = true;
    if (--this.#split.open === 0) this.#split.of.close();
  }
}

/**
 * Watches the body of `answer`, and returns what ends the watch: to be called when it is known that nobody will read on. The clones of a `Response` share the body among them, in
 * some versions of Node past the methods of the stream.
 */
export function observeAnswer(answer: { body: unknown }, sink: BodySink): () => void {
  const watched = new Body(sink);
  watchBody(answer.body, watched);
  if (answer.body instanceof ReadableStream) watchClones(answer, watched);
  return () => watched.close();
}

function watchBody(body: unknown, watched: Body): void {
  if (body instanceof ReadableStream) watchWebStream(body, watched);
  else if (isNodeStream(body)) watchNodeStream(body, watched);
  else if (body === null || body === undefined) watched.end('complete');
  else watched.end('unread');
}

function watchClones(response: any, reads: Reads): void {
  const { clone } = response;
  if (typeof clone !== 'function') return;
  let own = reads;
  setOwn(response, 'clone', function (this: any, ...args: unknown[]) {
    const copy: any = Reflect.apply(clone, this, args);
    looking(SITE, () => {
      const [first = own, second = own] = watchBranches([this.body, copy.body], own);
      own = first;
      watchClones(copy, second);
    });
    return copy;
  });
}

/** Watches the streams that one was split into; those that are watched already, because its own `tee` was used, are left as they are. */
function watchBranches(streams: readonly unknown[], of: Reads): readonly Reads[] {
  const bare = streams.filter((stream) => stream instanceof ReadableStream && !Object.hasOwn(stream, 'getReader'));
  if (bare.length === 0) return [];
  of.wasSplit = true;
  const split: Split = { of, pieces: 0, open: bare.length };
  return bare.map((stream) => {
    const branch = new Branch(split);
    watchWebStream(stream, branch);
    return branch;
  });
}

function watchWebStream(stream: any, reads: Reads): void {
  const { getReader, values, cancel, tee } = stream;
  dropped.register(stream, reads, reads.whole);
  setOwn(stream, 'getReader', function (this: unknown, ...args: unknown[]) {
    const reader: unknown = Reflect.apply(getReader, this, args);
    // A reader that brings its own buffer gets it back filled, and may reuse it: not looked at.
    if (reader instanceof ReadableStreamDefaultReader) looking(SITE, () => watchReads(reader, 'read', 'cancel', reads));
    else reads.close();
    return reader;
  });
  const watchedValues = function (this: unknown, ...args: any[]): unknown {
    const iterator: unknown = Reflect.apply(values, this, args);
    looking(SITE, () => watchReads(iterator, 'next', args[0]?.preventCancel === true ? undefined : 'return', reads));
    return iterator;
  };
  setOwn(stream, 'values', watchedValues);
  setOwn(stream, Symbol.asyncIterator, watchedValues);
  setOwn(stream, 'cancel', function (this: unknown, ...args: unknown[]) {
    const result: unknown = Reflect.apply(cancel, this, args);
    reads.end('cancelled');
    return result;
  });
  setOwn(stream, 'tee', function (this: unknown, ...args: unknown[]) {
    const branches: unknown[] = Reflect.apply(tee, this, args);
    looking(SITE, () => watchBranches(branches, reads));
    return branches;
  });
  // These read inside the stream, where nobody can look without adding a stream.
  for (const name of ['pipeTo', 'pipeThrough']) {
    const original = stream[name];
    setOwn(stream, name, function (this: unknown, ...args: unknown[]) {
      const result: unknown = Reflect.apply(original, this, args);
      reads.close();
      return result;
    });
  }
}

/** Looks at the outcomes of `read`, and at `leave`, of one reader or iterator. */
function watchReads(reader: any, read: string, leave: string | undefined, reads: Reads): void {
  const readOriginal = reader[read];
  setOwn(reader, read, function (this: unknown, ...args: unknown[]) {
    const result: unknown = Reflect.apply(readOriginal, this, args);
    if (result instanceof Promise) observe(result, reads.came, reads.failed);
    return result;
  });
  if (leave === undefined) return;
  const leaveOriginal = reader[leave];
  setOwn(reader, leave, function (this: unknown, ...args: unknown[]) {
    const result: unknown = Reflect.apply(leaveOriginal, this, args);
    reads.end('cancelled');
    return result;
  });
}

function isNodeStream(value: any): boolean {
  return typeof value === 'object' && value !== null && typeof value.push === 'function' && typeof value.destroy === 'function';
}

function watchNodeStream(stream: any, body: Body): void {
  const { push, destroy } = stream;
  dropped.register(stream, body, body);
  // What came in while the response was on its way to us.
  for (const bytes of stream.readableBuffer ?? []) body.piece(bytes);
  if (stream.readableEnded === true || stream._readableState?.ended === true) body.end('complete');
  setOwn(stream, 'push', function (this: unknown, ...args: unknown[]) {
    if (args[0] === null) body.end('complete');
    else body.piece(args[0]);
    return Reflect.apply(push, this, args) as unknown;
  });
  setOwn(stream, 'destroy', function (this: unknown, ...args: unknown[]) {
    if (args[0] === undefined || args[0] === null) body.end('cancelled');
    else body.failed(args[0]);
    return Reflect.apply(destroy, this, args) as unknown;
  });
}
