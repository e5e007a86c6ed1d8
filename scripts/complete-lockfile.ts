/**
 * Adds to package-lock.json the native builds for other platforms that npm left out. npm writes an entry only for a package that the registry at hand gave it, and a mirror need not hold the builds
 * for every platform; `npm ci` then refuses the lockfile. Run after each `npm install`: `node scripts/complete-lockfile.ts`. With `--check`, nothing is written and a gap is a failure.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface Entry {
  version?: string;
  cpu?: string[];
  dev?: boolean;
  libc?: string[];
  optional?: boolean;
  os?: string[];
  optionalDependencies?: Record<string, string>;
}
type Packages = Record<string, Entry>;

const PLATFORM = /\b(android|darwin|freebsd|linux|openharmony|win32)-(arm64|arm|x64|ia32|ppc64|riscv64|s390x)(?:-(\w+))?$/;

/** The entry of a native build, its platform read from its name; null when the name tells none. */
function platformEntry(name: string, version: string, dev: boolean): Entry | null {
  const [, os, cpu, abi = ''] = PLATFORM.exec(name) ?? [];
  if (os === undefined || cpu === undefined) return null;
  const libc = os !== 'linux' ? undefined : abi.startsWith('musl') ? 'musl' : abi.startsWith('gnu') ? 'glibc' : undefined;
  return {
    version,
    cpu: [cpu],
    ...(dev ? { dev } : {}),
    ...(libc === undefined ? {} : { libc: [libc] }),
    optional: true,
    os: [os],
  };
}

/** Where Node would find `name` from the package at `from`. */
function isLocked(packages: Packages, from: string, name: string): boolean {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('node_modules/') - 1))) {
    if (`${folder === '' ? '' : `${folder}/`}node_modules/${name}` in packages) return true;
    if (folder === '') return false;
  }
}

/** Native builds that a locked package names and the lockfile lacks. */
export function missingBuilds(packages: Packages): Packages {
  const missing: Packages = {};
  for (const [path, entry] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      if (isLocked(packages, path, name)) continue;
      const build = platformEntry(name, version, entry.dev === true);
      if (build) missing[`node_modules/${name}`] = build;
    }
  }
  return missing;
}

if (import.meta.main) {
  const path = join(import.meta.dirname, '../package-lock.json');
  const lock = JSON.parse(readFileSync(path, 'utf8')) as { packages: Packages };
  const missing = missingBuilds(lock.packages);
  const names = Object.keys(missing);
  if (process.argv.includes('--check')) {
    for (const name of names) console.error(`package-lock.json lacks ${name}`);
    process.exitCode = names.length === 0 ? 0 : 1;
  } else if (names.length > 0) {
    lock.packages = Object.fromEntries(
      Object.entries({ ...lock.packages, ...missing }).toSorted(([a], [b]) => a.localeCompare(b, 'en')),
    );
    writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
    console.log(`${names.length} entries added`);
  }
}
