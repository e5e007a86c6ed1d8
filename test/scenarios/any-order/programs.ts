/** The programs of the any-order matrix: each imports an SDK and `hindcast` in another way or order, makes its calls, and prints what the model said. */
import type { Sdk } from '../../support/trees.ts';
import { dialectOf } from './dialects.ts';
import type { Dialect } from './dialects.ts';

export interface Program {
  /** Files to write beside each other; the first is the entry. */
  files: Record<string, string>;
  /** How to start it, after the executable; `hindcast` stands for the command line of the built package. */
  args: readonly string[];
  /** Calls that it makes: so many events must be left. */
  calls: number;
}

const INIT = `import { init } from 'hindcast';`;

/** One way to write a program, for any SDK. */
export type Order = keyof typeof ORDERS;

function one(file: string, lines: readonly string[], args: readonly string[] = [file]): Program {
  return { files: { [file]: `${lines.join('\n')}\n` }, args, calls: 1 };
}

/** The class by the name `SDK`, as an app imports it. */
const staticImport = (d: Dialect): string => `import ${d.isDefault ? 'SDK' : taken(d).replace(':', ' as')} from '${d.name}';`;
const taken = (d: Dialect): string => (d.isDefault ? '{ default: SDK }' : `{ ${d.member}: SDK }`);

const build = {
  client: (d: Dialect, of = 'SDK') => `const client = new ${of}(${d.options});`,
  call: (d: Dialect) => `await ${d.call('client')};`,
  cjsCall: (d: Dialect) => `${d.call('client')};`,
};

export const ORDERS = {
  'ESM: import, init': (d: Dialect) => one('agent.mjs', [staticImport(d), INIT, 'init();', build.client(d), build.call(d)]),
  'ESM: init module first': (d: Dialect): Program => {
    const program = one('agent.mjs', [`import './init.mjs';`, staticImport(d), build.client(d), build.call(d)]);
    return { ...program, files: { ...program.files, 'init.mjs': `${INIT}\ninit();\n` } };
  },
  'ESM: init, import()': (d: Dialect) =>
    one('agent.mjs', [
      INIT,
      'init();',
      `const { ${d.member}: SDK } = await import('${d.name}');`,
      build.client(d),
      build.call(d),
    ]),
  'ESM: import(), init': (d: Dialect) =>
    one('agent.mjs', [INIT, `const ${taken(d)} = await import('${d.name}');`, 'init();', build.client(d), build.call(d)]),
  'ESM: import() in flight, init': (d: Dialect) =>
    one('agent.mjs', [
      INIT,
      `const loading = import('${d.name}');`,
      'init();',
      `const ${taken(d)} = await loading;`,
      build.client(d),
      build.call(d),
    ]),
  'ESM: client, init': (d: Dialect) => one('agent.mjs', [staticImport(d), INIT, build.client(d), 'init();', build.call(d)]),
  'ESM: subclassed client': (d: Dialect) =>
    one('agent.mjs', [
      `import { ${d.member} } from '${d.name}';`,
      INIT,
      `class Mine extends ${d.member} { constructor(options) { super({ ...options }); } }`,
      build.client(d, 'Mine'),
      'init();',
      build.call(d),
    ]),
  'CJS: require, init': (d: Dialect) =>
    one('agent.cjs', [
      `const { ${d.member}: SDK } = require('${d.name}');`,
      `require('hindcast').init();`,
      build.client(d),
      build.cjsCall(d),
    ]),
  'CJS: init, require': (d: Dialect) =>
    one('agent.cjs', [
      `require('hindcast').init();`,
      `const { ${d.member}: SDK } = require('${d.name}');`,
      build.client(d),
      build.cjsCall(d),
    ]),
  'CJS: client, init': (d: Dialect) =>
    one('agent.cjs', [
      `const { ${d.member}: SDK } = require('${d.name}');`,
      build.client(d),
      `require('hindcast').init();`,
      build.cjsCall(d),
    ]),
  'CJS and ESM copies': (d: Dialect): Program => ({
    ...one('agent.mjs', [
      `import { createRequire } from 'node:module';`,
      staticImport(d),
      INIT,
      'init();',
      `const { ${d.member}: Other } = createRequire(import.meta.url)('${d.name}');`,
      `if (Other === SDK) throw new Error('one copy only');`,
      build.client(d),
      build.call(d),
      build.client(d, 'Other').replace('client', 'other'),
      `await ${d.call('other')};`,
    ]),
    calls: 2,
  }),
  'tsx: ESM, import, init': (d: Dialect) =>
    one('agent.mts', [staticImport(d), INIT, 'init();', build.client(d), build.call(d)], ['--import', 'tsx', 'agent.mts']),
  'tsx: ESM, init, import()': (d: Dialect) =>
    one(
      'agent.mts',
      [INIT, 'init();', `const ${taken(d)} = await import('${d.name}');`, build.client(d), build.call(d)],
      ['--import', 'tsx', 'agent.mts'],
    ),
  'tsx: CJS, import, init': (d: Dialect) =>
    one(
      'agent.cts',
      [`import { ${d.member} as SDK } from '${d.name}';`, INIT, 'init();', build.client(d), build.cjsCall(d)],
      ['--import', 'tsx', 'agent.cts'],
    ),
  'tsx: CJS, init, require': (d: Dialect) =>
    one(
      'agent.cts',
      [INIT, 'init();', `const { ${d.member}: SDK } = require('${d.name}');`, build.client(d), build.cjsCall(d)],
      ['--import', 'tsx', 'agent.cts'],
    ),
  '--import hindcast/register, ESM': (d: Dialect) =>
    one('agent.mjs', [staticImport(d), build.client(d), build.call(d)], ['--import', 'hindcast/register', 'agent.mjs']),
  '--import hindcast/register, CJS': (d: Dialect) =>
    one(
      'agent.cjs',
      [`const { ${d.member}: SDK } = require('${d.name}');`, build.client(d), build.cjsCall(d)],
      ['--import', 'hindcast/register', 'agent.cjs'],
    ),
  'hindcast run -- node agent': (d: Dialect) =>
    one('agent.mjs', [staticImport(d), build.client(d), build.call(d)], ['hindcast', 'run', '--', 'node', 'agent.mjs']),
} satisfies Record<string, (dialect: Dialect) => Program>;

