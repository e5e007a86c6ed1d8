import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RUNTIME_MAJORS, type RuntimeMajor, runtimePath } from '../../scripts/runtimes.ts';
import { findCopies } from '../../src/patch/reach.ts';
import { flatTree, makeTree, nestedTree, pnpmTree, type Tree } from '../support/trees.ts';

const root = join(import.meta.dirname, '../..');
const FILES = { esm: ['client.mjs', 'index.mjs'], cjs: ['client.js', 'index.js'] };
const TARGETS = [
  { package: 'openai', ...FILES, before: ['shims/node.mjs', 'shims/web.mjs'] },
  { package: '@anthropic-ai/sdk', ...FILES },
];
/** First lines of each program: `told` collects what reach says. */
const START = `
import module, { createRequire } from 'node:module';
import { startReach } from '${join(root, 'src/patch/reach.ts')}';
import { listFaults } from '${join(root, 'src/core/diagnostics.ts')}';
const require = createRequire(import.meta.url);
const targets = ${JSON.stringify(TARGETS)};
const told = [];
const tell = (found) => { told.push([found.package, found.version, found.format, found.file.slice(found.dir.length + 1)].join(' ')); };
const mine = (reach) => reach.copies().filter((copy) => copy.dir.startsWith(import.meta.dirname));
const say = (value) => console.log(JSON.stringify(value));
`;

let trees: Record<'seven' | 'four' | 'nested' | 'pnpm' | 'odd', Tree>;
beforeAll(() => {
  trees = {
    seven: flatTree('openai 7', 'none'),
    four: flatTree('openai 4', 'none'),
    nested: nestedTree('openai 7', 'openai 6', 'none'),
    pnpm: pnpmTree('anthropic 1', 'anthropic 0', 'none'),
    odd: oddTree(),
  };
});
afterAll(() => Object.values(trees).forEach((tree) => tree.remove()));

/** Packages that are not what their folder says, or say what format they are in no plain way. */
function oddTree(): Tree {
  const tree = makeTree('odd', 'none', { dependencies: { six: 'npm:openai@^6' } });
  tree.place('openai 6', 'node_modules/six');
  tree.write('node_modules/openai/package.json', '{"name":"impostor","version":"1.0.0"}');
  tree.write('node_modules/openai/client.js', 'exports.OpenAI = class OpenAI {};');
  const fake = (folder: string, extra: object, files: Record<string, string>): void => {
    tree.write(`${folder}/package.json`, JSON.stringify({ name: 'openai', version: '99.0.0', ...extra }));
    for (const [file, text] of Object.entries(files)) tree.write(`${folder}/${file}`, text);
  };
  fake('vendor/untyped-esm', {}, { 'index.js': 'export const untyped = import.meta.url; // no newline at the end' });
  fake('vendor/untyped-cjs', {}, { 'index.js': 'exports.untyped = __filename; // no newline at the end' });
  fake('vendor/future', { type: 'module' }, { 'client.mjs': 'export const future = true;' });
  return tree;
}

function run(tree: Tree, major: RuntimeMajor, source: string, setup = ''): any {
  const file = tree.write(`program-${major}-${Math.random().toString(36).slice(2)}.mjs`, `${setup}\n${START}\n${source}`);
  const child = spawnSync(runtimePath(major)!, [file], {
    cwd: tree.dir,
    encoding: 'utf8',
    timeout: 30_000,
    env: { NODE_NO_WARNINGS: '1', PATH: process.env['PATH'] },
  });
  if (child.status !== 0) throw new Error(`exit ${child.status ?? child.signal}: ${child.stderr}`);
  return JSON.parse(child.stdout);
}

const WATCH_LOADS = `
const asked = [];
const sources = new Map();
const watch = () => module.registerHooks({ load(url, context, next) {
  const loaded = next(url, context);
  asked.push(url);
  if (loaded.source) sources.set(url.replace(/.*node_modules.openai./, ''), String(Buffer.from(loaded.source)));
  return loaded;
} });
`;

