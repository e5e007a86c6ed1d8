/** `hindcast export`: sessions as files for other programs and for other people. */
import { Option, type Command } from 'commander';
import { csvHead, csvRows } from '../../analysis/export-csv.ts';
import { jsonFrame, jsonSession } from '../../analysis/export-json.ts';
import { OTLP_FRAME, otlpSession } from '../../analysis/export-otlp.ts';
import { exportedSession, type ExportedSession } from '../../analysis/export-session.ts';
import type { Profile } from '../../events/genai-names.ts';
import type { Exchange, Recording } from '../../recording/recording.ts';
import { openExportFile, type ExportFile } from '../export-file.ts';
import { CliFailure } from '../failure.ts';
import { count, size } from '../../analysis/figures.ts';
import { bodiesOf, messagesOf } from '../messages.ts';
import { oneLine } from '../printable.ts';
import { HTML_FRAME, htmlSession } from '../report-html.ts';
import { markdownSession } from '../report-markdown.ts';
import { addFilters, asksFor, chosenRecordings, filterOf, refuseBoth, type FilterOptions } from '../selection.ts';
import type { Terminal } from '../terminal.ts';
import { does, newVerb, type Call } from '../verb.ts';

const FORMATS = ['json', 'csv', 'otlp', 'md', 'html'] as const;
type Format = (typeof FORMATS)[number];

interface ExportOptions extends FilterOptions {
  format: Format;
  output?: string;
  content?: boolean;
  all?: boolean;
  force?: boolean;
  semconv: Profile;
}

export function verb(): Command {
  const command = newVerb({
    name: 'export',
    summary: 'write sessions as json, csv, otlp, md or html',
    description:
      'Writes sessions into one file, or to stdout: json (documented and versioned), csv (a row for each event), otlp (OTLP/JSON, which any backend takes), md and html ' +
      '(pages to read; html stands alone and runs no scripts).\n\n' +
      'Without --content, whatever the format, nothing that a user, a model, a tool or the program said is in it: no messages, arguments, results, error messages, logs, tags, ' +
      'metadata, attributes or command lines; what a backend would get without content. The file is for its owner only (0600).',
    examples: [
      ['export -o session.json', 'the newest session'],
      ['export ses_4f1a --format html --content -o report.html', 'a page with what was said'],
      ['export --all --format csv > events.csv', 'all events of the project'],
      ['export --since 7d --format otlp -o week.json', 'for a backend, or for hindcast import'],
    ],
  })
    .argument('[session...]', 'ids, the beginnings of some, paths, or "last" (default: last)')
    .addOption(new Option('-f, --format <format>', 'format').choices(FORMATS).default('json'))
    .option('-o, --output <file>', 'the file (default: stdout)')
    .option('--content', 'with what was said')
    .option('-a, --all', 'every session of the project')
    .option('--force', 'replace a file that is there')
    .addOption(new Option('--semconv <profile>', 'the GenAI conventions of otlp').choices(['main', '1.41']).default('main'));
  return does(addFilters(command), run);
}

function run({ args, options, terminal }: Call<ExportOptions>): number {
  const { format, output } = options;
  const filter = filterOf(options);
  refuseBoth(args, filter);
  if (options.all && args.length > 0) throw new CliFailure('Name sessions, or take --all: not both.', { exitCode: 2 });
  if (terminal.json && output === undefined && format !== 'json')
    throw new CliFailure(`--json and --format ${format} cannot both go to stdout.`, {
      hint: 'Name a file with -o.',
      exitCode: 2,
    });
  const named = args.length > 0 || options.all || asksFor(filter) ? args : ['last'];
  const selection = { dir: options.dir, named, filter, terminal, what: 'exporting' };
  const file = output === undefined ? undefined : openExportFile(output, { force: options.force === true });
  try {
    const totals = { sessions: 0, events: 0 };
    const recordings = chosenRecordings(selection).map(({ recording }) => recording);
    writeAll(
      file,
      render(recordings, options, totals, (id) => sayUnredacted(id, terminal)),
    );
    file?.finish();
    if (totals.sessions === 0) terminal.remark('There are no such sessions: the export is empty.');
    if (file && terminal.json) terminal.printJson({ path: file.path, format, ...totals, bytes: file.bytes });
    else if (file) {
      const what = `${count(totals.sessions, 'session')}, ${count(totals.events, 'event')}, ${size(file.bytes)}`;
      const content = options.content ? 'with content' : 'without content';
      terminal.print(`${terminal.paint('green', '✓')} ${oneLine(file.path)}  ${what}, ${content}`);
    }
  } finally {
    file?.close();
  }
  return 0;
}

/** The app's redactor is a function that only the app has. */
function sayUnredacted(id: string, { remark }: Terminal): void {
  remark(
    `! ${oneLine(id)} was recorded by a program with a redactor, which is not applied here: what was said stands in the export as it was said`,
  );
}

function writeAll(file: ExportFile | undefined, pieces: Iterable<string>): void {
  for (const piece of pieces) {
    if (file) file.write(piece);
    else process.stdout.write(piece);
  }
}

/** The document in pieces, a session each, so that one session is in memory at a time. */
function* render(
  recordings: Iterable<Recording>,
  { format, content = false, semconv }: ExportOptions,
  totals: { sessions: number; events: number },
  said: (id: string) => void,
): Generator<string, void> {
  const [head, between, tail] = frameOf(format, content);
  yield head;
  for (const recording of recordings) {
    if (content && recording.header.guards?.includes('redactor')) said(recording.header.id);
    const session = exportedSession(recording, content ? readerOf(recording) : undefined);
    if (totals.sessions++ > 0) yield between;
    totals.events += session.events.length;
    yield pageOf(session, format, semconv);
  }
  yield tail;
}

function frameOf(format: Format, content: boolean): readonly [head: string, between: string, tail: string] {
  switch (format) {
    case 'json': {
      const [head, tail] = jsonFrame(content);
      return [head, ',\n', tail];
    }
    case 'otlp':
      return [OTLP_FRAME[0], ',\n', OTLP_FRAME[1]];
    case 'csv':
      return [csvHead(content), '', ''];
    case 'md':
      return ['', '\n---\n\n', ''];
    case 'html':
      return [HTML_FRAME[0], '<hr>\n', HTML_FRAME[1]];
  }
}

function pageOf(session: ExportedSession, format: Format, semconv: Profile): string {
  switch (format) {
    case 'json':
      return JSON.stringify(jsonSession(session));
    case 'otlp':
      return JSON.stringify(otlpSession(session, semconv));
    case 'csv':
      return csvRows(session);
    case 'md':
      return markdownSession(session);
    case 'html':
      return htmlSession(session);
  }
}

/** Reads what was said in an event of a recording. */
function readerOf(recording: Recording): NonNullable<ExportedSession['messages']> {
  const last = new Map<string, Exchange>();
  for (const exchange of recording.exchanges.values()) if (exchange.on !== undefined) last.set(exchange.on, exchange);
  return (event) => (event.llm === undefined ? {} : messagesOf(event, bodiesOf(last.get(event.id))));
}
