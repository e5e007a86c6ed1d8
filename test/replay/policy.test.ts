/** What happens where a replay leaves its recording: it ends, is given what is nearest, or goes on really; and prompts that were changed are tolerated. */
import { execFile } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { readRecording } from '../../src/recording/recording.ts';
import { startStandIn } from '../../src/testing/stand-in.ts';
import type { StandIn } from '../../src/testing/stand-in.ts';
import { cleanEnv, hindcast, newFolder } from '../cli/process.ts';
import type { Ended } from '../cli/process.ts';

/** A program of so many questions; its exit code is its last line. */
const program = (questions: string[], more = ''): string =>
  `const ask = async (prompt) => {
  const answer = await fetch(process.env.MODEL_URL + '/chat', { method: 'POST', body: JSON.stringify({ prompt }) });
  console.log((await answer.json()).said);
};
${questions.map((question) => `await ask(${JSON.stringify(question)});`).join('\n')}
${more}`;

let asked = 0;
let server: StandIn | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

interface Place {
  cwd: string;
  ran: Ended;
  server: StandIn;
  write(text: string): void;
  replay(...flags: string[]): Promise<Ended & { summary: string; sent: number }>;
  recordings(): string[];
}

async function record(text: string): Promise<Place> {
  const standIn = await startStandIn(({ json, text: sent }) => ({ body: { said: `${++asked} ${json?.prompt ?? sent}` } }));
  server = standIn;
  const cwd = newFolder();
  const file = join(cwd, 'program.mjs');
  const write = (changed: string): void => writeFileSync(file, changed);
  write(text);
  const ran = await hindcast(['run', '--', process.execPath, file], {
    cwd,
    env: { MODEL_URL: standIn.url, HINDCAST_HOST_INFO: 'off' },
  });
  const recordings = (): string[] => readdirSync(join(cwd, '.hindcast/recordings')).filter((name) => name.endsWith('.jsonl'));
  const [first = ''] = recordings();
  return {
    ...{ cwd, ran, server: standIn, write, recordings },
    async replay(...flags) {
      const before = standIn.requests.length;
      const ended = await hindcast(['replay', first.replace('.jsonl', ''), ...flags], { cwd });
      const summary = ended.stderr.split('\n').find((line) => /^[✓✗●]/.test(line)) ?? '';
      return { ...ended, summary, sent: standIn.requests.length - before };
    },
  };
}

const lines = (text: string): string[] => text.trimEnd().split('\n');

