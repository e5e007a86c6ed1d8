/** `hindcast import`: recordings, AgentTrace files and OTLP of elsewhere, as sessions of this project. */
import { closeSync, mkdtempSync, openSync, readFileSync, readSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import type { Command } from 'commander';
import { totalsOf } from '../../analysis/session-totals.ts';
import { isAgentTraceLine, readAgentTrace } from '../../recording/import-agenttrace.ts';
import { sessionsOfSpans } from '../../recording/import-otlp.ts';
import { ensureFolder } from '../../recording/folder.ts';
import { importRecording } from '../../recording/import-recording.ts';
import { type ImportedSession, writeImported } from '../../recording/import-session.ts';
import { isOtlp, readOtlp, type OtlpSpan } from '../../recording/otlp-json.ts';
import { isPortable, unpackPortable } from '../../recording/portable-file.ts';
import { CliFailure } from '../failure.ts';
import { count } from '../../analysis/figures.ts';
import { oneLine } from '../printable.ts';
import { showProgress } from '../progress.ts';
import { explained, recordingsAt } from '../project.ts';
import { idOf } from '../session-words.ts';
import type { Terminal } from '../terminal.ts';
import { does, newVerb, type Call } from '../verb.ts';
import { version } from '../version.ts';

const PROBLEMS_SHOWN_MAX = 10;
/** A line of a recording begins so. */
const OURS = /^\{"s":\d+,"k":"/;

export function verb(): Command {
  const command = newVerb({
    name: 'import',
    summary: 'take sessions of elsewhere into this project',
    description:
      'Takes in what hindcast share wrote, recordings (.jsonl, with the .blobs beside them), AgentTrace files, and OTLP as JSON, of hindcast export or of any exporter that speaks the GenAI conventions. What a ' +
      'file is, its content tells. Recordings are checked line by line and copied as they are; of the others, sound lines and spans become sessions, and what is unsound is named by ' +
      'its place. What is there already is not taken in twice. Nothing that was imported is exported by itself. Exits with 1 when something could not be taken in.',
    examples: [
      ['import ses_4f1a22b30c41.hindcast', 'what somebody shared'],
      ['import ses_4f1a22b30c41.jsonl', 'a recording of somebody else'],
      ['import week.json', 'what hindcast export --format otlp wrote'],
      ['import traces/*.jsonl', 'several files'],
    ],
  }).argument('<file...>', 'files to take in');
  return does(command, run);
}

/** A session that is in the project now. */
interface Taken {
  id: string;
  path: string;
  outcome: 'imported' | 'present';
  lines?: number;
  events?: number;
}

interface Result {
  file: string;
  format?: 'hindcast' | 'recording' | 'agenttrace' | 'otlp';
  sessions: Taken[];
  /** What could not be taken in, by its place. */
  problems: string[];
  hint?: string;
}

async function run({ args, options, terminal }: Call<object>): Promise<number> {
  const dir = recordingsAt(options.dir);
  const progress = showProgress('importing', args.length, terminal);
  const results: Result[] = [];
  let failed = false;
  for (const [done, file] of args.entries()) {
    progress.at(done);
    const result = await importFile(file, dir);
    failed ||= result.problems.length > 0;
    results.push(result);
    if (terminal.json) continue;
    progress.close();
    say(result, terminal);
  }
  progress.close();
  if (terminal.json) terminal.printJson(results);
  return failed ? 1 : 0;
}

/** One of several files that cannot be read does not stop the others. */
async function importFile(file: string, dir: string): Promise<Result> {
  try {
    const found = statSync(file, { throwIfNoEntry: false });
    if (!found) return { file, sessions: [], problems: ['is not there'] };
    if (!found.isFile()) return { file, sessions: [], problems: ['is no file'] };
    const bytes = beginningOf(file);
    if (isPortable(bytes)) return await ofPortable(file, dir);
    const start = bytes.toString();
    const [first = ''] = start.split('\n', 1);
    if (OURS.test(first)) return ofRecording(file, dir);
    if (isAgentTraceLine(first.replace(/\r$/, ''))) return ofAgentTrace(file, dir);
    // Of an AgentTrace file whose first line is the damaged one, the second tells.
    if (
      start
        .split('\n')
        .slice(1, 5)
        .some((line) => isAgentTraceLine(line.replace(/\r$/, '')))
    )
      return ofAgentTrace(file, dir);
    return ofOtlp(file, dir);
  } catch (error) {
    return { file, sessions: [], problems: [error instanceof Error ? error.message : String(error)] };
  }
}

const START_BYTES = 256 * 1024;

function beginningOf(file: string): Buffer {
  const descriptor = openSync(file, 'r');
  try {
    const bytes = Buffer.alloc(START_BYTES);
    return bytes.subarray(0, readSync(descriptor, bytes, 0, START_BYTES, 0));
  } finally {
    closeSync(descriptor);
  }
}

/** Taken apart beside the recordings, in a folder of its own, and then imported one by one as recordings are. */
async function ofPortable(file: string, dir: string): Promise<Result> {
  const format = 'hindcast';
  ensureFolder(dirname(dir));
  const folder = mkdtempSync(join(dirname(dir), 'importing-'));
  try {
    const { manifest, paths } = await unpackPortable(file, folder);
    const each = paths.map((path) => ofRecording(path, dir));
    const problems = each.flatMap((one, index) =>
      one.problems.map((problem) => `${manifest.sessions[index]?.id ?? index + 1}: ${problem}`),
    );
    return { file, format, sessions: each.flatMap(({ sessions }) => sessions), problems };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function ofRecording(file: string, dir: string): Result {
  const format = 'recording';
  const result = explained(() => importRecording(file, dir));
  if (result.outcome === 'recording')
    return { file, format, sessions: [], problems: ['is being recorded'], hint: 'Import it when its session has ended.' };
  if (result.outcome === 'damaged') {
    const problems = result.problems.map(({ lineNumber, message }) => `line ${lineNumber}: ${message}`);
    const hint = `Keep what is sound, then import it: hindcast repair ${file}`;
    return { file, format, sessions: [], problems: problems.length > 0 ? problems : ['has no header that can be used'], hint };
  }
  const { path, lines, outcome } = result;
  return {
    file,
    format,
    sessions: [{ id: idOf(path), path, outcome: outcome === 'copied' ? 'imported' : outcome, lines }],
    problems: [],
  };
}

function ofAgentTrace(file: string, dir: string): Result {
  const name = basename(file, extname(file));
  const { session, refused } = readAgentTrace(readFileSync(file, 'utf8'), { name, sdk: sdk() });
  const problems = refused.map(({ lineNumber, message }) => `line ${lineNumber}: ${message}`);
  const sessions = session ? [write(session, dir)] : [];
  if (sessions.length === 0 && problems.length === 0) problems.push('holds no records');
  return { file, format: 'agenttrace', sessions, problems };
}

function ofOtlp(file: string, dir: string): Result {
  const { spans, problems } = readSpans(readFileSync(file, 'utf8'));
  const sessions = sessionsOfSpans(spans, sdk()).map((session) => write(session, dir));
  if (sessions.length === 0 && problems.length === 0) problems.push('holds no spans');
  return { file, format: 'otlp', sessions, problems };
}

/** One document, or one a line, as a collector writes them. */
function readSpans(text: string): { spans: OtlpSpan[]; problems: string[] } {
  const whole = parse(text);
  if (whole !== undefined) return spansOf(whole, '');
  const spans: OtlpSpan[] = [];
  const problems: string[] = [];
  text.split('\n').forEach((line, index) => {
    if (line.trim() === '') return;
    const read = spansOf(parse(line), `line ${index + 1}: `);
    for (const span of read.spans) spans.push(span);
    for (const problem of read.problems) problems.push(problem);
  });
  if (spans.length > 0) return { spans, problems };
  throw new CliFailure('is neither a recording, nor an AgentTrace file, nor OTLP as JSON');
}

function spansOf(document: unknown, place: string): { spans: OtlpSpan[]; problems: string[] } {
  const documents = Array.isArray(document) ? document : [document];
  if (!documents.every(isOtlp)) {
    if (place === '') throw new CliFailure('is JSON, but no OTLP: it has no resourceSpans');
    return { spans: [], problems: [`${place}is no OTLP`] };
  }
  const read = documents.map(readOtlp);
  return {
    spans: read.flatMap(({ spans }) => spans),
    problems: read.flatMap(({ problems }) => problems.map((problem) => place + problem)),
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function write(session: ImportedSession, dir: string): Taken {
  const { path, outcome } = writeImported(dir, session, totalsOf({ events: session.events }));
  return { id: idOf(path), path, outcome: outcome === 'written' ? 'imported' : outcome, events: session.events.length };
}

const sdk = (): string => `hindcast/${version()}`;

function say({ file, sessions, problems, hint }: Result, { print, paint, remark, verbose }: Terminal): void {
  for (const { id, outcome, lines, events } of sessions) {
    const what = lines === undefined ? count(events ?? 0, 'event') : count(lines, 'line');
    print(`${paint('green', '✓')} ${oneLine(id)}  ${outcome === 'present' ? 'already there' : what}`);
  }
  if (problems.length === 0) return;
  if (sessions.length === 0) print(`${paint('red', '✗')} ${oneLine(file)}  was not imported`);
  const shown = verbose ? problems : problems.slice(0, PROBLEMS_SHOWN_MAX);
  for (const problem of shown) remark(`! ${oneLine(`${file}: ${problem}`)}`);
  if (shown.length < problems.length) remark(`! and ${problems.length - shown.length} more: --verbose lists them`);
  if (hint !== undefined) remark(`  ${oneLine(hint)}`);
}
