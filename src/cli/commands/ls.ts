/** `hindcast ls`: the sessions that were recorded, newest first. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import { sessionTrees, walkFamily, type FamilyNode } from '../../analysis/family.ts';
import { statusOf } from '../../analysis/session-filter.ts';
import { wallMs } from '../../core/clock.ts';
import { listRecordings, type Summary } from '../../recording/recording.ts';
import { count, duration, localTime, money, tokens } from '../../analysis/figures.ts';
import { roomWords } from '../budget-words.ts';
import type { ForkFacts } from '../../events/edits.ts';
import { oneLine } from '../printable.ts';
import { recordingsAt } from '../project.ts';
import { endWords, stateWord, whoRan } from '../session-words.ts';
import { sinceOf } from '../since.ts';
import { table, type Cell, type Column } from '../table.ts';
import { does, newVerb, type Call } from '../verb.ts';

const COUNT_DEFAULT = 20;

/** What may be asked for, as `ls` says it; the words of the recording too. */
const STATUSES: Record<string, string> = {
  ...{ running: 'running', ok: 'ok', failed: 'failed', ended: 'ended', crashed: 'crashed', damaged: 'damaged' },
  ...{ success: 'ok', failure: 'failed', indeterminate: 'ended' },
};

interface ListOptions {
  count: number;
  agent?: string;
  tag?: string[];
  status?: string;
  since?: string;
}

/** A recording, and how deep below another session's it stands. */
interface Listed {
  summary: Summary;
  depth: number;
  /** What it is to the others, where its place does not say it. */
  relation: string;
}

const COLUMNS: Column[] = [
  { title: 'session' },
  { title: 'started' },
  { title: 'agent', gives: true },
  { title: 'events', side: 'right' },
  { title: 'tokens', side: 'right' },
  { title: 'cost', side: 'right' },
  { title: 'took', side: 'right' },
  { title: 'state' },
  { title: '', gives: true },
];

export function verb(): Command {
  const command = newVerb({
    name: 'ls',
    summary: 'list the recorded sessions, newest first',
    description:
      'Lists the recorded sessions, newest first. A session that is part of another one, also of another process, stands indented ' +
      'below it. Filters that are given together must all hold.',
    examples: [
      ['ls', `the newest ${COUNT_DEFAULT}`],
      ['ls -n 100', 'more of them'],
      ['ls --status failed --since 12h', 'what went wrong lately'],
      ['ls --agent support --tag nightly', 'by agent and by tag'],
      ['ls --json | jq -r ".[0].id"', 'the id of the newest'],
    ],
  })
    .option('-n, --count <number>', 'how many to list', wholeNumber, COUNT_DEFAULT)
    .option('--agent <name>', 'sessions of this agent: id or name')
    .option('--tag <tag>', 'sessions with this tag; may be repeated: with all of them', gather)
    .addOption(new Option('--status <status>', 'sessions that stand so').choices(Object.keys(STATUSES)))
    .option('--since <time>', 'sessions that began then or later: 12h, 30d, today, 2026-03-01');
  return does(command, run);
}

function gather(tag: string, tags: string[] | undefined): string[] {
  return [...(tags ?? []), tag];
}

function wholeNumber(text: string): number {
  const n = Number(text);
  if (!Number.isInteger(n) || n < 1) throw new InvalidArgumentError('It must be a whole number from 1 on.');
  return n;
}

async function run({ options, terminal }: Call<ListOptions>): Promise<number> {
  const dir = recordingsAt(options.dir);
  const all = listRecordings(dir);
  const meant = all.filter(matching(options));
  const listed = inFamilies(meant);
  const shown = listed.slice(0, options.count);
  if (terminal.json) {
    terminal.printJson(shown.map(({ summary }) => asJson(summary)));
    return 0;
  }
  const room = await roomWords(dir);
  if (all.length === 0) {
    if (room !== '') terminal.remark(room);
    terminal.remark(
      `No sessions are recorded in ${dir} yet.\n  Record one: hindcast run -- node agent.js, or see one: hindcast demo`,
    );
    return 0;
  }
  if (meant.length === 0) {
    terminal.remark(`None of ${count(all.length, 'session')} is like that.`);
    return 0;
  }
  for (const line of table(COLUMNS, shown.map(row), terminal)) terminal.print(line);
  if (listed.length > shown.length)
    terminal.remark(`${count(listed.length - shown.length, 'more session')}: hindcast ls -n ${listed.length}`);
  if (room !== '') terminal.remark(room);
  return 0;
}

