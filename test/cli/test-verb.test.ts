/** R11 `hindcast test`: what it writes is run by node:test and by vitest, on the code that failed and on the code that was mended, in another folder too. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newOrdersProject, type OrdersProject } from '../testing/orders-project.ts';
import { cleanEnv } from './process.ts';

const VITEST = join(import.meta.dirname, '../../node_modules/vitest/vitest.mjs');
const KEY = `sk-ant-api03-${'qW3eR5tY7u'.repeat(9)}xyzAA`;
const NOTE = `the key is ${KEY}`;

/** Runs the test that was written, with no key and no server; what it printed, and whether it passed. */
function runTest({ cwd }: OrdersProject, runner: string, folder: string): { passed: boolean; text: string } {
  const args = runner === 'node' ? ['--test', `${folder}/*.test.mjs`] : [VITEST, 'run', folder];
  const env = cleanEnv({ OPENAI_API_KEY: undefined });
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd, env, encoding: 'utf8' });
  return { passed: status === 0, text: stdout + stderr };
}

const testIn = ({ cwd }: OrdersProject, folder: string): string => {
  const [name] = readdirSync(join(cwd, folder)).filter((file) => file.endsWith('.test.mjs'));
  return readFileSync(join(cwd, folder, name!), 'utf8');
};

describe.each(['node', 'vitest'])('for %s', (runner) => {
  let project: OrdersProject;
  const checkouts: OrdersProject[] = [];
  beforeAll(async () => {
    project = newOrdersProject();
    await project.record(undefined, { SHOP_NOTE: NOTE });
  });
  afterAll(() => [project, ...checkouts].forEach((one) => one.close()));

  it('as recorded: passes on the old code, and fails on what was mended; fixed at an event: the other way round', async () => {
    const made = await project.hindcast(['test', 'last', '--runner', runner]);
    expect(made).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(
        /^✓ test\/replays\/ses_\w+\.test\.mjs\n✓ .*\.hindcast\n✓ .*\.stdout\.txt\n {2}passes here, in /,
      ),
    });
    expect(made.stderr).toContain('Not scrubbed');
    const fixed = await project.hindcast(['test', 'last', '--runner', runner, '--fixed-at', '2', '--out', 'checks']);
    expect(fixed.stdout).toMatch(
      /\n {2}fails here, as it must until the bug is fixed:\n {4}ses_\w+: the program still fails: it ended with exit code 3\n/,
    );

    const checkout = project.copyTo('elsewhere');
    checkouts.push(checkout);
    for (const one of [project, checkout]) {
      expect(runTest(one, runner, 'test/replays')).toMatchObject({
        passed: true,
        text: expect.stringContaining('agent.mjs does what it did'),
      });
      expect(runTest(one, runner, 'checks')).toMatchObject({
        passed: false,
        text: expect.stringContaining('still fails: it ended with exit code 3'),
      });
      one.mend();
      expect(runTest(one, runner, 'test/replays')).toMatchObject({
        passed: false,
        text: expect.stringMatching(/no such request: POST[^]*asked at agent\.mjs:8:/),
      });
      expect(runTest(one, runner, 'checks')).toMatchObject({
        passed: true,
        text: expect.stringContaining('agent.mjs gets past the failure'),
      });
    }
  });

  it('reads well, and says nothing of this machine', () => {
    for (const folder of ['test/replays', 'checks']) {
      const text = testIn(project, folder);
      expect(text).not.toMatch(new RegExp(`${homedir()}|${project.cwd}|/work|file:/`));
      expect(text.split('\n').length).toBeLessThan(30);
      expect(
        text
          .replace(/ses_\w+/g, 'ses_1')
          .replace(/20\d\d-\d\d-\d\d/, 'DAY')
          .replace(/'[0-9a-f]{16}'/, "'ID'"),
      ).toMatchSnapshot();
    }
  });
});

describe('R12 scrubbed', () => {
  let project: OrdersProject;
  beforeAll(async () => {
    project = newOrdersProject();
    await project.record(undefined, { SHOP_NOTE: NOTE });
  });
  afterAll(() => project.close());

  it('the file has no key in it, and is still found what the program asks with its own', async () => {
    const made = await project.hindcast(['test', 'last', '--scrub', '--json']);
    expect(JSON.parse(made.stdout)).toMatchObject({ scrubbed: true, passes: true, failure: null });
    const file = readdirSync(join(project.cwd, 'test/replays')).find((name) => name.endsWith('.hindcast'));
    rmSync(join(project.cwd, '.hindcast/recordings'), { recursive: true });
    expect((await project.hindcast(['import', `test/replays/${file}`])).code).toBe(0);
    const [log] = readdirSync(join(project.cwd, '.hindcast/recordings'));
    expect(readFileSync(join(project.cwd, '.hindcast/recordings', log!), 'utf8')).not.toContain('qW3eR5tY7u');
    for (const env of [{}, { SHOP_NOTE: NOTE }, { SHOP_NOTE: 'the key is anything else' }])
      expect(await project.hindcast(['replay'], { env })).toMatchObject({
        code: 3,
        stderr: expect.stringMatching(/✓ .*2 of 2 requests/),
      });
  });

  it('refuses an event that is not there, a runner that nobody has, what is there, and what cannot be replayed', async () => {
    expect(await project.hindcast(['test', 'last', '--fixed-at', '#7'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('number "#7"'),
    });
    expect((await project.hindcast(['test', 'last', '--runner', 'jest'])).code).toBe(2);
    await project.hindcast(['test', 'last', '--out', 'twice']);
    expect(await project.hindcast(['test', 'last', '--out', 'twice'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('is there already'),
    });
    expect((await project.hindcast(['test', 'last', '--out', 'twice', '--force'])).code).toBe(0);
    await project.record(undefined, { HINDCAST_REPLAYABLE: 'off' });
    expect(await project.hindcast(['test', 'last'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('cannot be replayed: it was not recorded for a replay'),
    });
  });
});