describe.each(RUNTIME_MAJORS)('reach on Node %i', (major) => {
  const here = runtimePath(major) !== null;

  it.skipIf(!here)('P3 loads nothing that the app has not imported', () => {
    const result = run(
      trees.nested,
      major,
      `${WATCH_LOADS}
      watch();
      const before = Object.keys(require.cache);
      const reach = startReach(targets, tell);
      const after = Object.keys(require.cache);
      await new Promise((resolve) => setTimeout(resolve, 150));
      const sdk = asked.filter((url) => /openai|anthropic/.test(url.replace(/.*trees/, '')));
      say({ told, sdk, grown: after.length - before.length, copies: mine(reach).map((copy) => copy.version + ' ' + copy.modules.map((each) => each.state)) });`,
    );
    expect(result).toEqual({
      told: [],
      sdk: [],
      grown: 0,
      copies: ['7.55.0 not loaded,not loaded', '6.49.0 not loaded,not loaded'],
    });
  });

  it.skipIf(!here)('adds one line to the class-defining file, and nothing to any other', () => {
    const result = run(
      trees.seven,
      major,
      `${WATCH_LOADS}
      import { readFileSync } from 'node:fs';
      startReach(targets, tell);
      watch();
      await import('openai'); require('openai');
      const changed = [];
      for (const [name, text] of sources) {
        const original = readFileSync('node_modules/openai/' + name, 'utf8');
        if (text !== original) changed.push([name, text.startsWith(original), text.slice(original.length).trim().split('\\n').length]);
      }
      say({ changed: changed.toSorted(), looked: sources.size > 100, told: told.toSorted() });`,
    );
    expect(result).toEqual({
      changed: [
        ['client.js', true, 1],
        ['client.mjs', true, 1],
      ],
      looked: true,
      told: ['openai 7.55.0 cjs client.js', 'openai 7.55.0 esm client.mjs'],
    });
  });

  it.skipIf(!here)('knows a package by its name: aliases count, an impostor does not', () => {
    const early = `import 'six'; import 'openai/client.js';`;
    const alias = ['openai 6.49.0 esm client.mjs'];
    expect(run(trees.odd, major, `startReach(targets, tell); say(told);`, early)).toEqual(alias);
    expect(
      run(trees.odd, major, `startReach(targets, tell); await import('six'); await import('openai/client.js'); say(told);`),
    ).toEqual(alias);
    const cjs = `require('six'); require('openai/client.js'); startReach(targets, tell, { from: [] }); say(told);`;
    expect(run(trees.odd, major, cjs)).toEqual(['openai 6.49.0 cjs client.js']);
  });

  it.skipIf(!here)('leaves files alone whose format nobody states, be they CommonJS or ES modules', () => {
    const result = run(
      trees.odd,
      major,
      `startReach(targets, tell);
      const a = await import('./vendor/untyped-esm/index.js');
      const b = await import('./vendor/untyped-cjs/index.js');
      const c = require('./vendor/untyped-cjs/index.js');
      say({ a: typeof a.untyped, same: b.default === c, told });`,
    );
    expect(result).toMatchObject({ a: 'string', same: true });
    expect(result.told).toContain('openai 99.0.0 cjs index.js');
  });

  it.skipIf(!here)('tells of each instance of one file, and of each only once', () => {
    const result = run(
      trees.seven,
      major,
      `const url = import.meta.resolve('openai/client.mjs');
      await import(url);
      const reach = startReach(targets, tell);
      await import(url + '?second'); await import(url + '?second'); await import('openai');
      await new Promise((resolve) => setTimeout(resolve, 150));
      say({ told, copies: mine(reach).map((copy) => copy.modules.map((each) => each.state)) });`,
    );
    expect(result).toEqual({
      told: ['openai 7.55.0 esm client.mjs', 'openai 7.55.0 esm client.mjs'],
      copies: [['patched', 'not loaded']],
    });
  });

  it.skipIf(!here)('runs what must run before the SDK first, when nothing of the app has run yet', () => {
    const file = 'early-init.mjs';
    trees.four.write(file, `${START}\nglobalThis.reach = startReach(targets, tell); globalThis.told = told;`);
    for (const shim of ['node', 'web']) {
      const setup = `import './${file}'; import 'openai/shims/${shim}'; import OpenAI from 'openai';`;
      expect(run(trees.four, major, 'say(globalThis.told);', setup)).toEqual(['openai 4.104.0 esm index.mjs']);
    }
  });

  it.skipIf(!here)('P11 P12 says why a module was not patched; a fault of ours is reported and stays ours', () => {
    const source = (listener: string): string => `
      const reach = startReach(targets, ${listener});
      const { future } = await import('./vendor/future/client.mjs');
      say({ future, faults: listFaults().map((fault) => fault.site), copies: mine(reach).flatMap((copy) => copy.modules).filter((each) => each.reason).map(({ target: _, ...each }) => each) });`;
    const file = join(trees.odd.dir, 'vendor/future/client.mjs');
    const refused = run(trees.odd, major, source(`({ version }) => 'version ' + version + ' is not known'`));
    expect(refused).toEqual({
      future: true,
      faults: [],
      copies: [{ format: 'esm', file, state: 'failed', reason: 'version 99.0.0 is not known' }],
    });
    const thrown = run(trees.odd, major, source(`() => { throw new Error('ours'); }`));
    expect(thrown).toEqual({
      future: true,
      faults: ['patch.reach.module'],
      copies: [{ format: 'esm', file, state: 'failed', reason: 'Error: ours' }],
    });
  });

  it.skipIf(!here)('stops: later loads are not told of, loaders are the original ones, and it can be started again', () => {
    const result = run(
      trees.seven,
      major,
      `const loader = require.extensions['.js'];
      for (let round = 0; round < 100; round++) startReach(targets, tell, { from: [] }).stop();
      const stopped = startReach(targets, tell);
      stopped.stop();
      require('openai');
      await import('openai');
      const early = told.length;
      startReach(targets, tell);
      say({ early, told: told.toSorted(), same: require.extensions['.js'] === loader, hooks: Object.keys(globalThis[Symbol.for('hindcast.loads.v1')]).length });`,
    );
    expect(result).toEqual({
      early: 0,
      told: ['openai 7.55.0 cjs client.js', 'openai 7.55.0 esm client.mjs'],
      same: true,
      hooks: 1,
    });
  });
});

