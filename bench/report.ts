/** Tables of a run. */
import type { SinkCount } from './stand-in.ts';
import { addedTo, figure, markdown, median, signed } from './table.ts';
import type { ColdCost } from './processes.ts';
import type { Task } from './tasks.ts';
import type { Cost } from './worker.ts';

/** By candidate, one entry a round. */
export type Rounds<T> = Map<string, T[]>;

const perUnit = (task: Task, calls: number): number => calls * (task.chunks ?? 1);

/** The lowest added CPU of the candidates that are not ours, or null. */
function bestPeer(added: ReadonlyMap<string, number>, peers: readonly string[]): number | null {
  const values = peers.map((name) => added.get(name)).filter((value): value is number => value !== undefined && value > 0);
  return values.length > 0 ? Math.min(...values) : null;
}

export interface TaskRun {
  task: Task;
  calls: number;
  rounds: Rounds<Cost>;
}

/** A peer is held against the bare SDK that it can watch: openai 6 for one that knows no later major. */
export type BareOf = (candidate: string) => string;

export interface ReportContext {
  peers: readonly string[];
  bareOf: BareOf;
}

/** One table a task. */
export function taskTable({ task, calls, rounds }: TaskRun, { peers, bareOf }: ReportContext): string {
  const unit = task.chunks === undefined ? 'call' : 'chunk';
  const cpu = new Map([...rounds].map(([name, costs]) => [name, costs.map((cost) => cost.cpuUs / perUnit(task, calls))]));
  const added = new Map([...cpu].map(([name, values]) => [name, addedTo(cpu.get(bareOf(name)) ?? [], values)]));
  const best = bestPeer(added, peers);
  const head = [
    '',
    `CPU us/${unit}`,
    'added',
    'of bare',
    ...(best === null ? [] : ['of best peer']),
    'p50 us',
    'added p50',
    'KB kept',
  ];
  const streams = task.chunks !== undefined;
  if (streams) head.push('added first chunk us');
  if (task.stall) head.push('stall ms');
  const rows = [...rounds].map(([name, costs]) => {
    const bare = rounds.get(bareOf(name)) ?? [];
    const isBare = bareOf(name) === name;
    const more = added.get(name) ?? Number.NaN;
    const firstAdded = addedTo(
      bare.map((cost) => cost.firstUs ?? Number.NaN),
      costs.map((cost) => cost.firstUs ?? Number.NaN),
    );
    return [
      name,
      figure(median(cpu.get(name) ?? [])),
      isBare ? '' : signed(more),
      figure(median(cpu.get(name) ?? []) / median(cpu.get(bareOf(name)) ?? [])),
      ...(best === null ? [] : [isBare || peers.includes(name) ? '' : `${figure(more / best)}x`]),
      figure(median(costs.map((cost) => cost.p50Us))),
      isBare
        ? ''
        : signed(
            addedTo(
              bare.map((cost) => cost.p50Us),
              costs.map((cost) => cost.p50Us),
            ),
          ),
      figure(median(costs.map((cost) => cost.keptBytes)) / calls / 1000),
      ...(streams ? [isBare ? '' : signed(firstAdded)] : []),
      ...(task.stall ? [figure(median(costs.map((cost) => cost.stallUs ?? Number.NaN)) / 1000)] : []),
    ];
  });
  return `### ${task.name}\n\n${markdown(head, rows)}\n`;
}

/** Start-up, one cold process a measurement. */
export function coldTable(rounds: Rounds<ColdCost>, { bareOf }: ReportContext): string {
  const rows = [...rounds].map(([name, costs]) => {
    const bare = rounds.get(bareOf(name)) ?? [];
    const isBare = bareOf(name) === name;
    const column = (pick: (cost: ColdCost) => number): string[] => [
      figure(median(costs.map(pick))),
      isBare ? '' : signed(addedTo(bare.map(pick), costs.map(pick))),
    ];
    return [
      name,
      ...column((cost) => cost.ms),
      figure(median(costs.map((cost) => cost.ms)) / median(bare.map((cost) => cost.ms))),
      ...column((cost) => cost.cpuUs / 1000),
      ...column((cost) => cost.rssBytes / 1e6),
    ];
  });
  return `### start to first answer, cold process\n\n${markdown(['', 'ms', 'added', 'of bare', 'CPU ms', 'added', 'RSS MB', 'added'], rows)}\n`;
}

/** One row a candidate and length of conversation. */
export function conversationTable(
  runs: readonly { turns: number; costs: ReadonlyMap<string, Cost> }[],
  { bareOf }: ReportContext,
): string {
  const rows = runs.flatMap(({ turns, costs }) =>
    [...costs].map(([name, cost]) => [
      name,
      String(turns),
      figure(cost.cpuUs / turns),
      bareOf(name) === name ? '' : signed((cost.cpuUs - (costs.get(bareOf(name))?.cpuUs ?? Number.NaN)) / turns),
      figure((cost.wireBytes ?? 0) / 1000),
      figure(cost.keptBytes / 1000),
      figure(cost.keptBytes / 1000 / turns),
    ]),
  );
  const head = ['', 'turns', 'CPU us/turn', 'added', 'KB on the wire', 'KB kept', 'KB kept/turn'];
  return `### a conversation of n turns\n\n${markdown(head, rows)}\n`;
}

/** What the sink was given: proof that those who export did. */
export function sinkTable(counts: Record<string, SinkCount>): string {
  const rows = Object.entries(counts).map(([name, count]) => [name, String(count.requests), figure(count.bytes / 1000)]);
  return `### given to the sink in this run\n\n${markdown(['', 'requests', 'KB'], rows)}\n`;
}
