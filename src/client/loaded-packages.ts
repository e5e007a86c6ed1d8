/** The packages that this process has loaded: the SDKs that are known in any case, and what the CommonJS cache shows of the others. */
import module from 'node:module';
import { join, sep } from 'node:path';
import { monotonicUs } from '../core/clock.ts';
import { versionIn } from '../host-env/packages.ts';
import type { CopyReport } from '../patch/reach.ts';

const PACKAGES_MAX = 200;
/** For reading manifests, of which a program with many packages has many. */
const READING_US = 10_000;
const MODULES = `${sep}node_modules${sep}`;

/** Remembers what it has read. */
export class LoadedPackages {
  readonly #copies: () => CopyReport[];
  /** Versions by folder. */
  readonly #versions = new Map<string, string | undefined>();
  readonly #found = new Map<string, Set<string>>();
  #cached = 0;

  constructor(copies: () => CopyReport[]) {
    this.#copies = copies;
  }

  /** Versions by name; several of one package with commas between them. */
  list(): Record<string, string> {
    for (const { package: name, version, modules } of this.#copies())
      if (modules.some(({ state }) => state !== 'not loaded')) this.#add(name, version);
    this.#lookInCache();
    const entries = [...this.#found].slice(0, PACKAGES_MAX).map(([name, versions]) => [name, [...versions].join(', ')]);
    return Object.fromEntries(entries) as Record<string, string>;
  }

  #lookInCache(): void {
    const files = Object.keys((module as unknown as { _cache?: object })._cache ?? {});
    if (files.length === this.#cached) return;
    this.#cached = files.length;
    const untilUs = monotonicUs() + READING_US;
    for (const file of files) {
      const at = file.lastIndexOf(MODULES);
      if (at < 0) continue;
      const parts = file.slice(at + MODULES.length).split(sep);
      const name = parts.slice(0, parts[0]?.startsWith('@') ? 2 : 1);
      const folder = join(file.slice(0, at), 'node_modules', ...name);
      if (this.#versions.has(folder)) continue;
      if (this.#versions.size >= PACKAGES_MAX || monotonicUs() > untilUs) return;
      const version = versionIn(folder);
      this.#versions.set(folder, version);
      if (version !== undefined) this.#add(name.join('/'), version);
    }
  }

  #add(name: string, version: string): void {
    const versions = this.#found.get(name);
    if (versions === undefined) this.#found.set(name, new Set([version]));
    else versions.add(version);
  }
}
