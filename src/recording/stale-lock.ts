/** Locks that a process left behind when it died. */
import { linkSync, renameSync, unlinkSync } from 'node:fs';

/**
 * Removes the lock at `path` if it is stale; false: it is somebody's, or somebody else removes it. It is moved aside first and looked at again: in between it may have become somebody's.
 */
export function breakStale(path: string, isStale: (path: string) => boolean, pid: number = process.pid): boolean {
  if (!isStale(path)) return false;
  const aside = `${path}.${pid}`;
  try {
    renameSync(path, aside);
    const stale = isStale(aside);
    if (!stale) linkSync(aside, path);
    unlinkSync(aside);
    return stale;
  } catch {
    return false;
  }
}
