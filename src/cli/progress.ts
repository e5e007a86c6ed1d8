/** How far long work has come, on stderr, where a person sees it: not in a pipe, not with `--quiet`. */
import { wallMs } from '../core/clock.ts';
import type { Terminal } from './terminal.ts';

/** Not more often than this. */
const STEP_MS = 100;
/** What takes less is not worth a word. */
const SILENT_MS = 400;

export interface Progress {
  /** So many are done. */
  at(done: number): void;
  /** Takes the line away. */
  close(): void;
}

/** Says `<what> <done> of <total>` in one line that is written over. */
export function showProgress(what: string, total: number, terminal: Pick<Terminal, 'quiet'>): Progress {
  if (!process.stderr.isTTY || terminal.quiet) return { at: () => {}, close: () => {} };
  const start = wallMs();
  let last = start + SILENT_MS - STEP_MS;
  let shown = false;
  return {
    at(done) {
      const now = wallMs();
      if (now - last < STEP_MS) return;
      last = now;
      shown = true;
      process.stderr.write(`\r${what} ${done} of ${total}\u001b[K`);
    },
    close() {
      if (shown) process.stderr.write('\r\u001b[K');
      shown = false;
    },
  };
}
