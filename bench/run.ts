/**
 * npm run bench [-- --quick --write --peers --rounds 9 --only stream --candidates bare,full]
 *
 * Holds hindcast against the bare SDK, and with --peers against others, in interleaved rounds: A B C, A B C, ... Each candidate has its own process and only one works at
 * a time. What counts is the CPU time of that process (user and system), with the sending of what the round left behind. `bare-again` is the bare SDK once more: what it
 * "adds" is the noise of this machine on this day, and no difference below it means anything.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { arch, availableParallelism, cpus, platform } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { compile, runCold, StandIn, Worker, type ColdCost } from './processes.ts';
import { coldTable, conversationTable, sinkTable, taskTable, type ReportContext, type Rounds } from './report.ts';
import { TASKS } from './tasks.ts';
import type { Cost, WorkerSetup } from './worker.ts';

const OURS = ['bare', 'bare-again', 'off', 'metadata', 'full', 'metadata-export', 'full-export'];
/** Peer candidates and the set of packages that each needs (peers/<set>.json). */
const PEERS: Record<string, string> = { langfuse: 'langfuse', 'bare-openai-6': 'otel', 'otel-openai-6': 'otel' };

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    peers: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    only: { type: 'string' },
    candidates: { type: 'string' },
  },
});

const root = join(import.meta.dirname, '..');
const cache = join(root, '.cache');
const compiled = join(cache, 'bench');
const kept = join(cache, `bench-recordings-${process.pid}`);
const peersFolder = join(cache, 'peers');
const rounds = Number(options.rounds ?? (options.quick ? 3 : 9));
const chosen = options.candidates?.split(',') ?? [...OURS, ...(options.peers ? Object.keys(PEERS) : [])];
const wanted = (name: string): boolean => options.only === undefined || name.includes(options.only);
const context: ReportContext = {
  peers: Object.keys(PEERS).filter((name) => !name.startsWith('bare')),
  bareOf: (candidate) => (candidate.endsWith('openai-6') ? 'bare-openai-6' : 'bare'),
};

/** Installs what the chosen peers need, into a folder that is no part of the project. */
function installPeers(): void {
  for (const set of new Set(chosen.map((name) => PEERS[name]).filter((name) => name !== undefined))) {
    const folder = join(peersFolder, set);
    const manifest = join(root, 'bench/peers', `${set}.json`);
    mkdirSync(folder, { recursive: true });
    const installed = join(folder, 'package.json');
    if (
      existsSync(join(folder, 'node_modules')) &&
      existsSync(installed) &&
      readFileSync(installed, 'utf8') === readFileSync(manifest, 'utf8')
    )
      continue;
    copyFileSync(manifest, installed);
    console.error(`installing the peers of ${set} into ${folder}`);
    execFileSync('npm', ['install', '--no-audit', '--no-fund', '--no-package-lock'], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  }
}

function setupOf(candidate: string, url: string, purpose: string): WorkerSetup {
  return {
    candidate: candidate === 'bare-again' ? 'bare' : candidate,
    url,
    folder: join(kept, purpose, candidate),
    peers: peersFolder,
  };
}

/** Each round begins with another candidate, so that none always follows the same one. */
function rotated<T>(items: readonly T[], round: number): T[] {
  const first = (round + items.length) % items.length;
  return [...items.slice(first), ...items.slice(0, first)];
}

/** Optimising compilers work on threads of the process, and their time counts: a candidate with more code takes longer to settle. */
const WARM_UP_ROUNDS = 6;

/** What went wrong, to be told at the end: one candidate that fails a task must not take the others' figures with it. */
const failures: string[] = [];

async function attempt<T>(name: string, what: string, work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    failures.push(
      `${name}, ${what}: ${error instanceof Error ? error.message.split('\n').slice(0, 3).join(' ') : String(error)}`,
    );
    return null;
  }
}

