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
 * A body that was collected without anybody having read it. The held value must not refer to the body. What is registered survives every young collection, with
 * all that hangs on it: so each body is taken out again when it ends. (Left in, they cost 400 us of the collector's threads a call.)
 */
const dropped = new FinalizationRegistry<Body>((body) => body.close());

class Body {
  readonly #sink: BodySink;
  #pieces = 0;
  #ended = false;

  constructor(sink: BodySink) {
    this.#sink = sink;
  }

  piece(bytes: unknown): void {
    if (this.#ended) return;
    this.#pieces++;
    if (bytes instanceof Uint8Array) looking(SITE, () => this.#sink.piece(bytes));
    else if (typeof bytes === 'string') looking(SITE, () => this.#sink.piece(toBytes.encode(bytes)));
  }

  end(how: ExchangeEnd, error?: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    dropped.unregister(this);
    looking(SITE, () => this.#sink.end(how, error));
  }

  /** Nobody will read on. */
  close(): void {
    this.end(this.#pieces > 0 ? 'cancelled' : 'unread');
  }

  readonly read = (result: any): void => {
    if (result?.done === true) this.end('complete');
    else this.piece(result?.value);
  };
  /** An abort tears the body off under its reader: that, too, is the caller leaving. */
  readonly failed = (error: unknown): void => {
    if ((error as Error | undefined)?.name === 'AbortError') this.end('cancelled');
    else this.end('error', error);
  };
  readonly cancelled = (): void => this.end('cancelled');
}

/** Watches `body` and returns what ends the watch: to be called when it is known that nobody will read on. */
export function observeBody(body: unknown, sink: BodySink): () => void {
  const watched = new Body(sink);
  if (body instanceof ReadableStream) watchWebStream(body, watched);
  else if (isNodeStream(body)) watchNodeStream(body, watched);
  else if (body === null || body === undefined) watched.end('complete');
  else watched.end('unread');
  return () => watched.close();
}

function watchWebStream(stream: any, body: Body): void {
  const { getReader, values, cancel } = stream;
  dropped.register(stream, body, body);
  setOwn(stream, 'getReader', function (this: unknown, ...args: unknown[]) {
    const reader: unknown = Reflect.apply(getReader, this, args);
    // A reader that brings its own buffer gets it back filled, and may reuse it: not looked at.
    if (reader instanceof ReadableStreamDefaultReader) looking(SITE, () => watchReads(reader, 'read', 'cancel', body));
    else body.close();
    return reader;
  });
  const watchedValues = function (this: unknown, ...args: any[]): unknown {
    const iterator: unknown = Reflect.apply(values, this, args);
    looking(SITE, () => watchReads(iterator, 'next', args[0]?.preventCancel === true ? undefined : 'return', body));
    return iterator;
  };
  setOwn(stream, 'values', watchedValues);
  setOwn(stream, Symbol.asyncIterator, watchedValues);
  setOwn(stream, 'cancel', function (this: unknown, ...args: unknown[]) {
    const result: unknown = Reflect.apply(cancel, this, args);
    body.cancelled();
    return result;
  });
  // These read inside the stream, where nobody can look without adding a stream.
  for (const name of ['tee', 'pipeTo', 'pipeThrough']) {
    const original = stream[name];
    setOwn(stream, name, function (this: unknown, ...args: unknown[]) {
      const result: unknown = Reflect.apply(original, this, args);
      body.close();
      return result;
    });
  }
}

/** Looks at the outcomes of `read`, and at `leave`, of one reader or iterator. */
function watchReads(reader: any, read: string, leave: string | undefined, body: Body): void {
  const readOriginal = reader[read];
  setOwn(reader, read, function (this: unknown, ...args: unknown[]) {
    const result: unknown = Reflect.apply(readOriginal, this, args);
    if (result instanceof Promise) observe(result, body.read, body.failed);
    return result;
  });
  if (leave === undefined) return;
  const leaveOriginal = reader[leave];
  setOwn(reader, leave, function (this: unknown, ...args: unknown[]) {
    const result: unknown = Reflect.apply(leaveOriginal, this, args);
    body.cancelled();
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
    if (args[0] === undefined || args[0] === null) body.cancelled();
    else body.failed(args[0]);
    return Reflect.apply(destroy, this, args) as unknown;
  });
}
