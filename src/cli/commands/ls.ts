/** `hindcast ls`: the sessions that were recorded, newest first. */
import { InvalidArgumentError, type Command } from 'commander';
import { listRecordings, type Summary } from '../../recording/recording.ts';
import { count, duration, localTime, money, tokens } from '../figures.ts';
import { recordingsAt } from '../project.ts';
import { endWords, stateWord, whoRan } from '../session-words.ts';
import { table, type Cell, type Column } from '../table.ts';
import { does, newVerb, type Call } from '../verb.ts';

const COUNT_DEFAULT = 20;

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
    examples: [
      ['ls', `the newest ${COUNT_DEFAULT}`],
      ['ls -n 100', 'more of them'],
      ['ls --json | jq -r ".[0].id"', 'the id of the newest'],
    ],
  }).option('-n, --count <number>', 'how many to list', wholeNumber, COUNT_DEFAULT);
  return does(command, run);
}

function wholeNumber(text: string): number {
  const n = Number(text);
  if (!Number.isInteger(n) || n < 1) throw new InvalidArgumentError('It must be a whole number from 1 on.');
  return n;
}

function run({ options, terminal }: Call<{ count: number }>): number {
  const dir = recordingsAt(options.dir);
  const all = listRecordings(dir);
  const shown = all.slice(0, options.count);
  if (terminal.json) {
    terminal.printJson(shown.map(asJson));
    return 0;
  }
  if (all.length === 0) {
    terminal.remark(
      `No sessions are recorded in ${dir} yet.\n  Record one: hindcast run -- node agent.js, or see one: hindcast demo`,
    );
    return 0;
  }
  for (const line of table(COLUMNS, shown.map(row), terminal)) terminal.print(line);
  if (all.length > shown.length)
    terminal.remark(`${count(all.length - shown.length, 'more session')}: hindcast ls -n ${all.length}`);
  return 0;
}

function row({ id, header, state, end, stats, events }: Summary): Cell[] {
  const priced = stats && stats.llm > stats.cost.unknown;
  const counted = stats && stats.llm > stats.tokens.unknown;
  return [
    id,
    localTime(header.epoch),
    whoRan(header),
    String(events),
    counted ? tokens(stats.tokens.input, stats.tokens.output) : '',
    priced ? money(stats.cost.usd) : '',
    stats ? duration(stats.durationMs * 1000) : '',
    stateWord(state, end),
    endWords(end),
  ];
}

function asJson({ id, path, header, state, end, stats, events, bytes }: Summary): object {
  const { name, agent, environment, service, tags, parent, pid, mode, argv } = header;
  const startedAt = new Date(header.epoch / 1000).toISOString();
  return {
    id,
    startedAt,
    state,
    end,
    events,
    stats,
    name,
    agent,
    environment,
    service,
    tags,
    parent,
    pid,
    mode,
    argv,
    bytes,
    path,
  };
}
