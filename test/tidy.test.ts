/** The rules of the house, over every file of the tree. Each rule is shown to be able to fail first, by the smallest file that breaks it. */
import { readFileSync, readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseSource } from './support/source-file.ts';
import { missingBuilds } from '../scripts/complete-lockfile.ts';
import { OPTIONS } from '../src/client/options.ts';
import { renderOptionsTable } from '../src/client/options-table.ts';
import { providers } from '../src/providers/table.ts';
import {
  firstColumn,
  impureDecoding,
  membersRead,
  names,
  noRegistryHosts,
  plainSyntax,
  SOURCE_RULES,
  tableDrift,
} from './support/tidy-rules.ts';

const root = join(import.meta.dirname, '..');
const IGNORED = new Set(['node_modules', 'dist', '.git', '.cache', '.hindcast', 'coverage']);

/** Every file below the root that belongs to the project, with forward slashes. */
function listFiles(folder = root): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (IGNORED.has(entry.name)) return [];
    const path = join(folder, entry.name);
    return entry.isDirectory() ? listFiles(path) : entry.isFile() ? [relative(root, path).split(sep).join('/')] : [];
  });
}

const files = listFiles();
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const sources = files.filter((path) => path.startsWith('src/') && path.endsWith('.ts'));
const parsed = sources.map((path) => parseSource(path, read(path)));

/** For each rule, files that break it and files beside them that do not. */
const EXAMPLES: Record<keyof typeof SOURCE_RULES, { bad: [path: string, text: string][]; good: [path: string, text: string][] }> =
  {
    layers: {
      bad: [
        ['src/core/a.ts', `import { b } from '../events/b.ts';`],
        ['src/core/a.ts', `import type { B } from '../events/b.ts';`],
        ['src/patch/a.ts', `export { b } from '../recording/b.ts';`],
        ['src/otel/a.ts', `type B = import('../recording/b.ts').B;`],
        ['src/session/a.ts', `const b = await import('../client/b.ts');`],
        ['src/providers/a.ts', `import '../session/b.ts';`],
        ['src/client/a.ts', `import { init } from '../index.ts';`],
        ['src/client/a.ts', `import { b } from '../../test/b.ts';`],
        ['src/register.ts', `import { main } from './cli/main.ts';`],
        ['src/index.ts', `import { main } from './testing/main.ts';`],
        ['src/testing.ts', `import { init } from './client/init.ts';`],
        ['src/else/a.ts', ``],
        ['src/other.ts', ``],
      ],
      good: [
        ['src/patch/a.ts', `import { b } from '../events/b.ts'; import { c } from './deep/c.ts'; import 'commander';`],
        ['src/register.ts', `import { init } from './client/init.ts';`],
        ['src/testing.ts', `export { a } from './testing/a.ts';`],
        ['src/cli/commands/a.ts', `import { b } from '../b.ts'; import { c } from '../../client/c.ts';`],
      ],
    },
    size: { bad: [['src/core/a.ts', '// a\n'.repeat(401)]], good: [['src/core/a.ts', '// a\n'.repeat(400)]] },
    plainSyntax: {
      bad: [
        ['src/core/a.ts', `export default 1;`],
        ['src/core/a.ts', `const a = 1; export { a as default };`],
        ['src/core/a.ts', `enum A { B }`],
        ['src/core/a.ts', `namespace A { export const b = 1; }`],
        ['src/core/a.ts', `@sealed class A {}`],
      ],
      good: [['src/core/a.ts', `declare module 'x' {} export const a = { default: 1 };`]],
    },
    noBarrels: {
      bad: [
        ['src/core/a.ts', `export { b } from './b.ts'; export type { C } from './c.ts';`],
        ['src/core/a.ts', `import { b } from './b.ts'; export { b }; export { c } from './c.ts';`],
        ['src/index.ts', `export * from './client/init.ts';`],
      ],
      good: [
        ['src/index.ts', `export { b } from './client/b.ts';`],
        ['src/testing.ts', `export { b } from './testing/b.ts';`],
        ['src/core/a.ts', `export { b } from './b.ts'; export const a = 1;`],
      ],
    },
    timers: {
      bad: [
        ['src/core/a.ts', `setTimeout(f, 1);`],
        ['src/core/a.ts', `const t = globalThis.setInterval(f, 1);\nt.ref();`],
        ['src/core/a.ts', `const t = setTimeout(f, 1);\n\n\n\n\nt.unref();`],
        ['src/core/a.ts', `const later = setTimeout;`],
        ['src/core/a.ts', `const { setTimeout: later } = globalThis;`],
        ['src/core/a.ts', `import { setTimeout as sleep } from 'node:timers/promises'; await sleep(1);`],
      ],
      good: [
        ['src/core/a.ts', `setTimeout(f, 1).unref(); globalThis.setInterval(f, 1)?.unref();`],
        ['src/core/a.ts', `const t: NodeJS.Timeout = setTimeout(f, 1);\nt.unref();`],
        ['src/core/a.ts', `class A { #t: NodeJS.Timeout | null = null; b() { this.#t = setTimeout(f, 1);\nthis.#t.unref(); } }`],
        ['src/core/a.ts', `// timer held: the process exists for this.\nsetTimeout(f, 1);`],
        ['src/core/a.ts', `import { setTimeout as sleep } from 'node:timers/promises'; await sleep(1, null, { ref: false });`],
        ['src/core/a.ts', `type T = ReturnType<typeof setTimeout>; const o = { setTimeout: 1 };`],
      ],
    },
    doors: {
      bad: [
        ['src/core/a.ts', `console.error(1);`],
        ['src/client/a.ts', `process.stdout.write('a');`],
        ['src/client/a.ts', `const out = process.stdout;`],
        ['src/client/a.ts', `const now = Date.now();`],
        ['src/client/a.ts', `const now = new Date();`],
        ['src/client/a.ts', `const now = performance.now.bind(performance);`],
        ['src/client/a.ts', `const now = process.hrtime.bigint();`],
        ['src/client/a.ts', `const n = Math.random();`],
        ['src/client/a.ts', `import { randomUUID } from 'node:crypto'; const id = randomUUID();`],
      ],
      good: [
        ['src/cli/a.ts', `process.stdout.write('a'); console.log(1);`],
        ['src/core/clock.ts', `const now = performance.now.bind(performance);`],
        ['src/core/ids.ts', `import { randomFillSync } from 'node:crypto'; randomFillSync(pool);`],
        ['src/client/a.ts', `const d = new Date(1); const o = { console: 1, randomBytes: 2 }; process.stderr.write('a');`],
      ],
    },
    noLicenceHeader: {
      bad: [
        ['src/core/a.ts', `// Copyright 2026 Somebody\nexport const a = 1;`],
        ['src/core/a.ts', `/*\n * SPDX-License-Identifier: Apache-2.0\n */`],
      ],
      good: [['src/core/a.ts', `/** The licence of a package is in its package.json. */\nexport const a = 1;`]],
    },
  };

