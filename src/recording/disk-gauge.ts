/** How much of the disk a client may still use (docs/decisions/0013-disk-budget.md): its folder as it was measured last, and what the client has written since. Asked at each write, so it adds and compares, and no more. */
import { guard } from '../core/diagnostics.ts';
import type { DroppedFacts, EndLine } from '../events/lines.ts';

/** `free`: everything is recorded. `scarce`: what was said is not. `none`: events are not. */
export type Room = 'free' | 'scarce' | 'none';

/** Over the budget, events are still recorded up to this share of it. */
const EVENTS_SHARE = 1.1;
/** A share of the budget, and no more than so many bytes, may be written before the folder is looked at again. */
const GROWTH_SHARE = 1 / 32;
const GROWTH_BYTES_MAX = 16 * 1024 * 1024;
/** A disk that has less than this left, or than a tenth of it, counts as a budget that is reached. */
const FREE_BYTES_MIN = 100 * 1024 * 1024;
const FREE_SHARE_MIN = 0.1;

/** What was found of a folder and its disk. */
export interface Measured {
  /** Bytes of all recordings, with everything that belongs to them. */
  bytes: number;
  /** Absent where the system does not say. */
  disk?: { free: number; total: number };
}

/** Bytes that are missing from what a disk should have free. */
export function missingOn(disk: Measured['disk']): number {
  return disk === undefined ? 0 : Math.max(0, reserveOf(disk) - disk.free);
}

const reserveOf = ({ total }: NonNullable<Measured['disk']>): number => Math.min(FREE_BYTES_MIN, total * FREE_SHARE_MIN);

export class DiskGauge {
  /** Told when the folder should be looked at again. */
  onGrowth: (() => void) | undefined;
  /** Told the first time that something is not recorded for want of room. */
  onDrop: ((room: Exclude<Room, 'free'>, cause: 'budget' | 'disk') => void) | undefined;
  /** Bytes that were written so far. */
  written = 0;
  #budgetBytes = 0;
  #found: Measured = { bytes: 0 };
  /** What `written` was when the folder was measured. */
  #since = 0;
  /** Values of `written` from which on there is less room, and from which on the folder should be looked at. */
  #scarceAt = Infinity;
  #noneAt = Infinity;
  #growthAt = Infinity;
  #cause: 'budget' | 'disk' = 'budget';
  #told: Room = 'free';

  /** 0: no limit, also not by what the disk has left. */
  set budgetBytes(bytes: number) {
    this.#budgetBytes = bytes;
    this.#settle();
  }

  get budgetBytes(): number {
    return this.#budgetBytes;
  }

  get room(): Room {
    return this.written < this.#scarceAt ? 'free' : this.written < this.#noneAt ? 'scarce' : 'none';
  }

  add(bytes: number): void {
    this.written += bytes;
    if (this.written < this.#growthAt) return;
    this.#growthAt = Infinity;
    guard('recording.gauge', () => this.onGrowth?.(), undefined);
  }

  /** The folder was measured; `since`: what `written` was before. */
  measured(found: Measured, since: number): void {
    this.#found = found;
    this.#since = since;
    this.#settle();
  }

  /** Something was not recorded. */
  dropped(room: Exclude<Room, 'free'>): void {
    if (this.#told === room || this.#told === 'none') return;
    this.#told = room;
    guard('recording.gauge', () => this.onDrop?.(room, this.#cause), undefined);
  }

  #settle(): void {
    const budget = this.#budgetBytes;
    if (budget <= 0) {
      this.#scarceAt = this.#noneAt = this.#growthAt = Infinity;
      return;
    }
    const { bytes, disk } = this.#found;
    const reserve = disk === undefined ? 0 : reserveOf(disk);
    const [byBudget, byDisk] = [budget - bytes, disk === undefined ? Infinity : disk.free - reserve];
    this.#cause = byDisk < byBudget ? 'disk' : 'budget';
    this.#scarceAt = this.#since + Math.max(0, Math.min(byBudget, byDisk));
    // What is kept free on a disk has room for events up to its half.
    this.#noneAt = this.#since + Math.max(0, Math.min(budget * EVENTS_SHARE - bytes, byDisk + reserve / 2));
    this.#growthAt = this.written + Math.min(budget * GROWTH_SHARE, GROWTH_BYTES_MAX);
  }
}

/** What of one recording was not recorded for want of room. */
export class DroppedCount {
  readonly #facts: DroppedFacts = { bodies: 0, contents: 0, events: 0, bytes: 0 };
  #logs: EndLine['logsDropped'];

  add(what: 'bodies' | 'contents' | 'events', bytes: number): void {
    this.#facts[what]++;
    this.#facts.bytes += bytes;
  }

  addPrinted(chars: number): void {
    this.#logs = { pieces: (this.#logs?.pieces ?? 0) + 1, chars: (this.#logs?.chars ?? 0) + chars };
  }

  /** Puts it into the last line of a recording. */
  into<L extends { logsDropped?: EndLine['logsDropped'] }>(line: L): L & { dropped?: DroppedFacts } {
    const { bodies, contents, events } = this.#facts;
    const [said, ours] = [line.logsDropped, this.#logs];
    const pieces = (said?.pieces ?? 0) + (ours?.pieces ?? 0);
    return {
      ...line,
      ...(ours && { logsDropped: { pieces, chars: (said?.chars ?? 0) + ours.chars } }),
      ...(bodies + contents + events > 0 && { dropped: { ...this.#facts } }),
    };
  }
}
