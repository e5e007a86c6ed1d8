/**
 * The evidence that a replay is exact, written to docs/replay-evidence.md, after a build: `node scripts/replay-evidence.ts --full` makes all of it, in one go. `--runs 20 [--load | --ablate] [--agents a,b]
 * [--node 22]` makes a part; `--write` only writes the page. Each trial is a file of .cache/replay-evidence, in a folder of the build that it was made with, so that what was interrupted goes on where it
 * was, and what has changed since is measured again. A trial that fails, however it does, counts as failed, and is kept.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { AGENTS, agentNamed } from '../test/replay/agents.ts';
import type { AgentProgram } from '../test/replay/agents.ts';
import { forget, howCounted, load, newTrialFolder, recordTrial, replayTrial } from '../test/replay/trials.ts';
import type { Outcome, RecordedTrial } from '../test/replay/trials.ts';
import { ablationTable, evidenceTable, page } from './evidence-page.ts';
import type { Replay, Trial } from './evidence-page.ts';
import { RUNTIME_MAJORS, runtimePath } from './runtimes.ts';

const AT_ONCE = 2;
/** Without a part of it, a program may wait for ever. Those that go wrong in another way do so within the 5 s after which a replay gives up. */
const ABLATED_HANG_MS = 20_000;
const ROUND_MS = 60_000;
const root = join(import.meta.dirname, '..');
const folder = join(root, '.cache/replay-evidence', measured());

const { values } = parseArgs({
  options: {
    full: { type: 'boolean', default: false },
    runs: { type: 'string', default: '20' },
    agents: { type: 'string' },
    node: { type: 'string' },
    load: { type: 'boolean', default: false },
    ablate: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});
const agents = values.agents === undefined ? AGENTS : values.agents.split(',').map(agentNamed);

/** What is left out of a replay, by the word that the table has for it. */
const ABLATIONS: Readonly<Record<string, string>> = {
  all: '',
  'no lineage': 'lineage',
  'no gate': 'gate',
  'no draws': 'draws',
  'no order of work': 'work',
  'no lineage, no order of work': 'lineage,work',
  'content only': 'lineage,gate,draws,work',
};

/** Trials of one kind, on one release of Node. */
interface Part {
  mode: Trial['mode'];
  node: string;
  runs: number;
}

interface Job {
  file: string;
  run: () => Promise<Trial>;
}

const FULL: readonly Part[] = [
  { mode: 'idle', node: process.execPath, runs: 20 },
  { mode: 'load', node: process.execPath, runs: 20 },
  { mode: 'ablation', node: process.execPath, runs: 5 },
  ...RUNTIME_MAJORS.flatMap((major): Part[] => {
    const node = runtimePath(major);
    const isThis = process.versions.node.startsWith(`${major}.`);
    return node === null || isThis ? [] : [{ mode: 'idle', node, runs: 5 }];
  }),
];

/** A digest of what a trial depends on: what was built, and the agents. */
function measured(): string {
  const digest = createHash('sha256');
  const files = globSync(['dist/**/*.js', 'test/replay/agents/*', 'test/replay/{agents,trials,whimsical-*}.ts'], { cwd: root });
  if (!files.some((file) => file.startsWith('dist'))) throw new Error('there is no dist/: npm run build comes first');
  for (const file of files.toSorted()) digest.update(`${file}\n`).update(readFileSync(join(root, file)));
  return digest.digest('hex').slice(0, 12);
}

/** One recording, and a replay of it with each of `without`. */
async function trial(agent: AgentProgram, { mode, node }: Part, version: string): Promise<Trial> {
  const cwd = newTrialFolder();
  const known = { agent: agent.name, node: version, mode };
  const replays: Trial['replays'] = {};
  let recorded: RecordedTrial;
  try {
    recorded = await recordTrial(agent.file, { node, drive: agent.drive, cwd });
  } catch (error) {
    const summary = `not recorded: ${error instanceof Error ? error.message : String(error)}`;
    console.log(`${agent.name} (${mode}) ${summary}\n  what there is of it is kept in ${cwd}`);
    return { ...known, calls: 0, code: null, ms: 0, replays: { all: failed(summary) } };
  }
  for (const [name, parts] of Object.entries(mode === 'ablation' ? ABLATIONS : { all: '' })) {
    const how = { node, env: { HINDCAST_REPLAY_WITHOUT: parts }, ...(parts !== '' && { hangMs: ABLATED_HANG_MS }) };
    try {
      const outcome = await replayTrial(recorded, how);
      replays[name] = replayOf(outcome);
      if (name === 'all' && !replays[name].exact) keep(recorded, outcome);
    } catch (error) {
      replays[name] = failed(`not replayed: ${String(error)}`);
    }
  }
  if (replays['all']?.exact) forget(recorded);
  else console.log(`${agent.name} (${mode}) ${replays['all']?.summary}\n  what it did and what it was to do is kept in ${cwd}`);
  return { ...known, calls: recorded.calls, code: recorded.code, ms: recorded.ms, replays };
}

function replayOf({ identical, connections, ms, code, summary, hung }: Outcome): Replay {
  const exact = identical && summary.startsWith('✓') && !/found by|code is not/.test(summary);
  return { identical, exact, connections, ms, code, summary, hung };
}

function failed(summary: string): Replay {
  return { identical: false, exact: false, connections: 0, ms: 0, code: null, summary, hung: false };
}

/** Puts what was printed beside the recording. */
function keep({ cwd, stdout }: RecordedTrial, again: Outcome): void {
  writeFileSync(join(cwd, 'recorded.stdout'), stdout);
  writeFileSync(join(cwd, 'replayed.stdout'), again.stdout);
  writeFileSync(join(cwd, 'replayed.stderr'), again.stderr);
}

/** One of each agent at a time: what was interrupted has some of all. */
function jobsOf(part: Part): Job[] {
  const version = spawnSync(part.node, ['--version'], { encoding: 'utf8' }).stdout.trim();
  return Array.from({ length: part.runs }, (_, index) =>
    agents.map((agent) => ({
      file: join(folder, `${version}-${part.mode}-${agent.name}-${index}.json`),
      run: () => trial(agent, part, version),
    })),
  ).flat();
}

async function work(jobs: Job[]): Promise<void> {
  for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) {
    const done = await job.run();
    writeFileSync(`${job.file}.part`, JSON.stringify(done));
    renameSync(`${job.file}.part`, job.file);
    const words = Object.entries(done.replays).map(
      ([name, { identical, hung, ms }]) => `${name} ${hung ? 'HUNG' : identical ? 'same' : 'DIFFERENT'} ${ms} ms`,
    );
    console.log(`${done.agent.padEnd(14)} ${done.calls} calls, exit ${done.code}, ${done.ms} ms; ${words.join('; ')}`);
  }
}

