/** Which sessions belong together, what they come to, and how their events become one tree. */
import { describe, expect, it } from 'vitest';
import {
  familyEvents,
  familyOf,
  familyTotals,
  recordingsOf,
  sessionTotals,
  sessionTrees,
  walkFamily,
} from '../../src/analysis/family.ts';
import type { FamilyNode } from '../../src/analysis/family.ts';
import type { SessionRecord } from '../../src/analysis/session-record.ts';
import { emptyStats } from '../../src/analysis/stats.ts';
import type { SessionLine } from '../../src/events/lines.ts';
import type { SessionStats, SpanEvent } from '../../src/events/model.ts';

let pids = 0;

function session(
  id: string,
  atMs: number,
  header: Partial<SessionLine> = {},
  more: { events?: SpanEvent[]; stats?: Partial<SessionStats> } = {},
): SessionRecord {
  const stats = { ...emptyStats(), ...more.stats };
  return {
    header: { id, epoch: atMs * 1000, pid: ++pids, trace: 'a'.repeat(32), ...header } as SessionLine,
    state: 'ended',
    events: more.events ?? [],
    open: [],
    notes: new Map(),
    end: { s: 1, k: 'end', t: 0, state: 'success', reason: 'ended', stats },
  };
}

const event = (id: string, start: number, parent?: string): SpanEvent => ({
  ...{ id, trace: 'a'.repeat(32), type: 'tool', name: id, start, end: start + 10, status: 'ok' },
  ...(parent !== undefined && { parent }),
});

/** `a(b c(d))`. */
const shape = (node: FamilyNode<SessionRecord>): string =>
  node.children.length === 0 ? node.id : `${node.id}(${node.children.map(shape).join(' ')})`;
const shapes = (members: SessionRecord[]): string[] => sessionTrees(members).map(shape);

describe('S3 families', () => {
  it('are trees by parent, in the order in which sessions began, whatever the order they come in', () => {
    const members = [
      session('d', 30, { parent: 'c' }),
      session('c', 20, { parent: 'a' }),
      session('b', 10, { parent: 'a' }),
      session('alone', 5),
      session('orphan', 6, { parent: 'gone' }),
      session('a', 0),
    ];
    expect(shapes(members)).toEqual(['a(b c(d))', 'alone', 'orphan']);
    expect(shape(familyOf(members, 'd')!)).toBe('a(b c(d))');
    expect(familyOf(members, 'none')).toBeUndefined();
    expect([...walkFamily(familyOf(members, 'a')!)].map(({ node, depth }) => `${node.id}${depth}`)).toEqual([
      'a0',
      'b1',
      'c1',
      'd2',
    ]);
  });

  it('hold the recordings of one id together, as one session', () => {
    const [root] = sessionTrees([
      session('job', 10, { parent: 'job' }, { stats: { llm: 1, durationMs: 50 } }),
      session('job', 0, {}, { stats: { llm: 2, durationMs: 20 } }),
      session('x', 5, { parent: 'job' }, { stats: { llm: 4, durationMs: 9000 } }),
    ]);
    expect(root!.parts.map(({ header }) => header.epoch)).toEqual([0, 10_000]);
    expect(sessionTotals(root!)).toMatchObject({ llm: 3, durationMs: 60 });
    expect(familyTotals(root!)).toMatchObject({ llm: 7, durationMs: 60 });
  });

  it('are finite where damaged data makes circles', () => {
    expect(
      shapes([session('a', 0, { parent: 'b' }), session('b', 1, { parent: 'c' }), session('c', 2, { parent: 'a' })]),
    ).toEqual(['a(c(b))']);
    expect(shapes([session('s', 0, { parent: 's' })])).toEqual(['s']);
    expect(
      shapes([session('x', 0, { parent: 'y' }), session('y', 1, { parent: 'z' }), session('z', 2, { parent: 'y' })]),
    ).toEqual(['y(x z)']);
  });

  it('sum up everything but the time, and count a copy of a recording once', () => {
    const stats = {
      llm: 1,
      tools: 2,
      tokens: { ...emptyStats().tokens, input: 10 },
      cost: { usd: 0.1, unknown: 1 },
      durationMs: 70,
    };
    const child = session('b', 10, { parent: 'a' }, { stats });
    const root = familyOf(
      [session('a', 0, {}, { stats }), child, { ...child }, session('c', 20, { parent: 'b' }, { stats })],
      'a',
    )!;
    expect(recordingsOf(root)).toHaveLength(3);
    expect(familyTotals(root)).toEqual({
      ...emptyStats(),
      llm: 3,
      tools: 6,
      tokens: { ...emptyStats().tokens, input: 30 },
      cost: { usd: 0.3, unknown: 3 },
      durationMs: 70,
    });
  });

  it("have one list of events, by the root's clock, each session's outermost ones below the event that it was started in", () => {
    const within = { trace: 'a'.repeat(32), span: 'spawn' };
    const worker = session(
      'w',
      100,
      { parent: 'a', within },
      {
        events: [
          event('own', 5),
          event('inner', 6, 'own'),
          event('of-app', 7, 'span-of-otel'),
          {
            ...event('noted', 8, 'spawn'),
            notes: [{ kind: 'signal', at: 9, type: 't', code: 'c', value: true }],
            attempts: [{ at: 8, us: 1 }],
          },
        ],
      },
    );
    worker.open.push({ s: 3, k: 'open', t: 50, id: 'left', type: 'tool', name: 'left' });
    worker.notes = new Map([['left', [{ kind: 'signal', at: 51, type: 't', code: 'c', value: true }]]]);
    const lost = session('l', 200, { parent: 'a', within: { ...within, span: 'not-there' } }, { events: [event('top', 1)] });
    const root = familyOf([session('a', 0, {}, { events: [event('spawn', 1000)] }), worker, lost], 'a')!;
    const { events, open, notes, recordings } = familyEvents(root);
    const placed = Object.fromEntries(events.map(({ id, start, parent }) => [id, [start, parent]]));
    expect(placed).toEqual({
      spawn: [1000, undefined],
      own: [100_005, 'spawn'],
      inner: [100_006, 'own'],
      'of-app': [100_007, 'spawn'],
      noted: [100_008, 'spawn'],
      top: [200_001, undefined],
    });
    const noted = events.find(({ id }) => id === 'noted')!;
    expect([noted.end, noted.notes![0]!.at, noted.attempts![0]!.at]).toEqual([100_018, 100_009, 100_008]);
    expect(open).toMatchObject([{ id: 'left', t: 100_050, parent: 'spawn' }]);
    expect(notes).toMatchObject([{ on: 'left', n: { at: 100_051 } }]);
    expect([recordings.get('own'), recordings.get('left'), recordings.get('top')]).toEqual([worker, worker, lost]);
    expect(worker.events[0]).toEqual(event('own', 5));
  });
});
