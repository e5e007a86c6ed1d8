/** `hindcast stats`: what one session or many came to. */
import { Option, type Command } from 'commander';
import type { Distribution } from '../../analysis/percentiles.ts';
import {
  STATISTICS_KEYS,
  statisticsOf,
  type Breakdown,
  type Statistics,
  type StatisticsGroup,
  type StatisticsKey,
  type Tally,
} from '../../analysis/statistics.ts';
import { count, duration, localTime, money } from '../../analysis/figures.ts';
import { oneLine } from '../printable.ts';
import { addFilters, chosenRecordings, filterOf, refuseBoth, type FilterOptions } from '../selection.ts';
import { table, type Cell, type Column } from '../table.ts';
import type { Terminal } from '../terminal.ts';
import { does, newVerb, type Call } from '../verb.ts';

const SHOWN_MAX = 20;

export function verb(): Command {
  const command = newVerb({
    name: 'stats',
    summary: 'counts, latency, failures, tokens and cost of sessions',
    description:
      'Counts what happened in the sessions that are named, or in all of the project that the filters let through: events by type, how runs and sessions ' +
      'ended, latency by step, type and model, failures, tokens, cost. Percentiles are exact, by nearest rank: each is a value that was measured. What is ' +
      'not known is said to be unknown and never counted as 0.',
    examples: [
      ['stats', 'all sessions of the project'],
      ['stats last', 'the newest session'],
      ['stats --since 7d --by model', 'the models of the last week'],
      ['stats --agent support --by version', 'the versions of one agent'],
      ['stats --json | jq .cost', 'for programs'],
    ],
  })
    .argument('[session...]', 'ids, the beginnings of some, paths, or "last" (default: all)')
    .addOption(new Option('--by <key>', 'figures for each').choices(STATISTICS_KEYS));
  return does(addFilters(command), run);
}

function run({ args, options, terminal }: Call<FilterOptions & { by?: StatisticsKey }>): number {
  const filter = filterOf(options);
  refuseBoth(args, filter);
  const chosen = chosenRecordings({ dir: options.dir, named: args, filter, terminal, what: 'reading' });
  const statistics = statisticsOf(
    chosen.map(({ recording }) => recording),
    options.by === undefined ? {} : { by: options.by },
  );
  if (terminal.json) terminal.printJson(statistics);
  else if (statistics.sessions === 0) terminal.remark('There are no such sessions. hindcast ls lists what is recorded.');
  else sayAll(statistics, terminal);
  return 0;
}

function sayAll(statistics: Statistics, terminal: Terminal): void {
  const { firstUs, lastUs, sessions, groups, by } = statistics;
  const when = [firstUs, lastUs].flatMap((us) => (us === undefined ? [] : [localTime(us)]));
  const heading = terminal.paint('bold', count(sessions, 'session'));
  terminal.print(`${heading}  ${terminal.paint('dim', [...new Set(when)].join(' to '))}`);
  sayFacts(statistics, terminal);
  const { byType, byStep, byModel } = statistics.latency;
  sayLatency('event', byType, terminal);
  sayLatency('step', byStep, terminal);
  sayLatency('model', byModel, terminal);
  sayBreakdown('failure', statistics.failureCodes, terminal);
  sayBreakdown('error', statistics.errorCodes, terminal);
  if (groups && by) sayGroups(by, groups, terminal);
}

function sayFacts(statistics: Statistics, { print, paint }: Terminal): void {
  const { sessionStatus, runStatus, byType, eventStatus, open, sessionMs, tokens } = statistics;
  const rows: [string, string][] = [
    ['sessions', counts(sessionStatus)],
    ['took', sessionMs ? spread(sessionMs, 1000) : ''],
    ['runs', counts(runStatus)],
    ['events', `${statistics.events}${statistics.events > 0 ? ` (${counts(byType)})` : ''}`],
    ['ended', [counts(eventStatus), open > 0 ? `${open} never did` : ''].filter(Boolean).join(', ')],
    ['repeated', statistics.retries > 0 ? count(statistics.retries, 'HTTP attempt') : ''],
    ['tokens', tokenWords(statistics)],
    ['of those', partsOf(tokens)],
    ['cost', costWords(statistics)],
  ];
  for (const [name, text] of rows) if (text !== '') print(`  ${paint('dim', name.padEnd(8))}  ${oneLine(text)}`);
}