async function startWorkers(url: string): Promise<Map<string, Worker>> {
  const workers = new Map<string, Worker>();
  for (const name of chosen) {
    const worker = new Worker(compiled, setupOf(name, url, 'work'));
    const ready = await attempt(name, 'start of the worker', async () => {
      await worker.ready();
      return worker;
    });
    if (ready !== null) workers.set(name, worker);
  }
  return workers;
}

async function runTasks(workers: ReadonlyMap<string, Worker>): Promise<string[]> {
  const tables: string[] = [];
  for (const [index, task] of TASKS.entries()) {
    if (!wanted(task.name)) continue;
    const calls = options.quick ? Math.max(task.atOnce, Math.ceil(task.calls / 4)) : task.calls;
    const result: Rounds<Cost> = new Map([...workers.keys()].map((name) => [name, []]));
    // The first rounds are thrown away: code is compiled, connections are made.
    for (let round = options.quick ? -2 : -WARM_UP_ROUNDS; round < rounds; round++) {
      for (const [name, worker] of rotated([...workers], round)) {
        if (!result.has(name)) continue;
        const cost = await attempt(name, task.name, () => worker.obey({ do: 'task', task: index, calls }));
        if (cost === null) result.delete(name);
        else if (round >= 0) result.get(name)?.push(cost);
      }
    }
    const table = taskTable({ task, calls, rounds: result }, context);
    console.log(table);
    tables.push(table);
  }
  return tables;
}

async function runConversations(workers: ReadonlyMap<string, Worker>): Promise<string[]> {
  if (!wanted('conversation')) return [];
  const runs: { turns: number; costs: Map<string, Cost> }[] = [];
  for (const turns of options.quick ? [10, 100] : [10, 100, 1000]) {
    const costs = new Map<string, Cost>();
    for (const [name, worker] of workers) {
      const cost = await attempt(name, `${turns} turns`, () => worker.obey({ do: 'converse', turns }));
      if (cost !== null) costs.set(name, cost);
    }
    runs.push({ turns, costs });
  }
  const table = conversationTable(runs, context);
  console.log(table);
  return [table];
}

async function runStarts(url: string): Promise<string[]> {
  if (!wanted('start')) return [];
  const result: Rounds<ColdCost> = new Map(chosen.map((name) => [name, []]));
  for (let round = -1; round < (options.quick ? 5 : 15); round++) {
    for (const name of rotated(chosen, round)) {
      if (!result.has(name)) continue;
      const cost = await attempt(name, 'start', () => runCold(compiled, setupOf(name, url, `cold-${round}`)));
      if (cost === null) result.delete(name);
      else if (round >= 0) result.get(name)?.push(cost);
    }
  }
  const table = coldTable(result, context);
  console.log(table);
  return [table];
}

async function main(): Promise<void> {
  if (chosen.some((name) => name in PEERS)) installPeers();
  compile(compiled);
  const standIn = new StandIn(compiled);
  await standIn.ready();
  let workers = new Map<string, Worker>();
  try {
    const head = `# Bench\n\nNode ${process.version}, ${platform()} ${arch()}, ${availableParallelism()} cores (${cpus()[0]?.model ?? 'unknown'}), ${rounds} rounds${options.quick ? ', quick' : ''}. Medians; "added" is to the bare SDK in the same round.\n`;
    console.log(head);
    const starts = await runStarts(standIn.url);
    workers = await startWorkers(standIn.url);
    const tables = [
      ...(await runTasks(workers)),
      ...(await runConversations(workers)),
      ...starts,
      sinkTable(await standIn.counts()),
    ];
    if (failures.length > 0) tables.push(`### failed\n\n${failures.map((failure) => `- ${failure}`).join('\n')}\n`);
    console.log(tables.slice(failures.length > 0 ? -2 : -1).join('\n'));
    if (options.write) writeFileSync(join(root, 'bench/results/latest.md'), [head, ...tables].join('\n'));
  } finally {
    await Promise.all([...workers.values()].map((worker) => worker.stop()));
    standIn.stop();
    rmSync(kept, { recursive: true, force: true });
  }
}

await main();
if (failures.length > 0) process.exitCode = 1;
