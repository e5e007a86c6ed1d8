/** R10: a session that went wrong is forked at its model calls; and two sessions are told apart at their first difference. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AGENT, startBench } from './fork-bench.ts';
import type { Bench } from './fork-bench.ts';

/** Goes wrong when any answer is unhappy. */
const MOODY = AGENT.replace("last.includes('unhappy')", "messages.some(({ content }) => content.includes('unhappy'))");

let bench: Bench;
beforeAll(async () => {
  // The second answer of the recorded run is the bad one: whoever asks it again, or anything before it, gets a good one.
  bench = await startBench((n) => (n === 2 ? 'unhappy' : `answer ${n}`), MOODY);
});
afterAll(() => bench.close());

const recordings = (): string[] => readdirSync(join(bench.cwd, '.hindcast/recordings')).filter((name) => name.endsWith('.jsonl'));

describe('the call that decided', () => {
  it('is the last that could be asked again for a good run; every count is said as n of m', async () => {
    expect(bench.ran.code).toBe(1);
    const before = recordings();
    const { stdout, stderr, code, asked } = await bench.run(['bisect', bench.session, '--samples', '2']);
    expect(code, stderr).toBe(0);
    expect(stdout.replace(/\$[\d.]+/g, '$…')).toMatchInlineSnapshot(`
      "asked again           runs
      #1 chat gpt-4.1-mini  2 of 2 good
      #3 chat gpt-4.1-mini  2 of 2 good  ◀
      #4 chat gpt-4.1-mini  0 of 2 good

      #3 chat gpt-4.1-mini decided: with it asked again 2 of 2 good, with a later one none.
      These are counts of few runs, and they need not fall from call to call: a late call may do better than an early one.
      6 forks: 620 tokens, $… spent, 190 tokens, $… saved.
      "
    `);
    expect(stdout).not.toContain('%');
    // The first call and what follows from it, twice; the second, twice; the third, twice.
    expect(asked).toHaveLength(2 * (3 + 2 + 1));
    expect(stderr).toContain('fork 6: #4 chat gpt-4.1-mini asked again');
    expect(recordings()).toEqual(before);
  });

  it('by halves, as JSON, with the forks kept', async () => {
    const before = recordings().length;
    const { stdout, code } = await bench.run([
      'bisect',
      bench.session,
      '--samples',
      '1',
      '--search',
      'binary',
      '--keep',
      '--json',
    ]);
    expect(code).toBe(0);
    const said = JSON.parse(stdout);
    expect(said).toMatchObject({
      session: bench.session,
      samples: 1,
      search: 'binary',
      decided: { words: '#3 chat gpt-4.1-mini' },
      calls: 3,
      forks: 2,
      tried: [
        { words: '#3 chat gpt-4.1-mini', good: 1, of: 1 },
        { words: '#4 chat gpt-4.1-mini', good: 0, of: 1 },
      ],
      cut: false,
    });
    expect(said.kept).toHaveLength(2);
    expect(recordings()).toHaveLength(before + 2);
    expect((await bench.run(['branches', bench.session])).stdout).toContain(said.kept[0]);
  });

  it('what is bad, a command can say: it is given what was printed', async () => {
    // Good is a run that says neither "unhappy", nor an answer of this search: asking again cannot help.
    const { stdout, code } = await bench.run(['bisect', bench.session, '--samples', '1', '--bad-if', 'grep -q answer']);
    expect(code).toBe(1);
    expect(stdout).toContain(`No run of ${bench.session} went well`);
    expect(stdout).toContain('0 of 1 good');
    const found = await bench.run([
      'bisect',
      bench.session,
      '--samples',
      '1',
      '--bad-if',
      'grep -q unhappy && test "$EXIT_CODE" = 1',
    ]);
    expect(found.stdout).toContain('#3 chat gpt-4.1-mini decided');
  });

  it('a budget ends it, and is said', async () => {
    const forks = await bench.run(['bisect', bench.session, '--samples', '2', '--max-forks', '3', '--search', 'all']);
    expect(forks.stdout).toContain('Not all was tried: --max-forks 3 was reached.');
    expect(forks.stdout).toContain('3 forks:');
    const cost = await bench.run(['bisect', bench.session, '--samples', '2', '--max-cost', '0.00000001']);
    expect(cost.stdout).toContain('--max-cost 1e-8 was reached');
    expect(cost.stdout).toContain('1 fork:');
    expect(cost.asked).toHaveLength(3);
  });

  it.each<[string[], RegExp, number]>([
    [['--good-if-exit', '1'], /is not bad: it exits with 1 \(bad unless it exits with 1\).*--bad-if/s, 2],
    [['--bad-if', 'no-such-command-anywhere'], /--bad-if cannot be run \(exit 127\)/, 2],
    [['--samples', '0'], /whole number from 1/, 2],
    [['--max-cost', 'much'], /US dollars/, 2],
  ])('%j asks nobody', async (flags, says, exit) => {
    const { stderr, code, asked } = await bench.run(['bisect', bench.session, ...flags]);
    expect(stderr).toMatch(says);
    expect({ code, asked: asked.length }).toEqual({ code: exit, asked: 0 });
  });
});

