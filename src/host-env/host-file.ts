/**
 * What is known of this machine and its projects, kept in one file of the `.hindcast` folder so that it is looked up once a day and not by every process. Read in the program that is
 * recorded, written by the process that looks it up (collect.ts).
 */
import { closeSync, existsSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname, uptime } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { wallMs } from '../core/clock.ts';
import type { HostFacts } from '../events/lines.ts';

/** What a project and its machine are as long as this stays the same. */
export interface HostKey {
  /** Boot and name of the machine: a container of the same machine has another name. */
  machine: string;
  node: string;
  /** Modification time of the manifest; 0: there is none. */
  manifestMs: number;
}

interface HostEntry {
  key: HostKey;
  atMs: number;
  facts: HostFacts;
}

interface HostFile {
  version: 1;
  /** By project root. */
  projects: Record<string, HostEntry>;
}

const FILE = 'host.json';
const LOCK = 'host.lock';
/** How long what was found may be used. */
const FRESH_MS = 24 * 3600_000;
/** A process that looks it up is done by then, or dead. */
const LOCK_STALE_MS = 30_000;
/** Projects of one folder; the oldest gives way. */
const PROJECTS_MAX = 20;
/** A larger file is none of ours. */
const FILE_BYTES_MAX = 4 << 20;
/** Parents looked at for a manifest. */
const PARENTS_MAX = 256;
/** Uptimes of one boot tell a time of boot that differs by less. */
const BOOT_MINUTES = 5;

/** The nearest folder from `from` upwards with a `package.json`; undefined when there is none. */
export function findProjectRoot(from: string): string | undefined {
  let folder = resolve(from);
  for (let depth = 0; depth < PARENTS_MAX; depth++) {
    if (existsSync(join(folder, 'package.json'))) return folder;
    const above = dirname(folder);
    if (above === folder) return undefined;
    folder = above;
  }
  return undefined;
}

/** The key of a project by what is the case now. */
export function keyOf(root: string): HostKey {
  const manifest = statSync(join(root, 'package.json'), { throwIfNoEntry: false });
  return { machine: `${boot()} ${hostname()}`, node: process.version, manifestMs: Math.round(manifest?.mtimeMs ?? 0) };
}

function boot(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    // Not Linux, or not to be read.
    return String(Math.round((wallMs() / 1000 - uptime()) / 60 / BOOT_MINUTES));
  }
}

/** What was found about the project at `root`, if it still holds; undefined: nobody has looked, or too much has changed since. */
export function readHost(folder: string, root: string): HostFacts | undefined {
  const entry = readFile(folder)?.projects[root];
  if (entry === undefined) return undefined;
  const ageMs = wallMs() - entry.atMs;
  const { machine, node, manifestMs } = keyOf(root);
  const { key } = entry;
  const same = key.machine === machine && key.node === node && key.manifestMs === manifestMs;
  return same && ageMs >= 0 && ageMs < FRESH_MS ? entry.facts : undefined;
}

function readFile(folder: string): HostFile | undefined {
  const path = join(folder, FILE);
  const size = statSync(path, { throwIfNoEntry: false })?.size;
  if (size === undefined || size > FILE_BYTES_MAX) return undefined;
  try {
    const file = JSON.parse(readFileSync(path, 'utf8')) as Partial<HostFile> | null;
    const { version, projects } = file ?? {};
    return version === 1 && typeof projects === 'object' && projects !== null ? { version, projects } : undefined;
  } catch {
    // Half a file, or somebody else's: it is written anew.
    return undefined;
  }
}

/** Keeps what was found about the project at `root`, beside what is known of others: whole or not at all, for the owner only. The folder must be there. */
export function writeHost(folder: string, root: string, facts: HostFacts): void {
  const projects = Object.entries(readFile(folder)?.projects ?? {}).filter(([other]) => other !== root);
  projects.sort(([, a], [, b]) => b.atMs - a.atMs).splice(PROJECTS_MAX - 1);
  const entry: HostEntry = { key: keyOf(root), atMs: wallMs(), facts };
  const file: HostFile = { version: 1, projects: Object.fromEntries([[root, entry], ...projects]) };
  const path = join(folder, FILE);
  const next = `${path}.${process.pid}`;
  try {
    writeFileSync(next, JSON.stringify(file), { mode: 0o600, flag: 'wx' });
    renameSync(next, path);
  } catch (error) {
    rmSync(next, { force: true });
    throw error;
  }
}

/** Takes the right to look it up; false: somebody else does it right now, or the folder cannot be written. */
export function takeLock(folder: string): boolean {
  const path = join(folder, LOCK);
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      closeSync(openSync(path, 'wx', 0o600));
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return false;
      const takenMs = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
      if (takenMs !== undefined && wallMs() - takenMs < LOCK_STALE_MS) return false;
      rmSync(path, { force: true });
    }
  }
  return false;
}

/** Gives the right back. */
export function releaseLock(folder: string): void {
  rmSync(join(folder, LOCK), { force: true });
}
