/** C5 configure(): what can change while it runs does, and of the rest it is said why not. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPrograms, type Programs } from '../support/programs.ts';

let programs: Programs;
beforeAll(async () => {
  programs = await startPrograms();
});
afterAll(() => programs.close());

/** Runs a program that prints what its `configure` calls returned, in order. */
async function configured(code: string, env: Record<string, string> = {}) {
  const ran = await programs.run(`const say = (x) => console.log(JSON.stringify(x)); ${code}`, { env });
  expect(ran.code, ran.stderr).toBe(0);
  const lines = ran.stdout.split('\n').filter((line) => line !== '');
  return {
    ...ran,
    results: lines.map((line) => JSON.parse(line) as { applied: string[]; refused: { option: string; reason: string }[] }),
  };
}

describe('C5 configure()', () => {
  it('says before init(), and after shutdown(), that there is no client', async () => {
    const { results } = await configured(`
      say(configure({ quiet: true, agent: { id: 'x' } }));
      const client = init({ quiet: true });
      await shutdown();
      say(client.configure({ quiet: true }));
    `);
    const reason = 'there is no client: call init() first';
    expect(results).toEqual([
      {
        applied: [],
        refused: [
          { option: 'quiet', reason },
          { option: 'agent.id', reason },
        ],
      },
      { applied: [], refused: [{ option: 'quiet', reason }] },
    ]);
  });

  it('applies to sessions to come, and to what is said, what can change', async () => {
    const { results, recordings, stderr, said } = await configured(`
      init({ tags: ['old'], agent: { name: 'kept' } });
      startSession({ id: 'before' }).end();
      say(configure({ tags: ['new'], agent: { id: 'i' }, environment: 'e', service: 's', quiet: true, logFile: 'log/there-is-no-such-folder',
        prices: { 'gpt-4o-mini': { input: 1e6, output: 0 } }, exitTimeoutMs: 5, classifier: () => ({ type: 'tool', code: 'timeout' }) }));
      init({ nonsense: 1 });
      await startSession({ id: 'after' }).run(async () => { await ask(); try { recordTool('t', () => { throw new Error('x'); })(); } catch {} });
    `);
    expect(results).toEqual([
      {
        applied: ['tags', 'agent.id', 'environment', 'service', 'quiet', 'logFile', 'prices', 'exitTimeoutMs', 'classifier'],
        refused: [],
      },
    ]);
    expect(recordings.header('before')).toMatchObject({ tags: ['old'], agent: { name: 'kept' } });
    expect(recordings.header('after')).toMatchObject({
      tags: ['new'],
      agent: { name: 'kept', id: 'i' },
      environment: 'e',
      service: 's',
    });
    const [llm, tool] = recordings.events('after');
    expect([llm!.cost?.usd, tool!.notes?.[0]]).toEqual([10, expect.objectContaining({ type: 'tool', code: 'timeout' })]);
    // Announced before it was told to be quiet; no statistics at the end.
    expect(said).toEqual([
      expect.stringContaining('recording ses_'),
      expect.stringContaining('"nonsense"'),
      expect.stringContaining('cannot write the log file'),
    ]);
    expect(stderr.trim().split('\n')).toEqual(said);
  });

  it('refuses what cannot change, with a reason each, and leaves it as it was', async () => {
    const { results, recordings } = await configured(`
      init({ quiet: true, exitTimeoutMs: 300, endpoint: 'http://127.0.0.1:9', exitTimeoutMs: 0 });
      await ask();
      say(configure({ enabled: false, record: 'metadata', dir: 'elsewhere', endpoint: 'http://127.0.0.1:10', semconv: '1.41', captureContent: true, session: { id: 'other' }, processors: [() => null], tags: ['fine'] }));
      say(configure({ record: 'off' }));
      say(configure({ nonsense: 1, agent: { nmae: 'x' }, exitTimeoutMs: 'soon', quiet: undefined }));
      say(configure(7));
      startSession({ id: 'after' }).end();
    `);
    const [first, off, bad, odd] = results;
    expect(first!.applied).toEqual(['tags']);
    expect(Object.fromEntries(first!.refused.map(({ option, reason }) => [option, reason]))).toEqual({
      enabled: 'a client that runs is stopped with shutdown()',
      record: 'a recording has begun: it is set before the first event',
      dir: 'a recording has begun: it is set before the first event',
      'session.id': 'a recording has begun: it is set before the first event',
      endpoint: 'the export runs as it was started: shutdown() and init() start it anew',
      semconv: 'the export runs as it was started: shutdown() and init() start it anew',
      captureContent: 'the export runs as it was started: shutdown() and init() start it anew',
      processors: 'a recording has begun: it is set before the first event',
    });
    expect(off).toEqual({ applied: [], refused: [{ option: 'record', reason: expect.stringContaining('shutdown()') }] });
    expect(bad!.refused).toEqual([
      { option: 'nonsense', reason: 'there is no such option' },
      { option: 'agent.nmae', reason: 'there is no such option' },
      { option: 'exitTimeoutMs', reason: 'must be milliseconds from 0 to 60000' },
    ]);
    expect(odd).toEqual({ applied: [], refused: [{ option: 'options', reason: 'must be an object of options' }] });
    expect(recordings.header('after')).toMatchObject({ mode: 'full', tags: ['fine'] });
  });

  it('keeps what was set before when it is given something unusable', async () => {
    const { recordings } = await configured(
      `init({ quiet: true, environment: 'kept' }); say(configure({ environment: '' })); startSession({ id: 's' }).end();`,
      {
        NODE_ENV: 'test',
      },
    );
    expect(recordings.header('s').environment).toBe('kept');
  });
});

