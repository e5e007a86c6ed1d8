/** Being told of modules that load later, on Bun, which has no load hooks of Node's: a plugin of its own adds the line to the class-defining files that are known by their paths. */
import { readFileSync } from 'node:fs';
import module from 'node:module';

/** What of Bun is used. */
interface Bun {
  plugin(plugin: { name: string; setup(build: Build): void }): void;
}

interface Build {
  onLoad(filter: { filter: RegExp }, load: (file: { path: string }) => { contents: string; loader: 'js' }): void;
}

const { Bun: bun } = globalThis as { Bun?: Partial<Bun> };

/** Whether this is Bun, and its plugins are there. */
export const hasBunPlugins = typeof bun?.plugin === 'function' && typeof module.registerHooks !== 'function';

/** Adds to each of `files`, when it loads, what `lineOf` gives for it; null: nothing. A plugin cannot be taken out by itself: it stays, and adds nothing more when `lineOf` gives null. */
export function addToLoads(files: readonly string[], lineOf: (file: string) => string | null): void {
  if (files.length === 0) return;
  const filter = new RegExp(`^(?:${files.map(escaped).join('|')})$`);
  (bun as Bun).plugin({
    name: 'hindcast',
    setup: (build) =>
      build.onLoad({ filter }, ({ path }) => ({ contents: readFileSync(path, 'utf8') + (lineOf(path) ?? ''), loader: 'js' })),
  });
}

const escaped = (file: string): string => file.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);

/** The namespace of a module that is loaded; Bun has ES modules, too, in the cache of `require()`. */
export function loadedByBun(file: string): object | null {
  const cache = (module as unknown as { _cache: Record<string, { loaded?: boolean; exports?: unknown } | undefined> })._cache;
  const { loaded, exports } = cache[file] ?? {};
  return loaded === true && typeof exports === 'object' ? exports : null;
}
