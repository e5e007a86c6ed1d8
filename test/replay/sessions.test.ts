/** Sessions of one process, in a row and beside each other, and what happens when none is open. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { processRecordings } from '../../src/recording/process-recordings.ts';
import { hindcast } from '../cli/process.ts';
import { INDEX, recordProcess } from './processes.ts';
import type { RecordedProcess } from './processes.ts';

const ASK = `const ask = async () => (await (await fetch(process.env.MODEL_URL + '/weather')).json()).said;`;
const wait = `await new Promise((resolve) => setTimeout(resolve, 3));`;

async function expectSame(recorded: RecordedProcess, ...args: string[]): Promise<void> {
  const again = await recorded.replay(...args);
  expect([again.stdout, again.code, again.summary]).toEqual([
    recorded.ran.stdout,
    recorded.ran.code,
    expect.stringMatching(/^✓/),
  ]);
  expect(again.summary).not.toMatch(/found by|code is not/);
}

const record = (text: string): Promise<RecordedProcess> => recordProcess(`${ASK}\n${text}`, async ({ hangUp }) => hangUp());

const THREE = `
  import { startSession } from ${INDEX};
  const module = [Math.random(), Date.now(), process.env.API_TOKEN?.length];
  for (const name of ['one', 'two', 'three']) {
    const session = startSession({ name });
    await session.run(async () => { console.log(name, await ask(), Math.random()); ${wait} });
    session.end();
    ${wait}
  }
  console.log(module.length, new Date(), Math.random());
  ${wait}
`;

const only = (recorded: RecordedProcess, outside: boolean) =>
  recorded.recordings().filter(({ header }) => (header.outside === true) === outside);

describe('R5 sessions in a row', () => {
  it('three of them, and work after the last', async () => {
    const recorded = await record(`${THREE}
      setTimeout(() => { console.log('late', performance.now()); }, 5);`);
    expect(recorded.ran.code).toBe(0);
    expect(new Set(only(recorded, false).map(({ header }) => header.name))).toEqual(new Set(['one', 'two', 'three']));
    const [own, ...more] = only(recorded, true);
    expect(more).toEqual([]);
    expect([own!.events, own!.state, own!.end?.exitCode]).toEqual([[], 'ended', 0]);
    for (const { header } of recorded.recordings()) await expectSame(recorded, header.id);
    // Who asks for the newest means a session of the app's.
    const { stdout } = await hindcast(['show', 'last', '--json'], { cwd: recorded.cwd });
    expect(stdout).toContain('three');
  });

  it('requests after the last session, where none begins by itself, and after shutdown()', async () => {
    const recorded = await record(`
      import { init, shutdown, startSession } from ${INDEX};
      init({ quiet: true, autoStart: false });
      const session = startSession({ name: 'only' });
      await session.run(async () => console.log(await ask()));
      session.end();
      console.log(await ask(), Math.random());
      await shutdown(50);
      console.log(await ask(), Math.random());
      ${wait}
      console.log(new Date());`);
    expect([recorded.asked, recorded.ran.code]).toEqual([3, 0]);
    await expectSame(recorded);
  });

  it('what is asked in a session and answered after its end', async () => {
    const recorded = await record(`
      import { startSession } from ${INDEX};
      const session = startSession({ name: 'left' });
      const asked = session.run(() => fetch(process.env.MODEL_URL + '/v1/chat/completions', { method: 'POST', body: '{"stream":true}' }));
      const response = await asked;
      session.end();
      console.log(response.status);
      console.log(await ask());`);
    await expectSame(recorded);
  });

  it('no recording of its own for a program that has no session', async () => {
    const recorded = await record(`console.log(Math.random()); ${wait}`);
    expect(readdirSync(recorded.cwd)).not.toContain('.hindcast');
  });

  it('clients with folders of their own are found beside each other', async () => {
    const recorded = await record(`
      import { createClient } from ${INDEX};
      const one = createClient({ quiet: true });
      const session = one.startSession({ name: 'of the client' });
      await session.run(async () => console.log(await ask(), Math.random()));
      session.end();
      console.log(await ask());
      await one.shutdown(50);
      console.log(await ask(), new Date());`);
    const folder = join(recorded.cwd, '.hindcast/recordings');
    const [first] = readdirSync(folder).filter((name) => name.endsWith('.jsonl'));
    expect(processRecordings(join(folder, first!)).some((path) => path.includes('clients/1/recordings'))).toBe(true);
    await expectSame(recorded);
  });

  it('a client that keeps no content takes none of the inputs', async () => {
    const recorded = await record(`
      import { createClient } from ${INDEX};
      const bare = createClient({ quiet: true, record: 'metadata' });
      const session = bare.startSession({ name: 'bare' });
      session.run(() => console.log(Math.random()));
      console.log(await ask());
      session.end();
      ${wait}
      console.log(await ask(), Math.random());`);
    await expectSame(recorded);
  });
});
