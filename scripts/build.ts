/**
 * Builds `dist/`: with tsc one JavaScript file a source file, then what `init()` loads into one (docs/decisions/0007-one-file-at-start.md). Built beside the old one
 * and swapped in, so that a process that runs from `dist/` never sees half of it. With `--loose`, type errors are shown but do not stop the build.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { rolldown } from 'rolldown';

const root = join(import.meta.dirname, '..');
const next = join(root, `.cache/dist-${process.pid}`);
const old = join(root, `.cache/dist-${process.pid}-old`);
const dist = join(root, 'dist');
const tsc = spawnSync(
  process.execPath,
  [join(root, 'node_modules/typescript/bin/tsc'), '-p', join(root, 'tsconfig.build.json'), '--outDir', next],
  { stdio: 'inherit' },
);
if (tsc.status !== 0 && !process.argv.includes('--loose')) process.exit(tsc.status ?? 1);

/** Providers whose code is there at once; of the others, what it takes to find copies of their SDKs. */
const AT_ONCE = new Set(['openai', 'anthropic']);

/** The provider table of the bundle, and the files that it loads when it needs them, by the name of the chunk. */
async function lazyTable(): Promise<{ code: string; later: Record<string, string> }> {
  const file = join(next, 'providers/table.js');
  const { providers } = (await import(pathToFileURL(file).href)) as { providers: readonly Record<string, unknown>[] };
  const imports = [...readFileSync(file, 'utf8').matchAll(/^import \{ (\w+) \} from '\.\/([\w-]+\/[\w-]+)\.js';$/gm)];
  if (imports.length !== providers.length) throw new Error(`${file}: ${imports.length} imports of ${providers.length} providers`);
  const later: Record<string, string> = {};
  const lines: string[] = [];
  const entries: string[] = [];
  const modules = await Promise.all(imports.map(([, , path]) => import(pathToFileURL(join(next, `providers/${path}.js`)).href)));
  for (const provider of providers) {
    const index = imports.findIndex(([, member], at) => modules[at][member!] === provider);
    const [, member = '', path = ''] = imports[index] ?? [];
    const name = path.split('/').at(-1)!;
    if (index < 0) throw new Error(`${file}: a provider of the table is none that it imports`);
    if (AT_ONCE.has(name)) lines.push(`import { ${member} } from './${path}.js';`);
    else later[`client/${name}.bundle`] = join(next, `providers/${path}.js`);
    const { targets, tested } = provider;
    const facts = JSON.stringify({ name: provider['name'], targets, tested });
    entries.push(AT_ONCE.has(name) ? member : `lazyProvider(${facts}, './${name}.bundle.js', '${member}')`);
  }
  const code = [
    `import { lazyProvider } from '../client/lazy-provider.js';`,
    ...lines,
    `export const providers = [${entries.join(',\n')}];`,
  ];
  return { code: code.join('\n'), later };
}

/** The files that `entry` imports, and what those import, without what it loads later. */
function graphOf(entry: string, code: (file: string) => string, into = new Set<string>()): Set<string> {
  if (into.has(entry)) return into;
  into.add(entry);
  for (const [, specifier] of code(entry).matchAll(/^(?:import|export)\b[^;]*?from '(\.[^']+)';$/gm))
    graphOf(join(entry, '..', specifier!), code, into);
  for (const [, specifier] of code(entry).matchAll(/^import '(\.[^']+)';$/gm)) graphOf(join(entry, '..', specifier!), code, into);
  return into;
}

/**
 * Takes Node's own modules by `process.getBuiltinModule`. An `import` of one makes a namespace of all its members, for which Node loads whatever they are defined in: of `node:crypto` and
 * `node:util` that is more than everything else that `init()` loads. They are the originals as well, whatever the app replaces in them later.
 */
function plainBuiltins(code: string): string {
  return code.replace(
    /^import (?:(\w+),? )?(?:\{([^}]*)\} )?from "(node:[\w/]+)";$/gm,
    (_line, whole: string | undefined, members: string | undefined, name: string) => {
      const taken = `process.getBuiltinModule('${name}')`;
      const lines = whole === undefined ? [] : [`const ${whole} = ${taken};`];
      if (members !== undefined) lines.push(`const {${members.replaceAll(' as ', ': ')}} = ${whole ?? taken};`);
      return lines.join(' ');
    },
  );
}

const table = await lazyTable();
const tableFile = join(next, 'providers/table.js');
const code = (file: string): string => (file === tableFile ? table.code : readFileSync(file, 'utf8'));
const atStart = graphOf(join(next, 'index.js'), code);
const ofTesting = graphOf(join(next, 'testing.js'), code);
const bundle = await rolldown({
  // What it says of where code is from is the same in every build.
  cwd: next,
  input: {
    index: join(next, 'index.js'),
    register: join(next, 'register.js'),
    testing: join(next, 'testing.js'),
    ...table.later,
    // Loaded by client/replayable.ts where a recording is made to be replayed, or is.
    'client/record-runtime.bundle': join(next, 'replay/record-runtime.js'),
    'client/replay-runtime.bundle': join(next, 'replay/replay-runtime.js'),
  },
  platform: 'node',
  external: /^node:/,
  plugins: [
    { name: 'lazy-table', load: (id) => (id === tableFile ? table.code : null) },
    { name: 'plain-builtins', renderChunk: (chunk, { name }) => (name === 'init' ? plainBuiltins(chunk) : null) },
  ],
});
await bundle.write({
  dir: next,
  // In client/, where the code that looks for its neighbours by path was before.
  chunkFileNames: 'client/[name].bundle.js',
  // One file at start, however the providers that are loaded later share parts of it among themselves.
  codeSplitting: { groups: [{ name: 'init', test: (id: string) => atStart.has(id) && !ofTesting.has(id) }] },
  comments: false,
});
await bundle.close();

const bin = join(next, 'cli/main.js');
if (existsSync(bin)) chmodSync(bin, 0o755);
if (existsSync(dist)) renameSync(dist, old);
renameSync(next, dist);
rmSync(old, { recursive: true, force: true });
