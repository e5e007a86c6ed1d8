/** Streams that pack and unpack: what each write to them gives comes from the thread pool, to code that no promise carries. */
import zlib from 'node:zlib';
import type { Method } from '../patch/registry.ts';
import { replaceGlobal } from './globals.ts';
import { internally } from './lineage.ts';
import { beginAt } from './work-begun.ts';
import type { BeginWork, StartedWork } from './work-begun.ts';

/** Members of Node's own that nobody else has: where they are not, these streams are left as they are. */
interface Native {
  _handle?: object;
}

/** Replaces what the streams of each kind have in common. Undone by `undoAll`. */
export function patchPackingStreams(begin: BeginWork): void {
  internally(() => {
    const kinds = [
      zlib.createGzip,
      zlib.createBrotliCompress,
      zlib.createBrotliDecompress,
      zlib.createZstdCompress,
      zlib.createZstdDecompress,
    ];
    for (const make of kinds) {
      const stream = make();
      const handle = (stream as Native)._handle;
      if (handle !== undefined) patchHandles(Object.getPrototypeOf(handle) as object, begin);
      stream.destroy();
    }
  });
}

/** A handle is told at `init` whom to call, and calls after each `write`, one at a time. */
function patchHandles(prototype: object, begin: BeginWork): void {
  const works = new WeakMap<object, StartedWork>();
  replaceGlobal(
    [prototype],
    'init',
    (original) =>
      function (this: object, ...args: unknown[]) {
        const withCare = args.map((arg) => (typeof arg === 'function' ? caring(arg as Method, works) : arg));
        return Reflect.apply(original, this, withCare) as unknown;
      },
  );
  replaceGlobal(
    [prototype],
    'write',
    (original) =>
      function (this: object, ...args: unknown[]) {
        const work = beginAt(begin);
        if (work !== null) works.set(this, work);
        return Reflect.apply(original, this, args) as unknown;
      },
  );
}

function caring(callback: Method, works: WeakMap<object, StartedWork>): Method {
  return function (this: object, ...args: unknown[]) {
    const work = works.get(this);
    works.delete(this);
    const hand = (): unknown => Reflect.apply(callback, this, args) as unknown;
    if (work === undefined) hand();
    else work(hand);
  };
}