async function make(part: Part): Promise<void> {
  const jobs = jobsOf(part);
  const left = jobs.filter(({ file }) => !existsSync(file));
  const inAll = left.length;
  console.log(`${part.mode}, ${part.node}: ${inAll} of ${jobs.length} trials to be made`);
  const startedAt = performance.now();
  const tell = setInterval(() => {
    const spent = performance.now() - startedAt;
    const done = inAll - left.length - AT_ONCE;
    const minutes = (ms: number): string => `${Math.ceil(ms / 60_000)} min`;
    if (done > 0)
      console.log(`-- ${done} of ${inAll} after ${minutes(spent)}, about ${minutes((spent / done) * (inAll - done))} to go`);
  }, ROUND_MS);
  const stop = part.mode === 'load' && inAll > 0 ? load() : () => {};
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, () => work(left)));
  } finally {
    stop();
    clearInterval(tell);
  }
  console.log(`${part.mode}, ${part.node}: made in ${Math.round((performance.now() - startedAt) / 1000)} s`);
}

/** What the command line asks for. */
function asked(): Part[] {
  if (values.write) return [];
  if (values.full) return [...FULL];
  const major = RUNTIME_MAJORS.find((one) => String(one) === values.node);
  const node = major === undefined ? (values.node ?? process.execPath) : runtimePath(major);
  if (node === null) throw new Error(`Node ${major} is not here: node scripts/runtimes.ts`);
  return [{ mode: values.ablate ? 'ablation' : values.load ? 'load' : 'idle', node, runs: Number(values.runs) }];
}

function write(): void {
  const trials = readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .toSorted()
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Trial);
  const machine = `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'CPU'}, ${process.platform} ${process.arch}`;
  writeFileSync(join(root, 'docs/replay-evidence.md'), page(trials, AGENTS, { machine, counted: howCounted() }));
  console.log([evidenceTable(trials, AGENTS), ablationTable(trials, AGENTS)].filter(Boolean).join('\n\n'));
}

mkdirSync(folder, { recursive: true });
process.once('SIGINT', () => process.exit(130)).once('SIGTERM', () => process.exit(143));
for (const part of asked()) {
  await make(part);
  write();
}
if (values.write) write();
