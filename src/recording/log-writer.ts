/** The log of one session while it runs (docs/recording-format.md, decision 0002): what it is told, it has written in the order it was told. */
import { join } from 'node:path';
import { epochUs, monotonicUs } from '../core/clock.ts';
import { guard, reportFault } from '../core/diagnostics.ts';
import {
  type Body,
  type EndLine,
  FORMAT_VERSION,
  type HostFacts,
  type HostLine,
  type InputLine,
  type LineKind,
  type LogLine,
  type NoteLine,
  type OpenLine,
  type SessionLine,
  REPLAY_FLAG,
  type UpdateLine,
} from '../events/lines.ts';
import { contentFree, contentFreeHeader, contentFreeOpen } from '../events/content-free.ts';
import type { Note, SpanEvent } from '../events/model.ts';
import type { ExchangeRequest } from '../events/ports.ts';
import { AppendFile } from './append-file.ts';
import { encodePieces } from './bodies.ts';
import { withoutContent, withoutNoteContent, withoutWords } from './content-free.ts';
import { type DiskGauge, DroppedCount, type Room } from './disk-gauge.ts';
import {
  type Asked,
  type ExchangeLog,
  type LoggedExchange,
  OVER_BUDGET,
  RecordedExchange,
  UnrecordedExchange,
  type WaitingLine,
} from './exchange-log.ts';
import { nextDelivery } from './delivery-order.ts';
import { LF } from './frame.ts';
import { LineBuffer } from './line-buffer.ts';
import { RequestBodies } from './request-bodies.ts';
import type { LineWithout, LogOptions, SessionLog } from './session-log.ts';

export type { Asked, ForkMarks, LoggedExchange } from './exchange-log.ts';

/** More lines than this do not wait for the end of the turn. */
const WAITING_MAX = 4096;
/** More bytes than this are not gathered into one write. */
const WRITE_BYTES = 256 * 1024;

/** Begins a recording. Nothing is on disk until there is something to say. */
export function openLog(options: LogOptions): SessionLog {
  return new LogWriter(options);
}

const lines = new LineBuffer();
// Taken at load, so that an app's fake timers do not stop the recording.
const { nextTick } = process;
const waitingLogs = new Set<LogWriter>();
let scheduled = false;

/**
 * Commits a log when the code that runs now, and every promise reaction that follows from it, is done: behind the socket write of the call that began. Not by
 * `setImmediate`: an unreferenced one sleeps until the next I/O, a referenced one costs a turn of the event loop a call and can keep a process alive.
 */
function commitLater(log: LogWriter): void {
  waitingLogs.add(log);
  if (scheduled) return;
  scheduled = true;
  nextTick(commitWaiting);
}

function commitWaiting(): void {
  scheduled = false;
  for (const waiting of [...waitingLogs]) waiting.commit();
}

class LogWriter implements SessionLog, ExchangeLog {
  readonly header: SessionLine;
  readonly live = new Set<RecordedExchange>();
  readonly requests = new RequestBodies();
  readonly blobs: AppendFile;
  lost = 0;
  readonly #file: AppendFile;
  readonly #onBegin: LogOptions['onBegin'];
  readonly #onEvent: LogOptions['onEvent'];
  readonly #startUs: number;
  readonly #gauge: DiskGauge | undefined;
  readonly #dropped = new DroppedCount();
  #blobBytes = 0;
  /** What one session is given may decide what another asks for: for a replay there is one order of them all. */
  readonly #ofProcess: boolean;
  #waiting: WaitingLine[] = [];
  #sequence = 0;
  #exchanges = 0;
  #deliveries = 0;
  #unwritten = 0;
  #ended = false;

  constructor({ dir, header, gauge, onBegin, onEvent }: LogOptions) {
    const kept = header.mode === 'full' ? header : contentFreeHeader(header);
    this.header = { s: 0, k: 'session', t: 0, v: FORMAT_VERSION, ...kept };
    this.#gauge = gauge;
    this.#ofProcess = header.flags.includes(REPLAY_FLAG);
    this.#onBegin = onBegin;
    this.#onEvent = onEvent;
    this.#startUs = startOf(header.epoch);
    // A second recording of the same session id, of another process or another day, gets a name of its own.
    const stem = join(dir, header.id);
    this.#file = new AppendFile(`${stem}.jsonl`, (taken) => `${stem}${taken === 0 ? '' : `.${taken + 1}`}.jsonl`);
    this.blobs = new AppendFile(`${stem}.blobs`);
  }

