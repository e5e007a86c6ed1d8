/** R7: forks are shown below what they were forked from, with what was edited and what they took. */
import { describe, expect, it } from 'vitest';
import type { ForkFacts } from '../../src/events/edits.ts';
import { hindcast, newFolder } from './process.ts';
import { EPOCH_US, idOf, writeAgent, WrittenRecording } from './written.ts';

const PARENT = 'ses_aaaa00000001';

/** A fork with one model call that was answered from the recording, and one that was sent. */
function writeFork(dir: string, id: string, fork: ForkFacts, seconds: number, exitCode = 0): void {
  const recording = new WrittenRecording(dir, id, { fork, epoch: EPOCH_US + seconds * 1e6, pid: 4_000_000 + seconds });
  for (const [n, from] of [
    [1, '1'],
    [2, undefined],
  ] as const) {
    recording.event({
      id: idOf(n),
      type: 'llm',
      name: 'chat gpt-4.1-mini',
      start: n * 1000,
      end: n * 1000 + 500,
      llm: {
        operation: 'chat',
        provider: 'openai',
        api: 'chat_completions',
        request: { model: 'gpt-4.1-mini' },
        usage: { input: 100 * n, output: n },
      },
      cost: { usd: n / 1000, priced: '2025-08-31' },
    });
    recording.add({
      k: 'request',
      t: n * 1000,
      x: n,
      on: idOf(n),
      method: 'POST',
      url: 'http://127.0.0.1/v1/chat/completions',
      headers: [],
      ...(from && { from }),
    });
  }
  recording.end({ exitCode, state: exitCode === 0 ? 'success' : 'failure', stats: { events: 2, llm: 2 } });
}

const MODEL: ForkFacts = {
  of: PARENT,
  at: idOf(2),
  after: 'branch',
  edits: [{ event: idOf(2), kind: 'request', change: { set: { '/model': 'gpt-5' } } }],
};

function writtenFolder(): string {
  const dir = newFolder();
  writeAgent(dir, PARENT);
  writeFork(dir, 'ses_bbbb00000002', MODEL, 10);
  writeFork(
    dir,
    'ses_cccc00000003',
    { of: PARENT, at: idOf(3), after: 'live', edits: [{ event: idOf(3), kind: 'result', result: { stock: 0 } }] },
    20,
    1,
  );
  writeFork(
    dir,
    'ses_dddd00000004',
    {
      of: 'ses_bbbb00000002',
      at: idOf(2),
      after: 'branch',
      edits: [{ event: idOf(2), kind: 'completion', completion: { text: 'Sold \u001b[2Jout.' } }],
    },
    30,
  );
  new WrittenRecording(dir, 'ses_eeee00000005', { epoch: EPOCH_US + 40e6 }).end();
  return dir;
}

describe('hindcast branches', () => {
  it('prints the tree', async () => {
    const { stdout, code } = await hindcast(['branches', '--dir', writtenFolder()]);
    expect(code).toBe(0);
    expect(stdout).toMatchInlineSnapshot(`
      "session                 forked at                   edit                         events  recorded  sent  tokens       cost    took  state   exit
      ses_aaaa00000001                                                                      3                  212→18  $0.000114  1.50 s  ok
      ├─ ses_bbbb00000002     #2 chat gpt-4.1-mini        model "gpt-5"                     2         1     1   200→2    $0.0020  1.50 s  ok         0
      │  └─ ses_dddd00000004  #2 chat gpt-4.1-mini        answer "Sold \\u001b[2Jout."       2         1     1   200→2    $0.0020  1.50 s  ok         0
      └─ ses_cccc00000003     #3 execute_tool find_order  result {"stock":0}                2         1     1   200→2    $0.0020  1.50 s  failed     1
      "
    `);
  });

  it('as JSON, with what was spent and saved', async () => {
    const { stdout } = await hindcast(['branches', 'bbbb', '--json', '--dir', writtenFolder()]);
    const [tree] = JSON.parse(stdout);
    expect(tree).toMatchObject({ id: PARENT, forks: [{ id: 'ses_bbbb00000002' }, { id: 'ses_cccc00000003', exitCode: 1 }] });
    expect(tree.forks[0]).toMatchObject({
      at: '#2 chat gpt-4.1-mini',
      edit: 'model "gpt-5"',
      fork: MODEL,
      exitCode: 0,
      figures: {
        requests: { recorded: 1, sent: 1 },
        saved: { llm: 1, tokens: { input: 100, output: 1 }, cost: { usd: 0.001 } },
        spent: { llm: 1, tokens: { input: 200, output: 2 }, cost: { usd: 0.002 } },
      },
      forks: [{ id: 'ses_dddd00000004' }],
    });
  });

  it('of a session that has none says so, of a folder without any too', async () => {
    const dir = writtenFolder();
    expect((await hindcast(['branches', 'eeee', '--dir', dir])).stdout).toContain('no forks yet');
    expect((await hindcast(['branches', '--dir', newFolder()])).stderr).toMatch(/has forks yet.*hindcast fork/s);
  });

  it('a fork whose parent is gone is shown, and one that is its own ancestor too', async () => {
    const dir = newFolder();
    writeFork(dir, 'ses_bbbb00000002', MODEL, 10);
    writeFork(dir, 'ses_cccc00000003', { ...MODEL, of: 'ses_dddd00000004' }, 20);
    writeFork(dir, 'ses_dddd00000004', { ...MODEL, of: 'ses_cccc00000003' }, 30);
    const { stdout, code } = await hindcast(['branches', '--dir', dir]);
    expect(code).toBe(0);
    expect(stdout).toContain('fork of ses_aaaa00000001, which is not here');
    expect(stdout.match(/ses_(cccc|dddd)0/g)?.length).toBeGreaterThanOrEqual(2);
    expect((await hindcast(['ls', '--dir', dir])).stdout.match(/^ *ses_/gm)).toHaveLength(3);
  });
});

describe('elsewhere', () => {
  it('ls lists forks below what they were forked from', async () => {
    const { stdout } = await hindcast(['ls', '--dir', writtenFolder()]);
    const rows = stdout.trimEnd().split('\n').slice(1);
    expect(rows.map((row) => /^ *ses_.{4}/.exec(row)?.[0])).toEqual([
      'ses_eeee',
      'ses_aaaa',
      '  ses_bbbb',
      '    ses_dddd',
      '  ses_cccc',
    ]);
    expect(rows[2]).toContain('fork of ses_aaaa00000001');
  });

  it('show says of what session and event it is a fork, and what was edited', async () => {
    const dir = writtenFolder();
    const show = async (id: string): Promise<string> => (await hindcast(['show', id, '--dir', dir])).stdout;
    expect(await show('bbbb')).toContain('\nfork of ses_aaaa00000001 at #2 chat gpt-4.1-mini: model "gpt-5"\n');
    expect(await show('cccc')).toContain('\nfork of ses_aaaa00000001 at #3 execute_tool find_order: result {"stock":0}\n');
    const third = await show('dddd');
    expect(third).toContain('\nfork of ses_bbbb00000002 at #2 chat gpt-4.1-mini: answer "Sold');
    expect(third).not.toContain('\u001b');
    expect(await show('aaaa')).not.toContain('fork of');
  });
});
