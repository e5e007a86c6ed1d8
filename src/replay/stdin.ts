/** Standard input: what the app reads of it comes in its turn, and again in a replay, which never reads the real one. */
import fs from 'node:fs';
import net from 'node:net';
import { Readable } from 'node:stream';
import tty from 'node:tty';
import type { Method } from '../patch/registry.ts';
import { installOnce, REPLAY_LABEL } from '../patch/registry.ts';
import { AppPlace } from './app-place.ts';
import type { Channels } from './channels.ts';
import { replaceGlobal } from './globals.ts';
import { putHidden } from './hidden.ts';
import { internally, isInternal } from './lineage.ts';
import type { Arrival } from './source.ts';

/** What standard input is; `other` is nothing that could be read. */
type InputType = 'tty' | 'pipe' | 'file' | 'other';

const STDIN_FD = 0;
const PATHS = new Set<unknown>([STDIN_FD, '/dev/stdin', '/proc/self/fd/0']);

/** Follows `process.stdin`, and what is read of it at once. Undone by `undoAll`. */
export function patchStdin(channels: Channels): void {
  const before = Object.getOwnPropertyDescriptor(process, 'stdin');
  const real = before?.get;
  if (before === undefined || real === undefined) return;
  let given: Readable | undefined;
  const get = (): Readable => {
    if (given !== undefined) return given;
    const open = (): Readable => internally(() => Reflect.apply(real, process, []) as Readable);
    if (isInternal()) return open();
    return (given = inputOf(channels, open));
  };
  installOnce(process, 'stdin', `${REPLAY_LABEL}stdin`, () => {
    Object.defineProperty(process, 'stdin', { ...before, get });
    return () => Object.defineProperty(process, 'stdin', before);
  });
  patchReadsAtOnce(channels);
}

function inputOf(channels: Channels, open: () => Readable): Readable {
  let stream: Readable | undefined;
  const facts = channels.ask({ kind: 'stdin', what: 'type' }, () => ({ event: 'is', data: typeOf((stream = open())) }));
  const type = (facts?.data ?? 'other') as InputType;
  stream ??= internally(() => standIn(type));
  if (type !== 'other') follow(stream, channels);
  return stream;
}

/** Has what comes in handed over in its turn. */
function follow(stream: Readable, channels: Channels): void {
  const place = new AppPlace();
  const push = stream.push.bind(stream);
  let wanted = false;
  const deliver = ({ event, bytes }: Arrival): void =>
    place.run(() => {
      wanted = false;
      push(event === 'data' ? Buffer.from(bytes ?? []) : null);
      // Ends a stream that nobody has asked since.
      if (event === 'end') stream.read(0);
    });
  const channel = channels.open({ kind: 'stdin', what: 'data' }, deliver, () => wanted);
  if (channel === null) return;
  if (channels.real)
    putHidden(stream, 'push', (bytes: Uint8Array | null) => {
      channel.came(bytes === null ? { event: 'end' } : { event: 'data', bytes });
      // No more is read before this is taken.
      return false;
    });
  else
    putHidden(stream, '_read', () => {
      wanted = true;
      channel.ready();
    });
}

function typeOf(stream: Readable): InputType {
  if (stream instanceof tty.ReadStream) return 'tty';
  if (stream instanceof net.Socket) return 'pipe';
  return stream instanceof fs.ReadStream ? 'file' : 'other';
}

/** A stream of the class that the app got, with nothing behind it. */
function standIn(type: InputType): Readable {
  if (type === 'file') return fs.createReadStream('', { fd: STDIN_FD, autoClose: false });
  if (type === 'other') {
    const nothing = new Readable({ read() {} });
    nothing.push(null);
    return Object.assign(nothing, { fd: STDIN_FD });
  }
  const socket = new net.Socket({ readable: true, writable: false });
  const nothing = (): net.Socket => socket;
  Object.assign(socket, { fd: STDIN_FD, ref: nothing, unref: nothing });
  if (type === 'pipe') return socket;
  Object.setPrototypeOf(socket, tty.ReadStream.prototype as object);
  const setRawMode = (isRaw: boolean): net.Socket => Object.assign(socket, { isRaw });
  return Object.assign(socket, { isTTY: true, isRaw: false, setRawMode });
}

/** `readFileSync(0)` and `readSync(0, ...)`, which some programs read all their input by. */
function patchReadsAtOnce(channels: Channels): void {
  const read = (what: string, real: () => Uint8Array): Uint8Array => {
    const opening = { kind: 'stdin', what };
    const arrival = channels.ask(opening, () => ({ event: 'data', bytes: internally(real) }));
    if (arrival === null) channels.refuse(opening, 'standard input');
    return arrival?.bytes ?? (arrival === null ? real() : new Uint8Array());
  };
  replaceGlobal(
    [fs],
    'readFileSync',
    (original): Method =>
      function (this: unknown, ...args: unknown[]): unknown {
        const [path, options] = args as [unknown, (BufferEncoding | { encoding?: BufferEncoding | null } | null)?];
        if (!PATHS.has(path) || isInternal()) return Reflect.apply(original, this, args) as unknown;
        const bytes = Buffer.from(read('file', () => Reflect.apply(original, this, [path]) as Uint8Array));
        const encoding = typeof options === 'string' ? options : options?.encoding;
        return typeof encoding === 'string' && encoding !== ('buffer' as string) ? bytes.toString(encoding) : bytes;
      },
  );
  replaceGlobal(
    [fs],
    'readSync',
    (original): Method =>
      function (this: unknown, ...args: unknown[]): unknown {
        const [fd, into, second] = args as [unknown, NodeJS.ArrayBufferView, (number | { offset?: number } | null)?];
        if (fd !== STDIN_FD || isInternal() || !ArrayBuffer.isView(into)) return Reflect.apply(original, this, args) as unknown;
        const target = new Uint8Array(into.buffer, into.byteOffset, into.byteLength);
        const from = (typeof second === 'object' ? second?.offset : second) ?? 0;
        let length = 0;
        const bytes = read('piece', () => {
          length = Reflect.apply(original, this, args) as number;
          return target.slice(from, from + length);
        });
        target.set(bytes, from);
        return bytes.length;
      },
  );
}