  get path(): string {
    return this.#file.path;
  }

  get size(): number {
    return this.#file.size;
  }

  now(): number {
    return monotonicUs() - this.#startUs;
  }

  nextDelivery(): number {
    return this.#ofProcess ? nextDelivery() : ++this.#deliveries;
  }

  open(line: Omit<OpenLine, 's' | 't' | 'k'>): void {
    const kept = this.header.mode === 'full' ? line : contentFreeOpen(line);
    this.wait({ k: 'open', t: this.now(), members: () => kept });
  }

  note(on: string, note: Note): void {
    const room = this.#room;
    if (this.#ended || room === 'none') return;
    // The event's own line repeats it: there it is counted.
    const n = this.header.mode === 'full' && room === 'free' ? note : withoutNoteContent(note);
    this.#writeNow('note', stringify({ on, n } satisfies Omit<NoteLine, 's' | 'k' | 't'>));
  }

  event(event: SpanEvent): void {
    if (this.#ended) return;
    let kept = this.header.mode === 'full' ? event : contentFree(event);
    // There may be no room for what was said in it, or for the event at all.
    const room = this.#room;
    if (room !== 'free') kept = this.#withoutRoom(kept, room);
    if (room === 'none') return;
    // Before the shared buffer is touched: what the app put into the event may run its own code in a toJSON.
    const json = stringify(kept);
    this.#appendWaiting();
    // The app's values may be what cannot be written: the event is more than them.
    if (json === undefined || !this.#appendEvent(json)) {
      const bare = stringify(withoutContent(kept));
      if (bare === undefined || !this.#appendEvent(bare)) this.#lose(new Error('an event could not be serialised'));
    }
    this.#write();
    this.#tell(kept, this.#file.size);
  }

  update(said: Omit<UpdateLine, 's' | 't' | 'k'>): void {
    // The last line repeats it.
    if (this.#ended || this.#room === 'none') return;
    const kept = this.header.mode === 'full' ? said : withoutWords(said);
    if (Object.keys(kept).length > 0) this.#writeNow('update', stringify(kept));
  }

  print(line: Omit<LogLine, 's' | 't' | 'k'>): void {
    if (this.#ended || this.header.mode !== 'full') return;
    if (this.#room === 'free') this.wait({ k: 'log', t: this.now(), members: () => line });
    else this.#dropped.addPrinted(line.text.length);
  }

  host(facts: HostFacts): void {
    if (!this.#ended && this.header.mode === 'full' && this.#room !== 'none')
      this.#writeNow('host', stringify({ h: facts } satisfies Omit<HostLine, 's' | 'k' | 't'>));
  }

  exchange(request: ExchangeRequest, on?: string, asked?: Asked): LoggedExchange {
    if (this.#ended || this.header.mode !== 'full') return new UnrecordedExchange();
    const exchange = new RecordedExchange(this, ++this.#exchanges, request, on);
    if (asked !== undefined) exchange.ask(asked);
    return exchange;
  }

  input({ k, ...members }: LineWithout<InputLine>, bytes?: Uint8Array): void {
    if (this.header.mode !== 'full') return;
    const encode = (given: Uint8Array): Body =>
      this.takesBody(given.length) ? encodePieces([given], given.length, this.blobs) : OVER_BUDGET;
    this.wait({ k, t: this.now(), members: () => (bytes === undefined ? members : { ...members, body: encode(bytes) }) });
  }

  end(line: Omit<EndLine, 's' | 't' | 'k'>): void {
    if (this.#ended) return;
    this.#flushLive();
    this.#appendWaiting();
    this.#writeNow('end', stringify(this.#dropped.into(this.header.mode === 'full' ? line : withoutWords(line))));
    this.#ended = true;
    this.close();
  }

  commit(): void {
    if (this.#waiting.length === 0) return;
    this.#appendWaiting();
    this.#write();
  }

  close(): void {
    this.#flushLive();
    this.commit();
    this.requests.clear();
    this.#file.close();
    this.blobs.close();
  }

  takesBody(bytes: number): boolean {
    const room = this.#room;
    if (room === 'free') return true;
    this.#dropped.add('bodies', bytes);
    this.#gauge?.dropped(room);
    return false;
  }

  wait(line: WaitingLine): boolean {
    if (this.#ended || this.#room === 'none') return false;
    this.#waiting.push(line);
    if (this.#waiting.length === 1) commitLater(this);
    else if (this.#waiting.length > WAITING_MAX) this.commit();
    return true;
  }

  get #room(): Room {
    return this.#gauge === undefined ? 'free' : this.#gauge.room;
  }

  /** Counts what of an event is not recorded; returns what is left of it. */
  #withoutRoom(event: SpanEvent, room: Exclude<Room, 'free'>): SpanEvent {
    const bare = withoutContent(event);
    const lost = room === 'none';
    if (!lost && bare === event) return event;
    const bytes = stringify(event)?.length ?? 0;
    this.#dropped.add(lost ? 'events' : 'contents', lost ? bytes : bytes - (stringify(bare)?.length ?? 0));
    this.#gauge?.dropped(room);
    if (lost) {
      this.#appendWaiting();
      this.#write();
      this.#tell(bare, 0);
    }
    return bare;
  }

  #tell(event: SpanEvent, endOffset: number): void {
    try {
      this.#onEvent?.(event, this.header, endOffset);
    } catch (error) {
      reportFault('recording.on-event', error);
    }
  }

  #flushLive(): void {
    for (const exchange of this.live) exchange.flush();
    if (this.#ended) this.live.clear();
  }

  #writeNow(kind: LineKind, json: string | undefined): void {
    this.#appendWaiting();
    if (json === undefined || !this.#append(kind, this.now(), json))
      this.#lose(new Error(`a line of kind ${kind} could not be serialised`));
    this.#write();
  }

  #appendWaiting(): void {
    if (this.#sequence === 0) this.#begin();
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    waitingLogs.delete(this);
    for (const line of waiting) {
      try {
        if (!this.#append(line.k, line.t, JSON.stringify(line.members())))
          this.#lose(new Error(`a line of kind ${line.k} is too long`));
      } catch (error) {
        this.#lose(error);
      }
    }
  }

  #append(kind: LineKind, t: number, json: string): boolean {
    this.#makeRoom();
    return this.#count(lines.appendMembers(`{"s":${this.#sequence},"k":"${kind}","t":${t}`, json));
  }

  #appendEvent(json: string): boolean {
    this.#makeRoom();
    return this.#count(lines.appendValue(`{"s":${this.#sequence},"k":"event","t":${this.now()},"e":`, json));
  }

  /** Writes the header, which names the file: lines may refer to its companion. */
  #begin(): void {
    if (this.#sequence > 0) return;
    const { s: _s, k: _k, t: _t, ...members } = this.header;
    this.#count(lines.appendMembers('{"s":0,"k":"session","t":0', JSON.stringify(members)));
    this.#write();
    this.blobs.path = this.path.replace(/\.jsonl$/, '.blobs');
    guard('recording.on-begin', () => this.#onBegin?.(this.path), undefined);
  }

  #makeRoom(): void {
    if (lines.used > WRITE_BYTES) this.#write();
  }

  #count(appended: boolean): boolean {
    if (appended) {
      this.#sequence++;
      this.#unwritten++;
    }
    return appended;
  }

  #write(): void {
    if (this.#unwritten === 0) return;
    const written = this.#file.append(lines.bytes, lines.used);
    this.#gauge?.add(written + this.blobs.size - this.#blobBytes);
    this.#blobBytes = this.blobs.size;
    if (written < lines.used) this.lost += this.#unwritten - countLines(lines.bytes, written);
    this.#unwritten = 0;
    lines.clear();
  }

  #lose(error: unknown): void {
    this.lost++;
    reportFault('recording.line', error);
  }
}

/** `t` = 0 is the moment that the header's `epoch` names, where that is a moment of this process; else it is now. */
function startOf(epoch: number): number {
  const nowUs = monotonicUs();
  const start = Math.round(epoch) - epochUs();
  return start >= 0 && start <= nowUs ? start : nowUs;
}

/** Whole lines in the first `length` bytes. */
function countLines(bytes: Buffer, length: number): number {
  let count = 0;
  for (let at = bytes.indexOf(LF); at >= 0 && at < length; at = bytes.indexOf(LF, at + 1)) count++;
  return count;
}

function stringify(value: object): string | undefined {
  try {
    return JSON.stringify(value);
  } catch (error) {
    reportFault('recording.serialise', error);
    return undefined;
  }
}
