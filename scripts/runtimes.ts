/**
 * The Node releases that the tests run on. 24 is a devDependency; 22 and 26 are put under `.cache/runtimes/<major>` from their npm packages, once. Without a network
 * they stay away, one line says so, and the tests skip their column.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

export type RuntimeMajor = 22 | 24 | 26;
export const RUNTIME_MAJORS: readonly RuntimeMajor[] = [22, 24, 26];

/** 24 stands in package.json. */
const VERSIONS = { 22: '22.23.3', 26: '26.10.0' } as const;
const INSTALL_TIMEOUT_MS = 180_000;
const root = join(import.meta.dirname, '..');
const platform = process.platform === 'win32' ? 'win' : process.platform;
const binary = process.platform === 'win32' ? 'node.exe' : 'node';

function placeOf(major: RuntimeMajor): string {
  if (major === 24) return join(root, 'node_modules/node/bin', binary);
  return join(root, '.cache/runtimes', String(major), 'node_modules', `node-${platform}-${process.arch}`, 'bin', binary);
}

/** The executable of a Node release, or null when it is not there. */
export function runtimePath(major: RuntimeMajor): string | null {
  const path = placeOf(major);
  return existsSync(path) ? path : null;
}

/** Installs a release unless it is there; false when that failed. */
function provide(major: 22 | 26): boolean {
  if (runtimePath(major) !== null) return true;
  const prefix = join(root, '.cache/runtimes', String(major));
  mkdirSync(prefix, { recursive: true });
  const name = `node-${platform}-${process.arch}@${VERSIONS[major]}`;
  const args = ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error', '--prefix', prefix, name];
  const npm = spawnSync('npm', args, { stdio: 'ignore', timeout: INSTALL_TIMEOUT_MS, shell: process.platform === 'win32' });
  return npm.status === 0 && runtimePath(major) !== null;
}

if (import.meta.main) {
  const missing = ([22, 26] as const).filter((major) => !provide(major));
  if (missing.length > 0)
    console.log(
      `Node ${missing.join(' and ')} could not be installed: the tests will skip what needs ${missing.length > 1 ? 'them' : 'it'}.`,
    );
}