describe('each rule can fail', () => {
  for (const [rule, examples] of Object.entries(EXAMPLES) as [keyof typeof SOURCE_RULES, (typeof EXAMPLES)['size']][]) {
    test.each(examples.bad)(`${rule} refuses %s %s`, (path, text) => {
      expect(SOURCE_RULES[rule](parseSource(path, text))).not.toEqual([]);
    });
    test.each(examples.good)(`${rule} allows %s %s`, (path, text) => {
      expect(SOURCE_RULES[rule](parseSource(path, text))).toEqual([]);
    });
  }
  test('names', () => {
    expect(
      ['src/core/utils.ts', 'src/helpers/a.ts', 'src/core/somethingElse.ts', 'src/Core/a.ts'].filter(
        (path) => names(path).length === 0,
      ),
    ).toEqual([]);
    expect(names('src/cli/commands/show.ts')).toEqual([]);
  });
  test('pure decoding, however far in', () => {
    const operation = ['src/providers/operation.ts', ''];
    const defines = `import { defineOperation } from '../operation.ts';`;
    const faults = (...files: string[][]): string[] =>
      impureDecoding([operation, ...files].map(([path = '', text = '']) => parseSource(path, text)));
    for (const bad of [
      `import { readFileSync } from 'node:fs';`,
      `import type { P } from '../../patch/p.ts';`,
      `import { s } from '../../session/s.ts';`,
    ]) {
      expect(faults(['src/providers/a/a.ts', `${defines}${bad}`])).toHaveLength(1);
      expect(faults(['src/providers/a/a.ts', `${defines}import './b.ts';`], ['src/providers/a/b.ts', bad])).toHaveLength(1);
      // One that hooks, and defines nothing.
      expect(faults(['src/providers/a/a.ts', bad])).toEqual([]);
    }
    const shapes = `import type { AnswerShape } from '../answer-shape.ts';import '../../patch/p.ts';`;
    expect(faults(['src/providers/a/a.ts', shapes])).toHaveLength(1);
    const fine = `${defines}import type { U } from '../../events/model.ts'; import { b } from './b.ts';`;
    expect(faults(['src/providers/a/a.ts', fine], ['src/providers/a/b.ts', `import '../../core/c.ts';`])).toEqual([]);
  });
  test('registry hosts', () => {
    const host = ['registry', 'example', 'com'].join('.');
    expect(noRegistryHosts('a.md', `first\nsee ${host}/x`)).toEqual([`a.md:2: names ${host}`]);
    expect(noRegistryHosts('a.md', 'patch/registry.ts keeps the undo; const r = registry.patches.size')).toEqual([]);
  });
  test('the lockfile', () => {
    const native = {
      dev: true,
      optionalDependencies: { '@a/linux-arm64-musl': '1.0.0', '@a/darwin-x64': '1.0.0', fsevents: '2.0.0' },
    };
    expect(missingBuilds({ 'node_modules/a': native, 'node_modules/a/node_modules/@a/darwin-x64': {} })).toEqual({
      'node_modules/@a/linux-arm64-musl': {
        version: '1.0.0',
        cpu: ['arm64'],
        dev: true,
        libc: ['musl'],
        optional: true,
        os: ['linux'],
      },
    });
  });
  test('columns and members', () => {
    expect(firstColumn('a\n\n| SDK | b |\n|---|---|\n| `x` 1 | 2 |\n| y | 3 |\n\n| `z` |\n', 'SDK')).toEqual(['x', 'y']);
    expect([...membersRead(parseSource('a.ts', `b.c; b?.d; b['e']; const { f, g: h } = b; const i = { j: 1 };`))]).toEqual([
      'c',
      'd',
      'e',
      'f',
      'g',
    ]);
  });
  test('tables', () => {
    expect(tableDrift('option', ['a', 'b'], ['b', 'c'])).toEqual(['option a is not in the docs', 'option c is in the docs only']);
  });
});

