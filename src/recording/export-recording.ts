/** One recording in the export queue: what of it waits, in memory or in the log, and how far it has been exported. */
import { closeSync, openSync, readSync, unlinkSync } from 'node:fs';
import { guard } from '../core/diagnostics.ts';
import type { Line, SessionLine } from '../events/lines.ts';
import type { SpanEvent } from '../events/model.ts';
import type { ExportItem } from '../events/ports.ts';
import { ExportBodies, type RequestTexts } from './export-bodies.ts';
import { type Cursor, isSameOwner, NOBODY, type Owner, readCursor, writeCursor } from './export-cursor.ts';
import { LF } from './frame.ts';
import { readLines } from './log-reader.ts';
import { OpenEvents } from './open-events.ts';
import { isAlive } from './process-state.ts';
import { readEnds } from './recording-ends.ts';
import { blobsPathOf } from './summary.ts';

/** Of the log, what is read at a time: a few milliseconds. */
const LOAD_BYTES = 1024 * 1024;
const LOAD_ITEMS = 512;
/** A span of an event without content, about. */
const ITEM_BYTES = 1_024;

interface Waiting {
  item: ExportItem;
  bytes: number;
  /** Where the cursor stands when this one is exported; absent for an event that could not be written to the log. */
  end?: number;
  unfinished?: true;
}

export interface ExportRecordingOptions {
  path: string;
  me: Owner;
  withContent: boolean;
  texts: RequestTexts;
  /** How far it has been exported, when it was taken over from another process. */
  adopted?: Cursor;
}

export const cursorPathOf = (path: string): string => path.replace(/\.jsonl$/, '.cursor');

export class ExportRecording {
  readonly path: string;
  /** Events that could be kept neither in the log nor in memory. */
  lost = 0;
  readonly #cursorPath: string;
  readonly #me: Owner;
  readonly #withContent: boolean;
  readonly #bodies: ExportBodies;
  readonly #open: OpenEvents | null;
  #header: SessionLine | undefined;
  #waiting: Waiting[] = [];
  /** Events beyond `#loadedTo` that were offered and are only in the log. */
  #spilled = 0;
  /** Everything before this offset is exported or in `#waiting`. */
  #loadedTo = 0;
  /** End of the last event offered. */
  #tail = 0;
  /** Of an adopted one: there is more to read. */
  #unread: boolean;
  #offset: number;
  #unfinished: number;
  /** Without a cursor on disk there is nothing to keep up to date: a read-only folder. */
  #durable: boolean;
  #ended = false;
  #gone = false;

