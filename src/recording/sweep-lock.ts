/** One process at a time removes recordings from a folder. */
import { closeSync, openSync, statSync, unlinkSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { wallMs } from '../core/clock.ts';
import { guard } from '../core/diagnostics.ts';
import { breakStale } from './stale-lock.ts';

/** One that nobody has touched for so long is of a process that died with it. */
const IDLE_MS = 60_000;
/** Who works touches it so often. */
const TOUCH_MS = 10_000;

export interface SweepLock {
  /** Says that the work goes on. */
  touch(): void;
  release(): void;
}

/** The lock of a folder, or null where another process has it. */
export function lockFolder(dir: string): SweepLock | null {
  const path = join(dir, 'sweep.lock');
  if (!create(path) && !(breakStale(path, isStale) && create(path))) return null;
  let touchedMs = wallMs();
  return {
    touch() {
      if (wallMs() - touchedMs < TOUCH_MS) return;
      touchedMs = wallMs();
      guard('recording.lock', () => utimesSync(path, touchedMs / 1000, touchedMs / 1000), undefined);
    },
    release: () => guard('recording.lock', () => unlinkSync(path), undefined),
  };
}

function create(path: string): boolean {
  try {
    closeSync(openSync(path, 'wx', 0o600));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function isStale(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined || wallMs() - found.mtimeMs > IDLE_MS;
}
