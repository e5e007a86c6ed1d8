/** Finding copies of packages on disk. A copy is known by the `name` in its package.json, never by its path, so npm aliases and vendored copies count. */
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';

/**
 * The module of a package that defines a class to be patched, in each format, relative to the package's root, in order of preference: the first that a copy has counts. A
 * package with several such modules has several targets.
 */
export interface ModuleTarget {
  package: string;
  esm: readonly string[];
  cjs: readonly string[];
  /**
   * ES modules that must run before the class-defining one where the app has imported both. An app's imports may all be linked while none has run yet; asking
   * about the class-defining module then runs it, and these would come too late.
   */
  before?: readonly string[];
}

/** One copy of a package on disk, with the class-defining file of each format of one target. */
export interface Copy {
  target: ModuleTarget;
  package: string;
  version: string;
  dir: string;
  esm: string | null;
  cjs: string | null;
  /** Files of the target's `before` that the copy has. */
  before: string[];
}

/** Folders looked at one level below a `node_modules`; of a larger one, only what its npm lockfile tells is found. */
const NESTED_MAX = 1000;
/** An npm lockfile above this size is not read. */
const LOCKFILE_BYTES_MAX = 16 << 20;
/** Copies told of in one scan. */
const COPIES_MAX = 64;
const REMEMBERED_MAX = 4096;

/** Knows which folder is a copy of which target; remembers what it read. */
export class CopyFinder {
  readonly targets: readonly ModuleTarget[];
  readonly #known = new Map<string, readonly Copy[]>();
  readonly #names: ReadonlySet<string>;
  readonly #scopes: ReadonlySet<string>;

  constructor(targets: readonly ModuleTarget[]) {
    this.targets = targets;
    this.#names = new Set(targets.map((target) => target.package));
    this.#scopes = new Set([...this.#names].filter((name) => name.startsWith('@')).map((name) => name.split('/', 1)[0]!));
  }

  /** The copy whose root is `dir`, a real path, once for each target of its package; none when it is no target's. */
  at(dir: string): readonly Copy[] {
    const known = this.#known.get(dir);
    if (known !== undefined) return known;
    if (this.#known.size >= REMEMBERED_MAX) this.#known.clear();
    const copies = this.#read(dir);
    this.#known.set(dir, copies);
    return copies;
  }

  /** The copy that `file` is a class-defining module of. */
  owning(file: string): { copy: Copy; format: 'esm' | 'cjs' } | null {
    for (const target of this.targets) {
      for (const format of ['esm', 'cjs'] as const) {
        for (const name of target[format]) {
          const tail = sep + (sep === '/' ? name : name.replaceAll('/', sep));
          if (!file.endsWith(tail)) continue;
          const copy = this.at(file.slice(0, -tail.length)).find((each) => each.target === target);
          if (copy?.[format] === file) return { copy, format };
        }
      }
    }
    return null;
  }

  /** Every copy that can be found from the folders `from` upwards. */
  scan(from: readonly string[]): Copy[] {
    const copies = new Map<string, readonly Copy[]>();
    for (const modules of modulesFolders(from)) {
      for (const dir of this.#candidates(modules)) {
        const real = realPath(dir);
        const found = real === null ? [] : this.at(real);
        if (real !== null && found.length > 0 && copies.size < COPIES_MAX) copies.set(real, found);
      }
    }
    return [...copies.values()].flat();
  }

  #read(dir: string): Copy[] {
    const text = readText(join(dir, 'package.json'));
    if (text === null) return [];
    // A memory search first: most files that get here are not a target's, and parsing costs ten times as much.
    const targets = this.targets.filter((target) => text.includes(`"${target.package}"`));
    if (targets.length === 0) return [];
    const manifest = parseObject(text);
    const first = (files: readonly string[]): string | null =>
      files.map((file) => join(dir, file)).find((file) => existsSync(file)) ?? null;
    return targets
      .filter((target) => target.package === manifest?.['name'])
      .map((target) => ({
        target,
        package: target.package,
        version: String(manifest?.['version'] ?? ''),
        dir,
        esm: first(target.esm),
        cjs: first(target.cjs),
        before: (target.before ?? []).map((file) => join(dir, file)).filter((file) => existsSync(file)),
      }));
  }

