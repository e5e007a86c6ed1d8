import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stats } from '../../src/client/session-stats.ts';
import { listFaults } from '../../src/core/diagnostics.ts';
import { currentSession, startSession } from '../../src/session/sessions.ts';
import { recordTool } from '../../src/session/wrappers.ts';
import { startRig } from '../session/rig.ts';
import type { Rig } from '../session/rig.ts';

const look = recordTool('look', () => 'seen');

describe('S6 stats()', () => {
  let rig: Rig;
  beforeEach(() => (rig = startRig()));
  afterEach(() => rig.stop());

  it('gives the totals of the session that the running code is in', async () => {
    expect(await stats()).toMatchObject({ tools: 0 });
    look();
    const session = startSession();
    await session.run(async () => {
      look();
      look();
      expect(await stats()).toMatchObject({ events: 2, tools: 2 });
    });
    expect(await stats()).toMatchObject({ tools: 1 });
    expect(await stats(session.id)).toMatchObject({ tools: 2 });
    expect((await stats(session.id))?.durationMs).toEqual(expect.any(Number));
  });

  it('reads those of a session that is over, and knows nothing of one that never was', async () => {
    const session = startSession();
    session.run(look);
    session.end();
    expect(await stats(session.id)).toEqual(rig.recordings.end(session.id)?.stats);
    expect(await stats('ses_none')).toBeUndefined();
    expect(await stats('../..')).toBeUndefined();
    expect(await stats(session.id.slice(0, 8))).toBeUndefined();
  });

  it('adds what is part of it when it is asked to, over any depth, ended or not', async () => {
    const top = startSession();
    const children = top.run(() => {
      look();
      const ended = startSession();
      ended.run(look);
      ended.end();
      const open = startSession();
      const below = open.run(() => {
        look();
        return startSession();
      });
      below.run(look);
      return { open, below };
    });
    startSession().run(look);
    expect(await stats(top.id)).toMatchObject({ tools: 1 });
    expect(await stats(top.id, { children: true })).toMatchObject({ tools: 4, events: 4 });
    expect(await stats(children.open.id, { children: true })).toMatchObject({ tools: 2 });
    expect(await top.run(() => stats(undefined, { children: true }))).toMatchObject({ tools: 4 });
    children.below.end();
    children.open.end();
    top.end();
    expect(await stats(top.id, { children: true })).toMatchObject({ tools: 4 });
    expect(await stats(top.id)).toMatchObject({ tools: 1 });
  });

  it('counts what another process has recorded so far, and survives what is damaged', async () => {
    const top = startSession();
    top.run(look);
    // As of a process that died: with events and without an end.
    const child = startSession({ parent: top.id });
    child.run(look);
    child.run(look);
    child.end();
    const file = join(rig.recordings.dir, `${child.id}.jsonl`);
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    writeFileSync(file, lines.slice(0, -1).join('\n') + '\n');
    expect(await stats(child.id)).toMatchObject({ tools: 2 });
    expect(await stats(top.id, { children: true })).toMatchObject({ tools: 3 });
    appendFileSync(file, '{"k":"event","torn');
    writeFileSync(join(rig.recordings.dir, 'ses_odd.jsonl'), 'not a recording\n');
    expect(await stats(top.id, { children: true })).toMatchObject({ tools: 3 });
    expect(listFaults()).toEqual([]);
  });

  it('takes whatever it is given', async () => {
    for (const odd of [null, 7, {}, Symbol('x')]) expect(await stats(odd as never)).toBeUndefined();
    for (const odd of [null, 7, 'children']) expect(await stats(undefined, odd as never)).toMatchObject({ events: 0 });
    expect(currentSession().id).toMatch(/^ses_/);
  });
});

describe('S6 stats() without a client', () => {
  it('says nothing of the running code, and reads what is recorded in the project', () => {
    const project = mkdtempSync(join(tmpdir(), 'hindcast-stats-'));
    try {
      const folder = join(project, '.hindcast/recordings');
      mkdirSync(folder, { recursive: true });
      const rig = startRig({ dir: folder });
      const session = startSession();
      session.run(look);
      session.end();
      rig.stop();
      const file = pathToFileURL(join(import.meta.dirname, '../../src/client/session-stats.ts')).href;
      const code = `import { stats } from ${JSON.stringify(file)};
        console.log(JSON.stringify([await stats() ?? null, (await stats(${JSON.stringify(session.id)}))?.tools, await stats('ses_none') ?? null]));`;
      const said = execFileSync(process.execPath, ['--input-type=module', '-e', code], { cwd: project, encoding: 'utf8' });
      expect(JSON.parse(said)).toEqual([null, 1, null]);
    } finally {
      rmSync(project, { recursive: true, force: true });
    }
  });
});
