/**
 * Being told of modules that load later. One synchronous load hook adds one line to each class-defining file; the line hands the finished module
 * to a listener that hangs on a global symbol. The hook sees `import` and `require()`. Where somebody has replaced the CommonJS loader (tsx does), it does not see
 * `require()`, and the replaced loader is followed instead.
 */
import { readFileSync } from 'node:fs';
import module, { createRequire } from 'node:module';
import { join, parse } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { guard, reportFault } from '../core/diagnostics.ts';
import { addToLoads, hasBunPlugins } from './bun-loads.ts';

/** The format of a file of which to be told; null: of this one not. */
export type Wants = (file: string) => 'esm' | 'cjs' | null;
/** Told of each finished module that `wants` chose. */
export type LoadListener = (file: string, namespace: object) => void;
type Listeners = Record<string, (url: string, namespace: object) => void>;
type Extension = (this: unknown, target: { exports: object }, file: string) => unknown;

const LISTENERS = Symbol.for('hindcast.loads.v1');
/** Deno's hooks do not say what a file is. */
const IS_DENO = 'Deno' in globalThis;
const FORMATS = { esm: 'module', cjs: 'commonjs' } as const;
const EXTENSIONS = ['.js', '.cjs', '.mjs'];
const require = createRequire(import.meta.url);
let hooksMade = 0;

/** What a load hook sees of a file and must hand on. */
interface Loaded {
  format?: string | null | undefined;
  source?: string | ArrayBuffer | NodeJS.TypedArray | undefined;
}

/** The line for a file of `format`, or null where none may be added. Not knowing the format, Node may still take the file for either: then the line is valid in both. */
function lineFor(format: string | null | undefined, url: string, id: string): string | null {
  const call = `globalThis[Symbol.for('hindcast.loads.v1')]?.[${JSON.stringify(id)}]?.(${JSON.stringify(url)}`;
  if (format === 'module') return `\nimport * as hindcast$loaded from ${JSON.stringify(url)};${call},hindcast$loaded);\n`;
  if (format === 'commonjs') return `\n;${call},module.exports);\n`;
  if (format === undefined || format === null) return `\n;typeof module==='object'&&${call},module.exports);\n`;
  return null;
}

function addLine<L extends Loaded>(loaded: L, url: string, id: string): L {
  const line = lineFor(loaded.format, url, id);
  const { source } = loaded;
  if (line === null || source === undefined || source === null) return loaded;
  const text = typeof source === 'string' ? source : new TextDecoder('utf-8', { ignoreBOM: true }).decode(source);
  return { ...loaded, source: text + line };
}

/**
 * What the next hook, or Node, loads. Node before 22.23 refuses, wherever a synchronous hook is there at all, that an asynchronous loader (tsx's, say) leaves a
 * CommonJS file to Node by giving no source. Then the source given is one that has Node's own `require()` load the file, as would have happened; the file's text
 * follows where it cannot run, because named exports are looked for in it.
 */
function nextOrFile<C extends { format?: string | null | undefined }, L extends Loaded>(
  next: (url: string, context: C) => L,
  url: string,
  context: C,
): L {
  try {
    return next(url, context);
  } catch (error) {
    const refused = (error as { code?: string } | null)?.code === 'ERR_INVALID_RETURN_PROPERTY_VALUE';
    // No source is accepted of CommonJS only; the format of a package without "type" is not known yet.
    const mayBeCommonJs = context.format === 'commonjs' || context.format === null || context.format === undefined;
    if (!refused || !mayBeCommonJs || !/^file:.*\.c?js$/.test(url)) throw error;
    const own = `module.exports=process.getBuiltinModule('module').createRequire(__filename)(__filename);return;\n`;
    return {
      format: 'commonjs',
      source: own + readFileSync(new URL(url), 'utf8').replace(/^#!/, '//'),
      shortCircuit: true,
    } as unknown as L;
  }
}

/**
 * Tells `listen` of every module that loads from now on and whose file `wants`. `names` are base names: a file of another name costs one comparison each. On Bun, it is told of `files` alone.
 * Returns its undo.
 */
export function watchLoads(
  { names, files }: { names: readonly string[]; files: readonly string[] },
  wants: Wants,
  listen: LoadListener,
): () => void {
  const id = `${process.pid}-${++hooksMade}-${Math.trunc(performance.timeOrigin)}`;
  const listeners = ((globalThis as Record<symbol, unknown>)[LISTENERS] ??= Object.create(null)) as Listeners;
  const tails = [...new Set(names)];
  const wanted = (path: string): boolean => tails.some((tail) => path.endsWith(tail));
  listeners[id] = (url, namespace) => {
    guard('patch.reach.loaded', () => listen(url.startsWith('file:') ? fileURLToPath(url) : url, namespace), undefined);
  };
  if (hasBunPlugins) {
    const lineOf = (file: string): string | null => {
      const format = id in listeners ? wants(file) : null;
      return format === null ? null : lineFor(FORMATS[format], pathToFileURL(file).href, id);
    };
    addToLoads(files, (file) => guard('patch.reach.load', () => lineOf(file), null));
  }
  const hooks = module.registerHooks?.({
    load(url, context, next) {
      const loaded = nextOrFile(next, url, context);
      const path = url.includes('?') || url.includes('#') ? url.replace(/[?#].*$/s, '') : url;
      if (!wanted(path) || !path.startsWith('file:')) return loaded;
      const withLine = (): typeof loaded => {
        const format = wants(fileURLToPath(path));
        if (format === null) return loaded;
        return addLine(IS_DENO ? { ...loaded, format: loaded.format ?? FORMATS[format] } : loaded, url, id);
      };
      return guard('patch.reach.load', withLine, loaded);
    },
  });
  const unfollow = followReplacedLoaders((file, namespace) => {
    if (wanted(file) && wants(file) !== null) listen(file, namespace);
  });
  return () => {
    hooks?.deregister();
    unfollow();
    delete listeners[id];
  };
}

/** Whether `require()` of a file with this extension comes by load hooks; a made-up file is asked for to find out. */
function comesByHooks(load: Extension, extension: string): boolean {
  const file = join(parse(process.execPath).root, `hindcast-probe-${process.pid}${extension}`);
  let seen = false;
  const hooks = module.registerHooks({
    load: (url, context, next) => {
      if (!url.includes('hindcast-probe-')) return next(url, context);
      seen = true;
      return { format: 'commonjs', source: '', shortCircuit: true };
    },
  });
  try {
    const probe = new module(file);
    load.call(require.extensions, probe, file);
  } catch {
    // A loader that is not Node's own fails to read the file.
  } finally {
    hooks.deregister();
  }
  return seen;
}

function followReplacedLoaders(loaded: LoadListener): () => void {
  if (typeof module.registerHooks !== 'function') return () => {};
  const table = require.extensions as unknown as Record<string, Extension | undefined>;
  const undo: (() => void)[] = [];
  for (const extension of EXTENSIONS) {
    const original = table[extension];
    if (!original || comesByHooks(original, extension)) continue;
    let active = true;
    const follower: Extension = function (target, file) {
      const result = Reflect.apply(original, this, [target, file]);
      if (active) guard('patch.reach.follow', () => loaded(file, target.exports), undefined);
      return result;
    };
    table[extension] = follower;
    undo.push(() => {
      active = false;
      if (table[extension] === follower) table[extension] = original;
      else reportFault('patch.reach.unfollow', new Error('the module loader was replaced again; ours only passes through'));
    });
  }
  return () => undo.forEach((each) => each());
}
