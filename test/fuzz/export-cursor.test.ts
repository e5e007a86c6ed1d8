import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listFaults } from '../../src/core/diagnostics.ts';
import { openExportQueue } from '../../src/recording/export-queue.ts';
import { repairRecording } from '../../src/recording/verify.ts';
import { DEAD_PID, idOf, WrittenRecording } from '../cli/written.ts';
import { checkPrototypes, fuzz, FUZZ_TIMEOUT_MS, hostileJson, jsonOf, type Random } from '../support/random.ts';

const EVENTS = 12;

let root: string;
let dir: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'hindcast-cursor-'));
  dir = join(root, 'recordings');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

interface Made {
  path: string;
  cursor: string;
  ids: string[];
  /** Ends of lines. */
  ends: number[];
}

/** A recording of a process that is gone, with events that ended, and two that never did. */
function make(id: string, first: number, mode: 'full' | 'metadata'): Made {
  const recording = new WrittenRecording(root, id, { mode });
  const ids: string[] = [];
  for (const number of [first, first + 1]) recording.open(idOf(number), number, `open ${number}`);
  for (let number = first + 2; number < first + EVENTS; number++) {
    recording.event({ id: idOf(number), type: 'tool', name: `event ${number}`, start: number, end: number + 1 });
    ids.push(idOf(number));
  }
  ids.push(idOf(first), idOf(first + 1));
  const bytes = readFileSync(recording.path);
  const ends = [...bytes.keys()].filter((at) => bytes[at] === 10).map((at) => at + 1);
  return { path: recording.path, cursor: recording.path.replace('.jsonl', '.cursor'), ids, ends };
}

/** Everything that one process after the other sends, in which each is killed after some batches. */
function sendAll(random: Random): Map<string, number> {
  const sent = new Map<string, number>();
  for (let lives = 0; lives < 40; lives++) {
    const queue = openExportQueue({ dir, withContent: random.once(2), pid: DEAD_PID + lives });
    queue.adopt();
    const last = lives === 39;
    for (let batches = 0; ; batches++) {
      const batch = queue.take({ items: 1 + random.below(5), bytes: 1e6 });
      if (batch === null) break;
      for (const { event } of batch.items) sent.set(event.id, (sent.get(event.id) ?? 0) + 1);
      // A kill between the answer and the cursor: what was in flight goes again.
      if (!last && lives < 3 && random.once(3)) break;
      if (random.once(6)) batch.release();
      else batch.ack();
      if (batches > 500) throw new Error('the queue does not come to an end');
    }
    const waiting = readdirSync(dir).filter((name) => name.endsWith('.cursor'));
    // One without a header can be exported when it has been repaired.
    if (queue.pending() === 0 && waiting.every((name) => !hasHeader(join(dir, name.replace('.cursor', '.jsonl'))))) return sent;
  }
  throw new Error(`not exported after 40 lives: ${readdirSync(dir).join(' ')}`);
}

/** What may stand in a cursor when something went wrong. */
function cursorOf(random: Random, { path, ends }: Made, other: Made): string | Buffer {
  const size = readFileSync(path).length;
  const offset = random.pick<unknown>([
    0,
    random.below(size),
    random.pick(ends),
    random.pick(ends) - 1,
    random.pick(other.ends) + 1,
    size + random.below(1000),
    -1 - random.below(1000),
    2 ** 53,
    1e300,
    0.5,
    String(random.pick(ends)),
    hostileJson(random),
  ]);
  const owner = {
    pid: random.pick<unknown>([0, DEAD_PID, -1, 2 ** 40, 2 ** 31, 0.5, '1', null]),
    host: random.pick<unknown>(['', hostname(), 7, null]),
    queue: random.pick<unknown>(['q', 3, null, { toString: 1 }]),
    ...(random.once(2) ? { started: random.pick<unknown>(['1', 2, null]) } : {}),
  };
  const whole = jsonOf({ offset, unfinished: random.pick<unknown>([0, 0, -1, 2 ** 50, 'x', null]), ...owner });
  switch (random.below(6)) {
    case 0:
      return random.bytes(random.below(200));
    case 1:
      return whole.slice(0, random.below(whole.length));
    case 2:
      return jsonOf(hostileJson(random));
    default:
      return whole;
  }
}