describe('findCopies', () => {
  it('finds nested and linked copies on disk, with what they would be patched by', () => {
    const inTree = (tree: Tree): string[] =>
      findCopies(TARGETS, [tree.dir])
        .filter((copy) => copy.dir.startsWith(tree.dir))
        .map((copy) => `${copy.package} ${copy.version} ${copy.modules.map((each) => `${each.format} ${each.state}`).join(', ')}`)
        .toSorted();
    const both = 'esm not loaded, cjs not loaded';
    expect(inTree(trees.nested)).toEqual([`openai 6.49.0 ${both}`, `openai 7.55.0 ${both}`]);
    expect(inTree(trees.pnpm)).toEqual([`@anthropic-ai/sdk 0.137.0 ${both}`, `@anthropic-ai/sdk 1.11.0 ${both}`]);
    expect(inTree(trees.odd)).toEqual([`openai 6.49.0 ${both}`]);
  });

  it('finds deeper copies, and aliases of others, by the lockfile inside node_modules', () => {
    const tree = makeTree('lockfile', 'none');
    const deep = 'node_modules/a/node_modules/b/node_modules/openai';
    const alias = 'node_modules/a/node_modules/claude';
    tree.write(`${deep}/package.json`, '{"name":"openai","version":"3.0.0"}');
    tree.write(`${alias}/package.json`, '{"name":"@anthropic-ai/sdk","version":"2.0.0"}');
    const found = (): string[] =>
      findCopies(TARGETS, [tree.dir]).flatMap((copy) => (copy.dir.startsWith(tree.dir) ? [copy.version] : []));
    expect(found()).toEqual([]);
    const packages = { [deep]: { version: '3.0.0' }, [alias]: { name: '@anthropic-ai/sdk', version: '2.0.0' } };
    tree.write('node_modules/.package-lock.json', JSON.stringify({ lockfileVersion: 3, packages }, null, 2));
    expect(found().toSorted()).toEqual(['2.0.0', '3.0.0']);
    tree.write('node_modules/.package-lock.json', '"node_modules/a/node_modules/openai": {'.repeat(1000) + '"name": "openai"');
    expect(found()).toEqual([]);
    tree.remove();
  });
});
