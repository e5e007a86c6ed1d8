/** Running the cells of the any-order matrix: a tree with an SDK, a program in it, a Node release; a cell holds when each call left one finished LLM event. */
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { delimiter, dirname, join } from 'node:path';
import { runtimePath, RUNTIME_MAJORS, type RuntimeMajor } from '../../../scripts/runtimes.ts';
import { flatTree, nestedTree, pnpmTree, SDKS, type Sdk, type Tree } from '../../support/trees.ts';
import { ANSWER, answerFor } from './dialects.ts';
import { canRun, type Order, ORDERS, type Program, programOf, twoVersions } from './programs.ts';

export interface Cell {
  sdk: string;
  order: string;
  major: RuntimeMajor;
  tree: Tree;
  program: Program;
}

export interface CellResult extends Cell {
  /** What was wrong; null when the cell holds. */
  fault: string | null;
}

const CELL_TIMEOUT_MS = 60_000;
/** SDKs for which every order runs on every Node release. On 24, all of them do. */
const PINNED: readonly Sdk[] = ['openai 7', 'openai 4', 'anthropic 1'];
const EVERYWHERE: readonly Order[] = ['ESM: import, init', 'ESM: init module first', 'CJS: init, require'];
/** SDKs for which every order runs on Node 24; of the others, those of `BRIEFLY`. */
const WHOLLY = /^(openai|anthropic) /;
const BRIEFLY: readonly Order[] = [
  'ESM: import, init',
  'ESM: init module first',
  'ESM: init, import()',
  'ESM: import() in flight, init',
  'ESM: client, init',
  'ESM: subclassed client',
  'CJS: require, init',
  'CJS: init, require',
  'CJS: client, init',
  'CJS and ESM copies',
  'tsx: ESM, import, init',
  '--import hindcast/register, ESM',
];

/** The releases that are there. */
export function majorsHere(): RuntimeMajor[] {
  return RUNTIME_MAJORS.filter((major) => runtimePath(major) !== null);
}

/** Builds the trees and lists the cells: on Node 24 every order with OpenAI's and Anthropic's SDKs and most with the others, and on 22 and 26 every order with three SDKs and two orders with all. */
export function planCells(): Cell[] {
  const cells: Cell[] = [];
  const majors = majorsHere();
  for (const sdk of Object.keys(SDKS) as Sdk[]) {
    const tree = flatTree(sdk, 'built');
    for (const order of Object.keys(ORDERS) as Order[]) {
      if (!canRun(order, sdk)) continue;
      for (const major of majors) {
        const wholly = WHOLLY.test(sdk) || BRIEFLY.includes(order);
        const wanted = (major === 24 && wholly) || PINNED.includes(sdk) || EVERYWHERE.includes(order);
        if (wanted) cells.push({ sdk, order, major, tree, program: programOf(order, sdk) });
      }
    }
  }
  const two = [
    { name: 'nested', tree: nestedTree('openai 7', 'openai 6', 'built'), sdk: 'openai 7' as Sdk, inner: 'wraps' },
    { name: 'nested', tree: nestedTree('anthropic 1', 'anthropic 0', 'built'), sdk: 'anthropic 1' as Sdk, inner: 'wraps' },
    { name: 'pnpm', tree: pnpmTree('openai 7', 'openai 4', 'built'), sdk: 'openai 7' as Sdk, inner: 'inner-sdk' },
    { name: 'pnpm', tree: pnpmTree('anthropic 1', 'anthropic 0', 'built'), sdk: 'anthropic 1' as Sdk, inner: 'inner-sdk' },
  ];
  for (const { name, tree, sdk, inner } of two) {
    for (const how of ['init last', 'init first', 'CJS'] as const) {
      for (const major of majors) {
        cells.push({
          sdk: `${sdk} + older`,
          order: `${name}: two versions, ${how}`,
          major,
          tree,
          program: twoVersions(sdk, inner, how),
        });
      }
    }
  }
  return cells;
}

