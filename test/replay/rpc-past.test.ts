/** Bringing a server of JSON-RPC to where it was, without its program. */
import { describe, expect, it } from 'vitest';
import type { Passed } from '../../src/replay/channels.ts';
import { RpcLines } from '../../src/replay/rpc-lines.ts';
import { completed, RpcPast } from '../../src/replay/rpc-past.ts';
import { SentBytes } from '../../src/replay/sent-bytes.ts';

const line = (message: object): Buffer => Buffer.from(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
const told = (...messages: object[]): Passed => ({ went: 'stdin', bytes: Buffer.concat(messages.map(line)) });
const heard = (bytes: Uint8Array, fd = 1): Passed => ({ came: { event: 'data', data: { fd }, bytes } });
const ask = (id: number | string, method = 'm', params = {}): object => ({ id, method, params });

describe('R7 what a server had said', () => {
  it('is told again after what it had answered, and only what is new is given to the program', () => {
    const answers = Buffer.concat([line({ id: 1, result: {} }), line({ method: 'note' })]);
    const past = new RpcPast([
      told(ask(1)),
      // In pieces, as it may come.
      heard(answers.subarray(0, 10)),
      heard(answers.subarray(10)),
      told(ask(2), ask('1')),
      heard(Buffer.from('something on stderr'), 2),
    ]);
    expect(past.obstacle([])).toBeNull();
    const given: string[] = [];
    const lines = new RpcLines(past, (bytes) => given.push(Buffer.from(bytes).toString()));
    expect(Buffer.concat(lines.next()).toString()).toBe(line(ask(1)).toString());
    expect([lines.isOver, past.awaits(lines.answered)]).toEqual([false, 'm (id 1)']);
    const again = line({ id: 1, result: { another: 'answer' } });
    expect([lines.came(again.subarray(0, 5)), lines.next()]).toEqual([null, []]);
    expect(lines.came(again.subarray(5))).toBeNull();
    expect(Buffer.concat(lines.next()).toString()).toBe(line(ask(2)).toString() + line(ask('1')).toString());
    expect(lines.isOver).toBe(true);
    // Answers to what had not been answered come once, also those with the same id as another type.
    const late = Buffer.concat([line({ id: '1', result: 'x' }), line({ method: 'note' }), line({ id: 2, result: 'y' })]);
    lines.came(late.subarray(0, late.length - 4));
    expect(given).toEqual([]);
    lines.open();
    lines.came(late.subarray(late.length - 4));
    lines.came(line({ method: 'note' }));
    expect(given.join('')).toBe(
      [line({ id: '1', result: 'x' }), line({ id: 2, result: 'y' }), line({ method: 'note' })].map(String).join(''),
    );
  });

  it('is ended by the recording where the program has read half of it', () => {
    const answer = line({ id: 1, result: 'long' });
    const rest = [answer.subarray(9, 12), answer.subarray(12)].map((bytes) => ({ event: 'data', data: { fd: 1 }, bytes }));
    const past = new RpcPast([told(ask(1)), heard(answer.subarray(0, 9))]);
    expect([past.obstacle([]), past.obstacle(rest)]).toEqual(['it was in the middle of an answer', null]);
    const tail = completed(past.partial, [...rest, { event: 'data', data: { fd: 1 }, bytes: line({ id: 7 }) }]);
    expect(tail.toString()).toBe(answer.subarray(9).toString());
    past.came({ event: 'data', data: { fd: 1 }, bytes: tail });
    expect(past.steps.at(-1)).toEqual({ answered: '1' });
  });

  it.each<[string, Passed[], RegExp]>([
    ['no JSON-RPC', [{ went: 'stdin', bytes: Buffer.from('help\n') }], /no JSON-RPC/],
    ['no JSON-RPC in its answers', [told(ask(1)), heard(Buffer.from('{"id":1}\n'))], /no JSON-RPC/],
    ['a batch', [{ went: 'stdin', bytes: Buffer.from('[{"jsonrpc":"2.0","id":1}]\n') }], /no JSON-RPC/],
    ['a question of its own', [told(ask(1)), heard(line({ id: 0, method: 'roots/list' }))], /asked the program/],
    ['that it had ended', [told(ask(1)), { came: { event: 'exit', data: { code: 0 } } }], /had ended/],
  ])('is not brought back after %s', (_what, past, why) => {
    expect(new RpcPast(past).obstacle([])).toMatch(why);
  });

  it('names tools that are called again, but for those that change nothing', () => {
    const tools = [
      { name: 'look', annotations: { readOnlyHint: true } },
      { name: 'set', annotations: { idempotentHint: true } },
      { name: 'pay', annotations: { readOnlyHint: false } },
      { name: 'plain' },
    ];
    const calls = ['look', 'set', 'pay', 'plain', 'pay', 'unlisted'];
    const past = new RpcPast([
      told(ask(0, 'tools/list')),
      heard(line({ id: 0, result: { tools } })),
      told(...calls.map((name, id) => ask(id + 1, 'tools/call', { name, arguments: { id } }))),
    ]);
    expect(past.repeated).toEqual([
      { name: 'pay', args: { id: 4 } },
      { name: 'plain', args: { id: 3 } },
      { name: 'unlisted', args: { id: 5 } },
    ]);
    expect(past.methods).toEqual(['tools/list', 'tools/call']);
  });

  it('may be a question, which is not answered for the program', () => {
    const lines = new RpcLines(new RpcPast([told(ask(1)), heard(line({ id: 1, result: 1 }))]), () => {});
    expect(lines.came(line({ id: 5, method: 'roots/list' }))).toBe('it asks the program something itself (roots/list)');
  });
});

describe('R6 what is put into a channel', () => {
  const sent = (...pieces: string[]): SentBytes => new SentBytes(new Map([['stdin', pieces.map((piece) => Buffer.from(piece))]]));
  const put = (bytes: SentBytes, text: string, takes = true): boolean =>
    bytes.add('stdin', Buffer.from(text), () => takes) === null;

  it.each([
    ['a longer line', ['one\n', 'two\n'], ['one more\n', 'two\n'], [4, 8]],
    ['a shorter one', ['one more\n', 'two\n'], ['one\n', 'two\n'], [9, 13]],
    ['in pieces', ['one\n', 'two\n'], ['on', 'ly', ' th', 'is\ntwo', '\n'], [2, 3, 3, 7, 8]],
    ['two lines at once', ['one\ntwo\n'], ['1\n2\n'], [8]],
    ['pieces that are no lines', ['one', 'two'], ['another', 'two'], [3, 6]],
  ])('counts as what was recorded: %s', (_what, recorded, given, totals) => {
    const bytes = sent(...recorded);
    expect(given.map((piece) => [put(bytes, piece), bytes.total])).toEqual(totals.map((total) => [true, total]));
  });

  it('is told once for each line, and of what is too much that nothing is near', () => {
    const bytes = sent('one\n', 'two\n');
    const seen: [string, string, boolean][] = [];
    for (const piece of ['ein', 's\nzw', 'ei\n'])
      bytes.add('stdin', Buffer.from(piece), ({ before, after, isNear }) => seen.push([before, after, isNear]) > 0);
    expect(seen.map(([before, , isNear]) => [before, isNear])).toEqual([
      ['one', true],
      ['two', true],
    ]);
    expect(bytes.add('stdin', Buffer.from('drei\n'))).toEqual({ before: '', after: 'drei', isNear: false });
  });
});
