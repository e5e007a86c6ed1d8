/**
 * The durable queue between the recordings and the exporter. A recording is in it if it has a `.cursor` beside it. What waits is held in memory up to a
 * limit; beyond it, and after a crash, it is read from the log.
 */
import { existsSync, readdirSync, statSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { wallMs } from '../core/clock.ts';
import { guard, reportFault } from '../core/diagnostics.ts';
import type { Guard, SessionLine } from '../events/lines.ts';
import type { SpanEvent } from '../events/model.ts';
import type { ExportBatch, ExportItem, ExportSource } from '../events/ports.ts';
import { RequestTexts } from './export-bodies.ts';
import { type Cursor, newOwner, type Owner, retire, takeOver } from './export-cursor.ts';
import { cursorPathOf, ExportRecording } from './export-recording.ts';
import { readLines } from './log-reader.ts';

export interface ExportQueueOptions {
  /** The recordings folder. */
  dir: string;
  /** The process that owns what is offered; this one if absent. */
  pid?: number;
  /** Whether items carry bodies and content. */
  withContent: boolean;
  /** Which code of the app's own stands between this queue and the backend; none if absent. A recording that was written for more than that is left alone. */
  guards?: () => readonly Guard[];
  /** Items held in memory, over all recordings. */
  memoryItemsMax?: number;
}

/** No method throws. */
export interface ExportQueue extends ExportSource {
  /** A recording was begun: from here on it is in the queue, so that a kill before its first event is known cannot leave it out. */
  begin(path: string): void;
  /**
   * An event was written to the recording at `path`, which is `endOffset` bytes long since. With an `endOffset` that is no further than before, the
   * event is not in the log, and is held in memory alone.
   */
  offer(path: string, header: SessionLine, event: SpanEvent, endOffset: number): void;
  /** Takes over the recordings of processes that are gone. They are read when their turn comes. */
  adopt(): void;
  /** Events that could be held neither in a log nor in memory. */
  lost(): number;
  /** Puts all cursors down and gives up what is not exported yet, for the next process. */
  close(): void;
}

const MEMORY_ITEMS_MAX = 2_048;
/** Recordings without anything to export that are looked at, each time, for whether they have ended. */
const END_CHECKS = 16;
/** Left behind by a process that died between writing a cursor or a lock and putting it in its place. */
const LEFTOVER = /\.(cursor|lock)\.\d+$/;
const LEFTOVER_AGE_MS = 10 * 60 * 1_000;

/** The queue of one recordings folder. Touches nothing until something is offered or adopted. */
export function openExportQueue(options: ExportQueueOptions): ExportQueue {
  return new Queue(options);
}

interface Share {
  recording: ExportRecording;
  count: number;
}

class Queue implements ExportQueue {
  readonly #options: ExportQueueOptions;
  readonly #memoryItemsMax: number;
  readonly #texts = new RequestTexts();
  readonly #recordings = new Map<string, ExportRecording>();
  #owner: Owner | undefined;
  #pending = 0;
  #held = 0;
  #lost = 0;
  #outstanding: object | null = null;
  #closed = false;

  constructor(options: ExportQueueOptions) {
    this.#options = options;
    this.#memoryItemsMax = options.memoryItemsMax ?? MEMORY_ITEMS_MAX;
  }

  get #me(): Owner {
    return (this.#owner ??= newOwner(this.#options.pid ?? process.pid));
  }

  begin(path: string): void {
    if (!this.#closed && !this.#recordings.has(path)) guard('export.begin', () => this.#add(path), undefined);
  }

  offer(path: string, header: SessionLine, event: SpanEvent, endOffset: number): void {
    if (this.#closed) return;
    const recording = this.#recordings.get(path) ?? this.#add(path);
    this.#change(recording, () => recording.offer(header, event, endOffset, this.#held < this.#memoryItemsMax));
  }

  adopt(): void {
    if (this.#closed) return;
    const { dir } = this.#options;
    guard(
      'export.adopt',
      () => {
        if (!existsSync(dir)) return;
        const names = readdirSync(dir);
        for (const name of names) if (LEFTOVER.test(name)) guard('export.leftover', () => removeOld(join(dir, name)), undefined);
        const cursors = names.filter((name) => name.endsWith('.cursor')).map((name) => join(dir, name));
        const aged = cursors.map((path) => ({ path, ms: statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0 }));
        for (const { path } of aged.toSorted((a, b) => a.ms - b.ms)) guard('export.adopt', () => this.#adoptOne(path), undefined);
      },
      undefined,
    );
  }

  take(limit: { items: number; bytes: number }): ExportBatch | null {
    if (this.#closed || this.#outstanding !== null || this.#pending === 0) return null;
    const items: ExportItem[] = [];
    const shares: Share[] = [];
    const left = { ...limit };
    for (const recording of this.#recordings.values()) {
      if (recording.pending === 0) continue;
      if (items.length > 0 && (left.items <= 0 || left.bytes <= 0)) break;
      const found = this.#change(recording, () => guard('export.read', () => recording.peek(left), null));
      if (found === null) {
        // A recording that cannot be read, say because it was deleted, does not stop the others.
        this.#drop(recording);
        continue;
      }
      // One that is being read through, without an event so far, has had its turn.
      items.push(...found);
      shares.push({ recording, count: found.length });
      left.items -= found.length;
      left.bytes -= recording.bytesOf(found.length);
      if (found.length === 0 && recording.pending > 0) break;
    }
    return shares.length === 0 ? null : this.#batchOf(items, shares);
  }

  pending(): number {
    return this.#pending;
  }

  lost(): number {
    return this.#lost;
  }

  close(): void {
    if (this.#closed) return;
    for (const recording of this.#recordings.values()) {
      recording.checkEnd();
      recording.giveUp();
    }
    this.#recordings.clear();
    if (this.#owner !== undefined) retire(this.#owner);
    this.#closed = true;
    this.#pending = 0;
  }

  #batchOf(items: ExportItem[], shares: Share[]): ExportBatch {
    const batch: ExportBatch = {
      items,
      ack: () => {
        if (this.#outstanding !== batch) return;
        this.#outstanding = null;
        for (const { recording, count } of shares) this.#change(recording, () => recording.ack(count));
        this.#checkEnds();
      },
      release: () => {
        if (this.#outstanding === batch) this.#outstanding = null;
      },
    };
    this.#outstanding = batch;
    return batch;
  }

  #add(path: string, adopted?: Cursor): ExportRecording {
    const recording = new ExportRecording({
      path,
      me: this.#me,
      withContent: this.#options.withContent,
      texts: this.#texts,
      ...(adopted && { adopted }),
    });
    this.#recordings.set(path, recording);
    this.#pending += recording.pending;
    return recording;
  }

  #adoptOne(cursorPath: string): void {
    const path = cursorPath.replace(/\.cursor$/, '.jsonl');
    if (this.#recordings.has(path) || !this.#mayTake(path)) return;
    const cursor = takeOver(cursorPath, path, this.#me);
    if (cursor === null) return;
    if (existsSync(path)) this.#add(path, cursor);
    else unlinkSync(cursorPath);
  }

  /** Whether everything that its own process would have sent it through is here as well. */
  #mayTake(path: string): boolean {
    const header = headerOf(path);
    if (header?.guarded === undefined) return true;
    const here = this.#options.guards?.() ?? [];
    return header.guards === undefined ? here.length > 0 : header.guards.every((guard) => here.includes(guard));
  }

  /** Does something to a recording and keeps the totals. */
  #change<T>(recording: ExportRecording, act: () => T): T {
    const { pending, held, lost } = recording;
    try {
      return act();
    } finally {
      this.#pending += recording.pending - pending;
      this.#held += recording.held - held;
      this.#lost += recording.lost - lost;
      if (recording.finished) this.#recordings.delete(recording.path);
    }
  }

  #drop(recording: ExportRecording): void {
    reportFault('export.unreadable', new Error(`${recording.path} cannot be read`));
    this.#pending -= recording.pending;
    this.#held -= recording.held;
    this.#recordings.delete(recording.path);
    guard(
      'export.cursor',
      () => {
        if (!existsSync(recording.path)) unlinkSync(cursorPathOf(recording.path));
      },
      undefined,
    );
  }

  /** Sessions that ended after their last event was exported. Those looked at go to the end of the row. */
  #checkEnds(): void {
    let checks = 0;
    for (const recording of [...this.#recordings.values()]) {
      if (recording.pending > 0) continue;
      this.#change(recording, () => recording.checkEnd());
      if (!recording.finished) {
        this.#recordings.delete(recording.path);
        this.#recordings.set(recording.path, recording);
      }
      if (++checks === END_CHECKS) return;
    }
  }
}

/** The header of a recording; undefined where it has none that can be read, and so nothing that could be sent. */
function headerOf(path: string): SessionLine | undefined {
  if (!existsSync(path)) return undefined;
  for (const scanned of readLines(path)) if (scanned.ok && scanned.line.k === 'session') return scanned.line;
  return undefined;
}

function removeOld(path: string): void {
  if (wallMs() - statSync(path).mtimeMs > LEFTOVER_AGE_MS) unlinkSync(path);
}
