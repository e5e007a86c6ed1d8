/** What a session is part of: in this process, by the headers of a request, by what the process was told. */
import { afterEach, describe, expect, it, test } from 'vitest';
import { readTraceparent } from '../../src/core/traceparent.ts';
import { readIncoming, readSessionId, writeEnv, writeHeaders } from '../../src/session/context-carrier.ts';
import { contextEnv, contextHeaders, currentSession, startSession, useSessions } from '../../src/session/sessions.ts';
import { recordTool } from '../../src/session/wrappers.ts';
import { startRig } from './rig.ts';
import type { Rig } from './rig.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';
const PARENT = `00-${TRACE}-${SPAN}-01`;
const within = { trace: TRACE, span: SPAN };

let rig: Rig;
afterEach(() => rig?.stop());
const tool = recordTool('look', (inside: () => unknown) => inside());

describe('S3 trace context', () => {
  test.each([
    ['of version 00', PARENT, within],
    ['with space around it', ` ${PARENT} `, within],
    ['not sampled', `00-${TRACE}-${SPAN}-00`, within],
    ['of a later version, with more members', `cc-${TRACE}-${SPAN}-01-what-ever`, within],
    ['of version 00 with more members', `${PARENT}-more`, undefined],
    ['of version ff', `ff-${TRACE}-${SPAN}-01`, undefined],
    ['in capitals', PARENT.toUpperCase(), undefined],
    ['with a trace of zeros', `00-${'0'.repeat(32)}-${SPAN}-01`, undefined],
    ['with a span of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`, undefined],
    ['too short', `00-${TRACE.slice(1)}-${SPAN}-01`, undefined],
    ['without flags', `00-${TRACE}-${SPAN}`, undefined],
    ['twice in one header', `${PARENT}, ${PARENT}`, undefined],
    ['longer than any', `cc-${TRACE}-${SPAN}-01-${'x'.repeat(1000)}`, undefined],
    ['empty', '', undefined],
    ['no text', 7, undefined],
  ])('a traceparent %s', (_name, text, expected) => {
    expect(readTraceparent(text)).toEqual(expected);
  });

  test.each([
    ['alone', 'hindcast.session=ses_1', 'ses_1'],
    ['among others, with properties', 'a=b;c=d, hindcast.session = ses_1 ;ttl=3,x=y', 'ses_1'],
    ['percent-encoded', 'hindcast.session=job%2D7', 'job-7'],
    ['badly encoded', 'hindcast.session=%zz', undefined],
    ['with a path', 'hindcast.session=..%2Fescape', undefined],
    ['with dots alone', 'hindcast.session=..', undefined],
    ['of another name', 'xhindcast.session=ses_1,hindcast.session.id=ses_2', undefined],
    ['the first that is an id', 'hindcast.session=a/b,hindcast.session=ses_2', 'ses_2'],
    ['without a value', 'hindcast.session', undefined],
    ['too long', `a=${'x'.repeat(9000)},hindcast.session=ses_1`, undefined],
  ])('a baggage %s', (_name, baggage, session) => {
    expect(readIncoming({ baggage }).session).toBe(session);
  });

  it('is read from a Headers, from a record of Node, and from one that is written in capitals', () => {
    const both = { traceparent: PARENT, baggage: 'hindcast.session=ses_1' };
    const expected = { session: 'ses_1', within };
    expect(readIncoming(new Headers(both))).toEqual(expected);
    expect(readIncoming(both)).toEqual(expected);
    expect(readIncoming({ Traceparent: PARENT, BAGGAGE: ['x=y', 'hindcast.session=ses_1'] })).toEqual(expected);
    expect(readIncoming({ traceparent: [PARENT, PARENT] })).toEqual({});
    for (const nothing of [undefined, null, 5, 'x', [], new Map()]) expect(readIncoming(nothing as never)).toEqual({});
  });

  it('is written as it is read', () => {
    const where = { session: 'job-7', within, sampled: true };
    expect(readIncoming({ ...writeHeaders(where) })).toEqual({ session: 'job-7', within });
    expect(writeEnv(where)).toEqual({ HINDCAST_PARENT_SESSION: 'job-7', HINDCAST_TRACEPARENT: PARENT });
    expect(writeHeaders({ ...where, within: undefined })).toEqual({ baggage: 'hindcast.session=job-7' });
    expect(writeHeaders({ ...where, sampled: false }).traceparent).toBe(PARENT.replace(/1$/, '0'));
    expect([readSessionId('a.b-c_9'), readSessionId('.'), readSessionId('a b'), readSessionId('x'.repeat(129))]).toEqual([
      'a.b-c_9',
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe('S3 a session of this process', () => {
  it('that is started in an event of another one is in its trace, and its outermost events are children of that event', () => {
    rig = startRig();
    const outer = startSession({ id: 'outer' });
    const inner = outer.run(() => tool(() => startSession({ id: 'inner' }))) as ReturnType<typeof startSession>;
    inner.run(() => tool(() => tool(() => {})));
    inner.end();
    outer.end();
    const [event] = rig.recordings.events('outer');
    const { parent, trace, within: began } = rig.recordings.header('inner');
    expect({ parent, trace, began }).toEqual({
      parent: 'outer',
      trace: event!.trace,
      began: { trace: event!.trace, span: event!.id },
    });
    const [deep, top] = rig.recordings.events('inner');
    expect([top!.parent, deep!.parent]).toEqual([event!.id, top!.id]);
    expect(new Set([deep!.trace, top!.trace])).toEqual(new Set([event!.trace]));
  });

  it('joins the request that it answers', () => {
    rig = startRig();
    const headers = { traceparent: PARENT, baggage: 'hindcast.session=ses_caller' };
    const session = startSession({ id: 'served', from: headers });
    session.run(() => tool(() => {}));
    session.end();
    expect(session.parentId).toBe('ses_caller');
    expect(rig.recordings.header('served')).toMatchObject({ parent: 'ses_caller', trace: TRACE, within });
    expect(rig.recordings.events('served')[0]).toMatchObject({ parent: SPAN, trace: TRACE });
  });

  it('goes by what is said of it before it goes by headers, and by nothing that cannot be read', () => {
    rig = startRig();
    startSession({ id: 'a', parent: 'ses_p', from: { traceparent: PARENT, baggage: 'hindcast.session=ses_q' } }).end();
    startSession({ id: 'b', traceparent: PARENT, from: { traceparent: `00-${'a'.repeat(32)}-${SPAN}-01` } }).end();
    startSession({ id: 'c', parent: '../x', traceparent: 'no', from: { baggage: '%%%', traceparent: 'x' } }).end();
    startSession({ id: 'd', parent: 'd' }).end();
    expect(rig.recordings.header('a')).toMatchObject({ parent: 'ses_p', within });
    expect(rig.recordings.header('b').within).toEqual(within);
    for (const id of ['c', 'd']) {
      const { parent, within: began } = rig.recordings.header(id);
      expect([parent, began]).toEqual([undefined, undefined]);
    }
    const throwing = {
      get: () => {
        throw new Error('no');
      },
    };
    const odd = [null, 5, { from: throwing }, { id: 7, name: {}, tags: 5, metadata: 'x', links: [null, 5, {}], agent: 'x' }];
    for (const options of odd) startSession(options as never).end();
  });
});

describe('S3 what the process was told', () => {
  const told = { id: 'job-7', name: 'nightly', parent: 'ses_parent', within };

  it('names the implicit session, and is what each session belongs to that belongs to nothing nearer', () => {
    rig = startRig({ told });
    tool(() => {});
    const started = startSession({ id: 'started' });
    const nested = started.run(() => startSession({ id: 'nested' }));
    const other = startSession({ id: 'other', parent: 'ses_elsewhere' });
    for (const session of [nested, started, other]) {
      session.run(() => tool(() => {}));
      session.end();
    }
    currentSession().end();
    expect(rig.recordings.header('job-7')).toMatchObject({ name: 'nightly', parent: 'ses_parent', trace: TRACE, within });
    expect(rig.recordings.events('job-7')[0]).toMatchObject({ trace: TRACE, parent: SPAN });
    expect(rig.recordings.header('started')).toMatchObject({ parent: 'ses_parent', trace: TRACE, within });
    expect(rig.recordings.header('nested')).toMatchObject({ parent: 'started', within });
    expect(rig.recordings.header('other').parent).toBe('ses_elsewhere');
    expect(rig.recordings.header('other').within).toBeUndefined();
    expect(rig.recordings.events('other')[0]!.parent).toBeUndefined();
  });

  it('a process that is told its own session records more of it, below the span that it was started in', () => {
    rig = startRig({ told: { ...told, parent: 'job-7' } });
    tool(() => {});
    currentSession().end();
    const { parent, within: began } = rig.recordings.header('job-7');
    expect([parent, began]).toEqual([undefined, within]);
  });

  it('a trace alone (of a CI tool) is joined', () => {
    rig = startRig({ told: { within } });
    tool(() => {});
    const { id } = currentSession();
    currentSession().end();
    expect(rig.recordings.events(id)[0]).toMatchObject({ trace: TRACE, parent: SPAN });
  });

  it('what others are told: the innermost open event; without one, what the session began in', () => {
    rig = startRig({ told });
    expect(contextEnv()).toEqual({ HINDCAST_PARENT_SESSION: 'job-7', HINDCAST_TRACEPARENT: PARENT });
    let headers = {};
    tool(() => (headers = contextHeaders()));
    const [event] = rig.recordings.events('job-7');
    expect(headers).toEqual({ traceparent: `00-${TRACE}-${event!.id}-01`, baggage: 'hindcast.session=job-7' });
    const session = startSession({ id: 'own', parent: 'x' });
    expect(session.run(contextHeaders)).toEqual({ baggage: 'hindcast.session=own' });
  });

  it('nobody is told anything where nothing is recorded', () => {
    rig = startRig({ autoStart: false });
    expect([contextHeaders(), contextEnv()]).toEqual([{}, {}]);
    rig.stop();
    useSessions(null);
    expect([contextHeaders(), contextEnv()]).toEqual([{}, {}]);
  });
});
