/** Which model call decided that a run went wrong, by asking each again: the last one after which runs still went well. Pure but for the runs, which it is given. */

/** How one run came out; `stopped`: at a side effect, `lost`: it left the recording before the call. Neither is judged. */
export type Sample = 'good' | 'bad' | 'stopped' | 'lost';

/** What came of asking one call again. */
export interface Tried {
  /** Place among the calls. */
  step: number;
  counts: Record<Sample, number>;
}

export type Search = 'all' | 'binary';

export interface SearchOptions {
  /** How many calls there are, in the order in which they began. */
  steps: number;
  /** Runs of each. */
  samples: number;
  search: Search;
  /** One run with this call asked again; null: nothing more may be spent. */
  sample(step: number): Promise<Sample | null>;
  onTried(tried: Tried): void;
}

export interface Found {
  tried: Tried[];
  /** Place of the call that decided; absent where none of those that were tried did. */
  decided?: number;
  /** Not everything was tried that should have been. */
  cut: boolean;
}

/** Tries every call in its order, or halves: that takes for granted that a run that can be saved late can be saved early, which need not be so. */
export async function searchSteps(options: SearchOptions): Promise<Found> {
  const tried: Tried[] = [];
  const attempt = async (step: number): Promise<Tried | null> => {
    const result = await tryStep(step, options);
    const runs = Object.values(result.counts).reduce((sum, count) => sum + count, 0);
    if (runs > 0) {
      tried.push(result);
      options.onTried(result);
    }
    return runs < options.samples ? null : result;
  };
  const cut = !(await (options.search === 'all' ? everyStep(options.steps, attempt) : halving(options.steps, attempt)));
  tried.sort((a, b) => a.step - b.step);
  const decided = tried.findLast(({ counts }) => counts.good > 0)?.step;
  return { tried, cut, ...(decided !== undefined && { decided }) };
}

async function tryStep(step: number, { samples, sample }: SearchOptions): Promise<Tried> {
  const counts = { good: 0, bad: 0, stopped: 0, lost: 0 };
  for (let run = 0; run < samples; run++) {
    const outcome = await sample(step);
    if (outcome === null) break;
    counts[outcome]++;
  }
  return { step, counts };
}

type Attempt = (step: number) => Promise<Tried | null>;

/** False: there was no budget for all. */
async function everyStep(steps: number, attempt: Attempt): Promise<boolean> {
  for (let step = 0; step < steps; step++) if ((await attempt(step)) === null) return false;
  return true;
}

async function halving(steps: number, attempt: Attempt): Promise<boolean> {
  let [good, bad] = [-1, steps];
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    const result = await attempt(middle);
    if (result === null) return false;
    if (result.counts.good > 0) good = middle;
    else bad = middle;
  }
  return true;
}
