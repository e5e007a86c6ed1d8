/**
 * A program of its own: finds out what machine and project this is, and keeps it in host.json of a `.hindcast` folder. Started beside the program that is recorded, which never waits for
 * it. Each source fails alone, and all of them have so much time.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { detect, getUserAgent } from 'package-manager-detector';
import type { HostFacts } from '../events/lines.ts';
import { detectContainer } from './container.ts';
import { releaseLock, writeHost } from './host-file.ts';
import { present, readCpu, readDisk, readMemory, readOs } from './machine.ts';
import { readDeclared } from './packages.ts';

/** For everything together. */
const TIMEOUT_MS = 3000;

async function readCi(): Promise<string | undefined> {
  const { default: ci } = await import('ci-info');
  return ci.isCI ? (ci.name ?? 'unknown') : undefined;
}

/** As the project says, by its lockfile or its manifest; else the one that started the program. */
async function readPackageManager(root: string): Promise<string | undefined> {
  const found = await detect({ cwd: root });
  if (found === null) return getUserAgent() ?? undefined;
  return found.version === undefined ? found.name : `${found.name}@${found.version}`;
}

/** Everything that can be found out about the project at `root` and its machine within `timeoutMs`. */
async function collectHost(root: string, timeoutMs: number): Promise<HostFacts> {
  const facts: { [K in keyof HostFacts]: HostFacts[K] | undefined } = {};
  const sources: { [K in keyof Required<HostFacts>]: () => Promise<HostFacts[K]> } = {
    os: readOs,
    cpu: readCpu,
    memory: readMemory,
    disk: () => readDisk(root),
    container: async () => detectContainer(),
    ci: readCi,
    packageManager: () => readPackageManager(root),
    projectRoot: async () => (existsSync(join(root, 'package.json')) ? root : undefined),
    packages: async () => present({ declared: readDeclared(root) }),
  };
  const reading = Object.entries(sources).map(async ([name, read]) => {
    try {
      Object.assign(facts, { [name]: await read() });
    } catch {
      // Absent is what says so.
    }
  });
  const late = new Promise<void>((resolve) => {
    setTimeout(resolve, timeoutMs).unref();
  });
  await Promise.race([Promise.all(reading), late]);
  return present<HostFacts>(facts) ?? {};
}

const [folder, root] = process.argv.slice(2);
if (folder !== undefined && root !== undefined) {
  try {
    writeHost(folder, root, await collectHost(root, TIMEOUT_MS));
  } catch {
    // A folder that is gone, or cannot be written: there is nobody to tell.
  } finally {
    releaseLock(folder);
  }
}
endGroup();

/** A command that has not answered by now is not waited for, and does not stay behind: this process was started as the leader of a group of its own. */
function endGroup(): void {
  try {
    if (process.platform !== 'win32') process.kill(-process.pid, 'SIGKILL');
  } catch {
    // Started otherwise: the group is somebody else's.
  }
  process.exit(0);
}
