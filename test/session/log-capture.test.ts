import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { LogLine } from '../../src/events/lines.ts';
import { hub } from '../../src/events/ports.ts';
import { listPatches, undoAll } from '../../src/patch/registry.ts';
import { createLogCapture } from '../../src/session/log-capture.ts';
import type { LogCapture } from '../../src/session/log-capture.ts';
import { currentSession, startSession } from '../../src/session/sessions.ts';
import { startRig } from './rig.ts';
import type { Rig } from './rig.ts';

const { stdout } = process;
const METHODS = [
  'log',
  'info',
  'debug',
  'warn',
  'error',
  'trace',
  'dir',
  'table',
  'group',
  'assert',
  'count',
  'timeEnd',
] as const;
let rig: Rig;
let capture: LogCapture;
let printed: unknown[];

function start(captureLogs: 'console' | 'all'): void {
  rig = startRig({ captureLogs, onEnding: (session) => capture.finish(session) });
  capture = createLogCapture(rig.store.recorder, () => rig.store.implicit());
  capture.use(true);
}

beforeEach(() => {
  printed = [];
  // What these tests print is no output of the test run.
  stdout.write = ((chunk: unknown) => printed.push(chunk) > 0) as typeof stdout.write;
});

afterEach(() => {
  undoAll();
  rig.stop();
  Reflect.deleteProperty(stdout, 'write');
});

const logsOf = (id: string): LogLine[] => rig.recordings.lines(id).filter((line): line is LogLine => line.k === 'log');

describe('S10 log capture', () => {
  test('the registry takes it out: everything is the identical function again', () => {
    const state = (): unknown[] => [
      ...METHODS.map((name) => globalThis.console[name]),
      ...[process.stdout, process.stderr].flatMap((stream) => [
        stream.write,
        stream.end,
        Object.hasOwn(stream, 'write'),
        Object.hasOwn(stream, 'end'),
      ]),
    ];
    const before = state();
    start('all');
    expect(state()).not.toEqual(before);
    expect(listPatches().some(({ label }) => label === 'output.stdout.write')).toBe(true);
    undoAll();
    state().forEach((member, i) => expect(member).toBe(before[i]));
  });

  test('wanted no more, it goes; wanted again, it is back', () => {
    start('all');
    const watched = stdout.write;
    capture.use(false);
    expect(stdout.write).not.toBe(watched);
    const session = startSession({ id: 'ses_again' });
    session.run(() => stdout.write('unseen'));
    capture.use(true);
    session.run(() => stdout.write('seen'));
    session.end();
    expect(logsOf('ses_again').map(({ text }) => text)).toEqual(['seen']);
    expect(printed).toEqual(['unseen', 'seen']);
  });

  test('what a bridge prints while its scope is asked for is passed on, and does not loop', () => {
    start('all');
    const bridge = (): null => {
      stdout.write('from the bridge');
      return null;
    };
    const session = startSession({ id: 'ses_bridge' });
    hub.bridges.push(bridge);
    try {
      session.run(() => stdout.write('app'));
    } finally {
      hub.bridges.splice(hub.bridges.indexOf(bridge), 1);
    }
    session.end();
    expect(logsOf('ses_bridge').map(({ text }) => text)).toEqual(['app']);
    expect(printed).toEqual(['app', 'from the bridge']);
  });

  test('a fault of ours: the write is done, once, and returns what it returned', () => {
    rig = startRig({ captureLogs: 'all' });
    const broken = createLogCapture(rig.store.recorder, () => {
      throw new Error('ours');
    });
    broken.use(true);
    expect(stdout.write('app')).toBe(true);
    expect(printed).toEqual(['app']);
    broken.use(false);
  });

  test('what the stream refuses is not recorded, and is thrown as it was', () => {
    start('all');
    const refusal = new Error('refused');
    capture.use(false);
    stdout.write = () => {
      throw refusal;
    };
    capture.use(true);
    const session = startSession({ id: 'ses_refused' });
    let thrown: unknown;
    try {
      session.run(() => stdout.write('app'));
    } catch (error) {
      thrown = error;
    }
    session.end();
    expect(thrown).toBe(refusal);
    expect(logsOf('ses_refused')).toEqual([]);
  });

  test('half a character that nobody completes is there at the end; one of another session completes nothing', () => {
    start('all');
    const [a, b] = [startSession({ id: 'ses_half' }), startSession({ id: 'ses_other' })];
    const euro = Buffer.from('€');
    a.run(() => stdout.write(euro.subarray(0, 2)));
    b.run(() => stdout.write(Buffer.concat([Buffer.from('b'), euro.subarray(0, 1)])));
    b.run(() => stdout.write(euro.subarray(1)));
    a.end();
    b.end();
    expect(logsOf('ses_half').map(({ text }) => text)).toEqual(['\ufffd']);
    expect(logsOf('ses_other').map(({ text }) => text)).toEqual(['b', '€']);
  });

  test('outside of every session it is the implicit one; after the end of all, nobody', () => {
    start('all');
    stdout.write('nobody');
    const { id } = currentSession();
    rig.store.close({ state: 'success', reason: 'ended' });
    stdout.write('late');
    expect(logsOf(id).map(({ text }) => text)).toEqual(['nobody']);
    expect(rig.recordings.ids()).toEqual([id]);
  });

  test('console alone keeps no direct write', () => {
    start('console');
    stdout.write('direct');
    expect(rig.store.all().filter(({ begun }) => begun)).toEqual([]);
  });
});
