import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listFaults } from '../../src/core/diagnostics.ts';
import type { SpanEvent } from '../../src/events/model.ts';
import type { ExportBatch } from '../../src/events/ports.ts';
import { emptyStats } from '../../src/analysis/stats.ts';
import { type ExportQueue, openExportQueue } from '../../src/recording/export-queue.ts';
import { openLog } from '../../src/recording/log-writer.ts';
import type { SessionLog } from '../../src/recording/session-log.ts';
import { event, header } from '../otel/events.ts';

const LIMIT = { items: 512, bytes: 1024 * 1024 };
/** No process has this number. */
const DEAD = 2 ** 22 + 1;

let dir: string;
let count: number;
let logs: SessionLog[];
beforeEach(() => {
  dir = join(mkdtempSync(join(tmpdir(), 'hindcast-queue-')), 'recordings');
  count = 0;
  logs = [];
});
afterEach(() => {
  for (const log of logs) log.close();
  rmSync(join(dir, '..'), { recursive: true, force: true });
});

/** A session whose events are offered to the queue, as the client puts it together. */
function session(queue: ExportQueue | null, over: Parameters<typeof header>[0] = {}): SessionLog {
  const {
    s: _s,
    k: _k,
    t: _t,
    v: _v,
    ...facts
  } = header({ id: `ses_${++count}`, pid: process.pid, epoch: Date.now() * 1000, ...over });
  const log: SessionLog = openLog({ dir, header: facts, onEvent: (done, line, end) => queue?.offer(log.path, line, done, end) });
  logs.push(log);
  return log;
}

function add(log: SessionLog, many = 1): string[] {
  return Array.from({ length: many }, () => {
    const one = event({ type: 'action', name: 'a' });
    log.event(one);
    return one.id;
  });
}

const end = (log: SessionLog): void => log.end({ state: 'success', reason: 'ended', stats: emptyStats() });

const idsOf = (batch: ExportBatch | null): string[] => (batch?.items ?? []).map(({ event: { id } }) => id);

/** Takes and acknowledges everything. */
function drain(queue: ExportQueue, limit = LIMIT): SpanEvent[] {
  const events: SpanEvent[] = [];
  for (let batch = queue.take(limit); batch !== null; batch = queue.take(limit)) {
    events.push(...batch.items.map((item) => item.event));
    batch.ack();
  }
  return events;
}

const files = (): string[] =>
  readdirSync(dir)
    .filter((name) => name !== '.gitignore')
    .sort();

