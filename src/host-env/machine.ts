/** The machine: what systeminformation finds, and, where the commands that it runs are not there, what Node knows by itself. */
import { readFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { arch, cpus, platform, release, totalmem, type } from 'node:os';
import { sep } from 'node:path';
import systeminformation from 'systeminformation';
import type { HostFacts } from '../events/lines.ts';

const NOTHING = /^(unknown|n\/a|none)?$/i;

/** The text, unless it says nothing. */
function said(text: unknown): string | undefined {
  return typeof text === 'string' && !NOTHING.test(text.trim()) ? text.trim() : undefined;
}

/** The number, unless it says nothing. */
function counted(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : undefined;
}

/** `facts` without the members that are undefined; undefined when none is left. */
export function present<T extends object>(facts: { [K in keyof T]?: T[K] | undefined }): T | undefined {
  const entries = Object.entries(facts).filter(([, value]) => value !== undefined);
  return entries.length === 0 ? undefined : (Object.fromEntries(entries) as T);
}

/** What `read` finds; undefined when it fails. */
async function tried<T>(read: () => Promise<T> | T): Promise<T | undefined> {
  try {
    return await read();
  } catch {
    return undefined;
  }
}

/** The operating system. On Linux from the file that systeminformation reads, but not by it: it would also ask the network for the name of this machine (`hostname -f`). */
export async function readOs(): Promise<HostFacts['os']> {
  const found = platform() === 'linux' ? await tried(readRelease) : await tried(() => systeminformation.osInfo());
  return present({
    platform: said(platform()),
    distro: said(found?.distro) ?? said(type()),
    release: said(found?.release),
    kernel: said(release()),
    arch: said(arch()),
  });
}

function readRelease(): { distro: string | undefined; release: string | undefined } {
  const text = readFirst('/etc/os-release', '/usr/lib/os-release');
  const member = (name: string): string | undefined =>
    new RegExp(`^${name}=(.*)$`, 'm').exec(text)?.[1]?.replace(/^(["'])(.*)\1$/, '$2');
  return { distro: member('NAME'), release: member('VERSION_ID') ?? member('BUILD_ID') };
}

function readFirst(...paths: string[]): string {
  for (const path of paths) {
    try {
      return readFileSync(path, 'utf8');
    } catch {
      // The next one.
    }
  }
  return '';
}

/** The processor. */
export async function readCpu(): Promise<HostFacts['cpu']> {
  const found = await tried(() => systeminformation.cpu());
  const known = cpus();
  const brand = said([found?.manufacturer, found?.brand].map(said).filter(Boolean).join(' '));
  return present({ brand: brand ?? said(known[0]?.model), cores: counted(found?.cores) ?? counted(known.length) });
}

/** How much memory there is. How much of it is free changes, and is for whoever asks at the time. */
export async function readMemory(): Promise<HostFacts['memory']> {
  const found = await tried(() => systeminformation.mem());
  return present({ total: counted(found?.total) ?? counted(totalmem()) });
}

/** The file system that `folder` is on. */
export async function readDisk(folder: string): Promise<HostFacts['disk']> {
  const mounts = (await tried(() => systeminformation.fsSize())) ?? [];
  const around = mounts
    .filter(({ mount }) => folder === mount || folder.startsWith(mount.endsWith(sep) ? mount : mount + sep))
    .toSorted((a, b) => b.mount.length - a.mount.length)[0];
  const total = counted(around?.size);
  if (total !== undefined) return { total };
  const blocks = await tried(() => statfs(folder));
  return present({ total: counted(blocks && blocks.blocks * blocks.bsize) });
}
