/**
 * Sees what the program prints: every write to `process.stdout` and `process.stderr`, and which method of `console` made it. The stream is given the write first and as it was, so that
 * bytes, their order, return values, callbacks and back-pressure stay what they are.
 */
import { guard, reportFault } from '../core/diagnostics.ts';
import { coverMethod, replaceMethod, undoPatches } from './registry.ts';
import type { Method } from './registry.ts';

export type OutputStream = 'stdout' | 'stderr';

/** One write. `bytes`: what went out; a string is what is UTF-8 anyway. `level`: the method of `console` that printed it. */
export type OutputListener = (stream: OutputStream, level: string | undefined, bytes: string | Uint8Array) => void;

const LABEL = 'output.';
/** Not `trace`, which prints the stack that it is called on, so that ours would be in it; it prints through `error`. */
const METHODS = ['log', 'info', 'debug', 'warn', 'error', 'dir', 'dirxml'];
/** These print through one of those; it is them that the app called. */
const THROUGH = new Set(['table', 'group', 'groupCollapsed', 'assert', 'count', 'countReset', 'timeEnd', 'timeLog']);
const UTF8 = /^utf-?8$/i;

/** The method of `console` that runs. */
let level: string | undefined;
/** The listener runs, or a method of the stream that may write by another one: what is written meanwhile is not told. */
let deaf = false;

/** Tells `listener` of each write from here on, until what is returned is called or the registry takes every patch out. */
export function watchOutput(listener: OutputListener): () => void {
  for (const name of [...METHODS, ...THROUGH]) watchMethod(globalThis.console, name);
  const streams = new Map<unknown, OutputStream>();
  for (const name of ['stdout', 'stderr'] as const) {
    // Making a stream of a descriptor that is none throws; nothing can be printed there either.
    const stream = guard('patch.output', () => process[name], undefined);
    if (stream !== undefined) streams.set(stream, name);
  }
  for (const [stream, name] of streams) {
    watchStream(stream as object, name, (called, args) => {
      const bytes = bytesOf(args, called);
      // A method of the one may have been put on the other: it prints where it is called.
      if (bytes !== undefined && bytes.length > 0) listener(streams.get(called) ?? name, level, bytes);
    });
  }
  return () => undoPatches((patch) => patch.label.startsWith(LABEL));
}

function watchMethod(printer: object, name: string): void {
  replaceMethod(printer, name, `${LABEL}console.${name}`, (original) => {
    return function (this: unknown, ...args: unknown[]): unknown {
      const around = level;
      if (around === undefined || !THROUGH.has(around)) level = name;
      try {
        return Reflect.apply(original, this, args);
      } finally {
        level = around;
      }
    };
  });
}

function watchStream(stream: object, name: OutputStream, tell: (called: unknown, args: unknown[]) => void): void {
  for (const method of ['write', 'end']) {
    const make = (original: Method): Method =>
      function (this: unknown, ...args: unknown[]): unknown {
        if (deaf) return Reflect.apply(original, this, args);
        let result: unknown;
        deaf = method === 'end';
        try {
          result = Reflect.apply(original, this, args);
        } finally {
          deaf = false;
        }
        // Only now: what the stream refuses with a throw is not printed.
        hear(() => tell(this, args));
        return result;
      };
    const own = Object.hasOwn(stream, method);
    // Whoever looks at the stream's members sees none that was not there.
    if (coverMethod(stream, method, `${LABEL}${name}.${method}`, make) && !own)
      Object.defineProperty(stream, method, { enumerable: false });
  }
}

function hear(tell: () => void): void {
  deaf = true;
  try {
    tell();
  } catch (error) {
    reportFault('patch.output', error);
  } finally {
    deaf = false;
  }
}

/** What a call of `write` or `end` printed; undefined when it was given nothing to print. */
function bytesOf([chunk, encoding]: unknown[], stream: unknown): string | Uint8Array | undefined {
  if (typeof chunk === 'string') {
    const state = (stream as { _writableState?: { defaultEncoding?: unknown } } | null)?._writableState;
    const named = typeof encoding === 'string' ? encoding : state?.defaultEncoding;
    return typeof named !== 'string' || UTF8.test(named) ? chunk : Buffer.from(chunk, named as BufferEncoding);
  }
  if (chunk instanceof Uint8Array) return chunk;
  return ArrayBuffer.isView(chunk) ? new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength) : undefined;
}