describe('T5 the queue of a live process', () => {
  it('hands out what was offered, in order, and again until it is acknowledged', () => {
    const queue = openExportQueue({ dir, withContent: false });
    const ids = add(session(queue), 5);
    expect(queue.pending()).toBe(5);
    const first = queue.take({ items: 2, bytes: 1e6 });
    expect(idsOf(first)).toEqual(ids.slice(0, 2));
    expect(queue.take(LIMIT), 'one batch at a time').toBeNull();
    first?.release();
    const again = queue.take({ items: 3, bytes: 1e6 });
    expect(idsOf(again)).toEqual(ids.slice(0, 3));
    again?.ack();
    again?.ack();
    expect(queue.pending()).toBe(2);
    expect(drain(queue).map(({ id }) => id)).toEqual(ids.slice(3));
    expect(queue.pending()).toBe(0);
    expect(queue.take(LIMIT)).toBeNull();
  });

  it('bounds a batch by bytes, but hands out at least one', () => {
    const queue = openExportQueue({ dir, withContent: false });
    add(session(queue), 5);
    const batch = queue.take({ items: 512, bytes: 2_500 });
    expect(batch?.items).toHaveLength(2);
    batch?.release();
    expect(queue.take({ items: 512, bytes: 1 })?.items).toHaveLength(1);
  });

  it('holds a bounded number in memory and reads the rest back from the log', () => {
    const queue = openExportQueue({ dir, withContent: false, memoryItemsMax: 10 });
    const [one, two] = [session(queue), session(queue)];
    const expected: string[][] = [[], []];
    for (let round = 0; round < 700; round++) {
      expected[0]!.push(...add(one));
      expected[1]!.push(...add(two));
    }
    expect(queue.pending()).toBe(1_400);
    const events = drain(queue, { items: 100, bytes: 1e6 });
    const got = new Set(events.map(({ id }) => id));
    expect(events).toHaveLength(1_400);
    expect(got.size).toBe(1_400);
    for (const ids of expected) expect(events.map(({ id }) => id).filter((id) => ids.includes(id))).toEqual(ids);
    // And goes on in memory afterwards.
    const late = add(one, 3);
    expect(drain(queue).map(({ id }) => id)).toEqual(late);
    expect(queue.lost()).toBe(0);
  });

  it('V1 holds no content that will not be sent', () => {
    const queue = openExportQueue({ dir, withContent: false });
    add(session(queue));
    const item = queue.take(LIMIT)?.items[0];
    expect(item?.event.name).toBe('a');
    expect(item?.event).not.toHaveProperty('content');
    expect(item?.event).not.toHaveProperty('attributes');
  });

  it('keeps the recording of a full session and removes the cursor when all is exported', () => {
    const queue = openExportQueue({ dir, withContent: false });
    const log = session(queue);
    add(log, 2);
    expect(files()).toEqual(['ses_1.cursor', 'ses_1.jsonl']);
    expect(statSync(join(dir, 'ses_1.cursor')).mode & 0o777).toBe(0o600);
    end(log);
    drain(queue);
    expect(files()).toEqual(['ses_1.jsonl']);
  });

  it('removes the recording of a metadata session when all is exported', () => {
    const queue = openExportQueue({ dir, withContent: false });
    const log = session(queue, { mode: 'metadata' });
    add(log, 2);
    drain(queue);
    expect(files(), 'the session goes on').toEqual(['ses_1.cursor', 'ses_1.jsonl']);
    add(log, 1);
    end(log);
    drain(queue);
    expect(files()).toEqual([]);
  });

  it('notices a session that ended after its last event was exported', () => {
    const queue = openExportQueue({ dir, withContent: false });
    const [early, late] = [session(queue), session(queue, { mode: 'metadata' })];
    add(early);
    add(late);
    drain(queue);
    end(early);
    end(late);
    const third = session(queue);
    add(third);
    drain(queue);
    expect(files()).toEqual(['ses_1.jsonl', 'ses_3.cursor', 'ses_3.jsonl']);
    queue.close();
    expect(files()).toEqual(['ses_1.jsonl', 'ses_3.cursor', 'ses_3.jsonl']);
  });

  it('exports from memory what the disk does not take', () => {
    mkdirSync(join(dir, '..'), { recursive: true });
    writeFileSync(dir, 'a file where the folder should be');
    const queue = openExportQueue({ dir, withContent: false, memoryItemsMax: 4 });
    const ids = add(session(queue), 6);
    expect(queue.pending()).toBe(4);
    expect(queue.lost()).toBe(2);
    expect(drain(queue).map(({ id }) => id)).toEqual(ids.slice(0, 4));
    expect(queue.pending()).toBe(0);
    expect(listFaults().map(({ site }) => site)).toContain('export.cursor');
  });

  it('goes on with the others when a recording was deleted', () => {
    const queue = openExportQueue({ dir, withContent: false, memoryItemsMax: 1 });
    const [one, two] = [session(queue), session(queue)];
    add(one, 2);
    const kept = add(two, 3);
    rmSync(one.path);
    rmSync(one.path.replace('.jsonl', '.cursor'));
    expect(drain(queue).map(({ id }) => id)).toEqual(expect.arrayContaining(kept));
    expect(queue.pending()).toBe(0);
  });
});

