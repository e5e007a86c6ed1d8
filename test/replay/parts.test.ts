/** The parts of a replay that can be looked at one by one. */
import { describe, expect, it } from 'vitest';
import type { DrawsLine, PackedDraws, ThrownFacts } from '../../src/events/lines.ts';
import type { Exchange, Recording } from '../../src/recording/recording.ts';
import { DrawLog } from '../../src/replay/draw-log.ts';
import { DrawSource } from '../../src/replay/draw-source.ts';
import { packDraws, unpackDraws } from '../../src/replay/draws.ts';
import type { Draw } from '../../src/replay/draws.ts';
import { LineageNode, runAt } from '../../src/replay/lineage.ts';
import { Matcher } from '../../src/replay/matcher.ts';
import { digestOf, maskedDigestOf } from '../../src/replay/request-digest.ts';
import type { SourceRequest } from '../../src/replay/source.ts';
import { VirtualClock } from '../../src/replay/virtual-clock.ts';
import { sentBody, sentText } from '../../src/recording/sent-body.ts';
import { thrownAgain, thrownFacts } from '../../src/replay/thrown.ts';

describe('draws', () => {
  it.each([
    ['D', [1763750544123, 1763750544123, 1763750544123, 1763750544125, 1763750544120]],
    ['R', [0, 0.1, 0.999999999999, 1 / 3]],
    ['P', [12.345678, 12.345679]],
    ['H', ['123456789012345678901']],
    ['U', ['01e330f4-ffa4-486e-a699-9aa67dd9a8ee']],
    ['I', [3, 4]],
    ['B', ['/v4=']],
  ] as const)('of kind %s come back as they were', (kind, values) => {
    const packed = JSON.parse(JSON.stringify(packDraws('ab', kind, values))) as PackedDraws;
    expect(unpackDraws(packed)).toEqual(values);
  });

  it('of a clock in a loop take little room', () => {
    const times = Array.from({ length: 10_000 }, (_, index) => 1763750544123 + Math.floor(index / 1000));
    expect(JSON.stringify(packDraws('ab', 'D', times)).length).toBeLessThan(200);
  });

  it('that are damaged give fewer values, and no throw', () => {
    for (const packed of [
      ['a', 'R', 'AAAA'],
      ['a', 'R', [1]],
      ['a', 'D', 'x'],
      ['a', 'D', [1]],
      ['a', 'U', 'x'],
    ] as PackedDraws[])
      expect(unpackDraws(packed)).toEqual([]);
    expect(unpackDraws(['a', 'D', [5, 1e12]]).length).toBeLessThanOrEqual(5_000_000);
  });

  it('are given to the place that drew them, then to whoever asks, then made up', () => {
    const lines: PackedDraws[][] = [];
    const log = new DrawLog(
      (draws) => lines.push(draws),
      () => {},
    );
    const [one, two, three] = [1, 2, 3].map((a) => new LineageNode(a, a, false)) as [LineageNode, LineageNode, LineageNode];
    const from = (draw: Draw, node: LineageNode, value: number): number => runAt(node, () => draw('R', () => value));
    from(log.draw, one, 0.1);
    from(log.draw, two, 0.2);
    from(log.draw, one, 0.3);
    log.flush();
    const source = new DrawSource(
      lines.map((d, s) => ({ k: 'draws', s, t: 0, d })),
      (_kind, real) => real(),
    );
    expect([
      from(source.draw, two, 9),
      from(source.draw, one, 9),
      from(source.draw, three, 9),
      from(source.draw, three, 9),
    ]).toEqual([0.2, 0.1, 0.3, 9]);
    expect(source.given).toEqual({ own: 2, other: 1, made: 1 });
    expect(runAt(new LineageNode(0, 0, true), () => source.draw('R', () => 7))).toBe(7);
  });
});

const json = (body: unknown, url = 'http://a/v1/chat?x=1') => ({
  method: 'POST',
  url,
  headers: [['content-type', 'application/json']] as const,
  body: JSON.stringify(body),
});

