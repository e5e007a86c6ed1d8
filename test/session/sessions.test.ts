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

  it('S4 says of itself what it is: metadata, links; each change is a line at once, and the end repeats what is not in the header', () => {
    const session = startSession({
      id: 'said',
      name: 'nightly',
      metadata: { customer: 7, beta: true },
      links: [{ url: 'https://ci.example/1', kind: 'ci' }],
    });
    session.setMetadata({ customer: 8, plan: 'pro', beta: undefined, odd: { a: 1 } as never, none: NaN });
    session.attachLink({ url: 'https://video.example/v.mp4', kind: 'video', name: 'screen' });
    session.attachLink({ url: 'https://user:secret@store.example/a', kind: 'artifact' });
    session.attachLink({ url: 'https://ci.example/1', kind: 'build' });
    for (const url of ['javascript:alert(1)', 'data:text/html,x', 'no address', '', `https://x.example/${'x'.repeat(2000)}`])
      session.attachLink({ url });
    expect(session.name).toBe('nightly');
    expect(session.metadata).toEqual({ customer: 8, plan: 'pro' });
    const links = [
      { url: 'https://ci.example/1', kind: 'build' },
      { url: 'https://video.example/v.mp4', kind: 'video', name: 'screen' },
      { url: 'https://store.example/a', kind: 'artifact' },
    ];
    expect(session.links).toEqual(links);
    expect(rig.recordings.header('said')).toMatchObject({
      metadata: { customer: 7, beta: true },
      links: [{ url: 'https://ci.example/1', kind: 'ci' }],
    });
    const updates = rig.recordings.lines('said').filter(({ k }) => k === 'update');
    expect(updates).toHaveLength(4);
    expect(updates[0]).toMatchObject({ metadata: { customer: 8, plan: 'pro' } });
    expect(updates.at(-1)).toMatchObject({ links });
    session.end();
    expect(rig.recordings.end('said')).toMatchObject({ metadata: { customer: 8, plan: 'pro' }, links });
    expect(rig.recordings.end('said')).not.toHaveProperty('tags');
    session.setMetadata({ late: 1 });
    session.setTags(['late']);
    expect([session.metadata, session.tags]).toEqual([{ customer: 8, plan: 'pro' }, ['default']]);
  });

  it('S4 bounds what is said of a session, and takes anything', () => {
    const session = startSession({ id: 'bounded' });
    session.setTags(Array.from({ length: 300 }, (_, i) => `${i} ${'t'.repeat(300)}`));
    session.setMetadata(Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`n${i}`, 'v'.repeat(2000)])));
    for (let i = 0; i < 100; i++) session.attachLink({ url: `https://x.example/${i}` });
    expect([session.tags.length, Object.keys(session.metadata).length, session.links.length]).toEqual([100, 64, 64]);
    expect([session.tags[0]!.length, String(session.metadata['n0']).length]).toEqual([200, 1000]);
    const hostile = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error('no');
        },
      },
    );
    session.setMetadata(hostile as never);
    session.setTags(hostile as never);
    session.attachLink(null as never);
    session.setMetadata(JSON.parse('{"__proto__": 1}') as never);
    expect(Object.getPrototypeOf(session.metadata)).toBe(Object.prototype);
  });

  it('S4 V1 keeps tags, metadata and links to itself in mode metadata', () => {
    rig.stop();
    rig = startRig({ mode: 'metadata' });
    const session = startSession({
      id: 'quiet',
      tags: ['s3cret tag'],
      metadata: { secret: 's3cret' },
      links: [{ url: 'https://s3cret.example' }],
    });
    session.setMetadata({ more: 's3cret' });
    session.attachLink({ url: 'https://s3cret.example/2' });
    session.addTags('s3cret too');
    expect(session.tags).toEqual(['s3cret tag', 's3cret too']);
    session.end();
    expect(JSON.stringify(rig.recordings.lines('quiet'))).not.toContain('s3cret');
    expect(rig.recordings.end('quiet')?.state).toBe('success');
  });

  it('S2 with autoStart off, what happens outside of every started session is not recorded', () => {
    rig.stop();
    rig = startRig({ autoStart: false });
    tool('outside');
    expect(currentSession().run(() => tool('still outside'))).toBe('still outside');
    currentSession().addTags('x');
    const session = startSession({ id: 'started' });
    session.run(() => tool('inside'));
    session.end();
    session.run(() => tool('after'));
    rig.store.close({ state: 'failure', reason: 'exception' });
    expect(rig.recordings.ids()).toEqual(['started']);
    expect(rig.recordings.events('started').map((event) => event.content?.arguments)).toEqual(['inside']);
  });

  it('S2 with autoEnd off, the end of the process does not say how a session ended', () => {
    rig.stop();
    rig = startRig({ autoEnd: false });
    startSession({ id: 'left' });
    startSession({ id: 'own', autoEnd: true });
    startSession({ id: 'done' }).end();
    rig.store.close({ state: 'success', reason: 'ended', exitCode: 0 });
    expect(rig.recordings.end('left')).toMatchObject({ state: 'indeterminate', reason: 'not_ended', exitCode: 0 });
    expect(rig.recordings.end('own')).toMatchObject({ state: 'success', reason: 'ended' });
    expect(rig.recordings.end('done')).toMatchObject({ state: 'success', reason: 'ended' });
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