describe('every file of src/', () => {
  for (const [rule, check] of Object.entries(SOURCE_RULES)) {
    test(rule, () => {
      expect(parsed.length).toBeGreaterThan(0);
      expect(parsed.flatMap(check)).toEqual([]);
    });
  }
  test('decoding is pure', () => {
    expect(impureDecoding(parsed)).toEqual([]);
  });
  test('sizes', () => {
    const lines = parsed
      .map((file) => file.text.split('\n').filter((line) => line.trim() !== '').length)
      .toSorted((a, b) => a - b);
    const quantile = (q: number): number => lines[Math.min(lines.length - 1, Math.floor(q * lines.length))] ?? 0;
    console.log(
      `src/: ${lines.length} files; non-blank lines: median ${quantile(0.5)}, p90 ${quantile(0.9)}, largest ${quantile(1)}`,
    );
    expect(quantile(0.5)).toBeLessThanOrEqual(150);
  });
});

describe('every file', () => {
  const typescript = files.filter((path) => path.endsWith('.ts') && !path.startsWith('test/fixtures/'));
  test('names', () => {
    expect(typescript.flatMap(names)).toEqual([]);
  });
  test('registry hosts', () => {
    const text = files.filter((path) => !/\.(png|gz|zst|blobs|tgz)$/.test(path));
    expect(text.flatMap((path) => noRegistryHosts(path, read(path)))).toEqual([]);
  });
  test('the lockfile is complete, or npm ci refuses it: node scripts/complete-lockfile.ts', () => {
    const { packages } = JSON.parse(read('package-lock.json')) as { packages: Parameters<typeof missingBuilds>[0] };
    expect(Object.keys(missingBuilds(packages))).toEqual([]);
  });
  test('no enums, and no default exports outside configuration', () => {
    const others = typescript.filter((path) => /^(test|bench|scripts)\//.test(path) && !path.includes('fixtures'));
    // Decorators are for src/ to do without; what tests them uses them.
    const problems = others.flatMap((path) => plainSyntax(parseSource(path, read(path))));
    expect(problems.filter((problem) => !problem.endsWith('decorator syntax'))).toEqual([]);
  });
});

describe('tables', () => {
  test('C4 docs/configuration.md is the table of options', () => {
    const page = read('docs/configuration.md');
    expect(page).toContain(renderOptionsTable());
    expect(
      tableDrift(
        'option',
        OPTIONS.map((option) => option.name),
        firstColumn(page, 'option'),
      ),
    ).toEqual([]);
  });
  test('C4 each option is read by somebody', () => {
    const makers = [
      'src/client/options.ts',
      'src/client/options-schema.ts',
      'src/client/options-table.ts',
      'src/client/parse.ts',
    ];
    const readers = parsed.filter((file) => file.path.startsWith('src/client/') && !makers.includes(file.path));
    const members = new Set(readers.flatMap((file) => [...membersRead(file)]));
    expect(OPTIONS.map((option) => option.name.split('.')[0] ?? '').filter((name) => !members.has(name))).toEqual([]);
  });
  test('C4 each option has an environment variable of ours, unless it can only be code', () => {
    const without = OPTIONS.filter((option) => !option.env.some((variable) => variable.name.startsWith('HINDCAST_')));
    expect(without.map((option) => option.name)).toEqual(['instrument', 'classifier', 'exporter', 'processors', 'redactor']);
  });
  test('P1 the README names the SDKs of the provider table', () => {
    const packages = providers.map(({ targets }) => targets[0].package);
    expect(tableDrift('SDK', packages, firstColumn(read('README.md'), 'SDK'))).toEqual([]);
  });
});
