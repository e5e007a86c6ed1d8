/** The packages that a project declares. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const PACKAGES_MAX = 1000;
/** A package name; what is none is not looked for in the file system. */
const NAME = /^(@[\w.~-]+\/)?[\w.~-]+$/;
const VERSION_CHARS_MAX = 100;
/** `git+https:`, `file:`, `workspace:`: what follows is a place, which may hold a password. */
const PROTOCOL = /^([a-z][a-z+]*):/i;

/** The version that a manifest says; undefined when it cannot be read. */
export function versionIn(folder: string): string | undefined {
  try {
    const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version?: unknown };
    return typeof version === 'string' && version !== '' ? version.slice(0, VERSION_CHARS_MAX) : undefined;
  } catch {
    return undefined;
  }
}

/** Versions of the packages that the manifest in `root` declares: as installed; of one that is not, as asked for. */
export function readDeclared(root: string): Record<string, string> | undefined {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<string, unknown> | null;
  const asked: Record<string, unknown> = { ...objectIn(manifest?.['devDependencies']), ...objectIn(manifest?.['dependencies']) };
  const declared = Object.entries(asked)
    .filter(([name]) => NAME.test(name) && !name.startsWith('.'))
    .slice(0, PACKAGES_MAX)
    .map(([name, range]) => [name, installedVersion(root, name) ?? rangeOf(range)] as const);
  return declared.length === 0 ? undefined : Object.fromEntries(declared);
}

/** What the manifest asks for, without the places that it names. */
function rangeOf(range: unknown): string {
  const text = String(range);
  return PROTOCOL.exec(text)?.[1] ?? (text.includes('/') ? 'git' : text.slice(0, VERSION_CHARS_MAX));
}

/** Of the copy that code in `root` would load; undefined where there is none. */
export function installedVersion(root: string, name: string): string | undefined {
  for (let folder = root; ; folder = dirname(folder)) {
    const copy = join(folder, 'node_modules', name);
    if (existsSync(copy)) return versionIn(copy);
    if (dirname(folder) === folder) return undefined;
  }
}

function objectIn(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
