/** Finds the model call that decided a run, by forking at each and asking it again. */
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { emptyStats } from '../../analysis/stats.ts';
import type { PlannedEdit } from '../../events/edits.ts';
import type { ForkFigures } from '../../analysis/fork-figures.ts';
import { DIVERGED } from '../../replay/divergence.ts';
import { REFUSED } from '../../replay/effects.ts';
import { CliFailure } from '../failure.ts';
import { walk } from '../tree.ts';
import { searchSteps } from './bisect-search.ts';
import type { Found, Sample, Search, Tried } from './bisect-search.ts';
import { plannedEdits } from './planned-edit.ts';
import { forkPoint } from './fork-point.ts';
import type { ForkPoint } from './fork-point.ts';
import type { Forkable } from './fork-order.ts';
import { runFork } from './run-fork.ts';
import type { ForkRun } from './run-fork.ts';
import type { Verdict } from './verdict.ts';

export interface BisectOptions {
  verdict: Verdict;
  samples: number;
  /** Undefined: every call where the forks suffice, else by halves. */
  search?: Search | undefined;
  forksMax: number;
  costMaxUsd?: number | undefined;
  allow: string[];
  /** The forks stay beside the session. */
  keep: boolean;
  /** What the programs say on stderr is shown. */
  loud: boolean;
  /** Told before each fork. */
  onFork(at: { number: number; call: ForkPoint }): void;
  onTried(call: ForkPoint, tried: Tried): void;
}

export interface Bisected extends Found {
  /** Model calls that can be asked again, in the order in which they began. */
  calls: ForkPoint[];
  search: Search;
  forks: number;
  /** Ids of the forks that were kept. */
  kept: string[];
  /** Side effects that nobody allowed, by name. */
  refused: string[];
  saved: Spending;
  spent: Spending;
  /** Why nothing more was tried. */
  limit?: string;
}

type Spending = ForkFigures['saved'];

/** Runs the search. A session that is not bad, or whose replay is not, is a failure. */
export async function bisect(forkable: Forkable, options: BisectOptions): Promise<Bisected> {
  const calls = callsOf(forkable);
  if (calls.length === 0) throw new CliFailure(`${forkable.id} has no model call that can be asked again`);
  const work = mkdtempSync(join(tmpdir(), 'hindcast-bisect-'));
  try {
    const runs = new Runs(forkable, options, work);
    await runs.judgeRecorded();
    const search = options.search ?? (calls.length * options.samples <= options.forksMax ? 'all' : 'binary');
    const found = await searchSteps({
      steps: calls.length,
      samples: options.samples,
      search,
      sample: (step) => runs.sample(calls[step] as ForkPoint),
      onTried: (tried) => options.onTried(calls[tried.step] as ForkPoint, tried),
    });
    const { forks, kept, refused, saved, spent, limit } = runs;
    return { ...found, calls, search, forks, kept, refused: [...refused], saved, spent, ...(limit !== undefined && { limit }) };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Model calls of the recording whose requests can be made again. */
function callsOf({ recording, family }: Forkable): ForkPoint[] {
  const numbers = new Map([...walk(family.tree)].map(({ node }) => [node.id, node.number]));
  return recording.events
    .filter(({ type }) => type === 'llm')
    .toSorted((a, b) => a.start - b.start)
    .map(({ id }) => forkPoint(recording, id, numbers.get(id)))
    .filter(({ request }) => request !== undefined);
}

/** The runs of one search, one after the other, and what they took. */
class Runs {
  forks = 0;
  limit: string | undefined;
  readonly kept: string[] = [];
  readonly refused = new Set<string>();
  readonly saved = nothing();
  readonly spent = nothing();
  readonly #forkable: Forkable;
  readonly #options: BisectOptions;
  readonly #work: string;

  constructor(forkable: Forkable, options: BisectOptions, work: string) {
    this.#forkable = forkable;
    this.#options = options;
    this.#work = work;
  }

  /** The recorded run, replayed for what it printed: it must be bad, and come out as it did. */
  async judgeRecorded(): Promise<void> {
    const { id, recording } = this.#forkable;
    const { run, output } = await this.#run({});
    if (run.report === null || run.exitCode === DIVERGED)
      throw new CliFailure(`${id} cannot be bisected: its replay is not what was recorded`, {
        hint: `hindcast replay ${id} says where it leaves the recording.`,
      });
    const { verdict } = this.#options;
    if (!(await verdict.isBad({ exitCode: run.exitCode, end: recording.end, output, recording: this.#forkable.path })))
      throw new CliFailure(`${id} is not bad: it exits with ${run.exitCode} (${verdict.words})`, {
        hint: "Say what is bad: --bad-if 'grep -q refund', which is given what the program printed.",
        exitCode: 2,
      });
  }

  /** One run with a call asked again; null where the budget is used up. */
  async sample(call: ForkPoint): Promise<Sample | null> {
    const { forksMax, costMaxUsd, allow, keep, onFork, verdict } = this.#options;
    if (costMaxUsd !== undefined && this.spent.cost.unknown > 0) this.limit = '--max-cost: what was asked has no known price';
    else if (costMaxUsd !== undefined && this.spent.cost.usd >= costMaxUsd) this.limit = `--max-cost ${costMaxUsd}`;
    else if (this.forks >= forksMax) this.limit = `--max-forks ${forksMax}`;
    if (this.limit !== undefined) return null;
    onFork({ number: ++this.forks, call });
    const { run, output } = await this.#run({
      fork: { event: call.id, edits: askedAgain(call), after: 'branch', allow },
    });
    add(this.saved, run.figures.saved);
    add(this.spent, run.figures.spent);
    if (keep) this.kept.push(...run.made.map(({ id }) => id));
    for (const { name } of run.report?.refused ?? []) this.refused.add(name);
    if (run.exitCode === REFUSED) return 'stopped';
    if (run.exitCode === DIVERGED || run.made.length === 0) return 'lost';
    const [made] = run.made;
    const isBad = await verdict.isBad({ exitCode: run.exitCode, end: made?.recording.end, output, recording: made?.path });
    return isBad ? 'bad' : 'good';
  }

  async #run({ fork }: Pick<Parameters<typeof runFork>[0], 'fork'>): Promise<{ run: ForkRun; output: string }> {
    const { keep, loud } = this.#options;
    const output = join(this.#work, 'output');
    const stdout = openSync(output, 'w', 0o600);
    try {
      const run = await runFork({
        path: this.#forkable.path,
        recording: this.#forkable.recording,
        ...(fork && { fork }),
        folder: keep && fork !== undefined ? dirname(dirname(this.#forkable.path)) : join(this.#work, '.hindcast'),
        stdio: ['ignore', stdout, loud ? 'inherit' : 'ignore'],
      });
      return { run, output };
    } finally {
      closeSync(stdout);
    }
  }
}

function askedAgain(call: ForkPoint): PlannedEdit[] {
  const edits = plannedEdits(call, { event: call.id, resample: true });
  return typeof edits === 'string' ? [] : edits;
}

function nothing(): Spending {
  const { llm, tokens, cost } = emptyStats();
  return { llm, tokens, cost };
}

function add(sum: Spending, more: Spending): void {
  sum.llm += more.llm;
  for (const kind of Object.keys(sum.tokens) as (keyof Spending['tokens'])[]) sum.tokens[kind] += more.tokens[kind];
  sum.cost.usd = Math.round((sum.cost.usd + more.cost.usd) * 1e9) / 1e9;
  sum.cost.unknown += more.cost.unknown;
}
