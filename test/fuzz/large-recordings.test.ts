import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openExportQueue } from '../../src/recording/export-queue.ts';
import { readRecording } from '../../src/recording/recording.ts';
import { framed, idOf, WrittenRecording } from '../cli/written.ts';
import { runVerb } from './recording-scene.ts';

const MANY = 130_000;

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'hindcast-large-'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Writes a recording in one go. */
function write(id: string, lines: object[]): string {
  const { path } = new WrittenRecording(root, id);
  const header = framed({
    s: 0,
    k: 'session',
    t: 0,
    v: 1,
    id,
    epoch: 1_772_366_400_000_000,
    trace: 'a'.repeat(32),
    mode: 'full',
    sdk: 'x/1',
    flags: [],
    pid: 0,
    node: 'v',
    platform: 'l',
    arch: 'x',
  } as never);
  writeFileSync(path, header + lines.map((line, index) => framed({ s: index + 1, ...line } as never)).join(''));
  return path;
}

/** All of them take most of a minute. */
const LONG = [
  ['show'],
  ['explain'],
  ['stats'],
  ['search', 'nothing-of-that-kind'],
  ['export', '--format', 'html'],
  ['export', '--format', 'csv'],
] as const;
const VERBS = process.env['HINDCAST_FUZZ'] === undefined ? LONG.slice(0, 1) : LONG;

async function look(id: string): Promise<void> {
  for (const [verb, ...args] of VERBS) {
    const named = verb === 'search' || verb === 'stats' ? [] : [id];
    const { failure } = await runVerb(verb, [...args, ...named, '--dir', root]);
    expect(failure, verb).toBeUndefined();
  }
}

// What takes time with the square of these would take hours.
describe('recordings larger than any program makes', () => {
  it('many notes on an event that never ended', { timeout: 120_000 }, () => {
    const path = write('ses_notes', [
      { k: 'open', t: 1, id: idOf(1), type: 'tool', name: 't' },
      ...Array.from({ length: MANY }, (_, t) => ({
        k: 'note',
        t,
        on: idOf(1),
        n: { kind: 'signal', at: t, type: 'a', code: 'b', value: true },
      })),
    ]);
    expect(readRecording(path).notes.get(idOf(1))).toHaveLength(MANY);
  });

  it('an answer in many pieces', { timeout: 120_000 }, () => {
    const path = write('ses_pieces', [
      { k: 'request', t: 1, x: 1, method: 'GET', url: 'u', headers: [] },
      { k: 'response', t: 1, x: 1, status: 200, headers: [], at: 1, ord: 1 },
      ...Array.from({ length: MANY }, (_, t) => ({ k: 'data', t, x: 1, body: 'x' })),
    ]);
    expect(readRecording(path).exchanges.get(1)?.responseBody()).toHaveLength(MANY);
  });

  it('events in each other, each open, down to the last', { timeout: 120_000 }, () => {
    const lines = Array.from({ length: 9_000 }, (_, n) => ({
      k: 'open',
      t: n,
      id: idOf(n + 1),
      ...(n > 0 && { parent: idOf(n) }),
      type: 'step',
      name: 's',
    }));
    // The first once more, in the last: a circle.
    const path = write('ses_deep', [
      ...lines,
      { k: 'open', t: 9_001, id: idOf(1), parent: idOf(9_000), type: 'step', name: 's' },
    ]);
    writeFileSync(path.replace('.jsonl', '.cursor'), '{"offset":0,"pid":0}');
    const queue = openExportQueue({ dir: join(root, 'recordings'), withContent: false });
    queue.adopt();
    const ids = new Set<string>();
    for (let batch = queue.take({ items: 512, bytes: 1e9 }); batch; batch = queue.take({ items: 512, bytes: 1e9 })) {
      for (const { event } of batch.items) ids.add(event.id);
      batch.ack();
    }
    queue.close();
    expect(ids.size).toBe(9_000);
    rmSync(path);
  });

  it('a body that says it is larger than memory', () => {
    const path = write('ses_blob', [
      { k: 'request', t: 1, x: 1, method: 'GET', url: 'u', headers: [], body: { at: 0, len: 2 ** 52, crc: 1 } },
    ]);
    writeFileSync(path.replace('.jsonl', '.blobs'), 'x');
    expect(readRecording(path).exchanges.get(1)?.requestBody()).toBeUndefined();
    rmSync(path);
  });

  it('many events, side by side and in each other', { timeout: 300_000 }, async () => {
    rmSync(join(root, 'recordings'), { recursive: true, force: true });
    write(
      'ses_events',
      Array.from({ length: MANY }, (_, n) => ({
        k: 'event',
        t: n,
        e: {
          id: idOf(n + 1),
          trace: 'a'.repeat(32),
          ...(n > 0 && n < 20_000 && { parent: idOf(n) }),
          type: 'step',
          name: 's',
          start: n,
          end: n + 2,
          status: n % 7 === 0 ? 'error' : 'ok',
          ...(n % 7 === 0 && { error: { type: 'E', from: idOf(n + 2) } }),
        },
      })),
    );
    await look('ses_events');
  });
});
