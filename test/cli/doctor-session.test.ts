/** `hindcast doctor <session>`: each thing that keeps a recording from being replayed is found, in recordings that have it and nothing else. */
import { appendFileSync, mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { LineInput, SessionLine } from '../../src/events/lines.ts';
import { newOrdersProject, type OrdersProject } from '../testing/orders-project.ts';
import { hindcast, newFolder, type Ended } from './process.ts';
import { EPOCH_US, idOf, WrittenRecording } from './written.ts';

const ID = 'ses_aaaa00000001';
const PROCESS = 'abcdefabcdefabcd';
let folder: string;

beforeEach(() => {
  folder = newFolder();
  mkdirSync(join(folder, '.hindcast'));
  writeFileSync(join(folder, 'agent.mjs'), '');
  utimesSync(join(folder, 'agent.mjs'), EPOCH_US / 1e6 - 60, EPOCH_US / 1e6 - 60);
  return () => rmSync(folder, { recursive: true, force: true });
});

const here = (): Partial<SessionLine> => ({
  ...{ flags: [1], node: process.version, platform: process.platform, arch: process.arch, process: PROCESS },
  ...{ argv: ['/usr/bin/node', join(folder, 'agent.mjs')], cwd: folder, execArgv: [] },
});
const write = (header: Partial<SessionLine> = {}, id = ID): WrittenRecording =>
  new WrittenRecording(join(folder, '.hindcast'), id, { ...here(), ...header });

const asked = { lin: '00000000000000a1', lo: 1, where: 'agent.mjs:3:5' };
type Request = LineInput & { k: 'request' };
const request = (more: Partial<Request> = {}): Request =>
  ({
    k: 'request',
    t: 10,
    x: 1,
    on: idOf(1),
    method: 'POST',
    url: 'https://api.example/v1/chat?n=1',
    headers: [],
    body: '{}',
    ...asked,
    ...more,
  }) as Request;
const response = (more: object = {}): LineInput =>
  ({
    k: 'response',
    t: 20,
    x: 1,
    status: 200,
    headers: [],
    at: 20,
    ord: 1,
    body: 'yes',
    cuts: { len: [3], at: [21] },
    end: { how: 'complete', at: 22, ord: 3 },
    ...more,
  }) as LineInput;
const call = (to: WrittenRecording): WrittenRecording =>
  to.event({
    id: idOf(1),
    type: 'llm',
    name: 'chat m',
    start: 5,
    end: 25,
    status: 'ok',
    llm: { operation: 'chat', provider: 'openai', request: {} },
  });

/** A recording with one call, as it should be. */
function whole(header: Partial<SessionLine> = {}, more: (to: WrittenRecording) => void = () => {}): void {
  const recording = write(header);
  recording.add(request());
  recording.add(response());
  call(recording);
  more(recording);
  recording.end();
}

const doctor = (...args: string[]): Promise<Ended> => hindcast(['doctor', ID, ...args], { cwd: folder });

interface Said {
  exact: boolean;
  obstacles: { code: string; effect: string; text: string; todo?: string }[];
  processSessions: string[];
}
async function said(): Promise<Said & { code: number | null }> {
  const { stdout, code } = await doctor('--json');
  return { ...(JSON.parse(stdout.replaceAll(folder, '<folder>').replaceAll(process.version, '<node>')) as Said), code };
}

const CASES: Record<string, () => void> = {
  'mode metadata': () => whole({ mode: 'metadata' }),
  'not recorded for it': () => whole({ flags: [] }),
  'a later flag': () => whole({ flags: [1, 7] }),
  damage: () => {
    whole();
    const path = join(folder, '.hindcast/recordings', `${ID}.jsonl`);
    writeFileSync(path, readFileSync(path, 'utf8').replace('"status":200', '"status":201'));
  },
  'bodies over size and over budget': () => {
    const recording = write();
    recording.add(request({ body: { omitted: 'larger than 67108864 bytes' } }));
    recording.add(response({ body: { omitted: 'disk-budget' }, cuts: undefined, end: { how: 'complete', at: 22, ord: 2 } }));
    call(recording).end();
  },
  'a request that nobody knows the sender of': () => {
    const recording = write();
    recording.add(request({ lin: undefined, lo: undefined, where: undefined } as never));
    recording.add(response());
    call(recording).end();
  },
  'a call without a request': () => call(write()).end(),
  'a process of its own': () => {
    whole();
    write({ parent: ID, process: '1111111111111111' }, 'ses_cccc00000003').end();
  },
  'more draws than are recorded': () =>
    whole({}, (to) =>
      to.add({
        k: 'draws',
        t: 30,
        d: [
          ['00000000000000a1', 'D', [1, 2_500_000]],
          ['00000000000000a1', 'D', [2, 2_500_000]],
        ],
      }),
    ),
  'a gap in the order': () => whole({}, (to) => to.add({ k: 'timer', t: 30, lin: '00000000000000a1', lo: 1, ms: 5, ord: 6 })),
  'no end': () => {
    const recording = write();
    recording.add(request());
    recording.add(response());
    call(recording);
  },
  'no program': () => whole({ argv: ['/usr/bin/node', join(folder, 'gone.mjs')] }),
  'a program that was written since': () => {
    whole();
    writeFileSync(join(folder, 'agent.mjs'), '1');
  },
  'another Node': () => whole({ node: 'v18.4.0' }),
  'another platform': () => whole({ platform: 'plan9', arch: 'mips' }),
  'other versions of packages': () => {
    whole({}, (to) =>
      to.add({ k: 'host', t: 30, h: { packages: { loaded: { openai: '4.0.0', gone: '1.0.0', same: '2.0.0, 3.0.0' } } } }),
    );
    for (const [name, version] of Object.entries({ openai: '7.0.0', same: '3.0.0' })) {
      mkdirSync(join(folder, 'node_modules', name), { recursive: true });
      writeFileSync(join(folder, 'node_modules', name, 'package.json'), JSON.stringify({ version }));
    }
  },
  'what was taken out': () => whole({ scrubbed: true }),
};

describe('finds', () => {
  it('nothing where all is well', async () => {
    whole();
    expect(await said()).toEqual({ session: ID, exact: true, obstacles: [], processSessions: [ID], code: 0 });
    expect((await doctor()).stdout).toBe(`${ID}  can be replayed\n`);
  });

  it.each(Object.keys(CASES))('%s', async (name) => {
    CASES[name]!();
    const { obstacles, exact, code } = await said();
    expect({ obstacles, exact, code }).toMatchSnapshot();
    expect(code).toBe(exact ? 0 : 1);
    expect(obstacles).toHaveLength(1);
    const { stdout } = await doctor();
    for (const { text } of obstacles)
      expect(stdout.replaceAll(folder, '<folder>').replaceAll(process.version, '<node>')).toContain(text);
  });

  it('other sessions of the process, whose recordings fill the gaps', async () => {
    whole({}, (to) => to.add({ k: 'timer', t: 30, lin: '00000000000000a1', lo: 1, ms: 5, ord: 6 }));
    const other = write({}, 'ses_bbbb00000002');
    for (const ord of [4, 5]) other.add({ k: 'timer', t: 30, lin: '00000000000000a2', lo: ord, ms: 5, ord });
    other.end();
    expect(await said()).toMatchObject({ exact: true, obstacles: [], processSessions: [ID, 'ses_bbbb00000002'], code: 0 });
    expect((await doctor()).stdout).toContain('together with 1 other session of its process');
  });

  it('every code at least once', async () => {
    const codes = readFileSync(join(import.meta.dirname, '../../src/replay/obstacles.ts'), 'utf8').match(/(?<=^ {2}\| ')\w+/gm);
    const snapshot = readFileSync(join(import.meta.dirname, '__snapshots__/doctor-session.test.ts.snap'), 'utf8');
    expect(codes?.length).toBeGreaterThan(15);
    expect(codes?.filter((code) => !snapshot.includes(`"code": "${code}"`))).toEqual([]);
    const table = readFileSync(join(import.meta.dirname, '../../docs/cli.md'), 'utf8');
    expect(codes?.filter((code) => !table.includes(`| \`${code}\` |`))).toEqual([]);
  });
});

describe('a real recording', () => {
  let project: OrdersProject;
  beforeAll(async () => {
    project = newOrdersProject();
    await project.record();
  });
  afterAll(() => project.close());

  it('can be replayed; with another program behind its name, perhaps', async () => {
    expect(await project.hindcast(['doctor', 'last'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^ses_\w+ {2}can be replayed\n$/),
    });
    appendFileSync(join(project.cwd, 'agent.mjs'), '\n');
    const later = new Date(Date.now() + 5000);
    utimesSync(join(project.cwd, 'agent.mjs'), later, later);
    const { stdout, code } = await project.hindcast(['doctor', 'last']);
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/and may come out otherwise\n!\s+program changed\s+\S*agent\.mjs was written after/),
    ]);
  });
});

it('a replay on another Node says so in one line', async () => {
  whole({ node: 'v18.4.0' });
  const { stderr } = await hindcast(['replay', ID], { cwd: folder });
  expect(stderr.match(/^! recorded on Node v18\.4\.0, and this is v\S+: it may come out otherwise$/gm)).toHaveLength(1);
});