describe('C7 the log file', () => {
  const OLD = 'there before\n';

  it('gets everything that is said on stderr, with the time, and stays apart from stdout', async () => {
    const { stderr, cwd } = await programs.run(`
      init({ logFile: 'hindcast.log', nonsense: 1 });
      await ask();
      configure({ logFile: 'second.log' });
    `);
    const log = readFileSync(join(cwd, 'hindcast.log'), 'utf8');
    const [warning, start, end] = stderr.trim().split('\n');
    expect(
      log
        .trim()
        .split('\n')
        .map((line) => line.replace(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z /, '@')),
    ).toEqual([warning, start].map((line) => `@${line!.replace('hindcast: ', '')}`));
    expect(readFileSync(join(cwd, 'second.log'), 'utf8')).toContain(end);
    expect(statSync(join(cwd, 'hindcast.log')).mode & 0o777).toBe(0o600);
  });

  it('goes by logLevel, is appended to, and is there for an init() that is off', async () => {
    const cwd = programs.newProject();
    writeFileSync(join(cwd, 'l.log'), OLD);
    await programs.run(`init({ logLevel: 'off', quiet: true, nonsense: 1 });`, { cwd, env: { HINDCAST_LOG_FILE: 'l.log' } });
    expect(readFileSync(join(cwd, 'l.log'), 'utf8')).toBe(OLD);
    await programs.run(`init({ record: 'off', nonsense: 1 });`, { cwd, env: { HINDCAST_LOG_FILE: 'l.log' } });
    expect(readFileSync(join(cwd, 'l.log'), 'utf8')).toMatch(/^there before\n\S+Z init\(\) knows no option "nonsense"/);
  });

  it('that cannot be written is said once, and nothing else happens', async () => {
    const { code, said, stderr, recordings } = await programs.run(`init({ logFile: 'no/such/folder/l.log' }); await ask();`);
    expect(code).toBe(0);
    expect(said.filter((line) => line.includes('cannot write the log file'))).toHaveLength(1);
    expect(stderr.trim().split('\n')).toHaveLength(3);
    expect(recordings.events(recordings.ids()[0]!)).toHaveLength(1);
  });

  it('grows to 10 MB and says in its last line that it does not grow further', async () => {
    const cwd = programs.newProject();
    const path = join(cwd, 'l.log');
    writeFileSync(path, Buffer.alloc(10 * 1024 * 1024 - 40_000, 'x\n'));
    const code = `for (let i = 0; i < 40; i++) { init({ logFile: 'l.log', ['odd' + i + 'x'.repeat(2000)]: 1 }); }`;
    await programs.run(code, { cwd });
    const size = statSync(path).size;
    expect(size).toBeLessThan(10 * 1024 * 1024);
    expect(readFileSync(path, 'utf8').trimEnd().split('\n').at(-1)).toMatch(
      /Z this file has 10 MB, and no more is written to it/,
    );
    await programs.run(code, { cwd });
    expect(statSync(path).size).toBe(size);
  });
});
