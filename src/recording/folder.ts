/** Where recordings live: one `.hindcast` folder a project, found from any directory below it. */
import { aside } from '../core/aside.ts';
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

export const FOLDER_NAME = '.hindcast';
/** No path is deeper; a loop over parents ends here at the latest. */
const PARENTS_MAX = 256;

/**
 * Absolute path of the `.hindcast` folder for a working directory: an existing one upwards, else beside the outermost `package.json` of the repository,
 * else in `from` itself. Makes nothing.
 */
export function findProjectFolder(from: string): string {
  const start = resolve(from);
  let outermost: string | undefined;
  let root: string | undefined;
  for (const folder of parents(start)) {
    if (isOurs(join(folder, FOLDER_NAME))) return join(folder, FOLDER_NAME);
    if (root !== undefined) continue;
    // A package.json in the root or the home folder is a stray one, unless it is in a repository or the app was started there.
    const repository = existsSync(join(folder, '.git'));
    const stray = !repository && folder !== start && (folder === dirname(folder) || folder === homedir());
    if (!stray && existsSync(join(folder, 'package.json'))) outermost = folder;
    if (repository) root = folder;
  }
  return join(outermost ?? start, FOLDER_NAME);
}

/** The folder of the recordings inside a `.hindcast` folder. */
export function recordingsFolder(hindcastDir: string): string {
  return join(hindcastDir, 'recordings');
}

/** Makes a folder of ours, for its owner only, with a `.gitignore` that keeps all of it out of version control. */
export function ensureFolder(folder: string): void {
  makeFolder(folder);
  const ignore = join(folder, '.gitignore');
  // Made of functions that a replay looks at, as no file of the app's.
  if (!existsSync(ignore)) aside(() => writeFileSync(ignore, '*\n', { mode: 0o600 }));
}

/**
 * Makes a folder, and those above it that are missing, for their owner only. Not by `recursive: true`: where the system answers ENOENT to
 * any mkdir, as in /proc, that never returns (Node 24.21).
 */
export function makeFolder(folder: string): void {
  const missing: string[] = [];
  for (const path of parents(resolve(folder))) {
    if (existsSync(path)) break;
    missing.push(path);
  }
  for (const path of missing.reverse()) {
    try {
      mkdirSync(path, { mode: 0o700 });
    } catch (error) {
      // Another process may have been faster.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

function* parents(start: string): Generator<string> {
  let folder = start;
  for (let depth = 0; depth < PARENTS_MAX; depth++) {
    yield folder;
    const above = dirname(folder);
    if (above === folder) return;
    folder = above;
  }
}

/** A folder that somebody else made, say in /tmp, must not collect our recordings. */
function isOurs(path: string): boolean {
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found === undefined || !found.isDirectory()) return false;
    const user = process.getuid?.();
    return user === undefined || user === 0 || found.uid === user;
  } catch {
    return false;
  }
}
