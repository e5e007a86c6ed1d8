/** Which project the verbs look at, and which of its recordings somebody means. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { resolveOptions } from '../client/resolve.ts';
import { RecordingError } from '../recording/errors.ts';
import { FOLDER_NAME, recordingsFolder } from '../recording/folder.ts';
import { listRecordings, readRecording, resolveRecording, type Recording } from '../recording/recording.ts';
import { CliFailure } from './failure.ts';
import type { Terminal } from './terminal.ts';

const WAIT_MS = 250;

/**
 * The `.hindcast` folder: `--dir`, else as `init()` would find it (environment, configuration file, upwards from here). Somebody who names the
 * folder above it means the one in it.
 */
export function projectAt(dir: string | undefined): string {
  if (dir === undefined) return resolveOptions().values.dir;
  const folder = resolve(dir);
  const inside = join(folder, FOLDER_NAME);
  return !existsSync(recordingsFolder(folder)) && existsSync(inside) ? inside : folder;
}

/** The folder of the recordings, whether or not there are any. */
export function recordingsAt(dir: string | undefined): string {
  return recordingsFolder(projectAt(dir));
}

/** Path of the recording that is meant by an id, the beginning of one, `last`, or a path. */
export function recordingAt(dir: string | undefined, meant: string): string {
  return explained(() => resolveRecording(recordingsAt(dir), meant));
}

/** Everything in a recording. */
export function openRecording(path: string): Recording {
  return explained(() => readRecording(path));
}

/** Runs `fn`; a recording that cannot be had is told as such, and not as a fault. */
export function explained<T>(fn: () => T): T {
  try {
    return fn();
  } catch (error) {
    throw error instanceof RecordingError ? new CliFailure(error.message, { cause: error }) : error;
  }
}

/** The same of what takes its time. */
export async function explainedLater<T>(fn: () => Promise<T>): Promise<T> {
  try {
    return await fn();
  } catch (error) {
    return explained<T>(() => {
      throw error;
    });
  }
}

/** Path of the newest recording; where there is none yet, waits for the first. */
export async function newestRecording(dir: string | undefined, terminal: Pick<Terminal, 'remark'>): Promise<string> {
  const folder = recordingsAt(dir);
  let waiting = false;
  for (;;) {
    const [newest] = listRecordings(folder);
    if (newest) return newest.path;
    if (!waiting) terminal.remark(`Nothing is recorded in ${folder} yet: waiting for the first session. Ctrl-C ends this.`);
    waiting = true;
    await new Promise<void>((resolve) => {
      // timer held: waiting is all that this process does
      setTimeout(resolve, WAIT_MS);
    });
  }
}
