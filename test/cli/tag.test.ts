/** `tag`: one further line, and everybody who reads recordings copes with it. */
import { appendFileSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readRecording, summariseRecording } from '../../src/recording/recording.ts';
import { readEnds } from '../../src/recording/recording-ends.ts';
import { openExportQueue } from '../../src/recording/export-queue.ts';
import { NOBODY, writeCursor } from '../../src/recording/export-cursor.ts';
import { retagRecording } from '../../src/recording/tag-recording.ts';
import { repairRecording, verifyRecording } from '../../src/recording/verify.ts';
import { rawLinesOf } from '../recording/support.ts';
import { hindcast, newFolder } from './process.ts';
import { EPOCH_US, idOf, writeAgent, WrittenRecording } from './written.ts';

let folder: string;
let dir: string;
let ended: WrittenRecording;

beforeEach(() => {
  folder = newFolder();
  dir = join(folder, '.hindcast');
  ended = writeAgent(dir, 'ses_aaaa00000001', { tags: ['first'] });
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const run = (...args: string[]) => hindcast(['tag', ...args], { cwd: folder });
const crashed = (): WrittenRecording =>
  new WrittenRecording(dir, 'ses_bbbb00000002', { epoch: EPOCH_US + 60e6 })
    .event({ id: idOf(9), type: 'tool', name: 'execute_tool look', start: 1000, end: 2000 })
    .open(idOf(8), 3000, 'chat gpt-4.1');

describe('L1 tag', () => {
  test('an ended session gets one further end line', async () => {
    const before = readFileSync(ended.path);
    const { stdout, stderr, code } = await run(
      'ses_aaaa',
      'reviewed',
      'bug 12',
      '--meta',
      'ticket=OPS-7',
      '--link',
      'https://ci.example/7',
    );
    expect([stdout, stderr, code]).toEqual([
      '✓ ses_aaaa00000001  first, reviewed, bug 12, ticket=OPS-7, https://ci.example/7\n',
      '',
      0,
    ]);
    const after = readFileSync(ended.path);
    expect(after.subarray(0, before.length).equals(before)).toBe(true);
    const [last, added] = rawLinesOf(ended.path).slice(-2);
    const said = {
      tags: ['first', 'reviewed', 'bug 12'],
      metadata: { ticket: 'OPS-7' },
      links: [{ url: 'https://ci.example/7' }],
    };
    expect(added).toEqual({ ...last, ...said, s: last!.s + 1, c: added!.c });
    expect(verifyRecording(ended.path)).toMatchObject({ state: 'ended', problems: [] });
    expect(readRecording(ended.path)).toMatchObject({ state: 'ended', ...said, end: { stats: { llm: 1 } } });
    expect(readEnds(ended.path)?.end).toMatchObject(said);
    expect(summariseRecording(ended.path)).toMatchObject({ state: 'ended', events: 3 });
    expect(repairRecording(ended.path)).toMatchObject({ dropped: 0, problems: [] });
  });

  test('again, away again, and what it says already', async () => {
    await run('ses_aaaa', 'a', 'b', '--meta', 'n=5');
    expect((await run('ses_aaaa', 'a', 'first', '--meta', 'n', '--remove')).stdout).toBe('✓ ses_aaaa00000001  b\n');
    const bytes = readFileSync(ended.path);
    expect((await run('ses_aaaa', 'b')).stdout).toBe('ses_aaaa00000001  b\n');
    expect((await run('ses_aaaa')).stdout).toBe('ses_aaaa00000001  b\n');
    expect(readFileSync(ended.path).equals(bytes)).toBe(true);
    expect(JSON.parse((await run('ses_aaaa', 'c', '--json')).stdout)).toMatchObject({
      changed: true,
      tags: ['b', 'c'],
      metadata: {},
    });
    expect(verifyRecording(ended.path)).toMatchObject({ state: 'ended', problems: [] });
  });

  test('a crashed session gets an update line, and stays crashed', async () => {
    const { path } = crashed();
    expect(await run('ses_bbbb', 'looked-at')).toMatchObject({ code: 0 });
    expect(rawLinesOf(path).at(-1)).toMatchObject({ k: 'update', s: 3, t: 3000, tags: ['looked-at'] });
    expect(verifyRecording(path)).toMatchObject({ state: 'crashed', problems: [] });
    expect(readRecording(path)).toMatchObject({ state: 'crashed', tags: ['looked-at'], open: [{ id: idOf(8) }] });
  });

  test('a recording that waits for its export is exported as before', () => {
    const { path } = crashed();
    for (const one of [path, ended.path]) {
      writeCursor(one.replace('.jsonl', '.cursor'), { offset: 0, unfinished: 0, owner: NOBODY });
      expect(retagRecording(one, (words) => ({ ...words, tags: ['t'] }))).toMatchObject({ outcome: 'written' });
    }
    const queue = openExportQueue({ dir: join(dir, 'recordings'), withContent: false });
    queue.adopt();
    const items = [];
    for (let batch = queue.take({ items: 100, bytes: 1e9 }); batch; batch = queue.take({ items: 100, bytes: 1e9 })) {
      items.push(...batch.items);
      batch.ack();
    }
    expect(items.map(({ event }) => `${event.name} ${event.status} ${event.end}`).sort()).toEqual([
      'answer_customer ok 1400000',
      'chat gpt-4.1 unfinished 3000',
      'chat gpt-4.1-mini ok 322000',
      'execute_tool find_order error 390000',
      'execute_tool look ok 2000',
    ]);
    expect(queue.pending()).toBe(0);
    queue.close();
  });

  test('without content: tags, but neither metadata nor links', async () => {
    const { path } = new WrittenRecording(dir, 'ses_cccc00000003', { mode: 'metadata' }).end();
    expect(await run('ses_cccc', 'x', '--meta', 'a=b')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('without content'),
    });
    expect(readRecording(path).tags).toEqual([]);
    expect(await run('ses_cccc', 'x')).toMatchObject({ code: 0 });
    expect(readRecording(path).tags).toEqual(['x']);
  });

  test('what cannot be tagged is left as it is, and says what to do', async () => {
    const live = new WrittenRecording(dir, 'ses_dddd00000004', { epoch: Date.now() * 1000, pid: process.pid });
    const torn = crashed();
    appendFileSync(torn.path, '{"s":3,"k":"op');
    const damaged = writeAgent(dir, 'ses_eeee00000005');
    const bytes = readFileSync(damaged.path);
    bytes[300] = (bytes[300] as number) ^ 1;
    writeFileSync(damaged.path, bytes);
    for (const [{ path, id }, hint] of [
      [live, /is being recorded[^]*addTags/],
      [torn, /cut off[^]*hindcast repair ses_bbbb/],
      [damaged, /damaged[^]*hindcast repair ses_eeee/],
    ] as const) {
      const before = readFileSync(path);
      const { code, stderr, stdout } = await run(id, 'x');
      expect([code, stdout], id).toEqual([1, '']);
      expect(stderr).toMatch(hint);
      expect(readFileSync(path).equals(before)).toBe(true);
    }
    repairRecording(torn.path);
    repairRecording(damaged.path);
    expect(await run('ses_bbbb', 'x')).toMatchObject({ code: 0 });
    expect(await run('ses_eeee', 'x')).toMatchObject({ code: 0 });
    expect(verifyRecording(damaged.path)).toMatchObject({ state: 'ended', problems: [] });
  });

  test('several at once never break the recording; cut anywhere, only the further line is lost', async () => {
    await Promise.all(Array.from({ length: 4 }, (_, n) => run('ses_aaaa', `t${n}`)));
    expect(verifyRecording(ended.path)).toMatchObject({ state: 'ended', problems: [] });
    const size = readFileSync(ended.path).length;
    retagRecording(ended.path, (words) => ({ ...words, tags: ['last'] }));
    truncateSync(ended.path, size + 40);
    expect(readRecording(ended.path)).toMatchObject({ state: 'ended', events: { length: 3 } });
    expect(readRecording(ended.path).problems.map(({ kind }) => kind)).toEqual(['torn']);
  });

  test('asked for wrongly', async () => {
    for (const args of [
      [],
      ['ses_aaaa', ' '],
      ['ses_aaaa', '--meta', 'x'],
      ['ses_aaaa', '--link', 'nowhere'],
      ['ses_aaaa', 'x'.repeat(201)],
    ])
      expect((await run(...args)).code, args.join(' ')).toBe(2);
  });
});