/** Whether a recording is asked for. Its ends must do: what is said in between is not read. */
function matching({ agent, tag = [], status, since }: ListOptions): (summary: Summary) => boolean {
  const sinceUs = since === undefined ? -Infinity : sinceOf(since, wallMs()) * 1000;
  return (summary) => {
    const { header } = summary;
    if (header.epoch < sinceUs) return false;
    if (agent !== undefined && header.agent?.id !== agent && header.agent?.name !== agent) return false;
    if (status !== undefined && statusOf(summary) !== STATUSES[status]) return false;
    const tags = tagsOf(summary);
    return tag.every((one) => tags.includes(one));
  };
}

/** Recordings in the order of the list: those of one session together, those that are part of it below, then its forks. */
function inFamilies(summaries: readonly Summary[]): Listed[] {
  const trees = sessionTrees(summaries).sort((a, b) => beganAt(b.parts) - beganAt(a.parts));
  const ids = new Map(
    trees.flatMap((tree) => [...walkFamily(tree)].flatMap(({ node }) => node.parts.map(({ id }) => [id, tree]))),
  );
  const forks = new Map<Tree, Tree[]>();
  const roots: Tree[] = [];
  for (const tree of trees) {
    const above = parentOf(tree, ids);
    if (above === undefined) roots.push(tree);
    else forks.set(above, [...(forks.get(above) ?? []), tree]);
  }
  const listed: Listed[] = [];
  const stack = roots.toReversed().map((tree) => ({ tree, deep: 0 }));
  for (let at = stack.pop(); at; at = stack.pop()) {
    const { tree, deep } = at;
    for (const { node, depth } of walkFamily(tree)) listed.push(...partsOf(node.parts, deep + depth, depth === 0));
    // The first fork stands first, and what is on the stack last comes first.
    stack.push(...(forks.get(tree) ?? []).map((fork) => ({ tree: fork, deep: deep + 1 })));
  }
  return listed;
}

type Tree = FamilyNode<Summary>;

/** The tree that another was forked from; of a circle, which only damage makes, none. */
function parentOf(tree: Tree, byId: ReadonlyMap<string, Tree>): Tree | undefined {
  const above = (one: Tree): Tree | undefined => byId.get(one.parts[0]?.header.fork?.of ?? '');
  const seen = new Set<Tree>();
  for (let at = above(tree); at !== undefined && !seen.has(at); at = above(at)) {
    if (at === tree) return undefined;
    seen.add(at);
  }
  return above(tree);
}

function partsOf(parts: readonly Summary[], depth: number, isRoot: boolean): Listed[] {
  return parts.map((summary, part) => {
    const { parent, fork, id } = summary.header;
    const above = isRoot && parent !== undefined ? `part of ${parent}` : '';
    const from = isRoot && fork !== undefined ? forkWords(fork) : '';
    return { summary, depth, relation: part === 0 ? [above, from].filter(Boolean).join(', ') : `more of ${id}` };
  });
}

const forkWords = ({ of, beside }: ForkFacts): string => (beside === undefined ? `fork of ${of}` : `beside a fork of ${beside}`);

const beganAt = (parts: readonly Summary[]): number => parts[0]?.header.epoch ?? 0;

function row({ summary: { id, header, state, end, stats, events }, depth, relation }: Listed): Cell[] {
  const priced = stats && stats.llm > stats.cost.unknown;
  const counted = stats && stats.llm > stats.tokens.unknown;
  return [
    '  '.repeat(depth) + id,
    localTime(header.epoch),
    whoRan(header),
    String(events),
    counted ? tokens(stats.tokens.input, stats.tokens.output) : '',
    priced ? money(stats.cost.usd) : '',
    stats ? duration(stats.durationMs * 1000) : '',
    stateWord(state, end),
    [endWords(end), end?.dropped ? 'not all recorded' : '', oneLine(relation)].filter(Boolean).join(', '),
  ];
}

const tagsOf = ({ header, end }: Summary): readonly string[] => end?.tags ?? header.tags ?? [];

function asJson(summary: Summary): object {
  const { id, path, header, state, end, stats, events, bytes } = summary;
  const { id: session, name, agent, environment, service, parent, fork, pid, mode, argv } = header;
  const startedAt = new Date(header.epoch / 1000).toISOString();
  const tags = tagsOf(summary);
  return {
    id,
    session,
    startedAt,
    state,
    end,
    events,
    stats,
    name,
    agent,
    environment,
    service,
    ...(tags.length > 0 && { tags }),
    parent,
    fork,
    pid,
    mode,
    argv,
    bytes,
    path,
  };
}
