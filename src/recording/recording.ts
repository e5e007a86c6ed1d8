/** A recording as a whole. */
import { statSync } from 'node:fs';
import type {
  Body,
  EndLine,
  HostFacts,
  InputLine,
  Line,
  LogLine,
  MetadataValue,
  OpenLine,
  SessionLine,
  SessionLink,
} from '../events/lines.ts';
import type { Note, SpanEvent } from '../events/model.ts';
import { RecordingError } from './errors.ts';
import { type Exchange, ExchangeReader } from './exchange-reader.ts';
import { type Problem, readLines } from './log-reader.ts';
import { blobsPathOf, type RecordingState, standInHeader, stateOf } from './summary.ts';

export type { Exchange } from './exchange-reader.ts';
export { listRecordings, resolveRecording } from './recording-list.ts';
export { type RecordingState, type Summary, summariseRecording } from './summary.ts';

export interface Recording {
  /** Of a recording whose header is damaged (a problem says so): one made from the file name and time, with the trace of its first event. */
  header: SessionLine;
  state: RecordingState;
  events: SpanEvent[];
  /** Events that began and did not end. */
  open: OpenLine[];
  /** What was said about those, by event id. */
  notes: Map<string, Note[]>;
  exchanges: Map<number, Exchange>;
  /** Where in the program each event began, in a replay-grade recording. */
  places: Map<string, EventPlace>;
  /** What else came into the program, in a replay-grade recording. */
  inputs: InputLine[];
  /** What the program printed. */
  logs: LogLine[];
  host?: HostFacts;
  /** As they were said last. */
  tags: string[];
  metadata: Record<string, MetadataValue>;
  links: SessionLink[];
  end?: EndLine;
  problems: Problem[];
  /** Size of the log. */
  bytes: number;
}

/** A place in the program, and the how many-th event of that place. */
export interface EventPlace {
  lin: string;
  lo: number;
}

/** What is in a recording. Bodies are read when they are asked for. Throws when there is no such file, or its format is of a later version. */
export function readRecording(path: string): Recording {
  const reader = new ExchangeReader(blobsPathOf(path));
  const contents = new Contents(path, reader);
  for (const scanned of readLines(path)) {
    if (scanned.ok) contents.take(scanned.line, scanned.start);
    else contents.trouble(scanned.problem);
  }
  return contents.result();
}

class Contents {
  #header: SessionLine | undefined;
  #end: EndLine | undefined;
  readonly #path: string;
  readonly #reader: ExchangeReader;
  readonly #blobBytes: number;
  readonly #events: SpanEvent[] = [];
  readonly #open = new Map<string, OpenLine>();
  readonly #notes = new Map<string, Note[]>();
  readonly #finished = new Set<string>();
  readonly #places = new Map<string, EventPlace>();
  readonly #problems: Problem[] = [];
  readonly #inputs: InputLine[] = [];
  readonly #logs: LogLine[] = [];
  readonly #said: Pick<EndLine, 'tags' | 'metadata' | 'links'> = {};
  #host: HostFacts | undefined;

  constructor(path: string, reader: ExchangeReader) {
    this.#path = path;
    this.#reader = reader;
    this.#blobBytes = statSync(blobsPathOf(path), { throwIfNoEntry: false })?.size ?? 0;
  }

  take(line: Line, offset: number): void {
    switch (line.k) {
      case 'session':
        if (this.#header === undefined) this.#hear((this.#header = line));
        break;
      case 'open':
        if (!this.#finished.has(line.id)) this.#open.set(line.id, line);
        if (line.lin !== undefined && line.lo !== undefined) this.#places.set(line.id, { lin: line.lin, lo: line.lo });
        break;
      case 'note':
        if (!this.#finished.has(line.on)) gather(this.#notes, line.on, line.n);
        break;
      case 'event':
        this.#events.push(line.e);
        this.#finished.add(line.e.id);
        this.#open.delete(line.e.id);
        this.#notes.delete(line.e.id);
        break;
      case 'request':
      case 'response':
      case 'data':
        this.#reader.take(line);
        if (line.body !== undefined) this.#checkExtent(line.s, line.body, offset);
        break;
      case 'update':
        this.#hear(line);
        break;
      case 'timer':
      case 'work':
      case 'draws':
      case 'env':
      case 'channel':
        this.#inputs.push(line);
        break;
      case 'came':
      case 'went':
        this.#inputs.push(line);
        if (line.body !== undefined) this.#checkExtent(line.s, line.body, offset);
        break;
      case 'log':
        this.#logs.push(line);
        break;
      case 'host':
        this.#host = { ...this.#host, ...line.h, ...packagesOf(this.#host, line.h) };
        break;
      case 'end':
        this.#end = line;
        this.#hear(line);
        break;
      default:
        // A kind of a later minor version.
        break;
    }
  }

  trouble(problem: Problem): void {
    if (problem.kind === 'version') throw new RecordingError('recording_newer', `${this.#path}: ${problem.message}`);
    this.#problems.push(problem);
  }

  result(): Recording {
    const header = this.#header ?? standInHeader(this.#path, this.#events[0]?.trace);
    const damaged = this.#problems.some((problem) => problem.kind !== 'torn');
    const recording: Recording = {
      header,
      state: stateOf(header, this.#end, damaged),
      events: this.#events,
      open: [...this.#open.values()],
      notes: this.#notes,
      exchanges: this.#reader.exchanges,
      places: this.#places,
      inputs: this.#inputs,
      logs: this.#logs,
      tags: this.#said.tags ?? [],
      metadata: this.#said.metadata ?? {},
      links: this.#said.links ?? [],
      problems: this.#problems,
      bytes: statSync(this.#path).size,
    };
    if (this.#host !== undefined) recording.host = this.#host;
    if (this.#end !== undefined) recording.end = this.#end;
    return recording;
  }

  /** Takes over what a line says of the session itself. */
  #hear({ tags, metadata, links }: Pick<EndLine, 'tags' | 'metadata' | 'links'>): void {
    if (tags !== undefined) this.#said.tags = tags;
    if (metadata !== undefined) this.#said.metadata = metadata;
    if (links !== undefined) this.#said.links = links;
  }

  /** Whether a blob is all there. Its bytes are checked when they are read. */
  #checkExtent(s: number, body: Body, offset: number): void {
    if (typeof body === 'string' || !('crc' in body) || body.at + body.len <= this.#blobBytes) return;
    this.#problems.push({
      lineNumber: s + 1,
      offset,
      kind: 'blob',
      message: 'the .blobs file does not hold the body of this line',
    });
  }
}

function gather<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const known = lists.get(key);
  if (known) known.push(value);
  else lists.set(key, [value]);
}

/** What is known of packages later is added to what was known before. */
function packagesOf(before: HostFacts | undefined, now: HostFacts): Pick<HostFacts, 'packages'> {
  if (before?.packages === undefined || now.packages === undefined) return {};
  return { packages: { ...before.packages, ...now.packages } };
}
