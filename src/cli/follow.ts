/** Follows a recording that is being written: line by line, until the session ends or its process is gone. */
import { statSync, watch, type FSWatcher } from 'node:fs';
import { wallMs } from '../core/clock.ts';
import type { Line, SessionLine } from '../events/lines.ts';
import { readLines, type Problem } from '../recording/log-reader.ts';
import { isAlive } from '../recording/process-state.ts';

/** The file is not read more often than this. */
const READ_GAP_MS = 100;
/** Where the file system tells us nothing, we look by ourselves. */
const POLL_MS = 500;

/** A process dies before its header is whole, or it takes no longer than this. */
const HEADER_WAIT_MS = 10_000;

/** `gone`: the process ended without ending its session. Nothing comes after it, nor after a line of kind `end`. */
export type Step = { kind: 'line'; line: Line } | { kind: 'problem'; problem: Problem } | { kind: 'gone' };

/** The lines of a recording as they come. A line that is only half written waits until the rest is there. */
export async function* followLines(path: string): AsyncGenerator<Step, void> {
  const changes = new Changes(path);
  let header: SessionLine | undefined;
  let from = 0;
  try {
    for (;;) {
      // Asked before reading: what a process wrote before it went is read after it was seen to be gone.
      const gone = header ? !isAlive(header.pid, header.epoch) : from > 0 || isLeft(path);
      for (const scanned of readLines(path, { from })) {
        // Half a line, or a file whose header is on its way.
        if (!scanned.ok && (scanned.problem.kind === 'torn' || scanned.end === scanned.start)) break;
        from = Math.max(from, scanned.end);
        if (!scanned.ok) yield { kind: 'problem', problem: scanned.problem };
        else {
          if (scanned.line.k === 'session') header ??= scanned.line;
          yield { kind: 'line', line: scanned.line };
          if (scanned.line.k === 'end') return;
        }
      }
      if (gone) return yield { kind: 'gone' };
      await changes.next();
    }
  } finally {
    changes.close();
  }
}

/** A file without a header gets one at once, or never. */
function isLeft(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined || wallMs() - found.mtimeMs > HEADER_WAIT_MS;
}

/** Tells when a file may have changed: never sooner than READ_GAP_MS after the last time, never later than POLL_MS after that. */
export class Changes {
  readonly #path: string;
  readonly #watcher: FSWatcher | undefined;
  #stamp = '';
  #wake = (): void => {};

  constructor(path: string) {
    this.#path = path;
    try {
      this.#watcher = watch(path, () => this.#wake());
      // What cannot be watched is polled.
      this.#watcher.on('error', () => {});
    } catch {
      this.#watcher = undefined;
    }
  }

  async next(): Promise<void> {
    await new Promise<void>((resolve) => {
      // timer held: following is all that this process does
      setTimeout(resolve, READ_GAP_MS);
    });
    if (this.#hasChanged()) return;
    await new Promise<void>((resolve) => {
      // timer held: following is all that this process does
      const timer = setTimeout(resolve, POLL_MS);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#hasChanged();
  }

  close(): void {
    this.#watcher?.close();
  }

  #hasChanged(): boolean {
    const found = statSync(this.#path, { throwIfNoEntry: false });
    const stamp = found ? `${found.size} ${found.mtimeMs}` : '';
    const changed = stamp !== this.#stamp;
    this.#stamp = stamp;
    return changed;
  }
}
