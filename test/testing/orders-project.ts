/** A project with an agent that has a bug, in a folder of its own: hindcast is installed in it as a package, other packages are this repository's. */
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { startStandIn } from '../../src/testing/stand-in.ts';
import type { StandIn } from '../../src/testing/stand-in.ts';
import { chatCompletion } from '../../src/testing/wire.ts';
import { hindcast } from '../cli/process.ts';
import type { Ended, Where } from '../cli/process.ts';
import { newProgramsFolder } from '../support/programs.ts';

const root = join(import.meta.dirname, '../..');

/** How the agent is written. */
export type Dialect = 'mjs' | 'cjs' | 'ts';

export interface OrdersProject {
  readonly cwd: string;
  /** `hindcast ...args` of the installed package. */
  hindcast(args: string[], where?: Where): Promise<Ended>;
  /** Records the agent, as the command line says that is given; without one with this Node. */
  record(command?: string[], env?: NodeJS.ProcessEnv): Promise<Ended>;
  write(file: string, text: string): void;
  /** Mends the bug. */
  mend(): void;
  /** A copy of the project in another place, as a checkout on another machine would be: without recordings. */
  copyTo(name: string): OrdersProject;
  close(): void;
}

/** What the model says in each turn: it asks for two orders, the second of which has no lines. */
const TURNS = [
  { tools: [{ id: 'call_1', name: 'find_order', arguments: '{"id":17}' }] },
  { tools: [{ id: 'call_2', name: 'find_order', arguments: '{"id":18}' }] },
  { text: 'Both are on their way.' },
];

const HEAD: Record<Dialect, string> = {
  mjs: `import OpenAI from 'openai';\nimport { linesOf } from './orders.mjs';`,
  ts: `import OpenAI from 'openai';\nimport { linesOf } from './orders.ts';\ntype Message = { role: string };`,
  cjs: `const { default: OpenAI } = require('openai');\nconst { linesOf } = require('./orders.cjs');`,
};

const agent = (dialect: Dialect): string => `${HEAD[dialect]}
const secret = process.env.SHOP_NOTE ?? '';
async function main() {
  const client = new OpenAI({ apiKey: process.env.OPENAI_API_KEY, baseURL: process.env.MODEL_URL + '/v1', maxRetries: 0 });
  const messages${dialect === 'ts' ? ': any[]' : ''} = [{ role: 'user', content: 'Where are 17 and 18? ' + secret + ' ' + process.cwd() + ' ' + Date.now() }];
  for (let turn = 0; turn < 5; turn++) {
    const { choices } = await client.chat.completions.create({ model: 'gpt-5-mini', messages });
    const { message } = choices[0]${dialect === 'ts' ? '!' : ''};
    messages.push(message);
    if (!message.tool_calls) {
      console.log(message.content, Math.random());
      return;
    }
    for (const call of message.tool_calls${dialect === 'ts' ? ' as any[]' : ''}) {
      const lines = linesOf(JSON.parse(call.function.arguments).id);
      console.log('order with', lines, 'lines');
      messages.push({ role: 'tool', tool_call_id: call.id, content: String(lines) });
    }
  }
}
main().catch((error) => {
  console.error(String(error));
  process.exitCode = 3;
});
`;

const orders = (dialect: Dialect, count: string): string => {
  const typed = dialect === 'ts' ? ': number' : '';
  const shape = dialect === 'ts' ? ': Record<number, any>' : '';
  const exported = dialect === 'cjs' ? '\nmodule.exports = { linesOf };\n' : '\nexport { linesOf };\n';
  return `const orders${shape} = { 17: { lines: [1, 2] }, 18: {} };\nfunction linesOf(id${typed}) {\n  return ${count};\n}${exported}`;
};

/** Makes the project. */
export function newOrdersProject(dialect: Dialect = 'mjs'): OrdersProject {
  const cwd = join(newProgramsFolder(), 'shop');
  install(cwd);
  const project = projectIn(cwd, dialect);
  project.write('package.json', JSON.stringify({ name: 'shop', private: true, type: dialect === 'cjs' ? 'commonjs' : 'module' }));
  project.write(`agent.${dialect}`, agent(dialect));
  project.write(`orders.${dialect}`, orders(dialect, 'orders[id].lines.length'));
  return project;
}

function install(cwd: string): void {
  const to = join(cwd, 'node_modules/hindcast');
  mkdirSync(to, { recursive: true });
  mkdirSync(join(cwd, '.hindcast'), { recursive: true });
  for (const one of ['dist', 'package.json']) cpSync(join(root, one), join(to, one), { recursive: true });
}

function projectIn(cwd: string, dialect: Dialect): OrdersProject {
  const main = join(cwd, 'node_modules/hindcast/dist/cli/main.js');
  return {
    cwd,
    hindcast: (args, where) => hindcast(args, { cwd, main, ...where }),
    async record(command = [process.execPath, `agent.${dialect}`], env = {}) {
      const model = await startOrdersModel();
      const given = { MODEL_URL: model.url, OPENAI_API_KEY: 'sk-of-the-test-only-0123456789', HINDCAST_HOST_INFO: 'off', ...env };
      const ran = await hindcast(['run', '--', ...command], { cwd, main, env: given });
      await model.close();
      return ran;
    },
    write: (file, text) => {
      mkdirSync(dirname(join(cwd, file)), { recursive: true });
      writeFileSync(join(cwd, file), text);
    },
    mend: () => writeFileSync(join(cwd, `orders.${dialect}`), orders(dialect, 'orders[id].lines?.length ?? 0')),
    copyTo(name) {
      const to = join(newProgramsFolder(), name);
      cpSync(cwd, to, { recursive: true, filter: (source) => !source.includes('/.hindcast/') });
      return projectIn(to, dialect);
    },
    close: () => rmSync(dirname(cwd), { recursive: true, force: true }),
  };
}

function startOrdersModel(): Promise<StandIn> {
  return startStandIn((_request, index) => ({ body: chatCompletion(TURNS[index] ?? { text: 'What?' }) }));
}
