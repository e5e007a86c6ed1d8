/** `hindcast search`: where something was said. */
import { InvalidArgumentError, type Command } from 'commander';
import { patternOf } from '../../analysis/search-text.ts';
import { beganWithin, matchesFilter, type SessionFilter } from '../../analysis/session-filter.ts';
import { listRecordings, readRecording } from '../../recording/recording.ts';
import { CliFailure } from '../failure.ts';
import { count } from '../../analysis/figures.ts';
import { oneLine, printable } from '../printable.ts';
import { showProgress } from '../progress.ts';
import { recordingsAt } from '../project.ts';
import { boundedFinder, plainFinder, searchRecording, type Finder, type Hit } from '../search-recording.ts';
import { addFilters, filterOf, type FilterOptions } from '../selection.ts';
import type { Terminal } from '../terminal.ts';
import { does, newVerb, type Call } from '../verb.ts';

const LIMIT_DEFAULT = 50;

interface SearchOptions extends FilterOptions {
  regex?: boolean;
  type?: string;
  limit: number;
}

export function verb(): Command {
  const command = newVerb({
    name: 'search',
    summary: 'find where something was said, in all sessions',
    description:
      'Looks for a text, in any case, in names, models, tools, error codes and messages, decisions, failures, tags, metadata, attributes, arguments and results, ' +
      'messages of requests and answers, and in what the program printed. Newest sessions first; in a session in the order of its events. What a conversation repeats with each ' +
      'request is shown where it stands first. Exits with 1 when nothing is found, as grep does.\n\n' +
      'Of one text, the first million characters are looked at. An expression that takes more than 5 s on such a stretch ends the search.',
    examples: [
      ['search "order 4711"', 'wherever it was said'],
      ['search rate_limit --since 7d', 'in the sessions of the last week'],
      ['search --regex "NP-\\d{4}" --type tool', 'in tool calls, by an expression'],
      ['search refund --json | jq -r ".[].session"', 'for programs'],
    ],
  })
    .argument('<text>', 'what to look for')
    .option('-e, --regex', 'the text is a JavaScript regular expression')
    .option('-t, --type <type>', 'events of this type: llm, tool, action, agent, step, error, ...; or session, log')
    .option('-n, --limit <number>', 'hits to show', wholeNumber, LIMIT_DEFAULT);
  return does(addFilters(command), run);
}

function wholeNumber(text: string): number {
  const n = Number(text);
  if (!Number.isInteger(n) || n < 1) throw new InvalidArgumentError('It must be a whole number from 1 on.');
  return n;
}

function run({ args, options, terminal }: Call<SearchOptions>): number {
  const [text = ''] = args;
  const find = finderOf(text, options.regex === true);
  const { type, limit } = options;
  const filter = filterOf(options);
  const summaries = listRecordings(recordingsAt(options.dir)).filter(({ header }) => beganWithin(header.epoch, filter));
  const progress = showProgress('searching', summaries.length, terminal);
  const json: object[] = [];
  let hits = 0;
  let more = false;
  try {
    for (const [done, { id, path }] of summaries.entries()) {
      progress.at(done);
      const found = hitsIn(path, { filter, terminal, search: { find, type, limit: limit - hits + 1 } });
      const shown = found.slice(0, limit - hits);
      more = shown.length < found.length;
      hits += shown.length;
      if (terminal.json) json.push(...shown.map((hit) => ({ session: id, ...hit })));
      else if (shown.length > 0) {
        progress.close();
        sayHits(id, shown, terminal);
      }
      if (more) break;
    }
  } finally {
    progress.close();
  }
  if (terminal.json) terminal.printJson(json);
  if (more) terminal.remark(`There are more than ${count(hits, 'hit')}: --limit shows more of them, filters fewer.`);
  else if (hits === 0) terminal.remark(`Nothing was found in ${count(summaries.length, 'session')}.`);
  return hits === 0 ? 1 : 0;
}

function finderOf(text: string, regex: boolean): Finder {
  if (text === '') throw new CliFailure('There is nothing to look for.', { exitCode: 2 });
  try {
    const pattern = patternOf(text, { regex });
    return regex ? boundedFinder(pattern) : plainFinder(pattern);
  } catch (error) {
    if (error instanceof SyntaxError) throw new CliFailure(error.message, { exitCode: 2, cause: error });
    throw error;
  }
}

interface Wanted {
  filter: SessionFilter;
  terminal: Terminal;
  search: Parameters<typeof searchRecording>[1];
}

/** The hits of one of many recordings. One that cannot be read is told, and does not stop the others. */
function hitsIn(path: string, { filter, terminal, search }: Wanted): Hit[] {
  const { sinceUs: _since, untilUs: _until, ...others } = filter;
  try {
    if (Object.keys(others).length > 0 && !matchesFilter(readRecording(path), others)) return [];
    return searchRecording(path, search);
  } catch (error) {
    if (error instanceof CliFailure) throw error;
    terminal.remark(`! ${oneLine(`${path}: ${error instanceof Error ? error.message : String(error)}`)}`);
    return [];
  }
}

function sayHits(id: string, hits: Hit[], { print, paint }: Terminal): void {
  print(paint('bold', oneLine(id)));
  for (const { event, where, ...excerpt } of hits) {
    const place = event ? `#${event.number} ${oneLine(event.name)}` : 'session';
    print(`  ${place}  ${paint('dim', oneLine(where))}`);
    print(`      ${marked(excerpt, paint)}`);
  }
}

/** The excerpt with its hit in colour, or, where there are no colours, in «». */
function marked({ before, match, after }: Pick<Hit, 'before' | 'match' | 'after'>, paint: Terminal['paint']): string {
  const inLine = (text: string): string => printable(text).replace(/\s+/g, ' ');
  const hit = inLine(match);
  const painted = paint(['bold', 'yellow'], hit);
  return `${inLine(before).trimStart()}${painted === hit ? `«${hit}»` : painted}${inLine(after).trimEnd()}`;
}
