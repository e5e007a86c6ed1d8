import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readRecording } from '../../src/recording/recording.ts';
import { verifyRecording } from '../../src/recording/verify.ts';
import { eventOf, exchangeIn, logIn, nextTurn, rawLinesOf, scratchFolder, STATS } from './support.ts';

const latin = (text: string): Buffer => Buffer.from(text, 'latin1');
const blobsOf = (path: string): string => path.replace('.jsonl', '.blobs');

describe('R1 round trip', () => {
  it('gives back what was written', () => {
    const seen: [string, number][] = [];
    const log = logIn(scratchFolder(), { name: 'demo', tags: ['a'] }, (event, _header, end) => seen.push([event.id, end]));
    log.open({ id: eventOf(1).id, type: 'llm', name: 'chat m' });
    exchangeIn(log, '{"q":1}', ['data: a\n\n', 'data: b\n\n'], eventOf(1).id);
    log.event(eventOf(1, { type: 'llm', attributes: { k: 'ä' } }));
    log.open({ id: eventOf(2).id, parent: eventOf(1).id, type: 'tool', name: 'left open' });
    log.note(eventOf(2).id, { kind: 'signal', type: 'tool_success', code: 'first_attempt', value: true, at: 3 });
    log.end({ state: 'success', reason: 'ended', stats: STATS });

    const recording = readRecording(log.path);
    expect(recording.problems).toEqual([]);
    expect(recording.state).toBe('ended');
    expect(recording.header).toMatchObject({ s: 0, k: 'session', v: 1, name: 'demo', tags: ['a'] });
    expect(recording.events).toEqual([eventOf(1, { type: 'llm', attributes: { k: 'ä' } })]);
    expect(recording.open).toMatchObject([{ id: eventOf(2).id, name: 'left open' }]);
    expect(recording.notes.get(eventOf(2).id)).toHaveLength(1);
    expect(recording.end).toMatchObject({ state: 'success', reason: 'ended', stats: STATS });
    expect(seen).toEqual([[eventOf(1).id, expect.any(Number)]]);
    expect(readFileSync(log.path).subarray(0, seen[0]![1]).toString()).toMatch(/"status":"ok",.*\n$/);
    const exchange = recording.exchanges.get(1)!;
    expect(exchange).toMatchObject({
      on: eventOf(1).id,
      method: 'POST',
      url: 'https://api.example/v1',
      status: 200,
      end: { how: 'complete' },
    });
    expect(exchange.requestText()).toBe('{"q":1}');
    expect(exchange.responseText()).toBe('data: a\n\ndata: b\n\n');
    expect(exchange.cuts.len).toEqual([9, 9]);
  });

  it('puts s, k and t first, c last, and the response before the event it belongs to', () => {
    const log = logIn(scratchFolder());
    log.open({ id: eventOf(1).id, type: 'tool', name: 'x' });
    exchangeIn(log, 'q', ['a']);
    log.event(eventOf(1));
    const lines = rawLinesOf(log.path);
    expect(lines.map((line) => line.k)).toEqual(['session', 'open', 'request', 'response', 'event']);
    for (const line of lines) {
      const members = Object.keys(line);
      expect(members.slice(0, 3)).toEqual(['s', 'k', 't']);
      expect(members.at(-1)).toBe('c');
    }
  });

  it('keeps bytes of every kind', async () => {
    const bytes = Buffer.from(Uint8Array.from({ length: 512 }, (_, index) => index & 255));
    const pattern = Buffer.alloc(100_000, bytes);
    const noise = randomBytes(50_000);
    const bodies: [Uint8Array | undefined, Buffer[]][] = [
      [undefined, []],
      [bytes, [bytes]],
      [pattern, [pattern.subarray(0, 70_000), pattern.subarray(70_000)]],
      [noise, [noise]],
      [Buffer.from('\ufeffwith a mark'), [Buffer.from('\ufeffwith a mark')]],
      [Buffer.from('"\\\u0000\u2028\u{1f600}'), [Buffer.from('\u{1f600}').subarray(0, 2), Buffer.from('\u{1f600}').subarray(2)]],
      [Buffer.from('ж'.repeat(40_000)), [Buffer.from('й'.repeat(40_000))]],
      [latin('caf\xe9'), [latin('caf\xe9'), Buffer.alloc(0)]],
    ];
    const log = logIn(scratchFolder());
    for (const [body, pieces] of bodies) exchangeIn(log, body, pieces);
    await nextTurn();
    const { exchanges, problems } = readRecording(log.path);
    expect(problems).toEqual([]);
    bodies.forEach(([body, pieces], index) => {
      const exchange = exchanges.get(index + 1)!;
      expect(exchange.requestBody() && Buffer.from(exchange.requestBody()!)).toEqual(body);
      expect(Buffer.from(exchange.responseBody()!)).toEqual(Buffer.concat(pieces));
      expect(exchange.cuts.len).toEqual(pieces.map((piece) => piece.length));
    });
    // What has a pattern takes next to nothing, what has none its own size.
    const { size } = statSync(blobsOf(log.path));
    expect(size).toBeGreaterThanOrEqual(2 * noise.length);
    expect(size).toBeLessThan(2 * noise.length + 10_000);
    expect(verifyRecording(log.path).problems).toEqual([]);
  });

  it('keeps the order in which interleaved exchanges were given things', () => {
    const log = logIn(scratchFolder());
    const request = { method: 'GET', url: 'u', headers: [] };
    const [a, b] = [log.exchange(request), log.exchange(request)];
    a.head(200, []);
    a.chunk(latin('1'));
    b.head(200, []);
    a.chunk(latin('2'));
    b.chunk(latin('3'));
    b.chunk(latin('4'));
    b.end('complete');
    a.end('error', { type: 'ECONNRESET' });
    log.commit();
    const { exchanges } = readRecording(log.path);
    const first = exchanges.get(1)!;
    const second = exchanges.get(2)!;
    expect([first.headOrd, first.cuts.ord, first.end!.ord]).toEqual([1, [2, 4], 8]);
    expect([second.headOrd, second.cuts.ord, second.end!.ord]).toEqual([3, [5, 6], 7]);
    expect(first.end).toMatchObject({ how: 'error', error: { type: 'ECONNRESET' } });
    expect(first.cuts.at).toEqual([...first.cuts.at].sort((x, y) => x - y));
  });

  it('writes a long stream in parts while it arrives, with arrivals that add up', async () => {
    const log = logIn(scratchFolder());
    const exchange = log.exchange({ method: 'POST', url: 'u', headers: [], body: 'q' });
    exchange.head(200, []);
    const piece = Buffer.alloc(10_000, 'x');
    for (let index = 0; index < 60; index++) exchange.chunk(piece);
    await nextTurn();
    expect(readRecording(log.path).exchanges.get(1)!.responseBody()).toHaveLength(540_000);
    expect(exchange.answer().body).toHaveLength(600_000);
    exchange.end('complete');
    log.event(eventOf(1));
    const read = readRecording(log.path).exchanges.get(1)!;
    expect(read.responseBody()).toHaveLength(600_000);
    expect(read.cuts.len).toHaveLength(60);
    expect(read.cuts.ord).toEqual(Array.from({ length: 60 }, (_, index) => index + 2));
    const lines = rawLinesOf(log.path);
    expect(lines.map((line) => line.k)).toEqual(['session', 'request', 'response', 'data', 'data', 'event']);
    for (const line of lines) if (line.k === 'response' || line.k === 'data') expect(line.cuts).not.toHaveProperty('ord');
  });

  it('an exchange without a head leaves its end and nothing else', () => {
    const log = logIn(scratchFolder());
    const exchange = log.exchange({ method: 'POST', url: 'u', headers: [], omitted: 'a stream' });
    exchange.end('error', { type: 'ECONNREFUSED' });
    exchange.head(200, []);
    exchange.chunk(latin('late'));
    exchange.end('complete');
    log.commit();
    const read = readRecording(log.path).exchanges.get(1)!;
    expect(read.end).toMatchObject({ how: 'error', error: { type: 'ECONNREFUSED' } });
    expect([read.status, read.responseBody(), read.requestBody()]).toEqual([undefined, undefined, undefined]);
    expect(rawLinesOf(log.path).at(-1)).toMatchObject({ k: 'data' });
  });

  it('answers listeners once, with the body, also when one of them writes the event and another throws', () => {
    const log = logIn(scratchFolder());
    const exchange = log.exchange({ method: 'POST', url: 'u', headers: [] });
    const told: unknown[] = [];
    exchange.onEnd(() => log.event(eventOf(1)));
    exchange.onEnd(() => {
      throw new Error('a fault of the listener');
    });
    exchange.onEnd((how) => told.push(how, exchange.answer().status, Buffer.from(exchange.answer().body!).toString()));
    exchange.head(201, []);
    exchange.chunk(latin('ab'));
    exchange.chunk(latin('c'));
    exchange.end('cancelled');
    exchange.onEnd((how) => told.push(how));
    expect(told).toEqual(['cancelled', 201, 'abc', 'cancelled']);
    expect(exchange.answer()).toEqual({ status: 201, body: undefined });
  });

  it('does not write credentials', () => {
    const log = logIn(scratchFolder());
    const exchange = log.exchange({
      method: 'GET',
      url: 'https://h/?key=SECRET1',
      headers: [['Authorization', 'Bearer SECRET2']],
    });
    exchange.head(200, [['set-cookie', 'sid=SECRET3']]);
    exchange.end('complete');
    log.commit();
    expect(readFileSync(log.path, 'utf8')).not.toContain('SECRET');
    expect(readRecording(log.path).exchanges.get(1)!.requestHeaders).toEqual([['Authorization', '<redacted>']]);
  });

  it('keeps the event when what the app put into it cannot be serialised', () => {
    const log = logIn(scratchFolder());
    const result: { self?: unknown } = {};
    result.self = result;
    log.event(eventOf(1, { content: { result } }));
    log.event(eventOf(2, { content: { result: { toJSON: () => log.event(eventOf(3)) } } }));
    expect(readRecording(log.path).events.map((event) => event.id)).toEqual([eventOf(1).id, eventOf(3).id, eventOf(2).id]);
    expect(verifyRecording(log.path).problems).toEqual([]);
  });

  it('mode metadata holds no exchange and no content, and the exchange still tells its status', async () => {
    const log = logIn(scratchFolder(), { mode: 'metadata', argv: ['node', 'secret'], cwd: '/secret' });
    const exchange = log.exchange({ method: 'POST', url: 'https://secret', headers: [], body: 'secret' });
    let ended = '';
    exchange.onEnd((how) => (ended = how));
    exchange.head(429, []);
    exchange.chunk(latin('secret'));
    exchange.end('complete');
    expect([exchange.x, ended, exchange.answer()]).toEqual([0, 'complete', { status: 429, body: undefined }]);
    log.note('a', { kind: 'failure', type: 'tool', code: 'timeout', content: { message: 'secret' }, at: 1 });
    log.event(
      eventOf(1, {
        content: { result: 'secret' },
        notes: [{ kind: 'failure', type: 'tool', code: 'timeout', content: { message: 'secret' }, at: 1 }],
      }),
    );
    await nextTurn();
    expect(readFileSync(log.path, 'utf8')).not.toContain('secret');
    expect(rawLinesOf(log.path).map((line) => line.k)).toEqual(['session', 'note', 'event']);
  });
});

