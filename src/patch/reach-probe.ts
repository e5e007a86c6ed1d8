/**
 * Asking Node whether an ES module is loaded, without loading it. `require()` of a module made up on the spot, whose source imports the module in
 * question, hands over its namespace when it is loaded; when it is not, our load hook is asked for it, says no by a throw, and nothing is left behind.
 */
import module, { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { hasBunPlugins, loadedByBun } from './bun-loads.ts';

export type ProbeResult = { state: 'loaded'; namespace: object } | { state: 'not loaded' } | { state: 'failed'; reason: string };

const NOT_LOADED = new Error('hindcast: not loaded (internal, never seen by an app)');
const require = createRequire(import.meta.url);
let probes = 0;

/** Why modules that are loaded, or will be, cannot be seen on this runtime; null where they can. */
export function probeObstacle(): string | null {
  if (hasBunPlugins) return null;
  if (typeof module.registerHooks !== 'function') return 'this runtime has no module.registerHooks (Node 22.15 or later)';
  if (!process.features.require_module) return 'require() of ES modules is switched off';
  return null;
}

/** The namespace of the ES module in `file`, if the app has loaded it. Loads nothing. */
export function probeModule(file: string): ProbeResult {
  const obstacle = probeObstacle();
  if (obstacle !== null) return { state: 'failed', reason: obstacle };
  if (hasBunPlugins) {
    const namespace = loadedByBun(file);
    return namespace === null ? { state: 'not loaded' } : { state: 'loaded', namespace };
  }
  // Deno does not let hooks make up a module for `require()`.
  if ('Deno' in globalThis) return { state: 'not loaded' };
  const id = `hindcast-probe:${process.pid}-${++probes}`;
  const url = pathToFileURL(file).href;
  const hooks = module.registerHooks({
    resolve: (specifier, context, next) => {
      return specifier === id ? { url: id, format: 'module', shortCircuit: true } : next(specifier, context);
    },
    load: (asked, context, next) => {
      if (asked === id) {
        const source = `import * as loaded from ${JSON.stringify(url)}; export { loaded };`;
        return { format: 'module', source, shortCircuit: true };
      }
      if (asked === url) throw NOT_LOADED;
      return next(asked, context);
    },
  });
  try {
    return { state: 'loaded', namespace: (require(id) as { loaded: object }).loaded };
  } catch (error) {
    if (error === NOT_LOADED) return { state: 'not loaded' };
    return { state: 'failed', reason: String((error as { code?: string } | null)?.code ?? error) };
  } finally {
    hooks.deregister();
  }
}
