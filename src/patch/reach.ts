/**
 * Reach: finding every copy of an SDK in this process, loaded or yet to load, without loading one. Copies on disk are candidates; of each, Node is
 * asked whether it is loaded (the CommonJS cache, the probe of reach-probe.ts); for the rest one load hook waits (reach-hook.ts).
 */
import module, { createRequire } from 'node:module';
import { basename, dirname } from 'node:path';
import { guard, reportFault } from '../core/diagnostics.ts';
import { type Copy, CopyFinder, type ModuleTarget } from './reach-copies.ts';
import { watchLoads } from './reach-hook.ts';
import { probeModule, probeObstacle } from './reach-probe.ts';

export type { ModuleTarget } from './reach-copies.ts';

/** A loaded class-defining module of a target. */
export interface FoundModule {
  target: ModuleTarget;
  package: string;
  version: string;
  dir: string;
  file: string;
  format: 'esm' | 'cjs';
  /** The ES module's namespace, or `module.exports`. */
  namespace: object;
}

export interface ModuleReport {
  target: ModuleTarget;
  format: 'esm' | 'cjs';
  file: string;
  state: 'patched' | 'not loaded' | 'failed';
  reason?: string;
}

/** What is known of one copy: for `hindcast doctor`. */
export interface CopyReport {
  package: string;
  version: string;
  dir: string;
  modules: ModuleReport[];
}

/** Told of each loaded module once. A string says why it could not be patched; a throw is a fault of ours and says it too. */
export type ModuleListener = (found: FoundModule) => string | void;

export interface Reach {
  copies(): CopyReport[];
  stop(): void;
}

const require = createRequire(import.meta.url);
/** Waits before asking again about a module that was being loaded when it was asked about: 0 is the end of this turn of the event loop. */
const RETRIES_MS = [0, 10, 100];
/** `index.js` files in the CommonJS cache whose package is looked up. */
const CACHED_MAX = 1000;

/** The folders from which an app's packages are found: its entry script's, the working directory and our own. */
function appFolders(): string[] {
  const entry = process.argv[1];
  const folders = [import.meta.dirname];
  if (entry !== undefined) folders.unshift(dirname(entry));
  return guard('patch.reach.cwd', () => [...folders, process.cwd()], folders);
}

function report(copy: Copy): CopyReport {
  const modules = (['esm', 'cjs'] as const).flatMap((format): ModuleReport[] => {
    const file = copy[format];
    return file === null ? [] : [{ target: copy.target, format, file, state: 'not loaded' }];
  });
  return { package: copy.package, version: copy.version, dir: copy.dir, modules };
}

/** Reports by folder; a copy with several targets is one report. */
class Reports {
  readonly #reports = new Map<string, CopyReport>();

  of(copy: Copy): CopyReport {
    const known = this.#reports.get(copy.dir);
    if (known === undefined) {
      const made = report(copy);
      this.#reports.set(copy.dir, made);
      return made;
    }
    for (const each of report(copy).modules) if (!known.modules.some(({ file }) => file === each.file)) known.modules.push(each);
    return known;
  }

  all(): CopyReport[] {
    return [...this.#reports.values()];
  }
}

/** Finds copies on disk from the folders `from` upwards. Loads nothing, and says of each module that it is not loaded. */
export function findCopies(targets: readonly ModuleTarget[], from: readonly string[]): CopyReport[] {
  const reports = new Reports();
  for (const copy of new CopyFinder(targets).scan(from)) reports.of(copy);
  return reports.all();
}

class Reacher implements Reach {
  readonly #finder: CopyFinder;
  readonly #onModule: ModuleListener;
  readonly #reports = new Reports();
  readonly #told = new WeakSet<object>();
  #unwatch: () => void = () => {};
  #stopped = false;

  constructor(targets: readonly ModuleTarget[], onModule: ModuleListener) {
    this.#finder = new CopyFinder(targets);
    this.#onModule = onModule;
  }