describe('R5 digest', () => {
  it('is that of what the request says, whatever the order of members, the host and the credentials', () => {
    const digest = digestOf(json({ a: 1, b: { c: [1, 2] } }));
    expect(digestOf(json({ b: { c: [1, 2] }, a: 1 }, 'https://other:9/v1/chat?x=1'))).toBe(digest);
    expect(digestOf(json({ a: 1 }, 'http://a/v1?api_key=1'))).toBe(digestOf(json({ a: 1 }, 'http://a/v1?api_key=2')));
  });

  it.each([
    ['a member', json({ a: 1, b: { c: [2, 1] } })],
    ['the path', json({ a: 1, b: { c: [1, 2] } }, 'http://a/v1/other?x=1')],
    ['the query', json({ a: 1, b: { c: [1, 2] } }, 'http://a/v1/chat?x=2')],
    ['the method', { ...json({ a: 1, b: { c: [1, 2] } }), method: 'PUT' }],
  ])('changes with %s', (_what, request) => {
    expect(digestOf(request)).not.toBe(digestOf(json({ a: 1, b: { c: [1, 2] } })));
  });

  it('masked, is the same for other times and ids, and no other word', () => {
    const text = (time: string, id: string, word: string) => maskedDigestOf(json({ said: `${time} ${id} ${word}` }));
    const one = text('2026-11-21T10:00:00Z', 'call_1', 'amber');
    expect(text('2027-01-01T00:00:01.5Z', 'call_xyz', 'amber')).toBe(one);
    expect(text('2026-11-21T10:00:00Z', 'call_1', 'basalt')).not.toBe(one);
  });

  it('of a form does not know its boundary', () => {
    const form = (boundary: string) => ({
      method: 'POST',
      url: 'http://a/',
      headers: [['content-type', `multipart/form-data; boundary=${boundary}`]] as const,
      body: Buffer.from(`--${boundary}\r\n\r\nvalue\r\n--${boundary}--`),
    });
    expect(digestOf(form('x1'))).toBe(digestOf(form('y22')));
  });
});

const recorded = (x: number, lin: string, prompt: string): SourceRequest => {
  const { method, url, headers, body } = json({ prompt });
  const exchange = { x, method, url, requestHeaders: headers, askedBody: () => Buffer.from(body) } as unknown as Exchange;
  return { key: String(x), exchange, lin, lo: 1, sentMs: 0, recording: undefined as unknown as Recording };
};

describe('R5 matcher', () => {
  const found = (matcher: Matcher, lin: string, prompt: string) => {
    const match = matcher.match({ ...json({ prompt }), lin, lo: 1 });
    return match && [match.request.exchange.x, match.by];
  };

  it('gives concurrent identical prompts their own answers, in any order', () => {
    const places = Array.from({ length: 50 }, (_, index) => `place${index}`);
    const matcher = new Matcher(places.map((lin, index) => recorded(index, lin, 'same')));
    for (const lin of places.toSorted(() => Math.random() - 0.5))
      expect(found(matcher, lin, 'same')).toEqual([Number(lin.slice(5)), 'place']);
    expect(matcher.left).toEqual([]);
  });

  it('says of requests of one place that only what they say tells them apart', () => {
    const matcher = new Matcher([recorded(1, 'a', 'same'), recorded(2, 'a', 'same')]);
    expect(found(matcher, 'a', 'same')).toEqual([1, 'content']);
    expect(found(matcher, 'a', 'same')).toEqual([2, 'place']);
  });

  it('goes by content where the place is another, each request once, and never by place alone', () => {
    const matcher = new Matcher([recorded(1, 'a', 'one'), recorded(2, 'b', 'two')]);
    expect(found(matcher, 'a', 'two')).toEqual([2, 'content']);
    expect(found(matcher, 'b', 'two')).toBeNull();
    expect(matcher.nearest({ ...json({ prompt: 'three' }), lin: 'a', lo: 1 })?.exchange.x).toBe(1);
    expect(found(matcher, 'a', 'one')).toEqual([1, 'place']);
  });
});

