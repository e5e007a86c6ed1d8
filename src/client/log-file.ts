/** The file that everything said on stderr is appended to as well. */
import { appendFileSync, statSync } from 'node:fs';
import { wallMs } from '../core/clock.ts';

/** The file grows no further than this. */
export const LOG_FILE_BYTES_MAX = 10 * 1024 * 1024;
/** A longer line is cut, so that the last one always has room. */
const LINE_BYTES_MAX = 16 * 1024;

/** Appends lines to one file, each with its time. */
export class LogFile {
  readonly path: string;
  readonly #complain: (text: string) => void;
  #bytes: number | undefined;
  #stopped = false;

  /** `complain` is told, once, when the file cannot be written. */
  constructor(path: string, complain: (text: string) => void) {
    this.path = path;
    this.#complain = complain;
  }

  /** Never throws. Opened for each line: there are few, and a file that somebody moves away is made anew. */
  append(text: string): void {
    if (this.#stopped) return;
    try {
      this.#bytes ??= statSync(this.path, { throwIfNoEntry: false })?.size ?? 0;
      if (this.#isFull()) {
        this.#stopped = true;
        return;
      }
      this.#write(text);
      if (!this.#isFull()) return;
      this.#write(`this file has ${LOG_FILE_BYTES_MAX / 1024 / 1024} MB, and no more is written to it: move it away`);
      this.#stopped = true;
    } catch (error) {
      this.#stopped = true;
      const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
      this.#complain(`cannot write the log file ${this.path} (${code}); set logFile to one that can be written`);
    }
  }

  #isFull(): boolean {
    return (this.#bytes ?? 0) > LOG_FILE_BYTES_MAX - 2 * LINE_BYTES_MAX;
  }

  #write(text: string): void {
    const line = Buffer.from(`${new Date(wallMs()).toISOString()} ${text.replaceAll(/[\r\n]+/g, ' ')}`);
    const bytes = Buffer.concat([line.subarray(0, LINE_BYTES_MAX - 1), Buffer.from('\n')]);
    appendFileSync(this.path, bytes, { mode: 0o600 });
    this.#bytes = (this.#bytes ?? 0) + bytes.length;
  }
}
