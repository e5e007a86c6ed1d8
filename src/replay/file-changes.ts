/**
 * What the app changes in the file system, in a replay. It is done again, because the app may read it again; but what was appended is not appended once more where the file holds it still. After
 * the program has gone its own way, each change is asked about.
 */
import fs from 'node:fs';
import type { Method } from '../patch/registry.ts';
import { Appended } from './appended.ts';
import { replaceBelow } from './globals.ts';
import { isTranslating } from './call-site.ts';
import { isInternal } from './lineage.ts';

/** Who is told of a change before it is made. */
export interface FileWatch {
  /** `call` is the name of the function; does not return where the change may not be. */
  changes(call: string, path: string): void;
  /** It was appended when it was recorded, and is not appended again. */
  keeps(path: string): void;
  /** Whether what is there may stand for what the app would append. */
  readonly isReplayed: boolean;
}

/** Functions whose first argument, or each of the first two, is what is changed. */
const CHANGING = [
  ...['writeFile', 'mkdir', 'mkdtemp', 'rm', 'rmdir', 'unlink', 'rename', 'copyFile', 'cp', 'truncate'],
  ...['chmod', 'lchmod', 'chown', 'lchown', 'symlink', 'link', 'utimes', 'lutimes'],
];
/** Functions that change what stands at their second argument. */
const TO_SECOND = new Set(['copyFile', 'cp', 'symlink', 'link']);
/** Functions that write to what is open already. */
const TO_OPEN = ['write', 'writev', 'ftruncate'];
/** stdin, stdout and stderr. */
const STANDARD_MAX = 2;

/** Tells `watch` of what the app changes. Undone by `undoAll`. */
export function watchFiles(watch: FileWatch): void {
  const appended = new Appended();
  /** Some of these functions are made of others. */
  let isNested = false;
  const forms = (name: string): [object, string][] => [
    [fs, name],
    [fs, `${name}Sync`],
    [fs.promises, name],
  ];
  const before = (owner: object, name: string, look: (args: unknown[]) => unknown[] | null): void =>
    replaceBelow(
      owner,
      name,
      (original): Method =>
        function (this: unknown, ...args: unknown[]) {
          if (isNested || isInternal() || isTranslating()) return Reflect.apply(original, this, args) as unknown;
          const given = look(args) ?? args;
          isNested = true;
          try {
            return Reflect.apply(original, this, given) as unknown;
          } finally {
            isNested = false;
          }
        },
    );
  for (const change of CHANGING) {
    for (const [owner, name] of forms(change)) {
      before(owner, name, (args) => {
        if (change === 'writeFile' && isAppending(args[2])) return append(name, args);
        watch.changes(name, nameOf(args[TO_SECOND.has(change) ? 1 : 0]));
        return null;
      });
    }
  }
  const append = (name: string, args: unknown[]): unknown[] | null => {
    const [path, data] = args;
    const bytes = bytesOf(data, args[2]);
    if (watch.isReplayed && bytes !== null && appended.holds(path, bytes)) {
      watch.keeps(nameOf(path));
      return args.with(1, '');
    }
    watch.changes(name, nameOf(path));
    return null;
  };
  for (const [owner, name] of forms('appendFile')) before(owner, name, (args) => append(name, args));
  for (const [owner, name] of forms('open')) {
    before(owner, name, (args) => {
      if (opensToWrite(args[1])) watch.changes(name, nameOf(args[0]));
      return null;
    });
  }
  for (const change of TO_OPEN) {
    for (const name of [change, `${change}Sync`]) {
      before(fs, name, ([fd]) => {
        // It was told of when it was opened; but what was opened before may be written after.
        if (typeof fd === 'number' && fd > STANDARD_MAX && !watch.isReplayed) watch.changes(name, `file descriptor ${fd}`);
        return null;
      });
    }
  }
}

const isAppending = (options: unknown): boolean => flagOf(options)?.startsWith('a') === true;

function flagOf(options: unknown): string | undefined {
  const flag: unknown = typeof options === 'object' && options !== null ? (options as { flag?: unknown }).flag : undefined;
  return typeof flag === 'string' ? flag : undefined;
}

function opensToWrite(flags: unknown): boolean {
  const { O_WRONLY, O_RDWR, O_CREAT, O_TRUNC, O_APPEND } = fs.constants;
  if (typeof flags === 'number') return (flags & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND)) !== 0;
  return typeof flags === 'string' && /[wa+]/.test(flags);
}

function nameOf(path: unknown): string {
  if (path instanceof URL) return decodeURI(path.pathname);
  if (typeof path === 'string') return path;
  if (typeof path === 'number') return `file descriptor ${path}`;
  return ArrayBuffer.isView(path) ? Buffer.from(path.buffer, path.byteOffset, path.byteLength).toString() : 'a file';
}

/** What would be appended; null: it cannot be looked at. */
function bytesOf(data: unknown, options: unknown): Uint8Array | null {
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const encoding: unknown =
    typeof options === 'object' && options !== null ? (options as { encoding?: unknown }).encoding : options;
  if (typeof data !== 'string') return null;
  return Buffer.from(data, typeof encoding === 'string' && Buffer.isEncoding(encoding) ? encoding : 'utf8');
}
