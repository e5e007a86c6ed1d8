import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hub } from '../../src/events/ports.ts';
import { currentSession, endAllSessions, endSession, getSession, startSession, useSessions } from '../../src/session/sessions.ts';
import { recordTool } from '../../src/session/wrappers.ts';
import { startRig } from './rig.ts';
import type { Rig } from './rig.ts';

let rig: Rig;
beforeEach(() => {
  rig = startRig({ tags: ['default'] });
});
afterEach(() => rig.stop());

const tool = recordTool('look', (name: string) => name);

describe('S1 S2 sessions', () => {
  it('keeps the events of concurrent sessions apart, through awaits and timers', async () => {
    const sessions = await Promise.all(
      Array.from({ length: 200 }, async (_, i) => {
        const session = startSession({ name: `n${i}` });
        await session.run(async () => {
          tool(`first ${i}`);
          await sleep(i % 7);
          tool(`second ${i}`);
          await new Promise<void>((resolve) => setImmediate(() => resolve(void tool(`third ${i}`))));
        });
        session.end();
        return session;
      }),
    );
    for (const [i, session] of sessions.entries()) {
      const said = rig.recordings.events(session.id).map((event) => event.content?.arguments);
      expect(said).toEqual([`first ${i}`, `second ${i}`, `third ${i}`]);
      expect(rig.recordings.header(session.id).name).toBe(`n${i}`);
    }
    expect(rig.recordings.ids()).toHaveLength(200);
  });

  it('nests: a session started inside another one names it as its parent', () => {
    const outer = startSession({ id: 'outer' });
    const inner = outer.run(() => startSession({ id: 'inner' }));
    outer.run(() => {
      tool('a');
      inner.run(() => tool('b'));
      tool('c');
    });
    expect(currentSession().id).not.toBe('outer');
    expect(outer.run(() => currentSession())).toBe(outer);
    inner.end();
    outer.end();
    expect(rig.recordings.header('inner').parent).toBe('outer');
    expect(rig.recordings.events('outer').map((event) => event.content?.arguments)).toEqual(['a', 'c']);
    expect(rig.recordings.events('inner').map((event) => event.content?.arguments)).toEqual(['b']);
  });

  it('ends with `await using`, and as failure when its run threw', async () => {
    const failure = new Error('x');
    const work = async (): Promise<void> => {
      await using session = startSession({ id: 'used' });
      await session.run(async () => {
        await sleep(1);
        throw failure;
      });
    };
    await expect(work()).rejects.toBe(failure);
    expect(rig.recordings.end('used')).toMatchObject({ state: 'failure', reason: 'exception' });
    expect(getSession('used')).toBeUndefined();
  });

  it('ends once, by id, and all at once', () => {
    const one = startSession({ id: 'one' });
    startSession({ id: 'two' });
    startSession({ id: 'three' });
    one.end('indeterminate', 'timeout');
    one.end('success');
    endSession('two');
    endAllSessions('failure');
    expect(rig.recordings.end('one')).toMatchObject({ state: 'indeterminate', reason: 'timeout' });
    expect(rig.recordings.end('two')).toMatchObject({ state: 'success', reason: 'ended' });
    expect(rig.recordings.end('three')).toMatchObject({ state: 'failure', reason: 'ended' });
  });

  it('gives a new id where the wanted one is taken or no file name', () => {
    const ids = ['same', 'same', '../escape', '..', 'a/b', 'x'.repeat(200)].map((id) => startSession({ id }).id);
    expect(ids[0]).toBe('same');
    for (const id of ids.slice(1)) expect(id).toMatch(/^ses_[0-9a-f]{12}$/);
  });

  it('keeps tags: default ones, added ones, set ones', () => {
    const session = startSession({ id: 'tagged', tags: ['own', 'default'] });
    session.addTags('later');
    session.end();
    expect(rig.recordings.header('tagged').tags).toEqual(['default', 'own']);
    expect(rig.recordings.end('tagged')).toMatchObject({ tags: ['default', 'own', 'later'] });
    const other = startSession({ id: 'set' });
    other.setTags(['only']);
    other.end();
    expect(rig.recordings.end('set')?.tags).toEqual(['only']);
  });

  it('returns what run() ran, and hides no unhandled rejection', async () => {
    const session = startSession();
    expect(session.run(() => 5)).toBe(5);
    await expect(session.run(() => Promise.resolve(6))).resolves.toBe(6);
    const thenable = Object.assign(Promise.resolve(7), { extra: 1 });
    void Object.defineProperty(thenable, 'constructor', { value: class Own extends Promise<number> {} });
    expect(session.run(() => thenable)).toBe(thenable);
    const seen: unknown[] = [];
    const listen = (reason: unknown): number => seen.push(reason);
    const before = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection');
    process.on('unhandledRejection', listen);
    const lost = new Error('nobody catches this');
    void session.run(() => Promise.reject(lost));
    await sleep(5);
    process.removeAllListeners('unhandledRejection');
    for (const listener of before) process.on('unhandledRejection', listener);
    expect(seen).toEqual([lost]);
  });

  it('gives descriptors and memory back over 10,000 sessions', async () => {
    const descriptors = (): number => (process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0);
    const round = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) {
        const session = startSession();
        session.run(() => tool('x'));
        session.end();
        if (i % 200 === 0) await sleep(0);
      }
    };
    const heap = (): number => {
      globalThis.gc?.();
      return process.memoryUsage().heapUsed;
    };
    await round(1000);
    const before = { heap: heap(), descriptors: descriptors() };
    await round(9000);
    expect(descriptors()).toBe(before.descriptors);
    expect(rig.store.all()).toEqual([]);
    // Without --expose-gc garbage may be there still; what leaked would be 9,000 sessions of some KiB each.
    expect(heap() - before.heap).toBeLessThan(globalThis.gc ? 4_000_000 : 60_000_000);
  });
});

describe('sessions with no client', () => {
  it('run what they are given and record nothing', async () => {
    useSessions(null);
    hub.recorder = null;
    await using session = startSession({ id: 'ignored' });
    expect(session.run(() => 3)).toBe(3);
    session.addTags('x');
    session.end('failure');
    expect(session.stats().events).toBe(0);
    expect(getSession('ignored')).toBeUndefined();
    endSession();
    endAllSessions();
  });
});
