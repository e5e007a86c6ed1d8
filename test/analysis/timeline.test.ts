/** The moments of a session, and what stands so at each of them: on trees made by hand, and against a plain count over random ones. */
import { describe, expect, test } from 'vitest';
import { countEvent, emptyStats } from '../../src/analysis/stats.ts';
import { Timeline, type Moment, type TimelineNode, type TimelineSource } from '../../src/analysis/timeline.ts';
import type { LogLine } from '../../src/events/lines.ts';
import type { SpanEvent } from '../../src/events/model.ts';

type Given = Partial<SpanEvent> & { end?: number; inside?: TimelineNode[]; session?: string };
let last = 0;

/** A node with the next number; without `end`, one that never ended. */
function node(id: string, type: string, start: number, { end, inside = [], session, ...more }: Given = {}): TimelineNode {
  const { notes = [] } = more;
  const event: SpanEvent | undefined =
    end === undefined ? undefined : { id, trace: 't', type, name: id, start, end, status: 'ok', ...more };
  return {
    number: ++last,
    id,
    type,
    name: id,
    start,
    notes,
    children: inside,
    ...(event && { event }),
    ...(session !== undefined && { session }),
  };
}

function timelineOf(roots: TimelineNode[], more: Partial<TimelineSource> = {}): Timeline {
  return new Timeline({ session: 'ses', epochUs: 1_000_000, roots, ...more });
}

const say = ({ moments }: Timeline): string[] => moments.map(wordOf);
const wordOf = ({ kind, of }: Moment): string => `${kind} ${of?.node.id ?? '-'}`;
const log = (t: number, on?: string): LogLine => ({
  k: 'log',
  s: 0,
  t,
  stream: 'stdout',
  text: 'x',
  ...(on !== undefined && { on }),
});
const ids = (list: readonly { node: TimelineNode }[]): string[] => list.map((of) => of.node.id);

describe('R9 moments', () => {
  test('in the order of time; answers, notes and output stand between begin and end', () => {
    const note = { kind: 'failure' as const, type: 'tool', code: 'timeout', at: 30 };
    const call = node('call', 'llm', 10, { end: 40, notes: [note] });
    const timeline = timelineOf([node('run', 'agent', 0, { end: 100, inside: [call, node('tool', 'tool', 35, { end: 60 })] })], {
      answers: [{ on: 'call', at: 20, status: 200 }],
      logs: [log(50, 'tool'), log(99), log(200, 'gone')],
    });
    expect(say(timeline)).toEqual([
      'begin run',
      'begin call',
      'answer call',
      'note call',
      'begin tool',
      'end call',
      'log tool',
      'end tool',
      'log -',
      'end run',
      'log -',
    ]);
    expect(timeline.events.get('tool')).toMatchObject({ begin: 4, end: 7 });
  });

  test('at the same time a cause stands first: what is around begins before and ends after', () => {
    const inner = node('inner', 'tool', 5, { end: 5 });
    expect(say(timelineOf([node('outer', 'step', 5, { end: 5, inside: [inner] })]))).toEqual([
      'begin outer',
      'begin inner',
      'end inner',
      'end outer',
    ]);
  });

  test('a clock that is behind puts nothing before the event that it is in, and changes no time', () => {
    const child = node('child', 'agent', 3, { end: 4, session: 'other' });
    const { moments } = timelineOf([
      node('spawn', 'tool', 10, { end: 30, inside: [child, node('next', 'llm', 20, { end: 25 })] }),
    ]);
    expect(moments.map((moment) => `${wordOf(moment)} ${moment.at}`)).toEqual([
      'begin spawn 10',
      'begin child 3',
      'end child 4',
      'begin next 20',
      'end next 25',
      'end spawn 30',
    ]);
  });

  test('children stand in the order in which they began; what another session does is in no run of this one', () => {
    const call = node('call', 'llm', 12, { end: 13, session: 'other' });
    const { events } = timelineOf([
      node('run', 'agent', 0, {
        end: 30,
        inside: [node('a', 'tool', 10, { end: 20, inside: [call] }), node('b', 'llm', 10, { end: 20 })],
      }),
    ]);
    expect(ids(events.get('run')?.children ?? [])).toEqual(['a', 'b']);
    expect(['run', 'a', 'b', 'call'].map((id) => events.get(id)?.run)).toEqual(['run', 'run', 'run', 'other']);
  });

  test('a moment is found again in a later reading, in which more stands before it', () => {
    const read = (...more: TimelineNode[]): Timeline =>
      timelineOf([node('run', 'agent', 0, { inside: [...more, node('a', 'tool', 10, { end: 20 })] })], {
        logs: [log(15, 'a'), log(16, 'a')],
      });
    const before = read();
    const after = read(node('late', 'tool', 5, { end: 7 }));
    for (const moment of before.moments) expect(wordOf(after.find(moment) as Moment)).toBe(wordOf(moment));
    expect(after.find(before.moments[3] as Moment)?.index).toBe(5);
  });
});