/** Whether an SDK can be used in that order at all. */
export function canRun(order: Order, sdk: Sdk): boolean {
  const { formats, hasCopies, subclass } = dialectOf(sdk);
  if (order === 'CJS and ESM copies') return hasCopies && formats.length === 2;
  if (order === 'ESM: subclassed client') return subclass;
  return formats.includes('CJS') || !/CJS/.test(order);
}

/** The program of one order for one SDK. */
export function programOf(order: Order, sdk: Sdk): Program {
  return ORDERS[order](dialectOf(sdk));
}

/** Programs that use two versions at once: the one at the top, and one that only the module `inner` leads to. */
export function twoVersions(top: Sdk, inner: string, how: 'init last' | 'init first' | 'CJS'): Program {
  const d = dialectOf(top);
  const calls = [build.client(d), build.client(d, 'Inner').replace('client', 'other')];
  if (how === 'CJS') {
    const sources = [
      `const { ${d.member}: SDK } = require('${d.name}');`,
      `require('hindcast').init();`,
      `const { ${d.member}: Inner } = require('${inner}');`,
    ];
    return { ...one('agent.cjs', [...sources, ...calls, `${d.call('client')};`, `${d.call('other')};`]), calls: 2 };
  }
  const imports =
    how === 'init last'
      ? [staticImport(d), `import Inner from '${inner}';`, INIT, 'init();']
      : [
          INIT,
          'init();',
          `const ${taken(d)} = await import('${d.name}');`,
          `const { default: Inner } = await import('${inner}');`,
        ];
  return { ...one('agent.mjs', [...imports, ...calls, `await ${d.call('client')};`, `await ${d.call('other')};`]), calls: 2 };
}