  #candidates(modules: string): Set<string> {
    const dirs = new Set<string>();
    for (const each of [modules, ...nestedModules(modules)]) for (const dir of this.#wantedIn(each)) dirs.add(dir);
    for (const path of lockfilePaths(modules, this.#names)) dirs.add(join(dirname(modules), path));
    for (const alias of aliases(dirname(modules), this.#names)) dirs.add(join(modules, alias));
    for (const dir of pnpmFolders(modules, this.#names)) dirs.add(dir);
    return dirs;
  }

  /** The folders in one `node_modules` that bear a target's name. Read once, whatever the number of targets. */
  #wantedIn(modules: string): string[] {
    return list(modules).flatMap((entry) => {
      if (this.#names.has(entry)) return [modules + sep + entry];
      if (!this.#scopes.has(entry)) return [];
      return list(modules + sep + entry)
        .filter((name) => this.#names.has(`${entry}/${name}`))
        .map((name) => modules + sep + entry + sep + name);
    });
  }
}

/** Every `node_modules` at or above the folders `from`. */
function modulesFolders(from: readonly string[]): Set<string> {
  const found = new Set<string>();
  const seen = new Set<string>();
  for (const start of from) {
    for (let dir = start; !seen.has(dir); dir = dirname(dir)) {
      seen.add(dir);
      const modules = join(dir, 'node_modules');
      if (existsSync(modules)) found.add(modules);
    }
  }
  return found;
}

function pnpmFolders(modules: string, names: ReadonlySet<string>): string[] {
  const store = join(modules, '.pnpm');
  return list(store).flatMap((entry) => {
    // `@scope+name@1.0.0`, `name@1.0.0`
    const name = entry.slice(0, entry.indexOf('@', 1)).replace('+', '/');
    return names.has(name) ? [join(store, entry, 'node_modules', name)] : [];
  });
}

/** `node_modules` folders of the packages in `modules`, one level down. */
function nestedModules(modules: string): string[] {
  const entries = list(modules).filter((entry) => !entry.startsWith('.'));
  if (entries.length > NESTED_MAX) return [];
  const packages = entries.flatMap((entry) =>
    entry.startsWith('@') ? list(modules + sep + entry).map((name) => entry + sep + name) : [entry],
  );
  return packages
    .slice(0, NESTED_MAX)
    .map((name) => `${modules}${sep}${name}${sep}node_modules`)
    .filter((dir) => existsSync(dir));
}

/** Names under which the manifest in `dir` asks for one of `names` by an npm alias (`"x": "npm:openai@6"`). */
function aliases(dir: string, names: ReadonlySet<string>): string[] {
  const text = readText(join(dir, 'package.json'));
  if (text === null || !text.includes('"npm:')) return [];
  const manifest = parseObject(text);
  const isWanted = (range: unknown): boolean => names.has(/^npm:(@?[^@]+)/.exec(String(range))?.[1] ?? '');
  return ['dependencies', 'devDependencies', 'optionalDependencies'].flatMap((kind) =>
    Object.entries(manifest?.[kind] ?? {})
      .filter(([, range]) => isWanted(range))
      .map(([alias]) => alias),
  );
}

/**
 * Paths of copies, at any depth and under any alias, in the lockfile that npm keeps inside `node_modules`. Found by searching the text: parsing it would
 * cost more than everything else together. What it tells is only a hint; each path is looked at.
 */
function lockfilePaths(modules: string, names: ReadonlySet<string>): string[] {
  const file = join(modules, '.package-lock.json');
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? Infinity) > LOCKFILE_BYTES_MAX) return [];
  const text = readText(file) ?? '';
  const paths: string[] = [];
  // A package inside of another's folder has its name at the end of its path; an alias has it as a member.
  for (const [mark, end] of [
    ['/node_modules/', '": {'],
    ['"name": "', '"'],
  ] as const) {
    for (let at = text.indexOf(mark); at >= 0 && paths.length < COPIES_MAX; at = text.indexOf(mark, at + 1)) {
      const from = at + mark.length;
      const to = text.indexOf('"', from);
      if (!names.has(text.slice(from, to)) || !text.startsWith(end, to)) continue;
      const start = text.lastIndexOf('"node_modules/', at);
      if (start >= 0) paths.push(text.slice(start + 1, text.indexOf('"', start + 1)));
    }
  }
  return paths;
}

function readText(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

function parseObject(text: string): Record<string, any> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' ? (value as Record<string, any>) : null;
  } catch {
    return null;
  }
}

function realPath(dir: string): string | null {
  if (!existsSync(dir)) return null;
  try {
    return realpathSync(dir);
  } catch {
    return null;
  }
}

function list(dir: string): string[] {
  if (!existsSync(dir)) return [];
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}