describe('T5 the queue after a crash', () => {
  it('takes over from a process that is gone, at the place where it stopped', () => {
    const before = openExportQueue({ dir, withContent: false, pid: DEAD });
    const ids = add(session(before, { pid: DEAD }), 6);
    before.take({ items: 2, bytes: 1e6 })?.ack();
    const after = openExportQueue({ dir, withContent: false });
    after.adopt();
    expect(after.pending()).toBeGreaterThan(0);
    expect(drain(after).map(({ id }) => id)).toEqual(ids.slice(2));
    expect(after.pending()).toBe(0);
    expect(files(), 'crashed, and exported').toEqual(['ses_1.jsonl']);
  });

  it('leaves a living process alone, and another queue of this one', () => {
    const mine = openExportQueue({ dir, withContent: false });
    add(session(mine), 1);
    const parent = openExportQueue({ dir, withContent: false, pid: process.ppid });
    add(session(parent), 1);
    const other = openExportQueue({ dir, withContent: false });
    other.adopt();
    expect(other.pending()).toBe(0);
    expect(other.take(LIMIT)).toBeNull();
    // A queue that was closed has given its recordings up.
    mine.close();
    other.adopt();
    expect(drain(other)).toHaveLength(1);
  });

  it('tells a former life with the same process number', () => {
    const queue = openExportQueue({ dir, withContent: false });
    add(session(queue, { pid: DEAD }), 1);
    const path = join(dir, 'ses_1.cursor');
    const cursor = JSON.parse(readFileSync(path, 'utf8'));
    expect(cursor).toMatchObject({ offset: 0, pid: process.pid });
    writeFileSync(path, JSON.stringify({ ...cursor, queue: 'former', ...(cursor.started && { started: '1' }) }));
    const next = openExportQueue({ dir, withContent: false });
    next.adopt();
    expect(drain(next)).toHaveLength(1);
    // The one that lost it does not write to the cursor any more.
    const batch = queue.take(LIMIT);
    batch?.ack();
    expect(files()).toEqual(['ses_1.jsonl']);
  });

  it('exports what began and never ended, once, as unfinished', () => {
    const before = openExportQueue({ dir, withContent: false, pid: DEAD });
    const log = session(before, { pid: DEAD });
    log.open({ id: '00000000000000aa', type: 'step', name: 'outer' });
    log.open({ id: '00000000000000bb', parent: '00000000000000aa', type: 'llm', name: 'chat gpt-4o' });
    log.open({ id: '00000000000000cc', parent: 'ffffffffffffffff', type: 'tool', name: 'execute_tool x' });
    log.note('00000000000000bb', { kind: 'signal', type: 'tool_success', code: 'first_attempt', value: true, at: 3 });
    log.event(event({ type: 'action', name: 'done', parent: '00000000000000aa', trace: 'e'.repeat(32) }));
    log.event({ ...event({ type: 'tool', name: 'execute_tool x' }), id: '00000000000000cc' });
    log.close();
    const first = openExportQueue({ dir, withContent: false, pid: DEAD });
    first.adopt();
    const one = drain1(first, 3);
    expect(one.map(({ name, status }) => [name, status])).toEqual([
      ['done', 'ok'],
      ['execute_tool x', 'ok'],
      ['outer', 'unfinished'],
    ]);
    // That process is gone too, before it came to the last one.
    const second = openExportQueue({ dir, withContent: false });
    second.adopt();
    const [last, ...more] = drain(second);
    expect(more).toEqual([]);
    expect(last).toMatchObject({
      id: '00000000000000bb',
      name: 'chat gpt-4o',
      status: 'unfinished',
      parent: '00000000000000aa',
      trace: 'e'.repeat(32),
    });
    expect(last?.notes).toHaveLength(1);
    expect(last!.end).toBeGreaterThanOrEqual(last!.start);
    expect(one[2]).toMatchObject({ trace: 'e'.repeat(32) });
    expect(one[2]).not.toHaveProperty('parent');
    expect(files()).toEqual(['ses_1.jsonl']);
  });

  it('does not call unfinished what a living process still does', () => {
    const before = openExportQueue({ dir, withContent: false });
    const log = session(before);
    log.open({ id: '00000000000000aa', type: 'step', name: 'outer' });
    add(log);
    before.close();
    const child = openExportQueue({ dir, withContent: false });
    child.adopt();
    expect(drain(child).map(({ status }) => status)).toEqual(['ok']);
    expect(files()).toEqual(['ses_1.cursor', 'ses_1.jsonl']);
  });

  it('skips a torn tail and damaged lines', () => {
    const before = openExportQueue({ dir, withContent: false, pid: DEAD });
    const log = session(before, { pid: DEAD, mode: 'metadata' });
    const ids = add(log, 3);
    log.close();
    const text = readFileSync(log.path, 'utf8');
    writeFileSync(log.path, text.replace(ids[1]!, 'x'.repeat(16)) + '{"s":4,"k":"event","t":9,"e":{"id"');
    const after = openExportQueue({ dir, withContent: false });
    after.adopt();
    expect(drain(after).map(({ id }) => id)).toEqual([ids[0], ids[2]]);
    expect(files(), 'metadata mode: nothing is left').toEqual([]);
  });

  it('begins again where a cursor cannot be read, and forgets one without a recording', () => {
    const before = openExportQueue({ dir, withContent: false, pid: DEAD });
    const ids = add(session(before, { pid: DEAD }), 2);
    drain(before);
    writeFileSync(join(dir, 'ses_1.cursor'), '{"off');
    writeFileSync(join(dir, 'ses_gone.cursor'), '{"offset":0,"pid":0}');
    const after = openExportQueue({ dir, withContent: false });
    after.adopt();
    expect(drain(after).map(({ id }) => id)).toEqual(ids);
    expect(files()).toEqual(['ses_1.jsonl']);
  });

  it('breaks the lock of a process that died with it, and no other', () => {
    const before = openExportQueue({ dir, withContent: false, pid: DEAD });
    add(session(before, { pid: DEAD }), 2);
    const lock = join(dir, 'ses_1.lock');
    const other = JSON.parse(readFileSync(join(dir, 'ses_1.cursor'), 'utf8'));
    writeFileSync(lock, JSON.stringify({ pid: process.ppid, host: other.host, queue: 'q' }));
    const after = openExportQueue({ dir, withContent: false });
    after.adopt();
    expect(after.pending(), 'somebody is at it').toBe(0);
    expect(existsSync(lock)).toBe(true);
    writeFileSync(lock, JSON.stringify({ pid: DEAD, host: other.host, queue: 'q' }));
    after.adopt();
    expect(drain(after)).toHaveLength(2);
    expect(files()).toEqual(['ses_1.jsonl']);
  });

  it('leaves a recording of a later format to a later release', () => {
    mkdirSync(dir, { recursive: true });
    const line = '{"s":0,"k":"session","t":0,"v":99,"id":"ses_9","epoch":1,"c":"00000000"}\n';
    writeFileSync(join(dir, 'ses_9.jsonl'), line.replace('00000000', crc(line)));
    writeFileSync(join(dir, 'ses_9.cursor'), '{"offset":0,"pid":0}');
    const queue = openExportQueue({ dir, withContent: false });
    queue.adopt();
    expect(drain(queue)).toEqual([]);
    expect(queue.pending()).toBe(0);
    expect(files()).toEqual(['ses_9.cursor', 'ses_9.jsonl']);
  });
});

