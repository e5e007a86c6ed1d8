import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { afterEach, describe, expect, it } from 'vitest';
import { join } from 'node:path';
import { listFaults } from '../../src/core/diagnostics.ts';
import { verifyRecording } from '../../src/recording/verify.ts';
import { LiveEvent } from '../../src/session/live-event.ts';
import { LiveSession } from '../../src/session/live-session.ts';
import { RunState } from '../../src/session/run-state.ts';
import { recordDecision, recordFailure, recordQualitySignal } from '../../src/session/notes.ts';
import { record } from '../../src/session/record.ts';
import { startRun } from '../../src/session/runs.ts';
import { startSession } from '../../src/session/sessions.ts';
import { trackAgent } from '../../src/session/track-agent.ts';
import { track } from '../../src/session/track.ts';
import { recordAction, recordTool } from '../../src/session/wrappers.ts';
import { type Rig, startRig } from '../session/rig.ts';

class OurFault extends Error {}

let rig: Rig | undefined;
const undo: (() => void)[] = [];
afterEach(() => {
  for (const back of undo.splice(0)) back();
  rig?.stop();
  rig = undefined;
});

/** Makes a member of one of our classes throw: a method when it is called, an accessor when it is read. */
function breakMember(of: { prototype: object }, name: string): void {
  const before = Object.getOwnPropertyDescriptor(of.prototype, name)!;
  const fault = (): never => {
    throw new OurFault(name);
  };
  const after =
    before.value === undefined
      ? { ...before, ...(before.get && { get: fault }), ...(before.set && { set: fault }) }
      : { ...before, value: fault };
  Object.defineProperty(of.prototype, name, after);
  undo.push(() => Object.defineProperty(of.prototype, name, before));
}

/** The members of a class that something may go wrong in. `ended` and its like are looked at where a throw could not be told from the app's. */
const membersOf = (of: { prototype: object }, but: readonly string[]): string[] =>
  Object.getOwnPropertyNames(of.prototype).filter((name) => name !== 'constructor' && !but.includes(name));

const APP_ERROR = new Error('of the app');

/** Everything that an app does with the model; counts what of its own ran, and fails when it saw anything but its own values. */
async function app(): Promise<void> {
  let runs = 0;
  const once =
    <T>(value: T) =>
    (): T => {
      runs++;
      return value;
    };
  const fails = (): never => {
    runs++;
    throw APP_ERROR;
  };
  const run = startRun({ agent: { id: 'a', name: 'n', version: '1' }, environment: 'e', attributes: { a: 1 } });
  expect(run.run(once('run'))).toBe('run');
  expect(run.step('plan', 's', once('step'), { attributes: { a: 1 } })).toBe('step');
  expect(() => run.step('tool', 's', fails)).toThrow(APP_ERROR);
  expect(run.step('tool', 's', once('again'), { attempt: 2 })).toBe('again');
  run.recordFailure({ type: 'tool', code: 'timeout', step: 1 });
  run.recordDecision({ type: 'retry_strategy', reasonCode: 'backoff_required' });
  run.set({ more: true });
  run.status();
  const tool = recordTool('t', once('tool'));
  expect((tool as () => string)()).toBe('tool');
  expect(() => (recordAction('a', fails) as () => void)()).toThrow(APP_ERROR);
  expect((trackAgent('agent') as (fn: unknown) => () => string)(once('agent'))()).toBe('agent');
  await expect(
    (
      recordTool('p', async () => {
        runs++;
        throw APP_ERROR;
      }) as () => Promise<void>
    )(),
  ).rejects.toBe(APP_ERROR);
  expect(track({ type: 'action', name: 'x' }, once('tracked'))).toBe('tracked');
  const open = track({ type: 'llm', provider: 'p', model: 'm' });
  expect(open.run(once('in'))).toBe('in');
  open.end({ usage: { input: 1, output: 2 } });
  record({ type: 'error', error: APP_ERROR });
  recordDecision({ type: 'retry_strategy', reasonCode: 'backoff_required' });
  recordFailure({ type: 'model', code: 'timeout' });
  recordQualitySignal({ type: 'schema_valid', code: 'full_match', value: true });
  const session = startSession({ name: 's', tags: ['x'] });
  expect(session.run(once('session'))).toBe('session');
  session.addTags('y');
  session.setMetadata({ a: 1 });
  session.attachLink({ url: 'https://x.example' });
  session.stats();
  session.end();
  run.end();
  expect(runs, 'each function of the app ran once').toBe(11);
}

describe('faults injected into what issue 4 added', () => {
  it('the app itself is right', async () => {
    rig = startRig();
    await app();
  });

  const sites = [
    ...membersOf(LiveSession, ['begun', 'apart']).map((name) => [LiveSession, name] as const),
    ...membersOf(RunState, []).map((name) => [RunState, name] as const),
    // `run` and `end` are the port's own promise never to throw; all that they call is broken here.
    ...membersOf(LiveEvent, ['run', 'end']).map((name) => [LiveEvent, name] as const),
  ];
  it.each(sites.map(([of, name]) => [`${of.name}.${name}`, of, name] as const))('%s throws', async (_what, of, name) => {
    rig = startRig({ classify: () => undefined });
    breakMember(of as never, name);
    await app();
  });

  it('the classifier of the app throws, or answers nonsense', async () => {
    for (const classify of [
      () => {
        throw new OurFault('classifier');
      },
      () => 7,
      () =>
        new Proxy(
          {},
          {
            get() {
              throw new OurFault('proxy');
            },
          },
        ),
    ]) {
      rig = startRig({ classify: classify as never });
      await app();
      rig.stop();
    }
    rig = undefined;
  });

  it.each(['EIO', 'ENOSPC', 'EBADF'])('the disk answers %s from the start, or in between', async (code) => {
    for (const after of [0, 1, 5, 12]) {
      rig = startRig();
      const { writeSync } = fs;
      let writes = 0;
      fs.writeSync = ((...args: Parameters<typeof writeSync>) => {
        if (writes++ >= after) throw Object.assign(new OurFault(code), { code });
        return writeSync(...args);
      }) as typeof writeSync;
      syncBuiltinESMExports();
      try {
        await app();
        rig.store.close({ state: 'success', reason: 'ended' });
      } finally {
        fs.writeSync = writeSync;
        syncBuiltinESMExports();
      }
      expect(writes, 'the fault was reached').toBeGreaterThan(after);
      const { dir } = rig.recordings;
      // What was written before is sound.
      for (const name of fs.existsSync(dir) ? fs.readdirSync(dir) : []) {
        if (!name.endsWith('.jsonl') || fs.statSync(join(dir, name)).size === 0) continue;
        expect(verifyRecording(join(dir, name)).problems.filter(({ kind }) => kind !== 'torn')).toEqual([]);
      }
      rig.stop();
    }
    rig = undefined;
  });

  it('the folder goes away, and a file takes its place', async () => {
    rig = startRig();
    await app();
    const { dir } = rig.recordings;
    fs.rmSync(dir, { recursive: true });
    await app();
    fs.rmSync(dir, { recursive: true, force: true });
    fs.writeFileSync(dir, 'no folder');
    await app();
    expect(listFaults().map(({ site }) => site)).toContain('recording.write');
  });
});