const counts = (of: Record<string, number>): string =>
  Object.entries(of)
    .filter(([, n]) => n > 0)
    .sort(([, a], [, b]) => b - a)
    .map(([word, n]) => `${n} ${word}`)
    .join(', ');

function spread({ p50, p95, p99 }: Distribution, usPerUnit: number): string {
  return `p50 ${duration(p50 * usPerUnit)}, p95 ${duration(p95 * usPerUnit)}, p99 ${duration(p99 * usPerUnit)}`;
}

function tokenWords({ llm, tokens }: Tally): string {
  if (tokens.input === 0 && tokens.output === 0) return llm > 0 ? 'unknown' : '';
  const gap = tokens.unknown > 0 ? ` (${count(tokens.unknown, 'call')} did not say)` : '';
  return `${tokens.input} in, ${tokens.output} out${gap}`;
}

function partsOf({ cacheRead, cacheWrite, reasoning }: Tally['tokens']): string {
  const parts: [string, number][] = [
    ['from cache', cacheRead],
    ['to cache', cacheWrite],
    ['reasoning', reasoning],
  ];
  return parts.flatMap(([word, n]) => (n > 0 ? [`${n} ${word}`] : [])).join(', ');
}

function costWords({ llm, cost }: Tally): string {
  if (cost.usd === 0 && cost.unknown > 0) return 'unknown';
  if (cost.usd === 0 && llm === 0) return '';
  return `${money(cost.usd)}${cost.unknown > 0 ? ` (and ${count(cost.unknown, 'call')} of unknown cost)` : ''}`;
}

const LATENCY: Column[] = [
  { title: '', gives: true },
  { title: 'count', side: 'right' },
  { title: 'p50', side: 'right' },
  { title: 'p95', side: 'right' },
  { title: 'p99', side: 'right' },
  { title: 'longest', side: 'right' },
];

function sayLatency(what: string, latency: Record<string, Distribution>, terminal: Terminal): void {
  const entries = Object.entries(latency).sort(([, a], [, b]) => b.count - a.count);
  if (entries.length === 0) return;
  const columns = [{ ...LATENCY[0], title: what, gives: true as const }, ...LATENCY.slice(1)];
  const rows = entries.map(([key, { count: n, p50, p95, p99, max }]): Cell[] => [
    oneLine(key),
    String(n),
    ...[p50, p95, p99, max].map(duration),
  ]);
  sayTable(columns, rows, terminal);
}

function sayBreakdown(what: string, breakdown: Breakdown[], terminal: Terminal): void {
  const rows = breakdown.map(({ type, code, count: n }) => [oneLine(code === undefined ? type : `${type} ${code}`), String(n)]);
  if (rows.length > 0)
    sayTable(
      [
        { title: what, gives: true },
        { title: 'count', side: 'right' },
      ],
      rows,
      terminal,
    );
}

const GROUPS: Column[] = [
  { title: '', gives: true },
  { title: 'sessions', side: 'right' },
  { title: 'events', side: 'right' },
  { title: 'errors', side: 'right' },
  { title: 'LLM p50', side: 'right' },
  { title: 'p95', side: 'right' },
  { title: 'tool p50', side: 'right' },
  { title: 'p95', side: 'right' },
  { title: 'tokens', gives: true },
  { title: 'cost', gives: true },
];

function sayGroups(by: StatisticsKey, groups: StatisticsGroup[], terminal: Terminal): void {
  const rows = groups.map((group): Cell[] => {
    const { llm, tool } = group.latency.byType;
    const times = [llm?.p50, llm?.p95, tool?.p50, tool?.p95].map((us) => (us === undefined ? '' : duration(us)));
    return [
      group.key === '' ? { text: 'unknown', style: 'dim' } : oneLine(group.key),
      ...[group.sessions, group.events, group.errors].map(String),
      ...times,
      tokenWords(group),
      costWords(group),
    ];
  });
  const columns = [{ ...GROUPS[0], title: by, gives: true as const }, ...GROUPS.slice(1)];
  sayTable(columns, rows, terminal, Infinity);
}

function sayTable(columns: Column[], rows: Cell[][], terminal: Terminal, shownMax = SHOWN_MAX): void {
  const shown = terminal.verbose ? rows : rows.slice(0, shownMax);
  terminal.print();
  for (const line of table(columns, shown, terminal)) terminal.print(line);
  if (shown.length < rows.length) terminal.remark(`  and ${rows.length - shown.length} more: --verbose lists them`);
}
