/** `ls` and `show` of sessions that belong together, and the filters of `ls`: in a real process, on recordings that are the same every time. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hindcast, newFolder } from './process.ts';
import { EPOCH_US, idOf, WrittenRecording } from './written.ts';

let folder: string;

beforeAll(() => {
  folder = newFolder();
  const dir = join(folder, '.hindcast');
  const at = (seconds: number): { epoch: number } => ({ epoch: EPOCH_US + seconds * 1e6 });
  const calls = (llm: number) => ({
    events: llm,
    llm,
    tokens: { input: 10 * llm, output: llm, cacheRead: 0, cacheWrite: 0, reasoning: 0, unknown: 0 },
  });
  const root = new WrittenRecording(dir, 'ses_root', {
    ...at(0),
    agent: { id: 'planner' },
    tags: ['nightly'],
    metadata: { customer: 7 },
  })
    .event({ id: idOf(1), type: 'tool', name: 'execute_tool delegate', start: 1000, end: 900_000 })
    .event({ id: idOf(2), type: 'action', name: 'report', start: 950_000, end: 960_000 });
  root.add({ k: 'update', t: 5, links: [{ url: 'https://video.example/v', kind: 'video', name: 'screen' }] });
  root.end({ stats: { durationMs: 1000, events: 2, tools: 1, actions: 1 } });
  const within = { trace: 'a'.repeat(32), span: idOf(1) };
  new WrittenRecording(dir, 'ses_child', { ...at(0.1), parent: 'ses_root', within, agent: { name: 'worker', version: '2' } })
    .event({ id: idOf(3), type: 'llm', name: 'chat a', start: 100_000, end: 200_000, parent: idOf(1) })
    .event({ id: idOf(4), type: 'llm', name: 'chat b', start: 300_000, end: 400_000, parent: idOf(1) })
    .end({ state: 'failure', reason: 'exception', tags: ['retried', 'slow'], stats: { durationMs: 500, ...calls(2) } });
  new WrittenRecording(dir, 'ses_grandchild', { ...at(0.2), parent: 'ses_child', name: 'inner' }).end({ stats: calls(1) });
  new WrittenRecording(dir, 'ses_orphan', { ...at(120), parent: 'ses_gone', name: 'lost' }).end({});
  new WrittenRecording(dir, 'ses_later', { ...at(60), name: 'later', tags: ['nightly', 'slow'] });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = async (...args: string[]): Promise<string> => (await hindcast(args, { cwd: folder })).stdout;
const ids = async (...args: string[]): Promise<string[]> =>
  (JSON.parse(await run('ls', '--json', ...args)) as { id: string }[]).map(({ id }) => id);

describe('L1 S3 ls', () => {
  test('a session stands below the one that it is part of', async () => {
    expect(await run('ls')).toMatchInlineSnapshot(`
      "session             started              agent     events  tokens  cost    took  state
      ses_orphan          2026-03-01 12:02:00  lost           0                1.50 s  ok       part of ses_gone
      ses_later           2026-03-01 12:01:00  later          0                        crashed
      ses_root            2026-03-01 12:00:00  planner        2                1.00 s  ok
        ses_child         2026-03-01 12:00:00  worker 2       2    20→2    $0  500 ms  failed   exception
          ses_grandchild  2026-03-01 12:00:00  inner          1    10→1    $0  1.50 s  ok
      "
    `);
  });

  test('S4 filters: by agent, tag, status, time, and several at once', async () => {
    expect(await ids('--agent', 'planner')).toEqual(['ses_root']);
    expect(await ids('--agent', 'worker')).toEqual(['ses_child']);
    expect(await ids('--tag', 'nightly')).toEqual(['ses_later', 'ses_root']);
    expect(await ids('--tag', 'nightly', '--tag', 'slow')).toEqual(['ses_later']);
    expect(await ids('--tag', 'retried')).toEqual(['ses_child']);
    expect(await ids('--status', 'failed')).toEqual(['ses_child']);
    expect(await ids('--status', 'failure')).toEqual(['ses_child']);
    expect(await ids('--status', 'crashed')).toEqual(['ses_later']);
    expect(await ids('--since', '2026-03-01T12:01:00Z')).toEqual(['ses_orphan', 'ses_later']);
    expect(await ids('--since', '1h')).toEqual([]);
    expect(await ids('--tag', 'slow', '--status', 'failed')).toEqual(['ses_child']);
    expect(await run('ls', '--agent', 'worker')).toContain('part of ses_root');
    const none = await hindcast(['ls', '--agent', 'nobody'], { cwd: folder });
    expect([none.stdout, none.stderr]).toEqual(['', expect.stringContaining('None of 5 sessions is like that.')]);
    expect((await hindcast(['ls', '--since', 'soon'], { cwd: folder })).code).toBe(2);
  });

  test('--json says what belongs to what, and the tags as they were said last', async () => {
    const listed = JSON.parse(await run('ls', '--json')) as { id: string; session: string; parent?: string; tags?: string[] }[];
    expect(listed.find(({ id }) => id === 'ses_child')).toMatchObject({
      session: 'ses_child',
      parent: 'ses_root',
      tags: ['retried', 'slow'],
    });
  });
});

describe('L1 S3 show', () => {
  test('the whole family as one tree, whichever of it is asked for', async () => {
    const shown = await run('show', 'ses_root');
    expect(shown).toMatchInlineSnapshot(`
      "ses_root  planner  ok
      2026-03-01 12:00:00, pid 4206649, Node v24.0.0, with content, 1.1 KB
      tags nightly
      customer 7
      video screen https://video.example/v

      #        at     took  event                  status
      1  +0.001 s   899 ms  execute_tool delegate  ok
                            │  ▸ ses_child  worker 2  failed
      2  +0.200 s   100 ms  ├─ chat a              ok
      3  +0.400 s   100 ms  └─ chat b              ok
      4  +0.950 s  10.0 ms  report                 ok

      ● ses_root and 2 sessions in it  3 LLM calls, 1 tool, 1 action, 30 in / 3 out tokens, $0, 1.0 s
        ● ses_child  2 LLM calls, 20 in / 2 out tokens, $0, 500 ms, failed
          ● ses_grandchild  1 LLM call, 10 in / 1 out tokens, $0, 1.5 s
      "
    `);
    expect(await run('show', 'ses_grandchild')).toBe(shown);
  });

  test('--alone: one session; an event by its number in what is shown, by the clock of its own recording', async () => {
    const alone = await run('show', 'ses_child', '--alone');
    expect(alone).toContain('part of ses_root');
    expect(alone).not.toContain('delegate');
    expect(alone).toContain('● ses_child  2 LLM calls');
    const event = await run('show', 'ses_root', '3');
    expect(event).toContain('in ses_child\nchat b\n');
    expect(event).toContain('at      +0.300 s');
    expect(await run('show', 'ses_child', '2', '--alone')).toContain('chat b\n');
  });

  test('--json: the sum, each session with its own totals, and the session of each event', async () => {
    const { stats, links, metadata, tags, sessions, events } = JSON.parse(await run('show', 'ses_root', '--json')) as any;
    expect(stats).toMatchObject({ llm: 3, tools: 1, actions: 1, durationMs: 1000, tokens: { input: 30, output: 3 } });
    expect([links, metadata, tags]).toEqual([
      [{ url: 'https://video.example/v', kind: 'video', name: 'screen' }],
      { customer: 7 },
      ['nightly'],
    ]);
    expect(sessions.map((one: any) => [one.session.id, one.stats.llm])).toEqual([
      ['ses_root', 0],
      ['ses_child', 2],
      ['ses_grandchild', 1],
    ]);
    expect(events[0].children.map((one: any) => [one.name, one.session, one.start])).toEqual([
      ['chat a', 'ses_child', 200_000],
      ['chat b', 'ses_child', 400_000],
    ]);
  });
});