function drain1(queue: ExportQueue, items: number): SpanEvent[] {
  for (;;) {
    const batch = queue.take({ items, bytes: 1e6 });
    if (batch === null) return [];
    batch.ack();
    if (batch.items.length > 0) return batch.items.map((item) => item.event);
  }
}

function crc(line: string): string {
  let value = 0xffffffff;
  for (const byte of Buffer.from(line.slice(0, line.indexOf(',"c":')))) {
    value ^= byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  }
  return ((value ^ 0xffffffff) >>> 0).toString(16).padStart(8, '0');
}

describe('T8 content for the wire', () => {
  function conversation(log: SessionLog, turns: number): { ids: string[]; requests: string[] } {
    const ids: string[] = [];
    const requests: string[] = [];
    const messages: { role: string; content: string }[] = [];
    for (let turn = 0; turn < turns; turn++) {
      messages.push({ role: 'user', content: `turn ${turn} ${'question '.repeat(200)}` });
      const request = JSON.stringify({ model: 'm', messages });
      const one = event({ type: 'llm', name: 'chat m' });
      log.open({ id: one.id, type: 'llm', name: 'chat m' });
      // Two attempts: the second is the one that counts.
      for (const status of [503, 200]) {
        const exchange = log.exchange({ method: 'POST', url: 'http://x/v1', headers: [], body: request }, one.id);
        exchange.head(status, [['content-type', 'application/json']]);
        exchange.chunk(Buffer.from(JSON.stringify({ status, turn, text: 'answer '.repeat(turn === 3 ? 5_000 : 10) })));
        exchange.end('complete');
      }
      log.event(one);
      ids.push(one.id);
      requests.push(request);
    }
    return { ids, requests };
  }

  function check(queue: ExportQueue, made: { ids: string[]; requests: string[] }, from = 0): void {
    const items: NonNullable<ReturnType<ExportQueue['take']>>['items'] = [];
    for (let batch = queue.take(LIMIT); batch !== null; batch = queue.take(LIMIT)) {
      items.push(...batch.items);
      batch.ack();
    }
    expect(items.map((item) => item.event.id)).toEqual(made.ids);
    items.forEach(({ bodies, event: one }, turn) => {
      expect(bodies?.request === made.requests[turn], `request of turn ${turn}`).toBe(true);
      expect(JSON.parse(bodies!.response as string)).toMatchObject({ status: 200, turn: turn + from });
      expect(bodies?.contentType).toBe('application/json');
      expect(one.content?.error?.message).toBeDefined();
    });
  }

  it('finds the bodies of each event’s last exchange while the session runs', () => {
    const queue = openExportQueue({ dir, withContent: true });
    const log = session(queue);
    check(queue, conversation(log, 12));
    // A second round goes on from there, on bases that were read in the first.
    check(queue, conversation(log, 8));
  });

  it('finds them in the recording of a process that is gone, half of which was exported', () => {
    const before = openExportQueue({ dir, withContent: true, pid: DEAD });
    const made = conversation(session(before, { pid: DEAD }), 10);
    before.take({ items: 4, bytes: 1e9 })?.ack();
    for (const log of logs) log.close();
    const after = openExportQueue({ dir, withContent: true });
    after.adopt();
    check(after, { ids: made.ids.slice(4), requests: made.requests.slice(4) }, 4);
  });
});
