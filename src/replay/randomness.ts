/** Randomness of the app's: `Math.random` and what `node:crypto` and the global `crypto` draw, given by who draws. The originals check the arguments and do the work; a replay puts the recorded values over theirs. */
import crypto from 'node:crypto';
import type { Method } from '../patch/registry.ts';
import type { Draw } from './draws.ts';
import { replaceGlobal } from './globals.ts';
import { currentNode } from './lineage.ts';
import { startWork } from './work-begun.ts';
import type { BeginWork } from './work-begun.ts';

/** Of one draw no more bytes are recorded: larger ones are keys to nothing that a program prints. */
const BYTES_MAX = 65_536;

/** Replaces what draws. Undone by `undoAll`. */
export function patchRandomness(draw: Draw, begin: BeginWork): void {
  const withCallback = answering(begin);
  replaceGlobal([Math], 'random', (original) => () => draw('R', () => original() as number));
  const web: object = Object.getPrototypeOf(crypto.webcrypto) as object;
  for (const owner of [crypto, web])
    replaceGlobal(
      [owner],
      'randomUUID',
      (original) =>
        function (this: unknown, ...args: unknown[]) {
          return draw('U', () => Reflect.apply(original, this, args) as string);
        },
    );
  const filled = (original: Method): Method =>
    function (this: unknown, ...args: unknown[]) {
      const target: unknown = Reflect.apply(original, this, args);
      if (isBytes(target)) fill(draw, target, ...(args.slice(1) as [number?, number?]));
      return target;
    };
  replaceGlobal([web], 'getRandomValues', filled);
  replaceGlobal([crypto], 'randomFillSync', filled);
  replaceGlobal([crypto], 'randomBytes', (original) =>
    withCallback(original, 1, (bytes) => {
      if (isBytes(bytes)) fill(draw, bytes);
      return bytes;
    }),
  );
  replaceGlobal([crypto], 'randomFill', (original) =>
    withCallback(original, undefined, (target) => {
      if (isBytes(target)) fill(draw, target);
      return target;
    }),
  );
  replaceGlobal([crypto], 'randomInt', (original) =>
    withCallback(original, undefined, (value) => draw('I', () => value as number)),
  );
}

type Bytes = ArrayBufferView | ArrayBuffer;

const isBytes = (value: unknown): value is Bytes => ArrayBuffer.isView(value) || value instanceof ArrayBuffer;

/** Puts what is drawn over the bytes of `target`, from `offset` (in its own elements) on. */
function fill(draw: Draw, target: Bytes, offset = 0, size?: number): void {
  const whole = ArrayBuffer.isView(target)
    ? new Uint8Array(target.buffer, target.byteOffset, target.byteLength)
    : new Uint8Array(target);
  const unit = (target as { BYTES_PER_ELEMENT?: number }).BYTES_PER_ELEMENT ?? 1;
  const bytes = whole.subarray(offset * unit, size === undefined ? undefined : (offset + size) * unit);
  if (bytes.length > BYTES_MAX) return;
  const drawn = Buffer.from(
    draw('B', () => Buffer.from(bytes).toString('base64')),
    'base64',
  );
  // Of another length: the code has changed, and what it drew itself is as good.
  if (drawn.length === bytes.length) bytes.set(drawn);
}

/** A function that gives its value, or hands it to a callback as second argument: `see` may put another in its place. The callback is the last argument, or the one at `at`. */
const answering =
  (begin: BeginWork) =>
  (original: Method, at: number | undefined, see: (value: unknown) => unknown): Method =>
    function (this: unknown, ...args: unknown[]) {
      const index = at ?? args.length - 1;
      const callback = args[index];
      if (typeof callback !== 'function') return see(Reflect.apply(original, this, args));
      if (currentNode().internal) return Reflect.apply(original, this, args) as unknown;
      const told = function (this: unknown, error: unknown, value: unknown): unknown {
        return Reflect.apply(callback, this, error === null || error === undefined ? [error, see(value)] : [error]) as unknown;
      };
      return startWork(begin, told, (carried) => Reflect.apply(original, this, args.with(index, carried)) as unknown);
    };
