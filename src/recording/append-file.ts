/** A file that is only appended to. Many sessions may be open at once: descriptors are shared out, the longest unused one is closed first. */
import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { reportFault } from '../core/diagnostics.ts';
import { ensureFolder, FOLDER_NAME, makeFolder } from './folder.ts';

/** Descriptors held at once. The soft limit of a process is often 256 (macOS) or 1,024 (Linux), and belongs to the app. */
const DESCRIPTORS_MAX = 128;

/** A session id may have been used before. */
const NAMES_MAX = 999;
/** Without O_CREAT: a recording that somebody deleted is not begun anew in the middle. */
const APPEND_EXISTING = constants.O_WRONLY | constants.O_APPEND;

const holders = new Set<AppendFile>();
let turn = 0;

export class AppendFile {
  /** Bytes that were written whole. After a failed write the file may hold more: a torn line. */
  size = 0;
  /** Set by the first error: nothing is written any more. */
  failed = false;
  path: string;
  #descriptor = -1;
  #created = false;
  #used = 0;
  readonly #freePath: ((taken: number) => string) | undefined;

  /**
   * Nothing is touched until the first write. With `freePath(n)`, which names the file when `n` earlier names were taken, it will be a new file;
   * without, it goes on at the end of the one that is there.
   */
  constructor(path: string, freePath?: (taken: number) => string) {
    this.path = path;
    this.#freePath = freePath;
  }

  /** Appends `bytes` from 0 to `length` and returns how many are in the file. Fewer than asked for: the reason has been reported. Never throws. */
  append(bytes: Uint8Array, length: number): number {
    if (this.failed) return 0;
    let at = 0;
    try {
      this.#used = ++turn;
      if (this.#descriptor < 0) this.#open();
      // A write may be short, when the disk fills up for one: the next one then says why.
      while (at < length) at += writeSync(this.#descriptor, bytes, at, length - at);
      this.size += length;
    } catch (error) {
      this.failed = true;
      this.close();
      reportFault('recording.write', error);
    }
    return at;
  }

  /** Gives the descriptor back. A later append opens the file again. */
  close(): void {
    if (this.#descriptor < 0) return;
    holders.delete(this);
    const descriptor = this.#descriptor;
    this.#descriptor = -1;
    try {
      closeSync(descriptor);
    } catch (error) {
      reportFault('recording.close', error);
    }
  }

  #open(): void {
    if (holders.size >= DESCRIPTORS_MAX) [...holders].reduce(AppendFile.longerUnused).close();
    this.#descriptor = this.#created ? openSync(this.path, APPEND_EXISTING) : this.#create();
    this.#created = true;
    holders.add(this);
  }

  #create(): number {
    for (let taken = 0, made = false; ;) {
      if (this.#freePath) this.path = this.#freePath(taken);
      try {
        const descriptor = openSync(this.path, this.#freePath ? 'ax' : 'a', 0o600);
        this.size = fstatSync(descriptor).size;
        return descriptor;
      } catch (error) {
        const code = (error as NodeJS.ErrnoException).code;
        if (code === 'EEXIST' && taken < NAMES_MAX) taken++;
        else if (code === 'ENOENT' && !made) {
          prepareFolder(dirname(this.path));
          made = true;
        } else throw error;
      }
    }
  }

  /** The one of two that was written to longer ago. */
  static longerUnused(a: AppendFile, b: AppendFile): AppendFile {
    return a.#used <= b.#used ? a : b;
  }
}

function prepareFolder(folder: string): void {
  const above = dirname(folder);
  // Under another name the folder above may be the user's own, the root of a repository even: then only what we make ourselves is kept out of it.
  if (basename(above) === FOLDER_NAME) ensureFolder(above);
  else ensureFolder(folder);
  makeFolder(folder);
}