describe('R9 the state at a moment', () => {
  const asks = (...toolCalls: { id?: string; name: string }[]) => ({
    operation: 'chat',
    provider: 'openai',
    request: {},
    response: { toolCalls },
  });
  const brings = (...toolResults: string[]) => ({ operation: 'chat', provider: 'openai', request: { toolResults } });

  test('stack, what is open beside it, clock, logs', () => {
    const slow = node('slow', 'tool', 10, { end: 90 });
    const timeline = timelineOf(
      [node('run', 'agent', 0, { inside: [slow, node('step', 'step', 20, { end: 80, inside: [node('x', 'tool', 30)] })] })],
      {
        logs: [log(5), log(85)],
      },
    );
    const at = timeline.stateAt(timeline.events.get('x')?.begin as number);
    expect(ids(at.stack)).toEqual(['run', 'step', 'x']);
    expect(ids(at.open)).toEqual(['run', 'slow', 'step', 'x']);
    expect([at.clock, at.logs]).toEqual([{ sinceStartUs: 30, wallUs: 1_000_030 }, 1]);
    const end = timeline.stateAt(timeline.moments.length - 1);
    expect([ids(end.open), end.logs]).toEqual([['run', 'x'], 2]);
  });

  test('a tool call waits from the answer that asks for it to the request that brings its result', () => {
    const tool = node('tool', 'tool', 30, { end: 40, tool: { name: 'search', callId: 'c1' } });
    const timeline = timelineOf([
      node('run', 'agent', 0, {
        end: 100,
        inside: [
          node('ask', 'llm', 10, { end: 20, llm: asks({ id: 'c1', name: 'search' }, { id: 'c2', name: 'book' }) }),
          tool,
          node('tell', 'llm', 50, { end: 60, llm: brings('c1') }),
        ],
      }),
    ]);
    const waits = (index: number): string[] =>
      timeline.stateAt(index).waiting.map(({ id, carriedOut }) => `${id} ${carriedOut?.node.id ?? '-'}`);
    const { begin, end } = timeline.events.get('tool') as { begin: number; end: number };
    expect([waits(begin - 1), waits(begin), waits(end), waits(end + 1), waits(timeline.moments.length - 1)]).toEqual([
      ['c1 -', 'c2 -'],
      ['c1 tool', 'c2 -'],
      ['c1 tool', 'c2 -'],
      ['c2 -'],
      [],
    ]);
  });

  test('calls without ids are told by name and run', () => {
    const timeline = timelineOf([
      node('run', 'agent', 0, {
        inside: [
          node('ask', 'llm', 10, { end: 20, llm: asks({ name: 'search' }) }),
          node('tool', 'tool', 30, { end: 40, tool: { name: 'search' } }),
          node('tell', 'llm', 50, { end: 60, llm: { operation: 'chat', provider: 'google', request: {} } }),
        ],
      }),
    ]);
    const { begin } = timeline.events.get('tool') as { begin: number };
    expect(timeline.stateAt(begin).waiting).toMatchObject([{ name: 'search', carriedOut: { node: { id: 'tool' } } }]);
    expect(timeline.stateAt(begin + 2).waiting).toEqual([]);
  });

  test('each run has its own last request and answer; the call before is that of the same run and operation', () => {
    const llm = (operation: string) => ({ operation, provider: 'openai', request: {} });
    const timeline = timelineOf([
      node('one', 'agent', 0, {
        end: 90,
        inside: [
          node('a1', 'llm', 10, { end: 50, llm: llm('chat') }),
          node('e', 'llm', 52, { end: 53, llm: llm('embeddings') }),
          node('a2', 'llm', 60, { end: 70, llm: llm('chat') }),
        ],
      }),
      node('two', 'agent', 5, {
        end: 95,
        inside: [node('b1', 'llm', 20, { end: 30, llm: llm('chat') }), node('b2', 'llm', 65, { llm: llm('chat') })],
      }),
    ]);
    const { runs } = timeline.stateAt(timeline.events.get('b2')?.begin as number);
    expect(runs.get('one')).toMatchObject({ lastRequest: { node: { id: 'a2' } }, lastAnswer: { node: { id: 'e' } } });
    expect(runs.get('two')).toMatchObject({ lastRequest: { node: { id: 'b2' } }, lastAnswer: { node: { id: 'b1' } } });
    const before = (id: string): string | undefined => timeline.events.get(id)?.previousCall?.node.id;
    expect(['a1', 'e', 'a2', 'b1', 'b2'].map(before)).toEqual([undefined, undefined, 'a1', undefined, 'b1']);
  });

  test('wherever one comes from, the state is what a count from the beginning gives', () => {
    let seed = 42;
    const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below;
    const roots: TimelineNode[] = [];
    for (let i = 0; i < 4000; i++) {
      const start = i * 10 + random(9);
      const isLlm = random(2) === 0;
      roots.push(
        node(`e${i}`, isLlm ? 'llm' : 'tool', start, {
          // Some stay open for long, some for ever.
          ...(random(50) > 0 && { end: start + random(random(20) === 0 ? 20_000 : 30) }),
          ...(isLlm && {
            llm: { operation: 'chat', provider: 'openai', request: {}, usage: { input: random(100), output: 1 } },
            cost: { usd: 0.5, priced: 'x' },
          }),
        }),
      );
    }
    const timeline = timelineOf(roots, { logs: Array.from({ length: 500 }, (_, i) => log(i * 70)) });
    const { moments } = timeline;
    const plain = (index: number): unknown => {
      const open = new Set<string>();
      const totals = emptyStats();
      let logs = 0;
      for (const { kind, of } of moments.slice(0, index + 1)) {
        if (kind === 'log') logs++;
        else if (kind === 'begin') open.add(of.node.id);
        else if (kind === 'end') {
          open.delete(of.node.id);
          countEvent(totals, of.node.event as SpanEvent);
        }
      }
      totals.durationMs = Math.round((moments[index] as Moment).at / 1000);
      return { open: [...open], logs, totals };
    };
    for (const index of [
      0,
      moments.length - 1,
      100,
      50,
      5000,
      4999,
      4998,
      300,
      301,
      ...Array.from({ length: 40 }, () => random(moments.length)),
    ]) {
      const { open, logs, totals } = timeline.stateAt(index);
      expect({ open: ids(open), logs, totals }).toEqual(plain(index));
      const { usd, tokens } = timeline.sumsAt(index);
      expect([usd, tokens]).toEqual([totals.cost.usd, totals.tokens.input + totals.tokens.output]);
    }
    expect(() => timeline.stateAt(moments.length)).toThrow(RangeError);
  });
});
