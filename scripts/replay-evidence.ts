/**
 * The evidence that a replay is exact, written to docs/replay-evidence.md: `node scripts/replay-evidence.ts --runs 20 [--load] [--agents a,b] [--node path]`, after a build. Each trial is a file of
 * .cache/replay-evidence, so that what was interrupted goes on where it was. `--ablate` measures a replay without each of its parts; `--write` only writes the page from the trials that are there.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { AGENTS, agentNamed } from '../test/replay/agents.ts';
import type { AgentProgram } from '../test/replay/agents.ts';
import { forget, howCounted, load, recordTrial, replayTrial } from '../test/replay/trials.ts';
import { ablationTable, evidenceTable, page } from './evidence-page.ts';
import type { Trial } from './evidence-page.ts';

const AT_ONCE = 2;
const ABLATED_HANG_MS = 20_000;
const root = join(import.meta.dirname, '..');
const folder = join(root, '.cache/replay-evidence');

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '20' },
    agents: { type: 'string' },
    node: { type: 'string', default: process.execPath },
    load: { type: 'boolean', default: false },
    ablate: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});
const runs = Number(values.runs);
const agents = values.agents === undefined ? AGENTS : values.agents.split(',').map(agentNamed);
const version = spawnSync(values.node, ['--version'], { encoding: 'utf8' }).stdout.trim();

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

interface Job {
  file: string;
  run: () => Promise<Trial>;
}

/** One recording, and a replay of it with each of `without`. */
async function trial(agent: AgentProgram, mode: Trial['mode'], without: Readonly<Record<string, string>>): Promise<Trial> {
  const recorded = await recordTrial(agent.file, { node: values.node, drive: agent.drive });
  const replays: Trial['replays'] = {};
  for (const [name, parts] of Object.entries(without)) {
    const { identical, connections, ms, summary, code } = await replayTrial(recorded, {
      node: values.node,
      env: { HINDCAST_REPLAY_WITHOUT: parts },
      // Without a part of it, a program may wait for ever.
      ...(parts !== '' && { hangMs: ABLATED_HANG_MS }),
    });
    const exact = identical && summary.startsWith('✓') && !/found by|code is not/.test(summary);
    replays[name] = { identical, exact, connections, ms, code, summary };
  }
  const { all } = replays;
  if (all !== undefined && !all.exact) {
    const what = all.identical ? 'same, but not each request known by its place' : 'DIFFERENT';
    console.log(`${agent.name} (${mode}) ${what}: ${all.summary}\n  its recording is kept in ${recorded.cwd}`);
  } else forget(recorded);
  return { agent: agent.name, node: version, mode, calls: recorded.calls, code: recorded.code, ms: recorded.ms, replays };
}

function jobsOf(agent: AgentProgram): Job[] {
  const mode = values.ablate ? 'ablation' : values.load ? 'load' : 'idle';
  const without = values.ablate ? ABLATIONS : { all: '' };
  return Array.from({ length: runs }, (_, index) => ({
    file: join(folder, `${version}-${mode}-${agent.name}-${index}.json`),
    run: () => trial(agent, mode, without),
  }));
}

async function work(jobs: Job[]): Promise<void> {
  for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) {
    const done = await job.run();
    writeFileSync(job.file, JSON.stringify(done));
    const words = Object.entries(done.replays).map(
      ([name, { identical, ms }]) => `${name} ${identical ? 'same' : 'DIFFERENT'} ${ms} ms`,
    );
    console.log(`${done.agent.padEnd(14)} ${done.calls} calls, exit ${done.code}, ${done.ms} ms; ${words.join('; ')}`);
  }
}

mkdirSync(folder, { recursive: true });
if (!values.write) {
  // One of each agent at a time: what was interrupted has some of all.
  const jobs = agents.map(jobsOf);
  const inTurn = Array.from({ length: runs }, (_, index) => jobs.map((each) => each[index]!)).flat();
  const left = inTurn.filter(({ file }) => !existsSync(file));
  console.log(`${left.length} of ${inTurn.length} trials to be made, on Node ${version}`);
  const stop = values.load ? load() : () => {};
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, () => work(left)));
  } finally {
    stop();
  }
}
const trials = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Trial);
const machine = `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'CPU'}, ${process.platform} ${process.arch}`;
writeFileSync(join(root, 'docs/replay-evidence.md'), page(trials, AGENTS, { machine, counted: howCounted() }));
console.log([evidenceTable(trials, AGENTS), ablationTable(trials, AGENTS)].filter(Boolean).join('\n\n'));
