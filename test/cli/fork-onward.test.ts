/** R7: what an edit has hold onward, it has hold in forks of the fork as well, without being said again. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readRecording } from '../../src/recording/recording.ts';
import { replay } from '../../src/testing/replay.ts';
import type { StandInRequest } from '../../src/testing/stand-in.ts';
import { AGENT, startBench } from './fork-bench.ts';
import type { Bench } from './fork-bench.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await startBench();
});
afterAll(() => bench.close());

/** Forks, and tells the id of the fork, and of each call that was asked its model, its temperature, its system prompt and the number of its messages. */
async function fork(of: string, ...args: string[]): Promise<{ id: string; calls: unknown[]; stdout: string; stderr: string }> {
  const { stdout, stderr, asked, code } = await bench.run(['fork', of, ...args]);
  expect(code, stderr).toBe(0);
  return { id: /^● (ses_\w+)/m.exec(stderr)?.[1] ?? '', calls: asked.map(callOf), stdout, stderr };
}

const callOf = ({ json }: StandInRequest): unknown => [
  json.model,
  json.temperature,
  json.messages[0].content.split(' ')[3],
  json.messages.length,
];

const onwardOf = (id: string): unknown => readRecording(join(bench.cwd, `.hindcast/recordings/${id}.jsonl`)).header.fork?.onward;

describe('R7 what holds onward', () => {
  it('holds in forks of the fork, three deep, which replay offline', async () => {
    const one = await fork(bench.session, '--at', '3', '--model', 'gpt-5', '--set', '/temperature=0', '--onward');
    expect(one.calls).toEqual([
      ['gpt-5', 0, 'polite', 4],
      ['gpt-5', 0, 'polite', 6],
    ]);
    // Another answer before: what is asked otherwise from there on, is asked as the fork would have.
    const two = await fork(one.id, '--at', '1', '--text', 'Look at the lamp.');
    expect(two.calls).toEqual([
      ['gpt-5', 0, 'polite', 4],
      ['gpt-5', 0, 'polite', 6],
    ]);
    expect(two.stderr).toContain('answer "Look at the lamp."; still model "gpt-5", temperature 0');
    const three = await fork(two.id, '--at', '4', '--replace', 'polite=>rude', '--onward');
    expect(three.calls).toEqual([['gpt-5', 0, 'rude', 6]]);
    expect(onwardOf(three.id)).toEqual([
      { set: { '/model': 'gpt-5', '/temperature': 0 } },
      { replace: [{ find: 'polite', with: 'rude' }] },
    ]);
    // From the beginning on: the first call is before all that holds onward.
    const four = await fork(three.id, '--at', '1', '--resample');
    expect(four.calls).toEqual([
      ['gpt-4.1-mini', 1, 'polite', 2],
      ['gpt-5', 0, 'polite', 4],
      ['gpt-5', 0, 'rude', 6],
    ]);
    for (const { id, stdout } of [one, two, three, four]) {
      const again = await bench.run(['replay', id]);
      expect([again.stdout, again.code, again.asked.length], again.stderr).toEqual([stdout, 0, 0]);
      const tested = await replay(join(bench.cwd, `.hindcast/recordings/${id}.jsonl`), { cwd: bench.cwd });
      tested.assertSame();
      expect(tested.stdout).toBe(stdout);
    }
    // `show` says what was sent, also of what is served from a fork.
    const shown = (await bench.run(['show', three.id])).stdout;
    expect(shown.match(/chat \S+/g)?.slice(-3)).toEqual(['chat gpt-4.1-mini', 'chat gpt-4.1-mini', 'chat gpt-4.1-mini']);
    const { events } = readRecording(join(bench.cwd, `.hindcast/recordings/${three.id}.jsonl`));
    expect(events.flatMap(({ llm }) => llm?.request.model ?? [])).toEqual(['gpt-4.1-mini', 'gpt-5', 'gpt-5']);
  });

  it('also for a call that the fork was only served', async () => {
    const one = await fork(bench.session, '--at', '3', '--model', 'gpt-5', '--onward');
    const two = await fork(one.id, '--at', '4', '--set', '/temperature=0');
    expect(two.calls).toEqual([['gpt-5', 0, 'polite', 6]]);
    const three = await fork(two.id, '--at', '3', '--resample');
    // What an edit changed of one call alone, it changed of that call.
    expect(three.calls).toEqual([
      ['gpt-5', 1, 'polite', 4],
      ['gpt-5', 1, 'polite', 6],
    ]);
  });

  it('is taken back by a later edit that holds onward', async () => {
    const one = await fork(bench.session, '--at', '1', '--model', 'gpt-5', '--set', '/temperature=0', '--onward');
    const two = await fork(one.id, '--at', '3', '--model', 'gpt-4.1', '--onward');
    expect(two.calls).toEqual([
      ['gpt-4.1', 0, 'polite', 4],
      ['gpt-4.1', 0, 'polite', 6],
    ]);
    const three = await fork(two.id, '--at', '4', '--resample');
    expect(three.calls).toEqual([['gpt-4.1', 0, 'polite', 6]]);
  });

  it('is what was said to hold onward, and not what had been changed of that one call before', async () => {
    const one = await fork(bench.session, '--at', '3', '--set', '/temperature=0');
    expect(onwardOf(one.id)).toBeUndefined();
    const two = await fork(one.id, '--at', '3', '--model', 'gpt-5', '--onward');
    expect(two.calls).toEqual([
      ['gpt-5', 0, 'polite', 4],
      ['gpt-5', 1, 'polite', 6],
    ]);
  });

  it('for calls of other code too, and where a replay goes on over the network', async () => {
    const one = await fork(bench.session, '--at', '3', '--model', 'gpt-5', '--onward');
    writeFileSync(join(bench.cwd, 'more.mjs'), AGENT.replace("'Say goodbye.'", "'Say hello.'"));
    const other = await fork(one.id, '--at', '4', '--', process.execPath, 'more.mjs');
    expect(other.calls).toEqual([['gpt-5', 1, 'polite', 6]]);
    const live = await bench.run(['replay', one.id, '--policy', 'live', '--', process.execPath, 'more.mjs']);
    expect(live.asked.map(callOf)).toEqual([['gpt-5', 1, 'polite', 6]]);
  });
});