describe('R3 when lines reach the disk', () => {
  it('makes no file before there is something to say', async () => {
    const log = logIn(scratchFolder());
    await nextTurn();
    log.commit();
    log.close();
    expect(existsSync(log.path)).toBe(false);
  });

  it('what begins a call is there after the turn, what ends it at once', async () => {
    const log = logIn(scratchFolder());
    log.open({ id: eventOf(1).id, type: 'tool', name: 'x' });
    expect(existsSync(log.path)).toBe(false);
    await nextTurn();
    expect(readRecording(log.path).open).toHaveLength(1);
    log.event(eventOf(1));
    expect(readRecording(log.path).events).toHaveLength(1);
    expect(log.size).toBe(statSync(log.path).size);
  });

  it('the end takes along what exchanges in flight have received, and nothing comes after it', () => {
    const log = logIn(scratchFolder());
    const exchange = log.exchange({ method: 'POST', url: 'u', headers: [], body: 'q' });
    exchange.head(200, []);
    exchange.chunk(latin('half'));
    log.end({ state: 'indeterminate', reason: 'signal', signal: 'SIGTERM', stats: STATS });
    exchange.chunk(latin('more'));
    exchange.end('complete');
    log.event(eventOf(1));
    log.note('a', { kind: 'signal', type: 'tool_success', code: 'first_attempt', value: true, at: 1 });
    log.exchange({ method: 'GET', url: 'u', headers: [] }).end('complete');
    log.end({ state: 'success', reason: 'ended', stats: STATS });
    log.close();
    const recording = readRecording(log.path);
    expect(recording.exchanges.get(1)!.responseText()).toBe('half');
    expect(recording.exchanges.get(1)!.end).toBeUndefined();
    expect(rawLinesOf(log.path).at(-1)).toMatchObject({ k: 'end', reason: 'signal' });
  });

  it('a second recording of the same id gets a file of its own', () => {
    const dir = scratchFolder();
    const logs = [logIn(dir), logIn(dir), logIn(dir)];
    for (const log of logs) {
      exchangeIn(log, 'ж'.repeat(20_000), ['й'.repeat(20_000)]);
      log.event(eventOf(1));
    }
    expect(logs.map((log) => log.path.slice(dir.length + 1))).toEqual(['ses_test.jsonl', 'ses_test.2.jsonl', 'ses_test.3.jsonl']);
    for (const log of logs) {
      expect(verifyRecording(log.path).problems).toEqual([]);
      expect(readRecording(log.path).exchanges.get(1)!.responseBody()).toHaveLength(40_000);
      expect(readRecording(log.path).header.id).toBe('ses_test');
    }
  });

  it('500 sessions at once, with far fewer file descriptors', () => {
    const dir = scratchFolder();
    const logs = Array.from({ length: 500 }, (_, index) => logIn(dir, { id: `ses_${index}` }));
    for (let round = 1; round <= 3; round++) for (const log of logs) log.event(eventOf(round));
    for (const log of logs) expect(readRecording(log.path).events).toHaveLength(3);
  });
});