  start(from: readonly string[]): void {
    for (const copy of guard('patch.reach.scan', () => this.#finder.scan(from), [])) this.#reports.of(copy);
    guard('patch.reach.cache', () => this.#lookInCache(), undefined);
    const racing = guard('patch.reach.probe', () => this.#probeAll(), []);
    const names = this.#finder.targets.flatMap((target) => [...target.esm, ...target.cjs]).map((name) => `/${basename(name)}`);
    this.#unwatch = guard(
      'patch.reach.watch',
      () =>
        watchLoads(
          { names, files: this.#reports.all().flatMap((copy) => copy.modules.map(({ file }) => file)) },
          (file) => this.#finder.owning(file)?.format ?? null,
          (file, namespace) => this.#loaded(file, namespace),
        ),
      this.#unwatch,
    );
    this.#askAgain(racing, 0);
  }

  copies(): CopyReport[] {
    return structuredClone(this.#reports.all());
  }

  stop(): void {
    this.#stopped = true;
    guard('patch.reach.stop', this.#unwatch, undefined);
  }

  #loaded(file: string, namespace: object): void {
    const owner = this.#finder.owning(file);
    if (!owner || this.#stopped || this.#told.has(namespace)) return;
    this.#told.add(namespace);
    const { copy, format } = owner;
    const found = { target: copy.target, package: copy.package, version: copy.version, dir: copy.dir, file, format, namespace };
    const state = this.#reports.of(copy).modules.find((each) => each.file === file)!;
    try {
      const refusal = this.#onModule(found);
      state.state = refusal === undefined ? 'patched' : 'failed';
      if (refusal !== undefined) state.reason = refusal;
      else delete state.reason;
    } catch (error) {
      reportFault('patch.reach.module', error);
      state.state = 'failed';
      state.reason = String(error);
    }
  }

  /** CommonJS modules, and ES modules that came by `require()`, are in the cache; half-loaded ones are left to `#askAgain`. */
  #lookInCache(): void {
    const names = new Set(this.#finder.targets.flatMap((target) => [...target.cjs, ...target.esm]).map((name) => basename(name)));
    const cache = (module as unknown as { _cache: Record<string, { loaded: boolean; exports: unknown } | undefined> })._cache;
    let looked = 0;
    for (const file of Object.keys(cache)) {
      if (!names.has(basename(file)) || ++looked > CACHED_MAX) continue;
      const owner = this.#finder.owning(file);
      if (!owner) continue;
      this.#reports.of(owner.copy);
      const cached = cache[file];
      if (cached === undefined) continue;
      // Part of a graph of ES modules that is linked and has not run up to it: it runs now, as the probe makes ES modules run. Otherwise the app would use it before anybody could look.
      if (isLinkedOnly(cached)) guard('patch.reach.linked', () => void require(file), undefined);
      if (cached.loaded && isObject(cached.exports)) this.#loaded(file, cached.exports);
    }
  }

  /** Probes every ES module known; returns the files that could not be told about because they are loading right now. */
  #probeAll(): string[] {
    return this.#reports
      .all()
      .flatMap((copy) =>
        copy.modules.flatMap((each) =>
          each.format === 'esm' && each.state !== 'patched' && !this.#probe(each) ? [each.file] : [],
        ),
      );
  }

  #probe(state: ModuleReport): boolean {
    for (const file of this.#finder.owning(state.file)?.copy.before ?? []) probeModule(file);
    const result = probeModule(state.file);
    if (result.state === 'loaded') this.#loaded(state.file, result.namespace);
    if (result.state !== 'failed') return true;
    state.state = 'failed';
    state.reason = result.reason;
    return probeObstacle() !== null;
  }

  #askAgain(files: readonly string[], attempt: number): void {
    const wait = RETRIES_MS[attempt];
    if (wait === undefined || (attempt > 0 && files.length === 0)) return;
    const ask = (): void => {
      if (this.#stopped) return;
      guard('patch.reach.cache', () => this.#lookInCache(), undefined);
      const states = this.#reports
        .all()
        .flatMap((copy) => copy.modules)
        .filter((each) => files.includes(each.file));
      const racing = states.filter(
        (each) => each.state === 'failed' && !guard('patch.reach.probe', () => this.#probe(each), true),
      );
      this.#askAgain(
        racing.map((each) => each.file),
        attempt + 1,
      );
    };
    if (wait === 0) setImmediate(ask).unref();
    else setTimeout(ask, wait).unref();
  }
}

/** Whether Node made this CommonJS module for an `import` and has not begun to run it. Told by marks of Node's own (lib/internal/modules/cjs/loader.js); without them, it is not. */
function isLinkedOnly(cached: { loaded: boolean }): boolean {
  const marks = Object.getOwnPropertySymbols(cached);
  const marked = (name: string): boolean => {
    const mark = marks.find(({ description }) => description === name);
    return mark !== undefined && Boolean((cached as Record<symbol, unknown>)[mark]);
  };
  return !cached.loaded && marked('kIsCachedByESMLoader') && !marked('kModuleCircularVisited');
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

/** Finds every copy of `targets` and tells `onModule` of each class-defining module that is loaded, now or later. Synchronous and never throws. */
export function startReach(
  targets: readonly ModuleTarget[],
  onModule: ModuleListener,
  options: { from?: readonly string[] } = {},
): Reach {
  const reacher = new Reacher(targets, onModule);
  reacher.start(options.from ?? appFolders());
  return reacher;
}
