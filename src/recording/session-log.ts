/** What a recording is to those who fill it. */
import type { EndLine, HostFacts, InputLine, LogLine, OpenLine, SessionLine, UpdateLine } from '../events/lines.ts';
import type { Note, SpanEvent } from '../events/model.ts';
import type { ExchangeRequest } from '../events/ports.ts';
import type { DiskGauge } from './disk-gauge.ts';
import type { Asked, LoggedExchange } from './exchange-log.ts';

/** A header before the writer has numbered it. */
export type LogHeader = Omit<SessionLine, 's' | 't' | 'k' | 'v'>;

export interface LogOptions {
  /** The recordings folder; made if missing. */
  dir: string;
  header: LogHeader;
  /** How much may be written; without it, all that the disk takes. */
  gauge?: DiskGauge | undefined;
  /** Told of the file when it has its header and nothing else. */
  onBegin?: (path: string) => void;
  /**
   * Told of each event after its line was written, with the size of the file then. When the disk takes no more, it is still told of every event,
   * and the size stays where it was.
   */
  onEvent?: (event: SpanEvent, header: SessionLine, endOffset: number) => void;
}

/** A line as who tells it knows it. */
export type LineWithout<L extends InputLine> = L extends InputLine ? Omit<L, 's' | 't'> : never;

/** Writes one recording. No method throws; after `end` all of them do nothing. */
export interface SessionLog {
  readonly path: string;
  readonly header: SessionLine;
  /** Bytes in the file. */
  readonly size: number;
  /** Lines that could not be written. */
  readonly lost: number;
  /** Microseconds since the session began, monotonic. */
  now(): number;
  /** On disk within this turn of the event loop. */
  open(line: Omit<OpenLine, 's' | 't' | 'k'>): void;
  /** On disk when it returns. */
  note(on: string, note: Note): void;
  /** On disk when it returns, with everything that waited. */
  event(event: SpanEvent): void;
  /** On disk when it returns. */
  update(said: Omit<UpdateLine, 's' | 't' | 'k'>): void;
  /** On disk within this turn of the event loop; in mode `metadata` it never is. */
  print(line: Omit<LogLine, 's' | 't' | 'k'>): void;
  /** On disk when it returns; in mode `metadata` it never is. */
  host(facts: HostFacts): void;
  /** On disk within this turn of the event loop; in mode `metadata` it never is. */
  exchange(request: ExchangeRequest, on?: string, asked?: Asked): LoggedExchange;
  /** What came in otherwise. On disk within this turn of the event loop; in mode `metadata` it never is. */
  input(line: LineWithout<InputLine>, bytes?: Uint8Array): void;
  /** Writes the last line. Whatever exchanges in flight have received is written before it. */
  end(line: Omit<EndLine, 's' | 't' | 'k'>): void;
  /** Writes what waits. */
  commit(): void;
  /** Writes everything and gives the file descriptors back; without `end` before, the recording looks like one of a killed process. */
  close(): void;
}