describe('R6 policies', () => {
  it('strict ends with 86 at the first divergence', async () => {
    const place = await record(program(['one', 'two', 'three']));
    place.write(program(['one', 'zwei', 'three']));
    const replayed = await place.replay();
    expect([replayed.code, replayed.sent, lines(replayed.stdout)]).toEqual([86, 0, lines(place.ran.stdout).slice(0, 1)]);
    expect(replayed.summary).toMatch(/^✗ .*: left the recording at request 2; 1 of 3 requests answered from the recording$/);
  });

  it('warn says so, and gives what is nearest', async () => {
    const place = await record(program(['one', 'two', 'three']));
    place.write(program(['one', 'zwei', 'drei']));
    const replayed = await place.replay('--policy', 'warn');
    expect([replayed.code, replayed.sent, replayed.stdout]).toEqual([0, 0, place.ran.stdout]);
    expect(replayed.stderr.match(/the replay left the recording/g)).toHaveLength(2);
    expect(replayed.stderr).toContain('request 2 is not the recorded one: POST /chat');
    expect(replayed.summary).toMatch(/^● .*: 3 of 3 .*; 2 changed requests given the nearest answer/);
    expect((await place.replay('--policy', 'warn', '--check')).code).toBe(86);
  });

  it('warn ends with 86 where nothing is near, and goes past what was never asked for', async () => {
    const place = await record(program(['one', 'two']));
    place.write(program(['one', 'two', 'three']));
    const replayed = await place.replay('--policy', 'warn');
    expect([replayed.code, replayed.sent, replayed.stdout]).toEqual([86, 0, place.ran.stdout]);
    place.write(program(['two']));
    const less = await place.replay('--policy', 'warn');
    expect([less.code, lines(less.stdout)]).toEqual([0, lines(place.ran.stdout).slice(1)]);
    expect(less.stderr).toContain('request 1 (POST /chat), which this run never made');
  });

  it('live asks the network from there on, and keeps that as a branch', async () => {
    const place = await record(program(['one', 'two', 'three']));
    place.write(program(['one', 'zwei', 'three', 'four']));
    const stopped = await place.replay('--policy', 'live');
    expect([stopped.code, stopped.sent]).toEqual([87, 0]);
    expect(stopped.summary).toMatch(/stopped before a side effect/);
    const replayed = await place.replay('--policy', 'live', '--allow', '127.0.0.1');
    expect([replayed.code, replayed.sent]).toEqual([0, 2]);
    const [one, , three] = lines(place.ran.stdout);
    // What still asks as it did is answered from the recording.
    expect(lines(replayed.stdout)).toEqual([
      one,
      expect.stringMatching(/^\d+ zwei$/),
      three,
      expect.stringMatching(/^\d+ four$/),
    ]);
    const kept = place.recordings().filter((name) => !replayed.summary.includes(`● ${name.replace('.jsonl', '')}`));
    expect(kept).toHaveLength(1);
    expect(replayed.summary).toContain(`2 requests sent over the network, kept as ${kept[0]!.replace('.jsonl', '')}`);
    const branch = readRecording(join(place.cwd, '.hindcast/recordings', kept[0]!));
    expect(branch.header.fork).toMatchObject({ after: 'branch', edits: [] });
    expect([...branch.exchanges.values()].map(({ from }) => from)).toEqual(['1', undefined, '3', undefined]);
    await place.server.close();
    const again = await hindcast(['replay', kept[0]!.replace('.jsonl', '')], { cwd: place.cwd });
    expect([again.code, again.stdout]).toEqual([0, replayed.stdout]);
  });

  it('live keeps nothing where nothing was sent', async () => {
    const place = await record(program(['one']));
    expect([(await place.replay('--policy', 'live')).code, place.recordings().length]).toEqual([0, 1]);
  });

  it('tolerates changed requests: each is given the answer of its place', async () => {
    const place = await record(program(['one', 'two', 'three']));
    place.write(program(['eins', 'zwei', 'three']));
    const replayed = await place.replay('--tolerate');
    expect([replayed.code, replayed.stdout, replayed.sent]).toEqual([0, place.ran.stdout, 0]);
    expect(replayed.stderr).not.toContain('left the recording');
    expect(replayed.summary).toMatch(/^✓ .*; 2 changed requests tolerated/);
    place.write(program(['eins', 'zwei', 'three', 'four']));
    expect((await place.replay('--tolerate')).code).toBe(86);
  });

  it('says in JSON what it came to', async () => {
    const place = await record(program(['one', 'two']));
    place.write(program(['one', 'two'], 'process.exitCode = 4;'));
    const replayed = await place.replay('--json');
    expect(replayed.code).toBe(86);
    expect(JSON.parse(replayed.stdout)).toMatchObject({
      ...{ exitCode: 86, recordedExitCode: 0, requests: 2, served: 2, live: 0, tolerated: 0, refused: [], kept: [] },
      saved: { calls: 0, tokens: 0, usd: 0, unknown: 0 },
      divergence: { kind: 'exit', text: 'the program ended with exit code 4, and with exit code 0 when it was recorded' },
    });
    expect((await place.replay()).summary).toMatch(
      /^✗ .*: the program ended with exit code 4, and with exit code 0 when it was recorded; 2 of 2/,
    );
  });
});

describe('R6 git bisect', () => {
  it('finds the commit from which on a session is not what it was', { timeout: 120_000 }, async () => {
    const place = await record(program(['one', 'two'], 'process.exitCode = 3;'));
    const git = async (...args: string[]): Promise<string> =>
      (
        await promisify(execFile)('git', ['-c', 'user.name=t', '-c', 'user.email=t@t', ...args], {
          cwd: place.cwd,
          env: cleanEnv(),
        })
      ).stdout;
    await git('init', '-q');
    const commits: string[] = [];
    const end = 'process.exitCode = 3;';
    for (const text of [
      program(['one', 'two'], end),
      program(['one', 'two'], `${end} // the same`),
      program(['one', 'too'], end),
      program(['one', 'too', 'three'], end),
      program(['one', 'too', 'three'], `${end} `),
    ]) {
      place.write(text);
      await git('add', 'program.mjs');
      await git('commit', '-qm', `commit ${commits.length + 1}`);
      commits.push((await git('rev-parse', 'HEAD')).trim());
    }
    await git('bisect', 'start', 'HEAD', commits[0]!);
    const main = new URL('../../dist/cli/main.js', import.meta.url).pathname;
    const session = place.recordings()[0]!.replace('.jsonl', '');
    const out = await git('bisect', 'run', process.execPath, main, 'replay', session, '--check', '-q');
    expect(out).toContain(`${commits[2]} is the first bad commit`);
    // Neither skipped nor broken off: 0 and 86 alone were seen.
    expect(await git('bisect', 'log')).not.toMatch(/skip/);
  });

  it('passes the code of the program on, 125 too, unless it is to check', async () => {
    const place = await record(program(['one'], 'process.exitCode = 125;'));
    expect([(await place.replay()).code, (await place.replay('--check')).code]).toEqual([125, 0]);
    place.write(program(['two'], 'process.exitCode = 125;'));
    expect([(await place.replay()).code, (await place.replay('--check')).code]).toEqual([86, 86]);
  });
});