/** A local server that answers as each provider does. */
export async function startServer(): Promise<{ url: string; stop: () => Promise<void> }> {
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(answerFor(request.url ?? '')));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Finished LLM events in the recordings under `folder`. */
export function countEvents(folder: string): number {
  let count = 0;
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.jsonl')) continue;
    for (const text of readFileSync(join(folder, name), 'utf8').split('\n').filter(Boolean)) {
      const line = JSON.parse(text) as { k: string; e?: { type: string; status: string } };
      if (line.k === 'event' && line.e?.type === 'llm' && line.e.status === 'ok') count++;
    }
  }
  return count;
}

/** Runs the cells, `width` at a time. */
export async function runCells(cells: readonly Cell[], server: string, width = 3): Promise<CellResult[]> {
  const results: CellResult[] = [];
  const queue = [...cells.entries()];
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const [number, cell] = next;
      results[number] = { ...cell, fault: await runCell(cell, number, server) };
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
  return results;
}

async function runCell(cell: Cell, number: number, server: string): Promise<string | null> {
  const place = `cell-${number}`;
  for (const [file, text] of Object.entries(cell.program.files)) cell.tree.write(join(place, file), text);
  const dir = join(cell.tree.dir, place);
  const recordings = join(dir, '.hindcast');
  mkdirSync(recordings, { recursive: true });
  const node = runtimePath(cell.major)!;
  const args = cell.program.args.map((arg) =>
    arg === 'hindcast' ? join(cell.tree.dir, 'node_modules/hindcast/dist/cli/main.js') : arg,
  );
  const env = {
    PATH: `${dirname(node)}${delimiter}${process.env['PATH'] ?? ''}`,
    HOME: process.env['HOME'] ?? dir,
    HINDCAST_DIR: recordings,
    HINDCAST_RECORD: 'full',
    TEST_SERVER: server,
    NODE_NO_WARNINGS: '1',
  };
  const { code, stdout, stderr } = await runProgram(node, args, { cwd: dir, env });
  const events = countEvents(recordings);
  rmSync(dir, { recursive: true, force: true });
  if (code !== 0) return `exit ${code}: ${stderr.slice(-600)}`;
  if (stdout !== `${ANSWER}\n`.repeat(cell.program.calls)) return `stdout ${JSON.stringify(stdout)}`;
  return events === cell.program.calls ? null : `${events} events for ${cell.program.calls} calls; ${stderr.slice(-300)}`;
}

interface Ended {
  code: number | string | null;
  stdout: string;
  stderr: string;
}

function runProgram(command: string, args: readonly string[], options: { cwd: string; env: NodeJS.ProcessEnv }): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      ...options,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: CELL_TIMEOUT_MS,
      killSignal: 'SIGKILL',
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (bytes: Buffer) => (stdout += bytes.toString()));
    child.stderr.on('data', (bytes: Buffer) => (stderr += bytes.toString()));
    child.on('error', (error) => resolve({ code: String(error), stdout, stderr }));
    child.on('close', (code, signal) => resolve({ code: code ?? signal, stdout, stderr }));
  });
}

/** The results as a table: one line an SDK and order, one column a Node release. */
export function tableOf(results: readonly CellResult[]): string {
  const rows = new Map<string, Map<RuntimeMajor, string>>();
  for (const result of results) {
    const key = `${result.sdk.padEnd(20)} ${result.order}`;
    const row = rows.get(key) ?? new Map<RuntimeMajor, string>();
    rows.set(key, row.set(result.major, result.fault === null ? 'ok' : 'FAIL'));
  }
  const head = `${''.padEnd(62)}${RUNTIME_MAJORS.map((major) => `Node ${major}`.padEnd(9)).join('')}`;
  const lines = [...rows].map(
    ([key, row]) => key.padEnd(62) + RUNTIME_MAJORS.map((major) => (row.get(major) ?? '.').padEnd(9)).join(''),
  );
  const held = results.filter((result) => result.fault === null).length;
  return [head, ...lines, `${held} of ${results.length} cells hold`].join('\n');
}
