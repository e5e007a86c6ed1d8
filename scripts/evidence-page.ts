/** Tables of trials, and the page that they stand on. */

/** One recording and its replays. */
export interface Trial {
  agent: string;
  node: string;
  /** `load`: with every core kept busy. `ablation`: replayed without each part in turn. */
  mode: 'idle' | 'load' | 'ablation';
  /** Requests that reached the model. */
  calls: number;
  /** Exit code when it was recorded. */
  code: number | null;
  ms: number;
  /** By what was left out; `all` is a replay with all its parts. */
  replays: Record<string, Replay>;
}

export interface Replay {
  /** Every byte of standard output, and the exit code. */
  identical: boolean;
  /** And each request was known by its place. */
  exact: boolean;
  connections: number;
  ms: number;
  code: number | null;
  summary: string;
  /** It did not end, and was killed. */
  hung: boolean;
}

interface Described {
  name: string;
  is: string;
}

const MODES = { idle: 'idle', load: 'every core kept busy', ablation: '' } as const;
/** Rows of the ablation that the measurement of the prototype did not have. */
const NEW_PARTS = /order of work/;

/** One row for each agent, release of Node and mode: how many were the same to the last byte. */
export function evidenceTable(trials: readonly Trial[], agents: readonly Described[]): string {
  const rows: string[] = [];
  const of = trials.filter(({ mode }) => mode !== 'ablation');
  const groups = Map.groupBy(of, ({ node, mode }) => `${node}, ${MODES[mode]}`);
  for (const [group, members] of [...groups].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    for (const { name } of agents) {
      const mine = members.filter(({ agent }) => agent === name);
      if (mine.length > 0) rows.push(row(name, group, mine));
    }
    rows.push(row('**all**', group, members));
  }
  if (rows.length === 0) return '';
  return [
    '| agent | on | runs | of them failing | calls | live ms | replay ms | identical | each request known by its place | connections |',
    '|---|---|---|---|---|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

function row(name: string, group: string, trials: readonly Trial[]): string {
  const replays = trials.flatMap((trial) => trial.replays['all'] ?? []);
  const cells = [
    name,
    group,
    trials.length,
    failing(trials),
    sum(trials.map(({ calls }) => calls)),
    median(trials.map(({ ms }) => ms)),
    median(replays.map(({ ms }) => ms)),
    `${replays.filter(({ identical }) => identical).length} of ${replays.length}`,
    `${replays.filter(({ exact }) => exact).length} of ${replays.length}`,
    sum(replays.map(({ connections }) => connections)),
  ];
  return `| ${cells.join(' | ')} |`;
}

/** How many recordings are of a program that failed, and how it ended. */
function failing(trials: readonly Trial[]): string {
  const codes = trials.map(({ code }) => code).filter((code) => code !== 0);
  const kinds = [...new Set(codes)].toSorted((a, b) => Number(a) - Number(b)).map((code) => code ?? 'a signal');
  return codes.length === 0 ? '0' : `${codes.length} (${kinds.join(', ')})`;
}

/** For each part that was left out, how many replays were still the same. */
export function ablationTable(trials: readonly Trial[], agents: readonly Described[]): string {
  const of = trials.filter(({ mode }) => mode === 'ablation');
  const names = agents.map(({ name }) => name).filter((name) => of.some(({ agent }) => agent === name));
  if (names.length === 0) return '';
  const parts = [...new Set(of.flatMap(({ replays }) => Object.keys(replays)))];
  return [
    `| | ${names.join(' | ')} |`,
    `|---|${names.map(() => '---').join('|')}|`,
    ...parts.map((part) => {
      const cells = names.map((name) => {
        const replays = of.filter(({ agent }) => agent === name).flatMap((trial) => trial.replays[part] ?? []);
        const same = replays.filter(({ identical }) => identical).length;
        const others = [
          ['silent', replays.filter(({ identical, summary }) => !identical && summary.startsWith('✓')).length],
          ['hung', replays.filter(({ hung }) => hung).length],
        ] as const;
        const how = others.filter(([, count]) => count > 0).map(([word, count]) => `${count} ${word}`);
        return `${same} of ${replays.length}${how.length > 0 ? ` (${how.join(', ')})` : ''}`;
      });
      return `| ${part}${NEW_PARTS.test(part) ? ' *' : ''} | ${cells.join(' | ')} |`;
    }),
  ].join('\n');
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, each) => all + each, 0);
const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? 0;

/** The whole page. */
export function page(
  trials: readonly Trial[],
  agents: readonly Described[],
  { machine, counted }: { machine: string; counted: string },
): string {
  const evidence = evidenceTable(trials, agents);
  const ablation = ablationTable(trials, agents);
  const versions = [...new Set(trials.map(({ node }) => node))].toSorted().join(', ');
  return `# Evidence that a replay is exact

Written by \`node scripts/replay-evidence.ts --full\`: not by hand. Measured on ${machine}, with Node ${versions}; two trials at a time. All trials are of one build.

Each run is a recording of its own, against a model that throws dice for its words, delays, pieces, failures and tool calls (\`test/replay/whimsical-model.ts\`). The agents
(\`test/replay/agents/\`) throw dice and look at clocks themselves, print much of what they are given, and fail in some runs: with an exit code, an error that nobody catches, or a rejection.
Then the model is stopped, and the program is replayed ${counted}. Identical: every byte of standard output, and the exit code.
A replay that does not end is killed, and has failed; so has a trial that could not be made.

| agent | what it is |
|---|---|
${agents.map(({ name, is }) => `| ${name} | ${is} |`).join('\n')}

## Replays

Times are medians of whole processes, with the start of Node, of hindcast and of the SDKs, and, of replays, with strace. Of failing runs, the exit codes are in brackets.

${evidence === '' ? 'Not measured yet.' : evidence}

## Without one of its parts

Recordings of their own, each replayed without a part of the mechanism. How many were still identical; silent: the replay said that all was well, and the output was another; hung: it was killed after 20 s.
Lineage: requests are matched by place. Gate: what comes in comes in the recorded order, timers among it, and time is that of the recording. Draws: clocks, dice and readings are those of the recording. Order of work: what ends in the thread pool ends in the recorded order.

${ablation === '' ? 'Not measured yet.' : ablation}

Rows with * are of a part that the prototype did not have, whose measurement is in [decision 14](decisions/0014-replay.md). Where the order of work is kept as well, a place is not needed to tell the requests of these agents apart, as they come in the recorded order then; it is needed where the order of what happens beside the
program is not recorded (the row without both), for the draws, and for forks and changed code.
`;
}
