/** `hindcast branches`: sessions and their forks as a tree. */
import { join } from 'node:path';
import type { Command } from 'commander';
import { duration, money, tokens } from '../../analysis/figures.ts';
import { describeForks, forkTrees, treesWith, walkForks } from '../fork/fork-tree.ts';
import type { ForkNode } from '../fork/fork-tree.ts';
import { oneLine } from '../printable.ts';
import { explained, recordingAt, recordingsAt } from '../project.ts';
import { endWords, idOf, stateWord } from '../session-words.ts';
import { table, type Cell, type Column } from '../table.ts';
import { does, newVerb, type Call } from '../verb.ts';

const COLUMNS: Column[] = [
  { title: 'session' },
  { title: 'forked at', gives: true },
  { title: 'edit', gives: true },
  { title: 'events', side: 'right' },
  { title: 'recorded', side: 'right' },
  { title: 'sent', side: 'right' },
  { title: 'tokens', side: 'right' },
  { title: 'cost', side: 'right' },
  { title: 'took', side: 'right' },
  { title: 'state' },
  { title: 'exit', side: 'right' },
  { title: '', gives: true },
];

export function verb(): Command {
  const command = newVerb({
    name: 'branches',
    summary: 'sessions and their forks as a tree',
    description:
      'Lists sessions with their forks below them: at which event each was forked, what was edited, how many of its requests were answered from the recording ' +
      'and how many were sent, and how it ended. Tokens and cost of a fork are those that were spent on it.',
    examples: [
      ['branches', 'every session that has forks'],
      ['branches ses_4f1a', 'the tree that this session is in'],
      ['branches --json | jq ".[].forks[].exitCode"', 'for programs'],
    ],
  }).argument('[session]', 'id, the beginning of one, a path, or "last"; without it, all that have forks');
  return does(command, run);
}

function run({ args: [meant], options, terminal }: Call<object>): number {
  const dir = recordingsAt(options.dir);
  const id = meant === undefined ? undefined : idOf(recordingAt(options.dir, meant));
  const trees = explained(() => treesWith(forkTrees(dir), id));
  for (const tree of trees) explained(() => describeForks(tree, (of) => join(dir, `${of}.jsonl`)));
  if (terminal.json) {
    terminal.printJson(trees.map(asJson));
    return 0;
  }
  if (trees.length === 0) {
    terminal.remark(`No session in ${dir} has forks yet.\n  Make one: hindcast fork <session> --at <event> --model <name>`);
    return 0;
  }
  const rows = trees.flatMap((tree) => [...walkForks(tree)].map(({ node, branch }) => row(node, branch)));
  for (const line of table(COLUMNS, rows, terminal)) terminal.print(line);
  return 0;
}

function row(
  { summary, fork, at, edits, figures, exitCode = summary.end?.exitCode, children }: ForkNode,
  branch: string,
): Cell[] {
  const { id, state, end, stats, events } = summary;
  const llm = figures?.spent.llm ?? stats?.llm ?? 0;
  const { tokens: used, cost } = figures?.spent ?? stats ?? {};
  const isOrphan = fork !== undefined && branch === '';
  return [
    branch + oneLine(id),
    at ?? '',
    edits ?? '',
    String(events),
    figures === undefined ? '' : String(figures.requests.recorded),
    figures === undefined ? '' : String(figures.requests.sent),
    used && llm > used.unknown ? tokens(used.input, used.output) : '',
    cost && llm > cost.unknown ? money(cost.usd) : '',
    stats ? duration(stats.durationMs * 1000) : '',
    stateWord(state, end),
    exitCode === undefined ? '' : String(exitCode),
    [
      exitCode ? '' : endWords(end),
      isOrphan ? `fork of ${oneLine(fork.of)}, which is not here` : '',
      fork === undefined && children.length === 0 ? 'no forks yet' : '',
    ]
      .filter(Boolean)
      .join(', '),
  ];
}

/** Deep trees are no deep recursion: a fork of a fork is as deep as somebody forked by hand. */
function asJson({ summary, fork, at, edits, figures, exitCode = summary.end?.exitCode, children }: ForkNode): object {
  const { id, path, state, end, stats, events, header } = summary;
  return {
    id,
    startedAt: new Date(header.epoch / 1000).toISOString(),
    state,
    exitCode: exitCode ?? null,
    end,
    events,
    stats,
    ...(fork && { fork, at, edit: edits }),
    ...(figures && { figures }),
    path,
    forks: children.map(asJson),
  };
}