const isSound = (cursor: string | Buffer): boolean => {
  try {
    return Number.isSafeInteger((JSON.parse(String(cursor)) as { offset: unknown }).offset);
  } catch {
    return false;
  }
};

describe('fuzz: how far a recording has been exported', () => {
  it('loses no event to a cursor that is wrong, and sends none under another id', { timeout: FUZZ_TIMEOUT_MS }, async () => {
    await fuzz(50, (random) => {
      rmSync(dir, { recursive: true, force: true });
      const faults = listFaults().length;
      const mode = random.pick(['full', 'metadata'] as const);
      const made = make('ses_1', 100, mode);
      const other = make('ses_2', 200, mode);
      const text = cursorOf(random, made, other);
      writeFileSync(made.cursor, text);
      writeFileSync(other.cursor, '{"offset":0,"pid":0}');
      const at = isSound(text) ? (JSON.parse(String(text)) as { offset: number }).offset : 0;
      // What lies before the end of a line was exported, as far as anybody can tell.
      const done = made.ends.includes(at) ? at : 0;
      const exported = new Set(eventsBefore(made.path, done));
      const sent = sendAll(random);
      for (const id of [...made.ids, ...other.ids]) {
        if (!exported.has(id) && !sent.has(id)) throw new Error(`${id} was lost to ${String(text)}`);
      }
      const known = new Set([...made.ids, ...other.ids]);
      for (const id of sent.keys()) if (!known.has(id)) throw new Error(`${id} is nobody's`);
      expect(listFaults().slice(faults)).toEqual([]);
      checkPrototypes();
    });
  });

  it('loses no event when a recording is repaired, or cut, in between', { timeout: FUZZ_TIMEOUT_MS }, async () => {
    await fuzz(30, (random) => {
      rmSync(dir, { recursive: true, force: true });
      const made = make('ses_1', 100, 'full');
      writeFileSync(made.cursor, '{"offset":0,"pid":0}');
      const sent = new Set<string>();
      const before = openExportQueue({ dir, withContent: false, pid: DEAD_PID });
      before.adopt();
      for (let batches = random.below(5); batches > 0; batches--) {
        const batch = before.take({ items: 1 + random.below(4), bytes: 1e6 });
        for (const { event } of batch?.items ?? []) sent.add(event.id);
        batch?.ack();
      }
      const size = readFileSync(made.path).length;
      if (random.once(2)) {
        const bytes = readFileSync(made.path);
        bytes[random.below(size)]! ^= 1 + random.below(255);
        writeFileSync(made.path, bytes);
        repairRecording(made.path);
      } else truncateSync(made.path, random.below(size));
      const left = existsSync(made.cursor) ? eventsBefore(made.path, Number.POSITIVE_INFINITY) : [];
      for (const id of existsSync(made.cursor) ? sendAll(random).keys() : []) sent.add(id);
      for (const id of left) if (!sent.has(id)) throw new Error(`${id} was lost`);
      for (const id of sent) if (!made.ids.includes(id)) throw new Error(`${id} is nobody's`);
    });
  });
});

const hasHeader = (path: string): boolean => /^\{"s":0,"k":"session".*\}\n/.test(readFileSync(path, 'latin1').slice(0, 2000));

/** Ids of the events whose lines end up to there, read with nothing of ours; none where the header is gone. */
function eventsBefore(path: string, offset: number): string[] {
  const bytes = readFileSync(path);
  const ids: string[] = [];
  if (!hasHeader(path)) return ids;
  for (let at = 0, lf = bytes.indexOf(10); lf >= 0 && lf + 1 <= offset; at = lf + 1, lf = bytes.indexOf(10, at)) {
    try {
      const line = JSON.parse(bytes.toString('utf8', at, lf)) as { k: string; e: { id: string } };
      if (line.k === 'event') ids.push(line.e.id);
    } catch {
      // A damaged one.
    }
  }
  return ids;
}
