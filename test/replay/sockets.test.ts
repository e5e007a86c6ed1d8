/** Connections of the app's own: recorded they are as they were, and in a replay nothing connects. */
import { spawn } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runtimePath } from '../../scripts/runtimes.ts';
import { cleanEnv } from '../cli/process.ts';
import { startLineServers } from './line-server.ts';
import { PASSWORD, postgresPrograms, startPostgres } from './postgres.ts';
import type { Postgres } from './postgres.ts';
import { programAt } from './recorded.ts';
import { forget, recordingTextOf, recordTrial, replayTrial } from './trials.ts';
import type { RecordedTrial } from './trials.ts';
import { startWhimsicalModel } from './whimsical-model.ts';

const RUNS = Number(process.env['HINDCAST_TEST_RUNS'] ?? 3);
const programs = postgresPrograms();
if (programs === null) console.warn('skipped: no PostgreSQL below /usr/lib/postgresql (Debian package postgresql)');

describe.runIf(programs !== null)('R4 tools that ask PostgreSQL by npm pg', { timeout: 120_000 }, () => {
  let server: Postgres;
  const kept: RecordedTrial[] = [];
  const record = async (secure: boolean): Promise<RecordedTrial> => {
    const env = { PGPORT: String(server.port), PGPASSWORD: PASSWORD, ...(secure && { DATABASE_CA: server.ca }) };
    const recorded = await recordTrial(programAt('database'), { env });
    kept.push(recorded);
    return recorded;
  };

  beforeAll(async () => {
    server = await startPostgres(programs!);
  });
  afterAll(async () => {
    await server.close();
    for (const recorded of kept) forget(recorded);
  });

  it.each([
    ['without TLS', false],
    ['with TLS, which the connection is upgraded to', true],
  ])('%s', { timeout: RUNS * 60_000 }, async (_name, secure) => {
    const outputs = new Set<string>();
    for (let run = 0; run < RUNS; run++) {
      const recorded = await record(secure);
      expect(recorded).toMatchObject({ code: 0, stdout: expect.stringMatching(/heard storm[^]*refused 28P01\nover\n$/) });
      outputs.add(recorded.stdout);
      const again = await replayTrial(recorded, { env: { PGPASSWORD: PASSWORD } });
      expect({ stdout: again.stdout, code: again.code, connections: again.connections }).toEqual({
        stdout: recorded.stdout,
        code: 0,
        connections: 0,
      });
      expect(again.summary).toMatch(/^✓ .*5 of 5 requests.*\d+ connections answered from the recording/);
    }
    expect(outputs.size).toBe(RUNS);
  });

  it('the password is in no recording, and what was asked is', async () => {
    const text = recordingTextOf(await record(true));
    expect(text).not.toContain(PASSWORD);
    expect(text).toContain('insert into notes (city, said) values ($1, $2) returning id');
  });

  it('without the password, the replay says which connection is told another thing', async () => {
    const recorded = await record(false);
    const again = await replayTrial(recorded);
    expect(again).toMatchObject({ code: 86, connections: 0 });
    expect(again.stderr).toMatch(/the connection to 127\.0\.0\.1:\d+/);
  });
});

const FACTS = programAt('socket-facts');

it.each([22, 24, 26] as const)(
  'P4 what an app sees of its sockets is the same bare, recorded and replayed, on Node %i',
  { timeout: 120_000 },
  async (major) => {
    const node = runtimePath(major);
    if (node === null) return;
    const servers = await startLineServers();
    const bare = await runBare(node, servers.env);
    const recorded = await recordTrial(FACTS, { node, env: servers.env });
    await servers.close();
    expect(recorded.stdout).toBe(bare);
    const again = await replayTrial(recorded, { node });
    expect({ stdout: again.stdout, code: again.code, connections: again.connections }).toEqual({
      stdout: bare,
      code: recorded.code,
      connections: 0,
    });
    forget(recorded);
  },
);

it('R6 what a socket is told that it was not told then ends the replay, which shows the line', { timeout: 60_000 }, async () => {
  const servers = await startLineServers();
  const recorded = await recordTrial(programAt('socket-words'), { env: { ...servers.env, WORD: 'plain' } });
  await servers.close();
  expect(recorded).toMatchObject({ code: 0, stdout: 'order plain\n' });
  const same = await replayTrial(recorded);
  expect(same).toMatchObject({ identical: true, connections: 0 });
  const other = await replayTrial(recorded, { command: [process.execPath, programAt('socket-words'), 'cold'] });
  expect(other).toMatchObject({ code: 86, stdout: '' });
  expect(other.stderr).toMatch(/the connection to 127\.0\.0\.1[^]*"order plain" → "order cold"/);
  const more = await replayTrial(recorded, { command: [process.execPath, programAt('socket-words'), 'plain', 'twice'] });
  expect(more).toMatchObject({ code: 86, stdout: 'order plain\n' });
  expect(more.stderr).toContain('is not in the recording');
  forget(recorded);
});

async function runBare(node: string, env: Record<string, string>): Promise<string> {
  const model = await startWhimsicalModel();
  const child = spawn(node, [FACTS], { env: cleanEnv({ ...env, MODEL_URL: model.url }), stdio: ['ignore', 'pipe', 'inherit'] });
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  await new Promise((resolve) => child.once('close', resolve));
  await model.close();
  return stdout;
}
