/**
 * Builds `dist/`: with tsc one JavaScript file a source file, then what `init()` loads into one (docs/decisions/0007-one-file-at-start.md). Built beside the old one
 * and swapped in, so that a process that runs from `dist/` never sees half of it. With `--loose`, type errors are shown but do not stop the build.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
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

const bundle = await rolldown({
  input: { index: join(next, 'index.js'), register: join(next, 'register.js'), testing: join(next, 'testing.js') },
  platform: 'node',
  external: /^node:/,
});
await bundle.write({
  dir: next,
  // In client/, where the code that looks for its neighbours by path was before.
  chunkFileNames: 'client/[name].bundle.js',
  comments: false,
});
await bundle.close();

const bin = join(next, 'cli/main.js');
if (existsSync(bin)) chmodSync(bin, 0o755);
if (existsSync(dist)) renameSync(dist, old);
renameSync(next, dist);
rmSync(old, { recursive: true, force: true });