describe('answers that vary', () => {
  it('are counted run by run, and said as n of m, also where the budget ends it', async () => {
    // Every fifth answer of all is bad, and the second.
    const moods: boolean[] = [];
    const varying = await startBench((n) => {
      moods[n] = n === 2 || n % 5 === 0;
      return moods[n] ? 'unhappy' : `answer ${n}`;
    }, MOODY);
    try {
      const { stdout, stderr, code } = await varying.run(['bisect', varying.session, '--samples', '3']);
      expect(code, stderr).toBe(0);
      // What each run came to, by what the server said: three calls in each of the first three runs, two in the next three.
      const runs = [...[4, 7, 10].map((n) => moods.slice(n, n + 3)), ...[13, 15, 17].map((n) => moods.slice(n, n + 2))];
      const good = runs.map((answers) => !answers.includes(true));
      expect(good).toEqual([false, true, false, true, false, true]);
      expect(stdout.split('\n').slice(1, 4)).toEqual([
        '#1 chat gpt-4.1-mini  1 of 3 good',
        '#3 chat gpt-4.1-mini  2 of 3 good  ◀',
        '#4 chat gpt-4.1-mini  0 of 3 good',
      ]);
      expect(stdout).toContain('#3 chat gpt-4.1-mini decided: with it asked again 2 of 3 good, with a later one none.');
      expect(stderr.match(/\d+ of \d+ good/g)).toEqual(['1 of 3 good', '2 of 3 good', '0 of 3 good']);
      const cut = await varying.run([
        'bisect',
        varying.session,
        '--samples',
        '3',
        '--max-forks',
        '4',
        '--search',
        'all',
        '--json',
      ]);
      const { tried, forks, limit } = JSON.parse(cut.stdout);
      expect([tried.map(({ of }: { of: number }) => of), forks, limit]).toEqual([[3, 1], 4, '--max-forks 4']);
      expect(stdout + stderr + cut.stdout).not.toMatch(/%|always|never/);
    } finally {
      await varying.close();
    }
  });
});

describe('two sessions', () => {
  it('differ first at one event', async () => {
    const fork = await bench.run(['fork', bench.session, '--at', '3', '--text', 'a better answer', '--json']);
    const { session } = JSON.parse(fork.stdout);
    const { stdout, code } = await bench.run(['bisect', bench.session, session]);
    expect(code).toBe(1);
    expect(stdout).toContain('First difference: #3 chat gpt-4.1-mini');
    expect(stdout).not.toContain('#4');
    const json = JSON.parse((await bench.run(['bisect', bench.session, session, '--json'])).stdout);
    expect(json).toMatchObject({
      before: bench.session,
      after: session,
      same: false,
      first: { kind: 'changed', before: { number: 3 } },
    });
  });

  it('or do not, or cannot be compared', async () => {
    expect(await bench.run(['bisect', bench.session, bench.session])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('No difference'),
    });
    expect(await bench.run(['bisect', bench.session, 'ses_gone'])).toMatchObject({ code: 2, stdout: '' });
  });
});
