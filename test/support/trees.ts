/**
 * Throw-away project trees with real SDKs in them, under `.cache/trees` inside the repository, so that what the SDKs depend on is found further up. The SDKs are
 * copied (without types, maps and sources), as a symlinked one would be the repository's own copy.
 */
import { cpSync, existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '../..');

/** The SDKs that the devDependencies hold: the folder in `node_modules`, and the name each is imported by. */
export const SDKS = {
  'openai 7': { folder: 'openai', name: 'openai' },
  'openai 6': { folder: 'openai-6', name: 'openai' },
  'openai 5': { folder: 'openai-5', name: 'openai' },
  'openai 4': { folder: 'openai-4', name: 'openai' },
  'anthropic 1': { folder: '@anthropic-ai/sdk', name: '@anthropic-ai/sdk' },
  'anthropic 0': { folder: 'anthropic-0', name: '@anthropic-ai/sdk' },
  'groq 1': { folder: 'groq-sdk', name: 'groq-sdk' },
  'groq 0': { folder: 'groq-0', name: 'groq-sdk' },
  'cohere 8': { folder: 'cohere-ai', name: 'cohere-ai' },
  'cohere 7': { folder: 'cohere-7', name: 'cohere-ai' },
  'mistral 2': { folder: '@mistralai/mistralai', name: '@mistralai/mistralai' },
  'mistral 1': { folder: 'mistral-1', name: '@mistralai/mistralai' },
  'ollama 0.6': { folder: 'ollama', name: 'ollama' },
  'ollama 0.5': { folder: 'ollama-05', name: 'ollama' },
  'llama-stack 0.7': { folder: 'llama-stack-client', name: 'llama-stack-client' },
  'ai21 1': { folder: 'ai21', name: 'ai21' },
  'genai 3': { folder: '@google/genai', name: '@google/genai' },
  'genai 2': { folder: 'genai-2', name: '@google/genai' },
  'genai 1': { folder: 'genai-1', name: '@google/genai' },
  'bedrock 3': { folder: '@aws-sdk/client-bedrock-runtime', name: '@aws-sdk/client-bedrock-runtime' },
} as const;
export type Sdk = keyof typeof SDKS;

/** Whether a tree holds the built `hindcast` package. */
export type HindcastKind = 'built' | 'none';

export interface Tree {
  dir: string;
  /** Writes a file, folders included, and returns its path. */
  write(file: string, text: string): string;
  /** Copies an SDK to a folder of the tree. */
  place(sdk: Sdk, folder: string): string;
  /** Symlinks `folder` to `target`, both in the tree. */
  link(folder: string, target: string): void;
  remove(): void;
}

/** Whether `dist/` holds a package whose `init` can be called. */
export function isBuilt(): boolean {
  return existsSync(join(root, 'dist/index.js')) && existsSync(join(root, 'dist/register.js'));
}

const needed = (source: string): boolean => !/\.d\.[cm]?ts$|\.map$|\.md$/.test(source) && !/[/\\]src$/.test(source);

/** A project with `hindcast` in its `node_modules`, or with nothing. A tree of the same name in the same process is replaced. */
export function makeTree(name: string, hindcast: HindcastKind, manifest: object = {}): Tree {
  const dir = join(root, '.cache/trees', `${name.replaceAll(/[^A-Za-z0-9]+/g, '-')}-${process.pid}`);
  rmSync(dir, { recursive: true, force: true });
  const tree: Tree = {
    dir,
    write(file, text) {
      const path = join(dir, file);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
      return path;
    },
    place(sdk, folder) {
      const path = join(dir, folder);
      cpSync(join(root, 'node_modules', SDKS[sdk].folder), path, { recursive: true, filter: needed });
      return path;
    },
    link(folder, target) {
      const path = join(dir, folder);
      mkdirSync(dirname(path), { recursive: true });
      symlinkSync(join(dir, target), path, 'junction');
    },
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
  tree.write('package.json', JSON.stringify({ name: 'app', private: true, ...manifest }));
  if (hindcast === 'built') {
    // Copied, so that a build meanwhile does not pull the package out from under a running program.
    const place = join(dir, 'node_modules/hindcast');
    cpSync(join(root, 'package.json'), join(place, 'package.json'));
    cpSync(join(root, 'dist'), join(place, 'dist'), { recursive: true });
  }
  return tree;
}

/** One SDK at the top, as npm installs it. */
export function flatTree(sdk: Sdk, hindcast: HindcastKind): Tree {
  const tree = makeTree(`flat-${sdk}-${hindcast}`, hindcast);
  tree.place(sdk, `node_modules/${SDKS[sdk].name}`);
  return tree;
}

/** Two versions, as npm nests them: `top` hoisted, `inner` under the package `wraps`, which exports the SDK's class again (ESM and CJS). */
export function nestedTree(top: Sdk, inner: Sdk, hindcast: HindcastKind): Tree {
  const tree = makeTree(`nested-${top}-${inner}-${hindcast}`, hindcast);
  tree.place(top, `node_modules/${SDKS[top].name}`);
  tree.place(inner, `node_modules/wraps/node_modules/${SDKS[inner].name}`);
  tree.write(
    'node_modules/wraps/package.json',
    '{"name":"wraps","version":"1.0.0","exports":{".":{"import":"./index.mjs","require":"./index.cjs"}}}',
  );
  tree.write('node_modules/wraps/index.mjs', `export { default } from '${SDKS[inner].name}';\n`);
  tree.write('node_modules/wraps/index.cjs', `module.exports = require('${SDKS[inner].name}');\n`);
  return tree;
}

/** Two versions as pnpm lays them out: real folders in `.pnpm`, reached over symlinks; `inner` under the alias `inner-sdk`. */
export function pnpmTree(top: Sdk, inner: Sdk, hindcast: HindcastKind): Tree {
  const tree = makeTree(`pnpm-${top}-${inner}-${hindcast}`, hindcast);
  const store = (sdk: Sdk, version: number): string => {
    const { name } = SDKS[sdk];
    const folder = `node_modules/.pnpm/${name.replace('/', '+')}@${version}.0.0/node_modules/${name}`;
    tree.place(sdk, folder);
    return folder;
  };
  tree.link(`node_modules/${SDKS[top].name}`, store(top, 9));
  tree.link('node_modules/inner-sdk', store(inner, 8));
  return tree;
}