  constructor({ path, me, withContent, texts, adopted }: ExportRecordingOptions) {
    this.path = path;
    this.#cursorPath = cursorPathOf(path);
    this.#me = me;
    this.#withContent = withContent;
    this.#bodies = new ExportBodies(path, texts);
    this.#open = adopted ? new OpenEvents() : null;
    this.#unread = adopted !== undefined;
    const isAhead = adopted !== undefined && isLineEnd(path, adopted.offset);
    this.#offset = isAhead ? adopted.offset : 0;
    this.#unfinished = isAhead ? adopted.unfinished : 0;
    this.#durable =
      adopted !== undefined ||
      guard('export.cursor', () => (writeCursor(this.#cursorPath, { offset: 0, unfinished: 0, owner: me }), true), false);
  }

  /** Items that wait; one that has not been read to its end counts as one more. */
  get pending(): number {
    return this.#gone ? 0 : this.#waiting.length + this.#spilled + (this.#unread ? 1 : 0);
  }

  /** Items held in memory. */
  get held(): number {
    return this.#waiting.length;
  }

  /** Nothing waits and nothing will. */
  get finished(): boolean {
    return this.#gone || (this.pending === 0 && (this.#ended || !this.#durable));
  }

  /** An event has been written, up to `end`. `room`: it may be kept in memory. */
  offer(header: SessionLine, event: SpanEvent, end: number, room: boolean): void {
    if (this.#gone) return;
    this.#header ??= header;
    if (end <= this.#tail) {
      // The disk takes no more: memory is all there is.
      if (room) this.#waiting.push(this.#waitingOf(event));
      else this.lost++;
      return;
    }
    this.#tail = end;
    // With content the log is read in any case, for the bodies.
    if (this.#withContent || !room || this.#spilled > 0) {
      this.#spilled++;
      return;
    }
    this.#waiting.push({ ...this.#waitingOf(event), end });
    this.#loadedTo = end;
  }

  /** Up to so many of the next items, without taking them out. Reads the log where it must. */
  peek(limit: { items: number; bytes: number }): ExportItem[] {
    if (this.#waiting.length === 0 && (this.#spilled > 0 || this.#unread)) this.#load();
    const items: ExportItem[] = [];
    let bytes = 0;
    for (const waiting of this.#waiting) {
      bytes += waiting.bytes;
      if (items.length >= limit.items || (items.length > 0 && bytes > limit.bytes)) break;
      items.push(waiting.item);
    }
    return items;
  }

  /** Bytes that the first `count` items are counted with. */
  bytesOf(count: number): number {
    let bytes = 0;
    for (let index = 0; index < count; index++) bytes += this.#waiting[index]?.bytes ?? 0;
    return bytes;
  }

  /** The first `count` items are exported. */
  ack(count: number): void {
    if (this.#gone) return;
    const done = this.#waiting.splice(0, count);
    for (const { end, unfinished } of done) {
      if (end !== undefined) this.#offset = Math.max(this.#offset, end);
      if (unfinished) this.#unfinished++;
    }
    this.checkEnd();
    if (!this.#gone) this.#save(this.#me);
  }

  /** Looks whether the session has ended; if so and all is exported, it leaves the queue. */
  checkEnd(): void {
    if (this.#gone || this.pending > 0 || !this.#durable) return;
    this.#ended ||= guard('export.end', () => readEnds(this.path) !== undefined, false);
    if (this.#ended) this.#finish();
  }

  /** Gives the recording to whoever wants it. */
  giveUp(): void {
    if (this.#gone) return;
    this.#save(NOBODY);
    this.#gone = true;
  }

  #waitingOf(event: SpanEvent): Waiting {
    return { item: { header: this.#header as SessionLine, event: this.#slim(event) }, bytes: ITEM_BYTES };
  }

  /** What would not leave in any case need not be held. */
  #slim(event: SpanEvent): SpanEvent {
    if (this.#withContent || (event.content === undefined && event.attributes === undefined)) return event;
    const { content: _content, attributes: _attributes, ...facts } = event;
    return facts;
  }

  #load(): void {
    const stopAt = this.#open ? Number.POSITIVE_INFINITY : this.#tail;
    const from = this.#loadedTo;
    for (const scanned of readLines(this.path, { from })) {
      if (scanned.start >= stopAt) break;
      if (scanned.ok) this.#take(scanned.line, scanned.end);
      else if (scanned.problem.kind === 'version') {
        // For a later release to export.
        this.giveUp();
        return;
      }
      this.#loadedTo = scanned.end;
      if (this.#waiting.length >= LOAD_ITEMS || scanned.end - from >= LOAD_BYTES) return;
    }
    // What the log should hold and does not is damage; it will not come back by waiting.
    this.lost += this.#spilled;
    this.#spilled = 0;
    if (this.#unread) this.#readToEnd();
  }

  #take(line: Line, end: number): void {
    this.#open?.take(line);
    switch (line.k) {
      case 'session':
        this.#header ??= line;
        break;
      case 'request':
      case 'response':
      case 'data':
        if (this.#withContent) this.#bodies.take(line);
        break;
      case 'event':
        this.#takeEvent(line.e, end);
        break;
      case 'end':
        this.#ended = true;
        break;
      default:
        break;
    }
  }

  #takeEvent(event: SpanEvent, end: number): void {
    if (this.#spilled > 0) this.#spilled--;
    if (end <= this.#offset || this.#header === undefined) {
      this.#bodies.forgetEvent(event.id);
      return;
    }
    const bodies = this.#withContent ? this.#bodies.bodiesOf(event.id) : undefined;
    const waiting: Waiting = { ...this.#waitingOf(event), end };
    if (bodies !== undefined) {
      waiting.item.bodies = bodies;
      waiting.bytes += (bodies.request?.length ?? 0) + (bodies.response?.length ?? 0);
    }
    this.#waiting.push(waiting);
  }

  /** The end of an adopted recording: what never ended comes last. */
  #readToEnd(): void {
    this.#unread = false;
    const header = this.#header;
    if (header === undefined) return;
    // The process that delivers at the end of another one reads while that one is still there.
    if (!this.#ended && isAlive(header.pid, header.epoch)) return;
    this.#ended = true;
    const left = (this.#open as OpenEvents).asEvents(header.trace);
    // More than there are: a cursor that is not of this recording.
    if (this.#unfinished > left.length) this.#unfinished = 0;
    for (const event of left.slice(this.#unfinished)) {
      this.#waiting.push({ ...this.#waitingOf(event), end: this.#loadedTo, unfinished: true });
    }
  }

  #save(owner: Owner): void {
    if (!this.#durable) return;
    guard(
      'export.cursor',
      () => {
        const found = readCursor(this.#cursorPath);
        // Somebody took the recording away, or took it over: it is no more ours to write to.
        if (found === null || !isSameOwner(found.owner, this.#me)) {
          this.#gone = true;
          return;
        }
        writeCursor(this.#cursorPath, { offset: this.#offset, unfinished: this.#unfinished, owner });
      },
      undefined,
    );
  }

  /** All is exported. A recording without content was only the queue: it goes too. */
  #finish(): void {
    this.#gone = true;
    if (!this.#durable) return;
    guard(
      'export.finish',
      () => {
        const found = readCursor(this.#cursorPath);
        if (found === null || !isSameOwner(found.owner, this.#me)) return;
        if (this.#header?.mode === 'metadata') for (const path of [this.path, blobsPathOf(this.path)]) unlinkIfThere(path);
        unlinkIfThere(this.#cursorPath);
      },
      undefined,
    );
  }
}

/** Whether a line of the recording ends there. A cursor says so of any recording that is still the one that it was written for; else all is sent again, which is better than lost. */
function isLineEnd(path: string, offset: number): boolean {
  if (offset === 0) return true;
  return guard(
    'export.cursor',
    () => {
      const file = openSync(path, 'r');
      try {
        const last = Buffer.alloc(1);
        return readSync(file, last, 0, 1, offset - 1) === 1 && last[0] === LF;
      } finally {
        closeSync(file);
      }
    },
    false,
  );
}

function unlinkIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
