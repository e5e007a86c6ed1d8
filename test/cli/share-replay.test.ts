/** R12: what `share` wrote replays, and says whether it does: at home with the secrets, and elsewhere without them, with the program in another folder. */
import { readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newOrdersProject, type OrdersProject } from '../testing/orders-project.ts';

const KEY = `sk-ant-api03-${'qW3eR5tY7u'.repeat(9)}xyzAA`;

describe('R12 a session with a key in its requests', () => {
  let project: OrdersProject;
  let checkout: OrdersProject;
  const gone = (): string => `${project.cwd}-gone`;
  beforeAll(async () => {
    project = newOrdersProject();
    await project.record(undefined, { SHOP_NOTE: KEY });
  });
  afterAll(() => {
    checkout?.close();
    project.close();
  });

  it('is scrubbed, and replayed at once to see whether it still can be', async () => {
    const { stdout, code } = await project.hindcast(['share', 'last', '-o', 'a.hindcast']);
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/scrubbed: 3 anthropic-key\n {2}replays as it was recorded: 2 of 2 requests, exit code 3\n$/),
    ]);
    const json = await project.hindcast(['share', 'last', '-o', 'b.hindcast', '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject({ replay: { tried: true, same: true } });
    for (const option of ['--no-check', '--no-scrub', '--strip-content'])
      expect((await project.hindcast(['share', 'last', '-o', `c${option}.hindcast`, option])).stdout).not.toContain('replay');
  });

  it('is replayed elsewhere, where neither its folder nor a key is; with another command line as well', async () => {
    checkout = project.copyTo('elsewhere');
    renameSync(project.cwd, gone());
    try {
      expect((await checkout.hindcast(['import', 'a.hindcast'])).code).toBe(0);
      expect(await checkout.hindcast(['replay'])).toMatchObject({
        code: 3,
        stderr: expect.stringMatching(/✓ .*: 2 of 2 requests/),
      });
      // The program has another name here.
      const source = readFileSync(join(checkout.cwd, 'agent.mjs'), 'utf8');
      rmSync(join(checkout.cwd, 'agent.mjs'));
      checkout.write('src/main.mjs', source.replace('./orders.mjs', '../orders.mjs'));
      const lost = await checkout.hindcast(['replay']);
      expect([lost.code, lost.stderr]).toEqual([
        1,
        expect.stringMatching(
          /program of this recording is not here: \S+elsewhere\/agent\.mjs\n {2}Say what to run: hindcast replay ses_\w+ -- node <file>\n/,
        ),
      ]);
      const again = await checkout.hindcast(['replay', 'last', '--', process.execPath, 'src/main.mjs']);
      expect(again).toMatchObject({
        code: 3,
        stdout: 'order with 2 lines\n',
        stderr: expect.stringMatching(/✓ .*: 2 of 2 requests/),
      });
    } finally {
      renameSync(gone(), project.cwd);
    }
  });

  it('whose program makes something else of what was taken out is shared all the same, and that is said', async () => {
    const source = readFileSync(join(project.cwd, 'agent.mjs'), 'utf8');
    project.write('agent.mjs', source.replace("Where are 17 and 18? '", "Where are 17 and 18? ' + secret.length"));
    await project.record(undefined, { SHOP_NOTE: KEY });
    const { stdout, stderr, code } = await project.hindcast(['share', 'last', '-o', 'd.hindcast']);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/scrubbed: /)]);
    expect(stderr).toMatch(
      /! It does not replay as it was recorded: ses_\w+: the replay left the recording[^:]*: request 1 is not the recorded one[^]*asked at agent\.mjs:8:/,
    );
    await project.record(undefined, { HINDCAST_REPLAYABLE: 'off' });
    expect((await project.hindcast(['share', 'last', '-o', 'e.hindcast'])).stderr).toContain(
      'Not replayed: it was not recorded for a replay',
    );
  });
});

it('R12 all sessions of a process go with one of them, and a test of it replays them together', async () => {
  const project = newOrdersProject();
  try {
    project.write(
      'two.mjs',
      `import { startSession } from 'hindcast';
       for (const name of ['one', 'two']) {
         const session = startSession({ name });
         await session.run(async () => {
           const answer = await fetch(process.env.MODEL_URL + '/v1/' + name, { method: 'POST', body: process.env.SHOP_NOTE });
           console.log(name, (await answer.text()).length, Math.random());
         });
         session.end();
       }`,
    );
    const ran = await project.record([process.execPath, 'two.mjs'], { SHOP_NOTE: KEY });
    expect([ran.code, ran.stdout]).toEqual([0, expect.stringMatching(/^one \d+ 0\.\d+\ntwo \d+ 0\.\d+\n$/)]);
    const sessions = JSON.parse((await project.hindcast(['ls', '--json'])).stdout) as { id: string; name?: string }[];
    expect(sessions.length).toBeGreaterThan(1);
    for (const { id } of sessions.slice(0, 2)) {
      const { stdout } = await project.hindcast(['share', id, '-o', `${id}.hindcast`]);
      expect(stdout).toMatch(
        new RegExp(`  ${sessions.length} recordings, [^]*replays as it was recorded: 2 of 2 requests, exit code 0`),
      );
      const made = await project.hindcast(['test', id, '--scrub', '--json']);
      expect(JSON.parse(made.stdout)).toMatchObject({
        passes: true,
        files: expect.arrayContaining([expect.stringMatching(/stdout\.txt$/)]),
      });
    }
  } finally {
    project.close();
  }
});
