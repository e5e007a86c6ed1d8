/** Sessions of threads: a thread has no process of its own that could be started again, so that it is replayed with the program that started it. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { REPLAY_FLAG } from '../events/lines.ts';
import { readHeader } from '../recording/recording-ends.ts';

/** The recording of the program, where the one at `path` is of one of its threads; else `path` itself. */
export function programOf(path: string): string {
  const header = readHeader(path);
  if (header?.parent === undefined || header.flags.includes(REPLAY_FLAG)) return path;
  const above = join(dirname(path), `${header.parent}.jsonl`);
  const isSameProcess = existsSync(above) && readHeader(above)?.pid === header.pid;
  return isSameProcess ? programOf(above) : path;
}