describe('errors of fetch', () => {
  const again = (error: unknown): any => thrownAgain(JSON.parse(JSON.stringify(thrownFacts(error))) as ThrownFacts);

  it('are of the same class, with code and causes', () => {
    const cause = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    const error = again(new TypeError('fetch failed', { cause }));
    expect(error).toBeInstanceOf(TypeError);
    expect([error.message, error.cause.message, error.cause.code]).toEqual([
      'fetch failed',
      'connect ECONNREFUSED',
      'ECONNREFUSED',
    ]);
    expect(again(new DOMException('late', 'TimeoutError'))).toMatchObject({ name: 'TimeoutError', message: 'late' });
    expect(again(new AggregateError([], 'all'))).toBeInstanceOf(AggregateError);
    expect(again('text')).toMatchObject({ message: 'text' });
  });

  it('of an abort are the reason of the signal', () => {
    const reason = { mine: true };
    const aborted = AbortSignal.abort(reason);
    expect(thrownAgain(thrownFacts(reason, aborted), aborted)).toBe(reason);
  });
});

describe('R7 clocks of a program that goes its own way', () => {
  const YEAR_MS = 365 * 86_400_000;
  const line = (d: PackedDraws[]): DrawsLine => ({ k: 'draws', s: 1, t: 1, d });
  const PLACE = '1234567800000000';
  const never = (): never => {
    throw new Error('the real clock');
  };

  it('go on from what was read last, by the time of the gate', () => {
    let nowMs = 2_000;
    const read = {
      atMs: 1_500,
      line: line([packDraws('a', 'D', [YEAR_MS]), packDraws('a', 'P', [40.5]), packDraws('a', 'H', ['7000000'])]),
    };
    const clock = new VirtualClock([read], () => nowMs);
    expect([clock.read('D', never), clock.read('P', never), clock.read('H', never)]).toEqual([YEAR_MS + 500, 540.5, '507000000']);
    clock.goOn();
    nowMs = 3_000;
    expect(clock.read('D', never)).toBe(YEAR_MS + 1_500);
    expect(clock.read('R', () => 0.25)).toBe(0.25);
  });

  it('know nothing of what was read after the program had gone its own way', () => {
    let nowMs = 1_000;
    const reads = [1_000, 2_000].map((atMs, index) => ({ atMs, line: line([packDraws('a', 'D', [index * YEAR_MS])]) }));
    const clock = new VirtualClock(reads, () => nowMs);
    clock.goOn();
    nowMs = 5_000;
    expect(clock.read('D', never)).toBe(4_000);
  });

  it('are not put back at one place by what was recorded for it', () => {
    const draws = new DrawSource([line([packDraws(PLACE, 'D', [100])])], (_kind, real) => real());
    draws.goOn(() => true);
    const given = runAt(new LineageNode(0x12345678, 0, false), () => {
      const first = draws.draw('D', () => 100);
      return [first, draws.draw('D', () => 500), draws.draw('D', () => 400)];
    });
    expect(given).toEqual([100, 500, 500]);
  });

  it('are given to no place any more where everything is live', () => {
    const draws = new DrawSource([line([packDraws(PLACE, 'R', [0.5, 0.6])])], (_kind, real) => real());
    const node = new LineageNode(0x12345678, 0, false);
    expect(runAt(node, () => draws.draw('R', () => 0.1))).toBe(0.5);
    draws.goOn(() => false);
    expect(runAt(node, () => draws.draw('R', () => 0.1))).toBe(0.1);
  });
});

describe('R7 what was sent in the place of what was asked', () => {
  it('is kept as a difference, also in the middle of characters', () => {
    for (const [asked, sent] of [
      ['{"a":1,"model":"mini"}', '{"a":1,"model":"maxi","b":2}'],
      ['same', 'same'],
      ['', 'new'],
      ['old', ''],
      ['a😀b', 'a😃b'],
      ['aa', 'aaa'],
    ] as const)
      expect(sentText(asked, sentBody(asked, sent))).toBe(sent);
    expect(sentBody('a😀b', 'a😃b').mid).toBe('😃');
    expect(sentText('short', { head: 4, tail: 4, mid: '' })).toBeUndefined();
  });
});
